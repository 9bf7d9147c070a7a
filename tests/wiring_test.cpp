// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/cesaro_operator.hpp>
#include <cesaro/continuum_influence.hpp>
#include <cesaro/wiring.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace cesaro;
using namespace cesaro_test;

namespace {

using values = Eigen::VectorX<rational>;

values scaled_sum(const rational& a, const values& x, const rational& b, const values& y) {
    values z(x.size());
    for (Eigen::Index i = 0; i < x.size(); ++i)
        z[i] = a * x[i] + b * y[i];
    return z;
}

/// sum_k w_k M^k x.
values applied(const hop_law<rational>& law, const values& x) {
    const cesaro_operator<rational> m(x.size());
    values power = x;
    values sum = values::Constant(x.size(), rational(0));
    for (Eigen::Index k = 0; k <= law.max_hops(); ++k) {
        sum = scaled_sum(rational(1), sum, law.weights()[k], power);
        power = m.apply(power);
    }
    return sum;
}

values some_input() {
    values x(7);
    for (Eigen::Index i = 0; i < 7; ++i)
        x[i] = rational(1 + i * i * i, 3 + i);
    return x;
}

const mixing_schedule<rational> layers{rational(1, 3), rational(1, 2), rational(1), rational(2, 5)};

}  // namespace

TEST_CASE("stochastic depth is the mean over the layers that are there") {
    Eigen::VectorX<rational> survival(4);
    survival << rational(1), rational(1, 2), rational(3, 4), rational(0);
    Eigen::VectorX<rational> mean = Eigen::VectorX<rational>::Constant(5, rational(0));
    for (int there = 0; there < 16; ++there) {
        rational chance = 1;
        Eigen::VectorX<rational> alphas = layers.alphas();
        for (int l = 0; l < 4; ++l) {
            const bool is_there = (there >> l) % 2 == 1;
            chance *= is_there ? survival[l] : rational(1 - survival[l]);
            if (!is_there) alphas[l] = 0;
        }
        const auto w = hop_law<rational>(mixing_schedule<rational>(alphas)).weights();
        for (Eigen::Index k = 0; k < 5; ++k)
            mean[k] += chance * w[k];
    }
    const auto w = hop_law<rational>(stochastic_depth(layers, survival)).weights();
    for (Eigen::Index k = 0; k < 5; ++k)
        CHECK(w[k] == mean[k]);
    CHECK_THROWS_AS(stochastic_depth(layers, Eigen::VectorX<rational>(survival.head(3))),
                    std::invalid_argument);
    survival[2] = rational(5, 4);
    CHECK_THROWS_AS(stochastic_depth(layers, survival), std::domain_error);
}

TEST_CASE("a value residual is what its layers do") {
    const values x = some_input();
    const cesaro_operator<rational> m(7);
    const rational own(2, 3);
    const rational first(1, 4);
    values stream = x;
    for (const rational& alpha : layers.alphas()) {
        const values seen = m.apply(scaled_sum(own, stream, first, x));
        stream = scaled_sum(rational(1 - alpha), stream, alpha, seen);
    }
    const values expected = applied(value_residual(layers, own, first), x);
    CHECK(std::equal(stream.begin(), stream.end(), expected.begin()));
    CHECK(value_residual(layers, rational(1), rational(0)) == hop_law<rational>(layers));
    CHECK(bent_share(value_residual(layers, rational(0), rational(1))) == 0);
    CHECK_THROWS_AS(value_residual(layers, rational(2, 3), rational(1, 2)), std::domain_error);
    CHECK_THROWS_AS(value_residual(layers, rational(-1), rational(1)), std::domain_error);
}

TEST_CASE("the mean over depth is the law of records") {
    // x_{l+1} = mean(v_0 .. v_l), v_l = M x_l: after the first layer, every one of H - 1 more.
    const values x = some_input();
    const cesaro_operator<rational> m(7);
    const Eigen::Index depth = 6;
    values sum = values::Constant(7, rational(0));
    values stream = x;  // x_1 = v_0
    for (Eigen::Index l = 1; l <= depth; ++l) {
        if (l > 1) {
            sum = scaled_sum(rational(1), sum, rational(1), m.apply(stream));
            stream = scaled_sum(rational(1, l), x, rational(1, l), sum);
        }
    }
    const values expected = applied(mean_over_depth<rational>(depth), x);
    CHECK(std::equal(stream.begin(), stream.end(), expected.begin()));
    rational harmonic = 0;
    for (int l = 2; l <= 6; ++l)
        harmonic += rational(1, l);
    CHECK(mean_hops(mean_over_depth<rational>(depth)) == harmonic);
    CHECK(mean_over_depth<>(1).depth() == 0);
    CHECK_THROWS_AS(mean_over_depth<>(0), std::domain_error);
}

TEST_CASE("layers that see a window do not hop") {
    const auto global = global_layers(layers, std::vector<bool>{true, false, false, true});
    CHECK(global == mixing_schedule<rational>{rational(1, 3), rational(0), rational(0), rational(2, 5)});
    CHECK_THROWS_AS(global_layers(layers, std::vector<bool>{true}), std::invalid_argument);
}

TEST_CASE("the continuum density is constant if and only if nothing is bent") {
    for (const auto& hops : {hop_law<>{0.5, 0.5}, hop_law<>{1.0}, hop_law<>{0.25, 0.5, 0.25}}) {
        const continuum_influence<> law(hops);
        CHECK((bent_share(hops) == 0) == (pdf(law, 0.25) == pdf(law, 0.75)));
    }
    CHECK(bent_share(hop_law<>{0.25, 0.25, 0.125, 0.375}) == 0.5);
    CHECK(mean_hops(hop_law<>{0.25, 0.25, 0.125, 0.375}) == 1.625);
    CHECK(mean_hops(mixing_schedule<>{0.5, 0.25}) == 0.75);
    // However little: 1e-30 of two hops.
    CHECK(bent_share(mixing_schedule<>{1e-15, 1e-15}) == Approx(1e-30).epsilon(1e-14));
}

TEST_CASE("no schedule of the same attention is flatter than the flattest") {
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform(0, 1);
    for (const double total : {0.0, 0.4, 1.0, 1.2, 1.5, 1.7, 1.75, 2.0, 3.5, 5.0}) {
        for (const Eigen::Index depth : {5, 12, 40}) {
            const auto flattest = flattest_schedule(depth, total);
            CHECK(flattest.depth() == depth);
            CHECK(mean_hops(flattest) == Approx(total).epsilon(1e-14));
            const double least = bent_share(flattest);
            if (total <= 1) {
                CHECK(least == 0);
                continue;
            }
            for (int repetition = 0; repetition < 200; ++repetition) {
                // Random coefficients, scaled to the total and cut at one, as often as it takes.
                Eigen::VectorXd alphas(depth);
                const double power = std::exp(4 * uniform(engine) - 2);
                for (double& alpha : alphas)
                    alpha = std::pow(uniform(engine), power);
                for (int step = 0; step < 200; ++step) {
                    alphas *= total / alphas.sum();
                    alphas = alphas.cwiseMin(1.0);
                }
                if (std::abs(alphas.sum() - total) > 1e-9) continue;
                CAPTURE(total, depth);
                CHECK(bent_share(mixing_schedule<>(alphas)) >= least - 1e-9);
            }
        }
    }
    CHECK_THROWS_AS(flattest_schedule(3, 3.5), std::domain_error);
    CHECK_THROWS_AS(flattest_schedule(3, -0.5), std::domain_error);
    CHECK_THROWS_AS(flattest_schedule(0, 0.0), std::domain_error);
}

TEST_CASE("the examples of wirings") {
    const auto all = cesaro::mixing_schedule<>::constant(4, 0.3);
    const std::vector<bool> global{false, true, false, true};  // every second layer sees a window
    const cesaro::continuum_influence<> law(cesaro::global_layers(all, global));
    CHECK(law.delta_weight() == Approx(0.49));
    const auto flat = cesaro::flattest_schedule(12, 1.5);
    const double bent = cesaro::bent_share(flat);  // 0.40, where 12 equal layers have 0.45
    CHECK(bent == Approx(0.40).epsilon(0.01));
    CHECK(bent_share(cesaro::mixing_schedule<>::constant(12, 1.5 / 12)) == Approx(0.45).epsilon(0.01));
}
