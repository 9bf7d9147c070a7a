// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The continuum limit of a row of influence.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/decay_time.hpp>
#include <cesaro/detail/derived_accessors.hpp>
#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/exponential_series.hpp>
#include <cesaro/detail/key_places.hpp>
#include <cesaro/detail/legendre_rule.hpp>
#include <cesaro/detail/moments.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/detail/unit_interval_law.hpp>
#include <cesaro/hop_law.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

namespace cesaro {

/// The clock of uniform keys: a hop multiplies the relative position by a uniform number.
struct uniform_clock {};

/// The clock of keys whose weight decays with the distance, decaying_keys, over a whole context: a hop
/// multiplies \f$(e^{\lambda x} - 1) / (e^\lambda - 1)\f$ by a uniform number.
template <real_scalar Real = double>
struct decay_clock {
    /// \f$\lambda = s n\f$, s the slope of the keys over their temperature and n the position of the query:
    /// finite and at least 0; 0 is the uniform clock.
    Real slope = Real(0);
};

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
/// Keys that decay turn the clock: the position x of a `decay_clock` is where
/// \f$u = \ln \frac{e^\lambda - 1}{e^{\lambda x} - 1}\f$, and the density is
/// \f$\frac{\lambda e^{\lambda x}}{e^\lambda - 1} \sum_k w_k \frac{u^{k-1}}{(k-1)!}\f$. As \f$\lambda \to 0\f$
/// that is u = ln(1/x) and the density above.
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
/// const auto schedule = cesaro::mixing_schedule<>::constant(32, 0.3);
/// const cesaro::continuum_influence<> alibi(schedule, cesaro::decay_clock<>{.slope = 12.0});
/// \endcode
///
/// Accuracy: every sum has positive terms; pdf, cdf and complement are within 16 ulp in float, double and
/// long double for every law of up to 400 hops and every x, where their values are above 1e-290 in double
/// (measured: 7, and below 1 on average; docs/accuracy.md). Other scalars: 900 epsilons to depth 150, 4500 at
/// depth 400. On a decay_clock: relative error 2e-13 in double; moments, which are integrals, to 1e-12.
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
        : continuum_influence(hops, hops.template weights_as<Number>(), Real(0)) {}

    /// The limit on a clock.
    continuum_influence(const hop_law<Real>& hops, uniform_clock) : continuum_influence(hops) {}
    /// \throws std::domain_error unless the slope is at least 0 and at most 2^-62 of the largest number. One so
    ///         small that nothing decays by a digit counts as 0.
    continuum_influence(const hop_law<Real>& hops, const decay_clock<Real>& clock)
        : continuum_influence(hops, hops.template weights_as<Number>(), clock.slope) {
        if (!(slope_ >= Real(0) && slope_ <= (std::numeric_limits<Real>::max)())) {
            detail::throw_domain_error("continuum_influence", "slope", slope_,
                                       "must be finite and at least 0");
        }
        detail::check_moderate("continuum_influence", "slope", slope_);
        const auto epsilon = static_cast<Number>(std::numeric_limits<Wide>::epsilon());
        if (Number(slope_) < epsilon * epsilon) slope_ = Real(0);
    }

    [[nodiscard]] const hop_law<Real>& hops() const { return hops_; }

    /// \f$\lambda\f$ of the clock, 0 of a uniform one.
    [[nodiscard]] const Real& slope() const { return slope_; }

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
        if (slope_ > Real(0)) {
            const time t(Wide(Number(slope_)), x);
            if (t.in_range()) return static_cast<Real>(density_(t, t.rate()));
            const auto w = hops_.template weights_as<Scaled>();
            const Scaled f = detail::scaled_hop_density(w, Scaled(t.precise_u()));
            return static_cast<Real>(Number(static_cast<Number>(f * t.decay()) * t.most_rate()));
        }
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
        if (slope_ > Real(0)) {
            const time t(Wide(Number(slope_)), x);
            const auto w = hops_.template weights_as<Scaled>();
            const auto hops = static_cast<Number>(log(detail::scaled_hop_density(w, Scaled(t.precise_u()))));
            return static_cast<Real>(
                Number(hops + Number(log(t.most_rate())) - static_cast<Number>(t.distance())));
        }
        using Plain = detail::scaled<Number>;
        const auto w = hops_.template weights_as<Plain>();
        return static_cast<Real>(log(detail::scaled_hop_density(w, Plain(x.u()))));
    }
    [[nodiscard]] Real lower_tail(const position& x) const {
        if (!(slope_ > Real(0))) return static_cast<Real>(more_(x, Number(x.x())));
        const time t(Wide(Number(slope_)), x);
        if (t.in_range()) return static_cast<Real>(more_(t, t.share()));
        const auto w = hops_.template weights_as<Number>();
        return static_cast<Real>(t.scaled_series(detail::more_hops(w, Number(0))));
    }
    [[nodiscard]] Real upper_tail(const position& x) const {
        if (!(slope_ > Real(0))) return static_cast<Real>(at_most_(x, Number(x.x())));
        const time t(Wide(Number(slope_)), x);
        if (t.in_range()) return static_cast<Real>(at_most_(t, t.share()));
        const auto w = hops_.template weights_as<Number>();
        return static_cast<Real>(t.scaled_series(detail::hops_at_most(w, detail::terms_past_peak(t.u()))));
    }

    /// \f$\sum_k w_k \frac{u^{k-1}}{(k-1)!} e^{-u}\f$, the density of the time u on any clock, unchecked.
    [[nodiscard]] detail::working_number<Real> density_of_time(const detail::working_number<Real>& u) const {
        const auto share = detail::falling_exponential<Number>(Wide(u));
        if (share > (std::numeric_limits<Number>::min)() / std::numeric_limits<Number>::epsilon())
            return density_(position(Real(1), Wide(u)), share);
        const auto w = hops_.template weights_as<Scaled>();
        return static_cast<Number>(detail::scaled_hop_density(w, Scaled(Wide(u))) *
                                   detail::falling_exponential<Scaled>(Wide(u)));
    }

  private:
    using Number = detail::working_number<Real>;
    using Wide = detail::wide<Real>;
    using Scaled = detail::scaled<Wide>;
    using series = detail::exponential_series<Real>;
    using time = detail::decay_time<Real>;

    continuum_influence(const hop_law<Real>& hops, const Eigen::VectorX<Number>& w, const Real& slope)
        : hops_(hops),
          slope_(slope),
          delta_(static_cast<Real>(w[0])),
          density_(w.tail(w.size() - 1)),
          more_(detail::more_hops(w, Number(0))),
          // Where the upper tail is no more than half of all, u is below the median of H unit exponentials.
          at_most_(detail::hops_at_most(w, detail::terms_past_peak(Number(w.size() - 1)))) {}

    hop_law<Real> hops_;
    Real slope_;
    Real delta_;
    series density_;  // of w_{i+1}
    series more_;     // of P(K > i)
    series at_most_;  // of P(K <= i)
};

template <has_hop_law Network>
continuum_influence(const Network&) -> continuum_influence<typename Network::Scalar>;
template <has_hop_law Network, class Clock>
continuum_influence(const Network&, const Clock&) -> continuum_influence<typename Network::Scalar>;

namespace detail {

/// X at the time u of a clock of slope lambda, ln(1 + (e^lambda - 1) e^{-u}) / lambda.
template <class Number>
Number position_at_time(const Number& slope, const Number& u) {
    using std::exp;
    using std::expm1;
    using std::log1p;
    const Number all = -Number(expm1(Number(-slope)));  // 1 - e^{-lambda}
    const Number ahead = slope - u;
    if (ahead < Number(1)) return Number(log1p(Number(all * Number(exp(ahead))))) / slope;
    return (ahead + Number(log1p(Number(Number(exp(Number(-ahead))) - Number(exp(Number(-slope))))))) / slope;
}
/// 1 - X, -ln(1 - (1 - e^{-lambda}) (1 - e^{-u})) / lambda.
template <class Number>
Number distance_at_time(const Number& slope, const Number& u) {
    using std::exp;
    using std::expm1;
    using std::log;
    using std::log1p;
    const Number all = -Number(expm1(Number(-slope)));
    const Number gone = -Number(all * Number(expm1(Number(-u))));
    if (Number(2) * gone < Number(1)) return -Number(log1p(Number(-gone))) / slope;
    return -Number(log(Number(Number(exp(Number(-slope))) + all * Number(exp(Number(-u)))))) / slope;
}

/// E[X^s], or E[(1-X)^s], s = 0 .. 4, on a decay clock: integrals over the time, which is a gamma variable.
template <class Real>
raw_moments<Real> timed_moments(const continuum_influence<Real>& c, bool of_distance) {
    using Number = working_number<Real>;
    const auto slope = static_cast<Number>(c.slope());
    constexpr int width = 2;
    const int panels = terms_past_peak(Number(c.hops().max_hops())) / width + 1;
    raw_moments<Real> moments;
    for (std::size_t s = 0; s < moments.size(); ++s) {
        const auto integrand = [&](const Number& u) {
            const Number x = of_distance ? distance_at_time(slope, u) : position_at_time(slope, u);
            Number value = c.density_of_time(u);
            for (std::size_t j = 0; j < s; ++j)
                value *= x;
            return value;
        };
        compensated_sum<Number> sum;
        if (!of_distance || s == 0) sum += static_cast<Number>(c.delta_weight());
        for (int i = 0; i < panels; ++i) {
            sum +=
                legendre_rule<Number>::get().integrate(integrand, Number(width * i), Number(width * (i + 1)));
        }
        moments[s] = moment<Real>(static_cast<Real>(sum.value()));
    }
    return moments;
}

template <class Real>
central_moments<Real> central_moments_of(std::string_view function, const continuum_influence<Real>& c) {
    check_nothing_lost(function, c.total());
    const bool mirrored = 2 * mean(c) > 1;
    if (c.slope() > Real(0)) return {timed_moments(c, mirrored), mirrored};
    const auto w = c.hops().template weights_as<moment<Real>>();
    return {mirrored ? distance_moments<Real>(w) : position_moments<Real>(w), mirrored};
}

}  // namespace detail

/// \f$E[X] = \sum_k w_k 2^{-k}\f$, of layers \f$\prod_l (1 - \alpha_l/2)\f$, on a uniform clock, else an
/// integral; what is lost counts as nothing. Cost O(H), of the integral O(H²).
template <real_scalar Real>
[[nodiscard]] Real mean(const continuum_influence<Real>& c) {
    if (c.slope() > Real(0)) return static_cast<Real>(detail::timed_moments(c, false)[1]);
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
