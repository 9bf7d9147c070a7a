// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/row_writer.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

/// The network operator as a dense matrix, a panel of rows at a time, each row from the one below it.
namespace cesaro::detail {

/// Rows that follow from one exact row before the next exact row is computed. Every step up adds at most two
/// epsilons to the relative error of an entry, all terms being positive; those of float are made in double.
inline constexpr Eigen::Index matrix_panel = 1024;

/// Positions begin .. end - 1 of row n of the network operator, end <= n + 1, from row n + 1 by the two-row recurrence;
/// `below` and `row` point to those of position `begin`.
template <class Number>
void row_above(Eigen::Index n, Eigen::Index begin, Eigen::Index end, const Number* below, Number* row) {
    const Number per_query = Number(1) / Number(n + 1);
    const int first = int(begin);  // ints, for few vector units convert longer ones
    const int count = int(n) + 1;
    const int size = int(end - begin);
    for (int i = 0; i < size; ++i) {
        const Number moved = Number(first + i + 1) * below[i + 1];
        const Number stayed = Number(count - first - i) * below[i];
        const Number sum = moved + stayed;
        row[i] = sum * per_query;
    }
}

/// Rows stored with a distance of one between entries are written in place, from the last one up; those of float are
/// made in a buffer for two.
template <class Hops, class Out>
void fill_panel_by_rows(const Hops& hops, Eigen::Index first, Eigen::Index last, Out& a, bool zero) {
    using Real = typename Out::Scalar;
    using Number = working_number<Real>;
    constexpr bool in_place = std::is_same_v<Number, Real>;
    std::vector<Number> buffer(in_place ? 0 : 2 * std::size_t(last));
    const Number* below = nullptr;
    for (Eigen::Index n = last; n-- > first;) {
        Real* const out = &a.coeffRef(n, 0);
        Number* row;
        if constexpr (in_place)
            row = out;
        else
            row = buffer.data() + n % 2 * last;
        if (below == nullptr)
            row_writer<Number>(hops, n + 1).fill(0, n + 1, row);
        else
            row_above(n, 0, n + 1, below, row);
        if constexpr (!in_place)
            std::transform(row, row + n + 1, out, [](const Number& p) { return static_cast<Real>(p); });
        if (zero) std::fill(out + n + 1, out + a.cols(), Real(0));
        below = row;
    }
}

/// Others are made in tiles that fit the first-level cache, from the last rows and columns on, and copied column by
/// column: a tile needs of the rows the one below it, and of the columns the one to its right.
template <class Hops, class Out>
void fill_panel_by_columns(const Hops& hops, Eigen::Index first, Eigen::Index last, Out& a, bool zero) {
    using Real = typename Out::Scalar;
    using Number = working_number<Real>;
    constexpr Eigen::Index rows = 32;
    constexpr Eigen::Index columns = 64;
    constexpr Eigen::Index stride =
        columns + 9;  // not a power of two, which would map all rows to one cache set
    std::vector<Number> below(std::size_t(last) + 1, Number(0));
    row_writer<Number>(hops, last).fill(0, last, below.data());
    for (Eigen::Index m = 0; m < last; ++m)
        a.coeffRef(last - 1, m) = static_cast<Real>(below[std::size_t(m)]);
    std::vector<Number> tile(std::size_t((rows + 1) * stride), Number(0));
    const auto in_tile = [&](Eigen::Index i) { return tile.data() + i * stride; };
    std::vector<Number> right(std::size_t(rows) + 1);  // of each row, the last column's neighbour
    for (Eigen::Index end = last - 1; end > first;) {  // rows n .. end - 1 from row `end`
        const Eigen::Index n = std::max(first, end - rows);
        const Eigen::Index height = end - n;
        std::fill(right.begin(), right.end(), Number(0));
        right[std::size_t(height)] = below[std::size_t(end)];
        for (Eigen::Index m = (end - 1) / columns * columns; m >= 0; m -= columns) {
            const Eigen::Index width = std::min(columns, end + 1 - m);
            std::copy_n(below.data() + m, width, in_tile(height));
            in_tile(height)[columns] = right[std::size_t(height)];
            for (Eigen::Index i = height; i-- > 0;) {
                const Eigen::Index stop = std::min(m + columns, n + i + 1);
                if (stop > m) row_above(n + i, m, stop, in_tile(i + 1), in_tile(i));
                in_tile(i)[columns] = right[std::size_t(i)];
            }
            for (Eigen::Index i = 0; i <= height; ++i)
                right[std::size_t(i)] = in_tile(i)[0];
            std::copy_n(in_tile(0), std::min(columns, std::max<Eigen::Index>(0, n + 1 - m)),
                        below.data() + m);
            const Eigen::Index stop = std::min(m + columns, end);
            for (Eigen::Index j = m; j < stop; ++j) {
                for (Eigen::Index i = std::max<Eigen::Index>(0, j - n); i < height; ++i)
                    a.coeffRef(n + i, j) = static_cast<Real>(in_tile(i)[j - m]);
            }
        }
        end = n;
    }
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
