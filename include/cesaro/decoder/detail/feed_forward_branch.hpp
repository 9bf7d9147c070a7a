// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/decoder/experts.hpp>
#include <cesaro/decoder/feed_forward.hpp>
#include <cesaro/decoder/linear.hpp>

#include <Eigen/Core>

/// The feed-forward branch of a layer: one inner layer, or a mixture of experts.
namespace cesaro::detail {

/// What a feed-forward branch keeps for its derivative.
template <class Real>
struct feed_forward_trace {
    Eigen::MatrixX<Real> inner = {};  ///< pre-activations
    nn::expert_trace<Real> experts = {};
};

/// The feed-forward branch of x, before its normalisation on the way out.
template <class Real>
Eigen::MatrixX<Real> feed_forward_branch(const decoder_config& config, Eigen::Index layer,
                                         const nn::block_weights<Real>& weights,
                                         const Eigen::MatrixX<Real>& x, feed_forward_trace<Real>& trace) {
    if (config.has_experts(layer)) {
        return nn::mixture_of_experts(*config.experts, config.activation, config.gated, weights.experts, x,
                                      trace.experts);
    }
    trace.inner = nn::linear(weights.feed_forward_input, x);
    return nn::linear(weights.feed_forward_output,
                      nn::feed_forward_activation(config.activation, config.gated, trace.inner));
}

/// The vector-Jacobian product of feed_forward_branch().
template <class Real>
Eigen::MatrixX<Real> feed_forward_branch_vjp(const decoder_config& config, Eigen::Index layer,
                                             const nn::block_weights<Real>& weights,
                                             const feed_forward_trace<Real>& trace,
                                             const Eigen::MatrixX<Real>& y_bar) {
    if (config.has_experts(layer)) {
        return nn::mixture_of_experts_vjp(*config.experts, config.activation, config.gated, weights.experts,
                                          trace.experts, y_bar);
    }
    const Eigen::MatrixX<Real> inner_bar = nn::feed_forward_activation_vjp(
        config.activation, config.gated, trace.inner, nn::linear_vjp(weights.feed_forward_output, y_bar));
    return nn::linear_vjp(weights.feed_forward_input, inner_bar);
}

}  // namespace cesaro::detail
