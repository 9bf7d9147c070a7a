// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/columnwise_operator.hpp>

#include <Eigen/Core>

namespace cesaro {

/// Uniform bidirectional attention: every position sees every position.
///
/// \f[ A_{n,m} = \frac{1}{N} \f]
///
/// Cost O(size) per column. Accuracy: one sum, relative to `size` roundings for non-negative arguments.
template <real_scalar Real = double>
class full_operator : public columnwise_operator<full_operator<Real>, Real> {
  public:
    /// The operator on `size` positions.
    /// \throws std::domain_error when size < 0.
    explicit full_operator(Eigen::Index size)
        : columnwise_operator<full_operator, Real>("full_operator", size) {}

    void apply_column(const const_column<Real>& x, column<Real> y) const {
        Real sum(0);
        for (Eigen::Index n = 0; n < this->rows(); ++n)
            sum += x.coeff(n);
        for (Eigen::Index n = 0; n < this->rows(); ++n)
            y.coeffRef(n) = sum / Real(this->rows());
    }

    /// The matrix is symmetric.
    void apply_transpose_column(const const_column<Real>& v, column<Real> y) const { apply_column(v, y); }

    /// The dense matrix, for checking.
    /// \throws std::length_error when rows × rows entries do not fit in memory.
    Eigen::MatrixX<Real> matrix() const {
        return detail::dense_matrix<Real>(
            "full_operator::matrix", this->rows(),
            [this](Eigen::Index, Eigen::Index) { return Real(Real(1) / Real(this->rows())); });
    }

    /// The diagonal \f$A_{n,n}\f$, length rows().
    /// \throws std::length_error when it does not fit in memory.
    Eigen::VectorX<Real> diagonal() const {
        detail::check_fits_in_memory<Real>("full_operator::diagonal", this->rows(), 1);
        Eigen::VectorX<Real> entries(this->rows());
        for (Eigen::Index n = 0; n < this->rows(); ++n)
            entries[n] = Real(1) / Real(this->rows());
        return entries;
    }

    /// Every position is a centre.
    Eigen::Index centre_size() const { return this->rows(); }
};

}  // namespace cesaro
