// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Gaussian numbers by their places, as weights are drawn, beside filling memory and one generator's sequence.
#include <cesaro/detail/gaussian_stream.hpp>

#include <benchmark/benchmark.h>
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace {

constexpr double deviation = 0.02;

void fill_floats(benchmark::State& state) {
    std::vector<float> numbers(std::size_t(state.range(0)));
    for (auto _ : state) {
        std::fill(numbers.begin(), numbers.end(), 1.f);
        benchmark::DoNotOptimize(numbers.data());
        benchmark::ClobberMemory();
    }
}

/// Memory that the program has not had before.
void fill_fresh_floats(benchmark::State& state) {
    for (auto _ : state) {
        std::vector<float> numbers(std::size_t(state.range(0)), 1.f);
        benchmark::DoNotOptimize(numbers.data());
    }
}

void numbers_by_place(benchmark::State& state) {
    std::vector<float> numbers(std::size_t(state.range(0)));
    const cesaro::detail::gaussian_stream stream(1, {2});
    for (auto _ : state) {
        stream.fill(0, numbers.size(), deviation, numbers.data());
        benchmark::ClobberMemory();
    }
}

void numbers_in_sequence(benchmark::State& state) {
    std::vector<float> numbers(std::size_t(state.range(0)));
    boost::random::mt19937_64 engine(1);
    boost::random::normal_distribution<double> normal(0, deviation);
    for (auto _ : state) {
        std::generate(numbers.begin(), numbers.end(), [&] { return float(normal(engine)); });
        benchmark::ClobberMemory();
    }
}

void sizes(benchmark::internal::Benchmark* b) {
    b->ArgName("columns")->Arg(1 << 12)->Arg(1 << 24)->Unit(benchmark::kMicrosecond);
}
BENCHMARK(fill_floats)->Apply(sizes);
BENCHMARK(fill_fresh_floats)->Apply(sizes);
BENCHMARK(numbers_by_place)->Apply(sizes);
BENCHMARK(numbers_in_sequence)->Apply(sizes);

}  // namespace
