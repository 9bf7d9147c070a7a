// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/scaled.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

/// Gains of random layers: what is asked of them, and squares of profiles that may leave the scalar's range.
namespace cesaro::detail {

/// Throws std::domain_error unless every gain is finite and not negative (NaN fails). It is named as the
/// caller indexes it: gains[l], or gains(m, l) of a matrix.
template <class Derived>
void check_gains(std::string_view function, std::string_view argument,
                 const Eigen::DenseBase<Derived>& gains) {
    using Real = typename Derived::Scalar;
    for (Eigen::Index l = 0; l < gains.cols(); ++l) {
        for (Eigen::Index m = 0; m < gains.rows(); ++m) {
            const Real gain = gains.coeff(m, l);
            const bool bounded =
                !std::numeric_limits<Real>::has_infinity || gain < std::numeric_limits<Real>::infinity();
            if (gain >= 0 && bounded) continue;
            constexpr bool one_by_one = Derived::IsVectorAtCompileTime;
            std::string entry(argument);
            entry += one_by_one ? '[' : '(';
            entry += std::to_string(one_by_one ? m + l : m);
            if (!one_by_one) entry.append(", ").append(std::to_string(l));
            entry += one_by_one ? ']' : ')';
            throw_domain_error(function, entry, gain, "must be finite and not negative");
        }
    }
}

/// The roots of squares: numbers of Real where the squares need not be.
template <class Real, class Number>
Eigen::VectorX<Real> roots(const Eigen::VectorX<Number>& squares) {
    using std::sqrt;
    return squares.unaryExpr([](const Number& square) { return static_cast<Real>(sqrt(square)); });
}

/// Whether sums of positive terms, none above `bound` but for rounding, are accurate: nothing overflowed, and
/// what underflowed, times at most `bound`, is below rounding. False where any is NaN.
template <class Real>
bool kept_in_range(const Eigen::VectorX<Real>& sums, const Real& bound) {
    const Real epsilon = std::numeric_limits<Real>::epsilon();
    const Real least = bound * ((std::numeric_limits<Real>::min)() / epsilon / epsilon);
    return std::all_of(sums.begin(), sums.end(), [&](const Real& sum) {
        return sum >= least && sum <= (std::numeric_limits<Real>::max)();
    });
}

}  // namespace cesaro::detail
