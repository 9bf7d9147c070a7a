// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/detail/mean_field.hpp>
#include <cesaro/decoder/detail/position_cells.hpp>
#include <cesaro/decoder/mean_field_terms.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/position_gains.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cesaro {

namespace detail {

inline void check_mean_field(std::string_view function, const decoder_config& config, std::int64_t tokens) {
    config.validate();
    check_at_least(function, "tokens", tokens, 1);
    check_fits_in_memory<double>(function, tokens, config.layers + 16);
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        if (!config.layer(l).attends) {
            throw_invalid_argument(
                function, "pattern[" + std::to_string(l % Eigen::Index(config.pattern.size())) + "].attends",
                std::string("false"), "must be true: what such a layer does instead is not described");
        }
    }
    if (config.scores.clip > 0) {
        const double deviation = config.initial_deviation(weight_kind::query_key_value);
        const double limit = 6 * std::sqrt(double(config.width)) * deviation;
        if (config.scores.clip < limit) {
            throw_invalid_argument(
                function, "scores.clip", config.scores.clip,
                "must be 0, or too large to matter: 6 standard deviations of a query are " +
                    std::to_string(limit));
        }
    }
}

/// Of the shares, in total variation, unless another is asked for.
inline constexpr double mean_field_accuracy = 1e-3;

}  // namespace detail

/// Gains per layer and position of an untrained decoder, from its configuration alone.
///
/// With \f$q_l(m)\f$ the mean square of the residual stream at position m before a branch, as the mean field
/// of mean_field_profile() gives it, and \f$v = d\sigma^2\f$, \f$\sigma_r\f$ the deviation of the projections
/// back to the residual stream,
///
/// \f[ g_l(m)^2 = \frac{v\,d_q\,\sigma_r^2}{q_l(m) + \epsilon}, \qquad
///     f_l(m)^2 = \frac{v\,d_{ff}\,\sigma_r^2}{q_l'(m) + \epsilon}\, \mathbb E[\varphi'(z)^2],
///     \quad z \sim \mathcal N(0, v), \f]
///
/// for GELU; SwiGLU has \f$v\,\mathbb E[\varphi'^2] + \mathbb E[\varphi^2]\f$ in place of the mean. Attention
/// averages tokens, so that early positions have a larger q and smaller gains.
///
/// The jacobian_profile() of these gains is mean_field_profile() with both mean_field_terms off, up to the
/// factor of the final normalisation, with sliding windows as without.
/// \tparam Real the type in which kernels are computed, double or a wider one.
/// \return tokens x layers each, and the window of each layer.
/// \throws as mean_field_profile().
template <std::floating_point Real = double>
[[nodiscard]] position_gains<double> mean_field_gains(const decoder_config& config, Eigen::Index tokens,
                                                      const mean_field_terms& terms = {}) {
    detail::check_mean_field("mean_field_gains", config, tokens);
    const detail::position_cells cells = tokens <= 256
                                             ? detail::position_cells::single(tokens)
                                             : detail::mean_field_cells(config, double(tokens), 0.1);
    const auto expanded = [&](const Eigen::VectorX<Real>& x) {
        return detail::cell_profile(cells, x.template cast<double>()).expanded();
    };
    const auto tables =
        detail::mean_field_tables<Real>::of("mean_field_gains", config, double(tokens), terms);
    const detail::mean_field<Real> field(config, cells, terms, tables);
    position_gains<double> gains{.attention = Eigen::MatrixXd(tokens, config.layers),
                                 .feed_forward = Eigen::MatrixXd(tokens, config.layers),
                                 .windows = Eigen::VectorX<Eigen::Index>(config.layers),
                                 .attention_output = Eigen::MatrixXd(tokens, config.layers),
                                 .decays = field.decays().template cast<double>(),
                                 .parallel = config.parallel};
    detail::pair_kernel<Real> kernel = field.embeddings();
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        const auto layer = detail::mean_field_layer<Real>::of(field, config, l, kernel);
        gains.windows[l] = config.window(l);
        gains.attention.col(l) = expanded(field.attention_gains(layer.attention));
        gains.attention_output.col(l) = expanded(layer.attention.out.cwiseProduct(field.kept_by_sinks(l)));
        gains.feed_forward.col(l) = expanded(field.feed_forward_gains(layer.feed_forward));
        kernel = layer.output;
    }
    return gains;
}

/// The Jacobian norms of an untrained decoder, \f$\sqrt{\mathbb E\|\partial h_{out}[n]/\partial
/// x_{in}[m]\|_F^2}\f$ for the last of `tokens` positions n, predicted from its configuration alone: no
/// measurement, no fitted parameter.
///
/// At large width the residual streams at initialisation are Gaussian with kernel \f$C_{nm} = \mathbb
/// E\langle x_n, x_m\rangle/d\f$, and gradients have a kernel \f$B_{nm}\f$ of their own. Forward, C starts as
/// the variance of independent embeddings; an attention branch adds the mean of the normalised kernel over
/// all pairs of positions that two queries see, a feed-forward branch adds \f$\mathbb
/// E[\varphi(z_n)\varphi(z_m)]\f$. Backward, B starts at the query; a feed-forward branch multiplies it by
/// \f$1 + f_n f_m\,\mathrm{corr}(\varphi'_n, \varphi'_m)\f$, an attention branch adds \f$G A^T B A G\f$ with
/// A the uniform attention of the layer and G the gains of mean_field_gains(), as in jacobian_profile(). The
/// profile is \f$\sqrt{d\,B_{mm}}\f$.
///
/// Scores of variance \f$\tau\f$ enter, with score_terms::full, in three ways: tokens that resemble the
/// others less have the more variable scores and get more weight, the mean of a softmax of independent scores
/// whose variances differ; weights covary to first order in \f$\tau\f$, and gradients flow through keys and
/// queries; and what one token's weight does by itself is taken to all orders by softmax_participation().
/// RoPE takes part in that through \f$\langle\cos\theta_i(n - m)\rangle_i\f$.
///
/// Normalisations behind a branch, parallel branches, multipliers, normalised queries and keys, caps,
/// windows, ALiBi, sinks, experts and latent attention are all described, each as decoder_config says. Of
/// experts, the mean over their choice is estimated from pseudo-random scores, to about 1 %.
///
/// Beyond 256 tokens positions are gathered in cells, single tokens at both ends and then as wide as a share
/// of the distance from the nearer one, so that any context takes some hundred cells. Sums over positions are
/// sums over cells with exact counts of pairs, of second order in that share; two shares, one twice the
/// other, are extrapolated (Richardson). Windows narrower than a share of the context ask for narrower cells,
/// some hundreds.
///
/// \param tokens at least 1.
/// \tparam Real the type in which kernels are computed, double or a wider one.
/// \return one value per source position, not normalised.
/// \throws what config.validate() throws; std::domain_error when tokens < 1, or scores have a variance
///         beyond 400, with ALiBi beyond 5, or where norms stand behind branches alone and queries and keys, which
///         have none, grow with the stream, so that those of the last layer are beyond 10; std::invalid_argument naming the member when a layer does not attend, or
///         clipping of queries and keys would matter;
///         std::length_error when the profile does not fit in memory.
/// Cost O(layers · cells³) time, eightfold with ALiBi; the number of cells is that of tokens
/// up to 256, and grows with their logarithm beyond, but where a window asks for narrower ones. Memory: a kernel of
/// \f$8\,cells^2\f$ bytes a layer, and 12 more, with ALiBi 75, of the layers for which 256 MiB do; those of the others are
/// computed again.
/// The same bits on any number of threads.
/// Accuracy: leading order in 1/width. Against networks of width 256, and where it is off: docs/step0.md. Up to 256 tokens nothing
/// is gathered; beyond, shares are within about 1e-4 in total variation and 1e-3 at every position of those
/// of single positions. Of 1000 tokens, windows that end within the context made up to 1e-3 in total variation, and
/// steep ALiBi 1e-2; predict() states an estimate, which covers both (tests), and in long contexts is greater.
/// Normalisations behind branches together with sinks or experts made up to six times as much as it stated.
///
/// Sources: Schoenholz et al., arXiv 1611.01232 (both recursions); Hron et al., arXiv 2006.10540 (attention);
/// Yang, arXiv 2006.14548 (gradient independence). The mean weights and the all-order terms are our own.
template <std::floating_point Real = double>
[[nodiscard]] Eigen::VectorXd mean_field_profile(const decoder_config& config, Eigen::Index tokens,
                                                 const mean_field_terms& terms = {}) {
    detail::check_mean_field("mean_field_profile", config, tokens);
    return std::sqrt(double(config.width)) * detail::solve_mean_field<Real>("mean_field_profile", config,
                                                                            double(tokens), terms,
                                                                            detail::mean_field_accuracy)
                                                 .norms.expanded();
}

}  // namespace cesaro
