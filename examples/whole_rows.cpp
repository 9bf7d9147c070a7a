// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// A million entries of a row, all rows of a short context, and the network applied to a sequence.
#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/network_operator.hpp>

#include <cstdio>

int main() {
    const auto schedule = cesaro::mixing_schedule<>::constant(32, 0.2);

    const Eigen::VectorXd row = cesaro::influence_row(1'000'000, schedule);
    std::printf("row of 1000000: first %.6e, last %.6e\n", row[0], row[row.size() - 1]);

    const Eigen::MatrixXd rows = cesaro::influence_matrix(512, schedule);  // row n: what position n reads
    std::printf("row 100 of 512: first %.6e, sum %.12f\n", rows(100, 0), rows.row(100).sum());

    // What uniform attention makes of a step in the input, without a matrix.
    const cesaro::network_operator<> network(512, schedule);
    Eigen::VectorXd step = Eigen::VectorXd::Zero(512);
    step.tail(256).setOnes();
    std::printf("the second half weighs %.6f at the end\n", network.apply(step)[511]);
}
