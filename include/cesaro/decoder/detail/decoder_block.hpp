// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/decoder/detail/attention_branch.hpp>
#include <cesaro/decoder/detail/feed_forward_branch.hpp>
#include <cesaro/decoder/normalization.hpp>

#include <Eigen/Core>

/// One layer: its two branches and their normalisations around the residual stream.
namespace cesaro::detail {

/// What a layer keeps for its derivative; what is not there stays empty.
template <class Real>
struct block_trace {
    nn::normalization_trace<Real> attention_norm = {};
    attention_trace<Real> attention = {};
    nn::normalization_trace<Real> attention_output_norm = {};
    nn::normalization_trace<Real> feed_forward_norm = {};
    feed_forward_trace<Real> feed_forward = {};
    nn::normalization_trace<Real> feed_forward_output_norm = {};
};

/// The normalisations of a decoder, there or not: x passes where they are not.
class optional_norm {
  public:
    explicit optional_norm(const normalization_config& config) : config_(config) {}

    template <class Real>
    Eigen::MatrixX<Real> operator()(bool there, const nn::normalization_weights<Real>& weights,
                                    const Eigen::MatrixX<Real>& x,
                                    nn::normalization_trace<Real>& trace) const {
        if (!there) return x;
        trace = nn::normalize(config_.kind, config_.epsilon, x);
        return nn::normalization_output(weights, trace);
    }
    template <class Real>
    Eigen::MatrixX<Real> vjp(bool there, const nn::normalization_weights<Real>& weights,
                             const nn::normalization_trace<Real>& trace,
                             const Eigen::MatrixX<Real>& y_bar) const {
        return there ? nn::normalization_vjp(config_.kind, weights, trace, y_bar) : y_bar;
    }

  private:
    const normalization_config& config_;
};

/// Whether both branches read one and the same normalisation.
inline bool shares_norm(const decoder_config& config) {
    return config.parallel && config.norm.shared;
}

/// Sees nothing of what the branches of a layer add.
struct no_observer {
    template <class Stream, class Added>
    void attention(const Stream&, const Added&) const {}
    template <class Stream, class Added>
    void feed_forward(const Stream&, const Added&) const {}
};

/// One layer: x becomes its output.
/// \param observe is told what each branch adds to the stream, and the stream before.
template <class Real, class Observer = no_observer>
block_trace<Real> block_forward(const decoder_config& config, Eigen::Index layer,
                                const nn::block_weights<Real>& weights,
                                const layer_rotations<Real>& rotations, Eigen::MatrixX<Real>& x,
                                const Observer& observe = {}) {
    const optional_norm norm(config.norm);
    const bool before = config.norm.before;
    const bool after = config.norm.after;
    const auto r = Real(config.branch_scale);
    block_trace<Real> trace;
    const Eigen::MatrixX<Real> h = norm(before, weights.attention_norm, x, trace.attention_norm);
    const Eigen::MatrixX<Real> a = norm(
        after, weights.attention_output_norm,
        attention_branch(config, layer, weights, rotations, h, trace.attention), trace.attention_output_norm);
    observe.attention(x, r * a);
    if (!config.parallel) x += r * a;
    const Eigen::MatrixX<Real> read =
        shares_norm(config) ? h : norm(before, weights.feed_forward_norm, x, trace.feed_forward_norm);
    const Eigen::MatrixX<Real> f = norm(after, weights.feed_forward_output_norm,
                                        feed_forward_branch(config, layer, weights, read, trace.feed_forward),
                                        trace.feed_forward_output_norm);
    observe.feed_forward(x, r * f);
    if (config.parallel) x += r * a;
    x += r * f;
    return trace;
}

/// The vector-Jacobian product of one layer: x_bar, of its output, becomes that of its input.
template <class Real>
void block_vjp(const decoder_config& config, Eigen::Index layer, const nn::block_weights<Real>& weights,
               const layer_rotations<Real>& rotations, const block_trace<Real>& trace,
               Eigen::MatrixX<Real>& x_bar) {
    const optional_norm norm(config.norm);
    const bool before = config.norm.before;
    const bool after = config.norm.after;
    const auto r = Real(config.branch_scale);
    const Eigen::MatrixX<Real> y_bar = x_bar;
    Eigen::MatrixX<Real> h_bar = feed_forward_branch_vjp(
        config, layer, weights, trace.feed_forward,
        norm.vjp<Real>(after, weights.feed_forward_output_norm, trace.feed_forward_output_norm, r * y_bar));
    if (!shares_norm(config)) {
        x_bar += norm.vjp(before, weights.feed_forward_norm, trace.feed_forward_norm, h_bar);
        h_bar.setZero();
    }
    h_bar +=
        attention_branch_vjp(config, layer, weights, rotations, trace.attention,
                             norm.vjp<Real>(after, weights.attention_output_norm, trace.attention_output_norm,
                                            r * (config.parallel ? y_bar : x_bar)));
    x_bar += norm.vjp(before, weights.attention_norm, trace.attention_norm, h_bar);
}

/// Throws std::invalid_argument unless the trace is that of a layer of this shape.
template <class Real, class Check>
void check_block_trace(const decoder_config& config, Eigen::Index layer, const block_trace<Real>& trace,
                       const Check& check) {
    const auto norm = [&](const char* name, const nn::normalization_trace<Real>& n, bool there) {
        check(name, n.normalized, there ? config.width : 0);
    };
    const bool experts = config.has_experts(layer);
    norm("attention_norm", trace.attention_norm, config.norm.before);
    check("qkv", trace.attention.qkv, config.qkv_size());
    norm("attention_output_norm", trace.attention_output_norm, config.norm.after);
    norm("feed_forward_norm", trace.feed_forward_norm, config.norm.before && !shares_norm(config));
    check("inner", trace.feed_forward.inner, experts ? 0 : config.pre_activations(config.intermediate));
    check("router", trace.feed_forward.experts.routes.scores, experts ? config.experts->count : 0);
    norm("feed_forward_output_norm", trace.feed_forward_output_norm, config.norm.after);
}

}  // namespace cesaro::detail
