// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Outputs that cannot hold the result.
#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/mixing_schedule.hpp>

void write(const cesaro::mixing_schedule<double>& schedule) {
#if defined(ROW_SCALAR)
    Eigen::VectorXf out(3);
    cesaro::influence_row(schedule, out);
#elif defined(ROW_SHAPE)
    Eigen::MatrixXd out(3, 3);
    cesaro::influence_row(schedule, out);
#elif defined(MATRIX_SCALAR)
    Eigen::MatrixXf out(3, 3);
    cesaro::influence_matrix(schedule, out);
#endif
}
