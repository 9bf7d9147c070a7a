// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Whole matrices against dense powers and against filling what they fill, the error beside every time.
#include "peers.hpp"

#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>

#include <Eigen/Dense>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>

#include <unsupported/Eigen/MatrixFunctions>

#ifdef CESARO_BENCHMARK_BLAS
extern "C" void dgemm_(const char*, const char*, const int*, const int*, const int*, const double*,
                       const double*, const int*, const double*, const int*, const double*, double*,
                       const int*);
#endif

namespace {

using cesaro::mixing_schedule;
using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double alpha = 0.3;
constexpr Eigen::Index depth = 32;

mixing_schedule<> schedule() {
    return mixing_schedule<>::constant(depth, alpha);
}

/// Against rows in extended precision, every 61st of them and the last.
template <class Matrix>
double largest_error(const Matrix& a) {
    const auto exact = mixing_schedule<long double>::constant(depth, static_cast<long double>(alpha));
    double worst = 0;
    for (Eigen::Index n = a.rows() - 1; n >= 0; n -= 61) {
        const auto row = influence_row(n + 1, exact);
        for (Eigen::Index m = 0; m <= n; ++m)
            worst = std::max(worst, double(std::abs(a(n, m) / row[m] - 1)));
    }
    return worst;
}

template <class Matrix, class Function>
void run(benchmark::State& state, Function function) {
    Matrix a = Matrix::Zero(state.range(0), state.range(0));
    for (auto _ : state) {
        function(a);
        benchmark::DoNotOptimize(a.data());
        benchmark::ClobberMemory();
    }
    state.SetComplexityN(state.range(0));
    state.counters["max_relative_error"] = largest_error(a);
}

void lower_triangle_fill(benchmark::State& state) {
    row_major a = row_major::Zero(state.range(0), state.range(0));
    double value = 1;
    benchmark::DoNotOptimize(value);
    for (auto _ : state) {
        for (Eigen::Index n = 0; n < a.rows(); ++n)
            std::fill(&a(n, 0), &a(n, 0) + n + 1, value);
        benchmark::DoNotOptimize(a.data());
        benchmark::ClobberMemory();
    }
    state.SetComplexityN(state.range(0));
}

void square_fill(benchmark::State& state) {
    Eigen::MatrixXd a = Eigen::MatrixXd::Zero(state.range(0), state.range(0));
    double value = 1;
    benchmark::DoNotOptimize(value);
    for (auto _ : state) {
        std::fill(a.data(), a.data() + a.size(), value);
        benchmark::DoNotOptimize(a.data());
        benchmark::ClobberMemory();
    }
    state.SetComplexityN(state.range(0));
}

void matrix_row_major_upper_kept(benchmark::State& state) {
    run<row_major>(state, [](auto& a) { influence_matrix(schedule(), a, cesaro::upper_triangle::keep); });
}

void matrix_row_major(benchmark::State& state) {
    run<row_major>(state, [](auto& a) { influence_matrix(schedule(), a); });
}

void matrix_column_major(benchmark::State& state) {
    run<Eigen::MatrixXd>(state, [](auto& a) { influence_matrix(schedule(), a); });
}

void eigen_repeated_squaring(benchmark::State& state) {
    run<Eigen::MatrixXd>(state, [](auto& a) {
        a = cesaro_benchmark::dense_power(cesaro_benchmark::dense_layer(a.rows(), alpha), depth,
                                          [](const auto& x, const auto& y, auto& z) { z.noalias() = x * y; });
    });
}

void eigen_matrix_power(benchmark::State& state) {
    run<Eigen::MatrixXd>(state, [](auto& a) {
        const Eigen::MatrixXd layer = cesaro_benchmark::dense_layer(a.rows(), alpha);
        a = Eigen::MatrixPower<Eigen::MatrixXd>(const_cast<Eigen::MatrixXd&>(layer))(double(depth));
    });
}

#ifdef CESARO_BENCHMARK_BLAS
void blas_repeated_squaring(benchmark::State& state) {
    run<Eigen::MatrixXd>(state, [](auto& a) {
        a = cesaro_benchmark::dense_power(
            cesaro_benchmark::dense_layer(a.rows(), alpha), depth, [](const auto& x, const auto& y, auto& z) {
                const int n = int(x.rows());
                const double one = 1;
                const double zero = 0;
                dgemm_("N", "N", &n, &n, &n, &one, x.data(), &n, y.data(), &n, &zero, z.data(), &n);
            });
    });
}
BENCHMARK(blas_repeated_squaring)
    ->ArgName("tokens")
    ->RangeMultiplier(4)
    ->Range(256, 4096)
    ->Iterations(1)
    ->Unit(benchmark::kMicrosecond);
#endif

void sizes(benchmark::internal::Benchmark* b) {
    b->ArgName("tokens")->RangeMultiplier(4)->Range(256, 4096)->Unit(benchmark::kMicrosecond);
    b->Complexity(benchmark::oNSquared);
}

BENCHMARK(lower_triangle_fill)->Apply(sizes);
BENCHMARK(square_fill)->Apply(sizes);
BENCHMARK(matrix_row_major_upper_kept)->Apply(sizes);
BENCHMARK(matrix_row_major)->Apply(sizes);
BENCHMARK(matrix_column_major)->Apply(sizes);
BENCHMARK(eigen_repeated_squaring)
    ->ArgName("tokens")
    ->RangeMultiplier(4)
    ->Range(256, 4096)
    ->Iterations(1)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(eigen_matrix_power)
    ->ArgName("tokens")
    ->RangeMultiplier(4)
    ->Range(256, 4096)
    ->Iterations(1)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
