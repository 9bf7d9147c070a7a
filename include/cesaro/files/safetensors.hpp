// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Tensors in the format safetensors: in memory, in one file, in several with an index.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/safetensors_files.hpp>
#include <cesaro/files/detail/safetensors_format.hpp>
#include <cesaro/files/stored_tensor.hpp>
#include <cesaro/files/tensor.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cesaro {

/// The tensors of a safetensors file that is in memory, by name.
///
/// The file is a little-endian 64-bit length, a JSON header of that length, and the data. It is accepted
/// only when the data offsets, sorted, cover the data without gap or overlap, and each agrees with its shape
/// and dtype; what the format's own reader refuses is refused.
///
/// \param bytes   the whole file
/// \param wanted  the names to return; all when empty. The layout of the others is checked, their values are
///         not read: they may be of any type of the format, F4 to C64.
/// \return F16, BF16, F32 and F64 values converted to Real: exactly, but F64 is rounded where Real is
///         narrower.
/// \throws std::runtime_error naming the tensor when the bytes are no such file, when a wanted tensor has
///         another dtype, or when one of its values is finite but not as a Real.
/// \throws std::length_error before any tensor is allocated when they do not fit in memory.
///
/// Cost O(bytes). Memory for the result and 1 MB; before that, while the header is parsed, for its text three
/// times (100 MB at most is the format's limit) and 310 bytes for each of its values (\f$2^{20}\f$ at most).
///
/// Source: https://github.com/huggingface/safetensors, "Format".
template <real_scalar Real = float>
tensor_map<Real> parse_safetensors(std::span<const std::byte> bytes, const tensor_filter& wanted = {}) {
    const detail::file_context context{"parse_safetensors", "memory"};
    const auto read = [&](std::uint64_t offset, std::span<std::byte> out) {
        if (!out.empty()) std::memcpy(out.data(), bytes.data() + offset, out.size());
    };
    tensor_map<Real> tensors;
    detail::visit_safetensors<Real>(context, bytes.size(), read, wanted, detail::collect_into(tensors));
    return tensors;
}

/// The tensors of a checkpoint on disk, by name.
///
/// \code
/// for (const auto& [name, t] : cesaro::load_safetensors("model.safetensors"))
///     std::cout << name << ' ' << t.values.norm() << '\n';
/// \endcode
///
/// \param path    one safetensors file; an index of shards, recognised by the ending `.json`; or a directory
///         with `model.safetensors` or else `model.safetensors.index.json`. Of a shard, only the tensors
///         that the index places in it are read.
/// \param wanted  as in parse_safetensors()
/// \return values as in parse_safetensors()
/// \throws std::runtime_error naming the file, and the tensor, as parse_safetensors() does; also when a file
///         cannot be read, is a link that leads nowhere, or a shard lacks a tensor that the index places in it.
/// \throws std::length_error as parse_safetensors() does, for each file.
///
/// Cost: one pass over the wanted tensors; memory as parse_safetensors() needs it, but for the bytes.
template <real_scalar Real = float>
tensor_map<Real> load_safetensors(const std::filesystem::path& path, const tensor_filter& wanted = {}) {
    tensor_map<Real> tensors;
    detail::visit_checkpoint<Real>("load_safetensors", path, wanted, detail::collect_into(tensors));
    return tensors;
}

/// A tensor in a safetensors file on disk, whose values stay there: they are read slice by slice.
///
/// \param name  of the tensor; may be empty where the file holds one only.
/// \throws std::runtime_error naming the file, as load_safetensors(): also when there is no such tensor, or, where
///         it is not named, another number of them than one.
/// Cost and memory those of parsing the header, see parse_safetensors().
inline stored_tensor open_safetensors(const std::filesystem::path& path, const std::string& name = "") {
    detail::file_parts file("open_safetensors", path);
    auto layout = detail::find_safetensor(file.context(), file.size(), name, file);
    return {std::move(file), std::move(layout)};
}

/// Writes tensors as one safetensors file of F32, in the order of their names.
///
/// The file is written beside `path` and renamed: `path` is never seen half-written, and a failure leaves
/// nothing behind. A link stays a link and permissions stay as they are.
///
/// \throws std::invalid_argument naming the tensor when its values are not as many as its shape says.
/// \throws std::domain_error naming the tensor when a dimension is negative or a finite value becomes
///         infinite as F32.
/// \throws std::runtime_error when the file cannot be written, or a name is not UTF-8 or is `__metadata__`.
///
/// Cost O(values); memory for 2 MB and, before the data, for the header as parse_safetensors() needs it.
/// Accuracy: each value rounded to nearest.
template <real_scalar Real>
void save_safetensors(const std::filesystem::path& path, const tensor_map<Real>& tensors) {
    std::vector<detail::tensor_source> sources;
    for (const auto& [name, t] : tensors) {
        const std::string argument = "size of tensor '" + detail::printable(name) + "'";
        std::optional<std::uint64_t> size = 1;
        for (const Eigen::Index dimension : t.shape) {
            detail::check_at_least("save_safetensors",
                                   "dimension of tensor '" + detail::printable(name) + "'", dimension, 0);
            size = size ? detail::checked_product(*size, std::uint64_t(dimension)) : size;
        }
        if (!size || *size != std::uint64_t(t.values.size())) {
            detail::throw_invalid_argument("save_safetensors", argument, t.values.size(),
                                           "must be the product of its shape " + detail::shape_text(t.shape));
        }
        const auto fill = [&name = name, &t = t](Eigen::Index first, std::span<float> out) {
            for (std::size_t i = 0; i < out.size(); ++i)
                out[i] = detail::to_float("save_safetensors", name, t.values[first + Eigen::Index(i)]);
        };
        sources.push_back({name, t.shape, fill});
    }
    detail::write_safetensors("save_safetensors", path, sources);
}

}  // namespace cesaro
