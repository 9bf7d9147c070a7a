// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Rollouts of the shape of Bloom-176B, 70 layers of 112 ALiBi heads with a diagonal score, from running sums
// and from products of dense matrices. `error` is the largest relative difference of the two rows.
#include "bloom_layers.hpp"

#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>

#include <Eigen/Dense>
#include <benchmark/benchmark.h>

#include <vector>

namespace {

using Eigen::Index;

using cesaro_benchmark::bloom_lambdas;
using cesaro_benchmark::bloom_layers;
constexpr int depth = cesaro_benchmark::bloom_depth;

void rollout(benchmark::State& state, Index window) {
    const Index tokens = state.range(0);
    const auto layers = bloom_layers(tokens, window);
    for (auto _ : state)
        benchmark::DoNotOptimize(cesaro::rollout_row(layers, bloom_lambdas(depth)));
    state.counters["per_head_token"] =
        benchmark::Counter(double(tokens) * depth * cesaro_benchmark::bloom_heads,
                           benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
    state.SetComplexityN(tokens);
}

void row_from_running_sums(benchmark::State& state) {
    rollout(state, cesaro::unlimited_window);
}
BENCHMARK(row_from_running_sums)
    ->RangeMultiplier(8)
    ->Range(256, 131072)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

void row_from_windowed_sums(benchmark::State& state) {
    rollout(state, 100);
}
BENCHMARK(row_from_windowed_sums)
    ->RangeMultiplier(8)
    ->Range(256, 131072)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oN);

/// The baseline: n × n layer matrices, given, multiplied from the left; four layers stand for seventy, which
/// would take as many times longer.
void row_from_dense_products(benchmark::State& state) {
    constexpr int dense_depth = 4;
    const Index tokens = state.range(0);
    const auto layers = bloom_layers(tokens, cesaro::unlimited_window, dense_depth);
    const Eigen::VectorXd mixing = bloom_lambdas(dense_depth);
    std::vector<Eigen::MatrixXd> dense;
    for (int l = 0; l < dense_depth; ++l) {
        dense.push_back(mixing[l] * layers[std::size_t(l)].matrix());
        dense.back().diagonal().array() += 1 - mixing[l];
    }
    Eigen::MatrixXd product;
    for (auto _ : state) {
        product = dense[0];
        for (int l = 1; l < dense_depth; ++l)
            product = (dense[std::size_t(l)] * product).eval();
        benchmark::DoNotOptimize(product.data());
    }
    const Eigen::VectorXd expected = product.row(tokens - 1).transpose();
    const Eigen::VectorXd row = cesaro::rollout_row(layers, mixing);
    state.counters["error"] = ((row - expected).array() / expected.array()).abs().maxCoeff();
    state.SetComplexityN(tokens);
}
BENCHMARK(row_from_dense_products)
    ->RangeMultiplier(2)
    ->Range(256, 1024)
    ->Unit(benchmark::kMillisecond)
    ->Complexity(benchmark::oNCubed);

void sliding_window(benchmark::State& state) {
    const cesaro::sliding_window_operator<double> op(state.range(0), 1000);
    const Eigen::VectorXd x = Eigen::VectorXd::Ones(state.range(0));
    Eigen::VectorXd y(state.range(0));
    for (auto _ : state) {
        op.apply_transpose(x, y);
        benchmark::DoNotOptimize(y.data());
    }
    state.SetComplexityN(state.range(0));
}
BENCHMARK(sliding_window)
    ->RangeMultiplier(16)
    ->Range(4096, 1 << 20)
    ->Unit(benchmark::kMicrosecond)
    ->Complexity(benchmark::oN);

}  // namespace
