// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <boost/math/policies/policy.hpp>

#include <type_traits>

namespace cesaro::detail {

/// Boost.Math's functions of double in double, quicker than in long double; others as they are by default.
template <class Real>
using no_promotion =
    boost::math::policies::policy<boost::math::policies::promote_double<!std::is_same_v<Real, double>>>;

}  // namespace cesaro::detail
