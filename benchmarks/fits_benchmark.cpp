// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Fits to measured profiles, in units of one profile of the theory.
#include <cesaro/fit_network.hpp>
#include <cesaro/fit_profile.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <random>

namespace {

using cesaro::mixing_schedule;

/// A row beside noise by a factor of e, as norms are measured.
Eigen::VectorXd measured(Eigen::Index tokens, Eigen::Index depth) {
    Eigen::VectorXd norms = cesaro::influence_row(tokens, mixing_schedule<>::constant(depth, 0.3));
    std::mt19937_64 random(20260310);
    for (double& norm : norms)
        norm *= std::exp(2 * std::generate_canonical<double, 53>(random) - 1);
    return norms;
}

void row_of_fit(benchmark::State& state) {
    Eigen::VectorXd row(state.range(0));
    for (auto _ : state) {
        cesaro::influence_row(mixing_schedule<>(Eigen::VectorXd::Constant(state.range(1), 0.3)), row);
        benchmark::ClobberMemory();
    }
}
void fit_of_mixing(benchmark::State& state) {
    const Eigen::VectorXd norms = measured(state.range(0), state.range(1));
    for (auto _ : state)
        benchmark::DoNotOptimize(cesaro::fit_constant_mixing(norms, state.range(1)).parameter);
}

/// The same by the general search, which knows nothing of the family, and how often it asks.
void fit_of_any_theory(benchmark::State& state) {
    const Eigen::VectorXd norms = measured(state.range(0), state.range(1));
    std::int64_t asked = 0;
    const auto theory = [&](double alpha) {
        ++asked;
        return cesaro::influence_row(norms.size(), mixing_schedule<>::constant(state.range(1), alpha));
    };
    for (auto _ : state)
        benchmark::DoNotOptimize(cesaro::fit_profile(norms, 0, 1, theory).parameter);
    state.counters["asked"] = double(asked) / double(state.iterations());
}

void profile_of_gains(benchmark::State& state) {
    const Eigen::VectorXd gains = Eigen::VectorXd::Constant(state.range(1), 0.5);
    for (auto _ : state)
        benchmark::DoNotOptimize(cesaro::jacobian_profile(state.range(0), gains).sum());
}
void fit_of_gains(benchmark::State& state) {
    const Eigen::VectorXd norms = measured(state.range(0), state.range(1));
    const Eigen::VectorXd gains = Eigen::VectorXd::Constant(state.range(1), 0.5);
    for (auto _ : state)
        benchmark::DoNotOptimize(cesaro::fit_gain_factor(norms, gains).parameter);
}

void tokens_and_depth(benchmark::internal::Benchmark* b) {
    b->ArgNames({"tokens", "depth"})->ArgsProduct({{1 << 10, 1 << 14}, {12, 24, 32, 80}});
    b->Unit(benchmark::kMicrosecond);
}
BENCHMARK(row_of_fit)->Apply(tokens_and_depth);
BENCHMARK(fit_of_mixing)->Apply(tokens_and_depth);
BENCHMARK(fit_of_any_theory)->Apply(tokens_and_depth);
BENCHMARK(profile_of_gains)->Apply(tokens_and_depth);
BENCHMARK(fit_of_gains)->Apply(tokens_and_depth);

}  // namespace
