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
#include <concepts>
#include <cstdint>
#include <utility>
#include <vector>

namespace cesaro::detail {

/// What a router does to kernels, as functions of the correlation \f$\rho\f$ of two tokens' scores of a given
/// variance: \f$\mathbb E \sum_e g_e g_e'\f$ and \f$\mathbb E \sum_{e,a} \partial_a g_e\, \partial_a g_e'\f$,
/// a mean over pseudo-random scores, tabulated and interpolated in the angle \f$\arccos\rho\f$.
template <std::floating_point Real>
class routing_kernels {
  public:
    routing_kernels(const experts_config& config, Real variance) : weights_(nodes + 1), slopes_(nodes + 1) {
        weights_.setZero();
        slopes_.setZero();
        auto engine = random_stream(1, {});
        boost::random::normal_distribution<Real> normal(0, std::sqrt(variance));
        const Eigen::VectorX<Real> correction;
        for (Eigen::Index s = 0; s < samples; ++s) {
            Eigen::MatrixX<Real> scores(config.count, nodes + 1);
            Eigen::VectorX<Real> first(config.count), second(config.count);
            for (Real& x : first)
                x = normal(engine);
            for (Real& x : second)
                x = normal(engine);
            for (Eigen::Index i = 0; i <= nodes; ++i)
                scores.col(i) = std::cos(angle(i)) * first + std::sin(angle(i)) * second;
            add(config, nn::route_to_experts(config, correction, scores));
        }
        weights_ /= Real(samples);
        slopes_ /= Real(samples);
    }

    [[nodiscard]] Real weights(Real rho) const { return interpolated(weights_, rho); }
    [[nodiscard]] Real slopes(Real rho) const { return interpolated(slopes_, rho); }

  private:
    static constexpr Eigen::Index nodes = 24;
    static constexpr Eigen::Index samples = 4000;

    static Real angle(Eigen::Index i) {
        return boost::math::constants::half_pi<Real>() * Real(i) / Real(nodes);
    }
    void add(const experts_config& config, const nn::expert_routes<Real>& routes) {
        weights_ += routes.weights.transpose() * routes.weights.col(0);
        for (const Eigen::Index e : routes.choices.front()) {
            Eigen::MatrixX<Real> only = Eigen::MatrixX<Real>::Zero(config.count, nodes + 1);
            only.row(e) = (routes.weights.row(e).array() > 0).template cast<Real>();
            const Eigen::MatrixX<Real> gradient = nn::route_to_experts_vjp(config, routes, only);
            slopes_ += gradient.transpose() * gradient.col(0);
        }
    }
    static Real interpolated(const Eigen::VectorX<Real>& table, Real rho) {
        const Real x = std::acos(std::clamp(rho, Real(0), Real(1))) /
                       boost::math::constants::half_pi<Real>() * Real(nodes);
        const Eigen::Index i = std::min(Eigen::Index(x), nodes - 1);
        const Real t = x - Real(i);
        return (1 - t) * table[i] + t * table[i + 1];
    }

    Eigen::VectorX<Real> weights_, slopes_;  // at equally spaced angles from 0, rho = 1, to a right one
};

/// One layer's feed-forward branch acting on kernels, without its normalisations: the kernel of what it adds
/// and the factor by which gradients of two positions are multiplied.
template <std::floating_point Real>
struct feed_forward_kernels {
    pair_kernel<Real> output;
    pair_kernel<Real> gain;

    /// \param input kernel of what the branch reads.
    feed_forward_kernels(const decoder_config& c, const routing_kernels<Real>* routing, bool mixture,
                         const pair_kernel<Real>& input) {
        const Eigen::VectorX<Real> root = input.diagonal().cwiseMax(Real(1e-300)).cwiseSqrt();
        const pair_kernel<Real> correlation = input.scaled(root.cwiseInverse());
        const Real deviation = c.initial_deviation(weight_kind::feed_forward_input);
        const Real inner = Real(c.width) * deviation * deviation;
        const Eigen::VectorX<Real> variances = inner * input.diagonal();
        auto [value, down] = kernels(c.activation, variances, correlation);
        down.all *= inner;
        if (c.gated) {
            const Real offset = c.activation == activation_kind::clamped_swish ? 1 : 0;
            const pair_kernel<Real> partner(inner * input.all + offset);
            down.all = inner * value.all + down.all * partner.all;
            value.all *= partner.all;
        }
        const Real out = c.initial_deviation(weight_kind::feed_forward_output);
        const Real variance = out * out;
        if (!mixture) {
            output = pair_kernel<Real>(Real(c.intermediate) * variance * value.all);
            gain = pair_kernel<Real>(Real(c.intermediate) * variance * down.all);
            return;
        }
        const experts_config& e = *c.experts;
        const Real router = c.initial_deviation(weight_kind::router);
        const Real score = Real(c.width) * router * router;
        const pair_kernel<Real> chosen(
            correlation.all.unaryExpr([&](Real rho) { return routing->weights(rho); }));
        const pair_kernel<Real> moved(
            score * correlation.all.unaryExpr([&](Real rho) { return routing->slopes(rho); }));
        const Real inside = Real(e.intermediate) * variance;
        output = pair_kernel<Real>(inside * value.all * chosen.all);
        gain = pair_kernel<Real>(inside * (down.all * chosen.all + value.all * moved.all));
        if (e.shared == 0) return;
        value.all *= Real(e.shared) * variance;
        down.all *= Real(e.shared) * variance;
        if (e.shared_gate) {
            const auto logistic = [](Real x) { return nn::logistic(x); };
            const auto derivative = [](Real x) { return nn::logistic(x) * (1 - nn::logistic(x)); };
            const Eigen::VectorX<Real> of_gate = score * input.diagonal();
            const pair_kernel<Real> gate = gaussian_kernel<Real>(logistic, of_gate)(correlation);
            const pair_kernel<Real> gate_slope = gaussian_kernel<Real>(derivative, of_gate)(correlation);
            down.all = down.all * gate.all + score * value.all * gate_slope.all;
            value.all *= gate.all;
        }
        output += value;
        gain += down;
    }

  private:
    static std::pair<pair_kernel<Real>, pair_kernel<Real>> kernels(activation_kind kind,
                                                                   const Eigen::VectorX<Real>& variances,
                                                                   const pair_kernel<Real>& correlation) {
        if (kind == activation_kind::relu) return relu_kernels(variances, correlation);
        const gaussian_kernel<Real> value([kind](Real x) { return nn::activation(kind, x); }, variances);
        const gaussian_kernel<Real> slope([kind](Real x) { return nn::activation_derivative(kind, x); },
                                          variances);
        return {value(correlation), slope(correlation)};
    }
};

}  // namespace cesaro::detail
