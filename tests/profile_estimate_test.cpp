// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/detail/scaled.hpp>
#include <cesaro/profile_estimate.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

using cesaro::profile_estimate;
using cesaro::detail::root_mean;
using namespace cesaro_test;

TEMPLATE_TEST_CASE("the root of a mean, and its standard error by the delta method", "", float, double,
                   long double) {
    using Real = TestType;
    auto random = random_engine();
    std::exponential_distribution<double> draw;
    const Eigen::Index size = 5;
    const int count = 40;
    std::vector<Eigen::VectorX<Real>> samples;
    root_mean<Real> mean;
    for (int i = 0; i < count; ++i) {
        samples.push_back(Eigen::VectorX<Real>(size));
        for (Eigen::Index m = 0; m < size; ++m)  // those of the last position differ little
            samples.back()[m] = Real(m + 1 < size ? draw(random) : 1000 + 1e-2 * draw(random));
        mean.add(samples.back());
    }
    const profile_estimate<Real> estimate = mean.template estimate<Real>();
    for (Eigen::Index m = 0; m < size; ++m) {
        float100 sum = 0;
        float100 squares = 0;
        for (const auto& sample : samples)
            sum += float100(sample[m]);
        const float100 average = sum / count;
        for (const auto& sample : samples)
            squares += (float100(sample[m]) - average) * (float100(sample[m]) - average);
        const float100 of_mean = sqrt(float100(squares / (count - 1) / count));
        CAPTURE(m);
        CHECK(error_in_epsilons(estimate.profile[m], float100(sqrt(average))) < 4);
        // d sqrt(x) = dx / (2 sqrt(x)); squares less the square of the mean would lose 1e10 epsilons of the last.
        const double rounding = m + 1 < size ? 16 : 1e6;
        CHECK(error_in_epsilons(estimate.standard_error[m], float100(of_mean / (2 * sqrt(average)))) <
              rounding);
    }
}

TEST_CASE("one sample tells no error, what is never reached has none, and no range is left") {
    using cesaro::detail::scaled;
    root_mean<double> mean;
    mean.add(Eigen::Vector2d(4, 0));
    CHECK(mean.estimate<double>().profile == Eigen::Vector2d(2, 0));
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(mean.estimate<double>().standard_error == Eigen::Vector2d(infinity, infinity));
    mean.add(Eigen::Vector2d(4, 0));
    CHECK(mean.estimate<double>().profile == Eigen::Vector2d(2, 0));
    CHECK(mean.estimate<double>().standard_error == Eigen::Vector2d(0, 0));
    // The samples 1e-400 and 3e-400, and a hundred orders beyond the largest double.
    for (const double size : {1e-200, 1e204}) {
        root_mean<scaled<double>> wide;
        for (const double factor : {1.0, 3.0})
            wide.add(Eigen::VectorX<scaled<double>>::Constant(
                1, scaled<double>(factor) * scaled<double>(size) * scaled<double>(size)));
        const profile_estimate<double> estimate = wide.estimate<double>();
        CHECK(estimate.profile[0] == Approx(std::sqrt(2.0) * size).epsilon(1e-15));
        CHECK(estimate.standard_error[0] == Approx(size / (2 * std::sqrt(2.0))).epsilon(1e-15));
    }
}

TEST_CASE("what is not a number stays so") {
    root_mean<double> mean;
    mean.add(Eigen::VectorXd::Constant(1, std::nan("")));
    mean.add(Eigen::VectorXd::Constant(1, 1.0));
    CHECK(std::isnan(mean.estimate<double>().profile[0]));
}
