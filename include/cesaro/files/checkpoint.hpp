// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The weights of a decoder in the files of Hugging Face transformers.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/decoder/streamed_decoder.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/equals.hpp>
#include <cesaro/files/detail/pending_file.hpp>
#include <cesaro/files/detail/printable.hpp>
#include <cesaro/files/safetensors.hpp>
#include <cesaro/files/tensor_names.hpp>
#include <cesaro/files/tensor_view.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cesaro {

namespace detail {

/// The name without the prefix of the base model, such as `model.decoder.`, of which checkpoints have all,
/// the end, or nothing.
inline std::string base_name(std::string_view base, std::string_view name) {
    while (!base.empty() && !name.starts_with(base))
        base.remove_prefix(base.find('.') + 1);
    return std::string(name.substr(base.size()));
}

/// Whether a tensor of a checkpoint, by its base name, is none of the decoder's weights: the constants that old
/// checkpoints store (causal masks, RoPE wavelengths), and the layer that predicts further tokens.
inline bool is_no_weight(const tensor_names& names, const decoder_config& config, std::string_view base) {
    const auto ends = {".attn.bias", ".attention.bias", ".masked_bias", ".rotary_emb.inv_freq"};
    return std::ranges::any_of(ends, [&](std::string_view end) { return base.ends_with(end); }) ||
           (names.predicts_further &&
            base.starts_with(std::string(names.layers) + std::to_string(config.layers) + "."));
}

/// What to say of a tensor that the decoder does not have.
inline std::string why_unknown(std::string_view name) {
    if (name.ends_with("_blocks") || name.ends_with("_scales")) {
        return "is one half of weights in MXFP4, which is not read: convert the checkpoint to BF16";
    }
    if (name.ends_with("_scale_inv") || name.ends_with(".qweight") || name.ends_with(".qzeros") ||
        name.ends_with(".SCB") || name.ends_with(".absmax") || name.ends_with("weight_scale")) {
        return "belongs to quantised weights, which are not read: convert the checkpoint to BF16";
    }
    return "is no part of the decoder that the config describes";
}

/// Throws std::invalid_argument unless the names of the family cover all weights of the description.
template <class Real>
void check_all_named(std::string_view function, const decoder_config& config,
                     const decoder_weights<Real>& weights) {
    double named = -double(weights.unembedding.size() + weights.unembedding_bias.size());
    for_each_tensor(config, weights, [&](const auto& view) { named += double(view.size()); });
    if (!equals(named, weight_count(config))) {
        throw_invalid_argument(function, "model_type", "'" + printable(config.model_type) + "'",
                               "must be that of a family whose tensors hold all weights of the description");
    }
}

/// Copies the values of a stored tensor into the weights.
template <class Real>
void copy_into(const tensor_view<Real>& view, const Eigen::VectorX<Real>& values) {
    using stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    for (const tensor_part<Real>& part : view.parts) {
        const Eigen::Map<const nn::weight_matrix<Real>, 0, stride> stored(
            values.data() + part.offset, part.rows, part.cols, stride(part.row_stride, part.column_stride));
        Eigen::Map<nn::weight_matrix<Real>>(part.values, part.rows, part.cols) =
            (stored.array() - Real(view.shift)).matrix();
    }
}

/// The entries [first, first + out.size()) of the stored tensor, from one part of it.
template <class Real>
void copy_from(const tensor_view<const Real>& view, const tensor_part<const Real>& part, Eigen::Index first,
               std::span<float> out) {
    // The outer index moves in the longer steps: entries of one of its values lie within one step.
    const bool rows_outside = part.row_stride >= part.column_stride;
    const Eigen::Index outer_stride = rows_outside ? part.row_stride : part.column_stride;
    const Eigen::Index inner_stride = rows_outside ? part.column_stride : part.row_stride;
    const Eigen::Index outer = rows_outside ? part.rows : part.cols;
    const Eigen::Index inner = rows_outside ? part.cols : part.rows;
    const Eigen::Index last = first + Eigen::Index(out.size());
    const Eigen::Index extent = (inner - 1) * inner_stride;
    Eigen::Index o = std::max<Eigen::Index>(0, (first - part.offset - extent) / outer_stride);
    for (; o < outer && part.offset + o * outer_stride < last; ++o) {
        const Eigen::Index begin = part.offset + o * outer_stride;
        Eigen::Index i = std::max<Eigen::Index>(0, (first - begin + inner_stride - 1) / inner_stride);
        for (; i < inner && begin + i * inner_stride < last; ++i) {
            const Real& value = part.values[rows_outside ? o * part.cols + i : i * part.cols + o];
            out[std::size_t(begin + i * inner_stride - first)] =
                to_float("save_weights", view.name, Real(value + Real(view.shift)));
        }
    }
}

}  // namespace detail

/// What load_weights() found in a checkpoint.
struct loaded_tensors {
    Eigen::Index loaded = 0;                         ///< tensors of the decoder
    std::vector<std::string> passed_over = {};       ///< names of those that are no weights
    std::map<std::string, Eigen::Index> types = {};  ///< how many are stored as F32, BF16, ...
};

namespace detail {

/// Fills a part of the weights, whose arrays have their shapes, from tensors that visit(wanted, sink) hands over,
/// wherever they are.
/// \param in_part says of a base name whether it belongs to the part; others are not looked at.
template <class Real, class InPart, class Visit>
loaded_tensors fill_weights(const file_context& context, const decoder_config& config,
                            decoder_weights<Real>& weights, const InPart& in_part, const Visit& visit) {
    using std::isfinite;
    const auto fail = [&](const std::string& name, const std::string& problem) {
        fail_at_tensor(context, name, problem);
    };
    const tensor_names& names = tensor_names_of(config);
    const std::string head = std::string(names.unembedding) + ".";
    std::map<std::string, tensor_view<Real>> views;  // by base name
    std::map<std::string, std::string> stored;       // the checkpoint's names, by base name
    for_each_tensor(config, weights, [&](const tensor_view<Real>& view) {
        const std::string base = base_name(names.base, view.name);
        if (in_part(base)) views.emplace(base, view);
    });
    loaded_tensors found;
    const auto wanted = [&](const std::string& name) {
        const std::string base = base_name(names.base, name);
        if (!in_part(base)) return false;
        if (views.contains(base) || base == head + "weight" || base == head + "bias") {
            const auto [other, first] = stored.emplace(base, name);
            if (!first && other->second != name)
                fail(name, "is there as '" + printable(other->second) + "', too");
            return true;
        }
        if (!is_no_weight(names, config, base)) fail(name, why_unknown(name));
        found.passed_over.push_back(name);
        return false;
    };
    const auto view_of = [&](const std::string& base) -> tensor_view<Real> {
        const Eigen::Index rows = config.vocab_size;
        if (base == head + "weight") {
            weights.unembedding.resize(rows, config.width);
            return {base,
                    {rows, config.width},
                    {{weights.unembedding.data(), rows, config.width, 0, config.width, 1}}};
        }
        if (base == head + "bias") {
            weights.unembedding_bias.resize(rows);
            return {base, {rows}, {{weights.unembedding_bias.data(), rows, 1, 0, 1, 1}}};
        }
        return views.at(base);
    };
    const auto copy = [&](const std::string& name, const tensor<Real>& t, std::string_view type) {
        const tensor_view<Real> view = view_of(base_name(names.base, name));
        if (t.shape != view.shape) {
            fail(name,
                 "has shape " + shape_text(t.shape) + " where the config asks for " + shape_text(view.shape));
        }
        for (Eigen::Index i = 0; i < t.values.size(); ++i) {
            if (!isfinite(t.values[i])) fail(name, "holds a value that is not finite");
        }
        copy_into(view, t.values);
        ++found.loaded;
        ++found.types[std::string(type)];
    };
    visit(tensor_filter(wanted), tensor_sink<Real>(copy));
    for (const auto& [base, view] : views) {
        if (!stored.contains(base)) fail(view.name, "is missing");
    }
    if (stored.contains(head + "bias") && !stored.contains(head + "weight"))
        fail(head + "weight", "is missing");
    return found;
}

/// All weights; see load_weights().
template <class Real, class Visit>
decoder_weights<Real> gather_weights(const file_context& context, const decoder_config& config,
                                     const Visit& visit, loaded_tensors* found = nullptr) {
    decoder_weights<Real> weights = zero_weights<Real>(context.function, config);
    check_all_named(context.function, config, weights);
    loaded_tensors tensors = fill_weights(
        context, config, weights, [](const std::string&) { return true; }, visit);
    if (found != nullptr) *found = std::move(tensors);
    return weights;
}

/// Those of a checkpoint, to be visited in the name of a function.
template <class Real>
auto tensors_of_checkpoint(std::string_view function, const std::filesystem::path& path) {
    return [function, path](const tensor_filter& wanted, const tensor_sink<Real>& sink) {
        visit_checkpoint<Real>(function, path, wanted, sink);
    };
}

/// fill_weights() from a checkpoint.
template <class Real, class InPart>
void read_weights(std::string_view function, const std::filesystem::path& path, const decoder_config& config,
                  decoder_weights<Real>& weights, const InPart& in_part) {
    fill_weights({function, path.string()}, config, weights, in_part,
                 tensors_of_checkpoint<Real>(function, path));
}

/// The layer that a base name belongs to, -1 outside of the layers.
inline Eigen::Index layer_of(const tensor_names& names, std::string_view base) {
    if (!base.starts_with(names.layers)) return -1;
    base.remove_prefix(names.layers.size());
    Eigen::Index layer = -1;
    const auto [end, error] = std::from_chars(base.data(), base.data() + base.size(), layer);
    return error == std::errc() && end != base.data() + base.size() && *end == '.' ? layer : -1;
}

}  // namespace detail

/// The weights of a checkpoint in safetensors format, under the Hugging Face names of the config's family.
///
/// The names are those of tensor_names_of(config); they may have the prefix of the base model
/// (`transformer.`, `model.`) or not. An unembedding (`lm_head.weight`) is loaded where there is one; stored
/// constants (attention masks, RoPE wavelengths) are ignored, as is DeepSeek's layer after the last one, which
/// predicts further tokens. Every other tensor must be one of the decoder's: a bias that the decoder does not
/// have, or a layer too many, is another network, and an error. Quantised weights are refused by name.
///
/// \code
/// const cesaro::decoder_config config = cesaro::read_decoder_config("checkpoint");
/// const cesaro::decoder<float> model(config, cesaro::load_weights("checkpoint", config));
/// \endcode
///
/// \param found where given, says what the checkpoint holds.
/// \param path as in load_safetensors(): a file, an index of shards, or a directory with either
/// \param config as read_decoder_config() reads it from the same path
/// \throws what config.validate() throws; std::invalid_argument when the family of config.model_type is not
///         known or has no names for all weights of the description.
/// \throws std::runtime_error as load_safetensors() does; also when a tensor is missing, has another shape
///         than the config asks for, is no part of the decoder, is there under two names, or holds NaN or
///         infinity. The message names the tensor.
/// \throws std::length_error before anything is allocated when the weights do not fit in memory.
/// Cost: one pass over the checkpoint; memory for the weights, the largest tensor and what load_safetensors()
/// needs for a header.
/// Accuracy: every number as it is stored, but F64 is rounded to nearest where Real is narrower, and Gemma's
/// gains, stored less one, once more.
template <real_scalar Real = float>
decoder_weights<Real> load_weights(const std::filesystem::path& path, const decoder_config& config,
                                   loaded_tensors* found = nullptr) {
    return detail::gather_weights<Real>({"load_weights", path.string()}, config,
                                        detail::tensors_of_checkpoint<Real>("load_weights", path), found);
}

/// The decoder of a checkpoint, each of whose layers is read when a pass comes to it: for networks that do not
/// fit in memory. The unembedding is not read.
/// \throws as load_weights() does, of a layer's tensors when the layer is read.
/// Cost: what is outside of the layers at once; then, for every measurement, each layer twice and the token
/// embedding once. Memory: the token embedding while tokens are embedded; a layer, and its largest tensor once
/// more, while a pass is there.
template <real_scalar Real = float>
[[nodiscard]] streamed_decoder<Real> stream_weights(const std::filesystem::path& path,
                                                    const decoder_config& config) {
    const char* const function = "stream_weights";
    config.validate();
    detail::check_all_attend(function, config);
    const tensor_names& names = tensor_names_of(config);
    const auto with_shapes = [config](auto&& part, decoder_weights<Real>& weights) {
        const detail::undrawn_weights undrawn;
        detail::weight_list list(config, undrawn);
        part(list, weights);
    };
    const auto is_head = [&names](const std::string& base) {
        return base.starts_with(std::string(names.unembedding) + ".");
    };
    const auto token_embedding_name = [&] {
        std::string name;
        decoder_weights<Real> one;
        one.token_embedding.resize(1, 1);
        for_each_tensor(config, one, [&](const tensor_view<Real>& view) { name = view.name; });
        return detail::base_name(names.base, name);
    }();
    decoder_weights<Real> outside;
    with_shapes(
        [&](auto& list, auto& w) {
            list.embeddings(w);
            list.end(w);
        },
        outside);
    outside.token_embedding.resize(0, 0);
    detail::read_weights(function, path, config, outside, [&](const std::string& base) {
        const Eigen::Index layer = detail::layer_of(names, base);
        return layer < 0 ? base != token_embedding_name && !is_head(base) : layer >= config.layers;
    });
    const auto tokens = [path, config, with_shapes,
                         token_embedding_name](const std::vector<Eigen::Index>& ids) {
        decoder_weights<Real> weights;
        weights.token_embedding.resize(config.vocab_size, config.width);
        detail::read_weights("stream_weights", path, config, weights,
                             [&](const std::string& base) { return base == token_embedding_name; });
        Eigen::MatrixX<Real> rows(config.width, Eigen::Index(ids.size()));
        for (Eigen::Index t = 0; t < rows.cols(); ++t)
            rows.col(t) = weights.token_embedding.row(ids[std::size_t(t)]).transpose();
        return rows;
    };
    const auto block = [path, config, with_shapes, &names](Eigen::Index layer) {
        decoder_weights<Real> weights;
        weights.blocks.resize(std::size_t(config.layers));
        with_shapes([&](auto& list, auto& w) { list.block(layer, w.blocks[std::size_t(layer)]); }, weights);
        detail::read_weights("stream_weights", path, config, weights,
                             [&](const std::string& base) { return detail::layer_of(names, base) == layer; });
        return std::move(weights.blocks[std::size_t(layer)]);
    };
    return {config, std::move(outside), tokens, block};
}

namespace detail {

/// save_weights(), into a file of any name.
template <class Real>
void write_weights(std::string_view function, const std::filesystem::path& file, const decoder_config& config,
                   const decoder_weights<Real>& weights) {
    std::vector<tensor_source> sources;
    for_each_tensor(config, weights, [&sources](const tensor_view<const Real>& view) {
        const auto fill = [view](Eigen::Index first, std::span<float> out) {
            for (const tensor_part<const Real>& part : view.parts)
                copy_from(view, part, first, out);
        };
        sources.push_back({view.name, view.shape, fill});
    });
    write_safetensors(function, file, sources);
}

}  // namespace detail

/// Writes the weights as `model.safetensors` in a directory, which is made if need be: F32, Hugging Face
/// names, the layout that transformers' from_pretrained() reads next to the `config.json` of
/// save_decoder_config().
///
/// \throws what config.validate() throws.
/// \throws std::invalid_argument when the weights do not have the shapes that the config says, or its family
///         has no names for all of them.
/// \throws std::domain_error naming the tensor when a finite weight becomes infinite as F32.
/// \throws std::runtime_error when the file cannot be written. `model.safetensors` is then what it was
///         before.
/// Cost: one pass over the weights; 2 MB of memory and the header.
/// Accuracy: each weight rounded to nearest.
template <real_scalar Real>
void save_weights(const std::filesystem::path& directory, const decoder_config& config,
                  const decoder_weights<Real>& weights) {
    config.validate();
    detail::check_weight_shapes("save_weights", config, weights);
    detail::check_all_named("save_weights", config, weights);
    detail::make_directory("save_weights", directory);
    detail::write_weights("save_weights", directory / "model.safetensors", config, weights);
}

}  // namespace cesaro
