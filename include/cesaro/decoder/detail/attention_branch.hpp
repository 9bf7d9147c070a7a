// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/alibi.hpp>
#include <cesaro/decoder/causal_attention.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/decoder/latent_attention.hpp>
#include <cesaro/decoder/linear.hpp>
#include <cesaro/decoder/query_key_norm.hpp>
#include <cesaro/decoder/rope.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

#include <optional>

/// The attention branch of a layer: queries, keys and values; clipped, normalised, rotated; attention; the
/// map back to the residual stream.
namespace cesaro::detail {

/// The rotations of the layers for a number of tokens.
template <class Real>
class layer_rotations {
  public:
    layer_rotations(const decoder_config& config, Eigen::Index tokens) : config_(config) {
        if (config.rope) global_ = rotations(*config.rope, tokens);
        if (config.local_rope) local_ = rotations(*config.local_rope, tokens);
    }
    /// Of a layer, or none.
    const nn::rope_rotations<Real>* of(Eigen::Index layer) const {
        const rope_config* const rope = config_.rope_of(layer);
        return rope == nullptr ? nullptr : config_.rope && rope == &*config_.rope ? &*global_ : &*local_;
    }

  private:
    nn::rope_rotations<Real> rotations(const rope_config& rope, Eigen::Index tokens) const {
        const Eigen::Index width = config_.rotated_width(rope);
        return {nn::rope_frequencies(rope, width, tokens), tokens, rope.attention_factor};
    }

    const decoder_config& config_;
    std::optional<nn::rope_rotations<Real>> global_ = {};
    std::optional<nn::rope_rotations<Real>> local_ = {};
};

inline nn::attention_shape attention_of(const decoder_config& config) {
    return {config.heads, config.kv_heads, config.head_width, config.value_width()};
}

template <class Real>
nn::attention_scores<Real> scores_of(const decoder_config& config, Eigen::Index layer,
                                     const nn::block_weights<Real>& weights) {
    nn::attention_scores<Real> scores{Real(config.score_scale(layer))};
    scores.window = config.window(layer);
    scores.cap = Real(config.scores.cap);
    const double factor = config.alibi_scaled ? config.score_scale(layer) : 1;
    const Eigen::VectorXd slopes = factor * alibi_slopes(config.alibi, config.heads, config.alibi_max);
    scores.slopes = slopes.template cast<Real>();
    scores.sinks = weights.sinks;
    return scores;
}

/// Turns the queries and keys of a layer, or back.
template <class Real>
void rotate_queries_and_keys(const decoder_config& config, Eigen::Index layer,
                             const layer_rotations<Real>& rotations, int direction,
                             Eigen::MatrixX<Real>& qkv) {
    const nn::rope_rotations<Real>* const turn = rotations.of(layer);
    if (turn == nullptr) return;
    const Eigen::Index width = 2 * turn->cosine.rows();
    const nn::rotated_entries entries{config.head_width, config.latent ? config.head_width - width : 0,
                                      config.rope_of(layer)->interleaved};
    const Eigen::Index tokens = turn->cosine.cols();
    parallel_for(tokens > 0 ? qkv.cols() / tokens : 0, [&](Eigen::Index p) {
        nn::rotate_heads(*turn, entries, direction,
                         qkv.block(0, p * tokens, config.query_size() + config.key_size(), tokens));
    });
}

/// What an attention branch keeps for its derivative.
template <class Real>
struct attention_trace {
    nn::latent_trace<Real> latent = {};
    Eigen::MatrixX<Real> clipped = {};  ///< queries, keys and values, where they are clipped
    nn::normalization_trace<Real> query_norm = {};
    nn::normalization_trace<Real> key_norm = {};
    Eigen::MatrixX<Real> qkv = {};  ///< as attention takes them
};

/// Rows normalised together, of all those of queries or keys.
inline Eigen::Index rows_together(const decoder_config& config, Eigen::Index rows) {
    return config.scores.norm == query_key_norm::all_heads ? rows : config.head_width;
}

/// Normalises some rows of qkv.
template <class Real, class Rows>
nn::normalization_trace<Real> normalize_rows(const decoder_config& config,
                                             const nn::normalization_weights<Real>& weights, Rows&& rows) {
    auto trace = nn::normalize_heads<Real>(config.norm.kind, config.norm.epsilon,
                                           rows_together(config, rows.rows()), rows);
    rows = nn::head_normalization_output(weights, rows.rows(), trace);
    return trace;
}

/// The attention branch of x, before its normalisation on the way out.
template <class Real>
Eigen::MatrixX<Real> attention_branch(const decoder_config& config, Eigen::Index layer,
                                      const nn::block_weights<Real>& weights,
                                      const layer_rotations<Real>& rotations, const Eigen::MatrixX<Real>& x,
                                      attention_trace<Real>& trace) {
    Eigen::MatrixX<Real>& qkv = trace.qkv;
    qkv = config.latent ? nn::latent_queries_keys_values(attention_of(config), *config.latent, weights.latent,
                                                         x, trace.latent)
                        : nn::linear(weights.query_key_value, x);
    if (config.scores.clip > 0) {
        const auto clip = Real(config.scores.clip);
        qkv = qkv.cwiseMin(clip).cwiseMax(-clip).eval();
        trace.clipped = qkv;
    }
    if (config.scores.norm != query_key_norm::none) {
        const Eigen::Index q = config.query_size();
        trace.query_norm = normalize_rows<Real>(config, weights.query_norm, qkv.topRows(q));
        trace.key_norm = normalize_rows<Real>(config, weights.key_norm, qkv.middleRows(q, config.key_size()));
    }
    rotate_queries_and_keys(config, layer, rotations, 1, qkv);
    return nn::linear(weights.attention_output,
                      nn::causal_attention(attention_of(config), scores_of(config, layer, weights), qkv));
}

/// The vector-Jacobian product of attention_branch().
template <class Real>
Eigen::MatrixX<Real> attention_branch_vjp(const decoder_config& config, Eigen::Index layer,
                                          const nn::block_weights<Real>& weights,
                                          const layer_rotations<Real>& rotations,
                                          const attention_trace<Real>& trace,
                                          const Eigen::MatrixX<Real>& y_bar) {
    Eigen::MatrixX<Real> qkv_bar =
        nn::causal_attention_vjp(attention_of(config), scores_of(config, layer, weights), trace.qkv,
                                 nn::linear_vjp(weights.attention_output, y_bar));
    rotate_queries_and_keys(config, layer, rotations, -1, qkv_bar);
    if (config.scores.norm != query_key_norm::none) {
        const auto back = [&](const auto& norm_weights, const auto& norm_trace, auto rows) {
            rows = nn::head_normalization_vjp<Real>(config.norm.kind, norm_weights, norm_trace, rows);
        };
        const Eigen::Index q = config.query_size();
        back(weights.query_norm, trace.query_norm, qkv_bar.topRows(q));
        back(weights.key_norm, trace.key_norm, qkv_bar.middleRows(q, config.key_size()));
    }
    if (config.scores.clip > 0) {
        const auto clip = Real(config.scores.clip);
        const Eigen::Index tokens = trace.clipped.cols();
        for (Eigen::Index c = 0; c < qkv_bar.cols(); ++c) {
            const auto inside = trace.clipped.col(c % tokens).array().abs() < clip;
            qkv_bar.col(c) = inside.select(qkv_bar.col(c), Real(0)).eval();
        }
    }
    if (!config.latent) return nn::linear_vjp(weights.query_key_value, qkv_bar);
    return nn::latent_queries_keys_values_vjp(attention_of(config), *config.latent, weights.latent,
                                              trace.latent, qkv_bar);
}

}  // namespace cesaro::detail
