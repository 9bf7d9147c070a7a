// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/detail/check_probes.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <cmath>
#include <string_view>

namespace cesaro {

namespace nn {

/// GELU, \f$x\,\Phi(x)\f$ with the normal distribution function.
/// Source: Hendrycks and Gimpel, arXiv 1606.08415.
template <class Real>
[[nodiscard]] Real gelu(const Real& x) {
    using std::erfc;
    return x * erfc(Real(-x * boost::math::constants::one_div_root_two<Real>())) / Real(2);
}

/// The derivative of gelu().
template <class Real>
[[nodiscard]] Real gelu_derivative(const Real& x) {
    using std::erfc;
    using std::exp;
    const Real density = boost::math::constants::one_div_root_two_pi<Real>() * exp(Real(-x * x / Real(2)));
    return erfc(Real(-x * boost::math::constants::one_div_root_two<Real>())) / Real(2) + x * density;
}

/// GELU in its tanh form, \f$\frac{x}{2}(1 + \tanh(\sqrt{2/\pi}(x + 0.044715 x^3)))\f$.
/// Source: Hendrycks and Gimpel, arXiv 1606.08415, section 2.
template <class Real>
[[nodiscard]] Real gelu_tanh(const Real& x) {
    using std::tanh;
    const Real& c = boost::math::constants::root_two_div_pi<Real>();
    const Real inner = c * (x + Real(0.044715) * x * x * x);
    return x * (Real(1) + tanh(inner)) / Real(2);
}

/// The derivative of gelu_tanh().
template <class Real>
[[nodiscard]] Real gelu_tanh_derivative(const Real& x) {
    using std::tanh;
    const Real& c = boost::math::constants::root_two_div_pi<Real>();
    const Real t = tanh(Real(c * (x + Real(0.044715) * x * x * x)));
    return (Real(1) + t + x * (Real(1) - t * t) * c * (Real(1) + Real(3) * Real(0.044715) * x * x)) / Real(2);
}

/// The logistic function \f$\sigma(x) = 1/(1 + e^{-x})\f$.
template <class Real>
[[nodiscard]] Real logistic(const Real& x) {
    using std::exp;
    return Real(1) / (Real(1) + exp(Real(-x)));
}

/// SiLU, \f$x / (1 + e^{-x})\f$.
template <class Real>
[[nodiscard]] Real silu(const Real& x) {
    using std::exp;
    return x / (Real(1) + exp(Real(-x)));
}

/// The derivative of silu().
template <class Real>
[[nodiscard]] Real silu_derivative(const Real& x) {
    const Real s = logistic(x);
    return s * (Real(1) + x * (Real(1) - s));
}

/// \f$\min(x, 7)\,\sigma(1.702 \min(x, 7))\f$, which gpt-oss has for its gate.
template <class Real>
[[nodiscard]] Real clamped_swish(const Real& x) {
    const Real y = x < Real(7) ? x : Real(7);
    return y * logistic(Real(Real(1.702) * y));
}

/// The derivative of clamped_swish().
template <class Real>
[[nodiscard]] Real clamped_swish_derivative(const Real& x) {
    if (x > Real(7)) return Real(0);
    const Real s = logistic(Real(Real(1.702) * x));
    return s * (Real(1) + Real(1.702) * x * (Real(1) - s));
}

/// An activation by its kind.
template <class Real>
[[nodiscard]] Real activation(activation_kind kind, const Real& x) {
    switch (kind) {
        case activation_kind::gelu:
            return gelu(x);
        case activation_kind::gelu_tanh:
            return gelu_tanh(x);
        case activation_kind::relu:
            return x > Real(0) ? x : Real(0);
        case activation_kind::silu:
            return silu(x);
        case activation_kind::clamped_swish:
            return clamped_swish(x);
    }
    return x;
}

/// The derivative of activation(); of ReLU, 0 at 0.
template <class Real>
[[nodiscard]] Real activation_derivative(activation_kind kind, const Real& x) {
    switch (kind) {
        case activation_kind::gelu:
            return gelu_derivative(x);
        case activation_kind::gelu_tanh:
            return gelu_tanh_derivative(x);
        case activation_kind::relu:
            return x > Real(0) ? Real(1) : Real(0);
        case activation_kind::silu:
            return silu_derivative(x);
        case activation_kind::clamped_swish:
            return clamped_swish_derivative(x);
    }
    return Real(1);
}

/// What a gate's activation is multiplied by: z itself, but for gpt-oss z clipped to [-7, 7], plus one.
template <class Real>
[[nodiscard]] Real gated_partner(activation_kind kind, const Real& z) {
    if (kind != activation_kind::clamped_swish) return z;
    return (z > Real(7) ? Real(7) : z < Real(-7) ? Real(-7) : z) + Real(1);
}

/// The derivative of gated_partner().
template <class Real>
[[nodiscard]] Real gated_partner_derivative(activation_kind kind, const Real& z) {
    return kind == activation_kind::clamped_swish && (z > Real(7) || z < Real(-7)) ? Real(0) : Real(1);
}

}  // namespace nn

namespace detail {

/// The rows of the inner layer for `rows` pre-activations: half as many where a gate is among them.
[[nodiscard]] inline Eigen::Index inner_rows(std::string_view function, bool gated, Eigen::Index rows) {
    if (!gated) return rows;
    if (rows % 2 != 0)
        throw_invalid_argument(function, "rows of z", rows, "must be even where there is a gate");
    return rows / 2;
}

}  // namespace detail

namespace nn {

/// The inner layer of a feed-forward branch from its pre-activations: \f$\varphi(z)\f$, or with a gate
/// \f$\varphi(z_{gate}) \circ z_{up}\f$, the gate in the upper rows; see gated_partner().
/// \param z intermediate x tokens; with a gate twice as many rows.
/// \return intermediate x tokens.
/// \throws std::invalid_argument when the rows with a gate are odd.
///
/// Source: Shazeer, arXiv 2002.05202 (gates).
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> feed_forward_activation(activation_kind kind, bool gated,
                                                           const Eigen::MatrixX<Real>& z) {
    const Eigen::Index inner = detail::inner_rows("nn::feed_forward_activation", gated, z.rows());
    Eigen::MatrixX<Real> h =
        z.topRows(inner).unaryExpr([kind](const Real& x) { return activation(kind, x); });
    if (gated && z.cols() > 0) {  // an expert may have no tokens
        h.array() *=
            z.bottomRows(inner).unaryExpr([kind](const Real& x) { return gated_partner(kind, x); }).array();
    }
    return h;
}

/// The vector-Jacobian product of feed_forward_activation().
/// \param h_bar intermediate x (probes · tokens), one block of tokens columns per probe.
/// \return the cotangent of z, rows of z x (probes · tokens).
/// \throws std::invalid_argument when the shapes of z and h_bar do not fit.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> feed_forward_activation_vjp(activation_kind kind, bool gated,
                                                               const Eigen::MatrixX<Real>& z,
                                                               const Eigen::MatrixX<Real>& h_bar) {
    const char* const function = "nn::feed_forward_activation_vjp";
    const Eigen::Index tokens = z.cols();
    const Eigen::Index inner = detail::inner_rows(function, gated, z.rows());
    detail::check_size(function, "rows of h_bar", h_bar.rows(), inner);
    detail::check_probes(function, "h_bar", h_bar.cols(), tokens);
    Eigen::MatrixX<Real> z_bar(z.rows(), h_bar.cols());
    detail::parallel_for(tokens, [&](Eigen::Index t) {
        const auto gate = z.col(t).head(inner);
        Eigen::VectorX<Real> upper =
            gate.unaryExpr([kind](const Real& x) { return activation_derivative(kind, x); });
        Eigen::VectorX<Real> lower;
        if (gated) {
            const auto up = z.col(t).tail(inner);
            upper.array() *= up.unaryExpr([kind](const Real& x) { return gated_partner(kind, x); }).array();
            lower = gate.unaryExpr([kind](const Real& x) { return activation(kind, x); });
            lower.array() *=
                up.unaryExpr([kind](const Real& x) { return gated_partner_derivative(kind, x); }).array();
        }
        for (Eigen::Index c = t; c < h_bar.cols(); c += tokens) {
            z_bar.col(c).head(inner) = upper.cwiseProduct(h_bar.col(c));
            if (gated) z_bar.col(c).tail(inner) = lower.cwiseProduct(h_bar.col(c));
        }
    });
    return z_bar;
}

}  // namespace nn

}  // namespace cesaro
