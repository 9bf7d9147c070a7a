// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// One shape of network under every kind of attention whose rows the theory has: keys that decay or share their
// attention with a sink, sliding windows, and other wirings of the same layers.

#include "common/masks.hpp"
#include "common/plot.hpp"
#include "common/program.hpp"
#include "common/report.hpp"
#include "common/schedule_options.hpp"
#include "common/table.hpp"
#include "common/text.hpp"

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/keys.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/wiring.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace {

using Eigen::Index;

constexpr const char* description =
    R"(The influence on the last token under different attention, all else equal.

Rows of the table:
  uniform                causal attention that averages the past
  sink S                 a sink that weighs as much as S tokens and carries nothing
  slope s                ALiBi: weights exp(-s distance)
  window W               uniform over the last W tokens
  every 4th layer global the other layers see only themselves (their windows are short beside the context)
  value residual         half of the values are those of the embeddings
  stochastic depth       layer l = 0, 1, ... of H survives with probability 1 - (l + 1) / (2 H)
  mean over depth        each layer reads the mean of all before it, whatever --alpha
Columns:
  attention              one of these rows
  lost                   what sinks take
  first_token, first_tenth, middle, last_tenth, query
                         shares of what is left
  half_before            half of it lies up to this position
  valley_position        where a position has least
  mean_hops              the mean number of layers whose attention a path takes, without those that see only themselves)";

struct settings {
    Index tokens = 4096;
    programs::stack_options stack = {.alpha = 0.1, .layers = 24};
    std::vector<std::string> sinks = {"10", "1000"};
    std::vector<std::string> slopes = {"0.0003", "0.003"};
    std::vector<std::string> windows = {"1024"};
    programs::output_options output;
};

struct variant {
    std::string name;
    Eigen::VectorXd row;  ///< of what is left, a distribution
    double mean_hops;
    double lost = 0;  ///< to a sink
    cesaro::profile_summary<double> summary = {};
    Index median = 0;
};

std::vector<double> positive(const std::string& option, const std::vector<std::string>& texts) {
    std::vector<double> numbers = programs::parse_numbers(option, texts);
    for (const double x : numbers) {
        if (!(x > 0 && std::isfinite(x)))
            throw programs::usage_error(fmt::format("{}: {} must be above 0", option, x));
    }
    return numbers;
}

/// The same layers wired in other ways, by the laws of their hops.
std::vector<std::pair<std::string, cesaro::hop_law<double>>> wirings(
    const cesaro::mixing_schedule<double>& schedule) {
    const Index depth = schedule.depth();
    std::vector<bool> global;
    for (Index l = 0; l < depth; ++l)
        global.push_back(l % 4 == 3);
    const Eigen::VectorXd survival =
        Eigen::VectorXd::NullaryExpr(depth, [&](Index l) { return 1 - double(l + 1) / double(2 * depth); });
    std::vector<std::pair<std::string, cesaro::hop_law<double>>> all;
    if (depth > 3) all.emplace_back("every 4th layer global", cesaro::global_layers(schedule, global));
    all.emplace_back("value residual", cesaro::value_residual(schedule, 0.5, 0.5));
    all.emplace_back("stochastic depth", cesaro::stochastic_depth(schedule, survival));
    if (depth > 0) all.emplace_back("mean over depth", cesaro::mean_over_depth(depth));
    return all;
}

std::vector<variant> variants(const settings& s) {
    const cesaro::mixing_schedule<double> schedule = s.stack.schedule();
    const double hops = cesaro::mean_hops(schedule);
    std::vector<variant> all = {{"uniform", cesaro::influence_row(s.tokens, schedule), hops}};
    const auto add_under = [&](std::string name, const auto& keys) {
        const cesaro::discrete_influence<double> law(s.tokens - 1, schedule, keys);
        all.push_back({std::move(name), cesaro::influence_row(s.tokens, schedule, keys), hops,
                       cesaro::sink_influence(law)});
    };
    for (const double sink : positive("--sinks", s.sinks))
        add_under(fmt::format("sink {:g}", sink), cesaro::uniform_keys<double>{.sink = sink});
    for (const double slope : positive("--slopes", s.slopes))
        add_under(fmt::format("slope {:g}", slope), cesaro::decaying_keys<double>{.slope = slope});
    for (const Index window : programs::parse_tokens("--windows", s.windows)) {
        const std::vector<cesaro::any_operator<double>> layers(
            std::size_t(s.stack.layers), cesaro::sliding_window_operator<double>(s.tokens, window));
        all.push_back({fmt::format("window {}", window), cesaro::rollout_row(layers, schedule), hops});
    }
    for (const auto& [name, law] : wirings(schedule))
        all.push_back({name, cesaro::influence_row(s.tokens, law), law.mean()});
    for (variant& one : all) {
        const double left = one.row.sum();
        if (!(left > 0))
            throw programs::usage_error(fmt::format("--layers: {} leaves nothing that is above 1e-308 of {}",
                                                    one.name, s.stack.describe()));
        one.row /= left;
        one.summary = cesaro::summarize(one.row);
        double before = 0;
        while (one.median + 1 < s.tokens && (before += one.row[one.median]) < 0.5)
            ++one.median;
    }
    return all;
}

programs::table table_of(const std::vector<variant>& all) {
    const auto column = programs::columns_over(all);
    return {column("attention", [](const variant& one) { return one.name; }),
            column("lost", [](const variant& one) { return one.lost; }),
            column("first_token", [](const variant& one) { return one.summary.first_token; }),
            column("first_tenth", [](const variant& one) { return one.summary.primacy; }),
            column("middle", [](const variant& one) { return one.summary.middle; }),
            column("last_tenth", [](const variant& one) { return one.summary.recency; }),
            column("query", [](const variant& one) { return one.summary.last_token; }),
            column("half_before", [](const variant& one) { return one.median; }),
            column("valley_position", [](const variant& one) { return one.summary.valley_position; }),
            column("mean_hops", [](const variant& one) { return one.mean_hops; })};
}

/// The influence on a position, in even shares; not a number where there is none.
double even_shares(const Eigen::VectorXd& row, Index m) {
    return row[m] > 0 ? row[m] * double(row.size()) : std::nan("");
}

/// The least of a curve that leaves out the query.
double least_of(const Eigen::VectorXd& row) {
    return row.head(std::max<Index>(row.size() - 1, 1)).minCoeff() * double(row.size());
}

/// A thousandth of an even share, or what the uniform row needs: below it a row is as good as blind.
double floor_of(const std::vector<variant>& all) {
    double least = 1;
    for (const variant& one : all)
        least = std::min(least, least_of(one.row));
    const double floor = std::max(least, std::min(1e-3, least_of(all.front().row)));
    return floor > 0 ? floor : 1e-3;
}

std::vector<std::string> notes_of(const std::vector<variant>& all, double floor) {
    std::string below;
    for (const variant& one : all)
        if (least_of(one.row) < floor)
            below += fmt::format("{}{} (to {:.2g})", below.empty() ? "off the scale: " : ", ", one.name,
                                 least_of(one.row));
    std::vector<std::string> notes = {
        "the points at the right are the query itself, in the order of the key"};
    if (!below.empty()) notes.push_back(below);
    return notes;
}

/// The axis ends at the context; beyond it the queries stand side by side.
programs::drawing drawing_of(const settings& s, const std::vector<variant>& all) {
    std::vector<programs::curve> curves;
    std::vector<programs::curve> queries;  // points: of the whole row, a line would leap there
    const double end = std::max(double(s.tokens), 2.);
    const double strip = 0.25;  // of the axis' length
    const double floor = floor_of(all);
    for (std::size_t i = 0; i < all.size(); ++i) {
        std::vector<std::pair<double, double>> points;
        const Eigen::VectorXd& row = all[i].row;
        for (Index m = 0; m + 1 < row.size(); m += 1 + m / 100)
            points.emplace_back(double(m + 1), even_shares(row, m));
        curves.push_back({std::move(points), "with lines " + programs::line_style(i), all[i].name});
        const double at = std::pow(end, 1 + strip * double(i + 1) / double(all.size() + 1));
        queries.push_back(
            {{{at, even_shares(row, row.size() - 1)}}, "with points ps 0.9 " + programs::line_style(i)});
    }
    curves.insert(curves.end(), queries.begin(), queries.end());
    return {.title = fmt::format("Influence on the last of {}, {}", programs::counted(s.tokens, "token"),
                                 s.stack.describe("α")),
            .x_label = "position of the source token, from 1",
            .y_label = "influence, in even shares",
            .script = fmt::format("set logscale xy\nset format y '10^{{%L}}'\nset key samplen 4.5\n"
                                  "set xrange [1:{}]\nset yrange [{}:*]\n"
                                  "set xtics 1,10,{}\nset mxtics 1\nset xtics add ('query' {})\n"
                                  "set arrow from {},graph 0 to {},graph 1 nohead lc rgb '{}'\n",
                                  std::pow(end, 1 + strip), 0.8 * floor, s.tokens,
                                  std::pow(end, 1 + strip / 2), end, end, programs::colours::grey) +
                      programs::plot_curves(curves),
            .notes = notes_of(all, floor)};
}

void run(const settings& s) {
    programs::destinations files(s.output);
    const std::vector<variant> all = variants(s);
    const programs::report report = {
        .heading = fmt::format("{}, {}", programs::counted(s.tokens, "token"), s.stack.describe()),
        .facts = {{"tokens", s.tokens}, {"layers", s.stack.layers}, {"alpha", s.stack.alpha}},
        .rows_name = "variants",
        .rows = table_of(all)};
    files.prepare(report, [&] { return drawing_of(s, all); });
    files.commit();
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "attention_variants");
    settings s;
    programs::add_count(app, "--tokens", s.tokens, 1, Index(1) << 24, "Context length [4096]");
    s.stack.add_to(app);
    programs::add_list(app, "--sinks", s.sinks, "Weights of sinks, in tokens: s0,s1,... [10,1000]");
    programs::add_list(app, "--slopes", s.slopes, "Slopes of ALiBi: s0,s1,... [0.0003,0.003]");
    programs::add_list(app, "--windows", s.windows, "Tokens that windows see: w0,w1,... [1024]");
    s.output.add_to(app, "the rows");
    return programs::run(app, argc, argv, [&] { run(s); });
}
