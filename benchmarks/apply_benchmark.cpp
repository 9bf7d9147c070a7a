// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The operator and its powers on vectors and blocks, against copying the data.
#include "peers.hpp"

#include <cesaro/apply_power.hpp>
#include <cesaro/cesaro_operator.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>

namespace {

using cesaro::mixing_schedule;
using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using column_major = Eigen::MatrixXd;

/// The largest relative error of y against the first column of `layers` layers of x in long double, layer by
/// layer.
template <class Block>
double largest_error(const Block& x, const Block& y, int layers, double alpha, bool transposed) {
    Eigen::VectorX<long double> reference = x.col(0).template cast<long double>();
    const Eigen::Index last = reference.size() - 1;
    for (int l = 0; l < layers; ++l) {
        long double sum = 0;
        for (Eigen::Index i = 0; i <= last; ++i) {
            const Eigen::Index n = transposed ? last - i : i;
            const long double count = static_cast<long double>(n + 1);
            sum += transposed ? reference[n] / count : reference[n];
            reference[n] = (1.0L - alpha) * reference[n] + alpha * (transposed ? sum : sum / count);
        }
    }
    double worst = 0;
    for (Eigen::Index n = 0; n <= last; ++n)
        worst = std::max(worst, std::abs(double((y(n, 0) - reference[n]) / reference[n])));
    return worst;
}

/// A block of 2^24 entries in range(0) columns; function(x, y) makes y of so many layers.
template <class Block, class Function>
void run(benchmark::State& state, Function function, int layers = 1, double alpha = 1,
         bool transposed = false) {
    const Eigen::Index columns = state.range(0);
    Block x(Eigen::Index(1 << 24) / columns, columns);
    for (Eigen::Index n = 0; n < x.rows(); ++n)
        for (Eigen::Index j = 0; j < columns; ++j)
            x(n, j) = 1 + double((7 * n + 3 * j) % 11) / 10;
    Block y = x;
    for (auto _ : state) {
        function(x, y);
        benchmark::DoNotOptimize(y.data());
        benchmark::ClobberMemory();
    }
    if (layers > 0) {
        state.counters["max_relative_error"] = largest_error(x, y, layers, alpha, transposed);
    }
}

const auto copied = [](const auto& x, auto& y) { std::copy(x.data(), x.data() + x.size(), y.data()); };
const auto applied = [](const auto& x, auto& y) { cesaro::cesaro_operator<>(x.rows()).apply(x, y); };
const auto applied_transposed = [](const auto& x, auto& y) {
    cesaro::cesaro_operator<>(x.rows()).apply_transpose(x, y);
};
const auto powered = [](const auto& x, auto& y) {
    cesaro::apply_power(mixing_schedule<>::constant(32, 0.3), x, y);
};
const auto powered_transposed = [](const auto& x, auto& y) {
    cesaro::apply_power_transpose(mixing_schedule<>::constant(32, 0.3), x, y);
};
const auto layered = [](const auto& x, auto& y) {
    cesaro_benchmark::layer_by_layer(mixing_schedule<>::constant(32, 0.3), x, y);
};

void copy(benchmark::State& state) {
    run<column_major>(state, copied, 0);
}
void apply_column_major(benchmark::State& state) {
    run<column_major>(state, applied);
}
void apply_transpose_column_major(benchmark::State& state) {
    run<column_major>(state, applied_transposed, 1, 1, true);
}
void apply_row_major(benchmark::State& state) {
    run<row_major>(state, applied);
}
void apply_transpose_row_major(benchmark::State& state) {
    run<row_major>(state, applied_transposed, 1, 1, true);
}
void apply_power_32_layers(benchmark::State& state) {
    run<column_major>(state, powered, 32, 0.3);
}
void apply_power_transpose_32_layers(benchmark::State& state) {
    run<column_major>(state, powered_transposed, 32, 0.3, true);
}
void layer_by_layer_32_layers(benchmark::State& state) {
    run<column_major>(state, layered, 32, 0.3);
}

void widths(benchmark::internal::Benchmark* b) {
    b->ArgName("columns")->Arg(1)->Arg(16)->Unit(benchmark::kMicrosecond);
}

BENCHMARK(copy)->Apply(widths);
BENCHMARK(apply_column_major)->Apply(widths);
BENCHMARK(apply_transpose_column_major)->Apply(widths);
BENCHMARK(apply_row_major)->ArgName("columns")->Arg(16)->Unit(benchmark::kMicrosecond);
BENCHMARK(apply_transpose_row_major)->ArgName("columns")->Arg(16)->Unit(benchmark::kMicrosecond);
BENCHMARK(apply_power_32_layers)->Apply(widths);
BENCHMARK(apply_power_transpose_32_layers)->Apply(widths);
BENCHMARK(layer_by_layer_32_layers)->Apply(widths);

}  // namespace
