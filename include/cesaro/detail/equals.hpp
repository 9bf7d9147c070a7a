// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/requirements.hpp>

#include <concepts>
#include <type_traits>

namespace cesaro::detail {

/// a == b, where numbers are compared that were given and not computed: the ends of a range, a weight of
/// zero. Written so that -Wfloat-equal, which looks for a tolerance that was forgotten, has nothing to say.
template <class Real>
constexpr bool equals(const Real& a, const std::type_identity_t<Real>& b) {
    return a <= b && a >= b;
}
template <class Real>
requires(!std::same_as<Real, int>) constexpr bool equals(const Real& a, int b) {
    return equals(a, Real(b));
}

}  // namespace cesaro::detail
