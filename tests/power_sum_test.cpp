// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/power_sum.hpp>

#include <cstdint>

using cesaro::power_sum;
using namespace cesaro_test;

TEST_CASE("power sums of rationals are exact") {
    CHECK(power_sum<rational>(1, 4, 1) == rational(25, 12));
    CHECK(power_sum<rational>(2, 3, 3) == rational(35, 216));
    CHECK(power_sum<rational>(7, 7, 2) == rational(1, 49));
}

TEMPLATE_TEST_CASE("power sums agree with term by term addition", "", float, double, long double, float50) {
    // The oracle adds in 100 digits, term by term; the ranges straddle the start of the series.
    for (const int a : {1, 2, 20, 40, 200, 5000}) {
        for (const int length : {1, 2, 30, 400, 3000}) {
            for (const int r : {1, 2, 3, 8, 21}) {
                float100 exact = 0;
                for (int i = a; i < a + length; ++i)
                    exact += pow(float100(i), -r);
                if (exact < float100((std::numeric_limits<TestType>::min)())) continue;
                CAPTURE(a, length, r);
                CHECK(error_in_epsilons(power_sum<TestType>(a, a + length - 1, r), exact) <
                      (std::is_floating_point_v<TestType> ? 4 : 40));
            }
        }
    }
}

TEST_CASE("power sums split anywhere, also where positions are no doubles") {
    // p(a..b) = p(a..c) + p(c+1..b), in 100 digits, against double; at 2^60 the neighbours of a double are
    // 256 positions apart.
    for (const std::int64_t a :
         {std::int64_t(3), (std::int64_t(1) << 53) + 1, (std::int64_t(1) << 60) + 77}) {
        for (const std::int64_t length : {std::int64_t(2), std::int64_t(100), std::int64_t(1) << 61}) {
            for (const int r : {1, 2, 15}) {
                const std::int64_t c = a + length / 2;
                const float100 whole =
                    power_sum<float100>(a, c, r) + power_sum<float100>(c + 1, a + length, r);
                CAPTURE(a, length, r);
                CHECK(error_in_epsilons(power_sum<double>(a, a + length, r), whole) < 4);
            }
        }
    }
}

TEST_CASE("power sums underflow gracefully and reject bad ranges") {
    const std::int64_t most = std::int64_t(1) << 62;
    CHECK(power_sum<double>(most, most, 30) == 0);
    CHECK(power_sum<double>(1, most, 100000) == 1);
    CHECK(power_sum<double>(1, most, 2) == Approx(1.6449340668482264).epsilon(1e-15));
    CHECK_THROWS_AS(power_sum<double>(0, 4, 1), std::domain_error);
    CHECK_THROWS_AS(power_sum<double>(5, 4, 1), std::domain_error);
    CHECK_THROWS_AS(power_sum<double>(1, 4, 0), std::domain_error);
    CHECK_THROWS_AS(power_sum<double>(1, most + 1, 1), std::domain_error);
}

TEST_CASE("the greatest power") {
    const int most = std::numeric_limits<int>::max();
    CHECK(cesaro::power_sum<double>(1, std::int64_t(1) << 62, most) == 1);
    CHECK(cesaro::power_sum<double>(2, 100, 1000) == Approx(std::ldexp(1.0, -1000)).epsilon(1e-14));
}
