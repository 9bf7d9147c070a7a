// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "common/model.hpp"
#include "common/positions.hpp"
#include "common/report.hpp"

#include <cesaro/continuum_influence.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/profile.hpp>

#include <Eigen/Core>

#include <string>
#include <vector>

namespace programs {

/// What a model's configuration predicts, beside the row of influence of the coefficients that it gives.
struct predicted_influence {
    predicted_influence(const chosen_model& m, Eigen::Index length);

    chosen_model model;
    Eigen::Index tokens;
    cesaro::predicted_profile profile;
    cesaro::profile_summary<double> summary;  ///< of the profile
    cesaro::discrete_influence<double> row;
    cesaro::continuum_influence<double> limit;

    Eigen::Index query() const { return tokens - 1; }
    Eigen::Index half_before() const { return Eigen::Index(profile.quantile(0.5)); }
    /// The least share, in units of the even one.
    double valley_against_even() const { return summary.valley * double(tokens); }
};

/// The continuum limit of a row, per position; at the query with the recency delta. At x = 0 it is infinite
/// where two hops are possible; one hop is the uniform density.
double continuum_share(const cesaro::continuum_influence<double>& limit, Eigen::Index query, Eigen::Index m);

/// "llama-3.1-8b: 131072 tokens, 32 layers, predicted from its configuration".
std::string title_of(const predicted_influence& p);

report report_of_positions(const predicted_influence& p, const std::vector<Eigen::Index>& positions);
report report_of_quantiles(const predicted_influence& p, const std::vector<double>& probabilities);
/// The whole profile or a sample of it, and the summary.
report report_of_profile(const predicted_influence& p, const position_options& positions,
                         output_format format);
drawing drawing_of(const predicted_influence& p);

/// One row for each model.
report report_of_comparison(const std::vector<predicted_influence>& models);
drawing drawing_of(const std::vector<predicted_influence>& models);

/// Share of every position for every query of the model's prompt, each query predicted by itself.
drawing heatmap_of(const predicted_influence& p);

/// The coefficients as `--alphas-file` reads them.
std::string alphas_text(const predicted_influence& p);

}  // namespace programs
