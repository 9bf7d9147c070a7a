// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The three landmarks of the U-shape in closed form, primacy tail, recency delta and dead zone; and what
/// fills the dead zone of a residual network, the valley. Relative positions x run from 0, the first token,
/// to 1, the query.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/continuum_influence.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/detail/unit_interval_law.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <cmath>
#include <type_traits>

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
/// part with residual connections, which fill the valley by shorter paths: see `valley`.
///
/// \param depth  H >= 0; 0 (no attention) gives 0.
/// \param x      relative position, 0 < x <= 1.
/// \throws std::domain_error outside these ranges. Cost O(H). Relative error: at most H epsilons.
/// Source: Chowdhury, arXiv 2603.10123, section 5.
template <real_scalar Real>
[[nodiscard]] Real dead_zone(Eigen::Index depth, const Real& x) {
    detail::check_at_least("dead_zone", "depth", depth, 0);
    const Real u = detail::log_distance("dead_zone", x);
    if (depth == 0) return Real(0);
    return static_cast<Real>(detail::all_hops_density(depth, u));
}

/// The leading term of the density as x → 0: \f$w_H\, u^{H-1} / (H-1)!\f$, of residual layers
/// \f$w_H = \prod_l \alpha_l\f$.
///
/// \param network  a hop_law, or what converts to one.
/// \param x        relative position, 0 < x <= 1.
/// \throws std::domain_error unless 0 < x <= 1.
/// Cost: that of the hop law. Relative error: at most 2 H epsilons.
/// Source: Chowdhury, arXiv 2603.10123, section 5.
template <has_hop_law Network>
[[nodiscard]] typename Network::Scalar primacy_tail(const Network& network,
                                                    const std::type_identity_t<typename Network::Scalar>& x) {
    using Real = typename Network::Scalar;
    const Real u = detail::log_distance("primacy_tail", x);
    const auto w = hop_law<Real>(network).template weights_as<detail::scaled<Real>>();
    const Eigen::Index most = w.size() - 1;
    if (most == 0) return Real(0);
    return static_cast<Real>(w[most] * detail::all_hops_density(most, u));
}

/// The isolated mass at the query, \f$w_0\f$, of residual layers \f$\prod_l (1-\alpha_l)\f$, whatever the
/// context.
/// Source: Chowdhury, arXiv 2603.10123, section 5.
template <real_scalar Real>
[[nodiscard]] Real recency_delta(const hop_law<Real>& hops) {
    return hops.weights()[0];
}
template <real_scalar Real>
[[nodiscard]] Real recency_delta(const mixing_schedule<Real>& schedule) {
    return schedule.recency_delta();
}

/// The full density f(x) between the ends: what a network with residual connections really puts there,
/// pdf(continuum_influence(network), x). It is a function of x; `profile_summary` calls the least entry of a
/// vector its valley.
///
/// \param network  a hop_law, or what converts to one.
/// \param x        relative position, 0 < x <= 1.
/// \throws std::domain_error unless 0 < x <= 1. Cost: that of the hop law. Accuracy: that of
/// continuum_influence.
///
/// \code
/// const auto schedule = cesaro::mixing_schedule<>::constant(96, 0.3);
/// const double filled = cesaro::valley(schedule, 0.5);      // 4.6e-11
/// const double empty = cesaro::dead_zone(96, 0.5);          // 7.3e-164
/// \endcode
template <has_hop_law Network>
[[nodiscard]] typename Network::Scalar valley(const Network& network,
                                              const std::type_identity_t<typename Network::Scalar>& x) {
    detail::log_distance("valley", x);
    return pdf(continuum_influence<typename Network::Scalar>(network), x);
}

/// Perron's asymptotics of the valley for constant \f$\alpha\f$ and large depth:
///
/// \f[ f(x) \approx \alpha (1-\alpha)^{H-1} e^{-z/2} e^{2\sqrt{Hz}} \frac{H^{1/4}}{2\sqrt{\pi} z^{3/4}},
///     \qquad z = \frac{\alpha u}{1-\alpha} \f]
///
/// \param depth  H >= 1.
/// \param alpha  0 < alpha < 1.
/// \param x      relative position, 0 < x < 1.
/// \return an approximation whose relative error falls as \f$1/\sqrt{H}\f$ at fixed alpha and x.
/// \throws std::domain_error outside these ranges. Cost O(1).
/// Source: Perron's formula for Laguerre polynomials off the positive axis, Szegő, Orthogonal Polynomials,
/// theorem 8.22.3, with n + 1 = H.
template <real_scalar Real>
[[nodiscard]] Real valley_asymptotic(Eigen::Index depth, const Real& alpha,
                                     const std::type_identity_t<Real>& x) {
    using std::exp;
    using std::log1p;
    using std::sqrt;
    const char* const function = "valley_asymptotic";
    detail::check_at_least(function, "depth", depth, 1);
    if (!(alpha > 0 && alpha < 1)) detail::throw_domain_error(function, "alpha", alpha, "must lie in (0, 1)");
    const Real u = detail::log_distance(function, x);
    if (!(x < 1)) detail::throw_domain_error(function, "x", x, "must lie in (0, 1)");
    const Real h = Real(depth);
    // The square root of z, which may itself underflow; and one exponential: its parts over- and underflow
    // long before their product does.
    const Real root_z = sqrt(Real(alpha / (1 - alpha))) * sqrt(u);
    const Real exponent = (h - 1) * log1p(Real(-alpha)) - root_z * root_z / 2 + 2 * sqrt(h) * root_z;
    const Real root_pi = boost::math::constants::root_pi<Real>();
    return alpha * (exp(exponent) * sqrt(Real(sqrt(h))) / (2 * root_pi * root_z * sqrt(root_z)));
}

}  // namespace cesaro
