// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cmath>
#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <ostream>

namespace cesaro::detail {

/// A finite number that neither underflows nor overflows: the same formulas run on it where a probability of
/// e^{-6000} has to be told from zero. A real_scalar, so that operators act on it.
///
/// It is mantissa · base^exponent, the base a power of two so large that a product of two mantissas is still
/// a Real: 2^512 for double. Numbers of ordinary size have the exponent zero, and cost little more.
template <class Real>
class scaled {
  public:
    scaled() = default;
    explicit scaled(const Real& value) : mantissa_(value) { normalize(); }
    /// Of a number of another type: said, so that no float becomes a double by itself.
    template <std::convertible_to<Real> Other>
    requires(!std::same_as<Other, Real> && !std::integral<Other>) explicit scaled(const Other& value)
        : scaled(static_cast<Real>(value)) {}
    scaled(std::integral auto value) : scaled(Real(value)) {}
    template <class Other>
    explicit scaled(const scaled<Other>& other) {
        if constexpr (scaled<Other>::base_digits == base_digits) {
            mantissa_ = static_cast<Real>(other.mantissa_);
            exponent_ = other.exponent_;
            normalize();
        } else {
            using std::frexp;
            int shift = 0;
            mantissa_ = static_cast<Real>(frexp(other.mantissa_, &shift));
            const std::int64_t digits = other.exponent_ * scaled<Other>::base_digits + shift;
            shift_by(digits);
        }
    }

    friend scaled operator-(const scaled& a) { return scaled(Real(-a.mantissa_), a.exponent_); }
    friend scaled operator*(const scaled& a, const scaled& b) {
        return scaled(a.mantissa_ * b.mantissa_, a.exponent_ + b.exponent_);
    }
    friend scaled operator/(const scaled& a, const scaled& b) {
        return scaled(a.mantissa_ / b.mantissa_, a.exponent_ - b.exponent_);
    }
    friend scaled operator+(const scaled& a, const scaled& b) {
        if (a.exponent_ == b.exponent_) return scaled(a.mantissa_ + b.mantissa_, a.exponent_);
        using std::ldexp;
        if (a.is_zero()) return b;
        if (b.is_zero()) return a;
        if (a.exponent_ == b.exponent_ + 1)
            return scaled(a.mantissa_ + Real(ldexp(b.mantissa_, -base_digits)), a.exponent_);
        if (b.exponent_ == a.exponent_ + 1)
            return scaled(b.mantissa_ + Real(ldexp(a.mantissa_, -base_digits)), b.exponent_);
        return a.exponent_ < b.exponent_ ? b : a;
    }
    friend scaled operator-(const scaled& a, const scaled& b) { return a + -b; }
    scaled& operator+=(const scaled& other) { return *this = *this + other; }
    scaled& operator-=(const scaled& other) { return *this = *this - other; }
    scaled& operator*=(const scaled& other) { return *this = *this * other; }
    scaled& operator/=(const scaled& other) { return *this = *this / other; }

    friend bool operator<(const scaled& a, const scaled& b) {
        const bool negative = a.mantissa_ < Real(0);
        if (a.exponent_ == b.exponent_ || a.is_zero() || b.is_zero() || negative != (b.mantissa_ < Real(0)))
            return a.mantissa_ < b.mantissa_;
        return (a.exponent_ < b.exponent_) != negative;
    }
    friend bool operator==(const scaled& a, const scaled& b) { return !(a < b) && !(b < a); }
    friend std::weak_ordering operator<=>(const scaled& a, const scaled& b) {
        if (a < b) return std::weak_ordering::less;
        return b < a ? std::weak_ordering::greater : std::weak_ordering::equivalent;
    }

    friend std::ostream& operator<<(std::ostream& out, const scaled& a) {
        return out << leading_part(a.mantissa_) << " * 2^" << a.exponent_ * base_digits;
    }

    /// The plain value, where it fits (0 or infinity where not).
    template <class Plain>
    requires std::same_as<Plain, Real> || std::constructible_from<Plain, Real>
    explicit operator Plain() const {
        if (exponent_ == 0) return static_cast<Plain>(mantissa_);
        using std::ldexp;
        const std::int64_t most = std::numeric_limits<int>::max() / 2 / base_digits;
        const std::int64_t e = exponent_ > most ? most : exponent_ < -most ? -most : exponent_;
        return static_cast<Plain>(Real(ldexp(mantissa_, int(e * base_digits))));
    }

    friend scaled sqrt(const scaled& a) {
        using std::sqrt;
        const auto odd = int(a.exponent_ & 1);
        scaled root(Real(sqrt(a.mantissa_)));
        root.exponent_ += (a.exponent_ - odd) / 2;
        return odd == 0 ? root : root * power_of_two(base_digits / 2);
    }

    /// The natural logarithm; minus infinity at zero.
    friend Real log(const scaled& a) {
        using std::log;
        if (a.is_zero()) return Real(-std::numeric_limits<Real>::infinity());
        const Real value = log(a.mantissa_);
        return a.exponent_ == 0 ? value : value + Real(a.exponent_ * base_digits) * Real(log(Real(2)));
    }

  private:
    template <class Other>
    friend class scaled;

    /// A quarter of the exponents of Real on either side of 1 are left to mantissas.
    static constexpr int base_digits = (std::numeric_limits<Real>::max_exponent / 4) * 2;

    scaled(const Real& mantissa, std::int64_t exponent) : mantissa_(mantissa), exponent_(exponent) {
        normalize();
    }

    bool is_zero() const { return !(mantissa_ < Real(0)) && !(mantissa_ > Real(0)); }

    static scaled power_of_two(int digits) {
        using std::ldexp;
        return scaled(Real(ldexp(Real(1), digits)));
    }

    /// What the size of a number can be read off.
    static auto leading_part(const Real& value) {
        if constexpr (requires { value.high(); })
            return value.high();
        else
            return value;
    }

    /// Into [1, base) / sqrt(base), but for the sign; or 0, whose exponent is that of ordinary numbers: a
    /// zero less a zero would else be the second one, and negative.
    void normalize() {
        using std::ldexp;
        using Leading = decltype(leading_part(mantissa_));
        static const Leading largest = ldexp(Leading(1), base_digits / 2);
        static const Leading smallest = ldexp(Leading(1), -base_digits / 2);
        const Leading leading = leading_part(mantissa_);
        const Leading size = leading < Leading(0) ? Leading(-leading) : leading;
        if (size < largest && !(size < smallest)) return;
        if (is_zero()) {
            exponent_ = 0;
            return;
        }
        using std::frexp;
        int shift = 0;
        mantissa_ = frexp(mantissa_, &shift);
        shift_by(shift);
    }
    /// Times 2^digits, the mantissa being in [1/2, 1).
    void shift_by(std::int64_t digits) {
        using std::ldexp;
        if (is_zero()) return;
        const std::int64_t half = base_digits / 2;
        const std::int64_t position = digits - 1 + half;  // of the leading digit, from that of the smallest
        const std::int64_t limbs =
            position >= 0 ? position / base_digits : -((base_digits - 1 - position) / base_digits);
        exponent_ += limbs;
        mantissa_ = ldexp(mantissa_, int(digits - limbs * base_digits));
    }

    Real mantissa_ = Real(0);
    std::int64_t exponent_ = 0;
};

}  // namespace cesaro::detail

/// But for the range.
template <class Real>
struct std::numeric_limits<cesaro::detail::scaled<Real>> : std::numeric_limits<Real> {};
