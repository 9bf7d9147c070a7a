// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

#include <type_traits>

namespace cesaro {

namespace detail {

/// Row of the last position of `out`, from the hop weights w_0 .. w_H, position by position.
///
/// With h_k(a..b) the complete homogeneous symmetric polynomial of degree k in 1/a, ..., 1/b,
///     p(m|n) = w_0 [m = n] + sum_k w_k h_{k-1}(m+1 .. n+1) / (n+1),
///     h_k(a..b) = h_k(a+1..b) + h_{k-1}(a..b) / a,
/// run from the query down, where all the sums start empty. Exact for rationals.
template <class Real, class Out>
void influence_row_by_recurrence(const Eigen::VectorX<Real>& weights, Out& out) {
    const Eigen::Index tokens = out.size();
    const Eigen::Index depth = weights.size() - 1;
    const Real per_query = Real(1) / Real(tokens);
    Eigen::VectorX<Real> hop = Eigen::VectorX<Real>::Constant(depth + 1, Real(0));  // w_k / (n+1)
    for (Eigen::Index k = 1; k <= depth; ++k)
        hop[k] = weights[k] * per_query;

    Eigen::VectorX<Real> h = Eigen::VectorX<Real>::Constant(depth + 1, Real(0));
    h[0] = Real(1);
    for (Eigen::Index m = tokens; m-- > 0;) {
        const Real reciprocal = Real(1) / Real(m + 1);
        Real influence = depth > 0 ? hop[1] : Real(0);
        for (Eigen::Index k = 1; k < depth; ++k) {
            h[k] += h[k - 1] * reciprocal;
            influence += hop[k + 1] * h[k];
        }
        out.coeffRef(m) = influence;
    }
    out.coeffRef(tokens - 1) += weights[0];
}

}  // namespace detail

/// How much each position of the context influences the last one: the last row of the network operator
/// \f$A = \sum_k w_k M^k\f$, into `out`.
///
/// \f[ p(m|n) = w_0 [m = n] + \sum_{k=1}^{H} w_k \frac{h_{k-1}(m+1..n+1)}{n+1}, \qquad n = \text{tokens} - 1
/// \f]
///
/// with \f$h_k(a..b)\f$ the complete homogeneous symmetric polynomial of degree k in 1/a, ..., 1/b.
///
/// \param schedule the network's layers; depth 0 is the identity.
/// \param out a contiguous vector, map or segment of `Real`; its size, at least 1, is the number of tokens.
///        On return it holds a probability distribution over positions 0 .. tokens - 1.
/// \throws std::domain_error when `out` is empty.
/// Cost O(tokens · depth), memory O(depth).
/// Accuracy: sums of positive terms; exact for rationals.
///
/// Source: the operator is that of Chowdhury, arXiv 2603.10123, section 3; the entries follow from the
/// generating function \f$\sum_k h_k z^k = \prod_i (1 - z/i)^{-1}\f$ (Macdonald, Symmetric Functions, I.2).
template <real_scalar Real>
void influence_row(const mixing_schedule<Real>& schedule,
                   std::type_identity_t<Eigen::Ref<Eigen::VectorX<Real>>> out) {
    detail::check_at_least("influence_row", "tokens", out.size(), 1);
    detail::influence_row_by_recurrence<Real>(schedule.hop_distribution(), out);
}

/// As above, as a new vector of length `tokens` >= 1.
/// \throws std::domain_error when tokens < 1; std::length_error when the row does not fit in memory.
template <real_scalar Real>
Eigen::VectorX<Real> influence_row(Eigen::Index tokens, const mixing_schedule<Real>& schedule) {
    detail::check_at_least("influence_row", "tokens", tokens, 1);
    detail::check_fits_in_memory<Real>("influence_row", tokens, 1);
    Eigen::VectorX<Real> out(tokens);
    influence_row(schedule, out);
    return out;
}

}  // namespace cesaro
