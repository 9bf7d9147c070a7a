// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The law of the number of hops: all that depth and wiring contribute to the theory.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/poisson_binomial.hpp>
#include <cesaro/detail/to_vector.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <concepts>
#include <initializer_list>
#include <limits>
#include <ranges>
#include <string>
#include <utility>

namespace cesaro {

/// The law of the number of attention hops on the way from a source to the query: all that depth and wiring
/// contribute to the theory.
///
/// A network whose attention is the Cesàro matrix \f$M\f$ and whose wiring over depth is linear is a
/// polynomial in it,
///
/// \f[ A = \sum_{k=0}^{H} w_k M^k, \qquad w_k = P(K = k) \ge 0, \qquad \sum_k w_k \le 1, \f]
///
/// what is missing from 1 being lost on the way. Entries, tails, rows, densities, moments and landmarks are
/// functions of \f$w\f$ alone: wherever one is taken, a `mixing_schedule` serves. Networks one after the
/// other multiply. With \f$w(z) = \sum_k w_k z^k\f$,
///
/// - residual layers, in any order: \f$w(z) = \prod_l (1 - \alpha_l + \alpha_l z)\f$, a Poisson-binomial law,
///   that of a `mixing_schedule`; layers that are dropped at random, and survive with probability \f$p_l\f$,
///   have \f$\alpha_l p_l\f$;
/// - a value residual, \f$v = \lambda_1 v_l + \lambda_2 v_0\f$ with the values \f$v_0\f$ of the embeddings in
///   every layer: \f$w \leftarrow (1 - \alpha_l)\,w + \alpha_l z\,(\lambda_1 w + \lambda_2)\f$ from
///   \f$w = 1\f$;
/// - the mean over depth, \f$x_{l+1} = (x_1 + M x_1 + \dots + M x_l) / (l+1)\f$:
///   \f$w(z) = \prod_{l=1}^{H-1} \frac{l+z}{l+1}\f$, the law of records, \f$\alpha_l = 1/(l+1)\f$, with some
///   \f$\ln H\f$ hops on average.
///
/// Invariant: \f$w_k \ge 0\f$, \f$\sum_k w_k \le 1\f$, at least \f$w_0\f$ is there.
///
/// Weights are held in numbers that do not underflow.
///
/// \code
/// const cesaro::hop_law<> skipping{0.5, 0.0, 0.5};              // either no hop or two
/// const cesaro::mixing_schedule<> residual{0.3, 0.2};
/// const cesaro::discrete_influence<> row(1000, skipping * residual);
/// \endcode
///
/// Source: Chowdhury, arXiv 2603.10123, section 3 (residual layers); any linear wiring likewise.
template <real_scalar Real = double>
class hop_law {
  public:
    using Scalar = Real;

    /// The law of the given weights.
    ///
    /// \param weights  \f$w_0, \dots, w_H\f$, at least one; a sum within rounding of 1 counts as 1.
    /// \throws std::invalid_argument when there is none; std::domain_error naming the weight that is negative
    ///         or NaN, or the sum when it exceeds 1 by more than rounding.
    explicit hop_law(const Eigen::VectorX<Real>& weights) : weights_(weights.size()) {
        if (weights.size() == 0)
            detail::throw_invalid_argument("hop_law", "weights.size()", weights.size(), "must be at least 1");
        detail::compensated_sum<Real> sum;
        for (Eigen::Index k = 0; k < weights.size(); ++k) {
            if (!(weights[k] >= Real(0))) {
                detail::throw_domain_error("hop_law", "weights[" + std::to_string(k) + "]", weights[k],
                                           "must be at least 0");
            }
            sum += weights[k];
            weights_[k] = Weight(weights[k]);
        }
        Real rounding(0);
        if constexpr (!std::numeric_limits<Real>::is_exact)
            rounding = Real(weights.size()) * std::numeric_limits<Real>::epsilon();
        total_ = sum.value();
        if (total_ > Real(1) + rounding)
            detail::throw_domain_error("hop_law", "the sum of the weights", total_, "must be at most 1");
        if (total_ >= Real(1) - rounding) total_ = Real(1);
    }

    /// From a braced list, or any range of real numbers.
    explicit hop_law(std::initializer_list<Real> weights) : hop_law(detail::to_vector<Real>(weights)) {}
    template <detail::real_range Range>
    explicit hop_law(Range&& weights) : hop_law(detail::to_vector<Real>(weights)) {}

    /// The hops of residual layers: a Poisson-binomial law. Implicit: wherever a hop law is taken, a schedule
    /// serves. Cost O(H²).
    hop_law(const mixing_schedule<Real>& schedule)  // NOLINT(google-explicit-constructor)
        : weights_(detail::hop_weights(schedule.alphas())), total_(1) {}

    /// H, the largest number of hops: one less than the number of weights.
    [[nodiscard]] Eigen::Index max_hops() const { return weights_.size() - 1; }

    /// \f$w_0, \dots, w_H\f$ as `Number`: the scalar, or a number of larger range or precision.
    template <class Number>
    [[nodiscard]] Eigen::VectorX<Number> weights_as() const {
        Eigen::VectorX<Number> w(weights_.size());
        for (Eigen::Index k = 0; k < w.size(); ++k)
            w[k] = static_cast<Number>(weights_[k]);
        return w;
    }
    [[nodiscard]] Eigen::VectorX<Real> weights() const { return weights_as<Real>(); }

    /// \f$\sum_k w_k\f$: what is not lost.
    [[nodiscard]] const Real& total() const { return total_; }

    /// The mean number of hops, \f$\sum_k k\,w_k\f$: what is lost hops nowhere.
    [[nodiscard]] Real mean() const {
        detail::compensated_sum<Real> sum;
        for (Eigen::Index k = 1; k < weights_.size(); ++k)
            sum += Real(Real(k) * static_cast<Real>(weights_[k]));
        return sum.value();
    }

    /// The law given that nothing is lost, \f$w_k / \sum_j w_j\f$.
    /// \throws std::domain_error when everything is lost.
    [[nodiscard]] hop_law normalized() const {
        if (!(total_ > Real(0)))
            detail::throw_domain_error("hop_law::normalized", "total", total_, "must be positive");
        hop_law law = *this;
        for (Weight& weight : law.weights_)
            weight = weight / Weight(total_);
        law.total_ = Real(1);
        return law;
    }

    /// The law of one network after the other: of a sum of independent numbers of hops. Cost O(H_a H_b).
    [[nodiscard]] friend hop_law operator*(const hop_law& a, const hop_law& b) {
        const auto size = a.weights_.size() + b.max_hops();
        Eigen::VectorX<Weight> product = Eigen::VectorX<Weight>::Constant(size, Weight(Real(0)));
        for (Eigen::Index i = 0; i < a.weights_.size(); ++i)
            for (Eigen::Index j = 0; j < b.weights_.size(); ++j)
                product[i + j] += a.weights_[i] * b.weights_[j];
        return hop_law(std::move(product), a.total_ * b.total_);
    }

    /// The same weights, as they are held.
    [[nodiscard]] friend bool operator==(const hop_law& a, const hop_law& b) {
        return std::ranges::equal(a.weights_, b.weights_);
    }

  private:
    using Weight = detail::hop_number<Real>;

    hop_law(Eigen::VectorX<Weight> weights, const Real& total)
        : weights_(std::move(weights)), total_(total) {}

    Eigen::VectorX<Weight> weights_;
    Real total_;
};

template <detail::real_range Range>
hop_law(Range&&) -> hop_law<std::ranges::range_value_t<Range>>;
template <class Derived>
hop_law(const Eigen::EigenBase<Derived>&) -> hop_law<typename Derived::Scalar>;

/// What describes a network well enough for the theory: a hop law, or what converts to one.
template <class Network>
concept has_hop_law = requires {
    requires real_scalar<typename Network::Scalar>;
    requires std::convertible_to<const Network&, hop_law<typename Network::Scalar>>;
};

}  // namespace cesaro
