// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "decoder_description.hpp"

#include "common/program.hpp"
#include "common/text.hpp"

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/files/describe_config.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace programs {

using cesaro::config_member;
using cesaro::decoder_config;
using nlohmann::ordered_json;

namespace {

/// The description that says nothing, but that what is optional is there.
decoder_config plain(const decoder_config& c) {
    decoder_config none;
    if (c.rope) none.rope.emplace();
    if (c.local_rope) none.local_rope.emplace();
    if (c.latent) none.latent.emplace();
    if (c.experts) none.experts.emplace();
    return none;
}

std::string layer_text(const cesaro::layer_config& layer) {
    std::string text = layer.window > 0 ? fmt::format("window {}", layer.window) : "all of the past";
    if (!layer.attends) text = "no attention";
    if (!layer.rope) text += ", no RoPE";
    if (layer.experts) text += ", experts";
    return text;
}

/// Runs of layers that are alike: "5 x (window 512), 1 x (all of the past)".
std::string pattern_text(const decoder_config& c) {
    std::string text;
    for (std::size_t first = 0; first < c.pattern.size();) {
        const std::string said = layer_text(c.pattern[first]);
        std::size_t end = first;
        while (end < c.pattern.size() && layer_text(c.pattern[end]) == said)
            ++end;
        text += fmt::format("{}{} x ({})", text.empty() ? "" : ", ", end - first, said);
        first = end;
    }
    return text;
}

/// Members that are not at their defaults; the base of RoPE wherever there is one.
std::vector<config_member> told(const decoder_config& c) {
    std::vector<config_member> members;
    const std::vector<config_member> none = cesaro::describe_config(plain(c));
    const std::vector<config_member> all = cesaro::describe_config(c);
    for (std::size_t i = 0; i < all.size(); ++i)
        if (all[i].value != none[i].value || all[i].name.ends_with("rope.theta")) members.push_back(all[i]);
    for (config_member& m : members) {
        if (m.name == "pattern") m.value = pattern_text(c);
        std::erase(m.value, '"');
    }
    return members;
}

/// "rope.theta" is theta in an object rope.
ordered_json description_json(const decoder_config& c) {
    ordered_json json;
    for (const auto& [name, value] : cesaro::describe_config(c)) {
        const std::size_t dot = name.find('.');
        ordered_json& place =
            dot == std::string::npos ? json[name] : json[name.substr(0, dot)][name.substr(dot + 1)];
        place = ordered_json::parse(value);
    }
    return json;
}

}  // namespace

void prepare(destinations& files, const chosen_decoder& decoder, const output_options& output) {
    const std::vector<config_member> members = told(decoder.config);
    const auto column = columns_over(members);
    const report r{.heading = fmt::format("{}: what was read of it", decoder.outline.name),
                   .facts = {{"model", decoder.outline.name}},
                   .rows_name = "members",
                   .rows = {column("member", [](const config_member& m) { return m.name; }),
                            column("value", [](const config_member& m) { return m.value; })},
                   .notes = decoder.outline.notes};
    if (output.format != output_format::json) return files.prepare(r);
    ordered_json json = preface(r);
    json["decoder"] = description_json(decoder.config);
    for (const std::string& note : r.notes)
        print_note(note);
    files.prepare(to_text(json));
}

}  // namespace programs
