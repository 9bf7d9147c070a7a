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

/// The largest relative error of `actual` in epsilons of its scalar, over the expected values above 1e-200
/// (or what the scalar can hold with all its digits), 0 being exact; at the others the absolute error must be
/// below 1e-12.
template <class Real>
double worst_error(const Eigen::MatrixX<Real>& actual, const dense50& expected) {
    REQUIRE(actual.rows() == expected.rows());
    REQUIRE(actual.cols() == expected.cols());
    const float50 normal(std::numeric_limits<Real>::min() / std::numeric_limits<Real>::epsilon());
    const float50 least = std::max(float50("1e-200"), normal);
    double worst = 0;
    for (Eigen::Index i = 0; i < actual.size(); ++i) {
        if (!(actual(i) >= Real(0))) return std::numeric_limits<double>::infinity();
        if (expected(i) == 0 || expected(i) > least) {
            worst = std::max(worst, error_in_epsilons(actual(i), expected(i)));
        } else if (abs(float50(float50(actual(i)) - expected(i))) > float50("1e-12")) {
            return std::numeric_limits<double>::infinity();
        }
    }
    return worst;
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
    const dense50 x50 = x.template cast<float50>();
    const Eigen::MatrixX<Real> ones = Eigen::MatrixX<Real>::Constant(size, 1, Real(1));
    const Eigen::MatrixX<Real> identity = Eigen::MatrixX<Real>::Identity(size, size);
    double worst = worst_error<Real>(op.matrix(), dense);
    worst = std::max(worst, worst_error<Real>(op.apply(x), dense * x50));
    worst = std::max(worst, worst_error<Real>(op.apply_transpose(x), dense.transpose() * x50));
    worst = std::max(worst, worst_error<Real>(op.apply(identity), dense));
    worst = std::max(worst, worst_error<Real>(op.apply_transpose(identity), dense.transpose()));
    worst = std::max(worst, worst_error<Real>(op.apply(ones), dense50::Constant(size, 1, float50(1))));
    worst = std::max(worst, worst_error<Real>(op.diagonal(), dense.diagonal()));
    return worst;
}

/// Checks the shapes that an operator of double takes, whatever its entries are.
template <cesaro::attention_operator Op>
void check_arguments(const Op& op) {
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
    CHECK(any.template target<Op>() != nullptr);
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
