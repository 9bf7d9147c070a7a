// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <type_traits>

namespace cesaro::detail {

/// A running sum that carries its rounding errors along: the value is as accurate as if the terms had been
/// added in twice the precision (exact types stay exact); infinite once the sum has overflowed.
///
/// The errors' own rounding is at most (n eps)² / 24 of the sum of n positive terms: a tenth of an epsilon of
/// a double at n = 1e8, but 5000 of a float at 1e6, which is therefore summed in double.
///
/// Source: Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26 (2005), algorithm 4.4; the error-free addition is
/// Knuth's.
template <class Real>
class compensated_sum {
  public:
    compensated_sum& operator+=(const Real& term) {
        const Sum sum = sum_ + Sum(term);
        const Sum added = sum - sum_;
        const Sum lost_of_sum = sum_ - Sum(sum - added);
        const Sum lost_of_term = Sum(term) - added;
        error_ += Sum(lost_of_sum + lost_of_term);
        sum_ = sum;
        return *this;
    }

    Real value() const {
        const bool finite = error_ <= Sum(0) || error_ > Sum(0);  // infinity less itself is NaN
        return static_cast<Real>(finite ? Sum(sum_ + error_) : sum_);
    }

  private:
    using Sum = std::conditional_t<std::is_same_v<Real, float>, double, Real>;
    Sum sum_ = Sum(0);
    Sum error_ = Sum(0);
};

/// A running sum of numbers that are exact, or precise enough.
template <class Number>
class uncompensated_sum {
  public:
    uncompensated_sum& operator+=(const Number& term) {
        sum_ += term;
        return *this;
    }
    const Number& value() const { return sum_; }

  private:
    Number sum_ = Number(0);
};

}  // namespace cesaro::detail
