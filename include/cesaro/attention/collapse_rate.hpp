// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/detail/centre.hpp>
#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

namespace cesaro {

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
/// 1 - s. A rate of 1 (a window of 1) never concentrates; without positions outside the centre it is 0. Of a matrix with
/// zeros the last position may not see, through any layers, the row that attains the maximum: then the sum is at most that.
///
/// \param op any attention operator; a user's own is read from its dense matrix unless it has `diagonal()`
///           and `centre_size()` of its own.
///
/// \throws std::length_error when the diagonal does not fit in memory.
///
/// Cost O(N), for a head mixture times the number of heads. Accuracy that of the entry \f$A_{n,n}\f$.
///
/// \code
/// const cesaro::sink_operator<> sink(cesaro::cesaro_operator<>(1000), 0.3);
/// const double rate = cesaro::collapse_rate(sink);                // 0.35
/// const double with_residual = cesaro::collapse_rate(sink, 0.5);  // 0.675
/// \endcode
///
/// Source: the centre nodes and the geometric collapse, Wu et al., arXiv 2502.01951, section 4; they bound
/// the rate, the diagonal gives it.
template <attention_operator Op>
[[nodiscard]] typename Op::Scalar collapse_rate(const Op& op) {
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
[[nodiscard]] typename Op::Scalar collapse_rate(const Op& op, const typename Op::Scalar& lambda) {
    using Real = typename Op::Scalar;
    detail::check_unit_interval("collapse_rate", "lambda", lambda);
    if (detail::centre_size_of(op) >= op.rows()) return Real(0);
    return Real(Real(1) - lambda) + lambda * collapse_rate(op);
}

}  // namespace cesaro
