// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/head_mixture.hpp>

#include <Eigen/Core>

#include <string>
#include <vector>

namespace programs {

/// A stack of attention layers as a file describes it.
struct rollout_config {
    Eigen::Index tokens;
    Eigen::Index heads;
    std::string mask;  ///< in words
    std::vector<cesaro::head_mixture<double>> layers;
    Eigen::VectorXd lambdas;
};

/// Reads YAML or JSON with the keys of attention_rollout's `--help`. A usage_error names the file, the key
/// and the line of whatever is missing, malformed or outside its range.
rollout_config read_rollout_config(const std::string& file);

}  // namespace programs
