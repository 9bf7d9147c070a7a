// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/fit_profile.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

using namespace cesaro;

TEST_CASE("a profile of the family gives back its parameter") {
    for (const double alpha : {0.0, 0.07, 0.31, 0.9, 1.0}) {
        const auto row = influence_row(200, mixing_schedule<double>::constant(12, alpha));
        const profile_fit fit = fit_constant_mixing(row, 12);
        CHECK(std::abs(fit.parameter - alpha) < 1e-6);
        CHECK(fit.wasserstein < 1e-6);
    }
    Eigen::VectorXd gains(4);
    gains << 2, 0.8, 0.5, 0.3;
    for (const double factor : {0.1, 0.9, 3.0}) {
        const Eigen::VectorXd profile = 7 * jacobian_profile(200, factor * gains);  // any scale
        const profile_fit fit = fit_gain_factor(profile, gains);
        CHECK(std::abs(fit.parameter / factor - 1) < 1e-6);
        CHECK(fit.wasserstein < 1e-6);
    }
    position_gains<double> varied{Eigen::MatrixXd(60, 3), Eigen::MatrixXd::Constant(60, 3, 0.2)};
    for (Eigen::Index m = 0; m < 60; ++m)
        varied.attention.row(m).setConstant(1 - 0.5 / double(m + 1));
    for (const double factor : {0.2, 1.0, 5.0}) {
        const position_gains<double> scaled{factor * varied.attention, factor * varied.feed_forward};
        const profile_fit fit = fit_gain_factor(jacobian_profile(scaled), varied);
        CHECK(std::abs(fit.parameter / factor - 1) < 1e-6);
        CHECK(fit.wasserstein < 1e-6);
    }
}

TEST_CASE("the fit is the least of the distances") {
    const Eigen::VectorXd measured = jacobian_profile(100, Eigen::VectorXd::Constant(6, 0.5));
    const profile_fit fit = fit_constant_mixing(measured, 6);
    const auto distance = [&](double alpha) {
        return wasserstein(measured, influence_row(100, mixing_schedule<double>::constant(6, alpha)));
    };
    CHECK(fit.wasserstein == distance(fit.parameter));
    for (double alpha = 0; alpha <= 1; alpha += 1.0 / 512)
        CHECK(fit.wasserstein <= distance(alpha) + 1e-9);
    CHECK_THROWS_AS(fit_profile(measured, 1, 0, [&](double) { return measured; }), std::domain_error);
    CHECK_THROWS_AS(fit_profile(
                        measured, 0, 1, [&](double) { return measured; }, 1),
                    std::domain_error);
}

TEST_CASE("intervals without end are rejected, and wide ones searched") {
    const Eigen::Vector2d measured(1, 3);
    const auto theory = [](double t) {
        return Eigen::VectorXd(Eigen::Vector2d(1, t > 0 ? 1 + std::min(t, 4.0) : 1));
    };
    const double infinity = std::numeric_limits<double>::infinity();
    const double most = std::numeric_limits<double>::max();
    CHECK_THROWS_AS(fit_profile(measured, -infinity, 1, theory), std::domain_error);
    CHECK_THROWS_AS(fit_profile(measured, -infinity, 1, [&](double) { return measured; }), std::domain_error);
    CHECK_THROWS_AS(fit_profile(measured, 0, infinity, theory), std::domain_error);
    CHECK_THROWS_AS(fit_profile(measured, 0, std::nan(""), theory), std::domain_error);
    CHECK(fit_profile(measured, 1, 4, theory).parameter == Approx(2).epsilon(1e-7));
    CHECK(fit_profile(measured, -most, most, theory).wasserstein < 0.1);
    try {
        fit_constant_mixing(Eigen::VectorXd(0), 3);
        FAIL("accepted");
    } catch (const std::invalid_argument& error) {
        CHECK(std::string(error.what()) == "cesaro::fit_profile: measured.size() = 0 must be at least 1");
    }
}
