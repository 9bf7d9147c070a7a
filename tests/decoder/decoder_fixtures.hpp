// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// Tiny decoders with nothing at its initial value, and central differences.
#include "../scalars.hpp"

#include <cesaro/decoder/decoder.hpp>

#include <Eigen/Core>

#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace cesaro_test {

/// gpt2, llama, mistral or qwen2: grouped queries, an odd number of tokens per window, sizes that differ from
/// each other.
inline cesaro::decoder_config tiny_config(std::string_view family) {
    cesaro::decoder_config config;
    const bool gpt2 = family == "gpt2";
    config.model_type = std::string(family);
    config.layers = 2;
    config.heads = gpt2 ? 2 : 4;
    config.kv_heads = 2;
    config.head_width = gpt2 ? 3 : 2;
    config.width = gpt2 ? 6 : 7;
    config.intermediate = 9;
    config.vocab_size = 11;
    config.max_positions = 8;
    config.norm.epsilon = 1e-2;
    config.biases.query_key_value = gpt2 || family == "qwen2";
    if (gpt2) {
        config.norm.kind = cesaro::norm_kind::layer_norm;
        config.norm.bias = true;
        config.learned_positions = true;
        config.gated = false;
        config.activation = cesaro::activation_kind::gelu_tanh;
        config.biases = {true, true, true, true};
        config.residual_init_by_depth = true;
    } else {
        config.rope = cesaro::rope_config{};
        config.rope->theta = 30;
    }
    if (family == "mistral") config.pattern = {cesaro::layer_config{.window = 3}};
    return config;
}

template <class Real>
Eigen::MatrixX<Real> random_matrix(Eigen::Index rows, Eigen::Index cols, std::mt19937_64& engine) {
    std::uniform_real_distribution<double> uniform(-1, 1);
    Eigen::MatrixX<Real> x(rows, cols);
    for (Eigen::Index i = 0; i < x.size(); ++i)
        x(i) = Real(uniform(engine));
    return x;
}

template <class Real>
cesaro::decoder<Real> random_decoder(const cesaro::decoder_config& config, std::mt19937_64& engine) {
    auto weights = cesaro::zero_weights<Real>(config);
    cesaro::for_each_weight(config, weights, [&](const std::string&, auto& array) {
        array = random_matrix<Real>(array.rows(), array.cols(), engine);
    });
    return {config, std::move(weights)};
}

/// The gradient of sum(y_bar ∘ f(x)) by central differences of step 1e-17: errors near 1e-33 in 50 digits.
template <class Function>
Eigen::MatrixX<float50> central_difference(const Function& f, Eigen::MatrixX<float50> x,
                                           const Eigen::MatrixX<float50>& y_bar) {
    const float50 step("1e-17");
    Eigen::MatrixX<float50> gradient(x.rows(), x.cols());
    for (Eigen::Index i = 0; i < x.size(); ++i) {
        const float50 value = x(i);
        x(i) = value + step;
        const float50 above = f(x).cwiseProduct(y_bar).sum();
        x(i) = value - step;
        const float50 below = f(x).cwiseProduct(y_bar).sum();
        x(i) = value;
        gradient(i) = (above - below) / (2 * step);
    }
    return gradient;
}

/// The greatest difference of two matrices over the greatest entry.
template <class A, class B>
double relative_difference(const A& a, const B& b) {
    const Eigen::MatrixX<typename A::Scalar> difference = a - b;
    return static_cast<double>(difference.cwiseAbs().maxCoeff() / b.cwiseAbs().maxCoeff());
}

/// A narrow decoder whose branches are as strong as those of a published one.
inline cesaro::decoder_config narrow_config(std::string_view family) {
    cesaro::decoder_config config = tiny_config(family);
    config.layers = 4;
    config.heads = config.kv_heads = 2;
    config.width = 64;
    config.head_width = 32;
    config.intermediate = 256;
    config.vocab_size = 5000;
    config.max_positions = 64;
    config.initializer_range = 0.07;
    config.norm.epsilon = 1e-5;
    config.pattern.clear();
    if (config.rope) config.rope->theta = 10000;
    return config;
}

}  // namespace cesaro_test
