// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"

#include <cesaro/decoder/detail/cell_attention.hpp>
#include <cesaro/decoder/detail/pair_kernel.hpp>
#include <cesaro/decoder/detail/position_cells.hpp>
#include <cesaro/decoder/detail/softmax_means.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <algorithm>
#include <cmath>

using namespace cesaro::detail;

namespace {

/// Mean weights of a softmax of independent scores with a sink, straight from the integral over ln t.
Eigen::VectorXd mean_weights(const Eigen::VectorXd& variances, double sink) {
    const double step = 0.2;
    Eigen::VectorXd mean = Eigen::VectorXd::Zero(variances.size());
    for (double u = -45; u < 55; u += step) {
        const double t = std::exp(u);
        Eigen::VectorXd zeroth = mean * 0, first = mean * 0;
        for (double g = -8; g <= 8; g += 0.02) {
            const double density =
                0.02 * std::exp(-g * g / 2) * boost::math::constants::one_div_root_two_pi<double>();
            const Eigen::ArrayXd w = t * (variances.array().sqrt() * g).exp();
            zeroth.array() += density * (-w).exp();
            first.array() += density * w * (-w).exp();
        }
        const Eigen::ArrayXd logarithm = zeroth.array().max(1e-300).log();
        mean.array() += step * first.array() * (logarithm.sum() - logarithm - t * sink).exp();
    }
    return mean;
}

}  // namespace

TEST_CASE("mean weights are those of softmaxes of independent scores of different variances") {
    const Eigen::Index tokens = 12;
    for (const double sink : {0.0, 1.5}) {
        const cell_attention<double> uniform(position_cells::single(tokens), {.sink = sink});
        for (const double tau : {0.5, 10.0}) {
            const Eigen::MatrixXd variances = Eigen::MatrixXd::NullaryExpr(
                tokens, tokens,
                [&](auto n, auto j) { return tau * (1 + 0.4 * std::sin(double(3 * n + j))); });
            const pair_kernel<double> kernel(variances, variances.diagonal());
            const cell_attention<double> a =
                softmax_means<double>::of(uniform, kernel).reweighted(uniform, kernel);
            for (const Eigen::Index n : {1, 4, 11}) {
                const Eigen::VectorXd expected = mean_weights(variances.row(n).head(n + 1).transpose(), sink);
                const Eigen::VectorXd row = a.row(n);
                CAPTURE(sink, tau, n);
                for (Eigen::Index j = 0; j < n; ++j)
                    CHECK(std::abs(row[j] / expected[j] - 1) < 1e-5);
                CHECK(std::abs(row[n + 1] / expected[n] - 1) < 1e-5);
            }
            CHECK(std::abs(a.row_sums()[0] - mean_weights(variances.row(0).head(1), sink)[0]) < 1e-5);
        }
    }
}

TEST_CASE("scores of one variance leave weights uniform") {
    const cell_attention<double> uniform(position_cells::single(9), {});
    const pair_kernel<double> kernel(Eigen::MatrixXd::Constant(9, 9, 3), Eigen::VectorXd::Constant(9, 3));
    const cell_attention<double> a = softmax_means<double>::of(uniform, kernel).reweighted(uniform, kernel);
    CHECK((a.row(8) - uniform.row(8)).cwiseAbs().maxCoeff() < 1e-12);
}
