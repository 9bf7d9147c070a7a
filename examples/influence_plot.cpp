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

/// Adds a curve, or only its points within `reach` positions of either end, to the data and to what is drawn,
/// unless no point of it is above `lowest`, the lower edge.
void add_curve(std::string& data, std::string& drawn, const std::string& name,
               const influence_plot::curve& curve, Index n, Index reach, double lowest,
               const std::string& style) {
    std::vector<std::pair<double, double>> points;
    bool shown = false;
    for (const auto& [m, value] : curve) {
        if (!std::isfinite(value) || std::min(m, n - m) >= reach) continue;
        points.emplace_back(place(m, n), value);
        shown = shown || value > lowest;
    }
    if (!shown) return;
    data += data_block(name, points);
    drawn += (drawn.empty() ? "plot $" : ", $") + name + " " + style;
}

/// Whole decades between ticks, at most eight of them.
int decade_step(const interval& y) {
    for (int power = 1;; power *= 10)
        for (const int digit : {1, 2, 5})
            if ((y.high - y.low) / (digit * power) <= 8) return digit * power;
}

/// What the exact row and the recency delta need, with room for labels.
interval vertical_range(const influence_plot& plot) {
    interval range{0, 0};
    for (const auto& [m, value] : plot.exact)
        if (std::isfinite(value)) range.low = std::min(range.low, value);
    if (std::isfinite(plot.delta)) range.low = std::min(range.low, plot.delta);
    const double span = std::max(range.high - range.low, 1.);
    return {range.low - 0.14 * span, range.high + 0.06 * span};
}

std::string scientific(double log10_value) {
    if (log10_value > -3) return fmt::format("{:.6g}", std::pow(10, log10_value));
    const double exponent = std::floor(log10_value);
    return fmt::format("{:.2f}×10^{{{}}}", std::pow(10, log10_value - exponent),
                       fmt::format("−{:g}", -exponent));
}

double value_at(const influence_plot::curve& curve, Index m) {
    const auto found = std::find_if(curve.begin(), curve.end(), [&](const auto& p) { return p.first >= m; });
    return found == curve.end() ? curve.back().second : found->second;
}

/// The landmarks, named where they stand.
std::string labels(const influence_plot& plot, const interval& y) {
    const Index n = plot.query;
    std::string text;
    const auto label = [&](const std::string& words, double x, double height, const char* style) {
        text += fmt::format("set label {} at {},{} front boxed {}\n", quoted(words), x, height, style);
    };
    const double first = plot.exact.front().second;
    if (std::isfinite(first)) {
        label(fmt::format("first token p(0|n) = {}", scientific(first)), place(0, n), first,
              "left offset 1.2,0.6 point pt 7 ps 1 lc rgb '#1b4f9c'");
    }
    if (std::isfinite(plot.delta)) {
        text += fmt::format("set arrow from {0},{1} to {0},{2} nohead lw 3 lc rgb '#c0392b' back\n",
                            place(n, n), y.low, plot.delta);
        label(fmt::format("recency delta w_0 = {}", scientific(plot.delta)), place(n, n), plot.delta,
              "right offset -1.2,0.9 tc rgb '#c0392b' point pt 7 ps 1.2 lc rgb '#c0392b'");
    }
    const double tail = value_at(plot.primacy_tail, n / 2);
    const double dead = value_at(plot.dead_zone, n / 2);
    if (std::isfinite(dead) && dead < y.low - 1) {
        const std::string primacy = std::isfinite(tail) ? ", primacy tail " + scientific(tail) : "";
        label(fmt::format("off the scale at n/2: dead-zone factorial term {}{}", scientific(dead), primacy),
              place(n, n), y.low, "right offset -1.2,0.8 tc rgb '#6b6b6b'");
    }
    return text;
}

}  // namespace

std::string plot_script(const influence_plot& plot) {
    const Index n = plot.query;
    const interval y = vertical_range(plot);
    const double edge = std::max(place(n, n), 0.5) * 1.03;
    std::string script;
    std::string drawn;
    const auto add = [&](const char* name, const influence_plot::curve& curve, Index reach,
                         const char* style) {
        add_curve(script, drawn, name, curve, n, reach, y.low, style);
    };
    add("continuum", plot.continuum, n + 1,
        "with lines lw 7 lc rgb '#b9d8f5' title 'continuum limit f(x) / n'");
    add("exact", plot.exact, n + 1, "with lines lw 2 lc rgb '#1b4f9c' title 'exact row p(m|n)'");
    add("tail", plot.primacy_tail, n + 1,
        "with lines lw 2 dt (10,5) lc rgb '#e08e0b' title 'primacy tail  w_H u^{H−1} / (H−1)! / n'");
    add("dead", plot.dead_zone, n + 1,
        "with lines lw 2 dt (2,4) lc rgb '#6b6b6b' title 'dead zone: factorial term  u^{H−1} / (H−1)! / n'");
    add("ends", plot.exact, 10, "with points pt 7 ps 0.5 lc rgb '#1b4f9c' notitle");
    script += "set encoding utf8\nset minussign\n";
    script += fmt::format("set title {} noenhanced\n", quoted(plot.title));
    script += "set xlabel 'position of the source token (both ends stretched logarithmically)'\n";
    script += "set ylabel 'influence on the last token'\n";
    script += fmt::format("set xrange [{}:{}]\nset yrange [{}:{}]\n", -edge, edge, y.low, y.high);
    script += fmt::format("set xtics nomirror ({})\n", position_ticks(n));
    script += fmt::format("set ytics {} nomirror format '10^{{%g}}'\n", decade_step(y));
    script += "set border 3\nset grid ytics lc rgb '#e4e4e4' lt 1\n";
    script +=
        "set bmargin at screen 0.215\nset key at screen 0.53,0.065 center center vertical maxrows 2 "
        "width -9 Left reverse samplen 3.5 spacing 1.3\n";
    script += "set style textbox opaque noborder fillcolor 'white' margins 0.4,0.4\n";
    script += labels(plot, y);
    return script + drawn + "\n";
}

}  // namespace programs
