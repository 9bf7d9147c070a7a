// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "model.hpp"

#include "program.hpp"
#include "text.hpp"

#include <cesaro/files/config_json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <sstream>
#include <system_error>
#include <utility>

namespace programs {

using Eigen::Index;

namespace {

/// Parts of names that say whose a model is, or of which release: one configuration.
constexpr const char* other_parts[] = {"hf", "deduped", "v0.1", "1124", "4k", "meta"};
/// Parts that say how it was trained: one network, which may be said to have another context.
constexpr const char* training_parts[] = {"instruct", "it", "chat", "base", "pt"};

template <class Parts>
bool is_one_of(const Parts& parts, const std::string& part) {
    return std::find(std::begin(parts), std::end(parts), part) != std::end(parts);
}

/// "meta-llama/Meta-Llama-3.1-8B-Instruct" as the table has it, llama-3.1-8b, and whether it said how it was trained.
std::pair<std::string, bool> canonical(std::string_view name) {
    std::string lower(name.substr(name.rfind('/') + 1));  // all of it where there is none
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    std::replace(lower.begin(), lower.end(), '_', '-');
    std::istringstream parts(lower);
    std::string kept;
    bool trained = false;
    for (std::string part; std::getline(parts, part, '-');) {
        trained = trained || is_one_of(training_parts, part);
        if (is_one_of(training_parts, part) || is_one_of(other_parts, part)) continue;
        kept += (kept.empty() ? "" : "-") + part;
    }
    return {kept, trained};
}

/// Letters to insert, remove or replace to make one word of the other (Levenshtein).
std::size_t edits(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t(0));
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

/// How many letters and digits both begin with.
std::size_t common_beginning(std::string_view a, std::string_view b) {
    const auto plain = [](std::string_view text) {
        std::string kept;
        std::copy_if(text.begin(), text.end(), std::back_inserter(kept),
                     [](unsigned char c) { return std::isalnum(c) != 0; });
        return kept;
    };
    const std::string x = plain(a), y = plain(b);
    return std::size_t(std::mismatch(x.begin(), x.end(), y.begin(), y.end()).first - x.begin());
}

/// The nearest names, at most three, if they are near, or else such as begin like it.
std::vector<std::string> near_names(const std::string& name) {
    if (name.size() > 40) return {};
    std::size_t least = 1 + name.size() / 4;
    std::vector<std::string> near;
    for (const known_model& m : known_models()) {
        const std::size_t distance = edits(name, m.name);
        if (distance < least) near.clear();
        if (distance <= least) near.push_back(m.name);
        least = std::min(least, distance);
    }
    if (near.empty()) {
        std::size_t most = 4;
        for (const known_model& m : known_models()) {
            const std::size_t common = common_beginning(name, m.name);
            if (common > most) near.clear();
            if (common >= most) near.push_back(m.name);
            most = std::max(most, common);
        }
    }
    if (near.size() > 3) near.resize(3);
    return near;
}

/// Both readings of a configuration: the outline must be there.
template <class ReadOutline, class ReadConfig>
chosen_model both(const std::string& source, const ReadOutline& read_the_outline,
                  const ReadConfig& read_the_config) {
    chosen_model m{.outline = read_the_outline(), .source = source};
    const auto idle = m.outline.layers.size() - std::size_t(m.outline.attending());
    try {
        m.config = read_the_config();
    } catch (const std::exception& error) {
        m.lacking = error.what();
    }
    if (m.config && idle > 0) {
        m.config = {};
        m.lacking = fmt::format("'{}': {} of {} do not attend", source, idle, counted(m.layers(), "layer"));
    }
    return m;
}

chosen_model parsed(const std::string& text, const std::string& name, const std::string& shown) {
    return both(
        shown,
        [&] {
            cesaro::model_outline outline = cesaro::parse_model_outline(text, shown);
            outline.name = name;
            return outline;
        },
        [&] { return cesaro::parse_decoder_config(text, shown); });
}

}  // namespace

Index chosen_model::tokens_or_own(Index tokens) const {
    if (tokens > 0) return tokens;
    if (outline.context) return *outline.context;
    throw usage_error(
        fmt::format("'{}' has no key max_position_embeddings (or n_positions): give --tokens", source));
}

chosen_model find_model(std::string_view name) {
    const auto& [wanted, trained] = canonical(name);
    const auto& models = known_models();
    const auto found =
        std::find_if(models.begin(), models.end(),
                     [&wanted_name = wanted](const known_model& m) { return m.name == wanted_name; });
    if (found != models.end()) {
        chosen_model model = parsed(found->config, found->name, found->name);
        if (trained)
            model.outline.notes.push_back(
                fmt::format("the configuration is that of {}; if the one of '{}' has another context, give "
                            "--tokens or --config",
                            found->name, printable(shortened(std::string(name), 80))));
        return model;
    }
    const std::vector<std::string> near = near_names(wanted);
    std::vector<std::string> known;
    for (const known_model& m : models)
        known.push_back(m.name);
    throw usage_error(
        fmt::format("unknown model '{}'{}; known models: {}", shortened(name, 80),
                    near.empty() ? "" : fmt::format(", did you mean {}?", fmt::join(near, " or ")),
                    fmt::join(known, ", ")));
}

chosen_model read_model(const std::string& file) {
    if (file == "-") return parsed(read_text(file), "standard input", "standard input");
    return both(
        file, [&] { return read_outline(file); }, [&] { return cesaro::read_decoder_config(file); });
}

chosen_model find_or_read_model(const std::string& name) {
    std::error_code ignored;
    const bool is_file = name == "-" || name.ends_with(".json") || std::filesystem::exists(name, ignored);
    return is_file ? read_model(name) : find_model(name);
}

cesaro::model_outline read_outline(const std::string& file) {
    check_input(file);
    check_input((std::filesystem::path(file) / "config.json").string());
    cesaro::model_outline outline = cesaro::read_model_outline(file);
    outline.name = printable(outline.name);
    return outline;
}

std::vector<std::string> notes_beside_prediction(const cesaro::model_outline& outline, Index tokens,
                                                 const std::string& rows) {
    std::vector<std::string> notes = outline.notes_on(tokens);
    for (std::string& note : notes)
        if (note.starts_with("layers are taken to") || note.starts_with("its ALiBi"))
            note = fmt::format("in {} {}", rows, note);
    return notes;
}

}  // namespace programs
