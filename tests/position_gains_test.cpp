// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/cesaro_operator.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/position_gains.hpp>
#include <cesaro/random_sign_profile.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>

using namespace cesaro;
using namespace cesaro_test;

TEST_CASE("gains of positions far apart, from 1e-170 to 1e200") {
    position_gains<double> gains{Eigen::MatrixXd(4, 2), Eigen::MatrixXd(4, 2)};
    gains.attention << 1, 1e200, 1e-170, 0, 1e-3, 1, 1e100, 1e-90;
    gains.feed_forward << 0, 1e60, 1e-100, 1, 2, 1e-3, 1e90, 0;
    // the mean over all signs of the squared last row
    const Eigen::MatrixX<float100> m = cesaro_operator<float100>(4).matrix();
    Eigen::VectorX<float100> mean = Eigen::VectorX<float100>::Constant(4, float100(0));
    for (int signs = 0; signs < 16; ++signs) {
        Eigen::VectorX<float100> v = Eigen::VectorX<float100>::Constant(4, float100(0));
        v[3] = 1;
        for (int l = 2; l-- > 0;) {
            const int attention = (signs >> (2 * l) & 1) != 0 ? 1 : -1;
            const int feed_forward = (signs >> (2 * l + 1) & 1) != 0 ? 1 : -1;
            for (int j = 0; j < 4; ++j)
                v[j] += feed_forward * float100(gains.feed_forward(j, l)) * v[j];
            const Eigen::VectorX<float100> pulled = m.transpose() * v;
            for (int j = 0; j < 4; ++j)
                v[j] += attention * float100(gains.attention(j, l)) * pulled[j];
        }
        for (int j = 0; j < 4; ++j)
            mean[j] += v[j] * v[j] / 16;
    }
    const auto profile = jacobian_profile(gains);
    for (Eigen::Index j = 0; j < 4; ++j) {
        CAPTURE(j);
        CHECK(error_in_epsilons(profile[j], sqrt(mean[j])) < 8);
    }
}

TEST_CASE("squared profiles with constant gains of attention are those of layers, in rationals") {
    Eigen::VectorX<rational> gains(4);
    gains << rational(1, 2), rational(3), rational(0), rational(7, 5);
    for (const Eigen::Index tokens : {1, 2, 7}) {
        const position_gains<rational> constant{gains.transpose().replicate(tokens, 1), {}};
        const auto squares = detail::squared_jacobian_profile<rational>(constant);
        const auto expected = detail::squared_jacobian_profile(tokens, gains);
        for (Eigen::Index m = 0; m < tokens; ++m)
            CHECK(squares[m] == expected[m]);
    }
}

TEST_CASE("windows of layers: the profile by dense matrices, in range and out of it, in rationals too") {
    const Eigen::Index tokens = 9;
    position_gains<rational> gains{Eigen::MatrixX<rational>(tokens, 3), Eigen::MatrixX<rational>(tokens, 3),
                                   Eigen::Vector<Eigen::Index, 3>(2, 0, 4)};
    for (Eigen::Index l = 0; l < 3; ++l) {
        for (Eigen::Index m = 0; m < tokens; ++m) {
            gains.attention(m, l) = rational(m + 1, l + 2);
            gains.feed_forward(m, l) = rational(l + 1, m + 3);
        }
    }
    Eigen::MatrixX<rational> b = Eigen::MatrixX<rational>::Constant(tokens, tokens, rational(0));
    b(tokens - 1, tokens - 1) = 1;
    for (Eigen::Index l = 3; l-- > 0;) {
        const Eigen::Index w = l == 0 ? 2 : l == 1 ? tokens : 4;
        Eigen::MatrixX<rational> after = b;
        for (Eigen::Index i = 0; i < tokens; ++i)
            for (Eigen::Index j = 0; j < tokens; ++j)
                after(i, j) += gains.feed_forward(i, l) * b(i, j) * gains.feed_forward(j, l);
        b = after;
        for (Eigen::Index i = 0; i < tokens; ++i) {
            for (Eigen::Index j = 0; j < tokens; ++j) {
                rational sum = 0;
                for (Eigen::Index n = i; n < std::min(tokens, i + w); ++n)
                    for (Eigen::Index m = j; m < std::min(tokens, j + w); ++m)
                        sum += after(n, m) / (std::min(n + 1, w) * std::min(m + 1, w));
                b(i, j) += gains.attention(i, l) * sum * gains.attention(j, l);
            }
        }
    }
    const auto squares = detail::squared_jacobian_profile<rational>(gains);
    for (Eigen::Index m = 0; m < tokens; ++m)
        CHECK(squares[m] == b(m, m));

    const auto to_double = [](const rational& x) { return static_cast<double>(x); };
    position_gains<double> plain{gains.attention.unaryExpr(to_double),
                                 gains.feed_forward.unaryExpr(to_double), gains.windows};
    const Eigen::VectorXd profile = jacobian_profile(plain);
    for (Eigen::Index m = 0; m < tokens; ++m)
        CHECK(error_in_epsilons(profile[m], sqrt(float50(squares[m]))) < 8);
    // far out of range the same loop runs in scaled numbers: one layer alone, whose gain is a factor
    for (const double scale : {1e-200, 1e200}) {
        const position_gains<double> one{
            Eigen::MatrixXd::Constant(tokens, 1, scale), {}, Eigen::Vector<Eigen::Index, 1>(4)};
        const Eigen::VectorXd far = jacobian_profile(one);
        CHECK(far.head(5).isZero(0));
        for (Eigen::Index m = 5; m + 1 < tokens; ++m)
            CHECK(far[m] == Approx(scale / 4).epsilon(1e-15));
    }
    plain.windows = Eigen::Vector<Eigen::Index, 3>(2, -1, 4);
    CHECK_THROWS_WITH(jacobian_profile(plain),
                      "cesaro::jacobian_profile: gains.windows[1] = -1 must be at least 0");
    plain.windows.resize(2);
    CHECK_THROWS_AS(jacobian_profile(plain), std::invalid_argument);
}

TEST_CASE("gains of positions: the profile is the mean over all signs, the estimate within its error") {
    const Eigen::Index tokens = 5;
    const Eigen::Index depth = 3;
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform(0.1, 1.5);
    position_gains<double> gains{Eigen::MatrixXd(tokens, depth), Eigen::MatrixXd(tokens, depth)};
    for (double& g : gains.attention.reshaped())
        g = uniform(engine);
    for (double& g : gains.feed_forward.reshaped())
        g = uniform(engine);
    const Eigen::MatrixXd m = cesaro_operator<>(tokens).matrix();
    const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(tokens, tokens);
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(tokens);
    for (int signs = 0; signs < 64; ++signs) {
        Eigen::MatrixXd product = identity;
        for (int l = 0; l < depth; ++l) {
            const double attention = (signs >> (2 * l) & 1) != 0 ? 1 : -1;
            const double feed_forward = (signs >> (2 * l + 1) & 1) != 0 ? 1 : -1;
            product = (identity + attention * m * gains.attention.col(l).asDiagonal().toDenseMatrix()) *
                      product.eval();
            product = (identity + feed_forward * gains.feed_forward.col(l).asDiagonal().toDenseMatrix()) *
                      product.eval();
        }
        mean += product.row(tokens - 1).transpose().cwiseAbs2() / 64;
    }
    const Eigen::VectorXd profile = jacobian_profile(gains);
    const auto estimate = random_sign_profile(gains, 20000, 2);
    for (Eigen::Index j = 0; j < tokens; ++j) {
        CHECK(std::abs(profile[j] / std::sqrt(mean[j]) - 1) < 1e-13);
        CHECK(std::abs(estimate.profile[j] - std::sqrt(mean[j])) < 4.5 * estimate.standard_error[j]);
        CHECK(estimate.standard_error[j] < 0.03 * estimate.profile[j]);
    }
    gains.feed_forward = Eigen::MatrixXd::Ones(4, 3);
    CHECK_THROWS_AS(random_sign_profile(gains, 10, 0), std::invalid_argument);
    CHECK_THROWS_AS(jacobian_profile(gains), std::invalid_argument);
    gains.feed_forward.resize(0, 0);
    CHECK_THROWS_AS(random_sign_profile(gains, 1, 0), std::domain_error);
    gains.attention(2, 1) = -1;
    CHECK_THROWS_AS(random_sign_profile(gains, 10, 0), std::domain_error);
    CHECK_THROWS_AS(jacobian_profile(gains), std::domain_error);
    CHECK_THROWS_AS(jacobian_profile(position_gains<double>{}), std::domain_error);
}
