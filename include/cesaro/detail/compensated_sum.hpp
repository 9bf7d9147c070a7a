// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

namespace cesaro::detail {

/// A running sum that carries its rounding errors along: the value is as accurate as if the terms had been
/// added in twice the precision (exact types stay exact).
///
/// Source: Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26 (2005), algorithm 4.4; the error-free addition is
/// Knuth's.
template <class Real>
class compensated_sum {
  public:
    compensated_sum& operator+=(const Real& term) {
        const Real sum = sum_ + term;
        const Real added = sum - sum_;
        const Real lost_of_sum = sum_ - Real(sum - added);
        const Real lost_of_term = term - added;
        error_ += Real(lost_of_sum + lost_of_term);
        sum_ = sum;
        return *this;
    }

    Real value() const { return sum_ + error_; }

  private:
    Real sum_ = Real(0);
    Real error_ = Real(0);
};

}  // namespace cesaro::detail
