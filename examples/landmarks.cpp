// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The landmarks of the U-shape against depth, and the depth at which a context collapses on its first token.
#include <cesaro/collapse.hpp>
#include <cesaro/landmarks.hpp>

#include <cstdio>

int main() {
    const double alpha = 0.3;
    std::printf("%5s %14s %14s %14s %14s\n", "depth", "recency delta", "dead zone", "valley", "asymptotic");
    for (const int depth : {6, 12, 24, 48, 96}) {
        const auto schedule = cesaro::mixing_schedule<>::constant(depth, alpha);
        std::printf("%5d %14.4e %14.4e %14.4e %14.4e\n", depth, cesaro::recency_delta(schedule),
                    cesaro::dead_zone(depth, 0.5),  // what attention without residual paths would leave
                    cesaro::valley(schedule, 0.5),  // what is there
                    cesaro::valley_asymptotic(depth, alpha, 0.5));
    }
    std::printf("99 %% of 131072 tokens' influence is on the first from %lld layers on\n",
                static_cast<long long>(cesaro::collapse_depth(131072, alpha, 0.01)));
}
