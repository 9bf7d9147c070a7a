// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "report.hpp"

#include "program.hpp"
#include "text.hpp"

#include <cesaro/version.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <system_error>
#include <utility>

namespace programs {

using nlohmann::ordered_json;

void output_options::add_to(CLI::App& app) {
    const std::map<std::string, output_format> formats = {
        {"table", output_format::text}, {"csv", output_format::csv}, {"json", output_format::json}};
    app.add_option_function<std::string>(
           "--format", [this, formats](const std::string& name) { format = formats.at(name); },
           "How to print: table, csv or json [table]")
        ->check(CLI::IsMember({"table", "csv", "json"}))
        ->type_name("FORMAT");
    add_word(app, "--output", file, "FILE", "Write to this file instead of standard output");
    app.add_flag("--comments", comments,
                 "Begin CSV with lines of #: model, coefficients, version, command line");
}

void output_options::add_to(CLI::App& app, const std::string& drawn) {
    add_to(app);
    add_word(app, "--plot", plot, "FILE",
             fmt::format("Draw {} into this .svg, .png or .pdf file (with gnuplot)", drawn));
}

namespace {

/// Names of files need not be UTF-8.
std::string dumped(const ordered_json& json) {
    return json.dump(-1, ' ', true, ordered_json::error_handler_t::replace);
}

/// One key a line: a long list does not push the other keys out of sight.
std::string members(const ordered_json& object, int indent) {
    std::vector<std::string> lines;
    for (const auto& [key, value] : object.items())
        lines.push_back(fmt::format("{:{}}{}: {}", "", indent, dumped(key), dumped(value)));
    return fmt::format("{}", fmt::join(lines, ",\n"));
}

}  // namespace

ordered_json preface(const report& r) {
    ordered_json json = r.facts;
    json["version"] = version();
    json["command"] = command_line();
    if (r.sampled_positions > 0)
        json["sample"] = {{"positions", row_count(r.rows)}, {"of", r.sampled_positions}};
    if (!r.notes.empty()) json["note"] = fmt::format("{}", fmt::join(r.notes, "; "));
    return json;
}

namespace {

std::string comment_lines(const report& r) {
    const ordered_json facts = preface(r);
    std::string text;
    for (const auto& [key, value] : facts.items())
        text += fmt::format("# {}: {}\n", key,
                            value.is_string() ? printable(value.get<std::string>()) : dumped(value));
    return text;
}

std::string summary_lines(const std::vector<quantity>& summary) {
    const auto label = [](const quantity& q) {
        std::string words = q.key;
        std::replace(words.begin(), words.end(), '_', ' ');
        return words;
    };
    std::size_t width = 0;
    for (const quantity& q : summary)
        if (q.in_text) width = std::max(width, q.key.size());
    std::string text;
    for (const quantity& q : summary) {
        if (!q.in_text) continue;
        const std::string value =
            q.value.is_number_float() ? fmt::format("{:.6g}", q.value.get<double>()) : dumped(q.value);
        text += fmt::format("{:<{}}  {:<12} {}", label(q), width, value, q.remark);
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    }
    return text;
}

/// Rows, which may be many, are written without a tree of them.
std::string rendered_json(const report& r) {
    std::string text = "{\n" + members(preface(r), 2);
    if (r.by_column) {
        ordered_json lists;
        for (const column& c : r.rows)
            std::visit([&](const auto& cells) { lists[c.name] = cells; }, c.cells);
        text += ",\n" + members(lists, 2);
    } else {
        text += fmt::format(",\n  {}: {}", dumped(r.rows_name), json_rows(r.rows, 2));
    }
    if (r.summary.empty()) return text + "\n}\n";
    ordered_json summary;
    for (const quantity& q : r.summary)
        summary[q.key] = q.value;
    return text + ",\n  \"summary\": {\n" + members(summary, 4) + "\n  }\n}\n";
}

}  // namespace

std::string to_text(const ordered_json& json) {
    return "{\n" + members(json, 2) + "\n}\n";
}

std::string render(const report& r, const output_options& options) {
    switch (options.format) {
        case output_format::csv:
            return (options.comments ? comment_lines(r) : "") + to_csv(r.rows);
        case output_format::json:
            return rendered_json(r);
        case output_format::text:
            break;
    }
    std::string text = r.heading + "\n";
    for (const std::string& note : r.notes)
        text += "note: " + note + "\n";
    text += "\n" + to_text(r.rows);
    if (!r.summary.empty()) text += "\n" + summary_lines(r.summary);
    return r.closing.empty() ? text : text + "\n" + r.closing;
}

namespace {

namespace fs = std::filesystem;

/// At the end of all links, also where nothing is yet.
fs::path place_of(fs::path path) {
    std::error_code circle;
    while (fs::is_symlink(path, circle) && fs::status(path, circle).type() != fs::file_type::none)
        path = path.parent_path() / fs::read_symlink(path);
    return fs::weakly_canonical(fs::absolute(path), circle);
}

}  // namespace

destinations::destinations(const output_options& options) : options_(options) {
    add("--plot", options_.plot, true);
    add("--output", options_.file);
}

void destinations::add(const std::string& option, const std::string& file, bool picture) {
    if (file.empty()) return;
    const auto [taken, is_new] = options_of_.emplace(place_of(file).string(), option);
    if (!is_new)
        throw usage_error(fmt::format("{} and {} are the same file, '{}'", taken->second, option, file));
    will_write(option, file);
    if (picture) check_drawable(file);
    files_.emplace(file, file);
}

void destinations::write(const std::string& file, std::string_view text) {
    pending(file).write(text);
}

void destinations::prepare(std::string text, const std::function<drawing()>& plot) {
    if (!options_.plot.empty()) write(options_.plot, draw(plot(), options_.plot));
    if (!options_.file.empty()) {
        write(options_.file, text);
    } else {
        text_ = std::move(text);
    }
}

void destinations::prepare(const report& r, const std::function<drawing()>& plot) {
    prepare(render(r, options_), plot);
    if (options_.format == output_format::text) return;
    for (const std::string& note : r.notes)
        print_note(note);
}

void destinations::commit() {
    if (options_.file.empty()) write_standard_output(text_);
    for (auto& [name, file] : files_)
        file.commit();
}

}  // namespace programs
