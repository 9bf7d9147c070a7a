// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/decoder/linear.hpp>

#include <Eigen/Core>

#include <cmath>

namespace cesaro {

/// What normalize() keeps for its derivative.
template <class Real>
struct normalization_trace {
    Eigen::MatrixX<Real> normalized;     ///< \f$\hat x\f$, width x tokens
    Eigen::VectorX<Real> inverse_scale;  ///< \f$1/s\f$ of each token
};

/// \f$\hat x = (x - \mu)/s\f$ for every column of x (width x tokens).
///
/// LayerNorm: \f$\mu\f$ is the mean of the column and \f$s^2\f$ its variance + epsilon. RMSNorm:
/// \f$\mu = 0\f$ and \f$s^2\f$ is the mean square + epsilon.
///
/// Sources: Ba, Kiros and Hinton, arXiv 1607.06450; Zhang and Sennrich, arXiv 1910.07467.
template <class Real>
normalization_trace<Real> normalize(norm_kind kind, double epsilon, const Eigen::MatrixX<Real>& x) {
    using std::sqrt;
    normalization_trace<Real> trace{x, Eigen::VectorX<Real>(x.cols())};
    for (Eigen::Index t = 0; t < x.cols(); ++t) {
        auto column = trace.normalized.col(t);
        if (kind == norm_kind::layer_norm) {
            const Real mean = column.mean();
            column.array() -= mean;
        }
        const Real mean_square = column.squaredNorm() / Real(x.rows()) + Real(epsilon);
        trace.inverse_scale[t] = Real(1) / sqrt(mean_square);
        column *= trace.inverse_scale[t];
    }
    return trace;
}

/// gain ∘ x̂ + bias: the output of the normalisation.
template <class Real>
Eigen::MatrixX<Real> normalization_output(const normalization_weights<Real>& weights,
                                          const normalization_trace<Real>& trace) {
    Eigen::MatrixX<Real> y = weights.gain.asDiagonal() * trace.normalized;
    if (weights.bias.size() > 0) y.colwise() += weights.bias;
    return y;
}

/// The vector-Jacobian product of a normalisation. With \f$u = g \circ \bar y\f$ and means over the width,
///
/// \f[ \bar x = \frac{1}{s}\left( u - \langle u \rangle - \hat x \langle u \circ \hat x \rangle \right), \f]
///
/// without \f$\langle u \rangle\f$ for RMSNorm. y_bar holds one block of tokens columns per probe.
template <class Real>
Eigen::MatrixX<Real> normalization_vjp(norm_kind kind, const normalization_weights<Real>& weights,
                                       const normalization_trace<Real>& trace,
                                       const Eigen::MatrixX<Real>& y_bar) {
    const Eigen::Index tokens = trace.normalized.cols();
    Eigen::MatrixX<Real> x_bar(y_bar.rows(), y_bar.cols());
    detail::parallel_pieces(y_bar.cols(), detail::product_columns,
                            [&](Eigen::Index first, Eigen::Index size) {
                                for (Eigen::Index c = first; c < first + size; ++c) {
                                    const auto x_hat = trace.normalized.col(c % tokens);
                                    auto u = x_bar.col(c);
                                    u = weights.gain.cwiseProduct(y_bar.col(c));
                                    const Real along = u.dot(x_hat) / Real(u.size());
                                    if (kind == norm_kind::layer_norm) {
                                        const Real mean = u.mean();
                                        u.array() -= mean;
                                    }
                                    u -= along * x_hat;
                                    u *= trace.inverse_scale[c % tokens];
                                }
                            });
    return x_bar;
}

}  // namespace cesaro
