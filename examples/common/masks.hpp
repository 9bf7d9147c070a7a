// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/any_operator.hpp>

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

namespace programs {

/// The options `--window W` and `--heads N` of the programs that compare attention patterns.
struct mask_options {
    Eigen::Index window = 512;
    Eigen::Index heads = 8;

    void add_to(CLI::App& app);
};

/// A pattern of attention, and its layer on so many positions.
struct mask {
    std::string name;
    std::string title;
    std::function<cesaro::any_operator<double>(Eigen::Index)> layer;
};

/// Causal; a sliding window; ALiBi heads of slopes 2^(-8h/heads), equally weighted.
std::vector<mask> masks(const mask_options& options);

}  // namespace programs
