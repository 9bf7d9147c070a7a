// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/continuum_influence.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/continuum.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>
#include <boost/math/special_functions/beta.hpp>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

/// The three landmarks of the U-shape in closed form: primacy tail, recency delta, dead zone; and what fills
/// the dead zone of a residual network, the valley.
namespace cesaro {

namespace detail {

/// u^{H-1} / (H-1)!, H >= 1: the partial products leave the range of Real where the whole does not.
template <class Real>
scaled<Real> all_hops_density(Eigen::Index depth, const Real& u) {
    scaled<Real> term(Real(1));
    for (Eigen::Index k = 1; k < depth; ++k)
        term *= scaled<Real>(Real(u / Real(k)));
    return term;
}

}  // namespace detail

/// The density of the path that attends at every layer, without the schedule's weight: the dead zone.
///
/// \f[ \frac{u^{H-1}}{(H-1)!}, \quad u = \ln(1/x), \qquad \le \frac{1}{(H-1)!} \text{ for } x \ge 1/e \f]
///
/// This is the whole density of an attention-only network (\f$\alpha = 1\f$), and only its factorially small
/// part with residual connections, which fill the valley by shorter paths: see valley().
///
/// \param depth  H >= 0; 0 (no attention) gives 0.
/// \param x      relative position, 0 < x <= 1.
/// \throws std::domain_error outside these ranges. Cost O(H). Relative error: at most H epsilons.
/// Source: Chowdhury, arXiv 2603.10123, section 5.
template <real_scalar Real>
Real dead_zone(Eigen::Index depth, const Real& x) {
    detail::check_at_least("dead_zone", "depth", depth, 0);
    const Real u = detail::log_distance("dead_zone", x);
    if (depth == 0) return Real(0);
    return static_cast<Real>(detail::all_hops_density(depth, u));
}

/// The leading term of the density as x → 0: \f$w_H\, u^{H-1} / (H-1)!\f$, \f$w_H = \prod_l \alpha_l\f$.
///
/// \throws std::domain_error unless 0 < x <= 1. Cost O(H). Relative error: at most 2 H epsilons.
/// Source: Chowdhury, arXiv 2603.10123, section 5.
template <real_scalar Real>
Real primacy_tail(const mixing_schedule<Real>& schedule, const std::type_identity_t<Real>& x) {
    const Real u = detail::log_distance("primacy_tail", x);
    if (schedule.depth() == 0) return Real(0);
    auto term = detail::all_hops_density(schedule.depth(), u);
    for (const Real& alpha : schedule.alphas())
        term *= detail::scaled<Real>(alpha);
    return static_cast<Real>(term);
}

/// The isolated mass at the query, \f$w_0 = \prod_l (1-\alpha_l)\f$, whatever the context.
/// Source: Chowdhury, arXiv 2603.10123, section 5.
template <real_scalar Real>
Real recency_delta(const mixing_schedule<Real>& schedule) {
    return schedule.recency_delta();
}

/// The full density f(x) between the ends: what a network with residual connections really puts there.
///
/// \throws std::domain_error unless 0 < x <= 1. Cost O(H²). Accuracy: that of continuum_influence.
template <real_scalar Real>
Real valley(const mixing_schedule<Real>& schedule, const std::type_identity_t<Real>& x) {
    detail::log_distance("valley", x);
    return pdf(continuum_influence<Real>(schedule), x);
}

/// Perron's asymptotics of the valley for constant \f$\alpha\f$ and large depth:
///
/// \f[ f(x) \approx \alpha (1-\alpha)^{H-1} e^{-z/2} e^{2\sqrt{Hz}} \frac{H^{1/4}}{2\sqrt{\pi} z^{3/4}},
///     \qquad z = \frac{\alpha u}{1-\alpha} \f]
///
/// \param depth  H >= 1. \param alpha  0 < alpha < 1. \param x  0 < x < 1.
/// \return an approximation whose relative error falls as \f$1/\sqrt{H}\f$ at fixed alpha and x.
/// \throws std::domain_error outside these ranges. Cost O(1).
/// Source: Perron's formula for Laguerre polynomials off the positive axis, Szegő, Orthogonal Polynomials,
/// theorem 8.22.3, with n + 1 = H.
template <real_scalar Real>
Real valley_asymptotic(Eigen::Index depth, const Real& alpha, const std::type_identity_t<Real>& x) {
    using std::exp;
    using std::log1p;
    using std::sqrt;
    const char* const function = "valley_asymptotic";
    detail::check_at_least(function, "depth", depth, 1);
    if (!(alpha > 0 && alpha < 1)) detail::throw_domain_error(function, "alpha", alpha, "must lie in (0, 1)");
    const Real u = detail::log_distance(function, x);
    if (x == 1) detail::throw_domain_error(function, "x", x, "must lie in (0, 1)");
    const Real h = Real(depth);
    // The square root of z, which may itself underflow; and one exponential: its parts over- and underflow
    // long before their product does.
    const Real root_z = sqrt(Real(alpha / (1 - alpha))) * sqrt(u);
    const Real exponent = (h - 1) * log1p(Real(-alpha)) - root_z * root_z / 2 + 2 * sqrt(h) * root_z;
    const Real root_pi = boost::math::constants::root_pi<Real>();
    return alpha * exp(exponent) * sqrt(Real(sqrt(h))) / (2 * root_pi * root_z * sqrt(root_z));
}

/// \f$p(0|n)\f$ for the last of `tokens` positions, n = tokens - 1: the end value of the primacy tail, where
/// the row cuts the divergence of the density off. \throws std::domain_error unless 1 <= tokens <= 2^62 + 1.
/// Cost O(H²), independent of tokens.
template <real_scalar Real>
Real first_token_influence(Eigen::Index tokens, const mixing_schedule<Real>& schedule) {
    detail::check_at_least("first_token_influence", "tokens", tokens, 1);
    if (tokens > (Eigen::Index(1) << 62) + 1) {
        detail::throw_domain_error("first_token_influence", "tokens", tokens, "must be at most 2^62 + 1");
    }
    return pdf(discrete_influence<Real>(tokens - 1, schedule), 0);
}

/// \f$n \prod_l (1 - \alpha_l/2) \ge P(m \ge 1)\f$, n = tokens - 1: the row has collapsed on the first token
/// once this is small. A bound from the mean, it may exceed one. \throws std::domain_error when tokens < 1.
/// Cost O(H).
template <real_scalar Real>
Real collapse_bound(Eigen::Index tokens, const mixing_schedule<Real>& schedule) {
    detail::check_at_least("collapse_bound", "tokens", tokens, 1);
    Real bound = Real(tokens - 1);
    for (const Real& alpha : schedule.alphas())
        bound *= 1 - alpha / 2;
    return bound;
}

namespace detail {

/// The law of the number of hops that take the last of `tokens` positions to the first token,
/// h_i(2..tokens) / tokens, up to a remainder below `tolerance`.
template <class Real>
std::vector<Real> hops_to_first_token(Eigen::Index tokens, const Real& tolerance) {
    for (std::size_t terms = 64;; terms *= 2) {
        std::vector<Real> law(terms);
        complete_homogeneous<Real>(2, tokens, law);
        for (Real& h : law)
            h /= Real(tokens);
        // The ratios h_{i+1} / h_i never increase; their limit is 1/2.
        const Real ratio = law[terms - 2] == 0 ? Real(0) : Real(law[terms - 1] / law[terms - 2]);
        if (ratio < 1 && law[terms - 1] * ratio <= tolerance * (1 - ratio)) return law;
    }
}

/// P(source > 0) at constant alpha: sum_i P(hops needed = i) P(K <= i - 1) summed by parts, K binomial.
template <class Real>
Real uncollapsed_mass(const std::vector<Real>& law, Eigen::Index depth, const Real& alpha) {
    Real sum(0);
    for (std::size_t i = 0; i < law.size(); ++i) {
        const auto hops = Eigen::Index(i);
        // P(K <= i) of a binomial law is an incomplete beta function; certain from i = depth on.
        const Real at_most = hops >= depth ? Real(1)
                             : alpha == 1
                                 ? Real(0)
                                 : Real(boost::math::ibetac(Real(hops + 1), Real(depth - hops), alpha));
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
/// small
///                 that more than 2^52 layers are needed.
/// \param epsilon  at most 1, and a normal number: the law of a subnormal one underflows.
/// \throws std::domain_error outside these ranges.
/// Cost: one O(log² tokens) set-up and O(log tokens) incomplete beta functions per bisection step,
/// whatever the depth.
template <real_scalar Real>
Eigen::Index collapse_depth(Eigen::Index tokens, const Real& alpha,
                            const std::type_identity_t<Real>& epsilon) {
    const char* const function = "collapse_depth";
    if (tokens < 1 || tokens > (Eigen::Index(1) << 62)) {
        detail::throw_domain_error(function, "tokens", tokens, "must lie in [1, 2^62]");
    }
    if (!(alpha > 0 && alpha <= 1))
        detail::throw_domain_error(function, "alpha", alpha, "must lie in (0, 1]");
    if (!(epsilon >= (std::numeric_limits<Real>::min)() && epsilon <= 1)) {
        detail::throw_domain_error(function, "epsilon", epsilon, "must lie in (0, 1] and not be subnormal");
    }
    if (tokens == 1 || epsilon == 1) return 0;
    const auto law =
        detail::hops_to_first_token<Real>(tokens, epsilon * std::numeric_limits<Real>::epsilon());
    const auto collapsed = [&](Eigen::Index depth) {
        return detail::uncollapsed_mass(law, depth, alpha) <= epsilon;
    };
    Eigen::Index high = 1;
    while (!collapsed(high)) {
        if (high > (Eigen::Index(1) << 52)) {
            detail::throw_domain_error(function, "alpha", alpha, "needs a depth beyond 2^52 layers");
        }
        high *= 2;
    }
    return detail::first_position_where(high, [&](Eigen::Index depth) { return collapsed(depth); });
}

}  // namespace cesaro
