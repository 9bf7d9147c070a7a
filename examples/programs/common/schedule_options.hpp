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

/// The options that say how much each layer attends: `--alpha A`, `--alphas a0,a1,...`, `--alphas-file F`; or the
/// same by another name of the coefficient.
struct schedule_options {
    std::optional<double> alpha = {};  ///< one for all layers
    std::string alphas = {};
    std::string alphas_file = {};
    std::string name = "alpha";

    /// \param unless_given in the help, what holds where no coefficient is given
    void add_to(CLI::App& app, const std::string& unless_given);

    /// Whether there is a coefficient.
    bool given() const { return alpha || !alphas.empty() || !alphas_file.empty(); }

    /// The schedule for so many layers. Without a depth it is as deep as the list of coefficients; a list of
    /// another length than the depth is a usage_error, and so is no coefficient at all.
    cesaro::mixing_schedule<double> schedule(std::optional<Eigen::Index> depth) const;
};

/// The greatest number of layers, the same in every program: hops cost O(layers²).
inline constexpr Eigen::Index most_layers = 2000;

/// A usage_error unless a network of the source, a file or a list, has no more layers.
void check_layers(const std::string& source, Eigen::Index layers);

/// The option `--layers H`, also spelt `--depth`.
CLI::Option* add_layers(CLI::App& app, Eigen::Index& layers, const std::string& description,
                        Eigen::Index least = 0);

/// The option `--tokens N`; in the help, what holds without it.
CLI::Option* add_tokens(CLI::App& app, Eigen::Index& tokens, const std::string& unless_given);

/// Lists of context lengths and of depths, within the limits of these options.
std::vector<Eigen::Index> parse_tokens(const std::string& what, const std::vector<std::string>& texts);
std::vector<Eigen::Index> parse_depths(const std::string& what, const std::vector<std::string>& texts);

/// The option `--model NAME`, once or more.
CLI::Option* add_models(CLI::App& app, std::vector<std::string>& names, const std::string& description);

/// The model of that one name, or of that file; none where neither is given.
std::optional<chosen_model> one_model(const std::vector<std::string>& names, const std::string& config);

/// ", alpha = 0.5" or ", alpha from 0.1 to 0.9", with `alpha` as the name of the coefficient.
std::string describe(const cesaro::mixing_schedule<double>& schedule, const char* alpha = "alpha");

/// The options that say which network: `--model NAME`, `--config FILE`, or `--tokens N --layers H`;
/// `--tokens` also overrides the context of a model. With the schedule's.
struct network_options {
    std::vector<std::string> model_names;  ///< several where they are compared
    std::string config;
    Eigen::Index tokens = 0;
    Eigen::Index layers = -1;  ///< negative where not given
    schedule_options mixing;

    void add_to(CLI::App& app);

    /// The model, if one is named.
    std::optional<chosen_model> model() const { return one_model(model_names, config); }
};

/// A network as the theory sees it.
struct network {
    std::string name;  ///< of the model or its file; empty where tokens and depth were given
    Eigen::Index tokens;
    cesaro::mixing_schedule<double> schedule;  ///< of the layers that attend
    Eigen::VectorXd alphas;                    ///< of all layers: 0 where one does not attend
    std::vector<std::string> notes;            ///< what the theory leaves out of the model

    Eigen::Index query() const { return tokens - 1; }
};

/// The network that the options name, with the coefficients that they give.
network resolve(const network_options& options);

}  // namespace programs
