// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"
#include "decoder_fixtures.hpp"

#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/decoder/mean_field.hpp>

#include <cmath>

using namespace cesaro;
using namespace cesaro_test;

namespace {

/// A narrow decoder whose branches are as strong as those of a published one.
decoder_config narrow_config(decoder_family family) {
    decoder_config config = tiny_config(family);
    config.layers = 4;
    config.heads = config.kv_heads = 2;
    config.width = 64;
    config.head_width = 32;
    config.intermediate = 256;
    config.vocab_size = 5000;
    config.max_positions = 64;
    config.initializer_range = 0.07;
    config.norm_epsilon = 1e-5;
    return config;
}

Eigen::VectorXd measured(const decoder_config& config, Eigen::Index tokens, std::uint64_t draws) {
    jacobian_norm_statistics statistics;
    jacobian_probes probes;
    probes.count = 4;
    for (std::uint64_t draw = 0; draw < draws; ++draw) {
        const auto model = initialize_decoder<float>(config, draw);
        const auto x = embed(model, uniform_token_ids(tokens, config.vocab_size, draw));
        statistics.add(squared_jacobian_norms(model, x, probes, draw));
    }
    return statistics.result().norms;
}

double worst_ratio(const Eigen::VectorXd& a, const Eigen::VectorXd& b) {
    return (a.array() / b.array() - 1).abs().maxCoeff();
}

}  // namespace

TEST_CASE("the Gaussian kernel is the double integral") {
    const auto phi = [](double x) { return gelu(x); };
    const double variance = 0.6;
    const detail::gaussian_kernel kernel(phi, variance);
    for (const double rho : {0.0, 0.3, 0.9, 1.0}) {
        double sum = 0;
        for (double x = -9; x <= 9; x += 0.0625) {
            for (double y = -9; y <= 9; y += 0.0625) {
                const double z = rho * x + std::sqrt(1 - rho * rho) * y;
                sum += phi(std::sqrt(variance) * x) * phi(std::sqrt(variance) * z) *
                       std::exp(-(x * x + y * y) / 2) * 0.0625 * 0.0625 / (2 * std::acos(-1.0));
            }
        }
        CHECK(std::abs(kernel(rho) / sum - 1) < 1e-11);
        CHECK(std::abs(kernel(Eigen::MatrixXd::Constant(2, 2, rho))(1, 0) / sum - 1) < 1e-11);
    }
}

TEST_CASE("without correlations and scores the prediction is the Jacobian profile of its gains") {
    for (const decoder_family family : {decoder_family::gpt2, decoder_family::llama}) {
        const decoder_config config = narrow_config(family);
        const Eigen::Index tokens = 30;
        const mean_field_terms terms{false, false};
        const auto gains = mean_field_gains(config, tokens, terms);
        const Eigen::VectorXd profile = jacobian_profile(gains);
        const Eigen::VectorXd predicted = mean_field_profile(config, tokens, terms);
        // common factor: the final normalisation
        const double factor = predicted[0] / profile[0];
        for (Eigen::Index m = 0; m < tokens; ++m)
            CHECK(std::abs(predicted[m] / (factor * profile[m]) - 1) < 1e-13);
        CHECK(gains.attention(0, 1) < gains.attention(tokens - 1, 1));  // early positions keep more variance
    }
}

TEST_CASE("a network without position mixing is solved in closed form") {
    // window 1: each token sees itself only; the value path and both feed-forward branches multiply.
    decoder_config config = narrow_config(decoder_family::llama);
    config.sliding_window = 1;
    config.layers = 1;
    const double v = 64 * 0.07 * 0.07;
    const double range2 = 0.07 * 0.07;
    const double embedding = range2 + config.norm_epsilon;
    const double attended = range2 + v * 64 * range2 * range2 / embedding;
    const detail::gaussian_kernel activation([](double x) { return silu(x); }, v);
    const detail::gaussian_kernel derivative([](double x) { return silu_derivative(x); }, v);
    const double rho = attended / (attended + config.norm_epsilon);
    const double output = attended + 256 * range2 * v * rho * activation(rho);
    const double feed_forward_gain =
        v * 256 * range2 * (v * rho * derivative(rho) + activation(rho)) / (attended + config.norm_epsilon);
    const double expected =
        64 / (output + config.norm_epsilon) * (1 + feed_forward_gain) * (1 + v * 64 * range2 / embedding);
    const Eigen::VectorXd profile = mean_field_profile(config, 5);
    CHECK(std::abs(profile[4] / std::sqrt(expected) - 1) < 1e-12);
    CHECK(profile.head(4).isZero(0));
}

TEST_CASE("the prediction agrees with measured norms, and needs its terms") {
    const Eigen::Index tokens = 48;
    for (const decoder_family family : {decoder_family::gpt2, decoder_family::llama}) {
        for (const Eigen::Index window : {0, 10}) {
            decoder_config config = narrow_config(family);
            config.sliding_window = window;
            const Eigen::VectorXd norms = measured(config, tokens, 60);
            const Eigen::VectorXd predicted = mean_field_profile(config, tokens);
            // width 64, 240 probes: a few per cent of each
            CAPTURE(int(family), window, norms.cwiseQuotient(predicted).transpose());
            const Eigen::Index first = window == 0 ? 0 : 12;  // further back than (layers) windows: no path
            CHECK(worst_ratio(norms.tail(tokens - first), predicted.tail(tokens - first)) < 0.25);
            const double ratio = norms.head(tokens - 1).sum() / predicted.head(tokens - 1).sum();
            CHECK(std::abs(ratio - 1) < 0.1);
            const auto error = [&](const mean_field_terms& terms) {
                const Eigen::VectorXd other = mean_field_profile(config, tokens, terms);
                return (norms / norms.sum() - other / other.sum()).cwiseAbs().sum() / 2;
            };
            CHECK(error({true, true}) < 0.02);
            CHECK(error({false, true}) > error({true, true}));
            CHECK(error({true, false}) > error({true, true}));
        }
    }
}

TEST_CASE("predictions: one token, no layers, and what is rejected") {
    decoder_config config = narrow_config(decoder_family::gpt2);
    CHECK(mean_field_profile(config, 1).size() == 1);
    CHECK_THROWS_AS(mean_field_profile(config, 0), std::domain_error);
    CHECK_THROWS_AS(mean_field_profile(config, Eigen::Index(1) << 20), std::length_error);
    config.layers = 0;
    const Eigen::VectorXd identity = mean_field_profile(config, 3);
    CHECK(identity[0] == 0);
    CHECK(std::abs(identity[2] - std::sqrt(64 / (2 * 0.0049 + 1e-5))) < 1e-10);
    config.heads = 0;
    CHECK_THROWS_AS(mean_field_profile(config, 3), std::domain_error);
}
