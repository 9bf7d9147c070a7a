// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "rollout_config.hpp"

#include "common/schedule_options.hpp"
#include "common/yaml_entry.hpp"

#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

namespace programs {

namespace {

using Eigen::Index;

constexpr Index most_heads = 10000;
constexpr Index most_operators = 4'000'000;

/// Numbers per layer and head: outer length 1 or `layers`, inner length 1 or `heads`, one value serving all.
class head_values {
  public:
    head_values(const yaml_entry& source, Index layers, Index heads, double absent, double least,
                const char* range) {
        if (!source.given()) {
            values_ = {{absent}};
            return;
        }
        const std::vector<yaml_entry> rows = source.list();
        check_length(source, rows.size(), layers, "num_layers");
        for (const yaml_entry& row : rows) {
            const std::vector<yaml_entry> cells = row.list();
            check_length(row, cells.size(), heads, "num_heads");
            values_.emplace_back();
            for (const yaml_entry& cell : cells)
                values_.back().push_back(cell.number_in(least, std::numeric_limits<double>::max(), range));
        }
    }

    double operator()(Index layer, Index head) const {
        const std::vector<double>& row = values_[values_.size() == 1 ? 0 : std::size_t(layer)];
        return row[row.size() == 1 ? 0 : std::size_t(head)];
    }

    bool same_in_all_layers() const { return values_.size() == 1; }

  private:
    static void check_length(const yaml_entry& list, std::size_t length, Index all, const char* name) {
        if (length == 1 || Index(length) == all) return;
        list.fail(fmt::format("has length {}; it must be 1 or {} = {}", length, name, all));
    }

    std::vector<std::vector<double>> values_;
};

/// The decay parameters of the mask, and its name in words; causal where nothing is said.
std::pair<cesaro::decay_parameters<double>, std::string> read_mask(const yaml_entry& mask, Index tokens) {
    mask.refuse_keys_but({"mask_type", "window_size", "prefix_length"});
    const yaml_entry type = mask.optional("mask_type");
    const std::string name = type.given() ? type.word() : "causal";
    cesaro::decay_parameters<double> p;
    if (name == "causal") return {p, "causal mask"};
    if (name == "full") {
        p.prefix = tokens;
        return {p, "full mask"};
    }
    if (name == "sliding_window") {
        p.window = mask.required("window_size").count(1, cesaro::unlimited_window);
        return {p, fmt::format("sliding window of {}", p.window)};
    }
    if (name == "prefix") {
        p.prefix = mask.required("prefix_length").count(0, tokens);
        return {p, fmt::format("prefix of {}", p.prefix)};
    }
    type.fail(fmt::format("= '{}' must be causal, full, sliding_window or prefix", name));
}

Eigen::VectorXd constant_lambdas(const yaml_entry& schedule, Index layers) {
    return Eigen::VectorXd::Constant(layers,
                                     schedule.required("lambda_const").number_in(0, 1, "lie in [0, 1]"));
}

Eigen::VectorXd power_decay_lambdas(const yaml_entry& schedule, Index layers) {
    const double first = schedule.required("lambda_0").number_in(0, 1, "lie in [0, 1]");
    const yaml_entry beta = schedule.required("beta");
    const double exponent = beta.number();
    for (const Index l : {Index(0), layers - 1}) {
        const double lambda = first == 0 ? 0 : first * std::pow(double(l + 1), -exponent);
        if (lambda > 1)
            beta.fail(fmt::format("= {} takes lambda to {} in layer {}, above 1", exponent, lambda, l));
    }
    return cesaro::mixing_schedule<double>::power_decay(layers, first, exponent).alphas();
}

Eigen::VectorXd custom_lambdas(const yaml_entry& schedule, Index layers) {
    const yaml_entry source = schedule.required("lambdas_custom");
    const std::vector<yaml_entry> items = source.list();
    if (Index(items.size()) != layers)
        source.fail(fmt::format("has length {}; it must be num_layers = {}", items.size(), layers));
    Eigen::VectorXd lambdas(layers);
    for (Index l = 0; l < layers; ++l)
        lambdas[l] = items[std::size_t(l)].number_in(0, 1, "lie in [0, 1]");
    return lambdas;
}

Eigen::VectorXd read_lambdas(const yaml_entry& schedule, Index layers) {
    schedule.refuse_keys_but({"schedule_type", "lambda_const", "lambda_0", "beta", "lambdas_custom"});
    const yaml_entry type = schedule.required("schedule_type");
    const std::string name = type.word();
    if (name == "constant") return constant_lambdas(schedule, layers);
    if (name == "power_decay") return power_decay_lambdas(schedule, layers);
    if (name == "custom") return custom_lambdas(schedule, layers);
    type.fail(fmt::format("= '{}' must be constant, power_decay or custom", name));
}

/// What the heads of every layer are made of.
struct head_settings {
    head_settings(const yaml_entry& attention, const yaml_entry& content, Index layers, Index heads)
        : slopes(attention.optional("alibi_slopes"), layers, heads, 0, 0, "be at least 0"),
          weight_source(attention.optional("head_weights")),
          weights(weight_source, layers, heads, 1, 0, "be at least 0"),
          diagonal_scores(content.optional("diagonal_scores"), layers, heads, 0, lowest, "be finite") {
        // A score constant along a row cancels: it must be sound, and has no effect.
        [[maybe_unused]] const head_values checked(content.optional("base_scores"), layers, heads, 0, lowest,
                                                   "be finite");
        const yaml_entry source = attention.optional("softmax_temperature");
        if (source.given()) temperature = source.number_in(least_positive, largest, "be above 0");
    }

    bool same_in_all_layers() const {
        return slopes.same_in_all_layers() && weights.same_in_all_layers() &&
               diagonal_scores.same_in_all_layers();
    }

    cesaro::head_mixture<double> layer(Index l, Index heads, Index tokens,
                                       cesaro::decay_parameters<double> p) const {
        std::vector<cesaro::any_operator<double>> operators;
        std::vector<double> omegas;
        double total = 0;
        for (Index h = 0; h < heads; ++h) {
            p.slope = slopes(l, h);
            p.diagonal_score = diagonal_scores(l, h);
            p.temperature = temperature;
            operators.push_back(cesaro::decay_operator<double>(tokens, p));
            omegas.push_back(weights(l, h));
            total += omegas.back();
        }
        if (total == 0) weight_source.fail(fmt::format("are all 0 in layer {}", l));
        return {std::move(operators), omegas};
    }

    static constexpr double largest = std::numeric_limits<double>::max();
    static constexpr double lowest = std::numeric_limits<double>::lowest();
    static constexpr double least_positive = std::numeric_limits<double>::denorm_min();

    head_values slopes;
    yaml_entry weight_source;
    head_values weights;
    head_values diagonal_scores;
    double temperature = 1;
};

}  // namespace

rollout_config read_rollout_config(const std::string& file) {
    const yaml_entry root(file);
    root.refuse_keys_but({"sequence_length", "num_layers", "mask_config", "attention_config",
                          "content_config", "lambda_schedule_config", "save_dir"});
    const Index tokens = root.required("sequence_length").count(1, Index(1) << 40);
    const yaml_entry layer_count = root.required("num_layers");
    const Index layers = layer_count.count(1, most_layers);
    const auto [mask, mask_name] = read_mask(root.optional("mask_config"), tokens);
    const yaml_entry attention = root.required("attention_config");
    attention.refuse_keys_but({"num_heads", "alibi_slopes", "head_weights", "softmax_temperature"});
    const yaml_entry content = root.optional("content_config");
    content.refuse_keys_but({"diagonal_scores", "base_scores"});
    const Index heads = attention.required("num_heads").count(1, most_heads);
    if (layers * heads > most_operators) {
        layer_count.fail(fmt::format("times num_heads = {} is more than {}", layers * heads, most_operators));
    }
    const head_settings settings(attention, content, layers, heads);
    rollout_config config{
        tokens, heads, mask_name, {}, read_lambdas(root.required("lambda_schedule_config"), layers)};
    for (Index l = 0; l < layers; ++l) {
        const bool repeat = l > 0 && settings.same_in_all_layers();
        config.layers.push_back(repeat ? config.layers.front() : settings.layer(l, heads, tokens, mask));
    }
    return config;
}

}  // namespace programs
