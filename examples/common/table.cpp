// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "table.hpp"

#include "program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>

namespace programs {

namespace {

std::size_t rows(const table& t) {
    return t.empty() ? 0 : std::visit([](const auto& cells) { return cells.size(); }, t.front().cells);
}

std::string spell(Eigen::Index value, bool) {
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

}  // namespace

std::string to_text(const table& t) {
    std::vector<std::size_t> widths;
    for (const column& c : t) {
        std::size_t width = c.name.size();
        for (std::size_t row = 0; row < rows(t); ++row)
            width = std::max(width, cell(c, row, false).size());
        widths.push_back(width);
    }
    std::string text;
    const auto line = [&](const auto& word) {
        for (std::size_t j = 0; j < t.size(); ++j) {
            const bool words = std::holds_alternative<std::vector<std::string>>(t[j].cells);
            text += j == 0 ? "" : "  ";
            text +=
                words ? fmt::format("{:<{}}", word(j), widths[j]) : fmt::format("{:>{}}", word(j), widths[j]);
        }
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    };
    line([&](std::size_t j) { return t[j].name; });
    for (std::size_t row = 0; row < rows(t); ++row)
        line([&](std::size_t j) { return cell(t[j], row, false); });
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
    for (std::size_t row = 0; row < rows(t); ++row)
        line([&](std::size_t j) { return cell(t[j], row, true); });
    return text;
}

nlohmann::ordered_json to_json(const table& t) {
    auto list = nlohmann::ordered_json::array();
    for (std::size_t row = 0; row < rows(t); ++row) {
        nlohmann::ordered_json object;
        for (const column& c : t)
            std::visit([&](const auto& cells) { object[c.name] = cells.at(row); }, c.cells);
        list.push_back(std::move(object));
    }
    return list;
}

nlohmann::ordered_json to_json(const Eigen::VectorXd& values) {
    return std::vector<double>(values.begin(), values.end());
}

std::string render(const report& r, output_format format) {
    if (format == output_format::csv) return to_csv(r.rows);
    if (format == output_format::text) {
        return r.heading + "\n" + to_text(r.rows) + (r.closing.empty() ? "" : "\n" + r.closing);
    }
    nlohmann::ordered_json json = r.facts;
    json[r.rows_name] = to_json(r.rows);
    if (!r.summary.is_null()) json["summary"] = r.summary;
    // Names of files need not be UTF-8.
    return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void output_options::add_to(CLI::App& app) {
    const std::map<std::string, output_format> formats = {
        {"table", output_format::text}, {"csv", output_format::csv}, {"json", output_format::json}};
    app.add_option_function<std::string>(
           "--format", [this, formats](const std::string& name) { format = formats.at(name); },
           "How to print: table, csv or json [table]")
        ->check(CLI::IsMember({"table", "csv", "json"}))
        ->type_name("FORMAT");
    add_word(app, "--output", file, "FILE", "Write to this file instead of standard output");
}

}  // namespace programs
