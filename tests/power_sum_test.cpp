// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/power_sum.hpp>

using cesaro::power_sum;
using namespace cesaro_test;

TEST_CASE("power sums of rationals are exact") {
    CHECK(power_sum<rational>(1, 4, 1) == rational(25, 12));
    CHECK(power_sum<rational>(2, 3, 3) == rational(35, 216));
    CHECK(power_sum<rational>(7, 7, 2) == rational(1, 49));
}

TEMPLATE_TEST_CASE("power sums agree with term by term addition", "", float, double, long double, float50) {
    // The oracle adds in 100 digits, term by term; the ranges straddle the start of the series.
    for (const Eigen::Index a : {1, 2, 20, 40, 200, 5000}) {
        for (const Eigen::Index length : {1, 2, 30, 400, 3000}) {
            for (const int r : {1, 2, 3, 8, 21}) {
                float100 exact = 0;
                for (Eigen::Index i = a; i < a + length; ++i)
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
    for (const Eigen::Index a :
         {Eigen::Index(3), (Eigen::Index(1) << 53) + 1, (Eigen::Index(1) << 60) + 77}) {
        for (const Eigen::Index length : {Eigen::Index(2), Eigen::Index(100), Eigen::Index(1) << 61}) {
            for (const int r : {1, 2, 15}) {
                const Eigen::Index c = a + length / 2;
                const float100 whole =
                    power_sum<float100>(a, c, r) + power_sum<float100>(c + 1, a + length, r);
                CAPTURE(a, length, r);
                CHECK(error_in_epsilons(power_sum<double>(a, a + length, r), whole) < 4);
            }
        }
    }
}

TEST_CASE("power sums underflow gracefully and reject bad ranges") {
    const Eigen::Index most = Eigen::Index(1) << 62;
    CHECK(power_sum<double>(most, most, 30) == 0);
    CHECK(power_sum<double>(1, most, 100000) == 1);
    CHECK(power_sum<double>(1, most, 2) == Approx(1.6449340668482264).epsilon(1e-15));
    CHECK_THROWS_AS(power_sum<double>(0, 4, 1), std::domain_error);
    CHECK_THROWS_AS(power_sum<double>(5, 4, 1), std::domain_error);
    CHECK_THROWS_AS(power_sum<double>(1, 4, 0), std::domain_error);
    CHECK_THROWS_AS(power_sum<double>(1, most + 1, 1), std::domain_error);
}
