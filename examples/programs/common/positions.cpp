// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "positions.hpp"

#include "program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace programs {

using Eigen::Index;

namespace {

constexpr Index points_of_a_table = 33;
constexpr Index most_unasked = 1'000'000;  ///< positions that CSV and JSON hold without being asked to
constexpr Index points_of_a_sample = 1001;
constexpr Index most_points = 4'000'000;

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

std::vector<Index> sample_positions(Index tokens, Index count) {
    count = std::min(count, tokens);
    const Index n = tokens - 1;
    std::vector<Index> positions = geometric_distances(n / 2, count - count / 2);
    std::vector<Index> from_end = geometric_distances((n - 1) / 2, count / 2);
    for (auto distance = from_end.rbegin(); distance != from_end.rend(); ++distance)
        positions.push_back(n - *distance);
    return positions;
}

void position_options::add_to(CLI::App& app) {
    auto* some =
        add_count(app, "--points", points, 2, most_points,
                  "How many positions to print, dense near both ends [table: 33; CSV, JSON: all up to 10^6]");
    app.add_flag("--all", all, "Print every position")->excludes(some);
}

std::vector<Index> position_options::choose(Index tokens, output_format format) const {
    if (all && tokens > most_points) {
        throw usage_error(
            fmt::format("--all prints at most {} positions, not {}: use --points", most_points, tokens));
    }
    const bool whole = all || (points == 0 && format != output_format::text && tokens <= most_unasked);
    const Index unasked = format == output_format::text ? points_of_a_table : points_of_a_sample;
    return sample_positions(tokens, whole ? tokens : points > 0 ? points : unasked);
}

void position_options::annotate(report& r, Index tokens, output_format format) const {
    const Index shown = row_count(r.rows);
    if (shown == tokens) return;
    r.sampled_positions = tokens;
    if (points == 0 && format != output_format::text)
        r.notes.push_back(fmt::format(
            "{} of {} positions, dense near both ends; --points N for another number", shown, tokens));
}

}  // namespace programs
