// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/jacobian_profile.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

using namespace cesaro;
using namespace cesaro_test;

namespace {

/// sum over subsets of layers S of prod_{l in S} sigma_l^2 ([M^|S|]_{n,m})^2, with dense powers.
template <class Real>
Eigen::VectorX<Real> brute_force(Eigen::Index tokens, const Eigen::VectorX<Real>& gains) {
    const Eigen::Index depth = gains.size();
    const cesaro_operator<Real> m(tokens);
    std::vector<Eigen::VectorX<Real>> rows(1, Eigen::VectorX<Real>::Constant(tokens, Real(0)));
    rows[0][tokens - 1] = Real(1);
    for (Eigen::Index k = 0; k < depth; ++k)
        rows.push_back(m.apply_transpose(rows.back()));
    Eigen::VectorX<Real> sum = Eigen::VectorX<Real>::Constant(tokens, Real(0));
    for (unsigned subset = 0; subset < (1u << depth); ++subset) {
        Real product(1);
        std::size_t hops = 0;
        for (Eigen::Index l = 0; l < depth; ++l) {
            if ((subset >> l & 1u) == 0) continue;
            product *= gains[l] * gains[l];
            ++hops;
        }
        for (Eigen::Index j = 0; j < tokens; ++j)
            sum[j] += product * rows[hops][j] * rows[hops][j];
    }
    return sum;
}

}  // namespace

TEST_CASE("squared profiles of rationals equal the sum over all subsets of layers") {
    Eigen::VectorX<rational> gains(5);
    gains << rational(1, 2), rational(3), rational(0), rational(7, 5), rational(2, 3);
    for (const Eigen::Index tokens : {1, 2, 9}) {
        for (Eigen::Index depth = 0; depth <= 5; ++depth) {
            const Eigen::VectorX<rational> first = gains.head(depth);
            const auto profile = detail::squared_jacobian_profile(tokens, first);
            const auto expected = brute_force(tokens, first);
            for (Eigen::Index m = 0; m < tokens; ++m)
                CHECK(profile[m] == expected[m]);
        }
    }
}

TEMPLATE_TEST_CASE("profiles are relatively accurate", "", float, double, long double) {
    using Real = TestType;
    const Eigen::Index tokens = 2000;
    Eigen::VectorX<Real> gains(24);
    for (Eigen::Index l = 0; l < 24; ++l)
        gains[l] = Real(l % 5) / Real(4);
    const auto profile = jacobian_profile(tokens, gains);
    const auto reference = jacobian_profile(tokens, gains.template cast<float50>());
    double worst = 0;
    for (Eigen::Index m = 0; m < tokens; ++m)
        worst = std::max(worst, error_in_epsilons(profile[m], reference[m]));
    CHECK(worst < 200);
}

TEST_CASE("profiles whose squares leave the range of the scalar") {
    const auto check = [](Eigen::Index tokens, const Eigen::VectorXd& gains) {
        const auto profile = jacobian_profile(tokens, gains);
        const auto reference = brute_force<float50>(tokens, gains.cast<float50>());
        const position_gains<double> constant{gains.transpose().replicate(tokens, 1), {}};
        const auto by_position = jacobian_profile(constant);
        for (Eigen::Index m = 0; m < tokens; ++m) {
            CAPTURE(tokens, gains, m);
            CHECK(error_in_epsilons(profile[m], sqrt(reference[m])) < 8);
            CHECK(error_in_epsilons(by_position[m], sqrt(reference[m])) < 8);
        }
    };
    check(4, Eigen::VectorXd::Constant(1, 1e200));
    check(4, Eigen::VectorXd::Constant(1, 1e-170));
    check(2, Eigen::Vector2d(0, 1e200));
    check(5, Eigen::Vector3d(1e250, 1e-180, 1e30));
    check(5, Eigen::Vector3d(1e100, 1e100, 1e100));
    check(3, Eigen::Vector2d(0, 0));
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(jacobian_profile(2, Eigen::Vector2d(1e200, 1e200)) == Eigen::Vector2d(infinity, infinity));
    CHECK_THROWS_AS(jacobian_profile(Eigen::Index(1) << 60, Eigen::VectorXd::Ones(3)), std::length_error);
}

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

TEMPLATE_TEST_CASE("random signs and gains of positions in every scalar", "", float, long double, float50) {
    using Real = TestType;
    const Eigen::Index tokens = 3;
    // one hop, of a gain whose fourth power overflows in float; feed-forward without rows is none
    const Real gain = Real(1e30);
    const position_gains<Real> gains{Eigen::MatrixX<Real>::Constant(tokens, 1, gain),
                                     Eigen::MatrixX<Real>(0, 1)};
    const auto profile = jacobian_profile(gains);
    const auto estimate = random_sign_profile(gains, 4, 1);
    for (Eigen::Index m = 0; m + 1 < tokens; ++m) {
        CHECK(error_in_epsilons(profile[m], Real(gain / Real(3))) < 8);
        CHECK(error_in_epsilons(estimate.profile[m], Real(gain / Real(3))) < 8);
    }
}

TEST_CASE("an expression of gains is evaluated once") {
    int evaluations = 0;
    const auto gains = Eigen::VectorXd::NullaryExpr(3, [&](Eigen::Index) { return double(++evaluations); });
    CHECK(jacobian_profile(2, gains).size() == 2);
    CHECK(evaluations == 3);
}

TEST_CASE("random signs: gains of any scale, and those whose samples would overflow") {
    const Eigen::Index tokens = 6;
    for (const double gain : {1e-170, 1e-100, 1e100, 1e200}) {
        const position_gains<double> gains{Eigen::MatrixXd::Constant(tokens, 1, gain), {}};
        const auto estimate = random_sign_profile(gains, 50, 1);
        for (Eigen::Index m = 0; m + 1 < tokens; ++m) {  // one hop, whose square no sign changes
            CHECK(estimate.profile[m] == Approx(gain / double(tokens)).epsilon(1e-14));
            CHECK(estimate.standard_error[m] < 1e-15 * estimate.profile[m]);
        }
    }
    // Two layers of equal gains g >> 1: v = ±g M ± g M ± g² M², the last alone counts.
    const position_gains<double> large{Eigen::MatrixXd::Constant(tokens, 2, 1e100), {}};
    const auto estimate = random_sign_profile(large, 50, 1);
    const auto expected = jacobian_profile(large);
    for (Eigen::Index m = 0; m < tokens; ++m)
        CHECK(estimate.profile[m] == Approx(expected[m]).epsilon(1e-14));
    // Of few hops the errors scale with the gain.
    const position_gains<double> small{Eigen::MatrixXd::Constant(tokens, 2, 1e-120), {}};
    const position_gains<double> middle{Eigen::MatrixXd::Constant(tokens, 2, 1e-20), {}};
    const auto scaled_down = random_sign_profile(small, 50, 1);
    const auto at_hand = random_sign_profile(middle, 50, 1);
    for (Eigen::Index m = 0; m + 1 < tokens; ++m) {
        CHECK(scaled_down.profile[m] == Approx(at_hand.profile[m] * 1e-100).epsilon(1e-13));
        CHECK(scaled_down.standard_error[m] == Approx(at_hand.standard_error[m] * 1e-100).epsilon(1e-13));
        CHECK(scaled_down.standard_error[m] > 0);
    }
    const position_gains<double> too_large{Eigen::MatrixXd::Constant(tokens, 2, 1e200), {}};
    CHECK_THROWS_AS(random_sign_profile(too_large, 50, 1), std::domain_error);
}

TEST_CASE("profiles: depth 0, expressions, and what is rejected") {
    CHECK(jacobian_profile(3, Eigen::VectorXd(0)) == Eigen::Vector3d(0, 0, 1));
    CHECK(jacobian_profile(0, Eigen::VectorXd::Ones(3)).size() == 0);
    CHECK(jacobian_profile(4, Eigen::VectorXd::Constant(3, 0.5))[0] > 0);
    CHECK_THROWS_AS(jacobian_profile(-1, Eigen::VectorXd::Ones(3)), std::domain_error);
    CHECK_THROWS_AS(jacobian_profile(3, Eigen::Vector2d(1, -1)), std::domain_error);
    CHECK_THROWS_AS(jacobian_profile(3, Eigen::Vector2d(1, std::nan(""))), std::domain_error);
    CHECK_THROWS_AS(jacobian_profile(3, Eigen::Vector2d(1, std::numeric_limits<double>::infinity())),
                    std::domain_error);
}

TEST_CASE("profiles are the mean norms of simulated Jacobians") {
    const Eigen::Index tokens = 6;
    const Eigen::Index width = 8;
    const Eigen::Vector3d gains(0.7, 1.5, 0.4);
    auto engine = random_engine();
    std::normal_distribution<double> normal;
    const Eigen::MatrixXd m = cesaro_operator<>(tokens).matrix();
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(tokens);
    constexpr int draws = 2000;
    for (int draw = 0; draw < draws; ++draw) {
        // the blocks J_m of the last position's Jacobian, from the output back
        std::vector<Eigen::MatrixXd> blocks(std::size_t(tokens), Eigen::MatrixXd::Zero(width, width));
        blocks.back().setIdentity();
        for (Eigen::Index l = 3; l-- > 0;) {
            Eigen::MatrixXd w(width, width);
            for (double& entry : w.reshaped())
                entry = gains[l] * normal(engine) / std::sqrt(double(width));
            const auto after = blocks;
            for (Eigen::Index j = 0; j < tokens; ++j) {
                for (Eigen::Index n = j; n < tokens; ++n)
                    blocks[std::size_t(j)] += m(n, j) * after[std::size_t(n)] * w;
            }
        }
        for (Eigen::Index j = 0; j < tokens; ++j)
            mean[j] += blocks[std::size_t(j)].squaredNorm() / double(width * draws);
    }
    const Eigen::VectorXd expected = jacobian_profile(tokens, gains);
    for (Eigen::Index j = 0; j < tokens; ++j)
        CHECK(std::abs(std::sqrt(mean[j]) / expected[j] - 1) < 0.02);
}

TEST_CASE("squared profiles with constant gains of attention are those of layers, in rationals") {
    Eigen::VectorX<rational> gains(4);
    gains << rational(1, 2), rational(3), rational(0), rational(7, 5);
    for (const Eigen::Index tokens : {1, 2, 7}) {
        const position_gains<rational> constant{gains.transpose().replicate(tokens, 1), {}};
        const auto squares = detail::squared_jacobian_profile(constant);
        const auto expected = detail::squared_jacobian_profile(tokens, gains);
        for (Eigen::Index m = 0; m < tokens; ++m)
            CHECK(squares[m] == expected[m]);
    }
}

TEST_CASE("random signs: constant gains give the closed form within their standard error") {
    const Eigen::Index tokens = 40;
    const Eigen::Vector4d gains(0.3, 0.9, 0.5, 1.2);
    position_gains<double> constant{gains.transpose().replicate(tokens, 1), {}};
    const auto estimate = random_sign_profile(constant, 20000, 1);
    const Eigen::VectorXd expected = jacobian_profile(tokens, gains);
    int outside = 0;
    for (Eigen::Index m = 0; m < tokens; ++m) {
        CHECK(std::abs(estimate.profile[m] - expected[m]) < 4.5 * estimate.standard_error[m]);
        CHECK(std::abs(estimate.profile[m] / expected[m] - 1) < 0.03);
        if (std::abs(estimate.profile[m] - expected[m]) > estimate.standard_error[m]) ++outside;
    }
    CHECK(outside > 0);  // the standard error is not absurdly large
    CHECK(random_sign_profile(constant, 50, 3).profile == random_sign_profile(constant, 50, 3).profile);
    CHECK(random_sign_profile(constant, 50, 3).profile != random_sign_profile(constant, 50, 4).profile);
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
