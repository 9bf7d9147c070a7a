// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/number_kinds.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace cesaro::detail {

/// |c_j|, by division of power series.
template <class Number, class Kinds>
const std::vector<Number>& midpoint_coefficients() {
    static const std::vector<Number> table = [] {
        constexpr auto size = std::size_t(Kinds::digits) / 4 + 8;
        std::vector<Number> sinh(size);  // (1/4)^j / (2j+1)!
        std::vector<Number> c(size);
        for (std::size_t j = 0; j < size; ++j) {
            const auto product = std::int64_t(4 * (2 * j) * (2 * j + 1));
            sinh[j] = j == 0 ? from_integer<Number>(1) : sinh[j - 1] / from_integer<Number>(product);
            c[j] = from_integer<Number>(j == 0 ? 1 : 0);
            for (std::size_t i = 1; i <= j; ++i)
                c[j] = i % 2 == 1 ? c[j] + sinh[i] * c[j - i] : c[j] - sinh[i] * c[j - i];
        }
        return c;
    }();
    return table;
}

/// What is nothing beside a term, or a sum, of Numbers.
template <class Number, class Kinds>
const Number& midpoint_epsilon() {
    using Plain = typename Kinds::plain;
    static const auto value = Number(Plain(std::numeric_limits<Plain>::epsilon() / Plain(64)));
    return value;
}

/// The power sums of one range of inverses by the Euler-Maclaurin series at midpoints: with y = 1 / (a - 1/2),
/// x = 1 / (b + 1/2) and D_s = y^s - x^s, written as a product so that it never cancels,
///
///     p_1 = log((b + 1/2) / (a - 1/2)) - sum_j c_j (2j-1)! D_{2j},
///     p_r = D_{r-1} / (r-1)            - sum_j c_j r (r+1) ... (r+2j-2) D_{r+2j-1},   r > 1,
///
/// c_j the coefficients of 1 - (z/2) / sinh(z/2): 1/24, -7/5760, ... The terms alternate and fall, from
/// a = first_position() on down to the last digit of p_1.
template <class Number, class Kinds>
class midpoint_power_sums {
  public:
    using Wide = typename Kinds::wide;
    using Real = typename Kinds::real;

    static constexpr std::int64_t first_position() { return Kinds::digits / 3 + 6; }

    /// \param begin,end a - 1/2 and b + 1/2, which need be no integers. \param count how far apart they are.
    midpoint_power_sums(const Real& begin, const Real& end, std::int64_t count) {
        using std::log1p;
        const Real relative = Real(count) / begin;
        const Wide gap = Wide(relative) / Wide(end);  // y - x
        y_ = from_integer<Number>(1) / static_cast<Number>(begin);
        x_ = from_integer<Number>(1) / static_cast<Number>(end);
        geometric_ = from_integer<Number>(1);
        x_power_ = x_;
        differences_.reserve(48);
        differences_.push_back(from_integer<Number>(0));
        differences_.push_back(static_cast<Number>(gap));
        const Wide logarithm = static_cast<Wide>(Real(log1p(relative)));
        first_ = logarithm - Wide(correction(1, static_cast<Number>(logarithm)));
        second_ = gap - Wide(correction(2, differences_[1]));
    }

    const Wide& first() const { return first_; }
    const Wide& second() const { return second_; }

    /// p_r, r > 2.
    Number operator()(int r) {
        const Number integral = difference(r - 1) / from_integer<Number>(r - 1);
        return integral - correction(r, integral);
    }

  private:
    const Number& difference(int s) {
        while (int(differences_.size()) <= s) {
            geometric_ = y_ * geometric_ + x_power_;  // y^{s-1} + y^{s-2} x + ... + x^{s-1}
            x_power_ *= x_;
            differences_.push_back(differences_[1] * geometric_);
        }
        return differences_[std::size_t(s)];
    }

    Number correction(int r, const Number& integral) {
        const std::vector<Number>& c = midpoint_coefficients<Number, Kinds>();
        const Number enough = integral * midpoint_epsilon<Number, Kinds>();
        Number sum = from_integer<Number>(0);
        Number rising = from_integer<Number>(r);
        Number last = integral;
        for (int j = 1; j < int(c.size()); ++j) {
            const Number term = rising * c[std::size_t(j)] * difference(r + 2 * j - 1);
            if (term > last) break;  // of an asymptotic series no more is to be had
            sum = j % 2 == 1 ? sum + term : sum - term;
            if (!(term > enough)) break;
            last = term;
            rising *= from_integer<Number>(std::int64_t(r + 2 * j - 1) * (r + 2 * j));
        }
        return sum;
    }

    Wide first_, second_;
    Number y_, x_, geometric_, x_power_;
    std::vector<Number> differences_;
};

}  // namespace cesaro::detail
