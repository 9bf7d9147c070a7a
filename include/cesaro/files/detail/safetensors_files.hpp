// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/json.hpp>
#include <cesaro/files/detail/pending_file.hpp>
#include <cesaro/files/detail/safetensors_format.hpp>
#include <cesaro/files/detail/stored_numbers.hpp>
#include <cesaro/files/tensor.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// Files in the format safetensors, tensor by tensor: one file, or several with an index.
namespace cesaro::detail {

/// Throws std::length_error unless all the tensors asked for fit in memory together.
template <class Real>
void check_tensors_fit(const file_context& context, const std::vector<tensor_entry>& entries) {
    double bytes = 0;
    std::int64_t longest = 0;
    for (const tensor_entry& entry : entries) {
        bytes += double(entry.size) * double(sizeof(Real));
        for (const std::int64_t dimension : entry.shape)
            longest = std::max(longest, dimension);
    }
    const double most = std::min(physical_memory(), double(std::numeric_limits<std::ptrdiff_t>::max()));
    if (bytes > most || longest > std::numeric_limits<Eigen::Index>::max()) {
        throw std::length_error(context.message(std::to_string(std::uint64_t(std::min(bytes, 1e19))) +
                                                " bytes of tensors do not fit in memory"));
    }
}

/// Where read tensors go, one at a time, so that no more than one need be in memory.
template <class Real>
using tensor_sink = std::function<void(const std::string& name, tensor<Real>&&, std::string_view type)>;

template <class Real>
tensor_sink<Real> collect_into(tensor_map<Real>& tensors) {
    return [&tensors](const std::string& name, tensor<Real>&& t, std::string_view) {
        tensors[name] = std::move(t);
    };
}

/// The tensors of a file of `size` bytes whose bytes read(offset, span) delivers, and where their data begin.
template <class Read>
std::pair<std::vector<tensor_entry>, std::uint64_t> read_safetensors_header(const file_context& context,
                                                                            std::uint64_t size, Read&& read) {
    constexpr std::uint64_t prefix = sizeof(std::uint64_t);
    if (size < prefix) context.fail("is too short for a safetensors file");
    std::array<std::byte, prefix> length_bytes;
    read(0, std::span<std::byte>(length_bytes));
    const auto length = little_endian<std::uint64_t>(length_bytes.data());
    if (length > longest_json || length > size - prefix) {
        context.fail("a header of " + std::to_string(length) + " bytes does not fit a file of " +
                     std::to_string(size) + " bytes or the format's limit of 100 MB");
    }
    std::string header(std::size_t(length), '\0');
    read(prefix, std::as_writable_bytes(std::span<char>(header)));
    const std::uint64_t data = prefix + length;
    return {parse_safetensors_header(context, header, size - data), data};
}

/// Hands over the tensors of such a file.
template <class Real, class Read>
void visit_safetensors(const file_context& context, std::uint64_t size, Read&& read,
                       const tensor_filter& wanted, const tensor_sink<Real>& sink) {
    auto [entries, data] = read_safetensors_header(context, size, read);
    std::erase_if(entries, [&](const tensor_entry& entry) { return wanted && !wanted(entry.name); });
    check_tensors_fit<Real>(context, entries);

    std::vector<std::byte> chunk;  // a multiple of every element's size
    for (const tensor_entry& entry : entries) {
        const auto fail = [&](const std::string& problem) { fail_at_tensor(context, entry.name, problem); };
        tensor<Real> t{{entry.shape.begin(), entry.shape.end()},
                       Eigen::VectorX<Real>(Eigen::Index(entry.size))};
        const std::uint64_t element = std::max<std::uint64_t>(bits_of_type(entry.type) / 8, 1);
        for (std::uint64_t at = entry.begin; at < entry.end; at += chunk.size()) {
            chunk.resize(std::size_t(std::min<std::uint64_t>(entry.end - at, 1 << 20)));
            read(data + at, std::span<std::byte>(chunk));
            decode(entry.type, chunk, t.values.data() + (at - entry.begin) / element, fail);
        }
        check_type(entry.type, fail);  // of an empty tensor, too
        sink(entry.name, std::move(t), entry.type);
    }
}

template <class Real>
void visit_safetensors_file(std::string_view function, const std::filesystem::path& path,
                            const tensor_filter& wanted, const tensor_sink<Real>& sink) {
    file_parts file(function, path);
    visit_safetensors<Real>(file.context(), file.size(), file, wanted, sink);
}

/// Where the numbers are of a tensor of such a file: of the one that is named, or of the only one.
template <class Read>
stored_layout find_safetensor(const file_context& context, std::uint64_t size, const std::string& name,
                              Read&& read) {
    const auto [entries, data] = read_safetensors_header(context, size, read);
    const bool only_one = entries.size() == 1;
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const tensor_entry& entry) {
        return name.empty() ? only_one : entry.name == name;
    });
    if (found == entries.end()) {
        constexpr std::size_t most = 5;
        const std::string count = std::to_string(entries.size());
        std::string problem = name.empty() ? "holds " + count + " tensors, of which one is to be named"
                                           : "has no tensor '" + printable(name) + "' among its " + count;
        for (std::size_t i = 0; i < std::min(entries.size(), most); ++i)
            problem += (i == 0 ? ": '" : ", '") + printable(entries[i].name) + "'";
        context.fail(problem + (entries.size() > most ? ", ..." : ""));
    }
    const auto fail = [&](const std::string& problem) { fail_at_tensor(context, found->name, problem); };
    check_type(found->type, fail);
    for (const std::int64_t dimension : found->shape) {
        if (dimension > std::numeric_limits<Eigen::Index>::max()) fail("has a dimension that is too large");
    }
    return {found->type, {found->shape.begin(), found->shape.end()}, data + found->begin};
}

/// Tensor names by the file that holds them.
inline std::map<std::string, std::set<std::string>> parse_shard_index(const file_context& context,
                                                                      std::string_view text) {
    const json index = parse_json_object(context, text);
    const json* const weight_map = field(index, "weight_map");
    if (weight_map == nullptr) context.fail("lacks the key 'weight_map'");
    std::map<std::string, std::set<std::string>> shards;
    for (const auto& [name, value] : *weight_map) {
        const std::string file = json_text(value).value_or("");
        const std::filesystem::path shard = file;
        // A shard is a sibling of the index: no path in it leads elsewhere.
        if (shard.empty() || shard != shard.filename() || shard == "." || shard == ".." ||
            file.find('\0') != std::string::npos) {
            fail_at_tensor(context, name, "lies in '" + json_shown(value) + "', which is no plain file name");
        }
        shards[file].insert(name);
    }
    return shards;
}

template <class Real>
void visit_sharded_safetensors(std::string_view function, const std::filesystem::path& index,
                               const tensor_filter& wanted, const tensor_sink<Real>& sink) {
    const file_context context{function, index.string()};
    for (const auto& [file, names] :
         parse_shard_index(context, read_text_file(context, index, longest_json))) {
        std::set<std::string> missing;
        for (const std::string& name : names) {
            if (!wanted || wanted(name)) missing.insert(name);
        }
        if (missing.empty()) continue;
        const auto wanted_here = [&](const std::string& name) { return missing.erase(name) != 0; };
        visit_safetensors_file<Real>(function, index.parent_path() / file, wanted_here, sink);
        if (!missing.empty()) {
            fail_at_tensor(context, *missing.begin(), "is missing from '" + printable(file) + "'");
        }
    }
}

/// Hands over the tensors of a checkpoint on disk; see load_safetensors().
/// \param function the caller, for messages
template <class Real>
void visit_checkpoint(std::string_view function, const std::filesystem::path& path,
                      const tensor_filter& wanted, const tensor_sink<Real>& sink) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) {
        return path.extension() == ".json" ? visit_sharded_safetensors<Real>(function, path, wanted, sink)
                                           : visit_safetensors_file<Real>(function, path, wanted, sink);
    }
    const auto is_there = [&](const fs::path& file) {  // a link, too, that leads nowhere
        return fs::exists(fs::symlink_status(file, ignored));
    };
    const fs::path whole = path / "model.safetensors";
    const fs::path index = path / "model.safetensors.index.json";
    if (is_there(whole)) return visit_safetensors_file<Real>(function, whole, wanted, sink);
    if (is_there(index)) return visit_sharded_safetensors<Real>(function, index, wanted, sink);
    file_context{function, path.string()}.fail(
        "has neither model.safetensors nor model.safetensors.index.json");
}

/// Writes one file of F32, in the order of the sources.
/// \param function the caller, for messages
inline void write_safetensors(std::string_view function, const std::filesystem::path& path,
                              std::span<const tensor_source> sources) {
    const std::string header = safetensors_header({function, path.string()}, sources);
    pending_file file(function, path);
    std::ofstream& out = file.stream();
    out.write(header.data(), std::streamsize(header.size()));
    std::vector<float> values;
    std::vector<char> bytes;
    for (const tensor_source& source : sources) {
        for (Eigen::Index at = 0; at < source.size() && out; at += Eigen::Index(values.size())) {
            values.resize(std::size_t(std::min<Eigen::Index>(source.size() - at, 1 << 18)));
            source.fill(at, values);
            bytes.resize(4 * values.size());
            for (std::size_t i = 0; i < values.size(); ++i) {
                const auto bits = std::bit_cast<std::uint32_t>(values[i]);
                for (std::size_t k = 0; k < 4; ++k)
                    bytes[4 * i + k] = static_cast<char>((bits >> (8 * k)) & 0xff);
            }
            out.write(bytes.data(), std::streamsize(bytes.size()));
        }
    }
    file.commit();
}

}  // namespace cesaro::detail
