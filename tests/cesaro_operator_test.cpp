// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/cesaro_operator.hpp>

#include <stdexcept>
#include <string>

using cesaro::cesaro_operator;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<cesaro_operator<double>>);
static_assert(cesaro::attention_operator<cesaro_operator<rational>>);

TEMPLATE_TEST_CASE("apply and apply_transpose are products with the dense matrix", "", float, double,
                   long double, float50) {
    using Real = TestType;
    const Eigen::Index size = 37;
    const cesaro_operator<Real> m(size);
    const Eigen::MatrixX<Real> dense = m.matrix();
    Eigen::MatrixX<Real> x(size, 3);
    for (Eigen::Index i = 0; i < x.size(); ++i)
        x(i) = Real(1 + i % 7) / Real(3);
    const Eigen::MatrixX<Real> difference = m.apply(x) - dense * x;
    const Eigen::MatrixX<Real> difference_transpose = m.apply_transpose(x) - dense.transpose() * x;
    const Real bound = Real(100) * std::numeric_limits<Real>::epsilon();
    CHECK(difference.cwiseAbs().maxCoeff() <= bound);
    CHECK(difference_transpose.cwiseAbs().maxCoeff() <= bound);
    const Eigen::VectorX<Real> column = m.apply(x.col(1));
    CHECK(column == m.apply(x).col(1));
}

TEST_CASE("the rational operator is exact and its rows sum to one") {
    const cesaro_operator<rational> m(9);
    const Eigen::VectorX<rational> ones = Eigen::VectorX<rational>::Constant(9, rational(1));
    CHECK(m.apply(ones) == ones);
    const Eigen::VectorX<rational> row = m.matrix().row(4);
    CHECK(row[4] == rational(1, 5));
    CHECK(row[5] == 0);
    const Eigen::VectorX<rational> product = m.matrix().transpose() * row;
    CHECK(m.apply_transpose(row) == product);
}

TEST_CASE("output arguments: in place, row-major, segments") {
    const cesaro_operator<> m(5);
    Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(5, 1, 5);
    const Eigen::VectorXd expected = m.apply(x);
    Eigen::VectorXd longer = Eigen::VectorXd::Zero(7);
    m.apply(x, longer.segment(1, 5));
    CHECK(longer.segment(1, 5) == expected);
    CHECK(longer[0] == 0);
    CHECK(longer[6] == 0);
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> block(5, 2);
    block << x, x;
    m.apply(block, block);
    CHECK(block.col(1) == expected);
    m.apply(x, x);
    CHECK(x == expected);
}

TEST_CASE("the operator rejects what does not fit") {
    CHECK_THROWS_AS(cesaro_operator<>(-1), std::domain_error);
    const cesaro_operator<> m(4);
    Eigen::VectorXd out(4);
    CHECK_THROWS_AS(m.apply(Eigen::VectorXd(3)), std::invalid_argument);
    CHECK_THROWS_AS(m.apply_transpose(Eigen::VectorXd(5)), std::invalid_argument);
    CHECK_THROWS_AS(m.apply(Eigen::MatrixXd(4, 2), out), std::invalid_argument);
    CHECK_THROWS_AS(cesaro_operator<>(Eigen::Index(1) << 40).matrix(), std::length_error);
    CHECK(cesaro_operator<>(0).matrix().size() == 0);
    CHECK(cesaro_operator<>(0).apply(Eigen::VectorXd(0)).size() == 0);
}

TEST_CASE("messages name the operator, the argument and its size") {
    std::string message;
    try {
        cesaro_operator<>(4).apply_transpose(Eigen::VectorXd(5));
    } catch (const std::invalid_argument& e) {
        message = e.what();
    }
    CHECK(message == "cesaro::cesaro_operator::apply_transpose: rows of the argument = 5 must be 4");
}
