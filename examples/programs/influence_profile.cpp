// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// How much each position of a prompt influences the last token of a decoder at initialisation: the exact row,
// its continuum limit and the three landmarks, printed and drawn.

#include "common/plot.hpp"
#include "common/positions.hpp"
#include "common/program.hpp"
#include "common/report.hpp"
#include "common/schedule_options.hpp"
#include "common/table.hpp"
#include "common/text.hpp"
#include "influence_plot.hpp"
#include "predicted_influence.hpp"

#include <cesaro/collapse.hpp>
#include <cesaro/continuum_influence.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/influence_summary.hpp>
#include <cesaro/landmarks.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace {

using cesaro::complement;
using Eigen::Index;
using nlohmann::ordered_json;
using programs::network;
using programs::table;
using programs::usage_error;

constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr const char* description =
    R"(How much each position of a prompt influences the last token of a decoder at initialisation.

From a model's configuration alone, --model or --config (n is the position of the last token, the query;
positions count from 0):
  position      m
  x             m / n
  predicted     the share of token m in the norm of the Jacobian: the mean field of the whole decoder
  row           the exact row p(m|n) of uniform attention with the coefficients that the mean field gives,
                attention over what it adds to and itself, layer by layer; sums to one
  continuum     its continuum limit f(x) / n, with the recency delta added at the query
With --position also cdf and row_cdf, of the positions up to this one; with --quantile the first position
at which the predicted cdf reaches q, and row_position, that of the row.

With coefficients that are given, --alpha, --alphas or --alphas-file:
  influence     the exact row p(m|n): how much token m influences the query; sums to one
  continuum     its continuum limit, as above
  primacy_tail  the leading term of f(x) / n as x -> 0
  dead_zone     the factorial term of attention without residual connections, ln(1/x)^(H-1) / (H-1)! / n
The last three are densities per position, so that they compare with the influence; they are infinite at
x = 0 when two layers attend, the dead zone from two layers on (null in JSON).
With --position also
  log_influence the natural logarithm of the influence, which does not underflow
  cdf           influence of the positions up to this one, it included
  complement    influence of the positions after it
With --quantile
  quantile      q
  position, x   the first position at which the cdf reaches q
  cdf           what it is there
  continuum_x   the x at which that of the continuum limit reaches q)";

struct settings {
    programs::network_options network;
    programs::output_options output;
    programs::position_options positions;
    std::vector<std::string> single_positions;
    std::vector<std::string> quantiles;
    std::vector<std::string> compared;
    std::string save_alphas;
    std::string heatmap;
};

/// The row of a network beside its continuum limit, everything per position.
struct profile {
    explicit profile(const network& n) : net(n), row(n.query(), n.schedule), limit(n.schedule) {}

    network net;
    cesaro::discrete_influence<double> row;
    cesaro::continuum_influence<double> limit;

    Index depth() const { return net.schedule.depth(); }
    double n() const { return double(std::max<Index>(net.query(), 1)); }
    double x(Index m) const { return net.query() == 0 ? 1 : double(m) / n(); }

    double continuum(Index m) const { return programs::continuum_share(limit, net.query(), m); }
    double primacy_tail(Index m) const {
        if (x(m) > 0) return cesaro::primacy_tail(net.schedule, x(m)) / n();
        const double weight = limit.hops().weights()[depth()];
        return depth() == 0 ? 0 : depth() > 1 && weight > 0 ? infinity : weight / n();
    }
    double dead_zone(Index m) const {
        if (x(m) > 0) return cesaro::dead_zone(depth(), x(m)) / n();
        return depth() > 1 ? infinity : double(depth()) / n();
    }
};

/// The columns at these positions; the whole row by running sums, a part of it entry by entry.
table profile_table(const profile& p, const std::vector<Index>& positions) {
    const bool whole = Index(positions.size()) == p.net.tokens;
    const Eigen::VectorXd row =
        whole ? cesaro::influence_row(p.net.tokens, p.net.schedule) : Eigen::VectorXd();
    const auto column = programs::columns_over(positions);
    return {column("position", [](Index m) { return m; }),
            column("x", [&](Index m) { return p.x(m); }),
            column("influence", [&](Index m) { return whole ? row[m] : pdf(p.row, m); }),
            column("continuum", [&](Index m) { return p.continuum(m); }),
            column("primacy_tail", [&](Index m) { return p.primacy_tail(m); }),
            column("dead_zone", [&](Index m) { return p.dead_zone(m); })};
}

/// Single positions, with the logarithm, which never underflows, and both tails.
table position_table(const profile& p, const std::vector<Index>& positions) {
    const auto column = programs::columns_over(positions);
    table t = profile_table(p, positions);
    t.push_back(column("log_influence", [&](Index m) { return logpdf(p.row, m); }));
    t.push_back(column("cdf", [&](Index m) { return cdf(p.row, m); }));
    t.push_back(column("complement", [&](Index m) { return cdf(complement(p.row, m)); }));
    return t;
}

/// The smallest position whose cdf reaches each probability, exactly and in the continuum.
table quantile_table(const profile& p, const std::vector<double>& probabilities) {
    std::vector<Index> positions;
    for (const double probability : probabilities)
        positions.push_back(quantile(p.row, probability));
    const auto over_positions = programs::columns_over(positions);
    const auto over_probabilities = programs::columns_over(probabilities);
    return {over_probabilities("quantile", [](double q) { return q; }),
            over_positions("position", [](Index m) { return m; }),
            over_positions("x", [&](Index m) { return p.x(m); }),
            over_positions("cdf", [&](Index m) { return cdf(p.row, m); }),
            over_probabilities("continuum_x", [&](double q) { return quantile(p.limit, q); })};
}

std::vector<programs::quantity> summary_of(const profile& p) {
    const cesaro::profile_summary<double> s = cesaro::summarize(p.row);
    const double bound = cesaro::collapse_bound(p.net.tokens, p.net.schedule);
    const double log_valley = logpdf(p.row, s.valley_position);  // does not underflow
    const double log10_valley = log_valley / std::numbers::ln10;
    const std::string underflow =
        s.valley == 0 && std::isfinite(log10_valley) ? fmt::format("10^{:.6g}", log10_valley) : "";
    return {{"recency_delta", cesaro::recency_delta(p.net.schedule),
             "on the query itself, at any context length"},
            {"first_token", s.first_token, "where the primacy tail ends"},
            {"last_token", s.last_token, "of the query on itself, the recency delta included"},
            {"first_tenth", s.primacy, "of the influence"},
            {"middle", s.middle},
            {"last_tenth", s.recency},
            {"mean_position", s.mean_position, fmt::format("x = {:.6g}", s.mean_position / p.n())},
            {"valley_position", s.valley_position, "where the least entry is"},
            {"valley", s.valley, underflow},
            {"log_valley", log_valley, "", false},
            {"collapse_bound", bound, ">= influence of all tokens but the first", bound < 1}};
}

std::string title(const network& net, const char* alpha) {
    const std::string attending = net.schedule.depth() < net.alphas.size()
                                      ? fmt::format(", of which {} attend", net.schedule.depth())
                                      : "";
    return fmt::format("{}{}{}, {}{}{}", net.name, net.name.empty() ? "" : ": ",
                       programs::counted(net.tokens, "token"), programs::counted(net.alphas.size(), "layer"),
                       attending, programs::describe(net.schedule, alpha));
}

programs::report report_of(const profile& p, const char* rows_name, table rows) {
    ordered_json facts;
    if (!p.net.name.empty()) facts["model"] = p.net.name;
    facts["tokens"] = p.net.tokens;
    facts["layers"] = p.net.alphas.size();
    if (p.depth() < p.net.alphas.size()) facts["attending_layers"] = p.depth();
    facts["alphas"] = programs::to_json(p.net.alphas);
    return {.heading = title(p.net, "alpha"),
            .facts = facts,
            .rows_name = rows_name,
            .rows = std::move(rows),
            .notes = p.net.notes};
}

/// The curves at as many positions as a plot can show.
programs::influence_plot plot_of(const profile& p) {
    const auto positions = programs::sample_positions(p.net.tokens, 401);
    const auto curve = [&](auto log10_value) {
        programs::log_curve points;
        for (const Index m : positions)
            points.emplace_back(m, log10_value(m));
        return points;
    };
    const double ln10 = std::numbers::ln10;
    return {.title = title(p.net, "α"),
            .query = p.net.query(),
            .exact = curve([&](Index m) { return logpdf(p.row, m) / ln10; }),
            .continuum = curve([&](Index m) {
                if (m == 0) return std::log10(p.continuum(m));
                if (m < p.net.query() && 1 - p.x(m) < 1e-14) return -infinity;  // 1 - x is lost in a double
                return logpdf(p.limit, p.x(m)) / ln10 - std::log10(p.n());
            }),
            .primacy_tail = curve([&](Index m) { return std::log10(p.primacy_tail(m)); }),
            .dead_zone = curve([&](Index m) { return std::log10(p.dead_zone(m)); }),
            .delta = std::log10(cesaro::recency_delta(p.net.schedule)),
            .notes = p.net.notes};
}

/// The row for several queries.
programs::drawing heatmap_of(const profile& p) {
    programs::heat_plot plot{.title = title(p.net, "α") + ", rows of influence",
                             .query = p.net.query(),
                             .rows = {},
                             .notes = p.net.notes};
    for (const Index query : programs::heat_positions(p.net.query(), 40)) {
        const cesaro::discrete_influence<double> row(query, p.net.schedule);
        programs::heat_plot::row cells{query, {}};
        for (const Index m : programs::heat_positions(query, 80))
            cells.cells.emplace_back(m, logpdf(row, m) / std::numbers::ln10);
        plot.rows.push_back(std::move(cells));
    }
    return drawing_of(plot);
}

std::vector<double> probabilities_of(const settings& s) {
    std::vector<double> probabilities;
    for (const std::string& text : s.quantiles)
        probabilities.push_back(programs::parse_share("--quantile", text));
    return probabilities;
}

std::vector<Index> positions_of(const settings& s, Index query) {
    return programs::parse_counts("--position", s.single_positions, 0, query);
}

/// The answer to the question that the options ask.
programs::report answer(const profile& p, const settings& s) {
    if (!s.single_positions.empty())
        return report_of(p, "positions", position_table(p, positions_of(s, p.net.query())));
    if (!s.quantiles.empty()) return report_of(p, "quantiles", quantile_table(p, probabilities_of(s)));
    programs::report r =
        report_of(p, "profile", profile_table(p, s.positions.choose(p.net.tokens, s.output.format)));
    s.positions.annotate(r, p.net.tokens, s.output.format);
    r.summary = summary_of(p);
    return r;
}

/// The same of a prediction.
programs::report answer(const programs::predicted_influence& p, const settings& s) {
    if (!s.single_positions.empty()) return report_of_positions(p, positions_of(s, p.query()));
    if (!s.quantiles.empty()) return report_of_quantiles(p, probabilities_of(s));
    return report_of_profile(p, s.positions, s.output.format);
}

/// The models that are to be compared; none where one or no model is asked for.
std::vector<programs::chosen_model> compared(const settings& s) {
    std::vector<programs::chosen_model> models;
    if (s.network.model_names.size() > 1 || !s.compared.empty())
        for (const std::string& name : s.network.model_names)
            models.push_back(programs::find_model(name));
    if (!s.compared.empty() && !s.network.config.empty())
        models.push_back(programs::read_model(s.network.config));
    for (const std::string& name : s.compared)
        models.push_back(programs::find_or_read_model(name));
    for (const programs::chosen_model& m : models)
        programs::check_layers("'" + m.outline.name + "'", m.layers());
    return models;
}

void compare(const settings& s, const std::vector<programs::chosen_model>& models,
             programs::destinations& files) {
    if (s.network.mixing.given() || s.network.layers >= 0)
        throw usage_error(
            "several models are compared by their predictions: give no coefficients and no --layers");
    if (!s.single_positions.empty() || !s.quantiles.empty() || !s.heatmap.empty() || !s.save_alphas.empty())
        throw usage_error(
            "several models are compared as a whole: --position, --quantile, --heatmap and --save-alphas "
            "take one");
    std::vector<programs::predicted_influence> predictions;
    for (const programs::chosen_model& m : models)
        predictions.emplace_back(m, s.network.tokens);
    files.prepare(report_of_comparison(predictions), [&] { return drawing_of(predictions); });
    files.commit();
}

void run(const settings& s) {
    programs::destinations files(s.output);
    const std::vector<programs::chosen_model> models = compared(s);
    if (!models.empty()) return compare(s, models, files);
    files.add("--save-alphas", s.save_alphas);
    files.add("--heatmap", s.heatmap, true);
    const bool has_model = !s.network.model_names.empty() || !s.network.config.empty();
    if (has_model && !s.network.mixing.given()) {
        const programs::predicted_influence p(*s.network.model(), s.network.tokens);
        files.prepare(answer(p, s), [&] { return drawing_of(p); });
        if (!s.heatmap.empty()) files.write(s.heatmap, draw(heatmap_of(p), s.heatmap));
        if (!s.save_alphas.empty()) files.write(s.save_alphas, alphas_text(p));
    } else {
        if (!s.save_alphas.empty())
            throw usage_error(
                "--save-alphas writes predicted coefficients: give --model or --config, and no others");
        const profile p(programs::resolve(s.network));
        files.prepare(answer(p, s), [&] { return programs::drawing_of(plot_of(p)); });
        if (!s.heatmap.empty()) files.write(s.heatmap, draw(heatmap_of(p), s.heatmap));
    }
    files.commit();
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "influence_profile");
    settings s;
    s.network.add_to(app);
    programs::add_word(app, "--save-alphas", s.save_alphas, "FILE",
                       "Write the predicted coefficients there, as --alphas-file reads them");
    programs::add_list(
        app, "--compare", s.compared,
        "Predictions side by side: config.json files or names, m0,m1,...; also several --model");
    programs::add_word(app, "--heatmap", s.heatmap, "FILE",
                       "Draw the share of every position for every query into this .svg, .png or .pdf file");
    s.positions.add_to(app);
    auto* position = programs::add_list(app, "--position", s.single_positions,
                                        "Answer for these positions only: m0,m1,...");
    auto* quantile =
        programs::add_list(app, "--quantile", s.quantiles,
                           "The first position at which the influence of all up to it reaches q: q0,q1,...");
    position->excludes(quantile);
    for (const char* const sample : {"--points", "--all"}) {
        position->excludes(sample);
        quantile->excludes(sample);
    }
    s.output.add_to(app, "the profile");
    return programs::run(app, argc, argv, [&] { run(s); });
}
