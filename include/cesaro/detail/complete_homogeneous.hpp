// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/scaled.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

/// The complete homogeneous symmetric polynomials h_0 .. h_d of 1/a, 1/(a+1), ..., 1/b:
///
///     H(z) = sum_k h_k z^k = prod_{i=a..b} 1 / (1 - z/i) = exp(sum_r p_r z^r / r), p_r = sum_{i=a..b} i^-r.
///
/// A relative error of p_1 is amplified k times in h_k, one of p_2 up to k²/2 p_2/p_1² times, further ones
/// less and less. So the two are taken in twice the precision, and with them the part of H that they make,
///
///     (1 - q z)^-N = sum_k t_k z^k,   q = p_2 / p_1,  N q = p_1,   t_k = t_{k-1} (p_1 + (k-1) q) / k,
///
/// as if the range were N times the same number. What is left is G(z) = exp(sum_{r>=3} e_r z^r / r) with
/// e_r = p_r - p_1 q^{r-1} >= 0 (log-convexity of moments), a power series of few terms off the first
/// positions: h_k = sum_j g_j t_{k-j}. The first positions are added one by one. All terms are positive.
///
/// `Number` is a scalar Real, a double word of one, or `scaled<Real>` where a Real would underflow.
namespace cesaro::detail {

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

/// The positions b, b-1, ..., a, one more each: h_k(i..b) = h_k(i+1..b) + h_{k-1}(i..b) / i.
template <class Number>
void prepend_positions(std::int64_t a, std::int64_t b, std::vector<Number>& h) {
    // From some degree on h_k is nearly a^-k, every one of k roundings counts: the position a itself is taken
    // in twice the precision.
    const bool deep = std::is_floating_point_v<Number> && h.size() > 32 && a <= b;
    if constexpr (std::is_floating_point_v<Number>) {
        // Eight at a time: the sums of one position and degree wait for each other, those of different ones
        // do not.
        constexpr int tile = 8;
        for (; b >= a + (deep ? 1 : 0); b -= tile) {
            Number position[tile];
            Number above[tile];  // h_{k-1}
            for (int j = 0; j < tile; ++j) {
                const bool there = b - j >= a + (deep ? 1 : 0);
                position[j] = there ? Number(b - j) : std::numeric_limits<Number>::infinity();
                above[j] = h[0];
            }
            for (std::size_t k = 1; k < h.size(); ++k) {
                Number sum = h[k];
                for (int j = 0; j < tile; ++j)
                    above[j] = sum += above[j] / position[j];
                h[k] = sum;
            }
        }
        if (deep) b = a;
    }
    using Wide = typename number_kinds<Number>::wide;
    for (; b >= a; --b) {
        const Wide inverse = from_integer<Wide>(1) / from_integer<Wide>(b);
        Wide above = static_cast<Wide>(h[0]);
        for (std::size_t k = 1; k < h.size(); ++k) {
            above = static_cast<Wide>(h[k]) + above * inverse;
            h[k] = static_cast<Number>(above);
        }
    }
}

/// Exactly, for exact scalars: the generating function of a range is the product of those of its halves, and
/// halving keeps numerators and denominators short for as long as possible.
template <class Number>
std::vector<Number> complete_homogeneous_exact(std::int64_t a, std::int64_t b, std::size_t size) {
    std::vector<Number> h(size, Number(0));
    h[0] = Number(1);
    if (b - a < 8) {
        prepend_positions(a, b, h);
        return h;
    }
    const std::int64_t middle = a + (b - a) / 2;
    const auto first = complete_homogeneous_exact<Number>(a, middle, size);
    const auto second = complete_homogeneous_exact<Number>(middle + 1, b, size);
    for (std::size_t k = 1; k < size; ++k) {
        Number sum(0);
        for (std::size_t i = 0; i <= k; ++i)
            sum += first[i] * second[k - i];
        h[k] = sum;
    }
    return h;
}

/// The power sums of one range by the Euler-Maclaurin series at midpoints: with y = 1 / (a - 1/2),
/// x = 1 / (b + 1/2) and D_s = y^s - x^s, written as a product so that it never cancels,
///
///     p_1 = log((b + 1/2) / (a - 1/2)) - sum_j c_j (2j-1)! D_{2j},
///     p_r = D_{r-1} / (r-1)            - sum_j c_j r (r+1) ... (r+2j-2) D_{r+2j-1},   r > 1,
///
/// c_j the coefficients of 1 - (z/2) / sinh(z/2): 1/24, -7/5760, ... The terms alternate and fall, from
/// first_position() on down to the last digit of p_1.
template <class Number, class Kinds>
class midpoint_power_sums {
  public:
    using Wide = typename Kinds::wide;

    static constexpr std::int64_t first_position() { return Kinds::digits / 3 + 6; }

    midpoint_power_sums(std::int64_t a, std::int64_t b) {
        using std::log1p;
        using Real = typename Kinds::real;
        const Real half = Real(1) / Real(2);
        const Real begin = Real(a) - half;
        const Real end = Real(b) + half;
        const Real relative = Real(b - a + 1) / begin;
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
        const std::vector<Number>& c = coefficients();
        const Number enough = integral * epsilon();
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

    static const Number& epsilon() {
        using Plain = typename Kinds::plain;
        static const auto value = Number(Plain(std::numeric_limits<Plain>::epsilon() / Plain(64)));
        return value;
    }

    /// |c_j|, by division of power series.
    static const std::vector<Number>& coefficients() {
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

    Wide first_, second_;
    Number y_, x_, geometric_, x_power_;
    std::vector<Number> differences_;
};

/// t_0 .. t_d of the range of p, as Numbers; what underflows is zero.
template <class Number, class Kinds>
void equal_positions(const midpoint_power_sums<Number, Kinds>& p, const typename Kinds::wide& q,
                     std::vector<Number>& t) {
    using Wide = typename Kinds::wide;
    using Divisor = typename Kinds::divisor;
    using Plain = typename Kinds::plain;
    Wide last = static_cast<Wide>(t[0]);
    for (std::size_t k = 1; k < t.size(); ++k) {
        // Not by adding q again and again: of the sum's roundings the product would be k² ones.
        last *= (p.first() + q * Divisor(Plain(int(k) - 1))) / Divisor(Plain(int(k)));
        t[k] = static_cast<Number>(last);
        if constexpr (std::is_floating_point_v<Number>) {
            if (t[k] < 1024 * std::numeric_limits<Number>::min()) {
                t[k] = 0;
                break;
            }
        }
    }
}

/// g_0, g_1, ... as far as they matter: until g_j rho^j is below rounding, rho the largest t_{k-1} / t_k.
template <class Number, class Kinds>
std::vector<Number> unequal_positions(midpoint_power_sums<Number, Kinds>& p, const typename Kinds::wide& q,
                                      const Number& rho, std::size_t size) {
    const auto ratio = static_cast<Number>(q);
    const auto first = static_cast<Number>(p.first());
    const Number zero = from_integer<Number>(0);
    using Plain = typename Kinds::plain;
    const auto enough = Number(Plain(std::numeric_limits<Plain>::epsilon() / Plain(64)));
    std::vector<Number> g{from_integer<Number>(1), zero, zero};
    std::vector<Number> e(3, zero);
    g.reserve(32);
    e.reserve(32);
    Number equal = first * ratio;
    Number reach = rho * rho;
    bool orders_end = false;
    for (std::size_t j = 3; j < size; ++j) {
        equal *= ratio;
        reach *= rho;
        if (!orders_end) {
            const Number sum = p(int(j));
            e.push_back(sum > equal ? sum - equal : zero);
            orders_end = !(e.back() * reach > enough);
        }
        Number sum = zero;
        for (std::size_t r = 3; r < e.size() && r <= j; ++r)
            sum += e[r] * g[j - r];
        g.push_back(sum / from_integer<Number>(std::int64_t(j)));
        if (orders_end && !(g[j] * reach > enough)) break;
    }
    return g;
}

/// h_0 .. h_d of 1/a .. 1/b, given h_0 = 1 and zeros.
template <class Kinds, class Number>
void complete_homogeneous_rounded(std::int64_t a, std::int64_t b, std::vector<Number>& h) {
    using Sums = midpoint_power_sums<Number, Kinds>;
    const auto degree = std::int64_t(h.size()) - 1;
    if (degree == 0) return;
    const std::int64_t few = 24 + degree / 4;
    std::int64_t begin = std::max(a, Sums::first_position());
    if (b - begin < few) return prepend_positions(a, b, h);
    Sums p(begin, b);
    auto q = p.second() / p.first();
    const auto largest_ratio = [&] {
        const auto step = from_integer<Number>(degree - 1) * static_cast<Number>(q);
        const Number ratio = from_integer<Number>(degree) / (static_cast<Number>(p.first()) + step);
        const Number bound = from_integer<Number>(a);  // h_{k-1} / h_k is below it, all positions taken
        return ratio < bound ? ratio : bound;
    };
    Number rho = largest_ratio();
    if (from_integer<Number>(begin) < rho + rho) {
        // The series of G converges slowly: more of the positions one by one, if it does not take too many.
        if (b - begin < 32 + degree) return prepend_positions(a, b, h);
        if (begin < 4 * degree) {
            const auto twice = static_cast<typename Kinds::plain>(rho + rho);
            begin = static_cast<std::int64_t>(twice);
            if (b - begin < few) return prepend_positions(a, b, h);
            p = Sums(begin, b);
            q = p.second() / p.first();
            rho = largest_ratio();
        }
    }
    equal_positions(p, q, h);
    const std::vector<Number> g = unequal_positions(p, q, rho, h.size());
    for (std::size_t k = h.size(); k-- > 3;) {
        for (std::size_t j = 3; j < std::min(g.size(), k + 1); ++j)
            h[k] += g[j] * h[k - j];
    }
    prepend_positions(a, begin - 1, h);
}

/// h_0 .. h_d of 1/a .. 1/b, d = h.size() - 1, for 1 <= a <= b + 1 (the empty range has h_0 = 1 alone).
///
/// Cost: O(d) double words, and O(d) numbers per position added or term of G: some 50 of them at most off the
/// deepest rows, where it is O(d²); independent of a and b.
/// Accuracy: relative error of h_k below 16 epsilons for float, double and long double to d = 399 (measured:
/// 12), 2 d + 16 epsilons for other scalars, in all that does not underflow.
template <class Number>
void complete_homogeneous(std::int64_t a, std::int64_t b, std::vector<Number>& h) {
    if constexpr (std::numeric_limits<Number>::is_exact) {
        h = complete_homogeneous_exact<Number>(a, b, h.size());
    } else {
        std::fill(h.begin(), h.end(), from_integer<Number>(0));
        h[0] = from_integer<Number>(1);
        if constexpr (std::is_floating_point_v<Number>) {
            if (h.size() <= 8) return complete_homogeneous_rounded<narrow_kinds<Number>>(a, b, h);
        }
        complete_homogeneous_rounded<number_kinds<Number>>(a, b, h);
    }
}

/// Of the sum of v_k h_k: how many terms matter, by the Poisson law that h_k / sum h_k is about.
template <class Number>
std::size_t terms_that_matter(std::int64_t a, std::int64_t b, const std::vector<Number>& v) {
    if constexpr (std::is_floating_point_v<Number>) {
        using std::log1p;
        const Number p = log1p(Number(b - a + 1) / (Number(a) - Number(0.5)));
        Number term = 1;
        Number largest = 0;
        std::size_t size = 1;
        for (std::size_t k = 0; k < v.size(); term *= p / Number(++k)) {
            largest = std::max(largest, v[k] * term);
            if (v[k] * term > largest * std::numeric_limits<Number>::epsilon() / 4096) size = k + 1;
        }
        return std::min(v.size(), size + size / 4 + 8);
    }
    return v.size();
}

/// The sum of v_k h_k(a..b), v_k >= 0.
template <class Number>
Number sum_over_hops(std::int64_t a, std::int64_t b, const std::vector<Number>& v) {
    std::size_t size = v.size() > 64 ? terms_that_matter(a, b, v) : v.size();
    for (;; size = std::min(2 * size, v.size())) {
        std::vector<Number> h(size);
        complete_homogeneous<Number>(a, b, h);
        Number sum = from_integer<Number>(0);
        for (std::size_t k = 0; k < size; ++k)
            sum += v[k] * h[k];
        if (size == v.size()) return sum;
        if constexpr (std::is_floating_point_v<Number>) {
            // h_k / h_{k-1} never increases: what is left out is below v times a geometric series.
            if (!(h[size - 1] > 0)) return sum;
            const Number ratio = h[size - 1] / h[size - 2];
            Number rest = 0;
            for (std::size_t k = v.size(); k-- > size;)
                rest = (rest + v[k]) * ratio;
            if (rest * h[size - 1] <= std::numeric_limits<Number>::epsilon() / 16 * sum) return sum;
        }
    }
}

}  // namespace cesaro::detail
