// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/interruption.hpp>
#include <cesaro/detail/matrix_panel.hpp>
#include <cesaro/detail/parallel.hpp>
#include <cesaro/detail/row_writer.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace cesaro::detail {

template <class Out>
inline constexpr bool has_strides = (int(Out::Flags) & Eigen::DirectAccessBit) != 0;

/// Whether the rows of an output are contiguous.
template <class Out>
bool has_contiguous_rows(const Out& a) {
    if constexpr (has_strides<Out>)
        return a.colStride() == 1;
    else
        return false;
}

/// Zeros in rows first .. last - 1 of column m.
template <class Out>
void clear_column(Out& a, Eigen::Index m, Eigen::Index first, Eigen::Index last) {
    using Real = typename Out::Scalar;
    if constexpr (has_strides<Out>) {
        if (a.rowStride() == 1 && first < last) {
            std::fill_n(&a.coeffRef(first, m), last - first, Real(0));
            return;
        }
    }
    for (Eigen::Index n = first; n < last; ++n)
        a.coeffRef(n, m) = Real(0);
}

/// Zeros above the diagonal of a square matrix, along its rows where they are contiguous.
template <class Out>
void clear_upper_triangle(Out& a) {
    using Real = typename Out::Scalar;
    const bool by_rows = has_contiguous_rows(a);
    for (Eigen::Index i = 0; i < a.rows(); ++i) {
        if (!by_rows) clear_column(a, i, 0, i);
        for (Eigen::Index m = i + 1; by_rows && m < a.cols(); ++m)
            a.coeffRef(i, m) = Real(0);
    }
}

/// Rows first .. last - 1 of the network operator in strips of columns, which are to be filled from the last one on.
///
/// A strip is made in tiles that fit the first-level cache, from the last rows up, each row from the one below it, and of
/// the strip to its right it takes the first column alone. Tiles are copied column by column: strips as high as the
/// matrix write memory nearly in its order, which panels of rows do not.
template <class Hops, class Out>
class matrix_strips {
  public:
    static constexpr Eigen::Index width = 64;

    matrix_strips(const Hops& hops, Eigen::Index first, Eigen::Index last, Out& a)
        : first_(first),
          last_(last),
          a_(a),
          right_(std::size_t(last - first), Number(0)),
          tile_(std::size_t((height + 1) * stride), Number(0)) {
        for (Eigen::Index end = last; end > first; end -= matrix_panel) {
            anchors_.emplace_back(std::size_t(end + width), Number(0));
            row_writer<Number>(hops, end).fill(0, end, anchors_.back().data());
        }
    }

    /// Columns m .. m + width - 1 as far as they are of the matrix, from the diagonal down; m is a multiple of width.
    void fill(Eigen::Index m) {
        std::array<Number, std::size_t(width)> places;
        for (Eigen::Index j = 0; j < width; ++j)
            places[std::size_t(j)] = Number(m + j + 1);
        const Eigen::Index top = std::max(first_, m);
        Eigen::Index panel_end = last_;
        for (const std::vector<Number>& anchor : anchors_) {
            if (panel_end <= top) break;
            const Eigen::Index panel_first = std::max(top, panel_end - matrix_panel);
            set_row(panel_end - 1, anchor.data() + m, in_tile(row_in_tile(panel_end - 1)));
            fill_rows(panel_first, panel_end, m, places.data());
            panel_end -= matrix_panel;
        }
    }

    /// Zeros above the diagonal of columns m .. m + width - 1.
    void clear(Eigen::Index m) {
        for (Eigen::Index j = m; j < std::min(m + width, a_.cols()); ++j)
            clear_column(a_, j, first_, std::min(j, last_));
    }

  private:
    using Real = typename Out::Scalar;
    using Number = working_number<Real>;
    static constexpr Eigen::Index height = 64;
    static constexpr Eigen::Index block = 4;
    static constexpr Eigen::Index stride =
        width + 9;  // not a power of two: rows lie in cache sets of their own

    /// Row n of a strip is in the tile of the rows from a multiple of `height` on; the tile's last row is the one below.
    static Eigen::Index row_in_tile(Eigen::Index n) { return n % height; }
    Number* in_tile(Eigen::Index i) { return tile_.data() + i * stride; }

    /// The row's neighbour to the right, and its first entry, which is the neighbour of the next strip's.
    void exchange_neighbour(Eigen::Index n, Number* row) {
        Number& right = right_[std::size_t(n - first_)];
        row[width] = right;
        right = row[0];
    }

    void set_row(Eigen::Index n, const Number* values, Number* row) {
        std::copy_n(values, width, row);
        exchange_neighbour(n, row);
    }

    /// Rows first .. end - 1 of the strip at column m, the last of which is in its place in the tile.
    void fill_rows(Eigen::Index first, Eigen::Index end, Eigen::Index m, const Number* places) {
        for (Eigen::Index made = 1; end > first; made = 0) {
            const Eigen::Index start = std::max(first, (end - 1) / height * height);
            for (Eigen::Index n = end - made; n-- > start;)
                row_above(n, places, in_tile(row_in_tile(n) + 1), in_tile(row_in_tile(n)));
            copy_out(start, end, m);
            std::copy_n(in_tile(row_in_tile(start)), width + 1, in_tile(height));
            end = start;
        }
    }

    /// The recurrence of all of the strip, at compile time as wide; above the diagonal all are zero and give zero.
    void row_above(Eigen::Index n, const Number* places, const Number* below, Number* row) {
        const Number per_query = Number(1) / Number(n + 1);
        const Number count = Number(n + 2);
        for (Eigen::Index j = 0; j < width; ++j) {
            const Number moved = places[j] * below[j + 1];
            const Number stayed = (count - places[j]) * below[j];
            const Number sum = moved + stayed;
            row[j] = sum * per_query;
        }
        exchange_neighbour(n, row);
    }

    /// Rows start .. end - 1 of the tile to the output, what is above the diagonal left out: in squares where columns are
    /// contiguous, as far as they fit.
    void copy_out(Eigen::Index start, Eigen::Index end, Eigen::Index m) {
        for (Eigen::Index column = m; column < std::min(m + width, end); column += block) {
            Eigen::Index top = end;
            Eigen::Index bottom = end;
            if constexpr (has_strides<Out>) {
                if (a_.rowStride() == 1 && column + block <= end) {
                    top = std::max(start, column + block - 1);
                    bottom = end - (end - top) % block;
                    const Number* const from = in_tile(row_in_tile(top)) + (column - m);
                    Real* const to = &a_.coeffRef(top, column);
                    for (Eigen::Index i = 0; i < bottom - top; i += block)
                        copy_block(from + i * stride, to + i, a_.colStride());
                }
            }
            copy_entries(start, top, m, column);
            copy_entries(bottom, end, m, column);
        }
    }

    void copy_entries(Eigen::Index start, Eigen::Index end, Eigen::Index m, Eigen::Index column) {
        for (Eigen::Index j = column; j < std::min(column + block, end); ++j) {
            for (Eigen::Index i = std::max(start, j); i < end; ++i)
                a_.coeffRef(i, j) = static_cast<Real>(in_tile(row_in_tile(i))[j - m]);
        }
    }

    /// A square of the tile, whose rows are contiguous, to the output, whose columns are.
    static void copy_block(const Number* from, Real* to, Eigen::Index column) {
        std::array<Real, std::size_t(block * block)>
            turned;  // read before anything is written, which might alias
        for (Eigen::Index j = 0; j < block; ++j)
            for (Eigen::Index i = 0; i < block; ++i)
                turned[std::size_t(j * block + i)] = static_cast<Real>(from[i * stride + j]);
        for (Eigen::Index j = 0; j < block; ++j)
            for (Eigen::Index i = 0; i < block; ++i)
                to[j * column + i] = turned[std::size_t(j * block + i)];
    }

    Eigen::Index first_;
    Eigen::Index last_;
    Out& a_;
    std::vector<std::vector<Number>> anchors_;  // the exact rows, the last one first
    std::vector<Number> right_;                 // of every row, the first entry of the strip to the right
    std::vector<Number> tile_;
};

/// Rows first .. last - 1 of a matrix whose rows are not contiguous; `between` is called before every strip.
template <class Hops, class Out, class Between>
void fill_by_strips(const Hops& hops, Eigen::Index first, Eigen::Index last, Out& a, bool zero,
                    const Between& between) {
    using strips = matrix_strips<Hops, Out>;
    strips rows(hops, first, last, a);
    for (Eigen::Index m = (a.cols() - 1) / strips::width * strips::width; m >= 0; m -= strips::width) {
        between();
        rows.fill(m);
        if (zero) rows.clear(m);
    }
}

/// The whole matrix, panels of rows side by side where there are threads; `zero`: the entries above the diagonal too.
template <class Hops, class Out>
void fill_matrix(const Hops& hops, Out& a, bool zero) {
    const Eigen::Index size = a.rows();
    if (size == 0) return;
    const bool by_rows = has_contiguous_rows(a);
    if (!by_rows && loops_run_in_order())
        return fill_by_strips(hops, 0, size, a, zero, [] { interruption_point(); });
    const auto fill_panel = [&](Eigen::Index i) {
        const Eigen::Index last = size - i * matrix_panel;
        const Eigen::Index first = std::max(Eigen::Index(0), last - matrix_panel);
        if constexpr (has_strides<Out>) {
            if (by_rows) return fill_panel_by_rows(hops, first, last, a, zero);
        }
        fill_by_strips(hops, first, last, a, zero, [] {});
    };
    parallel_for((size + matrix_panel - 1) / matrix_panel, fill_panel, 2);
}

}  // namespace cesaro::detail
