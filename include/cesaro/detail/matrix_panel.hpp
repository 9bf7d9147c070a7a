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

/// Panels of rows of the network operator as a dense matrix, each row from the one below it.
namespace cesaro::detail {

/// Rows that follow from one exact row before the next exact row is computed. Every step up adds at most two
/// epsilons to the relative error of an entry, all terms being positive; those of float are made in double.
inline constexpr Eigen::Index matrix_panel = 1024;

/// Row n of the network operator from row n + 1 by the two-row recurrence.
template <class Number>
void row_above(Eigen::Index n, const Number* below, Number* row) {
    const Number per_query = Number(1) / Number(n + 1);
    const int count = int(n) + 1;  // ints, for few vector units convert longer ones
    for (int i = 0; i < count; ++i) {
        const Number moved = Number(i + 1) * below[i + 1];
        const Number stayed = Number(count - i) * below[i];
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
            row_above(n, below, row);
        if constexpr (!in_place)
            std::transform(row, row + n + 1, out, [](const Number& p) { return static_cast<Real>(p); });
        if (zero) std::fill(out + n + 1, out + a.cols(), Real(0));
        below = row;
    }
}

}  // namespace cesaro::detail
