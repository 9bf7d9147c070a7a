// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>

#include <boost/math/tools/toms748_solve.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

/// What the laws on (0, 1] share: positions x, log-distances u = ln(1/x), and quantiles in u.
namespace cesaro::detail {

/// u = ln(1/x) after checking 0 < x <= 1.
template <class Real>
Real log_distance(std::string_view function, const Real& x) {
    using std::log;
    if (!(x > Real(0) && x <= Real(1))) throw_domain_error(function, "x", x, "must lie in (0, 1]");
    return x == Real(1) ? Real(0) : Real(-log(x));
}

/// Sums of u^i / i! reach e^u = 1/x, which overflows at subnormal x: there they are formed 2^64 times
/// smaller.
template <class Real>
Real overflow_guard(const Real& x) {
    using std::ldexp;
    return x < (std::numeric_limits<Real>::min)() ? Real(ldexp(Real(1), 64)) : Real(1);
}

/// The x = e^{-u} at which `tail(x, u)` crosses `level` on its way up (or down, as `rising` says) from u = 0;
/// 0 when x underflows.
template <class Real, class Tail>
Real position_at(Tail tail, const Real& level, bool rising) {
    using std::exp;
    using std::log;
    // Relative to the level, so that one of 1e-200 is met to the last digits too; but not to a subnormal one,
    // which would overflow, and NaN then stop the solver from ending.
    const Real least = (std::numeric_limits<Real>::min)() / std::numeric_limits<Real>::epsilon();
    const Real scale = level < least ? least : level;
    const auto missing = [&](const Real& u) {
        const Real difference = (tail(Real(exp(Real(-u))), u) - level) / scale;
        return rising ? Real(-difference) : difference;
    };
    Real low(0);
    Real high(1);
    if (missing(low) <= 0) return Real(1);
    const Real most = -log((std::numeric_limits<Real>::min)());
    while (missing(high) > 0) {
        if (high >= most) return Real(0);
        low = high;
        high = 2 * high < most ? Real(2 * high) : most;
    }
    std::uintmax_t iterations = 1000;
    const boost::math::tools::eps_tolerance<Real> tolerance(std::numeric_limits<Real>::digits - 1);
    const auto bracket = boost::math::tools::toms748_solve(missing, low, high, tolerance, iterations);
    return exp(Real(-(bracket.first + bracket.second) / 2));
}

/// The quantiles of a law on (0, 1] with an atom at 1, from its two tails as functions of x < 1 and
/// u = ln(1/x): lower = P(X <= x), upper = P(X > x). Each level is met by the tail that is accurate there.
template <class Real, class Lower, class Upper>
Real lower_quantile(Lower lower, Upper upper, const Real& p) {
    if (p == 0) return Real(0);
    if (p == 1 || p >= lower(Real(1), Real(0))) return Real(1);
    return 2 * p <= 1 ? position_at<Real>(lower, p, false) : position_at<Real>(upper, Real(1 - p), true);
}

template <class Real, class Lower, class Upper>
Real upper_quantile(Lower lower, Upper upper, const Real& q) {
    if (q == 1) return Real(0);
    if (q == 0 || q <= upper(Real(1), Real(0))) return Real(1);
    return 2 * q <= 1 ? position_at<Real>(upper, q, true) : position_at<Real>(lower, Real(1 - q), false);
}

}  // namespace cesaro::detail
