// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// A long context in one pass, or in rounds that hand a summary on: how much of the prompt at its start still
// reaches the end.

#include "common/masks.hpp"
#include "common/plot.hpp"
#include "common/program.hpp"
#include "common/report.hpp"
#include "common/table.hpp"
#include "common/text.hpp"

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/rollout.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

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
    programs::stack_options stack = {.alpha = 0.3};
    programs::mask_options masks;
    std::vector<std::string> rounds = {"1", "2", "4", "8", "16", "32", "64"};
    programs::output_options output;
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
    const std::vector<any_operator<double>> layers(std::size_t(s.stack.layers), p.layer(carried.size()));
    return cesaro::rollout_apply(layers, s.stack.schedule(), carried).tail(s.summary);
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
    for (const programs::mask& p : s.masks.masks()) {
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
    const auto column = programs::columns_over(samples);
    return {column("pattern", [](const sample& p) { return p.pattern; }),
            column("rounds", [](const sample& p) { return p.rounds; }),
            column("round_tokens", [](const sample& p) { return p.round_tokens; }),
            column("prompt_influence", [](const sample& p) { return p.influence; }),
            column("ratio", [](const sample& p) { return ratio(p.influence, p.single_pass); }),
            column("retained", [](const sample& p) { return p.retained; })};
}

programs::drawing drawing_of(const settings& s, const std::vector<sample>& samples) {
    const bool logarithmic = std::any_of(samples.begin(), samples.end(), [](const sample& point) {
        return point.influence > 0 || point.single_pass > 0;
    });
    // Zero has no place on a logarithmic axis, unless all is zero and the axis is linear.
    const auto shown = [&](double influence) {
        return influence > 0 || !logarithmic ? influence : std::nan("");
    };
    const char* const colours[] = {programs::colours::black, programs::colours::blue,
                                   programs::colours::vermillion};
    const int shapes[] = {7, 5, 9};
    std::vector<programs::curve> curves;
    std::vector<std::string> notes;
    for (const programs::mask& p : s.masks.masks()) {
        const std::size_t i = curves.size() / 2;
        const auto curve = [&](const auto& value, const std::string& style, const char* name) {
            const auto rounds = [](const sample& point) { return point.rounds; };
            curves.push_back({programs::points_of(samples, p.name, rounds, value),
                              fmt::format("with {} lc rgb '{}'", style, colours[i]), p.name + name});
        };
        curve([&](const sample& point) { return shown(point.influence); },
              fmt::format("linespoints lw 2 pt {} ps 1", shapes[i]), ", in rounds");
        curve([&](const sample& point) { return shown(point.single_pass); }, "lines lw 2 dt (8,5)",
              ", single pass");
        const auto& single_passes = curves.back().points;
        if (std::all_of(single_passes.begin(), single_passes.end(),
                        [](const auto& point) { return std::isnan(point.second); }))
            notes.push_back(p.name + ", single pass: 0, off the scale");
    }
    std::string script = "set logscale x 2\n";
    script += logarithmic ? "set logscale y\nset format y '10^{%L}'\nset mytics 1\n" : "set yrange [0:1]\n";
    return {.title = fmt::format("A prompt of {} before {} more, {}, summaries of {}",
                                 programs::counted(s.prompt, "token"), s.tokens - s.prompt,
                                 s.stack.describe("α"), programs::counted(s.summary, "token")),
            .x_label = "rounds",
            .y_label = "influence of the prompt on the last token",
            .script = script + programs::plot_curves(curves),
            .notes = notes};
}

void run(const settings& s) {
    if (s.prompt > s.tokens)
        throw programs::usage_error(
            fmt::format("--prompt: {} must be at most --tokens, {}", s.prompt, s.tokens));
    programs::destinations files(s.output);
    const std::vector<sample> samples = sweep(s);
    nlohmann::ordered_json facts = {
        {"tokens", s.tokens}, {"prompt_tokens", s.prompt}, {"summary_tokens", s.summary}};
    facts.update(programs::facts(s.stack, s.masks));
    const programs::report report = {
        .heading = fmt::format("{}, prompt of {}, summaries of {}, {}", programs::counted(s.tokens, "token"),
                               s.prompt, s.summary, s.stack.describe()),
        .facts = facts,
        .rows_name = "rounds",
        .rows = table_of(samples)};
    files.prepare(report, [&] { return drawing_of(s, samples); });
    files.commit();
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
    s.stack.add_to(app);
    s.masks.add_to(app);
    programs::add_list(app, "--rounds", s.rounds, "Numbers of rounds: r0,r1,... [1 ... 64]");
    s.output.add_to(app, "the influence");
    return programs::run(app, argc, argv, [&] { run(s); });
}
