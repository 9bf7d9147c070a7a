// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/causal_attention.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/decoder/feed_forward.hpp>
#include <cesaro/decoder/linear.hpp>
#include <cesaro/decoder/normalization.hpp>
#include <cesaro/decoder/rope.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace cesaro {

/// A pre-norm decoder-only transformer, without its unembedding.
///
/// \f[ y = x + \mathrm{Attention}(\mathrm{Norm}(x)), \qquad x' = y + \mathrm{FeedForward}(\mathrm{Norm}(y))
/// \f]
///
/// for each block; activations are matrices of width x tokens, one column per token.
///
/// Sources: Radford et al. 2019 (GPT-2); Touvron et al., arXiv 2302.13971 (Llama); Jiang et al.,
/// arXiv 2310.06825 (Mistral); Yang et al., arXiv 2407.10671 (Qwen2).
template <real_scalar Real = float>
struct decoder {
    decoder_config config;
    decoder_weights<Real> weights;
};

/// Where the final hidden state is read: after the final normalisation (Hugging Face's `last_hidden_state`)
/// or before it (the residual stream).
enum class decoder_output { normalized, residual };

/// What a forward pass keeps for its derivative: about (2 width + query_size + 2 key_size + rows of the
/// inner layer) scalars per token and block.
template <class Real>
struct decoder_trace {
    struct block {
        normalization_trace<Real> attention_norm;
        Eigen::MatrixX<Real> qkv;  ///< rotated where there is RoPE
        normalization_trace<Real> feed_forward_norm;
        Eigen::MatrixX<Real> inner;  ///< pre-activations of the feed-forward block
    };
    std::vector<block> blocks;
    normalization_trace<Real> final_norm;
};

/// Called after every block of a forward or backward pass.
using block_callback = std::function<void()>;

/// The embeddings of a sequence of token ids: token plus, where they are learned, position; width x tokens.
/// \throws std::domain_error when an id is outside the vocabulary.
/// \throws std::invalid_argument when there are more tokens than learned positions.
template <class Real>
Eigen::MatrixX<Real> embed(const decoder<Real>& model, const std::vector<Eigen::Index>& ids) {
    const decoder_config& config = model.config;
    const Eigen::Index tokens = Eigen::Index(ids.size());
    const bool learned = config.has_learned_positions();
    if (learned && tokens > config.max_positions) {
        detail::throw_invalid_argument(
            "embed", "tokens", tokens,
            "must be at most the learned positions, max_positions = " + std::to_string(config.max_positions));
    }
    Eigen::MatrixX<Real> x(config.width, tokens);
    for (Eigen::Index t = 0; t < tokens; ++t) {
        const Eigen::Index id = ids[std::size_t(t)];
        if (id < 0 || id >= config.vocab_size) {
            detail::throw_domain_error(
                "embed", "ids[" + std::to_string(t) + "]", id,
                "must lie in [0, vocab_size) with vocab_size = " + std::to_string(config.vocab_size));
        }
        x.col(t) = model.weights.token_embedding.row(id).transpose();
        if (learned) x.col(t) += model.weights.position_embedding.row(t).transpose();
    }
    return x;
}

namespace detail {

template <class Real>
void rotate_queries_and_keys(const decoder_config& config, const rope_rotations<Real>& rotations,
                             int direction, Eigen::MatrixX<Real>& qkv) {
    const Eigen::Index tokens = rotations.cosine.cols();
    parallel_for(qkv.cols() / tokens, [&](Eigen::Index p) {
        rotate_heads(rotations, direction,
                     qkv.block(0, p * tokens, config.query_size() + config.key_size(), tokens));
    });
}

template <class Real>
rope_rotations<Real> rotations_of(const decoder_config& config, Eigen::Index tokens) {
    const bool rope = config.has_rope();
    return rope_rotations<Real>(rope ? config.head_width : 0, rope ? tokens : 0, config.rope_theta);
}

/// One block: x becomes its output.
template <class Real>
typename decoder_trace<Real>::block block_forward(const decoder_config& config, Eigen::Index layer,
                                                  const block_weights<Real>& weights,
                                                  const rope_rotations<Real>& rotations,
                                                  Eigen::MatrixX<Real>& x) {
    typename decoder_trace<Real>::block trace;
    trace.attention_norm = normalize(config.norm(), config.norm_epsilon, x);
    trace.qkv =
        linear(weights.query_key_value, normalization_output(weights.attention_norm, trace.attention_norm));
    if (rotations.cosine.size() > 0) rotate_queries_and_keys(config, rotations, 1, trace.qkv);
    x += linear(weights.attention_output, causal_attention(config, config.window(layer), trace.qkv));

    trace.feed_forward_norm = normalize(config.norm(), config.norm_epsilon, x);
    trace.inner = linear(weights.feed_forward_input,
                         normalization_output(weights.feed_forward_norm, trace.feed_forward_norm));
    x += linear(weights.feed_forward_output, feed_forward_activation(config.feed_forward(), trace.inner));
    return trace;
}

/// The vector-Jacobian product of one block: x_bar, of its output, becomes that of its input.
template <class Real>
void block_vjp(const decoder_config& config, Eigen::Index layer, const block_weights<Real>& weights,
               const rope_rotations<Real>& rotations, const typename decoder_trace<Real>::block& trace,
               Eigen::MatrixX<Real>& x_bar) {
    const Eigen::MatrixX<Real> inner_bar = feed_forward_activation_vjp(
        config.feed_forward(), trace.inner, linear_vjp(weights.feed_forward_output, x_bar));
    x_bar += normalization_vjp(config.norm(), weights.feed_forward_norm, trace.feed_forward_norm,
                               linear_vjp(weights.feed_forward_input, inner_bar));

    Eigen::MatrixX<Real> qkv_bar = causal_attention_vjp(config, config.window(layer), trace.qkv,
                                                        linear_vjp(weights.attention_output, x_bar));
    if (rotations.cosine.size() > 0) rotate_queries_and_keys(config, rotations, -1, qkv_bar);
    x_bar += normalization_vjp(config.norm(), weights.attention_norm, trace.attention_norm,
                               linear_vjp(weights.query_key_value, qkv_bar));
}

}  // namespace detail

/// The final hidden state of every token, width x tokens, for the input embeddings x of the same shape; and,
/// where asked for, what decoder_vjp() needs.
/// \throws std::invalid_argument when x has not `width` rows.
/// Cost O(tokens · weights + layers · query_size · tokens²); the same bits on any number of threads.
template <class Real>
Eigen::MatrixX<Real> decoder_forward(const decoder<Real>& model, Eigen::MatrixX<Real> x,
                                     decoder_output output = decoder_output::normalized,
                                     decoder_trace<Real>* trace = nullptr,
                                     const block_callback& after_block = {}) {
    const decoder_config& config = model.config;
    detail::check_size("decoder_forward", "rows of x", x.rows(), config.width);
    const auto rotations = detail::rotations_of<Real>(config, x.cols());
    if (trace != nullptr) trace->blocks.clear();
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        auto block = detail::block_forward(config, l, model.weights.blocks[std::size_t(l)], rotations, x);
        if (trace != nullptr) trace->blocks.push_back(std::move(block));
        if (after_block) after_block();
    }
    auto final_norm = normalize(config.norm(), config.norm_epsilon, x);
    if (output == decoder_output::normalized) x = normalization_output(model.weights.final_norm, final_norm);
    if (trace != nullptr) trace->final_norm = std::move(final_norm);
    return x;
}

/// The vector-Jacobian product of decoder_forward(): from cotangents of the final hidden states to those of
/// the input embeddings. `h_bar` is width x (probes · tokens), one block of tokens columns per probe; all
/// probes share the trace.
/// \throws std::invalid_argument when h_bar has not `width` rows or its columns are no multiple of the
/// tokens. Cost about that of a forward pass per probe.
template <class Real>
Eigen::MatrixX<Real> decoder_vjp(const decoder<Real>& model, const decoder_trace<Real>& trace,
                                 Eigen::MatrixX<Real> h_bar,
                                 decoder_output output = decoder_output::normalized,
                                 const block_callback& after_block = {}) {
    const decoder_config& config = model.config;
    const Eigen::Index tokens = trace.final_norm.normalized.cols();
    detail::check_size("decoder_vjp", "rows of h_bar", h_bar.rows(), config.width);
    if (tokens == 0 || h_bar.cols() % tokens != 0) {
        detail::throw_invalid_argument("decoder_vjp", "columns of h_bar", h_bar.cols(),
                                       "must be a multiple of the tokens, " + std::to_string(tokens));
    }
    const auto rotations = detail::rotations_of<Real>(config, tokens);
    if (output == decoder_output::normalized) {
        h_bar = normalization_vjp(config.norm(), model.weights.final_norm, trace.final_norm, h_bar);
    }
    for (Eigen::Index l = config.layers; l-- > 0;) {
        detail::block_vjp(config, l, model.weights.blocks[std::size_t(l)], rotations,
                          trace.blocks[std::size_t(l)], h_bar);
        if (after_block) after_block();
    }
    return h_bar;
}

}  // namespace cesaro
