// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <boost/math/policies/policy.hpp>

#include <type_traits>

namespace cesaro::detail {

/// Boost.Math's functions of double in double: in long double they take several times as long.
template <class Real>
using no_promotion =
    boost::math::policies::policy<boost::math::policies::promote_double<!std::is_same_v<Real, double>>>;

}  // namespace cesaro::detail
