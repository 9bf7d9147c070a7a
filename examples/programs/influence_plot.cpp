// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "influence_plot.hpp"

#include "common/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace programs {

namespace {

using Eigen::Index;

struct interval {
    double low;
    double high;
    double at(double fraction) const { return low + fraction * (high - low); }
};

/// Where a position stands on the horizontal axis.
double place(Index m, Index n) {
    return std::log10(double(m) + 1) - std::log10(double(n - m) + 1);
}

/// A power of ten as readers know it.
std::string power_of_ten(int k) {
    return k < 4 ? fmt::format("{}", std::llround(std::pow(10, k))) : fmt::format("10^{{{}}}", k);
}

/// Both ends, the middle, and powers of ten between them, at most five on either side.
std::string position_ticks(Index n) {
    std::string ticks = fmt::format("'0' {}, 'n' {}", place(0, n), place(n, n));
    if (n >= 2) ticks += fmt::format(", 'n/2' {}", place(n / 2, n));
    const int decades = int(std::floor(std::log10(std::max(double(n) / 4, 1.))));
    const int step = decades / 6 + 1;
    for (int k = step; k <= decades; k += step) {
        const auto m = Index(std::llround(std::pow(10.L, k)));
        ticks += fmt::format(", '{0}' {1}, 'n−{0}' {2}", power_of_ten(k), place(m, n), place(n - m, n));
    }
    return ticks;
}

/// A curve, or only its points within `reach` positions of either end; nothing unless a point of it is above
/// `lowest`.
curve placed(const log_curve& values, Index n, Index reach, double lowest, const std::string& style,
             const std::string& title) {
    curve c{{}, style, title};
    bool shown = false;
    for (const auto& [m, value] : values) {
        if (!std::isfinite(value) || std::min(m, n - m) >= reach) continue;
        c.points.emplace_back(place(m, n), value);
        shown = shown || value > lowest;
    }
    if (!shown) c.points.clear();
    return c;
}

/// The least that is not zero.
double least_of(const log_curve& values) {
    double least = 0;
    for (const auto& [m, value] : values)
        if (std::isfinite(value)) least = std::min(least, value);
    return least;
}

/// What the exact row and the recency delta need, with room for labels.
interval vertical_range(const log_curve& exact, double delta) {
    interval range{least_of(exact), 0};
    if (std::isfinite(delta)) range.low = std::min(range.low, delta);
    const double span = std::max(range.high - range.low, 1.);
    return {range.low - 0.14 * span, range.high + 0.06 * span};
}

double value_at(const log_curve& curve, Index m) {
    if (curve.empty()) return std::nan("");
    const auto found = std::find_if(curve.begin(), curve.end(), [&](const auto& p) { return p.first >= m; });
    return found == curve.end() ? curve.back().second : found->second;
}

/// How far from the first token its label stands: out of the curve's way as far as it reaches.
double beside_first(const log_curve& values, Index n) {
    return value_at(values, Index(std::sqrt(double(n)))) > values.front().second ? -1 : 0.6;
}

/// The landmarks, named where they stand.
std::string labels(const influence_plot& plot, const interval& y) {
    const Index n = plot.query;
    std::string text;
    const auto label = [&](const std::string& words, double x, double height, const std::string& style) {
        text += fmt::format("set label {} at {},{} front boxed {}\n", quoted(words), x, height, style);
    };
    const double first = plot.exact.front().second;
    if (std::isfinite(first)) {
        label(fmt::format("first token p(0|n) = {}", scientific(first)), place(0, n), first,
              fmt::format("left offset 1.2,{} point pt 7 ps 1 lc rgb '{}'", beside_first(plot.exact, n),
                          colours::blue));
    } else {
        const auto seen = std::find_if(plot.exact.begin(), plot.exact.end(),
                                       [](const auto& point) { return std::isfinite(point.second); });
        const double end = seen == plot.exact.end() ? place(n, n) : place(seen->first, n);
        if (end - place(0, n) > 0.3 * (place(n, n) - place(0, n)))
            label("no influence", (place(0, n) + end) / 2, y.low,
                  fmt::format("center offset 0,1 tc rgb '{}'", colours::grey));
    }
    if (std::isfinite(plot.delta)) {
        text += fmt::format("set arrow from {0},{1} to {0},{2} nohead lw 3 lc rgb '{3}' back\n", place(n, n),
                            y.low, plot.delta, colours::green);
        label(
            fmt::format("recency delta w_0 = {}", scientific(plot.delta)), place(n, n), plot.delta,
            fmt::format("right offset -1.2,0.9 tc rgb '{0}' point pt 7 ps 1.2 lc rgb '{0}'", colours::green));
    }
    const double tail = value_at(plot.primacy_tail, n / 2);
    const double dead = value_at(plot.dead_zone, n / 2);
    if (std::isfinite(dead) && dead < y.low - 1) {
        const std::string primacy = std::isfinite(tail) ? ", primacy tail " + scientific(tail) : "";
        text +=
            off_the_scale(fmt::format(" at n/2: dead-zone factorial term {}{}", scientific(dead), primacy));
    }
    return text;
}

}  // namespace

drawing drawing_of(const influence_plot& plot) {
    const Index n = plot.query;
    const interval y = vertical_range(plot.exact, plot.delta);
    const double edge = std::max(place(n, n), 0.5) * 1.03;
    const auto add = [&](const log_curve& values, Index reach, const char* style, const char* colour,
                         const char* title) {
        return placed(values, n, reach, y.at(0.05), fmt::format("with {} lc rgb '{}'", style, colour), title);
    };
    std::string script = fmt::format("set xrange [{}:{}]\nset yrange [{}:{}]\n", -edge, edge, y.low, y.high);
    script += fmt::format("set xtics nomirror ({})\n", position_ticks(n));
    script += fmt::format("set ytics {} nomirror format '10^{{%g}}'\n", decade_step(y.high - y.low));
    script +=
        "set bmargin at screen 0.215\nset key at screen 0.53,0.065 center center vertical maxrows 2 "
        "width -9 Left reverse samplen 3.5 spacing 1.3\n";
    script += "set style textbox opaque noborder fillcolor 'white' margins 0.4,0.4\n";
    script += labels(plot, y);
    script += plot_curves(
        {add(plot.exact, n + 1, "lines lw 3", colours::blue, "exact row p(m|n)"),
         add(plot.continuum, n + 1, "lines lw 2 dt (6,6)", colours::vermillion, "continuum limit f(x) / n"),
         add(plot.primacy_tail, n + 1, "lines lw 2 dt (12,5)", colours::purple,
             "primacy tail  w_H u^{H−1} / (H−1)! / n"),
         add(plot.dead_zone, n + 1, "lines lw 2 dt (2,4)", colours::grey,
             "dead zone: factorial term  u^{H−1} / (H−1)! / n"),
         add(plot.exact, 10, "points pt 7 ps 0.5", colours::blue, "")});
    return {.title = plot.title,
            .x_label = "position of the source token (both ends stretched logarithmically)",
            .y_label = "influence on the last token",
            .script = script,
            .notes = plot.notes};
}

namespace {

/// The axes of positions and of shares, both logarithmic.
std::string axes(Index n, const interval& y) {
    const double edge = std::max(place(n, n), 0.5) * 1.03;
    return fmt::format(
        "set xrange [{}:{}]\nset yrange [{}:{}]\nset xtics nomirror ({})\n"
        "set ytics {} nomirror format '10^{{%g}}'\nset style textbox opaque noborder fillcolor 'white' "
        "margins "
        "0.4,0.4\n",
        -edge, edge, y.low, y.high, position_ticks(n), decade_step(y.high - y.low));
}

std::string label(const std::string& words, double x, double y, const std::string& style) {
    return fmt::format("set label {} at {},{} front boxed {}\n", quoted(words), x, y, style);
}

/// What the prediction needs, and the row beside it unless that takes more than as much again.
interval vertical_range(const prediction_plot& plot) {
    const double even = -std::log10(double(plot.query) + 1);
    const interval predicted = vertical_range(plot.predicted, even);
    const interval both = vertical_range(plot.predicted, std::min(even, least_of(plot.row)));
    return both.low < 2 * predicted.low ? predicted : both;
}

}  // namespace

drawing drawing_of(const prediction_plot& plot) {
    const Index n = plot.query;
    const double even = -std::log10(double(n) + 1);
    const double first = plot.predicted.front().second;
    const double last = plot.predicted.back().second;
    const double valley = value_at(plot.predicted, plot.valley);
    const interval y = vertical_range(plot);
    std::string script = axes(n, y);
    script +=
        "set bmargin at screen 0.19\nset key at screen 0.53,0.04 center center horizontal Left reverse "
        "samplen 3.5\n";
    const std::string point = fmt::format("point pt 7 ps 1 lc rgb '{}'", colours::blue);
    if (std::isfinite(first))
        script += label("first token " + scientific(first), place(0, n), first,
                        fmt::format("left offset 1.2,{} {}", beside_first(plot.predicted, n), point));
    if (n > 0)
        script += label("query " + scientific(last), place(n, n), last, "right offset -1.2,0.6 " + point);
    const bool has_valley = plot.valley > 0 && plot.valley < n && std::isfinite(valley);
    if (has_valley) {
        const double above_row = (valley - value_at(plot.row, plot.valley)) / (y.high - y.low);
        const bool row_is_there = above_row > 0 && above_row < 0.065;  // where the label would be
        script += label(
            fmt::format("least at {}: {:.3g} of an even share", plot.valley, std::pow(10, valley - even)),
            place(plot.valley, n), valley,
            fmt::format("{} offset {},{} {}", place(plot.valley, n) > 0 ? "right" : "left",
                        place(plot.valley, n) > 0 ? -0.5 : 0.5, row_is_there ? -2.1 : -1, point));
    }
    if (least_of(plot.row) < y.low)
        script += off_the_scale(": the row, to " + scientific(least_of(plot.row)));
    const auto add = [&](const log_curve& values, Index reach, const char* style, const char* colour,
                         const char* title) {
        return placed(values, n, reach, y.low, fmt::format("with {} lc rgb '{}'", style, colour), title);
    };
    const curve even_share{{{place(0, n), even}, {place(n, n), even}},
                           fmt::format("with lines lw 1.5 dt (2,4) lc rgb '{}'", colours::grey),
                           "an even share, 1 / N"};
    script += plot_curves(
        {even_share,
         add(plot.row, n + 1, "lines lw 2 dt (8,6)", colours::vermillion, "row of its coefficients α"),
         add(plot.predicted, n + 1, "lines lw 3", colours::blue, "predicted share of the Jacobian norm"),
         add(plot.predicted, 10, "points pt 7 ps 0.5", colours::blue, "")});
    return {.title = plot.title,
            .x_label = "position of the source token (both ends stretched logarithmically)",
            .y_label = "influence on the last token",
            .script = script,
            .notes = plot.notes};
}

namespace {

/// Relative positions as people write them, on the stretched axis.
std::string relative_ticks(double reach) {
    std::string ticks = "'50 %%' 0";
    for (int k = 1; k <= int(reach); ++k) {
        const double share = std::pow(10, -k);
        const double at = std::log10(share / (1 - share));
        const int digits = std::max(0, k - 2);
        ticks += fmt::format(", '{:.{}f} %%' {}, '{:.{}f} %%' {}", 100 * share, digits, at, 100 * (1 - share),
                             digits, -at);
    }
    return ticks;
}

}  // namespace

drawing drawing_of(const comparison_plot& plot) {
    std::vector<curve> curves;
    interval y{0, 0};
    double reach = 1;
    for (const comparison_plot::model& m : plot.curves) {
        const double even = std::log10(double(m.query) + 1);
        curve c{{}, "with lines " + line_style(curves.size()), m.title};
        for (const auto& [position, value] : m.predicted) {
            if (!std::isfinite(value)) continue;
            c.points.emplace_back(place(position, m.query), value + even);
            y = {std::min(y.low, value + even), std::max(y.high, value + even)};
        }
        reach = std::max(reach, place(m.query, m.query));
        curves.push_back(std::move(c));
    }
    curves.push_back(
        {{{-reach, 0}, {reach, 0}}, fmt::format("with lines lw 1 lc rgb '{}'", colours::grey), ""});
    const double room = 0.04 * std::max(y.high - y.low, 1.);
    const std::string x_label =
        "position of the source token in the context (both ends stretched logarithmically)";
    std::string script = fmt::format(
        "set xrange [{}:{}]\nset yrange [{}:{}]\nset xtics nomirror ({})\n"
        "set ytics {} nomirror format '10^{{%g}}'\nset key bmargin center horizontal Left reverse samplen "
        "3.5 "
        "maxcols 3\n",
        -1.03 * reach, 1.03 * reach, y.low - room, y.high + room, relative_ticks(std::min(reach, 5.)),
        decade_step(y.high - y.low));
    script += fmt::format("set xlabel {} . \"\\n \"\n", quoted(x_label));  // a line between it and the key
    return {.title = plot.title,
            .x_label = x_label,
            .y_label = "influence on the last token, in even shares",
            .script = script + plot_curves(curves),
            .notes = plot.notes};
}

std::vector<Index> heat_positions(Index last, Index count) {
    std::vector<Index> positions;
    for (Index i = 0; i < count; ++i) {
        const long double fraction = (long double)(i) / (long double)(count - 1);
        const long double at = std::expm1(fraction * std::log1p((long double)(last)));
        positions.push_back(i + 1 == count ? last : std::min(last, Index(std::floor(at))));
    }
    positions.erase(std::unique(positions.begin(), positions.end()), positions.end());
    return positions;
}

drawing drawing_of(const heat_plot& plot) {
    // A cell reaches half way, on the axis of the position plus one, to those beside it.
    const auto at = [](Index m) { return double(m) + 1; };
    const auto between = [&](Index a, Index b) { return std::sqrt(at(a) * at(b)); };
    const std::size_t count = plot.rows.size();
    const double edge =
        at(plot.query) *
        (count > 1 ? std::sqrt(at(plot.query) / at(plot.rows[count - 2].query)) : std::sqrt(2.));
    std::string cells = "$cells << EOD\n";
    double low = -1;  // at least a decade
    for (std::size_t i = 0; i < plot.rows.size(); ++i) {
        const auto& [query, values] = plot.rows[i];
        const double bottom = i > 0 ? between(plot.rows[i - 1].query, query) : at(query) / std::sqrt(2.);
        const double top = i + 1 < plot.rows.size() ? between(query, plot.rows[i + 1].query) : edge;
        for (std::size_t j = 0; j < values.size(); ++j) {
            const auto& [m, value] = values[j];
            if (!std::isfinite(value)) continue;
            low = std::min(low, value);
            cells += fmt::format("{} {} {} {} {} {} {}\n", at(m), at(query),
                                 j > 0 ? between(values[j - 1].first, m) : at(m) / std::sqrt(2.),
                                 j + 1 < values.size() ? between(m, values[j + 1].first) : top, bottom, top,
                                 value);
        }
    }
    const std::string script = fmt::format(
        "set logscale xy\nset xrange [0.7:{0}]\nset yrange [0.7:{0}]\nset format xy '10^{{%L}}'\nunset key\n"
        "set mxtics 1\nset mytics 1\nset cbrange [{1}:0]\nset cbtics {2} format '10^{{%g}}'\n"
        "set cblabel 'share of the influence'\n"
        "set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725')\n",
        edge, low, decade_step(-low));
    return {
        .title = plot.title,
        .x_label = "position of the source token, from 1",
        .y_label = "position of the query, from 1",
        .script =
            script + cells +
            "EOD\nplot $cells using 1:2:3:4:5:6:7 with boxxyerror fs solid 1 noborder lc palette notitle\n",
        .notes = plot.notes};
}

}  // namespace programs
