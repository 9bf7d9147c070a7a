// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/columnwise_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/keys.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <utility>

namespace cesaro {

/// Causal attention whose keys have weights: the weighted Cesàro matrix, never stored.
///
/// \f[ M_{n,m} = \frac{g_m}{S + g_0 + \dots + g_n}\;(m \le n), \qquad 0 \text{ otherwise} \f]
///
/// \f$M x\f$ is the sequence of weighted running means of \f$x\f$. Rows sum to one without a sink, to less
/// with S > 0. Weights \f$e^{s m}\f$ are an ALiBi head of slope s, equal ones cesaro_operator.
///
/// Cost O(size) per column. Accuracy: one running sum per column, relative where no entry is negative: at most
/// size + 3 roundings an entry, as long as neither \f$g_m x_m\f$ nor \f$v_n\f$ over its sum of weights leaves the range of
/// normal numbers; weights \f$e^{s m}\f$ of any length are those of decay_operator.
///
/// \code
/// const Eigen::VectorXd weights = Eigen::VectorXd::LinSpaced(1000, 1, 1000);  // favours what is near
/// const cesaro::weighted_mean_operator<> head(weights, 0.5);
/// const double last = head.diagonal()[999];  // 1000 / (500500 + 0.5)
/// \endcode
///
/// Source: Wu et al., arXiv 2502.01951, section 3 (masks with relative positions); Xiao et al., arXiv
/// 2309.17453 (sinks). Its powers in closed form: discrete_influence with weighted_keys.
template <real_scalar Real = double>
class weighted_mean_operator : public columnwise_operator<weighted_mean_operator<Real>, Real> {
  public:
    /// \param weights  g, positive and finite; as many as the operator has positions.
    /// \param sink     S, finite and at least 0.
    /// \throws std::domain_error naming the weight, or the sink, that is not, or a sum that overflows.
    explicit weighted_mean_operator(Eigen::VectorX<Real> weights, Real sink = Real(0))
        : columnwise_operator<weighted_mean_operator, Real>("weighted_mean_operator", weights.size()),
          totals_(detail::totals_of_weights("weighted_mean_operator", weights, sink)),
          weights_(std::move(weights)) {}

    [[nodiscard]] const Eigen::VectorX<Real>& weights() const { return weights_; }

    void apply_column(const const_column<Real>& x, column<Real> y) const {
        Real sum(0);
        for (Eigen::Index n = 0; n < this->rows(); ++n) {
            sum += weights_[n] * x.coeff(n);
            y.coeffRef(n) = sum / totals_[n];
        }
    }

    void apply_transpose_column(const const_column<Real>& v, column<Real> y) const {
        Real sum(0);
        for (Eigen::Index n = this->rows(); n-- > 0;) {
            sum += v.coeff(n) / totals_[n];
            y.coeffRef(n) = weights_[n] * sum;
        }
    }

    /// The dense lower-triangular matrix, for checking.
    /// \throws std::length_error when rows × rows entries do not fit in memory.
    [[nodiscard]] Eigen::MatrixX<Real> matrix() const {
        return detail::dense_matrix<Real>("weighted_mean_operator::matrix", this->rows(),
                                          [this](Eigen::Index n, Eigen::Index m) {
                                              return m <= n ? Real(weights_[m] / totals_[n]) : Real(0);
                                          });
    }

    /// The diagonal \f$g_n / (S + g_0 + \dots + g_n)\f$, length rows().
    /// \throws std::length_error when it does not fit in memory.
    [[nodiscard]] Eigen::VectorX<Real> diagonal() const {
        return detail::dense_vector<Real>("weighted_mean_operator::diagonal", this->rows(),
                                          [this](Eigen::Index n) { return Real(weights_[n] / totals_[n]); });
    }

    /// The first token alone is the centre.
    [[nodiscard]] Eigen::Index centre_size() const { return std::min<Eigen::Index>(1, this->rows()); }

  private:
    Eigen::VectorX<Real> totals_;
    Eigen::VectorX<Real> weights_;
};

template <class Derived>
weighted_mean_operator(const Eigen::EigenBase<Derived>&) -> weighted_mean_operator<typename Derived::Scalar>;
template <class Derived, class Sink>
weighted_mean_operator(const Eigen::EigenBase<Derived>&, Sink)
    -> weighted_mean_operator<typename Derived::Scalar>;

}  // namespace cesaro
