// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/files/detail/file.hpp>

// Until Boost 1.75 Property Tree prints a note about its own use of Boost.Bind, unless this is defined.
#pragma push_macro("BOOST_BIND_GLOBAL_PLACEHOLDERS")
#undef BOOST_BIND_GLOBAL_PLACEHOLDERS
#define BOOST_BIND_GLOBAL_PLACEHOLDERS
#include <boost/property_tree/json_parser.hpp>
#include <boost/property_tree/ptree.hpp>
#pragma pop_macro("BOOST_BIND_GLOBAL_PLACEHOLDERS")

#include <algorithm>
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
///   before it runs.
/// - It forgets whether a value was quoted: a value that is a string is given a quote as its first character,
///   so that no number, `true` or `null` is one. An object with an empty key is told from a list alike.
/// - It keeps the values of a key that is there twice: this is refused.
/// - It takes no `NaN` and `Infinity`, which Python writes, and no byte order mark: the first are named, the
///   second is read over.
namespace cesaro::detail {

using json = boost::property_tree::ptree;

/// The longest JSON document read; the limit of the safetensors format for its header.
constexpr std::size_t longest_json = 100'000'000;

/// The text with a quote put before the content of each string that is a value, or an empty key.
/// \throws std::runtime_error unless it is an object, nests at most 64 deep and has at most 2^20 values: a
///         hundred thousand tensors in one file. A value takes 310 bytes as a node, so that a hostile
///         document costs 310 MB at most.
inline std::string mark_strings(const file_context& context, std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    constexpr int deepest = 64;
    constexpr std::size_t most_values = std::size_t(1) << 20;
    // Anything else in front and the parser's idea of where strings are might not be this one.
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos || text[first] != '{') context.fail("is not a JSON object");
    std::string marked;
    marked.reserve(text.size() + text.size() / 8);
    int depth = 0;
    std::size_t values = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        marked += c;
        if (c == '"') {
            const std::size_t content = i + 1;
            for (++i; i < text.size() && text[i] != '"'; ++i)
                if (text[i] == '\\') ++i;
            const std::size_t next = text.find_first_not_of(blanks, i + 1);
            const bool is_key = next != std::string_view::npos && text[next] == ':';
            if (!is_key || i == content) marked += "\\\"";
            marked += text.substr(content, i + 1 - content);
        } else if (c == '{' || c == '[' || c == ',') {
            if (c != ',' && ++depth > deepest) context.fail("JSON nests deeper than 64");
            if (++values > most_values) context.fail("JSON has more than 2^20 values");
        } else if (c == '}' || c == ']') {
            --depth;
        } else if (c == 'N' || c == 'I') {
            for (const std::string word : {"NaN", "Infinity"}) {
                if (!text.substr(i).starts_with(word)) continue;
                const std::string sign = text[i - 1] == '-' ? "-" : "";
                const auto line = 1 + std::count(text.begin(), text.begin() + std::ptrdiff_t(i), '\n');
                std::string problem = "line " + std::to_string(line) + ": ";
                context.fail(problem.append(sign).append(word).append(" is no number of JSON"));
            }
        }
    }
    return marked;
}

/// \param parent the key of the object
/// \throws std::runtime_error when a key is twice in an object.
inline void check_unique_keys(const file_context& context, const json& object, std::string_view parent = {}) {
    for (const auto& [key, value] : object) {
        if (!key.empty() && object.count(key) > 1) {
            context.fail("key '" + printable(key) + "' is there twice" +
                         (parent.empty() ? "" : " in '" + printable(parent) + "'"));
        }
        check_unique_keys(context, value, key);
    }
}

/// The object written in `text`.
/// \throws std::runtime_error naming the file.
inline json parse_json_object(const file_context& context, std::string_view text) {
    std::istringstream in(mark_strings(context, after_byte_order_mark(context, text)));
    json object;
    try {
        boost::property_tree::read_json(in, object);
    } catch (const boost::property_tree::json_parser_error& error) {
        context.fail("line " + std::to_string(error.line()) + ": invalid JSON: " + error.message());
    }
    check_unique_keys(context, object);
    return object;
}

/// The value of a key, or null when it is absent.
inline const json* field(const json& object, const std::string& key) {
    const auto found = object.find(key);
    return found == object.not_found() ? nullptr : &found->second;
}

/// Whether the value may be a list: an empty object is not told from an empty list.
inline bool is_list(const json& value) {
    return value.data().empty() &&
           std::all_of(value.begin(), value.end(), [](const auto& item) { return item.first.empty(); });
}

/// The value as a string, if it is one.
inline std::optional<std::string> json_text(const json& value) {
    return value.data().starts_with('"') ? std::optional(value.data().substr(1)) : std::nullopt;
}

/// The value as a natural number below 2^63, if it is one, written without sign, point and exponent.
inline std::optional<std::int64_t> json_natural(const json& value) {
    const std::string& text = value.data();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || text.front() == '-') return std::nullopt;
    return number;
}

/// The value as a finite real number, if it is one.
inline std::optional<double> json_real(const json& value) {
    std::istringstream in(value.data());
    in.imbue(std::locale::classic());
    double number = 0;
    in >> std::noskipws >> number;
    if (in.fail() || in.peek() != std::char_traits<char>::eof() || !std::isfinite(number)) {
        return std::nullopt;
    }
    return number;
}

/// The value as a message shows it.
inline std::string json_shown(const json& value) {
    if (value.data().empty()) return is_list(value) ? "[...]" : "{...}";
    return printable(value.data()) + (json_text(value) ? "\"" : "");
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
