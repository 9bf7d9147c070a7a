// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include <cesaro/cesaro.hpp>

#include <cstdio>

int main() {
    using cesaro::complement;

    // GPT-2: 12 layers, 1024 tokens; every layer keeps 4/5 of the residual stream.
    const auto schedule = cesaro::mixing_schedule<>::constant(12, 0.2);
    const cesaro::discrete_influence<> row(1023, schedule);  // what the last token reads, exactly
    const cesaro::continuum_influence<> limit(schedule);     // as the context grows

    std::printf("first token    %.6f\n", pdf(row, 0));    // the primacy tail ends here
    std::printf("mid-context    %.6f\n", pdf(row, 511));  // lost in the middle
    std::printf("  continuum    %.6f\n", pdf(limit, 511. / 1023) / 1023);
    std::printf("last token     %.6f\n", pdf(row, 1023));  // the recency delta
    std::printf("first half     %.6f\n", cdf(row, 511));
    std::printf("second half    %.6f\n", cdf(complement(row, 511)));
    std::printf("median at      %td of 1023\n", median(row));
    return std::fflush(stdout) == 0 ? 0 : 1;  // a full disk is no success
}
