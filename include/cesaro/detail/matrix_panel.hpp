// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/row_writer.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>
#include <vector>

/// The network operator as a dense matrix, a panel of rows at a time, each row from the one below it.
namespace cesaro::detail {

/// Rows that follow from one exact row before the next exact row is computed. Every step up adds at most two
/// epsilons to the relative error of an entry, all terms being positive; those of float are made in double.
inline constexpr Eigen::Index matrix_panel = 1024;

/// Row n of the network operator from row n + 1, by the two-row recurrence.
template <class Number>
void row_above(Eigen::Index n, const Number* below, Number* row) {
    const Number per_query = Number(1) / Number(n + 1);
    const int size = int(n) + 1;  // an int, for few vector units convert longer ones
    for (int m = 0; m < size; ++m) {
        const Number moved = Number(m + 1) * below[m + 1];
        const Number stayed = Number(size - m) * below[m];
        const Number sum = moved + stayed;
        row[m] = sum * per_query;
    }
}

/// The rows first .. last - 1, from the last one up: row n is written where place(n) says, and its n + 1
/// entries stay there until row n - 1 is made; made(n) is told so.
template <class Number, class Hops, class Place, class Made>
void make_rows_upward(const Hops& hops, Eigen::Index first, Eigen::Index last, const Place& place,
                      const Made& made) {
    Number* below = nullptr;
    for (Eigen::Index n = last; n-- > first;) {
        Number* const row = place(n);
        if (below == nullptr)
            row_writer<Number>(hops, n + 1).fill(0, n + 1, row);
        else
            row_above(n, below, row);
        made(n);
        below = row;
    }
}

/// Rows stored with a distance of one between entries are written in place; those of float are made in a
/// buffer for two.
template <class Hops, class Out>
void fill_panel_by_rows(const Hops& hops, Eigen::Index first, Eigen::Index last, Out& a, bool zero) {
    using Real = typename Out::Scalar;
    using Number = working_number<Real>;
    constexpr bool in_place = std::is_same_v<Number, Real>;
    std::vector<Number> buffer(in_place ? 0 : 2 * std::size_t(last));
    const auto place = [&](Eigen::Index n) {
        if constexpr (in_place)
            return &a.coeffRef(n, 0);
        else
            return buffer.data() + n % 2 * last;
    };
    make_rows_upward<Number>(hops, first, last, place, [&](Eigen::Index n) {
        Real* const row = &a.coeffRef(n, 0);
        if constexpr (!in_place) {
            const Number* const made = place(n);
            std::transform(made, made + n + 1, row, [](const Number& p) { return static_cast<Real>(p); });
        }
        if (zero) std::fill(row + n + 1, row + a.cols(), Real(0));
    });
}

/// Others are made a few at a time in a buffer that fits the cache, and copied column by column.
template <class Hops, class Out>
void fill_panel_by_columns(const Hops& hops, Eigen::Index first, Eigen::Index last, Out& a, bool zero) {
    using Real = typename Out::Scalar;
    using Number = working_number<Real>;
    constexpr Eigen::Index tile = 32;
    const Eigen::Index stride = last + 9;  // not a power of two, which would map all rows to one cache set
    // One more than the tile: the row below it is still read.
    std::vector<Number> buffer(std::size_t(tile + 1) * std::size_t(stride));
    const auto row = [&](Eigen::Index n) { return buffer.data() + n % (tile + 1) * stride; };
    Eigen::Index copied = last;
    make_rows_upward<Number>(hops, first, last, row, [&](Eigen::Index n) {
        if (copied - n < tile && n > first) return;
        std::array<const Number*, std::size_t(tile)> rows;
        for (Eigen::Index i = n; i < copied; ++i)
            rows[std::size_t(i - n)] = row(i);
        for (Eigen::Index m = 0; m < copied; ++m) {
            for (Eigen::Index i = std::max(m, n); i < copied; ++i)
                a.coeffRef(i, m) = static_cast<Real>(rows[std::size_t(i - n)][m]);
        }
        copied = n;
    });
    if (!zero) return;
    for (Eigen::Index m = first; m < a.cols(); ++m)
        for (Eigen::Index n = first; n < std::min(m, last); ++n)
            a.coeffRef(n, m) = Real(0);
}

/// Panel i of a matrix, the last one first; `zero`: the entries above the diagonal too.
template <class Hops, class Out>
void fill_panel(const Hops& hops, Eigen::Index i, Out& a, bool zero) {
    const Eigen::Index last = a.rows() - i * matrix_panel;
    const Eigen::Index first = std::max(Eigen::Index(0), last - matrix_panel);
    if constexpr ((int(Out::Flags) & Eigen::DirectAccessBit) != 0) {
        if (a.colStride() == 1) return fill_panel_by_rows(hops, first, last, a, zero);
    }
    fill_panel_by_columns(hops, first, last, a, zero);
}

}  // namespace cesaro::detail
