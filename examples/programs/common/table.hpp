// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace programs {

/// One column: whole numbers, reals or words, all columns of a table being of one length.
struct column {
    std::string name;
    std::variant<std::vector<Eigen::Index>, std::vector<double>, std::vector<std::string>> cells;
};

using table = std::vector<column>;

/// Makes columns of a table that has one row for each of the samples:
/// `const auto column = columns_over(xs); column("square", [](double x) { return x * x; })`.
template <class Samples>
auto columns_over(const Samples& samples) {
    return [&samples](std::string name, const auto& value) {
        using Value = std::decay_t<decltype(value(*samples.begin()))>;
        using Cell = std::conditional_t<std::is_integral_v<Value>, Eigen::Index,
                                        std::conditional_t<std::is_arithmetic_v<Value>, double, std::string>>;
        std::vector<Cell> cells;
        for (const auto& sample : samples)
            cells.push_back(value(sample));
        return column{std::move(name), std::move(cells)};
    };
}

Eigen::Index row_count(const table& t);

/// Aligned text for readers, six significant digits. What is wider than 120 characters goes on below, beside
/// the first column again.
std::string to_text(const table& t);

/// Comma-separated with a header line; reals as the shortest decimals that read back as the same number,
/// infinity as `inf`.
std::string to_csv(const table& t);

/// A JSON list of one object per row, a row per line, to the same precision; infinity, which JSON lacks, as
/// null. `indent` is that of the line the list begins on.
std::string json_rows(const table& t, int indent);

/// Numbers as a list that JSON can hold.
nlohmann::ordered_json to_json(const Eigen::VectorXd& values);

}  // namespace programs
