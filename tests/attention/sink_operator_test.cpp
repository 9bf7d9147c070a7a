// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "laws/operators.hpp"

#include <cesaro/attention/prefix_operator.hpp>
#include <cesaro/attention/sink_operator.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>

using cesaro::sink_operator;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<sink_operator<double>>);
static_assert(cesaro::attention_operator<sink_operator<rational>>);

TEMPLATE_TEST_CASE("a sink is the product with its definition", "", float, double, long double, float50) {
    using Real = TestType;
    const Eigen::Index size = 20;
    for (const int eighths : {0, 1, 5, 8}) {
        const Real weight = Real(eighths) / Real(8);
        const dense50 inner = normalised_rows(
            size, [](Eigen::Index n, Eigen::Index m) { return float50(m <= n && n - m < 6 ? 1 : 0); });
        dense50 dense = inner * float50(float50(1) - float50(weight));
        for (Eigen::Index n = 0; n < size; ++n)
            dense(n, 0) += float50(weight);
        const sink_operator<Real> op(cesaro::sliding_window_operator<Real>(size, 6), weight);
        CHECK(operator_error(op, dense) < 30);
    }
}

TEST_CASE("sinks of rationals are exact, also over one another") {
    const sink_operator<rational> once(cesaro::prefix_operator<rational>(9, 4), rational(1, 3));
    const sink_operator<rational> twice(once, rational(1, 4));
    const sink_operator<rational> equivalent(once.inner(), rational(1, 2));  // 1 - 2/3 · 3/4
    check_exact(once);
    check_exact(twice);
    CHECK(same_matrix(twice, equivalent));
}

TEST_CASE("arguments of sinks") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const cesaro::cesaro_operator<> inner(13);
    check_arguments(sink_operator<>(inner, 0.25));
    CHECK(sink_operator<>(cesaro::cesaro_operator<>(0), 0.25).apply(Eigen::VectorXd(0)).size() == 0);
    CHECK(sink_operator<>(cesaro::cesaro_operator<>(0), 0.25).apply_transpose(Eigen::VectorXd(0)).size() ==
          0);
    CHECK_THROWS_AS(sink_operator<>(inner, -0.1), std::domain_error);
    CHECK_THROWS_AS(sink_operator<>(inner, 1.1), std::domain_error);
    CHECK_THROWS_AS(sink_operator<>(inner, nan), std::domain_error);
}

TEST_CASE("the example of sink_operator") {
    const cesaro::sink_operator<> head(cesaro::cesaro_operator<>(1000), 0.3);
    const double first = head.apply_transpose(Eigen::VectorXd::Unit(1000, 999))[0];  // 0.3 + 0.7 / 1000
    CHECK(first == Approx(0.3 + 0.7 / 1000).epsilon(1e-14));
}
