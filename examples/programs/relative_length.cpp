// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// What becomes of the U-shape as the input fills the context window: attention that knows no distance keeps
// it, windows and distance decay, whose scale does not grow with the input, turn it into a preference for
// what is near.

#include "common/masks.hpp"
#include "common/plot.hpp"
#include "common/prediction.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/report.hpp"
#include "common/schedule_options.hpp"
#include "common/table.hpp"
#include "common/text.hpp"

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/profile.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using cesaro::any_operator;
using Eigen::Index;

constexpr const char* description =
    R"(Influence of the first tenth, the middle and the last tenth of an input on its last token, against the
relative length of the input: L_rel = input length / context window.

Columns:
  pattern          causal; window (sliding); decay (ALiBi heads of slopes 2^(-8h/heads), equal weights)
  relative_length  L_rel
  tokens           the input length
  first_tenth, middle, last_tenth
                   their influence
  mean_x           mean position over that of the last token
With --model or --config every layer has the coefficient that the configuration predicts at each length, the
context window is the model's, the sliding window as wide as its narrowest one where it has any, and one more
pattern is there:
  predicted        the profile that the configuration predicts, its own windows and ALiBi included
The effect that this models: Veseli et al., arXiv 2508.07479. The numbers are those of the theory, with
nothing fitted.)";

constexpr Index longest = Index(1) << 30;  ///< context: its rows are stored

struct settings {
    std::vector<std::string> models;
    std::string config;
    Index context = 0;  ///< 0: the model's, or 8192
    programs::stack_options stack = {.alpha = 0.15};
    programs::mask_options masks = {.window = 0};  ///< 0: the model's narrowest, or 512
    std::vector<std::string> lengths = {"0.06", "0.12", "0.25", "0.38", "0.5", "0.75", "1"};
    programs::output_options output;
    std::optional<programs::chosen_model> model = {};  ///< of which coefficients are predicted

    std::string describe(const char* alpha) const {
        return model ? fmt::format("{}, {}, {} predicted", model->outline.name,
                                   programs::counted(model->layers(), "layer"), alpha)
                     : stack.describe(alpha);
    }
};

constexpr const char* predicted = "predicted";

/// Of a model's own windows.
std::optional<Index> narrowest_window(const programs::chosen_model& model) {
    std::optional<Index> least;
    for (const cesaro::layer_config& layer : model.outline.layers)
        if (layer.window > 0) least = std::min(layer.window, least.value_or(layer.window));
    return least;
}

/// One point of the sweep.
struct sample {
    std::string pattern;
    double relative_length;
    Index tokens;
    cesaro::profile_summary<double> masses;
};

std::vector<sample> sweep(const settings& s) {
    std::vector<double> lengths = programs::parse_numbers("--lengths", s.lengths);
    for (const double relative : lengths)
        if (!(relative > 0 && relative <= 1))
            throw programs::usage_error(fmt::format("--lengths: {} must lie in (0, 1]", relative));
    std::vector<sample> samples;
    std::vector<sample> of_model;
    const std::vector<programs::mask> masks = s.masks.masks();
    programs::progress_line progress("relative_length", "of the lengths done");
    for (const double relative : lengths) {
        const Index tokens = std::max<Index>(1, std::llround(relative * double(s.context)));
        cesaro::mixing_schedule<double> schedule = s.stack.schedule();
        if (s.model) {
            const auto profile = programs::predict(*s.model, tokens);
            schedule = programs::schedule_of(profile);
            of_model.push_back({predicted, relative, tokens, cesaro::summarize(profile)});
        }
        for (const programs::mask& p : masks) {
            const std::vector<any_operator<double>> layers(std::size_t(schedule.depth()), p.layer(tokens));
            samples.push_back(
                {p.name, relative, tokens, cesaro::summarize(cesaro::rollout_row(layers, schedule))});
        }
        progress(double(samples.size()) / double(lengths.size() * masks.size()));
    }
    const auto rank = [&](const sample& p) {
        return std::find_if(masks.begin(), masks.end(),
                            [&](const programs::mask& m) { return m.name == p.pattern; }) -
               masks.begin();
    };
    std::stable_sort(samples.begin(), samples.end(),
                     [&](const sample& a, const sample& b) { return rank(a) < rank(b); });
    samples.insert(samples.end(), of_model.begin(), of_model.end());
    return samples;
}

programs::table table_of(const std::vector<sample>& samples) {
    const auto column = programs::columns_over(samples);
    return {column("pattern", [](const sample& p) { return p.pattern; }),
            column("relative_length", [](const sample& p) { return p.relative_length; }),
            column("tokens", [](const sample& p) { return p.tokens; }),
            column("first_tenth", [](const sample& p) { return p.masses.primacy; }),
            column("middle", [](const sample& p) { return p.masses.middle; }),
            column("last_tenth", [](const sample& p) { return p.masses.recency; }),
            column("mean_x", [](const sample& p) {
                return p.masses.mean_position / double(std::max<Index>(p.tokens - 1, 1));
            })};
}

/// The middle as much as a tenth of its own length would have, for comparison with the tenths.
double middle_per_tenth(const sample& point) {
    const cesaro::profile_tenths split = cesaro::tenths(point.tokens);
    const Index tenth = point.tokens - split.recency_begin;
    const Index length = split.recency_begin - split.primacy_end;
    return length > 0 ? point.masses.middle * double(tenth) / double(length) : 0;
}

programs::drawing drawing_of(const settings& s, const std::vector<sample>& samples,
                             const std::vector<std::string>& notes) {
    const std::string title = fmt::format("Influence on the last token, {}, context window of {}",
                                          s.describe("α"), programs::counted(s.context, "token"));
    std::string script = fmt::format("unset title\nset multiplot title {}\n", programs::quoted(title));
    script += "set logscale x 2\nset xtics 4 format '2^{%L}'\nset mxtics 1\n";
    const double foot = programs::height_at_foot(notes);
    script +=
        "set yrange [0:1]\nset ytics 0.2\nset tmargin at screen 0.86\n" + programs::notes_at_foot(notes);
    script += fmt::format("set bmargin at screen {}\n", 0.24 + foot);
    script += fmt::format(
        "set key at screen 0.5,{} center center vertical maxrows 1 Left reverse samplen 3\n", 0.06 + foot);
    std::vector<std::pair<std::string, std::string>> panels;  // names and titles
    for (const programs::mask& m : s.masks.masks())
        panels.emplace_back(m.name, m.title);
    if (s.model) panels.emplace_back(predicted, "predicted, masks of its own");
    const double step = 0.915 / double(panels.size());
    for (std::size_t i = 0; i < panels.size(); ++i) {
        const auto curve = [&](std::size_t style, const auto& value, const char* name) {
            const auto length = [](const sample& p) { return p.relative_length; };
            return programs::curve{programs::points_of(samples, panels[i].first, length, value),
                                   "with linespoints ps 0.8 " + programs::line_style(style), name};
        };
        script += fmt::format("set lmargin at screen {}\nset rmargin at screen {}\n", 0.1 + step * double(i),
                              0.055 + step * double(i + 1));
        script += fmt::format("set title {} offset 0,-0.4\n", programs::quoted(panels[i].second));
        script +=
            programs::plot_curves({curve(
                                       0, [](const sample& p) { return p.masses.primacy; }, "first tenth"),
                                   curve(5, middle_per_tenth, "middle, per tenth"),
                                   curve(
                                       1, [](const sample& p) { return p.masses.recency; }, "last tenth")});
        script +=
            "unset ylabel\nunset label\nset format y ''\nunset key\n";  // the first has those of all three
    }
    return {.title = title,
            .x_label = "L_{rel} = input / context window",
            .y_label = "share of the influence",
            .script = script + "unset multiplot\n"};
}

void run(settings s) {
    programs::destinations files(s.output);
    s.model = programs::one_model(s.models, s.config);
    if (s.model) s.context = s.model->tokens_or_own(s.context);
    if (s.context == 0) s.context = 8192;
    programs::check_count("--context", s.context, 1, longest);
    if (s.masks.window == 0) s.masks.window = s.model ? narrowest_window(*s.model).value_or(512) : 512;
    const std::vector<sample> samples = sweep(s);
    nlohmann::ordered_json facts = {{"context", s.context}};
    facts.update(programs::facts(s.stack, s.masks));
    std::vector<std::string> notes;
    if (s.model) {
        facts.erase("alpha");
        facts["model"] = s.model->outline.name;
        facts["layers"] = s.model->layers();
        notes = programs::notes_beside_prediction(s.model->outline, s.context, "causal");
    }
    const programs::report report = {
        .heading = fmt::format("{}, context window {}, sliding window {}, {}", s.describe("alpha"), s.context,
                               s.masks.window, programs::counted(s.masks.heads, "ALiBi head")),
        .facts = facts,
        .rows_name = "lengths",
        .rows = table_of(samples),
        .notes = notes};
    files.prepare(report, [&] { return drawing_of(s, samples, notes); });
    files.commit();
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "relative_length");
    settings s;
    auto* name = programs::add_models(app, s.models, "A public model, of which coefficients are predicted");
    auto* file =
        programs::add_word(app, "--config", s.config, "FILE", "A model's Hugging Face config.json, as well");
    programs::add_count(app, "--context", s.context, 1, longest,
                        "Context window in tokens [the model's, or 8192]");
    s.stack.add_to(app);
    name->excludes(file);
    for (auto* const model : {name, file})
        for (const char* const own : {"--alpha", "--layers"})
            model->excludes(own);
    s.masks.add_to(app, "the model's narrowest, or 512");
    programs::add_list(app, "--lengths", s.lengths, "Relative lengths in (0, 1]: r0,r1,... [0.06 ... 1]");
    s.output.add_to(app, "the masses");
    return programs::run(app, argc, argv, [&] { run(s); });
}
