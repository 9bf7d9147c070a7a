// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/scaled.hpp>

#include <cstdint>
#include <limits>
#include <type_traits>

namespace cesaro::detail {

/// The scalars whose rows, and the hops of whose columns, are written by polynomials.
template <class Real>
inline constexpr bool is_float_or_double = std::is_same_v<Real, double> || std::is_same_v<Real, float>;

/// The kinds of numbers that go with one: `plain`, which integers convert to, and `wide`, for p_1, p_2 and
/// t_k, whose logarithms are those of `real` and whose divisors are of type `divisor`.
template <class Number>
struct number_kinds {
    using plain = Number;
    using wide = detail::wide<Number>;
    using real = wide;
    using divisor = wide;
    static constexpr int digits = std::numeric_limits<Number>::digits;
};
template <class Number>
requires requires {
    typename wide<Number>::base;
}
struct number_kinds<Number> {
    using plain = Number;
    using wide = detail::wide<Number>;
    using real = wide;
    using divisor = typename wide::base;
    static constexpr int digits = std::numeric_limits<Number>::digits;
};
template <class Real>
struct number_kinds<scaled<Real>> {
    using plain = Real;
    using wide = scaled<Real>;
    using real = Real;
    using divisor = scaled<Real>;
    static constexpr int digits = std::numeric_limits<Real>::digits;
};

/// For degrees so low that a rounding of p_1 does no harm.
template <class Number>
struct narrow_kinds {
    using plain = Number;
    using wide = Number;
    using real = Number;
    using divisor = Number;
    static constexpr int digits = std::numeric_limits<Number>::digits;
};

template <class Number>
Number from_integer(std::int64_t i) {
    return Number(static_cast<typename number_kinds<Number>::plain>(i));
}

}  // namespace cesaro::detail
