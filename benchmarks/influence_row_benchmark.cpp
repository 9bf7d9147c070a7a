// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Whole rows against the time it takes to fill the buffer, with the relative error beside every time.
#include "peers.hpp"

#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_blocks.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/keys.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

namespace {

using cesaro::mixing_schedule;

/// Attention only: every entry is the highest power of a logarithm, the hardest row there is.
mixing_schedule<> hardest(Eigen::Index depth) {
    return mixing_schedule<>::attention_only(depth);
}

mixing_schedule<> residual(Eigen::Index depth) {
    return mixing_schedule<>::constant(depth, 0.3);
}

/// Against the closed form in extended precision, at 1000 positions dense near both ends.
template <class Keys = cesaro::uniform_keys<long double>>
double largest_error(const mixing_schedule<>& schedule, const Eigen::VectorXd& row, const Keys& keys = {}) {
    const cesaro::discrete_influence<long double> exact(
        row.size() - 1, mixing_schedule<long double>(schedule.alphas().cast<long double>()), keys);
    std::mt19937_64 random(20260310);
    double worst = 0;
    for (int i = 0; i < 1000; ++i) {
        const double u = std::generate_canonical<double, 53>(random);
        const auto near = Eigen::Index(std::pow(double(row.size()), u)) - 1;
        const Eigen::Index source = i % 2 == 0 ? near : row.size() - 1 - near;
        const long double p = pdf(exact, source);
        if (p > 1e-290L) worst = std::max(worst, double(std::abs(row[source] / p - 1)));
    }
    return worst;
}

/// In extended precision: over 2^24 entries a sum in double would show its own rounding.
double sum_minus_one(const Eigen::VectorXd& row) {
    return double(std::accumulate(row.data(), row.data() + row.size(), 0.0L) - 1);
}

template <class Function>
void run(benchmark::State& state, mixing_schedule<> schedule, Function function) {
    Eigen::VectorXd row = Eigen::VectorXd::Zero(state.range(0));
    for (auto _ : state) {
        function(schedule, row);
        benchmark::DoNotOptimize(row.data());
        benchmark::ClobberMemory();
    }
    state.SetComplexityN(state.range(0));
    state.counters["max_relative_error"] = largest_error(schedule, row);
    state.counters["sum_minus_one"] = sum_minus_one(row);
}

void fill(benchmark::State& state) {
    Eigen::VectorXd row = Eigen::VectorXd::Zero(state.range(0));
    double value = 1;
    benchmark::DoNotOptimize(value);
    for (auto _ : state) {
        std::fill(row.data(), row.data() + row.size(), value);
        benchmark::DoNotOptimize(row.data());
        benchmark::ClobberMemory();
    }
    state.SetComplexityN(state.range(0));
}

const auto library_row = [](const mixing_schedule<>& s, Eigen::VectorXd& row) { influence_row(s, row); };

void row_attention_only(benchmark::State& state) {
    run(state, hardest(state.range(1)), library_row);
}

void row_residual(benchmark::State& state) {
    run(state, residual(state.range(1)), library_row);
}

/// Keys beside a sink, and keys that decay: 100 of them, or 10^4, ... are seen.
template <class Keys, class ExactKeys>
void run_under(benchmark::State& state, const Keys& keys, const ExactKeys& exact) {
    const auto schedule = residual(state.range(1));
    Eigen::VectorXd row = Eigen::VectorXd::Zero(state.range(0));
    for (auto _ : state) {
        cesaro::influence_row(schedule, row, keys);
        benchmark::DoNotOptimize(row.data());
        benchmark::ClobberMemory();
    }
    state.counters["max_relative_error"] = largest_error(schedule, row, exact);
}
void row_under_sink(benchmark::State& state) {
    run_under(state, cesaro::uniform_keys<>{.sink = 4}, cesaro::uniform_keys<long double>{.sink = 4});
}
void row_under_slope(benchmark::State& state) {
    const double slope = 1 / double(state.range(2));
    run_under(state, cesaro::decaying_keys<>{.slope = slope},
              cesaro::decaying_keys<long double>{.slope = slope, .temperature = 1});
}

/// Sixty-four networks of 24 layers, one after the other and together.
std::vector<cesaro::hop_law<double>> sweep() {
    std::vector<cesaro::hop_law<double>> networks;
    for (int i = 0; i < 64; ++i)
        networks.push_back(mixing_schedule<>::constant(24, 0.2 + 0.003 * i));
    return networks;
}
void sweep_one_by_one(benchmark::State& state) {
    const auto networks = sweep();
    cesaro::row_major_matrix<double> rows = cesaro::row_major_matrix<double>::Zero(64, state.range(0));
    for (auto _ : state) {
        for (Eigen::Index i = 0; i < rows.rows(); ++i)
            cesaro::influence_row(networks[std::size_t(i)], rows.row(i));
        benchmark::ClobberMemory();
    }
}
void sweep_together(benchmark::State& state) {
    const auto networks = sweep();
    cesaro::row_major_matrix<double> rows = cesaro::row_major_matrix<double>::Zero(64, state.range(0));
    for (auto _ : state) {
        cesaro::influence_rows(networks, rows);
        benchmark::ClobberMemory();
    }
    for (Eigen::Index i = 0; i < rows.rows(); i += 21) {
        const double alpha = 0.2 + 0.003 * double(i);
        state.counters["max_relative_error"] =
            std::max(double(state.counters["max_relative_error"]),
                     largest_error(mixing_schedule<>::constant(24, alpha), rows.row(i)));
    }
}

void row_straight_sums(benchmark::State& state) {
    run(state, hardest(state.range(1)), cesaro_benchmark::straight_row);
}

void row_recurrence(benchmark::State& state) {
    run(state, hardest(state.range(1)), [](const mixing_schedule<>& s, Eigen::VectorXd& row) {
        cesaro::detail::recurrence_row<double>(s.hop_distribution(), row.size())
            .fill(0, row.size(), row.data());
    });
}

void row_streamed(benchmark::State& state) {
    const auto schedule = residual(state.range(1));
    double sum = 0;
    for (auto _ : state) {
        sum = 0;
        cesaro::for_each_influence_block(state.range(0), schedule, 1 << 14,
                                         [&](Eigen::Index, const auto& values) { sum += values.sum(); });
        benchmark::DoNotOptimize(sum);
    }
    state.counters["sum_minus_one"] = sum - 1;
}

constexpr std::int64_t long_row = std::int64_t(1) << 24;

void tokens_and_depth(benchmark::internal::Benchmark* b) {
    b->ArgNames({"tokens", "depth"})->Unit(benchmark::kMicrosecond);
    for (std::int64_t tokens = 1 << 10; tokens <= long_row; tokens *= 4)
        b->Args({tokens, 24});
    for (const std::int64_t depth : {1, 6, 12, 48, 96})
        b->Args({long_row, depth});
    b->Args({1 << 10, 12});
}

BENCHMARK(fill)
    ->ArgName("tokens")
    ->RangeMultiplier(4)
    ->Range(1 << 10, long_row)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(row_attention_only)->Apply(tokens_and_depth);
BENCHMARK(row_residual)->Apply(tokens_and_depth);
BENCHMARK(row_under_sink)->Apply(tokens_and_depth);
BENCHMARK(row_under_slope)
    ->ArgNames({"tokens", "depth", "keys_seen"})
    ->ArgsProduct({{1 << 14, long_row}, {24}, {100, 10'000, 1'000'000}})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(sweep_one_by_one)->ArgName("tokens")->RangeMultiplier(4)->Range(1 << 8, 1 << 16);
BENCHMARK(sweep_together)->ArgName("tokens")->RangeMultiplier(4)->Range(1 << 8, 1 << 16);
BENCHMARK(row_recurrence)->Apply(tokens_and_depth)->MinTime(0.05);
BENCHMARK(row_straight_sums)->Apply(tokens_and_depth)->MinTime(0.05);
BENCHMARK(row_streamed)
    ->ArgNames({"tokens", "depth"})
    ->Args({10'000'000'000, 24})
    ->Iterations(1)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
