// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// How much each position of a prompt influences the last token of a decoder at initialisation: the exact row,
// its continuum limit and the three landmarks, printed and drawn.

#include "common/plot.hpp"
#include "common/program.hpp"
#include "common/row_summary.hpp"
#include "common/schedule_options.hpp"
#include "common/table.hpp"
#include "influence_plot.hpp"

#include <cesaro/continuum_influence.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_row.hpp>
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
constexpr Index most_rows = 4'000'000;

constexpr const char* description =
    R"(How much each position of a prompt influences the last token of a decoder at initialisation.

Columns (n is the position of the last token, the query; positions count from 0):
  position      m
  x             m / n
  influence     the exact row p(m|n): how much token m influences the query; sums to one
  continuum     the continuum limit f(x) / n, with the recency delta added at the query
  primacy_tail  the leading term of f(x) / n as x -> 0
  dead_zone     the factorial term of attention without residual connections, ln(1/x)^(H-1) / (H-1)! / n
The last three are densities per position, so that they compare with the influence; they are infinite at
x = 0 from two layers on (null in JSON).)";

struct settings {
    programs::network_options network;
    programs::output_options output;
    Index points = 33;
    bool all = false;
    std::vector<std::string> positions;
    std::vector<std::string> quantiles;
    std::string plot;
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

    /// From two hops on the density is infinite at x = 0; one hop is the uniform density.
    double continuum(Index m) const {
        const Eigen::VectorXd& w = limit.hop_distribution();
        if (m == net.query()) return (depth() > 0 ? w[1] / n() : 0) + w[0];
        if (m > 0) return pdf(limit, x(m)) / n();
        if (depth() == 0) return 0;
        return (w.tail(depth() - 1).array() > 0).any() ? infinity : w[1] / n();
    }
    double primacy_tail(Index m) const {
        if (x(m) > 0) return cesaro::primacy_tail(net.schedule, x(m)) / n();
        const double weight = limit.hop_distribution()[depth()];
        return depth() == 0 ? 0 : depth() > 1 && weight > 0 ? infinity : weight / n();
    }
    double dead_zone(Index m) const {
        if (x(m) > 0) return cesaro::dead_zone(depth(), x(m)) / n();
        return depth() > 1 ? infinity : double(depth()) / n();
    }
};

template <class Function>
std::vector<double> evaluate(const std::vector<Index>& positions, Function f) {
    std::vector<double> values;
    values.reserve(positions.size());
    for (const Index m : positions)
        values.push_back(f(m));
    return values;
}

/// The columns at these positions; the whole row by running sums, a part of it entry by entry.
table profile_table(const profile& p, const std::vector<Index>& positions, bool whole) {
    Eigen::VectorXd row;
    if (whole) row = cesaro::influence_row(p.net.tokens, p.net.schedule);
    return {{"position", positions},
            {"x", evaluate(positions, [&](Index m) { return p.x(m); })},
            {"influence", evaluate(positions, [&](Index m) { return whole ? row[m] : pdf(p.row, m); })},
            {"continuum", evaluate(positions, [&](Index m) { return p.continuum(m); })},
            {"primacy_tail", evaluate(positions, [&](Index m) { return p.primacy_tail(m); })},
            {"dead_zone", evaluate(positions, [&](Index m) { return p.dead_zone(m); })}};
}

/// Single positions, with the logarithm, which never underflows, and both tails.
table position_table(const profile& p, const std::vector<Index>& positions) {
    table t = profile_table(p, positions, false);
    t.push_back({"log_influence", evaluate(positions, [&](Index m) { return logpdf(p.row, m); })});
    t.push_back({"cdf", evaluate(positions, [&](Index m) { return cdf(p.row, m); })});
    t.push_back({"complement", evaluate(positions, [&](Index m) { return cdf(complement(p.row, m)); })});
    return t;
}

/// The smallest position whose cdf reaches each probability, exactly and in the continuum.
table quantile_table(const profile& p, const std::vector<double>& probabilities) {
    std::vector<Index> positions;
    std::vector<double> limits;
    for (const double probability : probabilities) {
        positions.push_back(quantile(p.row, probability));
        limits.push_back(quantile(p.limit, probability));
    }
    return {{"quantile", probabilities},
            {"position", positions},
            {"x", evaluate(positions, [&](Index m) { return p.x(m); })},
            {"cdf", evaluate(positions, [&](Index m) { return cdf(p.row, m); })},
            {"continuum_x", limits}};
}

ordered_json summary_json(const profile& p) {
    const programs::row_summary s = programs::summarize_row(p.row);
    return {{"recency_delta", cesaro::recency_delta(p.net.schedule)},
            {"first_token_influence", s.first_token},
            {"last_token_influence", s.last_token},
            {"first_tenth", s.primacy},
            {"middle", s.middle},
            {"last_tenth", s.recency},
            {"mean_position", s.mean_position},
            {"valley_position", s.valley_position},
            {"valley_influence", s.valley},
            {"valley_log_influence", s.log_valley},
            {"collapse_bound", cesaro::collapse_bound(p.net.tokens, p.net.schedule)}};
}

std::string summary_text(const profile& p) {
    const programs::row_summary s = programs::summarize_row(p.row);
    const double log10_valley = s.log_valley / std::numbers::ln10;
    const std::string underflow =
        s.valley == 0 && std::isfinite(log10_valley) ? fmt::format(": 10^{:.6g}", log10_valley) : "";
    std::string text;
    const auto line = [&](const char* label, double value, const std::string& remark) {
        text += fmt::format("{:<22}{:<13.6g}{}", label, value, remark);
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    };
    line("recency delta", cesaro::recency_delta(p.net.schedule),
         "on the query itself, at any context length");
    line("first-token influence", s.first_token, "where the primacy tail ends");
    line("first tenth", s.primacy, "of the influence");
    line("middle", s.middle, "");
    line("last tenth", s.recency, "");
    line("mean position", s.mean_position, fmt::format("x = {:.6g}", s.mean_position / p.n()));
    line("valley", s.valley, fmt::format("at position {}{}", s.valley_position, underflow));
    line("collapse bound", cesaro::collapse_bound(p.net.tokens, p.net.schedule),
         ">= influence of all tokens but the first");
    return text;
}

std::string title(const network& net, const char* alpha) {
    return fmt::format("{}{}{} tokens, {} layers{}", net.name, net.name.empty() ? "" : ": ", net.tokens,
                       net.schedule.depth(), programs::describe(net.schedule, alpha));
}

std::string window_note(const network& net) {
    if (!net.sliding_window) return "";
    return fmt::format("layers are taken to see the whole past; this model's sliding window is {} tokens",
                       *net.sliding_window);
}

programs::report report_of(const profile& p, const char* rows_name, table rows) {
    const std::string note = window_note(p.net);
    ordered_json facts;
    if (!p.net.name.empty()) facts["model"] = p.net.name;
    facts["tokens"] = p.net.tokens;
    facts["depth"] = p.depth();
    facts["alphas"] = programs::to_json(p.net.schedule.alphas());
    if (!note.empty()) facts["note"] = note;
    const std::string heading = title(p.net, "alpha") + "\n" + (note.empty() ? "" : "note: " + note + "\n");
    return {.heading = heading, .facts = facts, .rows_name = rows_name, .rows = std::move(rows)};
}

/// The curves at as many positions as a plot can show.
programs::influence_plot plot_of(const profile& p) {
    const auto positions = programs::sample_positions(p.net.tokens, 401);
    const auto curve = [&](auto log10_value) {
        programs::influence_plot::curve points;
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
            .delta = std::log10(cesaro::recency_delta(p.net.schedule))};
}

/// The answer to the question that the options ask.
programs::report answer(const profile& p, const settings& s) {
    if (!s.positions.empty()) {
        return report_of(
            p, "positions",
            position_table(p, programs::parse_counts("--position", s.positions, 0, p.net.query())));
    }
    if (!s.quantiles.empty()) {
        std::vector<double> probabilities;
        for (const std::string& text : s.quantiles)
            probabilities.push_back(programs::parse_share("--quantile", text));
        return report_of(p, "quantiles", quantile_table(p, probabilities));
    }
    if (s.all && p.net.tokens > most_rows) {
        throw usage_error(
            fmt::format("--all prints at most {} positions, not {}: use --points", most_rows, p.net.tokens));
    }
    const bool whole = s.all || s.points >= p.net.tokens;
    const auto positions = programs::sample_positions(p.net.tokens, whole ? p.net.tokens : s.points);
    programs::report r = report_of(p, "profile", profile_table(p, positions, whole));
    r.closing = summary_text(p);
    r.summary = summary_json(p);
    return r;
}

void run(const settings& s) {
    const profile p(programs::resolve(s.network));
    const std::string text = render(answer(p, s), s.output.format);
    programs::write_with_plot(s.output.file, text, s.plot, [&] { return programs::plot_script(plot_of(p)); });
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "influence_profile");
    settings s;
    s.network.add_to(app);
    auto* points = programs::add_count(app, "--points", s.points, 2, most_rows,
                                       "How many positions to print, dense near both ends [33]");
    auto* all = app.add_flag("--all", s.all, "Print every position");
    auto* position =
        programs::add_list(app, "--position", s.positions, "Answer for these positions only: m0,m1,...");
    auto* quantile =
        programs::add_list(app, "--quantile", s.quantiles,
                           "The first position at which the influence of all up to it reaches q: q0,q1,...");
    all->excludes(points)->excludes(position)->excludes(quantile);
    points->excludes(position)->excludes(quantile);
    position->excludes(quantile);
    s.output.add_to(app);
    programs::add_word(app, "--plot", s.plot, "FILE",
                       "Draw the profile into this .svg or .png file (with gnuplot)");
    return programs::run(app, argc, argv, [&] { run(s); });
}
