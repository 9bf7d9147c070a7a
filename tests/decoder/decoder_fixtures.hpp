// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// Tiny decoders with nothing at its initial value, and central differences.
#include "../scalars.hpp"

#include <cesaro/decoder/decoder.hpp>

#include <Eigen/Core>

#include <random>

namespace cesaro_test {

/// One of each kind: grouped queries, an odd number of tokens per window, sizes that differ from each other.
inline cesaro::decoder_config tiny_config(cesaro::decoder_family family) {
    using cesaro::decoder_family;
    cesaro::decoder_config config;
    config.family = family;
    const bool gpt2 = family == decoder_family::gpt2;
    config.positions = gpt2 ? cesaro::position_encoding::learned : cesaro::position_encoding::rope;
    config.layers = 2;
    config.heads = gpt2 ? 2 : 4;
    config.kv_heads = 2;
    config.head_width = gpt2 ? 3 : 2;
    config.width = gpt2 ? 6 : 7;
    config.intermediate = 9;
    config.vocab_size = 11;
    config.max_positions = 8;
    config.rope_theta = 30;
    config.norm_epsilon = 1e-2;
    if (family == decoder_family::mistral) config.sliding_window = 3;
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
    cesaro::decoder<Real> model{config, cesaro::zero_weights<Real>(config)};
    cesaro::for_each_tensor(config, model.weights, [&](auto tensor) {
        tensor.values = random_matrix<Real>(tensor.values.rows(), tensor.values.cols(), engine);
    });
    return model;
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

}  // namespace cesaro_test
