// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// A long context in one pass, or in rounds that hand a summary on: how much of the prompt at its start still
// reaches the end.

#include "common/masks.hpp"
#include "common/plot.hpp"
#include "common/program.hpp"
#include "common/table.hpp"

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace {

using cesaro::any_operator;
using Eigen::Index;

constexpr const char* description =
    R"(The influence of a prompt on the last token of a long context that is processed in R rounds.

Round r reads the summary of the round before (none in the first), its share of the context, and then writes
a summary of its own. What a summary token carries is the average, over the row of influence at its
position, of what the positions that it reads carry; the tokens of the prompt, which open the first round,
carry 1 and the rest of the context 0. The influence of the prompt is what the last summary token of the
last round carries. One round is the single pass.

Columns:
  pattern           causal; window (sliding); decay (ALiBi heads of slopes 2^(-8h/heads), equal weights)
  rounds            R
  round_tokens      the longest input of a round, both summaries included
  prompt_influence  of the prompt on the last token
  ratio             the same over that of a single pass; infinite (null in JSON) where that is 0, as beyond
                    the reach of a window
  retained          what the last round kept of the influence after the round before; 1 for R = 1)";

struct settings {
    Index tokens = 8192;
    Index prompt = 64;
    Index summary = 64;
    Index depth = 12;
    double lambda = 0.3;
    programs::mask_options masks;
    std::vector<std::string> rounds = {"1", "2", "4", "8", "16", "32", "64"};
    programs::output_options output;
    std::string plot;
};

/// Of the whole context: [begin, end) is round r's.
struct segment {
    Index begin;
    Index end;
};
segment segment_of(const settings& s, Index rounds, Index r) {
    return {s.tokens / rounds * r + std::min(r, s.tokens % rounds),
            s.tokens / rounds * (r + 1) + std::min(r + 1, s.tokens % rounds)};
}

/// What the summary of one round carries, given what its input does.
Eigen::VectorXd next_summary(const settings& s, const programs::mask& p, const Eigen::VectorXd& input) {
    Eigen::VectorXd carried = Eigen::VectorXd::Zero(input.size() + s.summary);
    carried.head(input.size()) = input;
    const std::vector<any_operator<double>> layers(std::size_t(s.depth), p.layer(carried.size()));
    const auto schedule = cesaro::mixing_schedule<double>::constant(s.depth, s.lambda);
    return cesaro::rollout_apply(layers, schedule, carried).tail(s.summary);
}

/// What the last summary token carries after each round.
std::vector<double> influence_by_round(const settings& s, const programs::mask& p, Index rounds) {
    Eigen::VectorXd summary(0);
    std::vector<double> influences;
    for (Index r = 0; r < rounds; ++r) {
        const segment own = segment_of(s, rounds, r);
        Eigen::VectorXd input = Eigen::VectorXd::Zero(summary.size() + own.end - own.begin);
        input.head(summary.size()) = summary;
        const Index prompt_end = std::clamp(s.prompt, own.begin, own.end);
        input.segment(summary.size(), prompt_end - own.begin).setOnes();
        summary = next_summary(s, p, input);
        influences.push_back(summary[s.summary - 1]);
    }
    return influences;
}

/// Equal zeros are in the ratio 1.
double ratio(double influence, double reference) {
    return influence == reference ? 1 : influence / reference;
}

struct sample {
    std::string pattern;
    Index rounds;
    Index round_tokens;
    double influence;
    double single_pass;
    double retained;
};

std::vector<sample> sweep(const settings& s) {
    const auto all_rounds = programs::parse_counts("--rounds", s.rounds, 1, s.tokens);
    std::vector<sample> samples;
    for (const programs::mask& p : programs::masks(s.masks)) {
        const double single_pass = influence_by_round(s, p, 1).back();
        for (const Index rounds : all_rounds) {
            const std::vector<double> influences = influence_by_round(s, p, rounds);
            const double retained =
                rounds == 1 ? 1 : ratio(influences.back(), influences[influences.size() - 2]);
            const segment first = segment_of(s, rounds, 0);
            const Index summaries = rounds == 1 ? s.summary : 2 * s.summary;
            samples.push_back({p.name, rounds, first.end - first.begin + summaries, influences.back(),
                               single_pass, retained});
        }
    }
    return samples;
}

programs::table table_of(const std::vector<sample>& samples) {
    std::vector<std::string> names;
    std::vector<Index> rounds;
    std::vector<Index> tokens;
    std::vector<double> influence;
    std::vector<double> ratios;
    std::vector<double> retained;
    for (const sample& point : samples) {
        names.push_back(point.pattern);
        rounds.push_back(point.rounds);
        tokens.push_back(point.round_tokens);
        influence.push_back(point.influence);
        ratios.push_back(ratio(point.influence, point.single_pass));
        retained.push_back(point.retained);
    }
    return {{"pattern", names},       {"rounds", rounds},
            {"round_tokens", tokens}, {"prompt_influence", influence},
            {"ratio", ratios},        {"retained", retained}};
}

/// Zero has no place on a logarithmic axis, unless all is zero and the axis is linear.
double shown(double influence, bool logarithmic) {
    return influence > 0 || !logarithmic ? influence : std::nan("");
}

std::string plot_script(const settings& s, const std::vector<sample>& samples) {
    const bool logarithmic = std::any_of(samples.begin(), samples.end(), [](const sample& point) {
        return point.influence > 0 || point.single_pass > 0;
    });
    std::string script =
        "set encoding utf8\nset minussign\nset border 3\nset grid ytics lc rgb '#e4e4e4' lt 1\n";
    script += fmt::format(
        "set title 'A prompt of {} tokens before {} more, {} layers, λ = {:g}, summaries of {} tokens'\n",
        s.prompt, s.tokens - s.prompt, s.depth, s.lambda, s.summary);
    script += "set logscale x 2\n";
    script += logarithmic ? "set logscale y\nset format y '10^{%L}'\nset mytics 1\n" : "set yrange [0:1]\n";
    script += "set xlabel 'rounds'\nset ylabel 'influence of the prompt on the last token'\n";
    script +=
        "set xtics nomirror\nset ytics nomirror\nset key outside right center vertical Left reverse samplen "
        "3 spacing 1.4\n";
    std::string curves;
    for (const programs::mask& p : programs::masks(s.masks)) {
        std::vector<std::pair<double, double>> points;
        std::vector<std::pair<double, double>> single;
        for (const sample& point : samples) {
            if (point.pattern != p.name) continue;
            points.emplace_back(double(point.rounds), shown(point.influence, logarithmic));
            single.emplace_back(double(point.rounds), shown(point.single_pass, logarithmic));
        }
        std::sort(points.begin(), points.end());
        std::sort(single.begin(), single.end());
        const char* const colour = p.name == "causal"   ? "#1b4f9c"
                                   : p.name == "window" ? "#4d8a3d"
                                                        : "#d1660c";
        script += programs::data_block(p.name, points) + programs::data_block(p.name + "_single", single);
        curves += fmt::format(
            "{0}${1} with linespoints lw 2 pt 7 ps 0.9 lc rgb '{2}' title '{1}, in rounds', "
            "${1}_single with lines lw 2 dt (8,5) lc rgb '{2}' title '{1}, single pass{3}'",
            curves.empty() ? "plot " : ", ", p.name, colour, single.front().second > 0 ? "" : ": 0");
    }
    return script + curves + "\n";
}

void run(const settings& s) {
    if (s.prompt > s.tokens)
        throw programs::usage_error(
            fmt::format("--prompt: {} must be at most --tokens, {}", s.prompt, s.tokens));
    const std::vector<sample> samples = sweep(s);
    const programs::report report = {
        .heading = fmt::format("{} tokens, prompt of {}, summaries of {}, {} layers, lambda = {:g}\n",
                               s.tokens, s.prompt, s.summary, s.depth, s.lambda),
        .facts = {{"tokens", s.tokens},
                  {"prompt", s.prompt},
                  {"summary", s.summary},
                  {"depth", s.depth},
                  {"lambda", s.lambda},
                  {"window", s.masks.window},
                  {"heads", s.masks.heads}},
        .rows_name = "rounds",
        .rows = table_of(samples)};
    programs::write_with_plot(s.output.file, render(report, s.output.format), s.plot,
                              [&] { return plot_script(s, samples); });
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "segmented_context");
    settings s;
    programs::add_count(app, "--tokens", s.tokens, 1, Index(1) << 30,
                        "Context length, the prompt included [8192]");
    programs::add_count(app, "--prompt", s.prompt, 1, Index(1) << 30,
                        "Length of the prompt that opens it [64]");
    programs::add_count(app, "--summary", s.summary, 1, Index(1) << 30, "Length of a summary [64]");
    programs::add_count(app, "--depth", s.depth, 1, 10000, "Number of layers [12]");
    programs::add_share(app, "--lambda", s.lambda, "L", "Mixing coefficient of every layer, in [0, 1] [0.3]");
    s.masks.add_to(app);
    programs::add_list(app, "--rounds", s.rounds, "Numbers of rounds: r0,r1,... [1 ... 64]");
    s.output.add_to(app);
    app.add_option("--plot", s.plot, "Draw the influence into this .svg or .png file (with gnuplot)")
        ->type_name("FILE");
    return programs::run(app, argc, argv, [&] { run(s); });
}
