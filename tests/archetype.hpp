// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// Scalars that can do what `real_scalar` asks and nothing more: no conversion is implicit, nothing but an int
// mixes with them. What compiles with them uses no more than the concept says.
//
// archetype<rational> is an exact number, without any function; archetype<double> has the functions of
// <cmath> that the library calls, found by argument-dependent lookup.
#include <Eigen/Core>

#include <cmath>
#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <ostream>
#include <type_traits>
#include <utility>

namespace cesaro_test {

template <class Held>
class archetype {
  public:
    archetype() = default;
    template <std::integral Integer>
    explicit archetype(Integer value) : held_(static_cast<Held>(value)) {}
    static archetype of(Held value) {
        archetype made;
        made.held_ = std::move(value);
        return made;
    }

    /// A number that is not exact is rounded towards zero by a cast.
    explicit operator std::int64_t() const requires(std::is_floating_point_v<Held>) {
        return static_cast<std::int64_t>(held_);
    }

    /// What it stands for, for the tests; the library does not know the name.
    const Held& held() const { return held_; }

    archetype operator-() const { return of(Held(-held_)); }
    archetype& operator+=(const archetype& other) { return held_ += other.held_, *this; }
    archetype& operator-=(const archetype& other) { return held_ -= other.held_, *this; }
    archetype& operator*=(const archetype& other) { return held_ *= other.held_, *this; }
    archetype& operator/=(const archetype& other) { return held_ /= other.held_, *this; }
    friend archetype operator+(archetype a, const archetype& b) { return a += b; }
    friend archetype operator-(archetype a, const archetype& b) { return a -= b; }
    friend archetype operator*(archetype a, const archetype& b) { return a *= b; }
    friend archetype operator/(archetype a, const archetype& b) { return a /= b; }

    friend archetype operator+(archetype a, int b) { return a += archetype(b); }
    friend archetype operator-(archetype a, int b) { return a -= archetype(b); }
    friend archetype operator*(archetype a, int b) { return a *= archetype(b); }
    friend archetype operator/(archetype a, int b) { return a /= archetype(b); }
    friend archetype operator+(int a, const archetype& b) { return archetype(a) += b; }
    friend archetype operator-(int a, const archetype& b) { return archetype(a) -= b; }
    friend archetype operator*(int a, const archetype& b) { return archetype(a) *= b; }
    friend archetype operator/(int a, const archetype& b) { return archetype(a) /= b; }

    friend bool operator==(const archetype& a, const archetype& b) { return a.held_ == b.held_; }
    friend bool operator==(const archetype& a, int b) { return a.held_ == b; }
    friend std::partial_ordering operator<=>(const archetype& a, const archetype& b) {
        return order(a.held_, b.held_);
    }
    friend std::partial_ordering operator<=>(const archetype& a, int b) { return order(a.held_, Held(b)); }

    friend std::ostream& operator<<(std::ostream& out, const archetype& a) { return out << a.held_; }

  private:
    static std::partial_ordering order(const Held& a, const Held& b) {
        if (a < b) return std::partial_ordering::less;
        if (a > b) return std::partial_ordering::greater;
        return a == b ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
    }

    Held held_{};
};

/// The functions of <cmath> that the library calls, for an archetype of a number that has them.
template <class Held>
using enable_functions = std::enable_if_t<std::is_floating_point_v<Held>, archetype<Held>>;
#define CESARO_TEST_FUNCTION(name)                          \
    template <class Held>                                   \
    enable_functions<Held> name(const archetype<Held>& a) { \
        return archetype<Held>::of(std::name(a.held()));    \
    }
CESARO_TEST_FUNCTION(abs)
CESARO_TEST_FUNCTION(exp)
CESARO_TEST_FUNCTION(expm1)
CESARO_TEST_FUNCTION(floor)
CESARO_TEST_FUNCTION(log)
CESARO_TEST_FUNCTION(log10)
CESARO_TEST_FUNCTION(log1p)
CESARO_TEST_FUNCTION(sqrt)
#undef CESARO_TEST_FUNCTION

template <class Held>
enable_functions<Held> pow(const archetype<Held>& a, const archetype<Held>& b) {
    return archetype<Held>::of(std::pow(a.held(), b.held()));
}
template <class Held>
enable_functions<Held> ldexp(const archetype<Held>& a, int exponent) {
    return archetype<Held>::of(std::ldexp(a.held(), exponent));
}
template <class Held>
enable_functions<Held> frexp(const archetype<Held>& a, int* exponent) {
    return archetype<Held>::of(std::frexp(a.held(), exponent));
}
template <class Held>
bool isfinite(const archetype<Held>& a) {
    return std::isfinite(a.held());
}

}  // namespace cesaro_test

template <class Held>
class std::numeric_limits<cesaro_test::archetype<Held>> : public std::numeric_limits<Held> {
    using number = cesaro_test::archetype<Held>;
    using limits = std::numeric_limits<Held>;

  public:
    static number(min)() { return number::of((limits::min)()); }
    static number(max)() { return number::of((limits::max)()); }
    static number lowest() { return number::of(limits::lowest()); }
    static number epsilon() { return number::of(limits::epsilon()); }
    static number infinity() { return number::of(limits::infinity()); }
    static number quiet_NaN() { return number::of(limits::quiet_NaN()); }
};

// What Eigen asks of a scalar, as its documentation on custom scalar types says.
template <class Held>
struct Eigen::NumTraits<cesaro_test::archetype<Held>>
    : Eigen::GenericNumTraits<cesaro_test::archetype<Held>> {
    using Real = cesaro_test::archetype<Held>;
    using NonInteger = Real;
    using Nested = Real;
    enum {
        IsComplex = 0,
        IsInteger = 0,
        IsSigned = 1,
        RequireInitialization = 1,
        ReadCost = 1,
        AddCost = 3,
        MulCost = 3
    };
};
