// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// One closed-form entry: its time against the context length (flat) and against the depth (quadratic), and under
// each kind of keys, many of them at once, and the law of the hops, with the relative error against 100 digits beside it.
#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/keys.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <benchmark/benchmark.h>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/eigen.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace {

using float100 = boost::multiprecision::cpp_bin_float_100;

constexpr double alpha = 0.5;

std::array<std::int64_t, 4> sources_of(std::int64_t query) {
    return {0, query / 1000, query / 2, query - 500};
}

template <class Keys>
double largest_error(const cesaro::discrete_influence<>& d, const Keys& keys) {
    const cesaro::discrete_influence<float100> exact(
        d.query(), cesaro::mixing_schedule<float100>::constant(d.hops().max_hops(), float100(alpha)), keys);
    double largest = 0;
    for (const std::int64_t source : sources_of(d.query())) {
        const float100 reference = pdf(exact, source);
        largest = std::max(
            largest, static_cast<double>(float100(abs(float100(pdf(d, source)) - reference) / reference)));
    }
    return largest;
}

template <class Function>
void run(benchmark::State& state, std::int64_t query, Eigen::Index depth, Function function) {
    const cesaro::discrete_influence<> d(query, cesaro::mixing_schedule<>::constant(depth, alpha));
    const auto sources = sources_of(query);
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(function(d, sources[i]));
        i = (i + 1) % sources.size();
    }
    state.counters["max_relative_error"] = largest_error(d, cesaro::uniform_keys<float100>());
}

void pdf_against_tokens(benchmark::State& state) {
    run(state, state.range(0), 32, [](const auto& d, std::int64_t source) { return pdf(d, source); });
}
BENCHMARK(pdf_against_tokens)
    ->ArgName("tokens")
    ->Arg(1000000)
    ->Arg(1000000000)
    ->Arg(1000000000000)
    ->Arg(1000000000000000000);

void pdf_against_depth(benchmark::State& state) {
    run(state, 1000000000000, state.range(0),
        [](const auto& d, std::int64_t source) { return pdf(d, source); });
    state.SetComplexityN(state.range(0));
}
BENCHMARK(pdf_against_depth)->RangeMultiplier(2)->Range(4, 512)->Complexity(benchmark::oNSquared);

// 1000 entries, their sources all over the row: at once, and one by one, of which a fifth of the time is the target.
Eigen::VectorX<std::int64_t> sources_all_over(std::int64_t query) {
    Eigen::VectorX<std::int64_t> sources(1000);
    for (Eigen::Index i = 0; i < sources.size(); ++i)
        sources[i] = std::int64_t(double(query) * std::fmod(double(i) * 0.6180339887498949, 1));
    return sources;
}

template <class Function>
void run_many(benchmark::State& state, Function function) {
    const std::int64_t query = state.range(0) - 1;
    const Eigen::Index depth = state.range(1);
    const cesaro::discrete_influence<> d(query, cesaro::mixing_schedule<>::constant(depth, alpha));
    const Eigen::VectorX<std::int64_t> sources = sources_all_over(query);
    Eigen::VectorXd p(sources.size());
    for (auto _ : state) {
        function(d, sources, p);
        benchmark::DoNotOptimize(p.data());
        benchmark::ClobberMemory();
    }
    const cesaro::discrete_influence<float100> exact(
        query, cesaro::mixing_schedule<float100>::constant(depth, float100(alpha)));
    double largest = 0;
    for (Eigen::Index i = 0; i < sources.size(); i += 50) {
        const float100 reference = pdf(exact, sources[i]);
        largest =
            std::max(largest, static_cast<double>(float100(abs(float100(p[i]) - reference) / reference)));
    }
    state.counters["max_relative_error"] = largest;
}

void pdf_of_many(benchmark::State& state) {
    run_many(state, [](const auto& d, const auto& sources, Eigen::VectorXd& p) { p = pdf(d, sources); });
}
void pdf_one_by_one(benchmark::State& state) {
    run_many(state, [](const auto& d, const auto& sources, Eigen::VectorXd& p) {
        for (Eigen::Index i = 0; i < sources.size(); ++i)
            p[i] = pdf(d, sources[i]);
    });
}
void many_cases(benchmark::internal::Benchmark* b) {
    b->ArgNames({"tokens", "depth"});
    for (const std::int64_t tokens : {std::int64_t(100000), std::int64_t(1000000000000)}) {
        for (const std::int64_t depth : {6, 32, 96, 400})
            b->Args({tokens, depth});
    }
}
BENCHMARK(pdf_of_many)->Apply(many_cases)->Unit(benchmark::kMicrosecond);
BENCHMARK(pdf_one_by_one)->Apply(many_cases)->Unit(benchmark::kMicrosecond);

void cdf_against_tokens(benchmark::State& state) {
    run(state, state.range(0), 32, [](const auto& d, std::int64_t source) { return cdf(d, source); });
}
BENCHMARK(cdf_against_tokens)->Arg(1000000)->Arg(1000000000000)->Arg(1000000000000000000);

void complement_against_tokens(benchmark::State& state) {
    run(state, state.range(0), 32,
        [](const auto& d, std::int64_t source) { return cdf(complement(d, source)); });
}
BENCHMARK(complement_against_tokens)->Arg(1000000)->Arg(1000000000000)->Arg(1000000000000000000);

// The same entry: uniform, beside a sink, and with a decay that reaches over a hundredth of the context. The
// target is twice the uniform one.
template <class Keys, class ExactKeys, class Function>
void run_under(benchmark::State& state, const Keys& keys, const ExactKeys& exact, Function function) {
    const std::int64_t query = state.range(0);
    const cesaro::discrete_influence<> d(query, cesaro::mixing_schedule<>::constant(32, alpha), keys);
    const auto sources = sources_of(query);
    std::size_t i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(function(d, sources[i]));
        i = (i + 1) % sources.size();
    }
    state.counters["max_relative_error"] = largest_error(d, exact);
}

const auto entry = [](const auto& d, std::int64_t source) { return pdf(d, source); };
const auto tail = [](const auto& d, std::int64_t source) { return cdf(d, source); };

void pdf_under_sink(benchmark::State& state) {
    run_under(state, cesaro::uniform_keys<>{.sink = 4}, cesaro::uniform_keys<float100>{.sink = 4}, entry);
}
void cdf_under_sink(benchmark::State& state) {
    run_under(state, cesaro::uniform_keys<>{.sink = 4}, cesaro::uniform_keys<float100>{.sink = 4}, tail);
}
void pdf_under_decay(benchmark::State& state) {
    const double slope = 100 / double(state.range(0));
    run_under(state, cesaro::decaying_keys<>{.slope = slope},
              cesaro::decaying_keys<float100>{.slope = slope, .temperature = 1}, entry);
}
void cdf_under_decay(benchmark::State& state) {
    const double slope = 100 / double(state.range(0));
    run_under(state, cesaro::decaying_keys<>{.slope = slope},
              cesaro::decaying_keys<float100>{.slope = slope, .temperature = 1}, tail);
}
BENCHMARK(pdf_under_sink)->ArgName("tokens")->Arg(1000000)->Arg(1000000000000);
BENCHMARK(pdf_under_decay)->ArgName("tokens")->Arg(1000000)->Arg(1000000000000);
BENCHMARK(cdf_under_sink)->Arg(1000000)->Arg(1000000000000);
BENCHMARK(cdf_under_decay)->Arg(1000000)->Arg(1000000000000);

/// The law of layers that all differ, and what its double precision costs beside plain double.
Eigen::VectorXd distinct_layers(Eigen::Index depth) {
    return Eigen::VectorXd::LinSpaced(depth, 0.15, 0.45);
}

template <class Real>
Eigen::VectorX<Real> plain_law(const Eigen::VectorXd& alphas) {
    Eigen::VectorX<Real> weights = Eigen::VectorX<Real>::Constant(alphas.size() + 1, Real(0));
    weights[0] = Real(1);
    for (Eigen::Index l = 0; l < alphas.size(); ++l) {
        const Real attended(alphas[l]);
        const Real stay = Real(1) - attended;
        for (Eigen::Index k = l + 1; k > 0; --k)
            weights[k] = stay * weights[k] + attended * weights[k - 1];
        weights[0] *= stay;
    }
    return weights;
}

template <class Law>
void run_law(benchmark::State& state, Law law) {
    const Eigen::VectorXd alphas = distinct_layers(state.range(0));
    Eigen::VectorXd weights;
    for (auto _ : state) {
        weights = law(alphas);
        benchmark::DoNotOptimize(weights.data());
        benchmark::ClobberMemory();
    }
    const Eigen::VectorX<float100> exact = plain_law<float100>(alphas);
    double largest = 0;
    for (Eigen::Index k = 0; k < weights.size(); ++k) {
        const float100 error = abs(float100(float100(weights[k]) / exact[k] - 1));
        largest = std::max(largest, static_cast<double>(error));
    }
    state.counters["max_relative_error"] = largest;
}

void hop_law_of_distinct_layers(benchmark::State& state) {
    run_law(state, [](const Eigen::VectorXd& alphas) {
        return Eigen::VectorXd(cesaro::hop_law<>(cesaro::mixing_schedule<>(alphas)).weights());
    });
}
void hop_law_in_plain_double(benchmark::State& state) {
    run_law(state, plain_law<double>);
}
BENCHMARK(hop_law_of_distinct_layers)->ArgName("depth")->Arg(12)->Arg(24)->Arg(80)->Arg(400);
BENCHMARK(hop_law_in_plain_double)->ArgName("depth")->Arg(12)->Arg(24)->Arg(80)->Arg(400);

}  // namespace
