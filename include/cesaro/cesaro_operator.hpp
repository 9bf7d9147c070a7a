// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/columnwise_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/detail/running_means.hpp>

#include <Eigen/Core>

#include <algorithm>

namespace cesaro {

/// The Cesàro matrix: one layer of uniform causal attention, never stored.
///
/// \f[ M_{n,m} = \frac{1}{n+1}\;(m \le n), \qquad 0 \text{ otherwise} \f]
///
/// \f$M x\f$ is the sequence of running means of \f$x\f$; \f$M^T v\f$ is the sequence of suffix sums of
/// \f$v_n/(n+1)\f$. Lower triangular and row-stochastic.
///
/// Source: Chowdhury, arXiv 2603.10123, section 3.
template <real_scalar Real = double>
class cesaro_operator : public columnwise_operator<cesaro_operator<Real>, Real> {
  public:
    /// The operator on `size` positions.
    /// \throws std::domain_error when size < 0.
    explicit cesaro_operator(Eigen::Index size)
        : columnwise_operator<cesaro_operator, Real>("cesaro_operator", size) {}

    /// What apply() and apply_transpose() do once the shapes fit: \f$M x\f$ and \f$M^T v\f$, allocating
    /// nothing, in place too. Cost O(rows · columns). Accuracy: one running sum per column, relative where no
    /// entry is negative: at most n + 2 roundings at row n of \f$M x\f$, and rows() - n + 1 of
    /// \f$M^T v\f$, whose first entry sums all of v.
    template <class In, class Out>
    void apply_block(const In& x, Out& y) const {
        detail::running_means<Real>(x, y);
    }
    template <class In, class Out>
    void apply_transpose_block(const In& v, Out& y) const {
        detail::running_means_transpose<Real>(v, y);
    }

    /// The dense lower-triangular matrix, for checking.
    /// \throws std::length_error when rows × rows entries do not fit in memory.
    [[nodiscard]] Eigen::MatrixX<Real> matrix() const {
        return detail::dense_matrix<Real>(
            "cesaro_operator::matrix", this->rows(),
            [](Eigen::Index n, Eigen::Index m) { return m <= n ? Real(Real(1) / Real(n + 1)) : Real(0); });
    }

    /// The diagonal \f$1/(n+1)\f$, length rows().
    /// \throws std::length_error when it does not fit in memory.
    [[nodiscard]] Eigen::VectorX<Real> diagonal() const {
        return detail::dense_vector<Real>("cesaro_operator::diagonal", this->rows(),
                                          [](Eigen::Index n) { return Real(Real(1) / Real(n + 1)); });
    }

    /// The first token alone is the centre.
    [[nodiscard]] Eigen::Index centre_size() const { return std::min<Eigen::Index>(1, this->rows()); }
};

}  // namespace cesaro
