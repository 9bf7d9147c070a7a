// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/compensated_sum.hpp>

#include <cmath>
#include <limits>

/// What summaries of a profile share, whether its entries are known one by one or in closed form.
namespace cesaro::detail {

/// log10(high / low) for high >= low >= 0; 0 when they are equal.
template <class Real>
Real decades(const Real& high, const Real& low) {
    using std::log10;
    if (!(low < high)) return Real(0);
    const Real ratio = high / low;  // overflows where low is subnormal
    return ratio < std::numeric_limits<Real>::max() ? Real(log10(ratio)) : Real(log10(high) - log10(low));
}

/// -sum p ln p of a distribution, whose greatest entry is added last: where it is nearly one its logarithm is
/// lost in 1, and kept in what the others leave.
template <class Real>
class profile_entropy {
  public:
    void add(const Real& p) {
        using std::log;
        add(p, p > Real(0) ? Real(-p * log(p)) : Real(0));
    }
    /// Several entries, of this mass and entropy.
    void add(const Real& mass, const Real& entropy) {
        rest_ += mass;
        entropy_ += entropy;
    }

    Real with_greatest(const Real& p) {
        using std::log;
        using std::log1p;
        const Real rest = rest_.value();
        const Real logarithm = rest < Real(1) / Real(2) ? Real(log1p(-rest)) : Real(log(p));
        entropy_ += Real(-p * logarithm);
        return entropy_.value();
    }

  private:
    compensated_sum<Real> rest_;
    compensated_sum<Real> entropy_;
};

}  // namespace cesaro::detail
