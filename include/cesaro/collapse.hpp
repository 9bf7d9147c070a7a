// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// How the last row collapses on the first token: by how much, by which bound, at which depth.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/boost_policy.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/positions.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>

#include <boost/math/special_functions/beta.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace cesaro {

/// \f$p(0|n)\f$ for the last of `tokens` positions, n = tokens - 1: the end value of the primacy tail, where
/// the row cuts the divergence of the density off.
///
/// \param tokens   the context, 1 <= tokens <= 2^62.
/// \param network  a hop_law, or what converts to one.
/// \throws std::domain_error outside this range. Cost O(H²), independent of tokens.
template <has_hop_law Network>
[[nodiscard]] typename Network::Scalar first_token_influence(std::int64_t tokens, const Network& network) {
    detail::check_tokens("first_token_influence", tokens);
    return pdf(discrete_influence<typename Network::Scalar>(tokens - 1, network), 0);
}

/// A bound on what has not collapsed, \f$E[m] \ge P(m \ge 1)\f$: the mean position of the last of `tokens`
/// positions, `mean(discrete_influence(tokens - 1, network))`, of residual layers
/// \f$n \prod_l (1 - \alpha_l/2)\f$. The row has collapsed on the first token once this is small; it may
/// exceed one, and then bounds nothing.
///
/// \param tokens   the context, 1 <= tokens <= 2^62.
/// \param network  a hop_law, or what converts to one.
/// \throws std::domain_error outside this range. Cost: that of the hop law.
template <has_hop_law Network>
[[nodiscard]] typename Network::Scalar collapse_bound(std::int64_t tokens, const Network& network) {
    detail::check_tokens("collapse_bound", tokens);
    return mean(discrete_influence<typename Network::Scalar>(tokens - 1, network));
}

namespace detail {

/// The law of the number of hops that take the last of `tokens` positions to the first token,
/// h_i(2..tokens) / tokens, up to a remainder below `tolerance`.
template <class Real>
std::vector<Real> hops_to_first_token(std::int64_t tokens, const Real& tolerance) {
    for (std::size_t terms = 64;; terms *= 2) {
        std::vector<Real> law(terms);
        complete_homogeneous<Real>(2, tokens, law);
        for (Real& h : law)
            h /= Real(tokens);
        // The ratios h_{i+1} / h_i never increase; their limit is 1/2.
        const Real ratio = law[terms - 2] > 0 ? Real(law[terms - 1] / law[terms - 2]) : Real(0);
        if (ratio < 1 && law[terms - 1] * ratio <= tolerance * (1 - ratio)) return law;
    }
}

/// P(source > 0) at constant alpha: sum_i P(hops needed = i) P(K <= i - 1) summed by parts, K binomial.
template <class Real>
Real uncollapsed_mass(const std::vector<Real>& law, std::int64_t depth, const Real& alpha) {
    Real sum(0);
    for (std::size_t i = 0; i < law.size(); ++i) {
        const auto hops = std::int64_t(i);
        // P(K <= i) of a binomial law is an incomplete beta function; certain from i = depth on.
        Real at_most(1);
        if (hops < depth) {
            at_most = alpha < 1 ? boost::math::ibetac(Real(hops + 1), Real(depth - hops), alpha,
                                                      no_promotion<Real>())
                                : Real(0);
        }
        sum += law[i] * at_most;
    }
    return sum;
}

}  // namespace detail

/// The smallest depth at which all but epsilon of the last token's influence sits on the first token:
/// \f$P(m \ge 1) \le \varepsilon\f$ with \f$\alpha_l = \alpha\f$ at every layer.
///
/// \param tokens   the context, 1 <= tokens <= 2^62.
/// \param alpha    0 < alpha <= 1 (at alpha = 0 a context of several tokens never collapses), and not so
///                 small that more than 2^52 layers are needed.
/// \param epsilon  at most 1, and a normal number: the law of a subnormal one underflows.
/// \throws std::domain_error outside these ranges.
/// Cost: one O(log² tokens) set-up and O(log tokens) incomplete beta functions per bisection step, whatever
/// the depth.
///
/// \code
/// const std::int64_t depth = cesaro::collapse_depth(131072, 0.3, 0.01);
/// \endcode
template <real_scalar Real>
[[nodiscard]] std::int64_t collapse_depth(std::int64_t tokens, const Real& alpha,
                                          const std::type_identity_t<Real>& epsilon) {
    const char* const function = "collapse_depth";
    detail::check_tokens(function, tokens);
    if (!(alpha > 0 && alpha <= 1))
        detail::throw_domain_error(function, "alpha", alpha, "must lie in (0, 1]");
    if (!(epsilon >= (std::numeric_limits<Real>::min)() && epsilon <= 1)) {
        detail::throw_domain_error(function, "epsilon", epsilon, "must lie in (0, 1] and not be subnormal");
    }
    if (tokens == 1 || !(epsilon < 1)) return 0;
    const auto law =
        detail::hops_to_first_token<Real>(tokens, epsilon * std::numeric_limits<Real>::epsilon());
    const auto collapsed = [&](std::int64_t depth) {
        return detail::uncollapsed_mass(law, depth, alpha) <= epsilon;
    };
    std::int64_t high = 1;
    while (!collapsed(high)) {
        if (high > (std::int64_t(1) << 52)) {
            detail::throw_domain_error(function, "alpha", alpha, "needs a depth beyond 2^52 layers");
        }
        high *= 2;
    }
    return detail::first_position_where(high, [&](std::int64_t depth) { return collapsed(depth); });
}

}  // namespace cesaro
