// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// What becomes of the U-shape as the input fills the context window: attention that knows no distance keeps
// it, windows and distance decay, whose scale does not grow with the input, turn it into a preference for
// what is near.

#include "common/masks.hpp"
#include "common/plot.hpp"
#include "common/program.hpp"
#include "common/table.hpp"

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/profile.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace {

using cesaro::any_operator;
using Eigen::Index;

constexpr const char* description =
    R"(Influence of the first tenth, the middle and the last tenth of an input on its last token, against the
relative length of the input: L_rel = input length / context window.

Columns:
  pattern          causal; window (sliding); decay (ALiBi heads of slopes 2^(-8h/heads), equal weights)
  relative_length  L_rel
  tokens           the input length
  first_tenth, middle, last_tenth
                   their influence
  mean_x           mean position over that of the last token
The effect that this models: Veseli et al., arXiv 2508.07479. The numbers are those of the theory, with
nothing fitted.)";

struct settings {
    Index context = 8192;
    Index depth = 12;
    double lambda = 0.15;
    programs::mask_options masks;
    std::vector<std::string> lengths = {"0.015625", "0.03125", "0.0625", "0.125", "0.25", "0.5", "0.75", "1"};
    programs::output_options output;
    std::string plot;
};

/// One point of the sweep.
struct sample {
    std::string pattern;
    double relative_length;
    Index tokens;
    cesaro::profile_summary<double> masses;
};

std::vector<sample> sweep(const settings& s) {
    const auto schedule = cesaro::mixing_schedule<double>::constant(s.depth, s.lambda);
    std::vector<sample> samples;
    for (const programs::mask& p : programs::masks(s.masks)) {
        for (const double relative : programs::parse_numbers("--lengths", s.lengths)) {
            if (!(relative > 0 && relative <= 1))
                throw programs::usage_error(fmt::format("--lengths: {} must lie in (0, 1]", relative));
            const Index tokens = std::max<Index>(1, std::llround(relative * double(s.context)));
            const std::vector<any_operator<double>> layers(std::size_t(s.depth), p.layer(tokens));
            samples.push_back(
                {p.name, relative, tokens, cesaro::summarize(cesaro::rollout_row(layers, schedule))});
        }
    }
    return samples;
}

programs::table table_of(const std::vector<sample>& samples) {
    std::vector<std::string> names;
    std::vector<Index> tokens;
    for (const sample& point : samples) {
        names.push_back(point.pattern);
        tokens.push_back(point.tokens);
    }
    const auto reals = [&](const char* name, auto value) {
        std::vector<double> cells;
        for (const sample& point : samples)
            cells.push_back(value(point));
        return programs::column{name, cells};
    };
    return {{"pattern", names},
            reals("relative_length", [](const sample& p) { return p.relative_length; }),
            {"tokens", tokens},
            reals("first_tenth", [](const sample& p) { return p.masses.primacy; }),
            reals("middle", [](const sample& p) { return p.masses.middle; }),
            reals("last_tenth", [](const sample& p) { return p.masses.recency; }),
            reals("mean_x", [](const sample& p) {
                return p.masses.mean_position / double(std::max<Index>(p.tokens - 1, 1));
            })};
}

/// The middle as much as a tenth of its own length would have, for comparison with the tenths.
double middle_per_tenth(const sample& point) {
    const cesaro::profile_tenths split = cesaro::tenths(point.tokens);
    const Index tenth = point.tokens - split.recency_begin;
    const Index length = split.recency_begin - split.primacy_end;
    return length > 0 ? point.masses.middle * double(tenth) / double(length) : 0;
}

template <class Value>
std::string curve(const std::string& name, const std::vector<sample>& samples, const std::string& pattern,
                  const Value& value) {
    std::vector<std::pair<double, double>> points;
    for (const sample& point : samples)
        if (point.pattern == pattern) points.emplace_back(point.relative_length, value(point));
    std::sort(points.begin(), points.end());
    return programs::data_block(name, points);
}

std::string plot_script(const settings& s, const std::vector<sample>& samples) {
    std::string script = "set encoding utf8\nset minussign\nunset key\n";
    script += "first = \"lw 2 pt 7 ps 0.8 lc rgb '#1b4f9c'\"\n";
    script += "middle = \"lw 2 dt (10,5) pt 5 ps 0.7 lc rgb '#6b6b6b'\"\n";
    script += "last = \"lw 2 pt 9 ps 0.9 lc rgb '#d1660c'\"\n";
    script += fmt::format(
        "set multiplot title 'Influence on the last token, {} layers, λ = {:g}, context window {}'\n",
        s.depth, s.lambda, s.context);
    script += "set border 3\nset grid ytics lc rgb '#e4e4e4' lt 1\nset logscale x 2\nset yrange [0:1]\n";
    script += "set xtics nomirror 4 format '2^{%L}'\nset ytics nomirror 0.2\nset mxtics 1\n";
    script += "set tmargin at screen 0.86\nset bmargin at screen 0.24\n";
    script += "set xlabel 'L_{rel} = input / context window'\n";
    const auto all = programs::masks(s.masks);
    for (std::size_t i = 0; i < all.size(); ++i) {
        script += curve("first", samples, all[i].name, [](const sample& p) { return p.masses.primacy; });
        script += curve("middle", samples, all[i].name, middle_per_tenth);
        script += curve("last", samples, all[i].name, [](const sample& p) { return p.masses.recency; });
        script += fmt::format("set lmargin at screen {}\nset rmargin at screen {}\n",
                              0.07 + 0.315 * double(i), 0.345 + 0.315 * double(i));
        script += i == 0 ? "set ylabel 'share of the influence'\n" : "unset ylabel\nset format y ''\n";
        script += fmt::format("set title {} offset 0,-0.4\n", programs::quoted(all[i].title));
        script +=
            "plot $first with linespoints @first, $middle with linespoints @middle, $last with linespoints "
            "@last\n";
    }
    // The key of all three, in a plot of its own below them.
    script += "set lmargin at screen 0.1\nset rmargin at screen 0.9\nset tmargin at screen 0.12\n";
    script +=
        "set bmargin at screen 0.02\nunset border\nunset grid\nunset xtics\nunset ytics\nunset xlabel\n";
    script += "unset title\nset key center center horizontal samplen 3 width 3\n";
    script +=
        "plot NaN with linespoints @first title 'first tenth', NaN with linespoints @middle title "
        "'middle, per tenth', NaN with linespoints @last title 'last tenth'\n";
    return script + "unset multiplot\n";
}

void run(const settings& s) {
    const std::vector<sample> samples = sweep(s);
    const programs::report report = {
        .heading =
            fmt::format("{} layers, lambda = {:g}, context window {}, sliding window {}, {} ALiBi heads\n",
                        s.depth, s.lambda, s.context, s.masks.window, s.masks.heads),
        .facts = {{"context", s.context},
                  {"depth", s.depth},
                  {"lambda", s.lambda},
                  {"window", s.masks.window},
                  {"heads", s.masks.heads}},
        .rows_name = "lengths",
        .rows = table_of(samples)};
    programs::write_with_plot(s.output.file, render(report, s.output.format), s.plot,
                              [&] { return plot_script(s, samples); });
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "relative_length");
    settings s;
    programs::add_count(app, "--context", s.context, 1, Index(1) << 30, "Context window in tokens [8192]");
    programs::add_count(app, "--depth", s.depth, 1, 10000, "Number of layers [12]");
    programs::add_share(app, "--lambda", s.lambda, "L",
                        "Mixing coefficient of every layer, in [0, 1] [0.15]");
    s.masks.add_to(app);
    programs::add_list(app, "--lengths", s.lengths, "Relative lengths in (0, 1]: r0,r1,... [2^-6 ... 1]");
    s.output.add_to(app);
    app.add_option("--plot", s.plot, "Draw the masses into this .svg or .png file (with gnuplot)")
        ->type_name("FILE");
    return programs::run(app, argc, argv, [&] { run(s); });
}
