// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/files/detail/config_reader.hpp>
#include <cesaro/files/detail/family_parts.hpp>
#include <cesaro/files/detail/json.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Which layers of any decoder attend, and which see a window: the keys that say so, under all their names.
namespace cesaro::detail {

inline constexpr key_names depth_names = {"num_hidden_layers", "n_layer", "n_layers", "num_layers",
                                          "num_transformer_layers"};
inline constexpr key_names context_names = {"max_position_embeddings",
                                            "n_positions",
                                            "n_ctx",
                                            "max_seq_len",
                                            "seq_length",
                                            "max_sequence_length",
                                            "max_seq_length",
                                            "max_context_length",
                                            "context_length",
                                            "model_max_length"};

/// The count under the first of the names that is there.
inline std::optional<Eigen::Index> find_count(const config_reader& in, key_names keys) {
    const char* const key = in.first(keys);
    if (key == nullptr) return std::nullopt;
    const Eigen::Index count = *in.natural(key);
    if (count == 0) in.fail(key, "= 0 must be at least 1");
    return count;
}

/// Layers by their entries in `pattern`.
class layer_marks {
  public:
    layer_marks(const config_reader& in, std::vector<layer_config>& layers) : in_(&in), layers_(&layers) {}

    /// Marks those layers that do not attend, by each key that there is.
    void attention() const {
        if (never_attends()) mark([](Eigen::Index) { return false; });
        kinds("layers_block_type");
        letters();
        blocks();
        if (const auto period = find_count(*in_, {"attn_layer_period"})) {
            const Eigen::Index offset = in_->natural("attn_layer_offset").value_or(0);
            mark([&](Eigen::Index l) { return l % *period == offset; });
        }
        if (const auto interval = find_count(*in_, {"full_attention_interval"}))
            if (!in_->has("layer_types")) mark([&](Eigen::Index l) { return (l + 1) % *interval == 0; });
        for (const char* const key :
             {"attn_layer_indices", "attn_layer_idx", "full_attn_idxs", "hybrid_layer_ids"})
            if (in_->has(key) && !in_->has("layer_types") && !in_->has("layers_block_type"))
                indices(*in_, key, 0);
        if (in_->has("attn_type_list")) {
            const std::vector<Eigen::Index> types = in_->naturals("attn_type_list");
            in_->check_per_layer("attn_type_list", Eigen::Index(types.size()), Eigen::Index(layers_->size()));
            mark([&](Eigen::Index l) { return types[std::size_t(l)] != 0; });
        }
        if (const auto linear = in_->object("linear_attn_config"))
            if (linear->has("full_attn_layers")) indices(*linear, "full_attn_layers", 1);
        in_turn("block_types");
    }

    /// The windows of a model_type that is in no table.
    void windows() const {
        const std::vector<std::string> types = in_->per_layer("layer_types", Eigen::Index(layers_->size()));
        const Eigen::Index chunk = in_->natural("attention_chunk_size").value_or(0);
        const bool on = in_->boolean("use_sliding_window").value_or(true);
        Eigen::Index window =
            on ? find_count(*in_, {"sliding_window", "sliding_window_size", "attention_window_size"})
                     .value_or(0)
               : 0;
        if (!types.empty()) {
            for (std::size_t l = 0; l < layers_->size(); ++l) {
                layer_config& layer = (*layers_)[l];
                layer.attends = layer.attends && kind_attends(types[l]);
                layer.window = types[l] == "sliding_attention"   ? window
                               : types[l] == "chunked_attention" ? chunk
                                                                 : 0;
            }
            return;
        }
        const Eigen::Index first =
            window > 0 && in_->has("use_sliding_window") ? in_->natural("max_window_layers").value_or(0) : 0;
        Eigen::Index every = 0;  // of which the last sees all
        std::string letters;     // of which L is local
        if (const json* const pattern = in_->find("sliding_window_pattern")) {
            letters = json_text(*pattern).value_or("");
            if (letters.empty()) every = in_->natural("sliding_window_pattern", *pattern);
        }
        if (window == 0 && chunk > 0) {
            window = chunk;
            every = find_count(*in_, {"no_rope_layer_interval"}).value_or(4);
        }
        for (std::size_t l = 0; l < layers_->size(); ++l) {
            const bool all = Eigen::Index(l) < first || (every > 0 && (Eigen::Index(l) + 1) % every == 0) ||
                             (!letters.empty() && letters[l % letters.size()] != 'L');
            (*layers_)[l].window = all ? 0 : window;
        }
    }

  private:
    /// Whole models without attention.
    bool never_attends() const {
        constexpr std::array<std::string_view, 5> types{"mamba", "mamba2", "falcon_mamba", "xlstm", "rwkv"};
        const std::string type = in_->text("model_type").value_or("");
        return std::find(types.begin(), types.end(), type) != types.end() || type.starts_with("rwkv") ||
               (in_->has("ssm_cfg") && !in_->has("attn_layer_idx"));
    }
    template <class Attends>
    void mark(const Attends& attends) const {
        for (std::size_t l = 0; l < layers_->size(); ++l)
            (*layers_)[l].attends = (*layers_)[l].attends && attends(Eigen::Index(l));
    }
    /// One kind for each layer.
    void kinds(const char* key) const {
        const std::vector<std::string> names = in_->per_layer(key, Eigen::Index(layers_->size()));
        if (!names.empty()) mark([&](Eigen::Index l) { return kind_attends(names[std::size_t(l)]); });
    }
    /// Kinds that the layers take in turn.
    void in_turn(const char* key) const {
        std::vector<bool> attends;
        for (const json* const item : in_->list(key))
            attends.push_back(kind_attends(json_text(*item).value_or("")));
        if (!attends.empty()) mark([&](Eigen::Index l) { return attends[std::size_t(l) % attends.size()]; });
    }
    /// A letter for each layer: Mamba, attention (*), feed-forward (-), experts (E).
    void letters() const {
        const auto pattern = in_->text("hybrid_override_pattern");
        if (!pattern) return;
        in_->check_per_layer("hybrid_override_pattern", Eigen::Index(pattern->size()),
                             Eigen::Index(layers_->size()));
        const std::size_t other = pattern->find_first_not_of("M*-E");
        if (other != std::string::npos) {
            in_->fail("hybrid_override_pattern", "has a layer '" + printable(pattern->substr(other, 1)) +
                                                     "', which is none of M, *, - and E");
        }
        mark([&](Eigen::Index l) { return (*pattern)[std::size_t(l)] == '*'; });
    }
    /// Blocks of which the search for a smaller network took the attention away.
    void blocks() const {
        const std::vector<const json*> items = in_->list("block_configs");
        if (!in_->has("block_configs")) return;
        in_->check_per_layer("block_configs", Eigen::Index(items.size()), Eigen::Index(layers_->size()));
        for (std::size_t l = 0; l < items.size(); ++l) {
            const config_reader block = in_->within("block_configs", *items[l]);
            const auto attention = block.object("attention");
            if (!attention) continue;
            layer_config& layer = (*layers_)[l];
            layer.attends = !attention->boolean("no_op").value_or(false) &&
                            !attention->boolean("replace_with_linear").value_or(false);
            layer.window = attention->natural("window_length").value_or(layer.window);
        }
    }
    /// A list of the layers that attend.
    void indices(const config_reader& in, const char* key, Eigen::Index first) const {
        const std::vector<Eigen::Index> list = in.naturals(key);
        const std::set<Eigen::Index> attending(list.begin(), list.end());
        mark([&](Eigen::Index l) { return attending.contains(l + first); });
    }

    const config_reader* in_;
    std::vector<layer_config>* layers_;
};

}  // namespace cesaro::detail
