// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "laws/distributions.hpp"
#include "laws/ulp_summary.hpp"
#include "laws/unit_interval_sums.hpp"
#include "scalars.hpp"

#include <cesaro/continuum_influence.hpp>
#include <cesaro/depth_limit_influence.hpp>

#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

using cesaro::complement;
using cesaro::continuum_influence;
using cesaro::depth_limit_influence;
using cesaro::mixing_schedule;
using namespace cesaro_test;

TEST_CASE("the density is the Bessel form") {
    for (const double a : {1e-6, 0.5, 3.0, 40.0, 500.0, 2000.0}) {
        const depth_limit_influence<> e(a);
        for (const double x : {1e-300, 1e-8, 0.5, 0.99}) {
            const float50 u = -log(float50(x));
            const float50 z = 2 * sqrt(float50(a * u));
            const float50 exact = exp(float50(-a)) * sqrt(float50(a / u)) * boost::math::cyl_bessel_i(1, z);
            CAPTURE(a, x);
            if (exact > float50("1e-290")) CHECK(error_in_epsilons(pdf(e, x), float100(exact)) < 16);
            const double logarithm = static_cast<double>(float50(log(exact)));
            CHECK(std::abs(logpdf(e, x) - logarithm) < 1e-13 * (1 + std::abs(logarithm) + a));
        }
    }
}

TEST_CASE("the tails are mixtures of incomplete gamma functions over Poisson hops") {
    for (const double a : {1e-6, 0.5, 3.0, 40.0, 500.0}) {
        const depth_limit_influence<> e(a);
        for (const double x : {1e-300, 1e-8, 0.5, 0.99}) {
            const float50 u = -log(float50(x));
            float50 weight = exp(float50(-a));
            float50 lower = 0;
            float50 upper = weight;
            for (int k = 1; k < 1500; ++k) {
                weight *= float50(a) / k;
                if (weight < float50("1e-700")) break;
                lower += weight * boost::math::gamma_q(float50(k), u);
                upper += weight * boost::math::gamma_p(float50(k), u);
            }
            CAPTURE(a, x);
            if (lower > float50("1e-290")) CHECK(error_in_epsilons(cdf(e, x), float100(lower)) < 16);
            if (upper > float50("1e-290")) {
                CHECK(error_in_epsilons(cdf(complement(e, x)), float100(upper)) < 16);
            }
        }
    }
}

TEST_CASE("it is the limit of constant(H, a/H)") {
    // The difference is of the order of a²/H (Le Cam): ten times the depth, a tenth of it.
    const double a = 3;
    const depth_limit_influence<> e(a);
    double previous = 0;
    for (const Eigen::Index depth : {100, 1000}) {
        const continuum_influence<> c(mixing_schedule<>::constant(depth, a / double(depth)));
        const double difference = pdf(c, 0.2) / pdf(e, 0.2) - 1;
        if (previous != 0) CHECK(previous / difference == Approx(10).epsilon(0.05));
        CHECK(std::abs(cdf(c, 0.2) - cdf(e, 0.2)) < a * a / double(depth));
        previous = difference;
    }
    CHECK(std::abs(previous) < 0.005);
}

TEST_CASE("laws of a distribution: tails, density, moments, quantiles, edges") {
    const std::vector<double> x{1e-12, 1e-6, 1e-3, 0.1, 0.3, 0.5, 0.8, 0.9, 0.99, 0.9999};
    for (const double a : {1e-3, 0.7, 1.3, 1.5, 6.0}) {
        CAPTURE(a);
        check_law(depth_limit_influence<>(a), x);
    }
    CHECK_THROWS_AS(skewness(depth_limit_influence<>(0.0)), std::domain_error);
    // Hardly any attention: one hop with probability a, to a uniform position.
    const depth_limit_influence<> weak(1e-12);
    CHECK(variance(weak) == Approx(1e-12 / 3).epsilon(1e-11));
    CHECK(skewness(weak) == Approx(-std::pow(3, 1.5) / 4 * 1e6).epsilon(1e-11));
    CHECK(kurtosis(weak) == Approx(9.0 / 5 * 1e12).epsilon(1e-11));
}

TEST_CASE("standardised moments where the fourth moment or the variance underflows") {
    for (const double a : {1.39, 40.0, 800.0, 940.0, 1000.0, 1300.0, 2800.0}) {
        const auto m = [&](int s) { return float100(exp(-float100(a) * s / (s + 1))); };
        const depth_limit_influence<> e(a);
        CAPTURE(a);
        const float100 skew = skewness_of(m(1), m(2), m(3));
        const double error = double(float100(abs(float100(skewness(e)) - skew) / (1 + skew)));
        CHECK(error < 1e-15 * (20 + a));
        if (a < 1330)
            CHECK(error_in_epsilons(kurtosis(e), kurtosis_of(m(1), m(2), m(3), m(4))) < 100 + 3 * a);
        else
            CHECK(kurtosis(e) == std::numeric_limits<double>::infinity());
    }
    const depth_limit_influence<> huge((std::numeric_limits<double>::max)());
    CHECK(skewness(huge) == std::numeric_limits<double>::infinity());
    CHECK(kurtosis(huge) == std::numeric_limits<double>::infinity());
}

TEMPLATE_TEST_CASE("quantiles invert both tails", "", float, float50) {
    const depth_limit_influence<TestType> e(TestType(3));
    check_quantiles(e, {1e-20, 0.1, 0.5, 0.9}, 1000);
    CHECK(quantile(e, TestType(0.99)) == 1);
}

TEST_CASE("extremes of the total attention") {
    const depth_limit_influence<> none(0.0);
    CHECK(none.delta_weight() == 1);
    CHECK(pdf(none, 0.5) == 0);
    CHECK(cdf(none, 0.5) == 0);
    CHECK(cdf(complement(none, 0.5)) == 1);
    CHECK(quantile(none, 0.5) == 1);
    CHECK(mean(none) == 1);
    CHECK(variance(none) == 0);
    const depth_limit_influence<> huge(1e9);
    CHECK(huge.delta_weight() == 0);
    CHECK(pdf(huge, 0.5) == 0);
    CHECK(logpdf(huge, 0.5) == Approx(-1e9).epsilon(1e-3));
    CHECK(cdf(huge, 0.5) == Approx(1).epsilon(1e-15));
    CHECK(cdf(complement(huge, 0.5)) == 0);
    CHECK(quantile(huge, 0.5) == 0);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(depth_limit_influence<>(-1.0), std::domain_error);
    CHECK_THROWS_AS(depth_limit_influence<>(nan), std::domain_error);
    CHECK_THROWS_AS(depth_limit_influence<>(std::numeric_limits<double>::infinity()), std::domain_error);
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(pdf(none, 0.0) == 0);
    CHECK(logpdf(none, 0.0) == -infinity);
    CHECK(pdf(depth_limit_influence<>(1e-300), 0.0) == infinity);
    CHECK(logpdf(huge, 0.0) == infinity);
    CHECK_THROWS_WITH(cdf(none, 1.5), "cesaro::cdf(depth_limit_influence): x = 1.5 must lie in [0, 1]");
}

TEST_CASE("any finite total attention, and subnormal positions") {
    for (const double a : {1e13, 1e30, (std::numeric_limits<double>::max)()}) {
        const cesaro::depth_limit_influence<double> e(a);
        CHECK(logpdf(e, 0.5) == Approx(-a).epsilon(1e-5));
        CHECK(pdf(e, 0.5) == 0);
        CHECK(cdf(e, 0.5) == Approx(1.0).epsilon(1e-13));
        CHECK(cdf(complement(e, 0.5)) == 0);
        CHECK(quantile(e, 0.5) == 0);
        CHECK(logpdf(e, 1) == Approx(std::log(a) - a).epsilon(1e-14));
        CHECK(pdf(e, 1) == 0);
    }
    // The series and its asymptotic form meet.
    for (const double a : {2e5, 4e5, 1e6}) {
        const double y = 2 * std::sqrt(a * 0.7);
        const double series = log(cesaro::detail::bessel_series<double>(a * 0.7));
        CHECK(cesaro::detail::log_bessel_asymptotic(y) == Approx(series).epsilon(1e-13));
    }
    const cesaro::depth_limit_influence<double> e(800);
    for (const double x : {std::numeric_limits<double>::denorm_min(), 1e-315})
        CHECK(cdf(e, x) + cdf(complement(e, x)) == Approx(1.0).epsilon(1e-12));
}

TEMPLATE_TEST_CASE("hardly any attention, and positions close to 0", "", float, double, long double) {
    // F(x) = sum_k P(K = k) Q(k, u), and Q(k, u) = x (1 + u + ... + u^(k-1) / (k-1)!).
    using Real = TestType;
    const Real least = std::numeric_limits<Real>::min();
    for (const Real a : {Real(1e-8L), Real(1e-10L)}) {
        const depth_limit_influence<Real> e(a);
        const Real first = 4 * least / a;  // F(x) is about a x
        for (const Real x : {first, Real(1e5L * first)}) {
            const float50 u = -log(float50(x));
            float50 weight = exp(-float50(a));
            float50 power = x;
            float50 tail = 0;
            float50 lower = 0;
            for (int k = 1; k < 20; ++k) {
                weight *= float50(a) / k;
                tail += power;
                power *= u / k;
                lower += weight * tail;
            }
            CAPTURE(a, x);
            CHECK(error_in_epsilons(cdf(e, x), float100(lower)) < 16);
            CHECK(error_in_epsilons(cdf(complement(e, x)), float100(1 - lower)) < 16);
            CHECK(error_in_epsilons(quantile(e, cdf(e, x)), float100(x)) < 450 + 2 * double(u));
        }
    }
}

TEST_CASE("Poisson weights and their rest, also where e^-a underflows") {
    for (const double a : {0.1, 3.0, 30.0, 500.0, 900.0, 2000.0}) {
        for (const Eigen::Index terms : {53, 89, 1085}) {
            const Eigen::VectorXd w = cesaro::detail::poisson_weights(a, terms);
            CAPTURE(a, terms);
            float100 weight = exp(-float100(a));
            for (Eigen::Index k = 0; k < terms; ++k) {
                if (weight > float100("1e-300")) CHECK(error_in_epsilons(w[k], weight) < 8);
                weight *= float100(a) / (k + 1);
            }
            const float50 exact = boost::math::gamma_p(float50(terms), float50(a));
            if (exact > float50("1e-290"))
                CHECK(error_in_epsilons(cesaro::detail::poisson_rest(a, w), float100(exact)) < 40);
        }
    }
}

TEST_CASE("any total attention within 16 ulp at every position, and 4 on average") {
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform;
    ulp_summary density, lower, upper;
    for (int law = 0; law < 24; ++law) {
        const double a = std::exp(15 * uniform(engine) - 7);
        const depth_limit_influence<> e(a);
        const auto w = poisson_hop_weights(a, std::size_t(2 * std::max(a, 700.0) + 1200));
        for (int i = 0; i < 12; ++i) {
            const double x = random_position(engine);
            const unit_interval_values exact = unit_interval_sums(w, x);
            CAPTURE(a, x);
            density.check(pdf(e, x), exact.density);
            lower.check(cdf(e, x), exact.lower);
            upper.check(cdf(complement(e, x)), exact.upper);
        }
    }
    for (const ulp_summary& errors : {density, lower, upper})
        errors.check_mean();
}

TEST_CASE("the example of depth_limit_influence") {
    const cesaro::depth_limit_influence<> law(9.6);
    const double recent = cdf(complement(law, 0.9));
    CHECK(recent > law.delta_weight());
}
