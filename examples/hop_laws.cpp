// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Depth and wiring enter through the law of the number of hops: three networks of four layers.
#include <cesaro/continuum_influence.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>

#include <cstdio>

int main() {
    const cesaro::hop_law<> residual = cesaro::mixing_schedule<>{0.5, 0.3, 0.3, 0.2};  // one alpha a layer
    const cesaro::hop_law<> half = cesaro::mixing_schedule<>{0.5, 0.3};
    const cesaro::hop_law<> same_half_twice = half * half;  // one network after the other
    const cesaro::hop_law<> skipping{0.3, 0, 0.5, 0, 0.2};  // any weights: no hop, two, or four

    std::printf("%-16s %6s %6s %12s %12s %12s\n", "network", "hops", "delta", "first token", "middle",
                "query");
    for (const auto& [name, hops] :
         {std::pair{"residual", residual}, {"same half twice", same_half_twice}, {"skipping", skipping}}) {
        const cesaro::discrete_influence<> row(999, hops);  // what the last of 1000 tokens reads
        const cesaro::continuum_influence<> limit(hops);    // the same as the context grows
        std::printf("%-16s %6.2f %6.3f %12.3e %12.3e %12.3e\n", name, hops.mean(), limit.delta_weight(),
                    pdf(row, 0), pdf(row, 499), pdf(row, 999));
    }
}
