// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Predictions from a configuration, beside the products of matrices that they take. For any processor, as the
// programs are.
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/files/config_json.hpp>

#include <Eigen/Core>
#include <benchmark/benchmark.h>

#include <string>

namespace {

/// Of 80 layers, as wide as people run them.
cesaro::decoder_config wide_decoder(const char* family) {
    return cesaro::parse_decoder_config(std::string(R"({"num_hidden_layers": 80, "hidden_size": 8192,
        "intermediate_size": 28672, "num_attention_heads": 64, "vocab_size": 128256, )") +
                                        family + "}");
}
const char* const whole_past = R"("model_type": "llama")";
const char* const windows = R"("model_type": "mistral", "sliding_window": 4096)";

void predict(benchmark::State& state, const char* family) {
    const cesaro::decoder_config config = wide_decoder(family);
    double error = 0;
    for (auto _ : state) {
        const auto profile = cesaro::predict(config, state.range(0));
        error = profile.error_estimate();
        benchmark::DoNotOptimize(profile.share(0));
    }
    state.counters["error"] = error;
}
void prediction(benchmark::State& state) {
    predict(state, whole_past);
}
void prediction_with_windows(benchmark::State& state) {
    predict(state, windows);
}

/// Nine products of a triangular matrix for a layer forward, nine backward, on the cells of the finer prediction.
void products_of_prediction(benchmark::State& state) {
    const cesaro::decoder_config config = wide_decoder(whole_past);
    const auto cells = Eigen::Index(cesaro::predict(config, state.range(0)).nodes().size());
    const Eigen::MatrixXd a = Eigen::MatrixXd::Constant(cells, cells, 1 / double(cells));
    Eigen::MatrixXd x = Eigen::MatrixXd::Ones(cells, cells), y(cells, cells);
    for (auto _ : state)
        for (Eigen::Index i = 0; i < 18 * config.layers; ++i) {
            y.noalias() = a.triangularView<Eigen::StrictlyLower>() * x;
            benchmark::ClobberMemory();
        }
}

void contexts(benchmark::internal::Benchmark* b) {
    b->ArgName("tokens")->Arg(256)->Arg(1 << 13)->Arg(1 << 17)->Arg(1 << 20)->Unit(benchmark::kMillisecond);
}
BENCHMARK(prediction)->Apply(contexts);
BENCHMARK(prediction_with_windows)->Apply(contexts);
BENCHMARK(products_of_prediction)->Apply(contexts);

}  // namespace
