// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"

#include <cesaro/detail/interruption.hpp>
#include <cesaro/fit_network.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/position_gains.hpp>
#include <cesaro/profile_distance.hpp>

#include <Eigen/Core>

#include <algorithm>
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

namespace {

/// Nearer than any of two thousand coefficients, at any of which there is a row.
void check_least_mixing(const Eigen::VectorXd& measured, Eigen::Index depth) {
    CAPTURE(measured.size(), depth);
    const auto distance = [&](double alpha) {
        return wasserstein(measured,
                           influence_row(measured.size(), mixing_schedule<double>::constant(depth, alpha)));
    };
    const profile_fit fit = fit_constant_mixing(measured, depth);
    CHECK(fit.wasserstein == distance(fit.parameter));
    double least = 1;
    for (int i = 0; i <= 2000; ++i)
        least = std::min(least, distance(i / 2000.0));
    CHECK(fit.wasserstein <= least + 1e-8);
}

}  // namespace

TEST_CASE("fits of many profiles are the least of dense scans") {
    for (const Eigen::Index tokens : {2, 100, 300, 700}) {
        const Eigen::ArrayXd x = Eigen::ArrayXd::LinSpaced(tokens, 0, 1);
        const Eigen::VectorXd spikes = ((31 * x).sin() > 0.99).select(x + 0.1, 1e-6);
        for (const Eigen::Index depth : {1, 12, 50}) {
            const Eigen::VectorXd row = influence_row(tokens, mixing_schedule<double>::constant(depth, 0.31));
            check_least_mixing(row, depth);
            check_least_mixing(row.array() * (1 + 0.5 * (900 * x.square()).sin()), depth);
            check_least_mixing(1 / (x + 0.01) + 0.5 / (1.01 - x), depth);
            check_least_mixing((-2 * x).exp(), depth);
            check_least_mixing(Eigen::VectorXd::Ones(tokens), depth);
            check_least_mixing(spikes, depth);
        }
    }
}

TEST_CASE("a fit of mixing looks at few rows") {
    for (const Eigen::Index depth : {1, 12, 24, 80}) {
        CAPTURE(depth);
        const Eigen::ArrayXd x = Eigen::ArrayXd::LinSpaced(1024, 0, 1);
        const Eigen::VectorXd row = influence_row(1024, mixing_schedule<double>::constant(depth, 0.1));
        static int rows;
        detail::interruption_point = [] { ++rows; };
        (void)influence_row(1024, mixing_schedule<double>::constant(depth, 0.1));
        const int each = 1 + rows;  // and once before it is asked for
        rows = 0;
        (void)fit_constant_mixing(row.array() * (1 + 0.5 * (900 * x.square()).sin()), depth);
        detail::interruption_point = [] {};
        CHECK(rows <= 6 * each);
        rows = 0;
    }
}

TEST_CASE("without layers, or without positions to choose from, the first coefficient is told") {
    CHECK(fit_constant_mixing(std::vector<double>{1, 2, 3}, 0).parameter == 0);
    CHECK(fit_constant_mixing(Eigen::VectorXd::Ones(500), 0).parameter == 0);
    CHECK(fit_constant_mixing(std::vector<double>{5}, 12).parameter == 0);
    CHECK(fit_constant_mixing(std::vector<double>{5}, 12).wasserstein == 0);
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
