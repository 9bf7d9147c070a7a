// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "decoder_report.hpp"

#include "common/model.hpp"
#include "common/program.hpp"
#include "common/text.hpp"

#include <cesaro/files/config_json.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/profile_distance.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
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

std::string title_of(const experiment& e) {
    return fmt::format("{}{}: {}, width {}, {}", e.outline.name, e.has_weights() ? "" : " at initialisation",
                       counted(e.config.layers, "layer"), e.config.width, counted(e.tokens, "token"));
}

/// Those of the outline are what row_theory leaves out.
std::vector<std::string> notes_of(const experiment& e) {
    std::vector<std::string> notes = notes_beside_prediction(e.outline, e.tokens, "row_theory");
    if (e.has_weights() && e.prompts.empty())
        notes.push_back(
            "the prompts are random tokens, which no training text resembles: --token-ids gives others");
    return notes;
}

/// What is differentiated, when it is not the whole hidden state.
ordered_json probes_json(const cesaro::jacobian_probes& probes) {
    switch (probes.kind) {
        case probe_kind::gaussian:
            return probes.count;
        case probe_kind::exact:
            return "exact";
        case probe_kind::ones:
            return "ones";
        case probe_kind::norm:
            return probes.output == cesaro::decoder_output::residual ? "norm=residual" : "norm=embedding";
        case probe_kind::logit:
            return fmt::format("logit={}", probes.token);
        case probe_kind::log_probability:
            return fmt::format("log-probability={}", probes.token);
        case probe_kind::argmax_probability:
            return "argmax-probability";
    }
    return nullptr;
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

/// The reading from the last of the positions.
const decoder_profiles& longest(const std::vector<decoder_profiles>& readings) {
    return *std::ranges::max_element(readings, {}, &decoder_profiles::query);
}

/// Of what something was measured.
ordered_json facts_of(const experiment& e, const std::optional<double>& loss) {
    ordered_json json = facts_of(e.config, e.outline);
    json["weights"] = e.has_weights() ? "loaded" : "drawn";
    if (e.loaded) {
        json["tensors"] = {
            {"loaded", e.tensors.loaded}, {"passed_over", e.tensors.passed_over}, {"types", e.tensors.types}};
    }
    if (loss) {
        json["loss"] = *loss;
        json["uniform_loss"] = std::log(double(e.config.vocab_size));
    }
    json["tokens"] = e.tokens;
    json["token_ids"] = e.prompts.empty() ? "drawn" : "given";
    json["draws"] = e.draws;
    return json;
}
ordered_json facts_of(const std::vector<decoder_profiles>& readings) {
    const experiment& e = longest(readings).of;
    ordered_json json = facts_of(e, longest(readings).loss);
    if (readings.size() > 1)
        for (const decoder_profiles& p : readings)
            json["queries"].push_back(p.query());
    json["probes"] = probes_json(e.probes);
    json["seed"] = e.probes.seed;
    json["output"] = e.probes.output == cesaro::decoder_output::normalized ? "normalized" : "residual";
    json["average"] = e.probes.average == cesaro::profile_average::normalized ? "normalized" : "rms";
    return json;
}

/// What a reader is to know of a checkpoint: that it is the right one.
std::string checkpoint_lines(const experiment& e, const std::optional<double>& loss) {
    if (!e.loaded) return "";
    std::string types;
    for (const auto& [type, count] : e.tensors.types)
        types += fmt::format("{}{}", types.empty() ? "" : ", ", type);
    std::string text = fmt::format("\nloaded {} of {}, {} passed over", counted(e.tensors.loaded, "tensor"),
                                   types, e.tensors.passed_over.size());
    if (loss)
        text += fmt::format("; loss of the prompts {:.4g} nats per token, {:.4g} if all were equally likely",
                            *loss, std::log(double(e.config.vocab_size)));
    return text;
}

/// A profile in a few numbers, each but the valley's place in even shares.
struct profile_shape {
    Index of_query;
    std::string name;
    double first_token, first_tenth, valley, neighbour, query;
    Index valley_position;
};
profile_shape shape_of(const std::string& name, const VectorXd& profile) {
    const cesaro::profile_summary<double> s = cesaro::summarize(profile);
    const auto n = double(profile.size());
    const cesaro::profile_tenths split = cesaro::tenths(profile.size());
    return {profile.size() - 1, name,
            n * s.first_token,  n / double(split.primacy_end) * s.primacy,
            n * s.valley,       profile.size() > 1 ? n * profile[profile.size() - 2] / profile.sum() : 0,
            n * s.last_token,   Index(s.valley_position)};
}
std::vector<profile_shape> shapes_of(const decoder_profiles& p) {
    std::vector<profile_shape> shapes{shape_of("measured", p.measured)};
    for (const decoder_theory& theory : p.theories)
        shapes.push_back(shape_of(theory.name, theory.profile));
    return shapes;
}
/// Every reading's, one below the other.
table shape_table(const std::vector<decoder_profiles>& readings) {
    std::vector<profile_shape> shapes;
    for (const decoder_profiles& p : readings)
        std::ranges::copy(shapes_of(p), std::back_inserter(shapes));
    const auto column = columns_over(shapes);
    table t = {column("in even shares", [](const profile_shape& s) { return s.name; }),
               column("first_token", [](const profile_shape& s) { return s.first_token; }),
               column("first_tenth", [](const profile_shape& s) { return s.first_tenth; }),
               column("valley", [](const profile_shape& s) { return s.valley; }),
               column("valley_position", [](const profile_shape& s) { return s.valley_position; }),
               column("neighbour", [](const profile_shape& s) { return s.neighbour; }),
               column("query", [](const profile_shape& s) { return s.query; })};
    if (readings.size() > 1)
        t.insert(t.begin(), column("read from", [](const profile_shape& s) { return s.of_query; }));
    return t;
}

/// One position of one reading.
struct profile_cell {
    const decoder_profiles* of;
    Index position;
};
table profile_table(const std::vector<decoder_profiles>& readings, const position_options& positions,
                    output_format format) {
    std::vector<profile_cell> cells;
    for (const decoder_profiles& p : readings)
        for (const Index m : positions.choose(p.measured.size(), format))
            cells.push_back({&p, m});
    const auto column = columns_over(cells);
    table t;
    if (readings.size() > 1)
        t.push_back(column("query", [](const profile_cell& c) { return c.of->query(); }));
    t.push_back(column("position", [](const profile_cell& c) { return c.position; }));
    t.push_back(column("measured", [](const profile_cell& c) { return c.of->measured[c.position]; }));
    t.push_back(
        column("standard_error", [](const profile_cell& c) { return c.of->standard_error[c.position]; }));
    for (Index i = 0; i < readings[0].percentiles.cols(); ++i) {
        static constexpr const char* names[] = {"percentile_10", "median", "percentile_90"};
        t.push_back(
            column(names[i], [&](const profile_cell& c) { return c.of->percentiles(c.position, i); }));
    }
    for (std::size_t i = 0; i < readings[0].theories.size(); ++i)
        t.push_back(column(readings[0].theories[i].name,
                           [&](const profile_cell& c) { return c.of->theories[i].profile[c.position]; }));
    return t;
}

/// A theory of one reading.
struct score_cell {
    const decoder_profiles* of;
    const decoder_theory* theory;
};
table score_table(const std::vector<decoder_profiles>& readings) {
    std::vector<score_cell> cells;
    for (const decoder_profiles& p : readings)
        for (const decoder_theory& theory : p.theories)
            cells.push_back({&p, &theory});
    const auto column = columns_over(cells);
    table t = {column("against measured", [](const score_cell& c) { return c.theory->name; }),
               column("spearman", [](const score_cell& c) { return c.theory->spearman; }),
               column("wasserstein", [](const score_cell& c) { return c.theory->wasserstein; }),
               column("total_variation", [](const score_cell& c) { return c.theory->total_variation; })};
    if (readings.size() > 1)
        t.insert(t.begin(), column("read from", [](const score_cell& c) { return c.of->query(); }));
    return t;
}

/// What is fitted to a reading, and how near the theories come.
ordered_json fits_of(const decoder_profiles& p) {
    ordered_json json;
    json["fitted_alpha"] = p.fitted_alpha;
    json["fitted_gain_factor"] = p.fitted_gain_factor;
    for (const decoder_theory& t : p.theories) {
        json["scores"][t.name] = {
            {"spearman", t.spearman}, {"wasserstein", t.wasserstein}, {"total_variation", t.total_variation}};
    }
    for (const profile_shape& s : shapes_of(p)) {
        json["shape"][s.name] = {{"first_token", s.first_token}, {"first_tenth", s.first_tenth},
                                 {"valley", s.valley},           {"valley_position", s.valley_position},
                                 {"neighbour", s.neighbour},     {"query", s.query}};
    }
    return json;
}

/// A list per profile, which scripts take up more easily than a list of rows.
std::string document(const std::vector<decoder_profiles>& readings, const report& r) {
    ordered_json json = preface(r);
    for (const column& c : r.rows)
        std::visit([&](const auto& cells) { json[c.name] = cells; }, c.cells);
    if (readings.size() == 1) {
        json.update(fits_of(readings[0]));
    } else {
        for (const decoder_profiles& p : readings) {
            ordered_json fits = {{"query", p.query()}};
            fits.update(fits_of(p));
            json["readings"].push_back(fits);
        }
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

/// What was measured, with its errors, and some theories.
drawing drawing_of(const decoder_profiles& p, const std::string& measured,
                   const std::vector<const decoder_theory*>& theories) {
    const bool errors = p.standard_error.allFinite();
    std::vector<curve> curves;
    if (errors)
        curves.push_back(
            {error_band(p), "with filledcurves closed lc rgb '#bbbbbb'", measured + ", ± 2 standard errors"});
    const double last = double(p.measured.size() - 1);
    curves.push_back({points_of(p.measured),
                      fmt::format("with points pt 7 ps {} lc rgb '#444444'", last < 100 ? 0.8 : 0.35),
                      errors ? "" : measured});
    const std::size_t styles[] = {1, 3, 0, 2};  // the solid line is what is predicted
    for (const decoder_theory* const theory : theories)
        curves.push_back({points_of(theory->profile),
                          "with lines " + line_style(styles[std::size_t(theory - p.theories.data())]),
                          theory->legend});
    return {.title = title_of(p.of),
            .x_label = "position of the source token",
            .y_label = "share of the Jacobian norm",
            .script = frame(last) + plot_curves(curves),
            .notes = notes_of(p.of)};
}

/// What was measured from every position, and what is predicted of it.
drawing drawing_of(const std::vector<decoder_profiles>& readings) {
    if (readings.size() == 1) {
        std::vector<const decoder_theory*> all;
        for (const decoder_theory& theory : readings[0].theories)
            all.push_back(&theory);
        return drawing_of(readings[0], "measured", all);
    }
    std::vector<curve> curves;
    for (std::size_t i = 0; i < readings.size(); ++i) {
        const decoder_profiles& p = readings[i];
        const std::string style = line_style(i);
        curves.push_back({points_of(p.measured), "with points ps 0.35 " + style,
                          fmt::format("measured from position {}", p.query())});
        for (const decoder_theory& t : p.theories)
            if (t.name == "predicted")
                curves.push_back({points_of(t.profile), "with lines " + style,
                                  fmt::format("predicted from position {}", p.query())});
    }
    return {
        .title = title_of(longest(readings).of),
        .x_label = "position of the source token",
        .y_label = "share of the Jacobian norm",
        .script = frame(double(longest(readings).query())) + "set key outside right\n" + plot_curves(curves),
        .notes = notes_of(longest(readings).of)};
}

}  // namespace

drawing comparison_of(const decoder_profiles& reading) {
    std::vector<const decoder_theory*> theories;
    for (const decoder_theory& theory : reading.theories)
        if (theory.name == "predicted" || theory.name == "initialized") theories.push_back(&theory);
    return drawing_of(reading, "trained", theories);
}

void prepare(destinations& files, const std::vector<decoder_profiles>& readings,
             const position_options& positions, const output_options& output) {
    const decoder_profiles& whole = longest(readings);
    report r{.heading = title_of(whole.of) + checkpoint_lines(whole.of, whole.loss),
             .facts = facts_of(readings),
             .rows_name = "profile",
             .rows = profile_table(readings, positions, output.format),
             .notes = notes_of(whole.of)};
    Index all = 0;
    for (const decoder_profiles& p : readings)
        all += p.measured.size();
    positions.annotate(r, all, output.format);
    const bool json = output.format == output_format::json;
    std::string text = json ? document(readings, r) : render(r, output);
    if (output.format == output_format::text) {
        for (const decoder_profiles& p : readings)
            text += fmt::format("\n{}fitted alpha {:.6g}, fitted gain factor {:.6g}",
                                readings.size() > 1 ? fmt::format("from position {}: ", p.query()) : "",
                                p.fitted_alpha, p.fitted_gain_factor);
        text += "\n\n" + to_text(score_table(readings)) + "\n" + to_text(shape_table(readings));
    }
    if (output.format != output_format::text)
        for (const std::string& note : r.notes)
            print_note(note);
    files.prepare(text, [&] { return drawing_of(readings); });
}

namespace {

/// The weight on the first token from which a head counts as a sink, in prompts so long that uniform attention has
/// not half of it there.
double sink_threshold(Index tokens) {
    double uniform = 0;
    for (Index n = 1; n <= tokens; ++n)
        uniform += 1 / (double(n) * double(tokens));
    return std::max(0.3, 2 * uniform);
}

template <class F>
double over_heads(const cesaro::layer_statistics& layer, const F& f) {
    double mean = 0;
    for (const cesaro::head_statistics& head : layer.heads)
        mean += f(head) / double(layer.heads.size());
    return mean;
}

table table_of_layers(const layers_report& r) {
    using cesaro::head_statistics;
    std::vector<Index> numbers;
    for (std::size_t l = 0; l < r.measured.size(); ++l)
        numbers.push_back(Index(l));
    const auto column = columns_over(numbers);
    const auto at = [&](Index l) -> const cesaro::layer_statistics& { return r.measured[std::size_t(l)]; };
    const auto mean = [&](const char* name, double head_statistics::*x) {
        return column(name, [&, x](Index l) {
            return over_heads(at(l), [&](const head_statistics& h) { return h.*x; });
        });
    };
    return {column("layer", [](Index l) { return l; }),
            column("attention_share", [&](Index l) { return at(l).attention_share; }),
            column("predicted_attention_share", [&](Index l) { return r.predicted.alphas()[l]; }),
            column("mean_attention_share", [&](Index l) { return at(l).mean_attention_share; }),
            column("feed_forward_share", [&](Index l) { return at(l).feed_forward_share; }),
            column("mean_feed_forward_share", [&](Index l) { return at(l).mean_feed_forward_share; }),
            mean("tokens_seen", &head_statistics::tokens_seen),
            column("predicted_tokens_seen", [&](Index l) { return r.predicted.tokens_seen()[l]; }),
            mean("mean_distance", &head_statistics::mean_distance),
            mean("uniformity", &head_statistics::uniformity),
            mean("first_token", &head_statistics::first_token),
            column("sinks", [&, threshold = sink_threshold(r.of.tokens)](Index l) {
                return Index(std::ranges::count_if(
                    at(l).heads, [&](const head_statistics& h) { return h.first_token > threshold; }));
            })};
}

table table_of_heads(const layers_report& r) {
    using cesaro::head_statistics;
    struct place {
        Index layer, head;
        const head_statistics* s;
    };
    std::vector<place> places;
    for (std::size_t l = 0; l < r.measured.size(); ++l)
        for (std::size_t h = 0; h < r.measured[l].heads.size(); ++h)
            places.push_back({Index(l), Index(h), &r.measured[l].heads[h]});
    const auto column = columns_over(places);
    return {column("layer", [](const place& p) { return p.layer; }),
            column("head", [](const place& p) { return p.head; }),
            column("tokens_seen", [](const place& p) { return p.s->tokens_seen; }),
            column("mean_distance", [](const place& p) { return p.s->mean_distance; }),
            column("uniformity", [](const place& p) { return p.s->uniformity; }),
            column("first_token", [](const place& p) { return p.s->first_token; }),
            column("output_norm", [](const place& p) { return p.s->output_norm; })};
}

}  // namespace

void prepare(destinations& files, const layers_report& layers) {
    report r{.heading = title_of(layers.of) + checkpoint_lines(layers.of, layers.loss),
             .facts = facts_of(layers.of, layers.loss),
             .rows_name = layers.by_head ? "heads" : "layers_report",
             .rows = layers.by_head ? table_of_heads(layers) : table_of_layers(layers),
             .notes = notes_of(layers.of)};
    std::erase_if(r.notes, [](const std::string& note) { return note.starts_with("in row_theory"); });
    std::vector<double> lambdas;
    for (const cesaro::layer_statistics& layer : layers.measured)
        lambdas.push_back(layer.mean_attention_share);
    r.facts["lambda_schedule_config"] = {{"schedule_type", "custom"}, {"lambdas_custom", lambdas}};
    files.prepare(r, [&] {
        std::vector<curve> curves;
        const auto add = [&](const char* legend, const auto& share) {
            std::vector<std::pair<double, double>> points;
            for (std::size_t l = 0; l < layers.measured.size(); ++l)
                points.emplace_back(double(l), share(l));
            curves.push_back({std::move(points), "with linespoints " + line_style(curves.size()), legend});
        };
        const auto& all = layers.measured;
        add("attention, measured", [&](std::size_t l) { return all[l].attention_share; });
        add("attention, predicted", [&](std::size_t l) { return layers.predicted.alphas()[Index(l)]; });
        add("attention, mean over positions", [&](std::size_t l) { return all[l].mean_attention_share; });
        add("feed-forward, measured", [&](std::size_t l) { return all[l].feed_forward_share; });
        return drawing{
            .title = title_of(layers.of),
            .x_label = "layer",
            .y_label = "share of what a branch adds, against the stream before it",
            .script = fmt::format("set yrange [0:*]\nset xtics {} nomirror\nset key outside right\n",
                                  (all.size() + 11) / 12) +  // whole layers
                      plot_curves(curves),
            .notes = r.notes};
    });
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
