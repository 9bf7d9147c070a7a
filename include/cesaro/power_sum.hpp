// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Sums of inverse powers of consecutive integers, without cancellation.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/euler_maclaurin.hpp>
#include <cesaro/detail/positions.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace cesaro {

/// The sum of inverse powers of consecutive integers. The complete homogeneous polynomials of a row are
/// functions of such sums; theirs are formed with them, the first two in twice the precision.
///
/// \f[ p_r(a..b) = \sum_{i=a}^{b} i^{-r} = \zeta(r, a) - \zeta(r, b+1) \f]
///
/// The first positions are added one by one, smallest term first; from about \f$a = r + 25\f$ on
/// (double) the Euler-Maclaurin series, written so that the difference of the two zeta functions never forms.
///
/// \param a,b  the first and the last integer, 1 <= a <= b <= 2^62.
/// \param r    the power, r >= 1.
/// \return     the sum, positive; it underflows where \f$a^{-r}\f$ does. Exact for exact scalars.
/// \throws std::domain_error when a < 1, b < a, b > 2^62 or r < 1.
/// Cost: O(min(b - a, r)) powers and one short series, independent of b; for exact scalars b - a + 1 powers.
/// Accuracy: within 4 ulp in float, double and long double (measured: docs/accuracy.md).
template <real_scalar Real = double>
[[nodiscard]] Real power_sum(std::int64_t a, std::int64_t b, int r) {
    detail::check_at_least("power_sum", "a", a, 1);
    detail::check_at_least("power_sum", "r", r, 1);
    if (b < a || b > detail::largest_query) {
        detail::throw_domain_error("power_sum", "b", b, "must lie in [a, 2^62]");
    }
    if constexpr (std::numeric_limits<Real>::is_exact) {
        Real sum(0);
        for (std::int64_t i = b; i >= a; --i) {
            Real power(1);
            for (int j = 0; j < r; ++j)
                power /= Real(i);
            sum += power;
        }
        return sum;
    } else {
        using Series = detail::euler_maclaurin_power_sum<Real>;
        // Of high powers the terms beyond 2 a are below rounding.
        if (r > std::numeric_limits<Real>::digits + 8 && a < Series::first_position(r))
            b = std::min(b, 2 * a);
        const std::int64_t start = std::max(a, Series::first_position(r));
        Real sum(0);
        for (std::int64_t i = std::min(b, start - 1); i >= a; --i)
            sum += detail::inverse_power<Real>(i, r);
        if (start <= b) sum += detail::inverse_power<Real>(start, r - 1) * Series(start, b)(r);
        return sum;
    }
}

}  // namespace cesaro
