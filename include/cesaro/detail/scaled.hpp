// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace cesaro::detail {

/// A finite number mantissa · 2^exponent that neither underflows nor overflows: the same formulas run on it
/// where a probability of e^{-6000} has to be told from zero.
template <class Real>
class scaled {
  public:
    scaled() = default;
    explicit scaled(const Real& value) : mantissa_(value) { normalize(); }

    friend scaled operator*(const scaled& a, const scaled& b) {
        return scaled(a.mantissa_ * b.mantissa_, a.exponent_ + b.exponent_);
    }
    friend scaled operator/(const scaled& a, const scaled& b) {
        return scaled(a.mantissa_ / b.mantissa_, a.exponent_ - b.exponent_);
    }
    friend scaled operator+(const scaled& a, const scaled& b) {
        using std::ldexp;
        if (a.mantissa_ == 0) return b;
        if (b.mantissa_ == 0) return a;
        const std::int64_t shift = a.exponent_ - b.exponent_;
        constexpr int digits = std::numeric_limits<Real>::digits + 2;
        if (shift > digits) return a;
        if (shift < -digits) return b;
        if (shift >= 0) return scaled(a.mantissa_ + ldexp(b.mantissa_, int(-shift)), a.exponent_);
        return scaled(b.mantissa_ + ldexp(a.mantissa_, int(shift)), b.exponent_);
    }
    friend scaled operator-(const scaled& a, const scaled& b) {
        return a + scaled(Real(-b.mantissa_), b.exponent_);
    }
    scaled& operator+=(const scaled& other) { return *this = *this + other; }
    scaled& operator*=(const scaled& other) { return *this = *this * other; }

    friend bool operator<(const scaled& a, const scaled& b) {
        const bool negative = a.mantissa_ < 0;
        if (a.mantissa_ == 0 || b.mantissa_ == 0 || negative != (b.mantissa_ < 0) ||
            a.exponent_ == b.exponent_) {
            return a.mantissa_ < b.mantissa_;
        }
        return (a.exponent_ < b.exponent_) != negative;
    }

    /// The plain value, where it fits (0 or infinity where not).
    explicit operator Real() const {
        using std::ldexp;
        constexpr std::int64_t most = std::numeric_limits<int>::max() / 2;
        return ldexp(mantissa_, int(exponent_ > most ? most : exponent_ < -most ? -most : exponent_));
    }

    friend scaled sqrt(const scaled& a) {
        using std::ldexp;
        using std::sqrt;
        const int odd = int(a.exponent_ & 1);
        return scaled(Real(sqrt(Real(ldexp(a.mantissa_, odd)))), (a.exponent_ - odd) / 2);
    }

    /// The natural logarithm; minus infinity at zero.
    friend Real log(const scaled& a) {
        using std::log;
        if (a.mantissa_ == 0) return -std::numeric_limits<Real>::infinity();
        return log(a.mantissa_) + Real(a.exponent_) * log(Real(2));
    }

  private:
    scaled(const Real& mantissa, std::int64_t exponent) : mantissa_(mantissa), exponent_(exponent) {
        normalize();
    }
    void normalize() {
        using std::frexp;
        int shift = 0;
        mantissa_ = frexp(mantissa_, &shift);  // in [1/2, 1) but for the sign, or 0
        exponent_ += shift;
    }

    Real mantissa_ = Real(0);
    std::int64_t exponent_ = 0;
};

}  // namespace cesaro::detail
