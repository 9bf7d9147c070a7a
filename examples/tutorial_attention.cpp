// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// What a token reads after one, two and twelve layers of uniform causal attention.
#include <cesaro/discrete_influence.hpp>

#include <cstdio>

int main() {
    std::printf("%6s %12s %12s %12s\n", "layers", "first", "middle", "last");
    for (const int layers : {1, 2, 12}) {
        const auto attention_only = cesaro::mixing_schedule<>::constant(layers, 1.0);
        const cesaro::discrete_influence<> row(999, attention_only);  // the query is the last of 1000 tokens
        std::printf("%6d %12.3e %12.3e %12.3e\n", layers, pdf(row, 0), pdf(row, 500), pdf(row, 999));
    }
}
