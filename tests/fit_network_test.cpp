// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"

#include <cesaro/fit_network.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/position_gains.hpp>
#include <cesaro/profile_distance.hpp>

#include <Eigen/Core>

#include <cmath>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

using namespace cesaro;

TEST_CASE("a profile of a network gives back its parameter") {
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
}

TEST_CASE("measured profiles may be ranges and of other scalars") {
    const Eigen::VectorXd row = influence_row(60, mixing_schedule<double>::constant(12, 0.31));
    const profile_fit expected = fit_constant_mixing(row, 12);
    const std::vector<double> owned(row.begin(), row.end());
    CHECK(fit_constant_mixing(owned, 12).parameter == expected.parameter);
    CHECK(fit_constant_mixing(std::span<const double>(owned), 12).parameter == expected.parameter);
    CHECK(fit_constant_mixing(row.transpose(), 12).parameter == expected.parameter);
    CHECK(fit_constant_mixing(row.cast<float>(), 12).parameter == Approx(0.31).epsilon(1e-5));
    CHECK(fit_constant_mixing(std::vector<float>(row.begin(), row.end()), 12).parameter ==
          Approx(0.31).epsilon(1e-5));
    const Eigen::VectorXd gains = Eigen::VectorXd::Constant(6, 0.5);
    const Eigen::VectorXd norms = jacobian_profile(40, gains);
    CHECK(fit_gain_factor(std::vector<double>(norms.begin(), norms.end()), gains).parameter ==
          fit_gain_factor(norms, gains).parameter);
}

TEST_CASE("fits name the function that was called, and the argument") {
    const auto message = [](const auto& call) {
        try {
            call();
        } catch (const std::invalid_argument& error) {
            return "invalid argument: " + std::string(error.what());
        } catch (const std::domain_error& error) {
            return "domain error: " + std::string(error.what());
        }
        return std::string();
    };
    const std::vector<double> none;
    const std::vector<double> measured{1, 2, 3};
    const position_gains<double> gains{Eigen::MatrixXd::Ones(4, 2), Eigen::MatrixXd(0, 0)};
    CHECK(message([&] { (void)fit_constant_mixing(none, 3); }) ==
          "invalid argument: cesaro::fit_constant_mixing: measured.size() = 0 must be at least 1");
    CHECK(message([&] { (void)fit_gain_factor(none, Eigen::VectorXd::Ones(2)); }) ==
          "invalid argument: cesaro::fit_gain_factor: measured.size() = 0 must be at least 1");
    CHECK(message([&] { (void)fit_gain_factor(none, gains); }) ==
          "invalid argument: cesaro::fit_gain_factor: measured.size() = 0 must be at least 1");
    CHECK(message([&] { (void)fit_gain_factor(measured, gains); }) ==
          "invalid argument: cesaro::fit_gain_factor: rows of gains.attention = 4 must be 3");
    CHECK(message([&] { (void)fit_gain_factor(measured, Eigen::Vector2d(1, -1)); }) ==
          "domain error: cesaro::fit_gain_factor: gains[1] = -1 must be finite and not negative");
    const position_gains<double> wrong{Eigen::MatrixXd::Constant(3, 2, -1), Eigen::MatrixXd(0, 0)};
    CHECK(
        message([&] { (void)fit_gain_factor(measured, wrong); }) ==
        "domain error: cesaro::fit_gain_factor: gains.attention(0, 0) = -1 must be finite and not negative");
    CHECK(message([&] { (void)fit_constant_mixing(measured, -1); }) ==
          "domain error: cesaro::fit_constant_mixing: depth = -1 must be at least 0");
}

TEST_CASE("the example of fit_constant_mixing") {
    const std::vector<double> norms{9, 3, 2, 1, 6};
    const auto [alpha, distance] = cesaro::fit_constant_mixing(norms, 12);
    const Eigen::VectorXd nearest = cesaro::influence_row(5, cesaro::mixing_schedule<>::constant(12, alpha));
    CHECK(distance == cesaro::wasserstein(norms, nearest));
}
