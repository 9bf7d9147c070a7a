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

#include <cesaro/decoder/mean_field.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/fit_network.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

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
Scores of each theory, and of initialized, against measured (table and JSON):
  spearman         rank correlation
  wasserstein      distance in units of the context: 0 where equal, at most 1
  total_variation  half the sum of the differences
row_theory takes layers to see the whole past; a sliding window is in the others.
With --draws 0 nothing is measured, and predicted alone is printed.

OMP_NUM_THREADS sets the number of threads, which does not change results. On a busy machine set
OMP_WAIT_POLICY=passive as well.)";

struct settings {
    programs::experiment_options experiment;
    bool describe = false;
    std::string save;
    programs::position_options positions;
    programs::output_options output;
};

/// The three theories, each with what is fitted to the measurement.
void add_theories(decoder_profiles& p) {
    const Index tokens = p.measured.size();
    const cesaro::profile_fit alpha = cesaro::fit_constant_mixing(p.measured, p.config.layers);
    const auto schedule = cesaro::mixing_schedule<double>::constant(p.config.layers, alpha.parameter);
    p.add("row_theory", fmt::format("influence row, α = {:.3f} fitted", alpha.parameter),
          cesaro::influence_row(tokens, schedule));

    cesaro::position_gains<double> gains = cesaro::mean_field_gains(p.config, tokens);
    const cesaro::profile_fit gain = cesaro::fit_gain_factor(p.measured, gains);
    gains.attention *= gain.parameter;
    gains.feed_forward *= gain.parameter;
    p.add("jacobian_theory", fmt::format("Jacobian theory, gains times {:.3f} fitted", gain.parameter),
          cesaro::jacobian_profile(gains));

    p.add("predicted", "predicted from the configuration", cesaro::mean_field_profile(p.config, tokens));
    p.fitted_alpha = alpha.parameter;
    p.fitted_gain_factor = gain.parameter;
}

decoder_profiles profiles_of(const experiment& e, const cesaro::profile_estimate<double>& estimate) {
    const double sum = estimate.profile.sum();
    decoder_profiles p{.config = e.config,
                       .outline = e.outline,
                       .loaded = e.loaded.has_value(),
                       .given = !e.ids.empty(),
                       .draws = e.draws,
                       .probes = e.probes,
                       .measured = estimate.profile / sum,
                       .standard_error = estimate.standard_error / sum};
    add_theories(p);
    if (e.loaded) p.add("initialized", "the same configuration, untrained", e.measure(false).profile);
    return p;
}

void save(const std::string& directory, const experiment& e, const Eigen::VectorXd& norms) {
    std::optional<cesaro::decoder<float>> drawn;  // again, rather than kept through the work
    const cesaro::decoder<float>& model = e.loaded ? *e.loaded : drawn.emplace(e.draw_network(0));
    programs::save_decoder(directory, {model, cesaro::embed(model, e.prompt(0)), norms});
}

/// Where the configuration is from.
const std::string& source_of(const programs::experiment_options& options) {
    return options.config.empty() ? options.weights : options.config;
}

/// What the library would find out too, without the name of an option.
experiment checked_experiment(programs::experiment_options options) {
    options.config = programs::input_path(options.config);
    options.token_ids = programs::input_path(options.token_ids);
    if (!options.weights.empty()) programs::check_loadable(options.weights);
    experiment e = resolve(options);
    programs::check_layers("'" + source_of(options) + "'", e.config.layers);
    if (e.config.learned_positions && e.tokens > e.config.max_positions) {
        throw usage_error(fmt::format("{}: {} tokens are more than the {} positions that '{}' has learned",
                                      e.ids.empty() || options.tokens ? "--tokens" : "--token-ids", e.tokens,
                                      e.config.max_positions, source_of(options)));
    }
    return e;
}

/// The prediction alone.
void predict(programs::destinations& files, const settings& s) {
    for (const auto& [option, value] : {std::pair{"--weights", s.experiment.weights},
                                        {"--token-ids", s.experiment.token_ids},
                                        {"--save", s.save}})
        if (!value.empty()) throw usage_error(fmt::format("--draws: 0 measures nothing: give no {}", option));
    programs::experiment_options options = s.experiment;
    options.config = programs::input_path(options.config);
    const programs::chosen_decoder decoder = programs::resolve_decoder(options);
    programs::check_layers("'" + source_of(options) + "'", decoder.config.layers);
    const Index tokens = options.tokens.value_or(256);
    programs::prepare(files, {decoder, cesaro::predict(decoder.config, tokens)}, s.positions, s.output);
}

/// What cannot be written is found out before the work; what is written appears after all of it.
void run(const settings& s) {
    programs::destinations files(s.output);
    if (s.describe) {
        prepare(files, resolve_decoder(s.experiment), s.output);
        files.commit();
        return;
    }
    if (s.experiment.draws == 0) {
        predict(files, s);
        files.commit();
        return;
    }
    if (!s.save.empty()) programs::check_savable(s.save);
    const experiment e = checked_experiment(s.experiment);
    if (!s.save.empty() && e.draws > 1)
        throw usage_error(fmt::format("--save: one network is saved, not {}: give --draws 1", e.draws));
    if (!s.save.empty()) cesaro::decoder_config_text(e.config);  // else there is no config.json of it
    const cesaro::profile_estimate<double> estimate = e.measure(e.loaded.has_value());
    prepare(files, profiles_of(e, estimate), s.positions, s.output);
    if (!s.save.empty()) save(s.save, e, estimate.profile);
    files.commit();
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "untrained_decoder");
    settings s;
    s.experiment.add_to(app);
    app.add_flag("--describe", s.describe,
                 "Print the description of the decoder that was read, and build nothing");
    app.get_option("--layers")->check([](const std::string& text) {  // the limit of all programs
        programs::parse_depths("--layers", {text});
        return std::string();
    });
    programs::add_word(app, "--save", s.save, "DIR", "Write weights, config.json, input and norms there");
    s.positions.add_to(app);
    s.output.add_to(app, "the profiles");
    return programs::run(app, argc, argv, [&] {
        try {
            run(s);
        } catch (const std::length_error& error) {  // what does not fit in memory
            throw usage_error(fmt::format("'{}': {}", source_of(s.experiment), error.what()));
        }
    });
}
