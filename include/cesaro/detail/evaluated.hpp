// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

namespace cesaro::detail {

/// The argument itself where its entries lie in memory, else its value in a new matrix: a loop over the
/// coefficients of an expression would evaluate the products in it once for each.
template <class Derived>
decltype(auto) evaluated(const Eigen::MatrixBase<Derived>& x) {
    if constexpr ((int(Derived::Flags) & Eigen::DirectAccessBit) != 0)
        return x.derived();
    else
        return typename Derived::PlainObject(x);
}

}  // namespace cesaro::detail
