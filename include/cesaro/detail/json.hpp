// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/file.hpp>

// Until Boost 1.75 Property Tree prints a note about its own use of Boost.Bind, unless this is defined.
#pragma push_macro("BOOST_BIND_GLOBAL_PLACEHOLDERS")
#undef BOOST_BIND_GLOBAL_PLACEHOLDERS
#define BOOST_BIND_GLOBAL_PLACEHOLDERS
#include <boost/property_tree/json_parser.hpp>
#include <boost/property_tree/ptree.hpp>
#pragma pop_macro("BOOST_BIND_GLOBAL_PLACEHOLDERS")

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <locale>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

/// JSON by Boost.PropertyTree: the one reader of JSON among the libraries that cesaro needs anyway. It checks
/// the syntax and the encoding; what it does not do is done here.
/// - It recurses, and a node takes many times the bytes of its text: depth and number of values are bounded
/// before it runs.
/// - It keeps duplicate keys: field() reports them.
/// - It forgets whether a value was quoted: a number is judged by its text, so "12" may stand for 12.
namespace cesaro::detail {

using json = boost::property_tree::ptree;

/// The longest JSON document read; the limit of the safetensors format for its header.
constexpr std::size_t longest_json = 100'000'000;

/// Throws unless `text` is an object, nests at most 64 deep and has at most 2^22 values (half a million
/// tensors, and less than a gigabyte of nodes).
inline void check_json_size(std::string_view function, std::string_view file, std::string_view text) {
    constexpr int deepest = 64;
    constexpr std::size_t most_values = std::size_t(1) << 22;
    // Anything else in front, such as a byte order mark, and the parser's idea of where strings are might not
    // be this one.
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || text[first] != '{') {
        throw_file_error(function, file, "is not a JSON object");
    }
    int depth = 0;
    std::size_t values = 0;
    bool in_string = false;
    for (std::size_t i = first; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
            continue;
        }
        if (c == '"') in_string = true;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
        if (c == '{' || c == '[' || c == ',') ++values;
        if (depth > deepest) throw_file_error(function, file, "JSON nests deeper than 64");
        if (values > most_values) throw_file_error(function, file, "JSON has more than 2^22 values");
    }
}

/// The object written in `text`.
/// \throws std::runtime_error naming the file.
inline json parse_json_object(std::string_view function, std::string_view file, std::string_view text) {
    check_json_size(function, file, text);
    json object;
    std::istringstream in{std::string(text)};
    try {
        boost::property_tree::read_json(in, object);
    } catch (const boost::property_tree::json_parser_error& error) {
        throw_file_error(function, file,
                         "line " + std::to_string(error.line()) + ": invalid JSON: " + error.message());
    }
    return object;
}

/// The value of a key, or null when it is absent.
/// \throws std::runtime_error when the key occurs twice.
inline const json* field(std::string_view function, std::string_view file, const json& object,
                         const std::string& key) {
    const std::size_t count = object.count(key);
    if (count > 1) throw_file_error(function, file, "duplicate key '" + printable(key) + "'");
    return count == 0 ? nullptr : &object.find(key)->second;
}

/// The value as a natural number below 2^63, if it is one, written without sign, point and exponent.
inline std::optional<std::int64_t> json_natural(const json& value) {
    const std::string& text = value.data();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!value.empty() || !whole || text.front() == '-') return std::nullopt;
    return number;
}

/// The value as a finite real number, if it is one.
inline std::optional<double> json_real(const json& value) {
    std::istringstream in(value.data());
    in.imbue(std::locale::classic());
    double number = 0;
    in >> std::noskipws >> number;
    if (!value.empty() || in.fail() || in.peek() != std::char_traits<char>::eof() || !std::isfinite(number)) {
        return std::nullopt;
    }
    return number;
}

/// A string in quotes, as JSON writes it.
inline std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (code < 0x20) {
            out += "\\u00";
            out += "0123456789abcdef"[code >> 4];
            out += "0123456789abcdef"[code & 15];
        } else {
            out += c;
        }
    }
    return out + '"';
}

}  // namespace cesaro::detail
