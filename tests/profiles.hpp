// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// Profiles to summarise and compare.
#include "scalars.hpp"

#include <Eigen/Core>

#include <cmath>
#include <random>

namespace cesaro_test {

/// Entries spread over many decades, so that an error in a small one cannot hide behind a large one.
template <class Real>
Eigen::VectorX<Real> random_profile(std::mt19937_64& random, Eigen::Index size, double decades) {
    std::uniform_real_distribution<double> exponent(-decades, 0);
    Eigen::VectorX<Real> p(size);
    for (Eigen::Index m = 0; m < size; ++m)
        p[m] = Real(std::pow(10.0, exponent(random)));
    return p;
}

/// The profile divided by its sum, in 100 digits.
Eigen::VectorX<float100> normalised(const auto& profile) {
    Eigen::VectorX<float100> p(profile.size());
    float100 sum = 0;
    for (Eigen::Index m = 0; m < p.size(); ++m)
        sum += p[m] = float100(profile[m]);
    for (Eigen::Index m = 0; m < p.size(); ++m)
        p[m] /= sum;
    return p;
}

}  // namespace cesaro_test
