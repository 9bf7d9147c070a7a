// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/files/model_outline.hpp>
#include <cesaro/profile_estimate.hpp>

#include <CLI/CLI.hpp>
#include <Eigen/Core>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace programs {

/// The options that say what is measured.
struct experiment_options {
    std::string config;
    std::optional<Eigen::Index> tokens;
    Eigen::Index layers = -1;
    Eigen::Index width = 0;
    std::string rope;
    Eigen::Index draws = 1;
    std::string probes = "8";
    Eigen::Index seed = 0;
    std::string weights;
    std::string token_ids;

    void add_to(CLI::App& app);
};

/// Jacobian norms of networks and prompts, each given or drawn anew for every draw.
struct experiment {
    cesaro::decoder_config config;
    cesaro::model_outline outline;                 ///< its name, and which layers see windows
    std::optional<cesaro::decoder<float>> loaded;  ///< of a checkpoint
    std::vector<Eigen::Index> ids;                 ///< of the prompt; empty where it is drawn
    Eigen::Index tokens;
    Eigen::Index draws;
    cesaro::jacobian_probes probes;  ///< their seed is that of everything drawn

    cesaro::decoder<float> draw_network(std::uint64_t draw) const;
    std::vector<Eigen::Index> prompt(std::uint64_t draw) const;

    /// Over the draws; of the loaded network or of drawn ones. Says on standard error how far it is.
    /// \throws usage_error when the norms are not finite, or all of them are zero.
    cesaro::profile_estimate<double> measure(bool of_loaded) const;
};

/// A decoder as the options change it, and its outline.
struct chosen_decoder {
    cesaro::decoder_config config;
    cesaro::model_outline outline;
};
chosen_decoder resolve_decoder(const experiment_options& options);

/// The experiment that the options describe; loads its files.
experiment resolve(const experiment_options& options);

}  // namespace programs
