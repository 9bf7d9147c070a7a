// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "files/files.hpp"

#include <cesaro/files/config_json.hpp>
#include <cesaro/files/describe_config.hpp>
#include <cesaro/files/model_families.hpp>

#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using cesaro::decoder_config;
using cesaro::describe_config;
using cesaro::parse_decoder_config;
using namespace cesaro_test;
using namespace std::string_literals;

namespace {

/// The members that differ from those of a description that says nothing, but that the optional members are
/// there: "width 16; rope.theta 10000".
std::map<std::string, std::string> told(const decoder_config& c) {
    decoder_config none;
    if (c.rope) none.rope.emplace().theta = 0;
    if (c.local_rope) none.local_rope.emplace().theta = 0;
    if (c.latent) none.latent.emplace();
    if (c.experts) none.experts.emplace();
    const auto all = describe_config(c);
    const auto defaults = describe_config(none);
    REQUIRE(all.size() == defaults.size());
    std::map<std::string, std::string> members;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (all[i].value != defaults[i].value) members[all[i].name] = all[i].value;
    return members;
}

std::map<std::string, std::string> written(const std::string& text) {
    std::map<std::string, std::string> members;
    std::istringstream in(text);
    for (std::string word; std::getline(in, word, ';');) {
        const std::size_t first = word.find_first_not_of(' ');
        const std::size_t blank = word.find(' ', first);
        members[word.substr(first, blank - first)] = word.substr(blank + 1);
    }
    return members;
}

/// "{4096 experts}, {}": the layers' own, where they are not at their defaults.
std::string pattern(const decoder_config& c) {
    std::string text;
    for (const cesaro::layer_config& l : c.pattern) {
        text += text.empty() ? "" : " ";
        text += l.window > 0 ? std::to_string(l.window) : "full";
        if (!l.rope) text += "-norope";
        if (l.experts) text += "-experts";
        if (!l.attends) text += "-none";
    }
    return text;
}

struct family_case {
    std::string keys;
    std::string members;
    std::string layers = {};  ///< the pattern
};

const std::string llama_sizes =
    R"("num_hidden_layers":2,"num_attention_heads":4,"hidden_size":32,"vocab_size":7)";
const std::string gpt2_sizes = R"("n_layer":2,"n_head":4,"n_embd":32,"vocab_size":7)";
const std::string sizes = "layers 2; width 32; heads 4; vocab_size 7; ";
const std::string classic =
    R"(norm.kind "layer_norm"; norm.bias true; gated false; biases.feed_forward_input true; biases.feed_forward_output true; )";
const std::string classic_attention = "biases.query_key_value true; biases.attention_output true; ";

/// One file for each model_type, with the keys that its class has no default for that would do; what they
/// say, by the class; then variants.
std::vector<family_case> family_cases() {
    const auto llama = [](const std::string& type, const std::string& more = "") {
        return R"({"model_type":")" + type + "\"," + llama_sizes + more + "}";
    };
    const auto gpt2 = [](const std::string& type, const std::string& more = "") {
        return R"({"model_type":")" + type + "\"," + gpt2_sizes + more + "}";
    };
    const std::string eps6 = "norm.epsilon 1e-06; ";
    const std::string theta = "rope.theta 10000.0; ";
    return {
        // GPT-2 and what came of it
        {gpt2("gpt2", R"(,"n_positions":64)"),
         R"(model_type "gpt2"; )" + sizes + classic + classic_attention +
             R"(kv_heads 4; head_width 8; intermediate 128; max_positions 64; learned_positions true; )"
             R"(residual_init_by_depth true; activation "gelu_tanh")"},
        {gpt2("gpt2", R"(,"n_ctx":64,"n_inner":50,"activation_function":"relu","layer_norm_epsilon":1e-6,)"
                      R"("scale_attn_by_inverse_layer_idx":true,"scale_attn_weights":false)"),
         R"(model_type "gpt2"; )" + sizes + classic + classic_attention + eps6 +
             R"(kv_heads 4; head_width 8; intermediate 50; max_positions 64; learned_positions true; )"
             R"(residual_init_by_depth true; activation "relu"; scores.by_layer true; scores.scale 1.0)"},
        {gpt2("gpt_bigcode", R"(,"n_positions":64)"),
         R"(model_type "gpt_bigcode"; )" + sizes + classic + classic_attention +
             R"(kv_heads 1; head_width 8; intermediate 128; max_positions 64; learned_positions true; )"
             R"(residual_init_by_depth true; activation "gelu_tanh")"},
        {gpt2("gpt_bigcode", R"(,"n_positions":64,"multi_query":false)"),
         R"(model_type "gpt_bigcode"; )" + sizes + classic + classic_attention +
             R"(kv_heads 4; head_width 8; intermediate 128; max_positions 64; learned_positions true; )"
             R"(residual_init_by_depth true; activation "gelu_tanh")"},
        {R"({"model_type":"gpt_neo","num_layers":2,"num_heads":4,"hidden_size":32,"vocab_size":7,)"
         R"("max_position_embeddings":64,"attention_types":[[["global","local"],1]]})",
         R"(model_type "gpt_neo"; )" + sizes + classic +
             R"(biases.attention_output true; kv_heads 4; head_width 8; intermediate 128; max_positions 64; )"
             R"(learned_positions true; activation "gelu_tanh"; scores.scale 1.0)",
         "full 256"},
        {R"({"model_type":"gpt_neo","num_layers":3,"num_heads":4,"hidden_size":32,"vocab_size":7,)"
         R"("max_position_embeddings":64,"window_size":5,"intermediate_size":9,)"
         R"("attention_types":[[["local"],2],[["global"],1]]})",
         R"(model_type "gpt_neo"; layers 3; width 32; heads 4; vocab_size 7; )" + classic +
             R"(biases.attention_output true; kv_heads 4; head_width 8; intermediate 9; max_positions 64; )"
             R"(learned_positions true; activation "gelu_tanh"; scores.scale 1.0)",
         "5 5 full"},
        {gpt2("gptj", R"(,"rotary_dim":4)"),
         R"(model_type "gptj"; )" + sizes + classic + theta +
             R"(kv_heads 4; head_width 8; intermediate 128; max_positions 2048; parallel true; )"
             R"(norm.shared true; rope.width 4; rope.interleaved true; activation "gelu_tanh")"},
        {llama("gpt_neox", R"(,"intermediate_size":20)"),
         R"(model_type "gpt_neox"; )" + sizes + classic + classic_attention + theta +
             R"(kv_heads 4; head_width 8; intermediate 20; max_positions 2048; parallel true; rope.width 2; )"
             R"(activation "gelu")"},
        {llama("gpt_neox", R"(,"use_parallel_residual":false,"rotary_pct":1.0,"rotary_emb_base":25000,)"
                           R"("attention_bias":false,"hidden_act":"gelu_fast","layer_norm_eps":1e-6)"),
         R"(model_type "gpt_neox"; )" + sizes + classic + eps6 +
             R"(kv_heads 4; head_width 8; intermediate 24576; max_positions 2048; rope.theta 25000.0; )"
             R"(activation "gelu_tanh")"},
        {llama("opt", R"(,"max_position_embeddings":64)"),
         R"(model_type "opt"; )" + sizes + classic + classic_attention +
             R"(kv_heads 4; head_width 8; intermediate 3072; max_positions 64; learned_positions true; )"
             R"(position_offset 2; activation "relu")"},
        {llama(
             "opt",
             R"(,"max_position_embeddings":64,"ffn_dim":20,"enable_bias":false,"init_std":0.006,)"
             R"("layer_norm_elementwise_affine":false,"word_embed_proj_dim":32,"do_layer_norm_before":true)"),
         R"(model_type "opt"; )" + sizes +
             R"(norm.kind "layer_norm"; norm.gain false; gated false; kv_heads 4; head_width 8; )"
             R"(intermediate 20; max_positions 64; learned_positions true; position_offset 2; )"
             R"(activation "relu"; initializer_range 0.006)"},
        // ALiBi
        {R"({"model_type":"bloom","n_layer":2,"n_head":4,"hidden_size":32,"vocab_size":7})",
         R"(model_type "bloom"; )" + sizes + classic + classic_attention +
             R"(kv_heads 4; head_width 8; intermediate 128; max_positions 2048; norm.embeddings true; )"
             R"(alibi "bloom"; activation "gelu_tanh")"},
        {R"({"model_type":"mpt","n_layers":2,"n_heads":4,"d_model":32,"vocab_size":7,)"
         R"("attn_config":{"alibi":true,"clip_qkv":6,"alibi_bias_max":4,"softmax_scale":0.5}})",
         R"(model_type "mpt"; )" + sizes +
             R"(norm.kind "layer_norm"; gated false; kv_heads 4; head_width 8; intermediate 128; )"
             R"(max_positions 2048; alibi "mpt"; alibi_max 4.0; scores.clip 6.0; scores.scale 0.5; activation "gelu")"},
        {R"({"model_type":"mpt","n_layers":2,"n_heads":4,"d_model":32,"vocab_size":7,"max_seq_len":9})",
         R"(model_type "mpt"; )" + sizes +
             R"(norm.kind "layer_norm"; gated false; kv_heads 4; head_width 8; intermediate 128; )"
             R"(max_positions 9; alibi "mpt"; activation "gelu")"},
        {llama("falcon"),  // 7B
         R"(model_type "falcon"; )" + sizes + theta +
             R"(norm.kind "layer_norm"; norm.bias true; norm.shared true; gated false; kv_heads 1; )"
             R"(head_width 8; intermediate 128; max_positions 2048; parallel true; activation "gelu")"},
        {llama("falcon",  // RW
               R"(,"multi_query":false,"parallel_attn":false,"alibi":true,"bias":true,"ffn_hidden_size":9)"),
         R"(model_type "falcon"; )" + sizes + classic + classic_attention +
             R"(kv_heads 4; head_width 8; intermediate 9; max_positions 2048; alibi "bloom"; )"
             R"(alibi_scaled true; activation "gelu")"},
        {llama("falcon", R"(,"new_decoder_architecture":true,"num_kv_heads":2)"),  // 40B
         R"(model_type "falcon"; )" + sizes + theta +
             R"(norm.kind "layer_norm"; norm.bias true; gated false; kv_heads 2; head_width 8; )"
             R"(intermediate 128; max_positions 2048; parallel true; activation "gelu")"},
        {llama("falcon", R"(,"new_decoder_architecture":true,"num_kv_heads":2,"num_ln_in_parallel_attn":1)"),
         R"(model_type "falcon"; )" + sizes + theta +
             R"(norm.kind "layer_norm"; norm.bias true; norm.shared true; gated false; kv_heads 2; )"
             R"(head_width 8; intermediate 128; max_positions 2048; parallel true; activation "gelu")"},
        {R"({"model_type":"RefinedWeb","n_layer":2,"n_head":4,"hidden_size":32,"vocab_size":7,"n_head_kv":2,)"
         R"("new_decoder_architecture":true})",
         R"(model_type "falcon"; )" + sizes + theta +
             R"(norm.kind "layer_norm"; norm.bias true; gated false; kv_heads 2; head_width 8; )"
             R"(intermediate 128; max_positions 2048; parallel true; activation "gelu")"},
        // Llama and what came of it
        {llama("llama", R"(,"intermediate_size":20)"),
         R"(model_type "llama"; )" + sizes + eps6 + theta +
             "kv_heads 4; head_width 8; intermediate 20; max_positions 2048"},
        {llama("llama", R"(,"num_key_value_heads":2,"head_dim":6,"attention_bias":true,"mlp_bias":true,)"
                        R"("hidden_act":"gelu","rope_theta":5e5,"max_position_embeddings":9)"),
         R"(model_type "llama"; )" + sizes + eps6 + classic_attention +
             R"(biases.feed_forward_input true; biases.feed_forward_output true; kv_heads 2; head_width 6; )"
             R"(intermediate 11008; max_positions 9; rope.theta 500000.0; activation "gelu")"},
        {llama("mistral", R"(,"num_key_value_heads":2,"sliding_window":5,"head_dim":10)"),
         R"(model_type "mistral"; )" + sizes + eps6 + theta +
             "kv_heads 2; head_width 10; intermediate 14336; max_positions 131072",
         "5"},
        {llama("mistral", R"(,"num_key_value_heads":2,"sliding_window":null)"),
         R"(model_type "mistral"; )" + sizes + eps6 + theta +
             "kv_heads 2; head_width 8; intermediate 14336; max_positions 131072"},
        {llama("mixtral", R"(,"num_key_value_heads":2,"intermediate_size":20)"),
         R"(model_type "mixtral"; )" + sizes +
             R"(kv_heads 2; head_width 8; intermediate 20; max_positions 131072; rope.theta 1000000.0; )"
             R"(experts.count 8; experts.chosen 2; experts.intermediate 20; experts.normalized true)",
         "full-experts"},
        {llama("qwen2", R"(,"num_key_value_heads":2,"sliding_window":5)"),
         R"(model_type "qwen2"; )" + sizes + eps6 + theta +
             "kv_heads 2; head_width 8; intermediate 22016; max_positions 32768; biases.query_key_value "
             "true"},
        {llama(
             "qwen2",
             R"(,"num_key_value_heads":2,"sliding_window":5,"use_sliding_window":true,"max_window_layers":1)"),
         R"(model_type "qwen2"; )" + sizes + eps6 + theta +
             "kv_heads 2; head_width 8; intermediate 22016; max_positions 32768; biases.query_key_value true",
         "full 5"},
        {llama("qwen3", R"(,"num_key_value_heads":2)"),
         R"(model_type "qwen3"; )" + sizes + eps6 + theta +
             R"(kv_heads 2; head_width 128; intermediate 22016; max_positions 32768; scores.norm "per_head")"},
        {llama("qwen2_moe",
               R"(,"num_key_value_heads":2,"mlp_only_layers":[0],"shared_expert_intermediate_size":12)"),
         R"(model_type "qwen2_moe"; )" + sizes + eps6 + theta +
             R"(kv_heads 2; head_width 8; intermediate 5632; max_positions 32768; biases.query_key_value true; )"
             R"(experts.count 60; experts.chosen 4; experts.intermediate 1408; experts.shared 12; )"
             R"(experts.shared_gate true)",
         "full full-experts"},
        {R"({"model_type":"qwen3_moe","num_hidden_layers":4,"num_attention_heads":4,"hidden_size":32,)"
         R"("vocab_size":7,"head_dim":16,"num_experts":6,"decoder_sparse_step":2,"norm_topk_prob":true,)"
         R"("num_experts_per_tok":3,"use_sliding_window":true,"sliding_window":9,"moe_intermediate_size":5})",
         R"(model_type "qwen3_moe"; layers 4; width 32; heads 4; vocab_size 7; )" + eps6 + theta +
             R"(kv_heads 4; head_width 16; intermediate 6144; max_positions 32768; scores.norm "per_head"; )"
             R"(experts.count 6; experts.chosen 3; experts.intermediate 5; experts.normalized true)",
         "9 9-experts"},
        {llama("smollm3", R"(,"num_key_value_heads":2,"no_rope_layers":[1,0])"),
         R"(model_type "smollm3"; )" + sizes + eps6 +
             "kv_heads 2; head_width 8; intermediate 11008; max_positions 32768; rope.theta 2000000.0",
         "full full-norope"},
        {R"({"model_type":"smollm3","num_hidden_layers":4,"num_attention_heads":4,"hidden_size":32,)"
         R"("vocab_size":7,"use_sliding_window":true,"sliding_window":6,"no_rope_layer_interval":2})",
         R"(model_type "smollm3"; layers 4; width 32; heads 4; vocab_size 7; )" + eps6 +
             "kv_heads 4; head_width 8; intermediate 11008; max_positions 32768; rope.theta 2000000.0",
         "full 6-norope"},
        {llama(
             "granite",
             R"(,"embedding_multiplier":12,"residual_multiplier":0.22,"attention_multiplier":0.015625,"logits_scaling":8)"),
         R"(model_type "granite"; )" + sizes + eps6 + theta +
             R"(kv_heads 4; head_width 8; intermediate 11008; max_positions 2048; embedding_scale 12.0; )"
             R"(branch_scale 0.22; scores.scale 0.015625; logit_scale 0.125)"},
        {llama("phi3", R"(,"sliding_window":6)"),
         R"(model_type "phi3"; )" + sizes + theta +
             "kv_heads 4; head_width 8; intermediate 8192; max_positions 4096",
         "6"},
        {llama("phi3",
               R"(,"partial_rotary_factor":0.75,"max_position_embeddings":131072,"num_key_value_heads":2,)"
               R"("original_max_position_embeddings":4096,"rope_scaling":{"type":"longrope",)"
               R"("short_factor":[1,1.5,2],"long_factor":[2,3,4]})"),
         R"(model_type "phi3"; )" + sizes + theta +
             R"(kv_heads 2; head_width 8; intermediate 8192; max_positions 131072; rope.width 6; )"
             R"(rope.scaling "longrope"; rope.original_positions 4096.0; rope.short_factors [1.0, 1.5, 2.0]; )"
             R"(rope.long_factors [2.0, 3.0, 4.0]; rope.attention_factor 1.1902380714238083)"},
        {llama("phi"),
         R"(model_type "phi"; )" + sizes + classic + classic_attention + theta +
             R"(kv_heads 4; head_width 8; intermediate 8192; max_positions 2048; parallel true; )"
             R"(norm.shared true; rope.width 4; activation "gelu_tanh")"},
        {gpt2("phi-msft", R"(,"rotary_dim":4,"n_positions":64,"n_head_kv":null,"n_inner":null)"),
         R"(model_type "phi"; )" + sizes + classic + classic_attention + theta +
             R"(kv_heads 4; head_width 8; intermediate 128; max_positions 64; parallel true; )"
             R"(norm.shared true; rope.width 4; activation "gelu_tanh")"},
        {llama("stablelm", R"(,"num_key_value_heads":2,"use_qkv_bias":true)"),
         R"(model_type "stablelm"; )" + sizes + theta +
             R"(norm.kind "layer_norm"; norm.bias true; kv_heads 2; head_width 8; intermediate 6912; )"
             R"(max_positions 4096; rope.width 2; biases.query_key_value true)"},
        {llama("stablelm", R"(,"num_key_value_heads":2,"qk_layernorm":true,"use_parallel_residual":true)"),
         R"(model_type "stablelm"; )" + sizes + theta +
             R"(norm.kind "layer_norm"; norm.bias true; norm.shared true; kv_heads 2; head_width 8; )"
             R"(intermediate 6912; max_positions 4096; rope.width 2; parallel true; scores.norm "each_head")"},
        {llama("starcoder2", R"(,"sliding_window":5)"),
         R"(model_type "starcoder2"; )" + sizes + classic + classic_attention + theta +
             R"(kv_heads 2; head_width 8; intermediate 12288; max_positions 4096; activation "gelu_tanh"; )"
             R"(initializer_range 0.018042)",
         "5"},
        // OLMo
        {llama("olmo", R"(,"clip_qkv":8.0)"),
         R"(model_type "olmo"; )" + sizes + theta +
             R"(norm.kind "layer_norm"; norm.gain false; kv_heads 4; head_width 8; intermediate 11008; )"
             R"(max_positions 2048; scores.clip 8.0)"},
        {llama("olmo2"),
         R"(model_type "olmo2"; )" + sizes + theta +
             R"(norm.before false; norm.after true; kv_heads 4; head_width 8; intermediate 11008; )"
             R"(max_positions 2048; scores.norm "all_heads")"},
        {R"({"model_type":"olmo3","num_hidden_layers":8,"num_attention_heads":4,"hidden_size":32,)"
         R"("vocab_size":7,"max_position_embeddings":64,"rope_theta":7,)"
         R"("rope_scaling":{"rope_type":"yarn","factor":8,"original_max_position_embeddings":8}})",
         R"(model_type "olmo3"; layers 8; width 32; heads 4; vocab_size 7; )"
         R"(norm.before false; norm.after true; kv_heads 4; head_width 8; intermediate 11008; )"
         R"(max_positions 64; scores.norm "all_heads"; rope.theta 7.0; rope.scaling "yarn"; rope.factor 8.0; )"
         R"(rope.original_positions 8.0; rope.attention_factor 1.2079441541679836; local_rope.theta 7.0)",
         "4096 4096 4096 full"},
        // Gemma
        {llama("gemma", R"(,"num_key_value_heads":1,"hidden_act":"gelu","head_dim":16)"),
         R"(model_type "gemma"; )" + sizes + eps6 + theta +
             R"(kv_heads 1; head_width 16; intermediate 24576; max_positions 8192; )"
             R"(embedding_scale 5.656854249492381; activation "gelu_tanh")"},
        {llama("gemma2", R"(,"sliding_window":5,"query_pre_attn_scalar":144)"),
         R"(model_type "gemma2"; )" + sizes + eps6 + theta +
             R"(kv_heads 4; head_width 256; intermediate 9216; max_positions 8192; norm.after true; )"
             R"(embedding_scale 5.656854249492381; activation "gelu_tanh"; scores.cap 50.0; )"
             R"(scores.scale 0.08333333333333333; logit_cap 30.0)",
         "5 full"},
        {llama("gemma2",
               R"(,"layer_types":["full_attention","sliding_attention"],"attn_logit_softcapping":null)"),
         R"(model_type "gemma2"; )" + sizes + eps6 + theta +
             R"(kv_heads 4; head_width 256; intermediate 9216; max_positions 8192; norm.after true; )"
             R"(embedding_scale 5.656854249492381; activation "gelu_tanh"; logit_cap 30.0)",
         "full 4096"},
        {R"({"model_type":"gemma3_text","num_hidden_layers":12,"num_attention_heads":4,"hidden_size":32,)"
         R"("vocab_size":7,"sliding_window":5,"rope_scaling":{"rope_type":"linear","factor":8}})",
         R"(model_type "gemma3_text"; layers 12; width 32; heads 4; vocab_size 7; )" + eps6 +
             R"(kv_heads 4; head_width 256; intermediate 9216; max_positions 131072; norm.after true; )"
             R"(embedding_scale 5.656854249492381; activation "gelu_tanh"; scores.norm "per_head"; )"
             R"(rope.theta 1000000.0; rope.scaling "linear"; rope.factor 8.0; local_rope.theta 10000.0)",
         "5 5 5 5 5 full"},
        {R"({"model_type":"gemma3_text","num_hidden_layers":4,"num_attention_heads":4,"hidden_size":32,)"
         R"("vocab_size":7,"sliding_window_pattern":2,"rope_parameters":{"full_attention":{"rope_type":)"
         R"("default","rope_theta":9},"sliding_attention":{"rope_type":"default","rope_theta":8}}})",
         R"(model_type "gemma3_text"; layers 4; width 32; heads 4; vocab_size 7; )" + eps6 +
             R"(kv_heads 4; head_width 256; intermediate 9216; max_positions 131072; norm.after true; )"
             R"(embedding_scale 5.656854249492381; activation "gelu_tanh"; scores.norm "per_head"; )"
             R"(rope.theta 9.0; local_rope.theta 8.0)",
         "4096 full"},
        // Experts
        {llama("gpt_oss", R"(,"intermediate_size":20,"num_key_value_heads":2,"num_local_experts":8)"),
         R"(model_type "gpt_oss"; )" + sizes + classic_attention +
             R"(biases.feed_forward_input true; biases.feed_forward_output true; kv_heads 2; head_width 64; )"
             R"(intermediate 20; max_positions 131072; activation "clamped_swish"; scores.sinks true; )"
             R"(rope.theta 150000.0; rope.scaling "yarn"; rope.factor 32.0; rope.original_positions 4096.0; )"
             R"(rope.truncate false; rope.attention_factor 1.3465735902799727; experts.count 8; )"
             R"(experts.chosen 4; experts.intermediate 20; experts.routing "softmax_of_chosen"; )"
             R"(experts.bias true)",
         "128-experts full-experts"},
        {llama("deepseek_v2",
               R"(,"q_lora_rank":null,"kv_lora_rank":6,"qk_nope_head_dim":8,"qk_rope_head_dim":4,)"
               R"("v_head_dim":8,"n_routed_experts":8,"num_experts_per_tok":3,"moe_intermediate_size":10,)"
               R"("first_k_dense_replace":1)"),
         R"(model_type "deepseek_v2"; )" + sizes + eps6 + theta +
             R"(kv_heads 4; head_width 12; intermediate 11008; max_positions 2048; rope.interleaved true; )"
             R"(latent.rank 6; latent.rope_width 4; latent.value_width 8; experts.count 8; experts.chosen 3; )"
             R"(experts.intermediate 10; experts.shared 20)",
         "full full-experts"},
        {llama("deepseek_v2",
               R"(,"q_lora_rank":5,"num_experts_per_tok":3,"topk_method":"group_limited_greedy","n_group":4,)"
               R"("topk_group":2,"routed_scaling_factor":16,"n_shared_experts":null,"rope_scaling":)"
               R"({"type":"yarn","factor":40,"original_max_position_embeddings":4096,"beta_fast":32,)"
               R"("beta_slow":1,"mscale":0.707,"mscale_all_dim":0.707})"),
         R"(model_type "deepseek_v2"; )" + sizes + eps6 + theta +
             R"(kv_heads 4; head_width 192; intermediate 11008; max_positions 2048; rope.interleaved true; )"
             R"(rope.scaling "yarn"; rope.factor 40.0; rope.original_positions 4096.0; )"
             R"(scores.scale 0.11472138679292612; latent.query_rank 5; latent.rank 512; )"
             R"(latent.rope_width 64; latent.value_width 128; experts.count 64; experts.chosen 3; )"
             R"(experts.intermediate 1407; experts.scale 16.0; experts.groups 4; experts.chosen_groups 2)",
         "full-experts"},
        {R"({"model_type":"deepseek_v3","num_hidden_layers":5,"num_attention_heads":4,"hidden_size":32,)"
         R"("vocab_size":7,"num_key_value_heads":4,"num_nextn_predict_layers":1,"rope_interleave":false})",
         R"(model_type "deepseek_v3"; layers 5; width 32; heads 4; vocab_size 7; )" + eps6 + theta +
             R"(kv_heads 4; head_width 192; intermediate 18432; max_positions 4096; )"
             R"(latent.query_rank 1536; latent.rank 512; latent.rope_width 64; latent.value_width 128; )"
             R"(experts.count 256; experts.chosen 8; experts.intermediate 2048; experts.shared 2048; )"
             R"(experts.scale 2.5; experts.groups 8; experts.chosen_groups 4; experts.normalized true; )"
             R"(experts.routing "sigmoid")",
         "full full full full-experts full-experts"},
        // Of models that understand images, too
        {R"({"model_type":"qwen3_vl","text_config":{"model_type":"qwen3_vl_text",)" + llama_sizes +
             R"(,"num_key_value_heads":2,"rope_scaling":{"rope_type":"default","mrope_section":[24,20,20]}}})",
         R"(model_type "qwen3"; )" + sizes + eps6 +
             R"(kv_heads 2; head_width 128; intermediate 22016; max_positions 128000; )"
             R"(rope.theta 500000.0; scores.norm "per_head")"},
        {R"({"model_type":"qwen2_vl",)" + llama_sizes +
             R"(,"num_key_value_heads":2,"rope_scaling":{"type":"mrope","mrope_section":[2,1,1]}})",
         R"(model_type "qwen2"; )" + sizes +
             R"(kv_heads 2; head_width 8; intermediate 29568; max_positions 32768; rope.theta 1000000.0; )"
             R"(biases.query_key_value true)"},
        {R"({"model_type":"gemma3","text_config":{"model_type":"gemma3_text","num_hidden_layers":6,)"
         R"("sliding_window":1024}})",
         R"(model_type "gemma3_text"; layers 6; width 2304; heads 8; vocab_size 262208; )" + eps6 +
             R"(kv_heads 4; head_width 256; intermediate 9216; max_positions 131072; norm.after true; )"
             R"(embedding_scale 48.0; activation "gelu_tanh"; scores.norm "per_head"; rope.theta 1000000.0; )"
             R"(local_rope.theta 10000.0)",
         "1024 1024 1024 1024 1024 full"},
    };
}

}  // namespace

TEST_CASE("every family's keys say what its class in transformers makes of them") {
    for (const family_case& one : family_cases()) {
        INFO(one.keys);
        const decoder_config c = parse_decoder_config(one.keys, "c.json");
        auto members = told(c);
        members.erase("pattern");
        CHECK(members == written(one.members));
        CHECK(pattern(c) == one.layers);
    }
}

TEST_CASE("every row of the table is read above") {
    std::set<std::string> read;
    for (const family_case& one : family_cases()) {
        const std::size_t at = one.keys.rfind(R"("model_type":")") + 14;
        read.insert(one.keys.substr(at, one.keys.find('"', at) - at));
    }
    for (const auto& row : cesaro::detail::model_families) {
        INFO(row.model_type);
        if (row.model_type == row.name) CHECK(read.contains(std::string(row.model_type)));
    }
}

TEST_CASE("a description that was read is written, and read the same again") {
    for (const family_case& one : family_cases()) {
        INFO(one.keys);
        const decoder_config c = parse_decoder_config(one.keys, "c.json");
        const std::string text = cesaro::decoder_config_text(c, true);
        INFO(text);
        const decoder_config again = parse_decoder_config(text, "again.json");
        CHECK(told(again) == told(c));
        CHECK(cesaro::decoder_config_text(again, true) == text);
        CHECK(contains(text, R"("model_type": ")" + c.model_type + '"'));
        CHECK(contains(text, R"("tie_word_embeddings": false)"));
    }
}

TEST_CASE("what the keys of a family cannot say is not written") {
    const auto refusal = [](const std::string& model_type, const auto& change) {
        decoder_config c;
        for (const family_case& one : family_cases())
            if (contains(one.keys, "\"model_type\":\"" + model_type + '"'))
                c = parse_decoder_config(one.keys);
        REQUIRE(c.model_type == model_type);
        change(c);
        try {
            cesaro::decoder_config_text(c);
        } catch (const std::logic_error& error) {
            return std::string(error.what());
        }
        return "nothing was thrown"s;
    };
    CHECK(contains(refusal("llama", [](decoder_config& c) { c.parallel = true; }),
                   "cesaro::decoder_config_text: model_type = 'llama' must be that of a family that has "
                   "parallel = true"));
    CHECK(contains(refusal("gpt2", [](decoder_config& c) { c.gated = true; }), "gated = true"));
    CHECK(contains(refusal("olmo2", [](decoder_config& c) { c.scores.norm = {}; }), "scores.norm"));
    CHECK(contains(refusal("gemma2", [](decoder_config& c) { c.pattern[0].attends = false; }), "pattern"));
    CHECK(
        contains(refusal("mistral", [](decoder_config& c) { c.alibi = cesaro::alibi_rule::mpt; }), "alibi"));
    CHECK(
        contains(refusal("llama", [](decoder_config& c) { c.model_type = "x\ny"; }), "= 'x\\x0ay' must be"));
    CHECK(contains(refusal("llama", [](decoder_config& c) { c.width = 0; }), "width = 0"));
}

TEST_CASE("members change and are written in every family that has keys for them") {
    for (const family_case& one : family_cases()) {
        INFO(one.keys);
        decoder_config c = parse_decoder_config(one.keys, "c.json");
        c.layers = 1;
        c.initializer_range = 0.125;
        c.norm.epsilon = c.model_type == "opt" || c.model_type == "olmo" ? c.norm.epsilon : 0.25;
        if (c.rope) c.rope->theta = 123.5;
        if (c.local_rope) c.local_rope->theta = 123.5;
        const decoder_config again = parse_decoder_config(cesaro::decoder_config_text(c));
        c.pattern = {c.layer(0)};
        auto members = told(again);
        CHECK(members["layers"] == "1");
        members["pattern"] = cesaro::detail::pattern_json(c);
        CHECK(members == told(c));
    }
}

TEST_CASE("RoPE's frequencies are scaled in every way that transformers has") {
    const auto rope = [](const std::string& scaling) {
        return *parse_decoder_config(R"({"model_type":"llama","max_position_embeddings":64,)" + llama_sizes +
                                     ",\"rope_scaling\":" + scaling + "}")
                    .rope;
    };
    using cesaro::rope_scaling;
    CHECK(rope("null").scaling == rope_scaling::none);
    CHECK(rope("{}").scaling == rope_scaling::none);
    CHECK(rope(R"({"type":"default"})").scaling == rope_scaling::none);
    const auto linear = rope(R"({"type":"linear","factor":4})");
    CHECK(linear.scaling == rope_scaling::linear);
    CHECK(linear.factor == 4);
    const auto dynamic = rope(R"({"rope_type":"dynamic","factor":2.5})");
    CHECK(dynamic.scaling == rope_scaling::dynamic);
    CHECK(dynamic.original_positions == 64);
    CHECK(rope(R"({"rope_type":"dynamic","factor":2,"original_max_position_embeddings":32})")
              .original_positions == 64);  // transformers asks for max_position_embeddings
    const auto llama3 = rope(R"({"rope_type":"llama3","factor":8,"low_freq_factor":1.5,"high_freq_factor":5,)"
                             R"("original_max_position_embeddings":16})");
    CHECK(llama3.scaling == rope_scaling::llama3);
    CHECK(llama3.low_frequency_factor == 1.5);
    CHECK(llama3.high_frequency_factor == 5);
    CHECK(llama3.original_positions == 16);
    CHECK(llama3.attention_factor == 1);
    const auto yarn = rope(R"({"rope_type":"yarn","factor":4,"beta_fast":20,"beta_slow":2})");
    CHECK(yarn.beta_fast == 20);
    CHECK(yarn.beta_slow == 2);
    CHECK(yarn.original_positions == 64);
    CHECK(yarn.attention_factor == Approx(1.1386294361119891).epsilon(1e-15));  // 0.1 ln 4 + 1
    CHECK(rope(R"({"rope_type":"yarn","factor":4,"attention_factor":3})").attention_factor == 3);
    CHECK(rope(R"({"rope_type":"yarn","factor":40,"mscale":1,"mscale_all_dim":0.5})").attention_factor ==
          Approx(1.15572199).epsilon(1e-8));  // (0.1 ln 40 + 1) / (0.05 ln 40 + 1)
    const auto longrope = rope(R"({"rope_type":"longrope","factor":2,"short_factor":[1,1,1,1],)"
                               R"("long_factor":[1,2,3,4],"original_max_position_embeddings":32})");
    CHECK(longrope.long_factors == std::vector<double>{1, 2, 3, 4});
    CHECK(longrope.attention_factor == Approx(std::sqrt(1.2)).epsilon(1e-15));  // ln 2 / ln 32 = 1/5
    // Where the original context is in the object, the factor is, too, or the ratio of both.
    CHECK(rope(R"({"rope_type":"longrope","short_factor":[1,1,1,1],"long_factor":[1,2,3,4],)"
               R"("original_max_position_embeddings":16})")
              .attention_factor == Approx(std::sqrt(1.5)).epsilon(1e-15));  // ln 4 / ln 16 = 1/2
    CHECK(rope(R"({"type":"su","factor":1,"short_factor":[1,1,1,1],"long_factor":[1,1,1,1]})").scaling ==
          rope_scaling::longrope);
    const auto error = [&](const std::string& scaling) { return error_of([&] { rope(scaling); }); };
    CHECK(contains(error(R"({"type":"ntk"})"), "key 'rope_scaling.type' = 'ntk' is not supported"));
    CHECK(
        contains(error(R"({"rope_type":"proportional"})"), "key 'rope_scaling.rope_type' = 'proportional'"));
    CHECK(contains(error(R"({"type":"linear"})"), "key 'rope_scaling.factor' is missing"));
    CHECK(contains(error(R"({"type":"linear","factor":0})"), "rope.factor = 0 must be positive"));
    CHECK(contains(error(R"({"rope_type":"llama3","factor":8,"low_freq_factor":1})"),
                   "key 'rope_scaling.original_max_position_embeddings' is missing"));
    CHECK(contains(error(R"({"rope_type":"longrope","short_factor":[1],"long_factor":[1]})"),
                   "rope.short_factors"));
    CHECK(contains(error("7"), "key 'rope_scaling' = '7' is no object"));
    CHECK(contains(error("[1]"), "key 'rope_scaling' = '[...]' is no object"));
}

TEST_CASE("what cannot be described is refused by its key and its value") {
    const auto check = [](const std::string& type, const std::string& more, const std::string& problem) {
        INFO(type << ' ' << more);
        const bool gpt2 = type == "gpt2" || type == "gptj";
        const std::string text = R"({"model_type":")" + type + "\"," + (gpt2 ? gpt2_sizes : llama_sizes) +
                                 R"(,"num_key_value_heads":2,"n_positions":9,"max_position_embeddings":9,)" +
                                 more + "}";
        CHECK(error_of([&] { parse_decoder_config(text, "c.json"); }) ==
              "cesaro::parse_decoder_config: c.json: " + problem);
    };
    check("gpt2", R"("attention_head_type":"multiquery")",
          "key 'attention_head_type' = 'multiquery' is not supported, only multihead");
    check("gpt2", R"("add_cross_attention":true)",
          "key 'add_cross_attention' = 'true' is not supported in this model_type");
    check("gpt2", R"("rope_scaling":{"type":"linear","factor":2})",
          "key 'rope_scaling' = '{...}' is not supported in this model_type");
    check("gpt2", R"("activation_function":"gelu_python")",
          "key 'activation_function' = 'gelu_python' is not supported, only gelu_new, gelu_pytorch_tanh, "
          "gelu_fast, gelu_accurate, gelu, relu, silu, swish");
    check("gptj", R"("rotary":false)", "key 'rotary' = false is not supported");
    check("opt", R"("do_layer_norm_before":false)", "key 'do_layer_norm_before' = false is not supported");
    check("opt", R"("_remove_final_layer_norm":true)",
          "key '_remove_final_layer_norm' = true is not supported");
    check("opt", R"("word_embed_proj_dim":16)",
          "key 'word_embed_proj_dim' = '16' is not supported, only the width 32");
    check("bloom", R"("n_head":4,"apply_residual_connection_post_layernorm":true)",
          "key 'apply_residual_connection_post_layernorm' = true is not supported");
    check("mpt", R"("attn_config":{"alibi":false})", "key 'attn_config.alibi' = false is not supported");
    check("mpt", R"("attn_config":{"qk_ln":true})", "key 'attn_config.qk_ln' = true is not supported");
    check("mpt", R"("attn_config":{"prefix_lm":true})",
          "key 'attn_config.prefix_lm' = true is not supported");
    check("mpt", R"("attn_config":{"attn_type":"multiquery_attention"})",
          "key 'attn_config.attn_type' = 'multiquery_attention' is not supported, only multihead_attention");
    check("mpt", R"("no_bias":false)", "key 'no_bias' = false is not supported");
    check("mpt", R"("expansion_ratio":2)", "key 'expansion_ratio' = '2' is not supported, only 4");
    check("falcon", R"("new_decoder_architecture":true,"parallel_attn":false)",
          "key 'parallel_attn' = false is not supported with the new architecture");
    check("falcon", R"("apply_residual_connection_post_layernorm":true)",
          "key 'apply_residual_connection_post_layernorm' = 'true' is not supported in this model_type");
    check("phi", R"("qk_layernorm":true)", "key 'qk_layernorm' = true is not supported");
    check("gpt_oss", R"("swiglu_limit":5)", "key 'swiglu_limit' = '5' is not supported, only 7");
    check("gpt_oss", R"("hidden_act":"gelu")", "key 'hidden_act' = 'gelu' is not supported, only silu");
    check("deepseek_v3", R"("scoring_func":"softmax")",
          "key 'scoring_func' = 'softmax' is not supported, only sigmoid");
    check("deepseek_v3", R"("attention_bias":true)", "key 'attention_bias' = true is not supported");
    check("deepseek_v2", R"("topk_method":"noaux_tc")",
          "key 'topk_method' = 'noaux_tc' is not supported, only greedy, group_limited_greedy");
    check("deepseek_v2", R"("norm_topk_prob":true)", "key 'norm_topk_prob' = true is not supported");
    check("deepseek_v2", R"("moe_layer_freq":2)", "key 'moe_layer_freq' = '2' is not supported, only 1");
    check("llama", R"("hidden_act":"relu2")",
          "key 'hidden_act' = 'relu2' is not supported, only gelu_new, gelu_pytorch_tanh, gelu_fast, "
          "gelu_accurate, gelu, relu, silu, swish");
    for (const char* const key :
         {"num_local_experts", "num_experts", "n_routed_experts", "kv_lora_rank", "attention_chunk_size",
          "attn_logit_softcapping", "clip_qkv", "query_pre_attn_scalar", "full_attention_interval"})
        check("llama", "\""s + key + "\":8", "key '"s + key + "' = '8' is not supported in this model_type");
    for (const char* const key : {"alibi", "attn_output_gate", "use_qk_norm", "qk_layernorm", "parallel_attn",
                                  "use_parallel_residual", "scale_attn_by_inverse_layer_idx", "use_qkv_bias",
                                  "multi_query", "add_cross_attention"}) {
        check("llama", "\""s + key + "\":true",
              "key '"s + key + "' = 'true' is not supported in this model_type");
    }
    for (const char* const key : {"attention_multiplier", "embedding_multiplier", "residual_multiplier"})
        check("llama", "\""s + key + "\":0.5",
              "key '"s + key + "' = '0.5' is not supported in this model_type");
    check("mistral", R"("attention_bias":true)",
          "key 'attention_bias' = 'true' is not supported in this model_type");
    check("qwen2", R"("mlp_bias":true)", "key 'mlp_bias' = 'true' is not supported in this model_type");
    check("llama", R"("hybrid_override_pattern":"M*")",
          "key 'hybrid_override_pattern' = 'M*' is not supported in this model_type");
    check("llama", R"("layer_types":["full_attention","linear_attention"])",
          "key 'layer_types' = 'linear_attention' at layer 1 is not supported");
    check("gemma2", R"("layer_types":["full_attention","mamba"])",
          "key 'layer_types' = 'mamba' at layer 1 is not supported");
    check("smollm3", R"("no_rope_layers":[1])", "key 'no_rope_layers' has 1 items for 2 layers");
}

TEST_CASE("keys at the value that changes nothing are let be") {
    const std::string text = R"({"model_type":"llama",)" + llama_sizes +
                             R"(,"attention_multiplier":1.0,"num_experts":0,"clip_qkv":null,"alibi":false,)"
                             R"("n_routed_experts":null,"qk_layernorm":false,"embedding_multiplier":1,)"
                             R"("scale_attn_weights":true,"use_cache":true,"anything":{"else":[1]},)"
                             R"("num_nextn_predict_layers":1,"pretraining_tp":4,"sliding_window":5})";
    CHECK(parse_decoder_config(text).pattern.empty());
}

TEST_CASE("a text_config may leave out what its class has") {
    const auto nested = [](const std::string& keys, const std::string& key = "text_config") {
        return R"({"model_type":"x","vision_config":{"depth":3},")" + key + "\":{" + keys + "}}";
    };
    CHECK(parse_decoder_config(nested(R"("model_type":"mistral","vocab_size":9)", "llm_config")).layers ==
          32);
    CHECK(parse_decoder_config(nested(R"("model_type":"llama")", "language_config")).width == 4096);
    const auto error = [](const std::string& text) {
        return error_of([&] { parse_decoder_config(text, "c.json"); });
    };
    CHECK(contains(error(nested(R"("model_type":"llama","hidden_size":"a")")),
                   "key 'text_config.hidden_size' = '\"a\"' is no natural number"));
    CHECK(contains(error(nested(R"("model_type":"y")")),
                   "key 'text_config.model_type' = 'y' is not supported"));
    CHECK(
        contains(error(nested(R"("model_type":"llama","is_causal":false)")), "key 'text_config.is_causal'"));
    CHECK(contains(error(nested("")), "key 'model_type' = 'x' is not supported"));
}

TEST_CASE("a text_config of nothing but its model_type is what its class says") {
    // vocabulary, width, inner width, layers, heads, key heads, head width, positions, epsilon, RoPE's base
    const std::vector<std::pair<std::string, std::vector<double>>> classes = {
        {"gpt2", {50257, 768, 3072, 12, 12, 12, 64, 1024, 1e-05, 0}},
        {"gpt_bigcode", {50257, 768, 3072, 12, 12, 1, 64, 1024, 1e-05, 0}},
        {"gpt_neo", {50257, 2048, 8192, 24, 16, 16, 128, 2048, 1e-05, 0}},
        {"gptj", {50400, 4096, 16384, 28, 16, 16, 256, 2048, 1e-05, 10000}},
        {"gpt_neox", {50432, 6144, 24576, 44, 64, 64, 96, 2048, 1e-05, 10000}},
        {"opt", {50272, 768, 3072, 12, 12, 12, 64, 2048, 1e-05, 0}},
        {"bloom", {250880, 64, 256, 2, 8, 8, 8, 2048, 1e-05, 0}},
        {"mpt", {50368, 2048, 8192, 24, 16, 16, 128, 2048, 1e-05, 0}},
        {"falcon", {65024, 4544, 18176, 32, 71, 1, 64, 2048, 1e-05, 10000}},
        {"llama", {32000, 4096, 11008, 32, 32, 32, 128, 2048, 1e-06, 10000}},
        {"mistral", {32000, 4096, 14336, 32, 32, 8, 128, 131072, 1e-06, 10000}},
        {"mixtral", {32000, 4096, 14336, 32, 32, 8, 128, 131072, 1e-05, 1e+06}},
        {"qwen2", {151936, 4096, 22016, 32, 32, 32, 128, 32768, 1e-06, 10000}},
        {"qwen2_vl", {152064, 8192, 29568, 80, 64, 8, 128, 32768, 1e-05, 1e+06}},
        {"qwen2_moe", {151936, 2048, 5632, 24, 16, 16, 128, 32768, 1e-06, 10000}},
        {"qwen3", {151936, 4096, 22016, 32, 32, 32, 128, 32768, 1e-06, 10000}},
        {"qwen3_vl_text", {151936, 4096, 22016, 32, 32, 32, 128, 128000, 1e-06, 5e+05}},
        {"qwen3_moe", {151936, 2048, 6144, 24, 32, 4, 64, 32768, 1e-06, 10000}},
        {"gemma", {256000, 3072, 24576, 28, 16, 16, 256, 8192, 1e-06, 10000}},
        {"gemma2", {256000, 2304, 9216, 26, 8, 4, 256, 8192, 1e-06, 10000}},
        {"gemma3_text", {262208, 2304, 9216, 26, 8, 4, 256, 131072, 1e-06, 1e+06}},
        {"phi", {51200, 2048, 8192, 24, 32, 32, 64, 2048, 1e-05, 10000}},
        {"phi-msft", {50304, 1024, 4096, 20, 16, 16, 64, 2048, 1e-05, 10000}},
        {"phi3", {32064, 3072, 8192, 32, 32, 32, 96, 4096, 1e-05, 10000}},
        {"olmo", {50304, 4096, 11008, 32, 32, 32, 128, 2048, 1e-05, 10000}},
        {"olmo2", {50304, 4096, 11008, 32, 32, 32, 128, 2048, 1e-05, 10000}},
        {"olmo3", {50304, 4096, 11008, 32, 32, 32, 128, 2048, 1e-05, 5e+05}},
        {"stablelm", {50304, 2560, 6912, 32, 32, 32, 80, 4096, 1e-05, 10000}},
        {"starcoder2", {49152, 3072, 12288, 30, 24, 2, 128, 4096, 1e-05, 10000}},
        {"granite", {32000, 4096, 11008, 32, 32, 32, 128, 2048, 1e-06, 10000}},
        {"smollm3", {128256, 2048, 11008, 36, 16, 4, 128, 32768, 1e-06, 2e+06}},
        {"gpt_oss", {201088, 2880, 2880, 36, 64, 8, 64, 131072, 1e-05, 150000}},
        {"deepseek_v3", {129280, 7168, 18432, 61, 128, 128, 192, 4096, 1e-06, 10000}},
    };
    for (const auto& [type, expected] : classes) {
        INFO(type);
        const decoder_config c = parse_decoder_config(R"({"text_config":{"model_type":")" + type + "\"}}");
        CHECK(std::vector<double>{double(c.vocab_size), double(c.width), double(c.intermediate),
                                  double(c.layers), double(c.heads), double(c.kv_heads), double(c.head_width),
                                  double(c.max_positions), c.norm.epsilon,
                                  c.rope ? c.rope->theta : 0} == expected);
        CHECK(c.initializer_range == (type == "starcoder2" ? 0.018042 : 0.02));
    }
}
