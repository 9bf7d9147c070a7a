// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "predicted_influence.hpp"

#include "common/prediction.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/table.hpp"
#include "common/text.hpp"
#include "influence_plot.hpp"

#include <cesaro/influence_row.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>

namespace programs {

using Eigen::Index;
using nlohmann::ordered_json;

predicted_influence::predicted_influence(const chosen_model& m, Index length)
    : model(m),
      tokens(m.tokens_or_own(length)),
      profile(predict(model, tokens)),
      summary(cesaro::summarize(profile)),
      row(tokens - 1, schedule_of(profile)),
      limit(schedule_of(profile)) {}

double continuum_share(const cesaro::continuum_influence<double>& limit, Index query, Index m) {
    const Eigen::VectorXd w = limit.hops().weights();
    const Index depth = w.size() - 1;
    const double n = double(std::max<Index>(query, 1));
    // One hop has the density of the keys, g / G(1), at both ends: 1 of uniform ones.
    const double slope = limit.slope();
    const double last = slope > 0 ? slope / -std::expm1(-slope) : 1;
    const double first = slope > 0 ? slope / std::expm1(slope) : 1;
    if (m == query) return w[0] + (depth > 0 ? w[1] * last / n : 0);
    if (m > 0) return pdf(limit, double(m) / n) / n;
    if (depth == 0) return 0;
    return (w.tail(depth - 1).array() > 0).any() ? std::numeric_limits<double>::infinity() : w[1] * first / n;
}

namespace {

/// Positions between the first and the query.
double span(const predicted_influence& p) {
    return double(std::max<Index>(p.query(), 1));
}

double place(const predicted_influence& p, Index m) {
    return p.query() == 0 ? 1 : double(m) / span(p);
}

std::vector<std::string> notes_of(const predicted_influence& p,
                                  const std::string& rows = "row and continuum") {
    return notes_beside_prediction(p.model.outline, p.tokens, rows);
}

ordered_json facts_of(const predicted_influence& p) {
    return {{"model", p.model.outline.name},
            {"tokens", p.tokens},
            {"layers", p.model.layers()},
            {"width", p.model.config->width},
            {"alphas", to_json(p.profile.alphas())},
            {"tokens_seen", to_json(p.profile.tokens_seen())},
            {"error_estimate", p.profile.error_estimate()}};
}

/// Ten layers a line.
std::string table_of_alphas(const Eigen::VectorXd& alphas) {
    constexpr Index across = 10;
    if (alphas.size() == 0) return "";
    table t = {{"layer", std::vector<Index>{}}};
    for (Index first = 0; first < alphas.size(); first += across)
        std::get<std::vector<Index>>(t.front().cells).push_back(first);
    for (Index j = 0; j < std::min(across, alphas.size()); ++j) {
        std::vector<std::string> cells;
        for (Index l = j; l < alphas.size() + across; l += across)
            if (l / across < row_count(t))
                cells.push_back(l < alphas.size() ? fmt::format("{:.4f}", alphas[l]) : "");
        t.push_back({fmt::format("+{}", j), cells});
    }
    return "alpha of each layer, attention over what it adds to and itself (--save-alphas FILE writes "
           "them)\n" +
           to_text(t);
}

report report_of(const predicted_influence& p, const std::string& rows_name, table rows) {
    return {.heading = title_of(p),
            .facts = facts_of(p),
            .rows_name = rows_name,
            .rows = std::move(rows),
            .notes = notes_of(p),
            .by_column = true};
}

table profile_table(const predicted_influence& p, const std::vector<Index>& positions) {
    const bool whole = Index(positions.size()) == p.tokens;
    const Eigen::VectorXd predicted = whole ? p.profile.expand() : Eigen::VectorXd();
    const Eigen::VectorXd row =
        whole ? cesaro::influence_row(p.tokens, schedule_of(p.profile)) : Eigen::VectorXd();
    const auto column = columns_over(positions);
    return {
        column("position", [](Index m) { return m; }), column("x", [&](Index m) { return place(p, m); }),
        column("predicted", [&](Index m) { return whole ? predicted[m] : p.profile.share(std::int64_t(m)); }),
        column("row", [&](Index m) { return whole ? row[m] : pdf(p.row, m); }),
        column("continuum", [&](Index m) { return continuum_share(p.limit, p.query(), m); })};
}

std::string percent(double share) {
    return fmt::format("{:.3g} %", 100 * share);
}

/// A number of times, as people say it.
std::string times(double ratio) {
    return fmt::format("{:.3g} times an even share", ratio);
}

/// Tokens, whole where there are many.
std::string counted_in_effect(double tokens) {
    return tokens < 1000 ? fmt::format("{:.3g}", tokens) : fmt::format("{:.0f}", tokens);
}

/// What a person would ask, the answers in words besides.
std::vector<quantity> summary_of(const predicted_influence& p) {
    const auto& s = p.summary;
    const double n = double(p.tokens);
    const Index half = p.half_before();
    std::vector<quantity> answers = {
        {"first_token", s.first_token,
         fmt::format("{}, {}", percent(s.first_token), times(s.first_token * n))},
        {"first_tenth", s.primacy,
         fmt::format("{} of the influence comes from the first tenth", percent(s.primacy))},
        {"middle", s.middle, fmt::format("{} from what is between", percent(s.middle))},
        {"last_tenth", s.recency,
         fmt::format("{} from the last tenth, the query included", percent(s.recency))},
        {"last_token", s.last_token, fmt::format("{} from the query itself", percent(s.last_token))},
        {"valley_position", s.valley_position, "where a position has least"},
        {"valley", s.valley, times(p.valley_against_even())},
        {"valley_against_even", p.valley_against_even(), "", false},
        {"half_before", half,
         fmt::format("half of the influence lies up to here, x = {:.3g}", place(p, half))},
        {"mean_position", s.mean_position, fmt::format("x = {:.3g}", s.mean_position / span(p))}};
    if (has_windows(p.model, p.tokens)) {
        const double moved = total_variation(p.profile, predict_without_windows(p.model, p.tokens));
        answers.push_back(
            {"due_to_windows", moved,
             fmt::format("{} lies elsewhere than it would without sliding windows", percent(moved))});
    }
    if (const Eigen::VectorXd& seen = p.profile.tokens_seen(); seen.size() > 0)
        answers.push_back(
            {"tokens_seen", seen[0],
             fmt::format("a head of the first layer sees {} tokens in effect, of the last layer {}",
                         counted_in_effect(seen[0]), counted_in_effect(seen[seen.size() - 1]))});
    answers.push_back({"error_estimate", p.profile.error_estimate(),
                       fmt::format("at most about {} is misplaced by the computation",
                                   percent(p.profile.error_estimate()))});
    return answers;
}

}  // namespace

std::string title_of(const predicted_influence& p) {
    return fmt::format("{}: {}, {}, predicted from its configuration", p.model.outline.name,
                       counted(p.tokens, "token"), counted(p.model.layers(), "layer"));
}

report report_of_positions(const predicted_influence& p, const std::vector<Index>& positions) {
    const auto column = columns_over(positions);
    table t = profile_table(p, positions);
    t.push_back(column("cdf", [&](Index m) { return p.profile.cdf(std::int64_t(m)); }));
    t.push_back(column("row_cdf", [&](Index m) { return cdf(p.row, m); }));
    return report_of(p, "positions", std::move(t));
}

report report_of_quantiles(const predicted_influence& p, const std::vector<double>& probabilities) {
    const auto column = columns_over(probabilities);
    const auto at = [&](double q) { return Index(p.profile.quantile(q)); };
    return report_of(p, "quantiles",
                     {column("quantile", [](double q) { return q; }), column("position", at),
                      column("x", [&](double q) { return place(p, at(q)); }),
                      column("cdf", [&](double q) { return p.profile.cdf(std::int64_t(at(q))); }),
                      column("row_position", [&](double q) { return Index(quantile(p.row, q)); })});
}

report report_of_profile(const predicted_influence& p, const position_options& positions,
                         output_format format) {
    report r = report_of(p, "profile", profile_table(p, positions.choose(p.tokens, format)));
    positions.annotate(r, p.tokens, format);
    r.summary = summary_of(p);
    r.closing = table_of_alphas(p.profile.alphas());
    return r;
}

namespace {

log_curve curve_of(Index tokens, const std::function<double(Index)>& log10_value) {
    log_curve points;
    for (const Index m : sample_positions(tokens, 401))
        points.emplace_back(m, log10_value(m));
    return points;
}

log_curve predicted_curve(const predicted_influence& p) {
    return curve_of(p.tokens, [&](Index m) { return std::log10(p.profile.share(std::int64_t(m))); });
}

}  // namespace

drawing drawing_of(const predicted_influence& p) {
    return drawing_of(
        prediction_plot{.title = title_of(p),
                        .query = p.query(),
                        .predicted = predicted_curve(p),
                        .row = curve_of(p.tokens, [&](Index m) { return logpdf(p.row, m) / std::log(10); }),
                        .valley = p.summary.valley_position,
                        .notes = notes_of(p, "the row")});
}

report report_of_comparison(const std::vector<predicted_influence>& models) {
    using model = predicted_influence;
    const auto column = columns_over(models);
    report r = {
        .heading =
            fmt::format("{}, predicted from their configurations", counted(Index(models.size()), "model")),
        .facts = ordered_json::object(),
        .rows_name = "models",
        .rows = {column("model", [](const model& p) { return p.model.outline.name; }),
                 column("tokens", [](const model& p) { return p.tokens; }),
                 column("layers", [](const model& p) { return p.model.layers(); }),
                 column("first_token", [](const model& p) { return p.summary.first_token; }),
                 column("first_tenth", [](const model& p) { return p.summary.primacy; }),
                 column("middle", [](const model& p) { return p.summary.middle; }),
                 column("last_tenth", [](const model& p) { return p.summary.recency; }),
                 column("last_token", [](const model& p) { return p.summary.last_token; }),
                 column("valley_against_even", [](const model& p) { return p.valley_against_even(); }),
                 column("half_before", [](const model& p) { return p.half_before(); }),
                 column("mean_alpha", [](const model& p) {
                     return p.profile.alphas().size() > 0 ? p.profile.alphas().mean() : 0.;
                 })}};
    for (const model& p : models)
        for (const std::string& note : p.model.outline.notes_on(p.tokens))
            if (!note.starts_with("layers are taken to") && !note.starts_with("its ALiBi"))
                r.notes.push_back(p.model.outline.name + ": " + note);
    return r;
}

drawing drawing_of(const std::vector<predicted_influence>& models) {
    comparison_plot plot{.title = "Influence of each position on the last token, before training",
                         .curves = {}};
    for (const predicted_influence& p : models)
        plot.curves.push_back({fmt::format("{}, {}", p.model.outline.name, counted(p.tokens, "token")),
                               p.query(), predicted_curve(p)});
    plot.notes = report_of_comparison(models).notes;
    return drawing_of(plot);
}

drawing heatmap_of(const predicted_influence& p) {
    heat_plot plot{
        .title = title_of(p) + ", for every query by itself", .query = p.query(), .rows = {}, .notes = {}};
    plot.notes = notes_of(p, "rows");
    std::erase_if(plot.notes, [](const std::string& note) { return note.starts_with("in rows "); });
    progress_line progress("influence_profile", "of the heat map predicted");
    const std::vector<Index> queries = heat_positions(p.query(), 40);
    for (const Index query : queries) {
        const auto profile = predict(p.model, query + 1, picture_accuracy);
        heat_plot::row row{query, {}};
        for (const Index m : heat_positions(query, 80))
            row.cells.emplace_back(m, std::log10(profile.share(std::int64_t(m))));
        plot.rows.push_back(std::move(row));
        progress(double(plot.rows.size()) / double(queries.size()));
    }
    return drawing_of(plot);
}

std::string alphas_text(const predicted_influence& p) {
    std::string text = fmt::format("# {}\n# {}\n", title_of(p), printable(command_line()));
    for (const double alpha : p.profile.alphas())
        text += fmt::format("{}\n", alpha);
    return text;
}

}  // namespace programs
