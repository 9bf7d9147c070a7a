// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// What the layers and heads of a decoder do with a prompt: how much they add, and where they look.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/decoder/causal_attention.hpp>
#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/detail/attention_branch.hpp>
#include <cesaro/decoder/detail/decoder_block.hpp>
#include <cesaro/decoder/streamed_decoder.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <vector>

namespace cesaro {

/// One head. With A its attention and n the last position:
struct head_statistics {
    double tokens_seen;    ///< \f$1 / \sum_m A_{n,m}^2\f$, the number of tokens that it sees in effect
    double mean_distance;  ///< \f$\sum_m A_{n,m} (n - m) / \sum_m A_{n,m}\f$
    double uniformity;     ///< the cosine between \f$A_n\f$ and uniform attention: 1 where it is uniform
    double first_token;    ///< the mean over queries of the weight on the first token
    double output_norm;  ///< mean norm of what the head gives over positions, over that of the layer's heads
};

/// One layer. With a what a branch adds to the residual stream x:
struct layer_statistics {
    double attention_share;          ///< \f$\|a\| / (\|x\| + \|a\|)\f$ of attention at the last position
    double mean_attention_share;     ///< its mean over positions
    double feed_forward_share;       ///< of the feed-forward branch at the last position
    double mean_feed_forward_share;  ///< its mean over positions
    std::vector<head_statistics> heads;
};

namespace detail {

/// Takes the shares of branches.
struct share_observer {
    layer_statistics& layer;

    template <class Stream, class Added>
    void attention(const Stream& x, const Added& a) const {
        take(x, a, layer.attention_share, layer.mean_attention_share);
    }
    template <class Stream, class Added>
    void feed_forward(const Stream& x, const Added& f) const {
        take(x, f, layer.feed_forward_share, layer.mean_feed_forward_share);
    }

  private:
    template <class Stream, class Added>
    static void take(const Stream& x, const Added& a, double& last, double& mean) {
        const Eigen::ArrayXd added = a.colwise().norm().transpose().array().template cast<double>();
        const Eigen::ArrayXd there = x.colwise().norm().transpose().array().template cast<double>();
        const Eigen::ArrayXd share = (added > 0).select(added / (there + added), 0);
        last = share[share.size() - 1];
        mean = share.mean();
    }
};

/// The statistics of the heads of a layer, from its queries, keys and values.
template <class Real>
std::vector<head_statistics> head_statistics_of(const decoder_config& config, Eigen::Index layer,
                                                const nn::block_weights<Real>& weights,
                                                const Eigen::MatrixX<Real>& qkv) {
    const nn::attention_shape shape = attention_of(config);
    const nn::attention_scores<Real> scores = scores_of(config, layer, weights);
    const Eigen::Index tokens = qkv.cols();
    const Eigen::Index w = shape.head_width;
    const Eigen::Index u = shape.value_width;
    std::vector<head_statistics> heads(std::size_t(shape.heads));
    parallel_for(shape.heads, [&](Eigen::Index head) {
        const Eigen::Index kv_head = head / (shape.heads / shape.kv_heads);
        const auto q = qkv.middleRows(head * w, w);
        const auto k = qkv.middleRows(shape.query_size() + kv_head * w, w);
        const auto v = qkv.middleRows(shape.query_size() + shape.key_size() + kv_head * u, u);
        head_statistics& s = heads[std::size_t(head)];
        s = {};
        for (Eigen::Index query = 0; query < tokens; query += query_block) {
            const attention_block block(query, tokens, scores.window);
            const Eigen::MatrixX<Real> a = attention_probabilities(block, scores, head, k, q);
            if (block.first_key == 0) s.first_token += double(a.row(0).sum());
            s.output_norm += double((v.middleCols(block.first_key, block.keys) * a).colwise().norm().sum());
            if (query + block.queries < tokens) continue;
            const Eigen::VectorXd last = a.col(block.queries - 1).template cast<double>();
            const Eigen::VectorXd distance =
                Eigen::VectorXd::LinSpaced(last.size(), double(tokens - 1 - block.first_key), 0);
            s.tokens_seen = 1 / last.squaredNorm();
            s.mean_distance = last.dot(distance) / last.sum();
            s.uniformity = last.sum() / (last.norm() * std::sqrt(double(tokens)));
        }
        s.first_token /= double(tokens);
    });
    double mean = 0;
    for (const head_statistics& s : heads)
        mean += s.output_norm / double(heads.size());
    for (head_statistics& s : heads)
        s.output_norm = mean > 0 ? s.output_norm / mean : 1;
    return heads;
}

template <class Real>
const nn::block_weights<Real>& block_of(const decoder<Real>& model, Eigen::Index layer) {
    return model.weights().blocks[std::size_t(layer)];
}
template <class Real>
nn::block_weights<Real> block_of(const streamed_decoder<Real>& model, Eigen::Index layer) {
    return model.block(layer);
}

}  // namespace detail

/// What each layer does with a prompt.
///
/// \param model a decoder or streamed_decoder. \param x input embeddings, width x tokens, at least one token; see
///        embed().
/// \throws std::domain_error when there is no token; std::invalid_argument when x has not `width` rows.
/// Cost: a forward pass, with the attention probabilities twice. Accuracy: that of the scalar.
///
/// \code
/// for (const auto& layer : cesaro::layer_report(model, cesaro::embed(model, ids)))
///     lambdas.push_back(layer.mean_attention_share);  // the coefficients of a rollout
/// \endcode
///
/// Sources: shares of branches as the coefficients of rollouts, Herasimchyk et al., arXiv 2602.16837; weight on the first token as a sink, Gu et al., arXiv 2410.10781
/// (above 0.3); weights on the first token and output norms of inactive heads, Sandoval-Segura et al., arXiv
/// 2504.03889 (AWFT and AHON LN).
template <class Model, class Real>
[[nodiscard]] std::vector<layer_statistics> layer_report(const Model& model, Eigen::MatrixX<Real> x) {
    const decoder_config& config = model.config();
    detail::check_at_least("layer_report", "tokens", x.cols(), 1);
    detail::check_size("layer_report", "rows of x", x.rows(), config.width);
    const detail::layer_rotations<Real> rotations(config, x.cols());
    std::vector<layer_statistics> layers(static_cast<std::size_t>(config.layers));
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        layer_statistics& layer = layers[std::size_t(l)];
        const auto& block = detail::block_of(model, l);
        const auto trace =
            detail::block_forward(config, l, block, rotations, x, detail::share_observer{layer});
        layer.heads = detail::head_statistics_of(config, l, block, trace.attention.qkv);
    }
    return layers;
}

}  // namespace cesaro
