// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/collapse.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

using namespace cesaro;
using namespace cesaro_test;

TEST_CASE("the first token and the collapse of the row") {
    const auto schedule = mixing_schedule<>::constant(24, 0.5);
    for (const std::int64_t tokens :
         {std::int64_t(1), std::int64_t(2), std::int64_t(1000), std::int64_t(1) << 50}) {
        const discrete_influence<> d(tokens - 1, schedule);
        CHECK(first_token_influence(tokens, schedule) == pdf(d, 0));
        CHECK(collapse_bound(tokens, schedule) == mean(d));
        CHECK(collapse_bound(tokens, schedule) ==
              Approx(double(tokens - 1) * std::pow(0.75, 24)).epsilon(1e-14));
        CHECK(cdf(complement(d, 0)) <= collapse_bound(tokens, schedule));
    }
}

TEST_CASE("the collapse depth is the first depth at which the row has collapsed") {
    for (const std::int64_t tokens : {std::int64_t(2), std::int64_t(1000), std::int64_t(1000000000)}) {
        for (const double alpha : {0.05, 0.5, 1.0}) {
            for (const double epsilon : {0.5, 0.01, 1e-12}) {
                const std::int64_t depth = collapse_depth(tokens, alpha, epsilon);
                const auto rest = [&](std::int64_t h) {
                    return cdf(complement(
                        discrete_influence<>(tokens - 1, mixing_schedule<>::constant(Eigen::Index(h), alpha)),
                        0));
                };
                CAPTURE(tokens, alpha, epsilon, depth);
                CHECK(rest(depth) <= epsilon * (1 + 1e-12));
                CHECK(rest(depth - 1) > epsilon * (1 - 1e-12));
            }
        }
    }
    // The example of its documentation.
    const auto depth = static_cast<Eigen::Index>(cesaro::collapse_depth(131072, 0.3, 0.01));
    CHECK(first_token_influence(131072, mixing_schedule<>::constant(depth, 0.3)) >= 0.99);
    CHECK(first_token_influence(131072, mixing_schedule<>::constant(depth - 1, 0.3)) < 0.99);
    CHECK(collapse_depth(1, 0.5, 0.01) == 0);
    CHECK(collapse_depth(1000, 0.5, 1.0) == 0);
    // n (1 - alpha/2)^H = epsilon once the first eigenvalue below 1 rules: at no cost in H.
    CHECK(double(collapse_depth(1000, 1e-6, 1e-9)) == Approx(2 * std::log(1e12) / 1e-6).epsilon(0.005));
}

TEMPLATE_TEST_CASE("the collapse of two tokens, down to the least normal epsilon", "", float, double,
                   long double) {
    // P(m >= 1) is the mean position, (1 - alpha/2)^H.
    using Real = TestType;
    const Real least = std::numeric_limits<Real>::min();
    for (const Real alpha : {Real(1e-3L), Real(0.3L), Real(1)}) {
        for (const Real epsilon : {Real(1e-3L), Real(1000 * least), least}) {
            const float100 exact = ceil(log(float100(epsilon)) / log1p(-float100(alpha) / 2));
            CAPTURE(alpha, epsilon);
            CHECK(
                double(collapse_depth(2, alpha, epsilon)) ==
                Approx(double(exact)).epsilon(1e4 * double(std::numeric_limits<Real>::epsilon())).margin(1));
        }
        CHECK_THROWS_AS(collapse_depth(2, alpha, least / 2), std::domain_error);
    }
}

TEST_CASE("the collapse of a hop law that no schedule has") {
    const hop_law<> hops{0.5, 0.0, 0.25};  // a quarter is lost
    // M² of three tokens, last row: 11/18, 5/18, 1/9.
    CHECK(first_token_influence(3, hops) == Approx(0.25 * 11 / 18).epsilon(1e-15));
    CHECK(collapse_bound(3, hops) == Approx(2 * (0.5 + 0.25 / 4)).epsilon(1e-15));
}

TEST_CASE("collapse outside its domain") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto schedule = mixing_schedule<>::constant(3, 0.5);
    CHECK_THROWS_AS(first_token_influence(0, schedule), std::domain_error);
    CHECK_THROWS_WITH(first_token_influence((std::int64_t(1) << 62) + 1, schedule),
                      "cesaro::first_token_influence: tokens = 4611686018427387905 must lie in [1, 2^62]");
    CHECK_THROWS_WITH(collapse_bound(0, schedule),
                      "cesaro::collapse_bound: tokens = 0 must lie in [1, 2^62]");
    CHECK_THROWS_WITH(collapse_depth((std::int64_t(1) << 62) + 1, 0.5, 0.1),
                      "cesaro::collapse_depth: tokens = 4611686018427387905 must lie in [1, 2^62]");
    CHECK(first_token_influence(std::int64_t(1) << 62, schedule) > 0);
    CHECK_THROWS_AS(collapse_depth(0, 0.5, 0.1), std::domain_error);
    CHECK_THROWS_AS(collapse_depth(10, 0.0, 0.1), std::domain_error);
    CHECK_THROWS_AS(collapse_depth(10, nan, 0.1), std::domain_error);
    CHECK_THROWS_AS(collapse_depth(10, 0.5, 0.0), std::domain_error);
}
