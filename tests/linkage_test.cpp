// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Every header in two translation units: what is defined in a header without `inline` fails to link.
#include <cesaro/cesaro.hpp>

static_assert(cesaro::version_major == PROJECT_MAJOR && cesaro::version_minor == PROJECT_MINOR &&
              cesaro::version_patch == PROJECT_PATCH);
#if CESARO_VERSION != PROJECT_MAJOR * 10000 + PROJECT_MINOR * 100 + PROJECT_PATCH
#error "the preprocessor's version is not the project's"
#endif

double influence_elsewhere(Eigen::Index source);

int main() {
    const cesaro::discrete_influence<> row(9, cesaro::mixing_schedule<>::constant(3, 0.5));
    return pdf(row, 4) == influence_elsewhere(4) ? 0 : 1;
}
