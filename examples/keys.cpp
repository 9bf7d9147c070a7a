// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Attention that is not uniform, in closed form: what the last of 100000 tokens reads through 24 layers whose keys
// decay with distance, or share their attention with a sink; and how far a stack of sliding windows sees.
#include <cesaro/discrete_influence.hpp>
#include <cesaro/keys.hpp>
#include <cesaro/window_influence.hpp>

#include <cstdint>
#include <cstdio>
#include <utility>

int main() {
    const auto schedule = cesaro::mixing_schedule<>::constant(24, 0.25);
    const std::int64_t query = 99999;
    const cesaro::discrete_influence<> uniform(query, schedule);
    const cesaro::discrete_influence<> sink(query, schedule, cesaro::uniform_keys<>{.sink = 1000});
    const cesaro::discrete_influence<> gentle(query, schedule, cesaro::decaying_keys<>{.slope = 1e-5});
    const cesaro::discrete_influence<> steep(query, schedule, cesaro::decaying_keys<>{.slope = 1.0 / 256});

    std::printf("%-16s %12s %12s %12s %12s %10s\n", "keys", "first half", "last half", "query", "sink",
                "median");
    for (const auto& [name, row] : {std::pair{"uniform", uniform},
                                    {"sink of 1000", sink},
                                    {"slope 1e-5", gentle},
                                    {"slope 1/256", steep}}) {
        std::printf("%-16s %12.3e %12.3e %12.3e %12.3e %10lld\n", name, cdf(row, 49999),
                    cdf(complement(row, 49999)), pdf(row, query), sink_influence(row),
                    static_cast<long long>(quantile(row, row.total() / 2)));
    }
    const cesaro::window_influence<> window(4096, schedule);
    for (const double rest : {1e-2, 1e-3, 1e-6}) {
        std::printf("windows of 4096: %.0e is beyond %lld tokens\n", rest,
                    static_cast<long long>(quantile(complement(window, rest))));
    }
}
