// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/json.hpp>
#include <cesaro/files/detail/stored_numbers.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// The format safetensors: a little-endian 64-bit length, a JSON header of that length, and the data.
/// Source: https://github.com/huggingface/safetensors, "Format".
namespace cesaro::detail {

/// Where a tensor lies in a file: the bytes [begin, end) after the header.
struct tensor_entry {
    std::string name;
    std::string type;
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t size = 1;  ///< the product of the shape
};

[[noreturn]] inline void fail_at_tensor(const file_context& context, std::string_view name,
                                        std::string_view problem) {
    context.fail("tensor '" + printable(name) + "' " + std::string(problem));
}

/// Bits of one element of each type that the format knows; 0 for any other name. That cesaro reads only F16,
/// BF16, F32 and F64 does not matter before such a tensor is asked for.
inline std::uint64_t bits_of_type(std::string_view type) {
    using row = std::pair<std::uint64_t, std::string_view>;
    static constexpr std::array<row, 22> table{
        {{8, "BOOL"},    {4, "F4"},      {6, "F6_E2M3"}, {6, "F6_E3M2"},     {8, "U8"},          {8, "I8"},
         {8, "F8_E5M2"}, {8, "F8_E4M3"}, {8, "F8_E8M0"}, {8, "F8_E4M3FNUZ"}, {8, "F8_E5M2FNUZ"}, {16, "U16"},
         {16, "I16"},    {16, "F16"},    {16, "BF16"},   {32, "U32"},        {32, "I32"},        {32, "F32"},
         {64, "U64"},    {64, "I64"},    {64, "F64"},    {64, "C64"}}};
    const auto found =
        std::find_if(table.begin(), table.end(), [type](const row& r) { return r.second == type; });
    return found == table.end() ? 0 : found->first;
}

/// The bytes of so many elements packed without padding, unless they overflow or end within a byte.
inline std::optional<std::uint64_t> packed_bytes(std::uint64_t size, std::uint64_t bits) {
    if (bits % 8 == 0) return checked_product(size, bits / 8);
    const auto all = checked_product(size, bits);
    return all && *all % 8 == 0 ? std::optional(*all / 8) : std::nullopt;
}

inline std::vector<std::int64_t> parse_naturals(const file_context& context, const std::string& name,
                                                const std::string& key, const json& list) {
    std::vector<std::int64_t> numbers;
    if (!is_list(list)) fail_at_tensor(context, name, "has a " + key + " that is not a list");
    for (const auto& [item_key, item] : list) {
        const auto number = json_natural(item);
        if (!number) {
            fail_at_tensor(context, name,
                           "has a " + key + " that is not a list of natural numbers below 2^63");
        }
        numbers.push_back(*number);
    }
    return numbers;
}

/// One member of the header, checked for itself.
inline tensor_entry parse_tensor_entry(const file_context& context, const std::string& name,
                                       const json& member) {
    const auto fail = [&](const std::string& problem) { fail_at_tensor(context, name, problem); };
    const auto required = [&](const std::string& key) -> const json& {
        const json* const value = field(member, key);
        if (value == nullptr) fail("lacks the key " + key);
        return *value;
    };
    tensor_entry entry;
    entry.name = name;
    entry.type = json_text(required("dtype")).value_or(json_shown(required("dtype")));
    entry.shape = parse_naturals(context, name, "shape", required("shape"));
    const auto offsets = parse_naturals(context, name, "data_offsets", required("data_offsets"));
    if (offsets.size() != 2) fail("has data_offsets that are not two numbers");
    entry.begin = std::uint64_t(offsets[0]);
    entry.end = std::uint64_t(offsets[1]);
    const std::uint64_t bits = bits_of_type(entry.type);
    if (bits == 0) fail("has the unknown dtype '" + printable(entry.type) + "'");
    for (const std::int64_t dimension : entry.shape) {
        const auto size = checked_product(entry.size, std::uint64_t(dimension));
        if (!size) fail("has a shape whose size overflows: " + shape_text(entry.shape));
        entry.size = *size;
    }
    if (entry.begin > entry.end || packed_bytes(entry.size, bits) != entry.end - entry.begin) {
        fail("of type " + entry.type + " and shape " + shape_text(entry.shape) +
             " does not fit its data_offsets [" + std::to_string(entry.begin) + ", " +
             std::to_string(entry.end) + ")");
    }
    return entry;
}

/// The file's own remarks, which must be strings by their keys.
inline void check_metadata(const file_context& context, const json& metadata) {
    if (metadata.data() == "null") return;
    bool good = metadata.data().empty() && (metadata.empty() || !is_list(metadata));
    for (const auto& [key, value] : metadata)
        good = good && json_text(value);
    if (!good) context.fail("__metadata__ is not an object of strings");
}

/// The tensors of a header in the order of their bytes, which they cover without gap or overlap.
inline std::vector<tensor_entry> parse_safetensors_header(const file_context& context, std::string_view text,
                                                          std::uint64_t data_size) {
    if (text.empty() || text.front() != '{') context.fail("the header is not a JSON object");
    std::vector<tensor_entry> entries;
    for (const auto& [name, member] : parse_json_object(context, text)) {
        if (name == "__metadata__") {
            check_metadata(context, member);
        } else {
            entries.push_back(parse_tensor_entry(context, name, member));
        }
    }
    std::sort(entries.begin(), entries.end(), [](const tensor_entry& a, const tensor_entry& b) {
        return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    std::uint64_t covered = 0;
    for (const tensor_entry& entry : entries) {
        const std::string place = " at data offset " + std::to_string(entry.begin);
        const auto fail = [&](const std::string& problem) { fail_at_tensor(context, entry.name, problem); };
        if (entry.begin < covered) fail("overlaps another" + place);
        if (entry.begin > covered) fail("leaves a gap before it" + place);
        if (entry.end > data_size) {
            fail("ends at data offset " + std::to_string(entry.end) + ", but there are only " +
                 std::to_string(data_size) + " bytes of data");
        }
        covered = entry.end;
    }
    if (covered != data_size) {
        context.fail(std::to_string(data_size - covered) + " bytes of data belong to no tensor");
    }
    return entries;
}

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
float to_float(std::string_view function, const std::string& name, const Real& x) {
    using std::isfinite;
    const float rounded = static_cast<float>(x);
    if (isfinite(x) && !isfinite(rounded)) {
        throw_domain_error(function, "tensor '" + printable(name) + "'", x, "is too large for F32");
    }
    return rounded;
}

/// The length and the header, padded so that the data begin at a multiple of 8 bytes.
inline std::string safetensors_header(const file_context& context, std::span<const tensor_source> sources) {
    std::string text = R"({"__metadata__":{"format":"pt"})";  // asked for by transformers' from_pretrained
    std::uint64_t offset = 0;
    for (const tensor_source& source : sources) {
        text.append(",").append(json_string(source.name)).append(R"(:{"dtype":"F32","shape":[)");
        for (const Eigen::Index dimension : source.shape)
            text.append(text.back() == '[' ? "" : ",").append(std::to_string(dimension));
        text.append(R"(],"data_offsets":[)").append(std::to_string(offset)).append(",");
        offset += std::uint64_t(source.size()) * sizeof(float);
        text.append(std::to_string(offset)).append("]}");
    }
    text += '}';
    text.resize((text.size() + 7) / 8 * 8, ' ');
    parse_safetensors_header(context, text, offset);  // a name that is not UTF-8, say, would spoil the file
    std::string prefix;
    for (std::uint64_t i = 0, length = text.size(); i < 8; ++i)
        prefix += static_cast<char>((length >> (8 * i)) & 0xff);
    return prefix + text;
}

}  // namespace cesaro::detail
