// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// A description of a decoder as text.

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/files/detail/config_writer.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cesaro {

/// A member of a description and its value.
struct config_member {
    std::string name;   ///< such as "width", or "rope.theta"
    std::string value;  ///< as JSON
};

namespace detail {

inline std::string json_value(norm_kind kind) {
    return json_value(kind == norm_kind::layer_norm ? "layer_norm" : "rms_norm");
}

/// An enumerator by its number, under its own name.
template <std::size_t count, class Enum>
std::string enum_json(const std::array<const char*, count>& names, Enum value) {
    return json_value(names[std::size_t(value)]);
}
inline std::string json_value(query_key_norm norm) {
    return enum_json(std::array{"none", "per_head", "each_head", "all_heads"}, norm);
}
inline std::string json_value(alibi_rule rule) {
    return enum_json(std::array{"none", "bloom", "mpt"}, rule);
}
inline std::string json_value(rope_scaling scaling) {
    return enum_json(std::array{"none", "linear", "dynamic", "llama3", "yarn", "longrope"}, scaling);
}
inline std::string json_value(activation_kind kind) {
    return enum_json(std::array{"gelu", "gelu_tanh", "relu", "silu", "clamped_swish"}, kind);
}
inline std::string json_value(expert_routing routing) {
    return enum_json(std::array{"softmax_of_all", "softmax_of_chosen", "sigmoid"}, routing);
}

template <class Visit>
void visit_members(const normalization_config& c, const Visit& visit) {
    visit("kind", c.kind);
    visit("epsilon", c.epsilon);
    visit("gain", c.gain);
    visit("bias", c.bias);
    visit("before", c.before);
    visit("after", c.after);
    visit("shared", c.shared);
    visit("embeddings", c.embeddings);
}
template <class Visit>
void visit_members(const score_config& c, const Visit& visit) {
    visit("scale", c.scale);
    visit("by_layer", c.by_layer);
    visit("cap", c.cap);
    visit("clip", c.clip);
    visit("norm", c.norm);
    visit("sinks", c.sinks);
}
template <class Visit>
void visit_members(const rope_config& c, const Visit& visit) {
    visit("theta", c.theta);
    visit("width", c.width);
    visit("interleaved", c.interleaved);
    visit("scaling", c.scaling);
    visit("factor", c.factor);
    visit("original_positions", c.original_positions);
    visit("low_frequency_factor", c.low_frequency_factor);
    visit("high_frequency_factor", c.high_frequency_factor);
    visit("beta_fast", c.beta_fast);
    visit("beta_slow", c.beta_slow);
    visit("truncate", c.truncate);
    visit("attention_factor", c.attention_factor);
    visit("short_factors", c.short_factors);
    visit("long_factors", c.long_factors);
}
template <class Visit>
void visit_members(const latent_attention& c, const Visit& visit) {
    visit("query_rank", c.query_rank);
    visit("rank", c.rank);
    visit("rope_width", c.rope_width);
    visit("value_width", c.value_width);
    visit("epsilon", c.epsilon);
}
template <class Visit>
void visit_members(const experts_config& c, const Visit& visit) {
    visit("count", c.count);
    visit("chosen", c.chosen);
    visit("intermediate", c.intermediate);
    visit("shared", c.shared);
    visit("shared_gate", c.shared_gate);
    visit("routing", c.routing);
    visit("normalized", c.normalized);
    visit("scale", c.scale);
    visit("groups", c.groups);
    visit("chosen_groups", c.chosen_groups);
    visit("bias", c.bias);
}
template <class Visit>
void visit_members(const bias_config& c, const Visit& visit) {
    visit("query_key_value", c.query_key_value);
    visit("attention_output", c.attention_output);
    visit("feed_forward_input", c.feed_forward_input);
    visit("feed_forward_output", c.feed_forward_output);
}
template <class Visit>
void visit_members(const layer_config& c, const Visit& visit) {
    visit("attends", c.attends);
    visit("window", c.window);
    visit("rope", c.rope);
    visit("experts", c.experts);
}
/// All members but the layers' own, in the order of the description.
template <class Visit>
void visit_members(const decoder_config& c, const Visit& visit) {
    visit("model_type", c.model_type);
    visit("layers", c.layers);
    visit("width", c.width);
    visit("heads", c.heads);
    visit("kv_heads", c.kv_heads);
    visit("head_width", c.head_width);
    visit("intermediate", c.intermediate);
    visit("vocab_size", c.vocab_size);
    visit("max_positions", c.max_positions);
    visit("embedding_scale", c.embedding_scale);
    visit("branch_scale", c.branch_scale);
    visit("learned_positions", c.learned_positions);
    visit("position_offset", c.position_offset);
    visit("parallel", c.parallel);
    visit("norm", c.norm);
    visit("scores", c.scores);
    visit("rope", c.rope);
    visit("local_rope", c.local_rope);
    visit("alibi", c.alibi);
    visit("alibi_max", c.alibi_max);
    visit("alibi_scaled", c.alibi_scaled);
    visit("latent", c.latent);
    visit("activation", c.activation);
    visit("gated", c.gated);
    visit("experts", c.experts);
    visit("biases", c.biases);
    visit("logit_scale", c.logit_scale);
    visit("logit_cap", c.logit_cap);
    visit("initializer_range", c.initializer_range);
    visit("residual_init_by_depth", c.residual_init_by_depth);
    visit("initial_factors", std::vector<double>(c.initial_factors.begin(), c.initial_factors.end()));
}

/// Gathers members as text; those of an object within by their path.
class member_list {
  public:
    explicit member_list(std::vector<config_member>& members, std::string path = {})
        : members_(&members), path_(std::move(path)) {}

    template <class Value>
    void operator()(std::string_view name, const Value& value) const {
        if constexpr (requires { json_value(value); }) {
            members_->push_back({path_ + std::string(name), json_value(value)});
        } else {
            visit_members(value, member_list(*members_, path_ + std::string(name) + "."));
        }
    }
    template <class Value>
    void operator()(std::string_view name, const std::optional<Value>& value) const {
        if (value) {
            (*this)(name, *value);
        } else {
            members_->push_back({path_ + std::string(name), "null"});
        }
    }

  private:
    std::vector<config_member>* members_;
    std::string path_;
};

/// The layers' own, of each as an object.
inline std::string pattern_json(const decoder_config& c) {
    std::string text;
    for (const layer_config& layer : c.pattern) {
        config_writer out;
        visit_members(layer, [&out](std::string_view name, const auto& value) { out.add(name, value); });
        text.append(text.empty() ? "" : ", ").append(out.line());
    }
    return "[" + text + "]";
}

}  // namespace detail

/// All members of a description, in its order; an optional one that is not there is null. Last, "pattern" is
/// what the layers have of their own, in turn. Two descriptions are the same if all of their members are.
///
/// \code
/// for (const auto& [name, value] : cesaro::describe_config(cesaro::read_decoder_config("config.json")))
///     std::cout << name << ": " << value << '\n';
/// \endcode
///
/// Cost: O(layers) memory and time.
inline std::vector<config_member> describe_config(const decoder_config& config) {
    std::vector<config_member> members;
    detail::visit_members(config, detail::member_list(members));
    members.push_back({"pattern", detail::pattern_json(config)});
    return members;
}

}  // namespace cesaro
