// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/cesaro_operator.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/position_gains.hpp>

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

TEST_CASE("an expression of gains is evaluated once") {
    int evaluations = 0;
    const auto gains = Eigen::VectorXd::NullaryExpr(3, [&](Eigen::Index) { return double(++evaluations); });
    CHECK(jacobian_profile(2, gains).size() == 2);
    CHECK(evaluations == 3);
}

TEST_CASE("profiles: depth 0, expressions, and what is rejected") {
    CHECK(jacobian_profile(3, Eigen::VectorXd(0)) == Eigen::Vector3d(0, 0, 1));
    CHECK(jacobian_profile(0, Eigen::VectorXd::Ones(3)).size() == 0);
    CHECK(jacobian_profile(4, Eigen::VectorXd::Constant(3, 0.5))[0] > 0);
    CHECK_THROWS_AS(jacobian_profile(-1, Eigen::VectorXd::Ones(3)), std::domain_error);
    CHECK_THROWS_WITH(jacobian_profile(3, Eigen::Vector2d(1, -1)),
                      "cesaro::jacobian_profile: gains[1] = -1 must be finite and not negative");
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
