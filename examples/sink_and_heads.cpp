// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Where primacy comes from: what it does when heads fall dormant, when the attention sink is removed, and
// when attention is bidirectional.

#include "common/plot.hpp"
#include "common/program.hpp"
#include "common/table.hpp"

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/collapse_rate.hpp>
#include <cesaro/attention/full_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sink_operator.hpp>
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/profile.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using cesaro::any_operator;
using cesaro::cesaro_operator;
using cesaro::full_operator;
using cesaro::sink_operator;
using Eigen::Index;

constexpr const char* description =
    R"(The last row of a stack of equal layers of uniform attention, as its attention sink changes.

Rows of the table:
  causal, no sink        uniform over the past
  sink                   every head gives the share --sink to the first token
  D dormant              the same with a share D of the heads attending to the first token only
  full, no sink          bidirectional attention: no position is special
  full, sink             bidirectional with the sink
Columns:
  first_token            influence of position 0
  first_tenth, middle, last_tenth
                         influence of these parts of the context
  entropy                of the row, in nats
  collapse_rate          the factor by which each further layer reduces the influence outside the centre of
                         the mask: the first token, or under a full mask every position (hence 0))";

struct settings {
    Index tokens = 1024;
    Index depth = 12;
    double lambda = 0.3;
    double sink = 0.2;
    std::vector<std::string> dormant = {"0.25", "0.5", "0.75"};
    programs::output_options output;
    std::string plot;
};

struct scenario {
    std::string name;
    any_operator<double> layer;
    Eigen::VectorXd row = {};
};

std::vector<scenario> scenarios(const settings& s) {
    const cesaro_operator<double> causal(s.tokens);
    const full_operator<double> full(s.tokens);
    const sink_operator<double> awake(causal, s.sink);
    const sink_operator<double> asleep(causal, 1.);
    std::vector<scenario> all = {{"causal, no sink", causal}, {fmt::format("sink {:g}", s.sink), awake}};
    for (const double share : programs::parse_numbers("--dormant", s.dormant)) {
        if (!(share >= 0 && share <= 1))
            throw programs::usage_error(fmt::format("--dormant: {} must lie in [0, 1]", share));
        all.push_back({fmt::format("sink {:g}, {:g} dormant", s.sink, share),
                       cesaro::head_mixture<double>({awake, asleep}, {1 - share, share})});
    }
    all.push_back({"full, no sink", full});
    all.push_back({fmt::format("full, sink {:g}", s.sink), sink_operator<double>(full, s.sink)});
    const auto schedule = cesaro::mixing_schedule<double>::constant(s.depth, s.lambda);
    for (scenario& one : all)
        one.row =
            cesaro::rollout_row(std::vector<any_operator<double>>(std::size_t(s.depth), one.layer), schedule);
    return all;
}

programs::table table_of(const settings& s, const std::vector<scenario>& all) {
    std::vector<std::string> names;
    for (const scenario& one : all)
        names.push_back(one.name);
    const auto reals = [&](const char* name, auto value) {
        std::vector<double> cells;
        for (const scenario& one : all)
            cells.push_back(value(one, cesaro::summarize(one.row)));
        return programs::column{name, cells};
    };
    return {{"attention", names},
            reals("first_token", [](const scenario&, const auto& summary) { return summary.first_token; }),
            reals("first_tenth", [](const scenario&, const auto& summary) { return summary.primacy; }),
            reals("middle", [](const scenario&, const auto& summary) { return summary.middle; }),
            reals("last_tenth", [](const scenario&, const auto& summary) { return summary.recency; }),
            reals("entropy", [](const scenario&, const auto& summary) { return summary.entropy; }),
            reals("collapse_rate", [&](const scenario& one, const auto&) {
                return cesaro::collapse_rate(one.layer, s.lambda);
            })};
}

/// Positions 1, 2, 3, ... counted from one and then ever further apart: the axis is logarithmic.
std::vector<std::pair<double, double>> points_of(const Eigen::VectorXd& row) {
    std::vector<std::pair<double, double>> points;
    for (Index m = 0; m + 1 < row.size(); m += 1 + m / 100)
        points.emplace_back(double(m + 1), row[m]);
    points.emplace_back(double(row.size()), row[row.size() - 1]);
    return points;
}

std::string plot_script(const settings& s, const std::vector<scenario>& all) {
    const std::vector<std::string> causal_colours = {"#6b6b6b", "#9cc3ea", "#5e97d3", "#1b4f9c", "#0b2a5b"};
    const std::vector<std::string> full_colours = {"#f2b36b", "#d1660c"};
    std::string script =
        "set encoding utf8\nset minussign\nset border 3\nset grid ytics lc rgb '#e4e4e4' lt 1\n";
    script += fmt::format("set title 'Influence on the last of {} tokens, {} layers, λ = {:g}'\n", s.tokens,
                          s.depth, s.lambda);
    script +=
        "set logscale xy\nset format y '10^{%L}'\nset xlabel 'position of the source token, counted from "
        "1'\n";
    script += "set ylabel 'influence'\nset xtics nomirror\nset ytics nomirror\nset mytics 1\n";
    script += fmt::format("set xrange [0.9:{}]\n", 1.15 * double(s.tokens));
    script +=
        fmt::format("set label \"the last token itself:\\nresidual path\" at {},{} right offset -1,0.6\n",
                    s.tokens, all[0].row[s.tokens - 1]);
    script += "set key outside right center vertical Left reverse samplen 2 spacing 1.4\n";
    std::string curves;
    for (std::size_t i = 0; i < all.size(); ++i) {
        script += programs::data_block(fmt::format("row{}", i), points_of(all[i].row));
        const bool full = i + 2 >= all.size();
        const std::string colour =
            full ? full_colours[i + 2 - all.size()] : causal_colours[std::min(i, causal_colours.size() - 1)];
        curves += fmt::format("{}$row{} with lines lw 2 {} lc rgb '{}' title {}", i == 0 ? "plot " : ", ", i,
                              full ? "dt (8,4)" : "", colour, programs::quoted(all[i].name));
    }
    return script + curves + "\n";
}

void run(const settings& s) {
    const std::vector<scenario> all = scenarios(s);
    const programs::report report = {
        .heading = fmt::format("{} tokens, {} layers, lambda = {:g}, sink {:g}\n", s.tokens, s.depth,
                               s.lambda, s.sink),
        .facts = {{"tokens", s.tokens}, {"depth", s.depth}, {"lambda", s.lambda}, {"sink", s.sink}},
        .rows_name = "attention",
        .rows = table_of(s, all)};
    programs::write_with_plot(s.output.file, render(report, s.output.format), s.plot,
                              [&] { return plot_script(s, all); });
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "sink_and_heads");
    settings s;
    programs::add_count(app, "--tokens", s.tokens, 1, Index(1) << 30, "Context length [1024]");
    programs::add_count(app, "--depth", s.depth, 1, 10000, "Number of layers [12]");
    programs::add_share(app, "--lambda", s.lambda, "L", "Mixing coefficient of every layer, in [0, 1] [0.3]");
    programs::add_share(app, "--sink", s.sink, "S",
                        "Share of its attention that a head gives to the first token, in [0, 1] [0.2]");
    programs::add_list(app, "--dormant", s.dormant,
                       "Shares of dormant heads, in [0, 1]: d0,d1,... [0.25,0.5,0.75]");
    s.output.add_to(app);
    app.add_option("--plot", s.plot, "Draw the rows into this .svg or .png file (with gnuplot)")
        ->type_name("FILE");
    return programs::run(app, argc, argv, [&] { run(s); });
}
