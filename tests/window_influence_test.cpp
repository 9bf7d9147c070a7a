// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "laws/distributions.hpp"
#include "scalars.hpp"

#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/window_influence.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace cesaro;
using namespace cesaro_test;

TEST_CASE("rational laws of the distance count the ways") {
    // By convolution with the definition: a hop goes 0 .. w-1 back, each with 1/w.
    const hop_law<rational> hops{rational(1, 8), rational(1, 4), rational(0), rational(3, 8)};
    for (const std::int64_t window : {1, 2, 3, 7}) {
        const window_influence<rational> law(window, hops);
        std::vector<rational> expected(std::size_t(3 * (window - 1) + 1), rational(0));
        std::vector<rational> power{rational(1)};
        for (Eigen::Index k = 0; k < 4; ++k) {
            for (std::size_t d = 0; d < power.size(); ++d)
                expected[d] += hops.weights()[k] * power[d];
            std::vector<rational> next(power.size() + std::size_t(window) - 1, rational(0));
            for (std::size_t d = 0; d < power.size(); ++d)
                for (std::size_t u = 0; u < std::size_t(window); ++u)
                    next[d + u] += power[d] / rational(window);
            power = next;
        }
        REQUIRE(range(law).second == std::int64_t(expected.size()) - 1);
        rational sum = 0;
        for (std::size_t d = 0; d < expected.size(); ++d) {
            sum += expected[d];
            CHECK(pdf(law, d) == expected[d]);
            if (d + 1 < expected.size()) CHECK(cdf(law, d) == sum);
            CHECK(cdf(complement(law, d)) == rational(3, 4) - sum);
        }
    }
}

TEST_CASE("away from the first tokens it is what sliding windows do") {
    const Eigen::Index size = 200;
    const cesaro::sliding_window_operator<> window(size, 16);
    Eigen::VectorXd row = Eigen::VectorXd::Unit(size, size - 1);
    for (int layer = 0; layer < 6; ++layer)
        row = Eigen::VectorXd(0.65 * row + 0.35 * window.apply_transpose(row));
    const window_influence<> law(16, mixing_schedule<>::constant(6, 0.35));
    for (std::int64_t d = 0; d <= range(law).second; ++d)
        CHECK(pdf(law, d) == Approx(row[size - 1 - d]).epsilon(1e-13));
}

TEST_CASE("the horizon of a stack of windows") {
    const window_influence<> law(64, mixing_schedule<>::constant(12, 0.35));
    CHECK(quantile(complement(law, 1e-2)) == 299);
    CHECK(quantile(complement(law, 1e-3)) == 361);
    CHECK(quantile(complement(law, 1e-6)) == 498);
    CHECK(64 * std::log(1e-2) / std::log(0.35) == Approx(281).epsilon(2e-3));
    CHECK(64 * std::log(1e-3) / std::log(0.35) == Approx(421).epsilon(2e-3));
    CHECK(64 * std::log(1e-6) / std::log(0.35) == Approx(842).epsilon(2e-3));
}

TEMPLATE_TEST_CASE("laws of a distribution over distances", "", float, double, long double) {
    using Real = TestType;
    const double epsilons = 200;
    for (const Real alpha : {Real(0.01), Real(0.375), Real(1)}) {
        const window_influence<Real> law(9, mixing_schedule<Real>::constant(5, alpha));
        check_tails(law, {1, 2, 8, 15, 30, 39}, epsilons);
        check_quantiles(law, {1e-5, 0.1, 0.5, 0.9}, epsilons);
        check_arguments(law);
        const auto moment = [&](int order, double about) {
            return expectation(law, [&](double d) { return std::pow(d - about, order); });
        };
        CHECK(double(mean(law)) == Approx(moment(1, 0)).epsilon(1e-5));
        CHECK(double(variance(law)) == Approx(moment(2, double(mean(law)))).epsilon(1e-5));
    }
}

TEST_CASE("moments of the distance by Wald's identities") {
    for (const std::int64_t window : {1, 2, 64, 1000}) {
        const window_influence<> law(window, hop_law<>{0.25, 0.0, 0.5, 0.125, 0.125});
        CHECK(mean(law) == Approx(expectation(law, [](double d) { return d; })).epsilon(1e-13));
        const double m = mean(law);
        CHECK(variance(law) ==
              Approx(expectation(law, [m](double d) { return (d - m) * (d - m); })).epsilon(1e-12));
        if (window > 1) CHECK(median(law) == quantile(law, 0.5));
    }
}

TEST_CASE("distances in double are those of 50 digits, in all that does not underflow") {
    const std::int64_t window = 700;
    const Eigen::Index depth = 32;
    const window_influence<> law(window, mixing_schedule<>::constant(depth, 0.3125));
    const window_influence<float50> exact(window, mixing_schedule<float50>::constant(depth, float50(0.3125)));
    double worst = 0;
    for (std::int64_t d = 0; d <= range(law).second; d += 13) {
        if (pdf(exact, d) > 1e-290) worst = std::max(worst, error_in_epsilons(pdf(law, d), pdf(exact, d)));
    }
    CHECK(worst < 450);
}

TEST_CASE("hops that are lost are nowhere") {
    const window_influence<> law(5, hop_law<>{0.25, 0.25, 0.25});
    check_tails(law, {1, 3, 6}, 100);
    CHECK(cdf(law, 8) == 0.75);
    CHECK_THROWS_AS(variance(law), std::domain_error);
    CHECK_THROWS_AS(quantile(law, 0.8), std::domain_error);
}

TEST_CASE("arguments of window_influence") {
    const auto schedule = mixing_schedule<>::constant(3, 0.5);
    CHECK_THROWS_AS(window_influence<>(0, schedule), std::domain_error);
    CHECK_THROWS_AS(window_influence<>(std::int64_t(1) << 50, schedule), std::length_error);
    CHECK_THROWS_AS(window_influence<>(std::int64_t(1) << 62, schedule), std::length_error);
    const window_influence<> law(4, schedule);
    CHECK_THROWS_WITH(
        pdf(law, 10),
        "cesaro::pdf(window_influence): distance = 10 must lie in [0, H (w - 1)], H (w - 1) = 9");
    const window_influence deduced(std::int64_t(4), schedule);
    CHECK(pdf(deduced, 0) == pdf(law, 0));
    CHECK(pdf(window_influence<>(7, mixing_schedule<>::constant(0, 0.5)), 0) == 1);
}

TEST_CASE("the example of window_influence") {
    const cesaro::window_influence<> law(4096, cesaro::mixing_schedule<>::constant(32, 0.2));
    const auto horizon = quantile(complement(law, 1e-3));  // beyond it one part in a thousand
    CHECK(cdf(complement(law, horizon)) <= 1e-3);
    CHECK(cdf(complement(law, horizon - 1)) > 1e-3);
}
