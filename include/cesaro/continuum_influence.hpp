// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/continuum.hpp>
#include <cesaro/detail/moments.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>
#include <boost/math/distributions/complement.hpp>

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

namespace cesaro {

using boost::math::complement;

/// The continuum limit of the influence row: the law of the relative position x = m/n as n grows.
///
/// \f[ X = e^{-\sum_{i=1}^{K} E_i}, \qquad f(x) = \sum_{k=1}^{H} w_k \frac{u^{k-1}}{(k-1)!}, \quad
///     u = \ln(1/x), \qquad P(X = 1) = w_0 \f]
///
/// with K hops and independent unit exponentials \f$E_i\f$: each hop multiplies the relative position by a
/// uniform number. For constant \f$\alpha\f$ the density is
/// \f$\alpha (1-\alpha)^{H-1} L^{(1)}_{H-1}(-\alpha u / (1-\alpha))\f$. The law has an atom, the recency
/// delta \f$w_0\f$, at x = 1, and a density on (0, 1) that rises without bound towards 0 when H >= 2.
///
/// It approximates the row `discrete_influence`, it is not the row: with k hops the relative difference at
/// position m is about \f$(k-1)(k-2) p_2 / (2 p_1^2)\f$, \f$p_r\f$ the power sums over m+1 .. n+1.
///
/// The non-member functions are those of Boost.Math's distributions.
///
/// Accuracy: every sum has positive terms; relative error of pdf, cdf and complement below 2e-13 at depth
/// 150 and 1e-12 at depth 400 in double, x from 1e-300 to 1-1e-12 (measured: docs/accuracy.md).
///
/// Source: Chowdhury, arXiv 2603.10123, section 4.
template <real_scalar Real = double>
class continuum_influence {
  public:
    using value_type = Real;

    /// Cost O(H²).
    explicit continuum_influence(const mixing_schedule<Real>& schedule)
        : schedule_(schedule), hops_(schedule.hop_distribution()) {}

    /// \f$w_0\f$, the mass at x = 1.
    Real delta_weight() const { return hops_[0]; }

    const mixing_schedule<Real>& schedule() const { return schedule_; }

    /// \f$w_0, \dots, w_H\f$.
    const Eigen::VectorX<Real>& hop_distribution() const { return hops_; }

  private:
    mixing_schedule<Real> schedule_;
    Eigen::VectorX<Real> hops_;
};

namespace detail {

/// sum_{k=1..H} w_k u^{k-1} / (k-1)!
template <class Number, class Real>
Number hop_density(const Eigen::VectorX<Number>& w, const Real& x, const Real& u) {
    const Number zero(Real(0));
    const Real guard = overflow_guard(x);
    Number sum = zero;
    Number term(Real(1 / guard));
    for (Eigen::Index k = 1; k < w.size(); ++k) {
        sum += w[k] * term;
        term *= Number(Real(u / Real(k)));
    }
    return sum * Number(guard);
}

/// P(X <= x) = x sum_{i<H} u^i / i! P(K > i), x < 1, by Horner's scheme from the innermost term.
template <class Real>
Real hop_lower_tail(const Eigen::VectorX<Real>& w, const Real& x, const Real& u) {
    const Real guard = overflow_guard(x);
    Real sum(0);
    Real more(0);  // P(K > i)
    for (Eigen::Index i = w.size() - 2; i >= 0; --i) {
        more += w[i + 1];
        sum = more / guard + sum * (u / Real(i + 1));
    }
    return sum * Real(x * guard);
}

/// P(X > x) = x sum_{i>=0} u^i / i! P(K <= i), x < 1, where that is below one half: else the complement of
/// the lower tail does not cancel.
template <class Real>
Real hop_upper_tail(const Eigen::VectorX<Real>& w, const Real& x, const Real& u) {
    const Real lower = hop_lower_tail(w, x, u);
    if (2 * lower <= 1) return 1 - lower;
    const Real enough = std::numeric_limits<Real>::epsilon() / 8;
    Real sum(0);
    Real at_most(0);  // P(K <= i)
    const Real guard = overflow_guard(x);
    Real term = 1 / guard;
    for (Eigen::Index i = 0;; ++i) {
        if (i < w.size()) at_most += w[i];
        const Real addend = term * at_most;
        sum += addend;
        // Past i = 2u the terms at least halve at every step: the remainder is below the term.
        if (i >= w.size() && Real(i) > 2 * u && addend <= enough * sum) return sum * Real(x * guard);
        term *= u / Real(i + 1);
    }
}

/// The quantile functions hand these to the solver.
template <class Real>
auto lower_tail_of(const Eigen::VectorX<Real>& w) {
    return [&w](const Real& x, const Real& u) { return hop_lower_tail(w, x, u); };
}
template <class Real>
auto upper_tail_of(const Eigen::VectorX<Real>& w) {
    return [&w](const Real& x, const Real& u) { return hop_upper_tail(w, x, u); };
}

template <class Real>
central_moments<Real> central_moments_of(const continuum_influence<Real>& c) {
    const bool mirrored = 2 * mean(c) > 1;
    return {mirrored ? distance_moments(c.hop_distribution()) : position_moments(c.schedule().alphas()),
            mirrored};
}

}  // namespace detail

/// The density f(x), without the atom; at x = 1 its limit \f$w_1\f$.
/// \throws std::domain_error unless 0 < x <= 1. Cost O(H).
template <real_scalar Real>
Real pdf(const continuum_influence<Real>& c, const std::type_identity_t<Real>& x) {
    return detail::hop_density(c.hop_distribution(), x, detail::log_distance("pdf(continuum_influence)", x));
}

/// \f$\ln f(x)\f$, also where f underflows; minus infinity where f is zero.
/// \throws std::domain_error unless 0 < x <= 1. Cost O(H), O(H²) where f underflows.
template <real_scalar Real>
Real logpdf(const continuum_influence<Real>& c, const std::type_identity_t<Real>& x) {
    using std::log;
    const Real f = pdf(c, x);
    if (f > (std::numeric_limits<Real>::min)() / std::numeric_limits<Real>::epsilon() &&
        f <= (std::numeric_limits<Real>::max)()) {
        return log(f);
    }
    const Real u = detail::log_distance("logpdf(continuum_influence)", x);
    return log(
        detail::hop_density(detail::poisson_binomial<detail::scaled<Real>>(c.schedule().alphas()), x, u));
}

/// \f$F(x) = \sum_{k \ge 1} w_k Q(k, u)\f$ for x < 1, F(1) = 1, as \f$x \sum_{i<H} u^i/i!\, P(K > i)\f$.
/// \throws std::domain_error unless 0 < x <= 1. Cost O(H).
template <real_scalar Real>
Real cdf(const continuum_influence<Real>& c, const std::type_identity_t<Real>& x) {
    const Real u = detail::log_distance("cdf(continuum_influence)", x);
    if (x == 1) return Real(1);
    const Real p = detail::hop_lower_tail(c.hop_distribution(), x, u);
    return p < 1 ? p : Real(1);  // rounding only
}

/// \f$P(X > x)\f$, which contains the atom for every x < 1, from positive terms however small.
template <real_scalar Real, class Position>
Real cdf(const boost::math::complemented2_type<continuum_influence<Real>, Position>& c) {
    const Real x = static_cast<Real>(c.param);
    const Real u = detail::log_distance("cdf(complement(continuum_influence))", x);
    return x == 1 ? Real(0) : detail::hop_upper_tail(c.dist.hop_distribution(), x, u);
}

/// The smallest x with F(x) >= p: 1 from p > 1 - w_0 on; 0 for p = 0 and where x underflows.
/// \throws std::domain_error unless 0 <= p <= 1.
template <real_scalar Real>
Real quantile(const continuum_influence<Real>& c, const std::type_identity_t<Real>& p) {
    detail::check_unit_interval("quantile(continuum_influence)", "p", p);
    const auto& w = c.hop_distribution();
    return detail::lower_quantile(detail::lower_tail_of(w), detail::upper_tail_of(w), p);
}

/// The smallest x with P(X > x) <= q.
template <real_scalar Real, class Probability>
Real quantile(const boost::math::complemented2_type<continuum_influence<Real>, Probability>& c) {
    const Real q = static_cast<Real>(c.param);
    detail::check_unit_interval("quantile(complement(continuum_influence))", "q", q);
    const auto& w = c.dist.hop_distribution();
    return detail::upper_quantile(detail::lower_tail_of(w), detail::upper_tail_of(w), q);
}

/// \f$E[X] = \prod_l (1 - \alpha_l/2)\f$.
template <real_scalar Real>
Real mean(const continuum_influence<Real>& c) {
    Real product(1);
    for (const Real& alpha : c.schedule().alphas())
        product *= 1 - alpha / 2;
    return product;
}

/// From \f$E[X^s] = \prod_l (1 - \alpha_l + \alpha_l/(1+s))\f$, or the moments of 1 - X where the mean
/// exceeds one half.
template <real_scalar Real>
Real variance(const continuum_influence<Real>& c) {
    return static_cast<Real>(detail::central_moments_of(c).second);
}

template <real_scalar Real>
Real standard_deviation(const continuum_influence<Real>& c) {
    using std::sqrt;
    return sqrt(variance(c));
}

/// Infinite where it overflows, which is long after the variance underflows.
/// \throws std::domain_error when all mass sits at x = 1.
template <real_scalar Real>
Real skewness(const continuum_influence<Real>& c) {
    return detail::central_moments_of(c).skewness("skewness(continuum_influence)");
}

/// The fourth standardised moment, infinite where it overflows.
/// \throws std::domain_error when all mass sits at x = 1.
template <real_scalar Real>
Real kurtosis(const continuum_influence<Real>& c) {
    return detail::central_moments_of(c).kurtosis("kurtosis(continuum_influence)");
}

template <real_scalar Real>
Real kurtosis_excess(const continuum_influence<Real>& c) {
    return kurtosis(c) - 3;
}

/// quantile(c, 1/2).
template <real_scalar Real>
Real median(const continuum_influence<Real>& c) {
    return quantile(c, Real(1) / Real(2));
}

/// The interval [0, 1].
template <real_scalar Real>
std::pair<Real, Real> range(const continuum_influence<Real>&) {
    return {Real(0), Real(1)};
}

template <real_scalar Real>
std::pair<Real, Real> support(const continuum_influence<Real>& c) {
    return range(c);
}

}  // namespace cesaro
