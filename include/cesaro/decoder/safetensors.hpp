// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/file.hpp>
#include <cesaro/detail/json.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <locale>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace cesaro {

/// An array of any number of dimensions, none for a single number.
template <real_scalar Real = float>
struct tensor {
    std::vector<Eigen::Index> shape;
    Eigen::VectorX<Real> values;  ///< row-major: the last index runs fastest
};

template <real_scalar Real = float>
using tensor_map = std::map<std::string, tensor<Real>>;

/// Says by its name whether a tensor is wanted. It may throw to refuse the file.
using tensor_filter = std::function<bool(const std::string&)>;

namespace detail {

/// Where a tensor lies in a file: the bytes [begin, end) after the header.
struct tensor_entry {
    std::string name;
    std::string type;
    std::vector<Eigen::Index> shape;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t size = 1;  ///< the product of the shape
};

/// The file that an error message names, and the function.
struct file_context {
    std::string_view function;
    std::string file;

    [[noreturn]] void fail(std::string_view problem) const { throw_file_error(function, file, problem); }
    [[noreturn]] void fail(std::string_view name, std::string_view problem) const {
        fail("tensor '" + printable(name) + "' " + std::string(problem));
    }
};

inline std::string shape_text(const std::vector<Eigen::Index>& shape) {
    std::ostringstream text;
    for (std::size_t i = 0; i < shape.size(); ++i)
        text << (i == 0 ? "[" : ", ") << shape[i];
    return printable((shape.empty() ? "[" : text.str()) + "]");
}

/// Bytes of one element of each type that the format knows; 0 for any other name. That cesaro reads only F16,
/// BF16, F32 and F64 does not matter before such a tensor is asked for.
inline std::uint64_t bytes_of_type(std::string_view type) {
    using row = std::pair<std::uint64_t, std::string_view>;
    static constexpr std::array<row, 17> table{{{1, "BOOL"},
                                                {1, "U8"},
                                                {1, "I8"},
                                                {1, "F8_E5M2"},
                                                {1, "F8_E4M3"},
                                                {1, "F8_E8M0"},
                                                {2, "U16"},
                                                {2, "I16"},
                                                {2, "F16"},
                                                {2, "BF16"},
                                                {4, "U32"},
                                                {4, "I32"},
                                                {4, "F32"},
                                                {8, "U64"},
                                                {8, "I64"},
                                                {8, "F64"},
                                                {8, "C64"}}};
    const auto found =
        std::find_if(table.begin(), table.end(), [type](const row& r) { return r.second == type; });
    return found == table.end() ? 0 : found->first;
}

inline std::optional<std::uint64_t> checked_product(std::uint64_t a, std::uint64_t b) {
    if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
    return a * b;
}

inline std::vector<Eigen::Index> parse_naturals(const file_context& context, const std::string& name,
                                                const std::string& key, const json& list) {
    std::vector<Eigen::Index> numbers;
    if (!list.data().empty()) context.fail(name, "has a " + key + " that is not a list");
    for (const auto& [item_key, item] : list) {
        const auto number = json_natural(item);
        if (!item_key.empty() || !number || *number > std::numeric_limits<Eigen::Index>::max()) {
            context.fail(name, "has a " + key + " that is not a list of natural numbers below 2^63");
        }
        numbers.push_back(Eigen::Index(*number));
    }
    return numbers;
}

/// One member of the header, checked for itself.
inline tensor_entry parse_tensor_entry(const file_context& context, const std::string& name,
                                       const json& member) {
    const auto required = [&](const std::string& key) -> const json& {
        const std::size_t count = member.count(key);
        if (count != 1) context.fail(name, (count == 0 ? "lacks the key " : "has twice the key ") + key);
        return member.find(key)->second;
    };
    tensor_entry entry;
    entry.name = name;
    entry.type = required("dtype").data();
    entry.shape = parse_naturals(context, name, "shape", required("shape"));
    const auto offsets = parse_naturals(context, name, "data_offsets", required("data_offsets"));
    if (offsets.size() != 2) context.fail(name, "has data_offsets that are not two numbers");
    entry.begin = std::uint64_t(offsets[0]);
    entry.end = std::uint64_t(offsets[1]);
    const std::uint64_t element = bytes_of_type(entry.type);
    if (element == 0) context.fail(name, "has the unknown dtype '" + printable(entry.type) + "'");
    std::optional<std::uint64_t> size = 1;
    for (const Eigen::Index dimension : entry.shape) {
        size = checked_product(*size, std::uint64_t(dimension));
        if (!size) context.fail(name, "has a shape whose size overflows: " + shape_text(entry.shape));
    }
    entry.size = *size;
    const auto bytes = checked_product(*size, element);
    if (entry.begin > entry.end || !bytes || *bytes != entry.end - entry.begin) {
        context.fail(name, "of type " + entry.type + " and shape " + shape_text(entry.shape) +
                               " does not fit its data_offsets [" + std::to_string(entry.begin) + ", " +
                               std::to_string(entry.end) + ")");
    }
    return entry;
}

/// The tensors of a header in the order of their bytes, which they cover without gap or overlap.
inline std::vector<tensor_entry> parse_safetensors_header(const file_context& context, std::string_view text,
                                                          std::uint64_t data_size) {
    if (text.empty() || text.front() != '{') context.fail("the header is not a JSON object");
    std::vector<tensor_entry> entries;
    std::set<std::string> names;
    const json header = parse_json_object(context.function, context.file, text);
    for (const auto& [name, member] : header) {
        if (!names.insert(name).second) context.fail(name, "occurs twice");
        if (name != "__metadata__") entries.push_back(parse_tensor_entry(context, name, member));
    }
    std::sort(entries.begin(), entries.end(), [](const tensor_entry& a, const tensor_entry& b) {
        return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    std::uint64_t covered = 0;
    for (const tensor_entry& entry : entries) {
        const std::string place = " at data offset " + std::to_string(entry.begin);
        if (entry.begin < covered) context.fail(entry.name, "overlaps another" + place);
        if (entry.begin > covered) context.fail(entry.name, "leaves a gap before it" + place);
        if (entry.end > data_size) {
            context.fail(entry.name, "ends at data offset " + std::to_string(entry.end) +
                                         ", but there are only " + std::to_string(data_size) +
                                         " bytes of data");
        }
        covered = entry.end;
    }
    if (covered != data_size) {
        context.fail(std::to_string(data_size - covered) + " bytes of data belong to no tensor");
    }
    return entries;
}

/// Whatever the machine's byte order; compiled to a plain load where that is little-endian.
template <class Bits>
Bits little_endian(const std::byte* bytes) {
    Bits bits = 0;
    for (std::size_t i = 0; i < sizeof(Bits); ++i)
        bits = Bits(bits | Bits(Bits(bytes[i]) << (8 * i)));
    return bits;
}

/// Elements of one type as Reals: exact but for F64 into float, which rounds.
template <class Stored, class Bits, class Real>
void decode(const file_context& context, const std::string& name, std::span<const std::byte> bytes,
            Real* out) {
    using std::isfinite;
    for (std::size_t i = 0; i < bytes.size() / sizeof(Bits); ++i) {
        const Stored stored =
            Eigen::numext::bit_cast<Stored>(little_endian<Bits>(bytes.data() + i * sizeof(Bits)));
        if constexpr (std::is_same_v<Stored, double>) {
            out[i] = Real(stored);
            if (isfinite(stored) && !isfinite(out[i])) {
                context.fail(name, "holds a value that is finite as F64 but not as the scalar asked for");
            }
        } else {
            out[i] = Real(static_cast<float>(stored));
        }
    }
}

template <class Real>
void decode(const file_context& context, const tensor_entry& entry, std::span<const std::byte> bytes,
            Real* out) {
    if (entry.type == "F32") {
        decode<float, std::uint32_t>(context, entry.name, bytes, out);
    } else if (entry.type == "BF16") {
        decode<Eigen::bfloat16, std::uint16_t>(context, entry.name, bytes, out);
    } else if (entry.type == "F16") {
        decode<Eigen::half, std::uint16_t>(context, entry.name, bytes, out);
    } else if (entry.type == "F64") {
        decode<double, std::uint64_t>(context, entry.name, bytes, out);
    } else {
        context.fail(entry.name, "has the dtype " + entry.type + "; only F16, BF16, F32 and F64 are read");
    }
}

/// Throws std::length_error unless all the tensors asked for fit in memory together.
template <class Real>
void check_tensors_fit(const file_context& context, const std::vector<tensor_entry>& entries) {
    double bytes = 0;
    for (const tensor_entry& entry : entries)
        bytes += double(entry.size) * double(sizeof(Real));
    if (bytes > physical_memory()) {
        throw std::length_error(std::string(context.function) + ": " + printable(context.file) + ": " +
                                std::to_string(bytes) + " bytes of tensors do not fit in memory");
    }
}

/// Where read tensors go, one at a time, so that no more than one need be in memory.
template <class Real>
using tensor_sink = std::function<void(const std::string& name, tensor<Real>&&)>;

template <class Real>
tensor_sink<Real> collect_into(tensor_map<Real>& tensors) {
    return [&tensors](const std::string& name, tensor<Real>&& t) { tensors[name] = std::move(t); };
}

/// Hands over the tensors of a file of `size` bytes whose bytes read(offset, span) delivers.
template <class Real, class Read>
void visit_safetensors(const file_context& context, std::uint64_t size, const Read& read,
                       const tensor_filter& wanted, const tensor_sink<Real>& sink) {
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
    auto entries = parse_safetensors_header(context, header, size - data);
    std::erase_if(entries, [&](const tensor_entry& entry) { return wanted && !wanted(entry.name); });
    check_tensors_fit<Real>(context, entries);

    std::vector<std::byte> chunk;  // a multiple of every element's size
    for (const tensor_entry& entry : entries) {
        tensor<Real> t{entry.shape, Eigen::VectorX<Real>(Eigen::Index(entry.size))};
        const std::uint64_t element = bytes_of_type(entry.type);
        for (std::uint64_t at = entry.begin; at < entry.end; at += chunk.size()) {
            chunk.resize(std::size_t(std::min<std::uint64_t>(entry.end - at, 1 << 20)));
            read(data + at, std::span<std::byte>(chunk));
            decode(context, entry, chunk, t.values.data() + (at - entry.begin) / element);
        }
        if (entry.size == 0) decode<Real>(context, entry, {}, nullptr);  // the dtype is checked all the same
        sink(entry.name, std::move(t));
    }
}

template <class Real>
void visit_safetensors_file(const std::filesystem::path& path, const tensor_filter& wanted,
                            const tensor_sink<Real>& sink) {
    const file_context context{"load_safetensors", path.string()};
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(path, error);  // a pipe has none
    if (error) context.fail("cannot be read: " + error.message());
    std::ifstream in = open_for_reading(context.function, path);
    const auto read = [&](std::uint64_t offset, std::span<std::byte> bytes) {
        errno = 0;
        in.seekg(std::streamoff(offset));
        in.read(reinterpret_cast<char*>(bytes.data()), std::streamsize(bytes.size()));
        if (!in) context.fail("cannot be read at byte " + std::to_string(offset) + system_reason());
    };
    visit_safetensors<Real>(context, size, read, wanted, sink);
}

/// Tensor names by the file that holds them.
inline std::map<std::string, std::set<std::string>> parse_shard_index(const file_context& context,
                                                                      std::string_view text) {
    const json index = parse_json_object(context.function, context.file, text);
    const json* const weight_map = field(context.function, context.file, index, "weight_map");
    if (weight_map == nullptr) context.fail("lacks the key 'weight_map'");
    std::map<std::string, std::set<std::string>> shards;
    std::set<std::string> names;
    for (const auto& [name, file] : *weight_map) {
        const std::filesystem::path shard = file.data();
        // A shard is a sibling of the index: no path in it leads elsewhere.
        if (!file.empty() || shard.empty() || shard != shard.filename() || shard == "." || shard == ".." ||
            file.data().find('\0') != std::string::npos) {
            context.fail(name, "lies in '" + printable(file.data()) + "', which is no plain file name");
        }
        if (!names.insert(name).second) context.fail(name, "occurs twice");
        shards[file.data()].insert(name);
    }
    return shards;
}

template <class Real>
void visit_sharded_safetensors(const std::filesystem::path& index, const tensor_filter& wanted,
                               const tensor_sink<Real>& sink) {
    const file_context context{"load_safetensors", index.string()};
    for (const auto& [file, names] :
         parse_shard_index(context, read_text_file(context.function, index, longest_json))) {
        std::set<std::string> missing;
        for (const std::string& name : names) {
            if (!wanted || wanted(name)) missing.insert(name);
        }
        if (missing.empty()) continue;
        const auto wanted_here = [&](const std::string& name) { return missing.erase(name) != 0; };
        visit_safetensors_file<Real>(index.parent_path() / file, wanted_here, sink);
        if (!missing.empty()) context.fail(*missing.begin(), "is missing from '" + printable(file) + "'");
    }
}

/// Hands over the tensors of a checkpoint on disk; see load_safetensors().
template <class Real>
void visit_checkpoint(const std::filesystem::path& path, const tensor_filter& wanted,
                      const tensor_sink<Real>& sink) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const fs::path whole = path / "model.safetensors";
    const fs::path index = path / "model.safetensors.index.json";
    if (!fs::is_directory(path, ignored)) {
        if (path.extension() == ".json") return visit_sharded_safetensors<Real>(path, wanted, sink);
        return visit_safetensors_file<Real>(path, wanted, sink);
    }
    if (fs::exists(whole, ignored)) return visit_safetensors_file<Real>(whole, wanted, sink);
    if (fs::exists(index, ignored)) return visit_sharded_safetensors<Real>(index, wanted, sink);
    throw_file_error("load_safetensors", path.string(),
                     "has neither model.safetensors nor model.safetensors.index.json");
}

}  // namespace detail

/// The tensors of a safetensors file that is in memory, by name.
///
/// The file is a little-endian 64-bit length, a JSON header of that length, and the data. It is accepted
/// only when the data offsets, sorted, cover the data without gap or overlap, and each agrees with its shape
/// and dtype.
/// \param bytes the whole file
/// \param wanted the names to return; all when empty. The layout of the others is checked, their values are
///         not read.
/// \return F16, BF16, F32 and F64 values converted to Real: exactly, but F64 is rounded where Real is
///         narrower.
/// \throws std::runtime_error naming the tensor when the bytes are no such file, when a wanted tensor has
///         another dtype, or when one of its values is finite but not as a Real.
/// \throws std::length_error before any tensor is allocated when they do not fit in memory.
/// Cost O(bytes); memory for the result and, while the header is parsed, some hundred bytes for each of its
/// values.
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
/// \param path one safetensors file; an index of shards, recognised by the ending `.json`; or a directory
///         with `model.safetensors` or else `model.safetensors.index.json`. Of a shard, only the tensors
///         that the index places in it are read.
/// \param wanted as in parse_safetensors()
/// \throws std::runtime_error naming the file, and the tensor, as parse_safetensors() does; also when a file
///         cannot be read or a shard lacks a tensor that the index places in it.
/// \throws std::length_error as parse_safetensors() does, for each file.
/// Cost: one pass over the wanted tensors; no more than the result and 1 MB in memory.
template <real_scalar Real = float>
tensor_map<Real> load_safetensors(const std::filesystem::path& path, const tensor_filter& wanted = {}) {
    tensor_map<Real> tensors;
    detail::visit_checkpoint<Real>(path, wanted, detail::collect_into(tensors));
    return tensors;
}

namespace detail {

/// A tensor to be written: fill(first, out) gives the values from index `first` on, as many as out has.
struct tensor_source {
    std::string name;
    std::vector<Eigen::Index> shape;
    std::function<void(Eigen::Index first, std::span<float> out)> fill;

    Eigen::Index size() const {
        Eigen::Index product = 1;
        for (const Eigen::Index dimension : shape)
            product *= dimension;
        return product;
    }
};

/// x rounded to float.
/// \throws std::domain_error naming the tensor when that makes a finite x infinite.
template <class Real>
float to_float(const std::string& name, const Real& x) {
    using std::isfinite;
    const float rounded = static_cast<float>(x);
    if (isfinite(x) && !isfinite(rounded)) {
        throw_domain_error("save_safetensors", "tensor '" + printable(name) + "'", x, "is too large for F32");
    }
    return rounded;
}

/// The length and the header, padded so that the data begin at a multiple of 8 bytes.
inline std::string safetensors_header(std::span<const tensor_source> sources) {
    std::ostringstream header;
    header.imbue(std::locale::classic());            // no thousands separators
    header << R"({"__metadata__":{"format":"pt"})";  // asked for by transformers' from_pretrained
    Eigen::Index offset = 0;
    for (const tensor_source& source : sources) {
        header << ',' << json_string(source.name) << R"(:{"dtype":"F32","shape":[)";
        for (std::size_t i = 0; i < source.shape.size(); ++i)
            header << (i == 0 ? "" : ",") << source.shape[i];
        header << R"(],"data_offsets":[)" << offset << ',';
        offset += source.size() * Eigen::Index(sizeof(float));
        header << offset << "]}";
    }
    header << '}';
    std::string text = header.str();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    // What is written can be read again: a name that is not UTF-8, say, would spoil the file.
    parse_safetensors_header({"save_safetensors", "header"}, text, std::uint64_t(offset));
    std::string length;
    for (int i = 0; i < 8; ++i)
        length += static_cast<char>((std::uint64_t(text.size()) >> (8 * i)) & 0xff);
    return length + text;
}

inline void write_safetensors(const std::filesystem::path& path, std::span<const tensor_source> sources) {
    const std::string header = safetensors_header(sources);
    replace_file("save_safetensors", path, [&](std::ofstream& out) {
        out.write(header.data(), std::streamsize(header.size()));
        std::vector<float> values;
        std::string bytes;
        for (const tensor_source& source : sources) {
            for (Eigen::Index at = 0; at < source.size() && out; at += Eigen::Index(values.size())) {
                values.resize(std::size_t(std::min<Eigen::Index>(source.size() - at, 1 << 18)));
                source.fill(at, values);
                bytes.clear();
                for (const float value : values) {
                    const auto bits = std::bit_cast<std::uint32_t>(value);
                    for (int i = 0; i < 4; ++i)
                        bytes += static_cast<char>((bits >> (8 * i)) & 0xff);
                }
                out.write(bytes.data(), std::streamsize(bytes.size()));
            }
        }
    });
}

}  // namespace detail

/// Writes tensors as one safetensors file of F32, in the order of their names.
///
/// The file is written beside `path` and renamed: `path` is never seen half-written, and a failure leaves
/// nothing behind.
/// \throws std::invalid_argument naming the tensor when its values are not as many as its shape says.
/// \throws std::domain_error naming the tensor when a dimension is negative or a finite value becomes
///         infinite as F32.
/// \throws std::runtime_error when the file cannot be written, or a name is not UTF-8 or is `__metadata__`.
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
                out[i] = detail::to_float(name, t.values[first + Eigen::Index(i)]);
        };
        sources.push_back({name, t.shape, fill});
    }
    detail::write_safetensors(path, sources);
}

}  // namespace cesaro
