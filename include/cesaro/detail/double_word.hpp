// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <bit>
#include <cfloat>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

/// Numbers of twice the precision, for the few steps of the closed forms whose roundings depth amplifies.
namespace cesaro::detail {

/// centre + ln(1 + r), r = upper + lower, |r| < 2^-7, the upper part of half the digits, the lower one 2^-20 of it:
/// everything but the small terms of r - r^2/2 + ... is exact. Of a double word, or of several in lanes.
template <class Word, class Number>
Word log_beside(const Word& centre, const Number& upper, const Number& lower) {
    using Base = typename Word::base;
    const Number r = upper + lower;
    Number rest = r * Base(0);  // 1/3 - r/4 + r^2/5 - ...
    for (int k = std::numeric_limits<Base>::digits / 8 + 4; k >= 3; --k)
        rest = Base(1) / Base(k) - r * rest;
    const Word first = Word::exact_sum(centre.high(), upper);
    const Word second = Word::exact_sum(first.high(), lower);
    const Word third = Word::exact_sum(second.high(), -(upper * upper) / Base(2));
    const Number small = r * r * r * rest - lower * (upper + lower / Base(2));
    return Word::renormalized(third.high(),
                              third.low() + (second.low() + (first.low() + (centre.low() + small))));
}

/// The unevaluated sum high + low of two floating-point numbers, |low| at most half an ulp of high: 106 bits
/// from doubles. Relative error of + (of numbers of one sign), *, /: a few 2^(2 - 2 digits); of log
/// (measured, just below 1): 82 units of 2^(-2 digits), of expm1 and exp, |a| < 600: 5 (1 + |a|) of them.
///
/// Source: Dekker, Numer. Math. 18 (1971); Joldes, Muller and Popescu, ACM Trans. Math. Softw. 44 (2017).
template <std::floating_point Base>
class double_word {
  public:
    using base = Base;

    double_word() = default;
    double_word(Base value) : high_(value) {}  // NOLINT(google-explicit-constructor)
    template <std::floating_point T>
    requires(!std::same_as<T, Base> && std::numeric_limits<T>::digits <= std::numeric_limits<Base>::digits)
        double_word(T value)  // NOLINT(google-explicit-constructor)
        : high_(static_cast<Base>(value)) {}
    /// Exact. By halves, each of which is a Base: GCC for 32-bit x86 keeps all 64 bits of an integer when it
    /// makes a double of it and an integer again, and nothing would be left for the low word.
    template <std::signed_integral T>
    requires(std::numeric_limits<Base>::digits >= 32) explicit double_word(T value)
        : double_word(exact_sum(Base(std::int64_t(value) >> 32) * Base(4294967296.0),
                                Base(std::int64_t(value) & 0xffffffff))) {}

    template <std::floating_point T>
    explicit operator T() const {
        return static_cast<T>(high_);  // high + low rounds to high
    }
    explicit operator std::int64_t() const { return static_cast<std::int64_t>(high_); }
    Base high() const { return high_; }
    Base low() const { return low_; }

    friend double_word operator-(const double_word& a) { return {-a.high_, -a.low_}; }
    friend double_word operator+(const double_word& a, const double_word& b) {
        const double_word sum = exact_sum(a.high_, b.high_);
        return renormalized(sum.high_, sum.low_ + (a.low_ + b.low_));
    }
    friend double_word operator-(const double_word& a, const double_word& b) { return a + -b; }
    friend double_word operator*(const double_word& a, const double_word& b) {
        const double_word product = exact_product(a.high_, b.high_);
        return renormalized(product.high_, product.low_ + (a.high_ * b.low_ + a.low_ * b.high_));
    }
    friend double_word operator*(const double_word& a, const Base& b) {
        const double_word product = exact_product(a.high_, b);
        return renormalized(product.high_, product.low_ + a.low_ * b);
    }
    friend double_word operator*(const Base& a, const double_word& b) { return b * a; }
    friend double_word operator/(const double_word& a, const Base& b) {
        const Base quotient = a.high_ / b;
        const double_word product = exact_product(quotient, b);
        return renormalized(quotient, ((a.high_ - product.high_) - product.low_ + a.low_) / b);
    }
    friend double_word operator/(const double_word& a, const double_word& b) {
        const Base quotient = a.high_ / b.high_;
        const double_word product = exact_product(quotient, b.high_);
        const Base rest = (a.high_ - product.high_) - product.low_ + (a.low_ - quotient * b.low_);
        return renormalized(quotient, rest / b.high_);
    }
    /// By a narrower number, which is a Base exactly.
    template <std::floating_point T>
    requires(!std::same_as<T, Base> &&
             std::numeric_limits<T>::digits <= std::numeric_limits<Base>::digits) friend double_word
    operator*(const double_word& a, T b) {
        return a * static_cast<Base>(b);
    }
    template <std::floating_point T>
    requires(!std::same_as<T, Base> &&
             std::numeric_limits<T>::digits <= std::numeric_limits<Base>::digits) friend double_word
    operator/(const double_word& a, T b) {
        return a / static_cast<Base>(b);
    }
    double_word& operator+=(const double_word& other) { return *this = *this + other; }
    double_word& operator-=(const double_word& other) { return *this = *this - other; }
    double_word& operator*=(const double_word& other) { return *this = *this * other; }
    double_word& operator/=(const double_word& other) { return *this = *this / other; }

    friend bool operator==(const double_word& a, const double_word& b) {
        return !(a < b) && !(b < a) && a.high_ - a.high_ <= Base(0) && b.high_ - b.high_ <= Base(0);
    }
    friend bool operator<(const double_word& a, const double_word& b) {
        return a.high_ < b.high_ || (a.high_ <= b.high_ && a.low_ < b.low_);
    }
    friend bool operator>(const double_word& a, const double_word& b) { return b < a; }
    friend bool operator<=(const double_word& a, const double_word& b) {
        return a.high_ < b.high_ || (a.high_ <= b.high_ && a.low_ <= b.low_);
    }
    friend bool operator>=(const double_word& a, const double_word& b) { return b <= a; }

    friend double_word abs(const double_word& a) { return a.high_ < Base(0) ? -a : a; }
    friend double_word ldexp(const double_word& a, int exponent) {
        return {std::ldexp(a.high_, exponent), std::ldexp(a.low_, exponent)};
    }
    friend double_word frexp(const double_word& a, int* exponent) {
        std::frexp(a.high_, exponent);
        return ldexp(a, -*exponent);
    }
    friend double_word sqrt(const double_word& a) {
        if (!(a.high_ > Base(0))) return std::sqrt(a.high_);
        const Base root = std::sqrt(a.high_);
        return double_word(root) + (a - exact_product(root, root)).high_ / (2 * root);
    }

    /// ln(1 + t), t >= 0.
    friend double_word log1p(const double_word& t) {
        if (t.high_ < Base(1) / table_size) return twice_atanh(t / (double_word(Base(2)) + t));
        return log(double_word(Base(1)) + t);
    }
    /// ln(a), a = 2^e f, f = (1 + i/128) (1 + r) / (1 - r), |r| < 2^-9: ln f = ln(1 + i/128) + 2 atanh r.
    friend double_word log(const double_word& a) {
        if (!(a.high_ > Base(0) && a.high_ <= (std::numeric_limits<Base>::max)())) return std::log(a.high_);
        int e = 0;
        double_word f = frexp(a, &e);  // in [1/2, 1)
        if (f.high_ >= Base(0.75)) {   // around 1 without a jump, so that no large parts cancel
            if (e == 0) return log_near_one(f);
        } else {
            f = f + f;
            --e;
        }
        const double_word value = log_near_one(f);
        return e == 0 ? value : double_word(Base(e)) * logarithms()[table_size] + value;
    }

    /// e^a - 1: a = k ln 2 + j/64 + r, |r| <= 2^-7.
    friend double_word expm1(const double_word& a) {
        if (!(a.high_ > Base(std::numeric_limits<Base>::min_exponent))) return Base(-1);
        if (a.high_ > Base(std::numeric_limits<Base>::max_exponent) * Base(0.69)) return std::exp(a.high_);
        const Base k = std::floor(a.high_ / logarithms()[table_size].high_ + Base(0.5));
        const double_word x = a - logarithms()[table_size] * k;
        const int j = int(std::floor(x.high_ * 64 + Base(0.5)));
        double_word value = expm1_of_small(x - double_word(Base(j) / 64));
        if (j != 0) {
            const int step = j + most_steps;
            const double_word& centre = exponentials()[std::size_t(step)];
            value = centre + (double_word(Base(1)) + centre) * value;
        }
        if (!(k < Base(0)) && !(k > Base(0))) return value;
        return ldexp(value, int(k)) + (double_word(std::ldexp(Base(1), int(k))) - double_word(Base(1)));
    }
    /// e^a.
    friend double_word exp(const double_word& a) {
        const Base k = std::floor(a.high_ / logarithms()[table_size].high_ + Base(0.5));
        if (!(std::abs(k) < Base(std::numeric_limits<Base>::max_exponent))) return std::exp(a.high_);
        return ldexp(double_word(Base(1)) + expm1(a - logarithms()[table_size] * k), int(k));
    }

    /// ln(a) of a plain number a > 0, in a sixth of the time of log: relative error below 2^(-15 - digits).
    ///
    /// a = 2^e f, f = (1 + r) / c with c of ten bits. With f, and r, as the sum of an upper part of 22 bits
    /// and a lower one, everything but the small terms of ln(1 + r) = r - r^2/2 + ... is exact.
    static double_word log_of(Base a) {
        int e = 0;
        Base f = std::frexp(a, &e);  // in [3/4, 3/2), so that no large parts cancel around 1
        if (f < Base(0.75)) {
            f *= 2;
            --e;
        }
        const reciprocal_table& table = reciprocals();
        const auto i = std::size_t((f - Base(0.75)) * table_size + Base(0.5));
        constexpr Base shift = Base(3) * Base(std::int64_t(1) << (std::numeric_limits<Base>::digits - 23));
        const Base upper_part = (f + shift) - shift;
        const Base upper = upper_part * table.c[i] - 1;
        const Base lower = (f - upper_part) * table.c[i];
        return log_beside(logarithms()[table_size] * Base(e) + table.logarithm[i], upper, lower);
    }
    /// Where it starts from, of normal numbers and without a branch: a = (1 + r) / reciprocal, of ten bits, and
    /// ln(a) = exponent ln(2) + logarithm + ln(1 + r). Around 1 both are 0.
    struct log_start {
        Base reciprocal;
        Base exponent;
        double_word logarithm;
    };
    static log_start log_start_of(Base a) requires std::same_as<Base, double> {
        constexpr int digits = std::numeric_limits<Base>::digits;
        constexpr auto one = std::bit_cast<std::uint64_t>(Base(1));
        const auto bits = std::bit_cast<std::uint64_t>(a);
        const std::uint64_t half = std::uint64_t(1) << (digits - 2);
        const std::uint64_t power = (bits + half) >> (digits - 1) << (digits - 1);  // 2^e
        const Base f = std::bit_cast<Base>(bits - power + one);                     // in [3/4, 3/2)
        const auto i = std::size_t((f - Base(0.75)) * table_size + Base(0.5));
        const int e = int(power >> (digits - 1)) - int(one >> (digits - 1));
        const reciprocal_table& table = reciprocals();
        return {table.c[i] * std::bit_cast<Base>(2 * one - power), Base(e), table.logarithm[i]};
    }
    /// ln(2), the high word so short that an exponent times it is exact.
    static double_word short_ln_2() {
        const double_word ln_2 = logarithms()[table_size];
        const Base high = std::floor(std::ldexp(ln_2.high_, 40)) / std::ldexp(Base(1), 40);
        return {high, (ln_2.high_ - high) + ln_2.low_};
    }

    /// a b, the low word as it comes, some ulp of the high one after some products: what is computed from the
    /// high word need not wait for the low one.
    friend double_word unnormalized_product(const double_word& a, const double_word& b) {
        const double_word product = exact_product(a.high_, b.high_);
        return {product.high_, product.low_ + (a.high_ * b.low_ + a.low_ * b.high_)};
    }
    /// Of such a product.
    Base rounded() const { return high_ + low_; }

    struct half_words {
        Base upper, lower;
    };
    /// Veltkamp's splitting into numbers of half the digits.
    static half_words halves(Base a) {
        constexpr Base factor = Base(std::int64_t(1) << ((std::numeric_limits<Base>::digits + 1) / 2)) + 1;
        const Base scaled = factor * a;
        const Base upper = scaled - (scaled - a);
        return {upper, a - upper};
    }
    /// high + low where |high| >= |low| or so.
    static double_word renormalized(Base high, Base low) {
        const Base sum = high + low;
        return {sum, low - (sum - high)};
    }
    static double_word exact_sum(Base a, Base b) {
        const Base sum = a + b;
        const Base added = sum - a;
        return {sum, (a - (sum - added)) + (b - added)};
    }

  private:
    static constexpr int table_size = 128;

    double_word(Base high, Base low) : high_(high), low_(low) {}

    /// Both ways give the same two numbers.
    static double_word exact_product(Base a, Base b) {
        const Base product = a * b;
#ifdef FP_FAST_FMA
        if constexpr (std::is_same_v<Base, double>) return {product, std::fma(a, b, -product)};
#endif
        const auto [a1, a2] = halves(a);
        const auto [b1, b2] = halves(b);
        return {product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2};
    }
    static double_word log_near_one(const double_word& f) {
        const int i = int((f.high_ - 1) * table_size + (f.high_ < 1 ? Base(-0.5) : Base(0.5)));
        const double_word centre = Base(1) + Base(i) / table_size;
        const double_word rest = twice_atanh((f - centre) / (f + centre));
        if (i == 0) return rest;
        // Below 1, where the table does not reach: ln(1 - j/128) = ln(2 - 2j/128) - ln 2.
        return rest + (i > 0 ? logarithms()[std::size_t(i)]
                             : logarithms()[std::size_t(table_size) - 2 * std::size_t(-i)] -
                                   logarithms()[table_size]);
    }

    /// 2 atanh(r) = 2 r (1 + r²/3 + r⁴/5 + ...), |r| < 2^-7: the first terms in double words.
    static double_word twice_atanh(const double_word& r) {
        constexpr int terms = std::numeric_limits<Base>::digits / 7 + 2;
        const double_word square = r * r;
        Base rest(0);
        for (int k = terms; k > 4; --k)
            rest = rest * square.high_ + Base(1) / Base(2 * k + 1);
        double_word sum = rest;
        for (int k = 4; k > 0; --k)
            sum = sum * square + double_word(Base(1)) / Base(2 * k + 1);
        return (r + r) * (double_word(Base(1)) + sum * square);
    }

    /// e^r - 1 = r (1 + r/2! + r²/3! + ...), |r| <= 2^-7: the first terms in double words.
    static double_word expm1_of_small(const double_word& r) {
        constexpr std::size_t terms = std::numeric_limits<Base>::digits / 8 + 8;
        constexpr std::size_t leading = std::numeric_limits<Base>::digits / 8 + 1;
        static const auto inverse_factorials = [] {
            std::array<double_word, terms> values{Base(1)};
            for (std::size_t i = 1; i < terms; ++i)
                values[i] = values[i - 1] / Base(i + 1);
            return values;
        }();
        Base rest(0);
        for (std::size_t i = terms; i-- > leading;)
            rest = inverse_factorials[i].high_ + r.high_ * rest;
        double_word sum = rest;
        for (std::size_t i = leading; i-- > 0;)
            sum = inverse_factorials[i] + r * sum;
        return r * sum;
    }

    /// e^(j/64) - 1, |j| <= 23, more than which no rest of ln 2 has.
    static constexpr int most_steps = 23;
    static const std::array<double_word, 2 * most_steps + 1>& exponentials() {
        static const auto table = [] {
            std::array<double_word, 2 * most_steps + 1> values;
            for (int step = 0; step <= 2 * most_steps; ++step) {
                const double_word x = Base(step - most_steps) / 64;
                double_word sum = Base(1);
                for (int i = std::numeric_limits<Base>::digits / 2; i > 1; --i)
                    sum = double_word(Base(1)) + x * sum / Base(i);
                values[std::size_t(step)] = x * sum;
            }
            return values;
        }();
        return table;
    }

    /// ln(1 + i/128), i = 0 .. 128, as the sum of 2 atanh(1 / (2 j + 257)), j < i.
    static const std::array<double_word, table_size + 1>& logarithms() {
        static const auto table = [] {
            std::array<double_word, table_size + 1> values;
            for (std::size_t i = 0; i < table_size; ++i)
                values[i + 1] =
                    values[i] + twice_atanh(double_word(Base(1)) / Base(2 * (i + table_size) + 1));
            return values;
        }();
        return table;
    }

    /// c, which is 1 / (3/4 + i/128) to ten bits, and ln(1/c).
    struct reciprocal_table {
        static constexpr std::size_t size = 97;
        std::array<Base, size> c;
        std::array<double_word, size> logarithm;
    };
    static const reciprocal_table& reciprocals() {
        static const auto table = [] {
            reciprocal_table values;
            for (std::size_t i = 0; i < reciprocal_table::size; ++i) {
                values.c[i] = std::floor(512 * table_size / Base(i + 96) + Base(0.5)) / 512;
                values.logarithm[i] = -log(double_word(values.c[i]));
            }
            return values;
        }();
        return table;
    }

    Base high_ = Base(0);
    Base low_ = Base(0);
};

/// For the others there is but one product.
template <class Number>
Number unnormalized_product(const Number& a, const Number& b) {
    return a * b;
}
template <class Number>
Number rounded(const Number& a) {
    return a;
}
template <class Base>
Base rounded(const double_word<Base>& a) {
    return a.rounded();
}

/// A type of twice the precision to compute a few steps in: `double` for float; for others Real itself.
/// Where expressions of double are evaluated in long double (x87), only double words of that are exact.
template <class Real>
struct wide_number {
    using type = Real;
};
template <>
struct wide_number<float> {
    using type = double;
};
template <>
struct wide_number<double> {
    using type = std::conditional_t<FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1, double_word<double>,
                                    double_word<long double>>;
};
template <>
struct wide_number<long double> {
    // Not where a long double is itself a pair of doubles.
    using type = std::conditional_t<std::numeric_limits<long double>::digits == 106, long double,
                                    double_word<long double>>;
};
template <class Real>
using wide = typename wide_number<Real>::type;

/// What sums are formed in whose result is a Real: float costs no less than double.
template <class Real>
using working_number = std::conditional_t<std::is_same_v<Real, float>, double, Real>;

}  // namespace cesaro::detail

template <class Base>
class std::numeric_limits<cesaro::detail::double_word<Base>> : public std::numeric_limits<Base> {
  public:
    static constexpr int digits = 2 * std::numeric_limits<Base>::digits - 3;
    static constexpr int digits10 = (digits - 1) * 3 / 10;
    static cesaro::detail::double_word<Base> epsilon() { return std::ldexp(Base(1), 1 - digits); }
};
