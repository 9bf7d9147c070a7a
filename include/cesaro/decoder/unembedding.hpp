// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// From final hidden states to the next token: logits, and what a prompt costs.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/decoder/decoder.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <vector>

namespace cesaro {

namespace detail {

/// The map from hidden states to logits: the unembedding, or the token embedding where there is none of its own.
template <class Real>
[[nodiscard]] const nn::weight_matrix<Real>& unembedding_of(const decoder<Real>& model) {
    const decoder_weights<Real>& w = model.weights();
    return w.unembedding.size() > 0 ? w.unembedding : w.token_embedding;
}

/// The logits z of one hidden state and, where asked for, their derivatives by the entries of the product.
template <class Real, class Column>
[[nodiscard]] Eigen::VectorX<Real> logits_of(const decoder<Real>& model, const Column& h,
                                             Eigen::VectorX<Real>* derivatives = nullptr) {
    const decoder_config& config = model.config();
    const nn::weight_matrix<Real>& u = unembedding_of(model);
    Eigen::VectorX<Real> z(u.rows());
    parallel_pieces(u.rows(), 4096, [&](Eigen::Index first, Eigen::Index size) {
        z.segment(first, size).noalias() = u.middleRows(first, size) * h;
    });
    if (model.weights().unembedding_bias.size() > 0) z += model.weights().unembedding_bias;
    z *= Real(config.logit_scale);
    if (derivatives != nullptr)
        *derivatives = Eigen::VectorX<Real>::Constant(z.size(), Real(config.logit_scale));
    if (config.logit_cap > 0) {
        const auto cap = Real(config.logit_cap);
        z = (z / cap).array().tanh().matrix().eval();
        if (derivatives != nullptr) derivatives->array() *= Real(1) - z.array().square();
        z *= cap;
    }
    return z;
}

}  // namespace detail

/// The logits of the next token, vocab_size x columns, for final hidden states (decoder_output::normalized),
///
/// \f[ z = C \tanh\left(s\,(U h + b) / C\right), \f]
///
/// U the unembedding, or the token embedding where the weights have none of their own, s = logit_scale and
/// C = logit_cap; without a cap \f$z = s\,(U h + b)\f$.
/// \param h width x columns.
/// \throws std::invalid_argument when h has not `width` rows.
/// Cost O(vocab_size · width · columns).
template <real_scalar Real>
[[nodiscard]] Eigen::MatrixX<Real> logits(const decoder<Real>& model, const Eigen::MatrixX<Real>& h) {
    detail::check_size("logits", "rows of h", h.rows(), model.config().width);
    Eigen::MatrixX<Real> z(model.config().vocab_size, h.cols());
    for (Eigen::Index t = 0; t < h.cols(); ++t)
        z.col(t) = detail::logits_of(model, h.col(t));
    return z;
}

/// The mean negative log-likelihood of a prompt's tokens after the first, in nats per token,
///
/// \f[ -\frac{1}{N-1} \sum_{t=1}^{N-1} \ln \mathrm{softmax}(z_{t-1})_{\mathrm{id}_t}: \f]
///
/// ln(vocab_size), about, of a network that knows nothing, more of one that was loaded wrongly.
/// \param ids at least two.
/// \throws std::domain_error when there are fewer, or an id is outside the vocabulary; as embed() does.
/// Cost: a forward pass and the logits of every token. Accuracy: that of the scalar; sums in double.
///
/// \code
/// const double nats = cesaro::prompt_loss(model, {15496, 11, 995});
/// \endcode
template <real_scalar Real>
[[nodiscard]] double prompt_loss(const decoder<Real>& model, const std::vector<Eigen::Index>& ids) {
    detail::check_at_least("prompt_loss", "tokens", Eigen::Index(ids.size()), 2);
    const Eigen::MatrixX<Real> h = decoder_forward(model, embed(model, ids));
    double sum = 0;
    for (std::size_t t = 1; t < ids.size(); ++t) {
        const Eigen::VectorXd z =
            detail::logits_of(model, h.col(Eigen::Index(t) - 1)).template cast<double>();
        const double greatest = z.maxCoeff();
        sum += greatest + std::log((z.array() - greatest).exp().sum()) - z[ids[t]];
    }
    return sum / double(ids.size() - 1);
}

}  // namespace cesaro
