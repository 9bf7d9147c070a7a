// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

/// The running means of columns and their transpose, in one pass that reads and writes each entry once; the
/// output may be the input.
namespace cesaro::detail {

/// The counts n+1, n+2, ... of `Size` positions from n on.
template <class Real, int Size>
struct counts_from {
    using array = Eigen::Array<Real, Size, 1>;
    array ahead;
    counts_from() {
        for (int i = 0; i < Size; ++i)
            ahead[i] = Real(i + 1);
    }
    array operator()(Eigen::Index n) const { return ahead + Real(n); }
};

/// One column: \f$y_n = (x_0 + \dots + x_n)/(n+1)\f$. Four positions at a time, from sums within the four:
/// one addition in four waits for the one before.
template <class Real, class In, class Out>
void running_means_of_column(const In& x, Out& y, Eigen::Index j) {
    using four = Eigen::Array<Real, 4, 1>;
    const counts_from<Real, 4> counts;
    Real sum(0);
    Eigen::Index n = 0;
    for (; n + 4 <= x.rows(); n += 4) {
        const Real x0 = x.coeff(n, j);
        const Real x01 = x0 + x.coeff(n + 1, j);
        const Real x2 = x.coeff(n + 2, j);
        const Real x0123 = x01 + (x2 + x.coeff(n + 3, j));
        const four means = (four(x0, x01, x01 + x2, x0123) + sum) / counts(n);
        sum += x0123;
        for (int i = 0; i < 4; ++i)
            y.coeffRef(n + i, j) = means[i];
    }
    for (; n < x.rows(); ++n) {
        sum += x.coeff(n, j);
        y.coeffRef(n, j) = sum / Real(n + 1);
    }
}

/// One column: \f$y_n = \sum_{m \ge n} v_m/(m+1)\f$, four positions at a time from the last.
template <class Real, class In, class Out>
void running_means_transpose_of_column(const In& v, Out& y, Eigen::Index j) {
    using four = Eigen::Array<Real, 4, 1>;
    const counts_from<Real, 4> counts;
    Real sum(0);
    Eigen::Index end = v.rows();
    for (; end >= 4; end -= 4) {
        const Eigen::Index n = end - 4;
        const four share =
            four(v.coeff(n, j), v.coeff(n + 1, j), v.coeff(n + 2, j), v.coeff(n + 3, j)) / counts(n);
        const Real x23 = share[2] + share[3];
        const Real x0123 = (share[0] + share[1]) + x23;
        const four sums = four(x0123, share[1] + x23, x23, share[3]) + sum;
        sum += x0123;
        for (int i = 0; i < 4; ++i)
            y.coeffRef(n + i, j) = sums[i];
    }
    while (end-- > 0) {
        sum += v.coeff(end, j) / Real(end + 1);
        y.coeffRef(end, j) = sum;
    }
}

/// `Columns` columns from `column` on, side by side: for blocks whose rows are contiguous.
template <class Real, int Columns>
struct column_tile {
    using array = Eigen::Array<Real, Columns, 1>;
    Eigen::Index column;

    template <class In>
    array row(const In& x, Eigen::Index n) const {
        array values;
        for (int c = 0; c < Columns; ++c)
            values[c] = x.coeff(n, column + c);
        return values;
    }

    template <class Out>
    void set_row(Out& y, Eigen::Index n, const array& values) const {
        for (int c = 0; c < Columns; ++c)
            y.coeffRef(n, column + c) = values[c];
    }

    template <class In, class Out>
    void running_means(const In& x, Out& y) const {
        array sum = array::Constant(Real(0));
        for (Eigen::Index n = 0; n < x.rows(); ++n) {
            sum += row(x, n);
            set_row(y, n, sum / Real(n + 1));
        }
    }

    template <class In, class Out>
    void running_means_transpose(const In& v, Out& y) const {
        array sum = array::Constant(Real(0));
        for (Eigen::Index n = v.rows(); n-- > 0;) {
            sum += row(v, n) / Real(n + 1);
            set_row(y, n, sum);
        }
    }
};

/// on_tile(tile) for tiles of columns, on_column(j) for the columns left over: all, unless rows are
/// contiguous.
template <class Real, bool RowMajor, class Tile, class Column>
void for_each_tile(Eigen::Index columns, const Tile& on_tile, const Column& on_column) {
    Eigen::Index j = 0;
    if (RowMajor) {
        for (; j + 16 <= columns; j += 16)
            on_tile(column_tile<Real, 16>{j});
        for (; j + 4 <= columns; j += 4)
            on_tile(column_tile<Real, 4>{j});
    }
    for (; j < columns; ++j)
        on_column(j);
}

/// The running means of all columns of x: M x.
template <class Real, class In, class Out>
void running_means(const In& x, Out& y) {
    for_each_tile<Real, bool(In::IsRowMajor)>(
        x.cols(), [&](const auto& tile) { tile.running_means(x, y); },
        [&](Eigen::Index j) { running_means_of_column<Real>(x, y, j); });
}

/// The transpose of running_means(): M^T v.
template <class Real, class In, class Out>
void running_means_transpose(const In& v, Out& y) {
    for_each_tile<Real, bool(In::IsRowMajor)>(
        v.cols(), [&](const auto& tile) { tile.running_means_transpose(v, y); },
        [&](Eigen::Index j) { running_means_transpose_of_column<Real>(v, y, j); });
}

}  // namespace cesaro::detail
