// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/landmarks.hpp>

#include <boost/math/special_functions/factorials.hpp>

#include <cmath>
#include <limits>

using namespace cesaro;
using namespace cesaro_test;

TEST_CASE("the primacy tail leads the density as x tends to 0") {
    // The next term is of relative order 1/u: in binary floats of wide range u goes to a million.
    const auto schedule = mixing_schedule<float50>::constant(6, float50(1) / 4);
    const continuum_influence<float50> c(schedule);
    double previous = 0;
    for (const double u : {1e4, 1e5, 1e6}) {
        const float50 x = exp(float50(-u));
        const double excess = double(float50(pdf(c, x) / primacy_tail(schedule, x) - 1));
        if (previous != 0) CHECK(previous / excess == Approx(10).epsilon(0.02));
        previous = excess;
    }
    CHECK(previous < 1e-4);
    // Attention only: the tail is the density.
    const auto attention = mixing_schedule<>::attention_only(7);
    CHECK(primacy_tail(attention, 0.3) == Approx(pdf(continuum_influence<>(attention), 0.3)).epsilon(1e-15));
    CHECK(primacy_tail(attention, 0.3) == Approx(dead_zone(7, 0.3)).epsilon(1e-15));
}

TEST_CASE("the dead zone is factorially small from 1/e on") {
    for (const Eigen::Index depth : {1, 2, 12, 96, 160}) {
        const double bound = 1 / boost::math::factorial<double>(unsigned(depth) - 1);
        CHECK(dead_zone(depth, std::exp(-1.0)) == Approx(bound).epsilon(1e-13));
        for (const double x : {0.37, 0.5, 0.9, 1.0})
            CHECK(dead_zone(depth, x) <= bound);
        CHECK(dead_zone(depth, 0.5) ==
              Approx(std::pow(std::log(2), double(depth) - 1) * bound).epsilon(1e-13));
    }
    CHECK(dead_zone(0, 0.5) == 0);
}

TEST_CASE("primacy tails whose factors leave the range of the scalar in any order") {
    const auto exact = [](const Eigen::VectorXd& alphas, double x) {
        float100 product(1);
        const float100 u = -log(float100(x));
        for (Eigen::Index k = 1; k < alphas.size(); ++k)
            product *= u / k;
        for (const double alpha : alphas)
            product *= alpha;
        return product;
    };
    const double least = std::numeric_limits<double>::denorm_min();
    Eigen::VectorXd alphas = Eigen::VectorXd::Constant(402, 1.0);
    alphas.head(2).setConstant(1e-200);
    for (int turn = 0; turn < 2; ++turn) {
        CHECK(error_in_epsilons(primacy_tail(mixing_schedule<>(alphas), 1e-300), exact(alphas, 1e-300)) <
              804);
        alphas.reverseInPlace();
    }
    // u^{H-1} / (H-1)! is beyond the largest double here.
    alphas = Eigen::VectorXd::Constant(760, 1.0);
    CHECK(dead_zone(760, least) == std::numeric_limits<double>::infinity());
    alphas[3] = 1e-30;
    CHECK(error_in_epsilons(primacy_tail(mixing_schedule<>(alphas), least), exact(alphas, least)) < 1520);
    alphas[3] = 1;
    alphas[759] = 0;
    CHECK(primacy_tail(mixing_schedule<>(alphas), least) == 0);
    CHECK(error_in_epsilons(dead_zone(1000, 1e-320), exact(Eigen::VectorXd::Ones(1000), 1e-320)) < 2000);
}

TEST_CASE("landmarks of a hop law that no schedule has") {
    const hop_law<> hops{0.25, 0.0, 0.125, 0.0625};  // 0.5625 is lost
    CHECK(recency_delta(hops) == 0.25);
    const double u = std::log(1 / 0.3);
    CHECK(primacy_tail(hops, 0.3) == Approx(0.0625 * u * u / 2).epsilon(1e-15));
    CHECK(valley(hops, 0.3) == Approx(0.125 * u + 0.0625 * u * u / 2).epsilon(1e-15));
    CHECK(primacy_tail(hop_law<>{1.0}, 0.3) == 0);
}

TEST_CASE("residual connections fill the valley") {
    const auto schedule = mixing_schedule<>::constant(96, 0.3);
    CHECK(valley(schedule, 0.5) == Approx(4.6e-11).epsilon(0.01));
    CHECK(1 / boost::math::factorial<double>(95) == Approx(9.7e-149).epsilon(0.01));
    CHECK(valley(schedule, 0.5) == pdf(continuum_influence<>(schedule), 0.5));
    CHECK(recency_delta(schedule) == Approx(std::pow(0.7, 96)).epsilon(1e-13));
    CHECK(recency_delta(mixing_schedule<>::constant(24, 0.5)) == std::pow(0.5, 24));
    CHECK(recency_delta(hop_law<>(schedule)) == Approx(recency_delta(schedule)).epsilon(1e-13));
}

TEST_CASE("Perron's asymptotics tend to the valley with depth, at the rate 1/sqrt(H)") {
    for (const double alpha : {0.1, 0.5}) {
        double previous = 0;
        for (const Eigen::Index depth : {100, 400, 1600}) {
            const auto schedule = mixing_schedule<float50>::constant(depth, float50(alpha));
            const float50 exact = valley(schedule, float50(0.3));
            const double error =
                double(float50(valley_asymptotic(depth, float50(alpha), float50(0.3)) / exact - 1));
            if (previous != 0) CHECK(previous / error == Approx(2).epsilon(0.1));
            previous = error;
        }
        CHECK(std::abs(previous) < 0.02);
    }
    CHECK(std::isfinite(valley_asymptotic(100000, 0.9, 0.5)));
    const double least = std::numeric_limits<double>::denorm_min();  // whose products are subnormal
    CHECK(valley_asymptotic(12, least, least) ==
          Approx(double(valley_asymptotic(12, float50(least), float50(least)))).epsilon(1e-14));
}

TEST_CASE("landmarks reject what is outside their domains") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto schedule = mixing_schedule<>::constant(3, 0.5);
    for (const double x : {0.0, -0.5, 1.5, nan}) {
        CHECK_THROWS_AS(primacy_tail(schedule, x), std::domain_error);
        CHECK_THROWS_AS(dead_zone(3, x), std::domain_error);
        CHECK_THROWS_AS(valley(schedule, x), std::domain_error);
        CHECK_THROWS_AS(valley_asymptotic(3, 0.5, x), std::domain_error);
    }
    CHECK_THROWS_AS(dead_zone(-1, 0.5), std::domain_error);
    CHECK_THROWS_AS(valley_asymptotic(0, 0.5, 0.5), std::domain_error);
    CHECK_THROWS_AS(valley_asymptotic(3, 1.0, 0.5), std::domain_error);
    CHECK_THROWS_AS(valley_asymptotic(3, 0.5, 1.0), std::domain_error);
    CHECK(primacy_tail(mixing_schedule<>::attention_only(0), 0.5) == 0);
}

TEST_CASE("the example of valley") {
    const auto schedule = cesaro::mixing_schedule<>::constant(96, 0.3);
    const double filled = cesaro::valley(schedule, 0.5);
    const double empty = cesaro::dead_zone(96, 0.5);
    CHECK(filled == Approx(4.6e-11).epsilon(0.01));
    CHECK(empty == Approx(7.3e-164).epsilon(0.01));
}
