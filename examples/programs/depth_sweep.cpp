// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// What depth does to the U-shape at fixed alpha: where the influence sits, and the valley beside the
// factorial term that would be there without residual connections.

#include "common/plot.hpp"
#include "common/prediction.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/report.hpp"
#include "common/schedule_options.hpp"
#include "common/table.hpp"
#include "common/text.hpp"

#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_summary.hpp>
#include <cesaro/landmarks.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using Eigen::Index;

constexpr const char* description =
    R"(How the influence on the last token changes with depth, at fixed alpha or in a model made deeper.

Columns (n is the position of the last token):
  layers          their number H
  recency_delta   (1 - alpha)^H, on the query itself
  first_token     influence of position 0
  first_tenth, middle, last_tenth
                  influence of these parts of the context
  mean_x          mean position over n
  valley          the least entry of the row
  valley_position where it is: next to the query; on it where there is no recency delta to lift it; 0 in a
                  row that is flat before the query, as of one layer
  mid_influence   the exact entry at position n/2: the true valley floor in mid-context
  mid_continuum   the same in the continuum limit, f(1/2) / n
  mid_asymptotic  the same by Perron's asymptotics, for 0 < alpha < 1
  mid_factorial   the factorial term there, ln(2)^(H-1) / (H-1)! / n: the whole of it only at alpha = 1
With --model or --config the coefficients are those that its configuration predicts at each depth, and there are
  mean_alpha      their mean
  predicted_first_tenth, predicted_middle, predicted_last_tenth
                  the influence of these parts in the predicted profile, with feed-forward branches,
                  normalisations, windows and ALiBi; where it differs from the row, measurements are with it)";

struct settings {
    std::vector<std::string> models;
    std::string config;
    Index tokens = 0;   ///< 0: the model's own, or 1024
    double alpha = -1;  ///< negative where it is predicted
    std::vector<std::string> layers = {"1",  "2",  "4",  "8",  "12", "16", "24",
                                       "32", "48", "64", "80", "96", "128"};
    programs::output_options output;
    std::optional<programs::chosen_model> model = {};  ///< of which coefficients are predicted

    bool has_asymptotics() const { return !model && alpha > 0 && alpha < 1; }
};

/// The row at one depth.
struct sample {
    Index depth;
    double mean_alpha;
    double recency_delta;
    cesaro::profile_summary<double> row;
    double mid_influence;
    double mid_continuum;
    double mid_asymptotic;
    double mid_factorial;
    std::optional<cesaro::profile_summary<double>> predicted = {};  ///< of a model
};

/// What is predicted of the model with so many layers, of kinds in the order of its own.
cesaro::predicted_profile predict(programs::chosen_model m, Index depth, Index tokens) {
    if (m.config) m.config->layers = depth;
    return programs::predict(m, tokens);
}

std::vector<sample> sweep(const settings& s) {
    const Index query = s.tokens - 1;
    const double n = double(std::max<Index>(query, 1));
    std::vector<sample> samples;
    const std::vector<Index> depths = programs::parse_depths("--layers", s.layers);
    const double layers = std::accumulate(depths.begin(), depths.end(), 0.0);
    double done = 0;
    programs::progress_line progress("depth_sweep", "predicted");
    for (const Index depth : depths) {
        std::optional<cesaro::predicted_profile> predicted;
        if (s.model) predicted = predict(*s.model, depth, s.tokens);
        const auto schedule = predicted ? programs::schedule_of(*predicted)
                                        : cesaro::mixing_schedule<double>::constant(depth, s.alpha);
        const cesaro::discrete_influence<double> row(query, schedule);
        samples.push_back({.depth = depth,
                           .mean_alpha = depth > 0 ? schedule.alphas().mean() : 0,
                           .recency_delta = schedule.recency_delta(),
                           .row = cesaro::summarize(row),
                           .mid_influence = pdf(row, query / 2),
                           .mid_continuum = cesaro::valley(schedule, 0.5) / n,
                           .mid_asymptotic = depth == 0 || !s.has_asymptotics()
                                                 ? 0
                                                 : cesaro::valley_asymptotic(depth, s.alpha, 0.5) / n,
                           .mid_factorial = cesaro::dead_zone(depth, 0.5) / n});
        if (predicted) samples.back().predicted = cesaro::summarize(*predicted);
        if (layers > 0) progress((done += double(depth)) / layers);
    }
    return samples;
}

programs::table table_of(const settings& s, const std::vector<sample>& samples) {
    const double n = double(std::max<Index>(s.tokens - 1, 1));
    const auto column = programs::columns_over(samples);
    programs::table t = {column("layers", [](const sample& p) { return p.depth; }),
                         column("recency_delta", [](const sample& p) { return p.recency_delta; }),
                         column("first_token", [](const sample& p) { return p.row.first_token; }),
                         column("first_tenth", [](const sample& p) { return p.row.primacy; }),
                         column("middle", [](const sample& p) { return p.row.middle; }),
                         column("last_tenth", [](const sample& p) { return p.row.recency; }),
                         column("mean_x", [&](const sample& p) { return p.row.mean_position / n; }),
                         column("valley", [](const sample& p) { return p.row.valley; }),
                         column("valley_position", [](const sample& p) { return p.row.valley_position; }),
                         column("mid_influence", [](const sample& p) { return p.mid_influence; }),
                         column("mid_continuum", [](const sample& p) { return p.mid_continuum; })};
    if (s.has_asymptotics())
        t.push_back(column("mid_asymptotic", [](const sample& p) { return p.mid_asymptotic; }));
    t.push_back(column("mid_factorial", [](const sample& p) { return p.mid_factorial; }));
    if (s.model) {
        t.push_back(column("mean_alpha", [](const sample& p) { return p.mean_alpha; }));
        t.push_back(column("predicted_first_tenth", [](const sample& p) { return p.predicted->primacy; }));
        t.push_back(column("predicted_middle", [](const sample& p) { return p.predicted->middle; }));
        t.push_back(column("predicted_last_tenth", [](const sample& p) { return p.predicted->recency; }));
    }
    return t;
}

/// Where a depth stands on the logarithmic axis, which has no zero.
double place(Index depth) {
    return depth == 0 ? 0.5 : double(depth);
}

/// Powers of two as far as the samples reach, and 0 where there is no layer.
std::string depth_axis(const std::vector<sample>& samples) {
    const auto [least, most] = std::minmax_element(
        samples.begin(), samples.end(), [](const sample& a, const sample& b) { return a.depth < b.depth; });
    std::string ticks = least->depth == 0 ? "'0' 0.5" : "";
    const Index step = most->depth > 128 ? 4 : 2;
    for (Index depth = 1; depth <= std::max<Index>(most->depth, 1); depth *= step)
        ticks += fmt::format("{}{}", ticks.empty() ? "" : ", ", depth);
    return fmt::format("set logscale x 2\nset xtics ({})\nset xrange [{}:{}]\n", ticks,
                       0.93 * place(least->depth), 1.07 * place(most->depth));
}

std::string heading_of(const settings& s, const char* alpha) {
    const std::string tokens = programs::counted(s.tokens, "token");
    return s.model ? fmt::format("{} at other depths, {}, {} predicted", s.model->outline.name, tokens, alpha)
                   : fmt::format("{}, {} = {:g}", tokens, alpha, s.alpha);
}

/// The decades of the exact entries, with room below: far down the factorial term leaves them, which is said.
std::string mid_axis(const std::vector<sample>& samples) {
    double high = 0;
    for (const sample& p : samples)
        high = std::max({high, p.mid_influence, p.mid_factorial});
    if (high == 0) return "";
    double low = high;
    for (const sample& p : samples)
        if (p.mid_influence > 0) low = std::min(low, p.mid_influence);
    const double top = std::ceil(std::log10(high));
    const double bottom =
        std::max(-307., std::floor(std::log10(low) - 0.15 * std::max(top - std::log10(low), 1.)));
    low = std::pow(10, bottom);
    high = std::pow(10, top);
    std::string axis =
        fmt::format("set yrange [{}:{}]\n", low, high) + programs::decade_ticks('y', low, high);
    const sample& deepest = *std::max_element(
        samples.begin(), samples.end(), [](const sample& a, const sample& b) { return a.depth < b.depth; });
    if (deepest.mid_factorial < low)
        axis += programs::off_the_scale(": factorial term, to " +
                                        (deepest.mid_factorial > 0
                                             ? programs::scientific(std::log10(deepest.mid_factorial))
                                             : "below 10^{−308}"));
    return axis;
}

/// Left the parts of the influence, of a model those predicted, right the entry in mid-context.
programs::drawing drawing_of(const settings& s, const std::vector<sample>& samples,
                             const std::vector<std::string>& notes) {
    const auto curve = [&](const char* title, std::size_t style, const auto& value) {
        programs::curve c{{}, "with linespoints ps 0.8 " + programs::line_style(style), title};
        for (const sample& p : samples)
            c.points.emplace_back(place(p.depth), value(p));
        std::sort(c.points.begin(), c.points.end());
        return c;
    };
    const auto positive = [](double value) { return value > 0 ? value : std::nan(""); };
    const std::string title = heading_of(s, "α");
    std::string script =
        fmt::format("unset title\nset multiplot layout 1,2 title {}\n", programs::quoted(title));
    script += depth_axis(samples) + programs::notes_at_foot(notes);
    script += fmt::format("set bmargin at screen {}\n", 0.11 + programs::height_at_foot(notes));
    script += "set key tmargin center horizontal Left samplen 2 width -1\nset yrange [0:1]\n";
    std::vector<programs::curve> parts;
    std::vector<programs::curve> of_rows;
    for (const auto& [name, part] : {std::pair{"first tenth", &cesaro::profile_summary<double>::primacy},
                                     {"middle", &cesaro::profile_summary<double>::middle},
                                     {"last tenth", &cesaro::profile_summary<double>::recency}}) {
        const auto member = part;
        parts.push_back(
            curve(name, parts.size(), [&](const sample& p) { return p.predicted.value_or(p.row).*member; }));
        if (!s.model) continue;
        of_rows.push_back(curve("", 0, [&](const sample& p) { return p.row.*member; }));
        of_rows.back().style = fmt::format("with lines lw 1.5 dt (2,4) lc rgb '{}'", programs::colours::grey);
    }
    if (!of_rows.empty()) of_rows.front().title = "of the row";
    parts.insert(parts.end(), of_rows.begin(), of_rows.end());
    script += programs::plot_curves(parts);
    script += "unset label\nset ylabel 'influence of position n/2'\nset autoscale y\nset logscale y\n" +
              mid_axis(samples);
    script += programs::plot_curves(
        {curve("exact", 0, [&](const sample& p) { return positive(p.mid_influence); }),
         curve("factorial term", 5, [&](const sample& p) { return positive(p.mid_factorial); })});
    return {.title = title,
            .x_label = "layers",
            .y_label = "share of the influence",
            .script = script + "unset multiplot\n"};
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "depth_sweep");
    settings s;
    auto* name = programs::add_models(app, s.models, "A public model, of which coefficients are predicted");
    auto* file =
        programs::add_word(app, "--config", s.config, "FILE", "A model's Hugging Face config.json, as well");
    programs::add_tokens(app, s.tokens, "the model's, or 1024");
    auto* alpha = programs::add_share(app, "--alpha", s.alpha, "A",
                                      "Mixing coefficient of every layer, in [0, 1] [0.5]");
    name->excludes(file)->excludes(alpha);
    file->excludes(alpha);
    programs::add_list(app, "--layers,--depth,--depths", s.layers,
                       "Numbers of layers: h0,h1,... [1 ... 128]");
    s.output.add_to(app, "the tenths, and mid_influence beside mid_factorial,");
    return programs::run(app, argc, argv, [&] {
        programs::destinations files(s.output);
        s.model = programs::one_model(s.models, s.config);
        if (s.model) {
            s.tokens = s.model->tokens_or_own(s.tokens);
        } else {
            s.alpha = s.alpha < 0 ? 0.5 : s.alpha;
            s.tokens = s.tokens > 0 ? s.tokens : 1024;
        }
        const std::vector<sample> samples = sweep(s);
        programs::report r = {.heading = heading_of(s, "alpha"),
                              .facts = {{"tokens", s.tokens}},
                              .rows_name = "depths",
                              .rows = table_of(s, samples)};
        if (s.model) {
            r.facts["model"] = s.model->outline.name;
            r.notes = programs::notes_beside_prediction(s.model->outline, s.tokens, "these rows");
        } else {
            r.facts["alpha"] = s.alpha;
        }
        files.prepare(r, [&] { return drawing_of(s, samples, r.notes); });
        files.commit();
    });
}
