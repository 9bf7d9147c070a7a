// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "prediction.hpp"

#include "program.hpp"

#include <cesaro/decoder/predicted_profile.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <utility>

namespace programs {

using Eigen::Index;

namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw usage_error(
        fmt::format("no prediction: {}; with --alpha, --alphas or --alphas-file the row of influence "
                    "needs none",
                    why));
}

}  // namespace

cesaro::predicted_profile predict(const chosen_model& model, Index tokens, double accuracy) {
    if (!model.config) refuse(model.lacking);
    try {
        return cesaro::predict(*model.config, std::int64_t(tokens), accuracy);
    } catch (const std::logic_error& error) {  // what the mean field does not describe
        refuse(fmt::format("'{}': {}", model.source, error.what()));
    }
}

cesaro::predicted_profile predict_without_windows(const chosen_model& model, Index tokens) {
    chosen_model whole = model;
    if (whole.config)
        for (cesaro::layer_config& layer : whole.config->pattern)
            layer.window = 0;
    return predict(whole, tokens);
}

bool has_windows(const chosen_model& model, Index tokens) {
    return std::any_of(model.outline.layers.begin(), model.outline.layers.end(),
                       [&](const cesaro::layer_config& l) { return l.window > 0 && l.window < tokens; });
}

double total_variation(const cesaro::predicted_profile& p, const cesaro::predicted_profile& q) {
    return p.sum(
        [&](double m, double share) { return std::abs(share - q.share(std::int64_t(std::llround(m)))) / 2; });
}

cesaro::mixing_schedule<double> schedule_of(const cesaro::predicted_profile& p) {
    return cesaro::mixing_schedule<double>(Eigen::VectorXd(p.alphas()));
}

}  // namespace programs
