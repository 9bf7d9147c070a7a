// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "dense_power.hpp"
#include "scalars.hpp"

#include <cesaro/influence_row.hpp>

#include <limits>

using cesaro::influence_row;
using cesaro::mixing_schedule;
using namespace cesaro_test;

TEMPLATE_TEST_CASE("the row is the last row of the dense power", "", float, double, long double, float50) {
    using Real = TestType;
    for (const Eigen::Index depth : {0, 1, 2, 7, 12}) {
        for (const Real& alpha : {Real(1), Real(Real(3) / Real(10)), Real(0)}) {
            const auto schedule = mixing_schedule<Real>::constant(depth, alpha);
            const Eigen::VectorX<Real> row = influence_row(40, schedule);
            const Eigen::MatrixX<Real> power = dense_power(40, depth, alpha);
            for (Eigen::Index m = 0; m < 40; ++m)
                CHECK(error_in_epsilons(row[m], power(39, m)) < 100);
        }
    }
}

TEST_CASE("rows of rationals are exact") {
    Eigen::VectorX<rational> alphas(4);
    alphas << rational(1, 2), rational(2, 3), rational(1), rational(1, 7);
    const mixing_schedule<rational> schedule(alphas);
    for (Eigen::Index tokens = 1; tokens <= 12; ++tokens) {
        const Eigen::VectorX<rational> row = influence_row(tokens, schedule);
        const Eigen::MatrixX<rational> power = dense_network(tokens, schedule);
        for (Eigen::Index m = 0; m < tokens; ++m)
            CHECK(row[m] == power(tokens - 1, m));
    }
    // Attention only, two layers, three tokens: (1 + 1/2 + 1/3, 1/2 + 1/3, 1/3) / 3.
    const auto row = influence_row(3, mixing_schedule<rational>::attention_only(2));
    CHECK(row[0] == rational(11, 18));
    CHECK(row[1] == rational(5, 18));
    CHECK(row[2] == rational(1, 9));
}

TEMPLATE_TEST_CASE("rows are distributions with the moments of the theory", "", float, double, long double,
                   float50) {
    using Real = TestType;
    const Eigen::Index tokens = 777;
    const auto schedule = mixing_schedule<Real>::power_decay(9, Real(1), Real(Real(1) / Real(2)));
    const Eigen::VectorX<Real> row = influence_row(tokens, schedule);
    Real total(0);
    Real first(0);
    Real second(0);
    for (Eigen::Index m = 0; m < tokens; ++m) {
        total += row[m];
        first += Real(m) * row[m];
        second += Real(m) * Real(m - 1) * row[m];
    }
    const Real n(tokens - 1);
    Real expected_first = n;
    Real expected_second = n * (n - 1);
    for (const Real& alpha : schedule.alphas()) {
        expected_first *= Real(1) - alpha / Real(2);
        expected_second *= Real(1) - Real(2) * alpha / Real(3);
    }
    CHECK(error_in_epsilons(total, 1) < 200);
    CHECK(error_in_epsilons(first, expected_first) < 200);
    CHECK(error_in_epsilons(second, expected_second) < 200);
}

TEST_CASE("double rows agree with 50 digits at every position") {
    for (const auto& schedule :
         {mixing_schedule<>::attention_only(24), mixing_schedule<>::constant(96, 0.25)}) {
        const Eigen::VectorXd row = influence_row(3000, schedule);
        const mixing_schedule<float50> exact_schedule(schedule.alphas().cast<float50>());
        const Eigen::VectorX<float50> exact = influence_row(3000, exact_schedule);
        double worst = 0;
        for (Eigen::Index m = 0; m < 3000; ++m)
            worst = std::max(worst, error_in_epsilons(row[m], exact[m]));
        CHECK(worst < 500);
    }
}

TEST_CASE("the edges of the domain") {
    CHECK(influence_row(1, mixing_schedule<>::constant(6, 0.5))[0] == Approx(1).epsilon(1e-15));
    CHECK(influence_row(1, mixing_schedule<>::constant(0, 0.5))[0] == 1);
    CHECK(influence_row(4, mixing_schedule<>::constant(0, 0.5)) == Eigen::Vector4d(0, 0, 0, 1));
    CHECK(influence_row(4, mixing_schedule<>::constant(3, 0.0)) == Eigen::Vector4d(0, 0, 0, 1));
    CHECK(influence_row(4, mixing_schedule<>::attention_only(1)) == Eigen::Vector4d::Constant(0.25));
}

TEST_CASE("the output may be a vector, a segment, a map or a column") {
    const auto schedule = mixing_schedule<>::constant(5, 0.4);
    const Eigen::VectorXd expected = influence_row(6, schedule);
    Eigen::VectorXd longer = Eigen::VectorXd::Constant(8, -1);
    influence_row(schedule, longer.segment(1, 6));
    CHECK(longer.segment(1, 6) == expected);
    CHECK(longer[0] == -1);
    CHECK(longer[7] == -1);
    double plain[6];
    influence_row(schedule, Eigen::Map<Eigen::VectorXd>(plain, 6));
    CHECK(Eigen::Map<Eigen::VectorXd>(plain, 6) == expected);
    Eigen::MatrixXd block(6, 2);
    influence_row(schedule, block.col(1));
    CHECK(block.col(1) == expected);
}

TEST_CASE("influence_row rejects what is not a row") {
    const auto schedule = mixing_schedule<>::constant(5, 0.4);
    Eigen::VectorXd empty(0);
    CHECK_THROWS_AS(influence_row(0, schedule), std::domain_error);
    CHECK_THROWS_AS(influence_row(-3, schedule), std::domain_error);
    CHECK_THROWS_AS(influence_row(schedule, empty), std::domain_error);
    CHECK_THROWS_AS(influence_row(Eigen::Index(1) << 62, schedule), std::length_error);
}
