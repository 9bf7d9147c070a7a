// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/evaluated.hpp>
#include <cesaro/detail/layer_pass.hpp>
#include <cesaro/detail/output.hpp>
#include <cesaro/hop_law.hpp>

#include <Eigen/Core>

#include <string_view>
#include <type_traits>

namespace cesaro {

namespace detail {

template <class Real, class In, class Out>
void check_apply_power(std::string_view function, const Eigen::MatrixBase<In>& x,
                       const Eigen::MatrixBase<Out>& out) {
    static_assert(std::is_same_v<typename In::Scalar, Real> && std::is_same_v<typename Out::Scalar, Real>,
                  "the argument and the output must hold the network's scalar");
    static_assert(In::RowsAtCompileTime != 1 || In::ColsAtCompileTime == 1,
                  "a row vector would be many networks of one token: transpose it");
    check_size(function, "rows of the output", out.rows(), x.rows());
    check_size(function, "columns of the output", out.cols(), x.cols());
}

}  // namespace detail

/// \f$A x\f$ for the network operator \f$A = \sum_k w_k M^k\f$, into `out`: what the network's uniform
/// attention makes of a sequence. Nothing of size n × n is formed.
///
/// A hop is a running mean, \f$ (M x)_n = \frac{1}{n+1} \sum_{m \le n} x_m \f$, and needs of the past only
/// its running sum: one pass over x carries those of Horner's scheme, \f$y \leftarrow M y + w_k x\f$, for all
/// k. Double and float, 8192 positions from the first one and more: within a short segment after position a the
/// k-th hop is as small as \f$\log^k((n+1)/a) / k!\f$, so the first four to eight are made, and what came before
/// the segment is a polynomial of the position; where what they leave out would not be lost in rounding, as at the
/// first nonzero entries of x, all hops are.
///
/// \param network a hop_law, or what converts to one, as a mixing_schedule does; depth 0 is the identity.
/// \param x a vector, or a block of columns, of any number of rows.
/// \param out has the shape of x; it may be x itself but must not overlap it in part.
/// \throws std::invalid_argument when the shapes differ.
/// Cost O(depth) per entry where all hops are made, else O(1) and O(depth) per segment; one pass over memory, and
/// the law of the hops; memory O(depth).
/// Accuracy: where x has no negative entry, the relative error grows with depth and with the 1024 positions at
/// most that are summed at once, not with their number: the sums before them are compensated. Measured with 32
/// layers and 2^24 positions or entries, in double: 2e-15. Exact for rationals.
///
/// Source: Chowdhury, arXiv 2603.10123, section 3.
template <has_hop_law Network, class Derived, detail::output Out>
void apply_power(const Network& network, const Eigen::MatrixBase<Derived>& x, Out&& out) {
    using Real = typename Network::Scalar;
    detail::check_apply_power<Real>("apply_power", x, out);
    const hop_law<Real> hops = network;
    detail::apply_hops<detail::walk::forward>(hops.weights(), detail::evaluated(x), out);
}

/// As above, as a new vector or matrix.
template <has_hop_law Network, class Derived>
[[nodiscard]] typename Derived::PlainObject apply_power(const Network& network,
                                                        const Eigen::MatrixBase<Derived>& x) {
    typename Derived::PlainObject y(x.rows(), x.cols());
    apply_power(network, x, y);
    return y;
}

/// \f$A^T v\f$, into `out`: how the influence of the positions, weighted by v, is spread over their pasts.
/// For \f$v = e_n\f$ it is row n of A. Parameters, errors and costs as apply_power(); the running sums come
/// from the last position, so that row n has those of N - n positions behind it.
template <has_hop_law Network, class Derived, detail::output Out>
void apply_power_transpose(const Network& network, const Eigen::MatrixBase<Derived>& v, Out&& out) {
    using Real = typename Network::Scalar;
    detail::check_apply_power<Real>("apply_power_transpose", v, out);
    const hop_law<Real> hops = network;
    detail::apply_hops<detail::walk::backward>(hops.weights(), detail::evaluated(v), out);
}

/// As above, as a new vector or matrix.
template <has_hop_law Network, class Derived>
[[nodiscard]] typename Derived::PlainObject apply_power_transpose(const Network& network,
                                                                  const Eigen::MatrixBase<Derived>& v) {
    typename Derived::PlainObject y(v.rows(), v.cols());
    apply_power_transpose(network, v, y);
    return y;
}

}  // namespace cesaro
