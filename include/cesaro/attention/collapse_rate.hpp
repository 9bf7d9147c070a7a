// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/cesaro_operator.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <algorithm>

namespace cesaro {

namespace detail {

/// The diagonal of an operator: its own `diagonal()` where it has one, else from the dense matrix.
template <attention_operator Op>
Eigen::VectorX<typename Op::Scalar> diagonal_of(const Op& op) {
    if constexpr (requires { op.diagonal(); }) {
        return op.diagonal();
    } else {
        return op.matrix().diagonal();
    }
}

template <class Real>
Eigen::VectorX<Real> diagonal_of(const cesaro_operator<Real>& op) {
    check_fits_in_memory<Real>("cesaro_operator::diagonal", op.rows(), 1);
    Eigen::VectorX<Real> entries(op.rows());
    for (Eigen::Index n = 0; n < op.rows(); ++n)
        entries[n] = Real(1) / Real(n + 1);
    return entries;
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

template <class Real>
Eigen::Index centre_size_of(const cesaro_operator<Real>& op) {
    return std::min<Eigen::Index>(1, op.rows());
}

}  // namespace detail

/// The geometric rate at which depth moves the influence onto the centre of the mask.
///
/// The centre is the shortest leading block of positions, c of them, that sees nothing beyond itself and
/// after which attention is causal: the first token of causal and sliding-window masks, the prefix of a
/// prefix mask, every position of a full one. With \f$Q = (A_{n,m})_{n,m \ge c}\f$, the influence on the
/// last of N positions that H equal layers leave outside it is a row sum of \f$Q^H\f$. Q is lower triangular,
/// its eigenvalues are its diagonal, hence
///
/// \f[ \sum_{m \ge c} (A^H)_{N-1,m} = \Theta(H^j \rho^H), \qquad \rho = \max_{n \ge c} A_{n,n} \f]
///
/// where j is less than the number of rows that attain the maximum. It is 0 for all patterns here, since the
/// first row after the centre attains it alone, but a window of 2, where every row after the first has the
/// same diagonal and j = N - 2. Uniform causal attention: 1/2. A sink of weight s multiplies the rate by
/// 1 - s. A rate of 1 (a window of 1) never concentrates; without positions outside the centre it is 0.
///
/// \param op any attention operator; a user's own is read from its dense matrix unless it has `diagonal()`
///           and `centre_size()` of its own.
///
/// \throws std::length_error when the diagonal does not fit in memory.
///
/// Cost O(N), for a head mixture times the number of heads. Accuracy that of the entry \f$A_{n,n}\f$.
///
/// Source: the centre nodes and the geometric collapse, Wu et al., arXiv 2502.01951, section 4; they bound
/// the rate, the diagonal gives it.
template <attention_operator Op>
typename Op::Scalar collapse_rate(const Op& op) {
    using Real = typename Op::Scalar;
    const Eigen::VectorX<Real> diagonal = detail::diagonal_of(op);
    Real rate(0);
    for (Eigen::Index n = detail::centre_size_of(op); n < diagonal.size(); ++n) {
        if (diagonal[n] > rate) rate = diagonal[n];
    }
    return rate;
}

/// The same for layers \f$(1-\lambda) I + \lambda A\f$: \f$1 - \lambda + \lambda \rho\f$, and 0 when there
/// are no positions outside the centre.
/// \throws std::domain_error when lambda is outside [0, 1] or NaN.
template <attention_operator Op>
typename Op::Scalar collapse_rate(const Op& op, const typename Op::Scalar& lambda) {
    using Real = typename Op::Scalar;
    detail::check_unit_interval("collapse_rate", "lambda", lambda);
    if (detail::centre_size_of(op) >= op.rows()) return Real(0);
    return Real(Real(1) - lambda) + lambda * collapse_rate(op);
}

}  // namespace cesaro
