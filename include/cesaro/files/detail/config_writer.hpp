// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/files/detail/json.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cesaro::detail {

/// Values as JSON; reals in the fewest digits that give the same number.
inline std::string json_value(bool value) {
    return value ? "true" : "false";
}
inline std::string json_value(Eigen::Index value) {
    return std::to_string(value);
}
/// A real always looks like one: readers that check types take 1 for no real number.
inline std::string json_value(double value) {
    char digits[32];
    const bool whole = std::floor(value) >= value && std::abs(value) < 1e15;
    const auto format = whole ? std::chars_format::fixed : std::chars_format::general;
    const std::string text(digits, std::to_chars(digits, digits + sizeof digits, value, format).ptr);
    return whole ? text + ".0" : text;
}
inline std::string json_value(std::string_view value) {
    return json_string(value);
}
inline std::string json_value(const std::string& value) {
    return json_string(value);
}
inline std::string json_value(const char* value) {
    return json_string(value);
}
template <class Value>
std::string json_value(const std::vector<Value>& values) {
    std::string text;
    for (const Value& value : values)
        text.append(text.empty() ? "" : ", ").append(json_value(value));
    return "[" + text + "]";
}

/// The keys of an object and their values, in the order given, as JSON.
class config_writer {
  public:
    template <class Value>
    void add(std::string_view key, const Value& value) {
        add_json(key, json_value(value));
    }
    void add_json(std::string_view key, std::string_view value) {
        members_.push_back(json_string(key) + ": " + std::string(value));
    }
    bool empty() const { return members_.empty(); }

    /// On one line for each key.
    std::string text() const { return "{\n  " + joined(",\n  ") + "\n}\n"; }
    /// On one line.
    std::string line() const { return "{" + joined(", ") + "}"; }

  private:
    std::string joined(std::string_view separator) const {
        std::string text;
        for (const std::string& member : members_)
            text.append(text.empty() ? "" : separator).append(member);
        return text;
    }

    std::vector<std::string> members_;
};

}  // namespace cesaro::detail
