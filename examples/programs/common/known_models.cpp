// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Public decoders by the values of their published configurations: what their hidden states at initialisation
// depend on, the defaults of their family left out.

#include "model.hpp"

#include <nlohmann/json.hpp>

namespace programs {

namespace {

constexpr const char* gpt2 = R"({"model_type": "gpt2", "n_positions": 1024, "vocab_size": 50257})";
constexpr const char* neox =
    R"({"model_type": "gpt_neox", "max_position_embeddings": 2048, "rotary_pct": 0.25,
    "vocab_size": 50304})";
constexpr const char* opt = R"({"model_type": "opt", "max_position_embeddings": 2048, "vocab_size": 50272})";
constexpr const char* bloom = R"({"model_type": "bloom", "seq_length": 2048, "vocab_size": 250880})";
constexpr const char* falcon =
    R"({"model_type": "falcon", "max_position_embeddings": 2048, "vocab_size": 65024,
    "new_decoder_architecture": false})";
constexpr const char* falcon_rw = R"({"model_type": "falcon", "max_position_embeddings": 2048, "alibi": true,
    "bias": true, "multi_query": false, "parallel_attn": false, "new_decoder_architecture": false})";
constexpr const char* mpt =
    R"({"model_type": "mpt", "max_seq_len": 2048, "expansion_ratio": 4, "no_bias": true,
    "vocab_size": 50432, "attn_config": {"alibi": true, "alibi_bias_max": 8}})";
constexpr const char* llama =
    R"({"model_type": "llama", "max_position_embeddings": 2048, "rms_norm_eps": 1e-06,
    "vocab_size": 32000})";
constexpr const char* llama2 =
    R"({"model_type": "llama", "max_position_embeddings": 4096, "rms_norm_eps": 1e-05,
    "vocab_size": 32000})";
constexpr const char* llama3 =
    R"({"model_type": "llama", "max_position_embeddings": 8192, "rms_norm_eps": 1e-05,
    "num_key_value_heads": 8, "rope_theta": 500000, "vocab_size": 128256})";
constexpr const char* llama31 =
    R"({"model_type": "llama", "max_position_embeddings": 131072, "rms_norm_eps": 1e-05,
    "num_key_value_heads": 8, "rope_theta": 500000, "vocab_size": 128256, "rope_scaling": {"rope_type": "llama3",
    "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 8192}})";
constexpr const char* llama32 =
    R"({"model_type": "llama", "max_position_embeddings": 131072, "rms_norm_eps": 1e-05,
    "num_key_value_heads": 8, "rope_theta": 500000, "vocab_size": 128256, "rope_scaling": {"rope_type": "llama3",
    "factor": 32, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 8192}})";
constexpr const char* mistral =
    R"({"model_type": "mistral", "max_position_embeddings": 32768, "hidden_size": 4096,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
    "rms_norm_eps": 1e-05, "rope_theta": 1000000, "sliding_window": null, "vocab_size": 32000})";
constexpr const char* mixtral = R"({"model_type": "mixtral", "max_position_embeddings": 32768,
    "num_key_value_heads": 8, "num_local_experts": 8, "num_experts_per_tok": 2, "rms_norm_eps": 1e-05,
    "rope_theta": 1000000, "sliding_window": null, "vocab_size": 32000})";
constexpr const char* qwen2 =
    R"({"model_type": "qwen2", "max_position_embeddings": 131072, "rms_norm_eps": 1e-06,
    "rope_theta": 1000000, "use_sliding_window": false, "vocab_size": 151936})";
constexpr const char* qwen3 = R"({"model_type": "qwen3", "max_position_embeddings": 40960, "head_dim": 128,
    "num_key_value_heads": 8, "rms_norm_eps": 1e-06, "rope_theta": 1000000, "vocab_size": 151936})";
constexpr const char* qwen3_moe =
    R"({"model_type": "qwen3_moe", "max_position_embeddings": 40960, "head_dim": 128,
    "num_key_value_heads": 4, "num_experts": 128, "num_experts_per_tok": 8, "norm_topk_prob": true,
    "rms_norm_eps": 1e-06, "rope_theta": 1000000, "vocab_size": 151936})";
constexpr const char* gemma = R"({"model_type": "gemma", "max_position_embeddings": 8192, "head_dim": 256,
    "rms_norm_eps": 1e-06, "vocab_size": 256000})";
constexpr const char* gemma2 =
    R"({"model_type": "gemma2", "max_position_embeddings": 8192, "rms_norm_eps": 1e-06,
    "sliding_window": 4096, "attn_logit_softcapping": 50.0, "query_pre_attn_scalar": 256, "head_dim": 256,
    "vocab_size": 256000})";
constexpr const char* gemma3 =
    R"({"model_type": "gemma3_text", "max_position_embeddings": 32768, "head_dim": 256,
    "query_pre_attn_scalar": 256, "rms_norm_eps": 1e-06, "rope_theta": 1000000, "rope_local_base_freq": 10000,
    "sliding_window": 512, "sliding_window_pattern": 6, "vocab_size": 262144})";
constexpr const char* phi =
    R"({"model_type": "phi", "max_position_embeddings": 2048, "partial_rotary_factor": 0.4,
    "vocab_size": 51200})";
constexpr const char* phi3 =
    R"({"model_type": "phi3", "max_position_embeddings": 4096, "sliding_window": 2047,
    "original_max_position_embeddings": 4096, "rms_norm_eps": 1e-05, "vocab_size": 32064})";
constexpr const char* phi4 =
    R"({"model_type": "phi3", "max_position_embeddings": 16384, "sliding_window": null,
    "original_max_position_embeddings": 16384, "rms_norm_eps": 1e-05, "rope_theta": 250000,
    "vocab_size": 100352})";
constexpr const char* olmo2 =
    R"({"model_type": "olmo2", "max_position_embeddings": 4096, "rms_norm_eps": 1e-06,
    "rope_theta": 500000, "vocab_size": 100352})";
constexpr const char* smollm2 =
    R"({"model_type": "llama", "max_position_embeddings": 8192, "rms_norm_eps": 1e-05,
    "rope_theta": 100000, "vocab_size": 49152})";
constexpr const char* deepseek3 =
    R"({"model_type": "deepseek_v3", "num_hidden_layers": 61, "hidden_size": 7168,
    "num_attention_heads": 128, "num_key_value_heads": 128, "intermediate_size": 18432,
    "max_position_embeddings": 163840, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64, "v_head_dim": 128, "first_k_dense_replace": 3, "moe_intermediate_size": 2048,
    "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8, "n_group": 8, "topk_group": 4,
    "norm_topk_prob": true, "routed_scaling_factor": 2.5, "rms_norm_eps": 1e-06, "vocab_size": 129280,
    "rope_scaling": {"type": "yarn", "factor": 40, "beta_fast": 32, "beta_slow": 1, "mscale": 1.0,
    "mscale_all_dim": 1.0, "original_max_position_embeddings": 4096}})";
constexpr const char* gpt_oss = R"({"model_type": "gpt_oss", "hidden_size": 2880, "num_attention_heads": 64,
    "num_key_value_heads": 8, "head_dim": 64, "intermediate_size": 2880, "attention_bias": true,
    "max_position_embeddings": 131072, "num_experts_per_tok": 4, "rms_norm_eps": 1e-05, "rope_theta": 150000,
    "sliding_window": 128, "vocab_size": 201088, "rope_scaling": {"rope_type": "yarn", "factor": 32,
    "beta_fast": 32, "beta_slow": 1, "truncate": false, "original_max_position_embeddings": 4096}})";

/// What a model has besides what its family shares; sizes in the order of GPT-2's and of Llama's keys.
struct row {
    const char* name;
    const char* shared;
    Eigen::Index layers = 0;  ///< 0 where the shared part has the sizes
    Eigen::Index width = 0;
    Eigen::Index heads = 0;
    Eigen::Index intermediate = 0;  ///< 0: the family's
    const char* own = "{}";
};

constexpr row rows[] = {
    {"gpt2", gpt2, 12, 768, 12},
    {"gpt2-medium", gpt2, 24, 1024, 16},
    {"gpt2-large", gpt2, 36, 1280, 20},
    {"gpt2-xl", gpt2, 48, 1600, 25},
    {"gpt-j-6b", R"({"model_type": "gptj", "n_positions": 2048, "rotary_dim": 64, "vocab_size": 50400})", 28,
     4096, 16},
    {"gpt-neox-20b", neox, 44, 6144, 64, 24576, R"({"hidden_act": "gelu_fast", "vocab_size": 50432})"},
    {"pythia-70m", neox, 6, 512, 8, 2048},
    {"pythia-160m", neox, 12, 768, 12, 3072},
    {"pythia-410m", neox, 24, 1024, 16, 4096},
    {"pythia-1b", neox, 16, 2048, 8, 8192},
    {"pythia-1.4b", neox, 24, 2048, 16, 8192},
    {"pythia-2.8b", neox, 32, 2560, 32, 10240},
    {"pythia-6.9b", neox, 32, 4096, 32, 16384, R"({"vocab_size": 50432})"},
    {"pythia-12b", neox, 36, 5120, 40, 20480, R"({"vocab_size": 50688})"},
    {"opt-125m", opt, 12, 768, 12, 3072},
    {"opt-1.3b", opt, 24, 2048, 32, 8192},
    {"opt-2.7b", opt, 32, 2560, 32, 10240},
    {"opt-6.7b", opt, 32, 4096, 32, 16384},
    {"opt-13b", opt, 40, 5120, 40, 20480},
    {"opt-30b", opt, 48, 7168, 56, 28672},
    {"opt-66b", opt, 64, 9216, 72, 36864},
    {"opt-175b", opt, 96, 12288, 96, 49152},
    {"bloom-560m", bloom, 24, 1024, 16},
    {"bloom-7b1", bloom, 30, 4096, 32},
    {"bloom-176b", bloom, 70, 14336, 112},
    {"falcon-rw-1b", falcon_rw, 24, 2048, 32, 0, R"({"vocab_size": 50304})"},
    {"falcon-rw-7b", falcon_rw, 36, 4096, 64, 0, R"({"vocab_size": 65024})"},
    {"falcon-7b", falcon, 32, 4544, 71, 0,
     R"({"alibi": false, "bias": false, "multi_query": true, "parallel_attn": true})"},
    {"mpt-7b", mpt, 32, 4096, 32},
    {"llama-7b", llama, 32, 4096, 32, 11008},
    {"llama-13b", llama, 40, 5120, 40, 13824},
    {"llama-65b", llama, 80, 8192, 64, 22016},
    {"llama-2-7b", llama2, 32, 4096, 32, 11008},
    {"llama-2-13b", llama2, 40, 5120, 40, 13824},
    {"llama-2-70b", llama2, 80, 8192, 64, 28672, R"({"num_key_value_heads": 8})"},
    {"llama-3-8b", llama3, 32, 4096, 32, 14336},
    {"llama-3-70b", llama3, 80, 8192, 64, 28672},
    {"llama-3.1-8b", llama31, 32, 4096, 32, 14336},
    {"llama-3.1-70b", llama31, 80, 8192, 64, 28672},
    {"llama-3.1-405b", llama31, 126, 16384, 128, 53248},
    {"llama-3.2-1b", llama32, 16, 2048, 32, 8192, R"({"head_dim": 64})"},
    {"llama-3.2-3b", llama32, 28, 3072, 24, 8192, R"({"head_dim": 128})"},
    {"llama-3.3-70b", llama31, 80, 8192, 64, 28672},
    {"mistral-7b", mistral, 0, 0, 0, 0, R"({"rope_theta": 10000, "sliding_window": 4096})"},
    {"mistral-7b-v0.2", mistral},
    {"mistral-7b-v0.3", mistral, 0, 0, 0, 0, R"({"vocab_size": 32768})"},
    {"mixtral-8x7b", mixtral, 32, 4096, 32, 14336},
    {"mixtral-8x22b", mixtral, 56, 6144, 48, 16384, R"({"max_position_embeddings": 65536})"},
    {"qwen2-0.5b", qwen2, 24, 896, 14, 4864, R"({"num_key_value_heads": 2})"},
    {"qwen2-1.5b", qwen2, 28, 1536, 12, 8960, R"({"num_key_value_heads": 2})"},
    {"qwen2-7b", qwen2, 28, 3584, 28, 18944, R"({"num_key_value_heads": 4, "vocab_size": 152064})"},
    {"qwen2-72b", qwen2, 80, 8192, 64, 29568, R"({"num_key_value_heads": 8, "vocab_size": 152064})"},
    {"qwen2.5-0.5b", qwen2, 24, 896, 14, 4864,
     R"({"num_key_value_heads": 2, "max_position_embeddings": 32768})"},
    {"qwen2.5-1.5b", qwen2, 28, 1536, 12, 8960, R"({"num_key_value_heads": 2})"},
    {"qwen2.5-3b", qwen2, 36, 2048, 16, 11008,
     R"({"num_key_value_heads": 2, "max_position_embeddings": 32768})"},
    {"qwen2.5-7b", qwen2, 28, 3584, 28, 18944, R"({"num_key_value_heads": 4, "vocab_size": 152064})"},
    {"qwen2.5-14b", qwen2, 48, 5120, 40, 13824, R"({"num_key_value_heads": 8, "vocab_size": 152064})"},
    {"qwen2.5-32b", qwen2, 64, 5120, 40, 27648, R"({"num_key_value_heads": 8, "vocab_size": 152064})"},
    {"qwen2.5-72b", qwen2, 80, 8192, 64, 29568, R"({"num_key_value_heads": 8, "vocab_size": 152064})"},
    {"qwen3-0.6b", qwen3, 28, 1024, 16, 3072},
    {"qwen3-1.7b", qwen3, 28, 2048, 16, 6144},
    {"qwen3-4b", qwen3, 36, 2560, 32, 9728},
    {"qwen3-8b", qwen3, 36, 4096, 32, 12288},
    {"qwen3-14b", qwen3, 40, 5120, 40, 17408},
    {"qwen3-32b", qwen3, 64, 5120, 64, 25600},
    {"qwen3-30b-a3b", qwen3_moe, 48, 2048, 32, 6144, R"({"moe_intermediate_size": 768})"},
    {"qwen3-235b-a22b", qwen3_moe, 94, 4096, 64, 12288, R"({"moe_intermediate_size": 1536})"},
    {"gemma-2b", gemma, 18, 2048, 8, 16384, R"({"num_key_value_heads": 1})"},
    {"gemma-7b", gemma, 28, 3072, 16, 24576, R"({"num_key_value_heads": 16})"},
    {"gemma-2-2b", gemma2, 26, 2304, 8, 9216, R"({"num_key_value_heads": 4})"},
    {"gemma-2-9b", gemma2, 42, 3584, 16, 14336, R"({"num_key_value_heads": 8})"},
    {"gemma-2-27b", gemma2, 46, 4608, 32, 36864,
     R"({"num_key_value_heads": 16, "head_dim": 128, "query_pre_attn_scalar": 144})"},
    {"gemma-3-1b", gemma3, 26, 1152, 4, 6912, R"({"num_key_value_heads": 1})"},
    {"phi-2", phi, 32, 2560, 32, 10240},
    {"phi-3-mini", phi3, 32, 3072, 32, 8192},
    {"phi-4", phi4, 40, 5120, 40, 17920, R"({"num_key_value_heads": 10})"},
    {"olmo-2-1b", olmo2, 16, 2048, 16, 8192},
    {"olmo-2-7b", olmo2, 32, 4096, 32, 11008},
    {"olmo-2-13b", olmo2, 40, 5120, 40, 13824},
    {"smollm2-135m", smollm2, 30, 576, 9, 1536,
     R"({"num_key_value_heads": 3, "initializer_range": 0.041666666666666664})"},
    {"smollm2-360m", smollm2, 32, 960, 15, 2560, R"({"num_key_value_heads": 5})"},
    {"smollm2-1.7b", smollm2, 24, 2048, 32, 8192, R"({"rope_theta": 130000})"},
    {"deepseek-v3", deepseek3},
    {"deepseek-r1", deepseek3},
    {"gpt-oss-20b", gpt_oss, 0, 0, 0, 0, R"({"num_hidden_layers": 24, "num_local_experts": 32})"},
    {"gpt-oss-120b", gpt_oss, 0, 0, 0, 0, R"({"num_hidden_layers": 36, "num_local_experts": 128})"},
};

/// The keys of sizes: of the older families, of MPT, and of all others.
struct size_keys {
    const char* layers;
    const char* width;
    const char* heads;
};
size_keys keys_of(const std::string& model_type) {
    if (model_type == "mpt") return {"n_layers", "d_model", "n_heads"};
    if (model_type == "gpt2" || model_type == "gptj") return {"n_layer", "n_embd", "n_head"};
    if (model_type == "bloom") return {"n_layer", "hidden_size", "n_head"};
    return {"num_hidden_layers", "hidden_size", "num_attention_heads"};
}

std::string config_of(const row& r) {
    auto json = nlohmann::ordered_json::parse(r.shared);
    const std::string type = json["model_type"];
    const size_keys keys = keys_of(type);
    if (r.layers > 0) {
        json[keys.layers] = r.layers;
        json[keys.width] = r.width;
        json[keys.heads] = r.heads;
    }
    if (r.intermediate > 0) json[type == "opt" ? "ffn_dim" : "intermediate_size"] = r.intermediate;
    json.update(nlohmann::ordered_json::parse(r.own));
    return json.dump();
}

}  // namespace

const std::vector<known_model>& known_models() {
    static const std::vector<known_model> models = [] {
        std::vector<known_model> all;
        for (const row& r : rows)
            all.push_back({r.name, config_of(r)});
        return all;
    }();
    return models;
}

}  // namespace programs
