// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Two profiles of one network: the row, where all layers' weights are aligned, and norms of the Jacobian,
// where they are independent.
#include <cesaro/influence_row.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/position_gains.hpp>
#include <cesaro/profile.hpp>

#include <cstdio>

int main() {
    const Eigen::Index tokens = 1024, layers = 12;
    const double gain = 0.5;  // of every attention branch, beside a residual path of 1
    const auto print = [](const char* name, const Eigen::VectorXd& profile) {
        const auto s = cesaro::summarize(profile);
        std::printf("%-24s %12.4f %8.4f %11.4f %12.5f %12.5f\n", name, s.primacy, s.middle, s.recency,
                    s.first_token, s.last_token);
    };
    std::printf("%-24s %12s %8s %11s %12s %12s\n", "", "first tenth", "middle", "last tenth", "first token",
                "query");
    print("row",
          cesaro::influence_row(tokens, cesaro::mixing_schedule<>::constant(layers, gain / (1 + gain))));
    print("Jacobian norms", cesaro::jacobian_profile(tokens, Eigen::VectorXd::Constant(layers, gain)));

    // Gains that fall with the position, as normalisation makes them where early positions are louder.
    cesaro::position_gains<double> falling{Eigen::MatrixXd(tokens, layers), {}};
    for (Eigen::Index m = 0; m < tokens; ++m)
        falling.attention.row(m).setConstant(gain / (1 + double(m) / double(tokens)));
    print("with falling gains", cesaro::jacobian_profile(falling));
}
