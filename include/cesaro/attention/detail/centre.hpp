// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>

#include <Eigen/Core>

#include <algorithm>

/// The diagonal and the centre of operators that need not know them: what collapse_rate() reads.
namespace cesaro::detail {

/// The diagonal of an operator: its own `diagonal()` where it has one, else from the dense matrix.
template <attention_operator Op>
Eigen::VectorX<typename Op::Scalar> diagonal_of(const Op& op) {
    if constexpr (requires { op.diagonal(); }) {
        return op.diagonal();
    } else {
        return op.matrix().diagonal();
    }
}

/// The size of the centre: the operator's own `centre_size()` where it has one, else one more than the last
/// position that an earlier one sees.
template <attention_operator Op>
Eigen::Index centre_size_of(const Op& op) {
    if constexpr (requires { op.centre_size(); }) {
        return op.centre_size();
    } else {
        using Real = typename Op::Scalar;
        const Eigen::MatrixX<Real> matrix = op.matrix();
        Eigen::Index size = std::min<Eigen::Index>(1, matrix.rows());
        for (Eigen::Index m = 1; m < matrix.rows(); ++m) {
            for (Eigen::Index n = 0; n < m; ++n) {
                if (matrix(n, m) != Real(0)) size = m + 1;
            }
        }
        return size;
    }
}

}  // namespace cesaro::detail
