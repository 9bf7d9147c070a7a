// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"
#include "sizes.hpp"

#include <cesaro/mixing_schedule.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

using cesaro::mixing_schedule;
using namespace cesaro_test;

TEMPLATE_TEST_CASE("constant schedules have binomial hops", "", float, double, long double, float50) {
    using Real = TestType;
    const Real alpha = Real(3) / Real(10);
    const auto schedule = mixing_schedule<Real>::constant(20, alpha);
    const auto w = schedule.hop_distribution();
    REQUIRE(w.size() == 21);
    float100 binomial = 1;  // C(20, k), exactly
    for (int k = 0; k <= 20; ++k) {
        const float100 exact =
            binomial * pow(float100(alpha), k) * pow(float100(1) - float100(alpha), 20 - k);
        CHECK(error_in_epsilons(w[k], exact) < 60);  // 3 roundings a layer
        binomial = binomial * (20 - k) / (k + 1);
    }
    CHECK(error_in_epsilons(w[0], schedule.recency_delta()) <= double(schedule.depth()));
}

TEST_CASE("the hop distribution of rationals is exact") {
    Eigen::VectorX<rational> alphas(3);
    alphas << rational(1, 2), rational(1, 3), rational(1, 5);
    const auto w = mixing_schedule<rational>(alphas).hop_distribution();
    CHECK(w[0] == rational(8, 30));
    CHECK(w[1] == rational(14, 30));  // (8 + 4 + 2) / 30
    CHECK(w[2] == rational(7, 30));   // (4 + 2 + 1) / 30
    CHECK(w[3] == rational(1, 30));
}

TEST_CASE("schedules from ranges and braced lists, compared and put one after the other") {
    const std::vector<double> list{0.3, 0.2, 0.7};
    const mixing_schedule<> schedule{0.3, 0.2, 0.7};
    CHECK(schedule.depth() == 3);
    CHECK(schedule.alphas() == Eigen::Vector3d(0.3, 0.2, 0.7));
    CHECK(schedule == mixing_schedule<>(list));
    CHECK(schedule == mixing_schedule<>(std::span<const double>(list)));
    CHECK(schedule == mixing_schedule<>(Eigen::Vector3d(0.3, 0.2, 0.7)));
    CHECK_FALSE(schedule == mixing_schedule<>{0.2, 0.3, 0.7});
    CHECK_FALSE(schedule == mixing_schedule<>{0.3, 0.2});
    CHECK(mixing_schedule<>{} == mixing_schedule<>::attention_only(0));
    CHECK(mixing_schedule<>{0.3} * mixing_schedule<>{0.2, 0.7} == schedule);
    CHECK(mixing_schedule<>{} * schedule == schedule);
    STATIC_REQUIRE(std::is_same_v<decltype(mixing_schedule{0.5f}), mixing_schedule<float>>);
    STATIC_REQUIRE(std::is_same_v<decltype(mixing_schedule(list)), mixing_schedule<double>>);
    const auto zeros = Eigen::VectorXf::Zero(3);
    STATIC_REQUIRE(std::is_same_v<decltype(mixing_schedule(zeros)), mixing_schedule<float>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::vector<double>, mixing_schedule<>>);
    CHECK_THROWS_WITH((mixing_schedule<>{0.5, 1.5}),
                      "cesaro::mixing_schedule: alphas[1] = 1.5 must lie in [0, 1]");
}

TEST_CASE("named schedules") {
    CHECK(mixing_schedule<>::attention_only(4).alphas() == Eigen::VectorXd::Ones(4));
    CHECK(mixing_schedule<>::attention_only(4).recency_delta() == 0);
    CHECK(mixing_schedule<>::constant(0, 0.5).hop_distribution() == Eigen::VectorXd::Ones(1));
    const auto decay = mixing_schedule<>::power_decay(3, 1.5, 1.0).alphas();
    CHECK(decay[0] == 1);
    CHECK(decay[1] == 0.75);
    CHECK(decay[2] == 0.5);
    CHECK(mixing_schedule<>::power_decay(3, 0.5, 1e6).alphas()[2] == 0);
    CHECK(mixing_schedule<>::power_decay(3, 0.5, -1e6).alphas()[2] == 1);
    CHECK(mixing_schedule<>::power_decay(3, 0.0, -1e6).alphas()[2] == 0);
}

TEST_CASE("a decay whose power leaves the range of double while its quotient does not") {
    struct layer {
        Eigen::Index index;
        double alpha0, beta;
    };
    for (const auto& [l, alpha0, beta] :
         {layer{1, 1e300, 1030}, layer{2, 1e300, 700}, layer{2, 1e308, 1200}, layer{2, 5e-324, -675}}) {
        const float100 exact = float100(alpha0) / pow(float100(l + 1), beta);
        CAPTURE(l, alpha0, beta);
        CHECK(error_in_epsilons(mixing_schedule<>::power_decay(l + 1, alpha0, beta).alphas()[l], exact) < 4);
    }
}

TEST_CASE("schedules reject what is not a probability") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK_THROWS_AS(mixing_schedule<>::constant(3, 1.5), std::domain_error);
    CHECK_THROWS_AS(mixing_schedule<>::constant(3, -1e-300), std::domain_error);
    CHECK_THROWS_AS(mixing_schedule<>::constant(3, nan), std::domain_error);
    CHECK_THROWS_AS(mixing_schedule<>::constant(0, nan), std::domain_error);
    CHECK_THROWS_AS(mixing_schedule<>::constant(-1, 0.5), std::domain_error);
    CHECK_THROWS_AS(mixing_schedule<>::attention_only(-1), std::domain_error);
    CHECK_THROWS_AS(mixing_schedule<>::power_decay(3, nan, 1.0), std::domain_error);
    CHECK_THROWS_AS(mixing_schedule<>::power_decay(3, infinity, 1.0), std::domain_error);
    CHECK_THROWS_AS(mixing_schedule<>::power_decay(3, -0.1, 1.0), std::domain_error);
    CHECK_THROWS_AS(mixing_schedule<>::power_decay(3, 0.5, infinity), std::domain_error);
    try {
        mixing_schedule<>(Eigen::Vector3d(0.1, 0.2, 1.25));
        FAIL("accepted");
    } catch (const std::domain_error& error) {
        CHECK(std::string(error.what()) == "cesaro::mixing_schedule: alphas[2] = 1.25 must lie in [0, 1]");
    }
}

TEST_CASE("a depth that does not fit in memory") {
    if (!cesaro_test::vectors_can_exceed_memory) return;
    const volatile Eigen::Index depth = cesaro_test::too_many;  // else the compiler warns of the constant
    using schedule = cesaro::mixing_schedule<double>;
    CHECK_THROWS_AS(schedule::constant(depth, 0.5), std::length_error);
    CHECK_THROWS_AS(schedule::attention_only(depth), std::length_error);
    CHECK_THROWS_AS(schedule::power_decay(depth, 0.5, 1.0), std::length_error);
}
