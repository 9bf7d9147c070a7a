// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// A measured profile against the theory: summary, distances, and the coefficient that fits it best.
#include <cesaro/discrete_influence.hpp>
#include <cesaro/fit_network.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/influence_summary.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/profile_distance.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

int main() {
    // Stands for what you measured: any non-negative numbers, one per position; the sum does not matter.
    std::vector<double> measurement(1024);
    const cesaro::discrete_influence<> unknown(1023, cesaro::mixing_schedule<>::constant(12, 0.25));
    for (std::size_t m = 0; m < measurement.size(); ++m)
        measurement[m] = pdf(unknown, std::int64_t(m)) * (m % 2 == 0 ? 1.1 : 0.9);
    const Eigen::Map<const Eigen::VectorXd> measured(measurement.data(), Eigen::Index(measurement.size()));

    const auto fit = cesaro::fit_constant_mixing(measured, 12);
    const auto schedule = cesaro::mixing_schedule<>::constant(12, fit.parameter);
    const Eigen::VectorXd theory = cesaro::influence_row(1024, schedule);
    std::printf("alpha %.4f\n", fit.parameter);
    std::printf("Wasserstein %.5f, total variation %.4f, Spearman %.4f\n",
                cesaro::wasserstein(measured, theory), cesaro::total_variation(measured, theory),
                cesaro::spearman(measured, theory));

    const auto short_context = cesaro::summarize(measured);
    const auto long_context = cesaro::summarize(cesaro::last_row(1'000'000'000'000, schedule));  // no vector
    std::printf("%-20s %12s %12s %12s\n", "tokens", "first tenth", "middle", "last tenth");
    std::printf("%-20s %12.4f %12.4f %12.4f\n", "1024, measured", short_context.primacy, short_context.middle,
                short_context.recency);
    std::printf("%-20s %12.4f %12.4f %12.4f\n", "1e12, in theory", long_context.primacy, long_context.middle,
                long_context.recency);
}
