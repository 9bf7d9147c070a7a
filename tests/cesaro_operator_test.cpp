// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "laws/operators.hpp"
#include "sizes.hpp"

#include <cesaro/cesaro_operator.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

using cesaro::cesaro_operator;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<cesaro_operator<double>>);
static_assert(cesaro::attention_operator<cesaro_operator<rational>>);

TEMPLATE_TEST_CASE("the Cesàro matrix is the product with its definition", "", float, double, long double,
                   float50) {
    for (const Eigen::Index size : {1, 2, 3, 4, 5, 37}) {
        const dense50 dense =
            normalised_rows(size, [](Eigen::Index n, Eigen::Index m) { return float50(m <= n ? 1 : 0); });
        CHECK(operator_error(cesaro_operator<TestType>(size), dense) < double(size) + 2);
    }
}

TEST_CASE("the rational operator is exact and its rows sum to one") {
    check_exact(cesaro_operator<rational>(9));
    CHECK(cesaro_operator<rational>(9).matrix()(4, 4) == rational(1, 5));
    CHECK(cesaro_operator<rational>(9).matrix()(4, 5) == 0);
}

TEST_CASE("arguments of the Cesàro matrix") {
    check_arguments(cesaro_operator<>(23));
    CHECK(cesaro_operator<>(23).centre_size() == 1);
    CHECK(cesaro_operator<>(0).centre_size() == 0);
}

TEST_CASE("the first row of the transpose sums the whole column") {
    const Eigen::Index size = Eigen::Index(1) << 20;
    const Eigen::VectorXf y = cesaro_operator<float>(size).apply_transpose(Eigen::VectorXf::Ones(size));
    double sum = 0;
    for (Eigen::Index n = size; n > 0; --n)
        sum += 1 / double(n);
    CHECK(std::abs(y[0] / sum - 1) < double(size + 1) * std::numeric_limits<float>::epsilon() / 2);
    CHECK(std::abs(y[0] / sum - 1) > std::numeric_limits<float>::epsilon());  // not free of rounding
}

TEST_CASE("the operator rejects what does not fit") {
    CHECK_THROWS_AS(cesaro_operator<>(-1), std::domain_error);
    const cesaro_operator<> m(4);
    Eigen::VectorXd out(4);
    CHECK_THROWS_AS(m.apply(Eigen::VectorXd(3)), std::invalid_argument);
    CHECK_THROWS_AS(m.apply_transpose(Eigen::VectorXd(5)), std::invalid_argument);
    CHECK_THROWS_AS(m.apply(Eigen::MatrixXd(4, 2), out), std::invalid_argument);
    CHECK_THROWS_AS(cesaro_operator<>(cesaro_test::too_many).matrix(), std::length_error);
    if (cesaro_test::vectors_can_exceed_memory)
        CHECK_THROWS_AS(cesaro_operator<>(cesaro_test::too_many).diagonal(), std::length_error);
    CHECK(cesaro_operator<>(0).matrix().size() == 0);
    CHECK(cesaro_operator<>(0).apply(Eigen::VectorXd(0)).size() == 0);
}

TEST_CASE("messages name the operator, the argument and its size") {
    std::string message;
    try {
        static_cast<void>(cesaro_operator<>(4).apply_transpose(Eigen::VectorXd(5)));
    } catch (const std::invalid_argument& e) {
        message = e.what();
    }
    CHECK(message == "cesaro::cesaro_operator::apply_transpose: rows of the argument = 5 must be 4");
}
