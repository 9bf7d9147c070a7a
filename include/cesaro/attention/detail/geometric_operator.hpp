// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/columnwise_operator.hpp>
#include <cesaro/concepts.hpp>

#include <Eigen/Core>

#include <utility>

namespace cesaro::detail {

/// Causal attention that decays geometrically with distance, \f$A_{nm} \propto q^{n-m}\f$, with nothing but
/// + * / in any field: decay_operator of slope \f$-\ln q\f$.
template <real_scalar Real>
class geometric_operator : public columnwise_operator<geometric_operator<Real>, Real> {
  public:
    /// \param decay q, in (0, 1].
    geometric_operator(Eigen::Index size, Real decay)
        : columnwise_operator<geometric_operator, Real>("geometric_operator", size),
          decay_(std::move(decay)),
          sums_(size) {
        Real sum(0);
        for (Eigen::Index n = 0; n < size; ++n) {
            sum = Real(1) + decay_ * sum;
            sums_[n] = sum;
        }
    }

    void apply_column(const const_column<Real>& x, column<Real> y) const {
        Real sum(0);
        for (Eigen::Index n = 0; n < this->rows(); ++n) {
            sum = x.coeff(n) + decay_ * sum;
            y.coeffRef(n) = sum / sums_[n];
        }
    }
    void apply_transpose_column(const const_column<Real>& v, column<Real> y) const {
        Real sum(0);
        for (Eigen::Index n = this->rows(); n-- > 0;) {
            sum = v.coeff(n) / sums_[n] + decay_ * sum;
            y.coeffRef(n) = sum;
        }
    }
    /// The dense matrix, for checking.
    [[nodiscard]] Eigen::MatrixX<Real> matrix() const {
        Eigen::MatrixX<Real> a(this->rows(), this->rows());
        for (Eigen::Index m = 0; m < this->rows(); ++m) {
            Real power(1);
            for (Eigen::Index n = 0; n < this->rows(); ++n) {
                a(n, m) = n < m ? Real(0) : Real(power / sums_[n]);
                if (n >= m) power *= decay_;
            }
        }
        return a;
    }

  private:
    Real decay_;
    Eigen::VectorX<Real> sums_;  // of the weights of each row
};

}  // namespace cesaro::detail
