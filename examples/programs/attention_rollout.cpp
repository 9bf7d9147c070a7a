// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The influence of every position on the last token through a stack of attention layers that a file
// describes.

#include "common/plot.hpp"
#include "common/positions.hpp"
#include "common/program.hpp"
#include "common/report.hpp"
#include "common/table.hpp"
#include "common/text.hpp"
#include "rollout_config.hpp"

#include <cesaro/attention/rollout.hpp>
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
normalised per layer. Under a full mask the distance is |n - m|.)";

struct settings {
    std::string config;
    programs::position_options positions;
    programs::output_options output;
};

programs::table row_table(const Eigen::VectorXd& row, const std::vector<Index>& positions) {
    const auto column = programs::columns_over(positions);
    return {column("position", [](Index m) { return m; }),
            column("influence", [&](Index m) { return row[m]; })};
}

std::vector<programs::quantity> quantities(const cesaro::profile_summary<double>& s) {
    return {{"entropy", s.entropy, "nats"},
            {"first_tenth", s.primacy, "of the influence"},
            {"middle", s.middle},
            {"last_tenth", s.recency},
            {"first_token", s.first_token},
            {"last_token", s.last_token},
            {"mean_position", s.mean_position}};
}

std::string title(const programs::rollout_config& c) {
    return fmt::format("{}, {} of {}, {}", programs::counted(c.tokens, "token"),
                       programs::counted(Index(c.layers.size()), "layer"), programs::counted(c.heads, "head"),
                       c.mask);
}

/// The row, at no more positions than a plot can show, on a logarithmic scale where it spans decades.
programs::drawing drawing_of(const programs::rollout_config& c, const Eigen::VectorXd& row) {
    const Index last = row.size() - 1;
    programs::curve influence;
    double least = 1;
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
    return {.title = title(c),
            .x_label = "position of the source token",
            .y_label = "influence on the last token",
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

void run(const settings& s) {
    programs::destinations files(s.output);
    const programs::rollout_config config = programs::read_rollout_config(s.config);
    const Eigen::VectorXd row = last_row(s.config, config);
    const auto summary = cesaro::summarize(row);
    programs::report report = {.heading = title(config),
                               .facts = {{"tokens", config.tokens},
                                         {"layers", config.layers.size()},
                                         {"heads", config.heads},
                                         {"mask", config.mask},
                                         {"alphas", programs::to_json(config.lambdas)}},
                               .rows_name = "profile",
                               .rows = row_table(row, s.positions.choose(config.tokens, s.output.format)),
                               .summary = quantities(summary)};
    s.positions.annotate(report, config.tokens, s.output.format);
    files.prepare(report, [&] { return drawing_of(config, row); });
    files.commit();
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "attention_rollout");
    settings s;
    programs::add_word(app, "--config", s.config, "FILE", "The configuration, YAML or JSON")->required();
    s.positions.add_to(app);
    s.output.add_to(app, "the row");
    return programs::run(app, argc, argv, [&] { run(s); });
}
