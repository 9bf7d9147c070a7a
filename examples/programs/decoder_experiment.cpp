// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "decoder_experiment.hpp"

#include "common/model.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/text.hpp"

#include <cesaro/decoder/draws.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/untrained_jacobian_norms.hpp>
#include <cesaro/files/checkpoint.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/files/token_ids.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <numeric>
#include <optional>
#include <set>
#include <vector>

namespace programs {

namespace fs = std::filesystem;
using cesaro::decoder_config;
using cesaro::probe_kind;
using Eigen::Index;

void experiment_options::add_to(CLI::App& app) {
    add_word(app, "--config", config, "FILE", "The config.json of a decoder (docs/models.md: families)");
    app.add_option_function<std::string>(
           "--tokens",
           [this](const std::string& text) { tokens = parse_count("--tokens", text, 2, 1 << 20); },
           "Length of the prompt [256]")
        ->type_name("N");
    add_count(app, "--layers,--depth", layers, 0, 1 << 20, "Layers, instead of the configuration's");
    add_count(app, "--width", width, 1, Index(1) << 30,
              "A smaller width, with the same heads and the inner layer in proportion");
    app.add_option("--rope", rope, "Rotate queries and keys, or do not; learned positions stay")
        ->check(CLI::IsMember({"on", "off"}))
        ->type_name("on|off");
    add_count(app, "--draws", draws, 0, 1'000'000,
              "Draws of weights and prompt to average over; 0: predict, and measure nothing [1]");
    app.add_option("--probes", probes,
                   "Gaussian probes per draw; or exact: all basis vectors; or ones: the summed output [8]")
        ->type_name("K|exact|ones");
    add_count(app, "--seed", seed, 0, std::numeric_limits<Index>::max(), "Seed of everything random [0]");
    add_word(app, "--weights", weights, "PATH",
             "Load the weights from a directory with model.safetensors, or a file, and compare with their "
             "initialization; draws are prompts");
    add_word(app, "--token-ids", token_ids, "FILE",
             "Token ids of the prompt, numbers apart by blanks; else they are random");
}

cesaro::decoder<float> experiment::draw_network(std::uint64_t draw) const {
    return cesaro::initialize_decoder<float>(config, cesaro::draw_seeds(probes.seed, draw).weights);
}

std::vector<Index> experiment::prompt(std::uint64_t draw) const {
    if (!ids.empty()) return ids;
    return cesaro::uniform_token_ids(tokens, config.vocab_size, cesaro::draw_seeds(probes.seed, draw).tokens);
}

namespace {

/// Throws unless the norms make a profile.
void check_profile(const Eigen::VectorXd& norms, const std::string& weights) {
    if (!norms.allFinite())
        throw usage_error(fmt::format("no profile: the Jacobian norms overflow with {}", weights));
    if (norms.isZero(0))
        throw usage_error(fmt::format(
            "no profile: with {} no token moves the last one, all Jacobian norms are 0", weights));
}

}  // namespace

cesaro::profile_estimate<double> experiment::measure(bool of_loaded) const {
    progress_line progress("untrained_decoder", "measured");
    cesaro::jacobian_probes now = probes;
    now.progress = [&](double done) { progress(done); };
    cesaro::profile_estimate<double> estimate;
    if (of_loaded) {
        const auto input = [&](std::uint64_t draw) { return cesaro::embed(*loaded, prompt(draw)); };
        estimate = cesaro::jacobian_norms(*loaded, draws, input, now);
        check_profile(estimate.profile, fmt::format("the weights of {}", outline.name));
    } else {
        estimate = ids.empty() ? cesaro::untrained_jacobian_norms(config, tokens, draws, now, probes.seed)
                               : cesaro::untrained_jacobian_norms(config, ids, draws, now, probes.seed);
        check_profile(estimate.profile,
                      fmt::format("weights drawn with initializer_range = {:g}", config.initializer_range));
    }
    return estimate;
}

namespace {

/// Sizes in a head, which are in proportion to the width: halves of those that are rotated.
std::vector<Index*> head_sizes(decoder_config& c) {
    std::vector<Index*> sizes = {&c.head_width};
    if (c.latent) sizes.push_back(&c.latent->value_width);
    return sizes;
}
std::vector<Index*> rotated_sizes(decoder_config& c) {
    std::vector<Index*> sizes;
    if (c.latent) sizes.push_back(&c.latent->rope_width);
    for (auto* const rope : {&c.rope, &c.local_rope}) {
        if (!*rope) continue;
        if ((*rope)->width > 0) sizes.push_back(&(*rope)->width);
        if ((*rope)->width == 0 && !c.latent) sizes.push_back(&c.head_width);
    }
    return sizes;
}

/// Heads are of whole width, and of even width where they are rotated, at the multiples of this.
Index width_step(decoder_config c) {
    const Index width = c.width;
    Index step = 1;
    for (const Index* const size : head_sizes(c))
        step = std::lcm(step, width / std::gcd(*size, width));
    for (const Index* const size : rotated_sizes(c))
        step = std::lcm(step, width / std::gcd(*size / 2, width));
    return step;
}

/// So many factors of RoPE, evenly from among them.
void resample(std::vector<double>& factors, Index count) {
    std::vector<double> fewer;
    for (Index i = 0; i < count && !factors.empty(); ++i)
        fewer.push_back(factors[std::size_t(i) * factors.size() / std::size_t(count)]);
    factors = fewer;
}

/// Another width with the same heads; what is within a head, and inner layers, in proportion.
void change_width(decoder_config& c, Index width) {
    if (width > c.width)
        throw usage_error(
            fmt::format("--width: {} is more than the {} of the configuration", width, c.width));
    const Index step = width_step(c);
    const Index old_width = c.width;
    const Index old_head = c.head_width;
    if (width % step != 0) {
        const Index below = width / step * step;
        throw usage_error(fmt::format(
            "--width: {} must be a multiple of {}, so that a head ({} wide at {}) is of {} width: {}{} would "
            "do",
            width, step, c.head_width, c.width, c.rope ? "even" : "whole",
            below > 0 ? fmt::format("{} or ", below) : "", below + step));
    }
    const auto scaled = [&](Index size) { return (size * width + old_width / 2) / old_width; };
    const auto at_least_one = [&](Index& size) { size = std::max<Index>(size > 0, scaled(size)); };
    // By its value, since a size may be in both lists.
    std::set<Index*> sizes;
    for (auto* const size : head_sizes(c))
        sizes.insert(size);
    for (auto* const size : rotated_sizes(c))
        sizes.insert(size);
    for (Index* const size : sizes)
        *size = scaled(*size);
    at_least_one(c.intermediate);
    if (c.latent) {
        at_least_one(c.latent->query_rank);
        at_least_one(c.latent->rank);
    }
    if (c.experts) {
        const Index shared = c.experts->shared / c.experts->intermediate;
        const bool whole = c.experts->shared % c.experts->intermediate == 0;
        at_least_one(c.experts->intermediate);
        if (whole) {
            c.experts->shared = shared * c.experts->intermediate;
        } else {
            at_least_one(c.experts->shared);
        }
    }
    for (auto* const rope : {&c.rope, &c.local_rope}) {
        if (!*rope || (*rope)->scaling != cesaro::rope_scaling::longrope) continue;
        resample((*rope)->short_factors, c.rotated_width(**rope) / 2);
        resample((*rope)->long_factors, c.rotated_width(**rope) / 2);
    }
    // What goes with the square root of a width stays so; scores without a scale stay without.
    if (c.scores.scale > 0 && c.scores.scale < 1)
        c.scores.scale *= std::sqrt(double(old_head) / double(c.head_width));
    const double root = std::sqrt(double(old_width));
    if (std::abs(c.embedding_scale - root) < 1e-9 * root) c.embedding_scale = std::sqrt(double(width));
    c.width = width;
}

/// Where the configuration is: as the option says, or with the weights.
fs::path config_path(const experiment_options& options) {
    if (!options.config.empty()) return options.config;
    if (options.weights.empty()) throw usage_error("--config or --weights is required");
    const fs::path weights = options.weights;
    const fs::path directory = fs::is_regular_file(weights) ? weights.parent_path() : weights;
    if (fs::exists(weights) && !fs::exists(directory / "config.json"))
        throw usage_error(fmt::format("--weights: no config.json with '{}': give --config", options.weights));
    return directory / "config.json";
}

}  // namespace

chosen_decoder resolve_decoder(const experiment_options& options) {
    const fs::path file = config_path(options);
    decoder_config config = cesaro::read_decoder_config(file);
    if (!options.weights.empty() && (options.layers >= 0 || options.width > 0))
        throw usage_error("--layers and --width cannot change the network of --weights");
    if (options.layers >= 0) config.layers = options.layers;
    if (options.rope == "on" && !config.rope) config.rope.emplace();
    if (options.rope == "off") config.rope = config.local_rope = std::nullopt;
    config.validate();
    if (options.width > 0) change_width(config, options.width);
    const cesaro::model_outline whole = read_outline(file.string());
    cesaro::model_outline outline = cesaro::outline_of(config);
    outline.name = whole.name;
    outline.notes = whole.notes;
    return {config, outline};
}

namespace {

/// The final normalisation of a LayerNorm at initialization makes the sum of its outputs constant: the ones
/// probe then reads the residual stream.
cesaro::jacobian_probes resolve_probes(const experiment_options& options, const decoder_config& config) {
    cesaro::jacobian_probes probes;
    probes.seed = std::uint64_t(options.seed);
    if (options.probes == "exact") {
        probes.kind = probe_kind::exact;
    } else if (options.probes == "ones") {
        probes.kind = probe_kind::ones;
        if (config.norm.kind == cesaro::norm_kind::layer_norm)
            probes.output = cesaro::decoder_output::residual;
    } else {
        try {
            probes.count = parse_count("--probes", options.probes, 1, 1'000'000);
        } catch (const usage_error&) {
            throw usage_error(fmt::format(
                "--probes: '{}' must be a whole number in [1, 1000000], exact or ones", options.probes));
        }
    }
    return probes;
}

/// The token ids of a file, as many as asked for; none when they are to be drawn.
std::vector<Index> resolve_ids(const experiment_options& options, const decoder_config& config) {
    if (options.token_ids.empty()) return {};
    check_input(options.token_ids);
    std::vector<Index> ids = cesaro::read_token_ids(options.token_ids, config.vocab_size);
    const Index tokens = options.tokens.value_or(Index(ids.size()));
    if (Index(ids.size()) < tokens)
        throw usage_error(fmt::format("--tokens: {} is more than the {} token ids of '{}'", tokens,
                                      ids.size(), options.token_ids));
    if (tokens < 2)
        throw usage_error(
            fmt::format("--token-ids: '{}' holds one token id, and a profile needs 2", options.token_ids));
    ids.resize(std::size_t(tokens));
    return ids;
}

}  // namespace

experiment resolve(const experiment_options& options) {
    const auto [config, outline] = resolve_decoder(options);
    if (options.draws > 1 && !options.weights.empty() && !options.token_ids.empty())
        throw usage_error(
            fmt::format("--draws: {} draws are one with --weights and --token-ids, which leave "
                        "nothing to draw; more --probes sharpen the estimate",
                        options.draws));
    experiment e{.config = config,
                 .outline = outline,
                 .loaded = {},
                 .ids = resolve_ids(options, config),
                 .tokens = options.tokens.value_or(256),
                 .draws = options.draws,
                 .probes = resolve_probes(options, config)};
    if (!e.ids.empty()) e.tokens = Index(e.ids.size());
    if (!options.weights.empty())
        e.loaded.emplace(
            cesaro::decoder<float>{config, cesaro::load_weights<float>(options.weights, config)});
    return e;
}

}  // namespace programs
