// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "../catch.hpp"
#include "../reference_tables.hpp"

#include <limits>

namespace cesaro_test {

/// The errors of values in units in the last place: 16 at most, 4 on average.
class ulp_summary {
  public:
    void check(double actual, const reference_real& expected) {
        if (expected != 0 && expected < reference_real(smallest_accurate<double>())) return;
        if (expected > reference_real((std::numeric_limits<double>::max)())) return;
        const double error = ulp_error(actual, expected);
        CHECK(error <= 16);
        sum_ += error;
        ++count_;
    }
    void check_mean() const { CHECK(sum_ / count_ <= 4); }

  private:
    double sum_ = 0;
    int count_ = 0;
};

}  // namespace cesaro_test
