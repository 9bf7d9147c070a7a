// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

#include <type_traits>

namespace cesaro {

/// What becomes of the entries above the diagonal of an output matrix.
enum class upper_triangle { zero, keep };

namespace detail {

/// Rows that follow from one exact row before the next exact row is computed. Every step up adds at most
/// four roundings to the relative error of an entry, all terms being positive.
inline constexpr Eigen::Index influence_matrix_restart = 512;

/// Row n of the network operator from row n + 1, by the two-row recurrence.
template <class Real, class Out>
void influence_row_above(Eigen::Index n, Out& out) {
    const Real per_query = Real(1) / Real(n + 1);
    for (Eigen::Index m = 0; m <= n; ++m) {
        const Real moved = Real(m + 1) * out.coeff(n + 1, m + 1);
        const Real stayed = Real(n + 1 - m) * out.coeff(n + 1, m);
        const Real sum = moved + stayed;
        out.coeffRef(n, m) = sum * per_query;
    }
}

}  // namespace detail

/// The network operator \f$A = \sum_k w_k M^k\f$ as a dense lower-triangular matrix, into `out`: row n is
/// the influence of every position on query n.
///
/// The last row is that of influence_row(), and each row gives the one above it, at any depth, with
/// positive coefficients, because the rows are binomial mixtures of one law on [0, 1]:
/// \f[ p(m|n) = \frac{(m+1)\,p(m+1|n+1) + (n+1-m)\,p(m|n+1)}{n+1} \f]
///
/// \param schedule the network's layers; depth 0 is the identity.
/// \param out a square matrix, map or block of `Real`; its size is the number of tokens, which may be 0.
///        Either storage order; row-major is the fast one.
/// \param upper whether the entries above the diagonal are set to zero or left alone.
/// \throws std::invalid_argument when `out` is not square.
/// Cost O(tokens²), whatever the depth. Exact for rationals.
///
/// Source: \f$M\f$ is a Hausdorff matrix (Hardy, Divergent Series, chapter XI), and so are its powers.
template <real_scalar Real, class Derived>
void influence_matrix(const mixing_schedule<Real>& schedule, const Eigen::MatrixBase<Derived>& out,
                      upper_triangle upper = upper_triangle::zero) {
    static_assert(std::is_same_v<typename Derived::Scalar, Real>,
                  "the output must hold the schedule's scalar");
    detail::check_size("influence_matrix", "columns of the output", out.cols(), out.rows());
    Derived& a = const_cast<Derived&>(out.derived());  // Eigen's idiom for writable blocks and maps
    const Eigen::Index tokens = a.rows();
    for (Eigen::Index n = tokens; n-- > 0;) {
        if ((tokens - 1 - n) % detail::influence_matrix_restart == 0) {
            const Eigen::VectorX<Real> row = influence_row(n + 1, schedule);
            for (Eigen::Index m = 0; m <= n; ++m)
                a.coeffRef(n, m) = row[m];
        } else {
            detail::influence_row_above<Real>(n, a);
        }
    }
    if (upper == upper_triangle::keep) return;
    for (Eigen::Index n = 0; n < tokens; ++n)
        for (Eigen::Index m = n + 1; m < tokens; ++m)
            a.coeffRef(n, m) = Real(0);
}

/// As above, as a new tokens × tokens matrix, zero above the diagonal.
/// \throws std::domain_error when tokens < 0; std::length_error when the matrix does not fit in memory.
template <real_scalar Real>
Eigen::MatrixX<Real> influence_matrix(Eigen::Index tokens, const mixing_schedule<Real>& schedule) {
    detail::check_at_least("influence_matrix", "tokens", tokens, 0);
    detail::check_fits_in_memory<Real>("influence_matrix", tokens, tokens);
    Eigen::MatrixX<Real> out(tokens, tokens);
    influence_matrix(schedule, out);
    return out;
}

}  // namespace cesaro
