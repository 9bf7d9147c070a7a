// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/key_places.hpp>
#include <cesaro/detail/number_kinds.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

/// One entry of a row of influence, and both its tails, from the places of its keys and the weights w_0 .. w_H of
/// its hops. All terms are positive.
namespace cesaro::detail {

/// The entries [M^k]_{n,m} for k = 0 .. depth: [m = n], then h_{k-1}(r_m .. r_n) g_m / G_n.
template <class Number, class Places = unit_places>
std::vector<Number> power_entries(std::int64_t query, std::int64_t source, Eigen::Index depth,
                                  const Places& places = {}) {
    std::vector<Number> entries{from_integer<Number>(source == query ? 1 : 0)};
    if (depth == 0) return entries;
    std::vector<Number> h(static_cast<std::size_t>(depth));
    complete_homogeneous<Number>(places, source + 1, query + 1, h);
    for (const Number& h_k : h)
        entries.push_back(places.of_weight(h_k, source, query));
    return entries;
}

/// The entry of the network operator, sum_k w_k [M^k]_{n,m}.
template <class Number, class Places = unit_places>
Number network_entry(std::int64_t query, std::int64_t source, const Eigen::VectorX<Number>& w,
                     const Places& places = {}) {
    Number sum = from_integer<Number>(0);
    if (w.size() > 1) {
        const std::vector<Number> hops(w.begin() + 1, w.end());
        sum = places.of_weight(sum_over_hops(places, source + 1, query + 1, hops), source, query);
    }
    return source == query ? Number(w[0] + sum) : sum;
}

/// A sum that grows by many small terms.
template <class Number>
using running_sum =
    std::conditional_t<std::is_floating_point_v<Number>, compensated_sum<Number>, uncompensated_sum<Number>>;

/// P(K > i) for i < H.
template <class Number>
std::vector<Number> more_than(const Eigen::VectorX<Number>& w) {
    std::vector<Number> more(static_cast<std::size_t>(w.size() - 1));
    running_sum<Number> sum;
    for (std::size_t i = more.size(); i-- > 0;) {
        sum += w[Eigen::Index(i) + 1];
        more[i] = sum.value();
    }
    return more;
}

/// P(source <= m, or lost in the sink), m < n: G_m/G_n sum_{i<H} h_i(r_{m+1} .. r_n) P(K > i). The sink alone is
/// the source -1.
template <class Number, class Places>
Number entered(const Places& places, std::int64_t query, std::int64_t source,
               const Eigen::VectorX<Number>& w) {
    if (w.size() == 1) return from_integer<Number>(0);
    return places.of_total(sum_over_hops(places, source + 2, query + 1, more_than(w)), source, query);
}

/// h_i(a..b) for i < size, and on until the remainder of their sum, bounded through the log-concavity of h, is
/// below rounding.
template <class Number, class Places>
std::vector<Number> whole_series(const Places& places, std::int64_t a, std::int64_t b, std::size_t size) {
    const Number enough = Number(std::numeric_limits<Number>::epsilon()) / from_integer<Number>(8);
    const auto digits = std::size_t(std::numeric_limits<Number>::digits);
    for (std::size_t terms = size + digits;; terms *= 2) {
        std::vector<Number> h(terms);
        complete_homogeneous<Number>(places, a, b, h);
        // h_{i+1} / h_i never increases: beyond the last term the series is below a geometric one. It has to
        // be nothing beside the term at `size`, and so beside every tail before.
        const Number last = h[terms - 1];
        const Number ratio = last > Number(0) ? Number(last / h[terms - 2]) : Number(0);
        if (!(ratio >= Number(1)) && !(last * ratio > enough * h[size] * (Number(1) - ratio))) return h;
    }
}

/// P(source > m), m < n: G_m/G_n sum_{i>=0} h_i(r_{m+1} .. r_n) P(K <= i), the series summed until its
/// remainder is below rounding.
template <class Number, class Places>
Number upper_tail_series(const Places& places, std::int64_t query, std::int64_t source,
                         const Eigen::VectorX<Number>& w) {
    const Number enough = Number(std::numeric_limits<Number>::epsilon()) / from_integer<Number>(8);
    const auto digits = std::size_t(std::numeric_limits<Number>::digits);
    for (std::size_t terms = std::size_t(w.size()) + digits;; terms *= 2) {
        std::vector<Number> h(terms);
        complete_homogeneous<Number>(places, source + 2, query + 1, h);
        Number sum = from_integer<Number>(0);
        running_sum<Number> at_most;  // P(K <= i)
        for (std::size_t i = 0; i < terms; ++i) {
            if (Eigen::Index(i) < w.size()) at_most += w[Eigen::Index(i)];
            sum += h[i] * at_most.value();
        }
        // h_{i+1} / h_i never increases: beyond the last term the series is below a geometric one.
        const Number last = h[terms - 1];
        const Number ratio = last > Number(0) ? Number(last / h[terms - 2]) : Number(0);
        if (!(ratio >= Number(1)) && !(last * ratio > enough * sum * (Number(1) - ratio)))
            return places.of_total(sum, source, query);
    }
}

/// P(not lost in the sink | j hops from the query m), j = 0 .. hops: those that end on source 0,
/// h_{j-1}(r_0 .. r_m) / G_m, and beyond it, G_0/G_m sum_{i>=j} h_i(r_1 .. r_m). Of exact numbers, which cannot
/// sum a series, what is left of one.
template <class Number, class Places>
std::vector<Number> surviving_hops(const Places& places, std::int64_t m, Eigen::Index hops) {
    std::vector<Number> survive(std::size_t(hops) + 1, from_integer<Number>(1));
    if (hops == 0) return survive;
    const std::vector<Number> first = power_entries<Number>(m, 0, hops, places);
    if constexpr (std::numeric_limits<Number>::is_exact) {
        std::vector<Number> h(std::size_t(hops), from_integer<Number>(0));
        complete_homogeneous<Number>(places, 1, m + 1, h);
        for (std::size_t j = 1; j < survive.size(); ++j)
            survive[j] = survive[j - 1] - places.of_total(h[j - 1], -1, m);
    } else {
        std::vector<Number> beyond{from_integer<Number>(0)};
        if (m > 0) beyond = whole_series<Number>(places, 2, m + 1, std::size_t(hops) + 1);
        beyond.resize(std::max(beyond.size(), survive.size()), from_integer<Number>(0));
        Number rest = from_integer<Number>(0);
        for (std::size_t i = beyond.size(); i-- > 1;) {
            rest += beyond[i];
            if (i < survive.size()) survive[i] = first[i] + places.of_total(rest, 0, m);
        }
    }
    return survive;
}

/// P(source <= m), m < n. With a sink, what enters less what is lost, where that does not cancel. Else: a hop that
/// enters 0 .. m lands there as one from m does, so that with P_i = G_m/G_n h_i(r_{m+1} .. r_n) it is
/// sum_j P(not lost | j hops from m) sum_{k>=j} w_k P_{k-j}.
template <class Number, class Places>
Number lower_tail(const Places& places, std::int64_t query, std::int64_t source,
                  const Eigen::VectorX<Number>& w) {
    if constexpr (!Places::has_sink) {
        return entered(places, query, source, w);
    } else {
        Number sum = from_integer<Number>(0);
        if (w.size() == 1) return sum;
        const Number in = entered(places, query, source, w);
        const Number lost = entered(places, query, -1, w);
        if (std::numeric_limits<Number>::is_exact ||
            from_integer<Number>(8) * in > from_integer<Number>(9) * lost)
            return in - lost;
        std::vector<Number> h(std::size_t(w.size()) - 1);
        complete_homogeneous<Number>(places, source + 2, query + 1, h);
        const std::vector<Number> survive = surviving_hops<Number>(places, source, w.size() - 1);
        for (Eigen::Index j = 1; j < w.size(); ++j) {
            Number v = from_integer<Number>(0);
            for (Eigen::Index k = j; k < w.size(); ++k)
                v += w[k] * h[std::size_t(k - j)];
            sum += v * survive[std::size_t(j)];
        }
        return places.of_total(sum, source, query);
    }
}

/// P(source > m), m < n: what entering leaves of all hops where that does not cancel, else the series.
template <class Number, class Places>
Number upper_tail(const Places& places, std::int64_t query, std::int64_t source,
                  const Eigen::VectorX<Number>& w, const Number& all_hops) {
    const Number lower = entered(places, query, source, w);
    if constexpr (!std::numeric_limits<Number>::is_exact) {
        if (Number(2) * lower > all_hops) return upper_tail_series(places, query, source, w);
    }
    return all_hops - lower;
}

/// What neither the hops nor the sink lose.
template <class Number, class Places>
Number surviving_total(const Places& places, std::int64_t query, const Eigen::VectorX<Number>& w) {
    const std::vector<Number> survive = surviving_hops<Number>(places, query, w.size() - 1);
    Number sum = from_integer<Number>(0);
    for (Eigen::Index k = 0; k < w.size(); ++k)
        sum += w[k] * survive[std::size_t(k)];
    return sum;
}

}  // namespace cesaro::detail
