// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/continuum_influence.hpp>
#include <cesaro/discrete_influence.hpp>

#include <boost/math/quadrature/tanh_sinh.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/laguerre.hpp>

#include <cmath>
#include <limits>

using cesaro::complement;
using cesaro::continuum_influence;
using cesaro::discrete_influence;
using cesaro::mixing_schedule;
using namespace cesaro_test;

namespace {

template <class Real>
mixing_schedule<Real> uneven(Eigen::Index depth) {
    Eigen::VectorX<Real> alphas(depth);
    for (Eigen::Index l = 0; l < depth; ++l)
        alphas[l] = Real(double(1 + (5 * l) % 7) / 8);
    return mixing_schedule<Real>(alphas);
}

}  // namespace

TEMPLATE_TEST_CASE("constant alpha: the density is a Laguerre polynomial", "", float, double, long double,
                   float50) {
    using Real = TestType;
    for (const unsigned depth : {1u, 2u, 12u, 32u}) {
        for (const double a : {0.125, 0.5, 0.875}) {
            const continuum_influence<Real> c(mixing_schedule<Real>::constant(depth, Real(a)));
            for (const double x : {1e-30, 1e-3, 0.5, 0.999}) {
                const float100 alpha(a);
                const float100 z = -alpha * log(1 / float100(Real(x))) / (1 - alpha);
                const float100 exact =
                    alpha * pow(float100(1 - alpha), int(depth) - 1) * boost::math::laguerre(depth - 1, 1, z);
                CAPTURE(depth, a, x);
                // u enters to the power H - 1, and a multiprecision logarithm is good to a few epsilons only.
                const double per_layer = std::is_floating_point_v<Real> ? 3 : 6;
                CHECK(error_in_epsilons(pdf(c, Real(x)), exact) < 20 + per_layer * depth);
                using std::log;
                const Real expected = static_cast<Real>(float100(log(exact)));
                const Real difference = logpdf(c, Real(x)) - expected;
                CHECK(abs(double(difference)) <
                      200 * double(std::numeric_limits<Real>::epsilon()) * (1 + abs(double(expected))));
            }
        }
    }
}

TEST_CASE("the cdf is a mixture of incomplete gamma functions, both tails accurate") {
    for (const Eigen::Index depth : {1, 5, 60}) {
        const auto schedule = uneven<double>(depth);
        const continuum_influence<> c(schedule);
        const auto w = uneven<float50>(depth).hop_distribution();
        for (const double x : {1e-300, 1e-20, 0.01, 0.5, 0.9, 1 - 1e-12}) {
            const float50 u = -log(float50(x));
            float50 lower = 0;
            float50 upper = w[0];
            for (Eigen::Index k = 1; k <= depth; ++k) {
                lower += w[k] * boost::math::gamma_q(float50(k), u);
                upper += w[k] * boost::math::gamma_p(float50(k), u);
            }
            CAPTURE(depth, x);
            CHECK(error_in_epsilons(cdf(c, x), float100(lower)) < 60 + 4.0 * double(depth));
            CHECK(error_in_epsilons(cdf(complement(c, x)), float100(upper)) < 60 + 4.0 * double(depth));
        }
    }
}

TEST_CASE("the density is the derivative of the cdf, and with the delta integrates to one") {
    const continuum_influence<float50> c(uneven<float50>(9));
    for (const char* at : {"0.001", "0.3", "0.97"}) {
        const float50 x(at);
        const float50 step("1e-12");
        // Central difference of order 2: relative error of the order of step² = 1e-24.
        const float50 slope = (cdf(c, float50(x + step)) - cdf(c, float50(x - step))) / (2 * step);
        CHECK(abs(double(slope / pdf(c, x) - 1)) < 1e-17);
    }
    const continuum_influence<> plain(uneven<double>(9));
    boost::math::quadrature::tanh_sinh<double> integrator;
    const double mass = integrator.integrate([&](double x) { return pdf(plain, x); }, 0.0, 1.0);
    CHECK(mass + plain.delta_weight() == Approx(1).epsilon(1e-12));
    CHECK(cdf(plain, 1.0) == 1);
    CHECK(cdf(complement(plain, 1.0)) == 0);
    CHECK(pdf(plain, 1.0) == plain.hop_distribution()[1]);
}

TEST_CASE("moments are those of the density and the delta") {
    boost::math::quadrature::tanh_sinh<double> integrator;
    for (const double most : {1.0, 0.01}) {
        for (const Eigen::Index depth : {1, 4, 9}) {
            const continuum_influence<> c(mixing_schedule<>(uneven<double>(depth).alphas() * most));
            const auto central = [&](int order, double about) {
                return integrator.integrate([&](double x) { return std::pow(x - about, order) * pdf(c, x); },
                                            0.0, 1.0) +
                       std::pow(1 - about, order) * c.delta_weight();
            };
            const double m = central(1, 0);
            const double v = central(2, m);
            CAPTURE(most, depth);
            CHECK(mean(c) == Approx(m).epsilon(1e-12));
            CHECK(variance(c) == Approx(v).epsilon(1e-11));
            CHECK(standard_deviation(c) == Approx(std::sqrt(v)).epsilon(1e-11));
            CHECK(skewness(c) == Approx(central(3, m) / std::pow(v, 1.5)).epsilon(1e-9));
            CHECK(kurtosis(c) == Approx(central(4, m) / (v * v)).epsilon(1e-9));
            CHECK(kurtosis_excess(c) == kurtosis(c) - 3);
        }
    }
    CHECK_THROWS_AS(skewness(continuum_influence<>(mixing_schedule<>::constant(3, 0.0))), std::domain_error);
    // Hardly any attention: variance 2/3 - 1/4 ... of alpha, not the difference of two ones.
    const continuum_influence<> weak(mixing_schedule<>::constant(1, 1e-15));
    CHECK(variance(weak) == Approx(1e-15 / 3).epsilon(1e-13));
}

TEMPLATE_TEST_CASE("standardised moments where the fourth moment or the variance underflows", "", float,
                   double, long double) {
    using Real = TestType;
    constexpr auto infinity = std::numeric_limits<Real>::infinity();
    for (const int depth : {40, 80, 150, 450, 500, 600, 640, 1200}) {
        // E[X^s] = (1 + s)^{-H}
        const auto m = [&](int s) { return float100(pow(float100(1 + s), -depth)); };
        const float100 skew = skewness_of(m(1), m(2), m(3));
        const float100 kurt = kurtosis_of(m(1), m(2), m(3), m(4));
        const continuum_influence<Real> c(mixing_schedule<Real>::attention_only(depth));
        const float100 most((std::numeric_limits<Real>::max)());
        CAPTURE(depth);
        if (skew < most)
            CHECK(error_in_epsilons(skewness(c), skew) < 60 + depth / 4);
        else
            CHECK(skewness(c) == infinity);
        if (kurt < most)
            CHECK(error_in_epsilons(kurtosis(c), kurt) < 60 + depth / 4);
        else
            CHECK(kurtosis(c) == infinity);
    }
}

TEST_CASE("standardised moments of a hop with a probability of the least double") {
    const double least = std::numeric_limits<double>::denorm_min();
    const continuum_influence<> c(mixing_schedule<>::constant(1, least));
    CHECK(skewness(c) == Approx(-std::pow(3, 1.5) / 4 / std::sqrt(least)).epsilon(1e-14));
    CHECK(kurtosis(c) == std::numeric_limits<double>::infinity());
}

TEMPLATE_TEST_CASE("quantiles invert both tails", "", float, double, float50) {
    using Real = TestType;
    const continuum_influence<Real> c(uneven<Real>(9));
    for (const double level : {1e-22, 1e-6, 0.1, 0.5, 0.9}) {
        const Real p = Real(level);
        const double bound = 1000 * double(std::numeric_limits<Real>::epsilon());
        CAPTURE(level);
        CHECK(abs(double(cdf(c, quantile(c, p)) / p - 1)) < bound);
        if (p > c.delta_weight()) {
            CHECK(abs(double(cdf(complement(c, quantile(complement(c, p)))) / p - 1)) < bound);
        } else {
            CHECK(quantile(complement(c, p)) == 1);
        }
    }
    CHECK(quantile(c, Real(1) - c.delta_weight() / Real(2)) == 1);  // inside the delta
    CHECK(quantile(c, Real(1)) == 1);
    CHECK(quantile(c, Real(0)) == 0);
    CHECK(quantile(complement(c, Real(0))) == 1);
    CHECK(quantile(complement(c, Real(1))) == 0);
    CHECK(median(c) == quantile(c, Real(1) / Real(2)));
}

TEST_CASE("quantiles without a delta, with nothing but the delta, and below the smallest double") {
    const continuum_influence<> attention(mixing_schedule<>::attention_only(3));
    CHECK(quantile(attention, 1.0) == 1);
    CHECK(quantile(complement(attention, 0.0)) == 1);
    CHECK(cdf(complement(attention, quantile(complement(attention, 1e-12)))) == Approx(1e-12).epsilon(1e-3));
    const continuum_influence<> stay(mixing_schedule<>::constant(3, 0.0));
    CHECK(quantile(stay, 0.5) == 1);
    CHECK(pdf(stay, 0.5) == 0);
    CHECK(logpdf(stay, 0.5) == -std::numeric_limits<double>::infinity());
    CHECK(cdf(stay, 0.5) == 0);
    CHECK(cdf(complement(stay, 0.5)) == 1);
    const continuum_influence<> deep(mixing_schedule<>::attention_only(2000));
    CHECK(quantile(deep, 0.5) == 0);  // e^{-2000}
    const continuum_influence<> identity(mixing_schedule<>::attention_only(0));
    CHECK(identity.delta_weight() == 1);
    CHECK(pdf(identity, 0.5) == 0);
    CHECK(quantile(identity, 0.5) == 1);
}

TEST_CASE("the row tends to the continuum at the predicted rate") {
    // n p(m|n) = f(m/n) (1 + c/n + ...): ten times the context, a tenth of the difference.
    const auto schedule = uneven<float50>(8);
    const continuum_influence<float50> c(schedule);
    double previous = 0;
    for (const Eigen::Index n : {1000, 10000, 100000, 1000000}) {
        const discrete_influence<float50> d(n, schedule);
        const float50 x = float50(3) / 10;
        const double difference = double(float50(n) * pdf(d, 3 * n / 10) / pdf(c, x) - 1);
        if (previous != 0) CHECK(previous / difference == Approx(10).epsilon(0.02));
        previous = difference;
    }
    CHECK(std::abs(previous) < 1e-4);
    // With k hops the leading difference is (k-1)(k-2) p_2 / (2 p_1²): Newton's next term.
    const Eigen::Index n = 100000000;
    const Eigen::Index m = n / 2;
    const int k = 12;
    const auto attention = mixing_schedule<float50>::attention_only(k);
    const float50 p1 = cesaro::power_sum<float50>(m + 1, n + 1, 1);
    const float50 p2 = cesaro::power_sum<float50>(m + 1, n + 1, 2);
    const float50 u = p1;  // the difference between p_1 and ln(n/m) is a separate effect
    const float50 density = pdf(continuum_influence<float50>(attention), float50(exp(float50(-u))));
    const double excess =
        double(float50(n + 1) * pdf(discrete_influence<float50>(n, attention), m) / density - 1);
    CHECK(excess == Approx(double(float50((k - 1) * (k - 2) * p2 / (2 * p1 * p1)))).epsilon(1e-4));
}

TEST_CASE("logarithms of densities far below the smallest double") {
    const auto schedule = mixing_schedule<>::attention_only(150);
    const continuum_influence<> c(schedule);
    const double x = 1 - 1e-12;
    const float100 u = -log(float100(x));
    const float100 exact = 149 * log(u) - lgamma(float100(150));
    CHECK(pdf(c, x) == 0);
    CHECK(logpdf(c, x) == Approx(static_cast<double>(exact)).epsilon(1e-13));
    // The largest densities a double x can have stay finite, at subnormal x too.
    CHECK(std::isfinite(logpdf(continuum_influence<>(mixing_schedule<>::attention_only(745)),
                               std::numeric_limits<double>::denorm_min())));
    CHECK(cdf(c, std::numeric_limits<double>::denorm_min()) < 1e-10);
}

TEST_CASE("positions outside (0, 1] are rejected") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const continuum_influence<> c(mixing_schedule<>::constant(3, 0.5));
    for (const double x : {0.0, -1.0, 1.0000001, nan}) {
        CHECK_THROWS_AS(pdf(c, x), std::domain_error);
        CHECK_THROWS_AS(logpdf(c, x), std::domain_error);
        CHECK_THROWS_AS(cdf(c, x), std::domain_error);
        CHECK_THROWS_AS(cdf(complement(c, x)), std::domain_error);
    }
    CHECK_THROWS_AS(quantile(c, nan), std::domain_error);
    CHECK_THROWS_AS(quantile(c, 1.1), std::domain_error);
    CHECK_THROWS_AS(quantile(complement(c, -0.1)), std::domain_error);
}

TEST_CASE("subnormal positions and levels") {
    const double least = std::numeric_limits<double>::denorm_min();
    const auto schedule = cesaro::mixing_schedule<double>::attention_only(720);
    const cesaro::continuum_influence<double> c(schedule);
    for (const double x : {least, 1e-310}) {
        const double u = -std::log(x);
        CHECK(cdf(c, x) == Approx(boost::math::gamma_q(720.0, u)).epsilon(1e-11));
        CHECK(cdf(complement(c, x)) == Approx(boost::math::gamma_p(720.0, u)).epsilon(1e-11));
    }
    const cesaro::continuum_influence<double> deep(cesaro::mixing_schedule<double>::attention_only(3000));
    CHECK(pdf(deep, least) == 0);
    // Relative to a subnormal level the solver's function used to overflow, and then never ended.
    const cesaro::continuum_influence<double> uniform(cesaro::mixing_schedule<double>::attention_only(1));
    CHECK(quantile(complement(uniform, 1e-310)) == 1);
    CHECK(quantile(complement(uniform, least)) == 1);
}
