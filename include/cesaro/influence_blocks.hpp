// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/profile.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

/// Rows of influence too long to be stored, block by block.
namespace cesaro {

/// Hands the row of influence of `tokens` positions to a callback, in consecutive blocks from position 0 on.
///
/// The blocks are pieces of the row of influence_row(), equal to it entry by entry in double and float.
///
/// \param tokens the length of the row, 1 <= tokens <= 2^62.
/// \param schedule the network's layers.
/// \param block the positions a block has, at least 1; the last one may have fewer.
/// \param f called as f(first, values) with the first position of the block and its entries, an
///        `Eigen::Map<const Eigen::VectorX<Real>>` that is valid during the call.
/// \throws std::domain_error when tokens or block is out of range; std::length_error when a block does not
/// fit
///         in memory.
/// Cost: that of influence_row(), plus O(depth²) per block for scalars other than double and float; memory
/// O(block + depth log tokens).
template <real_scalar Real, class Function>
void for_each_influence_block(Eigen::Index tokens, const mixing_schedule<Real>& schedule, Eigen::Index block,
                              Function&& f) {
    const char* const function = "for_each_influence_block";
    detail::check_at_least(function, "tokens", tokens, 1);
    detail::check_at_least(function, "block", block, 1);
    if (tokens > (Eigen::Index(1) << 62)) {
        detail::throw_domain_error(function, "tokens", tokens, "must be at most 2^62");
    }
    block = std::min(block, tokens);
    detail::check_fits_in_memory<Real>(function, block, 1);
    if (tokens < detail::short_row) {  // which influence_row makes in another way than long ones
        const Eigen::VectorX<Real> row = influence_row(tokens, schedule);
        for (Eigen::Index first = 0; first < tokens; first += block)
            f(first,
              Eigen::Map<const Eigen::VectorX<Real>>(row.data() + first, std::min(block, tokens - first)));
        return;
    }
    Eigen::VectorX<Real> values(block);
    const auto row = detail::make_row_source(tokens, schedule);
    const Real delta = schedule.recency_delta();
    for (Eigen::Index first = 0; first < tokens; first += block) {
        const Eigen::Index count = std::min(block, tokens - first);
        row.fill(first, count, values.data());
        if (first + count == tokens) values[count - 1] += delta;
        f(first, Eigen::Map<const Eigen::VectorX<Real>>(values.data(), count));
    }
}

namespace detail {

/// Positions written at once, few enough for the cache, and summed at once, few enough for the rounding of a
/// plain sum.
inline constexpr Eigen::Index written_block = 4096;
inline constexpr Eigen::Index summed_block = 128;

template <class Real, class Values>
Real plain_sum(const Values& values) {
    if constexpr (std::is_floating_point_v<Real>) {
        return values.sum();
    } else {
        Real sum(0);
        for (Eigen::Index i = 0; i < values.size(); ++i)
            sum += values.coeff(i);
        return sum;
    }
}

/// A block with an offset that the histogram and the summary share: f(first, values) over sub-ranges of at
/// most `summed_block` positions that never cross one of the `cuts`, ascending, the last being the end.
template <class Real, class Function>
void for_each_range(const mixing_schedule<Real>& schedule, const std::vector<Eigen::Index>& cuts,
                    Function f) {
    std::size_t cut = 0;
    for_each_influence_block(
        cuts.back(), schedule, written_block,
        [&](Eigen::Index first, const Eigen::Map<const Eigen::VectorX<Real>>& values) {
            for (Eigen::Index begin = 0; begin < values.size();) {
                while (cuts[cut] <= first + begin)
                    ++cut;
                const Eigen::Index end = std::min({begin + summed_block, values.size(), cuts[cut] - first});
                f(cut, first + begin,
                  Eigen::Map<const Eigen::VectorX<Real>>(values.data() + begin, end - begin));
                begin = end;
            }
        });
}

}  // namespace detail

/// The influence of `bins` consecutive ranges of positions of nearly equal length, summed position by
/// position; a vector of length `bins` that sums to one.
///
/// The first tokens mod bins ranges are one position longer than the others.
/// \param bins 1 <= bins <= tokens.
/// \throws std::domain_error when tokens or bins is out of range; std::length_error when the histogram does
/// not
///         fit in memory.
/// Cost O(tokens), memory O(bins). Accuracy: that of the entries, and 16 epsilons of the sums
/// (measured; 66 at most).
template <real_scalar Real>
Eigen::VectorX<Real> influence_histogram(Eigen::Index tokens, const mixing_schedule<Real>& schedule,
                                         Eigen::Index bins) {
    detail::check_at_least("influence_histogram", "tokens", tokens, 1);
    detail::check_at_least("influence_histogram", "bins", bins, 1);
    if (bins > tokens) {
        detail::throw_domain_error("influence_histogram", "bins", bins,
                                   "must be at most tokens = " + std::to_string(tokens));
    }
    detail::check_fits_in_memory<Real>("influence_histogram", bins, 4);
    std::vector<Eigen::Index> cuts;
    for (Eigen::Index i = 1; i <= bins; ++i)
        cuts.push_back(tokens / bins * i + std::min(i, tokens % bins));
    std::vector<detail::compensated_sum<Real>> sums(cuts.size());
    detail::for_each_range(schedule, cuts, [&](std::size_t bin, Eigen::Index, const auto& values) {
        sums[bin] += detail::plain_sum<Real>(values);
    });
    Eigen::VectorX<Real> histogram(bins);
    for (Eigen::Index i = 0; i < bins; ++i)
        histogram[i] = sums[std::size_t(i)].value();
    return histogram;
}

/// The summary of a row of influence, as summarize() of the whole row gives it, without storing the row.
///
/// \throws std::domain_error when tokens < 1 or > 2^62.
/// Cost O(tokens), most of it logarithms, memory O(depth log tokens). Accuracy: that of the entries,
/// and 16 epsilons of the sums (measured; 66 at most, and the rounding of the logarithms).
template <std::floating_point Real>
profile_summary<Real> summarize(Eigen::Index tokens, const mixing_schedule<Real>& schedule) {
    using std::log;
    using std::log1p;
    detail::check_at_least("summarize", "tokens", tokens, 1);
    const profile_tenths split = tenths(tokens);
    std::vector<Eigen::Index> cuts{split.primacy_end, split.recency_begin, tokens};

    profile_summary<Real> s{};
    s.valley = std::numeric_limits<Real>::infinity();
    detail::compensated_sum<Real> mass[3];
    detail::compensated_sum<Real> first_moment;
    // Of the entries between the two ends; the greatest entry is one of these.
    detail::compensated_sum<Real> rest;
    detail::compensated_sum<Real> entropy;
    detail::for_each_range(schedule, cuts, [&](std::size_t third, Eigen::Index first, const auto& p) {
        const Eigen::Index size = p.size();
        const Real sum = p.sum();
        mass[third] += sum;
        first_moment += Real(Real(first) * sum);
        first_moment += p.dot(Eigen::VectorX<Real>::LinSpaced(size, Real(0), Real(size - 1)));
        Eigen::Index least = 0;
        const Real low = p.minCoeff(&least);
        if (low < s.valley) {
            s.valley = low;
            s.valley_position = first + least;
        }
        if (first == 0) s.first_token = p[0];
        if (first + size == tokens) s.last_token = p[size - 1];
        const Eigen::Index begin = first == 0 ? 1 : 0;
        const Eigen::Index end = first + size == tokens ? size - 1 : size;
        if (begin < end) {
            const auto inner = p.segment(begin, end - begin).array();
            rest += inner.sum();
            entropy += Real(-(inner > 0).select(inner * inner.log(), Real(0)).sum());
        }
    });

    if (tokens > 1) {
        const Real greatest = std::max(s.first_token, s.last_token);
        const Real other_end = std::min(s.first_token, s.last_token);
        rest += other_end;
        if (other_end > 0) entropy += Real(-other_end * log(other_end));
        // Of an entry of nearly one the logarithm is lost, and kept in what the others leave.
        const Real logarithm = rest.value() < Real(0.5) ? log1p(-rest.value()) : log(greatest);
        entropy += Real(-greatest * logarithm);
    }
    s.primacy = mass[0].value();
    s.middle = mass[1].value();
    s.recency = mass[2].value();
    s.valley_depth = detail::decades(std::min(s.first_token, s.last_token), s.valley);
    s.mean_position = first_moment.value();
    s.entropy = entropy.value();
    return s;
}

}  // namespace cesaro
