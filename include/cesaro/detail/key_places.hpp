// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/geometric_power_sums.hpp>
#include <cesaro/detail/midpoint_power_sums.hpp>
#include <cesaro/detail/number_kinds.hpp>
#include <cesaro/detail/scaled.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

/// Attention that weighs its keys, M_{n,m} = g_m / G_n for m <= n, G_n = S + g_0 + ... + g_n. With
/// r_m = g_m / G_m its powers are
///
///     [M^k]_{n,m} = g_m / G_n h_{k-1}(r_m .. r_n),
///     P(source <= m, or lost in the sink S | k hops) = G_m / G_n sum_{i<k} h_i(r_{m+1} .. r_n).
///
/// Place t = m + 1 is that of source m. Places say what these formulas need to know of the keys: seen(t) =
/// 1 / r, how many keys of its own weight a key sees; of_weight(x) = x g_m / G_n; of_total(x) = x G_m / G_n;
/// the power sums of r; and by the two coefficients of row_above how the row of query n follows from the one
/// below it.
namespace cesaro::detail {

inline constexpr std::int64_t largest_place = std::int64_t(1) << 62;

/// Keys that weigh the same: r_t = 1 / t.
struct unit_places {
    static constexpr bool has_sink = false;
    static constexpr bool decays = false;

    template <class Number>
    Number seen(std::int64_t t) const {
        return from_integer<Number>(t);
    }
    template <class Number>
    Number counted(std::int64_t t) const {
        return from_integer<Number>(t);
    }
    template <class Number>
    Number of_weight(const Number& x, std::int64_t, std::int64_t query) const {
        return x / from_integer<Number>(query + 1);
    }
    template <class Number>
    Number of_total(const Number& x, std::int64_t source, std::int64_t query) const {
        return x * from_integer<Number>(source + 1) / from_integer<Number>(query + 1);
    }
    template <class Number>
    Number decay(std::int64_t) const {
        return from_integer<Number>(1);
    }
    template <class Number, class Kinds>
    auto power_sums(std::int64_t a, std::int64_t b) const {
        using Real = typename Kinds::real;
        const Real half = Real(1) / Real(2);
        return midpoint_power_sums<Number, Kinds>(Real(a) - half, Real(b) + half, b - a + 1);
    }
    /// From where the power sums are accurate, given first_position() of the series in 1 / t.
    std::int64_t series_from(std::int64_t first) const { return first; }
    /// The place that sees so many keys, at most `most` where there may be none.
    template <class Number>
    std::int64_t place_seeing(const Number& keys, std::int64_t) const {
        return static_cast<std::int64_t>(keys);
    }
    /// Keys that a place sees beyond the first one.
    double shift() const { return 0; }
};

/// Keys that weigh 1 beside a sink that weighs S: r_t = 1 / (t + S).
template <class Real>
class sunk_places {
  public:
    static constexpr bool has_sink = true;
    static constexpr bool decays = false;

    explicit sunk_places(const Real& sink) : sink_(sink) {}

    template <class Number>
    Number seen(std::int64_t t) const {
        using Plain = typename number_kinds<Number>::plain;
        return Number(Plain(static_cast<Plain>(t) + static_cast<Plain>(sink_)));
    }
    template <class Number>
    Number counted(std::int64_t t) const {
        return from_integer<Number>(t);
    }
    template <class Number>
    Number of_weight(const Number& x, std::int64_t, std::int64_t query) const {
        return x / seen<Number>(query + 1);
    }
    template <class Number>
    Number of_total(const Number& x, std::int64_t source, std::int64_t query) const {
        return x * seen<Number>(source + 1) / seen<Number>(query + 1);
    }
    template <class Number>
    Number decay(std::int64_t) const {
        return from_integer<Number>(1);
    }
    template <class Number, class Kinds>
    auto power_sums(std::int64_t a, std::int64_t b) const {
        using Exact = typename Kinds::real;
        const Exact half = Exact(1) / Exact(2);
        const auto sink = static_cast<Exact>(sink_);
        return midpoint_power_sums<Number, Kinds>(Exact(a) - half + sink, Exact(b) + half + sink, b - a + 1);
    }
    std::int64_t series_from(std::int64_t first) const {
        return sink_ < Real(first) ? std::max<std::int64_t>(1, first - static_cast<std::int64_t>(sink_)) : 1;
    }
    template <class Number>
    std::int64_t place_seeing(const Number& keys, std::int64_t) const {
        const Number place = keys - static_cast<Number>(sink_);
        return place < Number(largest_place) ? static_cast<std::int64_t>(place) : largest_place;
    }
    double shift() const { return static_cast<double>(sink_); }

  private:
    Real sink_;
};

/// e^{-x}, x >= 0, as a Number, whatever it underflows to.
template <class Number, class Real>
Number falling_exponential(const Real& x) {
    using std::exp;
    // Beyond this it is nothing in any numbers.
    if (!(x < Real(largest_place) * Real(256))) return from_integer<Number>(0);
    if constexpr (std::is_floating_point_v<Number>) {
        // The rounding of a large x would count x times.
        const auto high = static_cast<Number>(x);
        return exp(-high) * (Number(1) - static_cast<Number>(Real(x - Real(high))));
    } else if constexpr (std::is_constructible_v<Number, const Real&> && !std::is_same_v<Number, Real>) {
        // By squaring: half of it is a number of ordinary size.
        int halvings = 0;
        Real part = x;
        for (; part > Real(256); ++halvings)
            part = part / Real(2);
        Number power(Real(exp(-part)));
        for (; halvings > 0; --halvings)
            power *= power;
        return power;
    } else {
        return static_cast<Number>(Real(exp(-x)));
    }
}

/// Keys whose weight decays with the distance from the query, g_m = e^{s m}: r_t = rho / (1 - e^{-st}),
/// rho = 1 - e^{-s}. Far from the first of them all r are rho, and distances negative binomial.
template <class Wide>
class geometric_places {
  public:
    static constexpr bool has_sink = false;
    static constexpr bool decays = true;

    explicit geometric_places(const Wide& slope) : slope_(slope), rho_(rho_of(slope)) {}

    template <class Number>
    Number seen(std::int64_t t) const {
        using std::expm1;
        using Plain = typename number_kinds<Number>::plain;
        const auto slope = static_cast<Plain>(slope_);
        return Number(Plain(expm1(Plain(-slope * Plain(t))) / expm1(Plain(-slope))));
    }
    template <class Number>
    Number counted(std::int64_t t) const {
        return seen<Number>(t);
    }
    template <class Number>
    Number of_weight(const Number& x, std::int64_t source, std::int64_t query) const {
        return decay<Number>(query - source) * (x / seen<Number>(query + 1));
    }
    template <class Number>
    Number of_total(const Number& x, std::int64_t source, std::int64_t query) const {
        return decay<Number>(query - source) * (x * seen<Number>(source + 1) / seen<Number>(query + 1));
    }
    template <class Number, class Kinds>
    auto power_sums(std::int64_t a, std::int64_t b) const {
        using Real = typename Kinds::real;
        return geometric_power_sums<Number, Kinds>(static_cast<Real>(slope_), static_cast<Real>(rho_), a, b);
    }
    std::int64_t series_from(std::int64_t first) const { return first; }
    template <class Number>
    std::int64_t place_seeing(const Number& keys, std::int64_t most) const {
        using std::expm1;
        using std::log1p;
        const auto slope = static_cast<Number>(slope_);
        const Number seen = Number(expm1(Number(-slope))) * keys;  // e^{-st} - 1
        if (!(seen > Number(-1))) return most;
        const Number place = -Number(log1p(seen)) / slope;
        return place < Number(most) ? static_cast<std::int64_t>(place) : most;
    }

    double shift() const { return 0; }
    double slope() const { return static_cast<double>(slope_); }

    /// Whether r_a, r_{a+1}, ... differ so little, by e^{-sa}, that h_k does to no more than rounding, k <= degree.
    template <class Number>
    bool are_equal(std::int64_t a, std::int64_t degree) const {
        using std::log;
        using Plain = typename number_kinds<Number>::plain;
        const auto epsilon = Plain(std::numeric_limits<Plain>::epsilon());
        return static_cast<Plain>(slope_) * Plain(a) > Plain(log(Plain(Plain(16 * degree) / epsilon)));
    }
    /// rho.
    template <class Real>
    Real equal_value() const {
        return static_cast<Real>(rho_);
    }

    /// e^{-sd}.
    template <class Number>
    Number decay(std::int64_t distance) const {
        using Plain = typename number_kinds<Number>::plain;
        using Precise = std::conditional_t<std::is_floating_point_v<Number>, Wide, Plain>;
        return falling_exponential<Number>(Precise(static_cast<Precise>(slope_) * Precise(distance)));
    }

    /// Whether e^{-sd} leaves so little of the range of Number that what makes up for it may not fit.
    template <class Number>
    bool needs_range(std::int64_t distance) const {
        return Number(20) * exponent<Number>(distance) > Number(17) * range_of<Number>();
    }
    /// Whether P(distance >= d) underflows: it is at most 8^H e^{-7sd/8}, as E[e^{7 s distance / 8}] of one hop is
    /// at most rho / (1 - e^{-s/8}).
    template <class Number>
    bool underflows(std::int64_t distance, Eigen::Index hops) const {
        using std::log;
        const Number gain = Number(hops) * Number(log(Number(8)));
        return Number(7) * exponent<Number>(distance) > Number(8) * (gain + range_of<Number>());
    }
    /// Positions over which e^{-sd} leaves two thirds of the range, at least 1 and at most `most`.
    template <class Number>
    std::int64_t reach(std::int64_t most) const {
        const Number positions = range_of<Number>() / (Number(3) * exponent<Number>(1));
        if (!(positions < Number(most))) return most;
        return std::max<std::int64_t>(1, static_cast<std::int64_t>(positions));
    }

  private:
    template <class Number>
    Number exponent(std::int64_t distance) const {
        return static_cast<Number>(Wide(slope_ * Wide(distance)));
    }
    template <class Number>
    static Number range_of() {
        using std::log;
        return -Number(log((std::numeric_limits<Number>::min)()));
    }

    static Wide rho_of(const Wide& slope) {
        using std::expm1;
        return Wide(-expm1(Wide(-slope)));
    }

    Wide slope_;
    Wide rho_;
};

}  // namespace cesaro::detail
