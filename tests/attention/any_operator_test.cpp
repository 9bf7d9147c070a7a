// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "attention/user_operators.hpp"
#include "laws/operators.hpp"

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/collapse_rate.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>

#include <vector>

using cesaro::any_operator;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<any_operator<double>>);
static_assert(cesaro::attention_operator<user::previous_token>);
static_assert(cesaro::attention_operator<user::strided>);
static_assert(!std::constructible_from<any_operator<float>, cesaro::cesaro_operator<double>>);
static_assert(!std::constructible_from<any_operator<double>, Eigen::MatrixXd>);

TEST_CASE("a user's operator written against the concept serves everywhere") {
    const user::previous_token op(12);
    const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(12, 1, 12);
    const any_operator<> any(op);
    CHECK(any.apply(x) == op.matrix() * x);
    CHECK(any.apply_transpose(x) == op.matrix().transpose() * x);
    CHECK(any.centre_size() == 1);
    CHECK(cesaro::collapse_rate(op) == 0);
    const std::vector<user::previous_token> layers(3, op);
    CHECK(cesaro::rollout_row(layers, {1.0, 1.0, 1.0})[8] == 1);
    CHECK(cesaro::rollout_matrix(layers, {1.0, 1.0, 1.0})(5, 2) == 1);
    const cesaro::head_mixture<> mixture({op, cesaro::cesaro_operator<>(12)}, {1.0, 3.0});
    CHECK((mixture.apply(x) - mixture.matrix() * x).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("a user's operator derived from columnwise_operator serves everywhere") {
    for (const Eigen::Index stride : {1, 2, 5}) {
        const user::strided op(23, stride);
        const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(23, 23);
        CHECK((op.apply(identity) - op.matrix()).cwiseAbs().maxCoeff() < 1e-15);
        CHECK((op.apply_transpose(identity) - op.matrix().transpose()).cwiseAbs().maxCoeff() < 1e-15);
        CHECK(any_operator<>(op).diagonal() == op.matrix().diagonal());
    }
}

TEST_CASE("any_operator") {
    const any_operator<> any = cesaro::cesaro_operator<>(4);
    const any_operator<> copy = any;
    CHECK(copy.target<cesaro::cesaro_operator<>>() == any.target<cesaro::cesaro_operator<>>());
    CHECK(copy.target<cesaro::cesaro_operator<>>() != nullptr);
    CHECK(copy.target<user::previous_token>() == nullptr);
    check_arguments(any_operator<>(any));
}

TEST_CASE("the example of any_operator") {
    const std::vector<cesaro::any_operator<>> layers{cesaro::cesaro_operator<>(1000),
                                                     cesaro::sliding_window_operator<>(1000, 128)};
    const Eigen::VectorXd row = cesaro::rollout_row(layers, {0.5, 0.5});
    CHECK(row.sum() == Approx(1).epsilon(1e-13));
}
