// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/columnwise_operator.hpp>

#include <Eigen/Core>

#include <algorithm>

namespace cesaro {

/// Uniform attention that is bidirectional among the first `prefix` positions and causal after them.
///
/// \f[ A_{n,m} = \frac{1}{\max(n+1, p)}\;(m < \max(n+1, p)), \qquad 0 \text{ otherwise} \f]
///
/// A prefix of 0 or 1 positions is the Cesàro matrix, one of `size` positions the full operator.
///
/// Cost O(size) per column. Accuracy: one running sum of at most `size` roundings, relative for non-negative
/// arguments.
///
/// \code
/// const cesaro::prefix_operator<> chat(1000, 64);  // a prompt of 64 tokens, and what follows
/// const Eigen::VectorXd influence = chat.apply_transpose(Eigen::VectorXd::Unit(1000, 63));  // 1/64 each
/// \endcode
///
/// Source: Wu et al., arXiv 2502.01951, section 3.
template <real_scalar Real = double>
class prefix_operator : public columnwise_operator<prefix_operator<Real>, Real> {
  public:
    /// The operator on `size` positions.
    /// \throws std::domain_error when size < 0 or prefix is outside [0, size].
    prefix_operator(Eigen::Index size, Eigen::Index prefix)
        : columnwise_operator<prefix_operator, Real>("prefix_operator", size), prefix_(prefix) {
        detail::check_at_least("prefix_operator", "prefix", prefix, 0);
        if (prefix > size) {
            detail::throw_domain_error("prefix_operator", "prefix", prefix,
                                       "must be at most the size, " + std::to_string(size));
        }
    }

    /// The number of positions that see each other in both directions.
    [[nodiscard]] Eigen::Index prefix() const { return prefix_; }

    void apply_column(const const_column<Real>& x, column<Real> y) const {
        Real sum(0);
        for (Eigen::Index n = 0; n < this->rows(); ++n) {
            sum += x.coeff(n);
            if (n + 1 < prefix_) continue;
            const Real mean = sum / Real(n + 1);
            if (n + 1 == prefix_) {
                for (Eigen::Index m = 0; m < n; ++m)
                    y.coeffRef(m) = mean;
            }
            y.coeffRef(n) = mean;
        }
    }

    void apply_transpose_column(const const_column<Real>& v, column<Real> y) const {
        Real sum(0);
        for (Eigen::Index n = this->rows(); n-- > 0;) {
            sum += v.coeff(n) / Real(std::max(n + 1, prefix_));
            y.coeffRef(n) = sum;
        }
        for (Eigen::Index m = 0; m < prefix_; ++m)
            y.coeffRef(m) = sum;
    }

    /// The dense matrix, for checking.
    /// \throws std::length_error when rows × rows entries do not fit in memory.
    [[nodiscard]] Eigen::MatrixX<Real> matrix() const {
        return detail::dense_matrix<Real>("prefix_operator::matrix", this->rows(),
                                          [this](Eigen::Index n, Eigen::Index m) {
                                              const Eigen::Index seen = std::max(n + 1, prefix_);
                                              return m < seen ? Real(Real(1) / Real(seen)) : Real(0);
                                          });
    }

    /// The diagonal \f$A_{n,n}\f$, length rows().
    /// \throws std::length_error when it does not fit in memory.
    [[nodiscard]] Eigen::VectorX<Real> diagonal() const {
        return detail::dense_vector<Real>("prefix_operator::diagonal", this->rows(), [this](Eigen::Index n) {
            return Real(Real(1) / Real(std::max(n + 1, prefix_)));
        });
    }

    /// The prefix is the centre, or the first token where there is none.
    [[nodiscard]] Eigen::Index centre_size() const {
        return std::min(std::max<Eigen::Index>(prefix_, 1), this->rows());
    }

  private:
    Eigen::Index prefix_;
};

}  // namespace cesaro
