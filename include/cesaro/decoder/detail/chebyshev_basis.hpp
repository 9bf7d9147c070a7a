// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/requirements.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>

namespace cesaro::detail {

/// An interval on which functions are interpolated at the zeros of a Chebyshev polynomial; outside, they are
/// what they are at its ends.
template <std::floating_point Real>
struct chebyshev_interval {
    Real least, greatest;

    chebyshev_interval(Real from, Real to) : least(from), greatest(to) {}

    /// The i-th of so many points.
    [[nodiscard]] Real point(Eigen::Index i, Eigen::Index count) const {
        const Real angle = boost::math::constants::pi<Real>() * (Real(i) + 0.5) / Real(count);
        return least + (greatest - least) * (1 - std::cos(angle)) / 2;
    }
    /// x in [-1, 1].
    [[nodiscard]] Real scaled(Real x) const {
        if (!(greatest > least)) return 0;
        return std::clamp(2 * (x - least) / (greatest - least) - 1, Real(-1), Real(1));
    }
    /// \f$T_0(x), \dots, T_{count-1}(x)\f$.
    [[nodiscard]] Eigen::VectorX<Real> basis(Real x, Eigen::Index count) const {
        Eigen::VectorX<Real> t(count);
        const Real here = scaled(x);
        t[0] = 1;
        if (count > 1) t[1] = here;
        for (Eigen::Index i = 2; i < count; ++i)
            t[i] = 2 * here * t[i - 1] - t[i - 2];
        return t;
    }
    /// The same of many x, a column for each polynomial.
    [[nodiscard]] Eigen::MatrixX<Real> basis(const Eigen::ArrayX<Real>& x, Eigen::Index count) const {
        const Eigen::ArrayX<Real> here = x.unaryExpr([this](Real one) { return scaled(one); });
        Eigen::MatrixX<Real> t(x.size(), count);
        t.col(0).setOnes();
        if (count > 1) t.col(1) = here;
        for (Eigen::Index i = 2; i < count; ++i)
            t.col(i).array() = 2 * here * t.col(i - 1).array() - t.col(i - 2).array();
        return t;
    }
};

/// Coefficients from values at the points of an interval.
template <std::floating_point Real>
Eigen::MatrixX<Real> chebyshev_transform(Eigen::Index count) {
    const chebyshev_interval<Real> unit(-1, 1);
    Eigen::MatrixX<Real> t(count, count);
    for (Eigen::Index i = 0; i < count; ++i)
        t.col(i) = unit.basis(unit.point(i, count), count) * 2 / Real(count);
    t.row(0) /= 2;
    return t;
}

}  // namespace cesaro::detail
