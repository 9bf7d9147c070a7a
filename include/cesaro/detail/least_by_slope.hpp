// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <algorithm>
#include <limits>

namespace cesaro::detail {

/// A function's value and slope at x.
template <class Real>
struct sloped_value {
    Real x;
    Real value;
    Real slope;
};

/// Where a function with kinks, as sums of absolute values have them, is least: downhill from x, by growing steps
/// within [least, greatest], until the slope turns; then between those two places, to `tolerance`. Three ways of
/// choosing the next place take turns: where the secant of the slopes vanishes, which finds smooth minima, where the
/// tangents meet, which finds kinks, and the middle.
/// \param f f(x) is a sloped_value<Real>. f.narrow(low, high), where there is one, is told an interval that will not be left.
template <class Real, class Function>
Real least_by_slope(Function&& f, Real least, Real greatest, Real x, Real step, Real tolerance) {
    sloped_value<Real> low = f(x);
    sloped_value<Real> high = low;
    while (high.slope < 0 && high.x < greatest) {
        low = high;
        high = f(std::min(high.x + step, greatest));
        step *= 4;
    }
    while (low.slope > 0 && low.x > least) {
        high = low;
        low = f(std::max(low.x - step, least));
        step *= 4;
    }
    if (!(low.slope < 0)) return low.x;
    if (!(high.slope > 0)) return high.x;
    Real told = std::numeric_limits<Real>::infinity();
    for (int i = 0; high.x - low.x > tolerance; ++i) {
        const Real width = high.x - low.x;
        if constexpr (requires { f.narrow(low.x, high.x); }) {
            if (width > 64 * tolerance && 8 * width < told) {
                f.narrow(low.x, high.x);
                told = width;
            }
        }
        const Real rise = high.slope - low.slope;
        Real part = 0.5;
        if (i % 3 == 0) part = -low.slope / rise;
        if (i % 3 == 1) part = (high.slope - (high.value - low.value) / width) / rise;
        const Real inside = 0.5 * tolerance / width;
        const sloped_value<Real> next = f(low.x + width * std::clamp(part, inside, 1 - inside));
        (next.slope < 0 ? low : high) = next;
    }
    return low.value < high.value ? low.x : high.x;
}

}  // namespace cesaro::detail
