// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

/// All hops of a network on the columns of a block, a chunk of positions at a time, small enough for the
/// cache: what is read once from memory serves all of them.
namespace cesaro::detail {

/// From the first position to the last, or back.
enum class walk { forward, backward };

/// What the hops make of `Columns` columns of a block, sum_k w_k M^k x by Horner's scheme: y starts as w_H x
/// and becomes M y + w_k x for k = H - 1, ..., 0; the same with M's transpose where the walk is backward.
///
/// The lanes of a vector hold these columns side by side, and of each of them several segments of the chunk,
/// which advance together: only the totals of the segments wait for each other.
template <walk Direction, int Columns, class Real>
class hops_on_columns {
  public:
    /// \param weights w_0 .. w_H.
    explicit hops_on_columns(const Eigen::VectorX<Real>& weights) : weights_(weights) {}

    /// The columns of y from `column` on = what the hops make of those of x; y may be x.
    template <class In, class Out>
    void operator()(const In& x, Out& y, Eigen::Index column) {
        const Eigen::Index last = weights_.size() - 1;
        before_.assign(std::size_t(last), carry());
        const Eigen::Index chunks = (x.rows() + longest - 1) / longest;
        for (Eigen::Index i = 0; i < chunks; ++i) {
            const Eigen::Index first = (forward ? i : chunks - 1 - i) * longest;
            const Eigen::Index length = std::min(longest, x.rows() - first);
            resize(first, length);
            for_each_place<bool(In::IsRowMajor)>(
                length, [&](place& p, Eigen::Index lane, Eigen::Index n, Eigen::Index j) {
                    p.x[lane] = x.coeff(first + n, column + j);
                });
            for (place& p : places_)
                p.value = weights_[last] * p.x;
            for (Eigen::Index k = last; k-- > 0;)
                hop(weights_[k], before_[std::size_t(k)]);
            for_each_place<bool(Out::IsRowMajor)>(
                length, [&](const place& p, Eigen::Index lane, Eigen::Index n, Eigen::Index j) {
                    y.coeffRef(first + n, column + j) = p.value[lane];
                });
        }
    }

  private:
    static constexpr bool forward = Direction == walk::forward;
    static constexpr int width = 16;
    static constexpr int segments = width / Columns;
    /// Positions of a chunk: its places fit a first-level cache.
    static constexpr Eigen::Index longest = 1024 / Columns;

    using step = Eigen::Array<Real, width, 1>;
    using column_values = Eigen::Array<Real, Columns, 1>;

    /// What is known of a position of each segment, side by side.
    struct place {
        step x;
        step value;
        step reciprocal;  // 1 / (n + 1)
    };

    /// The running sums of a hop before a chunk, and what their roundings have lost: the many chunks of a
    /// long column add up to no more than one of them.
    struct carry {
        column_values sum = column_values::Constant(Real(0));
        column_values lost = column_values::Constant(Real(0));

        void add(const column_values& term) {  // Knuth's error-free addition
            const column_values before = sum;
            sum += term;
            const column_values added = sum - before;
            const column_values rest = sum - added;
            lost += (before - rest) + (term - added);
        }
        column_values value() const { return (lost == lost).select(sum + lost, sum); }  // infinite, not NaN
    };

    /// Room for a chunk. Where the last segment is not full, places are left over beyond the last position;
    /// values of zero there change nothing.
    void resize(Eigen::Index first, Eigen::Index length) {
        const Eigen::Index size = (length + segments - 1) / segments;
        places_.resize(std::size_t(size));
        step count;
        for (int lane = 0; lane < width; ++lane) {
            const Eigen::Index segment = lane / Columns;
            count[lane] = Real(first + segment * size + 1);
        }
        for (Eigen::Index s = 0; s < size; ++s) {
            place& p = places_[std::size_t(s)];
            p.reciprocal = (count + Real(s)).inverse();
            if (size * segments > length) p.x.setConstant(Real(0));
        }
    }

    /// f(place, lane, n, j) for position n of the chunk in column j, in the order in which the columns are
    /// stored.
    template <bool ByRows, class Function>
    void for_each_place(Eigen::Index length, const Function& f) {
        const auto size = Eigen::Index(places_.size());
        for (Eigen::Index n = 0; n < length; n += size) {
            const Eigen::Index end = std::min(size, length - n);
            const Eigen::Index lane = n / size * Columns;
            if (ByRows) {
                for (Eigen::Index s = 0; s < end; ++s)
                    for (Eigen::Index j = 0; j < Columns; ++j)
                        f(places_[std::size_t(s)], lane + j, n + s, j);
            } else {
                for (Eigen::Index j = 0; j < Columns; ++j)
                    for (Eigen::Index s = 0; s < end; ++s)
                        f(places_[std::size_t(s)], lane + j, n + s, j);
            }
        }
    }

    /// value = M value + weight x; `before` holds the running sums before the chunk, and on return those
    /// after it.
    void hop(const Real& weight, carry& before) {
        step sum = step::Constant(Real(0));
        for (place& p : places_) {  // copies of values, for g++ is quicker with them
            if constexpr (!forward) p.value *= p.reciprocal;
            sum += step(p.value);
        }
        column_values here = column_values::Constant(Real(0));
        for (int i = 0; i < segments; ++i) {
            auto segment = sum.template segment<Columns>((forward ? i : segments - 1 - i) * Columns);
            const column_values total = segment;
            segment = before.value() + here;
            here += total;
        }
        before.add(here);
        const auto size = places_.size();
        for (std::size_t i = 0; i < size; ++i) {
            place& p = places_[forward ? i : size - 1 - i];
            sum += step(p.value);
            if constexpr (forward)
                p.value = weight * p.x + p.reciprocal * sum;
            else
                p.value = weight * p.x + sum;
        }
    }

    const Eigen::VectorX<Real>& weights_;
    std::vector<carry> before_;  // of each hop
    std::vector<place> places_;
};

/// All columns, as many at once as there are.
/// \param all w_0 .. w_H.
template <walk Direction, class Real, class In, class Out>
void apply_hops(const Eigen::VectorX<Real>& all, const In& x, Out& y) {
    Eigen::Index size = all.size();
    if constexpr (!std::numeric_limits<Real>::is_exact) {  // whose arithmetic is slow, and their hops in vain
        const Real least = (std::numeric_limits<Real>::min)();
        while (size > 1 && all[size - 1] < least)
            --size;
    }
    const Eigen::VectorX<Real> weights = all.head(size);
    Eigen::Index column = 0;
    for (hops_on_columns<Direction, 16, Real> apply(weights); column + 16 <= x.cols(); column += 16)
        apply(x, y, column);
    for (hops_on_columns<Direction, 4, Real> apply(weights); column + 4 <= x.cols(); column += 4)
        apply(x, y, column);
    for (hops_on_columns<Direction, 1, Real> apply(weights); column < x.cols(); ++column)
        apply(x, y, column);
}

}  // namespace cesaro::detail
