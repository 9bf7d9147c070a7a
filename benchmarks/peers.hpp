// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// What the library is measured against: the plain ways to the same numbers.
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

namespace cesaro_benchmark {

/// The row by straight running sums: one accumulator per degree, position after position.
inline void straight_row(const cesaro::mixing_schedule<>& schedule, Eigen::VectorXd& out) {
    const Eigen::VectorXd w = schedule.hop_distribution();
    const Eigen::Index tokens = out.size();
    Eigen::VectorXd h = Eigen::VectorXd::Unit(schedule.depth(), 0);
    for (Eigen::Index m = tokens; m-- > 0;) {
        const double reciprocal = 1 / double(m + 1);
        double sum = w[1];
        for (Eigen::Index k = 1; k < h.size(); ++k) {
            h[k] += h[k - 1] * reciprocal;
            sum += w[k + 1] * h[k];
        }
        out[m] = sum / double(tokens);
    }
    out[tokens - 1] += w[0];
}

/// One layer, (1 - alpha) I + alpha M, as a dense matrix.
inline Eigen::MatrixXd dense_layer(Eigen::Index tokens, double alpha) {
    Eigen::MatrixXd a = alpha * cesaro::cesaro_operator<>(tokens).matrix();
    a.diagonal().array() += 1 - alpha;
    return a;
}

/// The power of a dense matrix by repeated squaring; multiply(a, b, c) is c = a b.
template <class Multiply>
Eigen::MatrixXd dense_power(Eigen::MatrixXd square, Eigen::Index exponent, Multiply multiply) {
    Eigen::MatrixXd power;
    Eigen::MatrixXd product(square.rows(), square.cols());
    for (;; exponent /= 2) {
        if (exponent % 2 == 1) {
            if (power.size() == 0) {
                power = square;
            } else {
                multiply(power, square, product);
                power.swap(product);
            }
        }
        if (exponent <= 1) return power;
        multiply(square, square, product);
        square.swap(product);
    }
}

/// Running sums, one pass over memory per layer.
template <class Block>
void layer_by_layer(const cesaro::mixing_schedule<>& schedule, const Block& x, Block& out) {
    out = x;
    for (const double alpha : schedule.alphas()) {
        for (Eigen::Index j = 0; j < out.cols(); ++j) {
            double sum = 0;
            for (Eigen::Index n = 0; n < out.rows(); ++n) {
                sum += out(n, j);
                out(n, j) = (1 - alpha) * out(n, j) + alpha * sum / double(n + 1);
            }
        }
    }
}

}  // namespace cesaro_benchmark
