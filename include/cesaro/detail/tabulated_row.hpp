// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/scaled.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace cesaro::detail {

/// A row of influence under keys of any weights, entry by entry: with r_j = g_j / D_j,
///
///     [M^k]_{n,m} = g_m / D_n h_{k-1}(r_m .. r_n),   h_k(r_m ..) = h_k(r_{m+1} ..) + r_m h_{k-1}(r_m ..).
///
/// In numbers of any range: the weights may have any ratio.
template <class Number>
class tabulated_row {
    using Entry = std::conditional_t<std::numeric_limits<Number>::is_exact, Number, scaled<Number>>;

  public:
    /// \param keys weights() and denominators() of query + 1 positions at least. \param hops a hop_law.
    template <class Keys, class Hops>
    tabulated_row(std::int64_t query, const Keys& keys, const Hops& hops)
        : entries_(std::size_t(query) + 1, Entry(Number(0))) {
        const Eigen::VectorX<Entry> w = hops.template weights_as<Entry>();
        Eigen::VectorX<Entry> more = w;  // P(K > k)
        Entry sum(Number(0));
        for (Eigen::Index k = w.size(); k-- > 0; sum += w[k])
            more[k] = sum;
        std::vector<Entry> h(std::size_t(w.size()), Entry(Number(0)));
        h[0] = Entry(Number(1));
        const auto number = [](const auto& x) { return Entry(static_cast<Number>(x)); };
        const Entry last = number(keys.denominators()[Eigen::Index(query)]);
        Entry lost(Number(0));
        for (auto m = Eigen::Index(query); m >= 0; --m) {
            const Entry weight = number(keys.weights()[m]);
            const Entry denominator = number(keys.denominators()[m]);
            const Entry r = weight / denominator;
            Entry entry(Number(0));
            Entry visits(Number(0));
            Entry above = h[0];
            for (std::size_t k = 1; k < h.size(); ++k) {
                // Here above is h_{k-1}(r_m ..).
                entry += w[Eigen::Index(k)] * above;
                visits += more[Eigen::Index(k)] * above;
                above = h[k] + r * above;
                h[k] = above;
            }
            entry = entry * weight / last;
            visits = visits * weight / last;
            if (m == Eigen::Index(query)) {
                entry += w[0];
                visits += more[0];
            }
            entries_[std::size_t(m)] = entry;
            lost += visits * number(keys.unseen()[m]) / denominator;
        }
        lost_ = static_cast<Number>(lost);
        total_ = lost_ > Number(0) ? sum_of(0, query) : static_cast<Number>(hops.total());
    }

    const Entry& entry(std::int64_t source) const { return entries_[std::size_t(source)]; }
    Number total() const { return total_; }
    /// What the sink takes.
    Number lost() const { return lost_; }

    /// The entries first .. last.
    Number sum_of(std::int64_t first, std::int64_t last) const {
        std::conditional_t<std::is_floating_point_v<Number>, compensated_sum<Number>,
                           uncompensated_sum<Number>>
            sum;
        for (std::int64_t m = first; m <= last; ++m)
            sum += static_cast<Number>(entries_[std::size_t(m)]);
        return sum.value();
    }

  private:
    std::vector<Entry> entries_;
    Number lost_, total_;
};

}  // namespace cesaro::detail
