// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Under which names, and how laid out, Hugging Face transformers stores the weights of each family: tables.

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/files/detail/printable.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

namespace cesaro {

/// The parts of the weights that checkpoints name: members of decoder_weights and nn::block_weights, or rows
/// of them.
enum class weight_part {
    none,
    token_embedding,
    position_embedding,
    embedding_norm,
    final_norm,
    unembedding,
    attention_norm,
    attention_output_norm,
    feed_forward_norm,
    feed_forward_output_norm,
    query,
    key,
    value,
    attention_output,
    query_norm,
    key_norm,
    sinks,
    query_down,
    query_latent_norm,
    key_value_down,
    key_value_latent_norm,
    key_value_up,
    gate,
    up,
    down,
    router,
    correction,
    expert_gate,
    expert_up,
    expert_down,
    shared_gate,
    shared_up,
    shared_down,
    shared_score
};

/// How the rows of several parts share one tensor: one part after the other; the same for each group of heads
/// that share a key; or row by row in turn.
enum class tensor_layout { parts, groups, turns };

/// A tensor, or one for each expert or head.
struct tensor_name {
    std::string_view name;  ///< after the prefix of the layer; `*` stands for the number of an expert or head
    std::array<weight_part, 3> parts;
    tensor_layout layout = tensor_layout::parts;
    bool transposed = false;  ///< stored as inputs x outputs
    bool stacked = false;     ///< all experts in one tensor, whose first dimension counts them
    std::string_view weight_suffix = ".weight";
    std::string_view bias_suffix = ".bias";
};

/// The tensors of a family.
struct tensor_names {
    std::string_view base;    ///< prefix of all but the unembedding, which checkpoints have or not
    std::string_view layers;  ///< prefix of a layer's, before its number
    std::string_view unembedding;
    std::span<const tensor_name> outside;               ///< of the layers
    std::array<std::span<const tensor_name>, 3> layer;  ///< of each layer, in three lists
    double gain_shift = 0;                              ///< a gain is stored with this added
    bool bare = false;              ///< without an unembedding, files are published without the prefix
    bool predicts_further = false;  ///< checkpoints hold one layer more, for the prediction of further tokens
};

namespace detail::names {

using enum weight_part;
using enum tensor_layout;
using list = std::span<const tensor_name>;

// GPT-2 stores its matrices as inputs x outputs (`Conv1D`).
inline constexpr tensor_name gpt2_outside[] = {
    {"wte", {token_embedding}}, {"wpe", {position_embedding}}, {"ln_f", {final_norm}}};
inline constexpr tensor_name gpt2_layer[] = {{"ln_1", {attention_norm}},
                                             {"attn.c_attn", {query, key, value}, parts, true},
                                             {"attn.c_proj", {attention_output}, parts, true},
                                             {"ln_2", {feed_forward_norm}},
                                             {"mlp.c_fc", {up}, parts, true},
                                             {"mlp.c_proj", {down}, parts, true}};
inline constexpr tensor_name gpt_bigcode_layer[] = {{"ln_1", {attention_norm}},
                                                    {"attn.c_attn", {query, key, value}, groups},
                                                    {"attn.c_proj", {attention_output}},
                                                    {"ln_2", {feed_forward_norm}},
                                                    {"mlp.c_fc", {up}},
                                                    {"mlp.c_proj", {down}}};
inline constexpr tensor_name gpt_neo_layer[] = {{"ln_1", {attention_norm}},
                                                {"attn.attention.q_proj", {query}},
                                                {"attn.attention.k_proj", {key}},
                                                {"attn.attention.v_proj", {value}},
                                                {"attn.attention.out_proj", {attention_output}},
                                                {"ln_2", {feed_forward_norm}},
                                                {"mlp.c_fc", {up}},
                                                {"mlp.c_proj", {down}}};
inline constexpr tensor_name gptj_layer[] = {{"ln_1", {attention_norm}},
                                             {"attn.q_proj", {query}},
                                             {"attn.k_proj", {key}},
                                             {"attn.v_proj", {value}},
                                             {"attn.out_proj", {attention_output}},
                                             {"mlp.fc_in", {up}},
                                             {"mlp.fc_out", {down}}};

inline constexpr tensor_name gpt_neox_outside[] = {{"embed_in", {token_embedding}},
                                                   {"final_layer_norm", {final_norm}}};
inline constexpr tensor_name gpt_neox_layer[] = {{"input_layernorm", {attention_norm}},
                                                 {"attention.query_key_value", {query, key, value}, groups},
                                                 {"attention.dense", {attention_output}},
                                                 {"post_attention_layernorm", {feed_forward_norm}},
                                                 {"mlp.dense_h_to_4h", {up}},
                                                 {"mlp.dense_4h_to_h", {down}}};

inline constexpr tensor_name opt_outside[] = {{"embed_tokens", {token_embedding}},
                                              {"embed_positions", {position_embedding}},
                                              {"final_layer_norm", {final_norm}}};
inline constexpr tensor_name opt_layer[] = {{"self_attn_layer_norm", {attention_norm}},
                                            {"self_attn.q_proj", {query}},
                                            {"self_attn.k_proj", {key}},
                                            {"self_attn.v_proj", {value}},
                                            {"self_attn.out_proj", {attention_output}},
                                            {"final_layer_norm", {feed_forward_norm}},
                                            {"fc1", {up}},
                                            {"fc2", {down}}};

inline constexpr tensor_name bloom_outside[] = {{"word_embeddings", {token_embedding}},
                                                {"word_embeddings_layernorm", {embedding_norm}},
                                                {"ln_f", {final_norm}}};
inline constexpr tensor_name bloom_layer[] = {{"self_attention.query_key_value", {query, key, value}, groups},
                                              {"self_attention.dense", {attention_output}},
                                              {"mlp.dense_h_to_4h", {up}},
                                              {"mlp.dense_4h_to_h", {down}}};
inline constexpr tensor_name falcon_two_norms[] = {{"ln_attn", {attention_norm}},
                                                   {"ln_mlp", {feed_forward_norm}}};

inline constexpr tensor_name mpt_outside[] = {{"wte", {token_embedding}}, {"norm_f", {final_norm}}};
inline constexpr tensor_name mpt_layer[] = {{"norm_1", {attention_norm}},
                                            {"attn.Wqkv", {query, key, value}},
                                            {"attn.out_proj", {attention_output}},
                                            {"norm_2", {feed_forward_norm}},
                                            {"ffn.up_proj", {up}},
                                            {"ffn.down_proj", {down}}};

inline constexpr tensor_name llama_outside[] = {{"embed_tokens", {token_embedding}}, {"norm", {final_norm}}};
inline constexpr tensor_name llama_norms[] = {{"input_layernorm", {attention_norm}},
                                              {"post_attention_layernorm", {feed_forward_norm}}};
inline constexpr tensor_name norms_around[] = {{"input_layernorm", {attention_norm}},
                                               {"post_attention_layernorm", {attention_output_norm}},
                                               {"pre_feedforward_layernorm", {feed_forward_norm}},
                                               {"post_feedforward_layernorm", {feed_forward_output_norm}}};
inline constexpr tensor_name llama_attention[] = {
    {"self_attn.q_proj", {query}},
    {"self_attn.k_proj", {key}},
    {"self_attn.v_proj", {value}},
    {"self_attn.o_proj", {attention_output}},
    {"self_attn.q_norm", {query_norm}},
    {"self_attn.k_norm", {key_norm}},
    {.name = "self_attn.sinks", .parts = {sinks}, .weight_suffix = ""}};
inline constexpr tensor_name llama_feed_forward[] = {
    {"mlp.gate_proj", {gate}}, {"mlp.up_proj", {up}}, {"mlp.down_proj", {down}}};

inline constexpr tensor_name stablelm_attention[] = {{"self_attn.q_proj", {query}},
                                                     {"self_attn.k_proj", {key}},
                                                     {"self_attn.v_proj", {value}},
                                                     {"self_attn.o_proj", {attention_output}},
                                                     {"self_attn.q_layernorm.norms.*", {query_norm}},
                                                     {"self_attn.k_layernorm.norms.*", {key_norm}}};
inline constexpr tensor_name starcoder2_feed_forward[] = {{"mlp.c_fc", {up}}, {"mlp.c_proj", {down}}};
inline constexpr tensor_name phi3_branches[] = {{"self_attn.qkv_proj", {query, key, value}},
                                                {"self_attn.o_proj", {attention_output}},
                                                {"mlp.gate_up_proj", {gate, up}},
                                                {"mlp.down_proj", {down}}};
inline constexpr tensor_name phi_outside[] = {{"embed_tokens", {token_embedding}},
                                              {"final_layernorm", {final_norm}}};
inline constexpr tensor_name phi_layer[] = {{"input_layernorm", {attention_norm}},
                                            {"self_attn.q_proj", {query}},
                                            {"self_attn.k_proj", {key}},
                                            {"self_attn.v_proj", {value}},
                                            {"self_attn.dense", {attention_output}},
                                            {"self_attn.q_layernorm", {query_norm}},
                                            {"self_attn.k_layernorm", {key_norm}},
                                            {"mlp.fc1", {up}},
                                            {"mlp.fc2", {down}}};

inline constexpr tensor_name mixtral_experts[] = {{"block_sparse_moe.gate", {router}},
                                                  {"block_sparse_moe.experts.*.w1", {expert_gate}},
                                                  {"block_sparse_moe.experts.*.w2", {expert_down}},
                                                  {"block_sparse_moe.experts.*.w3", {expert_up}}};
inline constexpr tensor_name gpt_oss_experts[] = {
    {"mlp.router", {router}},
    {"mlp.experts.gate_up_proj", {expert_gate, expert_up}, turns, true, true, "", "_bias"},
    {"mlp.experts.down_proj", {expert_down}, parts, true, true, "", "_bias"}};
// A layer is dense or has experts: of the tensors of both, those that are there.
inline constexpr tensor_name qwen_experts[] = {{"mlp.gate_proj", {gate}},
                                               {"mlp.up_proj", {up}},
                                               {"mlp.down_proj", {down}},
                                               {"mlp.gate", {router}},
                                               {"mlp.experts.*.gate_proj", {expert_gate}},
                                               {"mlp.experts.*.up_proj", {expert_up}},
                                               {"mlp.experts.*.down_proj", {expert_down}},
                                               {"mlp.shared_expert.gate_proj", {shared_gate}},
                                               {"mlp.shared_expert.up_proj", {shared_up}},
                                               {"mlp.shared_expert.down_proj", {shared_down}},
                                               {"mlp.shared_expert_gate", {shared_score}}};
inline constexpr tensor_name deepseek_attention[] = {{"self_attn.q_a_proj", {query_down}},
                                                     {"self_attn.q_a_layernorm", {query_latent_norm}},
                                                     {"self_attn.q_b_proj", {query}},
                                                     {"self_attn.kv_a_proj_with_mqa", {key_value_down}},
                                                     {"self_attn.kv_a_layernorm", {key_value_latent_norm}},
                                                     {"self_attn.kv_b_proj", {key_value_up}},
                                                     {"self_attn.o_proj", {attention_output}}};
inline constexpr tensor_name deepseek_lite_attention[] = {
    {"self_attn.q_proj", {query}},
    {"self_attn.kv_a_proj_with_mqa", {key_value_down}},
    {"self_attn.kv_a_layernorm", {key_value_latent_norm}},
    {"self_attn.kv_b_proj", {key_value_up}},
    {"self_attn.o_proj", {attention_output}}};
inline constexpr tensor_name deepseek_experts[] = {
    {"mlp.gate_proj", {gate}},
    {"mlp.up_proj", {up}},
    {"mlp.down_proj", {down}},
    {"mlp.gate", {router}},
    {.name = "mlp.gate.e_score_correction_bias", .parts = {correction}, .weight_suffix = ""},
    {"mlp.experts.*.gate_proj", {expert_gate}},
    {"mlp.experts.*.up_proj", {expert_up}},
    {"mlp.experts.*.down_proj", {expert_down}},
    {"mlp.shared_experts.gate_proj", {shared_gate}},
    {"mlp.shared_experts.up_proj", {shared_up}},
    {"mlp.shared_experts.down_proj", {shared_down}}};

/// The names of most families of today: `model.`, `layers.`, `lm_head`.
constexpr tensor_names llama_like(list norms, list attention, list feed_forward, double gain_shift = 0) {
    return {"model.", "layers.", "lm_head", llama_outside, {norms, attention, feed_forward}, gain_shift};
}

constexpr tensor_names deepseek_like(list attention) {
    tensor_names names = llama_like(llama_norms, attention, deepseek_experts);
    names.predicts_further = true;
    return names;
}

}  // namespace detail::names

inline constexpr tensor_names gpt2_names{.base = "transformer.",
                                         .layers = "h.",
                                         .unembedding = "lm_head",
                                         .outside = detail::names::gpt2_outside,
                                         .layer = {detail::names::gpt2_layer},
                                         .bare = true};
inline constexpr tensor_names gpt_bigcode_names{
    "transformer.", "h.", "lm_head", detail::names::gpt2_outside, {detail::names::gpt_bigcode_layer}};
inline constexpr tensor_names gpt_neo_names{
    "transformer.", "h.", "lm_head", detail::names::gpt2_outside, {detail::names::gpt_neo_layer}};
inline constexpr tensor_names gptj_names{
    "transformer.", "h.", "lm_head", detail::names::gpt2_outside, {detail::names::gptj_layer}};
inline constexpr tensor_names gpt_neox_names{
    "gpt_neox.", "layers.", "embed_out", detail::names::gpt_neox_outside, {detail::names::gpt_neox_layer}};
inline constexpr tensor_names opt_names{
    "model.decoder.", "layers.", "lm_head", detail::names::opt_outside, {detail::names::opt_layer}};
inline constexpr tensor_names bloom_names{"transformer.",
                                          "h.",
                                          "lm_head",
                                          detail::names::bloom_outside,
                                          {detail::names::llama_norms, detail::names::bloom_layer}};
inline constexpr tensor_names falcon_names = bloom_names;  // 7B and RW
inline constexpr tensor_names falcon_two_norm_names{
    "transformer.",
    "h.",
    "lm_head",
    detail::names::bloom_outside,
    {detail::names::falcon_two_norms, detail::names::bloom_layer}};  // 40B
inline constexpr tensor_names mpt_names{
    "transformer.", "blocks.", "lm_head", detail::names::mpt_outside, {detail::names::mpt_layer}};
inline constexpr tensor_names llama_names = detail::names::llama_like(
    detail::names::llama_norms, detail::names::llama_attention, detail::names::llama_feed_forward);
inline constexpr tensor_names olmo2_names = detail::names::llama_like(
    detail::names::norms_around, detail::names::llama_attention, detail::names::llama_feed_forward);
inline constexpr tensor_names gemma_names = detail::names::llama_like(
    detail::names::llama_norms, detail::names::llama_attention, detail::names::llama_feed_forward, -1);
inline constexpr tensor_names gemma2_names = detail::names::llama_like(
    detail::names::norms_around, detail::names::llama_attention, detail::names::llama_feed_forward, -1);
inline constexpr tensor_names stablelm_names = detail::names::llama_like(
    detail::names::llama_norms, detail::names::stablelm_attention, detail::names::llama_feed_forward);
inline constexpr tensor_names starcoder2_names = detail::names::llama_like(
    detail::names::llama_norms, detail::names::llama_attention, detail::names::starcoder2_feed_forward);
inline constexpr tensor_names phi3_names =
    detail::names::llama_like(detail::names::llama_norms, detail::names::phi3_branches, {});
inline constexpr tensor_names phi_names{
    "model.", "layers.", "lm_head", detail::names::phi_outside, {detail::names::phi_layer}};
inline constexpr tensor_names mixtral_names = detail::names::llama_like(
    detail::names::llama_norms, detail::names::llama_attention, detail::names::mixtral_experts);
inline constexpr tensor_names gpt_oss_names = detail::names::llama_like(
    detail::names::llama_norms, detail::names::llama_attention, detail::names::gpt_oss_experts);
inline constexpr tensor_names qwen_moe_names = detail::names::llama_like(
    detail::names::llama_norms, detail::names::llama_attention, detail::names::qwen_experts);
inline constexpr tensor_names deepseek_names =
    detail::names::deepseek_like(detail::names::deepseek_attention);
inline constexpr tensor_names deepseek_lite_names =
    detail::names::deepseek_like(detail::names::deepseek_lite_attention);

namespace detail {

/// A row of the table: the names of a family, for those of its descriptions that they fit.
struct family_tensors {
    std::string_view model_type;
    const tensor_names* names;
    bool (*fits)(const decoder_config&) = [](const decoder_config&) { return true; };
};

inline constexpr family_tensors family_tensor_names[] = {
    {"", &llama_names},
    {"gpt2", &gpt2_names},
    {"gpt_bigcode", &gpt_bigcode_names},
    {"gpt_neo", &gpt_neo_names},
    {"gptj", &gptj_names},
    {"gpt_neox", &gpt_neox_names},
    {"opt", &opt_names},
    {"bloom", &bloom_names},
    {"mpt", &mpt_names},
    {"falcon", &falcon_two_norm_names, [](const decoder_config& c) { return c.parallel && !c.norm.shared; }},
    {"falcon", &falcon_names},
    {"llama", &llama_names},
    {"mistral", &llama_names},
    {"qwen2", &llama_names},
    {"qwen3", &llama_names},
    {"olmo", &llama_names},
    {"granite", &llama_names},
    {"smollm3", &llama_names},
    {"olmo2", &olmo2_names},
    {"olmo3", &olmo2_names},
    {"gemma", &gemma_names},
    {"gemma2", &gemma2_names},
    {"gemma3_text", &gemma2_names},
    {"stablelm", &stablelm_names},
    {"starcoder2", &starcoder2_names},
    {"phi3", &phi3_names},
    {"phi", &phi_names},
    {"mixtral", &mixtral_names},
    {"gpt_oss", &gpt_oss_names},
    {"qwen2_moe", &qwen_moe_names},
    {"qwen3_moe", &qwen_moe_names},
    {"deepseek_v2", &deepseek_lite_names,
     [](const decoder_config& c) { return c.latent && c.latent->query_rank == 0; }},
    {"deepseek_v2", &deepseek_names},
    {"deepseek_v3", &deepseek_lite_names,
     [](const decoder_config& c) { return c.latent && c.latent->query_rank == 0; }},
    {"deepseek_v3", &deepseek_names},
};

}  // namespace detail

/// The names of a description's tensors: those of its model_type, or Llama's where it has none.
/// \throws std::invalid_argument when the model_type is not known.
inline const tensor_names& tensor_names_of(const decoder_config& config) {
    const auto* const row =
        std::ranges::find_if(detail::family_tensor_names, [&](const detail::family_tensors& family) {
            return family.model_type == config.model_type && family.fits(config);
        });
    if (row == std::end(detail::family_tensor_names)) {
        detail::throw_invalid_argument("tensor_names_of", "model_type",
                                       "'" + detail::printable(config.model_type) + "'",
                                       "must be that of a family whose tensors have known names");
    }
    return *row->names;
}

}  // namespace cesaro
