// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>

namespace cesaro {

namespace detail {

/// Queries handled at once: the probabilities held are keys x query_block, never tokens x tokens.
inline constexpr Eigen::Index query_block = 128;

/// A block of consecutive queries and the keys that one of them sees.
struct attention_block {
    Eigen::Index first_query, queries, first_key, keys;

    attention_block(Eigen::Index query, Eigen::Index tokens, Eigen::Index window)
        : first_query(query),
          queries(std::min(query_block, tokens - query)),
          first_key(window > 0 ? std::max(Eigen::Index(0), query - window + 1) : 0),
          keys(query + queries - first_key) {}
};

/// Probabilities A (keys x queries) of one head: column n is the softmax of scale k_j^T q_n over the keys
/// that query n sees, and zero elsewhere.
template <class Real, class Keys, class Queries>
Eigen::MatrixX<Real> attention_probabilities(const attention_block& block, Eigen::Index window,
                                             const Real& scale, const Keys& k, const Queries& q) {
    Eigen::MatrixX<Real> a(block.keys, block.queries);
    a.noalias() = k.middleCols(block.first_key, block.keys).transpose() *
                  q.middleCols(block.first_query, block.queries);
    for (Eigen::Index c = 0; c < block.queries; ++c) {
        const Eigen::Index query = block.first_query + c;
        const Eigen::Index seen_from =
            window > 0 ? std::max(Eigen::Index(0), query - window + 1) - block.first_key : 0;
        const Eigen::Index seen_to = query + 1 - block.first_key;
        auto column = a.col(c);
        auto seen = column.segment(seen_from, seen_to - seen_from);
        const Real greatest = seen.maxCoeff();
        seen = ((seen.array() - greatest) * scale).exp().matrix();
        const Real sum = seen.sum();
        seen /= sum;
        column.head(seen_from).setZero();
        column.tail(block.keys - seen_to).setZero();
    }
    return a;
}

/// 1/sqrt(head_width), by which scores are scaled.
template <class Real>
Real attention_scale(const decoder_config& config) {
    using std::sqrt;
    return Real(1) / sqrt(Real(config.head_width));
}

}  // namespace detail

/// Causal multi-head attention, grouped-query where kv_heads < heads, within a window (0: all of the past).
///
/// \f[ o_n = \sum_{j \le n} a_{jn} v_j, \qquad a_{jn} \propto \exp\left(k_j^T q_n / \sqrt{w}\right) \f]
///
/// for each head; `qkv` holds queries, keys, values (rows) for every token (columns), rotated already where
/// there is RoPE. Returns heads · w x tokens.
/// Cost O(heads · w · tokens²) operations; memory O(tokens) per thread besides the result.
///
/// Sources: Vaswani et al., arXiv 1706.03762; Ainslie et al., arXiv 2305.13245.
template <class Real>
Eigen::MatrixX<Real> causal_attention(const decoder_config& config, Eigen::Index window,
                                      const Eigen::MatrixX<Real>& qkv) {
    const Eigen::Index w = config.head_width;
    const Eigen::Index tokens = qkv.cols();
    const Eigen::Index blocks = (tokens + detail::query_block - 1) / detail::query_block;
    const Real scale = detail::attention_scale<Real>(config);
    Eigen::MatrixX<Real> output(config.query_size(), tokens);
    detail::parallel_for(config.heads * blocks, [&](Eigen::Index task) {
        const Eigen::Index head = task / blocks;
        const Eigen::Index kv_head = head / (config.heads / config.kv_heads);
        const detail::attention_block block(task % blocks * detail::query_block, tokens, window);
        const auto q = qkv.middleRows(head * w, w);
        const auto k = qkv.middleRows(config.query_size() + kv_head * w, w);
        const auto v = qkv.middleRows(config.query_size() + config.key_size() + kv_head * w, w);
        const Eigen::MatrixX<Real> a = detail::attention_probabilities(block, window, scale, k, q);
        output.block(head * w, block.first_query, w, block.queries).noalias() =
            v.middleCols(block.first_key, block.keys) * a;
    });
    return output;
}

/// The vector-Jacobian product of causal_attention(), for `output_bar` with one block of tokens columns per
/// probe; all probes share the probabilities, which are recomputed head by head. With
/// \f$\bar a = V^T \bar O\f$,
///
/// \f[ \bar s_{jn} = a_{jn}\Big(\bar a_{jn} - \sum_i a_{in} \bar a_{in}\Big), \quad
///     \bar V = \bar O A^T, \quad \bar Q = K \bar S / \sqrt w, \quad \bar K = Q \bar S^T / \sqrt w. \f]
///
/// Returns the cotangent of `qkv`, (query_size + 2 key_size) x (probes · tokens).
template <class Real>
Eigen::MatrixX<Real> causal_attention_vjp(const decoder_config& config, Eigen::Index window,
                                          const Eigen::MatrixX<Real>& qkv,
                                          const Eigen::MatrixX<Real>& output_bar) {
    const Eigen::Index w = config.head_width;
    const Eigen::Index tokens = qkv.cols();
    const Eigen::Index probes = output_bar.cols() / tokens;
    const Eigen::Index group = config.heads / config.kv_heads;
    const Real scale = detail::attention_scale<Real>(config);
    Eigen::MatrixX<Real> qkv_bar = Eigen::MatrixX<Real>::Zero(qkv.rows(), output_bar.cols());

    const auto add_block = [&](Eigen::Index head, Eigen::Index query) {
        const detail::attention_block block(query, tokens, window);
        const Eigen::Index q_row = head * w;
        const Eigen::Index k_row = config.query_size() + head / group * w;
        const Eigen::Index v_row = k_row + config.key_size();
        const auto q = qkv.middleRows(q_row, w);
        const auto k = qkv.middleRows(k_row, w);
        const auto v = qkv.block(v_row, block.first_key, w, block.keys);
        const Eigen::MatrixX<Real> a = detail::attention_probabilities(block, window, scale, k, q);
        Eigen::MatrixX<Real> s_bar(block.keys, block.queries);
        for (Eigen::Index p = 0; p < probes; ++p) {
            const Eigen::Index queries = p * tokens + block.first_query;
            const Eigen::Index keys = p * tokens + block.first_key;
            const auto o_bar = output_bar.block(q_row, queries, w, block.queries);
            qkv_bar.block(v_row, keys, w, block.keys).noalias() += o_bar * a.transpose();
            s_bar.noalias() = v.transpose() * o_bar;
            for (Eigen::Index c = 0; c < block.queries; ++c) {
                const Real mean = a.col(c).dot(s_bar.col(c));
                s_bar.col(c) = (scale * a.col(c).array() * (s_bar.col(c).array() - mean)).matrix();
            }
            qkv_bar.block(q_row, queries, w, block.queries).noalias() +=
                k.middleCols(block.first_key, block.keys) * s_bar;
            qkv_bar.block(k_row, keys, w, block.keys).noalias() +=
                q.middleCols(block.first_query, block.queries) * s_bar.transpose();
        }
    };
    // One task per key head: the queries that share it add to the same rows, in a fixed order.
    detail::parallel_for(config.kv_heads, [&](Eigen::Index kv_head) {
        for (Eigen::Index head = kv_head * group; head < (kv_head + 1) * group; ++head) {
            for (Eigen::Index query = 0; query < tokens; query += detail::query_block)
                add_block(head, query);
        }
    });
    return qkv_bar;
}

}  // namespace cesaro
