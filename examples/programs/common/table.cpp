// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace programs {

using Eigen::Index;

namespace {

constexpr std::string_view gap = "  ";

std::string spell(Index value, bool) {
    return fmt::format("{}", value);
}
std::string spell(double value, bool full) {
    return full ? fmt::format("{}", value) : fmt::format("{:.6g}", value);
}
std::string spell(const std::string& value, bool) {
    return value;
}

/// As RFC 4180 has it: in quotes where it holds what separates.
std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string field = "\"";
    for (const char c : text)
        field += c == '"' ? "\"\"" : std::string(1, c);
    return field + '"';
}

std::string cell(const column& c, std::size_t row, bool full) {
    return std::visit([&](const auto& cells) { return spell(cells.at(row), full); }, c.cells);
}

/// Columns [first, last) as aligned text; the first column of all stands before them.
std::string block(const table& t, const std::vector<std::size_t>& widths, std::size_t first,
                  std::size_t last) {
    std::string text;
    const auto line = [&](const auto& word) {
        const auto add = [&](std::size_t j) {
            const bool words = std::holds_alternative<std::vector<std::string>>(t[j].cells);
            text +=
                words ? fmt::format("{:<{}}", word(j), widths[j]) : fmt::format("{:>{}}", word(j), widths[j]);
        };
        add(0);
        for (std::size_t j = first; j < last; ++j) {
            text += gap;
            add(j);
        }
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    };
    line([&](std::size_t j) { return t[j].name; });
    for (Index row = 0; row < row_count(t); ++row)
        line([&](std::size_t j) { return cell(t[j], std::size_t(row), false); });
    return text;
}

}  // namespace

Index row_count(const table& t) {
    return t.empty() ? 0 : std::visit([](const auto& cells) { return Index(cells.size()); }, t.front().cells);
}

std::string to_text(const table& t) {
    constexpr std::size_t widest = 120;
    std::vector<std::size_t> widths;
    for (const column& c : t) {
        std::size_t width = c.name.size();
        for (Index row = 0; row < row_count(t); ++row)
            width = std::max(width, cell(c, std::size_t(row), false).size());
        widths.push_back(width);
    }
    std::string text;
    std::size_t first = 1;
    do {
        std::size_t last = first;
        std::size_t width = widths[0];
        while (last < t.size() && (last == first || width + gap.size() + widths[last] <= widest))
            width += gap.size() + widths[last++];
        if (first > 1) text += '\n';
        text += block(t, widths, first, last);
        first = last;
    } while (first < t.size());
    return text;
}

std::string to_csv(const table& t) {
    std::string text;
    const auto line = [&](const auto& word) {
        for (std::size_t j = 0; j < t.size(); ++j) {
            if (j != 0) text += ',';
            text += csv_field(word(j));
        }
        text += '\n';
    };
    line([&](std::size_t j) { return t[j].name; });
    for (Index row = 0; row < row_count(t); ++row)
        line([&](std::size_t j) { return cell(t[j], std::size_t(row), true); });
    return text;
}

std::string json_rows(const table& t, int indent) {
    std::string text = "[";
    for (Index row = 0; row < row_count(t); ++row) {
        nlohmann::ordered_json object;
        for (const column& c : t)
            std::visit([&](const auto& cells) { object[c.name] = cells.at(std::size_t(row)); }, c.cells);
        text += fmt::format("{}\n{:{}}{}", row == 0 ? "" : ",", "", indent + 2,
                            object.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace));
    }
    return text + fmt::format("\n{:{}}]", "", indent);
}

nlohmann::ordered_json to_json(const Eigen::VectorXd& values) {
    return std::vector<double>(values.begin(), values.end());
}

}  // namespace programs
