// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/fit_profile.hpp>

#include <cmath>

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
