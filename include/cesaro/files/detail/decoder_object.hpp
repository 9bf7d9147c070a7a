// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/files/detail/config_reader.hpp>
#include <cesaro/files/detail/json.hpp>
#include <cesaro/files/model_families.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Where in a config.json the decoder is, and whether it is one.
namespace cesaro::detail {

/// Models that see all tokens from every token, by model_type.
inline constexpr std::array<std::string_view, 33> encoders{
    "albert",   "bert",          "big_bird",      "camembert",     "canine",     "clip",
    "convbert", "data2vec-text", "deberta",       "deberta-v2",    "distilbert", "electra",
    "ernie",    "esm",           "eurobert",      "flaubert",      "fnet",       "funnel",
    "ibert",    "layoutlm",      "longformer",    "megatron-bert", "mobilebert", "modernbert",
    "mpnet",    "nomic_bert",    "nystromformer", "rembert",       "roberta",    "squeezebert",
    "vit",      "xlm-roberta",   "xlm-roberta-xl"};

/// Models with an encoder and a decoder, by model_type.
inline constexpr std::array<std::string_view, 18> encoder_decoders{
    "bart",    "blenderbot", "encoder-decoder", "fsmt", "led",  "longt5",
    "m2m_100", "marian",     "mbart",           "mt5",  "mvp",  "nllb-moe",
    "pegasus", "plbart",     "prophetnet",      "t5",   "umt5", "whisper"};

/// Throws for what is no decoder: an encoder, a model with an encoder, a draft head.
inline void check_decoder(const config_reader& config) {
    constexpr const char* encoder = "is an encoder: every token sees every other, full_operator answers";
    constexpr const char* both = "is an encoder-decoder: the decoder looks at the encoder, too";
    if (config.boolean("is_encoder_decoder").value_or(false))
        config.fail("is_encoder_decoder", std::string("= true: this ") + both);
    if (const auto type = config.text("model_type")) {
        const std::string said = "= '" + printable(*type) + "' ";
        const auto is_in = [&](const auto& names) {
            return std::find(names.begin(), names.end(), *type) != names.end();
        };
        if (is_in(encoder_decoders)) config.fail("model_type", said + both);
        if (is_in(encoders) && !config.boolean("is_decoder").value_or(false))
            config.fail("model_type", said + encoder);
    }
    for (const json* const item : config.list("architectures")) {
        const std::string name = json_text(*item).value_or("");
        const auto says = [&](auto... words) { return ((name.find(words) != std::string::npos) || ...); };
        const std::string said = "= '" + printable(name) + "' ";
        if (says("Eagle", "Medusa", "Draft", "NextN", "MTP"))
            config.fail("architectures", said + "is a draft head, which guesses tokens for another model");
        if (says("Encoder", "Bidirectional", "BiModel", "BiForMNTP", "ForMaskedLM") &&
            !says("EncoderDecoder"))
            config.fail("architectures", said + encoder);
    }
    if (config.has("draft_vocab_size"))
        config.fail("draft_vocab_size", "says draft head, which guesses tokens for another model");
    if (!config.boolean("is_causal").value_or(true))
        config.fail("is_causal", std::string("= false: this ") + encoder);
    // Of Gemma 4 it is a text: of images alone.
    const json* const bidirectional = config.find("use_bidirectional_attention");
    if (bidirectional != nullptr && !json_text(*bidirectional) &&
        config.boolean("use_bidirectional_attention", *bidirectional))
        config.fail("use_bidirectional_attention", std::string("= true: this ") + encoder);
}

/// The decoder's object in a config.json.
struct decoder_object {
    config_reader keys;
    config_reader naming;     ///< where its model_type is
    std::string within = {};  ///< the key whose object it is; empty at the top
    const model_family* family = nullptr;
};

/// The family by model_type or, in its absence, by the classes of `architectures`; null for another.
inline const model_family* find_family(const config_reader& config, const std::optional<std::string>& type) {
    const auto found = [&](const auto& is_it) {
        const auto* const row = std::find_if(model_families.begin(), model_families.end(), is_it);
        return row == model_families.end() ? nullptr : row;
    };
    if (type) return found([&](const model_family& row) { return row.model_type == *type; });
    for (const json* const item : config.list("architectures")) {
        const std::string name = json_text(*item).value_or("");
        if (const auto* const row = found([&](const model_family& r) { return is_class_of(r, name); }))
            return row;
    }
    return nullptr;
}

/// The object that describes the decoder: at the top, or that of its text part where images or sound are
/// understood, too.
inline decoder_object find_decoder(const config_reader& top) {
    check_decoder(top);
    for (const char* const key : {"text_config", "llm_config", "language_config"}) {
        const auto within = top.object(key);
        if (!within) continue;
        check_decoder(*within);
        const config_reader& naming = within->has("model_type") ? *within : top;
        return {*within, naming, key, find_family(*within, naming.text("model_type"))};
    }
    return {top, top, {}, find_family(top, top.text("model_type"))};
}

}  // namespace cesaro::detail
