// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/detail/check_probes.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

namespace cesaro {

namespace nn {

/// The heads of an attention layer; `qkv` holds the rows of all query heads, all key heads, all value heads.
struct attention_shape {
    Eigen::Index heads;        ///< query heads
    Eigen::Index kv_heads;     ///< key and value heads, each shared by heads / kv_heads query heads
    Eigen::Index head_width;   ///< w, of queries and keys
    Eigen::Index value_width;  ///< of values, and of what a head gives

    Eigen::Index query_size() const { return heads * head_width; }
    Eigen::Index key_size() const { return kv_heads * head_width; }
    Eigen::Index rows() const { return query_size() + key_size() + kv_heads * value_width; }
    Eigen::Index output_rows() const { return heads * value_width; }
};

/// How the scores of queries and keys become probabilities.
template <class Real>
struct attention_scores {
    Real scale;                        ///< c
    Eigen::Index window = 0;           ///< positions that a query sees, itself included; 0: all of its past
    Real cap = Real(0);                ///< C; 0: none
    Eigen::VectorX<Real> slopes = {};  ///< of ALiBi, one per query head, or none
    Eigen::VectorX<Real> sinks = {};   ///< b, one per query head, or none
};

}  // namespace nn

namespace detail {

template <class Real>
void check_attention(std::string_view function, const nn::attention_shape& shape,
                     const nn::attention_scores<Real>& scores, Eigen::Index rows) {
    check_at_least(function, "shape.heads", shape.heads, 1);
    check_at_least(function, "shape.kv_heads", shape.kv_heads, 1);
    check_at_least(function, "shape.head_width", shape.head_width, 1);
    check_at_least(function, "shape.value_width", shape.value_width, 1);
    if (shape.heads % shape.kv_heads != 0) {
        throw_invalid_argument(function, "shape.heads", shape.heads,
                               "must be a multiple of shape.kv_heads = " + std::to_string(shape.kv_heads));
    }
    check_at_least(function, "scores.window", scores.window, 0);
    if (scores.slopes.size() > 0) check_size(function, "scores.slopes", scores.slopes.size(), shape.heads);
    if (scores.sinks.size() > 0) check_size(function, "scores.sinks", scores.sinks.size(), shape.heads);
    check_size(function, "rows of qkv", rows, shape.rows());
}

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

/// Scores (keys x queries) of one head before ALiBi and the mask, and, where there is a cap and they are
/// asked for, their derivatives by \f$c\,k_j^T q_n\f$.
template <class Real, class Keys, class Queries>
[[nodiscard]] Eigen::MatrixX<Real> capped_scores(const attention_block& block,
                                                 const nn::attention_scores<Real>& scores, const Keys& k,
                                                 const Queries& q, Eigen::MatrixX<Real>* derivatives) {
    Eigen::MatrixX<Real> s(block.keys, block.queries);
    s.noalias() = k.middleCols(block.first_key, block.keys).transpose() *
                  q.middleCols(block.first_query, block.queries);
    s *= scores.scale;
    if (scores.cap > Real(0)) {
        s = (s / scores.cap).array().tanh().matrix();
        if (derivatives != nullptr) *derivatives = (Real(1) - s.array().square()).matrix();
        s *= scores.cap;
    }
    return s;
}

/// Probabilities A (keys x queries) of one head: column n is the softmax of the scores of the keys that query
/// n sees, and zero elsewhere.
template <class Real, class Keys, class Queries>
[[nodiscard]] Eigen::MatrixX<Real> attention_probabilities(const attention_block& block,
                                                           const nn::attention_scores<Real>& scores,
                                                           Eigen::Index head, const Keys& k, const Queries& q,
                                                           Eigen::MatrixX<Real>* derivatives = nullptr) {
    using std::exp;
    using std::max;
    Eigen::MatrixX<Real> a = capped_scores(block, scores, k, q, derivatives);
    for (Eigen::Index c = 0; c < block.queries; ++c) {
        const Eigen::Index query = block.first_query + c;
        const Eigen::Index seen_from =
            scores.window > 0 ? std::max(Eigen::Index(0), query - scores.window + 1) - block.first_key : 0;
        const Eigen::Index seen_to = query + 1 - block.first_key;
        auto column = a.col(c);
        auto seen = column.segment(seen_from, seen_to - seen_from);
        for (Eigen::Index j = 0; scores.slopes.size() > 0 && j < seen.size(); ++j)
            seen[j] -= scores.slopes[head] * Real(seen.size() - 1 - j);
        Real greatest = seen.maxCoeff();
        if (scores.sinks.size() > 0) greatest = max(greatest, scores.sinks[head]);
        seen = (seen.array() - greatest).exp().matrix();
        Real sum = seen.sum();
        if (scores.sinks.size() > 0) sum += exp(Real(scores.sinks[head] - greatest));
        seen /= sum;
        column.head(seen_from).setZero();
        column.tail(block.keys - seen_to).setZero();
    }
    return a;
}

}  // namespace detail

namespace nn {

/// Causal multi-head attention, grouped-query where kv_heads < heads.
///
/// \f[ o_n = \sum_{j \le n} a_{jn} v_j, \qquad a_{jn} = \frac{e^{s_{jn}}}{e^b + \sum_i e^{s_{in}}}, \qquad
///     s_{jn} = C \tanh\left(c\,k_j^T q_n / C\right) - \mathrm{slope}\,(n - j) \f]
///
/// for each head, over the window; without a cap \f$c\,k_j^T q_n\f$, without a sink \f$e^b = 0\f$.
/// \param qkv shape.rows() x tokens, rotated already where there is RoPE.
/// \return shape.output_rows() x tokens.
/// \throws std::domain_error when a size of the shape is below 1 or the window negative.
/// \throws std::invalid_argument when heads is no multiple of kv_heads, qkv has other rows, or there are
///         slopes or sinks of another number of heads.
/// Cost O(heads · w · tokens²) operations, tokens · window with a window; memory O(tokens) per thread besides
/// the result. The same bits on any number of threads.
///
/// Sources: Vaswani et al., arXiv 1706.03762; Ainslie et al., arXiv 2305.13245; Press et al., arXiv
/// 2108.12409 (ALiBi); Gemma 2, arXiv 2408.00118 (cap); Xiao et al., arXiv 2309.17453 (sinks).
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> causal_attention(const attention_shape& shape,
                                                    const attention_scores<Real>& scores,
                                                    const Eigen::MatrixX<Real>& qkv) {
    detail::check_attention("nn::causal_attention", shape, scores, qkv.rows());
    const Eigen::Index w = shape.head_width;
    const Eigen::Index u = shape.value_width;
    const Eigen::Index tokens = qkv.cols();
    const Eigen::Index blocks = (tokens + detail::query_block - 1) / detail::query_block;
    Eigen::MatrixX<Real> output(shape.output_rows(), tokens);
    detail::parallel_for(shape.heads * blocks, [&](Eigen::Index task) {
        const Eigen::Index head = task / blocks;
        const Eigen::Index kv_head = head / (shape.heads / shape.kv_heads);
        const detail::attention_block block(task % blocks * detail::query_block, tokens, scores.window);
        const auto q = qkv.middleRows(head * w, w);
        const auto k = qkv.middleRows(shape.query_size() + kv_head * w, w);
        const auto v = qkv.middleRows(shape.query_size() + shape.key_size() + kv_head * u, u);
        const Eigen::MatrixX<Real> a = detail::attention_probabilities(block, scores, head, k, q);
        output.block(head * u, block.first_query, u, block.queries).noalias() =
            v.middleCols(block.first_key, block.keys) * a;
    });
    return output;
}

/// The vector-Jacobian product of causal_attention(); all probes share the probabilities, which are
/// recomputed head by head. With \f$\bar a = V^T \bar O\f$ and \f$c' = c\,(1 - \tanh^2)\f$, c without a cap,
///
/// \f[ \bar s_{jn} = c'_{jn} a_{jn}\Big(\bar a_{jn} - \sum_i a_{in} \bar a_{in}\Big), \quad
///     \bar V = \bar O A^T, \quad \bar Q = K \bar S, \quad \bar K = Q \bar S^T. \f]
///
/// \param output_bar shape.output_rows() x (probes · tokens), one block of tokens columns per probe.
/// \return the cotangent of `qkv`, shape.rows() x (probes · tokens).
/// \throws as causal_attention(), and std::invalid_argument when output_bar does not fit.
/// Cost: about twice causal_attention() per probe, on at most kv_heads threads.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> causal_attention_vjp(const attention_shape& shape,
                                                        const attention_scores<Real>& scores,
                                                        const Eigen::MatrixX<Real>& qkv,
                                                        const Eigen::MatrixX<Real>& output_bar) {
    const char* const function = "nn::causal_attention_vjp";
    detail::check_attention(function, shape, scores, qkv.rows());
    detail::check_size(function, "rows of output_bar", output_bar.rows(), shape.output_rows());
    const Eigen::Index w = shape.head_width;
    const Eigen::Index u = shape.value_width;
    const Eigen::Index tokens = qkv.cols();
    const Eigen::Index probes = detail::check_probes(function, "output_bar", output_bar.cols(), tokens);
    const Eigen::Index group = shape.heads / shape.kv_heads;
    Eigen::MatrixX<Real> qkv_bar = Eigen::MatrixX<Real>::Zero(qkv.rows(), output_bar.cols());

    const auto add_block = [&](Eigen::Index head, Eigen::Index query) {
        const detail::attention_block block(query, tokens, scores.window);
        const Eigen::Index q_row = head * w;
        const Eigen::Index k_row = shape.query_size() + head / group * w;
        const Eigen::Index v_row = shape.query_size() + shape.key_size() + head / group * u;
        const auto q = qkv.middleRows(q_row, w);
        const auto k = qkv.middleRows(k_row, w);
        const auto v = qkv.block(v_row, block.first_key, u, block.keys);
        Eigen::MatrixX<Real> derivatives;
        const Eigen::MatrixX<Real> a =
            detail::attention_probabilities(block, scores, head, k, q, &derivatives);
        Eigen::MatrixX<Real> s_bar(block.keys, block.queries);
        for (Eigen::Index p = 0; p < probes; ++p) {
            const Eigen::Index queries = p * tokens + block.first_query;
            const Eigen::Index keys = p * tokens + block.first_key;
            const auto o_bar = output_bar.block(head * u, queries, u, block.queries);
            qkv_bar.block(v_row, keys, u, block.keys).noalias() += o_bar * a.transpose();
            s_bar.noalias() = v.transpose() * o_bar;
            for (Eigen::Index c = 0; c < block.queries; ++c) {
                const Real mean = a.col(c).dot(s_bar.col(c));
                s_bar.col(c) = (scores.scale * a.col(c).array() * (s_bar.col(c).array() - mean)).matrix();
            }
            if (derivatives.size() > 0) s_bar.array() *= derivatives.array();
            qkv_bar.block(q_row, queries, w, block.queries).noalias() +=
                k.middleCols(block.first_key, block.keys) * s_bar;
            qkv_bar.block(k_row, keys, w, block.keys).noalias() +=
                q.middleCols(block.first_query, block.queries) * s_bar.transpose();
        }
    };
    // One task per key head: the queries that share it add to the same rows, in a fixed order.
    detail::parallel_for(shape.kv_heads, [&](Eigen::Index kv_head) {
        for (Eigen::Index head = kv_head * group; head < (kv_head + 1) * group; ++head) {
            for (Eigen::Index query = 0; query < tokens; query += detail::query_block)
                add_block(head, query);
        }
    });
    return qkv_bar;
}

}  // namespace nn

}  // namespace cesaro
