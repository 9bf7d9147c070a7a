// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>

#include <Eigen/Core>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace cesaro::detail {

/// Numbers side by side, which go through vectors: the chains of the closed forms wait for themselves, not for each
/// other. Functions of them are flattened where time is spent: in a large program compilers stop to inline, and a call
/// for every operation of Eigen's costs more than the operation.
inline constexpr std::size_t lanes = 8;
template <class Real>
using lane_values = Eigen::Array<Real, int(lanes), 1>;
using lane_places = std::array<std::int64_t, lanes>;

/// Double words side by side, with the operators of double_word, to the same errors. Real is double, where that is
/// evaluated as such alone; a parameter, here and where lanes are used, so that a header alone compiles nothing of it.
template <class Real>
class lane_words {
    static_assert(std::numeric_limits<Real>::digits == 53, "splitting counts on double's digits");
    using values = lane_values<Real>;

  public:
    using base = Real;

    lane_words() = default;
    lane_words(const values& high, const values& low) : high_(high), low_(low) {}
    explicit lane_words(const values& high) : high_(high), low_(values::Zero()) {}
    explicit lane_words(const double_word<Real>& word)
        : high_(values::Constant(word.high())), low_(values::Constant(word.low())) {}

    const values& high() const { return high_; }
    const values& low() const { return low_; }

    friend lane_words operator-(const lane_words& a) { return {-a.high_, -a.low_}; }
    friend lane_words operator+(const lane_words& a, const lane_words& b) {
        const lane_words sum = exact_sum(a.high_, b.high_);
        return renormalized(sum.high_, sum.low_ + (a.low_ + b.low_));
    }
    friend lane_words operator*(const lane_words& a, const lane_words& b) {
        const lane_words product = exact_product(a.high_, b.high_);
        return renormalized(product.high_, product.low_ + (a.high_ * b.low_ + a.low_ * b.high_));
    }
    /// a / b, given 1 / b as rounded.
    friend lane_words quotient(const lane_words& a, const lane_words& b, const values& inverse) {
        const values rounded = a.high_ * inverse;
        const lane_words product = exact_product(rounded, b.high_);
        const values rest = (a.high_ - product.high_) - product.low_ + (a.low_ - rounded * b.low_);
        return renormalized(rounded, rest * inverse);
    }

    /// The upper `bits` of the digits, by Veltkamp's splitting.
    static values upper_part(const values& a, int bits) {
        const Real factor = Real(std::int64_t(1) << (std::numeric_limits<Real>::digits - bits)) + 1;
        const values scaled = factor * a;
        return scaled - (scaled - a);
    }
    static lane_words renormalized(const values& high, const values& low) {
        const values sum = high + low;
        return {sum, low - (sum - high)};
    }
    static lane_words exact_sum(const values& a, const values& b) {
        const values sum = a + b;
        const values added = sum - a;
        return {sum, (a - (sum - added)) + (b - added)};
    }

  private:
    static lane_words exact_product(const values& a, const values& b) {
        const values product = a * b;
        const values a1 = upper_part(a, 26);
        const values b1 = upper_part(b, 26);
        const values a2 = a - a1;
        const values b2 = b - b1;
        return {product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2};
    }

    values high_, low_;
};

}  // namespace cesaro::detail
