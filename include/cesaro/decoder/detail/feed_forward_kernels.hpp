// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/detail/gaussian_kernel.hpp>
#include <cesaro/decoder/detail/pair_kernel.hpp>
#include <cesaro/decoder/experts.hpp>
#include <cesaro/decoder/feed_forward.hpp>
#include <cesaro/detail/random.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>
#include <boost/random/normal_distribution.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace cesaro::detail {

/// What a router does to kernels, as functions of the correlation \f$\rho\f$ of two tokens' scores of a given
/// variance: \f$\mathbb E \sum_e g_e g_e'\f$ and \f$\mathbb E \sum_{e,a} \partial_a g_e\, \partial_a g_e'\f$,
/// a mean over pseudo-random scores, tabulated and interpolated in the angle \f$\arccos\rho\f$.
class routing_kernels {
  public:
    routing_kernels(const experts_config& config, double variance) : weights_(nodes + 1), slopes_(nodes + 1) {
        weights_.setZero();
        slopes_.setZero();
        auto engine = random_stream(1, {});
        boost::random::normal_distribution<double> normal(0, std::sqrt(variance));
        const Eigen::VectorXd correction;
        for (Eigen::Index s = 0; s < samples; ++s) {
            Eigen::MatrixXd scores(config.count, nodes + 1);
            Eigen::VectorXd first(config.count), second(config.count);
            for (double& x : first)
                x = normal(engine);
            for (double& x : second)
                x = normal(engine);
            for (Eigen::Index i = 0; i <= nodes; ++i)
                scores.col(i) = std::cos(angle(i)) * first + std::sin(angle(i)) * second;
            add(config, nn::route_to_experts(config, correction, scores));
        }
        weights_ /= double(samples);
        slopes_ /= double(samples);
    }

    [[nodiscard]] double weights(double rho) const { return interpolated(weights_, rho); }
    [[nodiscard]] double slopes(double rho) const { return interpolated(slopes_, rho); }

  private:
    static constexpr Eigen::Index nodes = 24;
    static constexpr Eigen::Index samples = 4000;

    static double angle(Eigen::Index i) {
        return boost::math::constants::half_pi<double>() * double(i) / double(nodes);
    }
    void add(const experts_config& config, const nn::expert_routes<double>& routes) {
        weights_ += routes.weights.transpose() * routes.weights.col(0);
        for (const Eigen::Index e : routes.choices.front()) {
            Eigen::MatrixXd only = Eigen::MatrixXd::Zero(config.count, nodes + 1);
            only.row(e) = (routes.weights.row(e).array() > 0).cast<double>();
            const Eigen::MatrixXd gradient = nn::route_to_experts_vjp(config, routes, only);
            slopes_ += gradient.transpose() * gradient.col(0);
        }
    }
    static double interpolated(const Eigen::VectorXd& table, double rho) {
        const double x =
            std::acos(std::clamp(rho, 0.0, 1.0)) / boost::math::constants::half_pi<double>() * double(nodes);
        const Eigen::Index i = std::min(Eigen::Index(x), nodes - 1);
        const double t = x - double(i);
        return (1 - t) * table[i] + t * table[i + 1];
    }

    Eigen::VectorXd weights_, slopes_;  // at equally spaced angles from 0, rho = 1, to a right one
};

/// One layer's feed-forward branch acting on kernels, without its normalisations: the kernel of what it adds
/// and the factor by which gradients of two positions are multiplied.
struct feed_forward_kernels {
    pair_kernel output;
    pair_kernel gain;

    /// \param input kernel of what the branch reads.
    feed_forward_kernels(const decoder_config& c, const routing_kernels* routing, bool mixture,
                         const pair_kernel& input) {
        const Eigen::VectorXd root = input.diagonal().cwiseMax(1e-300).cwiseSqrt();
        const pair_kernel correlation = input.scaled(root.cwiseInverse());
        const double deviation = c.initial_deviation(weight_kind::feed_forward_input);
        const double inner = double(c.width) * deviation * deviation;
        const Eigen::VectorXd variances = inner * input.diagonal();
        auto [value, down] = kernels(c.activation, variances, correlation);
        down.all *= inner;
        if (c.gated) {
            const double offset = c.activation == activation_kind::clamped_swish ? 1 : 0;
            const pair_kernel partner(inner * input.all + offset);
            down.all = inner * value.all + down.all * partner.all;
            value.all *= partner.all;
        }
        const double out = c.initial_deviation(weight_kind::feed_forward_output);
        const double variance = out * out;
        if (!mixture) {
            output = pair_kernel(double(c.intermediate) * variance * value.all);
            gain = pair_kernel(double(c.intermediate) * variance * down.all);
            return;
        }
        const experts_config& e = *c.experts;
        const double router = c.initial_deviation(weight_kind::router);
        const double score = double(c.width) * router * router;
        const pair_kernel chosen(
            correlation.all.unaryExpr([&](double rho) { return routing->weights(rho); }));
        const pair_kernel moved(score *
                                correlation.all.unaryExpr([&](double rho) { return routing->slopes(rho); }));
        const double inside = double(e.intermediate) * variance;
        output = pair_kernel(inside * value.all * chosen.all);
        gain = pair_kernel(inside * (down.all * chosen.all + value.all * moved.all));
        if (e.shared == 0) return;
        value.all *= double(e.shared) * variance;
        down.all *= double(e.shared) * variance;
        if (e.shared_gate) {
            const auto logistic = [](double x) { return nn::logistic(x); };
            const auto derivative = [](double x) { return nn::logistic(x) * (1 - nn::logistic(x)); };
            const Eigen::VectorXd of_gate = score * input.diagonal();
            const pair_kernel gate = gaussian_kernel(logistic, of_gate)(correlation);
            const pair_kernel gate_slope = gaussian_kernel(derivative, of_gate)(correlation);
            down.all = down.all * gate.all + score * value.all * gate_slope.all;
            value.all *= gate.all;
        }
        output += value;
        gain += down;
    }

  private:
    static std::pair<pair_kernel, pair_kernel> kernels(activation_kind kind, const Eigen::VectorXd& variances,
                                                       const pair_kernel& correlation) {
        if (kind == activation_kind::relu) return relu_kernels(variances, correlation);
        const gaussian_kernel value([kind](double x) { return nn::activation(kind, x); }, variances);
        const gaussian_kernel slope([kind](double x) { return nn::activation_derivative(kind, x); },
                                    variances);
        return {value(correlation), slope(correlation)};
    }
};

}  // namespace cesaro::detail
