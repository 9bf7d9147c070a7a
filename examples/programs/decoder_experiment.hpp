// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/decoder/layer_statistics.hpp>
#include <cesaro/files/checkpoint.hpp>
#include <cesaro/files/model_outline.hpp>
#include <cesaro/profile_estimate.hpp>

#include <CLI/CLI.hpp>
#include <Eigen/Core>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace programs {

/// The options that say what is measured.
struct experiment_options {
    std::string model;
    std::string config;
    std::optional<Eigen::Index> tokens;
    Eigen::Index layers = -1;
    Eigen::Index width = 0;
    std::string rope;
    std::optional<Eigen::Index> draws;
    std::string probes = "8";
    Eigen::Index seed = 0;
    std::string weights;
    std::string token_ids;
    std::vector<Eigen::Index> queries;
    std::string average;
    std::string residual_init = "family";
    bool stream = false;

    void add_to(CLI::App& app);

    /// That of --tokens, or 256, or as many as positions were learned.
    Eigen::Index prompt_length(const cesaro::decoder_config& decoder) const;

    /// Where the configuration is from: a file, a name, or the weights.
    const std::string& source() const { return !config.empty() ? config : !model.empty() ? model : weights; }
};

using prompt = std::vector<Eigen::Index>;

/// What was measured over the draws.
struct measurement {
    cesaro::profile_estimate<double> estimate;
    Eigen::MatrixXd profiles = {};  ///< of each draw, its column, summing to one
};

/// Jacobian norms of networks and prompts, each given or drawn anew for every draw.
struct experiment {
    cesaro::decoder_config config;
    cesaro::model_outline outline;                         ///< its name, and which layers see windows
    std::shared_ptr<const cesaro::decoder<float>> loaded;  ///< of a checkpoint
    std::shared_ptr<const cesaro::streamed_decoder<float>>
        streamed;                    ///< of a checkpoint, one layer at a time
    cesaro::loaded_tensors tensors;  ///< of the checkpoint
    std::vector<prompt> prompts;     ///< given; empty where they are drawn
    Eigen::Index tokens;
    Eigen::Index draws;
    bool stream;                     ///< drawn layers are drawn one at a time
    cesaro::jacobian_probes probes;  ///< their seed is that of everything drawn

    bool has_weights() const { return loaded || streamed; }
    cesaro::decoder<float> draw_network(std::uint64_t draw) const;
    /// The same read from that position: what is behind it moves nothing.
    experiment read_from(Eigen::Index query) const;
    /// The token ids of a draw.
    prompt ids(std::uint64_t draw) const;

    /// Over the draws, which all ranks share; of the loaded network or of drawn ones. Says on standard error how far it is.
    /// \throws usage_error when the norms are not finite, or all of them are zero.
    measurement measure(bool of_loaded) const;
    /// What the layers do, the mean over the draws.
    std::vector<cesaro::layer_statistics> report_layers() const;
    /// Of the loaded network and the given prompts, in nats per token; none of what is streamed.
    std::optional<double> loss() const;
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
