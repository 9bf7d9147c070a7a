// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/causal_attention.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/linear.hpp>
#include <cesaro/decoder/normalization.hpp>

#include <Eigen/Core>

#include <utility>

namespace cesaro {

namespace nn {

/// The maps of latent attention from the residual stream to queries, keys and values.
template <class Real>
struct latent_weights {
    linear_weights<Real> query_down = {};  ///< query_rank x width, or empty
    normalization_weights<Real> query_norm = {};
    linear_weights<Real> query = {};           ///< heads · w x query_rank, or x width
    linear_weights<Real> key_value_down = {};  ///< rank + rope_width x width
    normalization_weights<Real> key_value_norm = {};
    linear_weights<Real> key_value_up = {};  ///< for each head the rows of its unrotated key, then its value
};

/// What latent_queries_keys_values() keeps for its derivative.
template <class Real>
struct latent_trace {
    normalization_trace<Real> query_norm = {};
    normalization_trace<Real> key_value_norm = {};
};

/// Queries, keys and values of latent attention, as causal_attention() takes them. With N RMSNorm,
///
/// \f[ q = W_q N(W_{dq} x), \quad (c, k_r) = W_{dkv} x, \quad (k_h, v_h)_{h} = W_{ukv} N(c), \f]
///
/// the key of head h is \f$(k_h, k_r)\f$. Where there is no query latent, \f$q = W_q x\f$.
/// \param x width x tokens.
/// \return shape.rows() x tokens.
/// \throws std::invalid_argument when the shapes do not fit.
///
/// Source: DeepSeek-V2, arXiv 2405.04434, section 2.1.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> latent_queries_keys_values(const attention_shape& shape,
                                                              const latent_attention& latent,
                                                              const latent_weights<Real>& weights,
                                                              const Eigen::MatrixX<Real>& x,
                                                              latent_trace<Real>& trace) {
    const Eigen::Index w = shape.head_width;
    const Eigen::Index u = shape.value_width;
    const Eigen::Index still = w - latent.rope_width;
    const auto norm = [&](const auto& norm_weights, auto& norm_trace, const Eigen::MatrixX<Real>& z) {
        norm_trace = normalize(norm_kind::rms_norm, latent.epsilon, z);
        return normalization_output(norm_weights, norm_trace);
    };
    Eigen::MatrixX<Real> qkv(shape.rows(), x.cols());
    if (latent.query_rank > 0) {
        qkv.topRows(shape.query_size()) =
            linear(weights.query, norm(weights.query_norm, trace.query_norm, linear(weights.query_down, x)));
    } else {
        qkv.topRows(shape.query_size()) = linear(weights.query, x);
    }
    const Eigen::MatrixX<Real> down = linear(weights.key_value_down, x);
    const Eigen::MatrixX<Real> up = linear(
        weights.key_value_up, norm(weights.key_value_norm, trace.key_value_norm, down.topRows(latent.rank)));
    auto keys = qkv.middleRows(shape.query_size(), shape.key_size());
    auto values = qkv.bottomRows(shape.heads * u);
    for (Eigen::Index head = 0; head < shape.heads; ++head) {
        keys.middleRows(head * w, still) = up.middleRows(head * (still + u), still);
        keys.middleRows(head * w + still, latent.rope_width) = down.bottomRows(latent.rope_width);
        values.middleRows(head * u, u) = up.middleRows(head * (still + u) + still, u);
    }
    return qkv;
}

/// The vector-Jacobian product of latent_queries_keys_values().
/// \param qkv_bar shape.rows() x (probes · tokens), one block of tokens columns per probe.
/// \return the cotangent of x, width x (probes · tokens).
/// \throws std::invalid_argument when the shapes do not fit.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> latent_queries_keys_values_vjp(const attention_shape& shape,
                                                                  const latent_attention& latent,
                                                                  const latent_weights<Real>& weights,
                                                                  const latent_trace<Real>& trace,
                                                                  const Eigen::MatrixX<Real>& qkv_bar) {
    const Eigen::Index w = shape.head_width;
    const Eigen::Index u = shape.value_width;
    const Eigen::Index still = w - latent.rope_width;
    const auto keys = qkv_bar.middleRows(shape.query_size(), shape.key_size());
    const auto values = qkv_bar.bottomRows(shape.heads * u);
    Eigen::MatrixX<Real> up(shape.heads * (still + u), qkv_bar.cols());
    Eigen::MatrixX<Real> down = Eigen::MatrixX<Real>::Zero(latent.rank + latent.rope_width, qkv_bar.cols());
    for (Eigen::Index head = 0; head < shape.heads; ++head) {
        up.middleRows(head * (still + u), still) = keys.middleRows(head * w, still);
        up.middleRows(head * (still + u) + still, u) = values.middleRows(head * u, u);
        down.bottomRows(latent.rope_width) += keys.middleRows(head * w + still, latent.rope_width);
    }
    down.topRows(latent.rank) = normalization_vjp(norm_kind::rms_norm, weights.key_value_norm,
                                                  trace.key_value_norm, linear_vjp(weights.key_value_up, up));
    Eigen::MatrixX<Real> query = linear_vjp<Real>(weights.query, qkv_bar.topRows(shape.query_size()));
    if (latent.query_rank > 0) {
        query = linear_vjp(weights.query_down, normalization_vjp(norm_kind::rms_norm, weights.query_norm,
                                                                 trace.query_norm, query));
    }
    return query + linear_vjp(weights.key_value_down, down);
}

}  // namespace nn

}  // namespace cesaro
