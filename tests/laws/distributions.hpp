// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// What holds for every law of influence, over positions or relative positions, by its own functions: which of
// them are right, the tests of each law say by oracles.
#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/detail/derived_accessors.hpp>
#include <cesaro/detail/unit_interval_law.hpp>

#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <boost/math/quadrature/tanh_sinh.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

namespace cesaro_test {

using cesaro::complement;

template <class Law>
concept continuous_law = cesaro::detail::unit_interval_law<Law>;

template <class Law>
typename Law::value_type total_of(const Law& law) {
    if constexpr (requires { law.total(); })
        return law.total();
    else
        return law.hops().total();
}

/// P(a < X <= b) from the density: a sum, or an integral over the logarithm of the position.
template <class Law>
double mass_between(const Law& law, typename Law::position_type a, typename Law::position_type b) {
    if constexpr (continuous_law<Law>) {
        using Real = typename Law::value_type;
        const auto integrand = [&](double u) {
            const Real x = static_cast<Real>(std::exp(-u));
            return static_cast<double>(Real(pdf(law, x) * x));
        };
        const double from = -std::log(static_cast<double>(b));
        return boost::math::quadrature::gauss_kronrod<double, 61>::integrate(
            integrand, from, -std::log(static_cast<double>(a)), 10, 1e-13);
    } else {
        double sum = 0;
        for (auto m = a + 1; m <= b; ++m)
            sum += static_cast<double>(pdf(law, m));
        return sum;
    }
}

/// E[g(X)], what is lost counting as nothing: of a continuous law, or one over a few thousand positions.
template <class Law, class Function>
double expectation(const Law& law, Function g) {
    if constexpr (continuous_law<Law>) {
        boost::math::quadrature::tanh_sinh<double> integrator;
        const auto integrand = [&](double x) { return g(x) * static_cast<double>(pdf(law, x)); };
        return integrator.integrate(integrand, 0.0, 1.0) + g(1.0) * static_cast<double>(law.delta_weight());
    } else {
        double sum = 0;
        for (std::int64_t m = 0; m <= range(law).second; ++m)
            sum += g(double(m)) * static_cast<double>(pdf(law, m));
        return sum;
    }
}

/// The cdf rises from nothing to the total, the complement falls; together they are the total, and the
/// density is what they rise by. `points` rise between the ends; `epsilons` of relative error in a tail.
template <class Law>
void check_tails(const Law& law, const std::vector<typename Law::position_type>& points, double epsilons) {
    using Real = typename Law::value_type;
    using Position = typename Law::position_type;
    const Real total = total_of(law);
    const double tolerance = epsilons * double(std::numeric_limits<Real>::epsilon());
    const auto [first, last] = range(law);
    CHECK(support(law) == range(law));
    CHECK(first == Position(0));
    CHECK(cdf(law, last) == total);
    CHECK(cdf(complement(law, last)) == Real(0));
    if constexpr (continuous_law<Law>) {
        CHECK(cdf(law, first) == Real(0));
        CHECK(cdf(complement(law, first)) == total);
    } else {
        CHECK(double(cdf(law, first)) == Approx(double(pdf(law, first))).epsilon(tolerance));
    }
    Position previous = first;
    Real below = cdf(law, first);
    Real above = cdf(complement(law, first));
    for (const Position& x : points) {
        const Real lower = cdf(law, x);
        const Real upper = cdf(complement(law, x));
        CAPTURE(x, lower, upper);
        CHECK(std::abs(double(Real(lower + upper - total))) <= tolerance);
        CHECK(double(lower) >= double(below) * (1 - tolerance));
        CHECK(double(upper) <= double(above) * (1 + tolerance));
        CHECK(lower <= total);
        if (first < previous) {
            // By the smaller tail, where the difference is not lost.
            const bool by_lower = 2 * lower <= total;
            const double rise = double(by_lower ? Real(lower - below) : Real(above - upper));
            CHECK(
                mass_between(law, previous, x) ==
                Approx(rise).epsilon(1e-11 + tolerance).margin(tolerance * double(by_lower ? lower : above)));
        }
        const double f = double(Real(pdf(law, x)));
        if (f > 1e-30 && f < 1e30)
            CHECK(double(Real(logpdf(law, x))) == Approx(std::log(f)).epsilon(tolerance).margin(tolerance));
        previous = x;
        below = lower;
        above = upper;
    }
}

/// The quantile is the first position whose cdf reaches its level, by both tails.
template <class Law>
void check_quantiles(const Law& law, const std::vector<double>& levels, double epsilons) {
    using Real = typename Law::value_type;
    const Real total = total_of(law);
    const double tolerance = epsilons * double(std::numeric_limits<Real>::epsilon());
    const auto [first, last] = range(law);
    for (const double level : levels) {
        const Real p = static_cast<Real>(level) * total;
        const auto x = quantile(law, p);
        const auto y = quantile(complement(law, p));
        CAPTURE(level, x, y);
        if constexpr (continuous_law<Law>) {
            if (p < total - law.delta_weight())
                CHECK(double(Real(cdf(law, x) / p)) == Approx(1).epsilon(tolerance));
            else
                CHECK(x == last);
            // Positions next to 1 are an epsilon apart, and so are levels, times the density.
            const Real spacing = std::numeric_limits<Real>::epsilon() * pdf(law, y) / p;
            if (p > law.delta_weight())
                CHECK(double(Real(cdf(complement(law, y)) / p)) ==
                      Approx(1).epsilon(tolerance).margin(double(spacing)));
            else
                CHECK(y == last);
        } else {
            CHECK(double(cdf(law, x)) >= double(p) * (1 - tolerance));
            if (x > first) CHECK(double(cdf(law, x - 1)) <= double(p) * (1 + tolerance));
            CHECK(double(cdf(complement(law, y))) <= double(p) * (1 + tolerance));
            if (y > first) CHECK(double(cdf(complement(law, y - 1))) >= double(p) * (1 - tolerance));
        }
    }
    CHECK(quantile(law, Real(0)) == first);
    CHECK(quantile(law, total) == last);
    CHECK(quantile(complement(law, Real(0))) == last);
    CHECK(quantile(complement(law, total)) == first);
    CHECK(quantile(complement(law, Real(1))) == first);
    if (2 * total >= 1) CHECK(median(law) == quantile(law, Real(Real(1) / Real(2))));
}

/// The moments are those of the density, or of the masses.
template <class Law>
void check_moments(const Law& law, double tolerance) {
    const auto moment = [&](int order, double about) {
        return expectation(law, [&](double x) { return std::pow(x - about, order); });
    };
    const double total = double(total_of(law));
    CHECK(moment(0, 0) == Approx(total).epsilon(tolerance));
    CHECK(double(mean(law)) == Approx(moment(1, 0)).epsilon(tolerance));
    if (total < 1) {
        CHECK_THROWS_AS(variance(law), std::domain_error);
        CHECK_THROWS_AS(standard_deviation(law), std::domain_error);
        CHECK_THROWS_AS(skewness(law), std::domain_error);
        CHECK_THROWS_AS(kurtosis(law), std::domain_error);
        return;
    }
    const double m = double(mean(law));
    const double v = moment(2, m);
    CHECK(double(variance(law)) == Approx(v).epsilon(10 * tolerance));
    CHECK(double(standard_deviation(law)) == Approx(std::sqrt(v)).epsilon(10 * tolerance));
    CHECK(double(skewness(law)) == Approx(moment(3, m) / std::pow(v, 1.5)).epsilon(1000 * tolerance));
    CHECK(double(kurtosis(law)) == Approx(moment(4, m) / (v * v)).epsilon(1000 * tolerance));
    CHECK(kurtosis_excess(law) == kurtosis(law) - 3);
}

/// Positions beyond the range and levels that are no probabilities, or that the law does not reach.
template <class Law>
void check_arguments(const Law& law) {
    using Real = typename Law::value_type;
    using Position = typename Law::position_type;
    const Real nan = std::numeric_limits<Real>::quiet_NaN();
    const auto [first, last] = range(law);
    std::vector<Position> outside{Position(first - 1), Position(last + 1)};
    if constexpr (continuous_law<Law>) outside.insert(outside.end(), {Position(-1e-30), Position(nan)});
    for (const Position& x : outside) {
        CHECK_THROWS_AS(pdf(law, x), std::domain_error);
        CHECK_THROWS_AS(logpdf(law, x), std::domain_error);
        CHECK_THROWS_AS(cdf(law, x), std::domain_error);
        CHECK_THROWS_AS(cdf(complement(law, x)), std::domain_error);
    }
    for (const Real& p : {Real(-0.1), Real(1.1), nan}) {
        CHECK_THROWS_AS(quantile(law, p), std::domain_error);
        CHECK_THROWS_AS(quantile(complement(law, p)), std::domain_error);
    }
    if (total_of(law) < Real(1)) {
        CHECK_THROWS_AS(quantile(law, Real((1 + total_of(law)) / 2)), std::domain_error);
        CHECK(quantile(complement(law, Real((1 + total_of(law)) / 2))) == first);
    }
}

/// All of it, for a law with moments that quadrature, or a sum over its positions, can find.
template <class Law>
void check_law(const Law& law, const std::vector<typename Law::position_type>& points,
               double epsilons = 400) {
    check_tails(law, points, epsilons);
    check_quantiles(law, {1e-9, 0.1, 0.5, 0.9, 1 - 1e-9}, 1000);
    check_moments(law, 1e-12);
    check_arguments(law);
}

}  // namespace cesaro_test
