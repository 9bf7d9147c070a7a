// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/interruption.hpp>
#include <cesaro/detail/keyed_row.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/detail/output.hpp>
#include <cesaro/detail/parallel.hpp>
#include <cesaro/detail/recurrence_row.hpp>
#include <cesaro/detail/row_batch.hpp>
#include <cesaro/detail/row_writer.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <ranges>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace cesaro {

namespace detail {

/// All of a row of influence under any keys.
template <class Real>
void fill_row(const discrete_influence<Real>& row, Real* out) {
    const std::int64_t tokens = row.query() + 1;
    const auto of_keys = [&](const auto& keys) {
        using Keys = std::remove_cvref_t<decltype(keys)>;
        if constexpr (std::is_same_v<Keys, unit_places>) {
            row_writer<Real>(row.hops(), tokens).fill_all(out);
        } else if constexpr (std::is_same_v<Keys, shared_table<Real>>) {
            for (std::int64_t m = 0; m < tokens; ++m) {
                if (m % 64 == 0) interruption_point();
                out[m] = static_cast<Real>(entry_of(row, m, row.weights()));
            }
        } else {
            if constexpr (is_float_or_double<Real>) {
                if (row.hops().max_hops() <= piecewise_row<Keys>::most_hops)
                    return row_writer<Real, Keys>(row.hops(), tokens, keys).fill_all(out);
            }
            const keyed_row<working_number<Real>, Keys, hop_law<Real>> writer(keys, row.hops(), tokens);
            const Eigen::Index piece =
                std::numeric_limits<Real>::is_exact ? Eigen::Index(tokens) : Eigen::Index(1) << 16;
            const auto on_piece = [&](Eigen::Index first, Eigen::Index size) {
                writer.fill(first, size, out + first);
            };
            parallel_pieces(Eigen::Index(tokens), piece, on_piece, 16);
        }
    };
    std::visit(of_keys, row.keys());
}

/// Lets `fill` write a vector where it lies, or else where it can be copied from.
template <class Out, class Fill>
void in_place(Out& out, const Fill& fill) {
    if constexpr ((int(Out::Flags) & Eigen::DirectAccessBit) != 0) {
        if (out.innerStride() == 1) return fill(&out.coeffRef(0));
    }
    Eigen::VectorX<typename Out::Scalar> contiguous(out.size());
    fill(contiguous.data());
    for (Eigen::Index m = 0; m < out.size(); ++m)
        out.coeffRef(m) = contiguous[m];
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
/// \param network a hop_law, or what converts to one, as a mixing_schedule does; depth 0 is the identity.
/// \param out a vector, map, segment, column or row of the network's scalar; its size, at least 1, is the
///        number of tokens; written in place where it is contiguous, else through a copy. On return it holds
///        a probability distribution over positions 0 .. tokens - 1, or what the hops do not lose of one.
/// \throws std::domain_error when `out` is empty.
///
/// Cost: double and float, O(tokens) for writing plus O(depth² log tokens) at most for the polynomials the
/// row is written from; memory O(depth log tokens). With OpenMP long rows are written by all threads, to the
/// same result for any number of them. Other scalars: the recurrence \f$h_k(a..b) = h_k(a+1..b) +
/// h_{k-1}(a..b)/a\f$, O(tokens · depth), memory O(depth).
///
/// Accuracy: double, relative error below 6e-14 at every entry above 1e-290 up to depth 96 (measured against
/// long double at 2^24 tokens; the straight recurrence drifts by 1e-13 there); smaller entries within 1e-300
/// absolutely; float, the rounding of such entries. Exact for rationals. The row sums to one within 1e-13,
/// if the sum itself is compensated: Eigen's `sum()` of 10^6 entries adds 3e-13 of its own, and summarize()
/// and influence_histogram() do not.
///
/// Source: the operator is that of Chowdhury, arXiv 2603.10123, section 3; the entries follow from the
/// generating function \f$\sum_k h_k z^k = \prod_i (1 - z/i)^{-1}\f$ (Macdonald, Symmetric Functions, I.2).
template <has_hop_law Network, detail::output Out>
void influence_row(const Network& network, Out&& out) {
    using Real = typename Network::Scalar;
    using Dense = std::remove_cvref_t<Out>;
    static_assert(std::is_same_v<typename Dense::Scalar, Real>, "the output must hold the network's scalar");
    static_assert(Dense::IsVectorAtCompileTime,
                  "the output must be a vector: a column or row of a matrix is one");
    detail::check_at_least("influence_row", "tokens", out.size(), 1);
    const hop_law<Real> hops = network;
    const detail::row_writer<Real> row(hops, out.size());
    detail::in_place(out, [&](Real* contiguous) { row.fill_all(contiguous); });
}

/// As above, as a new vector of length `tokens` >= 1.
///
/// \code
/// const auto schedule = cesaro::mixing_schedule<>::constant(12, 0.3);
/// Eigen::VectorXd row = cesaro::influence_row(1024, schedule);  // row[m]: of position m on the last one
/// cesaro::influence_row(schedule, row.head(512));               // in place: that of a context of 512
/// \endcode
/// \throws std::domain_error when tokens < 1; std::length_error when the row does not fit in memory.
template <has_hop_law Network>
[[nodiscard]] Eigen::VectorX<typename Network::Scalar> influence_row(Eigen::Index tokens,
                                                                     const Network& network) {
    using Real = typename Network::Scalar;
    detail::check_at_least("influence_row", "tokens", tokens, 1);
    detail::check_fits_in_memory<Real>("influence_row", tokens, 1);
    Eigen::VectorX<Real> out(tokens);
    influence_row(network, out);
    return out;
}

/// The row under keys that are not uniform, into `out`: that of discrete_influence(tokens - 1, network, keys).
///
/// \param keys  uniform_keys with a sink, decaying_keys, or weighted_keys of as many positions at least.
/// \throws std::domain_error when `out` is empty or a parameter of the keys is out of range;
///         std::invalid_argument when there are too few weights.
/// Cost: double and float, that of a row of uniform keys, unless more than 200 hops decay. Other scalars
/// and weights one by one, O(tokens · depth). Accuracy: relative error 2e-13 in double at every entry above 1e-290.
///
/// \code
/// const auto schedule = cesaro::mixing_schedule<>::constant(12, 0.3);
/// const Eigen::VectorXd row = cesaro::influence_row(1024, schedule, cesaro::decaying_keys<>{.slope = 0.01});
/// \endcode
template <has_hop_law Network, detail::output Out, detail::keys_of<typename Network::Scalar> Keys>
void influence_row(const Network& network, Out&& out, const Keys& keys) {
    using Real = typename Network::Scalar;
    static_assert(std::is_same_v<typename std::remove_cvref_t<Out>::Scalar, Real>,
                  "the output must hold the network's scalar");
    static_assert(std::remove_cvref_t<Out>::IsVectorAtCompileTime,
                  "the output must be a vector: a column or row of a matrix is one");
    detail::check_at_least("influence_row", "tokens", out.size(), 1);
    const discrete_influence<Real> row(out.size() - 1, network, keys);
    detail::in_place(out, [&](Real* contiguous) { detail::fill_row(row, contiguous); });
}

/// As above, as a new vector of length `tokens` >= 1.
template <has_hop_law Network, detail::keys_of<typename Network::Scalar> Keys>
[[nodiscard]] Eigen::VectorX<typename Network::Scalar> influence_row(Eigen::Index tokens,
                                                                     const Network& network,
                                                                     const Keys& keys) {
    using Real = typename Network::Scalar;
    detail::check_at_least("influence_row", "tokens", tokens, 1);
    detail::check_fits_in_memory<Real>("influence_row", tokens, 1);
    Eigen::VectorX<Real> out(tokens);
    detail::fill_row(discrete_influence<Real>(tokens - 1, network, keys), out.data());
    return out;
}

/// The rows of several queries: row i of the result is that of the i-th query, zero beyond it.
///
/// \param queries positions of the tokens that read, each at least 0, in any order: a std::vector, an Eigen
///        vector or another sized range; none of them is no row.
/// \return a matrix of as many rows, and as many columns as the last query has positions, itself included;
///         every row sums to one.
/// \throws std::domain_error when a query is negative; std::length_error when the result does not fit in
///         memory. Cost and accuracy per row those of influence_row(), and the law of the hops once.
///
/// \code
/// const auto schedule = cesaro::mixing_schedule<>::constant(12, 0.3);
/// const Eigen::MatrixXd rows = cesaro::influence_rows({15, 255, 1023}, schedule);  // 3 x 1024
/// \endcode
template <has_hop_law Network, std::ranges::sized_range Queries = std::vector<std::int64_t>>
requires std::integral<std::ranges::range_value_t<Queries>>
[[nodiscard]] Eigen::MatrixX<typename Network::Scalar> influence_rows(const Queries& queries,
                                                                      const Network& network) {
    using Real = typename Network::Scalar;
    const char* const function = "influence_rows";
    const auto count = std::int64_t(std::ranges::size(queries));
    std::int64_t last = -1;
    std::int64_t index = 0;
    for (const auto& query : queries) {
        detail::check_at_least(function, "queries[" + std::to_string(index++) + "]", query, 0);
        last = std::max<std::int64_t>(last, query);
    }
    detail::check_fits_in_memory<Real>(function, count + 1, last);
    const auto longest = Eigen::Index(last + 1);
    const hop_law<Real> hops = network;
    Eigen::MatrixX<Real> rows = Eigen::MatrixX<Real>::Constant(Eigen::Index(count), longest, Real(0));
    Eigen::VectorX<Real> row(longest);
    Eigen::Index i = 0;
    for (const auto& query : queries) {
        const auto size = Eigen::Index(query) + 1;
        influence_row(hops, row.head(size));
        for (Eigen::Index m = 0; m < size; ++m)
            rows(i, m) = row[m];
        ++i;
    }
    return rows;
}

/// A matrix whose rows are contiguous, as rows of influence are written.
template <class Real>
using row_major_matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The rows of several networks over the same tokens, as for a sweep over mixing coefficients, into `out`: its row i
/// is influence_row() of networks[i].
///
/// \param networks a range of hop_laws, or of what converts to one, of any depths.
/// \param out      a row for each of them, of as many columns, at least 1, as there are tokens.
/// \throws std::domain_error when there is no token; std::invalid_argument when there are not as many rows as
///         networks.
/// Cost: double and float, what positions make of the hops once for 64 networks, and per row a product of matrices
/// beside the writing; pieces as narrow as the steepest row needs. Other scalars, that of influence_row() per row.
/// Accuracy that of influence_row(). The same bits on any number of threads.
template <std::ranges::sized_range Networks>
requires has_hop_law<std::ranges::range_value_t<Networks>>
void influence_rows(const Networks& networks,
                    row_major_matrix<typename std::ranges::range_value_t<Networks>::Scalar>& out) {
    using Real = typename std::ranges::range_value_t<Networks>::Scalar;
    const char* const function = "influence_rows";
    detail::check_at_least(function, "tokens", out.cols(), 1);
    detail::check_size(function, "out.rows()", out.rows(), Eigen::Index(std::ranges::size(networks)));
    std::vector<hop_law<Real>> laws;
    for (const auto& network : networks)
        laws.push_back(network);
    if constexpr (detail::is_float_or_double<Real>) {
        constexpr Eigen::Index together = 64;
        detail::parallel_pieces(out.rows(), together, [&](Eigen::Index first, Eigen::Index size) {
            std::vector<detail::row_hops> hops;
            for (Eigen::Index i = first; i < first + size; ++i)
                hops.emplace_back(detail::weights_per_token<double>(
                    laws[std::size_t(i)].template weights_as<double>(), out.cols()));
            detail::write_rows(hops, out.cols(), &out(first, 0));
        });
        for (Eigen::Index i = 0; i < out.rows(); ++i)
            out(i, out.cols() - 1) += laws[std::size_t(i)].weights()[0];
    } else {
        for (Eigen::Index i = 0; i < out.rows(); ++i)
            influence_row(laws[std::size_t(i)], out.row(i));
    }
}

/// As above, as a new matrix.
/// \param tokens at least 1.
/// \throws std::domain_error when tokens < 1; std::length_error when the result does not fit in memory.
///
/// \code
/// std::vector<cesaro::mixing_schedule<>> networks;
/// for (const double alpha : {0.1, 0.2, 0.3}) networks.push_back(cesaro::mixing_schedule<>::constant(12, alpha));
/// const auto rows = cesaro::influence_rows(1024, networks);  // 3 x 1024
/// \endcode
template <std::ranges::sized_range Networks>
requires has_hop_law<std::ranges::range_value_t<Networks>>
[[nodiscard]] auto influence_rows(Eigen::Index tokens, const Networks& networks) {
    using Real = typename std::ranges::range_value_t<Networks>::Scalar;
    const char* const function = "influence_rows";
    detail::check_at_least(function, "tokens", tokens, 1);
    const auto count = std::int64_t(std::ranges::size(networks));
    detail::check_fits_in_memory<Real>(function, std::max<std::int64_t>(count, 1), tokens);
    row_major_matrix<Real> rows(Eigen::Index(count), tokens);
    influence_rows(networks, rows);
    return rows;
}

}  // namespace cesaro
