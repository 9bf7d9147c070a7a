// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/discrete_influence.hpp>

#include <Eigen/Core>

#include <vector>

namespace programs {

/// What cesaro::summarize() says of a profile, of a row that is known in closed form: no array, any length.
struct row_summary {
    double primacy;  ///< masses of the first tenth, the middle and the last tenth
    double middle;
    double recency;
    double first_token;
    double last_token;
    double valley;      ///< the least entry, and the first position that has it
    double log_valley;  ///< its natural logarithm, which does not underflow
    Eigen::Index valley_position;
    double mean_position;
};

row_summary summarize_row(const cesaro::discrete_influence<double>& row);

/// So many different positions of `tokens` >= 1, in order, from the first to the last: evenly spaced in the
/// logarithm of the distance to the nearer end. All positions when `count` >= tokens; count >= 2.
std::vector<Eigen::Index> sample_positions(Eigen::Index tokens, Eigen::Index count);

}  // namespace programs
