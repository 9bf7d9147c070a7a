// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/key_places.hpp>
#include <cesaro/detail/number_kinds.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

/// The complete homogeneous symmetric polynomials h_0 .. h_d of r_a, ..., r_b, which of keys that weigh the
/// same are 1/a, 1/(a+1), ..., 1/b:
///
///     H(z) = sum_k h_k z^k = prod_{t=a..b} 1 / (1 - r_t z) = exp(sum_j p_j z^j / j), p_j = sum_{t=a..b} r_t^j.
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

/// The positions b, b-1, ..., a, one more each: h_k(t..b) = h_k(t+1..b) + r_t h_{k-1}(t..b).
template <class Number, class Places>
void prepend_positions(const Places& places, std::int64_t a, std::int64_t b, std::vector<Number>& h) {
    // From some degree on h_k is nearly r_a^k, every one of k roundings counts: the position a itself is
    // taken in twice the precision.
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
                position[j] =
                    there ? places.template seen<Number>(b - j) : std::numeric_limits<Number>::infinity();
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
        const Wide inverse = from_integer<Wide>(1) / places.template seen<Wide>(b);
        Wide above = static_cast<Wide>(h[0]);
        for (std::size_t k = 1; k < h.size(); ++k) {
            above = static_cast<Wide>(h[k]) + above * inverse;
            h[k] = static_cast<Number>(above);
        }
    }
}

/// Exactly, for exact scalars: the generating function of a range is the product of those of its halves, and
/// halving keeps numerators and denominators short for as long as possible.
template <class Number, class Places>
std::vector<Number> complete_homogeneous_exact(const Places& places, std::int64_t a, std::int64_t b,
                                               std::size_t size) {
    std::vector<Number> h(size, Number(0));
    h[0] = Number(1);
    if (b - a < 8) {
        prepend_positions(places, a, b, h);
        return h;
    }
    const std::int64_t middle = a + (b - a) / 2;
    const auto first = complete_homogeneous_exact<Number>(places, a, middle, size);
    const auto second = complete_homogeneous_exact<Number>(places, middle + 1, b, size);
    for (std::size_t k = 1; k < size; ++k) {
        Number sum(0);
        for (std::size_t i = 0; i <= k; ++i)
            sum += first[i] * second[k - i];
        h[k] = sum;
    }
    return h;
}

/// t_0 .. t_d of the range of p, as Numbers; what underflows is zero.
template <class Kinds, class Number, class Sums>
void equal_positions(const Sums& p, const typename Kinds::wide& q, std::vector<Number>& t) {
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

/// Whether a range has so few positions that taking them one by one costs less than anything else.
inline bool is_shortest(std::int64_t positions, std::int64_t degree) {
    return positions < 24 + degree / 4;
}
/// Whether it has so few that it may be done.
inline bool is_short(std::int64_t positions, std::int64_t degree) {
    return positions < 32 + 3 * degree;
}

/// g_0, g_1, ... as far as they matter: until g_j rho^j is below rounding, rho the largest t_{k-1} / t_k.
template <class Kinds, class Number, class Sums>
std::vector<Number> unequal_positions(Sums& p, const typename Kinds::wide& q, const Number& rho,
                                      std::size_t size) {
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

/// The power sums of N times the same number.
template <class Wide>
struct sums_of_equals {
    Wide sum;
    const Wide& first() const { return sum; }
};

/// h_0 .. h_d of r_a .. r_b, given h_0 = 1 and zeros.
template <class Kinds, class Number, class Places>
void complete_homogeneous_rounded(const Places& places, std::int64_t a, std::int64_t b,
                                  std::vector<Number>& h) {
    const auto degree = std::int64_t(h.size()) - 1;
    if (degree == 0) return;
    if constexpr (Places::decays) {
        // Far from the first keys every r is rho, to rounding: h_k = C(N + k - 1, k) rho^k.
        if (a <= b && places.template are_equal<Number>(a, degree)) {
            const auto rho = places.template equal_value<typename Kinds::real>();
            const auto count = static_cast<typename Kinds::real>(b - a + 1);
            const auto sum = static_cast<typename Kinds::wide>(typename Kinds::real(count * rho));
            return equal_positions<Kinds>(sums_of_equals<typename Kinds::wide>{sum},
                                          static_cast<typename Kinds::wide>(rho), h);
        }
    }
    std::int64_t begin =
        std::max(a, places.series_from(midpoint_power_sums<Number, Kinds>::first_position()));
    if (is_shortest(b - begin, degree)) return prepend_positions(places, a, b, h);
    auto p = places.template power_sums<Number, Kinds>(begin, b);
    auto q = p.second() / p.first();
    const auto largest_ratio = [&] {
        const auto step = from_integer<Number>(degree - 1) * static_cast<Number>(q);
        const Number ratio = from_integer<Number>(degree) / (static_cast<Number>(p.first()) + step);
        const Number bound =
            places.template seen<Number>(a);  // h_{k-1} / h_k is below it, all positions taken
        return ratio < bound ? ratio : bound;
    };
    Number rho = largest_ratio();
    // Where the series of G converges slowly it is better, and loses fewer of the digits that p_r - p_1 q^{r-1} has
    // lost, to take more of the positions one by one, if it does not take too many.
    const Number seen = places.template seen<Number>(begin);
    if (is_short(b - begin, degree) && seen < rho + rho + rho) return prepend_positions(places, a, b, h);
    if (seen < rho + rho) {
        if (begin < 4 * degree) {
            const auto twice = static_cast<typename Kinds::plain>(rho + rho);
            begin = std::max(begin, places.place_seeing(twice, 4 * degree));
            if (is_shortest(b - begin, degree)) return prepend_positions(places, a, b, h);
            p = places.template power_sums<Number, Kinds>(begin, b);
            q = p.second() / p.first();
            rho = largest_ratio();
        }
    }
    equal_positions<Kinds>(p, q, h);
    const std::vector<Number> g = unequal_positions<Kinds>(p, q, rho, h.size());
    for (std::size_t k = h.size(); k-- > 3;) {
        for (std::size_t j = 3; j < std::min(g.size(), k + 1); ++j)
            h[k] += g[j] * h[k - j];
    }
    prepend_positions(places, a, begin - 1, h);
}

/// h_0 .. h_d of r_a .. r_b, d = h.size() - 1, for 1 <= a <= b + 1 (the empty range has h_0 = 1 alone).
///
/// Cost: O(d) double words, and O(d) numbers per position added or term of G: some 50 of them at most off the
/// deepest rows, where it is O(d²); independent of a and b.
/// Accuracy: relative error of h_k below 16 epsilons for float, double and long double to d = 399 (measured:
/// 12), 2 d + 16 epsilons for other scalars, in all that does not underflow, for keys that weigh the same
/// without a sink.
template <class Number, class Places>
void complete_homogeneous(const Places& places, std::int64_t a, std::int64_t b, std::vector<Number>& h) {
    if constexpr (std::numeric_limits<Number>::is_exact) {
        h = complete_homogeneous_exact<Number>(places, a, b, h.size());
    } else {
        std::fill(h.begin(), h.end(), from_integer<Number>(0));
        h[0] = from_integer<Number>(1);
        if constexpr (std::is_floating_point_v<Number>) {
            if (h.size() <= 8) return complete_homogeneous_rounded<narrow_kinds<Number>>(places, a, b, h);
        }
        complete_homogeneous_rounded<number_kinds<Number>>(places, a, b, h);
    }
}
/// Of 1/a .. 1/b.
template <class Number>
void complete_homogeneous(std::int64_t a, std::int64_t b, std::vector<Number>& h) {
    complete_homogeneous<Number>(unit_places(), a, b, h);
}

/// Of the sum of v_k h_k: how many terms matter, by the Poisson law that h_k / sum h_k is about where no r is
/// close to one.
template <class Number, class Places>
std::size_t terms_that_matter(const Places&, std::int64_t a, std::int64_t b, const std::vector<Number>& v) {
    if constexpr (std::is_floating_point_v<Number> && std::is_same_v<Places, unit_places>) {
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
template <class Number, class Places>
Number sum_over_hops(const Places& places, std::int64_t a, std::int64_t b, const std::vector<Number>& v) {
    std::size_t size = v.size() > 64 ? terms_that_matter(places, a, b, v) : v.size();
    for (;; size = std::min(2 * size, v.size())) {
        std::vector<Number> h(size);
        complete_homogeneous<Number>(places, a, b, h);
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
