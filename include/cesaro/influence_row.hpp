// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/piecewise_row.hpp>
#include <cesaro/detail/recurrence_row.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <string>
#include <type_traits>

namespace cesaro {

namespace detail {

/// How the entries of a row without its delta are found: any part of it, by fill(first, count, out).
template <class Real>
using row_source = std::conditional_t<std::is_same_v<Real, double> || std::is_same_v<Real, float>,
                                      piecewise_row, recurrence_row<Real>>;

template <class Real>
row_source<Real> make_row_source(Eigen::Index tokens, const mixing_schedule<Real>& schedule) {
    if constexpr (std::is_same_v<row_source<Real>, piecewise_row>)
        return {poisson_binomial<double>(schedule.alphas()), tokens};
    else
        return {schedule.hop_distribution(), tokens};
}

/// Below this many tokens the recurrence is as fast as anything.
inline constexpr Eigen::Index short_row = 2048;

/// The cuts are the same for any number of threads, and so is the row.
template <class Real>
void fill_long_row(const piecewise_row& row, Eigen::Index tokens, Real* out) {
    constexpr Eigen::Index chunk = Eigen::Index(1) << 16;
    const Eigen::Index chunks = (tokens + chunk - 1) / chunk;
#ifdef _OPENMP
#pragma omp parallel for schedule(static) if (chunks >= 16)
#endif
    for (Eigen::Index i = 0; i < chunks; ++i)
        row.fill(i * chunk, std::min(chunk, tokens - i * chunk), out + i * chunk);
}

}  // namespace detail

/// How much each position of the context influences the last one: the last row of the network operator
/// \f$A = \sum_k w_k M^k\f$, into `out`.
///
/// \f[ p(m|n) = w_0 [m = n] + \sum_{k=1}^{H} w_k \frac{h_{k-1}(m+1..n+1)}{n+1}, \qquad n = \text{tokens} - 1
/// \f]
///
/// with \f$h_k(a..b)\f$ the complete homogeneous symmetric polynomial of degree k in 1/a, ..., 1/b.
///
/// \param schedule the network's layers; depth 0 is the identity.
/// \param out a contiguous vector, map or segment of `Real`; its size, at least 1, is the number of tokens.
///        On return it holds a probability distribution over positions 0 .. tokens - 1.
/// \throws std::domain_error when `out` is empty.
///
/// Cost: double and float, O(tokens) for writing plus O(depth² log tokens) at most for the polynomials the
/// row is written from; memory O(depth log tokens). With OpenMP long rows are written by all threads, to the
/// same result for any number of them. Other scalars: the recurrence \f$h_k(a..b) = h_k(a+1..b) +
/// h_{k-1}(a..b)/a\f$, O(tokens · depth), memory O(depth). Accuracy: double, relative error below 6e-14 at
/// every entry above 1e-290 up to depth 96 (measured against long double at 2^24 tokens; the straight
/// recurrence drifts by 1e-13 there); smaller entries within 1e-300 absolutely; float, the rounding of such
/// entries. The row sums to one within 1e-13. Exact for rationals.
///
/// Source: the operator is that of Chowdhury, arXiv 2603.10123, section 3; the entries follow from the
/// generating function \f$\sum_k h_k z^k = \prod_i (1 - z/i)^{-1}\f$ (Macdonald, Symmetric Functions, I.2).
template <real_scalar Real>
void influence_row(const mixing_schedule<Real>& schedule,
                   std::type_identity_t<Eigen::Ref<Eigen::VectorX<Real>>> out) {
    detail::check_at_least("influence_row", "tokens", out.size(), 1);
    const Eigen::Index tokens = out.size();
    if constexpr (std::is_same_v<detail::row_source<Real>, detail::piecewise_row>) {
        if (std::is_same_v<Real, double> && tokens < detail::short_row)
            detail::recurrence_row<Real>(schedule.hop_distribution(), tokens).fill(0, tokens, out.data());
        else
            detail::fill_long_row(detail::make_row_source(tokens, schedule), tokens, out.data());
    } else {
        detail::make_row_source(tokens, schedule).fill(0, tokens, out.data());
    }
    out.coeffRef(tokens - 1) += schedule.recency_delta();
}

/// As above, as a new vector of length `tokens` >= 1.
/// \throws std::domain_error when tokens < 1; std::length_error when the row does not fit in memory.
template <real_scalar Real>
Eigen::VectorX<Real> influence_row(Eigen::Index tokens, const mixing_schedule<Real>& schedule) {
    detail::check_at_least("influence_row", "tokens", tokens, 1);
    detail::check_fits_in_memory<Real>("influence_row", tokens, 1);
    Eigen::VectorX<Real> out(tokens);
    influence_row(schedule, out);
    return out;
}

/// The rows of several queries: row i of the result is that of `queries[i]`, zero beyond the query.
///
/// \param queries positions of the tokens that read, each at least 0, in any order.
/// \return a matrix of queries.size() rows and as many columns as the last query has positions, itself
///         included; every row sums to one.
/// \throws std::domain_error when a query is negative; std::length_error when the result does not fit in
///         memory. Cost and accuracy per row those of influence_row().
template <real_scalar Real>
Eigen::MatrixX<Real> influence_rows(const Eigen::VectorX<Eigen::Index>& queries,
                                    const mixing_schedule<Real>& schedule) {
    const char* const function = "influence_rows";
    Eigen::Index last = -1;
    for (Eigen::Index i = 0; i < queries.size(); ++i) {
        detail::check_at_least(function, "queries[" + std::to_string(i) + "]", queries[i], 0);
        last = std::max(last, queries[i]);
    }
    detail::check_fits_in_memory<Real>(function, queries.size() + 1, last);
    const Eigen::Index longest = last + 1;
    Eigen::MatrixX<Real> rows = Eigen::MatrixX<Real>::Constant(queries.size(), longest, Real(0));
    Eigen::VectorX<Real> row(longest);
    for (Eigen::Index i = 0; i < queries.size(); ++i) {
        influence_row(schedule, row.head(queries[i] + 1));
        for (Eigen::Index m = 0; m <= queries[i]; ++m)
            rows(i, m) = row[m];
    }
    return rows;
}

}  // namespace cesaro
