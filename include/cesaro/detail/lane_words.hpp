// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>

#include <Eigen/Core>

#include <array>
#include <cstddef>
#include <cstdint>

namespace cesaro::detail {

/// Numbers side by side, which go through vectors: the chains of the closed forms wait for themselves, not for each
/// other. Functions of them are flattened where time is spent: in a large program compilers stop to inline, and a call
/// for every operation of Eigen's costs more than the operation.
inline constexpr std::size_t lanes = 8;
using lane_values = Eigen::Array<double, int(lanes), 1>;
using lane_places = std::array<std::int64_t, lanes>;

/// Double words side by side, with the operators of double_word, to the same errors. Where a double is evaluated as
/// such alone.
class lane_words {
  public:
    using base = double;

    lane_words() = default;
    lane_words(const lane_values& high, const lane_values& low) : high_(high), low_(low) {}
    explicit lane_words(const lane_values& high) : high_(high), low_(lane_values::Zero()) {}
    explicit lane_words(const double_word<double>& word)
        : high_(lane_values::Constant(word.high())), low_(lane_values::Constant(word.low())) {}

    const lane_values& high() const { return high_; }
    const lane_values& low() const { return low_; }

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
    friend lane_words quotient(const lane_words& a, const lane_words& b, const lane_values& inverse) {
        const lane_values rounded = a.high_ * inverse;
        const lane_words product = exact_product(rounded, b.high_);
        const lane_values rest = (a.high_ - product.high_) - product.low_ + (a.low_ - rounded * b.low_);
        return renormalized(rounded, rest * inverse);
    }

    /// The upper `bits` of the digits, by Veltkamp's splitting.
    static lane_values upper_part(const lane_values& a, int bits) {
        const double factor = double(std::int64_t(1) << (53 - bits)) + 1;
        const lane_values scaled = factor * a;
        return scaled - (scaled - a);
    }
    static lane_words renormalized(const lane_values& high, const lane_values& low) {
        const lane_values sum = high + low;
        return {sum, low - (sum - high)};
    }
    static lane_words exact_sum(const lane_values& a, const lane_values& b) {
        const lane_values sum = a + b;
        const lane_values added = sum - a;
        return {sum, (a - (sum - added)) + (b - added)};
    }

  private:
    static lane_words exact_product(const lane_values& a, const lane_values& b) {
        const lane_values product = a * b;
        const lane_values a1 = upper_part(a, 26);
        const lane_values b1 = upper_part(b, 26);
        const lane_values a2 = a - a1;
        const lane_values b2 = b - b1;
        return {product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2};
    }

    lane_values high_, low_;
};

}  // namespace cesaro::detail
