// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/key_places.hpp>
#include <cesaro/detail/number_kinds.hpp>
#include <cesaro/detail/parallel.hpp>
#include <cesaro/detail/piecewise_row.hpp>
#include <cesaro/detail/recurrence_row.hpp>

#include <Eigen/Core>

#include <cstdint>
#include <type_traits>

namespace cesaro::detail {

/// The row of influence of the last of `tokens` positions, any part of it: what all rows are written with.
/// Double and float by polynomials in double, other scalars (and those of unit_places only) by the recurrence.
template <class Real, class Places = unit_places>
class row_writer {
    static constexpr bool in_double = is_float_or_double<Real>;
    static_assert(in_double || std::is_same_v<Places, unit_places>);
    using Number = std::conditional_t<in_double, double, Real>;

  public:
    /// Whether a row is the same however it is cut, and to cut it costs nothing.
    static constexpr bool cuts_are_free = in_double;

    /// \param hops a hop_law, of no more hops than piecewise_row takes. \param tokens the length of the row, >= 1.
    template <class Hops>
    row_writer(const Hops& hops, std::int64_t tokens, const Places& places = {})
        : row_(make_row(hops.template weights_as<Number>(), tokens, places)),
          delta_(static_cast<Real>(hops.template weights_as<Number>()[0])),
          tokens_(tokens) {}

    /// The entries of positions first .. first + count - 1, count >= 1.
    void fill(std::int64_t first, std::int64_t count, Real* out) const {
        row_.fill(first, count, out);
        if (first + count == tokens_) out[count - 1] += delta_;
    }

    /// All of it, by all threads where it may be cut: the cuts are the same for any number of them, and so is
    /// the row.
    void fill_all(Real* out) const {
        const Eigen::Index piece = cuts_are_free ? Eigen::Index(1) << 16 : Eigen::Index(tokens_);
        const auto on_piece = [&](Eigen::Index first, Eigen::Index size) { fill(first, size, out + first); };
        parallel_pieces(Eigen::Index(tokens_), piece, on_piece, 16);
    }

  private:
    using Row = std::conditional_t<in_double, piecewise_row<Places>, recurrence_row<Real>>;

    static Row make_row(const Eigen::VectorX<Number>& weights, std::int64_t tokens, const Places& places) {
        if constexpr (in_double)
            return Row(weights, tokens, places);
        else
            return Row(weights, tokens);
    }

    Row row_;
    Real delta_;
    std::int64_t tokens_;
};

}  // namespace cesaro::detail
