// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/feed_forward.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/parallel.hpp>
#include <cesaro/jacobian_profile.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace cesaro {

namespace detail {

/// \f$K(\rho) = \mathbb E[\varphi(z)\varphi(z')]\f$ for Gaussians z, z' of one variance and correlation
/// \f$\rho\f$, as \f$\sum_k a_k^2 \rho^k\f$ with \f$a_k\f$ the Hermite coefficients of \f$\varphi\f$. What
/// the series leaves out at \f$\rho = 1\f$ is added to its last term.
class gaussian_kernel {
  public:
    template <class Function>
    gaussian_kernel(const Function& phi, double variance) {
        constexpr int terms = 24;
        constexpr double reach = 12, step = 1.0 / 64;  // the trapezoidal rule, exact to rounding here
        coefficients_ = Eigen::VectorXd::Zero(terms);
        Eigen::VectorXd hermite(terms);  // normalised Hermite polynomials
        double second_moment = 0;
        Eigen::VectorXd a = Eigen::VectorXd::Zero(terms);
        for (double x = -reach; x <= reach; x += step) {
            hermite[0] = 1;
            hermite[1] = x;
            for (int k = 2; k < terms; ++k)
                hermite[k] =
                    (x * hermite[k - 1] - std::sqrt(k - 1.0) * hermite[k - 2]) / std::sqrt(double(k));
            const double value = phi(std::sqrt(variance) * x);
            const double weight = step * std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0));
            a += weight * value * hermite;
            second_moment += weight * value * value;
        }
        coefficients_ = a.cwiseAbs2();
        coefficients_[terms - 1] += std::max(0.0, second_moment - coefficients_.sum());
        int used = terms;
        while (used > 2 && coefficients_.tail(terms - used + 1).sum() < 1e-9 * second_moment)
            --used;
        coefficients_ = Eigen::VectorXd(coefficients_.head(used));
    }

    Eigen::MatrixXd operator()(const Eigen::MatrixXd& rho) const {
        Eigen::MatrixXd value(rho.rows(), rho.cols());
        parallel_for(rho.cols(), [&](Eigen::Index j) {
            auto column = value.col(j).array();
            column.setConstant(coefficients_[coefficients_.size() - 1]);
            for (Eigen::Index k = coefficients_.size() - 1; k-- > 0;)
                column = column * rho.col(j).array() + coefficients_[k];
        });
        return value;
    }

  private:
    Eigen::VectorXd coefficients_;
};

/// What uniform causal attention with a window does to functions of one or two positions.
class uniform_attention {
  public:
    uniform_attention(Eigen::Index tokens, Eigen::Index window)
        : window_(window > 0 ? std::min(window, tokens) : tokens), inverse_count_(tokens) {
        for (Eigen::Index n = 0; n < tokens; ++n)
            inverse_count_[n] = 1 / double(std::min(n + 1, window_));
    }

    /// P x: the mean of the rows of x that each position sees.
    Eigen::MatrixXd mean(const Eigen::MatrixXd& x) const {
        Eigen::MatrixXd y(x.rows(), x.cols());
        parallel_for(x.cols(), [&](Eigen::Index j) {
            double sum = 0;
            for (Eigen::Index n = 0; n < x.rows(); ++n) {
                sum += x(n, j);
                if (n >= window_) sum -= x(n - window_, j);
                y(n, j) = sum * inverse_count_[n];
            }
        });
        return y;
    }

    /// P x P^T for symmetric x.
    Eigen::MatrixXd mean_of_pairs(const Eigen::MatrixXd& x) const { return mean(mean(x).transpose()); }

    /// Sums of the rows of x over the positions that see each position.
    Eigen::MatrixXd sum_over_queries(const Eigen::MatrixXd& x) const {
        Eigen::MatrixXd y(x.rows(), x.cols());
        parallel_for(x.cols(), [&](Eigen::Index j) {
            double sum = 0;
            for (Eigen::Index n = x.rows(); n-- > 0;) {
                sum += x(n, j);
                if (n + window_ < x.rows()) sum -= x(n + window_, j);
                y(n, j) = sum;
            }
        });
        return y;
    }

    Eigen::MatrixXd sum_over_query_pairs(const Eigen::MatrixXd& x) const {
        return sum_over_queries(sum_over_queries(x).transpose());
    }

    const Eigen::VectorXd& inverse_count() const { return inverse_count_; }

  private:
    Eigen::Index window_;
    Eigen::VectorXd inverse_count_;
};

}  // namespace detail

/// Options that switch parts of the prediction off, to see what each contributes.
struct mean_field_terms {
    bool scores = true;        ///< to first order, that attention is not quite uniform
    bool correlations = true;  ///< of the feed-forward block between positions
};

namespace detail {

struct mean_field_pass {
    const decoder_config& config;
    mean_field_terms terms;
    double width, sigma2, residual_sigma2, preactivation_variance, score_variance, attention_gain2;
    gaussian_kernel activation, derivative;

    static double silu_or_gelu(feed_forward_kind kind, double x) {
        return kind == feed_forward_kind::gelu ? gelu(x) : silu(x);
    }
    static double silu_or_gelu_derivative(feed_forward_kind kind, double x) {
        return kind == feed_forward_kind::gelu ? gelu_derivative(x) : silu_derivative(x);
    }

    explicit mean_field_pass(const decoder_config& c, mean_field_terms t)
        : config(c),
          terms(t),
          width(double(c.width)),
          sigma2(c.initializer_range * c.initializer_range),
          residual_sigma2(c.residual_initializer_range() * c.residual_initializer_range()),
          preactivation_variance(width * sigma2),
          score_variance(preactivation_variance * preactivation_variance),
          attention_gain2(preactivation_variance * double(c.query_size()) * residual_sigma2),
          activation([&](double x) { return silu_or_gelu(c.feed_forward(), x); }, preactivation_variance),
          derivative([&](double x) { return silu_or_gelu_derivative(c.feed_forward(), x); },
                     preactivation_variance) {}

    static Eigen::VectorXd inverse_scale(const decoder_config& c, const Eigen::MatrixXd& kernel) {
        return (kernel.diagonal().array() + c.norm_epsilon).rsqrt();
    }
    static Eigen::MatrixXd normalised(const Eigen::MatrixXd& kernel, const Eigen::VectorXd& inv) {
        return inv.asDiagonal() * kernel * inv.asDiagonal();
    }

    struct attention_kernels {
        Eigen::MatrixXd row_mean;   // Q1
        Eigen::MatrixXd pair_mean;  // R
        Eigen::MatrixXd spread;     // F2
    };
    attention_kernels attention(const uniform_attention& uniform, const Eigen::MatrixXd& rho) const {
        attention_kernels k;
        k.row_mean = uniform.mean(rho);
        k.pair_mean = uniform.mean(k.row_mean.transpose());
        if (terms.scores) {
            const Eigen::MatrixXd z = uniform.mean(k.row_mean.cwiseAbs2().transpose());
            k.spread = uniform.mean_of_pairs(rho.cwiseAbs2()) - z - z.transpose() + k.pair_mean.cwiseAbs2();
        }
        return k;
    }

    void add_attention(const uniform_attention& uniform, Eigen::MatrixXd& kernel) const {
        const Eigen::MatrixXd rho = normalised(kernel, inverse_scale(config, kernel));
        const attention_kernels k = attention(uniform, rho);
        kernel += attention_gain2 * k.pair_mean;
        if (terms.scores) kernel += attention_gain2 * score_variance * rho.cwiseProduct(k.spread);
    }

    void add_feed_forward(Eigen::MatrixXd& kernel) const {
        const Eigen::MatrixXd rho = normalised(kernel, inverse_scale(config, kernel));
        Eigen::MatrixXd inner = activation(rho);
        if (config.feed_forward() == feed_forward_kind::swiglu)
            inner = preactivation_variance * inner.cwiseProduct(rho);
        kernel += double(config.intermediate) * residual_sigma2 * inner;
    }

    // kernel: residual before the feed-forward block
    void back_feed_forward(const Eigen::MatrixXd& kernel, Eigen::MatrixXd& b) const {
        const Eigen::VectorXd inv = inverse_scale(config, kernel);
        const Eigen::MatrixXd rho = normalised(kernel, inv);
        Eigen::MatrixXd gain = derivative(rho);
        if (config.feed_forward() == feed_forward_kind::swiglu)
            gain = preactivation_variance * gain.cwiseProduct(rho) + activation(rho);
        if (!terms.correlations) {
            Eigen::VectorXd r = gain.diagonal().cwiseSqrt();
            gain = r * r.transpose();
        }
        gain = inv.asDiagonal() * gain * inv.asDiagonal();
        gain *= preactivation_variance * double(config.intermediate) * residual_sigma2;
        b += b.cwiseProduct(gain).eval();
    }

    void back_attention(const uniform_attention& uniform, const Eigen::MatrixXd& kernel,
                        Eigen::MatrixXd& b) const {
        const Eigen::VectorXd inv = inverse_scale(config, kernel);
        const Eigen::VectorXd& ic = uniform.inverse_count();
        const Eigen::MatrixXd bt = ic.asDiagonal() * b * ic.asDiagonal();
        Eigen::MatrixXd sum = uniform.sum_over_query_pairs(bt);
        if (terms.scores) {
            const Eigen::MatrixXd rho = normalised(kernel, inv);
            const attention_kernels k = attention(uniform, rho);
            const Eigen::MatrixXd e = bt.cwiseProduct(rho);
            Eigen::MatrixXd s = rho.cwiseProduct(uniform.sum_over_query_pairs(e)) +
                                uniform.sum_over_query_pairs(e.cwiseProduct(k.pair_mean));
            const Eigen::MatrixXd v = uniform.sum_over_queries(e);  // (j, n')
            const Eigen::MatrixXd t =
                uniform.sum_over_queries(v.transpose().cwiseProduct(k.row_mean));  // (j', j)
            s -= t + t.transpose();
            sum += 2 * score_variance * s;
            sum += score_variance * b.cwiseProduct(k.spread);
        }
        b += attention_gain2 * (inv.asDiagonal() * sum * inv.asDiagonal());
    }
};

}  // namespace detail

inline Eigen::VectorXd mean_field_profile(const decoder_config& config, Eigen::Index tokens,
                                          mean_field_terms terms = {}) {
    const detail::mean_field_pass pass(config, terms);
    const double embedding = pass.sigma2 * (config.positions == position_encoding::learned ? 2 : 1);
    Eigen::MatrixXd kernel = embedding * Eigen::MatrixXd::Identity(tokens, tokens);
    std::vector<Eigen::MatrixXd> kernels;
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        const detail::uniform_attention uniform(tokens, config.window(l));
        kernels.push_back(kernel);
        pass.add_attention(uniform, kernel);
        pass.add_feed_forward(kernel);
    }
    Eigen::MatrixXd b = Eigen::MatrixXd::Zero(tokens, tokens);
    b(tokens - 1, tokens - 1) = 1 / (kernel(tokens - 1, tokens - 1) + config.norm_epsilon);
    for (Eigen::Index l = config.layers; l-- > 0;) {
        const detail::uniform_attention uniform(tokens, config.window(l));
        kernel = kernels[std::size_t(l)];
        Eigen::MatrixXd middle = kernel;
        pass.add_attention(uniform, middle);
        pass.back_feed_forward(middle, b);
        pass.back_attention(uniform, kernel, b);
    }
    return b.diagonal().cwiseSqrt() * std::sqrt(double(config.width));
}

}  // namespace cesaro
