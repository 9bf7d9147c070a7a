// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "common/plot.hpp"

#include <Eigen/Core>

#include <string>
#include <utility>
#include <vector>

namespace programs {

/// Pairs of a position and the decimal logarithm of an influence per position, for most of them underflow
/// somewhere; minus infinity stands for zero.
using log_curve = std::vector<std::pair<Eigen::Index, double>>;

/// What is drawn of a row of influence.
struct influence_plot {
    std::string title;
    Eigen::Index query;
    log_curve exact;
    log_curve continuum;
    log_curve primacy_tail;
    log_curve dead_zone;
    double delta;  ///< the decimal logarithm of the recency delta
    std::vector<std::string> notes = {};
};

/// The drawing of a plot. Horizontally, a position m stands at \f$\log_{10}((m+1)/(n-m+1))\f$: the
/// first tokens and the last ones are both stretched as on a logarithmic axis.
drawing drawing_of(const influence_plot& plot);

/// What is drawn of a prediction, on the same axes.
struct prediction_plot {
    std::string title;
    Eigen::Index query;
    log_curve predicted;
    log_curve row;  ///< of its coefficients
    Eigen::Index valley;
    std::vector<std::string> notes = {};
};
drawing drawing_of(const prediction_plot& plot);

/// Predictions for contexts of different lengths: relative positions, stretched at both ends, and shares in
/// units of the even one.
struct comparison_plot {
    struct model {
        std::string title;
        Eigen::Index query;
        log_curve predicted;
    };
    std::string title;
    std::vector<model> curves;
    std::vector<std::string> notes = {};
};
drawing drawing_of(const comparison_plot& plot);

/// Shares of positions for several queries, on logarithmic axes.
struct heat_plot {
    struct row {
        Eigen::Index query;
        log_curve cells;
    };
    std::string title;
    Eigen::Index query;  ///< the last
    std::vector<row> rows;
    std::vector<std::string> notes = {};
};
/// At most so many of the positions 0, ..., last, even on a logarithmic axis, both ends among them.
std::vector<Eigen::Index> heat_positions(Eigen::Index last, Eigen::Index count);
drawing drawing_of(const heat_plot& plot);

}  // namespace programs
