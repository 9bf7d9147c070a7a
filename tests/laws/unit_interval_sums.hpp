// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// The laws on (0, 1] term by term in 100 digits, whose range has no end: an oracle for any law of hops.
#include "../reference_tables.hpp"

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

namespace cesaro_test {

struct unit_interval_values {
    reference_real density, lower, upper;
};

/// f(x), P(X <= x) and P(X > x) from w_0, w_1, ..., so many that what follows does not matter, or is zero.
inline unit_interval_values unit_interval_sums(const std::vector<reference_real>& w,
                                               const reference_real& x) {
    const reference_real u = -log(x);
    std::vector<reference_real> more(w.size(), reference_real(0));  // P(K > i)
    for (std::size_t i = w.size() - 1; i > 0; --i)
        more[i - 1] = more[i] + w[i];
    unit_interval_values values{0, 0, 0};
    reference_real at_most = 0;
    reference_real term = 1;
    for (std::size_t i = 0;
         i < w.size() || 2 * u > i || term * at_most > reference_real("1e-30") * values.upper; ++i) {
        if (i < w.size()) {
            at_most += w[i];
            values.lower += term * more[i];
        }
        if (i + 1 < w.size()) values.density += term * w[i + 1];
        values.upper += term * at_most;
        term *= u / (i + 1);
    }
    values.lower *= x;
    values.upper *= x;
    return values;
}

/// The hops of layers with these coefficients.
inline std::vector<reference_real> hop_weights(const std::vector<double>& alphas) {
    std::vector<reference_real> w{1};
    for (const double alpha : alphas) {
        w.push_back(0);
        for (std::size_t k = w.size() - 1; k > 0; --k)
            w[k] = (1 - reference_real(alpha)) * w[k] + reference_real(alpha) * w[k - 1];
        w[0] *= 1 - reference_real(alpha);
    }
    return w;
}

/// Poisson hops, `count` of their weights.
inline std::vector<reference_real> poisson_hop_weights(double total_attention, std::size_t count) {
    std::vector<reference_real> w{exp(-reference_real(total_attention))};
    for (std::size_t k = 1; k < count; ++k)
        w.push_back(w.back() * total_attention / k);
    return w;
}

/// Positions of all sizes, close to 1 and to 0 too.
template <class Engine>
double random_position(Engine& engine) {
    std::uniform_real_distribution<double> uniform;
    switch (engine() % 3) {
        case 0:
            return uniform(engine);
        case 1:
            return std::exp(-690 * uniform(engine));
        default:
            return 1 - std::exp(-36 * uniform(engine));
    }
}

/// Coefficients that differ, around a size of their own.
template <class Engine>
std::vector<double> random_coefficients(Engine& engine, std::size_t depth) {
    std::uniform_real_distribution<double> uniform;
    const double power = std::exp(3 * uniform(engine) - 1.5);
    std::vector<double> alphas(depth);
    for (double& alpha : alphas)
        alpha = std::pow(uniform(engine), power);
    return alphas;
}

}  // namespace cesaro_test
