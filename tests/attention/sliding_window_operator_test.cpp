// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "laws/operators.hpp"

#include <cesaro/attention/sliding_window_operator.hpp>

using cesaro::sliding_window_operator;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<sliding_window_operator<double>>);
static_assert(cesaro::attention_operator<sliding_window_operator<rational>>);

namespace {
dense50 dense_window(Eigen::Index size, Eigen::Index window) {
    return normalised_rows(
        size, [&](Eigen::Index n, Eigen::Index m) { return float50(m <= n && n - m < window ? 1 : 0); });
}
}  // namespace

TEMPLATE_TEST_CASE("sliding windows are products with their definition", "", float, double, long double,
                   float50) {
    for (const Eigen::Index size : {1, 2, 7, 30}) {
        for (const Eigen::Index window : {1, 2, 3, 6, 7, 8, 15, 29, 30, 1000}) {
            CAPTURE(size, window);
            const sliding_window_operator<TestType> op(size, window);
            CHECK(operator_error(op, dense_window(size, window)) < 16 + double(std::min(window, size)));
        }
    }
}

TEST_CASE("sliding windows of rationals are exact") {
    for (const Eigen::Index window : {1, 2, 4, 5, 11, 20})
        check_exact(sliding_window_operator<rational>(11, window));
}

TEST_CASE("a running window neither cancels nor drifts") {
    // A value of 1e16 that has left the window must leave no trace in later sums.
    Eigen::VectorXd x = Eigen::VectorXd::Constant(100, 1e-3);
    x[10] = 1e16;
    const Eigen::VectorXd y = sliding_window_operator<>(100, 7).apply(x);
    for (Eigen::Index n = 17; n < 100; ++n)
        CHECK(error_in_epsilons(y[n], 1e-3) < 8);
}

TEST_CASE("arguments of sliding windows") {
    check_arguments(sliding_window_operator<>(23, 5));
    CHECK(sliding_window_operator<>(23, cesaro::sliding_window_operator<>(23, 1000).window()).window() == 23);
    CHECK(sliding_window_operator<>(0, 3).matrix().size() == 0);
    CHECK(sliding_window_operator<>(0, 3).apply(Eigen::VectorXd(0)).size() == 0);
    CHECK(sliding_window_operator<>(0, 3).centre_size() == 0);
    CHECK_THROWS_AS(sliding_window_operator<>(4, 0), std::domain_error);
    CHECK_THROWS_AS(sliding_window_operator<>(-1, 1), std::domain_error);
    CHECK_THROWS_AS(sliding_window_operator<>(Eigen::Index(1) << 40, 3).matrix(), std::length_error);
}

TEST_CASE("the example of sliding_window_operator") {
    const cesaro::sliding_window_operator<> window(1000, 128);
    const Eigen::VectorXd means = window.apply(Eigen::VectorXd::LinSpaced(1000, 0, 999));
    // means[500] is the mean of 373 .. 500, 436.5
    CHECK(means[500] == Approx(436.5).epsilon(1e-14));
}
