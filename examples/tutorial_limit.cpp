// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The same network at growing context lengths, and its limit.
#include <cesaro/collapse.hpp>
#include <cesaro/continuum_influence.hpp>
#include <cesaro/discrete_influence.hpp>

#include <cstdint>
#include <cstdio>

int main() {
    const cesaro::mixing_schedule<> schedule{0.6, 0.3, 0.3, 0.2, 0.2, 0.2, 0.1, 0.1};
    const cesaro::continuum_influence<> limit(schedule);
    std::printf("%14s %12s %14s %12s\n", "tokens", "first half", "middle x n", "first token");
    for (const std::int64_t tokens : {100LL, 10'000LL, 1'000'000LL, 1'000'000'000'000LL}) {
        const std::int64_t query = tokens - 1, middle = query / 2;
        const cesaro::discrete_influence<> row(query, schedule);
        std::printf("%14lld %12.6f %14.6f %12.3e\n", static_cast<long long>(tokens), cdf(row, middle),
                    pdf(row, middle) * double(query), cesaro::first_token_influence(tokens, schedule));
    }
    std::printf("%14s %12.6f %14.6f\n", "limit", cdf(limit, 0.5), pdf(limit, 0.5));
}
