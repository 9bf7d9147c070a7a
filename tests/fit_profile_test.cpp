// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"

#include <cesaro/fit_profile.hpp>
#include <cesaro/profile_distance.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace cesaro;

TEST_CASE("the fit is the least of the distances, on a grid and between its points") {
    const Eigen::Vector3d measured(2, 1, 3);
    const auto theory = [](double t) { return Eigen::Vector3d(1, t, t * t); };
    const profile_fit fit = fit_profile(measured, 0.1, 4, theory);
    CHECK(fit.wasserstein == wasserstein(measured, theory(fit.parameter)));
    for (double t = 0.1; t <= 4; t += 1.0 / 512)
        CHECK(fit.wasserstein <= wasserstein(measured, theory(t)) + 1e-9);
}

TEST_CASE("intervals without end are rejected, and wide ones searched") {
    const Eigen::Vector2d measured(1, 3);
    const auto theory = [](double t) {
        return Eigen::VectorXd(Eigen::Vector2d(1, t > 0 ? 1 + std::min(t, 4.0) : 1));
    };
    const double infinity = std::numeric_limits<double>::infinity();
    const double most = std::numeric_limits<double>::max();
    CHECK_THROWS_AS(fit_profile(measured, 1, 0, theory), std::domain_error);
    CHECK_THROWS_AS(fit_profile(measured, 0, 1, theory, 1), std::domain_error);
    CHECK_THROWS_AS(fit_profile(measured, -infinity, 1, theory), std::domain_error);
    CHECK_THROWS_AS(fit_profile(measured, -infinity, 1, [&](double) { return measured; }), std::domain_error);
    CHECK_THROWS_AS(fit_profile(measured, 0, infinity, theory), std::domain_error);
    CHECK_THROWS_AS(fit_profile(measured, 0, std::nan(""), theory), std::domain_error);
    CHECK(fit_profile(measured, 1, 4, theory).parameter == Approx(2).epsilon(1e-7));
    CHECK(fit_profile(measured, -most, most, theory).wasserstein < 0.1);
}

TEST_CASE("profiles may be ranges; one without entries is named") {
    const auto theory = [](double t) { return std::vector<double>{1, t}; };
    CHECK(fit_profile(std::vector<double>{1, 3}, 1, 4, theory).parameter == Approx(3).epsilon(1e-7));
    CHECK(fit_profile(std::vector<float>{1, 3}, 1, 4, theory).parameter == Approx(3).epsilon(1e-7));
    const std::vector<double> none;
    CHECK_THROWS_AS(fit_profile(none, 0, 1, theory), std::invalid_argument);
    CHECK_THROWS_WITH(fit_profile(none, 0, 1, theory),
                      "cesaro::fit_profile: measured.size() = 0 must be at least 1");
}

TEST_CASE("the example of fit_profile") {
    const std::vector<double> measured{4, 2, 1};
    const auto powers = [](double ratio) { return Eigen::Vector3d(1, ratio, ratio * ratio); };
    const double ratio = cesaro::fit_profile(measured, 0.1, 2, powers).parameter;  // 0.5
    CHECK(ratio == Approx(0.5).epsilon(1e-7));
}
