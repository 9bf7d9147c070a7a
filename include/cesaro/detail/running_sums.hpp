// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

/// Running sums along the columns of a block, a chunk of positions at a time, small enough for the cache:
/// what is read once from memory serves all layers.
namespace cesaro::detail {

/// From the first position to the last, or back.
enum class walk { forward, backward };

/// Values at some consecutive positions, in the order of the walk, in `Columns` columns side by side.
template <class Real, std::size_t Columns>
struct position_chunk {
    std::vector<Real> value;

    void multiply(const std::vector<Real>& factors) {
        for (std::size_t i = 0; i < value.size(); ++i)
            value[i] *= factors[i];
    }

    /// Replaces the values by their running sums, on from `sum`, which is updated.
    void accumulate(std::array<Real, Columns>& sum) {
        std::array<Real, Columns> running = sum;  // a copy the compiler can keep in registers
        std::size_t done = 0;
        if constexpr (Columns == 1) done = accumulate_fours(running[0]);
        Real* const end = value.data() + value.size();
        for (Real* row = value.data() + done; row != end; row += Columns) {
            for (std::size_t c = 0; c < Columns; ++c)
                running[c] += row[c];
            for (std::size_t c = 0; c < Columns; ++c)
                row[c] = running[c];
        }
        sum = running;
    }

  private:
    /// Four at a time, from sums within the four: one addition in four waits for the one before. Returns how
    /// far it went.
    std::size_t accumulate_fours(Real& sum) {
        std::size_t i = 0;
        for (; i + 4 <= value.size(); i += 4) {
            Real* const x = value.data() + i;
            const Real x01 = x[0] + x[1];
            const Real x23 = x[2] + x[3];
            const Real x012 = x01 + x[2];
            const Real x0123 = x01 + x23;
            x[0] += sum;
            x[1] = sum + x01;
            x[2] = sum + x012;
            sum += x0123;
            x[3] = sum;
        }
        return i;
    }
};

/// Walks some columns of x and writes to y what f(chunk, counts, sums) makes of every chunk: counts are the
/// positions plus one, sums one running sum per layer and column, zero at the start.
template <walk Direction, std::size_t Columns, class Real, class In, class Out, class F>
void walk_columns(const In& x, Out& y, Eigen::Index column, std::size_t layers, const F& f) {
    constexpr Eigen::Index longest = 512 / Columns;
    std::array<Real, Columns> zero;
    zero.fill(Real(0));
    std::vector<std::array<Real, Columns>> sums(layers, zero);
    position_chunk<Real, Columns> chunk;
    std::vector<Real> counts;
    for (Eigen::Index done = 0; done < x.rows(); done += longest) {
        const Eigen::Index length = std::min(longest, x.rows() - done);
        chunk.value.resize(std::size_t(length) * Columns);
        counts.resize(chunk.value.size());
        const auto for_each_position = [&](auto&& g) {
            Real* value = chunk.value.data();
            Real* count = counts.data();
            for (Eigen::Index i = 0; i < length; ++i, value += Columns, count += Columns)
                g(Direction == walk::forward ? done + i : x.rows() - 1 - done - i, value, count);
        };
        for_each_position([&](Eigen::Index n, Real* value, Real* count) {
            for (std::size_t c = 0; c < Columns; ++c) {
                value[c] = x.coeff(n, column + Eigen::Index(c));
                count[c] = Real(n + 1);
            }
        });
        f(chunk, counts, sums);
        for_each_position([&](Eigen::Index n, const Real* value, const Real*) {
            for (std::size_t c = 0; c < Columns; ++c)
                y.coeffRef(n, column + Eigen::Index(c)) = value[c];
        });
    }
}

/// All columns: eight at once where a row of them is contiguous or many layers share the reading, else one.
template <walk Direction, class Real, class In, class Out, class F>
void walk_block(const In& x, Out& y, std::size_t layers, const F& f) {
    Eigen::Index column = 0;
    if (bool(In::IsRowMajor) || layers > 1) {
        for (; x.cols() - column >= 8; column += 8)
            walk_columns<Direction, 8, Real>(x, y, column, layers, f);
    }
    for (; column < x.cols(); ++column)
        walk_columns<Direction, 1, Real>(x, y, column, layers, f);
}

}  // namespace cesaro::detail
