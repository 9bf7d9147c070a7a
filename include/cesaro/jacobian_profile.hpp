// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Norms of the Jacobian under independent random weights, one gain per layer.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/gains.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/detail/squared_jacobian_profile.hpp>

#include <Eigen/Core>

namespace cesaro {

/// Norms of the Jacobian of the last position by each source position, under independent random weights.
///
/// For \f$x_{l+1} = x_l + M x_l W_l\f$ with M the Cesàro matrix, n the last position and the entries of
/// \f$W_l\f$ independent of mean zero and variance \f$\sigma_l^2/d\f$,
///
/// \f[ \sqrt{\frac{1}{d}\,\mathbb E\left\|\frac{\partial x_{out}[n]}{\partial x_{in}[m]}\right\|_F^2}
///     = \sqrt{\sum_{k=0}^{H} e_k(\sigma_0^2, \dots, \sigma_{H-1}^2)\left([M^k]_{n,m}\right)^2}, \f]
///
/// \f$e_k\f$ the elementary symmetric polynomials and \f$[M^k]_{n,m} = h_{k-1}(\tfrac1{m+1}, \dots,
/// \tfrac1{n+1})/(n+1)\f$ with the complete homogeneous ones.
/// \param tokens n + 1, at least 0.
/// \param gains \f$\sigma_l \ge 0\f$, layer 0 first.
/// \return one value per source position, not normalised.
/// \throws std::domain_error when tokens < 0 or a gain is negative or not finite.
/// \throws std::length_error when the profile does not fit in memory.
/// Cost O(tokens · layers), some ten times more where the squares leave the range of the scalar. Accuracy:
/// sums of positive terms; relative error at most about (layers + tokens) epsilon, in practice far less;
/// infinite where the norm itself overflows.
template <class Derived>
[[nodiscard]] Eigen::VectorX<typename Derived::Scalar> jacobian_profile(
    Eigen::Index tokens, const Eigen::MatrixBase<Derived>& gains) {
    using Real = typename Derived::Scalar;
    static_assert(real_scalar<Real> && Derived::IsVectorAtCompileTime);
    detail::check_at_least("jacobian_profile", "tokens", tokens, 0);
    detail::check_fits_in_memory<Real>("jacobian_profile", tokens, 1);
    const Eigen::VectorX<Real> values = gains;
    detail::check_gains("jacobian_profile", "gains", values);
    const Eigen::VectorX<Real> squares = detail::squared_jacobian_profile(tokens, values);
    Real bound(1);
    for (const Real& gain : values)
        bound *= 1 + gain * gain;
    if (!detail::kept_in_range(squares, bound))
        return detail::roots<Real>(
            detail::squared_jacobian_profile<Real, detail::scaled<Real>>(tokens, values));
    return detail::roots<Real>(squares);
}

}  // namespace cesaro
