// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The position bias of a real decoder before training: the Jacobian norms of a network drawn from its
// configuration, beside three theories of them.

#include "common/output.hpp"
#include "common/plot.hpp"
#include "common/program.hpp"
#include "common/table.hpp"
#include "decoder_files.hpp"

#include <cesaro/decoder/checkpoint.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/decoder/mean_field.hpp>
#include <cesaro/decoder/token_ids.hpp>
#include <cesaro/fit_profile.hpp>
#include <cesaro/profile.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

using cesaro::decoder_config;
using cesaro::position_encoding;
using cesaro::probe_kind;
using Eigen::Index;
using Eigen::VectorXd;
using nlohmann::ordered_json;
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
  initialised      with --weights: measured of the same configuration, drawn
Scores of each theory, and of initialised, against measured (table and JSON):
  spearman         rank correlation
  wasserstein      distance in units of the context: 0 where equal, at most 1
  total_variation  half the sum of the differences
row_theory and jacobian_theory take layers to see the whole past; a sliding window is in the others.

OMP_NUM_THREADS sets the number of threads, which does not change results. On a busy machine set
OMP_WAIT_POLICY=passive as well.)";

struct settings {
    std::string config;
    Index tokens = 256;
    bool tokens_given = false;
    Index layers = -1;
    Index width = 0;
    std::string rope;
    Index draws = 1;
    std::string probes = "8";
    Index seed = 0;
    std::string weights;
    std::string token_ids;
    std::string save;
    std::string plot;
    programs::output_options output;
};

/// One named profile that sums to one.
struct theory {
    std::string name;
    VectorXd profile;
    std::string legend;
};

/// A network, an input and its norms, for --save.
struct measured_network {
    cesaro::decoder<float> model;
    Eigen::MatrixXf x_in;
    VectorXd norms;
};

struct result {
    decoder_config config;
    cesaro::jacobian_probes probes;
    VectorXd measured;
    VectorXd standard_error;
    cesaro::profile_fit alpha;
    cesaro::profile_fit gain;
    std::vector<theory> theories;
    std::optional<measured_network> network;  ///< with --save

    bool has_errors() const { return standard_error.allFinite(); }
};

/// Says on standard error how much of long work is done: on a terminal in place, elsewhere every tenth.
class progress_line {
  public:
    ~progress_line() {
        if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
    }
    void operator()(double fraction) {
        using namespace std::chrono_literals;
        const int percent = int(100 * fraction);
        if (std::chrono::steady_clock::now() - start_ < (terminal_ ? 2s : 20s) ||
            percent < last_ + (terminal_ ? 1 : 10))
            return;
        last_ = percent;
        shown_ = true;
        std::fputs(fmt::format("{}untrained_decoder: {} % measured{}", terminal_ ? "\r" : "", percent,
                               terminal_ ? "" : "\n")
                       .c_str(),
                   stderr);
        std::fflush(stderr);
    }

  private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    bool shown_ = false;
    int last_ = 0;
};

VectorXd normalised(const VectorXd& profile) {
    return profile / profile.sum();
}

/// Another width with the same heads; the inner layer in proportion.
void change_width(decoder_config& config, Index width) {
    if (width > config.width)
        throw usage_error(
            fmt::format("--width: {} is more than the {} of the configuration", width, config.width));
    if (config.head_width * width % config.width != 0) {
        throw usage_error(fmt::format("--width: {} does not divide into {} heads", width, config.heads));
    }
    config.head_width = config.head_width * width / config.width;
    config.intermediate = std::max<Index>(1, (config.intermediate * width + config.width / 2) / config.width);
    config.width = width;
}

decoder_config resolve_config(const settings& s) {
    if (s.config.empty() && s.weights.empty()) throw usage_error("--config or --weights is required");
    decoder_config config = programs::read_config(s.config.empty() ? s.weights : s.config);
    if (!s.weights.empty() && (s.layers >= 0 || s.width > 0))
        throw usage_error("--layers and --width cannot change the network of --weights");
    if (s.layers >= 0) config.layers = s.layers;
    if (s.width > 0) change_width(config, s.width);
    const bool learned = config.has_learned_positions();
    if (s.rope == "on")
        config.positions = learned ? position_encoding::learned_and_rope : position_encoding::rope;
    if (s.rope == "off") config.positions = learned ? position_encoding::learned : position_encoding::none;
    config.validate();
    return config;
}

/// The final normalisation of a LayerNorm at initialisation makes the sum of its outputs constant: the ones
/// probe then reads the residual stream.
cesaro::jacobian_probes resolve_probes(const settings& s, const decoder_config& config) {
    cesaro::jacobian_probes probes;
    probes.seed = std::uint64_t(s.seed);
    if (s.probes == "exact") {
        probes.kind = probe_kind::exact;
    } else if (s.probes == "ones") {
        probes.kind = probe_kind::ones;
        if (config.norm() == cesaro::norm_kind::layer_norm) probes.output = cesaro::decoder_output::residual;
    } else {
        const double count = programs::parse_number("--probes", s.probes);
        if (!(count >= 1 && count <= 1e6) || count != std::floor(count))
            throw usage_error(
                fmt::format("--probes: {} must be a whole number in [1, 1000000], exact or ones", s.probes));
        probes.count = Index(count);
    }
    return probes;
}

/// The token ids of a file, as many as asked for; none when they are to be drawn.
std::vector<Index> resolve_ids(const settings& s, const decoder_config& config) {
    if (s.token_ids.empty()) return {};
    std::vector<Index> ids = cesaro::read_token_ids(s.token_ids, config.vocab_size);
    if (!s.tokens_given) return ids;
    if (Index(ids.size()) < s.tokens)
        throw usage_error(
            fmt::format("{} holds {} token ids, fewer than --tokens {}", s.token_ids, ids.size(), s.tokens));
    ids.resize(std::size_t(s.tokens));
    return ids;
}

/// Everything that one measurement needs; `loaded` is empty where each draw has weights of its own.
struct experiment {
    decoder_config config;
    cesaro::jacobian_probes probes;
    std::vector<Index> ids;
    Index tokens;
    Index draws;
    std::uint64_t seed;

    std::vector<Index> input(std::uint64_t draw) const {
        const cesaro::draw_seeds seeds(seed, draw);
        return ids.empty() ? cesaro::uniform_token_ids(tokens, config.vocab_size, seeds.tokens) : ids;
    }

    cesaro::decoder<float> draw_network(std::uint64_t draw) const {
        return cesaro::initialize_decoder<float>(config, cesaro::draw_seeds(seed, draw).weights);
    }

    cesaro::jacobian_norm_estimate measure(const std::optional<cesaro::decoder<float>>& loaded) const {
        cesaro::jacobian_norm_statistics statistics;
        progress_line progress;
        for (Index draw = 0; draw < draws; ++draw) {
            const auto pass = std::uint64_t(draw);
            std::optional<cesaro::decoder<float>> drawn;
            if (!loaded) drawn = draw_network(pass);
            const cesaro::decoder<float>& model = loaded ? *loaded : *drawn;
            cesaro::jacobian_probes now = probes;
            now.progress = [&](double done) { progress((double(draw) + done) / double(draws)); };
            const Eigen::MatrixXf x = cesaro::embed(model, input(pass));
            statistics.add(cesaro::squared_jacobian_norms(model, x, now, pass));
        }
        return statistics.result();
    }
};

void add_theories(result& r, Index tokens) {
    r.alpha = cesaro::fit_constant_mixing(r.measured, r.config.layers);
    cesaro::position_gains<double> gains = cesaro::mean_field_gains(r.config, tokens);
    r.gain = cesaro::fit_gain_factor(r.measured, gains);
    gains.attention *= r.gain.parameter;
    gains.feed_forward *= r.gain.parameter;
    const auto schedule = cesaro::mixing_schedule<double>::constant(r.config.layers, r.alpha.parameter);
    r.theories.push_back({"row_theory", normalised(cesaro::influence_row(tokens, schedule)),
                          fmt::format("influence row, α = {:.3f} fitted", r.alpha.parameter)});
    r.theories.push_back({"jacobian_theory", normalised(cesaro::jacobian_profile(gains)),
                          fmt::format("Jacobian theory, gains times {:.3f} fitted", r.gain.parameter)});
    r.theories.push_back({"predicted", normalised(cesaro::mean_field_profile(r.config, tokens)),
                          "predicted from the configuration"});
}

result compute(const settings& s) {
    result r;
    r.config = resolve_config(s);
    if (!s.save.empty() && s.draws != 1) throw usage_error("--save needs --draws 1: it saves one network");
    const std::vector<Index> ids = resolve_ids(s, r.config);
    const Index tokens = ids.empty() ? s.tokens : Index(ids.size());
    if (tokens < 2) throw usage_error("a profile needs at least 2 tokens");
    r.probes = resolve_probes(s, r.config);
    const experiment measurement{r.config, r.probes, ids, tokens, s.draws, std::uint64_t(s.seed)};
    std::optional<cesaro::decoder<float>> loaded;
    if (!s.weights.empty()) {
        loaded.emplace(cesaro::decoder<float>{r.config, cesaro::load_weights<float>(s.weights, r.config)});
    }
    const auto estimate = measurement.measure(loaded);
    r.measured = normalised(estimate.norms);
    r.standard_error = estimate.standard_error / estimate.norms.sum();
    add_theories(r, tokens);
    if (loaded) {
        r.theories.push_back({"initialised", normalised(measurement.measure(std::nullopt).norms),
                              "the same configuration, untrained"});
    }
    if (!s.save.empty()) {  // drawn again rather than kept through the work
        r.network.emplace(
            measured_network{loaded ? *std::move(loaded) : measurement.draw_network(0), {}, {}});
        r.network->x_in = cesaro::embed(r.network->model, measurement.input(0));
        r.network->norms = estimate.norms;
    }
    return r;
}

std::vector<double> list(const VectorXd& values) {
    return {values.begin(), values.end()};
}

std::string model_name(const settings& s) {
    const std::filesystem::path file = s.config.empty() ? s.weights : s.config;
    return file.filename() == "config.json" ? file.parent_path().filename().string()
           : s.config.empty()               ? file.filename().string()
                                            : file.stem().string();
}

std::string title_of(const settings& s, const result& r) {
    return fmt::format("{}{}: {} layers, width {}, {} tokens", model_name(s),
                       s.weights.empty() ? " at initialisation" : "", r.config.layers, r.config.width,
                       r.measured.size());
}

/// What two of the theories leave out; empty when no layer's window is shorter than the prompt.
std::string window_note(const result& r) {
    const decoder_config& c = r.config;
    if (c.layers == 0 || c.window(c.layers - 1) == 0 || c.sliding_window >= r.measured.size()) return "";
    return fmt::format(
        "row_theory and jacobian_theory take layers to see the whole past; this model's sliding "
        "window is {} tokens, in the others",
        c.sliding_window);
}

/// What was measured: JSON's first keys.
ordered_json facts(const settings& s, const result& r) {
    const decoder_config& c = r.config;
    ordered_json json = {{"model", model_name(s)},
                         {"model_type", programs::model_type(c.family)},
                         {"layers", c.layers},
                         {"width", c.width},
                         {"heads", c.heads},
                         {"kv_heads", c.kv_heads},
                         {"head_width", c.head_width},
                         {"intermediate", c.intermediate},
                         {"vocab_size", c.vocab_size},
                         {"position_encoding", programs::position_name(c.positions)},
                         {"initializer_range", c.initializer_range}};
    if (c.sliding_window > 0) {
        json["sliding_window"] = c.sliding_window;
        json["first_windowed_layer"] = c.first_windowed_layer;
    }
    json["weights"] = s.weights.empty() ? "drawn" : "loaded";
    json["tokens"] = r.measured.size();
    json["token_ids"] = s.token_ids.empty() ? "drawn" : "given";
    json["draws"] = s.draws;
    if (r.probes.kind == probe_kind::gaussian) {
        json["probes"] = r.probes.count;
    } else {
        json["probes"] = s.probes;
    }
    json["seed"] = s.seed;
    if (const std::string note = window_note(r); !note.empty()) json["note"] = note;
    return json;
}

ordered_json scores_json(const result& r) {
    ordered_json scores;
    for (const theory& t : r.theories) {
        scores[t.name] = {{"spearman", cesaro::spearman(r.measured, t.profile)},
                          {"wasserstein", cesaro::wasserstein(r.measured, t.profile)},
                          {"total_variation", cesaro::total_variation(r.measured, t.profile)}};
    }
    return scores;
}

ordered_json to_json(const settings& s, const result& r) {
    ordered_json json = facts(s, r);
    json["positions"] = r.measured.size();
    json["measured"] = list(r.measured);
    json["standard_error"] = list(r.standard_error);
    for (const theory& t : r.theories)
        json[t.name] = list(t.profile);
    json["fitted_alpha"] = r.alpha.parameter;
    json["fitted_gain_factor"] = r.gain.parameter;
    json["output"] = r.probes.output == cesaro::decoder_output::normalized ? "normalized" : "residual";
    json["scores"] = scores_json(r);
    return json;
}

/// The profiles at these positions.
programs::table profile_table(const result& r, const std::vector<Index>& positions) {
    const auto at = [&](const VectorXd& values) {
        std::vector<double> cells;
        for (const Index m : positions)
            cells.push_back(values[m]);
        return cells;
    };
    programs::table table = {
        {"position", positions}, {"measured", at(r.measured)}, {"standard_error", at(r.standard_error)}};
    for (const theory& t : r.theories)
        table.push_back({t.name, at(t.profile)});
    return table;
}

programs::table score_table(const result& r) {
    std::vector<std::string> names;
    std::vector<double> spearman, wasserstein, variation;
    for (const theory& t : r.theories) {
        names.push_back(t.name);
        spearman.push_back(cesaro::spearman(r.measured, t.profile));
        wasserstein.push_back(cesaro::wasserstein(r.measured, t.profile));
        variation.push_back(cesaro::total_variation(r.measured, t.profile));
    }
    return {{"against measured", names},
            {"spearman", spearman},
            {"wasserstein", wasserstein},
            {"total_variation", variation}};
}

std::vector<Index> all_positions(Index tokens) {
    std::vector<Index> positions(static_cast<std::size_t>(tokens));
    std::iota(positions.begin(), positions.end(), Index(0));
    return positions;
}

/// Some 33 positions, both ends among them.
std::vector<Index> some_positions(Index tokens) {
    std::vector<Index> positions;
    const Index count = std::min<Index>(tokens, 33);
    for (Index i = 0; i < count; ++i)
        positions.push_back(i * (tokens - 1) / (count - 1));
    return positions;
}

std::string to_text(const settings& s, const result& r) {
    const std::string note = window_note(r);
    return title_of(s, r) + "\n" + (note.empty() ? "" : "note: " + note + "\n") + "\n" +
           programs::to_text(profile_table(r, some_positions(r.measured.size()))) +
           fmt::format("\nfitted alpha {:.6g}, fitted gain factor {:.6g}\n\n", r.alpha.parameter,
                       r.gain.parameter) +
           programs::to_text(score_table(r));
}

std::string plot_script(const result& r, const std::string& title) {
    const auto points = [&](const std::string& name, const VectorXd& y) {
        std::vector<std::pair<double, double>> curve;
        for (Index m = 0; m < y.size(); ++m)
            if (y[m] > 0) curve.emplace_back(double(m), y[m]);
        return programs::data_block(name, curve);
    };
    std::string script =
        fmt::format("set title {}\nset logscale y\nset format y '10^{{%T}}'\n", programs::quoted(title)) +
        "set xlabel 'position of the source token'\nset ylabel 'share of the Jacobian norm'\n"
        "set key top center opaque\nset grid ytics lc rgb '#dddddd'\nset border 3\n"
        "set xtics nomirror\nset ytics nomirror\n";
    script += fmt::format("set xrange [{}:{}]\n", -0.02 * double(r.measured.size()),
                          1.02 * double(r.measured.size()));
    script += points("measured", r.measured);
    std::string curves = "plot ";
    if (r.has_errors()) {
        script += "$band << EOD\n";
        for (Index m = 0; m < r.measured.size(); ++m) {
            const double low = std::max(r.measured[m] - 2 * r.standard_error[m], r.measured[m] / 4);
            if (low > 0) {
                script += fmt::format("{} {} {}\n", m, low, r.measured[m] + 2 * r.standard_error[m]);
            }
        }
        script += "EOD\n";
        curves += "$band with filledcurves lc rgb '#bbbbbb' title 'measured, ± 2 standard errors', ";
    }
    curves += fmt::format("$measured with points pt 7 ps 0.35 lc rgb '#444444' {}",
                          r.has_errors() ? "notitle" : "title 'measured'");
    const char* const styles[] = {"lc rgb '#d55e00' lw 2 dt 2", "lc rgb '#0072b2' lw 2 dt 4",
                                  "lc rgb '#009e73' lw 2.5", "lc rgb '#cc79a7' lw 2"};
    for (std::size_t i = 0; i < r.theories.size(); ++i) {
        script += points(r.theories[i].name, r.theories[i].profile);
        curves += fmt::format(", ${} with lines {} title {}", r.theories[i].name, styles[i],
                              programs::quoted(r.theories[i].legend));
    }
    return script + curves + "\n";
}

void add_options(CLI::App& app, settings& s) {
    programs::add_word(app, "--config", s.config, "FILE",
                       "The config.json of a GPT-2, Llama, Mistral or Qwen2 decoder");
    programs::add_count(app, "--tokens", s.tokens, 2, 1 << 20, "Length of the prompt [256]")
        ->each([&s](const std::string&) { s.tokens_given = true; });
    programs::add_count(app, "--layers", s.layers, 0, 1 << 20, "Layers, instead of the configuration's");
    programs::add_count(app, "--width", s.width, 1, Index(1) << 30,
                        "A smaller width, with the same heads and the inner layer in proportion");
    app.add_option("--rope", s.rope, "Rotate queries and keys, or do not; learned positions stay")
        ->check(CLI::IsMember({"on", "off"}))
        ->type_name("on|off");
    programs::add_count(app, "--draws", s.draws, 1, 1'000'000,
                        "Draws of weights and prompt to average over [1]");
    app.add_option("--probes", s.probes,
                   "Gaussian probes per draw; or exact: all basis vectors; or ones: the summed output [8]")
        ->type_name("K|exact|ones");
    programs::add_count(app, "--seed", s.seed, 0, std::numeric_limits<Index>::max(),
                        "Seed of everything random [0]");
    programs::add_word(app, "--weights", s.weights, "DIR",
                       "Load the weights from DIR/model.safetensors, and compare with their initialisation; "
                       "draws are prompts");
    programs::add_word(app, "--token-ids", s.token_ids, "FILE",
                       "Token ids of the prompt, numbers apart by blanks; else they are random");
    programs::add_word(app, "--save", s.save, "DIR", "Write weights, config.json, input and norms there");
    programs::add_word(app, "--plot", s.plot, "FILE", "Draw the profiles into a .svg or .png file");
    s.output.add_to(app);
}

std::string rendered(const settings& s, const result& r) {
    switch (s.output.format) {
        case programs::output_format::json:
            return to_json(s, r).dump() + "\n";
        case programs::output_format::csv:
            return programs::to_csv(profile_table(r, all_positions(r.measured.size())));
        default:
            return to_text(s, r);
    }
}

/// What cannot be written is found out before the work; what is written appears after all of it.
void run(const settings& s) {
    std::optional<programs::pending_file> plot, output;
    if (!s.plot.empty()) plot.emplace(s.plot);
    if (!s.output.file.empty()) output.emplace(s.output.file);
    if (!s.save.empty()) programs::check_savable(s.save);
    const result r = compute(s);
    if (plot) programs::draw(*plot, s.plot, plot_script(r, title_of(s, r)));
    const std::string text = rendered(s, r);
    if (output) output->write(text);
    if (r.network) programs::save_decoder(s.save, {r.network->model, r.network->x_in, r.network->norms});
    if (output) output->commit();
    if (plot) plot->commit();
    if (!output) programs::write_output("", text);
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "untrained_decoder");
    settings s;
    add_options(app, s);
    return programs::run(app, argc, argv, [&] { run(s); });
}
