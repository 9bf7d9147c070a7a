// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/columnwise_operator.hpp>

#include <Eigen/Core>

namespace cesaro {

/// Uniform bidirectional attention: every position sees every position.
///
/// \f[ A_{n,m} = \frac{1}{N} \f]
///
/// Cost O(size) per column. Accuracy: one sum, relative to `size` roundings for non-negative arguments.
///
/// \code
/// const cesaro::full_operator<> encoder(512);
/// const Eigen::VectorXd mean = encoder.apply(Eigen::VectorXd::LinSpaced(512, 0, 511));  // 255.5 everywhere
/// \endcode
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
    [[nodiscard]] Eigen::MatrixX<Real> matrix() const {
        return detail::dense_matrix<Real>(
            "full_operator::matrix", this->rows(),
            [this](Eigen::Index, Eigen::Index) { return Real(Real(1) / Real(this->rows())); });
    }

    /// The diagonal \f$A_{n,n}\f$, length rows().
    /// \throws std::length_error when it does not fit in memory.
    [[nodiscard]] Eigen::VectorX<Real> diagonal() const {
        return detail::dense_vector<Real>("full_operator::diagonal", this->rows(), [this](Eigen::Index) {
            return Real(Real(1) / Real(this->rows()));
        });
    }

    /// Every position is a centre.
    [[nodiscard]] Eigen::Index centre_size() const { return this->rows(); }
};

}  // namespace cesaro
