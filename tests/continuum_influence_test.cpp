// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "laws/distributions.hpp"
#include "laws/ulp_summary.hpp"
#include "laws/unit_interval_sums.hpp"
#include "scalars.hpp"

#include <cesaro/continuum_influence.hpp>
#include <cesaro/depth_limit_influence.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/power_sum.hpp>

#include <boost/math/distributions/uniform.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/laguerre.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

using cesaro::complement;
using cesaro::continuum_influence;
using cesaro::decay_clock;
using cesaro::decaying_keys;
using cesaro::discrete_influence;
using cesaro::hop_law;
using cesaro::mixing_schedule;
using cesaro::uniform_clock;
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
                const double most = std::is_floating_point_v<Real> ? 16 : 20 + 6 * depth;
                CHECK(error_in_epsilons(pdf(c, Real(x)), exact) < most);
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
            CHECK(error_in_epsilons(cdf(c, x), float100(lower)) < 16);
            CHECK(error_in_epsilons(cdf(complement(c, x)), float100(upper)) < 16);
        }
    }
}

TEST_CASE("any law of hops within 16 ulp at every position, and 4 on average") {
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform;
    ulp_summary density, lower, upper;
    for (const std::size_t depth : {1, 2, 5, 8, 9, 12, 16, 17, 31, 64, 150, 400}) {
        for (int kind = 0; kind < 6; ++kind) {
            std::vector<double> alphas = random_coefficients(engine, depth);
            if (kind == 4) alphas.assign(depth, alphas[0]);
            if (kind == 5) alphas.assign(depth, 1.0);
            std::vector<float100> w = hop_weights(alphas);
            hop_law<> hops{mixing_schedule<>(alphas)};
            if (kind < 2) {  // no layers' law, a fifth of it lost
                for (double& weight : alphas)
                    weight = std::pow(uniform(engine), 30);
                const double sum = 1.25 * std::accumulate(alphas.begin(), alphas.end(), 0.0);
                for (double& weight : alphas)
                    weight /= sum;
                w.assign(alphas.begin(), alphas.end());
                hops = hop_law<>(alphas);
            }
            const continuum_influence<> c(hops);
            for (int i = 0; i < 8; ++i) {
                const double x = random_position(engine);
                const unit_interval_values exact = unit_interval_sums(w, x);
                CAPTURE(depth, kind, x);
                density.check(pdf(c, x), exact.density);
                lower.check(cdf(c, x), exact.lower);
                upper.check(cdf(complement(c, x)), exact.upper);
            }
        }
    }
    for (const ulp_summary& errors : {density, lower, upper})
        errors.check_mean();
}

TEST_CASE("the density is the derivative of the cdf") {
    const continuum_influence<float50> c(uneven<float50>(9));
    for (const char* at : {"0.001", "0.3", "0.97"}) {
        const float50 x(at);
        const float50 step("1e-12");
        // Central difference of order 2: relative error of the order of step² = 1e-24.
        const float50 slope = (cdf(c, float50(x + step)) - cdf(c, float50(x - step))) / (2 * step);
        CHECK(abs(double(slope / pdf(c, x) - 1)) < 1e-17);
    }
    const continuum_influence<> plain(uneven<double>(9));
    CHECK(pdf(plain, 1.0) == plain.hops().weights()[1]);
}

TEST_CASE("laws of a distribution: tails, density, moments, quantiles, edges") {
    const std::vector<double> x{1e-12, 1e-6, 1e-3, 0.1, 0.3, 0.5, 0.8, 0.9, 0.99, 0.9999};
    for (const double most : {1.0, 0.01}) {
        for (const Eigen::Index depth : {1, 4, 9}) {
            CAPTURE(most, depth);
            check_law(continuum_influence<>(mixing_schedule<>(uneven<double>(depth).alphas() * most)), x);
        }
    }
    // Laws that no schedule has, some of which lose mass.
    check_law(continuum_influence<>(hop_law<>{0.25, 0.0, 0.5, 0.0, 0.25}), x);
    check_law(continuum_influence<>(hop_law<>{0.25, 0.0, 0.125, 0.0, 0.25}), x);
    check_law(continuum_influence<>(hop_law<>{0.0, 0.5}), x);
    CHECK_THROWS_AS(skewness(continuum_influence<>(mixing_schedule<>::constant(3, 0.0))), std::domain_error);
    // Hardly any attention: variance 2/3 - 1/4 ... of alpha, not the difference of two ones.
    const continuum_influence<> weak(mixing_schedule<>::constant(1, 1e-15));
    CHECK(variance(weak) == Approx(1e-15 / 3).epsilon(1e-13));
}

TEST_CASE("the ends of the support") {
    const double infinity = std::numeric_limits<double>::infinity();
    const continuum_influence<> c(hop_law<>{0.25, 0.125, 0.0, 0.5});  // an eighth is lost
    CHECK(cdf(c, 0.0) == 0);
    CHECK(cdf(complement(c, 0.0)) == 0.875);
    CHECK(cdf(c, 1) == 0.875);
    CHECK(pdf(c, 0.0) == infinity);
    CHECK(logpdf(c, 0.0) == infinity);
    CHECK(pdf(c, 1.0) == 0.125);
    CHECK(quantile(c, 0.0) == 0);
    CHECK(quantile(c, 0.875) == 1);
    CHECK(quantile(complement(c, 0.25)) == 1);
    // No more than one hop: the density is constant.
    for (const auto& hops : {hop_law<>{0.75, 0.25}, hop_law<>{0.75, 0.25, 0.0, 0.0}}) {
        const continuum_influence<> one(hops);
        for (const double x : {0.0, 1e-300, 0.5, 1.0}) {
            CHECK(pdf(one, x) == 0.25);
            CHECK(logpdf(one, x) == std::log(0.25));
        }
    }
    CHECK(pdf(continuum_influence<>(hop_law<>{1.0}), 0.0) == 0);
    CHECK(logpdf(continuum_influence<>(hop_law<>{1.0}), 0.0) == -infinity);
    // Two hops that a double cannot tell from none are possible all the same.
    CHECK(pdf(continuum_influence<>(mixing_schedule<>::constant(2, 1e-200)), 0.0) == infinity);
    // Subnormal x is not 0.
    CHECK(std::isfinite(pdf(c, std::numeric_limits<double>::denorm_min())));
}

TEST_CASE("what is refused is named") {
    const continuum_influence<> c(hop_law<>{0.25, 0.5});
    CHECK_THROWS_WITH(pdf(c, 1.5), "cesaro::pdf(continuum_influence): x = 1.5 must lie in [0, 1]");
    CHECK_THROWS_WITH(cdf(complement(c, -0.5)),
                      "cesaro::cdf(complement(continuum_influence)): x = -0.5 must lie in [0, 1]");
    CHECK_THROWS_WITH(
        quantile(c, 0.875),
        "cesaro::quantile(continuum_influence): p = 0.875 must lie in [0, total], total = 0.75");
    CHECK_THROWS_WITH(quantile(complement(c, 1.25)),
                      "cesaro::quantile(complement(continuum_influence)): q = 1.25 must lie in [0, 1]");
    CHECK_THROWS_WITH(variance(c),
                      "cesaro::variance(continuum_influence): total = 0.75 must be 1: normalise the "
                      "hop law first (hop_law::normalized)");
    CHECK(variance(continuum_influence<>(c.hops().normalized())) > 0);
}

TEST_CASE("arguments are deduced, and Boost.Math's own functions are not preferred") {
    using namespace boost::math;
    const continuum_influence c(mixing_schedule<>{0.5, 0.25});
    STATIC_REQUIRE(std::is_same_v<decltype(c), const continuum_influence<double>>);
    STATIC_REQUIRE(std::is_same_v<decltype(cdf(c, 1)), double>);
    CHECK(cdf(c, 1) == 1);
    CHECK(cdf(c, 0.5) + cdf(complement(c, 0.5f)) == Approx(1));
    CHECK(quantile(c, 1) == 1);
    CHECK(standard_deviation(c) == std::sqrt(variance(c)));
    CHECK(median(c) == quantile(c, 0.5));
    CHECK(kurtosis_excess(c) == kurtosis(c) - 3);
    CHECK(support(c) == range(c));
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

TEMPLATE_TEST_CASE("quantiles invert both tails", "", float, float50) {
    using Real = TestType;
    const continuum_influence<Real> c(uneven<Real>(9));
    check_quantiles(c, {1e-22, 1e-6, 0.1, 0.5, 0.9}, 1000);
    CHECK(quantile(c, Real(1) - c.delta_weight() / Real(2)) == 1);  // inside the delta
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

TEST_CASE("the example of continuum_influence") {
    const cesaro::continuum_influence<> law(cesaro::mixing_schedule<>::constant(32, 0.3));
    const double first_tenth = cdf(law, 0.1);
    const double middle = cdf(law, 0.9) - first_tenth;
    CHECK(first_tenth + middle + cdf(complement(law, 0.9)) == Approx(1));
}

namespace {

/// The law on a decay_clock in 100 digits, by incomplete gamma functions.
struct clocked {
    float100 u, rate;
    Eigen::VectorX<float100> w;

    clocked(const mixing_schedule<float100>& schedule, double slope, double x) {
        const float100 lambda = slope;
        const float100 distance = lambda * (1 - float100(x));
        w = hop_law<float100>(schedule).weights();
        u = distance + log(float100(expm1(float100(-lambda)) / expm1(float100(-lambda * x))));
        rate = -lambda * exp(float100(-distance)) / expm1(float100(-lambda));
    }
    float100 pdf() const {
        float100 sum = 0;
        float100 term = 1;
        for (Eigen::Index k = 1; k < w.size(); ++k, term *= u / (k - 1))
            sum += w[k] * term;
        return sum * rate;
    }
    float100 cdf() const {
        float100 sum = 0;
        for (Eigen::Index k = 1; k < w.size(); ++k)
            sum += w[k] * boost::math::gamma_q(float100(k), u);
        return sum;
    }
    float100 complement() const {
        float100 sum = w[0];
        for (Eigen::Index k = 1; k < w.size(); ++k)
            sum += w[k] * boost::math::gamma_p(float100(k), u);
        return sum;
    }
};

}  // namespace

TEMPLATE_TEST_CASE("on a decay clock the law is that of its time", "", float, double, long double) {
    using Real = TestType;
    const float100 least((std::numeric_limits<Real>::min)() / std::numeric_limits<Real>::epsilon() * 1000);
    for (const double slope : {1e-12, 1e-3, 0.5, 3.0, 12.0, 400.0, 1e4}) {
        for (const Eigen::Index depth : {1, 12, 80}) {
            const double alpha = 0.3125;
            const continuum_influence<Real> c(mixing_schedule<Real>::constant(depth, Real(alpha)),
                                              decay_clock<Real>{static_cast<Real>(slope)});
            for (const double x : {0.0009765625, 0.25, 0.5, 0.875, 0.9990234375, 1 - 0x1p-20}) {
                const clocked exact(mixing_schedule<float100>::constant(depth, float100(alpha)),
                                    double(static_cast<Real>(slope)), x);
                CAPTURE(slope, depth, x);
                const auto look = [&](const Real& actual, const float100& expected) {
                    if (expected > least) CHECK(error_in_epsilons(actual, expected) < 900);
                };
                look(pdf(c, Real(x)), exact.pdf());
                look(cdf(c, Real(x)), exact.cdf());
                look(cdf(complement(c, Real(x))), exact.complement());
                const double logarithm = double(float100(log(exact.pdf())));
                CHECK(double(logpdf(c, Real(x))) ==
                      Approx(logarithm)
                          .epsilon(1e4 * double(std::numeric_limits<Real>::epsilon()))
                          .margin(1e-5));
            }
        }
    }
}

TEST_CASE("a decay clock down to the least double") {
    const double least = std::numeric_limits<double>::denorm_min();
    for (const double slope : {1e-8, 1.0, 12.0}) {
        for (const auto& [depth, alpha] : {std::pair(32, 0.3), {520, 1.0}}) {
            const continuum_influence<> c(mixing_schedule<>::constant(depth, alpha), decay_clock<>{slope});
            for (const double x : {1e-200, 1e-300, 1e-301, 1e-310, least}) {
                CAPTURE(slope, depth, x);
                const clocked exact(mixing_schedule<float100>::constant(depth, float100(alpha)), slope, x);
                const auto look = [&](double actual, const float100& expected) {
                    if (expected > std::numeric_limits<double>::min() * 1e20)
                        CHECK(error_in_epsilons(actual, expected) < 900);
                };
                look(pdf(c, x), exact.pdf());
                look(cdf(c, x), exact.cdf());
                look(cdf(complement(c, x)), exact.complement());
                CHECK(logpdf(c, x) == Approx(double(float100(log(exact.pdf())))).epsilon(1e-12));
            }
        }
        // The bracket of the solver reaches that far.
        const continuum_influence<> c(mixing_schedule<>::constant(32, 0.3), decay_clock<>{slope});
        for (const double p : {1e-200, 1e-230})
            CHECK(cdf(c, quantile(c, p)) == Approx(p).epsilon(1e-14));
    }
}

TEST_CASE("quantiles to the digits of the tails, however far from 1") {
    const auto near = [](const auto& law, double p) {
        CAPTURE(p);
        CHECK(cdf(law, quantile(law, p)) == Approx(p).epsilon(8e-16));
    };
    near(continuum_influence<>(mixing_schedule<>{0.5180169021067166, 0.21642795325270492}), 1e-300);
    near(continuum_influence<>(mixing_schedule<>::constant(400, 0.6696576)), 1e-10);
    near(cesaro::depth_limit_influence<>(1e-8), 1e-300);
}

TEST_CASE("laws of a distribution on a decay clock") {
    for (const double slope : {1e-3, 2.0, 30.0}) {
        for (const double alpha : {0.05, 0.4, 1.0}) {
            check_law(continuum_influence<>(mixing_schedule<>::constant(7, alpha), decay_clock<>{slope}),
                      {1e-3, 0.1, 0.5, 0.9, 0.99});
        }
        check_law(continuum_influence<>(hop_law<>{0.25, 0.25, 0.25}, decay_clock<>{slope}), {0.1, 0.5, 0.9});
    }
}

TEST_CASE("a clock that hardly decays is uniform, to rounding") {
    const auto schedule = mixing_schedule<>::constant(12, 0.3);
    const continuum_influence<> uniform(schedule);
    const continuum_influence<> explicit_clock(schedule, uniform_clock{});
    for (const double slope : {0.0, 1e-300, 1e-40, 1e-17}) {
        const continuum_influence<> slow(schedule, decay_clock<>{slope});
        for (const double x : {1e-200, 0.001, 0.3, 0.999, 1.0}) {
            CAPTURE(slope, x);
            CHECK(pdf(explicit_clock, x) == pdf(uniform, x));
            CHECK(pdf(slow, x) == Approx(pdf(uniform, x)).epsilon(4e-15));
            CHECK(cdf(slow, x) == Approx(cdf(uniform, x)).epsilon(4e-15));
            CHECK(cdf(complement(slow, x)) == Approx(cdf(complement(uniform, x))).epsilon(4e-15));
        }
        CHECK(mean(slow) == Approx(mean(uniform)).epsilon(1e-13));
        CHECK(variance(slow) == Approx(variance(uniform)).epsilon(1e-12));
    }
    // Of one hop the density is lambda e^{lambda x} / (e^lambda - 1), down to x = 0.
    const continuum_influence<> one(hop_law<>{0.5, 0.5}, decay_clock<>{2.0});
    CHECK(pdf(one, 0.0) == Approx(1 / std::expm1(2.0)).epsilon(1e-14));
    CHECK(pdf(one, 1.0) == Approx(std::exp(2.0) / std::expm1(2.0)).epsilon(1e-14));
}

TEST_CASE("rows under decaying keys tend to the law on their clock") {
    const auto schedule = mixing_schedule<>::constant(12, 0.35);
    for (const double slope : {0.5, 3.0, 12.0}) {
        const continuum_influence<> limit(schedule, decay_clock<>{slope});
        double previous = 0;
        for (const std::int64_t n : {INT64_C(20000), INT64_C(200000)}) {
            const discrete_influence<> row(n, schedule, decaying_keys<>{slope / double(n)});
            double worst = 0;
            for (const double x : {0.2, 0.4, 0.6, 0.8}) {
                const double m = x * double(n);
                worst = std::max(worst, std::abs(pdf(row, std::int64_t(m)) * double(n) / pdf(limit, x) - 1));
            }
            CAPTURE(slope, n, worst);
            if (previous == 0)
                CHECK(worst < 1e-3);
            else
                CHECK(worst < previous / 8);
            previous = worst;
        }
    }
}

TEST_CASE("clocks that are none are named") {
    const auto schedule = mixing_schedule<>::constant(3, 0.5);
    for (const double bad :
         {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
        CHECK_THROWS_AS(continuum_influence<>(schedule, decay_clock<>{bad}), std::domain_error);
    CHECK_THROWS_WITH(continuum_influence<>(schedule, decay_clock<>{.slope = 1e301}),
                      "cesaro::continuum_influence: slope = 1.0000000000000001e+301 must be at most "
                      "3.8981256045599992e+289");
    CHECK(pdf(continuum_influence<>(schedule, decay_clock<>{.slope = 1e-320}), 0.9) ==
          pdf(continuum_influence<>(schedule), 0.9));
    CHECK_THROWS_WITH(continuum_influence<>(schedule, decay_clock<>{.slope = -1.0}),
                      "cesaro::continuum_influence: slope = -1 must be finite and at least 0");
}
