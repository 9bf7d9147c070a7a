// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/decoder/safetensors.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/file.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace cesaro {

namespace detail {

/// The name without the prefix of the base model, which checkpoints have or not.
inline std::string base_name(std::string_view name) {
    for (const std::string_view prefix : {"transformer.", "model."}) {
        if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    }
    return std::string(name);
}

/// The unembedding, and the constants that old checkpoints store: causal masks and RoPE wavelengths.
inline bool is_no_weight(std::string_view name) {
    return name == "lm_head.weight" || name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias") ||
           name.ends_with(".rotary_emb.inv_freq");
}

/// Throws std::invalid_argument unless the weights have the shapes of zero_weights(config).
template <class Real>
void check_weight_shapes(std::string_view function, const decoder_config& config,
                         const decoder_weights<Real>& weights) {
    const Eigen::Index width = config.width;
    const Eigen::Index inner = config.intermediate;
    const auto check_matrix = [&](const std::string& name, const auto& m, Eigen::Index rows,
                                  Eigen::Index cols) {
        check_size(function, "rows of " + name, m.rows(), rows);
        check_size(function, "columns of " + name, m.cols(), cols);
    };
    const auto check_linear = [&](const std::string& name, const auto& linear, Eigen::Index outputs,
                                  Eigen::Index inputs, bool bias) {
        check_matrix(name, linear.matrix, outputs, inputs);
        check_size(function, "bias of " + name, linear.bias.size(), bias ? outputs : 0);
    };
    const auto check_norm = [&](const std::string& name, const auto& norm) {
        check_size(function, "gain of " + name, norm.gain.size(), width);
        check_size(function, "bias of " + name, norm.bias.size(),
                   config.norm() == norm_kind::layer_norm ? width : 0);
    };
    const bool learned = config.has_learned_positions();
    check_matrix("token_embedding", weights.token_embedding, config.vocab_size, width);
    check_matrix("position_embedding", weights.position_embedding, learned ? config.max_positions : 0,
                 learned ? width : weights.position_embedding.cols());
    check_size(function, "number of blocks", Eigen::Index(weights.blocks.size()), config.layers);
    for (const block_weights<Real>& block : weights.blocks) {
        const bool gated = config.feed_forward() == feed_forward_kind::swiglu;
        check_norm("attention_norm", block.attention_norm);
        check_linear("query_key_value", block.query_key_value, config.query_size() + 2 * config.key_size(),
                     width, config.qkv_bias());
        check_linear("attention_output", block.attention_output, width, config.query_size(),
                     config.other_biases());
        check_norm("feed_forward_norm", block.feed_forward_norm);
        check_linear("feed_forward_input", block.feed_forward_input, gated ? 2 * inner : inner, width,
                     config.other_biases());
        check_linear("feed_forward_output", block.feed_forward_output, width, inner, config.other_biases());
    }
    check_norm("final_norm", weights.final_norm);
}

}  // namespace detail

/// The weights of a checkpoint in safetensors format, under the Hugging Face names of the config's family.
///
/// The names may have the prefix of the base model (`transformer.`, `model.`) or not. The unembedding and
/// stored constants (attention masks, RoPE wavelengths) are ignored. Every other tensor must be one of the
/// decoder's: a bias that the decoder does not have, or a layer too many, is another network, and an error.
/// \param path as in load_safetensors()
/// \throws what config.validate() throws.
/// \throws std::runtime_error as load_safetensors() does; also when a tensor is missing, has another shape
///         than the config asks for, is no part of the decoder, is there under two names, or holds NaN or
///         infinity. The message names the tensor.
/// \throws std::length_error before anything is allocated when the weights do not fit in memory.
/// Cost: one pass over the checkpoint; memory for the weights and the largest tensor.
template <real_scalar Real = float>
decoder_weights<Real> load_weights(const std::filesystem::path& path, const decoder_config& config) {
    using std::isfinite;
    const detail::file_context context{"load_weights", path.string()};
    decoder_weights<Real> weights = zero_weights<Real>(config);
    std::map<std::string, tensor_view<Real>> views;  // by base name
    std::map<std::string, std::string> stored;       // the checkpoint's names, by base name
    for_each_tensor(config, weights,
                    [&](const auto& view) { views.emplace(detail::base_name(view.name), view); });
    const auto wanted = [&](const std::string& name) {
        const std::string base = detail::base_name(name);
        if (views.contains(base)) {
            const auto [other, first] = stored.emplace(base, name);
            if (!first && other->second != name)
                context.fail(name, "is there as '" + detail::printable(other->second) + "', too");
            return true;
        }
        if (!detail::is_no_weight(name))
            context.fail(name, "is no part of the decoder that the config describes");
        return false;
    };
    const auto copy = [&](const std::string& name, const tensor<Real>& t) {
        auto& [view_name, shape, values] = views.at(detail::base_name(name));
        if (t.shape != shape) {
            context.fail(name, "has shape " + detail::shape_text(t.shape) + " where the config asks for " +
                                   detail::shape_text(shape));
        }
        for (Eigen::Index i = 0; i < t.values.size(); ++i) {
            if (!isfinite(t.values[i])) context.fail(name, "holds a value that is not finite");
        }
        values = Eigen::Map<const weight_matrix<Real>>(t.values.data(), values.rows(), values.cols());
    };
    detail::visit_checkpoint<Real>(path, wanted, copy);
    for (const auto& [base, view] : views) {
        if (!stored.contains(base)) context.fail(view.name, "is missing");
    }
    return weights;
}

/// Writes the weights as `model.safetensors` in a directory, which is made if need be: F32, Hugging Face
/// names, the layout that transformers' from_pretrained() reads next to a `config.json`.
/// \throws what config.validate() throws.
/// \throws std::invalid_argument when the weights do not have the shapes that the config says.
/// \throws std::domain_error naming the tensor when a finite weight becomes infinite as F32.
/// \throws std::runtime_error when the file cannot be written. `model.safetensors` is then what it was
///         before.
template <real_scalar Real>
void save_weights(const std::filesystem::path& directory, const decoder_config& config,
                  const decoder_weights<Real>& weights) {
    config.validate();
    detail::check_weight_shapes("save_weights", config, weights);
    std::vector<detail::tensor_source> sources;
    for_each_tensor(config, weights, [&sources](const auto& view) {
        const auto fill = [view](Eigen::Index first, std::span<float> out) {
            Eigen::Index row = first / view.values.cols();
            Eigen::Index col = first % view.values.cols();
            for (float& value : out) {
                value = detail::to_float(view.name, Real(view.values(row, col)));
                if (++col == view.values.cols()) {
                    col = 0;
                    ++row;
                }
            }
        };
        sources.push_back({view.name, view.shape, fill});
    });
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error)
        detail::throw_file_error("save_weights", directory.string(), "cannot be made: " + error.message());
    detail::write_safetensors(directory / "model.safetensors", sources);
}

}  // namespace cesaro
