// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "schedule_options.hpp"

#include "program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace programs {

namespace {

constexpr Eigen::Index most_layers = 2000;
constexpr Eigen::Index most_tokens = Eigen::Index(1) << 62;

/// Coefficients between commas or white space.
void append_coefficients(std::vector<double>& coefficients, const std::string& what,
                         const std::string& text) {
    for (const std::string& element : split_list(text)) {
        std::istringstream words(element);
        std::string word;
        words >> word;
        do
            coefficients.push_back(parse_share(what, word));
        while (words >> word);
    }
}

/// One or more coefficients a line, of which the last may be followed by a comma; `#` starts a comment.
std::vector<double> read_coefficients(const std::string& file) {
    if (std::filesystem::is_directory(file))
        throw usage_error(fmt::format("cannot read '{}': it is a directory", file));
    errno = 0;
    std::ifstream stream(file);
    if (!stream) throw usage_error(fmt::format("cannot read '{}': {}", file, std::strerror(errno)));
    std::vector<double> numbers;
    int number = 0;
    for (std::string line; std::getline(stream, line);) {
        ++number;
        line.erase(std::min(line.find('#'), line.size()));
        line.erase(line.find_last_not_of(" \t\r") + 1);
        if (line.empty()) continue;
        if (line.back() == ',') line.pop_back();
        append_coefficients(numbers, fmt::format("'{}' line {}", file, number), line);
    }
    if (numbers.empty()) throw usage_error(fmt::format("'{}' holds no numbers", file));
    return numbers;
}

}  // namespace

void schedule_options::add_to(CLI::App& app) {
    auto* one = add_share(app, "--alpha", alpha, "A",
                          "Mixing coefficient of every layer, in [0, 1]; 1 is attention only [0.5]");
    auto* list = add_word(app, "--alphas", alphas, "LIST",
                          "Mixing coefficients a0,a1,..., one a layer, layer 0 first");
    auto* file = add_word(app, "--alphas-file", alphas_file, "FILE",
                          "File of mixing coefficients, one a layer; # comments");
    one->excludes(list)->excludes(file);
    list->excludes(file);
}

cesaro::mixing_schedule<double> schedule_options::schedule(std::optional<Eigen::Index> depth) const {
    std::vector<double> values;
    std::string source;
    if (!alphas_file.empty()) {
        values = read_coefficients(alphas_file);
        source = "'" + alphas_file + "'";
    } else if (!alphas.empty()) {
        append_coefficients(values, "--alphas", alphas);
        source = "--alphas";
    } else {
        if (!depth) throw usage_error("how many layers? give --depth, --alphas or --alphas-file");
        return cesaro::mixing_schedule<double>::constant(*depth, alpha);
    }
    if (depth && Eigen::Index(values.size()) != *depth) {
        throw usage_error(fmt::format("{} has {} coefficients for {} layers", source, values.size(), *depth));
    }
    return cesaro::mixing_schedule<double>(
        Eigen::Map<const Eigen::VectorXd>(values.data(), Eigen::Index(values.size())));
}

CLI::Option* add_depth(CLI::App& app, Eigen::Index& depth) {
    return add_count(app, "--depth", depth, 0, most_layers, "Number of layers");
}

CLI::Option* add_tokens(CLI::App& app, Eigen::Index& tokens) {
    return add_count(app, "--tokens", tokens, 1, most_tokens,
                     "Context length N: the last token, the query, is at N-1 [1024]");
}

std::vector<Eigen::Index> parse_tokens(const std::string& what, const std::vector<std::string>& texts) {
    return parse_counts(what, texts, 1, most_tokens);
}

std::vector<Eigen::Index> parse_depths(const std::string& what, const std::vector<std::string>& texts) {
    return parse_counts(what, texts, 0, most_layers);
}

std::string describe(const cesaro::mixing_schedule<double>& schedule, const char* alpha) {
    const Eigen::VectorXd& alphas = schedule.alphas();
    if (alphas.size() == 0) return "";
    const double least = alphas.minCoeff();
    const double most = alphas.maxCoeff();
    return least == most ? fmt::format(", {} = {:g}", alpha, least)
                         : fmt::format(", {} from {:g} to {:g}", alpha, least, most);
}

void network_options::add_to(CLI::App& app) {
    auto* name =
        add_word(app, "--model", model_name, "NAME", "A public model by name; an unknown name lists them");
    auto* file = add_word(app, "--config", config, "FILE", "A model's Hugging Face config.json");
    add_count(app, "--tokens", tokens, 1, most_tokens,
              "Context length: the query is token N-1 [the model's]");
    auto* layers = add_depth(app, depth);
    name->excludes(file)->excludes(layers);
    file->excludes(layers);
    mixing.add_to(app);
}

network resolve(const network_options& options) {
    std::optional<model> m;
    if (!options.model_name.empty()) m = find_model(options.model_name);
    if (!options.config.empty()) m = read_model_config(options.config);
    const std::string& source = options.config.empty() ? options.model_name : options.config;
    const bool has_tokens = options.tokens > 0;
    if (!m && !has_tokens)
        throw usage_error("which network? give --model, --config, or --tokens with --depth");
    if (m && !has_tokens && !m->context) {
        throw usage_error(
            fmt::format("'{}' has no key max_position_embeddings (or n_positions): give --tokens", source));
    }
    if (m && m->layers > most_layers) {
        throw usage_error(
            fmt::format("'{}' has {} layers; at most {} are supported", source, m->layers, most_layers));
    }
    std::optional<Eigen::Index> depth;
    if (m) depth = m->layers;
    if (options.depth >= 0) depth = options.depth;
    const Eigen::Index tokens = has_tokens ? options.tokens : *m->context;
    network result{m ? m->name : "", tokens, options.mixing.schedule(depth), {}};
    if (m && m->sliding_window && *m->sliding_window < tokens) result.sliding_window = m->sliding_window;
    return result;
}

}  // namespace programs
