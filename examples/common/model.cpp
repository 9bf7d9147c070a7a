// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "model.hpp"

#include "program.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>

namespace programs {

using nlohmann::json;

const std::vector<model>& known_models() {
    static const std::vector<model> models = {
        {"gpt2", 12, 1024, {}},
        {"gpt2-medium", 24, 1024, {}},
        {"gpt2-large", 36, 1024, {}},
        {"gpt2-xl", 48, 1024, {}},
        {"gpt-j-6b", 28, 2048, {}},
        {"gpt-neox-20b", 44, 2048, {}},
        {"pythia-70m", 6, 2048, {}},
        {"pythia-160m", 12, 2048, {}},
        {"pythia-410m", 24, 2048, {}},
        {"pythia-1b", 16, 2048, {}},
        {"pythia-1.4b", 24, 2048, {}},
        {"pythia-2.8b", 32, 2048, {}},
        {"pythia-6.9b", 32, 2048, {}},
        {"pythia-12b", 36, 2048, {}},
        {"opt-125m", 12, 2048, {}},
        {"opt-1.3b", 24, 2048, {}},
        {"opt-2.7b", 32, 2048, {}},
        {"opt-6.7b", 32, 2048, {}},
        {"opt-13b", 40, 2048, {}},
        {"opt-30b", 48, 2048, {}},
        {"opt-66b", 64, 2048, {}},
        {"opt-175b", 96, 2048, {}},
        {"bloom-560m", 24, 2048, {}},
        {"bloom-7b1", 30, 2048, {}},
        {"bloom-176b", 70, 2048, {}},
        {"falcon-rw-1b", 24, 2048, {}},
        {"falcon-rw-7b", 36, 2048, {}},
        {"mpt-7b", 32, 2048, {}},
        {"llama-7b", 32, 2048, {}},
        {"llama-13b", 40, 2048, {}},
        {"llama-65b", 80, 2048, {}},
        {"llama-2-7b", 32, 4096, {}},
        {"llama-2-13b", 40, 4096, {}},
        {"llama-2-70b", 80, 4096, {}},
        {"llama-3-8b", 32, 8192, {}},
        {"llama-3-70b", 80, 8192, {}},
        {"llama-3.1-8b", 32, 131072, {}},
        {"llama-3.1-70b", 80, 131072, {}},
        {"llama-3.1-405b", 126, 131072, {}},
        {"llama-3.2-1b", 16, 131072, {}},
        {"llama-3.2-3b", 28, 131072, {}},
        {"mistral-7b", 32, 32768, 4096},
        {"mixtral-8x7b", 32, 32768, {}},
        {"qwen2-0.5b", 24, 131072, {}},
        {"qwen2-1.5b", 28, 131072, {}},
        {"qwen2-7b", 28, 131072, {}},
        {"qwen2-72b", 80, 131072, {}},
        {"smollm2-135m", 30, 8192, {}},
        {"smollm2-360m", 32, 8192, {}},
        {"smollm2-1.7b", 24, 8192, {}},
    };
    return models;
}

model find_model(std::string_view name) {
    const auto& models = known_models();
    const auto found =
        std::find_if(models.begin(), models.end(), [&](const model& m) { return m.name == name; });
    if (found != models.end()) return *found;
    std::string known;
    for (const model& m : models)
        known += (known.empty() ? "" : ", ") + m.name;
    throw usage_error(fmt::format("unknown model '{}'; known models: {}", name, known));
}

namespace {

json parse_file(const std::string& file) {
    if (std::filesystem::is_directory(file))
        throw usage_error(fmt::format("cannot read '{}': it is a directory", file));
    errno = 0;
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw usage_error(fmt::format("cannot read '{}': {}", file, std::strerror(errno)));
    try {
        return json::parse(stream);
    } catch (const json::parse_error& error) {
        throw usage_error(fmt::format("'{}' is not valid JSON (at byte {})", file, error.byte));
    }
}

/// The count under the first of the keys that is there and not null.
std::optional<Eigen::Index> find_count(const json& config, const std::string& file,
                                       std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
        const auto entry = config.find(key);
        if (entry == config.end() || entry->is_null()) continue;
        const bool positive = entry->is_number_integer() && *entry > 0;
        const Eigen::Index most = Eigen::Index(1) << 62;
        if (!positive || *entry > most) {
            throw usage_error(
                fmt::format("'{}': {} = {} must be a positive whole number", file, key, entry->dump()));
        }
        return entry->get<Eigen::Index>();
    }
    return std::nullopt;
}

/// Encoders see the future, so causal averaging says nothing about them.
void check_decoder(const json& config, const std::string& file) {
    if (config.value("is_encoder_decoder", json(false)) == true) {
        throw usage_error(fmt::format("'{}': is_encoder_decoder = true is not a decoder-only model", file));
    }
    const std::array encoders = {"albert",     "bart",     "bert",       "big_bird",   "camembert",
                                 "clip",       "deberta",  "deberta-v2", "distilbert", "electra",
                                 "ernie",      "layoutlm", "longformer", "marian",     "mbart",
                                 "modernbert", "mpnet",    "mt5",        "nomic_bert", "pegasus",
                                 "roberta",    "t5",       "vit",        "whisper",    "xlm-roberta"};
    const json type = config.value("model_type", json());
    const bool encoder =
        std::any_of(encoders.begin(), encoders.end(), [&](const char* name) { return type == name; });
    if (encoder && config.value("is_decoder", json(false)) != true) {
        throw usage_error(
            fmt::format("'{}': model_type = {} is not a decoder-only model", file, type.dump()));
    }
}

/// The file's name, or its directory's for a plain `config.json`.
std::string display_name(const std::string& file) {
    const std::filesystem::path path = std::filesystem::absolute(file);
    const std::string stem = path.stem().string();
    const std::string directory = path.parent_path().filename().string();
    return stem == "config" && !directory.empty() ? directory : stem;
}

}  // namespace

model read_model_config(const std::string& file) {
    const json config = parse_file(file);
    if (!config.is_object()) throw usage_error(fmt::format("'{}' is not a JSON object", file));
    check_decoder(config, file);
    const auto layers = find_count(config, file, {"num_hidden_layers", "n_layer", "n_layers"});
    if (!layers) {
        throw usage_error(
            fmt::format("'{}' has no key num_hidden_layers (or n_layer): not a decoder's config.json", file));
    }
    model m{display_name(file),
            *layers,
            find_count(config, file, {"max_position_embeddings", "n_positions", "max_seq_len", "seq_length"}),
            {}};
    if (config.value("use_sliding_window", json(true)) == true)
        m.sliding_window = find_count(config, file, {"sliding_window"});
    return m;
}

}  // namespace programs
