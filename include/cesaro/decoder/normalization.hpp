// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/detail/check_probes.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

#include <cmath>
#include <string_view>

namespace cesaro {

namespace nn {

/// The elementwise affine map after a normalisation. What is absent has size 0.
template <class Real>
struct normalization_weights {
    Eigen::VectorX<Real> gain = {};
    Eigen::VectorX<Real> bias = {};
};

/// What normalize() keeps for its derivative.
template <class Real>
struct normalization_trace {
    Eigen::MatrixX<Real> normalized;     ///< \f$\hat x\f$, width x tokens
    Eigen::VectorX<Real> inverse_scale;  ///< \f$1/s\f$ of each token
};

/// \f$\hat x = (x - \mu)/s\f$ for every column of x.
///
/// LayerNorm: \f$\mu\f$ is the mean of the column and \f$s^2\f$ its variance + epsilon. RMSNorm:
/// \f$\mu = 0\f$ and \f$s^2\f$ is the mean square + epsilon. A column without variance needs epsilon > 0.
/// \param x width x tokens, width at least 1.
/// \throws std::domain_error when x has no rows or epsilon is negative or not a number.
///
/// Sources: Ba, Kiros and Hinton, arXiv 1607.06450; Zhang and Sennrich, arXiv 1910.07467.
template <class Real>
[[nodiscard]] normalization_trace<Real> normalize(norm_kind kind, double epsilon,
                                                  const Eigen::MatrixX<Real>& x) {
    using std::sqrt;
    detail::check_at_least("nn::normalize", "rows of x", x.rows(), 1);
    if (!(epsilon >= 0))
        detail::throw_domain_error("nn::normalize", "epsilon", epsilon, "must be at least 0");
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

/// \f$g \circ \hat x + b\f$: the output of the normalisation, width x tokens. Without a gain, g = 1.
/// \throws std::invalid_argument when a gain or a bias has not `width` entries.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> normalization_output(const normalization_weights<Real>& weights,
                                                        const normalization_trace<Real>& trace) {
    const char* const function = "nn::normalization_output";
    const bool gained = weights.gain.size() > 0;
    const bool biased = weights.bias.size() > 0;
    if (gained) detail::check_size(function, "gain", weights.gain.size(), trace.normalized.rows());
    if (biased) detail::check_size(function, "bias", weights.bias.size(), trace.normalized.rows());
    Eigen::MatrixX<Real> y = trace.normalized;
    if (gained) y.array().colwise() *= weights.gain.array();
    if (biased) y.colwise() += weights.bias;
    return y;
}

/// The vector-Jacobian product of a normalisation. With \f$u = g \circ \bar y\f$ and means over the width,
///
/// \f[ \bar x = \frac{1}{s}\left( u - \langle u \rangle - \hat x \langle u \circ \hat x \rangle \right), \f]
///
/// without \f$\langle u \rangle\f$ for RMSNorm.
/// \param y_bar width x (probes · tokens), one block of tokens columns per probe.
/// \return the cotangent of x, of the shape of y_bar.
/// \throws std::invalid_argument when the shapes of gain, trace and y_bar do not fit.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> normalization_vjp(norm_kind kind,
                                                     const normalization_weights<Real>& weights,
                                                     const normalization_trace<Real>& trace,
                                                     const Eigen::MatrixX<Real>& y_bar) {
    const char* const function = "nn::normalization_vjp";
    const Eigen::Index width = trace.normalized.rows();
    const Eigen::Index tokens = trace.normalized.cols();
    const bool gained = weights.gain.size() > 0;
    if (gained) detail::check_size(function, "gain", weights.gain.size(), width);
    detail::check_size(function, "trace.inverse_scale", trace.inverse_scale.size(), tokens);
    detail::check_size(function, "rows of y_bar", y_bar.rows(), width);
    detail::check_probes(function, "y_bar", y_bar.cols(), tokens);
    Eigen::MatrixX<Real> x_bar(width, y_bar.cols());
    detail::parallel_for(y_bar.cols(), [&](Eigen::Index c) {
        const auto x_hat = trace.normalized.col(c % tokens);
        auto u = x_bar.col(c);
        u = y_bar.col(c);
        if (gained) u.array() *= weights.gain.array();
        const Real along = u.dot(x_hat) / Real(width);
        if (kind == norm_kind::layer_norm) {
            const Real mean = u.mean();
            u.array() -= mean;
        }
        u -= along * x_hat;
        u *= trace.inverse_scale[c % tokens];
    });
    return x_bar;
}

}  // namespace nn

}  // namespace cesaro
