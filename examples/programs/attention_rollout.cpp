// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The influence of every position on the last token through a stack of attention layers that a file
// describes, or holds as they were measured.

#include "common/plot.hpp"
#include "common/positions.hpp"
#include "common/program.hpp"
#include "common/report.hpp"
#include "common/table.hpp"
#include "common/text.hpp"
#include "measured_attention.hpp"
#include "rollout_config.hpp"

#include <cesaro/attention/rollout.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/peer_formulas.hpp>
#include <cesaro/profile.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Eigen::Index;

constexpr const char* description =
    R"(The influence of every position on the last token of a stack of attention layers: the last row of
the product of (1 - lambda_l) I + lambda_l A_l, layer 0 first, A_l the weighted average of the layer's heads.
Head h of layer l scores a position at distance d by (-slope d + diagonal_score [d = 0]) / temperature.

The configuration is YAML or JSON:
  sequence_length, num_layers
  mask_config             mask_type: causal, full, sliding_window (window_size) or prefix (prefix_length)
  attention_config        num_heads, alibi_slopes [[...]], head_weights [[...]] or null for equal ones,
                          softmax_temperature
  content_config          diagonal_scores [[...]], base_scores [[...]] (constant along a row: no effect)
  lambda_schedule_config  schedule_type: constant (lambda_const), power_decay (lambda_0, beta:
                          lambda_0 / (l+1)^beta) or custom (lambdas_custom [...])
Outer lists have length 1 or num_layers, inner ones 1 or num_heads; one value serves all. Head weights are
normalised per layer. Under a full mask the distance is |n - m|.

Instead of a configuration, --attentions takes attention that was measured: row n of a matrix is how position n
attends, each row sums to one, and later positions have weight 0 unless --bidirectional says otherwise. One layer is
in memory at a time.)";

struct settings {
    std::string config;
    programs::measured_options measured;
    bool correct = false;
    programs::position_options positions;
    programs::output_options output;
};

/// What the program says, however it came by it.
struct answer {
    std::string title;
    nlohmann::ordered_json facts;
    Eigen::VectorXd row;
    Index query;                     ///< whose row it is
    Eigen::VectorXd corrected = {};  ///< over the row of uniform attention; empty unless asked for
};

programs::table row_table(const answer& a, const std::vector<Index>& positions) {
    const auto column = programs::columns_over(positions);
    programs::table t{column("position", [](Index m) { return m; }),
                      column("influence", [&](Index m) { return a.row[m]; })};
    if (a.corrected.size() > 0) t.push_back(column("corrected", [&](Index m) { return a.corrected[m]; }));
    return t;
}

std::vector<programs::quantity> quantities(const answer& a) {
    const auto s = cesaro::summarize(a.row);
    return {{"entropy", s.entropy, "nats"},
            {"first_tenth", s.primacy, "of the influence"},
            {"middle", s.middle},
            {"last_tenth", s.recency},
            {"first_token", s.first_token},
            {"last_token", a.row[a.query] / a.row.sum()},
            {"mean_position", s.mean_position}};
}

std::string title(const programs::rollout_config& c) {
    return fmt::format("{}, {} of {}, {}", programs::counted(c.tokens, "token"),
                       programs::counted(Index(c.layers.size()), "layer"), programs::counted(c.heads, "head"),
                       c.mask);
}

/// The row or what was made of it, at no more positions than a plot can show, on a logarithmic scale where it spans
/// decades.
programs::drawing drawing_of(const answer& a) {
    const bool corrected = a.corrected.size() > 0;
    const Eigen::VectorXd& row = corrected ? a.corrected : a.row;
    const Index last = row.size() - 1;
    programs::curve influence;
    double least = row.maxCoeff();
    for (Index m = 0; m <= last; m += std::max<Index>(1, std::min(row.size() / 2000, last - m))) {
        if (row[m] > 0) least = std::min(least, row[m]);
        influence.points.emplace_back(double(m), row[m] > 0 ? row[m] : std::nan(""));
    }
    const double greatest = row.maxCoeff();
    const bool logarithmic = greatest > 1e3 * least;
    influence.style = (last <= 100 ? "with linespoints ps 0.5 " : "with lines ") + programs::line_style(0);
    std::string script =
        fmt::format("set xrange [{}:{}]\n", -0.02 * double(last) - 0.5, 1.02 * double(last) + 0.5);
    if (logarithmic) {
        const double low = std::max(std::floor(std::log10(least)), std::log10(greatest) - 40);
        const double high = 2 * greatest;
        script += fmt::format("set logscale y\nset yrange [1e{:.0f}:{}]\n", low, high) +
                  programs::decade_ticks('y', std::pow(10, low), high);
    } else {
        script += fmt::format("set yrange [0:{}]\n", 1.08 * greatest);
    }
    const std::string influence_on =
        "influence on " + (a.query == last ? "the last token" : fmt::format("token {}", a.query));
    return {.title = a.title,
            .x_label = "position of the source token",
            .y_label = corrected ? "influence over that of uniform attention" : influence_on,
            .script = script + programs::plot_curves({influence})};
}

Eigen::VectorXd last_row(const std::string& file, const programs::rollout_config& c) {
    try {
        return cesaro::rollout_row(c.layers, c.lambdas);
    } catch (const std::length_error&) {
        throw programs::usage_error(
            fmt::format("'{}': sequence_length = {}: the row does not fit in memory", file, c.tokens));
    }
}

answer of_config(const std::string& file) {
    const programs::rollout_config config = programs::read_rollout_config(file);
    return {.title = title(config),
            .facts = {{"tokens", config.tokens},
                      {"layers", config.layers.size()},
                      {"heads", config.heads},
                      {"mask", config.mask},
                      {"alphas", programs::to_json(config.lambdas)}},
            .row = last_row(file, config),
            .query = config.tokens - 1};
}

/// Causal attention leaves nothing after the query, and the row ends there.
answer of_measurement(const programs::measured_options& options, bool correct) {
    programs::measured_attention attention(options);
    const cesaro::mixing_schedule<double> schedule(attention.lambdas());
    const Index query = attention.query();
    const Index tokens = options.bidirectional ? attention.positions() : query + 1;
    const std::string mask = options.bidirectional ? "full mask" : "causal mask";
    const std::string fused = attention.heads() > 1 ? ", " + options.fusion + " of heads" : "";
    answer a{.title = fmt::format("{}, {} of {}, {}{}{}", programs::counted(tokens, "token"),
                                  programs::counted(schedule.depth(), "layer"),
                                  programs::counted(attention.heads(), "head"), mask, fused,
                                  programs::describe(schedule, "lambda")),
             .facts = {{"attentions", options.file},
                       {"tokens", tokens},
                       {"layers", schedule.depth()},
                       {"first_layer", options.first_layer},
                       {"heads", attention.heads()},
                       {"fusion", options.fusion},
                       {"mask", mask},
                       {"query_position", query},
                       {"alphas", programs::to_json(schedule.alphas())}},
             .row = attention.row().head(tokens),
             .query = query};
    if (options.fusion == "weights") a.facts["head_weights"] = attention.head_weights();
    if (!options.tensor.empty()) a.facts["tensor"] = options.tensor;
    if (correct) a.corrected = cesaro::receptive_field_correction(a.row, schedule);
    return a;
}

void run(const settings& s) {
    programs::destinations files(s.output);
    if (s.config.empty() == s.measured.file.empty())
        throw programs::usage_error("which attention? give --config or --attentions");
    const answer a = s.config.empty() ? of_measurement(s.measured, s.correct) : of_config(s.config);
    programs::report report = {.heading = a.title,
                               .facts = a.facts,
                               .rows_name = "profile",
                               .rows = row_table(a, s.positions.choose(a.row.size(), s.output.format)),
                               .summary = quantities(a)};
    s.positions.annotate(report, a.row.size(), s.output.format);
    files.prepare(report, [&] { return drawing_of(a); });
    files.commit();
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "attention_rollout");
    settings s;
    auto* const config =
        programs::add_word(app, "--config", s.config, "FILE", "The configuration, YAML or JSON");
    auto* const attentions = s.measured.add_to(app);
    config->excludes(attentions);
    app.add_flag("--correct", s.correct, "Also the row over that of uniform attention, the receptive field")
        ->needs(attentions)
        ->excludes(app.get_option("--bidirectional"));
    s.positions.add_to(app);
    s.output.add_to(app, "the row");
    return programs::run(app, argc, argv, [&] { run(s); });
}
