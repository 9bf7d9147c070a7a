// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "masks.hpp"

#include "plot.hpp"
#include "program.hpp"
#include "schedule_options.hpp"
#include "text.hpp"

#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>

#include <fmt/format.h>

#include <cmath>

namespace programs {

using cesaro::any_operator;
using Eigen::Index;

void stack_options::add_to(CLI::App& app) {
    add_layers(app, layers, fmt::format("Number of layers [{}]", layers), 1);
    add_share(app, "--alpha,--lambda", alpha, "A",
              fmt::format("Mixing coefficient of every layer, in [0, 1] [{:g}]", alpha));
}

cesaro::mixing_schedule<double> stack_options::schedule() const {
    return cesaro::mixing_schedule<double>::constant(layers, alpha);
}

std::string stack_options::describe(const char* alpha_name) const {
    return fmt::format("{}, {} = {:g}", counted(layers, "layer"), alpha_name, alpha);
}

void mask_options::add_to(CLI::App& app, const char* window_shown) {
    add_count(app, "--window", window, 1, Index(1) << 62,
              fmt::format("Width of the sliding window [{}]", window_shown));
    add_count(app, "--heads", heads, 1, 10000, "Number of ALiBi heads [8]");
}

namespace {

any_operator<double> alibi(Index tokens, Index heads) {
    std::vector<cesaro::decay_operator<double>> operators;
    for (Index h = 1; h <= heads; ++h)
        operators.push_back({tokens, {.slope = std::exp2(-8. * double(h) / double(heads))}});
    return cesaro::head_mixture<double>(operators, std::vector<double>(std::size_t(heads), 1.));
}

}  // namespace

std::vector<mask> mask_options::masks() const {
    return {{"causal", "causal", [](Index n) { return cesaro::cesaro_operator<double>(n); }},
            {"window", "sliding window, " + counted(window, "token"),
             [window = window](Index n) { return cesaro::sliding_window_operator<double>(n, window); }},
            {"decay", "distance decay, " + counted(heads, "ALiBi head"),
             [heads = heads](Index n) { return alibi(n, heads); }}};
}

nlohmann::ordered_json facts(const stack_options& stack, const mask_options& masks) {
    return {{"layers", stack.layers},
            {"alpha", stack.alpha},
            {"sliding_window", masks.window},
            {"heads", masks.heads}};
}

}  // namespace programs
