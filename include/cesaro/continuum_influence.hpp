// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The continuum limit of a row of influence.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/derived_accessors.hpp>
#include <cesaro/detail/exponential_series.hpp>
#include <cesaro/detail/moments.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/detail/unit_interval_law.hpp>
#include <cesaro/hop_law.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

namespace cesaro {

/// The continuum limit of the influence row: the law of the relative position x = m/n as n grows.
///
/// \f[ X = e^{-\sum_{i=1}^{K} E_i}, \qquad f(x) = \sum_{k=1}^{H} w_k \frac{u^{k-1}}{(k-1)!}, \quad
///     u = \ln(1/x), \qquad P(X = 1) = w_0 \f]
///
/// with K hops and independent unit exponentials \f$E_i\f$: each hop multiplies the relative position by a
/// uniform number. For constant \f$\alpha\f$ the density is
/// \f$\alpha (1-\alpha)^{H-1} L^{(1)}_{H-1}(-\alpha u / (1-\alpha))\f$. The law has an atom, the recency
/// delta \f$w_0\f$, at x = 1, and a density on (0, 1) that rises without bound towards 0 when two hops or
/// more are possible, and is constant when not.
///
/// The tails, with the regularised upper incomplete gamma function Q, and as they are computed, from positive
/// terms only:
///
/// \f[ F(x) = P(X \le x) = \sum_{k=1}^{H} w_k\,Q(k, u) = x \sum_{i=0}^{H-1} \frac{u^i}{i!} P(K > i), \f]
/// \f[ P(X > x) = w_0 + \sum_{k=1}^{H} w_k\,(1 - Q(k, u)) = x \sum_{i=0}^{\infty} \frac{u^i}{i!} P(K \le i),
///     \qquad x < 1. \f]
///
/// It approximates the row `discrete_influence`, it is not the row: with k hops the relative difference at
/// position m is about \f$(k-1)(k-2) p_2 / (2 p_1^2)\f$, \f$p_r\f$ the power sums over m+1 .. n+1.
///
/// The non-member functions are those of Boost.Math's distributions: `pdf`, `logpdf`, `cdf`, `quantile` and
/// the latter two of `complement(...)`, `mean`, `variance`, `standard_deviation`, `skewness`, `kurtosis`,
/// `kurtosis_excess`, `median`, `range`, `support`. Of hops that lose mass: the cdf ends at the total,
/// quantiles exist up to it, and central moments not at all.
///
/// \code
/// const cesaro::continuum_influence<> law(cesaro::mixing_schedule<>::constant(32, 0.3));
/// const double first_tenth = cdf(law, 0.1);
/// const double middle = cdf(law, 0.9) - first_tenth;
/// \endcode
///
/// Accuracy: every sum has positive terms; pdf, cdf and complement are within 16 ulp in float, double and
/// long double for every law of up to 400 hops and every x, where their values are above 1e-290 in double
/// (measured: 7, and below 1 on average; docs/accuracy.md). Other scalars: 900 epsilons to depth 150, 4500 at
/// depth 400.
/// Cost: O(H) for density and tails, less where the first terms suffice; a quantile takes some ten of them.
///
/// Source: Chowdhury, arXiv 2603.10123, section 4.
template <real_scalar Real = double>
class continuum_influence {
  public:
    using value_type = Real;
    using position_type = Real;
    using position = detail::unit_position<Real>;
    static constexpr const char* name = "continuum_influence";

    /// The limit for these hops, or for a schedule, which converts to them.
    explicit continuum_influence(const hop_law<Real>& hops)
        : continuum_influence(hops, hops.template weights_as<Number>()) {}

    [[nodiscard]] const hop_law<Real>& hops() const { return hops_; }

    /// \f$\sum_k w_k\f$: 1 unless mass is lost.
    [[nodiscard]] const Real& total() const { return hops_.total(); }

    /// \f$w_0\f$, the mass at x = 1.
    [[nodiscard]] const Real& delta_weight() const { return delta_; }

    /// Whether two hops or more are possible.
    [[nodiscard]] bool several_hops() const {
        using Weight = detail::hop_number<Real>;
        const auto w = hops_.template weights_as<Weight>();
        return std::any_of(w.begin() + std::min<Eigen::Index>(2, w.size()), w.end(),
                           [](const Weight& weight) { return Weight(Real(0)) < weight; });
    }

    /// Density and tails at 0 < x < 1 (the density at x = 1 too), unchecked: what the non-member functions
    /// are made of.
    [[nodiscard]] Real density(const position& x) const {
        using std::ldexp;
        // Sums of u^i / i! reach e^u = 1/x.
        constexpr int digits = std::numeric_limits<Number>::max_exponent / 8;
        const bool may_overflow = Number(x.x()) < Number(ldexp(Number(1), -7 * digits));
        if (!may_overflow) return static_cast<Real>(density_(x, Number(1)));
        const Number small = density_(x, Number(ldexp(Number(1), -digits)));
        return static_cast<Real>(Number(small * Number(ldexp(Number(1), digits))));
    }
    [[nodiscard]] Real log_density(const position& x) const {
        using std::log;
        const Real f = density(x);
        if (f > (std::numeric_limits<Real>::min)() / std::numeric_limits<Real>::epsilon() &&
            f <= (std::numeric_limits<Real>::max)()) {
            return log(f);
        }
        using Scaled = detail::scaled<Number>;
        const auto w = hops_.template weights_as<Scaled>();
        return static_cast<Real>(log(detail::scaled_hop_density(w, Scaled(x.u()))));
    }
    [[nodiscard]] Real lower_tail(const position& x) const {
        return static_cast<Real>(more_(x, Number(x.x())));
    }
    [[nodiscard]] Real upper_tail(const position& x) const {
        return static_cast<Real>(at_most_(x, Number(x.x())));
    }

  private:
    using Number = detail::working_number<Real>;
    using series = detail::exponential_series<Real>;

    continuum_influence(const hop_law<Real>& hops, const Eigen::VectorX<Number>& w)
        : hops_(hops),
          delta_(static_cast<Real>(w[0])),
          density_(w.tail(w.size() - 1)),
          more_(detail::more_hops(w, Number(0))),
          // Where the upper tail is no more than half of all, u is below the median of H unit exponentials.
          at_most_(detail::hops_at_most(w, detail::terms_past_peak(Number(w.size() - 1)))) {}

    hop_law<Real> hops_;
    Real delta_;
    series density_;  // of w_{i+1}
    series more_;     // of P(K > i)
    series at_most_;  // of P(K <= i)
};

template <has_hop_law Network>
continuum_influence(const Network&) -> continuum_influence<typename Network::Scalar>;

namespace detail {

template <class Real>
central_moments<Real> central_moments_of(std::string_view function, const continuum_influence<Real>& c) {
    check_nothing_lost(function, c.total());
    const bool mirrored = 2 * mean(c) > 1;
    const auto w = c.hops().template weights_as<moment<Real>>();
    return {mirrored ? distance_moments<Real>(w) : position_moments<Real>(w), mirrored};
}

}  // namespace detail

/// \f$E[X] = \sum_k w_k 2^{-k}\f$, of layers \f$\prod_l (1 - \alpha_l/2)\f$; what is lost counts as nothing.
/// Cost O(H).
template <real_scalar Real>
[[nodiscard]] Real mean(const continuum_influence<Real>& c) {
    const auto w = c.hops().template weights_as<detail::moment<Real>>();
    return static_cast<Real>(detail::position_moment<Real>(w, 1));
}

/// From \f$E[X^s] = \sum_k w_k (1+s)^{-k}\f$, or the moments of 1 - X where the mean exceeds one half.
/// \throws std::domain_error when hops are lost. Cost O(H).
template <real_scalar Real>
[[nodiscard]] Real variance(const continuum_influence<Real>& c) {
    return static_cast<Real>(detail::central_moments_of("variance(continuum_influence)", c).second);
}

/// Infinite where it overflows, which is long after the variance underflows.
/// \throws std::domain_error when all mass sits at x = 1, or hops are lost. Cost O(H).
template <real_scalar Real>
[[nodiscard]] Real skewness(const continuum_influence<Real>& c) {
    const char* const function = "skewness(continuum_influence)";
    return detail::central_moments_of(function, c).skewness(function);
}

/// The fourth standardised moment, infinite where it overflows.
/// \throws std::domain_error as skewness(). Cost O(H).
template <real_scalar Real>
[[nodiscard]] Real kurtosis(const continuum_influence<Real>& c) {
    const char* const function = "kurtosis(continuum_influence)";
    return detail::central_moments_of(function, c).kurtosis(function);
}

}  // namespace cesaro
