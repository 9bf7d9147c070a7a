// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "decoder_experiment.hpp"

#include "common/model.hpp"
#include "common/program.hpp"
#include "common/progress.hpp"
#include "common/text.hpp"
#include "ranks.hpp"

#include <cesaro/decoder/draws.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/layer_statistics.hpp>
#include <cesaro/decoder/unembedding.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/files/checkpoint.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/files/token_ids.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <vector>

#ifdef CESARO_OPENBLAS
extern "C" void openblas_set_num_threads(int);
#endif

namespace programs {

namespace fs = std::filesystem;
using cesaro::decoder_config;
using cesaro::probe_kind;
using Eigen::Index;

void experiment_options::add_to(CLI::App& app) {
    add_word(app, "--config", config, "FILE", "The config.json of a decoder (docs/models.md: families)");
    add_word(app, "--model", model, "NAME",
             "A public model by name, in place of --config; an unknown name lists them")
        ->excludes("--config");
    app.add_option_function<std::string>(
           "--tokens",
           [this](const std::string& text) { tokens = parse_count("--tokens", text, 2, 1 << 20); },
           "Length of the prompt [256, or as many positions as were learned]")
        ->type_name("N");
    add_count(app, "--layers,--depth", layers, 0, 1 << 20, "Layers, instead of the configuration's");
    add_count(app, "--width", width, 1, Index(1) << 30,
              "A smaller width, with the same heads and the inner layer in proportion");
    app.add_option("--rope", rope, "Rotate queries and keys, or do not; learned positions stay")
        ->check(CLI::IsMember({"on", "off"}))
        ->type_name("on|off");
    app.add_option_function<std::string>(
           "--draws", [this](const std::string& text) { draws = parse_count("--draws", text, 0, 1'000'000); },
           "Draws of weights and prompt to average over; 0: predict, and measure nothing [1, or one for each "
           "prompt]")
        ->type_name("N");
    app.add_option("--probes", probes,
                   "Gaussian probes per draw; exact: all basis vectors; or what is differentiated: ones, the "
                   "summed output; norm=residual or norm=embedding, its norm before or after the last "
                   "normalisation; logit=ID, log-probability=ID or argmax-probability of the next token [8]")
        ->type_name("K|exact|...");
    add_count(app, "--seed", seed, 0, std::numeric_limits<Index>::max(), "Seed of everything random [0]");
    add_word(app, "--weights", weights, "PATH",
             "Load the weights from a directory with model.safetensors, or a file, and compare with their "
             "initialization; draws are prompts");
    add_word(
        app, "--token-ids", token_ids, "FILE",
        "Prompts, one a line: token ids apart by blanks or commas, in brackets or not; else random ones");
    app.add_option_function<std::vector<std::string>>(
           "--query",
           [this](const std::vector<std::string>& texts) {
               for (const std::string& text : texts)
                   queries.push_back(parse_count("--query", text, 0, (1 << 20) - 1));
               if (std::ranges::find(queries, 0) != queries.end())
                   throw usage_error(
                       "--query: position 0 sees itself alone, and a profile needs 2 positions");
           },
           "Positions from which prompts are read, each by itself, instead of the last; what is behind them "
           "moves "
           "nothing, and is cut off")
        ->delimiter(',')
        ->type_name("N,...");
    app.add_option(
           "--average", average,
           "Over draws: rms, the root of the mean square; or normalized, the mean of profiles that sum "
           "to one [rms; of given prompts and weights: normalized]")
        ->check(CLI::IsMember({"rms", "normalized"}))
        ->type_name("rms|normalized");
    app.add_option(
           "--residual-init", residual_init,
           "Initial deviation of the maps back to the residual stream: scaled, by 1/sqrt(2 layers); "
           "plain; family, as its class has it; or weights, of all maps, as measured in --weights [family]")
        ->check(CLI::IsMember({"family", "scaled", "plain", "weights"}))
        ->type_name("family|scaled|plain|weights");
    app.add_flag(
        "--stream", stream,
        "Draw or read the weights one layer at a time, twice; as it is where they do not fit in memory");
}

cesaro::decoder<float> experiment::draw_network(std::uint64_t draw) const {
    return cesaro::initialize_decoder<float>(config, cesaro::draw_seeds(probes.seed, draw).weights);
}

experiment experiment::read_from(Index query) const {
    experiment shorter = *this;
    shorter.tokens = query + 1;
    for (prompt& one : shorter.prompts)
        one.resize(std::size_t(shorter.tokens));
    return shorter;
}

prompt experiment::ids(std::uint64_t draw) const {
    if (!prompts.empty()) return prompts[std::size_t(draw) % prompts.size()];
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

/// Calls f(model, embeddings) of a draw.
template <class F>
auto with_draw(const experiment& e, bool of_loaded, std::uint64_t draw, const F& f) {
    const prompt ids = e.ids(draw);
    if (of_loaded && e.loaded) return f(*e.loaded, cesaro::embed(*e.loaded, ids));
    if (of_loaded) return f(*e.streamed, cesaro::embed(*e.streamed, ids));
    if (e.stream) {
        const auto model =
            cesaro::drawn_decoder<float>(e.config, cesaro::draw_seeds(e.probes.seed, draw).weights);
        return f(model, cesaro::embed(model, ids));
    }
    const auto model = e.draw_network(draw);
    return f(model, cesaro::embed(model, ids));
}

}  // namespace

measurement experiment::measure(bool of_loaded) const {
    progress_line progress("untrained_decoder", "measured");
    const ranks& all = all_ranks();
    cesaro::detail::pass_average average(draws, probes.average);
    Eigen::MatrixXd squares = Eigen::MatrixXd::Zero(tokens, draws);  // of each draw the mean over its probes
    for (Index draw = 0; draw < draws; ++draw) {
        if (draws > 1 && !all.does(draw)) continue;
        cesaro::jacobian_probes now = probes;
        now.progress = [&](double done) {
            if (all.is_first()) progress((double(draw) + done) / double(draws));
        };
        const Eigen::MatrixXd squared =
            with_draw(*this, of_loaded, std::uint64_t(draw), [&](const auto& model, const auto& x) {
                return cesaro::squared_jacobian_norms(model, x, now, std::uint64_t(draw));
            });
        squares.col(draw) = squared.rowwise().mean();
        if (draws == 1) average.add(squared);
    }
    if (draws > 1) all.add_up(squares);
    measurement m;
    m.profiles = squares.cwiseSqrt();
    for (Index draw = 0; draw < draws; ++draw) {
        check_profile(
            m.profiles.col(draw),
            of_loaded ? fmt::format("the weights of {}", outline.name)
                      : fmt::format("weights drawn with initializer_range = {:g}", config.initializer_range));
        m.profiles.col(draw) /= m.profiles.col(draw).sum();
        if (draws > 1) average.add(squares.col(draw));
    }
    m.estimate = average.estimate();
    return m;
}

namespace {

/// The numbers of a layer and of a head, which are all doubles.
constexpr std::array layer_members = {
    &cesaro::layer_statistics::attention_share, &cesaro::layer_statistics::mean_attention_share,
    &cesaro::layer_statistics::feed_forward_share, &cesaro::layer_statistics::mean_feed_forward_share};
constexpr std::array head_members = {
    &cesaro::head_statistics::tokens_seen, &cesaro::head_statistics::mean_distance,
    &cesaro::head_statistics::uniformity, &cesaro::head_statistics::first_token,
    &cesaro::head_statistics::output_norm};

/// f(number) for every one, in order.
template <class Layers, class F>
void for_each_number(Layers& layers, const F& f) {
    for (auto& layer : layers) {
        for (const auto member : layer_members)
            f(layer.*member);
        for (auto& head : layer.heads)
            for (const auto member : head_members)
                f(head.*member);
    }
}

}  // namespace

std::vector<cesaro::layer_statistics> experiment::report_layers() const {
    progress_line progress("untrained_decoder", "read");
    const ranks& all = all_ranks();
    std::vector<cesaro::layer_statistics> mean(std::size_t(config.layers));
    for (cesaro::layer_statistics& layer : mean)
        layer.heads.resize(std::size_t(config.heads));
    const Index numbers =
        config.layers * Index(layer_members.size() + head_members.size() * std::size_t(config.heads));
    Eigen::MatrixXd of_draws = Eigen::MatrixXd::Zero(numbers, draws);
    for (Index draw = 0; draw < draws; ++draw) {
        if (!all.does(draw)) continue;
        const auto layers =
            with_draw(*this, has_weights(), std::uint64_t(draw),
                      [](const auto& model, auto x) { return cesaro::layer_report(model, x); });
        double* out = of_draws.col(draw).data();
        for_each_number(layers, [&](const double& x) { *out++ = x; });
        if (all.is_first()) progress(double(draw + 1) / double(draws));
    }
    all.add_up(of_draws);
    const Eigen::VectorXd means = of_draws.rowwise().mean();
    const double* in = means.data();
    for_each_number(mean, [&](double& x) { x = *in++; });
    return mean;
}

std::optional<double> experiment::loss() const {
    if (!loaded || prompts.empty()) return std::nullopt;
    double sum = 0;
    for (const prompt& one : prompts)
        sum += cesaro::prompt_loss(*loaded, one);
    return sum / double(prompts.size());
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
    if (options.weights.empty()) throw usage_error("--model, --config or --weights is required");
    const fs::path weights = options.weights;
    const fs::path directory = fs::is_regular_file(weights) ? weights.parent_path() : weights;
    if (fs::exists(weights) && !fs::exists(directory / "config.json"))
        throw usage_error(fmt::format("--weights: no config.json with '{}': give --config", options.weights));
    return directory / "config.json";
}

/// The decoder of a public model, and its outline.
chosen_decoder known_decoder(const std::string& name) {
    const chosen_model m = find_model(name);
    if (!m.config) throw usage_error(fmt::format("--model: {}", m.lacking));
    return {*m.config, m.outline};
}

chosen_decoder read_decoder(const fs::path& file) {
    return {cesaro::read_decoder_config(file), read_outline(file.string())};
}

}  // namespace

Index experiment_options::prompt_length(const decoder_config& decoder) const {
    return tokens.value_or(decoder.learned_positions ? std::min<Index>(256, decoder.max_positions) : 256);
}

chosen_decoder resolve_decoder(const experiment_options& options) {
    auto [config, whole] =
        options.model.empty() ? read_decoder(config_path(options)) : known_decoder(options.model);
    if (!options.weights.empty() && (options.layers >= 0 || options.width > 0))
        throw usage_error("--layers and --width cannot change the network of --weights");
    if (options.layers >= 0) config.layers = options.layers;
    if (options.rope == "on" && !config.rope) config.rope.emplace();
    if (options.rope == "off") config.rope = config.local_rope = std::nullopt;
    config.validate();
    if (options.width > 0) change_width(config, options.width);
    cesaro::model_outline outline = cesaro::outline_of(config);
    outline.name = whole.name;
    outline.notes = whole.notes;
    return {config, outline};
}

namespace {

/// A LayerNorm at initialization makes the sum of its outputs constant: the ones probe then reads the residual
/// stream.
cesaro::jacobian_probes resolve_probes(const experiment_options& options, const decoder_config& config) {
    cesaro::jacobian_probes probes;
    probes.seed = std::uint64_t(options.seed);
    const std::string& text = options.probes;
    const auto token_of = [&](const std::string& kind) {
        return parse_count("--probes", text.substr(kind.size()), 0, config.vocab_size - 1);
    };
    if (text == "exact") {
        probes.kind = probe_kind::exact;
    } else if (text == "ones") {
        probes.kind = probe_kind::ones;
        if (config.norm.kind == cesaro::norm_kind::layer_norm)
            probes.output = cesaro::decoder_output::residual;
    } else if (text == "norm=residual" || text == "norm=embedding") {
        probes.kind = probe_kind::norm;
        if (text == "norm=residual") probes.output = cesaro::decoder_output::residual;
    } else if (text.starts_with("logit=")) {
        probes.kind = probe_kind::logit;
        probes.token = token_of("logit=");
    } else if (text.starts_with("log-probability=")) {
        probes.kind = probe_kind::log_probability;
        probes.token = token_of("log-probability=");
    } else if (text == "argmax-probability") {
        probes.kind = probe_kind::argmax_probability;
    } else {
        try {
            probes.count = parse_count("--probes", text, 1, 1'000'000);
        } catch (const usage_error&) {
            throw usage_error(
                fmt::format("--probes: '{}' must be a whole number in [1, 1000000], exact, ones, "
                            "norm=residual, norm=embedding, "
                            "logit=ID, log-probability=ID or argmax-probability",
                            text));
        }
    }
    return probes;
}

/// The prompts of a file, all of one length; none when they are to be drawn.
std::vector<prompt> resolve_prompts(const experiment_options& options, const decoder_config& config) {
    if (options.token_ids.empty()) return {};
    check_input(options.token_ids);
    std::vector<prompt> prompts = cesaro::read_prompts(options.token_ids, config.vocab_size);
    const auto named = [&](std::size_t i) {
        return prompts.size() == 1 ? fmt::format("'{}'", options.token_ids)
                                   : fmt::format("prompt {} of '{}'", i + 1, options.token_ids);
    };
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        const auto length = Index(prompts[i].size());
        if (length < options.tokens.value_or(0))
            throw usage_error(fmt::format("--tokens: {} is more than the {} token ids of {}", *options.tokens,
                                          length, named(i)));
        if (length < 2)
            throw usage_error(
                fmt::format("--token-ids: {} holds one token id, and a profile needs 2", named(i)));
        if (!options.tokens && length != Index(prompts[0].size()))
            throw usage_error(
                fmt::format("--token-ids: {} has {} tokens where the first has {}: --tokens says how "
                            "many of each are read",
                            named(i), length, prompts[0].size()));
    }
    if (options.tokens)
        for (prompt& one : prompts)
            one.resize(std::size_t(*options.tokens));
    return prompts;
}

void check_queries(const experiment_options& options, const experiment& e) {
    std::set<Index> before;
    for (const Index query : options.queries) {
        if (query >= e.tokens)
            throw usage_error(fmt::format("--query: {} must be one of the {} positions of the prompt, from 0",
                                          query, e.tokens));
        if (!before.insert(query).second) throw usage_error(fmt::format("--query: {} is given twice", query));
    }
}

/// Throws where draws are one and the same.
void check_draws(const experiment_options& options, const experiment& e) {
    if (options.weights.empty() || e.prompts.empty()) return;
    if (e.draws != Index(e.prompts.size()))
        throw usage_error(fmt::format(
            "--draws: {} where --weights and --token-ids leave nothing to draw: they are {}; more --probes "
            "sharpen the estimate",
            e.draws, counted(Index(e.prompts.size()), "draw")));
    for (std::size_t i = 0; i < e.prompts.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (e.prompts[i] == e.prompts[j])
                throw usage_error(fmt::format(
                    "--token-ids: prompt {} of '{}' is prompt {} once more: repeats have no standard error",
                    i + 1, options.token_ids, j + 1));
}

/// How the maps back to the residual stream are drawn.
void choose_initialisation(const experiment_options& options, experiment& e) {
    if (options.residual_init == "scaled") e.config.residual_init_by_depth = true;
    if (options.residual_init == "plain") e.config.residual_init_by_depth = false;
    if (options.residual_init == "weights") {
        if (!e.loaded)
            throw usage_error("--residual-init: weights measures those of --weights, which fit in memory");
        e.config = cesaro::with_deviations_of(e.config, e.loaded->weights());
    }
}

/// Whether the weights are to be had one layer at a time only.
bool must_stream(const experiment_options& options, const decoder_config& config) {
    if (options.stream) return true;
    const double memory = 0.8 * cesaro::detail::physical_memory();
    decoder_config shallow = config;
    shallow.layers = std::min<Index>(1, config.layers);
    const auto bytes = [](const decoder_config& c) { return 4 * cesaro::weight_count(c); };
    return bytes(config) > memory && bytes(shallow) < memory / 2;
}

}  // namespace

experiment resolve(const experiment_options& options) {
#ifdef CESARO_OPENBLAS
    openblas_set_num_threads(1);  // the pieces of a product are shared among threads already
#endif
    const auto [config, outline] = resolve_decoder(options);
    experiment e{.config = config,
                 .outline = outline,
                 .loaded = {},
                 .streamed = {},
                 .tensors = {},
                 .prompts = resolve_prompts(options, config),
                 .tokens = options.prompt_length(config),
                 .draws = options.draws.value_or(1),
                 .stream = must_stream(options, config),
                 .probes = resolve_probes(options, config)};
    if (!e.prompts.empty()) e.tokens = Index(e.prompts[0].size());
    if (!e.prompts.empty() && !options.draws) e.draws = Index(e.prompts.size());
    check_draws(options, e);
    check_queries(options, e);
    const bool given = !options.weights.empty() && e.prompts.size() > 1;
    if (options.average == "normalized" || (options.average.empty() && given))
        e.probes.average = cesaro::profile_average::normalized;
    if (!options.weights.empty() && e.stream)
        e.streamed = std::make_shared<const cesaro::streamed_decoder<float>>(
            cesaro::stream_weights<float>(options.weights, config));
    if (!options.weights.empty() && !e.stream)
        e.loaded = std::make_shared<const cesaro::decoder<float>>(
            cesaro::decoder<float>{config, cesaro::load_weights<float>(options.weights, config, &e.tensors)});
    choose_initialisation(options, e);
    return e;
}

}  // namespace programs
