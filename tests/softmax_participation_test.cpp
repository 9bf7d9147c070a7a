// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"

#include <cesaro/softmax_participation.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

using cesaro::softmax_participation;

TEST_CASE("participation of two scores is a single integral") {
    // A_1 is the logistic function of the difference, of variance 2 tau
    for (const double tau : {0.01, 1.0, 30.0}) {
        double sum = 0;
        for (double g = -12; g <= 12; g += 1e-3) {
            const double a = 1 / (1 + std::exp(-std::sqrt(2 * tau) * g));
            sum += (a * a + (1 - a) * (1 - a)) * std::exp(-g * g / 2) * 1e-3;
        }
        CHECK(std::abs(softmax_participation(2, tau) * std::sqrt(2 * std::acos(-1.0)) / sum - 1) < 1e-12);
    }
}

TEST_CASE("participation: simulated, and to first order") {
    std::mt19937_64 engine(3);
    std::normal_distribution<double> normal;
    for (const double tau : {0.5, 4.0}) {
        const int samples = 20000;
        double mean = 0;
        for (int s = 0; s < samples; ++s) {
            double sum = 0, squares = 0;
            for (int j = 0; j < 40; ++j) {
                const double w = std::exp(std::sqrt(tau) * normal(engine));
                sum += w;
                squares += w * w;
            }
            mean += squares / (sum * sum) / samples;
        }
        CHECK(softmax_participation(40, tau) == Approx(mean).epsilon(0.02));
    }
    const double small = 1e-7;
    CHECK(softmax_participation(50, small) * 50 - 1 == Approx(small * (1 - 1.0 / 50)).epsilon(1e-5));
}

TEST_CASE(
    "participation: double agrees with long double, from one position to 2^62, from even to frozen weights") {
    for (const std::int64_t count :
         {std::int64_t(2), std::int64_t(1000), std::int64_t(1) << 40, std::int64_t(1) << 62}) {
        double before = 1 / double(count);
        for (const double tau : {1e-6, 0.1, 1.0, 10.0, 100.0, 1000.0}) {
            const double p = softmax_participation(count, tau);
            CAPTURE(count, tau);
            if (tau <= 100) {
                const long double finer = softmax_participation(count, static_cast<long double>(tau));
                CHECK(std::abs(static_cast<double>(p / finer - 1)) < 1e-12);
            }
            CHECK(p > before);
            CHECK(p < 1);
            before = p;
        }
        CHECK(softmax_participation(count, 0.0) == 1 / double(count));
    }
    CHECK(softmax_participation(1, 3.0) == 1);
}

TEST_CASE("the example of softmax_participation") {
    const double seen = 1 / cesaro::softmax_participation(8192, 10.73741824);  // 11.57 of 8192 positions
    CHECK(seen == Approx(11.57).epsilon(1e-3));
}

TEST_CASE("arguments of softmax_participation") {
    CHECK_THROWS_AS(softmax_participation(0, 1.0), std::domain_error);
    CHECK_THROWS_AS(softmax_participation(5, -1.0), std::domain_error);
    CHECK_THROWS_AS(softmax_participation(5, std::numeric_limits<double>::infinity()), std::domain_error);
    CHECK_THROWS_AS(softmax_participation(5, std::numeric_limits<double>::quiet_NaN()), std::domain_error);
}

TEST_CASE("moments of two and three scores, by integrals over the scores themselves") {
    // E sum_j A_j^2 (1 - 2 A_j + s), s = sum_i A_i^2, of scores (0, sqrt(tau) a, sqrt(tau) b), less the first
    const auto integrand = [](double first, double second, double third) {
        const double total = first + second + third;
        const double x = first / total, y = second / total, z = third / total;
        const double s = x * x + y * y + z * z;
        return std::pair(s, x * x * (1 - 2 * x + s) + y * y * (1 - 2 * y + s) + z * z * (1 - 2 * z + s));
    };
    constexpr double step = 1.0 / 16;
    for (const double tau : {1e-6, 0.003, 0.1, 1.0, 4.0}) {
        double squares2 = 0, centred2 = 0, squares3 = 0, centred3 = 0;
        for (int i = -160; i <= 160; ++i) {
            const double u = i * step, weight = step * std::exp(-u * u / 2) / std::sqrt(2 * std::acos(-1.0));
            const double a = std::sqrt(2 * tau) * u;
            const auto [s, d] = integrand(1, std::exp(a), 0);
            squares2 += weight * s;
            centred2 += weight * d;
            for (int j = -160; j <= 160; ++j) {
                const double v = j * step;
                const double both = weight * step * std::exp(-v * v / 2) / std::sqrt(2 * std::acos(-1.0));
                const double b = a / 2 + std::sqrt(1.5 * tau) * v;
                const auto [s3, d3] = integrand(1, std::exp(a), std::exp(b));
                squares3 += both * s3;
                centred3 += both * d3;
            }
        }
        const auto two = cesaro::detail::moments_of_softmax(2., tau, 36.);
        const auto three = cesaro::detail::moments_of_softmax(3., tau, 36.);
        CAPTURE(tau, two.centred / centred2 - 1, three.centred / centred3 - 1);
        CHECK(std::abs(two.squares / squares2 - 1) < 1e-13);
        CHECK(std::abs(three.squares / squares3 - 1) < 1e-13);
        CHECK(std::abs(two.centred / centred2 - 1) < 1e-11);
        CHECK(std::abs(three.centred / centred3 - 1) < 1e-11);
        // to the lower precision that tables are made with, as stated
        const double stated = 4096 * std::exp(-16.);
        CHECK(std::abs(cesaro::detail::moments_of_softmax(3., tau, 16.).centred / centred3 - 1) < stated);
    }
}
