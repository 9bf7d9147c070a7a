// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/evaluated.hpp>
#include <cesaro/detail/running_sums.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cesaro {

namespace detail {

template <class Real, class In, class Out>
void check_apply_power(std::string_view function, const Eigen::MatrixBase<In>& x,
                       const Eigen::MatrixBase<Out>& out) {
    static_assert(std::is_same_v<typename In::Scalar, Real> && std::is_same_v<typename Out::Scalar, Real>,
                  "the argument and the output must hold the schedule's scalar");
    static_assert(In::RowsAtCompileTime != 1 || In::ColsAtCompileTime == 1,
                  "a row vector would be many networks of one token: transpose it");
    check_size(function, "rows of the output", out.rows(), x.rows());
    check_size(function, "columns of the output", out.cols(), x.cols());
}

}  // namespace detail

/// \f$A x\f$ for the network operator \f$A = A_{H-1} \cdots A_0\f$, into `out`: what the network's uniform
/// attention makes of a sequence. Nothing of size n × n is formed.
///
/// Every layer is a running mean, \f$ (A_l x)_n = (1-\alpha_l) x_n + \frac{\alpha_l}{n+1} \sum_{m \le n} x_m
/// \f$, and needs of the past only its running sum: one pass over x carries the sums of all layers.
///
/// \param schedule the network's layers; depth 0 is the identity.
/// \param x a vector, or a block of columns, of any number of rows.
/// \param out has the shape of x; it may be x itself but must not overlap it in part.
/// \throws std::invalid_argument when the shapes differ.
/// Cost O(depth) per entry, in one pass over memory; memory O(depth).
/// Accuracy: where x has no negative entry, relative error at most n + 5 roundings per layer at row n, those
/// of its running sum; measured with 32 layers and 2^24 positions or entries, in double: 3e-14. Exact for
/// rationals.
///
/// Source: Chowdhury, arXiv 2603.10123, section 3.
template <real_scalar Real, class Derived, class Out>
void apply_power(const mixing_schedule<Real>& schedule, const Eigen::MatrixBase<Derived>& x,
                 const Eigen::MatrixBase<Out>& out) {
    detail::check_apply_power<Real>("apply_power", x, out);
    Out& y = const_cast<Out&>(out.derived());  // Eigen's idiom for writable blocks and maps
    detail::apply_layers<detail::walk::forward>(schedule.alphas(), detail::evaluated(x), y);
}

/// As above, as a new vector or matrix.
template <real_scalar Real, class Derived>
typename Derived::PlainObject apply_power(const mixing_schedule<Real>& schedule,
                                          const Eigen::MatrixBase<Derived>& x) {
    typename Derived::PlainObject y(x.rows(), x.cols());
    apply_power(schedule, x, y);
    return y;
}

/// \f$A^T v\f$, into `out`: how the influence of the positions, weighted by v, is spread over their pasts.
/// For \f$v = e_n\f$ it is row n of A. Parameters, errors and costs as apply_power().
template <real_scalar Real, class Derived, class Out>
void apply_power_transpose(const mixing_schedule<Real>& schedule, const Eigen::MatrixBase<Derived>& v,
                           const Eigen::MatrixBase<Out>& out) {
    detail::check_apply_power<Real>("apply_power_transpose", v, out);
    Out& y = const_cast<Out&>(out.derived());
    // The layers commute: any order serves.
    detail::apply_layers<detail::walk::backward>(schedule.alphas(), detail::evaluated(v), y);
}

/// As above, as a new vector or matrix.
template <real_scalar Real, class Derived>
typename Derived::PlainObject apply_power_transpose(const mixing_schedule<Real>& schedule,
                                                    const Eigen::MatrixBase<Derived>& v) {
    typename Derived::PlainObject y(v.rows(), v.cols());
    apply_power_transpose(schedule, v, y);
    return y;
}

}  // namespace cesaro
