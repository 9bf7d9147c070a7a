// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The description of a decoder in the `config.json` of Hugging Face transformers.

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/files/describe_config.hpp>
#include <cesaro/files/detail/config_keys.hpp>
#include <cesaro/files/detail/config_reader.hpp>
#include <cesaro/files/detail/config_writer.hpp>
#include <cesaro/files/detail/decoder_object.hpp>
#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/json.hpp>
#include <cesaro/files/detail/pending_file.hpp>
#include <cesaro/files/model_families.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cesaro {

namespace detail {

/// A key of some families that changes hidden states, and the value at which it does not, as JSON; empty if
/// only null does not. A family that does not ask for it cannot have it at another value.
struct neutral_key {
    const char* key;
    std::string_view neutral;
};
inline constexpr std::array neutral_keys{
    neutral_key{"alibi", "false"},
    neutral_key{"add_cross_attention", "false"},
    neutral_key{"apply_residual_connection_post_layernorm", "false"},
    neutral_key{"attention_bias", "false"},
    neutral_key{"attention_chunk_size", ""},
    neutral_key{"attention_multiplier", "1"},
    neutral_key{"attn_config", ""},
    neutral_key{"attn_logit_softcapping", ""},
    neutral_key{"attn_layer_period", ""},
    neutral_key{"attn_output_gate", "false"},
    neutral_key{"block_configs", ""},
    neutral_key{"clip_qkv", ""},
    neutral_key{"do_layer_norm_before", "true"},
    neutral_key{"dual_chunk_attention_config", ""},
    neutral_key{"embedding_multiplier", "1"},
    neutral_key{"full_attention_interval", ""},
    neutral_key{"hidden_size_per_layer_input", "0"},
    neutral_key{"hybrid_override_pattern", ""},
    neutral_key{"kv_lora_rank", ""},
    neutral_key{"layers_block_type", ""},
    neutral_key{"llama_4_scaling", ""},
    neutral_key{"mlp_bias", "false"},
    neutral_key{"multi_query", "false"},
    neutral_key{"n_routed_experts", "0"},
    neutral_key{"no_rope_layers", ""},
    neutral_key{"num_experts", "0"},
    neutral_key{"num_kv_shared_layers", "0"},
    neutral_key{"num_local_experts", "0"},
    neutral_key{"parallel_attn", "false"},
    neutral_key{"partial_rotary_factor", "1"},
    neutral_key{"qk_layernorm", "false"},
    neutral_key{"qk_norm", "false"},
    neutral_key{"query_pre_attn_scalar", ""},
    neutral_key{"residual_multiplier", "1"},
    neutral_key{"rope_scaling", ""},
    neutral_key{"scale_attn_by_inverse_layer_idx", "false"},
    neutral_key{"scale_attn_weights", "true"},
    neutral_key{"scale_depth", ""},
    neutral_key{"scale_emb", ""},
    neutral_key{"use_mup", "false"},
    neutral_key{"use_parallel_residual", "false"},
    neutral_key{"use_qk_norm", "false"},
    neutral_key{"use_qkv_bias", "false"},
    neutral_key{"word_embed_proj_dim", ""},
};

inline void check_neutral_keys(const config_reader& in, const decoder_config& c) {
    for (const auto& [key, neutral] : neutral_keys) {
        if (in.was_asked_for(key) || !in.has(key)) continue;
        const json& value = *in.find(key);
        const auto number = json_real(value);  // 1 may be written 1.0
        const bool same = !neutral.empty() &&
                          (value.data() == neutral || (number && equals(*number, neutral == "1" ? 1. : 0.)));
        if (!same) in.fail(key, config_reader::shown(value) + "is not supported in this model_type");
    }
    if (in.text("position_embedding_type") == "alibi" && c.alibi == alibi_rule::none)
        in.fail("position_embedding_type", "= 'alibi' is not supported in this model_type");
}

/// The ways to know positions under the key of our own.
struct position_word {
    std::string_view name;
    bool learned;
    bool rope;
};
inline constexpr std::array<position_word, 4> position_words{{{"learned", true, false},
                                                              {"rope", false, true},
                                                              {"learned_and_rope", true, true},
                                                              {"none", false, false}}};

inline void override_positions(const config_reader& in, decoder_config& c) {
    const auto written = in.text("position_encoding");
    if (!written) return;
    const auto* const word = std::find_if(position_words.begin(), position_words.end(),
                                          [&](const position_word& w) { return w.name == *written; });
    const std::string said = "= '" + printable(*written) + "' ";
    if (word == position_words.end())
        in.fail("position_encoding", said + "is none of learned, rope, learned_and_rope and none");
    if (word->learned && !c.learned_positions)
        in.fail("position_encoding", said + "needs a family with learned positions");
    c.learned_positions = word->learned;
    if (!word->rope) c.rope = c.local_rope = std::nullopt;
    if (word->rope && !c.rope) c.rope.emplace();
}

/// The shortest list that says the same when its entries are taken in turn; none where all layers are alike.
/// Its length is what the list exceeds its longest border by, the start that is its end, too (Knuth, Morris
/// and Pratt): O(layers).
inline void shorten(std::vector<layer_config>& pattern) {
    const auto same = [](const layer_config& a, const layer_config& b) {
        return a.attends == b.attends && a.window == b.window && a.rope == b.rope && a.experts == b.experts;
    };
    if (pattern.empty()) return;
    std::vector<std::size_t> border(pattern.size(), 0);  // of the list up to an entry
    for (std::size_t i = 1; i < pattern.size(); ++i) {
        std::size_t length = border[i - 1];
        while (length > 0 && !same(pattern[i], pattern[length]))
            length = border[length - 1];
        border[i] = same(pattern[i], pattern[length]) ? length + 1 : 0;
    }
    pattern.resize(pattern.size() - border.back());
    if (pattern.size() == 1 && same(pattern[0], {})) pattern.clear();
}

inline decoder_config parse_decoder_config(const file_context& context, std::string_view text) {
    const json object = parse_json_object(context, text);
    const decoder_object found = find_decoder(config_reader(context, object));
    const config_reader& in = found.keys;
    if (found.family == nullptr) {
        const config_reader& naming = found.naming;
        const bool typed = naming.has("model_type") || !naming.has("architectures");
        const char* const key = typed ? "model_type" : "architectures";
        const json* const value = naming.find(key);
        if (value == nullptr || (is_list(*value) && value->empty())) naming.fail("model_type", "is missing");
        const json& named = is_list(*value) ? value->front().second : *value;
        std::string known;
        for (const model_family& family : model_families)
            if (!family.model_type.ends_with("_text"))
                known.append(known.empty() ? "" : ", ").append(family.model_type);
        naming.fail(key, "= '" + printable(json_text(named).value_or(json_shown(named))) +
                             "' is not supported; known are " + known);
    }
    for (const json* const item : in.list("architectures")) {
        const std::string name = json_text(*item).value_or(json_shown(*item));
        if (!is_class_of(*found.family, name)) {
            in.fail("architectures", "= '" + printable(name) + "' is no decoder of model_type '" +
                                         std::string(found.family->model_type) + "' that is supported");
        }
    }
    decoder_config c;
    c.model_type = found.family->name;
    config_keys keys(in, reading::whole, !found.within.empty());
    found.family->exchange(keys, c);
    check_neutral_keys(in, c);
    override_positions(in, c);
    shorten(c.pattern);
    try {
        c.validate();
    } catch (const std::logic_error& error) {
        context.fail(error.what());
    }
    return c;
}

/// The file itself, that of a directory, or that beside a checkpoint.
inline std::filesystem::path config_file(const std::filesystem::path& path) {
    std::error_code ignored;
    const std::string name = path.filename().string();
    std::filesystem::path file = path;
    if (std::filesystem::is_directory(path, ignored)) file /= "config.json";
    if (name.ends_with(".safetensors") || name.ends_with(".safetensors.index.json"))
        file.replace_filename("config.json");
    return file;
}

/// The config.json of a description.
inline std::string config_text(const model_family& family, const decoder_config& config, bool unembedding,
                               std::string_view positions) {
    decoder_config c = config;
    c.pattern.clear();
    for (Eigen::Index l = 0; l < config.layers; ++l)
        c.pattern.push_back(config.layer(l));
    const std::string_view prefix = family.classes.substr(0, family.classes.find(' '));
    config_writer out;
    out.add("architectures",
            std::vector<std::string>{std::string(prefix) + std::string(unembedding ? family.head : "Model")});
    out.add("model_type", family.model_type);
    config_keys keys(out);
    family.exchange(keys, c);
    out.add("tie_word_embeddings", !unembedding);
    if (!positions.empty()) out.add("position_encoding", positions);
    return out.text();
}

/// The member at which two descriptions differ; empty if none does.
inline std::string first_difference(const decoder_config& a, const decoder_config& b) {
    const std::vector<config_member> of_a = describe_config(a);
    const std::vector<config_member> of_b = describe_config(b);
    for (std::size_t i = 0; i < std::min(of_a.size(), of_b.size()); ++i) {
        if (of_a[i].name != of_b[i].name) return of_a[i].name;
        if (of_a[i].value != of_b[i].value) return of_a[i].name + " = " + printable(of_a[i].value);
    }
    return {};
}

/// The text that reads as the description again, with the key of our own for positions where it needs it.
inline std::string checked_config_text(const decoder_config& config, bool unembedding) {
    const auto* const family =
        std::find_if(model_families.begin(), model_families.end(),
                     [&](const model_family& row) { return row.model_type == config.model_type; });
    if (family == model_families.end())
        throw_invalid_argument("decoder_config_text", "model_type", "'" + printable(config.model_type) + "'",
                               "must be that of a family");
    decoder_config canonical = config;
    for (Eigen::Index l = 0; !config.pattern.empty() && l < config.layers; ++l) {
        if (l == 0) canonical.pattern.clear();
        canonical.pattern.push_back(config.layer(l));
    }
    shorten(canonical.pattern);
    std::string difference;
    std::vector<std::string_view> words{""};
    for (const position_word& word : position_words)
        if (word.learned == config.learned_positions && word.rope == config.rope.has_value())
            words.push_back(word.name);
    for (const std::string_view positions : words) {
        std::string text = config_text(*family, config, unembedding, positions);
        try {
            difference = first_difference(canonical,
                                          parse_decoder_config({"decoder_config_text", "config.json"}, text));
        } catch (const std::runtime_error&) {
            difference = "the description";
        }
        if (difference.empty()) return text;
    }
    throw_invalid_argument("decoder_config_text", "model_type", "'" + config.model_type + "'",
                           "must be that of a family that has " + difference);
}

}  // namespace detail

/// The decoder that a Hugging Face `config.json` describes. docs/models.md lists the families, the keys that
/// are read and their defaults.
///
/// The decoder may be the object `text_config` of a model that understands images, too. Layers, width, heads,
/// vocabulary and learned positions must be there, but in a text_config; other absent keys have the defaults
/// of the family's configuration class in transformers. Keys that do not change the hidden states are
/// ignored. One key is our own: `position_encoding` = `learned`, `rope`, `learned_and_rope` or `none` for
/// positions other than the family's.
/// \param text the JSON object, UTF-8; a byte order mark at its start is read over
/// \param file names it in error messages
/// \throws std::runtime_error naming the file and the key when the text is no JSON object (`NaN` and
///         `Infinity`, which Python writes, are named with their line), a key is missing, of a wrong type or
///         twice there, a list with an item for each layer has another length, the values make no decoder
///         (see decoder_config::validate()), what the model_type or a key says cannot be described, or it is
///         no decoder: an encoder, an encoder-decoder, a draft head.
/// Cost O(text + layers); memory for 310 bytes a value, of which there may be \f$2^{20}\f$.
inline decoder_config parse_decoder_config(std::string_view text, const std::string& file = "config.json") {
    return detail::parse_decoder_config({"parse_decoder_config", file}, text);
}

/// The decoder that a file describes; see parse_decoder_config().
///
/// \code
/// const cesaro::decoder_config config = cesaro::read_decoder_config("checkpoint/config.json");
/// std::cout << config.layers << " layers of width " << config.width << '\n';
/// \endcode
///
/// \param path the file; a directory with a `config.json`; or a checkpoint beside one, which is a file named
///        `*.safetensors` or `*.safetensors.index.json`
/// \throws std::runtime_error as parse_decoder_config() does; also when the file cannot be read or holds more
///         than 100 MB.
inline decoder_config read_decoder_config(const std::filesystem::path& path) {
    const std::filesystem::path file = detail::config_file(path);
    const detail::file_context context{"read_decoder_config", file.string()};
    return detail::parse_decoder_config(context, detail::read_text_file(context, file, detail::longest_json));
}

/// The `config.json` of a description, by the keys of its model_type in Hugging Face transformers, with
/// defaults written out. Read again it is the same description.
/// \param unembedding whether the weights beside it have an unembedding of their own
/// \throws what config.validate() throws.
/// \throws std::invalid_argument naming the model_type when it is that of no family, or a member that the
///         keys of its family cannot say.
inline std::string decoder_config_text(const decoder_config& config, bool unembedding = false) {
    config.validate();
    return detail::checked_config_text(config, unembedding);
}

/// Writes the `config.json` of a decoder in a directory, which is made if need be; see decoder_config_text().
/// \throws what decoder_config_text() throws.
/// \throws std::runtime_error when the file cannot be written. `config.json` is then what it was before.
inline void save_decoder_config(const std::filesystem::path& directory, const decoder_config& config,
                                bool unembedding = false) {
    const std::string text = decoder_config_text(config, unembedding);
    detail::make_directory("save_decoder_config", directory);
    detail::pending_file file("save_decoder_config", directory / "config.json");
    file.stream() << text;
    file.commit();
}

}  // namespace cesaro
