// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Rows, matrices and rollouts on several threads, beside what the threads gain where they only fill the same memory.
// Real time: processor time would add the threads up.
#include "bloom_layers.hpp"

#include <cesaro/attention/rollout.hpp>
#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>

#include <omp.h>

namespace {

const auto schedule = cesaro::mixing_schedule<>::constant(24, 0.3);

/// function() into `out` on state.range(1) threads; the counter says whether the result is that of one
/// thread.
template <class Out, class Function>
void run(benchmark::State& state, Out& out, Function function) {
    omp_set_num_threads(1);
    function();
    const Out one_thread = out;
    out.setZero();
    omp_set_num_threads(int(state.range(1)));
    for (auto _ : state) {
        function();
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
    state.counters["max_relative_error"] = (out - one_thread).cwiseAbs().maxCoeff();
}

void fill(benchmark::State& state) {
    Eigen::VectorXd out = Eigen::VectorXd::Zero(state.range(0));
    constexpr Eigen::Index piece = Eigen::Index(1) << 16;
    run(state, out, [&] {
#pragma omp parallel for schedule(static)
        for (Eigen::Index i = 0; i < out.size(); i += piece)
            std::fill(out.data() + i, out.data() + std::min(i + piece, out.size()), 1.0);
    });
}

void row(benchmark::State& state) {
    Eigen::VectorXd out = Eigen::VectorXd::Zero(state.range(0));
    run(state, out, [&] { influence_row(schedule, out); });
}

void matrix(benchmark::State& state) {
    using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    row_major out = row_major::Zero(state.range(0), state.range(0));
    run(state, out, [&] { influence_matrix(schedule, out, cesaro::upper_triangle::keep); });
}

void rollout(benchmark::State& state, Eigen::Index window) {
    const auto layers = cesaro_benchmark::bloom_layers(state.range(0), window);
    Eigen::VectorXd out(state.range(0));
    run(state, out, [&] { out = cesaro::rollout_row(layers, cesaro_benchmark::bloom_lambdas()); });
}

void rollout_of_running_sums(benchmark::State& state) {
    rollout(state, cesaro::unlimited_window);
}

void rollout_of_windowed_sums(benchmark::State& state) {
    rollout(state, 100);
}

void lengths(benchmark::internal::Benchmark* b) {
    for (const std::int64_t tokens : {1 << 20, 1 << 26})
        for (const std::int64_t threads : {1, 2})
            b->Args({tokens, threads});
}

void settings(benchmark::internal::Benchmark* b) {
    b->ArgNames({"tokens", "threads"})->UseRealTime()->Unit(benchmark::kMicrosecond);
}

BENCHMARK(fill)->Apply(lengths)->Apply(settings);
BENCHMARK(row)->Apply(lengths)->Apply(settings);
BENCHMARK(matrix)->Args({4096, 1})->Args({4096, 2})->Apply(settings);
BENCHMARK(rollout_of_running_sums)->Args({131072, 1})->Args({131072, 2})->Apply(settings);
BENCHMARK(rollout_of_windowed_sums)->Args({131072, 1})->Args({131072, 2})->Apply(settings);

}  // namespace
