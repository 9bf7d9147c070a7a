// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "schedule_options.hpp"

#include "program.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string_view>

namespace programs {

using Eigen::Index;

namespace {

constexpr Index most_tokens = Index(1) << 62;

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

struct content_line {
    int number;  ///< in its file
    std::string text;
};

/// The lines that hold something, without comments.
std::vector<content_line> content_lines(const std::string& text) {
    std::vector<content_line> lines;
    std::istringstream stream(text);
    int number = 0;
    for (std::string line; std::getline(stream, line);) {
        ++number;
        line.erase(std::min(line.find('#'), line.size()));
        line.erase(line.find_last_not_of(" \t\r") + 1);
        if (!line.empty()) lines.push_back({number, line});
    }
    return lines;
}

/// "0,25": one number as half of the world writes it, or two?
bool has_decimal_comma(const content_line& line) {
    const std::size_t comma = line.text.find(',');
    return comma > 0 && comma != std::string::npos && comma + 1 < line.text.size() &&
           line.text.find_first_not_of("0123456789,") == std::string::npos &&
           line.text.find(',', comma + 1) == std::string::npos;
}

/// One or more coefficients a line, of which the last may be followed by a comma; `#` starts a comment.
std::vector<double> read_coefficients(const std::string& file) {
    const std::vector<content_line> lines = content_lines(read_text(file));
    if (lines.empty()) throw usage_error(fmt::format("'{}' holds no numbers", file));
    // A single 0,1 is a list that one may mean.
    if (std::all_of(lines.begin(), lines.end(), has_decimal_comma) &&
        (lines.size() > 1 || lines[0].text.size() > 3)) {
        throw usage_error(
            fmt::format("'{}' line {}: '{}' looks like a number with a decimal comma; write a point, or a "
                        "blank after a comma that separates",
                        file, lines[0].number, lines[0].text));
    }
    std::vector<double> numbers;
    for (const auto& [number, text] : lines) {
        append_coefficients(numbers, fmt::format("'{}' line {}", file, number),
                            text.substr(0, text.size() - (text.back() == ',')));
    }
    return numbers;
}

}  // namespace

void schedule_options::add_to(CLI::App& app, const std::string& unless_given) {
    const auto parse = [this](const std::string& text) { alpha = parse_share("--" + name, text); };
    auto* one = app.add_option_function<std::string>(
                       "--" + name, parse,
                       fmt::format("Mixing coefficient of every layer, in [0, 1]; 1 is attention only [{}]",
                                   unless_given))
                    ->type_name("A");
    auto* list =
        add_word(app, "--" + name + "s", alphas, "LIST",
                 fmt::format("Mixing coefficients {0}0,{0}1,..., one a layer, layer 0 first", name[0]));
    auto* file = add_word(app, "--" + name + "s-file", alphas_file, "FILE",
                          "File of mixing coefficients, one a layer; # comments");
    one->excludes(list)->excludes(file);
    list->excludes(file);
}

cesaro::mixing_schedule<double> schedule_options::schedule(std::optional<Index> depth) const {
    std::vector<double> values;
    std::string source;
    if (!alphas_file.empty()) {
        values = read_coefficients(alphas_file);
        source = "'" + alphas_file + "'";
    } else if (!alphas.empty()) {
        source = "--" + name + "s";
        append_coefficients(values, source, alphas);
    } else {
        if (!depth) throw usage_error("how many layers? give --layers, --alphas or --alphas-file");
        if (!alpha) {
            throw usage_error(
                "how much does each layer attend? give --alpha, --alphas or "
                "--alphas-file; or a model that says so, --model or --config");
        }
        return cesaro::mixing_schedule<double>::constant(*depth, *alpha);
    }
    if (depth && Index(values.size()) != *depth) {
        throw usage_error(fmt::format("{} has {} for {}", source,
                                      counted(Index(values.size()), "coefficient"),
                                      counted(*depth, "layer")));
    }
    check_layers(source, Index(values.size()));
    return cesaro::mixing_schedule<double>(
        Eigen::Map<const Eigen::VectorXd>(values.data(), Index(values.size())));
}

void check_layers(const std::string& source, Index layers) {
    check_count(source + ": number of layers", layers, 0, most_layers);
}

CLI::Option* add_layers(CLI::App& app, Index& layers, const std::string& description, Index least) {
    return add_count(app, "--layers,--depth", layers, least, most_layers, description);
}

CLI::Option* add_tokens(CLI::App& app, Index& tokens, const std::string& unless_given) {
    return add_count(
        app, "--tokens", tokens, 1, most_tokens,
        fmt::format("Context length N: the last token, the query, is at N-1 [{}]", unless_given));
}

std::vector<Index> parse_tokens(const std::string& what, const std::vector<std::string>& texts) {
    return parse_counts(what, texts, 1, most_tokens);
}

std::vector<Index> parse_depths(const std::string& what, const std::vector<std::string>& texts) {
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

CLI::Option* add_models(CLI::App& app, std::vector<std::string>& names, const std::string& description) {
    const auto keep = [&names](const std::vector<std::string>& words) {
        names.clear();
        for (const std::string& word : words)
            for (const std::string& name : split_list(word))
                names.push_back(name);
        if (std::find(names.begin(), names.end(), "") != names.end())
            throw usage_error("--model: must not be empty");
    };
    return app.add_option_function<std::vector<std::string>>("--model", keep, description)
        ->type_name("NAME")
        ->allow_extra_args(false);
}

void network_options::add_to(CLI::App& app) {
    auto* name = add_models(
        app, model_names,
        "A public model by name; several, apart by commas, are compared; an unknown name lists them");
    auto* file = add_word(app, "--config", config, "FILE", "A model's Hugging Face config.json");
    add_tokens(app, tokens, "the model's");
    auto* count = add_layers(app, layers, "Number of layers");
    name->excludes(file)->excludes(count);
    file->excludes(count);
    mixing.add_to(app, "predicted from the model");
}

std::optional<chosen_model> one_model(const std::vector<std::string>& names, const std::string& config) {
    if (names.size() > 1) throw usage_error(fmt::format("--model: one is asked for, not {}", names.size()));
    std::optional<chosen_model> m;
    if (!names.empty()) m = find_model(names.front());
    if (!config.empty()) m = read_model(config);
    if (m) check_layers("'" + m->source + "'", m->layers());
    return m;
}

network resolve(const network_options& options) {
    const std::optional<chosen_model> m = options.model();
    if (!m && options.tokens == 0)
        throw usage_error("which network? give --model, --config, or --tokens with --layers");
    const Index tokens = m ? m->tokens_or_own(options.tokens) : options.tokens;
    std::optional<Index> layers;
    if (m) layers = m->layers();
    if (options.layers >= 0) layers = options.layers;
    const cesaro::mixing_schedule<double> all = options.mixing.schedule(layers);
    if (!m) return {"", tokens, all, all.alphas(), {}};
    Eigen::VectorXd alphas = all.alphas();
    std::vector<double> attending;
    for (Index l = 0; l < alphas.size(); ++l) {
        if (m->outline.layers[std::size_t(l)].attends) {
            attending.push_back(alphas[l]);
        } else {
            alphas[l] = 0;
        }
    }
    return {m->outline.name, tokens, cesaro::mixing_schedule<double>(attending), alphas,
            m->outline.notes_on(tokens)};
}

}  // namespace programs
