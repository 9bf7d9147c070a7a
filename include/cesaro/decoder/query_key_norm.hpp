// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/normalization.hpp>

#include <Eigen/Core>

namespace cesaro {

namespace detail {

/// The entries of x, column after column, in columns of `rows` entries.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> in_columns_of(Eigen::Index rows, const Eigen::MatrixX<Real>& x) {
    return Eigen::Map<const Eigen::MatrixX<Real>>(x.data(), rows, x.size() / rows);
}

}  // namespace detail

namespace nn {

/// The heads of queries or keys normalised: `together` rows at a time, one head's or all.
/// \param x heads · w x tokens, a multiple of `together` rows, which is at least 1.
/// \return the trace of the normalisation of columns of `together` entries, heads by heads.
/// \throws what normalize() throws.
///
/// Sources: Dehghani et al., arXiv 2302.05442 (each head); OLMo 2, arXiv 2501.00656 (all heads together).
template <class Real>
[[nodiscard]] normalization_trace<Real> normalize_heads(norm_kind kind, double epsilon, Eigen::Index together,
                                                        const Eigen::MatrixX<Real>& x) {
    return normalize(kind, epsilon, detail::in_columns_of(together, x));
}

/// The output of normalize_heads(), `rows` x tokens. A gain may have the entries of one head, which all heads
/// then share, or of all heads.
/// \throws what normalization_output() throws.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> head_normalization_output(const normalization_weights<Real>& weights,
                                                             Eigen::Index rows,
                                                             const normalization_trace<Real>& trace) {
    const Eigen::Index gains = weights.gain.size() > 0 ? weights.gain.size() : trace.normalized.rows();
    const normalization_trace<Real> turned{detail::in_columns_of(gains, trace.normalized), {}};
    return detail::in_columns_of(rows, normalization_output(weights, turned));
}

/// The vector-Jacobian product of both.
/// \param y_bar heads · w x (probes · tokens), one block of tokens columns per probe.
/// \throws what normalization_vjp() throws.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> head_normalization_vjp(norm_kind kind,
                                                          const normalization_weights<Real>& weights,
                                                          const normalization_trace<Real>& trace,
                                                          const Eigen::MatrixX<Real>& y_bar) {
    Eigen::MatrixX<Real> u = y_bar;
    if (weights.gain.size() > 0) {
        u = detail::in_columns_of(weights.gain.size(), u);
        u.array().colwise() *= weights.gain.array();
    }
    u = normalization_vjp(kind, {}, trace, detail::in_columns_of(trace.normalized.rows(), u));
    return detail::in_columns_of(y_bar.rows(), u);
}

}  // namespace nn

}  // namespace cesaro
