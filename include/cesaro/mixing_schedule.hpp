// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// How much each layer attends.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/detail/poisson_binomial.hpp>
#include <cesaro/detail/to_vector.hpp>

#include <Eigen/Core>

#include <cmath>
#include <initializer_list>
#include <limits>
#include <ranges>
#include <string>
#include <utility>

namespace cesaro {

/// How much each layer attends: the mixing coefficients of a network, layer 0 first.
///
/// Layer \f$l\f$ is \f$A_l = (1-\alpha_l) I + \alpha_l M\f$ with \f$M\f$ the Cesàro matrix; the network is
/// \f$A = A_{H-1} \cdots A_0 = \sum_k w_k M^k\f$, where \f$w_k = P(K = k)\f$ and the number of hops
/// \f$K\f$ is a sum of independent Bernoulli(\f$\alpha_l\f$): the `hop_law` to which a schedule converts.
///
/// Invariant: \f$0 \le \alpha_l \le 1\f$ for every layer. Depth 0 is the identity.
///
/// \code
/// const cesaro::mixing_schedule<> schedule{0.3, 0.2, 0.2, 0.1};  // or a std::vector, span, Eigen vector
/// const Eigen::VectorXd row = cesaro::influence_row(1024, schedule);
/// \endcode
///
/// Source: Chowdhury, arXiv 2603.10123, section 3 (the operator); the hop law is the expansion of the
/// product.
template <real_scalar Real = double>
class mixing_schedule {
  public:
    using Scalar = Real;

    /// A schedule from its coefficients.
    /// \param alphas  \f$\alpha_0, \dots, \alpha_{H-1}\f$, each in [0, 1].
    /// \throws std::domain_error naming the layer when a coefficient is outside [0, 1] or NaN.
    explicit mixing_schedule(Eigen::VectorX<Real> alphas) : alphas_(std::move(alphas)) {
        for (Eigen::Index l = 0; l < alphas_.size(); ++l) {
            if (!(alphas_[l] >= Real(0) && alphas_[l] <= Real(1))) {
                detail::throw_domain_error("mixing_schedule", "alphas[" + std::to_string(l) + "]", alphas_[l],
                                           "must lie in [0, 1]");
            }
        }
    }

    /// From a braced list, or any range of real numbers.
    explicit mixing_schedule(std::initializer_list<Real> alphas)
        : mixing_schedule(detail::to_vector<Real>(alphas)) {}
    template <detail::real_range Range>
    explicit mixing_schedule(Range&& alphas) : mixing_schedule(detail::to_vector<Real>(alphas)) {}

    /// \f$\alpha_l = \alpha\f$ for every layer.
    /// \throws std::domain_error when depth < 0 or alpha is outside [0, 1] or NaN; std::length_error when the
    ///         schedule does not fit in memory.
    [[nodiscard]] static mixing_schedule constant(Eigen::Index depth, Real alpha) {
        detail::check_at_least("mixing_schedule::constant", "depth", depth, 0);
        detail::check_fits_in_memory<Real>("mixing_schedule::constant", depth, 1);
        detail::check_unit_interval("mixing_schedule::constant", "alpha", alpha);
        return mixing_schedule(Eigen::VectorX<Real>::Constant(depth, alpha));
    }

    /// \f$\alpha_l = 1\f$: no residual connections, \f$A = M^H\f$.
    /// \throws std::domain_error when depth < 0; std::length_error when the schedule does not fit in memory.
    [[nodiscard]] static mixing_schedule attention_only(Eigen::Index depth) {
        detail::check_at_least("mixing_schedule::attention_only", "depth", depth, 0);
        detail::check_fits_in_memory<Real>("mixing_schedule::attention_only", depth, 1);
        return mixing_schedule(Eigen::VectorX<Real>::Constant(depth, Real(1)));
    }

    /// \f$\alpha_l = \min(1, \alpha_0 (l+1)^{-\beta})\f$.
    /// \throws std::domain_error when depth < 0, alpha0 < 0 or not finite, or beta is not finite;
    ///         std::length_error when the schedule does not fit in memory.
    /// Accuracy: a relative error of a few epsilons in each, except where it is subnormal.
    [[nodiscard]] static mixing_schedule power_decay(Eigen::Index depth, Real alpha0, Real beta) {
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
            if (!(alpha0 > Real(0))) alpha = Real(0);
            alphas[l] = alpha < Real(1) ? alpha : Real(1);
        }
        return mixing_schedule(std::move(alphas));
    }

    /// The number of layers \f$H\f$.
    [[nodiscard]] Eigen::Index depth() const { return alphas_.size(); }

    /// The coefficients \f$\alpha_0, \dots, \alpha_{H-1}\f$.
    [[nodiscard]] const Eigen::VectorX<Real>& alphas() const { return alphas_; }

    /// The weights of the `hop_law`, \f$w_0, \dots, w_H\f$ (length depth + 1, sums to one).
    ///
    /// Cost O(H²), O(H) where all layers are equal. Accuracy, but for underflow: within one rounding (float,
    /// double and long double, in twice the precision), 3 H roundings for other scalars.
    [[nodiscard]] Eigen::VectorX<Real> hop_distribution() const {
        const auto w = detail::hop_weights(alphas_);
        return w.unaryExpr([](const auto& weight) { return static_cast<Real>(weight); });
    }

    /// \f$w_0 = \prod_l (1-\alpha_l)\f$: the isolated mass at the query, independent of the context.
    [[nodiscard]] Real recency_delta() const {
        using Wide = detail::wide<Real>;
        const auto one = static_cast<Wide>(Real(1));
        Wide product = one;
        for (const Real& alpha : alphas_)
            product *= Wide(one - static_cast<Wide>(alpha));
        return static_cast<Real>(product);
    }

    /// The layers of `b` after those of `a`: as hop laws, the product.
    [[nodiscard]] friend mixing_schedule operator*(const mixing_schedule& a, const mixing_schedule& b) {
        Eigen::VectorX<Real> alphas(a.depth() + b.depth());
        alphas.head(a.depth()) = a.alphas_;
        alphas.tail(b.depth()) = b.alphas_;
        return mixing_schedule(std::move(alphas));
    }

    /// The same coefficients in the same order.
    [[nodiscard]] friend bool operator==(const mixing_schedule& a, const mixing_schedule& b) {
        return a.depth() == b.depth() && a.alphas_ == b.alphas_;
    }

  private:
    Eigen::VectorX<Real> alphas_;
};

template <detail::real_range Range>
mixing_schedule(Range&&) -> mixing_schedule<std::ranges::range_value_t<Range>>;
template <class Derived>
mixing_schedule(const Eigen::EigenBase<Derived>&) -> mixing_schedule<typename Derived::Scalar>;

}  // namespace cesaro
