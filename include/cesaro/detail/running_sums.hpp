// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <algorithm>

/// All layers of a network on the columns of a block, a chunk of positions at a time, small enough for the
/// cache: what is read once from memory serves all layers.
namespace cesaro::detail {

/// From the first position to the last, or back.
enum class walk { forward, backward };

/// What the layers make of `Columns` columns of a block: x becomes (1 - alpha) x + alpha M x for every alpha,
/// or the same with the transpose of M where the walk is backward.
///
/// The lanes of a vector hold these columns side by side, and of each of them several segments of the chunk,
/// which advance together: only the totals of the segments wait for each other.
template <walk Direction, int Columns, class Real>
class layers_on_columns {
  public:
    explicit layers_on_columns(const Eigen::VectorX<Real>& alphas) : alphas_(alphas) {}

    /// The columns of y from `column` on = what the layers make of those of x; y may be x.
    template <class In, class Out>
    void operator()(const In& x, Out& y, Eigen::Index column) {
        before_.setConstant(Columns, alphas_.size(), Real(0));
        const Eigen::Index chunks = (x.rows() + longest - 1) / longest;
        for (Eigen::Index i = 0; i < chunks; ++i) {
            const Eigen::Index first = (forward ? i : chunks - 1 - i) * longest;
            const Eigen::Index length = std::min(longest, x.rows() - first);
            resize(first, length);
            for_each_place<bool(In::IsRowMajor)>(length, [&](Real& value, Eigen::Index n, Eigen::Index j) {
                value = x.coeff(first + n, column + j);
            });
            for (Eigen::Index l = 0; l < alphas_.size(); ++l)
                apply_layer(alphas_[l], before_.col(l));
            for_each_place<bool(Out::IsRowMajor)>(length, [&](Real& value, Eigen::Index n, Eigen::Index j) {
                y.coeffRef(first + n, column + j) = value;
            });
        }
    }

  private:
    static constexpr bool forward = Direction == walk::forward;
    static constexpr int lanes = 16;
    static constexpr int segments = lanes / Columns;
    /// Positions of a chunk: the values and the reciprocals fill half of a first-level cache.
    static constexpr Eigen::Index longest = 1024 / Columns;

    using step = Eigen::Array<Real, lanes, 1>;
    using steps = Eigen::Array<Real, lanes, Eigen::Dynamic>;

    /// Room for a chunk, and the 1 / (n + 1) of its positions n. Where the last segment is not full, places
    /// are left over beyond the last position; values of zero there change nothing.
    void resize(Eigen::Index first, Eigen::Index length) {
        const Eigen::Index size = (length + segments - 1) / segments;
        value_.resize(lanes, size);
        if (size * segments > length) value_.setConstant(Real(0));
        reciprocal_.resize(lanes, size);
        step count;
        for (int lane = 0; lane < lanes; ++lane)
            count[lane] = Real(first + lane / Columns * size + 1);
        for (Eigen::Index s = 0; s < size; ++s)
            reciprocal_.col(s) = (count + Real(s)).inverse();
    }

    /// f(value, n, j) at the place of position n of the chunk in column j, in the order in which the columns
    /// are stored.
    template <bool ByRows, class Function>
    void for_each_place(Eigen::Index length, const Function& f) {
        const Eigen::Index size = value_.cols();
        for (Eigen::Index n = 0; n < length; n += size) {
            const Eigen::Index end = std::min(size, length - n);
            const Eigen::Index lane = n / size * Columns;
            if (ByRows) {
                for (Eigen::Index s = 0; s < end; ++s)
                    for (Eigen::Index j = 0; j < Columns; ++j)
                        f(value_(lane + j, s), n + s, j);
            } else {
                for (Eigen::Index j = 0; j < Columns; ++j)
                    for (Eigen::Index s = 0; s < end; ++s)
                        f(value_(lane + j, s), n + s, j);
            }
        }
    }

    /// What a place adds to the running sum.
    step summand(Eigen::Index s) const {
        if constexpr (forward) return value_.col(s);
        return value_.col(s) * reciprocal_.col(s);
    }

    /// One layer; `before` holds its running sums before the chunk, and on return those after it.
    template <class Before>
    void apply_layer(const Real& attend, Before before) {
        const Real stay = Real(1) - attend;
        const Eigen::Index size = value_.cols();
        step sum = step::Constant(Real(0));
        if constexpr (segments > 1) {
            for (Eigen::Index s = 0; s < size; ++s)
                sum += summand(s);
        }
        for (int i = 0; i < segments; ++i) {
            const int segment = forward ? i : segments - 1 - i;
            for (int j = 0; j < Columns; ++j) {
                Real& total = sum[segment * Columns + j];
                const Real here = total;
                total = before[j];
                before[j] += here;
            }
        }
        for (Eigen::Index i = 0; i < size; ++i) {
            const Eigen::Index s = forward ? i : size - 1 - i;
            sum += summand(s);
            step attended = attend * sum;
            if constexpr (forward) attended *= reciprocal_.col(s);
            value_.col(s) = stay * value_.col(s) + attended;
        }
        if constexpr (segments == 1) before = sum;
    }

    const Eigen::VectorX<Real>& alphas_;
    Eigen::Array<Real, Columns, Eigen::Dynamic> before_;  // a column per layer
    steps value_;
    steps reciprocal_;
};

/// All columns, as many at once as there are.
template <walk Direction, class Real, class In, class Out>
void apply_layers(const Eigen::VectorX<Real>& alphas, const In& x, Out& y) {
    Eigen::Index column = 0;
    for (layers_on_columns<Direction, 16, Real> apply(alphas); column + 16 <= x.cols(); column += 16)
        apply(x, y, column);
    for (layers_on_columns<Direction, 4, Real> apply(alphas); column + 4 <= x.cols(); column += 4)
        apply(x, y, column);
    for (layers_on_columns<Direction, 1, Real> apply(alphas); column < x.cols(); ++column)
        apply(x, y, column);
}

}  // namespace cesaro::detail
