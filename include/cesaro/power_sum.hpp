// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>
#include <boost/math/special_functions/bernoulli.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace cesaro {

namespace detail {

/// i^{-r}. Beyond 2^digits a position is no Real: i = high + low, and the power of what was rounded away
/// is put back to first order, so that the rounding of i is not amplified r times.
template <class Real>
Real inverse_power(Eigen::Index i, int r) {
    using std::pow;
    const Real high = Real(i);
    const Real low = Real(i - static_cast<Eigen::Index>(high));
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

/// The sums a^r (a^{-r} + ... + b^{-r}) of one range, for a >= first_position(r), by Euler-Maclaurin:
///
///   a^r S = a (1 - e^{-(r-1) L}) / (r-1) + (1 + rho) / 2
///           + sum_j B_2j / (2j)! (r)_{2j-1} a^{1-2j} (1 - rho q^{2j-1}),
///   L = log(b/a), q = a/b, rho = q^r.
///
/// L comes from log1p((b-a)/a) and the bracket from expm1, so that no difference of close numbers is formed;
/// i^{-r} is completely monotone, so the series alternates and its error is below the first term left out.
template <class Real>
class euler_maclaurin_power_sum {
  public:
    /// From here on the terms fall by a factor of at least 16 each, down to the last digit.
    static Eigen::Index first_position(int r) { return r + std::numeric_limits<Real>::digits10 + 10; }

    euler_maclaurin_power_sum(Eigen::Index a, Eigen::Index b) : a_(Real(a)) {
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
        Real sum = (1 + rho) / 2;
        sum +=
            r == 1 ? Real(a_ * log_ratio_) : Real(-a_ * expm1(Real(Real(1 - r) * log_ratio_)) / Real(r - 1));
        Real factor = Real(r) / a_;  // (r)_{2j-1} a^{1-2j}
        Real end = rho * ratio_;     // rho q^{2j-1}
        const Real step = 1 / (a_ * a_);
        const std::vector<Real>& coefficients = bernoulli_coefficients<Real>();
        for (std::size_t j = 1; j < coefficients.size(); ++j) {
            const Real term = coefficients[j] * factor;
            sum += term * (1 - end);
            if (abs(term) < std::numeric_limits<Real>::epsilon() / 16) break;
            const Real rising = Real(r + 2 * int(j) - 1);
            factor *= step * rising * (rising + 1);
            end *= ratio_ * ratio_;
        }
        return sum;
    }

  private:
    Real a_;
    Real log_ratio_;
    Real ratio_;
};

}  // namespace detail

/// The sum of inverse powers of consecutive integers: where the accuracy of the closed forms is made.
///
/// \f[ p_r(a..b) = \sum_{i=a}^{b} i^{-r} = \zeta(r, a) - \zeta(r, b+1) \f]
///
/// The first positions are added one by one, smallest term first; from about \f$a = r + 25\f$ on
/// (double) the Euler-Maclaurin series, written so that the difference of the two zeta functions never forms.
///
/// \param a,b  the first and the last integer, 1 <= a <= b <= 2^62.
/// \param r    the power, r >= 1.
/// \return     the sum, positive; it underflows where \f$a^{-r}\f$ does. Exact for exact scalars (term by
/// term). \throws std::domain_error when a < 1, b < a, b > 2^62 or r < 1. Cost: O(min(b - a, r)) powers and
/// one short series, independent of b. Accuracy: within 4 ulp in float, double and long double (measured:
/// docs/accuracy.md).
template <real_scalar Real = double>
Real power_sum(Eigen::Index a, Eigen::Index b, int r) {
    detail::check_at_least("power_sum", "a", a, 1);
    detail::check_at_least("power_sum", "r", r, 1);
    if (b < a || b > (Eigen::Index(1) << 62)) {
        detail::throw_domain_error("power_sum", "b", b, "must lie in [a, 2^62]");
    }
    if constexpr (std::numeric_limits<Real>::is_exact) {
        Real sum(0);
        for (Eigen::Index i = b; i >= a; --i) {
            Real power(1);
            for (int j = 0; j < r; ++j)
                power /= Real(i);
            sum += power;
        }
        return sum;
    } else {
        using Series = detail::euler_maclaurin_power_sum<Real>;
        const Eigen::Index start = std::max(a, Series::first_position(r));
        Real sum(0);
        if (start <= b) {
            // The series over start is at most 1 for r > 1: no factor underflows before the product does.
            sum = detail::inverse_power<Real>(start, r - 1) * Real(Series(start, b)(r) / Real(start));
        }
        for (Eigen::Index i = std::min(b, start - 1); i >= a; --i)
            sum += detail::inverse_power<Real>(i, r);
        return sum;
    }
}

}  // namespace cesaro
