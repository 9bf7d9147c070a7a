// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Norms of the Jacobian of small untrained networks: measured, and predicted from the configuration alone.
#include <cesaro/decoder/mean_field.hpp>
#include <cesaro/decoder/untrained_jacobian_norms.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/profile_distance.hpp>

#include <cstdio>

int main() {
    cesaro::decoder_config config;  // a Llama; read_decoder_config() gives that of a Hugging Face config.json
    config.rope = cesaro::rope_config{.theta = 10000};
    config.layers = 4;
    config.width = 64;
    config.heads = config.kv_heads = 4;
    config.head_width = 16;
    config.intermediate = 172;
    config.vocab_size = 1000;
    config.max_positions = 128;

    const Eigen::Index tokens = 128, draws = 16;
    const auto measured = cesaro::untrained_jacobian_norms(config, tokens, draws);
    const Eigen::VectorXd predicted = cesaro::mean_field_profile(config, tokens);

    const auto m = cesaro::summarize(measured.profile);
    const auto p = cesaro::summarize(predicted);
    std::printf("%-12s %10s %10s\n", "", "measured", "predicted");
    std::printf("%-12s %10.3f %10.3f\n", "first token", m.first_token, p.first_token);
    std::printf("%-12s %10.3f %10.3f\n", "first tenth", m.primacy, p.primacy);
    std::printf("%-12s %10.3f %10.3f\n", "middle", m.middle, p.middle);
    std::printf("%-12s %10.3f %10.3f\n", "last tenth", m.recency, p.recency);
    std::printf("%-12s %10.3f %10.3f\n", "query", m.last_token, p.last_token);
    std::printf("Wasserstein distance %.3f\n", cesaro::wasserstein(measured.profile, predicted));
}
