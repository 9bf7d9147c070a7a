// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/detail/equals.hpp>
#include <cesaro/files/detail/config_keys.hpp>
#include <cesaro/files/detail/family_parts.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// One function for each family of decoders: its block, and the keys that say the rest, with the defaults of
/// its configuration class in transformers. docs/models.md is the same as a table.
namespace cesaro::detail::family {

/// Scores without their scale, if `scale_attn_weights` is false.
inline void scaled_scores(config_keys& k, decoder_config& c) {
    bool scaled = !(c.scores.scale > 0);
    k.flag({"scale_attn_weights"}, scaled, true);
    c.scores.scale = scaled ? 0 : 1;
}

inline void gpt2_like(config_keys& k, decoder_config& c) {
    const class_defaults d{50257, 768, 0, 12, 12, 0, 1024};
    classic_block(k, c);
    c.learned_positions = true;
    c.residual_init_by_depth = true;
    gpt2_sizes(k, c, d);
    divide_heads(k, c);
    k.needed({"n_positions", "n_ctx", "max_position_embeddings"}, c.max_positions, d.max_positions);
    scaled_scores(k, c);
    no_windows(k, c);
}

inline void gpt2(config_keys& k, decoder_config& c) {
    gpt2_like(k, c);
    c.kv_heads = c.heads;
    k.flag({"scale_attn_by_inverse_layer_idx"}, c.scores.by_layer, false);
    k.only("attention_head_type", "multihead");  // SantaCoder, whose class is its own
}

inline void gpt_bigcode(config_keys& k, decoder_config& c) {
    gpt2_like(k, c);
    bool multi_query = c.kv_heads != c.heads;
    k.flag({"multi_query"}, multi_query, true);
    c.kv_heads = multi_query ? 1 : c.heads;
}

/// GPT-Neo's scores are not scaled; its layers are "global" or "local" by turns, written as in
/// [[["global", "local"], 12]].
inline void gpt_neo(config_keys& k, decoder_config& c) {
    classic_block(k, c);
    c.biases.query_key_value = false;
    c.learned_positions = true;
    c.scores.scale = 1;
    const class_defaults d{50257, 2048, 0, 24, 16, 0, 2048};
    depth(k, c, {"num_layers", "num_hidden_layers"}, d);
    k.needed({"num_heads", "num_attention_heads"}, c.heads, d.heads);
    k.needed({"hidden_size"}, c.width, d.width);
    c.kv_heads = c.heads;
    divide_heads(k, c);
    k.size({"intermediate_size"}, c.intermediate, four_widths(c));
    k.needed({"max_position_embeddings"}, c.max_positions, d.max_positions);
    k.needed({"vocab_size"}, c.vocab_size, d.vocab_size);
    activation(k, c, {"activation_function"}, activation_kind::gelu_tanh);
    k.real({"layer_norm_epsilon"}, c.norm.epsilon, 1e-5);
    k.real({"initializer_range"}, c.initializer_range, 0.02);
    Eigen::Index window = widest_window(c);
    if (k.out() != nullptr) {
        std::string kinds;
        for (const layer_config& layer : c.pattern)
            kinds.append(kinds.empty() ? "" : ", ").append(layer.window > 0 ? R"("local")" : R"("global")");
        k.out()->add_json("attention_types", "[[[" + kinds + "], 1]]");
        k.out()->add("window_size", window > 0 ? window : 256);
        return;
    }
    k.size({"window_size"}, window, 256);
    read_attention_types(k, c, window);
}

/// One normalisation before both branches, and rotations of neighbours.
inline void gptj(config_keys& k, decoder_config& c) {
    const class_defaults d{50400, 4096, 0, 28, 16, 0, 2048};
    classic_block(k, c);
    c.biases.query_key_value = c.biases.attention_output = false;
    c.parallel = c.norm.shared = true;
    gpt2_sizes(k, c, d);
    c.kv_heads = c.heads;
    divide_heads(k, c);
    k.size({"n_positions", "n_ctx", "max_position_embeddings"}, c.max_positions, d.max_positions);
    k.only("rotary", true);
    rotations(k, c, {.width_key = "rotary_dim", .width = 64, .interleaved = true});
    no_windows(k, c);
}

inline void gpt_neox(config_keys& k, decoder_config& c) {
    const class_defaults d{50432, 6144, 24576, 44, 64, 0, 2048};
    classic_block(k, c);
    depth(k, c, {"num_hidden_layers"}, d);
    k.needed({"num_attention_heads"}, c.heads, d.heads);
    k.needed({"hidden_size"}, c.width, d.width);
    c.kv_heads = c.heads;
    divide_heads(k, c);
    k.size({"intermediate_size"}, c.intermediate, d.intermediate);
    k.size({"max_position_embeddings"}, c.max_positions, d.max_positions);
    k.needed({"vocab_size"}, c.vocab_size, d.vocab_size);
    activation(k, c, {"hidden_act"}, activation_kind::gelu);
    k.real({"layer_norm_eps"}, c.norm.epsilon, 1e-5);
    k.real({"initializer_range"}, c.initializer_range, 0.02);
    k.flag({"use_parallel_residual"}, c.parallel, true);
    attention_bias(k, c, true);
    rotations(k, c, {.share = 0.25, .theta_key = "rotary_emb_base", .share_key = "rotary_pct"});
    no_windows(k, c);
}

inline void opt(config_keys& k, decoder_config& c) {
    const class_defaults d{50272, 768, 3072, 12, 12, 0, 2048};
    classic_block(k, c);
    c.learned_positions = true;
    c.position_offset = 2;
    depth(k, c, {"num_hidden_layers"}, d);
    k.needed({"num_attention_heads"}, c.heads, d.heads);
    k.needed({"hidden_size", "d_model"}, c.width, d.width);
    c.kv_heads = c.heads;
    divide_heads(k, c);
    k.size({"ffn_dim"}, c.intermediate, d.intermediate);
    k.needed({"max_position_embeddings"}, c.max_positions, d.max_positions);
    k.needed({"vocab_size"}, c.vocab_size, d.vocab_size);
    activation(k, c, {"activation_function"}, activation_kind::relu);
    k.real({"init_std"}, c.initializer_range, 0.02);
    bias_everywhere(k, c, {"enable_bias"}, true);
    k.flag({"layer_norm_elementwise_affine"}, {&c.norm.gain, &c.norm.bias}, true);
    k.only("do_layer_norm_before", true);
    k.only("_remove_final_layer_norm", false);
    if (k.in() != nullptr) {
        const Eigen::Index embedded = k.in()->natural("word_embed_proj_dim").value_or(c.width);
        if (embedded != c.width) {
            k.refuse("word_embed_proj_dim", "= '" + std::to_string(embedded) +
                                                "' is not supported, only the width " +
                                                std::to_string(c.width));
        }
    }
    no_windows(k, c);
}

/// BLOOM's class does not say how long a prompt may be; its models were trained on 2048 tokens.
inline void bloom(config_keys& k, decoder_config& c) {
    const class_defaults d{250880, 64, 0, 2, 8, 0, 2048};
    classic_block(k, c);
    c.norm.embeddings = true;
    c.activation = activation_kind::gelu_tanh;
    c.alibi = alibi_rule::bloom;
    depth(k, c, {"n_layer", "num_hidden_layers"}, d);
    k.needed({"n_head", "num_attention_heads"}, c.heads, d.heads);
    k.needed({"hidden_size", "n_embed", "n_embd"}, c.width, d.width);
    c.kv_heads = c.heads;
    divide_heads(k, c);
    if (k.in() != nullptr) c.intermediate = four_widths(c);  // n_inner, if it is there, is not read
    k.size({"seq_length", "max_position_embeddings"}, c.max_positions, k.whole() ? d.max_positions : 0);
    k.needed({"vocab_size"}, c.vocab_size, d.vocab_size);
    k.real({"layer_norm_epsilon"}, c.norm.epsilon, 1e-5);
    k.real({"initializer_range"}, c.initializer_range, 0.02);
    k.only("apply_residual_connection_post_layernorm", false);
    no_windows(k, c);
}

/// What says of MPT's attention what it is, an object of its own. Its class in transformers builds one kind
/// of MPT; the others that these files describe are refused.
inline void mpt_attention(config_keys& k, decoder_config& c) {
    c.alibi = alibi_rule::mpt;
    const auto exchange = [&c](config_keys& a) {
        a.real({"alibi_bias_max"}, c.alibi_max, 8);
        a.real_or_null({"clip_qkv"}, c.scores.clip, 0);
        a.real_or_null({"softmax_scale"}, c.scores.scale, 0);
        a.only("alibi", true);
        a.only("attn_type", "multihead_attention");
        a.only("prefix_lm", false);
        a.only("qk_ln", false);
        a.only("rope", false);
    };
    if (k.out() != nullptr) {
        config_writer out;
        config_keys nested(out);
        exchange(nested);
        out.add("alibi", true);
        return k.out()->add_json("attn_config", out.line());
    }
    const json empty;
    const auto object = k.in()->object("attn_config");
    const config_reader in = object ? *object : config_reader({}, empty);
    config_keys nested = k.of(in);
    exchange(nested);
}

inline void mpt(config_keys& k, decoder_config& c) {
    const class_defaults d{50368, 2048, 0, 24, 16, 0, 2048};
    classic_block(k, c);
    every_bias(k, c.biases, false);
    c.norm.bias = false;
    c.activation = activation_kind::gelu;
    depth(k, c, {"n_layers", "num_hidden_layers"}, d);
    k.needed({"n_heads", "num_attention_heads"}, c.heads, d.heads);
    k.needed({"d_model", "hidden_size"}, c.width, d.width);
    c.kv_heads = c.heads;
    divide_heads(k, c);
    if (k.in() != nullptr) c.intermediate = four_widths(c);
    k.size({"max_seq_len"}, c.max_positions, d.max_positions);
    k.needed({"vocab_size"}, c.vocab_size, d.vocab_size);
    k.real({"layer_norm_epsilon"}, c.norm.epsilon, 1e-5);
    k.real({"initializer_range"}, c.initializer_range, 0.02);
    k.only("no_bias", true);
    k.only("expansion_ratio", 4.);
    mpt_attention(k, c);
    no_windows(k, c);
}

/// Falcon-RW (sequential, ALiBi), 7B (parallel, one normalisation, one key head) and 40B (parallel, two
/// normalisations, grouped heads).
inline void falcon(config_keys& k, decoder_config& c) {
    const class_defaults d{65024, 4544, 0, 32, 71, 0, 2048};
    classic_block(k, c);
    depth(k, c, {"num_hidden_layers", "n_layer"}, d);
    k.needed({"num_attention_heads", "n_head"}, c.heads, d.heads);
    k.needed({"hidden_size", "n_embed"}, c.width, d.width);
    divide_heads(k, c);
    k.size({"ffn_hidden_size"}, c.intermediate, four_widths(c));
    k.size({"max_position_embeddings"}, c.max_positions, d.max_positions);
    k.needed({"vocab_size"}, c.vocab_size, d.vocab_size);
    activation(k, c, {"activation"}, activation_kind::gelu);
    k.real({"layer_norm_epsilon"}, c.norm.epsilon, 1e-5);
    k.real({"initializer_range"}, c.initializer_range, 0.02);
    bias_everywhere(k, c, {"bias"}, false);
    // The new architecture where the old one cannot say it: parallel with two normalisations, grouped heads.
    bool renewed = c.parallel && (!c.norm.shared || (c.kv_heads > 1 && c.kv_heads < c.heads));
    k.flag({"new_decoder_architecture"}, renewed, false);
    bool multi_query = c.kv_heads == 1;
    k.flag({"multi_query"}, multi_query, true);
    const Eigen::Index grouped = c.heads;
    k.size_or_null({"num_kv_heads", "n_head_kv"}, c.kv_heads, grouped, grouped);
    k.flag({"parallel_attn"}, c.parallel, true);
    Eigen::Index norms = c.parallel && c.norm.shared ? 1 : 2;
    if (renewed) k.size({"num_ln_in_parallel_attn"}, norms, 2);
    bool alibi = c.alibi != alibi_rule::none;
    k.flag({"alibi"}, alibi, false);
    if (k.in() != nullptr) {
        if (!renewed) c.kv_heads = multi_query ? 1 : c.heads;
        if (renewed && !c.parallel)
            k.refuse("parallel_attn", "= false is not supported with the new architecture");
        c.norm.shared = c.parallel && !(renewed && norms == 2);
    }
    c.alibi = alibi ? alibi_rule::bloom : alibi_rule::none;
    c.alibi_scaled = alibi;
    if (!alibi) rotations(k, c);
    no_windows(k, c);
}

inline void llama(config_keys& k, decoder_config& c) {
    llama_block(k, c, {32000, 4096, 11008, 32, 32, 0, 2048});
    attention_bias(k, c);
    mlp_bias(k, c);
    rotations(k, c);
    no_windows(k, c);
}

inline void mistral(config_keys& k, decoder_config& c) {
    llama_block(k, c, {32000, 4096, 14336, 32, 32, 8, 131072});
    rotations(k, c);
    same_windows(k, c, 4096);
}

inline void mixtral(config_keys& k, decoder_config& c) {
    llama_block(k, c,
                {.vocab_size = 32000,
                 .width = 4096,
                 .intermediate = 14336,
                 .layers = 32,
                 .heads = 32,
                 .kv_heads = 8,
                 .max_positions = 131072,
                 .epsilon = 1e-5});
    rotations(k, c, {.theta = 1e6});
    same_windows(k, c, 0);
    experts_config& e = experts_of(k, c);
    k.size({"num_local_experts"}, e.count, 8);
    k.size({"num_experts_per_tok"}, e.chosen, 2);
    e.intermediate = c.intermediate;
    e.normalized = true;
    experts_everywhere(k, c);
}

/// Layers from `max_window_layers` on have a window.
inline bool behind(Eigen::Index l, Eigen::Index bound) {
    return l >= bound;
}
/// Every second of the layers before `max_window_layers`.
inline bool alternate_before(Eigen::Index l, Eigen::Index bound) {
    return l < bound && l % 2 == 0;
}

inline void qwen2(config_keys& k, decoder_config& c) {
    c.biases.query_key_value = true;
    llama_block(k, c, {151936, 4096, 22016, 32, 32, 32, 32768});
    rotations(k, c);
    switched_windows(k, c, behind);
}

/// The decoder of Qwen2-VL and Qwen2.5-VL: of text, where the three positions of a token are the same.
inline void qwen2_vl(config_keys& k, decoder_config& c) {
    c.biases.query_key_value = true;
    llama_block(k, c,
                {.vocab_size = 152064,
                 .width = 8192,
                 .intermediate = 29568,
                 .layers = 80,
                 .heads = 64,
                 .kv_heads = 8,
                 .max_positions = 32768,
                 .epsilon = 1e-5});
    rotations(k, c, {.theta = 1e6});
    switched_windows(k, c, behind, 80);
}

inline void qwen3(config_keys& k, decoder_config& c) {
    c.scores.norm = query_key_norm::per_head;
    llama_block(k, c, {151936, 4096, 22016, 32, 32, 32, 32768, 128});
    attention_bias(k, c);
    rotations(k, c);
    switched_windows(k, c, behind);
}

inline void qwen3_vl(config_keys& k, decoder_config& c) {
    c.scores.norm = query_key_norm::per_head;
    llama_block(k, c, {151936, 4096, 22016, 32, 32, 32, 128000, 128});
    attention_bias(k, c);
    rotations(k, c, {.theta = 5e5});
    no_windows(k, c);
}

/// Qwen's experts: which layers have them, and how they are weighed.
inline experts_config& qwen_experts(config_keys& k, decoder_config& c, const experts_config& absent) {
    experts_config& e = experts_of(k, c);
    k.size({"num_experts", "num_local_experts"}, e.count, absent.count);
    k.size({"num_experts_per_tok"}, e.chosen, absent.chosen);
    k.size({"moe_intermediate_size"}, e.intermediate, absent.intermediate);
    k.flag({"norm_topk_prob"}, e.normalized, false);
    sparse_layers(k, c);
    return e;
}

inline void qwen2_moe(config_keys& k, decoder_config& c) {
    llama_block(k, c, {151936, 2048, 5632, 24, 16, 16, 32768});
    k.flag({"qkv_bias"}, c.biases.query_key_value, true);
    rotations(k, c);
    switched_windows(k, c, alternate_before);
    experts_config& e = qwen_experts(k, c, {.count = 60, .chosen = 4, .intermediate = 1408});
    k.size({"shared_expert_intermediate_size"}, e.shared, 5632);
    e.shared_gate = e.shared > 0;
}

inline void qwen3_moe(config_keys& k, decoder_config& c) {
    c.scores.norm = query_key_norm::per_head;
    llama_block(k, c, {151936, 2048, 6144, 24, 32, 4, 32768});
    attention_bias(k, c);
    rotations(k, c);
    switched_windows(k, c, [](Eigen::Index, Eigen::Index) { return true; });
    qwen_experts(k, c, {.count = 128, .chosen = 8, .intermediate = 768});
}

/// Every `no_rope_layer_interval`-th layer, or those of which `no_rope_layers` has a 0, are not rotated.
inline void smollm3(config_keys& k, decoder_config& c) {
    llama_block(k, c, {128256, 2048, 11008, 36, 16, 4, 32768});
    attention_bias(k, c);
    mlp_bias(k, c);
    rotations(k, c, {.theta = 2e6});
    if (k.out() != nullptr) {
        std::vector<Eigen::Index> rotated;
        for (const layer_config& layer : c.pattern)
            rotated.push_back(layer.rope ? 1 : 0);
        k.out()->add("no_rope_layers", rotated);
        k.out()->add("use_sliding_window", widest_window(c) > 0);
    } else {
        const Eigen::Index every =
            std::max<Eigen::Index>(1, k.in()->natural("no_rope_layer_interval").value_or(4));
        const std::vector<Eigen::Index> rotated = k.in()->naturals("no_rope_layers");
        if (k.in()->has("no_rope_layers"))
            k.in()->check_per_layer("no_rope_layers", Eigen::Index(rotated.size()), c.layers);
        for (Eigen::Index l = 0; l < c.layers; ++l)
            c.pattern[std::size_t(l)].rope =
                rotated.empty() ? (l + 1) % every != 0 : rotated[std::size_t(l)] != 0;
    }
    const bool on = k.in() != nullptr && k.in()->boolean("use_sliding_window").value_or(false);
    typed_windows(k, c, 0, [&](Eigen::Index l) { return on && !c.pattern[std::size_t(l)].rope; });
}

inline void granite(config_keys& k, decoder_config& c) {
    llama_block(k, c, {32000, 4096, 11008, 32, 32, 0, 2048});
    attention_bias(k, c);
    mlp_bias(k, c);
    k.real({"embedding_multiplier"}, c.embedding_scale, 1);
    k.real({"residual_multiplier"}, c.branch_scale, 1);
    if (k.out() != nullptr) c.scores.scale = c.score_scale(0);
    k.real({"attention_multiplier"}, c.scores.scale, 1);
    double divisor = 1 / c.logit_scale;
    k.real({"logits_scaling"}, divisor, 1);
    if (k.in() != nullptr) c.logit_scale = 1 / divisor;
    rotations(k, c);
    no_windows(k, c);
}

inline void phi3(config_keys& k, decoder_config& c) {
    llama_block(k, c,
                {.vocab_size = 32064,
                 .width = 3072,
                 .intermediate = 8192,
                 .layers = 32,
                 .heads = 32,
                 .kv_heads = 0,
                 .max_positions = 4096,
                 .epsilon = 1e-5});
    rotations(k, c, {.original_positions = 4096});
    same_windows(k, c, 0);
}

/// One LayerNorm before both branches; a part of each head is rotated.
inline void phi_block(const config_keys& k, decoder_config& c) {
    classic_block(k, c);
    c.parallel = c.norm.shared = true;
}
inline void phi(config_keys& k, decoder_config& c) {
    phi_block(k, c);
    llama_sizes(k, c, {51200, 2048, 8192, 24, 32, 0, 2048});
    activation(k, c, {"hidden_act"}, activation_kind::gelu_tanh);
    k.real({"layer_norm_eps"}, c.norm.epsilon, 1e-5);
    k.only("qk_layernorm", false);
    rotations(k, c, {.share = 0.5});
    no_windows(k, c);
}
/// The same under the names that Phi's first files had.
inline void phi_msft(config_keys& k, decoder_config& c) {
    phi_block(k, c);
    const class_defaults d{50304, 1024, 0, 20, 16, 0, 2048};
    gpt2_sizes(k, c, d);
    divide_heads(k, c);
    k.size_or_null({"n_head_kv"}, c.kv_heads, c.heads, c.heads);
    k.size({"n_positions"}, c.max_positions, d.max_positions);
    rotations(k, c, {.width_key = "rotary_dim", .width = 32});
    no_windows(k, c);
}

inline void stablelm(config_keys& k, decoder_config& c) {
    c.norm.kind = norm_kind::layer_norm;
    c.norm.bias = true;
    llama_sizes(k, c, {50304, 2560, 6912, 32, 32, 32, 4096});
    activation(k, c, {"hidden_act"}, activation_kind::silu);
    k.real({"layer_norm_eps"}, c.norm.epsilon, 1e-5);
    k.flag({"use_qkv_bias"}, c.biases.query_key_value, false);
    k.flag({"use_parallel_residual"}, {&c.parallel, &c.norm.shared}, false);
    bool normalized = c.scores.norm == query_key_norm::each_head;
    k.flag({"qk_layernorm"}, normalized, false);
    c.scores.norm = normalized ? query_key_norm::each_head : query_key_norm::none;
    rotations(k, c, {.share = 0.25});
    no_windows(k, c);
}

inline void starcoder2(config_keys& k, decoder_config& c) {
    classic_block(k, c);
    llama_sizes(k, c, {49152, 3072, 12288, 30, 24, 2, 4096});
    if (k.in() != nullptr) c.initializer_range = k.in()->real("initializer_range").value_or(0.018042);
    activation(k, c, {"hidden_act"}, activation_kind::gelu_tanh);
    k.real({"norm_epsilon"}, c.norm.epsilon, 1e-5);
    bias_everywhere(k, c, {"use_bias"}, true);
    rotations(k, c);
    same_windows(k, c, 0);
}

/// LayerNorm without gain and bias.
inline void olmo(config_keys& k, decoder_config& c) {
    c.norm.kind = norm_kind::layer_norm;
    c.norm.gain = false;
    llama_sizes(k, c, {50304, 4096, 11008, 32, 32, 0, 2048});
    activation(k, c, {"hidden_act"}, activation_kind::silu);
    attention_bias(k, c);
    k.real_or_null({"clip_qkv"}, c.scores.clip, 0);
    rotations(k, c);
    no_windows(k, c);
}

/// RMSNorm of what the branches add, and of all queries and of all keys of a position together.
inline void olmo2_block(config_keys& k, decoder_config& c, double theta) {
    c.norm.before = false;
    c.norm.after = true;
    c.scores.norm = query_key_norm::all_heads;
    llama_block(k, c,
                {.vocab_size = 50304,
                 .width = 4096,
                 .intermediate = 11008,
                 .layers = 32,
                 .heads = 32,
                 .kv_heads = 0,
                 .max_positions = 2048,
                 .epsilon = 1e-5});
    attention_bias(k, c);
    rotations(k, c, {.theta = theta});
}
inline void olmo2(config_keys& k, decoder_config& c) {
    olmo2_block(k, c, 10000);
    no_windows(k, c);
}
inline void olmo3(config_keys& k, decoder_config& c) {
    olmo2_block(k, c, 500000);
    local_rotations_unscaled(k, c);
    typed_windows(k, c, 4096, [](Eigen::Index l) { return (l + 1) % 4 != 0; });
}

/// Embeddings times the square root of the width; GeGLU.
inline void gemma_block(config_keys& k, decoder_config& c, const class_defaults& d) {
    llama_sizes(k, c, d);
    c.embedding_scale = std::sqrt(double(c.width));
    k.real({"rms_norm_eps"}, c.norm.epsilon, d.epsilon);
    attention_bias(k, c);
}

/// The first Gemma's `hidden_act` says gelu where tanh's is meant, and is not read unless it says another.
inline void gemma(config_keys& k, decoder_config& c) {
    gemma_block(k, c, {256000, 3072, 24576, 28, 16, 16, 8192, 256});
    const bool old = k.in() != nullptr && !k.in()->has("hidden_activation");
    if (old && k.in()->text("hidden_act").value_or("gelu") != "gelu") {
        activation(k, c, {"hidden_act"}, activation_kind::gelu_tanh);
    } else {
        activation(k, c, {"hidden_activation"}, activation_kind::gelu_tanh);
    }
    rotations(k, c);
    no_windows(k, c);
}

/// Scores divided by the square root of `query_pre_attn_scalar`.
inline void query_scalar(config_keys& k, decoder_config& c) {
    double scalar = double(c.head_width);
    if (c.scores.scale > 0) {
        const double exact = 1 / (c.scores.scale * c.scores.scale);
        scalar = std::abs(exact - std::round(exact)) < 1e-9 * exact ? std::round(exact) : exact;
    }
    k.real({"query_pre_attn_scalar"}, scalar, 256);
    if (k.in() != nullptr) c.scores.scale = equals(scalar, double(c.head_width)) ? 0 : 1 / std::sqrt(scalar);
}

inline void gemma2(config_keys& k, decoder_config& c) {
    c.norm.after = true;
    gemma_block(k, c, {256000, 2304, 9216, 26, 8, 4, 8192, 256});
    activation(k, c, {"hidden_activation"}, activation_kind::gelu_tanh);
    query_scalar(k, c);
    k.real_or_null({"attn_logit_softcapping"}, c.scores.cap, 50);
    k.real_or_null({"final_logit_softcapping"}, c.logit_cap, 30);
    rotations(k, c);
    typed_windows(k, c, 4096, [](Eigen::Index l) { return l % 2 == 0; });
}

/// Queries and keys normalised instead of the cap; layers with a window have a RoPE of their own.
inline void gemma3(config_keys& k, decoder_config& c) {
    c.norm.after = true;
    c.scores.norm = query_key_norm::per_head;
    gemma_block(k, c, {262208, 2304, 9216, 26, 8, 4, 131072, 256});
    activation(k, c, {"hidden_activation"}, activation_kind::gelu_tanh);
    query_scalar(k, c);
    k.real_or_null({"attn_logit_softcapping"}, c.scores.cap, 0);
    k.real_or_null({"final_logit_softcapping"}, c.logit_cap, 0);
    rotations(k, c, {.theta = 1e6});
    if (k.in() == nullptr) {
        if (c.local_rope) k.out()->add("rope_local_base_freq", c.local_rope->theta);
    } else if (!c.local_rope) {
        c.local_rope = rope_config{.theta = k.in()->real("rope_local_base_freq").value_or(10000)};
    }
    Eigen::Index every = 6;
    if (k.in() != nullptr)
        for (const char* const key : {"sliding_window_pattern", "_sliding_window_pattern"})
            every = std::max<Eigen::Index>(1, k.in()->natural(key).value_or(every));
    typed_windows(k, c, 4096, [every](Eigen::Index l) { return (l + 1) % every != 0; });
}

/// Sinks in the softmax, biases, a clipped gate.
inline void gpt_oss(config_keys& k, decoder_config& c) {
    every_bias(k, c.biases, true);
    c.scores.sinks = true;
    c.activation = activation_kind::clamped_swish;
    llama_sizes(k, c, {201088, 2880, 2880, 36, 64, 8, 131072, 64});
    k.real({"rms_norm_eps"}, c.norm.epsilon, 1e-5);
    k.only("hidden_act", "silu");
    k.only("swiglu_limit", 7.);
    k.only("swiglu_alpha", 1.702);
    attention_bias(k, c, true);
    rotations(k, c, {.theta = 150000});
    if (k.in() != nullptr && !k.in()->has("rope_scaling") && !k.in()->is_null("rope_scaling") &&
        !k.in()->has("rope_parameters")) {
        c.rope->scaling = rope_scaling::yarn;
        c.rope->factor = 32;
        c.rope->original_positions = 4096;
        c.rope->truncate = false;
        c.rope->attention_factor = yarn_factor(32);
    }
    typed_windows(k, c, 128, [](Eigen::Index l) { return l % 2 == 0; });
    experts_config& e = experts_of(k, c);
    k.size({"num_local_experts", "num_experts"}, e.count, 128);
    k.size({"num_experts_per_tok", "experts_per_token"}, e.chosen, 4);
    e.intermediate = c.intermediate;
    e.routing = expert_routing::softmax_of_chosen;
    e.bias = true;
    experts_everywhere(k, c);
}

/// Sizes of what sizes in a file add up to; absurd ones are left to validate(), which refuses this one.
inline constexpr Eigen::Index refused_size = (Eigen::Index(1) << 30) + 1;
inline Eigen::Index sum_of_sizes(Eigen::Index a, Eigen::Index b) {
    return a > refused_size - b ? refused_size : a + b;
}
inline Eigen::Index product_of_sizes(Eigen::Index a, Eigen::Index b) {
    return b > 0 && a > refused_size / b ? refused_size : a * b;
}

/// Latent attention: a head has `qk_nope_head_dim` entries, and `qk_rope_head_dim` that are rotated.
inline void latent_block(config_keys& k, decoder_config& c, const class_defaults& d) {
    depth(k, c, {"num_hidden_layers"}, d);
    k.needed({"num_attention_heads"}, c.heads, d.heads);
    k.size_or_null({"num_key_value_heads"}, c.kv_heads, d.kv_heads > 0 ? d.kv_heads : c.heads, c.heads);
    k.needed({"hidden_size"}, c.width, d.width);
    k.size({"intermediate_size"}, c.intermediate, d.intermediate);
    k.size({"max_position_embeddings"}, c.max_positions, d.max_positions);
    k.needed({"vocab_size"}, c.vocab_size, d.vocab_size);
    k.real({"initializer_range"}, c.initializer_range, 0.02);
    activation(k, c, {"hidden_act"}, activation_kind::silu);
    k.real({"rms_norm_eps"}, c.norm.epsilon, d.epsilon);
    if (k.in() != nullptr || !c.latent) c.latent.emplace();
    latent_attention& latent = *c.latent;
    k.size_or_null({"q_lora_rank"}, latent.query_rank, 1536, 0);
    k.size({"kv_lora_rank"}, latent.rank, 512);
    k.size({"qk_rope_head_dim"}, latent.rope_width, 64);
    k.size({"v_head_dim"}, latent.value_width, 128);
    Eigen::Index plain = c.head_width - latent.rope_width;
    k.size({"qk_nope_head_dim"}, plain, 128);
    if (k.in() != nullptr) c.head_width = sum_of_sizes(plain, latent.rope_width);
    k.only("attention_bias", false);
    k.only("mlp_bias", false);
    no_windows(k, c);
}

inline experts_config& deepseek_experts(config_keys& k, decoder_config& c, const experts_config& absent,
                                        Eigen::Index shared, Eigen::Index dense) {
    experts_config& e = experts_of(k, c);
    k.size({"n_routed_experts", "num_experts", "num_local_experts"}, e.count, absent.count);
    k.size({"num_experts_per_tok"}, e.chosen, absent.chosen);
    k.size({"moe_intermediate_size"}, e.intermediate, absent.intermediate);
    k.real({"routed_scaling_factor"}, e.scale, absent.scale);
    Eigen::Index count = e.shared / std::max<Eigen::Index>(1, e.intermediate);
    k.size_or_null({"n_shared_experts"}, count, shared, 0);
    if (k.in() != nullptr) e.shared = product_of_sizes(count, e.intermediate);
    Eigen::Index before = 0;
    while (before < Eigen::Index(c.pattern.size()) && !c.pattern[std::size_t(before)].experts)
        ++before;
    k.size({"first_k_dense_replace"}, before, dense);
    k.only("moe_layer_freq", 1.);
    if (k.in() != nullptr)
        for (Eigen::Index l = 0; l < c.layers; ++l)
            c.pattern[std::size_t(l)].experts = l >= before;
    return e;
}

/// The greatest scores of all experts, or of those in the groups with the greatest scores.
inline void deepseek_v2(config_keys& k, decoder_config& c) {
    latent_block(k, c, {32000, 4096, 11008, 32, 32, 0, 2048});
    rotations(k, c, {.interleaved = true, .scaled_scores = true});
    experts_config& e = deepseek_experts(k, c, {.count = 64, .intermediate = 1407}, 2, 0);
    bool grouped = e.groups > 1;
    k.word({"topk_method"}, grouped, std::optional(false),
           std::array<std::pair<std::string_view, bool>, 2>{
               {{"greedy", false}, {"group_limited_greedy", true}}});
    if (grouped) {
        k.size({"n_group"}, e.groups, 1);
        k.size({"topk_group"}, e.chosen_groups, 1);
    }
    k.only("norm_topk_prob", false);
    k.only("scoring_func", "softmax");
}

inline void deepseek_v3(config_keys& k, decoder_config& c) {
    latent_block(k, c, {129280, 7168, 18432, 61, 128, 128, 4096});
    bool interleaved = c.rope && c.rope->interleaved;
    k.flag({"rope_interleave"}, interleaved, true);
    rotations(k, c, {.interleaved = interleaved, .scaled_scores = true});
    experts_config& e =
        deepseek_experts(k, c, {.count = 256, .chosen = 8, .intermediate = 2048, .scale = 2.5}, 1, 3);
    e.routing = expert_routing::sigmoid;
    k.size({"n_group"}, e.groups, 8);
    k.size({"topk_group"}, e.chosen_groups, 4);
    k.flag({"norm_topk_prob"}, e.normalized, true);
    k.only("scoring_func", "sigmoid");
    k.only("topk_method", "noaux_tc");
}

}  // namespace cesaro::detail::family
