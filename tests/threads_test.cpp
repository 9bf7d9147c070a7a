// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Built only where the compiler has OpenMP: the results are the same to the last bit for any number of
// threads.
#include "catch.hpp"

#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>

#include <omp.h>

TEST_CASE("rows and matrices do not depend on the number of threads") {
    const Eigen::Index tokens = (Eigen::Index(1) << 21) + 12345;
    const auto schedule = cesaro::mixing_schedule<>::constant(24, 0.3);
    omp_set_num_threads(1);
    const Eigen::VectorXd row = cesaro::influence_row(tokens, schedule);
    const Eigen::MatrixXd matrix = cesaro::influence_matrix(2500, schedule);
    for (const int threads : {2, 3}) {
        omp_set_num_threads(threads);
        CHECK(cesaro::influence_row(tokens, schedule) == row);
        CHECK(cesaro::influence_matrix(2500, schedule) == matrix);
    }
}
