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

    void divide(const std::vector<Real>& divisors) {
        for (std::size_t i = 0; i < value.size(); ++i)
            value[i] /= divisors[i];
    }

    /// Replaces the values by their running sums, on from `sum`, which is updated.
    void accumulate(std::array<Real, Columns>& sum) {
        std::array<Real, Columns> running = sum;  // a copy the compiler can keep in registers
        std::size_t done = 0;
        if constexpr (Columns == 1) done = accumulate_quarters(running[0]);
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
    /// The additions of one running sum wait for each other, those of four do not. Returns how far it went.
    std::size_t accumulate_quarters(Real& sum) {
        const std::size_t size = value.size() / 4;
        Real* const first = value.data();
        Real* const second = first + size;
        Real* const third = second + size;
        Real* const fourth = third + size;
        Real a(0), b(0), c(0), d(0);
        for (std::size_t i = 0; i < size; ++i) {
            a += first[i];
            b += second[i];
            c += third[i];
            d += fourth[i];
            first[i] = a;
            second[i] = b;
            third[i] = c;
            fourth[i] = d;
        }
        for (Real* quarter : {first, second, third, fourth}) {
            const Real before = sum;
            for (std::size_t i = 0; i < size; ++i)
                quarter[i] += before;
            if (size > 0) sum = quarter[size - 1];
        }
        return 4 * size;
    }
};

/// Walks some columns of x and writes to y what f(chunk, counts, sums) makes of every chunk: counts are the
/// positions plus one, sums one running sum per layer and column, zero at the start.
template <walk Direction, std::size_t Columns, class Real, class In, class Out, class F>
void walk_columns(const In& x, Out& y, Eigen::Index column, std::size_t layers, const F& f) {
    constexpr Eigen::Index longest = 1024 / Columns;
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
