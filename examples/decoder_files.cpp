// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "decoder_files.hpp"

#include "common/output.hpp"
#include "common/program.hpp"

#include <cesaro/decoder/checkpoint.hpp>
#include <cesaro/decoder/read_config.hpp>
#include <cesaro/decoder/safetensors.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <fstream>
#include <map>
#include <string>
#include <system_error>

namespace programs {

namespace {

namespace fs = std::filesystem;
using cesaro::decoder_config;
using cesaro::decoder_family;
using nlohmann::ordered_json;

ordered_json gpt2_config(const decoder_config& c) {
    return {{"architectures", {"GPT2Model"}},
            {"model_type", model_type(c.family)},
            {"n_layer", c.layers},
            {"n_head", c.heads},
            {"n_embd", c.width},
            {"n_inner", c.intermediate},
            {"n_positions", c.max_positions},
            {"vocab_size", c.vocab_size},
            {"activation_function", "gelu_new"},
            {"layer_norm_epsilon", c.norm_epsilon},
            {"initializer_range", c.initializer_range}};
}

ordered_json llama_config(const decoder_config& c) {
    const bool mistral = c.family == decoder_family::mistral;
    const bool qwen2 = c.family == decoder_family::qwen2;
    ordered_json json = {{"architectures",
                          {qwen2     ? "Qwen2Model"
                           : mistral ? "MistralModel"
                                     : "LlamaModel"}},
                         {"model_type", model_type(c.family)},
                         {"num_hidden_layers", c.layers},
                         {"num_attention_heads", c.heads},
                         {"num_key_value_heads", c.kv_heads},
                         {"head_dim", c.head_width},
                         {"hidden_size", c.width},
                         {"intermediate_size", c.intermediate},
                         {"max_position_embeddings", c.max_positions},
                         {"vocab_size", c.vocab_size},
                         {"hidden_act", "silu"},
                         {"rms_norm_eps", c.norm_epsilon},
                         {"rope_theta", c.rope_theta},
                         {"initializer_range", c.initializer_range},
                         {"tie_word_embeddings", true}};
    if (qwen2) {
        json["use_sliding_window"] = c.sliding_window > 0;
        json["max_window_layers"] = c.first_windowed_layer;
    }
    if (c.sliding_window > 0) {
        json["sliding_window"] = c.sliding_window;
    } else if (mistral) {
        json["sliding_window"] = nullptr;
    }
    return json;
}

using cesaro::position_encoding;
const std::map<std::string, position_encoding> position_names = {
    {"learned", position_encoding::learned},
    {"rope", position_encoding::rope},
    {"learned_and_rope", position_encoding::learned_and_rope},
    {"none", position_encoding::none}};

/// x_in as a tensor [tokens, width], the norms as a tensor [tokens].
cesaro::tensor_map<float> input_tensors(const measured_decoder& decoder) {
    const Eigen::MatrixXf& x = decoder.x_in;
    return {{"x_in", {{x.cols(), x.rows()}, x.reshaped()}},  // a token per column: already row-major
            {"jacobian_norms", {{x.cols()}, decoder.jacobian_norms.cast<float>()}}};
}

}  // namespace

std::string model_type(decoder_family family) {
    switch (family) {
        case decoder_family::gpt2:
            return "gpt2";
        case decoder_family::llama:
            return "llama";
        case decoder_family::mistral:
            return "mistral";
        case decoder_family::qwen2:
            return "qwen2";
    }
    throw usage_error("unknown family of decoders");
}

std::string position_name(position_encoding positions) {
    for (const auto& [name, value] : position_names)
        if (value == positions) return name;
    throw usage_error("unknown position encoding");
}

std::string config_json(const decoder_config& config) {
    const bool gpt2 = config.family == decoder_family::gpt2;
    ordered_json json = gpt2 ? gpt2_config(config) : llama_config(config);
    if (config.positions != (gpt2 ? position_encoding::learned : position_encoding::rope)) {
        json["position_encoding"] = position_name(config.positions);
    }
    return json.dump(2) + "\n";
}

cesaro::decoder_config read_config(const fs::path& path) {
    decoder_config config = cesaro::read_decoder_config(path);
    std::ifstream file(fs::is_directory(path) ? path / "config.json" : path);
    const ordered_json json = ordered_json::parse(file, nullptr, false);
    if (!json.is_object() || !json.contains("position_encoding")) return config;
    const ordered_json& name = json["position_encoding"];
    const auto found = name.is_string() ? position_names.find(name.get<std::string>()) : position_names.end();
    if (found == position_names.end())
        throw usage_error(path.string() + ": position_encoding: " + name.dump() + " is unknown");
    config.positions = found->second;
    config.validate();
    return config;
}

void check_savable(const fs::path& directory) {
    fs::path probe = fs::absolute(directory / "config.json");
    while (!fs::exists(probe.parent_path()))
        probe = probe.parent_path();
    const pending_file writable(probe);
}

void save_decoder(const fs::path& directory, const measured_decoder& decoder) {
    const bool existed = fs::exists(directory);
    const std::array files = {directory / "config.json", directory / "inputs.safetensors",
                              directory / "model.safetensors"};
    try {
        cesaro::save_weights(directory, decoder.model.config, decoder.model.weights);
        cesaro::save_safetensors(directory / "inputs.safetensors", input_tensors(decoder));
        write_output((directory / "config.json").string(), config_json(decoder.model.config));
    } catch (...) {
        std::error_code ignored;
        for (const fs::path& file : files)
            if (fs::is_regular_file(file, ignored)) fs::remove(file, ignored);
        if (!existed) fs::remove(directory, ignored);
        throw;
    }
}

}  // namespace programs
