// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/requirements.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace cesaro::detail {

/// Positions gathered into cells, one after the other; a function that is smooth over a cell has one value
/// there.
struct position_cells {
    Eigen::VectorXd first;  ///< position of each cell
    Eigen::VectorXd width;  ///< positions in it

    /// Every position by itself: nothing is approximated.
    static position_cells single(Eigen::Index tokens) {
        return {Eigen::VectorXd::LinSpaced(tokens, 0, double(tokens - 1)), Eigen::VectorXd::Ones(tokens)};
    }

    /// Cells as wide as `ratio` times the distance to the nearest end, and `widest` at most: kernels of
    /// positions vary with the logarithm of that distance. Ends are those of the context and the given
    /// positions between, where what is kept on the cells may jump.
    static position_cells graded(double tokens, double ratio, double widest, std::vector<double> ends = {}) {
        ends.push_back(tokens);
        std::ranges::sort(ends);
        std::vector<double> first;
        double position = 0, end_before = 0;
        for (const double end : ends) {
            while (position < end) {
                first.push_back(position);
                // from the right, a cell that begins `left` before the end ends at left / (1 + ratio)
                const double left = end - position;
                const double width =
                    std::min({ratio * (position - end_before), left - left / (1 + ratio), widest});
                position += std::max(1.0, std::floor(width));
            }
            end_before = end;
        }
        first.push_back(position);
        const Eigen::VectorXd all =
            Eigen::Map<const Eigen::VectorXd>(first.data(), Eigen::Index(first.size()));
        const Eigen::Index size = all.size() - 1;
        return {all.head(size), all.tail(size) - all.head(size)};
    }

    [[nodiscard]] Eigen::Index size() const { return width.size(); }
    /// Of all cells.
    [[nodiscard]] double tokens() const { return first[size() - 1] + width[size() - 1]; }
    [[nodiscard]] bool are_single() const { return !(tokens() > double(size())); }
    /// The cell of a position.
    [[nodiscard]] Eigen::Index cell_of(double position) const {
        Eigen::Index after = 0, end = size();  // the first cell behind it lies in [after, end]
        while (after < end) {
            const Eigen::Index middle = (after + end) / 2;
            if (first[middle] > position) {
                end = middle;
            } else {
                after = middle + 1;
            }
        }
        return after - 1;
    }
    /// The mean position of a cell.
    [[nodiscard]] double middle(Eigen::Index c) const { return first[c] + (width[c] - 1) / 2; }
};

}  // namespace cesaro::detail
