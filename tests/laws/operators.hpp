// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// What holds for every attention operator, against entries computed in 50 digits from the definition.
#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/concepts.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

namespace cesaro_test {

using dense50 = Eigen::MatrixX<float50>;

/// The dense matrix with the given unnormalised weights; weight(n, m) is zero where n does not see m.
template <class Weight>
dense50 normalised_rows(Eigen::Index size, const Weight& weight) {
    dense50 matrix(size, size);
    for (Eigen::Index n = 0; n < size; ++n) {
        float50 sum = 0;
        for (Eigen::Index m = 0; m < size; ++m)
            sum += matrix(n, m) = weight(n, m);
        for (Eigen::Index m = 0; m < size; ++m)
            matrix(n, m) /= sum;
    }
    return matrix;
}

/// Plain loops: quicker to compile, and no slower with these numbers, than Eigen's blocked product.
inline dense50 product(const dense50& a, const dense50& b) {
    dense50 c = dense50::Zero(a.rows(), b.cols());
    for (Eigen::Index j = 0; j < b.cols(); ++j) {
        for (Eigen::Index k = 0; k < a.cols(); ++k) {
            if (b(k, j) == 0) continue;
            for (Eigen::Index i = 0; i < a.rows(); ++i)
                c(i, j) += a(i, k) * b(k, j);
        }
    }
    return c;
}

template <class Derived>
dense50 to_dense50(const Eigen::MatrixBase<Derived>& matrix) {
    dense50 result(matrix.rows(), matrix.cols());
    for (Eigen::Index j = 0; j < matrix.cols(); ++j) {
        for (Eigen::Index i = 0; i < matrix.rows(); ++i)
            result(i, j) = float50(matrix(i, j));
    }
    return result;
}

/// The largest relative error of `actual` in units of `epsilon`, over the expected values above `least`, 0
/// being exact; infinity where another is off by more than 1e-12 or an entry is negative or NaN.
inline double worst_error(const dense50& actual, const dense50& expected, const float50& epsilon,
                          const float50& least) {
    REQUIRE(actual.rows() == expected.rows());
    REQUIRE(actual.cols() == expected.cols());
    const double infinity = std::numeric_limits<double>::infinity();
    float50 worst = 0;
    for (Eigen::Index i = 0; i < actual.size(); ++i) {
        const float50 error = abs(float50(actual(i) - expected(i)));
        if (!(actual(i) >= 0) || (expected(i) == 0 && error != 0) || !(error < 1)) return infinity;
        if (expected(i) > least) {
            worst = std::max(worst, float50(error / (expected(i) * epsilon)));
        } else if (error > float50("1e-12")) {
            return infinity;
        }
    }
    return double(worst);
}

/// The same with the epsilon of Real, down to 1e-200 or where Real begins to lose digits.
template <class Real, class Derived>
double worst_error(const Eigen::MatrixBase<Derived>& actual, const dense50& expected) {
    const float50 normal(Real(std::numeric_limits<Real>::min() / std::numeric_limits<Real>::epsilon()));
    return worst_error(to_dense50(actual), expected, float50(std::numeric_limits<Real>::epsilon()),
                       std::max(float50("1e-200"), normal));
}

/// Whether two operators have the same matrix; Catch cannot print matrices of rationals.
template <class Op, class Other>
bool same_matrix(const Op& op, const Other& other) {
    const auto a = op.matrix();
    const auto b = other.matrix();
    return a.rows() == b.rows() && a.cols() == b.cols() &&
           std::equal(a.data(), a.data() + a.size(), b.data());
}

/// A block of positive values between 2^-20 and 1.
template <class Real>
Eigen::MatrixX<Real> random_block(Eigen::Index rows, Eigen::Index cols, std::mt19937_64& engine) {
    std::uniform_real_distribution<double> exponent(-20, 0);
    Eigen::MatrixX<Real> block(rows, cols);
    for (Eigen::Index i = 0; i < block.size(); ++i)
        block(i) = Real(std::exp2(exponent(engine)));
    return block;
}

/// Checks an operator against its dense matrix in 50 digits; returns the worst relative error in epsilons.
template <cesaro::attention_operator Op>
double operator_error(const Op& op, const dense50& dense) {
    using Real = typename Op::Scalar;
    auto engine = random_engine();
    const Eigen::Index size = op.rows();
    REQUIRE(op.cols() == size);
    const Eigen::MatrixX<Real> x = random_block<Real>(size, 2, engine);
    const dense50 x50 = to_dense50(x);
    const dense50 transpose = dense.transpose();
    const Eigen::MatrixX<Real> ones = Eigen::MatrixX<Real>::Constant(size, 1, Real(1));
    const Eigen::MatrixX<Real> identity = Eigen::MatrixX<Real>::Identity(size, size);
    double worst = worst_error<Real>(op.matrix(), dense);
    const auto check = [&](const auto& actual, const dense50& expected) {
        worst = std::max(worst, worst_error<Real>(actual, expected));
    };
    check(op.apply(x), product(dense, x50));
    check(op.apply_transpose(x), product(transpose, x50));
    check(op.apply(identity), dense);
    check(op.apply_transpose(identity), transpose);
    check(op.apply(ones), product(dense, dense50::Constant(size, 1, float50(1))));
    check(op.diagonal(), dense.diagonal());
    return worst;
}

/// Whether an operator takes such an output, as an lvalue or as a temporary.
template <class Op, class Out>
concept writes_to = requires(const Op& op, const Eigen::MatrixXd& x, Out&& out) {
    op.apply(x, std::forward<Out>(out));
    op.apply_transpose(x, std::forward<Out>(out));
};

/// Checks the shapes that an operator of double takes, whatever its entries are.
template <cesaro::attention_operator Op>
void check_arguments(const Op& op) {
    static_assert(writes_to<Op, Eigen::MatrixXd&> && writes_to<Op, Eigen::Map<Eigen::MatrixXd>> &&
                  writes_to<Op, Eigen::Ref<Eigen::VectorXd>&> && writes_to<Op, Eigen::MatrixXd::ColXpr>);
    // What is const, and what nobody would see.
    static_assert(!writes_to<Op, const Eigen::MatrixXd&> && !writes_to<Op, Eigen::MatrixXd> &&
                  !writes_to<Op, Eigen::Map<const Eigen::MatrixXd>> &&
                  !writes_to<Op, Eigen::MatrixXd::ConstColXpr>);
    auto engine = random_engine();
    const Eigen::Index size = op.rows();
    const Eigen::MatrixXd x = random_block<double>(size, 2, engine);
    const Eigen::MatrixXd ax = op.apply(x);
    const Eigen::MatrixXd atx = op.apply_transpose(x);
    const Eigen::VectorXd column = op.apply(x.col(1));
    CHECK(column == ax.col(1));
    Eigen::VectorXd longer = Eigen::VectorXd::Constant(size + 2, -1);
    op.apply_transpose(x.col(0), longer.segment(1, size));
    CHECK(longer.segment(1, size) == atx.col(0));
    CHECK(longer[0] == -1);
    CHECK(longer[size + 1] == -1);
    using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    row_major block = x;
    op.apply(block, block);
    CHECK(block == ax);
    CHECK(op.apply_transpose(row_major(x)) == atx);
    CHECK(op.apply(2 * x) == 2 * ax);
    CHECK(op.apply(x * Eigen::Matrix2d::Identity()) == ax);
    Eigen::VectorXd out(size);
    CHECK_THROWS_AS(op.apply(Eigen::VectorXd(size + 1)), std::invalid_argument);
    CHECK_THROWS_AS(op.apply_transpose(Eigen::VectorXd(size + 1)), std::invalid_argument);
    CHECK_THROWS_AS(op.apply(x, out), std::invalid_argument);
    const cesaro::any_operator<> any(op);
    CHECK(any.rows() == size);
    CHECK(any.apply(x) == ax);
    CHECK(any.apply_transpose(x) == atx);
    CHECK(any.matrix() == op.matrix());
    CHECK(any.centre_size() == op.centre_size());
    CHECK(any.diagonal() == op.diagonal());
}

/// The same for rationals: products with the dense matrix are exact, rows sum to one.
template <cesaro::attention_operator Op>
void check_exact(const Op& op) {
    using Real = typename Op::Scalar;
    const Eigen::MatrixX<Real> dense = op.matrix();
    Eigen::VectorX<Real> x(op.rows());
    Eigen::VectorX<Real> ones(op.rows());
    Eigen::VectorX<Real> product(op.rows());
    Eigen::VectorX<Real> product_transpose(op.rows());
    for (Eigen::Index n = 0; n < op.rows(); ++n) {
        x[n] = Real(1 + n * n) / Real(3 + n);
        ones[n] = Real(1);
    }
    for (Eigen::Index n = 0; n < op.rows(); ++n) {
        product[n] = product_transpose[n] = Real(0);
        for (Eigen::Index m = 0; m < op.rows(); ++m) {
            product[n] += dense(n, m) * x[m];
            product_transpose[n] += dense(m, n) * x[m];
        }
        CHECK(op.diagonal()[n] == dense(n, n));
    }
    CHECK(op.apply(x) == product);
    CHECK(op.apply_transpose(x) == product_transpose);
    CHECK(op.apply(ones) == ones);
}

}  // namespace cesaro_test
