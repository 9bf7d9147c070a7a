// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// What the theory of influence needs to know of a decoder, from its `config.json`.

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/files/detail/config_keys.hpp>
#include <cesaro/files/detail/config_reader.hpp>
#include <cesaro/files/detail/decoder_object.hpp>
#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/json.hpp>
#include <cesaro/files/detail/layer_kinds.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cesaro {

/// A decoder as the theory of influence sees it: which layers move what a position holds to later ones.
struct model_outline {
    std::string name = {};                  ///< of its file, or its directory's of a plain `config.json`
    std::string model_type = {};            ///< as the file has it; empty where it has none
    std::vector<layer_config> layers = {};  ///< `attends` and `window` of each, layer 0 first
    std::optional<Eigen::Index> context =
        {};                               ///< tokens that it was built to read, where something limits them
    bool learned_positions = false;       ///< no longer prompt can be read
    bool alibi = false;                   ///< scores favour near positions
    std::vector<std::string> notes = {};  ///< what was read, and what was left out

    /// Layers that attend.
    Eigen::Index attending() const {
        return Eigen::Index(
            std::count_if(layers.begin(), layers.end(), [](const auto& l) { return l.attends; }));
    }
    /// What influence over the whole past of so many tokens leaves out of this decoder; `notes` first.
    std::vector<std::string> notes_on(Eigen::Index tokens) const;
};

inline std::vector<std::string> model_outline::notes_on(Eigen::Index tokens) const {
    std::vector<std::string> all = notes;
    if (alibi) all.emplace_back("its ALiBi, which favours near positions, is left out of the influence");
    const auto number = [](auto n) { return std::to_string(n); };
    const auto depth = Eigen::Index(layers.size());
    if (attending() < depth)
        all.push_back(number(depth - attending()) + " of " + number(depth) +
                      " layers do not attend: they move nothing from one position to another");
    if (context && tokens > *context) {
        all.push_back(number(tokens) + " tokens are more than the " + number(*context) +
                      (learned_positions ? " positions that this model has learned"
                                         : " that this model was built to read"));
    }
    // The least window, and how many layers have one that matters.
    Eigen::Index least = tokens;
    Eigen::Index most = 0;
    Eigen::Index count = 0;
    for (const layer_config& layer : layers) {
        if (!layer.attends || layer.window == 0 || layer.window >= tokens) continue;
        least = std::min(least, layer.window);
        most = std::max(most, layer.window);
        ++count;
    }
    if (count > 0) {
        const std::string width = (least == most ? "" : number(least) + " to ") + number(most) + " tokens";
        const std::string who = count == attending() ? "this model's sliding window is "
                                                     : "in " + number(count) + " of this model's " +
                                                           number(attending()) + " the sliding window is ";
        all.push_back("layers are taken to see the whole past; " + who + width);
    }
    return all;
}

/// The outline of a description, without a name.
inline model_outline outline_of(const decoder_config& config) {
    model_outline outline{.model_type = config.model_type,
                          .learned_positions = config.learned_positions,
                          .alibi = config.alibi != alibi_rule::none};
    for (Eigen::Index l = 0; l < config.layers; ++l)
        outline.layers.push_back(config.layer(l));
    if (config.max_positions > 0) outline.context = config.max_positions;
    return outline;
}

namespace detail {

/// By the table, or by the names that keys have in any family.
inline model_outline parse_outline(const file_context& context, std::string_view text) {
    const json object = parse_json_object(context, text);
    const config_reader top(context, object);
    const decoder_object found = find_decoder(top);
    const config_reader& in = found.keys;
    decoder_config c;
    bool chunked = false;
    if (found.family != nullptr) {
        config_keys keys(in, reading::outline, !found.within.empty());
        found.family->exchange(keys, c);
        find_count(in, context_names);  // which are at least 1
        if (c.layers == 0) in.fail(in.first(depth_names), "= 0 must be at least 1");
    } else {
        const auto layers = find_count(in, depth_names);
        if (!layers) in.fail("num_hidden_layers", "(or n_layer) is missing: not a decoder's config.json");
        if (*layers > config_keys::most_layers) in.fail(in.first(depth_names), "must be at most 2^20");
        c.layers = *layers;
        c.max_positions = find_count(in, context_names).value_or(0);
        c.pattern.resize(std::size_t(c.layers));
        layer_marks(in, c.pattern).windows();
        if (in.has("attention_chunk_size")) chunked = true;
        c.alibi = in.boolean("alibi").value_or(false) ? alibi_rule::bloom : alibi_rule::none;
    }
    layer_marks(in, c.pattern).attention();
    model_outline outline = outline_of(c);
    outline.model_type = in.text("model_type").value_or(top.text("model_type").value_or(""));
    if (chunked) outline.notes.emplace_back("its chunks of attention are taken for windows of their length");
    if (!found.within.empty())
        outline.notes.insert(outline.notes.begin(), "the decoder of text is read, in " + found.within);
    return outline;
}

}  // namespace detail

/// The outline of the decoder that a Hugging Face `config.json` describes: of those of read_decoder_config(),
/// and of any other whose layers and whose kinds of layers can be read, whatever is in its blocks. Layers
/// without attention (Mamba, RWKV, linear attention, nothing) do not attend. Only the depth must be there.
/// \throws std::runtime_error as parse_decoder_config() does, but not for what only the blocks need; also
///         when there is no depth.
inline model_outline parse_model_outline(std::string_view text, const std::string& file = "config.json") {
    return detail::parse_outline({"parse_model_outline", file}, text);
}

/// The outline of the decoder that a file describes; see parse_model_outline().
/// \param path as of read_decoder_config()
/// \throws std::runtime_error as parse_model_outline() does; also when the file cannot be read or holds more
///         than 100 MB.
inline model_outline read_model_outline(const std::filesystem::path& path) {
    const std::filesystem::path file = detail::config_file(path);
    const detail::file_context context{"read_model_outline", file.string()};
    model_outline outline =
        detail::parse_outline(context, detail::read_text_file(context, file, detail::longest_json));
    const std::filesystem::path whole = std::filesystem::absolute(file).lexically_normal();
    const std::string directory = whole.parent_path().filename().string();
    const bool plain = whole.stem() == "config" && !directory.empty();
    outline.name = plain ? directory : whole.stem().string();
    return outline;
}

}  // namespace cesaro
