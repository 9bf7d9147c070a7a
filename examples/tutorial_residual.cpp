// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Residual paths: a layer adds a share of attention to what it keeps.
#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_summary.hpp>
#include <cesaro/landmarks.hpp>

#include <cstdio>

int main() {
    using cesaro::complement;

    const cesaro::mixing_schedule<> schedule{0.6, 0.3, 0.3, 0.2, 0.2, 0.2, 0.1, 0.1};  // layer 0 first
    const cesaro::discrete_influence<> row(999, schedule);
    std::printf("first %.3e, middle %.3e, last %.3e\n", pdf(row, 0), pdf(row, 500), pdf(row, 999));
    std::printf("%.3e of that last stayed on it, with no attention on the way\n",
                cesaro::recency_delta(schedule));
    std::printf("first half %.4f, second half %.4f\n", cdf(row, 499), cdf(complement(row, 499)));
    std::printf("half of the influence lies up to position %lld\n", static_cast<long long>(median(row)));

    const auto s = cesaro::summarize(row);
    std::printf("first tenth %.4f, middle %.4f, last tenth %.4f\n", s.primacy, s.middle, s.recency);
}
