// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/feed_forward.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/gaussian_kernel.hpp>
#include <cesaro/detail/uniform_attention.hpp>
#include <cesaro/jacobian_profile.hpp>

#include <Eigen/Core>

#include <cmath>
#include <utility>
#include <vector>

namespace cesaro {

/// What the mean-field prediction takes into account beyond gains per layer and position; switched off one by
/// one to see what each contributes.
struct mean_field_terms {
    /// The feed-forward branches of two positions are as correlated as their inputs make them; otherwise
    /// fully.
    bool feed_forward_correlations = true;
    /// Attention is uniform up to scores of variance \f$(d\,\sigma^2)^2\f$, taken to first order: they spread
    /// the attention weights, and carry gradients through keys and queries. Otherwise uniform.
    bool scores = true;
};

namespace detail {

/// The mean field of one configuration: the recursions of two kernels over pairs of positions,
/// \f$C_{nm} = \mathbb E\langle x_n, x_m\rangle/d\f$ forward and \f$B_{nm} = \mathbb E\langle \bar x_n,
/// \bar x_m\rangle/d\f$ backward, at initialisation and large width.
class mean_field {
  public:
    mean_field(const decoder_config& config, Eigen::Index tokens, const mean_field_terms& terms)
        : config_(config),
          terms_(terms),
          tokens_(tokens),
          inner_variance_(double(config.width) * config.initializer_range * config.initializer_range),
          residual_variance_(config.residual_initializer_range() * config.residual_initializer_range()),
          activation_([this](double x) { return gelu_like() ? gelu(x) : silu(x); }, inner_variance_),
          derivative_([this](double x) { return gelu_like() ? gelu_derivative(x) : silu_derivative(x); },
                      inner_variance_) {}

    /// C of the embeddings: independent between positions.
    Eigen::MatrixXd embeddings() const {
        const double variance =
            config_.initializer_range * config_.initializer_range * (config_.has_learned_positions() ? 2 : 1);
        return variance * Eigen::MatrixXd::Identity(tokens_, tokens_);
    }

    /// C after the attention branch of a layer is added:
    /// \f$g^2 (R + \tau \hat C \circ S)\f$, R the mean of \f$\hat C\f$ over the pairs that two queries see.
    void add_attention(Eigen::Index layer, Eigen::MatrixXd& kernel) const {
        const uniform_attention uniform(tokens_, config_.window(layer));
        const Eigen::MatrixXd correlation = normalised(kernel, inverse_scale(kernel));
        const seen_means means = means_of(uniform, correlation);
        kernel += attention_gain() * means.pairs;
        if (terms_.scores) {
            kernel += attention_gain() * score_variance() * correlation.cwiseProduct(means.spread);
        }
    }

    /// C after the feed-forward branch is added.
    void add_feed_forward(Eigen::MatrixXd& kernel) const {
        const Eigen::MatrixXd correlation = normalised(kernel, inverse_scale(kernel));
        Eigen::MatrixXd inner = activation_(correlation);
        if (!gelu_like()) inner = inner_variance_ * inner.cwiseProduct(correlation);
        kernel += double(config_.intermediate) * residual_variance_ * inner;
    }

    /// B before the feed-forward branch, for C before it.
    void pull_back_feed_forward(const Eigen::MatrixXd& kernel, Eigen::MatrixXd& back) const {
        back += back.cwiseProduct(feed_forward_gain(kernel)).eval();
    }

    /// B before the attention branch of a layer, for C before it.
    void pull_back_attention(Eigen::Index layer, const Eigen::MatrixXd& kernel, Eigen::MatrixXd& back) const {
        const uniform_attention uniform(tokens_, config_.window(layer));
        const Eigen::VectorXd inverse = inverse_scale(kernel);
        const auto& per_seen = uniform.inverse_count();
        const Eigen::MatrixXd per_pair = per_seen.asDiagonal() * back * per_seen.asDiagonal();
        Eigen::MatrixXd sum = uniform.sum_over_query_pairs(per_pair);
        if (terms_.scores) {
            sum += score_variance() * score_paths(uniform, normalised(kernel, inverse), per_pair, back);
        }
        back += attention_gain() * normalised(sum, inverse);
    }

    /// \f$g_l(m)\f$ and \f$f_l(m)\f$: gains of the two branches, for C before each.
    Eigen::VectorXd attention_gains(const Eigen::MatrixXd& kernel) const {
        return std::sqrt(attention_gain()) * inverse_scale(kernel);
    }
    Eigen::VectorXd feed_forward_gains(const Eigen::MatrixXd& kernel) const {
        return feed_forward_gain(kernel).diagonal().cwiseSqrt();
    }

    /// 1/s of each position, \f$s^2 = C_{nn} + \epsilon\f$.
    Eigen::VectorXd inverse_scale(const Eigen::MatrixXd& kernel) const {
        return (kernel.diagonal().array() + config_.norm_epsilon).rsqrt();
    }

  private:
    struct seen_means {
        Eigen::MatrixXd rows;    ///< (n, j): mean of C over i seen by n, at j
        Eigen::MatrixXd pairs;   ///< (n, m): mean over i seen by n and j seen by m
        Eigen::MatrixXd spread;  ///< mean square of C over those pairs, rows and columns centred
    };

    bool gelu_like() const { return config_.feed_forward() == feed_forward_kind::gelu; }
    double attention_gain() const {
        return inner_variance_ * double(config_.query_size()) * residual_variance_;
    }
    double score_variance() const { return inner_variance_ * inner_variance_; }

    static Eigen::MatrixXd normalised(const Eigen::MatrixXd& kernel, const Eigen::VectorXd& inverse) {
        return inverse.asDiagonal() * kernel * inverse.asDiagonal();
    }

    seen_means means_of(const uniform_attention& uniform, const Eigen::MatrixXd& correlation) const {
        seen_means means;
        means.rows = uniform.mean(correlation);
        means.pairs = uniform.mean(means.rows.transpose());
        if (terms_.scores) {
            const Eigen::MatrixXd row_squares = uniform.mean(means.rows.cwiseAbs2().transpose());
            means.spread = uniform.mean_of_pairs(correlation.cwiseAbs2()) - row_squares -
                           row_squares.transpose() + means.pairs.cwiseAbs2();
        }
        return means;
    }

    /// Squared gain of the feed-forward branch for each pair of positions.
    Eigen::MatrixXd feed_forward_gain(const Eigen::MatrixXd& kernel) const {
        const Eigen::VectorXd inverse = inverse_scale(kernel);
        const Eigen::MatrixXd correlation = normalised(kernel, inverse);
        Eigen::MatrixXd slope = derivative_(correlation);
        if (!gelu_like()) {
            slope = inner_variance_ * slope.cwiseProduct(correlation) + activation_(correlation);
        }
        if (!terms_.feed_forward_correlations) {
            const Eigen::VectorXd deviation = slope.diagonal().cwiseSqrt();
            slope = deviation * deviation.transpose();
        }
        return inner_variance_ * double(config_.intermediate) * residual_variance_ *
               normalised(slope, inverse);
    }

    /// What scores add to the sum over queries n, n' of B/(c c') at sources j, j'. Twice
    /// C_{nn'} (C_{jj'} - <C_{j.}>_{n'} - <C_{.j'}>_n + <C>_{nn'}): once because the attention weights
    /// spread, once through the keys. And, at n = j, through the queries.
    Eigen::MatrixXd score_paths(const uniform_attention& uniform, const Eigen::MatrixXd& correlation,
                                const Eigen::MatrixXd& per_pair, const Eigen::MatrixXd& back) const {
        const seen_means means = means_of(uniform, correlation);
        const Eigen::MatrixXd weight = per_pair.cwiseProduct(correlation);
        const Eigen::MatrixXd over_queries = uniform.sum_over_queries(weight);
        const Eigen::MatrixXd crossed =
            uniform.sum_over_queries(over_queries.transpose().cwiseProduct(means.rows));
        Eigen::MatrixXd paths = correlation.cwiseProduct(uniform.sum_over_query_pairs(weight));
        paths += uniform.sum_over_query_pairs(weight.cwiseProduct(means.pairs));
        paths -= crossed + crossed.transpose();
        return 2 * paths + back.cwiseProduct(means.spread);
    }

    decoder_config config_;
    mean_field_terms terms_;
    Eigen::Index tokens_;
    double inner_variance_;     // of q, k, v and of the inner layer's pre-activations: d sigma^2
    double residual_variance_;  // of the entries of the projections back to the residual stream
    gaussian_kernel activation_, derivative_;
};

/// C at the input of every layer, and at the output.
inline std::vector<Eigen::MatrixXd> forward_kernels(const mean_field& field, Eigen::Index layers) {
    std::vector<Eigen::MatrixXd> kernels(1, field.embeddings());
    for (Eigen::Index l = 0; l < layers; ++l) {
        Eigen::MatrixXd kernel = kernels.back();
        field.add_attention(l, kernel);
        field.add_feed_forward(kernel);
        kernels.push_back(std::move(kernel));
    }
    return kernels;
}

inline void check_mean_field(std::string_view function, const decoder_config& config, Eigen::Index tokens) {
    config.validate();
    check_at_least(function, "tokens", tokens, 1);
    check_fits_in_memory<double>(function, tokens, (config.layers + 16) * tokens);
}

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
/// factor of the final normalisation. \return tokens x layers each.
/// \throws as mean_field_profile().
inline position_gains<double> mean_field_gains(const decoder_config& config, Eigen::Index tokens,
                                               const mean_field_terms& terms = {}) {
    detail::check_mean_field("mean_field_gains", config, tokens);
    const detail::mean_field field(config, tokens, terms);
    position_gains<double> gains{Eigen::MatrixXd(tokens, config.layers),
                                 Eigen::MatrixXd(tokens, config.layers)};
    Eigen::MatrixXd kernel = field.embeddings();
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        gains.attention.col(l) = field.attention_gains(kernel);
        field.add_attention(l, kernel);
        gains.feed_forward.col(l) = field.feed_forward_gains(kernel);
        field.add_feed_forward(kernel);
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
/// \f$1 + f_n f_m\,\mathrm{corr}(\varphi'_n, \varphi'_m)\f$, an attention branch adds \f$G M^T B M G\f$ with
/// G the gains of mean_field_gains(), as in jacobian_profile(). The profile is \f$\sqrt{d\,B_{mm}}\f$.
///
/// \param tokens at least 1. A sliding window is taken into account; RoPE is not: it turns queries and keys,
///        which enter at second order only.
/// \return one value per source position, not normalised.
/// \throws what config.validate() throws; std::domain_error when tokens < 1; std::length_error when layers ·
///         tokens² kernel entries do not fit in memory.
/// Cost O(layers · tokens²) time and memory. Accuracy: leading order in 1/width, first order in the scores'
/// variance \f$(d\sigma^2)^2\f$.
///
/// Sources: Schoenholz et al., arXiv 1611.01232 (both recursions); Hron et al., arXiv 2006.10540 (attention);
/// Yang, arXiv 2006.14548 (gradient independence).
inline Eigen::VectorXd mean_field_profile(const decoder_config& config, Eigen::Index tokens,
                                          const mean_field_terms& terms = {}) {
    detail::check_mean_field("mean_field_profile", config, tokens);
    const detail::mean_field field(config, tokens, terms);
    const std::vector<Eigen::MatrixXd> kernels = detail::forward_kernels(field, config.layers);
    const double last_scale = field.inverse_scale(kernels.back())[tokens - 1];
    Eigen::MatrixXd back = Eigen::MatrixXd::Zero(tokens, tokens);
    back(tokens - 1, tokens - 1) = last_scale * last_scale;  // the final normalisation
    for (Eigen::Index l = config.layers; l-- > 0;) {
        Eigen::MatrixXd between = kernels[std::size_t(l)];
        field.add_attention(l, between);
        field.pull_back_feed_forward(between, back);
        field.pull_back_attention(l, kernels[std::size_t(l)], back);
    }
    return std::sqrt(double(config.width)) * back.diagonal().cwiseMax(0).cwiseSqrt();
}

}  // namespace cesaro
