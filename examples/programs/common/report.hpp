// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "output.hpp"
#include "plot.hpp"
#include "table.hpp"

#include <CLI/CLI.hpp>
#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace programs {

enum class output_format { text, csv, json };

/// The options that say where a program writes and how: `--format table|csv|json`, `--output FILE`,
/// `--comments`, `--plot FILE`.
struct output_options {
    output_format format = output_format::text;
    std::string file;       ///< empty for standard output
    bool comments = false;  ///< lines of # before the CSV
    std::string plot;       ///< empty for none

    /// \param drawn what the plot shows, as in "Draw the rows into ..."
    void add_to(CLI::App& app, const std::string& drawn);
    void add_to(CLI::App& app);  ///< without `--plot`
};

/// One line of a summary: `recency_delta` in JSON is "recency delta" to readers.
struct quantity {
    std::string key;
    nlohmann::ordered_json value;
    std::string remark = {};  ///< to readers only
    bool in_text = true;      ///< else in JSON only
};

/// What a program has to say. `facts` are what the rows are of, such as `model` and `alphas`: JSON's first
/// keys, the comments of CSV.
struct report {
    std::string heading;  ///< lines above the table, to readers only
    nlohmann::ordered_json facts;
    std::string rows_name;  ///< of the table in JSON
    table rows;             ///< in every format
    std::vector<quantity> summary = {};
    std::vector<std::string> notes = {};  ///< what the numbers leave out
    Eigen::Index sampled_positions = 0;   ///< of how many the rows are a sample; 0 where they are all
    bool by_column = false;               ///< JSON has a list for each column, not an object for each row
    std::string closing = {};             ///< lines below everything, to readers only
};

/// What JSON says before its rows: facts, version and command line, whether they are a sample, notes.
nlohmann::ordered_json preface(const report& r);

/// A JSON document: keys as the object has them, each on a line; ASCII, so that any terminal can show it.
std::string to_text(const nlohmann::ordered_json& json);

std::string render(const report& r, const output_options& options);

/// The files that the options name, known before the work to be such as can be written, and written after it:
/// all or none.
class destinations {
  public:
    explicit destinations(const output_options& options);

    /// Everything that can go wrong: draws, and writes beside the places of the files.
    /// \param text for `--output` or standard output
    /// \param plot called where one is asked for
    void prepare(std::string text, const std::function<drawing()>& plot = {});
    /// The same of a report, whose notes go to standard error where a program reads the output.
    void prepare(const report& r, const std::function<drawing()>& plot = {});

    /// One more file, which an option names, for before the work. A name that ends as a picture's does is no
    /// picture unless so said.
    void add(const std::string& option, const std::string& file, bool picture = false);
    /// What is in such a file.
    void write(const std::string& file, std::string_view text);

    /// Makes them appear.
    void commit();

  private:
    pending_file& pending(const std::string& file) { return files_.at(file); }

    output_options options_;
    std::map<std::string, pending_file> files_;      ///< by the names that the options give
    std::map<std::string, std::string> options_of_;  ///< by the places of the files
    std::string text_;                               ///< for standard output
};

}  // namespace programs
