// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// Tiny decoders: one for each facet of a description, one for each family.
#include "decoder_fixtures.hpp"

#include <cesaro/files/config_json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace cesaro_test {

struct described {
    std::string name;
    cesaro::decoder_config config;
};

/// Each facet added to a tiny Llama, or to another block where it needs one.
inline std::vector<described> facets() {
    using namespace cesaro;
    std::vector<described> list;
    const auto add = [&list](const char* name, const auto& change, const char* base = "llama") {
        decoder_config config = tiny_config(base);
        config.model_type.clear();
        change(config);
        list.push_back({name, config});
    };
    const auto layer_norm = [](decoder_config& c) {
        c.norm.kind = norm_kind::layer_norm;
        c.norm.bias = true;
    };
    add("no gain", [](auto& c) { c.norm.gain = false; });
    add("LayerNorm without bias", [](auto& c) { c.norm.kind = norm_kind::layer_norm; });
    add("RMSNorm with bias", [](auto& c) { c.norm.bias = true; });
    add("norms after", [](auto& c) {
        c.norm.before = false;
        c.norm.after = true;
    });
    add("norms around", [](auto& c) { c.norm.after = true; });
    add("no norms", [](auto& c) {
        c.norm.before = false;
        c.branch_scale = 0.1;  // nothing else keeps scores small
    });
    add("parallel", [](auto& c) { c.parallel = true; });
    add("parallel, shared norm", [&](auto& c) {
        layer_norm(c);
        c.parallel = c.norm.shared = true;
    });
    add("parallel, norms around", [](auto& c) { c.parallel = c.norm.after = true; });
    add("shared norm without parallel branches", [](auto& c) { c.norm.shared = true; });
    add("branch scale", [](auto& c) { c.branch_scale = 0.3; });
    add("queries and keys per head", [](auto& c) { c.scores.norm = query_key_norm::per_head; });
    add("queries and keys per head, LayerNorm", [&](auto& c) {
        layer_norm(c);
        c.head_width = 4;
        c.scores.norm = query_key_norm::per_head;
    });
    add("queries and keys of each head", [&](auto& c) {
        layer_norm(c);
        c.head_width = 4;
        c.scores.norm = query_key_norm::each_head;
    });
    add("all heads of queries and keys", [](auto& c) { c.scores.norm = query_key_norm::all_heads; });
    add("queries and keys without gain", [](auto& c) {
        c.scores.norm = query_key_norm::per_head;
        c.norm.gain = false;
    });
    add("clipped", [](auto& c) { c.scores.clip = 0.4; });
    add("clipped and normalised", [](auto& c) {
        c.scores.clip = 0.4;
        c.scores.norm = query_key_norm::all_heads;
    });
    add("RoPE of a part", [](auto& c) {
        c.head_width = 6;
        c.rope->width = 4;
    });
    add("RoPE of neighbours", [](auto& c) {
        c.head_width = 4;
        c.rope->interleaved = true;
    });
    add("attention factor", [](auto& c) { c.rope->attention_factor = 1.25; });
    add("RoPE of its own behind windows", [](auto& c) {
        c.pattern = {{.window = 2}, {}};
        c.local_rope = rope_config{.theta = 7, .scaling = rope_scaling::linear, .factor = 3};
    });
    add("layers without RoPE", [](auto& c) { c.pattern = {{.rope = false}, {}}; });
    add("LongRoPE", [](auto& c) {
        c.head_width = 4;
        c.rope->scaling = rope_scaling::longrope;
        c.rope->original_positions = 3;
        c.rope->short_factors = {1, 2};
        c.rope->long_factors = {3, 5};
    });
    add("ALiBi of 4 heads", [](auto& c) {
        c.rope.reset();
        c.alibi = alibi_rule::bloom;
    });
    for (const alibi_rule rule : {alibi_rule::bloom, alibi_rule::mpt}) {
        add("ALiBi of 6 heads, scaled", [rule](auto& c) {
            c.rope.reset();
            c.heads = 6;
            c.alibi = rule;
            c.alibi_max = 5;
            c.alibi_scaled = true;
            c.scores.scale = 0.4;
        });
    }
    add("scale", [](auto& c) { c.scores.scale = 0.9; });
    add("scale by layer", [](auto& c) { c.scores.by_layer = true; });
    add("cap", [](auto& c) { c.scores.cap = 0.7; });
    add("cap, window, sinks", [](auto& c) {
        c.scores.cap = 0.7;
        c.scores.sinks = true;
        c.pattern = {{.window = 2}, {}};
    });
    add("sinks", [](auto& c) { c.scores.sinks = true; });
    add("sinks and ALiBi", [](auto& c) {
        c.scores.sinks = true;
        c.alibi = alibi_rule::mpt;
    });
    add("one key head", [](auto& c) { c.kv_heads = 1; });
    add("as many key heads", [](auto& c) { c.kv_heads = c.heads; });
    for (const Eigen::Index query_rank : {0, 5}) {
        add("latent attention", [query_rank](auto& c) {
            c.kv_heads = c.heads = 3;
            c.head_width = 5;
            c.rope->interleaved = true;
            c.latent = latent_attention{
                .query_rank = query_rank, .rank = 4, .rope_width = 2, .value_width = 3, .epsilon = 0.02};
            c.biases.query_key_value = query_rank > 0;
        });
    }
    for (const activation_kind kind :
         {activation_kind::gelu, activation_kind::gelu_tanh, activation_kind::relu, activation_kind::silu,
          activation_kind::clamped_swish}) {
        for (const bool gated : {false, true}) {
            add("activation", [=](auto& c) {
                c.activation = kind;
                c.gated = gated;
                c.biases.feed_forward_input = gated;
                c.biases.attention_output = c.biases.feed_forward_output = !gated;
            });
        }
    }
    const auto experts = [](decoder_config& c, const experts_config& e) {
        c.pattern = {{.experts = true}};
        c.experts = e;
    };
    for (const expert_routing routing :
         {expert_routing::softmax_of_all, expert_routing::softmax_of_chosen, expert_routing::sigmoid}) {
        for (const bool normalized : {false, true}) {
            add("experts", [=](auto& c) {
                experts(c, {.count = 5,
                            .chosen = 2,
                            .intermediate = 3,
                            .routing = routing,
                            .normalized = normalized,
                            .scale = 1.5});
            });
            add("groups of experts", [=](auto& c) {
                experts(c, {.count = 12,
                            .chosen = 3,
                            .intermediate = 2,
                            .routing = routing,
                            .normalized = normalized,
                            .groups = 4,
                            .chosen_groups = 2});
            });
        }
    }
    for (const bool gate : {false, true}) {
        add("shared experts, biases, a dense layer", [=](auto& c) {
            experts(c, {.count = 4,
                        .chosen = 3,
                        .intermediate = 3,
                        .shared = 4,
                        .shared_gate = gate,
                        .routing = expert_routing::softmax_of_chosen,
                        .bias = true});
            c.pattern = {{}, {.experts = true}};
            c.gated = gate;
            c.biases.feed_forward_input = c.biases.feed_forward_output = true;
        });
    }
    return list;
}

/// A tiny decoder of each family, as its config.json describes it.
inline std::vector<described> tiny_families() {
    const std::string llama = R"("num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 4, "hidden_size": 8, "intermediate_size": 7, "vocab_size": 11,
        "max_position_embeddings": 16)";
    const std::string classic = R"("num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 8,
        "vocab_size": 11, "max_position_embeddings": 16)";
    const std::string gpt2 = R"("n_layer": 2, "n_head": 2, "n_embd": 8, "n_inner": 9, "vocab_size": 11,
        "n_positions": 16)";
    const std::string bloom = R"("n_layer": 2, "n_head": 3, "hidden_size": 6, "vocab_size": 11)";
    const std::string falcon = R"("num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 16,
        "ffn_hidden_size": 9, "vocab_size": 11)";
    const std::string deepseek = R"("num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 2, "hidden_size": 8, "intermediate_size": 7, "vocab_size": 11,
        "kv_lora_rank": 5, "qk_rope_head_dim": 2, "qk_nope_head_dim": 3, "v_head_dim": 4,
        "n_routed_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 3, "n_shared_experts": 2,
        "first_k_dense_replace": 1, "n_group": 3, "topk_group": 2)";
    const std::pair<std::string, std::string> files[] = {
        {"gpt2", gpt2},
        {"gpt_bigcode", gpt2},
        {"gpt_bigcode", gpt2 + R"(, "multi_query": false)"},
        {"gpt_neo", classic + R"(, "intermediate_size": 9, "window_size": 3,
            "attention_types": [[["global", "local"], 1]])"},
        {"gptj", gpt2 + R"(, "rotary_dim": 2)"},
        {"gpt_neox", classic + R"(, "intermediate_size": 9, "rotary_pct": 0.5)"},
        {"gpt_neox",
         classic + R"(, "intermediate_size": 9, "rotary_pct": 0.5, "use_parallel_residual": false)"},
        {"opt", classic + R"(, "ffn_dim": 9)"},
        {"bloom", bloom},
        {"mpt", R"("n_layers": 2, "n_heads": 3, "d_model": 6, "vocab_size": 11, "attn_config":
            {"clip_qkv": 0.5, "alibi": true})"},
        {"falcon", falcon + R"(, "alibi": true, "bias": true, "multi_query": false, "parallel_attn": false)"},
        {"falcon", falcon + R"(, "multi_query": true, "parallel_attn": true)"},
        {"falcon", falcon + R"(, "new_decoder_architecture": true, "num_kv_heads": 2)"},
        {"llama", llama + R"(, "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1,
            "high_freq_factor": 4, "original_max_position_embeddings": 16})"},
        {"mistral", llama + R"(, "sliding_window": 3)"},
        {"qwen2", llama},
        {"qwen3", llama},
        {"gemma", llama + R"(, "hidden_activation": "gelu_pytorch_tanh")"},
        {"gemma2", llama + R"(, "sliding_window": 3, "query_pre_attn_scalar": 8)"},
        {"gemma3_text", llama + R"(, "sliding_window": 3, "sliding_window_pattern": 2)"},
        {"phi3", llama + R"(, "original_max_position_embeddings": 3, "rope_scaling": {"type": "longrope",
            "short_factor": [1, 1.5], "long_factor": [2, 4]})"},
        {"phi", llama},
        {"olmo", llama + R"(, "clip_qkv": 0.5)"},
        {"olmo2", llama},
        {"olmo3", llama + R"(, "sliding_window": 3)"},
        {"stablelm", llama + R"(, "qk_layernorm": true, "use_qkv_bias": true, "partial_rotary_factor": 0.5)"},
        {"stablelm", llama + R"(, "use_parallel_residual": true, "partial_rotary_factor": 0.5)"},
        {"starcoder2", llama},
        {"granite", llama + R"(, "embedding_multiplier": 3, "residual_multiplier": 0.2,
            "attention_multiplier": 0.1)"},
        {"smollm3", llama + R"(, "no_rope_layers": [1, 0])"},
        {"gpt_oss", llama + R"(, "sliding_window": 3, "num_local_experts": 4, "num_experts_per_tok": 2)"},
        {"mixtral", llama + R"(, "num_local_experts": 4, "num_experts_per_tok": 2)"},
        {"qwen2_moe", llama + R"(, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 3,
            "shared_expert_intermediate_size": 5, "mlp_only_layers": [0])"},
        {"qwen3_moe", llama + R"(, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 3,
            "norm_topk_prob": true)"},
        {"deepseek_v2", deepseek + R"(, "q_lora_rank": null, "topk_method": "greedy")"},
        {"deepseek_v2", deepseek + R"(, "q_lora_rank": 6, "topk_method": "group_limited_greedy")"},
        {"deepseek_v3", deepseek + R"(, "q_lora_rank": 6, "routed_scaling_factor": 2.5)"},
    };
    std::vector<described> list;
    for (const auto& [model_type, keys] : files) {
        list.push_back({model_type, cesaro::parse_decoder_config("{\"model_type\": \"" + model_type + "\", " +
                                                                 std::string(keys) + "}")});
    }
    return list;
}

}  // namespace cesaro_test
