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

TEST_CASE("intervals as narrow as roundings are not left, and steps may vanish") {
    const std::vector<double> measured{4, 2, 1};
    const double next = std::nextafter(1.3, 2.0);
    const auto inside = [&](double ratio) {
        CHECK((ratio >= 1.3 && ratio <= next));
        return Eigen::Vector3d(1, ratio, ratio * ratio);
    };
    const double ratio = fit_profile(measured, 1.3, next, inside, 33).parameter;
    CHECK((ratio >= 1.3 && ratio <= next));
    const auto constant = [](double) { return Eigen::Vector3d(1, 1, 1); };
    CHECK(fit_profile(measured, 0, std::numeric_limits<double>::denorm_min(), constant).parameter < 1e-300);
}

TEST_CASE("a theory is asked at the steps of the grid, and a few times more where it is smooth") {
    for (const double rate : {0.0, 0.3, 0.51, 0.77, 1.0}) {
        int asked = 0;
        const auto theory = [&asked](double t) {
            ++asked;
            return Eigen::VectorXd((Eigen::ArrayXd::LinSpaced(50, 0, 1) * -6 * t).exp());
        };
        Eigen::VectorXd measured = theory(rate);
        for (Eigen::Index m = 0; m < measured.size(); ++m)
            measured[m] *= 1 + 0.2 * std::sin(double(m * m));
        asked = 0;
        const profile_fit fit = fit_profile(measured, 0, 1, theory);
        CHECK(asked >= 33);
        CHECK(asked <= 40);
        CHECK(fit.wasserstein == wasserstein(measured, theory(fit.parameter)));
        asked = 0;
        CHECK(fit_profile(theory(rate), 0, 1, theory, 4).parameter == Approx(rate).margin(1e-8));
        CHECK(asked <= 16);
    }
}

namespace {

/// No parameter of a thousand, nor any near the fit, is nearer.
template <class Theory>
void check_least(const Eigen::VectorXd& measured, const Theory& theory, double tolerance) {
    const profile_fit fit = fit_profile(measured, 0, 1, theory);
    CHECK(fit.wasserstein == wasserstein(measured, theory(fit.parameter)));
    for (int i = 0; i <= 1000; ++i)
        CHECK(fit.wasserstein <= wasserstein(measured, theory(i / 1000.0)) + tolerance);
    for (const double near : {-1e-5, -1e-6, 1e-6, 1e-5}) {
        const double parameter = std::clamp(fit.parameter + near, 0.0, 1.0);
        CHECK(fit.wasserstein <= wasserstein(measured, theory(parameter)) + 1e-9);
    }
}

}  // namespace

TEST_CASE("of several least places the least is found, of smooth theories and of others") {
    const Eigen::ArrayXd x = Eigen::ArrayXd::LinSpaced(40, 0, 1);
    const auto waves = [&](double t) { return Eigen::VectorXd(1.2 + (12 * t + 3 * x).cos() * (1 + t) / 2); };
    const auto kinks = [&](double t) {
        return Eigen::VectorXd((-5 * std::abs(t - 0.4142) * x).exp() + 0.3 * x);
    };
    const auto steps = [&](double t) { return Eigen::VectorXd((-std::floor(11 * t) * x).exp()); };
    const auto jumps = [&](double t) {
        return Eigen::VectorXd(t < 0.618 ? Eigen::ArrayXd(1 + t * x) : 2 - t * x);
    };
    const Eigen::VectorXd noise = 1 + 0.3 * (700 * x.square()).sin();
    for (const double t : {0.03, 0.25, 0.4142, 0.618, 0.9}) {
        CAPTURE(t);
        check_least(waves(t).cwiseProduct(noise), waves, 1e-9);
        check_least(kinks(t).cwiseProduct(noise), kinks, 1e-6);
        check_least(steps(t).cwiseProduct(noise), steps, 1e-9);
        check_least(jumps(t), jumps, 1e-6);
    }
}

TEST_CASE("where all parameters are as near, the first is told") {
    const Eigen::Vector3d measured(1, 2, 5);
    const auto constant = [](double) { return Eigen::Vector3d(1, 1, 1); };
    const profile_fit fit = fit_profile(measured, 2, 3, constant);
    CHECK(fit.parameter == 2);
    CHECK(fit.wasserstein == wasserstein(measured, constant(2)));
    const profile_fit one =
        fit_profile(std::vector<double>{3}, 2, 3, [](double t) { return std::vector<double>{t}; });
    CHECK(one.parameter == 2);
    CHECK(one.wasserstein == 0);
}

TEST_CASE("sums near the ends of the range of double") {
    for (const double scale : {1e-320, 1e-300, 1e300}) {
        const Eigen::Vector3d measured(4 * scale, 2 * scale, scale);
        const auto powers = [scale](double t) {
            return Eigen::Vector3d(1 * scale, t * scale, t * t * scale);
        };
        CHECK(fit_profile(measured, 0.1, 2, powers).parameter == Approx(0.5).epsilon(1e-3));
    }
}

TEST_CASE("what a theory says is checked, and what it throws is the caller's") {
    const Eigen::Vector2d measured(1, 3);
    struct mine {};
    const auto throws = [](double t) { return t > 0.5 ? throw mine() : Eigen::Vector2d(1, 1); };
    const auto longer = [](double) { return Eigen::Vector3d(1, 1, 1); };
    const auto negative = [](double t) { return Eigen::Vector2d(1, 0.5 - t); };
    const auto not_a_number = [](double t) { return Eigen::Vector2d(1, t > 0.7 ? std::nan("") : 1); };
    const auto nothing = [](double) { return Eigen::Vector2d(0, 0); };
    CHECK_THROWS_AS(fit_profile(measured, 0, 1, throws), mine);
    CHECK_THROWS_AS(fit_profile(measured, 0, 1, longer), std::invalid_argument);
    CHECK_THROWS_AS(fit_profile(measured, 0, 1, negative), std::domain_error);
    CHECK_THROWS_AS(fit_profile(measured, 0, 1, not_a_number), std::domain_error);
    CHECK_THROWS_AS(fit_profile(measured, 0, 1, nothing), std::domain_error);
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
