// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include <cesaro/cesaro.hpp>

double influence_elsewhere(Eigen::Index source);

double influence_elsewhere(Eigen::Index source) {
    const cesaro::discrete_influence<> row(9, cesaro::mixing_schedule<>::constant(3, 0.5));
    return pdf(row, source);
}
