// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Write a small network as others write theirs, read it back, and measure it: what one does with any
// checkpoint of these families on disk.
#include <cesaro/decoder/draws.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/files/checkpoint.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/profile.hpp>

#include <cstdio>
#include <filesystem>
#include <vector>

int main() {
    const auto directory = std::filesystem::temp_directory_path() / "cesaro-example";
    {
        const cesaro::decoder_config config = cesaro::parse_decoder_config(R"({"model_type": "gpt2",
            "n_layer": 2, "n_embd": 32, "n_head": 2, "n_positions": 64, "vocab_size": 100})");
        const auto drawn = cesaro::initialize_decoder<float>(config, 1);
        cesaro::save_decoder_config(directory, config);            // config.json
        cesaro::save_weights(directory, config, drawn.weights());  // model.safetensors
    }
    const auto config = cesaro::read_decoder_config(directory / "config.json");
    const cesaro::decoder<float> model(config, cesaro::load_weights<float>(directory, config));
    std::filesystem::remove_all(directory);

    const auto ids = cesaro::uniform_token_ids(64, config.vocab_size, 2);  // or read_token_ids(file, ...)
    cesaro::jacobian_probes exact;
    exact.kind = cesaro::probe_kind::exact;
    const auto norms = cesaro::jacobian_norms(model, std::vector{cesaro::embed(model, ids)}, exact);
    const auto s = cesaro::summarize(norms.profile);
    std::printf("first tenth %.3f, middle %.3f, last tenth %.3f\n", s.primacy, s.middle, s.recency);
}
