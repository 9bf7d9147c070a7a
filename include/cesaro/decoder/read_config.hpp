// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/detail/file.hpp>
#include <cesaro/detail/json.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace cesaro {

namespace detail {

/// A Hugging Face config.json: its keys, by type. A key that is null counts as absent.
class config_reader {
  public:
    config_reader(std::string_view text, std::string file)
        : file_(std::move(file)), object_(parse_json_object(function, file_, text)) {}

    [[noreturn]] void fail(const std::string& problem) const { throw_file_error(function, file_, problem); }
    [[noreturn]] void fail(const std::string& key, const std::string& problem) const {
        fail("key '" + key + "' " + problem);
    }

    const json* find(const std::string& key) const {
        const json* const value = field(function, file_, object_, key);
        return value == nullptr || value->data() == "null" ? nullptr : value;
    }
    bool has(const std::string& key) const { return find(key) != nullptr; }
    bool is_null(const std::string& key) const { return object_.count(key) == 1 && !has(key); }

    std::optional<Eigen::Index> natural(const std::string& key) const {
        const json* const value = find(key);
        if (value == nullptr) return std::nullopt;
        const auto number = json_natural(*value);
        if (!number) wrong(key, *value, "is no natural number");
        return Eigen::Index(*number);
    }
    std::optional<double> real(const std::string& key) const {
        const json* const value = find(key);
        return value == nullptr ? std::nullopt : std::optional(real(key, *value));
    }
    double real(const std::string& key, const json& value) const {
        const auto number = json_real(value);
        if (!number) wrong(key, value, "is no finite number");
        return *number;
    }
    std::optional<bool> boolean(const std::string& key) const {
        const json* const value = find(key);
        if (value == nullptr) return std::nullopt;
        if (value->data() != "true" && value->data() != "false")
            wrong(key, *value, "is neither true nor false");
        return value->data() == "true";
    }
    std::optional<std::string> text(const std::string& key) const {
        const json* const value = find(key);
        return value == nullptr ? std::nullopt : std::optional(value->data());
    }

    /// The first of the names by which a size goes; throws when there is none.
    Eigen::Index required(std::initializer_list<const char*> keys) const {
        for (const char* const key : keys) {
            if (const auto value = natural(key)) return *value;
        }
        fail(*keys.begin(), "is missing");
    }

    static constexpr std::string_view function = "read_decoder_config";

  private:
    [[noreturn]] void wrong(const std::string& key, const json& value, const std::string& problem) const {
        fail(key, "= '" + printable(value.data()) + "' " + problem);
    }

    std::string file_;
    json object_;
};

/// The family, from model_type or, in its absence, from the class named in `architectures`.
inline decoder_family config_family(const config_reader& config) {
    using row = std::pair<std::string_view, decoder_family>;
    static constexpr std::array<row, 4> families{{{"gpt2", decoder_family::gpt2},
                                                  {"llama", decoder_family::llama},
                                                  {"mistral", decoder_family::mistral},
                                                  {"qwen2", decoder_family::qwen2}}};
    static constexpr std::array<row, 4> classes{{{"GPT2", decoder_family::gpt2},
                                                 {"Llama", decoder_family::llama},
                                                 {"Mistral", decoder_family::mistral},
                                                 {"Qwen2", decoder_family::qwen2}}};
    static constexpr std::array<std::string_view, 3> heads{"LMHeadModel", "ForCausalLM", "Model"};
    const std::string known = "; gpt2, llama, mistral and qwen2 are";
    if (const auto type = config.text("model_type")) {
        for (const auto& [name, family] : families) {
            if (*type == name) return family;
        }
        config.fail("model_type", "= '" + printable(*type) + "' is not supported" + known);
    }
    const json* const architectures = config.find("architectures");
    if (architectures == nullptr || architectures->empty()) config.fail("model_type", "is missing");
    const std::string& architecture = architectures->front().second.data();
    for (const auto& [name, family] : classes) {
        for (const std::string_view head : heads) {
            if (architecture == std::string(name) + std::string(head)) return family;
        }
    }
    config.fail("architectures", "= '" + printable(architecture) + "' is not supported" + known);
}

/// Throws for what would make the decoder another than the one that is built.
inline void check_config_supported(const config_reader& config) {
    for (const char* const key : {"num_local_experts", "num_experts", "n_routed_experts"}) {
        if (config.has(key)) config.fail(key, "says mixture of experts, which is not supported");
    }
    constexpr std::pair<const char*, bool> flags[] = {{"is_encoder_decoder", false},
                                                      {"add_cross_attention", false},
                                                      {"alibi", false},
                                                      {"attention_bias", false},
                                                      {"mlp_bias", false},
                                                      {"scale_attn_weights", true},
                                                      {"scale_attn_by_inverse_layer_idx", false}};
    for (const auto& [key, expected] : flags) {
        if (config.boolean(key).value_or(expected) != expected) {
            config.fail(key, expected ? "= false is not supported" : "= true is not supported");
        }
    }
}

inline void check_activation(const config_reader& config, const std::string& key,
                             std::initializer_list<std::string_view> supported) {
    const auto activation = config.text(key);
    if (activation && std::find(supported.begin(), supported.end(), *activation) == supported.end()) {
        config.fail(key, "= '" + printable(*activation) + "' is not supported, only " +
                             std::string(*supported.begin()));
    }
}

inline decoder_config gpt2_config(const config_reader& config) {
    // The tanh approximation under its three names; "gelu" alone is the exact one.
    check_activation(config, "activation_function", {"gelu_new", "gelu_pytorch_tanh", "gelu_fast"});
    decoder_config c;
    c.family = decoder_family::gpt2;
    c.positions = position_encoding::learned;
    c.layers = config.required({"n_layer", "num_hidden_layers"});
    c.width = config.required({"n_embd", "hidden_size"});
    c.heads = config.required({"n_head", "num_attention_heads"});
    c.kv_heads = c.heads;
    c.max_positions = config.required({"n_positions", "n_ctx", "max_position_embeddings"});
    c.norm_epsilon = config.real("layer_norm_epsilon").value_or(1e-5);
    if (const auto inner = config.natural("n_inner")) {
        c.intermediate = *inner;
    } else if (c.width <= Eigen::Index(1) << 40) {  // else validate() rejects the width
        c.intermediate = 4 * c.width;
    }
    return c;
}

/// The base of the RoPE wavelengths, at its old place or in the newer rope_parameters. Scaled frequencies,
/// which some long contexts use, are another network.
inline double config_rope_theta(const config_reader& config) {
    double theta = config.real("rope_theta").value_or(10000);
    for (const char* const key : {"rope_scaling", "rope_parameters"}) {
        const json* const parameters = config.find(key);
        if (parameters == nullptr) continue;
        const std::string type =
            parameters->get("rope_type", parameters->get("type", std::string("default")));
        if (type != "default") {
            config.fail(key, "of type '" + printable(type) +
                                 "' is not supported; without the key, RoPE is not scaled");
        }
        const auto inner = parameters->find("rope_theta");
        if (inner != parameters->not_found()) theta = config.real("rope_theta", inner->second);
    }
    return theta;
}

/// Which layers have which window: in Qwen2 those from max_window_layers on, and only if use_sliding_window.
inline void set_window(const config_reader& config, decoder_config& c) {
    if (c.family == decoder_family::mistral) {
        // Mistral's default, 4096, is for an absent key; null says none.
        c.sliding_window =
            config.natural("sliding_window").value_or(config.is_null("sliding_window") ? 0 : 4096);
    } else if (c.family == decoder_family::qwen2 && config.boolean("use_sliding_window").value_or(false)) {
        c.sliding_window =
            config.natural("sliding_window").value_or(config.is_null("sliding_window") ? 0 : 4096);
        c.first_windowed_layer = config.natural("max_window_layers").value_or(28);
    }
    const json* const types = config.find("layer_types");
    if (types == nullptr) return;
    Eigen::Index layer = 0;
    for (const auto& [key, type] : *types) {
        const bool windowed = type.data() == "sliding_attention";
        if ((!windowed && type.data() != "full_attention") || windowed != (c.window(layer) > 0)) {
            config.fail("layer_types", "= '" + printable(type.data()) + "' at layer " +
                                           std::to_string(layer) + " does not agree with the other keys");
        }
        ++layer;
    }
}

inline decoder_config llama_config(const config_reader& config, decoder_family family) {
    check_activation(config, "hidden_act", {"silu", "swish"});
    const bool llama = family == decoder_family::llama;
    const bool mistral = family == decoder_family::mistral;
    decoder_config c;
    c.family = family;
    c.positions = position_encoding::rope;
    c.layers = config.required({"num_hidden_layers"});
    c.width = config.required({"hidden_size"});
    c.heads = config.required({"num_attention_heads"});
    c.intermediate = config.required({"intermediate_size"});
    const Eigen::Index absent_kv_heads = llama ? c.heads : mistral ? 8 : 32;
    c.kv_heads = config.natural("num_key_value_heads")
                     .value_or(config.is_null("num_key_value_heads") ? c.heads : absent_kv_heads);
    c.head_width = config.natural("head_dim").value_or(0);
    c.max_positions = config.natural("max_position_embeddings")
                          .value_or(llama     ? 2048
                                    : mistral ? 131072
                                              : 32768);
    c.norm_epsilon = config.real("rms_norm_eps").value_or(1e-6);
    c.rope_theta = config_rope_theta(config);
    set_window(config, c);
    return c;
}

}  // namespace detail

/// The decoder that a Hugging Face `config.json` describes: GPT-2, Llama, Mistral and Qwen2 families.
///
/// Keys that do not change the hidden states are ignored. The sizes of the network (layers, width, heads,
/// vocabulary, learned positions; in the Llama-like families the intermediate size) must be there; other
/// absent keys have the defaults of the family's configuration class in Hugging Face transformers, and
/// head_width is width / heads.
/// \param text the JSON object
/// \param file names it in error messages
/// \throws std::runtime_error naming the file and the key when the text is no JSON object, a key is missing,
///         of a wrong type or twice there, the values make no decoder (see decoder_config::validate()), or
///         the architecture is another: an encoder, a mixture of experts, ALiBi, another activation, biases
///         that the family does not have, scaled RoPE.
inline decoder_config parse_decoder_config(std::string_view text, const std::string& file = "config.json") {
    const detail::config_reader config(text, file);
    const decoder_family family = detail::config_family(config);
    detail::check_config_supported(config);
    decoder_config c =
        family == decoder_family::gpt2 ? detail::gpt2_config(config) : detail::llama_config(config, family);
    c.vocab_size = config.required({"vocab_size"});
    c.initializer_range = config.real("initializer_range").value_or(0.02);
    if (c.head_width == 0 && c.heads > 0) {
        if (c.width % c.heads != 0) {
            config.fail("the width " + std::to_string(c.width) + " does not divide into " +
                        std::to_string(c.heads) + " heads");
        }
        c.head_width = c.width / c.heads;
    }
    try {
        c.validate();
    } catch (const std::logic_error& error) {
        config.fail(error.what());
    }
    return c;
}

/// The decoder that a file, or the `config.json` of a directory, describes; see parse_decoder_config().
/// \throws std::runtime_error, also when the file cannot be read.
inline decoder_config read_decoder_config(const std::filesystem::path& path) {
    std::error_code ignored;
    const std::filesystem::path file =
        std::filesystem::is_directory(path, ignored) ? path / "config.json" : path;
    return parse_decoder_config(
        detail::read_text_file(detail::config_reader::function, file, detail::longest_json), file.string());
}

}  // namespace cesaro
