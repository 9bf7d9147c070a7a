// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Where the influence sits in contexts that no matrix could hold: real models from a thousand tokens to a
// thousand million, in closed form.

#include "common/model.hpp"
#include "common/plot.hpp"
#include "common/prediction.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/report.hpp"
#include "common/schedule_options.hpp"
#include "common/table.hpp"

#include <cesaro/collapse.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/discrete_influence.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace {

using Eigen::Index;

constexpr const char* description =
    R"(Where the influence on the last token sits at initialisation, for real models at long contexts.

Columns:
  model, layers   and how many it has
  tokens          context length
  half_within     the first so many tokens hold half of the influence, in the row of influence
  first_token     share of the first token
  recency_delta   share that stays on the query at any context length
With the coefficients that each model's configuration predicts at each length, which is the default:
  predicted_half_within, predicted_first_token
                  the same of the predicted profile itself, the mean field of the whole decoder
With --alpha, the same coefficient in every layer:
  collapse_depth  the least depth at which all but epsilon of the influence would sit on the first token, whatever
                  the model's own: alpha, tokens and epsilon decide)";

struct settings {
    std::vector<std::string> models = {"gpt2", "qwen2-0.5b", "llama-3.1-8b", "llama-3.1-70b",
                                       "llama-3.1-405b"};
    std::vector<std::string> configs;
    std::vector<std::string> tokens = {"1e3", "1e4", "1e5", "1e6", "1e7", "1e8", "1e9"};
    double alpha = -1;  ///< negative where it is predicted
    double epsilon = 0.01;
    programs::output_options output;

    bool predicts() const { return alpha < 0; }
};

/// One model at one length.
struct sample {
    std::string model;
    Index depth;
    Index tokens;
    Index half_within;
    double first_token;
    double recency_delta;
    Index collapse_depth = 0;
    Index predicted_half_within = 0;
    double predicted_first_token = 0;
};

std::vector<programs::chosen_model> models_of(const settings& s) {
    std::vector<programs::chosen_model> models;
    for (const std::string& name : s.models)
        models.push_back(programs::find_model(name));
    for (const std::string& file : s.configs)
        models.push_back(programs::read_model(file));
    for (const programs::chosen_model& m : models)
        programs::check_layers("'" + m.outline.name + "'", m.layers());
    return models;
}

sample sample_of(const settings& s, const programs::chosen_model& m, Index tokens) {
    const auto row_sample = [&](const cesaro::mixing_schedule<double>& schedule) {
        return sample{.model = m.outline.name,
                      .depth = m.layers(),
                      .tokens = tokens,
                      .half_within = median(cesaro::discrete_influence<double>(tokens - 1, schedule)) + 1,
                      .first_token = cesaro::first_token_influence(tokens, schedule),
                      .recency_delta = schedule.recency_delta()};
    };
    if (!s.predicts()) {
        sample p = row_sample(cesaro::mixing_schedule<double>::constant(m.outline.attending(), s.alpha));
        p.collapse_depth = cesaro::collapse_depth(tokens, s.alpha, s.epsilon);
        return p;
    }
    const auto profile = programs::predict(m, tokens);
    sample p = row_sample(programs::schedule_of(profile));
    p.predicted_half_within = Index(profile.quantile(0.5)) + 1;
    p.predicted_first_token = profile.share(0);
    return p;
}

std::vector<sample> contexts(const settings& s, const std::vector<programs::chosen_model>& models) {
    const std::vector<Index> lengths = programs::parse_tokens("--tokens", s.tokens);
    programs::progress_line progress("million_token_context", "predicted");
    std::vector<sample> samples;
    for (const programs::chosen_model& m : models)
        for (const Index tokens : lengths) {
            samples.push_back(sample_of(s, m, tokens));
            progress(double(samples.size()) / double(models.size() * lengths.size()));
        }
    return samples;
}

programs::table table_of(const settings& s, const std::vector<sample>& samples) {
    const auto column = programs::columns_over(samples);
    programs::table t = {column("model", [](const sample& p) { return p.model; }),
                         column("layers", [](const sample& p) { return p.depth; }),
                         column("tokens", [](const sample& p) { return p.tokens; }),
                         column("half_within", [](const sample& p) { return p.half_within; }),
                         column("first_token", [](const sample& p) { return p.first_token; }),
                         column("recency_delta", [](const sample& p) { return p.recency_delta; })};
    if (s.predicts()) {
        t.push_back(column("predicted_half_within", [](const sample& p) { return p.predicted_half_within; }));
        t.push_back(column("predicted_first_token", [](const sample& p) { return p.predicted_first_token; }));
    } else {
        t.push_back(column("collapse_depth", [](const sample& p) { return p.collapse_depth; }));
    }
    return t;
}

/// As a share of the context.
double half_share(const settings& s, const sample& p) {
    return double(s.predicts() ? p.predicted_half_within : p.half_within) / double(p.tokens);
}

/// From zero, but logarithmic where a share would lie on the ground.
std::string share_axis(double least) {
    if (least >= 0.01) return "set yrange [0:*]\n";
    return "set logscale y\n" + programs::decade_ticks('y', least, 1) +
           fmt::format("set yrange [{}:1]\n", 0.7 * least);
}

programs::drawing drawing_of(const settings& s, const std::vector<programs::chosen_model>& models,
                             const std::vector<sample>& samples, const std::vector<std::string>& notes) {
    const auto [fewest, most] = std::minmax_element(
        samples.begin(), samples.end(), [](const sample& a, const sample& b) { return a.tokens < b.tokens; });
    double least = 1;
    for (const sample& p : samples)
        least = std::min(least, half_share(s, p));
    std::vector<programs::curve> curves;
    for (const programs::chosen_model& m : models) {
        const std::string& name = m.outline.name;
        programs::curve c{{}, "with linespoints ps 0.8 " + programs::line_style(curves.size()), name};
        for (const sample& p : samples)
            if (p.model == name) c.points.emplace_back(double(p.tokens), half_share(s, p));
        std::sort(c.points.begin(), c.points.end());
        curves.push_back(std::move(c));
    }
    return {
        .title = "The first tokens that hold half of the influence, as a share of the context, " +
                 (s.predicts() ? std::string("predicted") : fmt::format("α = {:g}", s.alpha)),
        .x_label = "context length in tokens",
        .y_label = "share of the context",
        .script = fmt::format("set logscale x\nset format x '10^{{%L}}'\nset mxtics 1\nset xrange [{}:{}]\n",
                              0.8 * std::pow(10, std::floor(std::log10(double(fewest->tokens)))),
                              1.25 * std::pow(10, std::ceil(std::log10(double(most->tokens))))) +
                  share_axis(least) + programs::plot_curves(curves),
        .notes = notes};
}

/// What rows leave out of the models, at the longest of the contexts.
std::vector<std::string> notes_of(const std::vector<programs::chosen_model>& models,
                                  const std::vector<sample>& samples) {
    std::vector<std::string> notes;
    for (const programs::chosen_model& m : models) {
        Index longest = 1;
        for (const sample& p : samples)
            longest = std::max(longest, p.tokens);
        for (const std::string& note :
             programs::notes_beside_prediction(m.outline, longest, "half_within and first_token"))
            if (!note.starts_with(std::to_string(longest) + " tokens are more"))  // which all lengths ask for
                notes.push_back(m.outline.name + ": " + note);
    }
    return notes;
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "million_token_context");
    settings s;
    auto* names = programs::add_list(app, "--models,--model", s.models,
                                     "Models by name [five from gpt2 to llama-3.1-405b]");
    auto* files_of = programs::add_list(app, "--config", s.configs, "Models' Hugging Face config.json files");
    programs::add_list(app, "--tokens", s.tokens, "Context lengths [1e3,1e4,...,1e9]");
    auto* const alpha =
        programs::add_share(app, "--alpha", s.alpha, "A",
                            "Mixing coefficient of every layer, in (0, 1] [predicted from each model]");
    programs::add_share(app, "--epsilon", s.epsilon, "E",
                        "What may be left elsewhere after the collapse, in (0, 1] [0.01]")
        ->needs(alpha);
    s.output.add_to(app, "predicted_half_within, with --alpha half_within, as a share of tokens,");
    return programs::run(app, argc, argv, [&] {
        for (const auto& [name, value] : {std::pair{"--alpha", s.alpha}, {"--epsilon", s.epsilon}})
            if (value == 0) throw programs::usage_error(fmt::format("{}: 0 must lie in (0, 1]", name));
        if (files_of->count() > 0 && names->count() == 0) s.models.clear();
        programs::destinations files(s.output);
        const std::vector<programs::chosen_model> models = models_of(s);
        const std::vector<sample> samples = contexts(s, models);
        programs::report r = {.heading = "coefficients predicted for each model and context",
                              .facts = nlohmann::ordered_json::object(),
                              .rows_name = "contexts",
                              .rows = table_of(s, samples),
                              .notes = notes_of(models, samples)};
        if (!s.predicts()) {
            r.heading =
                fmt::format("alpha = {:g}; collapsed: all but {:g} on the first token", s.alpha, s.epsilon);
            r.facts = {{"alpha", s.alpha}, {"epsilon", s.epsilon}};
        }
        files.prepare(r, [&] { return drawing_of(s, models, samples, r.notes); });
        files.commit();
    });
}
