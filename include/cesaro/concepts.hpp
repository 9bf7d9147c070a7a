// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <concepts>
#include <limits>

namespace cesaro {

/// A type that can stand for the real numbers: `float`, `double`, `long double`, Boost.Multiprecision's
/// binary floats, and, wherever only + - * / occur, exact rationals.
template <class T>
concept real_scalar = std::numeric_limits<T>::is_specialized && !std::numeric_limits<T>::is_integer &&
                      std::constructible_from<T, int> && requires(T a, T b) {
    { a + b } -> std::convertible_to<T>;
    { a - b } -> std::convertible_to<T>;
    { a* b } -> std::convertible_to<T>;
    { a / b } -> std::convertible_to<T>;
    { a < b } -> std::convertible_to<bool>;
};

/// A row-stochastic matrix known by its action: what a layer of attention does, averaged over everything
/// but positions. \f$A\f$ has `rows() == cols()`, non-negative entries, and rows that sum to one.
///
/// `apply(x)` is \f$A x\f$ and `apply_transpose(v)` is \f$A^T v\f$, both for vectors and for blocks of
/// columns; `matrix()` is the dense matrix, for checking.
template <class Op>
concept attention_operator = requires(const Op& op, const Eigen::VectorX<typename Op::Scalar>& v,
                                      const Eigen::MatrixX<typename Op::Scalar>& block) {
    requires real_scalar<typename Op::Scalar>;
    { op.rows() } -> std::convertible_to<Eigen::Index>;
    { op.cols() } -> std::convertible_to<Eigen::Index>;
    { op.apply(v) } -> std::convertible_to<Eigen::VectorX<typename Op::Scalar>>;
    { op.apply_transpose(v) } -> std::convertible_to<Eigen::VectorX<typename Op::Scalar>>;
    { op.apply(block) } -> std::convertible_to<Eigen::MatrixX<typename Op::Scalar>>;
    { op.apply_transpose(block) } -> std::convertible_to<Eigen::MatrixX<typename Op::Scalar>>;
    { op.matrix() } -> std::convertible_to<Eigen::MatrixX<typename Op::Scalar>>;
};

}  // namespace cesaro
