// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/linear.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <cmath>

namespace cesaro {

/// GELU in its tanh form, \f$\frac{x}{2}(1 + \tanh(\sqrt{2/\pi}(x + 0.044715 x^3)))\f$.
/// Source: Hendrycks and Gimpel, arXiv 1606.08415, section 2.
template <class Real>
Real gelu(const Real& x) {
    using std::tanh;
    const Real c = boost::math::constants::root_two_div_pi<Real>();
    const Real inner = c * (x + Real(0.044715) * x * x * x);
    return x * (Real(1) + tanh(inner)) / Real(2);
}

/// The derivative of gelu().
template <class Real>
Real gelu_derivative(const Real& x) {
    using std::tanh;
    const Real c = boost::math::constants::root_two_div_pi<Real>();
    const Real t = tanh(Real(c * (x + Real(0.044715) * x * x * x)));
    return (Real(1) + t + x * (Real(1) - t * t) * c * (Real(1) + Real(3) * Real(0.044715) * x * x)) / Real(2);
}

/// SiLU, \f$x / (1 + e^{-x})\f$.
template <class Real>
Real silu(const Real& x) {
    using std::exp;
    return x / (Real(1) + exp(Real(-x)));
}

/// The derivative of silu().
template <class Real>
Real silu_derivative(const Real& x) {
    using std::exp;
    const Real s = Real(1) / (Real(1) + exp(Real(-x)));
    return s * (Real(1) + x * (Real(1) - s));
}

/// The inner layer of the feed-forward block from its pre-activations: \f$\mathrm{gelu}(z)\f$, or
/// \f$\mathrm{silu}(z_{gate}) \circ z_{up}\f$ with the gate in the upper rows.
template <class Real>
Eigen::MatrixX<Real> feed_forward_activation(feed_forward_kind kind, const Eigen::MatrixX<Real>& z) {
    if (kind == feed_forward_kind::gelu) return z.unaryExpr([](const Real& x) { return gelu(x); });
    const Eigen::Index inner = z.rows() / 2;
    return z.topRows(inner)
        .unaryExpr([](const Real& x) { return silu(x); })
        .cwiseProduct(z.bottomRows(inner));
}

/// The vector-Jacobian product of feed_forward_activation(), for h_bar with one block of tokens columns per
/// probe.
template <class Real>
Eigen::MatrixX<Real> feed_forward_activation_vjp(feed_forward_kind kind, const Eigen::MatrixX<Real>& z,
                                                 const Eigen::MatrixX<Real>& h_bar) {
    const Eigen::Index tokens = z.cols();
    const Eigen::Index inner = h_bar.rows();
    const Eigen::Index probes = h_bar.cols() / tokens;
    Eigen::MatrixX<Real> z_bar(z.rows(), h_bar.cols());
    detail::parallel_for(tokens, [&](Eigen::Index t) {
        Eigen::VectorX<Real> upper, lower;
        if (kind == feed_forward_kind::gelu) {
            upper = z.col(t).unaryExpr([](const Real& x) { return gelu_derivative(x); });
        } else {
            const auto gate = z.col(t).head(inner);
            upper = gate.unaryExpr([](const Real& x) { return silu_derivative(x); })
                        .cwiseProduct(z.col(t).tail(inner));
            lower = gate.unaryExpr([](const Real& x) { return silu(x); });
        }
        for (Eigen::Index c = t; c < probes * tokens; c += tokens) {
            z_bar.col(c).head(inner) = upper.cwiseProduct(h_bar.col(c));
            if (lower.size() > 0) z_bar.col(c).tail(inner) = lower.cwiseProduct(h_bar.col(c));
        }
    });
    return z_bar;
}

}  // namespace cesaro
