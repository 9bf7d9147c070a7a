// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "model.hpp"

#include <cesaro/mixing_schedule.hpp>

#include <CLI/CLI.hpp>
#include <Eigen/Core>

#include <optional>
#include <string>
#include <vector>

namespace programs {

/// The options that say how much each layer attends: `--alpha A`, `--alphas a0,a1,...`, `--alphas-file F`.
struct schedule_options {
    double alpha = 0.5;
    std::string alphas;
    std::string alphas_file;

    void add_to(CLI::App& app);

    /// The schedule for so many layers. Without a depth it is as deep as the list of coefficients; a list of
    /// another length than the depth is a usage_error.
    cesaro::mixing_schedule<double> schedule(std::optional<Eigen::Index> depth) const;
};

/// The option `--depth H`; negative means not given.
CLI::Option* add_depth(CLI::App& app, Eigen::Index& depth);

/// The option `--tokens N`.
CLI::Option* add_tokens(CLI::App& app, Eigen::Index& tokens);

/// Lists of context lengths and of depths, within the limits of these options.
std::vector<Eigen::Index> parse_tokens(const std::string& what, const std::vector<std::string>& texts);
std::vector<Eigen::Index> parse_depths(const std::string& what, const std::vector<std::string>& texts);

/// ", alpha = 0.5" or ", alpha from 0.1 to 0.9", with `alpha` as the name of the coefficient.
std::string describe(const cesaro::mixing_schedule<double>& schedule, const char* alpha = "alpha");

/// The options that say which network: `--model NAME`, `--config FILE`, or `--tokens N --depth H`; `--tokens`
/// also overrides the context of a model. With the schedule's.
struct network_options {
    std::string model_name;
    std::string config;
    Eigen::Index tokens = 0;
    Eigen::Index depth = -1;
    schedule_options mixing;

    void add_to(CLI::App& app);
};

/// A network as the theory sees it.
struct network {
    std::string name;  ///< of the model or its file; empty where tokens and depth were given
    Eigen::Index tokens;
    cesaro::mixing_schedule<double> schedule;
    std::optional<Eigen::Index> sliding_window;  ///< shorter than the tokens, hence not what is modelled

    Eigen::Index query() const { return tokens - 1; }
};

/// The network that the options name.
network resolve(const network_options& options);

}  // namespace programs
