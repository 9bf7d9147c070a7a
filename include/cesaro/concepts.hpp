// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/requirements.hpp>

#include <Eigen/Core>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <ostream>

namespace cesaro {

namespace detail {

/// Numbers whose sums, differences, products and quotients are a T (or expressions that stand for one).
template <class T, class Left, class Right = Left>
concept field_operands = requires(const Left& a, const Right& b) {
    { a + b } -> std::convertible_to<T>;
    { a - b } -> std::convertible_to<T>;
    { a* b } -> std::convertible_to<T>;
    { a / b } -> std::convertible_to<T>;
    { a == b } -> std::convertible_to<bool>;
    { a != b } -> std::convertible_to<bool>;
    { a < b } -> std::convertible_to<bool>;
    { a <= b } -> std::convertible_to<bool>;
    { a > b } -> std::convertible_to<bool>;
    { a >= b } -> std::convertible_to<bool>;
};

}  // namespace detail

/// A type that can stand for the real numbers: `float`, `double`, `long double`, Boost.Multiprecision's
/// binary floats, and, wherever only + - * / occur, exact rationals.
///
/// An ordered field that is made from whole numbers of any type and mixes with `int`. Where
/// std::numeric_limits says that it is not exact, it may be asked for the functions of `<cmath>`, which
/// argument-dependent lookup finds, for explicit conversions to std::int64_t, and for what Boost.Math's
/// functions ask. Eigen needs its NumTraits.
template <class T>
concept real_scalar = std::numeric_limits<T>::is_specialized && !std::numeric_limits<T>::is_integer &&
                      std::copyable<T> && std::default_initializable<T> && std::constructible_from<T, int> &&
                      std::constructible_from<T, std::size_t> && std::constructible_from<T, std::int64_t> &&
                      detail::field_operands<T, T> && detail::field_operands<T, T, int> &&
                      detail::field_operands<T, int, T> && requires(T x, const T& a, std::ostream& out) {
    { -a } -> std::convertible_to<T>;
    x += a;
    x -= a;
    x *= a;
    x /= a;
    out << a;
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
