// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "laws/operators.hpp"

#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/full_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sink_operator.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <array>
#include <cmath>
#include <numeric>
#include <vector>

using cesaro::any_operator;
using cesaro::rollout_matrix;
using cesaro::rollout_row;
using cesaro::rollout_rows;
using namespace cesaro_test;

namespace {

template <class Real>
std::vector<any_operator<Real>> different_layers(Eigen::Index size) {
    return {cesaro::sliding_window_operator<Real>(size, 3), cesaro::cesaro_operator<Real>(size),
            cesaro::sink_operator<Real>(cesaro::cesaro_operator<Real>(size), Real(1) / Real(4)),
            cesaro::full_operator<Real>(size)};
}

/// Products of dense matrices, the definition.
template <class Layers, class Lambdas>
dense50 dense_rollout(const Layers& layers, const Lambdas& lambdas) {
    const Eigen::Index size = layers[0].rows();
    dense50 product = dense50::Identity(size, size);
    for (std::size_t l = 0; l < std::size(layers); ++l) {
        const float50 lambda(lambdas[l]);
        const dense50 layer = to_dense50(layers[l].matrix());
        product =
            dense50(float50(float50(1) - lambda) * product + lambda * cesaro_test::product(layer, product));
    }
    return product;
}

}  // namespace

TEST_CASE("rollouts of layers that do not commute, against dense products") {
    const Eigen::Index size = 9;
    const auto layers = different_layers<double>(size);
    const std::vector<double> lambdas{0.25, 1.0, 0.7, 0.125};
    const dense50 dense = dense_rollout(layers, lambdas);
    const auto backwards = std::vector<any_operator<>>(layers.rbegin(), layers.rend());
    CHECK(worst_error<double>(rollout_row(layers, lambdas).transpose(), dense.row(size - 1)) < 60);
    CHECK(worst_error<double>(rollout_matrix(layers, lambdas), dense) < 60);
    CHECK(worst_error<double>(rollout_matrix(backwards, lambdas), dense) > 1e6);  // the order matters
    auto engine = random_engine();
    const Eigen::MatrixXd x = random_block<double>(size, 2, engine);
    CHECK(worst_error<double>(cesaro::rollout_apply(layers, lambdas, x), product(dense, to_dense50(x))) < 60);
    const Eigen::MatrixXd rows = rollout_rows(layers, lambdas, {3, 0, 8, 3});
    CHECK(worst_error<double>(rows.row(0), dense.row(3)) < 60);
    CHECK(worst_error<double>(rows.row(1), dense.row(0)) < 60);
    CHECK(rows.row(3) == rows.row(0));
    CHECK(rows.row(2).transpose() == rollout_row(layers, lambdas));
}

TEST_CASE("rollouts of rationals are exact") {
    const Eigen::Index size = 5;
    const auto layers = different_layers<rational>(size);
    const std::vector<rational> lambdas{rational(1, 3), rational(1), rational(2, 5), rational(1, 2)};
    const Eigen::MatrixX<rational> matrix = rollout_matrix(layers, lambdas);
    const Eigen::VectorX<rational> row = rollout_row(layers, lambdas);
    rational sum = 0;
    for (Eigen::Index m = 0; m < size; ++m) {
        CHECK(row[m] == matrix(size - 1, m));
        sum += row[m];
    }
    CHECK(sum == 1);
}

TEST_CASE("rollouts of many decaying heads, against dense products") {
    const Eigen::Index size = 300;
    const int depth = 12;
    const std::array<double, 6> slopes{2.0, 1.0, 0.5, 0.05, 0.01, 0.0};
    std::vector<cesaro::head_mixture<>> layers;
    std::vector<double> lambdas;
    for (int l = 0; l < depth; ++l) {
        std::vector<cesaro::decay_operator<>> heads;
        for (const double slope : slopes)
            heads.emplace_back(size, cesaro::decay_parameters<>{slope + (l % 2 ? 1.5 : 0.0), 3.0 - l, 1.25});
        layers.emplace_back(heads, std::vector<double>{1, 2, 3, 1, 2, 3});
        lambdas.push_back(0.1 + 0.07 * l);
    }
    // The transposed dense layers in 50 digits, from the definition.
    dense50 state = dense50::Zero(size, 1);
    state(size - 1, 0) = 1;
    for (int l = depth; l-- > 0;) {
        dense50 attended = dense50::Zero(size, 1);
        for (std::size_t h = 0; h < slopes.size(); ++h) {
            const float50 slope = slopes[h] + (l % 2 ? 1.5 : 0.0);
            std::vector<float50> weights;  // by distance
            for (Eigen::Index distance = 0; distance < size; ++distance) {
                const float50 score = distance == 0 ? float50(3.0 - l) : float50(-slope * distance);
                weights.push_back(exp(float50(score / float50(1.25))));
            }
            const dense50 a = normalised_rows(size, [&](Eigen::Index n, Eigen::Index m) {
                return m <= n ? weights[std::size_t(n - m)] : float50(0);
            });
            const dense50 transpose = a.transpose();
            attended += float50(float50(1 + int(h) % 3) / 12) * product(transpose, state);
        }
        const float50 lambda(lambdas[std::size_t(l)]);
        state = dense50(float50(1 - lambda) * state + lambda * attended);
    }
    const Eigen::VectorXd row = rollout_row(layers, lambdas);
    CHECK(worst_error<double>(row, state) < 20);
}

TEST_CASE("steep decay: entries down to 1e-200 keep their digits") {
    const Eigen::Index size = 70;
    const std::vector<cesaro::decay_operator<>> layers(4, cesaro::decay_operator<>(size, {8.0, 0.0, 1.0}));
    const std::vector<double> lambdas(4, 0.5);
    const dense50 dense = dense_rollout(
        std::vector<cesaro::decay_operator<float50>>(4, cesaro::decay_operator<float50>(size, {float50(8)})),
        lambdas);
    CHECK(dense(size - 1, 0) < float50("1e-200"));
    CHECK(worst_error<double>(rollout_row(layers, lambdas).transpose(), dense.row(size - 1)) < 500);
}

TEST_CASE("a long text does not drift") {
    // The oracle is the same algorithm in long double: what it shares is checked above, at sizes that dense
    // matrices allow.
    const Eigen::Index size = 40000;
    for (const Eigen::Index window : {Eigen::Index(5000), cesaro::unlimited_window}) {
        const auto row = [&]<class Real>(Real) -> Eigen::VectorX<Real> {
            std::vector<cesaro::head_mixture<Real>> layers;
            std::vector<Real> lambdas;
            for (int l = 0; l < 6; ++l) {
                std::vector<cesaro::decay_operator<Real>> heads;
                for (int h = 1; h <= 8; ++h)
                    heads.push_back({size, {Real(std::exp2(-h - 4)), Real(l) / 2, Real(1.25), window}});
                layers.emplace_back(heads, std::vector<Real>(8, Real(1)));
                lambdas.push_back(Real(0.1 * (l + 1)));
            }
            return rollout_row(layers, lambdas);
        };
        const Eigen::VectorXd actual = row(0.0);
        const Eigen::VectorX<long double> expected = row(0.0L);
        double worst = 0;
        for (Eigen::Index m = 0; m < size; ++m) {
            if (expected[m] < 1e-200L) continue;
            worst = std::max(worst, double(std::abs(actual[m] / expected[m] - 1)));
        }
        CHECK(worst < 1e-12);
        CHECK(std::abs(actual.sum() - 1) < 1e-13);
    }
}

TEST_CASE("equal causal layers are the network operator") {
    // A = sum_k w_k M^k with the hop distribution w.
    const Eigen::Index size = 40;
    const auto schedule = cesaro::mixing_schedule<>::power_decay(7, 0.9, 0.4);
    const std::vector<cesaro::cesaro_operator<>> layers(7, cesaro::cesaro_operator<>(size));
    const Eigen::VectorXd hops = schedule.hop_distribution();
    Eigen::VectorXd power = Eigen::VectorXd::Unit(size, size - 1);
    Eigen::VectorXd expected = Eigen::VectorXd::Zero(size);
    for (Eigen::Index k = 0; k <= 7; ++k) {
        expected += hops[k] * power;
        power = layers[0].apply_transpose(power);
    }
    CHECK((rollout_row(layers, schedule) - expected).cwiseAbs().maxCoeff() < 1e-15);
    CHECK(rollout_row(layers, schedule.alphas()) == rollout_row(layers, schedule));
}

TEST_CASE("lists may be written in place") {
    using cesaro::cesaro_operator;
    using cesaro::sliding_window_operator;
    const Eigen::VectorXd row =
        rollout_row({cesaro_operator<>(6), sliding_window_operator<>(6, 2)}, {0.5, 1.0});
    CHECK(row.sum() == Approx(1));
    CHECK(row ==
          rollout_row(std::vector<any_operator<>>{cesaro_operator<>(6), sliding_window_operator<>(6, 2)},
                      std::vector<double>{0.5, 1.0}));
}

TEST_CASE("rollouts reject what does not fit") {
    using layers = std::vector<cesaro::cesaro_operator<>>;
    const layers two(2, cesaro::cesaro_operator<>(4));
    CHECK_THROWS_AS(rollout_row(layers{}, std::vector<double>{}), std::invalid_argument);
    CHECK_THROWS_AS(rollout_row(layers(1, cesaro::cesaro_operator<>(0)), {1.0}), std::domain_error);
    CHECK_THROWS_AS(rollout_row(layers{two[0], cesaro::cesaro_operator<>(5)}, {1.0, 1.0}),
                    std::invalid_argument);
    CHECK_THROWS_AS(rollout_row(two, {1.0}), std::invalid_argument);
    CHECK_THROWS_AS(rollout_row(two, cesaro::mixing_schedule<>::constant(3, 0.5)), std::invalid_argument);
    CHECK_THROWS_AS(rollout_row(two, {1.0, 1.5}), std::domain_error);
    CHECK_THROWS_AS(rollout_matrix(two, {1.0, -0.5}), std::domain_error);
    CHECK_THROWS_AS(rollout_rows(two, {1.0, std::nan("")}, {0}), std::domain_error);
    CHECK_THROWS_AS(rollout_rows(two, {1.0, 1.0}, {4}), std::domain_error);
    CHECK_THROWS_AS(rollout_rows(two, {1.0, 1.0}, {-1}), std::domain_error);
    const layers huge(1, cesaro::cesaro_operator<>(Eigen::Index(1) << 40));
    CHECK_THROWS_AS(rollout_matrix(huge, {1.0}), std::length_error);
    CHECK_THROWS_AS(rollout_row(huge, {1.0}), std::length_error);
    CHECK_THROWS_AS(rollout_rows(huge, {1.0}, {0}), std::length_error);
    CHECK_THROWS_AS(cesaro::rollout_apply(two, {1.0, 1.0}, Eigen::VectorXd(5)), std::invalid_argument);
}

TEST_CASE("the example of rollout_row") {
    const cesaro::cesaro_operator<> global(1000);
    const cesaro::sliding_window_operator<> local(1000, 128);
    const Eigen::VectorXd row = cesaro::rollout_row({local, global, local}, {0.5, 0.4, 0.3});
    CHECK((row.sum() == Approx(1).epsilon(1e-13) && row[0] > row[1] && row[1] > 0));
}
