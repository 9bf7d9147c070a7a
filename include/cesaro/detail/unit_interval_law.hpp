// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/derived_accessors.hpp>
#include <cesaro/detail/double_word.hpp>

#include <Eigen/Core>
#include <boost/math/distributions/complement.hpp>
#include <boost/math/tools/toms748_solve.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

/// The law on [0, 1] of a position that every hop multiplies by a uniform number,
///
///   X = exp(-(E_1 + ... + E_K)), E_i independent unit exponentials:
///
/// an atom at 1, P(K = 0), and a density below it. Binomial and Poisson hops differ in the law of K alone; in
/// terms of u = ln(1/x),
///
///   f(x)        = sum_{k>=1} P(K = k) u^{k-1} / (k-1)!
///   P(X <= x)   = x sum_{i>=0} u^i / i! P(K > i)
///   P(X > x)    = x sum_{i>=0} u^i / i! P(K <= i).
namespace cesaro {

namespace detail {

template <class Real>
[[nodiscard]] Real log_distance(const Real& x) {
    using std::log;
    return x < Real(1) ? Real(-log(x)) : Real(0);
}

/// u = ln(1/x) after checking 0 < x <= 1.
template <class Real>
Real log_distance(std::string_view function, const Real& x) {
    if (!(x > Real(0) && x <= Real(1))) throw_domain_error(function, "x", x, "must lie in (0, 1]");
    return log_distance(x);
}

/// A position 0 < x <= 1 and u = ln(1/x), to the digits that a sum asks for.
template <class Real>
class unit_position {
  public:
    using Number = working_number<Real>;
    using Wide = wide<Real>;

    explicit unit_position(const Real& x) : x_(x) {}
    /// x = e^{-u}, which may round to 1.
    static unit_position at_distance(const Real& u) {
        using std::exp;
        return {Real(exp(Real(-u))), Wide(Number(u))};
    }
    /// Both of them.
    unit_position(const Real& x, const Wide& u) : x_(x), u_(u) {}

    const Real& x() const { return x_; }
    Number u() const { return is_given() ? static_cast<Number>(u_) : log_distance(Number(x_)); }
    /// Sums of high powers of u multiply its rounding.
    Wide precise_u() const {
        if (is_given()) return u_;
        if constexpr (requires { Wide::log_of(x_); })
            return -Wide::log_of(static_cast<typename Wide::base>(x_));
        else
            return log_distance(Wide(x_));
    }

  private:
    bool is_given() const { return u_ >= Wide(Number(0)); }

    Real x_;
    Wide u_ = Wide(Number(-1));  // where it is given
};

/// P(K > i) from w_i, given that beyond the last: what a lower tail is made of.
template <class Number>
[[nodiscard]] Eigen::VectorX<Number> more_hops(const Eigen::VectorX<Number>& w, const Number& beyond) {
    Eigen::VectorX<Number> more(w.size());
    compensated_sum<Number> sum;
    sum += beyond;
    for (Eigen::Index i = w.size() - 1; i >= 0; --i) {
        more[i] = sum.value();
        sum += w[i];
    }
    return more;
}

/// P(K <= i), i < terms: what an upper tail is made of.
template <class Number>
[[nodiscard]] Eigen::VectorX<Number> hops_at_most(const Eigen::VectorX<Number>& w, Eigen::Index terms) {
    Eigen::VectorX<Number> at_most(terms);
    compensated_sum<Number> sum;
    const Eigen::Index several = std::min(terms, w.size());
    for (Eigen::Index i = 0; i < several; ++i) {
        sum += w[i];
        at_most[i] = sum.value();
    }
    at_most.tail(terms - several).setConstant(sum.value());
    return at_most;
}

/// f(x) in numbers that do not overflow, from the weights w_0 .. w_H.
template <class Number>
[[nodiscard]] Number scaled_hop_density(const Eigen::VectorX<Number>& w, const Number& u) {
    Number sum(0);
    Number term(1);
    for (Eigen::Index k = 1; k < w.size(); ++k) {
        sum += w[k] * term;
        term *= u / Number(k);
    }
    return sum;
}

/// Such a law. Its density and tails are functions of a position 0 < x < 1, the density of x = 1 too.
template <class Law>
concept unit_interval_law = influence_law<Law> &&
    requires(const Law& law, const unit_position<typename Law::value_type>& x) {
    { Law::name } -> std::convertible_to<std::string_view>;
    { law.total() } -> std::convertible_to<typename Law::value_type>;
    { law.delta_weight() } -> std::convertible_to<typename Law::value_type>;
    { law.several_hops() } -> std::convertible_to<bool>;
    { law.density(x) } -> std::convertible_to<typename Law::value_type>;
    { law.log_density(x) } -> std::convertible_to<typename Law::value_type>;
    { law.lower_tail(x) } -> std::convertible_to<typename Law::value_type>;
    { law.upper_tail(x) } -> std::convertible_to<typename Law::value_type>;
};

/// P(X > x): where it is above one half, the complement of the lower tail does not cancel.
template <class Law, class Real>
[[nodiscard]] Real upper_probability(const Law& law, const unit_position<Real>& x) {
    const Real total = law.total();
    const Real lower = law.lower_tail(x);
    return 2 * lower <= total ? Real(total - lower) : Real(law.upper_tail(x));
}

/// The name of a function of this law in messages, "cdf(complement(continuum_influence))", made only for
/// them.
template <class Law>
struct function_of {
    std::string_view name;
    bool complement = false;
    operator std::string() const {  // NOLINT(google-explicit-constructor)
        std::string text(name);
        text.append(complement ? "(complement(" : "(").append(Law::name);
        return text.append(complement ? "))" : ")");
    }
};

template <class Law, class Real>
void check_unit_interval(const function_of<Law>& function, std::string_view argument, const Real& value) {
    if (!(value >= Real(0) && value <= Real(1)))
        throw_domain_error(std::string(function), argument, value, "must lie in [0, 1]");
}

/// The x = e^{-u} at which `tail` crosses `level` on its way up (or down, as `rising` says) from u = 0;
/// 0 when x underflows.
template <class Real, class Tail>
[[nodiscard]] Real position_at(Tail tail, const Real& level, bool rising) {
    using std::exp;
    using std::log;
    // Relative to the level, so that one of 1e-200 is met to the last digits too; but not to a subnormal one,
    // which would overflow, and NaN then stop the solver from ending.
    const Real least = (std::numeric_limits<Real>::min)() / std::numeric_limits<Real>::epsilon();
    const Real scale = level < least ? least : level;
    const auto missing = [&](const Real& u) {
        const Real difference = (tail(unit_position<Real>::at_distance(u)) - level) / scale;
        return rising ? Real(-difference) : difference;
    };
    Real low(0);
    Real high(1);
    if (missing(low) <= 0) return Real(1);
    const Real most = -log((std::numeric_limits<Real>::min)());
    while (missing(high) > 0) {
        if (high >= most) return Real(0);
        low = high;
        high = 2 * high < most ? Real(2 * high) : most;
    }
    std::uintmax_t iterations = 1000;
    const boost::math::tools::eps_tolerance<Real> tolerance(std::numeric_limits<Real>::digits - 1);
    const auto bracket = boost::math::tools::toms748_solve(missing, low, high, tolerance, iterations);
    return exp(Real(-(bracket.first + bracket.second) / 2));
}

/// The position below 1 with P(X <= x) = p, or P(X > x) = total - p: each level is met by the smaller tail,
/// which is the accurate one.
template <class Law, class Real>
[[nodiscard]] Real position_with(const Law& law, const Real& lower_level, const Real& upper_level) {
    const auto lower = [&](const unit_position<Real>& x) { return Real(law.lower_tail(x)); };
    const auto upper = [&](const unit_position<Real>& x) { return upper_probability(law, x); };
    const bool from_below = lower_level <= upper_level;
    const Real x = from_below ? position_at<Real>(lower, lower_level, false)
                              : position_at<Real>(upper, upper_level, true);
    if (!(x > Real(0) && x < Real(1))) return x;
    // The rounding of u = ln(1/x) is u times as large in x: a step of Newton's method in x itself.
    using std::abs;
    const unit_position<Real> here(x);
    const Real missing = from_below ? Real(lower_level - lower(here)) : Real(upper(here) - upper_level);
    const Real step = missing / Real(law.density(here));
    const bool small = abs(step) <= Real(1024) * std::numeric_limits<Real>::epsilon() * x;
    return small ? std::min(Real(x + step), Real(1)) : x;
}

}  // namespace detail

/// The density f(x), without the atom. At x = 1 its limit, P(K = 1) on a uniform clock; at x = 0 infinity where
/// two hops or more are possible, and its limit where not.
/// \throws std::domain_error unless 0 <= x <= 1.
template <detail::unit_interval_law Law, std::convertible_to<typename Law::value_type> Position>
[[nodiscard]] typename Law::value_type pdf(const Law& law, const Position& position) {
    using Real = typename Law::value_type;
    const Real x = static_cast<Real>(position);
    detail::check_unit_interval(detail::function_of<Law>{"pdf"}, "x", x);
    if (x > 0) return law.density(detail::unit_position<Real>(x));
    const Real least = (std::numeric_limits<Real>::min)();
    return law.several_hops() ? std::numeric_limits<Real>::infinity()
                              : Real(law.density(detail::unit_position<Real>(least)));
}

/// \f$\ln f(x)\f$, also where f underflows; minus infinity where f is zero.
/// \throws std::domain_error unless 0 <= x <= 1.
template <detail::unit_interval_law Law, std::convertible_to<typename Law::value_type> Position>
[[nodiscard]] typename Law::value_type logpdf(const Law& law, const Position& position) {
    using Real = typename Law::value_type;
    const Real x = static_cast<Real>(position);
    detail::check_unit_interval(detail::function_of<Law>{"logpdf"}, "x", x);
    if (x > 0) return law.log_density(detail::unit_position<Real>(x));
    const Real least = (std::numeric_limits<Real>::min)();
    return law.several_hops() ? std::numeric_limits<Real>::infinity()
                              : Real(law.log_density(detail::unit_position<Real>(least)));
}

/// \f$P(X \le x)\f$: 0 at x = 0, the total at x = 1.
/// \throws std::domain_error unless 0 <= x <= 1.
template <detail::unit_interval_law Law, std::convertible_to<typename Law::value_type> Position>
[[nodiscard]] typename Law::value_type cdf(const Law& law, const Position& position) {
    using Real = typename Law::value_type;
    const Real x = static_cast<Real>(position);
    detail::check_unit_interval(detail::function_of<Law>{"cdf"}, "x", x);
    if (!(x > 0)) return Real(0);
    if (!(x < 1)) return law.total();
    return detail::at_most_total(Real(law.lower_tail(detail::unit_position<Real>(x))), Real(law.total()));
}

/// \f$P(X > x)\f$, which contains the atom for every x < 1, and nothing that is lost: from positive terms
/// however small. \throws std::domain_error unless 0 <= x <= 1.
template <detail::unit_interval_law Law, std::convertible_to<typename Law::value_type> Position>
[[nodiscard]] typename Law::value_type cdf(const boost::math::complemented2_type<Law, Position>& c) {
    using Real = typename Law::value_type;
    const Real x = static_cast<Real>(c.param);
    detail::check_unit_interval(detail::function_of<Law>{"cdf", true}, "x", x);
    if (!(x > 0)) return c.dist.total();
    if (!(x < 1)) return Real(0);
    return detail::upper_probability(c.dist, detail::unit_position<Real>(x));
}

/// The smallest x with \f$P(X \le x) \ge p\f$: 1 from P(X < 1) on; 0 for p = 0 and where x underflows.
/// \throws std::domain_error unless 0 <= p <= total.
template <detail::unit_interval_law Law, std::convertible_to<typename Law::value_type> Probability>
[[nodiscard]] typename Law::value_type quantile(const Law& law, const Probability& probability) {
    using Real = typename Law::value_type;
    const Real p = static_cast<Real>(probability);
    const Real total = law.total();
    detail::check_level(detail::function_of<Law>{"quantile"}, p, total);
    if (!(p > 0)) return Real(0);
    if (p >= total || p >= law.lower_tail(detail::unit_position<Real>(Real(1)))) return Real(1);
    return detail::position_with(law, p, Real(total - p));
}

/// The smallest x with \f$P(X > x) \le q\f$: 1 up to the atom; 0 from the total on and where x underflows.
/// \throws std::domain_error unless 0 <= q <= 1.
template <detail::unit_interval_law Law, std::convertible_to<typename Law::value_type> Probability>
[[nodiscard]] typename Law::value_type quantile(const boost::math::complemented2_type<Law, Probability>& c) {
    using Real = typename Law::value_type;
    const Real q = static_cast<Real>(c.param);
    const Real total = c.dist.total();
    detail::check_unit_interval(detail::function_of<Law>{"quantile", true}, "q", q);
    if (q >= total) return Real(0);
    if (q <= c.dist.delta_weight()) return Real(1);
    return detail::position_with(c.dist, Real(total - q), q);
}

/// The interval [0, 1].
template <detail::unit_interval_law Law>
[[nodiscard]] std::pair<typename Law::value_type, typename Law::value_type> range(const Law&) {
    using Real = typename Law::value_type;
    return {Real(0), Real(1)};
}

}  // namespace cesaro
