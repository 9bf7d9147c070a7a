// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/detail/equals.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <utility>

namespace cesaro {

/// An attention sink: every row gives a share of its attention to the first token, and the rest as before.
///
/// \f[ (1-s) A + s\,\mathbf 1 e_0^T \f]
///
/// Weight 1 is a dormant head, which attends to the first token only.
///
/// Cost that of A and O(size). Accuracy that of A and three roundings.
///
/// \code
/// const cesaro::sink_operator<> head(cesaro::cesaro_operator<>(1000), 0.3);
/// const double first = head.apply_transpose(Eigen::VectorXd::Unit(1000, 999))[0];  // 0.3 + 0.7 / 1000
/// \endcode
///
/// Source: Xiao et al., arXiv 2309.17453 (attention sinks); Guo et al., arXiv 2410.13835 (dormant heads).
template <real_scalar Real = double>
class sink_operator : public columnwise_operator<sink_operator<Real>, Real> {
  public:
    /// The sink of weight s in [0, 1] over `inner`, any attention operator.
    /// \throws std::domain_error when the weight is outside [0, 1] or NaN.
    sink_operator(any_operator<Real> inner, Real weight)
        : columnwise_operator<sink_operator, Real>("sink_operator", inner.rows()),
          inner_(std::move(inner)),
          weight_(std::move(weight)) {
        detail::check_unit_interval("sink_operator", "weight", weight_);
    }

    [[nodiscard]] const any_operator<Real>& inner() const { return inner_; }
    [[nodiscard]] const Real& weight() const { return weight_; }

    void apply_column(const const_column<Real>& x, column<Real> y) const {
        if (this->rows() == 0) return;
        const Real sunk = weight_ * x.coeff(0);
        inner_.apply_column(x, y);
        for (Eigen::Index n = 0; n < this->rows(); ++n)
            y.coeffRef(n) = rest() * y.coeff(n) + sunk;
    }

    void apply_transpose_column(const const_column<Real>& v, column<Real> y) const {
        if (this->rows() == 0) return;
        Real sum(0);
        for (Eigen::Index n = 0; n < this->rows(); ++n)
            sum += v.coeff(n);
        inner_.apply_transpose_column(v, y);
        for (Eigen::Index m = 0; m < this->rows(); ++m)
            y.coeffRef(m) *= rest();
        y.coeffRef(0) += weight_ * sum;
    }

    /// The dense matrix, for checking.
    /// \throws std::length_error when rows × rows entries do not fit in memory.
    [[nodiscard]] Eigen::MatrixX<Real> matrix() const {
        Eigen::MatrixX<Real> matrix = inner_.matrix();
        for (Eigen::Index m = 0; m < this->rows(); ++m) {
            for (Eigen::Index n = 0; n < this->rows(); ++n) {
                matrix(n, m) *= rest();
                if (m == 0) matrix(n, m) += weight_;
            }
        }
        return matrix;
    }

    /// The diagonal, length rows().
    [[nodiscard]] Eigen::VectorX<Real> diagonal() const {
        Eigen::VectorX<Real> entries = inner_.diagonal();
        for (Eigen::Index n = 0; n < this->rows(); ++n)
            entries[n] *= rest();
        if (this->rows() > 0) entries[0] += weight_;
        return entries;
    }

    /// The centre of the inner operator, which holds the first token already; that token alone for weight 1.
    [[nodiscard]] Eigen::Index centre_size() const {
        return detail::equals(weight_, 1) ? std::min<Eigen::Index>(1, this->rows()) : inner_.centre_size();
    }

  private:
    Real rest() const { return Real(Real(1) - weight_); }

    any_operator<Real> inner_;
    Real weight_;
};

}  // namespace cesaro
