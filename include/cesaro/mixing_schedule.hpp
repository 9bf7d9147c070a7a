// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace cesaro {

namespace detail {

/// The law of the number of successes in independent trials with probabilities `p`: w_0 .. w_size.
/// A convolution of positive terms, hence every weight is relatively accurate to 3 H roundings.
/// `Number` may be any type with + and * that can be made from a `Real`.
template <class Number, class Real>
Eigen::VectorX<Number> poisson_binomial(const Eigen::VectorX<Real>& p) {
    Eigen::VectorX<Number> w(p.size() + 1);
    w[0] = Number(Real(1));
    for (Eigen::Index l = 0; l < p.size(); ++l) {
        const Number attend = Number(p[l]);
        const Number stay = Number(Real(Real(1) - p[l]));
        w[l + 1] = attend * w[l];
        for (Eigen::Index k = l; k > 0; --k)
            w[k] = stay * w[k] + attend * w[k - 1];
        w[0] = stay * w[0];
    }
    return w;
}

}  // namespace detail

/// How much each layer attends: the mixing coefficients of a network, layer 0 first.
///
/// Layer \f$l\f$ is \f$A_l = (1-\alpha_l) I + \alpha_l M\f$ with \f$M\f$ the Cesàro matrix; the network is
/// \f$A = A_{H-1} \cdots A_0 = \sum_k w_k M^k\f$, where \f$w_k = P(K = k)\f$ and the number of hops
/// \f$K\f$ is a sum of independent Bernoulli(\f$\alpha_l\f$). Through \f$w\f$, and only through \f$w\f$, do
/// depth and residual connections enter the theory.
///
/// Invariant: \f$0 \le \alpha_l \le 1\f$ for every layer. Depth 0 is the identity.
///
/// Source: Chowdhury, arXiv 2603.10123, section 3 (the operator); the hop law is the expansion of the
/// product.
template <real_scalar Real = double>
class mixing_schedule {
  public:
    using Scalar = Real;

    /// A schedule from its coefficients, each in [0, 1].
    /// \throws std::domain_error naming the layer when a coefficient is outside [0, 1] or NaN.
    explicit mixing_schedule(Eigen::VectorX<Real> alphas) : alphas_(std::move(alphas)) {
        for (Eigen::Index l = 0; l < alphas_.size(); ++l) {
            if (!(alphas_[l] >= Real(0) && alphas_[l] <= Real(1))) {
                detail::throw_domain_error("mixing_schedule", "alphas[" + std::to_string(l) + "]", alphas_[l],
                                           "must lie in [0, 1]");
            }
        }
    }

    /// \f$\alpha_l = \alpha\f$ for every layer.
    /// \throws std::domain_error when depth < 0 or alpha is outside [0, 1] or NaN.
    static mixing_schedule constant(Eigen::Index depth, Real alpha) {
        detail::check_at_least("mixing_schedule::constant", "depth", depth, 0);
        detail::check_fits_in_memory<Real>("mixing_schedule::constant", depth, 1);
        detail::check_unit_interval("mixing_schedule::constant", "alpha", alpha);
        return mixing_schedule(Eigen::VectorX<Real>::Constant(depth, alpha));
    }

    /// \f$\alpha_l = 1\f$: no residual connections, \f$A = M^H\f$.
    static mixing_schedule attention_only(Eigen::Index depth) {
        detail::check_at_least("mixing_schedule::attention_only", "depth", depth, 0);
        detail::check_fits_in_memory<Real>("mixing_schedule::attention_only", depth, 1);
        return mixing_schedule(Eigen::VectorX<Real>::Constant(depth, Real(1)));
    }

    /// \f$\alpha_l = \min(1, \alpha_0 (l+1)^{-\beta})\f$.
    /// Relative error of each: a few epsilons, except where it is subnormal.
    /// \throws std::domain_error when depth < 0, alpha0 < 0 or not finite, or beta is not finite.
    static mixing_schedule power_decay(Eigen::Index depth, Real alpha0, Real beta) {
        using std::isfinite;
        using std::pow;
        const char* const function = "mixing_schedule::power_decay";
        detail::check_at_least(function, "depth", depth, 0);
        detail::check_fits_in_memory<Real>(function, depth, 1);
        if (!(alpha0 >= Real(0)) || !isfinite(alpha0)) {
            detail::throw_domain_error(function, "alpha0", alpha0, "must be finite and at least 0");
        }
        if (!isfinite(beta)) detail::throw_domain_error(function, "beta", beta, "must be finite");
        const Real least = (std::numeric_limits<Real>::min)();
        const Real most = (std::numeric_limits<Real>::max)();
        Eigen::VectorX<Real> alphas(depth);
        for (Eigen::Index l = 0; l < depth; ++l) {
            const Real power = pow(Real(l + 1), beta);
            Real alpha = alpha0 / power;
            if (!(power >= least && power <= most)) {  // the quotient may be in range all the same
                const Real root = pow(Real(l + 1), Real(beta / 2));
                alpha = alpha0 / root / root;
            }
            if (alpha0 == Real(0)) alpha = Real(0);
            alphas[l] = alpha < Real(1) ? alpha : Real(1);
        }
        return mixing_schedule(std::move(alphas));
    }

    /// The number of layers \f$H\f$.
    Eigen::Index depth() const { return alphas_.size(); }

    /// The coefficients \f$\alpha_0, \dots, \alpha_{H-1}\f$.
    const Eigen::VectorX<Real>& alphas() const { return alphas_; }

    /// The law of the number of hops, \f$w_0, \dots, w_H\f$ (length depth + 1, sums to one).
    ///
    /// Cost O(H²). Accuracy: sums of positive terms; relative error of each weight at most 3 H roundings,
    /// except where it underflows.
    Eigen::VectorX<Real> hop_distribution() const { return detail::poisson_binomial<Real>(alphas_); }

    /// \f$w_0 = \prod_l (1-\alpha_l)\f$: the isolated mass at the query, independent of the context.
    Real recency_delta() const {
        Real product(1);
        for (const Real& alpha : alphas_)
            product *= Real(Real(1) - alpha);
        return product;
    }

  private:
    Eigen::VectorX<Real> alphas_;
};

}  // namespace cesaro
