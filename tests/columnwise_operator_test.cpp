// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"
#include "sizes.hpp"

#include <cesaro/columnwise_operator.hpp>
#include <cesaro/concepts.hpp>

#include <Eigen/Core>

#include <stdexcept>

using cesaro::column;
using cesaro::columnwise_operator;
using cesaro::const_column;
using namespace cesaro_test;

namespace {

/// Half of a position stays, half comes from the one before; the first keeps all. It counts its columns.
template <class Real>
class neighbours : public columnwise_operator<neighbours<Real>, Real> {
  public:
    explicit neighbours(Eigen::Index size) : columnwise_operator<neighbours, Real>("neighbours", size) {}

    void apply_column(const const_column<Real>& x, column<Real> y) const {
        ++columns;
        for (Eigen::Index n = 0; n < x.size(); ++n)
            y[n] = (x[n] + x[n > 0 ? n - 1 : 0]) / 2;
    }
    void apply_transpose_column(const const_column<Real>& v, column<Real> y) const {
        ++columns;
        for (Eigen::Index m = 0; m < v.size(); ++m)
            y[m] = (v[m] + (m == 0 ? v[m] : Real(0)) + (m + 1 < v.size() ? v[m + 1] : Real(0))) / 2;
    }
    Eigen::MatrixX<Real> matrix() const {
        return cesaro::detail::dense_matrix<Real>("neighbours::matrix", this->rows(), entry);
    }

    static Real entry(Eigen::Index n, Eigen::Index m) {
        return Real(int(m == n) + int(m == (n > 0 ? n - 1 : 0))) / 2;
    }
    mutable int columns = 0;
};
static_assert(cesaro::attention_operator<neighbours<double>>);
static_assert(cesaro::attention_operator<neighbours<rational>>);

/// The same, a block at a time.
class neighbours_by_block : public columnwise_operator<neighbours_by_block, double> {
  public:
    explicit neighbours_by_block(Eigen::Index size) : columnwise_operator("neighbours_by_block", size) {}

    template <class In, class Out>
    void apply_block(const In& x, Out& y) const {
        for (Eigen::Index n = x.rows(); n-- > 0;)  // from the last, so that y may be x
            y.row(n) = (x.row(n) + x.row(n > 0 ? n - 1 : 0)) / 2;
    }
    template <class In, class Out>
    void apply_transpose_block(const In& v, Out& y) const {
        const Eigen::MatrixXd product = matrix().transpose() * v;
        y = product;
    }
    Eigen::MatrixXd matrix() const { return neighbours<double>(rows()).matrix(); }
};
static_assert(cesaro::attention_operator<neighbours_by_block>);

using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace

TEMPLATE_TEST_CASE("an operator of columns acts on vectors and on blocks in either storage order", "",
                   neighbours<double>, neighbours_by_block) {
    const TestType op(6);
    const Eigen::MatrixXd a = op.matrix();
    CHECK(op.rows() == 6);
    CHECK(op.cols() == 6);
    Eigen::MatrixXd x(6, 3);
    for (Eigen::Index i = 0; i < x.size(); ++i)
        x(i) = double(i * i % 7);
    const row_major by_rows = x;
    CHECK(op.apply(x) == a * x);
    CHECK(op.apply(by_rows) == a * x);
    CHECK(op.apply(Eigen::VectorXd(x.col(1))) == a * x.col(1));
    CHECK(op.apply(2 * x) == a * (2 * x));
    CHECK(op.apply_transpose(x) == a.transpose() * x);
    CHECK(op.apply_transpose(by_rows) == a.transpose() * x);
    CHECK(op.apply_transpose(x.col(2) + x.col(0)) == a.transpose() * (x.col(2) + x.col(0)));
    // Into outputs: the argument itself, a block of a larger matrix, a row by its transpose.
    Eigen::MatrixXd in_place = x;
    op.apply(in_place, in_place);
    CHECK(in_place == a * x);
    row_major in_place_by_rows = by_rows;
    op.apply_transpose(in_place_by_rows, in_place_by_rows);
    CHECK(in_place_by_rows == a.transpose() * x);
    Eigen::MatrixXd larger = Eigen::MatrixXd::Constant(8, 5, -1);
    op.apply(x, larger.block(1, 1, 6, 3));
    CHECK(larger.block(1, 1, 6, 3) == a * x);
    CHECK((larger.array() == -1).count() == 40 - 18);
    Eigen::MatrixXd lying = Eigen::MatrixXd::Zero(2, 6);
    op.apply(x.col(1), lying.row(1).transpose());
    CHECK(lying.row(1).transpose() == a * x.col(1));
}

TEST_CASE("rationals are exact, an expression is evaluated once, and no columns are no work") {
    const neighbours<rational> exact(4);
    Eigen::VectorX<rational> x(4);
    x << rational(1, 3), rational(2), rational(-5, 7), rational(0);
    const Eigen::VectorX<rational> y = exact.apply(x);
    CHECK(y[2] == rational(9, 14));
    const Eigen::VectorX<rational> z = exact.apply_transpose(x);
    CHECK(z[0] == rational(4, 3));
    int evaluations = 0;
    const auto counted = Eigen::MatrixXd::NullaryExpr(4, 3, [&](Eigen::Index, Eigen::Index) {
        ++evaluations;
        return 1.0;
    });
    const neighbours<double> op(4);
    CHECK(op.apply(counted) == Eigen::MatrixXd::Ones(4, 3));
    CHECK(evaluations == 12);
    CHECK(op.columns == 3);
    CHECK(op.apply(Eigen::MatrixXd(4, 0)).size() == 0);
    CHECK(op.columns == 3);
    CHECK(neighbours<double>(0).apply(Eigen::VectorXd(0)).size() == 0);
}

TEST_CASE("what does not fit is named by the operator") {
    const neighbours<double> op(3);
    const Eigen::VectorXd x = Eigen::VectorXd::Ones(2);
    const Eigen::VectorXd fits = Eigen::VectorXd::Ones(3);
    Eigen::MatrixXd wide(3, 2);
    Eigen::VectorXd shorter(2);
    CHECK_THROWS_AS(op.apply(x), std::invalid_argument);
    CHECK_THROWS_WITH(op.apply(x), "cesaro::neighbours::apply: rows of the argument = 2 must be 3");
    CHECK_THROWS_WITH(op.apply_transpose(x),
                      "cesaro::neighbours::apply_transpose: rows of the argument = 2 must be 3");
    CHECK_THROWS_WITH(op.apply(fits, shorter), "cesaro::neighbours::apply: rows of the output = 2 must be 3");
    CHECK_THROWS_WITH(op.apply(fits, wide), "cesaro::neighbours::apply: columns of the output = 2 must be 1");
    CHECK_THROWS_AS(neighbours<double>(-1), std::domain_error);
    CHECK_THROWS_WITH(neighbours<double>(-1), "cesaro::neighbours: size = -1 must be at least 0");
    CHECK_THROWS_AS(neighbours<double>(too_many).matrix(), std::length_error);
}
