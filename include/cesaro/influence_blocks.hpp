// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Rows of influence too long to be stored, block by block.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/interruption.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/detail/positions.hpp>
#include <cesaro/detail/row_writer.hpp>
#include <cesaro/hop_law.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>

namespace cesaro {

/// for_each_influence_block() of positions [begin, end) alone, begun in closed form where they begin: what one of several
/// processes does.
/// \throws as that does; also std::domain_error unless 0 <= begin <= end <= tokens.
template <has_hop_law Network, class Function>
void for_each_influence_block(std::int64_t tokens, const Network& network, Eigen::Index block, Function&& f,
                              std::int64_t begin, std::int64_t end) {
    using Real = typename Network::Scalar;
    const char* const function = "for_each_influence_block";
    detail::check_tokens(function, tokens);
    detail::check_at_least(function, "block", block, 1);
    if (begin < 0 || begin > end || end > tokens) {
        detail::throw_domain_error(
            function, "begin", begin,
            "and end = " + std::to_string(end) +
                " must be positions in order, up to tokens = " + std::to_string(tokens));
    }
    block = Eigen::Index(std::min<std::int64_t>(block, std::max<std::int64_t>(1, end - begin)));
    detail::check_fits_in_memory<Real>(function, block, 1);
    const hop_law<Real> hops = network;
    const detail::row_writer<Real> row(hops, tokens);
    Eigen::VectorX<Real> values(block);
    for (std::int64_t first = begin; first < end; first += block) {
        const auto count = Eigen::Index(std::min<std::int64_t>(block, end - first));
        detail::interruption_point();
        row.fill(first, count, values.data());
        f(first, Eigen::Map<const Eigen::VectorX<Real>>(values.data(), count));
    }
}

/// Hands the row of influence of `tokens` positions to a callback, in consecutive blocks from position 0 on.
///
/// The blocks are pieces of the row of influence_row(), equal to it entry by entry in double and float.
///
/// \param tokens the length of the row, 1 <= tokens <= 2^62.
/// \param network a hop_law, or what converts to one.
/// \param block the positions a block has, at least 1; the last one may have fewer.
/// \param f called as f(first, values) with the first position of the block, an std::int64_t, and its
///        entries, an `Eigen::Map<const Eigen::VectorX<Real>>` that is valid during the call.
/// \throws std::domain_error when tokens or block is out of range; std::length_error when a block does not
///         fit in memory.
/// Cost: that of influence_row(), plus O(depth²) per block for scalars other than double and float; memory
/// O(block + depth log tokens).
///
/// \code
/// const auto schedule = cesaro::mixing_schedule<>::constant(12, 0.3);
/// double least = 1;
/// const auto look = [&](std::int64_t, const auto& values) { least = std::min(least, values.minCoeff()); };
/// cesaro::for_each_influence_block(1'000'000, schedule, 4096, look);
/// \endcode
template <has_hop_law Network, class Function>
void for_each_influence_block(std::int64_t tokens, const Network& network, Eigen::Index block, Function&& f) {
    detail::check_tokens("for_each_influence_block", tokens);
    for_each_influence_block(tokens, network, block, f, 0, tokens);
}

namespace detail {

/// Positions written at once, few enough for the cache, and summed at once, few enough for the rounding of a
/// plain sum.
inline constexpr Eigen::Index written_block = 4096;
inline constexpr Eigen::Index summed_block = 128;

template <class Real>
Real plain_sum(const Eigen::Map<const Eigen::VectorX<Real>>& values) {
    if constexpr (std::is_floating_point_v<Real>) return values.sum();
    Real sum(0);
    for (const Real& value : values)
        sum += value;
    return sum;
}

}  // namespace detail

/// The influence of `bins` consecutive ranges of positions of nearly equal length, summed position by
/// position; a vector of length `bins` that sums to one.
///
/// The first tokens mod bins ranges are one position longer than the others.
/// \param bins 1 <= bins <= tokens.
/// \throws std::domain_error when tokens or bins is out of range; std::length_error when the histogram does
///         not fit in memory.
/// Cost O(tokens), memory O(bins). Accuracy: that of the entries, and 16 epsilons of the sums
/// (measured; 66 at most).
///
/// \code
/// const auto schedule = cesaro::mixing_schedule<>::constant(12, 0.3);
/// const Eigen::VectorXd tenths = cesaro::influence_histogram(1'000'000, schedule, 10);
/// \endcode
template <has_hop_law Network>
[[nodiscard]] Eigen::VectorX<typename Network::Scalar> influence_histogram(std::int64_t tokens,
                                                                           const Network& network,
                                                                           Eigen::Index bins) {
    using Real = typename Network::Scalar;
    detail::check_tokens("influence_histogram", tokens);
    detail::check_at_least("influence_histogram", "bins", bins, 1);
    if (bins > tokens) {
        detail::throw_domain_error("influence_histogram", "bins", bins,
                                   "must be at most tokens = " + std::to_string(tokens));
    }
    detail::check_fits_in_memory<Real>("influence_histogram", bins, 4);
    const auto end_of_bin = [&](std::int64_t i) {
        return tokens / bins * (i + 1) + std::min<std::int64_t>(i + 1, tokens % bins);
    };
    Eigen::VectorX<Real> histogram(bins);
    Eigen::Index bin = 0;
    detail::compensated_sum<Real> sum;
    const auto add = [&](std::int64_t first, const auto& values) {
        for (Eigen::Index begin = 0; begin < values.size();) {
            const auto in_bin = Eigen::Index(std::min<std::int64_t>(
                {detail::summed_block, values.size() - begin, end_of_bin(bin) - first - begin}));
            sum += detail::plain_sum<Real>({values.data() + begin, in_bin});
            begin += in_bin;
            if (first + begin < end_of_bin(bin)) continue;
            histogram[bin++] = sum.value();
            sum = {};
        }
    };
    for_each_influence_block(tokens, network, detail::written_block, add);
    return histogram;
}

}  // namespace cesaro
