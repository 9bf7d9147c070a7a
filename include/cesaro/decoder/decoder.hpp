// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/decoder/detail/check_probes.hpp>
#include <cesaro/decoder/detail/decoder_block.hpp>
#include <cesaro/decoder/normalization.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cesaro {

/// A decoder-only transformer of any description, without its unembedding; activations are matrices of width
/// x tokens, one column per token. See decoder_config for the layers, and for the parts of a layer the
/// headers of this directory.
///
/// Sources: Vaswani et al., arXiv 1706.03762; Radford et al. 2019 (GPT-2); Touvron et al., arXiv 2302.13971
/// (Llama); Wang and Komatsuzaki 2021 (GPT-J, parallel branches).
template <real_scalar Real = float>
class decoder {
  public:
    /// \throws what config.validate() throws; std::invalid_argument when a layer does not attend or, naming
    ///         the array, when the weights have not the shapes of zero_weights(config): no pass over the
    ///         network can read outside of them.
    decoder(const decoder_config& config, decoder_weights<Real> weights)
        : config_(config), weights_(std::move(weights)) {
        config_.validate();
        detail::check_all_attend("decoder", config_);
        detail::check_weight_shapes("decoder", config_, weights_);
    }

    const decoder_config& config() const { return config_; }
    const decoder_weights<Real>& weights() const { return weights_; }

  private:
    decoder_config config_;
    decoder_weights<Real> weights_;
};

/// Where the final hidden state is read: after the final normalisation (Hugging Face's `last_hidden_state`)
/// or before it (the residual stream).
enum class decoder_output { normalized, residual };

/// What a forward pass keeps for its derivative: about (width per normalisation + rows of queries, keys and
/// values + rows of the inner layer) scalars per token and layer; of experts the inner layers and outputs of
/// those chosen.
template <class Real>
struct decoder_trace {
    std::vector<detail::block_trace<Real>> blocks;
    nn::normalization_trace<Real> final_norm;
};

/// Called after every block of a forward or backward pass.
using block_callback = std::function<void()>;

namespace detail {

/// Throws unless the ids are of the vocabulary, and no more than learned positions.
inline void check_ids(std::string_view function, const decoder_config& config,
                      const std::vector<Eigen::Index>& ids) {
    const Eigen::Index tokens = Eigen::Index(ids.size());
    if (config.learned_positions && tokens > config.max_positions) {
        throw_invalid_argument(
            function, "tokens", tokens,
            "must be at most the learned positions, max_positions = " + std::to_string(config.max_positions));
    }
    for (std::size_t t = 0; t < ids.size(); ++t) {
        if (ids[t] < 0 || ids[t] >= config.vocab_size) {
            throw_domain_error(
                function, "ids[" + std::to_string(t) + "]", ids[t],
                "must lie in [0, vocab_size) with vocab_size = " + std::to_string(config.vocab_size));
        }
    }
}

/// What enters the first layer, from the rows of the token embedding as columns of x.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> embedded(const decoder_config& config,
                                            const decoder_weights<Real>& weights, Eigen::MatrixX<Real> x) {
    x *= Real(config.embedding_scale);
    if (config.learned_positions)
        x += weights.position_embedding.middleRows(config.position_offset, x.cols()).transpose();
    nn::normalization_trace<Real> trace;
    return optional_norm(config.norm)(config.norm.embeddings, weights.embedding_norm, x, trace);
}

}  // namespace detail

/// What enters the first layer for a sequence of token ids: token embeddings, multiplied by embedding_scale,
/// plus learned positions, normalised, each where there are such; width x tokens.
/// \throws std::domain_error when an id is outside the vocabulary.
/// \throws std::invalid_argument when there are more tokens than learned positions.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> embed(const decoder<Real>& model, const std::vector<Eigen::Index>& ids) {
    const decoder_config& config = model.config();
    detail::check_ids("embed", config, ids);
    Eigen::MatrixX<Real> rows(config.width, Eigen::Index(ids.size()));
    for (Eigen::Index t = 0; t < rows.cols(); ++t)
        rows.col(t) = model.weights().token_embedding.row(ids[std::size_t(t)]).transpose();
    return detail::embedded(config, model.weights(), std::move(rows));
}

namespace detail {

/// Throws std::invalid_argument unless the trace is that of a network of this shape.
template <class Real>
void check_trace(std::string_view function, const decoder_config& config, const decoder_trace<Real>& trace) {
    const Eigen::Index tokens = trace.final_norm.normalized.cols();
    const auto check = [&](const char* part, const Eigen::MatrixX<Real>& x, Eigen::Index rows) {
        check_size(function, std::string("rows of trace.") + part, x.rows(), rows);
        if (rows > 0) check_size(function, std::string("columns of trace.") + part, x.cols(), tokens);
    };
    check_size(function, "blocks of the trace", Eigen::Index(trace.blocks.size()), config.layers);
    check("final_norm", trace.final_norm.normalized, config.width);
    for (std::size_t l = 0; l < trace.blocks.size(); ++l)
        check_block_trace(config, Eigen::Index(l), trace.blocks[l], check);
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
    const decoder_config& config = model.config();
    detail::check_size("decoder_forward", "rows of x", x.rows(), config.width);
    const detail::layer_rotations<Real> rotations(config, x.cols());
    if (trace != nullptr) trace->blocks.clear();
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        auto block = detail::block_forward(config, l, model.weights().blocks[std::size_t(l)], rotations, x);
        if (trace != nullptr) trace->blocks.push_back(std::move(block));
        if (after_block) after_block();
    }
    auto final_norm = nn::normalize(config.norm.kind, config.norm.epsilon, x);
    if (output == decoder_output::normalized)
        x = nn::normalization_output(model.weights().final_norm, final_norm);
    if (trace != nullptr) trace->final_norm = std::move(final_norm);
    return x;
}

/// The vector-Jacobian product of decoder_forward(): from cotangents of the final hidden states to those of
/// the input embeddings. `h_bar` is width x (probes · tokens), one block of tokens columns per probe; all
/// probes share the trace.
/// \throws std::invalid_argument when h_bar has not `width` rows, its columns are no multiple of the tokens,
///         or the trace is that of a network of another shape.
/// Cost about that of a forward pass per probe; the same bits on any number of threads.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> decoder_vjp(const decoder<Real>& model, const decoder_trace<Real>& trace,
                                               Eigen::MatrixX<Real> h_bar,
                                               decoder_output output = decoder_output::normalized,
                                               const block_callback& after_block = {}) {
    const decoder_config& config = model.config();
    const Eigen::Index tokens = trace.final_norm.normalized.cols();
    detail::check_trace("decoder_vjp", config, trace);
    detail::check_size("decoder_vjp", "rows of h_bar", h_bar.rows(), config.width);
    detail::check_probes("decoder_vjp", "h_bar", h_bar.cols(), tokens);
    const detail::layer_rotations<Real> rotations(config, tokens);
    if (output == decoder_output::normalized) {
        h_bar = nn::normalization_vjp(config.norm.kind, model.weights().final_norm, trace.final_norm, h_bar);
    }
    for (Eigen::Index l = config.layers; l-- > 0;) {
        detail::block_vjp(config, l, model.weights().blocks[std::size_t(l)], rotations,
                          trace.blocks[std::size_t(l)], h_bar);
        if (after_block) after_block();
    }
    return h_bar;
}

}  // namespace cesaro
