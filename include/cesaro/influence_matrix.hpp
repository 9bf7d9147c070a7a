// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// All rows of influence at once, each from the row below it.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/matrix_panel.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/detail/output.hpp>
#include <cesaro/detail/parallel.hpp>
#include <cesaro/hop_law.hpp>

#include <Eigen/Core>

#include <type_traits>

namespace cesaro {

/// What becomes of the entries above the diagonal of an output matrix.
enum class upper_triangle { zero, keep };

/// The network operator \f$A = \sum_k w_k M^k\f$ as a dense lower-triangular matrix, into `out`: row n is
/// the influence of every position on query n.
///
/// The last row is that of influence_row(), and each row gives the one above it, at any depth, with
/// positive coefficients, because the rows are binomial mixtures of one law \f$\mu\f$ on [0, 1], that of
/// continuum_influence:
/// \f[ p(m|n) = \int \binom{n}{m} t^m (1-t)^{n-m} \, d\mu(t)
///            = \frac{(m+1)\,p(m+1|n+1) + (n+1-m)\,p(m|n+1)}{n+1} \f]
///
/// \param network a hop_law, or what converts to one, as a mixing_schedule does; depth 0 is the identity.
/// \param out a square matrix, map or block of the network's scalar; its size is the number of tokens, which
///        may be 0. Either storage order, and any strides; contiguous rows are the fast ones.
/// \param upper whether the entries above the diagonal are set to zero or left alone.
/// \throws std::invalid_argument when `out` is not square.
///
/// Cost O(tokens²), and per 1024 rows one row of influence_row(); the law of the hops once. With OpenMP by
/// all threads, to the same result for any number of them. Accuracy: double, relative error below 5e-13 at
/// depth 96: an exact row every 1024 rows, two epsilons a step between them (the bound; measured: 9e-15 at
/// depth 32 and 4096 tokens); float, the rounding of entries made in double. Exact for rationals.
///
/// Source: \f$M\f$ is a Hausdorff matrix (Hardy, Divergent Series, chapter XI), and so are its powers.
template <has_hop_law Network, detail::output Out>
void influence_matrix(const Network& network, Out&& out, upper_triangle upper = upper_triangle::zero) {
    using Real = typename Network::Scalar;
    static_assert(std::is_same_v<typename std::remove_cvref_t<Out>::Scalar, Real>,
                  "the output must hold the network's scalar");
    detail::check_size("influence_matrix", "columns of the output", out.cols(), out.rows());
    const hop_law<Real> hops = network;
    const Eigen::Index tokens = out.rows();
    const bool zero = upper == upper_triangle::zero;
    const auto fill_panel = [&](Eigen::Index i) { detail::fill_panel(hops, i, out, zero); };
    detail::parallel_for((tokens + detail::matrix_panel - 1) / detail::matrix_panel, fill_panel, 2);
}

/// As above, as a new tokens × tokens matrix, zero above the diagonal.
/// \throws std::domain_error when tokens < 0; std::length_error when the matrix does not fit in memory.
template <has_hop_law Network>
[[nodiscard]] Eigen::MatrixX<typename Network::Scalar> influence_matrix(Eigen::Index tokens,
                                                                        const Network& network) {
    using Real = typename Network::Scalar;
    detail::check_at_least("influence_matrix", "tokens", tokens, 0);
    detail::check_fits_in_memory<Real>("influence_matrix", tokens, tokens);
    Eigen::MatrixX<Real> out(tokens, tokens);
    influence_matrix(network, out);
    return out;
}

}  // namespace cesaro
