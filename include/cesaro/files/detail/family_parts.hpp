// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/detail/equals.hpp>
#include <cesaro/files/detail/config_keys.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What families of decoders share, each part the pairs of keys and members that say it. While a family's
/// parts run, `pattern` has an entry for each layer.
namespace cesaro::detail {

/// Activations under their names in transformers: the tanh form of GELU has several.
inline constexpr std::array<std::pair<std::string_view, activation_kind>, 8> activation_words{
    {{"gelu_new", activation_kind::gelu_tanh},
     {"gelu_pytorch_tanh", activation_kind::gelu_tanh},
     {"gelu_fast", activation_kind::gelu_tanh},
     {"gelu_accurate", activation_kind::gelu_tanh},
     {"gelu", activation_kind::gelu},
     {"relu", activation_kind::relu},
     {"silu", activation_kind::silu},
     {"swish", activation_kind::silu}}};

inline void activation(config_keys& k, decoder_config& c, key_names keys, activation_kind absent) {
    k.word(keys, c.activation, std::optional(absent), activation_words);
}

/// Whether there are biases, unless keys say more.
inline void every_bias(const config_keys& k, bias_config& biases, bool value) {
    if (k.in() == nullptr) return;
    biases = {.query_key_value = value,
              .attention_output = value,
              .feed_forward_input = value,
              .feed_forward_output = value};
}

/// The classic feed-forward branch with LayerNorm, gain and bias, and biases everywhere.
inline void classic_block(const config_keys& k, decoder_config& c) {
    c.norm.kind = norm_kind::layer_norm;
    c.norm.bias = true;
    c.gated = false;
    every_bias(k, c.biases, true);
}

/// width / heads, where no key says otherwise.
inline Eigen::Index divided_head_width(const config_keys& k, const decoder_config& c) {
    if (c.heads == 0) return 1;  // validate() rejects the heads
    if (k.whole() && c.width % c.heads != 0) {
        k.in()->fail("the width " + std::to_string(c.width) + " does not divide into " +
                     std::to_string(c.heads) + " heads");
    }
    return std::max<Eigen::Index>(1, c.width / c.heads);
}
inline void divide_heads(const config_keys& k, decoder_config& c) {
    if (k.in() != nullptr) c.head_width = divided_head_width(k, c);
}

/// Four times the width; where that overflows, validate() rejects the width.
inline Eigen::Index four_widths(const decoder_config& c) {
    return c.width <= std::numeric_limits<Eigen::Index>::max() / 4 ? 4 * c.width : c.width;
}

/// Whether a layer of this kind, as `layer_types` names it, attends.
inline bool kind_attends(std::string_view kind) {
    constexpr std::array<std::string_view, 9> kinds{
        "full_attention", "sliding_attention", "chunked_attention",          "attention", "global", "local",
        "hybrid",         "hybrid_attention",  "compressed_sparse_attention"};
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

/// The kinds of the layers as `layer_types` gives them, by which each layer has the window or not; without
/// the key, windowed(l) says it. `agree`: the key is none of the family's and must say the same.
template <class Windowed>
void set_windows(config_keys& k, decoder_config& c, Eigen::Index window, const Windowed& windowed,
                 bool agree = false) {
    const std::vector<std::string> kinds = k.in()->per_layer("layer_types", c.layers);
    for (Eigen::Index l = 0; l < c.layers; ++l) {
        layer_config& layer = c.pattern[std::size_t(l)];
        bool has_window = windowed(l);
        if (!kinds.empty()) {
            const std::string& kind = kinds[std::size_t(l)];
            const bool slides = kind == "sliding_attention";
            const std::string said = "= '" + printable(kind) + "' at layer " + std::to_string(l);
            if (!slides && kind != "full_attention") {
                k.refuse("layer_types", said + " is not supported");
                layer.attends = kind_attends(kind);
            } else if (agree && slides != (has_window && window > 0)) {
                k.refuse("layer_types", said + " does not agree with the other keys");
            }
            has_window = slides;
        }
        layer.window = has_window ? window : 0;
    }
}

/// GPT-Neo's kinds of layers: lists of kinds, each so many times.
inline void read_attention_types(config_keys& k, decoder_config& c, Eigen::Index window) {
    const config_reader& in = *k.in();
    std::vector<std::string> kinds;
    for (const json* const item : in.list("attention_types")) {
        const bool pair = is_list(*item) && item->size() == 2 && is_list(item->front().second);
        if (!pair) in.wrong("attention_types", *item, "is no list of kinds and a number");
        const Eigen::Index times = in.natural("attention_types", item->back().second);
        const json& list = item->front().second;
        for (Eigen::Index i = 0; i < times && !list.empty() && Eigen::Index(kinds.size()) <= c.layers; ++i)
            for (const auto& [empty, kind] : list)
                kinds.push_back(json_text(kind).value_or(json_shown(kind)));
    }
    if (in.has("attention_types")) {
        in.check_per_layer("attention_types", Eigen::Index(kinds.size()), c.layers);
    } else {
        kinds = in.per_layer("attention_layers", c.layers);
    }
    for (std::size_t l = 0; l < c.pattern.size(); ++l) {
        const std::string kind = !kinds.empty() ? kinds[l] : l % 2 == 0 ? "global" : "local";
        if (kind != "global" && kind != "local")
            in.fail("attention_types", "= '" + printable(kind) + "' is neither global nor local");
        c.pattern[l].window = kind == "local" ? window : 0;
    }
}

/// The one width of the windows that layers have; 0: none has one.
inline Eigen::Index widest_window(const decoder_config& c) {
    Eigen::Index widest = 0;
    for (const layer_config& layer : c.pattern)
        widest = std::max(widest, layer.window);
    return widest;
}

inline void write_layer_types(config_keys& k, const decoder_config& c) {
    std::vector<std::string_view> kinds;
    for (const layer_config& layer : c.pattern)
        kinds.emplace_back(layer.window > 0 ? "sliding_attention" : "full_attention");
    k.out()->add("layer_types", kinds);
}

/// Windows of a family that has `layer_types`, or a rule in its absence.
template <class Windowed>
void typed_windows(config_keys& k, decoder_config& c, Eigen::Index absent, const Windowed& windowed) {
    Eigen::Index window = widest_window(c);
    k.size_or_null({"sliding_window"}, window, absent, 0);
    if (k.in() != nullptr) {
        set_windows(k, c, window, windowed);
    } else {
        write_layer_types(k, c);
    }
}

/// A window of all layers, or none.
inline void same_windows(config_keys& k, decoder_config& c, Eigen::Index absent) {
    Eigen::Index window = widest_window(c);
    k.size_or_null({"sliding_window"}, window, absent, 0);
    if (k.in() != nullptr)
        set_windows(
            k, c, window, [](Eigen::Index) { return true; }, true);
}

/// No windows in this family.
inline void no_windows(config_keys& k, decoder_config& c) {
    if (k.in() != nullptr)
        set_windows(
            k, c, 0, [](Eigen::Index) { return false; }, true);
}

/// Qwen's windows: only if `use_sliding_window`; a layer's by windowed(l, max_window_layers).
template <class Windowed>
void switched_windows(config_keys& k, decoder_config& c, const Windowed& windowed,
                      Eigen::Index absent_bound = 28) {
    Eigen::Index window = widest_window(c);
    bool on = window > 0;
    k.flag({"use_sliding_window"}, on, false);
    k.size_or_null({"sliding_window"}, window, 4096, 0);
    if (k.in() != nullptr) {
        const Eigen::Index bound = k.in()->natural("max_window_layers").value_or(absent_bound);
        const auto rule = [&](Eigen::Index l) { return on && windowed(l, bound); };
        set_windows(k, c, on ? window : 0, rule, k.in()->has("max_window_layers") || !on);
        return;
    }
    // The bound is where windows begin or end, or the layers' kinds say which have one.
    const auto slides = [](const layer_config& layer) { return layer.window > 0; };
    const auto& p = c.pattern;
    const auto first = std::find_if(p.begin(), p.end(), slides) - p.begin();
    const auto end = p.rend() - std::find_if(p.rbegin(), p.rend(), slides);
    const auto says = [&](std::ptrdiff_t bound) {
        Eigen::Index l = 0;
        return std::all_of(p.begin(), p.end(), [&](const layer_config& layer) {
            return slides(layer) == (on && windowed(l++, Eigen::Index(bound)));
        });
    };
    if (says(first) || says(end)) {
        k.out()->add("max_window_layers", Eigen::Index(says(first) ? first : end));
    } else {
        write_layer_types(k, c);
    }
}

/// RoPE's attention factor in YaRN: 0.1 m ln(s) + 1.
inline double yarn_factor(double scale, double multiplier = 1) {
    return scale <= 1 ? 1 : 0.1 * multiplier * std::log(scale) + 1;
}

inline constexpr std::array<std::pair<std::string_view, rope_scaling>, 8> scaling_words{
    {{"default", rope_scaling::none},
     {"linear", rope_scaling::linear},
     {"dynamic", rope_scaling::dynamic},
     {"llama3", rope_scaling::llama3},
     {"yarn", rope_scaling::yarn},
     {"longrope", rope_scaling::longrope},
     {"su", rope_scaling::longrope},   // its name in the first Phi-3
     {"mrope", rope_scaling::none}}};  // of text alone all of its positions are the same

/// How frequencies are scaled, from an object `rope_scaling` or `rope_parameters`.
/// \param original the context before scaling, if a key outside of the object says so, else 0
inline void read_rope_scaling(const config_keys& k, const config_reader& in, const decoder_config& c,
                              double original, rope_config& rope) {
    const char* const key = in.first({"rope_type", "type"});
    if (key == nullptr) return;
    const std::string type = *in.text(key);
    const auto* const known = std::find_if(scaling_words.begin(), scaling_words.end(),
                                           [&](const auto& word) { return word.first == type; });
    const bool factors = in.has("short_factor");  // YaRN never has them, but its name did in the first Phi-3
    if (known == scaling_words.end()) {
        if (k.whole()) in.fail(key, "= '" + printable(type) + "' is not supported");
        return;
    }
    rope.scaling = factors && type == "yarn" ? rope_scaling::longrope : known->second;
    if (rope.scaling == rope_scaling::none) return;
    const auto needed = [&](const char* name) {
        const auto value = in.real(name);
        if (!value && k.whole()) in.fail(name, "is missing");
        return value.value_or(1);
    };
    const double positions = double(c.max_positions);
    const auto inside = in.real("original_max_position_embeddings");
    rope.original_positions = inside.value_or(original > 0 ? original : positions);
    if (rope.scaling == rope_scaling::dynamic) rope.original_positions = positions;  // whatever keys say
    if (rope.scaling == rope_scaling::linear) rope.original_positions = 0;
    if (rope.scaling != rope_scaling::longrope) rope.factor = needed("factor");
    if (rope.scaling == rope_scaling::llama3) {
        needed("original_max_position_embeddings");
        rope.low_frequency_factor = needed("low_freq_factor");
        rope.high_frequency_factor = needed("high_freq_factor");
    } else if (rope.scaling == rope_scaling::yarn) {
        rope.beta_fast = in.real("beta_fast").value_or(32);
        rope.beta_slow = in.real("beta_slow").value_or(1);
        rope.truncate = in.boolean("truncate").value_or(true);
        const double mscale = in.real("mscale").value_or(0);
        const double all = in.real("mscale_all_dim").value_or(0);
        const double usual = mscale > 0 && all > 0
                                 ? yarn_factor(rope.factor, mscale) / yarn_factor(rope.factor, all)
                                 : yarn_factor(rope.factor);
        rope.attention_factor = in.real("attention_factor").value_or(usual);
    } else if (rope.scaling == rope_scaling::longrope) {
        rope.short_factors = in.reals("short_factor");
        rope.long_factors = in.reals("long_factor");
        // Of an original context beside the object transformers before 5 took the ratio, whatever the factor in it.
        const bool told = (inside || original > 0) && positions > 0;
        const double ratio = told ? positions / rope.original_positions : 1;
        const double scale = !inside && told ? ratio : in.real("factor").value_or(ratio);
        const double usual =
            scale <= 1 ? 1 : std::sqrt(1 + std::log(scale) / std::log(rope.original_positions));
        rope.attention_factor = in.real("attention_factor").value_or(usual);
    }
}

/// DeepSeek multiplies scores by the square of YaRN's factor with m = `mscale_all_dim`; 0: the usual scale.
inline double read_score_scale(const config_reader& in, const decoder_config& c, const rope_config& rope) {
    const double all = in.real("mscale_all_dim").value_or(0);
    if (rope.scaling != rope_scaling::yarn || !(all > 0)) return 0;
    const double factor = yarn_factor(rope.factor, all);
    return factor * factor / std::sqrt(double(c.head_width));
}
/// m back from the scale of the scores, as short a number as it was; 0: they have the usual one.
inline double score_exponent(const decoder_config& c) {
    if (!c.rope || c.rope->scaling != rope_scaling::yarn || !c.latent || !(c.scores.scale > 0)) return 0;
    const double factor = std::sqrt(c.scores.scale * std::sqrt(double(c.head_width)));
    const double m = (factor - 1) / (0.1 * std::log(c.rope->factor));
    return std::round(m * 1e9) / 1e9;
}

inline std::string rope_scaling_json(const rope_config& rope, double mscale_all_dim = 0) {
    const auto* const word = std::find_if(scaling_words.begin(), scaling_words.end(),
                                          [&](const auto& w) { return w.second == rope.scaling; });
    config_writer out;
    out.add("rope_type", word->first);
    if (rope.scaling == rope_scaling::longrope) {
        out.add("short_factor", rope.short_factors);
        out.add("long_factor", rope.long_factors);
    } else {
        out.add("factor", rope.factor);
    }
    if (rope.scaling != rope_scaling::linear)
        out.add("original_max_position_embeddings", rope.original_positions);
    if (rope.scaling == rope_scaling::llama3) {
        out.add("low_freq_factor", rope.low_frequency_factor);
        out.add("high_freq_factor", rope.high_frequency_factor);
    }
    if (rope.scaling == rope_scaling::yarn) {
        out.add("beta_fast", rope.beta_fast);
        out.add("beta_slow", rope.beta_slow);
        out.add("truncate", rope.truncate);
        if (mscale_all_dim > 0) out.add("mscale_all_dim", mscale_all_dim);
    }
    if (rope.scaling == rope_scaling::yarn || rope.scaling == rope_scaling::longrope)
        out.add("attention_factor", rope.attention_factor);
    return out.line();
}

/// The keys of a family's RoPE and their defaults.
struct rope_keys {
    double theta = 10000;
    double share = 1;  ///< of a head that is rotated
    const char* theta_key = "rope_theta";
    const char* share_key = "partial_rotary_factor";
    const char* width_key = "";  ///< rotated entries of a head, where a key says them
    Eigen::Index width = 0;      ///< where it is absent
    bool interleaved = false;
    double original_positions = 0;  ///< before LongRoPE, unless a key says so
    bool scaled_scores = false;     ///< DeepSeek's YaRN multiplies scores, too
};

/// The rotated entries of a share of a head, as int() in Python; 0: all of them.
inline Eigen::Index rotated_entries(double share, Eigen::Index head_width) {
    const double entries = double(head_width) * share;
    if (!(entries < double(head_width))) return equals(share, 1) ? 0 : Eigen::Index(std::min(entries, 1e9));
    return std::max<Eigen::Index>(1, Eigen::Index(entries));
}
inline double rotated_share(Eigen::Index entries, Eigen::Index head_width) {
    if (entries == 0) return 1;
    const double share = double(entries) / double(head_width);
    return rotated_entries(share, head_width) == entries ? share : std::nextafter(share, 2);
}

/// The base and the share of the heads, from the keys of old files or the newer `rope_parameters`, where
/// each kind of layer may have its own.
inline void rotations(config_keys& k, decoder_config& c, const rope_keys& keys = {}) {
    const std::string width_key = keys.width_key;
    if (k.out() != nullptr) {
        if (!c.rope) return;
        k.out()->add(keys.theta_key, c.rope->theta);
        if (!width_key.empty()) {
            k.out()->add(width_key, c.rope->width > 0 ? c.rope->width : c.head_width);
        } else if (!equals(keys.share, 1) || c.rope->width > 0) {
            k.out()->add(keys.share_key, rotated_share(c.rope->width, c.head_width));
        }
        if (c.rope->scaling == rope_scaling::longrope)
            k.out()->add("original_max_position_embeddings", Eigen::Index(c.rope->original_positions));
        k.out()->add_json("rope_scaling", c.rope->scaling == rope_scaling::none
                                              ? "null"
                                              : rope_scaling_json(*c.rope, score_exponent(c)));
        return;
    }
    const config_reader& in = *k.in();
    const double original = in.real("original_max_position_embeddings").value_or(keys.original_positions);
    const double theta = in.real(keys.theta_key).value_or(in.real("rope_theta").value_or(keys.theta));
    const double share =
        in.real(keys.share_key).value_or(in.real("partial_rotary_factor").value_or(keys.share));
    const auto read = [&](const config_reader* parameters) {
        rope_config rope;
        rope.interleaved = keys.interleaved;
        rope.theta = theta;
        double rotated = share;
        if (parameters != nullptr) {
            rope.theta = parameters->real("rope_theta").value_or(theta);
            rotated = parameters->real("partial_rotary_factor").value_or(share);
        }
        rope.width = rotated_entries(rotated, c.head_width);
        if (!width_key.empty()) {
            const Eigen::Index width = in.natural(width_key).value_or(keys.width);
            rope.width = width == c.head_width ? 0 : width;
        }
        if (parameters != nullptr) {
            read_rope_scaling(k, *parameters, c, original, rope);
            if (keys.scaled_scores) c.scores.scale = read_score_scale(*parameters, c, rope);
        }
        return rope;
    };
    c.rope = read(nullptr);
    for (const char* const key : {"rope_scaling", "rope_parameters"}) {
        const auto parameters = in.object(key);
        if (!parameters) continue;
        const auto full = parameters->object("full_attention");
        const auto sliding = parameters->object("sliding_attention");
        c.rope = read(full ? &*full : &*parameters);
        if (sliding) c.local_rope = read(&*sliding);
    }
}

/// The layers with a window have RoPE as it is without scaling.
inline void local_rotations_unscaled(config_keys& k, decoder_config& c) {
    if (k.in() == nullptr || !c.rope || c.local_rope || c.rope->scaling == rope_scaling::none) return;
    c.local_rope =
        rope_config{.theta = c.rope->theta, .width = c.rope->width, .interleaved = c.rope->interleaved};
}

/// The defaults of a class that has Llama's names of keys.
struct class_defaults {
    Eigen::Index vocab_size;
    Eigen::Index width;
    Eigen::Index intermediate;
    Eigen::Index layers;
    Eigen::Index heads;
    Eigen::Index kv_heads;  ///< 0: as many as heads
    Eigen::Index max_positions;
    Eigen::Index head_width = 0;  ///< 0: width / heads
    double epsilon = 1e-6;
};

inline void depth(config_keys& k, decoder_config& c, key_names keys, const class_defaults& d) {
    k.depth(keys, c.layers, d.layers);
    if (k.in() != nullptr) c.pattern.assign(std::size_t(c.layers), {});
}

inline void llama_sizes(config_keys& k, decoder_config& c, const class_defaults& d) {
    depth(k, c, {"num_hidden_layers"}, d);
    k.needed({"num_attention_heads"}, c.heads, d.heads);
    k.size_or_null({"num_key_value_heads"}, c.kv_heads, d.kv_heads > 0 ? d.kv_heads : c.heads, c.heads);
    k.needed({"hidden_size"}, c.width, d.width);
    k.size({"head_dim"}, c.head_width,
           d.head_width > 0 || k.in() == nullptr || k.in()->has("head_dim") ? d.head_width
                                                                            : divided_head_width(k, c));
    k.size({"intermediate_size"}, c.intermediate, d.intermediate);
    k.size({"max_position_embeddings"}, c.max_positions, d.max_positions);
    k.needed({"vocab_size"}, c.vocab_size, d.vocab_size);
    k.real({"initializer_range"}, c.initializer_range, 0.02);
}

/// RMSNorm before each branch and SwiGLU, without biases.
inline void llama_block(config_keys& k, decoder_config& c, const class_defaults& d) {
    llama_sizes(k, c, d);
    activation(k, c, {"hidden_act"}, activation_kind::silu);
    k.real({"rms_norm_eps"}, c.norm.epsilon, d.epsilon);
}

inline void bias_everywhere(config_keys& k, decoder_config& c, key_names keys, bool absent) {
    bias_config& b = c.biases;
    k.flag(keys, {&b.query_key_value, &b.attention_output, &b.feed_forward_input, &b.feed_forward_output},
           absent);
}
inline void attention_bias(config_keys& k, decoder_config& c, bool absent = false) {
    k.flag({"attention_bias"}, {&c.biases.query_key_value, &c.biases.attention_output}, absent);
}
inline void mlp_bias(config_keys& k, decoder_config& c) {
    k.flag({"mlp_bias"}, {&c.biases.feed_forward_input, &c.biases.feed_forward_output}, false);
}

/// The sizes and the activation under GPT-2's names.
inline void gpt2_sizes(config_keys& k, decoder_config& c, const class_defaults& d) {
    depth(k, c, {"n_layer", "num_hidden_layers"}, d);
    k.needed({"n_head", "num_attention_heads"}, c.heads, d.heads);
    k.needed({"n_embd", "hidden_size"}, c.width, d.width);
    k.size({"n_inner"}, c.intermediate, four_widths(c));
    activation(k, c, {"activation_function"}, activation_kind::gelu_tanh);
    k.real({"layer_norm_epsilon"}, c.norm.epsilon, 1e-5);
    k.needed({"vocab_size"}, c.vocab_size, d.vocab_size);
    k.real({"initializer_range"}, c.initializer_range, 0.02);
}

/// The experts of a description that is read, or written.
inline experts_config& experts_of(const config_keys& k, decoder_config& c) {
    if (k.in() != nullptr || !c.experts) c.experts.emplace();
    return *c.experts;
}

/// All layers have experts.
inline void experts_everywhere(config_keys& k, decoder_config& c) {
    if (k.in() == nullptr) return;
    for (layer_config& layer : c.pattern)
        layer.experts = true;
}

/// Qwen's layers with experts: every `decoder_sparse_step`-th, less those of `mlp_only_layers`.
inline void sparse_layers(config_keys& k, decoder_config& c) {
    if (k.in() != nullptr) {
        const Eigen::Index step =
            std::max<Eigen::Index>(1, k.in()->natural("decoder_sparse_step").value_or(1));
        for (Eigen::Index l = 0; l < c.layers; ++l)
            c.pattern[std::size_t(l)].experts = (l + 1) % step == 0;
        for (const Eigen::Index l : k.in()->naturals("mlp_only_layers"))
            if (l < c.layers) c.pattern[std::size_t(l)].experts = false;
        return;
    }
    std::vector<Eigen::Index> dense;
    for (std::size_t l = 0; l < c.pattern.size(); ++l)
        if (!c.pattern[l].experts) dense.push_back(Eigen::Index(l));
    k.out()->add("decoder_sparse_step", Eigen::Index(1));
    k.out()->add("mlp_only_layers", dense);
}

}  // namespace cesaro::detail
