// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// How attention weighs its keys where it is not uniform: sinks, distance decay, any weights.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/compensated_sum.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cesaro {

/// Keys that weigh the same, beside a sink that weighs S >= 0 and carries no value:
///
/// \f[ M_{n,m} = \frac{1}{n + 1 + S}, \qquad m \le n. \f]
///
/// A softmax with an extra term S in its denominator. Rows sum to less than one where S > 0.
///
/// Source: Xiao et al., arXiv 2309.17453 (attention sinks); S = 1 is the "softmax1" that lets heads be silent.
template <real_scalar Real = double>
struct uniform_keys {
    using Scalar = Real;
    Real sink = Real(0);  ///< S, at least 0 and at most 2^-62 of the largest number
};

/// Keys whose weight decays with the distance from the query, the scores of one ALiBi slope:
///
/// \f[ M_{n,m} = \frac{e^{-s (n-m) / T}}{\sum_{i \le n} e^{-s (n-i) / T}}, \qquad m \le n. \f]
///
/// Slope 0 is uniform attention. Not for exact scalars: weighted_keys has what they can hold.
///
/// Source: Press et al., arXiv 2108.12409, section 3.
template <real_scalar Real = double>
struct decaying_keys {
    using Scalar = Real;
    Real slope = Real(0);        ///< s, at least 0
    Real temperature = Real(1);  ///< T, which divides the slope, above 0; s / T finite
};

namespace detail {

template <class Real>
bool finite_number(const Real& value) {
    if constexpr (std::numeric_limits<Real>::is_exact) {
        return true;
    } else {
        using std::isfinite;
        return isfinite(value);
    }
}

/// Throws std::domain_error unless 0 <= value < infinity, and far enough from it.
template <class Real>
void check_sink(std::string_view function, const Real& sink) {
    if (!(sink >= Real(0)) || !finite_number(sink))
        throw_domain_error(function, "sink", sink, "must be finite and at least 0");
    check_moderate(function, "sink", sink);
}

/// sink + g_0 + ... + g_n for every n, after a look at the weights.
/// \throws std::domain_error naming the weight that is not positive or not finite, or the sum that overflows.
template <class Real>
Eigen::VectorX<Real> totals_of_weights(std::string_view function, const Eigen::VectorX<Real>& weights,
                                       const Real& sink) {
    check_sink(function, sink);
    Eigen::VectorX<Real> totals(weights.size());
    compensated_sum<Real> sum;
    sum += sink;
    for (Eigen::Index m = 0; m < weights.size(); ++m) {
        if (!(weights[m] > Real(0)) || !finite_number(weights[m])) {
            throw_domain_error(function, "weights[" + std::to_string(m) + "]", weights[m],
                               "must be positive and finite");
        }
        sum += weights[m];
        totals[m] = sum.value();
    }
    if (totals.size() > 0 && !finite_number(totals[totals.size() - 1]))
        throw_domain_error(function, "the sum of the weights", totals[totals.size() - 1], "must be finite");
    return totals;
}

}  // namespace detail

/// Keys of any positive weights g_m, and any denominators of the rows:
///
/// \f[ M_{n,m} = \frac{g_m}{D_n}, \quad m \le n, \qquad D_n \ge G_n = g_0 + \dots + g_n. \f]
///
/// A bias on every key is \f$D_n = S + G_n\f$; the learned sink \f$e^b\f$ of a head with ALiBi moves with the
/// query, \f$D_n = e^{b + s n} + G_n\f$ with \f$g_m = e^{s m}\f$. What D exceeds G by is lost, and known to the rounding of D.
///
/// \code
/// const cesaro::weighted_keys<> biased(Eigen::VectorXd::LinSpaced(1024, 1.0, 2.0), 0.5);
/// const cesaro::discrete_influence<> row(1023, cesaro::mixing_schedule<>::constant(12, 0.3), biased);
/// \endcode
template <real_scalar Real = double>
class weighted_keys {
  public:
    using Scalar = Real;

    /// \param weights  g_0, g_1, ..., positive and finite, as is their sum. \param sink  S >= 0, finite.
    /// \throws std::domain_error naming what is not.
    explicit weighted_keys(Eigen::VectorX<Real> weights, Real sink = Real(0))
        : weights_(std::move(weights)),
          denominators_(detail::totals_of_weights("weighted_keys", weights_, sink)),
          unseen_(Eigen::VectorX<Real>::Constant(weights_.size(), sink)) {}

    /// \param denominators  D_0, D_1, ..., as many as weights, finite; a D_n that is below G_n by no more than
    ///        rounding counts as G_n.
    /// \throws std::invalid_argument when there are more or fewer; std::domain_error naming what is outside.
    [[nodiscard]] static weighted_keys with_denominators(Eigen::VectorX<Real> weights,
                                                         Eigen::VectorX<Real> denominators) {
        const char* const function = "weighted_keys::with_denominators";
        detail::check_size(function, "denominators.size()", denominators.size(), weights.size());
        const Eigen::VectorX<Real> totals = detail::totals_of_weights(function, weights, Real(0));
        Real rounding(0);
        if constexpr (!std::numeric_limits<Real>::is_exact)
            rounding = Real(weights.size()) * std::numeric_limits<Real>::epsilon();
        weighted_keys keys(std::move(weights));
        for (Eigen::Index n = 0; n < denominators.size(); ++n) {
            if (!(denominators[n] >= totals[n] * (Real(1) - rounding)) ||
                !detail::finite_number(denominators[n])) {
                detail::throw_domain_error(function, "denominators[" + std::to_string(n) + "]",
                                           denominators[n],
                                           "must be finite and at least the sum of the weights so far");
            }
            keys.unseen_[n] = denominators[n] > totals[n] ? Real(denominators[n] - totals[n]) : Real(0);
        }
        keys.denominators_ = std::move(denominators);
        return keys;
    }

    [[nodiscard]] Eigen::Index size() const { return weights_.size(); }
    [[nodiscard]] const Eigen::VectorX<Real>& weights() const { return weights_; }
    [[nodiscard]] const Eigen::VectorX<Real>& denominators() const { return denominators_; }

    /// \f$D_n - G_n\f$: what of each row is lost, before it is divided by D.
    [[nodiscard]] const Eigen::VectorX<Real>& unseen() const { return unseen_; }

  private:
    Eigen::VectorX<Real> weights_;
    Eigen::VectorX<Real> denominators_;
    Eigen::VectorX<Real> unseen_;
};

template <class Derived>
weighted_keys(const Eigen::EigenBase<Derived>&) -> weighted_keys<typename Derived::Scalar>;
template <class Derived, class Sink>
weighted_keys(const Eigen::EigenBase<Derived>&, Sink) -> weighted_keys<typename Derived::Scalar>;

}  // namespace cesaro
