// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Where primacy comes from: what it does when heads fall dormant, when the attention sink is removed, and
// when attention is bidirectional.

#include "common/masks.hpp"
#include "common/plot.hpp"
#include "common/program.hpp"
#include "common/report.hpp"
#include "common/table.hpp"
#include "common/text.hpp"

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/collapse_rate.hpp>
#include <cesaro/attention/full_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sink_operator.hpp>
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/profile.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
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
  pattern                one of these rows
  first_token            influence of position 0
  first_tenth, middle, last_tenth
                         influence of these parts of the context
  entropy                of the row, in nats
  collapse_rate          the factor by which each further layer reduces the influence outside the centre of
                         the mask: the first token, or under a full mask every position (hence 0))";

struct settings {
    Index tokens = 1024;
    programs::stack_options stack = {.alpha = 0.3};
    double sink = 0.2;
    std::vector<std::string> dormant = {"0.25", "0.5", "0.75"};
    programs::output_options output;
};

struct scenario {
    std::string name;
    any_operator<double> layer;
    bool bidirectional = false;
    Eigen::VectorXd row = {};
    cesaro::profile_summary<double> summary = {};
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
    all.push_back({"full, no sink", full, true});
    all.push_back({fmt::format("full, sink {:g}", s.sink), sink_operator<double>(full, s.sink), true});
    for (scenario& one : all) {
        const std::vector<any_operator<double>> layers(std::size_t(s.stack.layers), one.layer);
        one.row = cesaro::rollout_row(layers, s.stack.schedule());
        one.summary = cesaro::summarize(one.row);
    }
    return all;
}

programs::table table_of(const settings& s, const std::vector<scenario>& all) {
    const auto column = programs::columns_over(all);
    return {column("pattern", [](const scenario& one) { return one.name; }),
            column("first_token", [](const scenario& one) { return one.summary.first_token; }),
            column("first_tenth", [](const scenario& one) { return one.summary.primacy; }),
            column("middle", [](const scenario& one) { return one.summary.middle; }),
            column("last_tenth", [](const scenario& one) { return one.summary.recency; }),
            column("entropy", [](const scenario& one) { return one.summary.entropy; }),
            column("collapse_rate",
                   [&](const scenario& one) { return cesaro::collapse_rate(one.layer, s.stack.alpha); })};
}

/// Where a position stands on the logarithmic axis, which has no zero.
double place(Index m) {
    return double(m + 1);
}

/// The first positions one by one and then ever further apart, and the last.
std::vector<std::pair<double, double>> points_of(const Eigen::VectorXd& row) {
    std::vector<std::pair<double, double>> points;
    for (Index m = 0; m + 1 < row.size(); m += 1 + m / 100)
        points.emplace_back(place(m), row[m] > 0 ? row[m] : std::nan(""));
    points.emplace_back(place(row.size() - 1), row[row.size() - 1]);
    return points;
}

/// From light to dark: more of the causal heads attend to the first token only.
std::string shade(double darkness) {
    const auto mixed = [&](double light, double dark) {
        return int(std::lround(light + darkness * (dark - light)));
    };
    return fmt::format("#{:02x}{:02x}{:02x}", mixed(0x4b, 0x05), mixed(0x93, 0x1a), mixed(0xd8, 0x40));
}

/// Bidirectional attention in long dashes; causal heads in shades of blue, whose dashes differ, too.
std::string style_of(const std::vector<scenario>& all, std::size_t i) {
    if (i == 0) return fmt::format("with lines lw 2 lc rgb '{}'", programs::colours::vermillion);
    if (all[i].bidirectional) {
        const bool sink = i + 1 == all.size();
        return fmt::format("with lines lw 2 lc rgb '{}' dt (16,{})",
                           sink ? programs::colours::black : programs::colours::grey, sink ? 4 : 8);
    }
    const char* const dashes[] = {"1", "(10,4)", "(3,3)", "(10,3,3,3)"};
    const double shades = double(std::max<std::size_t>(all.size() - 4, 1));
    return fmt::format("with lines lw 2 lc rgb '{}' dt {}", shade(double(i - 1) / shades),
                       dashes[(i - 1) % 4]);
}

programs::drawing drawing_of(const settings& s, const std::vector<scenario>& all) {
    std::string script = "set logscale xy\nset format y '10^{%L}'\nset mytics 1\nset xtics scale 1 ('0' 1";
    for (Index m = 1; m < s.tokens; m *= 10)
        script += fmt::format(", '{}' {}", m, place(m));
    script += fmt::format(")\nset xrange [0.9:{}]\n", 1.15 * double(s.tokens));
    if (s.stack.alpha < 1)
        script +=
            fmt::format("set label \"the last token itself:\\nresidual path\" at {},{} right offset -1,0.6\n",
                        place(s.tokens - 1), all[0].row[s.tokens - 1]);
    std::vector<programs::curve> curves;
    for (std::size_t i = 0; i < all.size(); ++i)
        curves.push_back({points_of(all[i].row), style_of(all, i), all[i].name});
    return {.title = fmt::format("Influence on the last of {}, {}", programs::counted(s.tokens, "token"),
                                 s.stack.describe("α")),
            .x_label = "position of the source token",
            .y_label = "influence",
            .script = script + programs::plot_curves(curves)};
}

void run(const settings& s) {
    programs::destinations files(s.output);
    const std::vector<scenario> all = scenarios(s);
    const programs::report report = {
        .heading = fmt::format("{}, {}, sink {:g}", programs::counted(s.tokens, "token"), s.stack.describe(),
                               s.sink),
        .facts = {{"tokens", s.tokens},
                  {"layers", s.stack.layers},
                  {"alpha", s.stack.alpha},
                  {"sink", s.sink}},
        .rows_name = "patterns",
        .rows = table_of(s, all)};
    files.prepare(report, [&] { return drawing_of(s, all); });
    files.commit();
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "sink_and_heads");
    settings s;
    programs::add_count(app, "--tokens", s.tokens, 1, Index(1) << 30, "Context length [1024]");
    s.stack.add_to(app);
    programs::add_share(app, "--sink", s.sink, "S",
                        "Share of its attention that a head gives to the first token, in [0, 1] [0.2]");
    programs::add_list(app, "--dormant", s.dormant,
                       "Shares of dormant heads, in [0, 1]: d0,d1,... [0.25,0.5,0.75]");
    s.output.add_to(app, "the rows");
    return programs::run(app, argc, argv, [&] { run(s); });
}
