// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "report.hpp"

#include <CLI/CLI.hpp>
#include <Eigen/Core>

#include <vector>

namespace programs {

/// So many different positions of `tokens` >= 1, in order, from the first to the last: evenly spaced in the
/// logarithm of the distance to the nearer end. All positions when `count` >= tokens; count >= 2.
std::vector<Eigen::Index> sample_positions(Eigen::Index tokens, Eigen::Index count);

/// The options `--points N` and `--all`, and the rule where neither is given: 33 positions in a table; in CSV
/// and JSON all positions of up to a million, beyond that 1001 of them and a note.
struct position_options {
    Eigen::Index points = 0;
    bool all = false;

    void add_to(CLI::App& app);

    /// The positions to print of so many tokens.
    std::vector<Eigen::Index> choose(Eigen::Index tokens, output_format format) const;

    /// Says in a report whose rows are those positions whether they are a sample.
    void annotate(report& r, Eigen::Index tokens, output_format format) const;
};

}  // namespace programs
