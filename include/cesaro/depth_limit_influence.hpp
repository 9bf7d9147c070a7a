// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/continuum.hpp>
#include <cesaro/detail/moments.hpp>
#include <cesaro/detail/scaled.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>
#include <boost/math/distributions/complement.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

namespace cesaro {

using boost::math::complement;

/// The depth limit of the continuum law: infinitely many layers that attend a total of a.
///
/// If \f$\max_l \alpha_l \to 0\f$ and \f$\sum_l \alpha_l \to a\f$, the number of hops tends to Poisson(a),
/// and
///
/// \f[ P(X = 1) = e^{-a}, \qquad f(x) = e^{-a} \sqrt{a/u}\; I_1(2 \sqrt{a u}), \quad u = \ln(1/x). \f]
///
/// A residual network whose attention weights are summable never collapses on the first token, at any
/// depth. The interface is that of `continuum_influence`.
///
/// Accuracy: sums of positive terms; relative error below 1e-13 (1 + a/100) in double.
template <real_scalar Real = double>
class depth_limit_influence {
  public:
    using value_type = Real;

    /// \throws std::domain_error unless total_attention is finite and at least 0.
    explicit depth_limit_influence(const Real& total_attention) : total_(total_attention) {
        if (!(total_ >= Real(0) && total_ <= (std::numeric_limits<Real>::max)())) {
            detail::throw_domain_error("depth_limit_influence", "total_attention", total_,
                                       "must be finite and at least 0");
        }
    }

    /// \f$a = \sum_l \alpha_l\f$.
    const Real& total_attention() const { return total_; }

    /// \f$e^{-a}\f$, the mass at x = 1.
    Real delta_weight() const {
        using std::exp;
        return exp(Real(-total_));
    }

  private:
    Real total_;
};

namespace detail {

/// I_1(2 sqrt z) / sqrt z = sum_j z^j / (j! (j+1)!), in scaled numbers: it overflows where e^{-a} underflows.
template <class Real>
scaled<Real> bessel_series(const Real& z) {
    using std::sqrt;
    scaled<Real> sum(Real(0));
    scaled<Real> term(Real(1));
    const scaled<Real> enough(Real(std::numeric_limits<Real>::epsilon() / 8));
    for (int j = 0;; ++j) {
        sum += term;
        const Real ratio = z / (Real(j + 1) * Real(j + 2));
        if (2 * ratio <= 1 && term < enough * sum) return sum;
        term *= scaled<Real>(ratio);
    }
}

/// ln(I_1(y) / (y/2)) for large y, by Hankel's asymptotic series (Abramowitz and Stegun, 9.7.1).
template <class Real>
Real log_bessel_asymptotic(const Real& y) {
    using std::abs;
    using std::log;
    Real sum(1);
    Real term(1);
    for (int k = 1; abs(term) > std::numeric_limits<Real>::epsilon() / 8; ++k) {
        term *= (Real(2 * k - 1) * Real(2 * k - 1) - 4) / (Real(8 * k) * y);
        sum += term;
    }
    return y - log(Real(boost::math::constants::two_pi<Real>() * y)) / 2 + log(sum) - log(Real(y / 2));
}

/// P(K >= terms), K Poisson(a), from P(K = terms - 1).
template <class Real>
Real poisson_rest(const Real& a, std::size_t terms, const Real& last) {
    if (Real(terms) <= 2 * a) return boost::math::gamma_p(Real(terms), a);
    // Far above a the terms at least halve; gamma_p there forms (terms - 1)!, which overflows.
    Real sum(0);
    Real term = last * (a / Real(terms));
    for (std::size_t k = terms + 1; sum + term > sum; ++k) {
        sum += term;
        term *= a / Real(k);
    }
    return sum;
}

/// P(X <= x) or P(X > x), x < 1: sums over i of the Poisson(u) weight of i times P(K > i) or P(K <= i),
/// K Poisson(a).
template <class Real>
Real poisson_tail(const Real& a, const Real& x, const Real& u, bool upper) {
    using std::log;
    using std::sqrt;
    // The summands peak at u or, of the upper tail, at sqrt(a u); past twice that they halve at every step.
    Real peak = u;
    if (upper && a > u) {
        const Real root_a = sqrt(a);
        const Real root_u = sqrt(u);
        const Real gap = root_a - root_u;  // P(X > x) <= exp(-gap²), Chernoff's bound
        if (gap > 1 && gap > -2 * log((std::numeric_limits<Real>::min)()) / gap) return Real(0);
        peak = root_a * root_u;
    }
    const auto terms = std::size_t(2 * peak) + std::size_t(std::numeric_limits<Real>::digits) + 16;
    // The law of K up to there, from its largest weight outwards.
    std::vector<Real> weight(terms, Real(0));
    const std::size_t top = Real(terms - 1) < a ? terms - 1 : std::size_t(a);
    weight[top] = a == 0 ? Real(1) : boost::math::gamma_p_derivative(Real(top + 1), a);
    for (std::size_t k = top; k > 0; --k)
        weight[k - 1] = weight[k] * Real(k) / a;
    for (std::size_t k = top + 1; k < terms; ++k)
        weight[k] = weight[k - 1] * a / Real(k);

    std::vector<Real> tail(terms);  // P(K <= i), or P(K > i)
    if (upper) {
        Real at_most(0);
        for (std::size_t i = 0; i < terms; ++i)
            tail[i] = at_most += weight[i];
    } else {
        Real more = poisson_rest(a, terms, weight.back());
        for (std::size_t i = terms; i-- > 0;) {
            tail[i] = more;
            more += weight[i];
        }
    }
    Real sum(0);
    const Real guard = overflow_guard(x);  // a subnormal x has few digits for its multiples
    Real term = x * guard;                 // e^{-u} u^i / i!
    for (std::size_t i = 0; i < terms; ++i) {
        sum += term * tail[i];
        term *= u / Real(i + 1);
    }
    return sum / guard;
}

template <class Real>
Real depth_limit_lower_tail(const Real& a, const Real& x, const Real& u) {
    return poisson_tail(a, x, u, false);
}
template <class Real>
Real depth_limit_upper_tail(const Real& a, const Real& x, const Real& u) {
    const Real lower = poisson_tail(a, x, u, false);
    return 2 * lower <= 1 ? Real(1 - lower) : poisson_tail(a, x, u, true);
}
template <class Real>
auto lower_tail_of(const depth_limit_influence<Real>& e) {
    return
        [a = e.total_attention()](const Real& x, const Real& u) { return depth_limit_lower_tail(a, x, u); };
}
template <class Real>
auto upper_tail_of(const depth_limit_influence<Real>& e) {
    return
        [a = e.total_attention()](const Real& x, const Real& u) { return depth_limit_upper_tail(a, x, u); };
}

/// The moments of 1 - X, sum_k P(K = k) M^k e_0, where X is close to 1: a < 2 ln 2, the Poisson law is short.
template <class Real>
central_moments<Real> mirrored_central_moments(const depth_limit_influence<Real>& e) {
    Eigen::VectorX<Real> w(std::numeric_limits<Real>::digits + 16);
    w[0] = e.delta_weight();
    for (Eigen::Index k = 1; k < w.size(); ++k)
        w[k] = w[k - 1] * e.total_attention() / Real(k);
    return {distance_moments(w), true};
}

}  // namespace detail

/// \f$\ln f(x)\f$; minus infinity where a = 0.
/// \throws std::domain_error unless 0 < x <= 1. Cost O(sqrt(a u)).
template <real_scalar Real>
Real logpdf(const depth_limit_influence<Real>& e, const std::type_identity_t<Real>& x) {
    using std::log;
    using std::sqrt;
    const Real u = detail::log_distance("logpdf(depth_limit_influence)", x);
    const Real& a = e.total_attention();
    if (a == 0) return -std::numeric_limits<Real>::infinity();
    // The series takes sqrt(a u) terms, the asymptotic one a few.
    const Real y = 2 * sqrt(a) * sqrt(u);
    if (y > 20 * std::numeric_limits<Real>::digits) return detail::log_bessel_asymptotic(y) + log(a) - a;
    return log(detail::bessel_series(Real(a * u))) + log(a) - a;
}

/// The density f(x), without the atom; at x = 1 its limit \f$a e^{-a}\f$.
/// \throws std::domain_error unless 0 < x <= 1. Cost O(sqrt(a u)).
template <real_scalar Real>
Real pdf(const depth_limit_influence<Real>& e, const std::type_identity_t<Real>& x) {
    using std::exp;
    const Real u = detail::log_distance("pdf(depth_limit_influence)", x);
    const Real& a = e.total_attention();
    if (a == 0) return Real(0);
    const Real delta = e.delta_weight();
    if (delta < (std::numeric_limits<Real>::min)() / std::numeric_limits<Real>::epsilon()) {
        return exp(Real(logpdf(e, x)));
    }
    return static_cast<Real>(detail::scaled<Real>(Real(a * delta)) * detail::bessel_series(Real(a * u)));
}

/// F(x), F(1) = 1. \throws std::domain_error unless 0 < x <= 1. Cost O(u + sqrt(a u)).
template <real_scalar Real>
Real cdf(const depth_limit_influence<Real>& e, const std::type_identity_t<Real>& x) {
    const Real u = detail::log_distance("cdf(depth_limit_influence)", x);
    if (x == 1) return Real(1);
    const Real p = detail::depth_limit_lower_tail(e.total_attention(), x, u);
    return p < 1 ? p : Real(1);  // rounding only
}

/// \f$P(X > x)\f$, which contains the atom for every x < 1, from positive terms however small.
template <real_scalar Real, class Position>
Real cdf(const boost::math::complemented2_type<depth_limit_influence<Real>, Position>& c) {
    const Real x = static_cast<Real>(c.param);
    const Real u = detail::log_distance("cdf(complement(depth_limit_influence))", x);
    return x == 1 ? Real(0) : detail::depth_limit_upper_tail(c.dist.total_attention(), x, u);
}

/// The smallest x with F(x) >= p: 1 from p >= 1 - e^{-a} on; 0 for p = 0 and where x underflows.
/// \throws std::domain_error unless 0 <= p <= 1.
template <real_scalar Real>
Real quantile(const depth_limit_influence<Real>& e, const std::type_identity_t<Real>& p) {
    detail::check_unit_interval("quantile(depth_limit_influence)", "p", p);
    return detail::lower_quantile(detail::lower_tail_of(e), detail::upper_tail_of(e), p);
}

/// The smallest x with P(X > x) <= q.
template <real_scalar Real, class Probability>
Real quantile(const boost::math::complemented2_type<depth_limit_influence<Real>, Probability>& c) {
    const Real q = static_cast<Real>(c.param);
    detail::check_unit_interval("quantile(complement(depth_limit_influence))", "q", q);
    return detail::upper_quantile(detail::lower_tail_of(c.dist), detail::upper_tail_of(c.dist), q);
}

/// \f$E[X] = e^{-a/2}\f$.
template <real_scalar Real>
Real mean(const depth_limit_influence<Real>& e) {
    using std::exp;
    return exp(Real(-e.total_attention() / 2));
}

/// \f$e^{-2a/3} - e^{-a} = e^{-a} (e^{a/3} - 1)\f$.
template <real_scalar Real>
Real variance(const depth_limit_influence<Real>& e) {
    using std::exp;
    using std::expm1;
    const Real& a = e.total_attention();
    if (a > 1) return -exp(Real(-2 * a / 3)) * expm1(Real(-a / 3));
    return exp(Real(-a)) * expm1(Real(a / 3));
}

template <real_scalar Real>
Real standard_deviation(const depth_limit_influence<Real>& e) {
    using std::sqrt;
    return sqrt(variance(e));
}

/// \f$(e^{a/4} - 3 e^{-a/6} + 2 e^{-a/2}) / (1 - e^{-a/3})^{3/2}\f$, infinite where it overflows.
/// \throws std::domain_error when a = 0 (all mass sits at x = 1).
template <real_scalar Real>
Real skewness(const depth_limit_influence<Real>& e) {
    using std::exp;
    using std::expm1;
    using std::sqrt;
    if (2 * mean(e) > 1)
        return detail::mirrored_central_moments(e).skewness("skewness(depth_limit_influence)");
    const Real& a = e.total_attention();
    const Real spread = -expm1(Real(-a / 3));
    return (exp(Real(a / 4)) - 3 * exp(Real(-a / 6)) + 2 * exp(Real(-a / 2))) / (spread * sqrt(spread));
}

/// The fourth standardised moment,
/// \f$(e^{8a/15} - 4 e^{a/12} + 6 e^{-a/3} - 3 e^{-2a/3}) / (1 - e^{-a/3})^2\f$, infinite where it overflows.
/// \throws std::domain_error as skewness().
template <real_scalar Real>
Real kurtosis(const depth_limit_influence<Real>& e) {
    using std::exp;
    using std::expm1;
    if (2 * mean(e) > 1)
        return detail::mirrored_central_moments(e).kurtosis("kurtosis(depth_limit_influence)");
    const Real& a = e.total_attention();
    const Real spread = -expm1(Real(-a / 3));
    const Real ratio = exp(Real(-a / 3));
    // The first two terms by their ratio: both may be infinite.
    const Real leading = exp(Real(8 * (a / 15))) * (1 - 4 * exp(Real(-9 * (a / 20))));
    return (leading + 3 * ratio * (2 - ratio)) / (spread * spread);
}

template <real_scalar Real>
Real kurtosis_excess(const depth_limit_influence<Real>& e) {
    return kurtosis(e) - 3;
}

/// quantile(e, 1/2).
template <real_scalar Real>
Real median(const depth_limit_influence<Real>& e) {
    return quantile(e, Real(1) / Real(2));
}

/// The interval [0, 1].
template <real_scalar Real>
std::pair<Real, Real> range(const depth_limit_influence<Real>&) {
    return {Real(0), Real(1)};
}

template <real_scalar Real>
std::pair<Real, Real> support(const depth_limit_influence<Real>& e) {
    return range(e);
}

}  // namespace cesaro
