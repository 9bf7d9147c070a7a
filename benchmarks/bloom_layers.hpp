// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// Layers of the shape of Bloom-176B: 112 ALiBi heads with a diagonal score.
#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>

#include <Eigen/Core>

#include <cmath>
#include <vector>

namespace cesaro_benchmark {

inline constexpr int bloom_depth = 70;
inline constexpr int bloom_heads = 112;

/// Every layer with heads of its own, as measured models have them.
inline std::vector<cesaro::head_mixture<double>> bloom_layers(Eigen::Index tokens, Eigen::Index window,
                                                              int layers = bloom_depth) {
    std::vector<cesaro::head_mixture<double>> stack;
    for (int l = 0; l < layers; ++l) {
        std::vector<cesaro::decay_operator<double>> heads;
        for (int h = 1; h <= bloom_heads; ++h)
            heads.push_back({tokens, {std::exp2(-8. * h / bloom_heads), 0.01 * l, 1.0, window}});
        stack.emplace_back(heads, std::vector<double>(bloom_heads, 1.));
    }
    return stack;
}

inline Eigen::VectorXd bloom_lambdas(int layers = bloom_depth) {
    return Eigen::VectorXd::LinSpaced(layers, 0.6, 0.1);
}

}  // namespace cesaro_benchmark
