// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// All rows of influence at once, each from the row below it.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/keyed_row.hpp>
#include <cesaro/detail/matrix_strips.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/detail/output.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/influence_row.hpp>

#include <Eigen/Core>

#include <cstdint>
#include <type_traits>
#include <variant>

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
/// all threads, to the same result for any number of them. Where rows are not contiguous, one exact row per 1024
/// is held. Accuracy: double, relative error below 5e-13 at
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
    detail::fill_matrix(hops, out, upper == upper_triangle::zero);
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

/// The matrix under keys that are not uniform, into `out`: its rows are those of influence_row().
///
/// Uniform keys with a sink, and decaying ones, keep the recurrence from row to row: with s(t) = t + S, or
/// \f$s(t) = (1 - q^t) / (1 - q)\f$ where \f$q = e^{-s/T}\f$, and \f$s'\f$ the same without the sink,
/// \f[ s(n+1)\,p(m|n) = s(m+1)\,p(m+1|n+1) + q^m s'(n+1-m)\,p(m|n+1). \f]
///
/// \param keys  uniform_keys with a sink, decaying_keys, or weighted_keys of as many positions at least.
/// \throws std::invalid_argument when `out` is not square or there are too few weights; std::domain_error when
///         a parameter of the keys is out of range.
/// Cost O(tokens²); of weighted_keys O(tokens² · depth). Accuracy: relative error 1e-12 in double at every entry
/// above 1e-290.
template <has_hop_law Network, detail::output Out, detail::keys_of<typename Network::Scalar> Keys>
void influence_matrix(const Network& network, Out&& out, const Keys& keys,
                      upper_triangle upper = upper_triangle::zero) {
    using Real = typename Network::Scalar;
    static_assert(std::is_same_v<typename std::remove_cvref_t<Out>::Scalar, Real>,
                  "the output must hold the network's scalar");
    detail::check_size("influence_matrix", "columns of the output", out.cols(), out.rows());
    const Eigen::Index tokens = out.rows();
    if (tokens == 0) return;
    const hop_law<Real> hops = network;
    const discrete_influence<Real> last(tokens - 1, hops, keys);
    const auto of_keys = [&](const auto& places) {
        using Places = std::remove_cvref_t<decltype(places)>;
        if constexpr (std::is_same_v<Places, detail::shared_table<Real>>) {
            for (Eigen::Index n = 0; n < tokens; ++n) {
                const Eigen::VectorX<Real> row = influence_row(n + 1, hops, keys);
                for (Eigen::Index m = 0; m <= n; ++m)
                    out.coeffRef(n, m) = row[m];
            }
        } else if constexpr (std::is_same_v<Places, detail::unit_places>) {
            influence_matrix(hops, out, upper_triangle::keep);
        } else {
            detail::fill_keyed_matrix<Real>(places, hops, out);
        }
    };
    std::visit(of_keys, last.keys());
    if (upper == upper_triangle::zero) detail::clear_upper_triangle(out);
}

/// As above, as a new tokens × tokens matrix, zero above the diagonal.
/// \throws std::domain_error when tokens < 0; std::length_error when the matrix does not fit in memory.
template <has_hop_law Network, detail::keys_of<typename Network::Scalar> Keys>
[[nodiscard]] Eigen::MatrixX<typename Network::Scalar> influence_matrix(Eigen::Index tokens,
                                                                        const Network& network,
                                                                        const Keys& keys) {
    using Real = typename Network::Scalar;
    detail::check_at_least("influence_matrix", "tokens", tokens, 0);
    detail::check_fits_in_memory<Real>("influence_matrix", tokens, tokens);
    Eigen::MatrixX<Real> out(tokens, tokens);
    influence_matrix(network, out, keys);
    return out;
}

}  // namespace cesaro
