// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "laws/operators.hpp"

#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/prefix_operator.hpp>
#include <cesaro/attention/sink_operator.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>

#include <cmath>
#include <limits>
#include <vector>

using cesaro::any_operator;
using cesaro::decay_operator;
using cesaro::head_mixture;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<head_mixture<double>>);
static_assert(cesaro::attention_operator<head_mixture<rational>>);

TEMPLATE_TEST_CASE("a head mixture is the weighted sum of its heads", "", float, double, float50) {
    using Real = TestType;
    const Eigen::Index size = 140;
    std::vector<any_operator<Real>> heads{
        cesaro::cesaro_operator<Real>(size),
        cesaro::sink_operator<Real>(cesaro::cesaro_operator<Real>(size), Real(1))};
    std::vector<Real> weights{Real(1), Real(2)};
    for (int h = 0; h < 19; ++h) {  // three masks, more heads than are evaluated side by side
        const Eigen::Index window = h % 3 == 0 ? 30 : size + h;
        const Eigen::Index prefix = h % 3 == 2 ? 50 : 0;
        heads.push_back(
            decay_operator<Real>(size, {Real(h) / Real(16), Real(h % 4) - Real(2), Real(1), window, prefix}));
        weights.push_back(Real(h % 5));
    }
    dense50 dense = dense50::Zero(size, size);
    float50 sum = 0;
    for (std::size_t h = 0; h < heads.size(); ++h) {
        // Each head alone is checked against its definition elsewhere: here its own dense matrix serves.
        dense += float50(weights[h]) * to_dense50(heads[h].matrix());
        sum += float50(weights[h]);
    }
    dense /= sum;
    const head_mixture<Real> mixture(heads, weights);
    CHECK(operator_error(mixture, dense) < 600);
}

TEMPLATE_TEST_CASE("in long texts, too, where heads are shared out to several sums", "", float, double) {
    using Real = TestType;
    using vector = Eigen::VectorX<Real>;
    const Eigen::Index size = 33333;
    std::vector<decay_operator<Real>> heads;
    for (int h = 0; h < 27; ++h) {
        const Eigen::Index window = h % 3 == 0 ? 20 * h + 2 : size;
        heads.push_back({size, {Real(h) / Real(16), Real(h % 4), Real(1), window, h % 3 == 2 ? 50 : 0}});
    }
    const head_mixture<Real> mixture(heads, std::vector<Real>(heads.size(), Real(1)));
    const vector x = vector::LinSpaced(size, Real(1), Real(2));
    vector applied = vector::Zero(size);
    vector transposed = vector::Zero(size);
    for (const auto& head : heads) {
        applied += head.apply(x) / Real(heads.size());
        transposed += head.apply_transpose(x) / Real(heads.size());
    }
    const Real tolerance = 1000 * std::numeric_limits<Real>::epsilon();
    CHECK(((mixture.apply(x) - applied).array() / applied.array()).abs().maxCoeff() < tolerance);
    CHECK(((mixture.apply_transpose(x) - transposed).array() / transposed.array()).abs().maxCoeff() <
          tolerance);
}

TEST_CASE("head mixtures of rationals are exact") {
    check_exact(head_mixture<rational>(
        {cesaro::cesaro_operator<rational>(9), cesaro::sliding_window_operator<rational>(9, 3),
         cesaro::sink_operator<rational>(cesaro::prefix_operator<rational>(9, 4), rational(1, 3))},
        {rational(1, 2), rational(2), rational(5, 7)}));
}

TEST_CASE("weights are normalised, at every magnitude") {
    using cesaro::cesaro_operator;
    using cesaro::sliding_window_operator;
    const std::vector<any_operator<>> heads{cesaro_operator<>(9), sliding_window_operator<>(9, 2)};
    const Eigen::MatrixXd expected = head_mixture<>(heads, std::vector<double>{0.25, 0.75}).matrix();
    for (const double scale : {4e-300, 1.0, 1e300})
        CHECK(head_mixture<>(heads, std::vector<double>{scale, 3 * scale}).matrix() == expected);
    CHECK(head_mixture<>(heads, Eigen::Vector2d(1, 3)).matrix() == expected);
    const std::vector<sliding_window_operator<>> same_kind(2, sliding_window_operator<>(9, 2));
    CHECK(head_mixture<>(same_kind, std::vector<double>{2, 2}).matrix() == same_kind[0].matrix());
    CHECK(head_mixture<>(heads, std::vector<double>{0, 3}).centre_size() == 1);
    const head_mixture<> nested({head_mixture<>(heads, std::vector<double>{1, 3})}, {7.0});
    CHECK(nested.matrix() == expected);
}

TEST_CASE("arguments of head mixtures") {
    using cesaro::cesaro_operator;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    check_arguments(head_mixture<>({cesaro_operator<>(17), decay_operator<>(17, {0.3})}, {0.25, 0.75}));
    const cesaro_operator<> op(5);
    CHECK_THROWS_AS(head_mixture<>({}, std::vector<double>{}), std::invalid_argument);
    CHECK_THROWS_AS(head_mixture<>({op, op}, {1.0}), std::invalid_argument);
    CHECK_THROWS_AS(head_mixture<>({op, cesaro_operator<>(6)}, {1.0, 1.0}), std::invalid_argument);
    CHECK_THROWS_AS(head_mixture<>({op, op}, {1.0, -0.5}), std::domain_error);
    CHECK_THROWS_AS(head_mixture<>({op, op}, {0.0, 0.0}), std::domain_error);
    CHECK_THROWS_AS(head_mixture<>({op, op}, {1.0, nan}), std::domain_error);
    CHECK_THROWS_AS(head_mixture<>({op, op}, {1.0, infinity}), std::domain_error);
}

TEST_CASE("the example of head_mixture") {
    std::vector<cesaro::decay_operator<>> heads;
    for (int h = 1; h <= 8; ++h)
        heads.push_back({1000, {.slope = std::exp2(-h)}});  // ALiBi with eight heads
    const cesaro::head_mixture<> layer(heads, std::vector<double>(8, 1.0));
    CHECK(layer.apply(Eigen::VectorXd::Ones(1000))[999] == Approx(1).epsilon(1e-14));
    CHECK(layer.diagonal()[1] > heads[7].diagonal()[1]);
}
