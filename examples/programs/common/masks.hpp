// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace programs {

/// The options of a stack of equal layers: `--layers H`, `--alpha A`.
struct stack_options {
    double alpha;
    Eigen::Index layers = 12;

    void add_to(CLI::App& app);
    cesaro::mixing_schedule<double> schedule() const;
    std::string describe(const char* alpha_name = "alpha") const;  ///< "12 layers, alpha = 0.3"
};

/// A pattern of attention, and its layer on so many positions.
struct mask {
    std::string name;
    std::string title;
    std::function<cesaro::any_operator<double>(Eigen::Index)> layer;
};

/// The options `--window W` and `--heads N` of the programs that compare attention patterns.
struct mask_options {
    Eigen::Index window = 512;
    Eigen::Index heads = 8;

    /// \param window_shown what the help says of the window's default.
    void add_to(CLI::App& app, const char* window_shown = "512");

    /// Causal; a sliding window; ALiBi heads of slopes 2^(-8h/heads), equally weighted.
    std::vector<mask> masks() const;
};

/// What a stack under compared masks is: keys of JSON.
nlohmann::ordered_json facts(const stack_options& stack, const mask_options& masks);

/// The points (x, y) of those samples that have this pattern, from left to right.
template <class Sample, class X, class Y>
std::vector<std::pair<double, double>> points_of(const std::vector<Sample>& samples,
                                                 const std::string& pattern, const X& x, const Y& y) {
    std::vector<std::pair<double, double>> points;
    for (const Sample& sample : samples)
        if (sample.pattern == pattern) points.emplace_back(double(x(sample)), double(y(sample)));
    std::sort(points.begin(), points.end());
    return points;
}

}  // namespace programs
