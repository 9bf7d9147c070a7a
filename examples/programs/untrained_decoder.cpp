// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The position bias of a real decoder before training: the Jacobian norms of a network drawn from its
// configuration, beside three theories of them.

#include "common/positions.hpp"
#include "common/program.hpp"
#include "common/report.hpp"
#include "common/schedule_options.hpp"
#include "common/text.hpp"
#include "decoder_description.hpp"
#include "decoder_experiment.hpp"
#include "decoder_files.hpp"
#include "decoder_report.hpp"
#include "ranks.hpp"

#include <cesaro/decoder/mean_field.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/fit_network.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using Eigen::Index;
using programs::decoder_profiles;
using programs::experiment;
using programs::usage_error;

constexpr const char* description =
    R"(How much each token of a prompt moves the last token's final hidden state, in a decoder drawn from its
configuration (or loaded), beside what theory says. Profiles over positions, each summing to one:
  measured         norms of the Jacobian of the last hidden state by each token's embedding
  standard_error   of measured: over draws; with one draw over its Gaussian probes, given the network; inf
                   (null in JSON) with one draw of one probe, exact or ones, which gives no estimate
  row_theory       the influence row, with the one alpha of all layers that fits best
  jacobian_theory  Jacobian norms under independent weights: gains per layer and position, from the
                   configuration, times the one factor that fits best
  predicted        the mean field of the configuration: nothing fitted
  initialized      with --weights: measured of the same configuration, drawn
From several positions --query, with the column query, each by itself.
With several prompts of --token-ids also percentile_10, median and percentile_90 of their profiles.
Scores of each theory, and of initialized, against measured (table and JSON):
  spearman         rank correlation
  wasserstein      distance in units of the context: 0 where equal, at most 1
  total_variation  half the sum of the differences
and the shape of each, in even shares, 1 being what every token would have: first_token, first_tenth, valley, the
least and its valley_position, neighbour, the token before the query, and query.
row_theory takes layers to see the whole past; a sliding window is in the others.
With --draws 0 nothing is measured, and predicted alone is printed.

With --layers-report, what the layers do with the prompts instead, x being the residual stream, a what a branch
adds to it, A the attention of a head, from the last token unless said otherwise:
  attention_share, feed_forward_share          |a| / (|x| + |a|); predicted_ from the mean field
  mean_attention_share, mean_feed_forward_share   their means over all tokens
  tokens_seen      1 / sum A^2, tokens seen in effect, mean over heads; predicted_ from the mean field
  mean_distance    sum A (n - m), mean over heads
  uniformity       cosine between A and uniform attention, mean over heads
  first_token      weight on the first token, mean over all queries and heads; sinks: heads where it exceeds 0.3
                   and twice what uniform attention has there
With --by-head of every head, with output_norm: of what it gives, over the mean of its layer's heads.

OMP_NUM_THREADS sets the number of threads, which does not change results. On a busy machine set
OMP_WAIT_POLICY=passive as well.)";

struct settings {
    programs::experiment_options experiment;
    bool describe = false;
    bool layers_report = false;
    bool by_head = false;
    std::string save;
    std::string compare;
    programs::position_options positions;
    programs::output_options output;
};

/// The three theories, each with what is fitted to the measurement.
void add_theories(decoder_profiles& p) {
    const cesaro::decoder_config& config = p.of.config;
    const Index tokens = p.measured.size();
    const cesaro::profile_fit alpha = cesaro::fit_constant_mixing(p.measured, config.layers);
    const auto schedule = cesaro::mixing_schedule<double>::constant(config.layers, alpha.parameter);
    p.add("row_theory", fmt::format("influence row, α = {:.3f} fitted", alpha.parameter),
          cesaro::influence_row(tokens, schedule));

    cesaro::position_gains<double> gains = cesaro::mean_field_gains(config, tokens);
    const cesaro::profile_fit gain = cesaro::fit_gain_factor(p.measured, gains);
    gains.attention *= gain.parameter;
    gains.feed_forward *= gain.parameter;
    p.add("jacobian_theory", fmt::format("Jacobian theory, gains times {:.3f} fitted", gain.parameter),
          cesaro::jacobian_profile(gains));

    p.add("predicted", "predicted from the configuration", cesaro::mean_field_profile(config, tokens));
    p.fitted_alpha = alpha.parameter;
    p.fitted_gain_factor = gain.parameter;
}

/// The values below which a share `p` of each row's lies, between neighbours linearly.
Eigen::VectorXd percentile(const Eigen::MatrixXd& samples, double p) {
    Eigen::VectorXd result(samples.rows());
    for (Index m = 0; m < samples.rows(); ++m) {
        Eigen::VectorXd row = samples.row(m).transpose();
        std::sort(row.begin(), row.end());
        const double at = p * double(row.size() - 1);
        const auto below = Index(at);
        const Index above = std::min(below + 1, row.size() - 1);
        result[m] = row[below] + (at - double(below)) * (row[above] - row[below]);
    }
    return result;
}

decoder_profiles profiles_of(const experiment& e, const programs::measurement& m) {
    const double sum = m.estimate.profile.sum();
    decoder_profiles p{.of = e,
                       .measured = m.estimate.profile / sum,
                       .standard_error = m.estimate.standard_error / sum,
                       .percentiles = {},
                       .loss = e.loss()};
    if (e.prompts.size() > 1) {
        p.percentiles.resize(e.tokens, 3);
        p.percentiles << percentile(m.profiles, 0.1), percentile(m.profiles, 0.5),
            percentile(m.profiles, 0.9);
    }
    add_theories(p);
    if (e.has_weights())
        p.add("initialized", "the same configuration, untrained", e.measure(false).estimate.profile);
    return p;
}

void save(const std::string& directory, const experiment& e, const Eigen::VectorXd& norms) {
    std::optional<cesaro::decoder<float>> drawn;  // again, rather than kept through the work
    const cesaro::decoder<float>& model = e.loaded ? *e.loaded : drawn.emplace(e.draw_network(0));
    programs::save_decoder(directory, {model, cesaro::embed(model, e.ids(0)), norms});
}

/// What the library would find out too, without the name of an option.
experiment checked_experiment(programs::experiment_options options) {
    options.config = programs::input_path(options.config);
    options.token_ids = programs::input_path(options.token_ids);
    if (!options.weights.empty()) programs::check_loadable(options.weights);
    experiment e = resolve(options);
    programs::check_layers("'" + options.source() + "'", e.config.layers);
    if (e.config.learned_positions && e.tokens > e.config.max_positions) {
        throw usage_error(fmt::format("{}: {} tokens are more than the {} positions that '{}' has learned",
                                      e.prompts.empty() || options.tokens ? "--tokens" : "--token-ids",
                                      e.tokens, e.config.max_positions, options.source()));
    }
    return e;
}

/// How many the prediction is of: all, or those up to the query.
Index predicted_tokens(const programs::experiment_options& options, const cesaro::decoder_config& config) {
    const Index tokens = options.prompt_length(config);
    if (options.queries.empty()) return tokens;
    if (options.queries.size() > 1) throw usage_error("--query: --draws 0 predicts from one position");
    if (options.queries[0] >= tokens)
        throw usage_error(fmt::format("--query: {} must be one of the {} positions of the prompt, from 0",
                                      options.queries[0], tokens));
    return options.queries[0] + 1;
}

/// The prediction alone.
void predict(programs::destinations& files, const settings& s) {
    for (const auto& [option, value] : {std::pair{"--weights", s.experiment.weights},
                                        {"--token-ids", s.experiment.token_ids},
                                        {"--save", s.save}})
        if (!value.empty()) throw usage_error(fmt::format("--draws: 0 measures nothing: give no {}", option));
    if (s.layers_report) throw usage_error("--draws: 0 measures nothing: give no --layers-report");
    programs::experiment_options options = s.experiment;
    options.config = programs::input_path(options.config);
    const programs::chosen_decoder decoder = programs::resolve_decoder(options);
    programs::check_layers("'" + options.source() + "'", decoder.config.layers);
    const Index tokens = predicted_tokens(options, decoder.config);
    programs::prepare(files, {decoder, cesaro::predict(decoder.config, tokens)}, s.positions, s.output);
}

/// One process writes.
programs::output_options output_of_this_rank(programs::output_options output) {
    if (!programs::all_ranks().is_first()) output.file = output.plot = "";
    return output;
}

/// Makes the files appear, and what was said on standard output.
void commit(programs::destinations& files) {
    if (programs::all_ranks().is_first()) files.commit();
}

/// What cannot be written is found out before the work; what is written appears after all of it.
void run(settings s) {
    s.output = output_of_this_rank(s.output);
    if (!programs::all_ranks().is_first()) s.save = s.compare = "";
    if (programs::all_ranks().count() > 1 && (s.experiment.token_ids == "-" || s.experiment.config == "-"))
        throw usage_error("standard input is not shared by the processes of MPI: give a file instead of '-'");
    programs::destinations files(s.output);
    files.add("--compare", s.compare, true);
    if (s.describe) {
        prepare(files, resolve_decoder(s.experiment), s.output);
        commit(files);
        return;
    }
    if (s.experiment.draws == Index(0)) {
        predict(files, s);
        commit(files);
        return;
    }
    if (!s.save.empty()) programs::check_savable(s.save);
    const experiment whole = checked_experiment(s.experiment);
    std::vector<Index> queries = s.experiment.queries;
    if (queries.empty()) queries.push_back(whole.tokens - 1);
    const experiment e = whole.read_from(std::ranges::max(queries));
    if (s.layers_report) {
        if (queries.size() > 1)
            throw usage_error("--layers-report reads from one position: give one --query");
        prepare(files, programs::layers_report{.of = e,
                                               .measured = e.report_layers(),
                                               .predicted = cesaro::predict(e.config, e.tokens),
                                               .loss = e.loss(),
                                               .by_head = s.by_head});
        commit(files);
        return;
    }
    if (!s.save.empty() && e.draws > 1)
        throw usage_error(fmt::format("--save: one network is saved, not {}: give --draws 1", e.draws));
    if (!s.save.empty() && queries.size() > 1)
        throw usage_error("--save: one reading is saved: give one --query");
    if (!s.compare.empty() && queries.size() > 1)
        throw usage_error("--compare draws one reading: give one --query");
    if (!s.save.empty() && e.stream)
        throw usage_error("--save: the network is kept one layer at a time, and cannot be saved");
    if (!s.save.empty()) cesaro::decoder_config_text(e.config);  // else there is no config.json of it
    std::vector<decoder_profiles> readings;
    Eigen::VectorXd norms;
    for (const Index query : queries) {
        const experiment reading = e.read_from(query);
        const programs::measurement measured = reading.measure(e.has_weights());
        readings.push_back(profiles_of(reading, measured));
        norms = measured.estimate.profile;
    }
    if (!s.compare.empty()) files.write(s.compare, draw(comparison_of(readings[0]), s.compare));
    prepare(files, readings, s.positions, s.output);
    if (!s.save.empty()) save(s.save, e, norms);
    commit(files);
}

}  // namespace

int main(int argc, char* argv[]) {
    const programs::ranks ranks(argc, argv);
    CLI::App app(description, "untrained_decoder");
    settings s;
    s.experiment.add_to(app);
    app.add_flag("--describe", s.describe,
                 "Print the description of the decoder that was read, and build nothing");
    auto* const report = app.add_flag("--layers-report", s.layers_report,
                                      "What the layers do with the prompts, and no Jacobian norms");
    app.add_flag("--by-head", s.by_head, "The report of every head")->needs(report);
    app.get_option("--layers")->check([](const std::string& text) {  // the limit of all programs
        programs::parse_depths("--layers", {text});
        return std::string();
    });
    programs::add_word(app, "--save", s.save, "DIR", "Write weights, config.json, input and norms there")
        ->excludes(report);
    programs::add_word(app, "--compare", s.compare, "FILE",
                       "Draw the trained decoder, the same one initialized, and its prediction, and no more")
        ->needs("--weights")
        ->excludes(report);
    s.positions.add_to(app);
    s.output.add_to(app, "the profiles");
    return ranks.finish(programs::run(app, argc, argv, [&] {
        try {
            run(s);
        } catch (const std::length_error& error) {  // what does not fit in memory
            throw usage_error(fmt::format("'{}': {}", s.experiment.source(), error.what()));
        }
    }));
}
