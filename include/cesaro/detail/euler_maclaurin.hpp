// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <boost/math/special_functions/bernoulli.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

/// What power_sum() adds up: single inverse powers, and the series for those of a long range.
namespace cesaro::detail {

/// i^{-r}. Beyond 2^digits a position is no Real: i = high + low, and the power of what was rounded away
/// is put back to first order, so that the rounding of i is not amplified r times.
template <class Real>
Real inverse_power(std::int64_t i, int r) {
    using std::pow;
    // By halves: GCC for 32-bit x86 may keep all 64 bits of an integer in a Real, and leave none for `low`.
    const Real high = Real(i >> 32) * Real(std::int64_t(1) << 32) + Real(i & 0xffffffff);
    const Real low = Real(i - static_cast<std::int64_t>(high));
    const Real power = pow(high, Real(-r));
    return power - power * (Real(r) * low / high);
}

/// B_2j / (2j)! for j = 0, 1, ...: as many as the Euler-Maclaurin series can need in this precision.
template <class Real>
const std::vector<Real>& bernoulli_coefficients() {
    static const std::vector<Real> coefficients = [] {
        std::vector<Real> c;
        Real factorial(1);
        for (int j = 0; j < std::numeric_limits<Real>::digits10 + 10; ++j) {
            if (j > 0) factorial *= Real((2 * j - 1) * (2 * j));
            c.push_back(boost::math::bernoulli_b2n<Real>(j) / factorial);
        }
        return c;
    }();
    return coefficients;
}

/// The sums a^{r-1} (a^{-r} + ... + b^{-r}) of one range, for a >= first_position(r), by Euler-Maclaurin:
///
///   a^{r-1} S = (1 - e^{-(r-1) L}) / (r-1)
///               + ((1 + rho) / 2 + sum_j B_2j / (2j)! (r)_{2j-1} a^{1-2j} (1 - rho q^{2j-1})) / a,
///   L = log(b/a), q = a/b, rho = q^r.
///
/// At most 1 for r > 1, whatever the range: no power of a underflows before its product with this does.
///
/// L comes from log1p((b-a)/a) and the bracket from expm1, so that no difference of close numbers is formed;
/// i^{-r} is completely monotone, so the series alternates and its error is below the first term left out.
template <class Real>
class euler_maclaurin_power_sum {
  public:
    /// From here on the terms fall by a factor of at least 16 each, down to the last digit.
    static std::int64_t first_position(int r) {
        return std::int64_t(r) + std::numeric_limits<Real>::digits10 + 10;
    }

    euler_maclaurin_power_sum(std::int64_t a, std::int64_t b) : a_(Real(a)) {
        using std::exp;
        using std::log1p;
        log_ratio_ = log1p(Real(Real(b - a) / a_));
        ratio_ = exp(Real(-log_ratio_));
    }

    Real operator()(int r) const {
        using std::abs;
        using std::exp;
        using std::expm1;
        const Real rho = exp(Real(Real(-r) * log_ratio_));
        Real ends = (1 + rho) / 2;
        Real factor = Real(r) / a_;  // (r)_{2j-1} a^{1-2j}
        Real end = rho * ratio_;     // rho q^{2j-1}
        const Real step = 1 / (a_ * a_);
        const std::vector<Real>& coefficients = bernoulli_coefficients<Real>();
        for (std::size_t j = 1; j < coefficients.size(); ++j) {
            const Real term = coefficients[j] * factor;
            ends += term * (1 - end);
            if (abs(term) < std::numeric_limits<Real>::epsilon() / 16) break;
            const Real rising = Real(r + 2 * int(j) - 1);
            factor *= step * rising * (rising + 1);
            end *= ratio_ * ratio_;
        }
        const Real integral =
            r == 1 ? log_ratio_ : Real(-expm1(Real(Real(1 - r) * log_ratio_)) / Real(r - 1));
        return integral + ends / a_;
    }

  private:
    Real a_;
    Real log_ratio_;
    Real ratio_;
};

}  // namespace cesaro::detail
