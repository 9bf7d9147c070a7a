// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "laws/operators.hpp"

#include <cesaro/attention/full_operator.hpp>

using cesaro::full_operator;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<full_operator<double>>);
static_assert(cesaro::attention_operator<full_operator<rational>>);

TEMPLATE_TEST_CASE("full attention is the product with its definition", "", float, double, long double,
                   float50) {
    for (const Eigen::Index size : {1, 2, 30}) {
        const dense50 dense = normalised_rows(size, [](Eigen::Index, Eigen::Index) { return float50(1); });
        CHECK(operator_error(full_operator<TestType>(size), dense) < double(size) + 4);
    }
}

TEST_CASE("full attention of rationals is exact") {
    check_exact(full_operator<rational>(7));
}

TEST_CASE("arguments of full attention") {
    check_arguments(full_operator<>(23));
    CHECK(full_operator<>(0).apply(Eigen::VectorXd(0)).size() == 0);
    CHECK(full_operator<rational>(0).diagonal().size() == 0);
    CHECK_THROWS_AS(full_operator<>(-1), std::domain_error);
    CHECK_THROWS_AS(full_operator<>(Eigen::Index(1) << 40).matrix(), std::length_error);
}

TEST_CASE("the example of full_operator") {
    const cesaro::full_operator<> encoder(512);
    const Eigen::VectorXd mean = encoder.apply(Eigen::VectorXd::LinSpaced(512, 0, 511));  // 255.5 everywhere
    CHECK(mean == Eigen::VectorXd::Constant(512, 255.5));
}
