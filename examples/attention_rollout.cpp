// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The influence of every position on the last token through a stack of attention layers that a file
// describes.

#include "common/plot.hpp"
#include "common/program.hpp"
#include "common/row_summary.hpp"
#include "common/table.hpp"
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
    Index points = 0;
    programs::output_options output;
    std::string plot;
};

programs::table row_table(const Eigen::VectorXd& row, const std::vector<Index>& positions) {
    std::vector<double> influence;
    for (const Index m : positions)
        influence.push_back(row[m]);
    return {{"position", positions}, {"influence", influence}};
}

std::string summary_text(const cesaro::profile_summary<double>& s) {
    std::string text;
    const auto line = [&](const char* label, double value, const char* remark) {
        text += fmt::format("{:<14}{:<13.6g}{}", label, value, remark);
        text.erase(text.find_last_not_of(' ') + 1);
        text += '\n';
    };
    line("entropy", s.entropy, "nats");
    line("primacy", s.primacy, "influence of the first tenth");
    line("middle", s.middle, "");
    line("recency", s.recency, "influence of the last tenth");
    line("first token", s.first_token, "");
    line("last token", s.last_token, "");
    line("mean position", s.mean_position, "");
    return text;
}

nlohmann::ordered_json summary_json(const cesaro::profile_summary<double>& s) {
    return {{"entropy", s.entropy},
            {"primacy", s.primacy},
            {"middle", s.middle},
            {"recency", s.recency},
            {"first_token", s.first_token},
            {"last_token", s.last_token},
            {"mean_position", s.mean_position}};
}

std::string title(const programs::rollout_config& c) {
    return fmt::format("{} tokens, {} layers of {} heads, {}", c.tokens, c.layers.size(), c.heads, c.mask);
}

/// The row, at no more positions than a plot can show, on a logarithmic scale where it spans decades.
std::string plot_script(const programs::rollout_config& c, const Eigen::VectorXd& row) {
    const Index last = row.size() - 1;
    std::vector<std::pair<double, double>> points;
    double least = 1;
    for (Index m = 0; m <= last; m += std::max<Index>(1, std::min(row.size() / 2000, last - m))) {
        if (row[m] > 0) least = std::min(least, row[m]);
        points.emplace_back(double(m), row[m] > 0 ? row[m] : std::nan(""));
    }
    const double greatest = row.maxCoeff();
    const bool logarithmic = greatest > 1e3 * least;
    std::string script = programs::data_block("row", points);
    script +=
        "set encoding utf8\nset minussign\nset border 3\nset grid ytics lc rgb '#e4e4e4' lt 1\nunset key\n";
    script += fmt::format("set title {} noenhanced\n", programs::quoted(title(c)));
    script += "set xlabel 'position of the source token'\nset ylabel 'influence on the last token'\n";
    script += "set xtics nomirror\nset ytics nomirror\n";
    script += fmt::format("set xrange [{}:{}]\n", -0.02 * double(last) - 0.5, 1.02 * double(last) + 0.5);
    if (logarithmic) {
        const double low = std::max(std::floor(std::log10(least)), std::log10(greatest) - 40);
        script += fmt::format("set logscale y\nset format y '10^{{%L}}'\nset yrange [1e{:.0f}:{}]\n", low,
                              2 * greatest);
    } else {
        script += fmt::format("set yrange [0:{}]\n", 1.08 * greatest);
    }
    script += "plot $row with lines lw 2 lc rgb '#1b4f9c'";
    script += last <= 100 ? ", $row with points pt 7 ps 0.5 lc rgb '#1b4f9c'\n" : "\n";
    return script;
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
    const programs::rollout_config config = programs::read_rollout_config(s.config);
    const Eigen::VectorXd row = last_row(s.config, config);
    const auto summary = cesaro::summarize(row);
    const bool text = s.output.format == programs::output_format::text;
    const Index points = s.points > 0 ? s.points : text ? 33 : config.tokens;
    const programs::report report = {
        .heading = title(config) + "\n",
        .facts = {{"tokens", config.tokens},
                  {"layers", config.layers.size()},
                  {"heads", config.heads},
                  {"mask", config.mask},
                  {"lambdas", programs::to_json(config.lambdas)}},
        .rows_name = "last_row",
        .rows = row_table(row, programs::sample_positions(config.tokens, std::min(points, config.tokens))),
        .closing = summary_text(summary),
        .summary = summary_json(summary)};
    programs::write_with_plot(s.output.file, render(report, s.output.format), s.plot,
                              [&] { return plot_script(config, row); });
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "attention_rollout");
    settings s;
    app.add_option("--config", s.config, "The configuration, YAML or JSON")->type_name("FILE")->required();
    programs::add_count(app, "--points", s.points, 2, Index(1) << 40,
                        "How many positions to print, dense near both ends [all; 33 in a table]");
    s.output.add_to(app);
    app.add_option("--plot", s.plot, "Draw the row into this .svg or .png file (with gnuplot)")
        ->type_name("FILE");
    return programs::run(app, argc, argv, [&] { run(s); });
}
