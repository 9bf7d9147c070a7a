// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "laws/operators.hpp"

#include <cesaro/attention/full_operator.hpp>
#include <cesaro/attention/prefix_operator.hpp>
#include <cesaro/cesaro_operator.hpp>

using cesaro::prefix_operator;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<prefix_operator<double>>);
static_assert(cesaro::attention_operator<prefix_operator<rational>>);

TEMPLATE_TEST_CASE("prefix attention is the product with its definition", "", float, double, long double,
                   float50) {
    for (const Eigen::Index size : {1, 2, 30}) {
        for (const Eigen::Index prefix : {0, 1, 2, 3, 17, 29, 30}) {
            if (prefix > size) continue;
            CAPTURE(size, prefix);
            const dense50 dense = normalised_rows(size, [&](Eigen::Index n, Eigen::Index m) {
                return float50(m <= n || (n < prefix && m < prefix) ? 1 : 0);
            });
            CHECK(operator_error(prefix_operator<TestType>(size, prefix), dense) < double(size) + 4);
        }
    }
}

TEST_CASE("prefix attention of rationals is exact and has its limits") {
    for (const Eigen::Index prefix : {0, 1, 2, 6, 11})
        check_exact(prefix_operator<rational>(11, prefix));
    const cesaro::cesaro_operator<rational> causal(11);
    CHECK(same_matrix(prefix_operator<rational>(11, 0), causal));
    CHECK(same_matrix(prefix_operator<rational>(11, 1), causal));
    CHECK(same_matrix(prefix_operator<rational>(11, 11), cesaro::full_operator<rational>(11)));
}

TEST_CASE("arguments of prefix attention") {
    check_arguments(prefix_operator<>(23, 5));
    CHECK(prefix_operator<>(0, 0).apply(Eigen::VectorXd(0)).size() == 0);
    CHECK(prefix_operator<>(5, 0).centre_size() == 1);
    CHECK(prefix_operator<>(5, 3).centre_size() == 3);
    CHECK_THROWS_AS(prefix_operator<>(4, -1), std::domain_error);
    CHECK_THROWS_AS(prefix_operator<>(4, 5), std::domain_error);
    CHECK_THROWS_AS(prefix_operator<>(-1, 0), std::domain_error);
    CHECK_THROWS_AS(prefix_operator<>(Eigen::Index(1) << 40, 3).matrix(), std::length_error);
}

TEST_CASE("the example of prefix_operator") {
    const cesaro::prefix_operator<> chat(1000, 64);  // a prompt of 64 tokens, and what follows
    const Eigen::VectorXd influence = chat.apply_transpose(Eigen::VectorXd::Unit(1000, 63));  // 1/64 each
    CHECK(influence.head(64) == Eigen::VectorXd::Constant(64, 1.0 / 64));
    CHECK(influence.tail(936) == Eigen::VectorXd::Zero(936));
}
