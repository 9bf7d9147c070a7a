// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <CLI/CLI.hpp>
#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <string>
#include <variant>
#include <vector>

namespace programs {

/// One column: whole numbers, reals or words, all columns of a table being of one length.
struct column {
    std::string name;
    std::variant<std::vector<Eigen::Index>, std::vector<double>, std::vector<std::string>> cells;
};

using table = std::vector<column>;

/// Aligned text for readers, six significant digits.
std::string to_text(const table& t);

/// Comma-separated with a header line; reals as the shortest decimals that read back as the same number,
/// infinity as `inf`.
std::string to_csv(const table& t);

/// A list of one object per row, to the same precision; infinity, which JSON lacks, as null.
nlohmann::ordered_json to_json(const table& t);

/// Numbers as a list that JSON can hold.
nlohmann::ordered_json to_json(const Eigen::VectorXd& values);

enum class output_format { text, csv, json };

/// The options `--format table|csv|json` and `--output FILE`.
struct output_options {
    output_format format = output_format::text;
    std::string file;

    void add_to(CLI::App& app);
};

/// What a program has to say.
struct report {
    std::string heading;           ///< lines above the table; text only
    nlohmann::ordered_json facts;  ///< what the table is of; JSON only
    std::string rows_name;         ///< of the table in JSON
    table rows;                    ///< in every format; all there is in CSV
    std::string closing = {};      ///< lines below the table; text only
    nlohmann::ordered_json summary = {};
};

std::string render(const report& r, output_format format);

}  // namespace programs
