// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/requirements.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <algorithm>
#include <cmath>

namespace cesaro::detail {

/// An interval on which functions are interpolated at the zeros of a Chebyshev polynomial; outside, they are
/// what they are at its ends.
struct chebyshev_interval {
    double least, greatest;

    chebyshev_interval(double from, double to) : least(from), greatest(to) {}

    /// The i-th of so many points.
    [[nodiscard]] double point(Eigen::Index i, Eigen::Index count) const {
        const double angle = boost::math::constants::pi<double>() * (double(i) + 0.5) / double(count);
        return least + (greatest - least) * (1 - std::cos(angle)) / 2;
    }
    /// x in [-1, 1].
    [[nodiscard]] double scaled(double x) const {
        if (!(greatest > least)) return 0;
        return std::clamp(2 * (x - least) / (greatest - least) - 1, -1.0, 1.0);
    }
    /// \f$T_0(x), \dots, T_{count-1}(x)\f$.
    [[nodiscard]] Eigen::VectorXd basis(double x, Eigen::Index count) const {
        Eigen::VectorXd t(count);
        const double here = scaled(x);
        t[0] = 1;
        if (count > 1) t[1] = here;
        for (Eigen::Index i = 2; i < count; ++i)
            t[i] = 2 * here * t[i - 1] - t[i - 2];
        return t;
    }
};

/// Coefficients from values at the points of an interval.
inline Eigen::MatrixXd chebyshev_transform(Eigen::Index count) {
    const chebyshev_interval unit(-1, 1);
    Eigen::MatrixXd t(count, count);
    for (Eigen::Index i = 0; i < count; ++i)
        t.col(i) = unit.basis(unit.point(i, count), count) * 2 / double(count);
    t.row(0) /= 2;
    return t;
}

}  // namespace cesaro::detail
