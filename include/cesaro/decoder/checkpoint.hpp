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
/// \throws std::domain_error naming the tensor when a finite weight becomes infinite as F32.
/// \throws std::runtime_error when the file cannot be written. `model.safetensors` is then what it was
///         before.
template <real_scalar Real>
void save_weights(const std::filesystem::path& directory, const decoder_config& config,
                  const decoder_weights<Real>& weights) {
    std::vector<detail::tensor_source> sources;
    for_each_tensor(config, weights, [&sources](const auto& view) {
        const auto fill = [view](Eigen::Index first, std::span<float> out) {
            for (std::size_t i = 0; i < out.size(); ++i) {
                const Eigen::Index at = first + Eigen::Index(i);
                out[i] = detail::to_float(
                    view.name, Real(view.values(at / view.values.cols(), at % view.values.cols())));
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
