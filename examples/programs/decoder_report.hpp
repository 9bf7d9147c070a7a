// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "common/plot.hpp"
#include "common/positions.hpp"
#include "common/report.hpp"
#include "decoder_experiment.hpp"

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/files/model_outline.hpp>

#include <Eigen/Core>

#include <optional>
#include <string>
#include <vector>

namespace programs {

/// A profile beside the measured one, both summing to one, and how near it comes.
struct decoder_theory {
    std::string name;    ///< of its column
    std::string legend;  ///< in the plot
    Eigen::VectorXd profile;
    double spearman;
    double wasserstein;
    double total_variation;
};

/// What was measured of a decoder from one position, and what theories say of it.
struct decoder_profiles {
    experiment of;
    Eigen::VectorXd measured;        ///< sums to one
    Eigen::VectorXd standard_error;  ///< of measured; infinite where there is no estimate
    Eigen::MatrixXd percentiles;     ///< of the draws' profiles: 10, 50, 90; no columns where they are few
    std::optional<double> loss;      ///< of given prompts, in nats per token
    double fitted_alpha = 0;
    double fitted_gain_factor = 0;
    std::vector<decoder_theory> theories = {};

    /// The position that was read from.
    Eigen::Index query() const { return measured.size() - 1; }

    /// Adds a profile, normalised and compared with the measured one.
    void add(const std::string& name, const std::string& legend, const Eigen::VectorXd& profile);
};

/// The profiles at the positions asked for, the scores and what is to be known of them, in every format.
/// \param readings of one decoder and its prompts, from one position or several.
void prepare(destinations& files, const std::vector<decoder_profiles>& readings,
             const position_options& positions, const output_options& output);

/// A trained decoder beside the same one as it was initialized and as that is predicted.
drawing comparison_of(const decoder_profiles& reading);

/// What the layers of a decoder do with the prompts, or, by head, its heads.
struct layers_report {
    const experiment& of;
    std::vector<cesaro::layer_statistics> measured;
    cesaro::predicted_profile predicted;
    std::optional<double> loss;
    bool by_head;
};
void prepare(destinations& files, const layers_report& layers);

/// What is predicted of a decoder, and nothing measured.
struct predicted_decoder {
    chosen_decoder decoder;
    cesaro::predicted_profile profile;
};
void prepare(destinations& files, const predicted_decoder& predicted, const position_options& positions,
             const output_options& output);

}  // namespace programs
