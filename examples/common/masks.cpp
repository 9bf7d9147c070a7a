// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "masks.hpp"

#include "program.hpp"

#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>

#include <fmt/format.h>

#include <cmath>

namespace programs {

using cesaro::any_operator;
using Eigen::Index;

void mask_options::add_to(CLI::App& app) {
    add_count(app, "--window", window, 1, Index(1) << 62, "Width of the sliding window [512]");
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

std::vector<mask> masks(const mask_options& options) {
    return {
        {"causal", "causal", [](Index n) { return cesaro::cesaro_operator<double>(n); }},
        {"window", fmt::format("sliding window, {} tokens", options.window),
         [window = options.window](Index n) { return cesaro::sliding_window_operator<double>(n, window); }},
        {"decay", fmt::format("distance decay, {} ALiBi heads", options.heads),
         [heads = options.heads](Index n) { return alibi(n, heads); }}};
}

}  // namespace programs
