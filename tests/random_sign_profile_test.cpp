// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/jacobian_profile.hpp>
#include <cesaro/position_gains.hpp>
#include <cesaro/random_sign_profile.hpp>

#include <cmath>
#include <stdexcept>

using namespace cesaro;
using namespace cesaro_test;

TEMPLATE_TEST_CASE("random signs and gains of positions in every scalar", "", float, long double, float50) {
    using Real = TestType;
    const Eigen::Index tokens = 3;
    // one hop, of a gain whose fourth power overflows in float; feed-forward without rows is none
    const Real gain = Real(1e30);
    const position_gains<Real> gains{Eigen::MatrixX<Real>::Constant(tokens, 1, gain),
                                     Eigen::MatrixX<Real>(0, 1)};
    const auto profile = jacobian_profile(gains);
    const auto estimate = random_sign_profile(gains, 4, 1);
    for (Eigen::Index m = 0; m + 1 < tokens; ++m) {
        CHECK(error_in_epsilons(profile[m], Real(gain / Real(3))) < 8);
        CHECK(error_in_epsilons(estimate.profile[m], Real(gain / Real(3))) < 8);
    }
}

TEST_CASE("random signs: gains of any scale, and those whose samples would overflow") {
    const Eigen::Index tokens = 6;
    for (const double gain : {1e-170, 1e-100, 1e100, 1e200}) {
        const position_gains<double> gains{Eigen::MatrixXd::Constant(tokens, 1, gain), {}};
        const auto estimate = random_sign_profile(gains, 50, 1);
        for (Eigen::Index m = 0; m + 1 < tokens; ++m) {  // one hop, whose square no sign changes
            CHECK(estimate.profile[m] == Approx(gain / double(tokens)).epsilon(1e-14));
            CHECK(estimate.standard_error[m] < 1e-15 * estimate.profile[m]);
        }
    }
    // Two layers of equal gains g >> 1: v = ±g M ± g M ± g² M², the last alone counts.
    const position_gains<double> large{Eigen::MatrixXd::Constant(tokens, 2, 1e100), {}};
    const auto estimate = random_sign_profile(large, 50, 1);
    const auto expected = jacobian_profile(large);
    for (Eigen::Index m = 0; m < tokens; ++m)
        CHECK(estimate.profile[m] == Approx(expected[m]).epsilon(1e-14));
    // Of few hops the errors scale with the gain.
    const position_gains<double> small{Eigen::MatrixXd::Constant(tokens, 2, 1e-120), {}};
    const position_gains<double> middle{Eigen::MatrixXd::Constant(tokens, 2, 1e-20), {}};
    const auto scaled_down = random_sign_profile(small, 50, 1);
    const auto at_hand = random_sign_profile(middle, 50, 1);
    for (Eigen::Index m = 0; m + 1 < tokens; ++m) {
        CHECK(scaled_down.profile[m] == Approx(at_hand.profile[m] * 1e-100).epsilon(1e-13));
        CHECK(scaled_down.standard_error[m] == Approx(at_hand.standard_error[m] * 1e-100).epsilon(1e-13));
        CHECK(scaled_down.standard_error[m] > 0);
    }
    const position_gains<double> too_large{Eigen::MatrixXd::Constant(tokens, 2, 1e200), {}};
    CHECK_THROWS_AS(random_sign_profile(too_large, 50, 1), std::domain_error);
}

TEST_CASE("random signs: constant gains give the closed form within their standard error") {
    const Eigen::Index tokens = 40;
    const Eigen::Vector4d gains(0.3, 0.9, 0.5, 1.2);
    position_gains<double> constant{gains.transpose().replicate(tokens, 1), {}};
    const auto estimate = random_sign_profile(constant, 20000, 1);
    const Eigen::VectorXd expected = jacobian_profile(tokens, gains);
    int outside = 0;
    for (Eigen::Index m = 0; m < tokens; ++m) {
        CHECK(std::abs(estimate.profile[m] - expected[m]) < 4.5 * estimate.standard_error[m]);
        CHECK(std::abs(estimate.profile[m] / expected[m] - 1) < 0.03);
        if (std::abs(estimate.profile[m] - expected[m]) > estimate.standard_error[m]) ++outside;
    }
    CHECK(outside > 0);  // the standard error is not absurdly large
    CHECK(random_sign_profile(constant, 50, 3).profile == random_sign_profile(constant, 50, 3).profile);
    CHECK(random_sign_profile(constant, 50, 3).profile != random_sign_profile(constant, 50, 4).profile);
}
