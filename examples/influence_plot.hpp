// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <string>
#include <utility>
#include <vector>

namespace programs {

/// What is drawn of a profile. Curves are pairs of a position and the decimal logarithm of an influence per
/// position, for most of them underflow somewhere; minus infinity stands for zero.
struct influence_plot {
    using curve = std::vector<std::pair<Eigen::Index, double>>;

    std::string title;
    Eigen::Index query;
    curve exact;
    curve continuum;
    curve primacy_tail;
    curve dead_zone;
    double delta;  ///< the decimal logarithm of the recency delta
};

/// The gnuplot script of a plot. Horizontally, a position m stands at \f$\log_{10}((m+1)/(n-m+1))\f$: the
/// first tokens and the last ones are both stretched as on a logarithmic axis.
std::string plot_script(const influence_plot& plot);

}  // namespace programs
