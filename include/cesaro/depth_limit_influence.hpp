// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The depth limit of the continuum law.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/derived_accessors.hpp>
#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/exponential_series.hpp>
#include <cesaro/detail/moments.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/detail/unit_interval_law.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace cesaro {

namespace detail {

/// I_1(2 sqrt z) / sqrt z = sum_j z^j / (j! (j+1)!), in scaled numbers: it overflows where e^{-a} underflows.
template <class Real>
scaled<working_number<Real>> bessel_series(const wide<Real>& z) {
    using Number = working_number<Real>;
    using Scaled = scaled<Number>;
    if (!(static_cast<Number>(z) > Number(0)))
        return Scaled(Number(1));  // NaN is 0 times what splitting overflows
    const block_powers<Real> powers(z, block_scale(2));
    const Scaled enough(Number(std::numeric_limits<Number>::epsilon() / Number(64)));
    Scaled sum(Number(0));
    scaled<wide<Real>> leading(wide<Real>(Number(1)));
    for (std::int64_t block = 0;;) {
        const auto divisors = block_divisors<Real, 2>::of(block);
        sum += Scaled(leading) * Scaled(block_polynomial(divisors.inverse, powers.x));
        leading *= scaled<wide<Real>>(powers.sixteenth * divisors.next);
        // Where the terms halve, at least, the remainder is below twice the first of the next block.
        const auto begin = static_cast<Number>(block_terms * ++block);
        if (begin * begin > Number(2) * static_cast<Number>(z) && Scaled(leading) <= enough * sum) return sum;
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

/// Beyond this e^{-a} is nothing in any numbers.
template <class Number>
Number largest_attention() {
    return Number(std::int64_t(1) << 60);
}

/// e^{-a}, whatever it underflows to: 2^{-n} e^{-r}, a = n ln 2 + r.
template <class Real>
scaled<working_number<Real>> scaled_delta(const Real& a) {
    using Number = working_number<Real>;
    using Scaled = scaled<Number>;
    using std::exp;
    using std::log;
    const auto total = static_cast<Number>(a);
    if (total <= -log((std::numeric_limits<Number>::min)())) return Scaled(Number(exp(Number(-total))));
    if (total > largest_attention<Number>()) return Scaled(Number(0));
    const wide<Real> log_two = log(wide<Real>(Number(2)));
    const auto halvings = static_cast<std::int64_t>(total / static_cast<Number>(log_two));
    const auto rest = static_cast<Number>(wide<Real>(total) - log_two * wide<Real>(halvings));
    Scaled delta(Number(exp(Number(-rest))));
    Scaled power(Number(1) / Number(2));  // its 2^i-th power, exact
    for (std::int64_t n = halvings; n > 0; n /= 2) {
        if (n % 2 == 1) delta *= power;
        power *= power;
    }
    return delta;
}

/// The weights of Poisson(a), a^k / k! e^{-a}, k < terms.
template <class Real>
Eigen::VectorX<working_number<Real>> poisson_weights(const Real& a, Eigen::Index terms) {
    using Number = working_number<Real>;
    using Wide = wide<Real>;
    using std::exp;
    using std::ldexp;
    using std::log;
    const block_powers<Real> powers(Wide(Number(a)), block_scale(1));
    std::array<Number, block_terms> x;  // 1, x, ..., x^15
    x[0] = Number(1);
    for (std::size_t j = 1; j < x.size(); ++j)
        x[j] = x[j & (j - 1)] * powers.x[std::size_t(std::countr_zero(j))];
    Eigen::VectorX<Number> w(terms);
    // The first weight of a block may underflow where the last one does not: it may be given 1 / `down`
    // times.
    const auto fill = [&](auto leading, const Number& down) {
        for (Eigen::Index begin = 0; begin < terms; begin += block_terms) {
            const auto divisors = block_divisors<Real, 1>::of(begin / block_terms);
            const auto first = static_cast<Number>(rounded(static_cast<Wide>(leading)));
            std::array<Number, block_terms> block;
            for (std::size_t j = 0; j < block.size(); ++j)
                block[j] = first * (x[j] * divisors.inverse[j]) * down;
            std::copy_n(block.begin(), std::min<Eigen::Index>(block_terms, terms - begin), w.begin() + begin);
            leading = unnormalized_product(leading, decltype(leading)(powers.sixteenth * divisors.next));
        }
    };
    const auto total = static_cast<Number>(a);
    if (total < -log((std::numeric_limits<Number>::min)())) {
        fill(Wide(Number(exp(Number(-total)))), Number(1));
    } else if (total <= largest_attention<Number>()) {
        fill(scaled<Wide>(scaled_delta(a) * scaled<Number>(Number(ldexp(Number(1), 200)))),
             Number(ldexp(Number(1), -200)));
    } else {
        w.setConstant(Number(0));
    }
    return w;
}

/// P(K >= N), from w_0 .. w_{N-1}: the complement of what is below one half, or the terms that follow.
template <class Number>
Number poisson_rest(const Number& a, const Eigen::VectorX<Number>& w) {
    if (Number(w.size()) < a) return Number(1) - w.sum();
    Number sum(0);
    Number term = w[w.size() - 1] * (a / Number(w.size()));
    for (Eigen::Index k = w.size() + 1; sum + term > sum; ++k) {
        sum += term;
        term *= a / Number(k);
    }
    return sum;
}

}  // namespace detail

/// The depth limit of the continuum law: infinitely many layers that attend a total of a.
///
/// If \f$\max_l \alpha_l \to 0\f$ and \f$\sum_l \alpha_l \to a\f$, the number of hops tends to Poisson(a),
/// and the law of `continuum_influence` to that with Poisson hops,
///
/// \f[ P(X = 1) = e^{-a}, \qquad f(x) = \sum_{k \ge 1} e^{-a} \frac{a^k}{k!} \frac{u^{k-1}}{(k-1)!}
///     = e^{-a} \sqrt{a/u}\; I_1(2 \sqrt{a u}), \quad u = \ln(1/x), \f]
/// \f[ F(x) = P(X \le x) = \sum_{k \ge 1} e^{-a} \frac{a^k}{k!} Q(k, u), \qquad x < 1, \f]
///
/// Q the regularised upper incomplete gamma function.
/// A residual network whose attention weights are summable never collapses on the first token, at any
/// depth. The interface is that of `continuum_influence`.
///
/// \code
/// const cesaro::depth_limit_influence<> law(9.6);                  // a total attention of 9.6
/// const double recent = cdf(complement(law, 0.9));                // the last tenth, recency delta included
/// \endcode
///
/// Accuracy: sums of positive terms; pdf, cdf and complement are within 16 ulp in float, double and long
/// double, where their values are above 1e-290 in double (measured: 5, and 1 on average; docs/accuracy.md).
/// Other scalars: 450 (1 + a/100) epsilons. Cost: the density O(sqrt(a u)), the tails O(u + sqrt(a u)).
template <real_scalar Real = double>
class depth_limit_influence {
  public:
    using value_type = Real;
    using position_type = Real;
    using position = detail::unit_position<Real>;
    static constexpr const char* name = "depth_limit_influence";

    /// \throws std::domain_error unless total_attention is finite and at least 0.
    explicit depth_limit_influence(const Real& total_attention) : attention_(total_attention) {
        if (!(attention_ >= Real(0) && attention_ <= (std::numeric_limits<Real>::max)())) {
            detail::throw_domain_error("depth_limit_influence", "total_attention", attention_,
                                       "must be finite and at least 0");
        }
    }

    /// \f$a = \sum_l \alpha_l\f$.
    [[nodiscard]] const Real& total_attention() const { return attention_; }

    /// All of it: nothing is lost.
    [[nodiscard]] Real total() const { return Real(1); }

    /// \f$e^{-a}\f$, the mass at x = 1.
    [[nodiscard]] Real delta_weight() const {
        using std::exp;
        return exp(Real(-attention_));
    }

    /// Whether two hops or more are possible.
    [[nodiscard]] bool several_hops() const { return attention_ > 0; }

    /// Density and tails at 0 < x < 1 (the density at x = 1 too), unchecked: what the non-member functions
    /// are made of.
    [[nodiscard]] Real density(const position& x) const {
        using std::exp;
        // The series takes sqrt(a u) terms. Beyond these only numbers of larger range than double have a
        // density that does not underflow.
        const Number rounded_u = x.u();
        const Real y = bessel_argument(static_cast<Real>(rounded_u));
        if (y > 100 * std::numeric_limits<Real>::digits) return exp(log_density(x));
        // The relative error of u counts about y/2 times.
        const Wide u = y < 16 ? Wide(rounded_u) : x.precise_u();
        const auto a = static_cast<Number>(attention_);
        const Scaled f = Scaled(a) * detail::scaled_delta(attention_) * detail::bessel_series<Real>(u * a);
        return static_cast<Real>(static_cast<Number>(f));
    }
    [[nodiscard]] Real log_density(const position& x) const {
        using std::log;
        const Real& a = attention_;
        if (!(a > 0)) return -std::numeric_limits<Real>::infinity();
        // The asymptotic series takes a few terms, but its logarithm costs digits of the density.
        const Wide u = x.precise_u();
        const Real y = bessel_argument(static_cast<Real>(u));
        const Real logarithm =
            y > 20 * std::numeric_limits<Real>::digits
                ? detail::log_bessel_asymptotic(y)
                : static_cast<Real>(log(detail::bessel_series<Real>(u * Number(attention_))));
        return logarithm + log(a) - a;
    }
    [[nodiscard]] Real lower_tail(const position& x) const {
        // The summands peak at i = u at the latest.
        const auto w = detail::poisson_weights(attention_, detail::terms_past_peak(x.u()));
        const Number rest = detail::poisson_rest(Number(attention_), w);
        return static_cast<Real>(series(detail::more_hops(w, rest))(x, Number(x.x())));
    }
    [[nodiscard]] Real upper_tail(const position& x) const {
        using std::log;
        using std::sqrt;
        const auto a = static_cast<Number>(attention_);
        const Number u = x.u();
        Number peak = u;
        if (a > u) {
            const Number root_a = sqrt(a);
            const Number root_u = sqrt(u);
            const Number gap = root_a - root_u;  // P(X > x) <= exp(-gap²), Chernoff's bound
            if (gap > Number(1) && gap > Number(-2) * log((std::numeric_limits<Number>::min)()) / gap)
                return Real(0);
            peak = root_a * root_u;
        }
        const auto w = detail::poisson_weights(attention_, detail::terms_past_peak(peak));
        return static_cast<Real>(series(detail::hops_at_most(w, w.size()))(x, Number(x.x())));
    }

  private:
    using Number = detail::working_number<Real>;
    using Wide = detail::wide<Real>;
    using Scaled = detail::scaled<Number>;
    using series = detail::exponential_series<Real>;

    Real bessel_argument(const Real& u) const {
        using std::sqrt;
        return 2 * sqrt(attention_) * sqrt(u);
    }

    Real attention_;
};

namespace detail {

/// The moments of 1 - X, sum_k P(K = k) M^k e_0, where X is close to 1: a < 2 ln 2, the Poisson law is short.
template <class Real>
central_moments<Real> mirrored_central_moments(const depth_limit_influence<Real>& e) {
    const auto w = poisson_weights(e.total_attention(), terms_past_peak(working_number<Real>(2)));
    const auto in_range = [](const auto& weight) { return moment<Real>(static_cast<Real>(weight)); };
    return {distance_moments<Real>(w.unaryExpr(in_range)), true};
}

}  // namespace detail

/// \f$E[X] = e^{-a/2}\f$.
template <real_scalar Real>
[[nodiscard]] Real mean(const depth_limit_influence<Real>& e) {
    using std::exp;
    return exp(Real(-e.total_attention() / 2));
}

/// \f$e^{-2a/3} - e^{-a} = e^{-a} (e^{a/3} - 1)\f$.
template <real_scalar Real>
[[nodiscard]] Real variance(const depth_limit_influence<Real>& e) {
    using std::exp;
    using std::expm1;
    const Real& a = e.total_attention();
    if (a > 1) return -exp(Real(-2 * a / 3)) * expm1(Real(-a / 3));
    return exp(Real(-a)) * expm1(Real(a / 3));
}

/// \f$(e^{a/4} - 3 e^{-a/6} + 2 e^{-a/2}) / (1 - e^{-a/3})^{3/2}\f$, infinite where it overflows.
/// \throws std::domain_error when a = 0 (all mass sits at x = 1).
template <real_scalar Real>
[[nodiscard]] Real skewness(const depth_limit_influence<Real>& e) {
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
[[nodiscard]] Real kurtosis(const depth_limit_influence<Real>& e) {
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

}  // namespace cesaro
