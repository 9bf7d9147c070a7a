// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "row_summary.hpp"

#include <cesaro/profile.hpp>

#include <algorithm>
#include <cmath>

namespace programs {

using cesaro::complement;
using Eigen::Index;

namespace {

/// The mass of positions [begin, end), taken from the tail that is smaller there, where less cancels.
double mass(const cesaro::discrete_influence<double>& row, Index begin, Index end) {
    if (begin >= end) return 0;
    const Index last = end - 1;
    if (begin == 0) return cdf(row, last);
    if (last == row.query()) return cdf(complement(row, begin - 1));
    if (cdf(row, last) < 0.5) return cdf(row, last) - cdf(row, begin - 1);
    return cdf(complement(row, begin - 1)) - cdf(complement(row, last));
}

/// Before the query the row falls, or is flat where no path has two hops: its least entry is next to the
/// query, or the query itself when the recency delta does not lift it.
Index valley_position(const cesaro::discrete_influence<double>& row) {
    const Index n = row.query();
    const Eigen::VectorXd& w = row.hop_distribution();
    const bool flat = w.size() <= 2 || !(w.tail(w.size() - 2).array() > 0).any();
    if (n == 0 || flat) return 0;
    if (w[0] == 0) return n;  // also where the two differ by less than a rounding
    return logpdf(row, n) < logpdf(row, n - 1) ? n : n - 1;
}

/// Distances 0 .. largest, geometric where they can be and consecutive where that would repeat one.
std::vector<Index> geometric_distances(Index largest, Index count) {
    std::vector<Index> distances;
    for (Index i = 0; i < count; ++i) {
        const long double fraction = count > 1 ? (long double)(i) / (long double)(count - 1) : 0;
        const long double target = std::expm1(fraction * std::log1p((long double)(largest)));
        distances.push_back(std::clamp(Index(std::floor(target)), i, largest));
    }
    if (count > 1) distances.back() = largest;
    return distances;
}

}  // namespace

row_summary summarize_row(const cesaro::discrete_influence<double>& row) {
    const Index n = row.query();
    const cesaro::profile_tenths split = cesaro::tenths(n + 1);
    const Index valley = valley_position(row);
    return {.primacy = mass(row, 0, split.primacy_end),
            .middle = mass(row, split.primacy_end, split.recency_begin),
            .recency = mass(row, split.recency_begin, n + 1),
            .first_token = pdf(row, 0),
            .last_token = pdf(row, n),
            .valley = pdf(row, valley),
            .log_valley = logpdf(row, valley),
            .valley_position = valley,
            .mean_position = mean(row)};
}

std::vector<Index> sample_positions(Index tokens, Index count) {
    count = std::min(count, tokens);
    const Index n = tokens - 1;
    std::vector<Index> positions = geometric_distances(n / 2, count - count / 2);
    std::vector<Index> from_end = geometric_distances((n - 1) / 2, count / 2);
    for (auto distance = from_end.rbegin(); distance != from_end.rend(); ++distance)
        positions.push_back(n - *distance);
    return positions;
}

}  // namespace programs
