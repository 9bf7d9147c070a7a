// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "decoder_report.hpp"

#include "common/model.hpp"
#include "common/program.hpp"
#include "common/text.hpp"

#include <cesaro/files/config_json.hpp>
#include <cesaro/profile_distance.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

namespace programs {

using cesaro::probe_kind;
using Eigen::Index;
using Eigen::VectorXd;
using nlohmann::ordered_json;

void decoder_profiles::add(const std::string& name, const std::string& legend, const VectorXd& profile) {
    const VectorXd shares = profile / profile.sum();
    theories.push_back({name, legend, shares, cesaro::spearman(measured, shares),
                        cesaro::wasserstein(measured, shares), cesaro::total_variation(measured, shares)});
}

namespace {

std::string title_of(const decoder_profiles& p) {
    return fmt::format("{}{}: {}, width {}, {}", p.outline.name, p.loaded ? "" : " at initialisation",
                       counted(p.config.layers, "layer"), p.config.width,
                       counted(p.measured.size(), "token"));
}

/// Those of the outline are what row_theory leaves out.
std::vector<std::string> notes_of(const decoder_profiles& p) {
    return notes_beside_prediction(p.outline, p.measured.size(), "row_theory");
}

ordered_json probes_json(const cesaro::jacobian_probes& probes) {
    if (probes.kind == probe_kind::gaussian) return probes.count;
    return probes.kind == probe_kind::exact ? "exact" : "ones";
}

/// The ways to know positions, besides windows.
std::string position_encoding(const cesaro::decoder_config& c) {
    std::string ways;
    const auto add = [&ways](bool is, const char* way) {
        if (is) ways.append(ways.empty() ? "" : "_and_").append(way);
    };
    add(c.learned_positions, "learned");
    add(c.rope.has_value(), "rope");
    add(c.alibi != cesaro::alibi_rule::none, "alibi");
    return ways.empty() ? "none" : ways;
}

/// Which decoder it is.
ordered_json facts_of(const cesaro::decoder_config& c, const cesaro::model_outline& outline) {
    ordered_json json = {{"model", outline.name},
                         {"model_type", c.model_type},
                         {"layers", c.layers},
                         {"width", c.width},
                         {"heads", c.heads},
                         {"kv_heads", c.kv_heads},
                         {"head_width", c.head_width},
                         {"intermediate", c.intermediate},
                         {"vocab_size", c.vocab_size},
                         {"position_encoding", position_encoding(c)},
                         {"initializer_range", c.initializer_range}};
    std::vector<Index> windows;
    for (const cesaro::layer_config& layer : outline.layers)
        windows.push_back(layer.window);
    if (std::any_of(windows.begin(), windows.end(), [](Index window) { return window > 0; }))
        json["windows"] = windows;
    return json;
}

/// What was measured.
ordered_json facts_of(const decoder_profiles& p) {
    ordered_json json = facts_of(p.config, p.outline);
    json["weights"] = p.loaded ? "loaded" : "drawn";
    json["tokens"] = p.measured.size();
    json["token_ids"] = p.given ? "given" : "drawn";
    json["draws"] = p.draws;
    json["probes"] = probes_json(p.probes);
    json["seed"] = p.probes.seed;
    json["output"] = p.probes.output == cesaro::decoder_output::normalized ? "normalized" : "residual";
    return json;
}

table profile_table(const decoder_profiles& p, const std::vector<Index>& positions) {
    const auto column = columns_over(positions);
    table t = {column("position", [](Index m) { return m; }),
               column("measured", [&](Index m) { return p.measured[m]; }),
               column("standard_error", [&](Index m) { return p.standard_error[m]; })};
    for (const decoder_theory& theory : p.theories)
        t.push_back(column(theory.name, [&](Index m) { return theory.profile[m]; }));
    return t;
}

table score_table(const decoder_profiles& p) {
    const auto column = columns_over(p.theories);
    return {column("against measured", [](const decoder_theory& t) { return t.name; }),
            column("spearman", [](const decoder_theory& t) { return t.spearman; }),
            column("wasserstein", [](const decoder_theory& t) { return t.wasserstein; }),
            column("total_variation", [](const decoder_theory& t) { return t.total_variation; })};
}

/// A list per profile, which scripts take up more easily than a list of rows.
std::string document(const decoder_profiles& p, const report& r) {
    ordered_json json = preface(r);
    for (const column& c : r.rows)
        std::visit([&](const auto& cells) { json[c.name] = cells; }, c.cells);
    json["fitted_alpha"] = p.fitted_alpha;
    json["fitted_gain_factor"] = p.fitted_gain_factor;
    for (const decoder_theory& t : p.theories) {
        json["scores"][t.name] = {
            {"spearman", t.spearman}, {"wasserstein", t.wasserstein}, {"total_variation", t.total_variation}};
    }
    return to_text(json);
}

/// On a logarithmic axis.
std::vector<std::pair<double, double>> points_of(const VectorXd& values) {
    std::vector<std::pair<double, double>> points;
    for (Index m = 0; m < values.size(); ++m)
        if (values[m] > 0) points.emplace_back(double(m), values[m]);
    return points;
}

/// The outline of two standard errors to either side of what was measured.
std::vector<std::pair<double, double>> error_band(const decoder_profiles& p) {
    std::vector<std::pair<double, double>> outline;
    for (Index m = 0; m < p.measured.size(); ++m)
        outline.emplace_back(m, std::max(p.measured[m] - 2 * p.standard_error[m], p.measured[m] / 4));
    for (Index m = p.measured.size(); m-- > 0;)
        outline.emplace_back(m, p.measured[m] + 2 * p.standard_error[m]);
    std::erase_if(outline, [](const auto& point) { return point.second <= 0; });
    return outline;
}

std::string frame(double last) {
    return fmt::format(
        "set logscale y\nset format y '10^{{%T}}'\nset xrange [{}:{}]\n"
        "set key inside top center opaque\n",
        -0.02 * last, 1.02 * last);
}

drawing drawing_of(const decoder_profiles& p) {
    const bool errors = p.standard_error.allFinite();
    std::vector<curve> curves;
    if (errors)
        curves.push_back(
            {error_band(p), "with filledcurves closed lc rgb '#bbbbbb'", "measured, ± 2 standard errors"});
    const double last = double(p.measured.size() - 1);
    curves.push_back({points_of(p.measured),
                      fmt::format("with points pt 7 ps {} lc rgb '#444444'", last < 100 ? 0.8 : 0.35),
                      errors ? "" : "measured"});
    const std::size_t styles[] = {1, 3, 0, 2};  // the solid line is what is predicted
    for (std::size_t i = 0; i < p.theories.size(); ++i)
        curves.push_back(
            {points_of(p.theories[i].profile), "with lines " + line_style(styles[i]), p.theories[i].legend});
    return {.title = title_of(p),
            .x_label = "position of the source token",
            .y_label = "share of the Jacobian norm",
            .script = frame(last) + plot_curves(curves),
            .notes = notes_of(p)};
}

}  // namespace

void prepare(destinations& files, const decoder_profiles& profiles, const position_options& positions,
             const output_options& output) {
    const Index tokens = profiles.measured.size();
    report r{.heading = title_of(profiles),
             .facts = facts_of(profiles),
             .rows_name = "profile",
             .rows = profile_table(profiles, positions.choose(tokens, output.format)),
             .notes = notes_of(profiles)};
    positions.annotate(r, tokens, output.format);
    const bool json = output.format == output_format::json;
    std::string text = json ? document(profiles, r) : render(r, output);
    if (output.format == output_format::text) {
        text += fmt::format("\nfitted alpha {:.6g}, fitted gain factor {:.6g}\n\n", profiles.fitted_alpha,
                            profiles.fitted_gain_factor) +
                to_text(score_table(profiles));
    }
    if (output.format != output_format::text)
        for (const std::string& note : r.notes)
            print_note(note);
    files.prepare(text, [&] { return drawing_of(profiles); });
}

void prepare(destinations& files, const predicted_decoder& predicted, const position_options& positions,
             const output_options& output) {
    const auto& [config, outline] = predicted.decoder;
    const auto tokens = Index(predicted.profile.tokens());
    const VectorXd shares = predicted.profile.expand();
    const std::vector<Index> shown = positions.choose(tokens, output.format);
    const auto column = columns_over(shown);
    report r{.heading = fmt::format("{}: {}, width {}, {}, predicted, nothing measured", outline.name,
                                    counted(config.layers, "layer"), config.width, counted(tokens, "token")),
             .facts = facts_of(config, outline),
             .rows_name = "profile",
             .rows = {column("position", [](Index m) { return m; }),
                      column("predicted", [&](Index m) { return shares[m]; })},
             .notes = notes_beside_prediction(outline, tokens, "row_theory"),
             .by_column = true};
    std::erase_if(r.notes, [](const std::string& note) { return note.starts_with("in row_theory"); });
    r.facts["tokens"] = tokens;
    r.facts["draws"] = 0;
    r.facts["alphas"] = to_json(predicted.profile.alphas());
    r.facts["tokens_seen"] = to_json(predicted.profile.tokens_seen());
    r.facts["error_estimate"] = predicted.profile.error_estimate();
    positions.annotate(r, tokens, output.format);
    files.prepare(r, [&] {
        return drawing{
            .title = r.heading,
            .x_label = "position of the source token",
            .y_label = "share of the Jacobian norm",
            .script = frame(double(tokens - 1)) +
                      plot_curves({{points_of(shares), "with lines " + line_style(0), "predicted"}}),
            .notes = r.notes};
    });
}

}  // namespace programs
