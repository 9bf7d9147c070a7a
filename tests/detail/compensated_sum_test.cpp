// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/detail/compensated_sum.hpp>

#include <limits>

using cesaro::detail::compensated_sum;
using namespace cesaro_test;

TEMPLATE_TEST_CASE("a compensated sum is as if made in twice the precision", "", float, double, long double) {
    using Real = TestType;
    const Real epsilon = std::numeric_limits<Real>::epsilon();
    compensated_sum<Real> sum;
    CHECK(sum.value() == 0);
    sum += Real(1);
    for (int i = 0; i < 1000; ++i)
        sum += Real(epsilon / 4);  // each alone is lost in a plain sum
    CHECK(sum.value() == 1 + 250 * epsilon);
    // What is large comes after what is small, and leaves again.
    compensated_sum<Real> cancelled;
    for (const Real term : {Real(1), Real(1 / epsilon), Real(1), Real(-1 / epsilon)})
        cancelled += term;
    CHECK(cancelled.value() == 2);
}

TEST_CASE("a million floats, and ten to the sixth tenths") {
    compensated_sum<float> floats;
    compensated_sum<double> doubles;
    for (int i = 0; i < 1000000; ++i) {
        floats += 0.1f;
        doubles += 0.1;
    }
    CHECK(error_in_epsilons(floats.value(), float100(0.1f) * 1000000) <= 1);
    CHECK(error_in_epsilons(doubles.value(), float100(0.1) * 1000000) <= 1);
}

TEST_CASE("rationals stay exact, and what overflows is infinite") {
    compensated_sum<rational> exact;
    for (int i = 1; i <= 50; ++i)
        exact += rational(1, i * (i + 1));
    CHECK(exact.value() == rational(50, 51));
    compensated_sum<double> overflowing;
    for (int i = 0; i < 4; ++i)
        overflowing += (std::numeric_limits<double>::max)();
    CHECK(overflowing.value() == std::numeric_limits<double>::infinity());
}
