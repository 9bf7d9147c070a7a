// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The families of decoders whose config.json is read and written.

#pragma once

#include <cesaro/files/detail/families.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace cesaro {

namespace detail {

/// A row of the table: under which names a family goes in a config.json, and what its keys say.
struct model_family {
    std::string_view model_type;  ///< in the file
    std::string_view name;        ///< in the description: the model_type whose tensors it has
    std::string_view classes;     ///< of `architectures`, without what they end in, between blanks
    void (*exchange)(config_keys&, decoder_config&);
    std::string_view head = "ForCausalLM";  ///< what the class with an unembedding ends in
};

/// Every family that can be described. A new one is a row, and a function in detail/families.hpp.
inline constexpr std::array<model_family, 43> model_families{{
    {"gpt2", "gpt2", "GPT2", family::gpt2, "LMHeadModel"},
    {"gpt_bigcode", "gpt_bigcode", "GPTBigCode", family::gpt_bigcode},
    {"gpt_neo", "gpt_neo", "GPTNeo", family::gpt_neo},
    {"gptj", "gptj", "GPTJ", family::gptj},
    {"gpt_neox", "gpt_neox", "GPTNeoX", family::gpt_neox},
    {"opt", "opt", "OPT", family::opt},
    {"bloom", "bloom", "Bloom", family::bloom},
    {"mpt", "mpt", "Mpt MPT", family::mpt},
    {"falcon", "falcon", "Falcon RW", family::falcon},
    {"RefinedWeb", "falcon", "RW", family::falcon},
    {"RefinedWebModel", "falcon", "RW", family::falcon},
    {"llama", "llama", "Llama LLaMA", family::llama},
    {"mistral", "mistral", "Mistral", family::mistral},
    {"mixtral", "mixtral", "Mixtral", family::mixtral},
    {"qwen2", "qwen2", "Qwen2", family::qwen2},
    {"qwen2_vl", "qwen2", "Qwen2VL", family::qwen2_vl},
    {"qwen2_vl_text", "qwen2", "Qwen2VL", family::qwen2_vl},
    {"qwen2_5_vl", "qwen2", "Qwen2_5_VL", family::qwen2_vl},
    {"qwen2_5_vl_text", "qwen2", "Qwen2_5_VL", family::qwen2_vl},
    {"qwen2_moe", "qwen2_moe", "Qwen2Moe", family::qwen2_moe},
    {"qwen3", "qwen3", "Qwen3", family::qwen3},
    {"qwen3_vl_text", "qwen3", "Qwen3VL", family::qwen3_vl},
    {"qwen3_moe", "qwen3_moe", "Qwen3Moe", family::qwen3_moe},
    {"gemma", "gemma", "Gemma", family::gemma},
    {"gemma2", "gemma2", "Gemma2", family::gemma2},
    {"gemma3", "gemma3_text", "Gemma3", family::gemma3},
    {"gemma3_text", "gemma3_text", "Gemma3 Gemma3Text", family::gemma3},
    {"phi", "phi", "Phi", family::phi},
    {"phi-msft", "phi", "Phi", family::phi_msft},
    {"mixformer-sequential", "phi", "MixFormerSequential", family::phi_msft},
    {"phi3", "phi3", "Phi3", family::phi3},
    {"olmo", "olmo", "Olmo OLMo", family::olmo},
    {"olmo2", "olmo2", "Olmo2", family::olmo2},
    {"olmo3", "olmo3", "Olmo3", family::olmo3},
    {"stablelm", "stablelm", "StableLm StableLM", family::stablelm},
    {"starcoder2", "starcoder2", "Starcoder2", family::starcoder2},
    {"granite", "granite", "Granite", family::granite},
    {"smollm3", "smollm3", "SmolLM3", family::smollm3},
    {"gpt_oss", "gpt_oss", "GptOss", family::gpt_oss},
    {"deepseek_v2", "deepseek_v2", "DeepseekV2", family::deepseek_v2},
    {"deepseek_v3", "deepseek_v3", "DeepseekV3", family::deepseek_v3},
    {"kimi_k2", "deepseek_v3", "DeepseekV3", family::deepseek_v3},
    {"qwen3_vl", "qwen3", "Qwen3VL", family::qwen3_vl},
}};

/// What the classes of decoders end in.
inline constexpr std::array<std::string_view, 8> decoder_heads{"ForCausalLM",
                                                               "LMHeadModel",
                                                               "Model",
                                                               "ForSequenceClassification",
                                                               "ForTokenClassification",
                                                               "ForQuestionAnswering",
                                                               "DoubleHeadsModel",
                                                               "ForConditionalGeneration"};

/// Whether a class of `architectures` is a decoder of the family.
inline bool is_class_of(const model_family& family, std::string_view name) {
    std::string_view classes = family.classes;
    while (!classes.empty()) {
        const std::size_t end = std::min(classes.find(' '), classes.size());
        const std::string_view prefix = classes.substr(0, end);
        const auto ends_in = [&](std::string_view head) { return name.substr(prefix.size()) == head; };
        if (name.starts_with(prefix) && std::any_of(decoder_heads.begin(), decoder_heads.end(), ends_in))
            return true;
        classes.remove_prefix(std::min(end + 1, classes.size()));
    }
    return false;
}

}  // namespace detail
}  // namespace cesaro
