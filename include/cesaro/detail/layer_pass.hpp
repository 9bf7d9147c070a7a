// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/number_kinds.hpp>
#include <cesaro/detail/responses_of_past.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

/// All hops of a network on the columns of a block, a chunk of positions at a time, small enough for the
/// cache: what is read once from memory serves all of them.
namespace cesaro::detail {

/// What the hops make of `Columns` columns of a block, sum_k w_k M^k x by Horner's scheme: y starts as w_H x
/// and becomes M y + w_k x for k = H - 1, ..., 0; the same with M's transpose where the walk is backward. Where a
/// chunk is short beside its distance from the first position, by the few hops that matter within it and the
/// responses of its past.
///
/// The lanes of a vector hold these columns side by side, and of each of them several segments of the chunk,
/// which advance together: only the totals of the segments wait for each other.
template <walk Direction, int Columns, class Real>
class hops_on_columns {
  public:
    /// \param weights w_0 .. w_H.
    explicit hops_on_columns(const Eigen::VectorX<Real>& weights)
        : weights_(weights), hops_(weights.size() - 1), sums_(std::size_t(hops_)) {
        if constexpr (is_float_or_double<Real>) {
            heavier_ = weights;
            for (Eigen::Index k = hops_; k-- > 0;)
                heavier_[k] += heavier_[k + 1];
            states_.resize(Columns, hops_);
            changes_.resize(Columns, hops_);
        }
    }

    /// The columns of y from `column` on = what the hops make of those of x; y may be x.
    template <class In, class Out>
    void operator()(const In& x, Out& y, Eigen::Index column) {
        std::fill(sums_.begin(), sums_.end(), carry());
        density_.setConstant(Real(0));
        std::vector<Eigen::Index> starts;
        for (Eigen::Index first = 0; first < x.rows(); first += segments * segment_from(first))
            starts.push_back(first);
        if constexpr (!forward) std::reverse(starts.begin(), starts.end());
        for (const Eigen::Index first : starts) {
            const Eigen::Index length = std::min(x.rows() - first, segments * segment_from(first));
            const auto read = [&] {
                resize(length);
                for_each_place<bool(In::IsRowMajor)>(
                    length, [&](step& place, Eigen::Index lane, Eigen::Index n, Eigen::Index j) {
                        place[lane] = x.coeff(first + n, column + j);
                    });
            };
            read();
            if (!few_hops(first, length, read)) every_hop(first);
            for_each_place<bool(Out::IsRowMajor)>(
                length, [&](const step& place, Eigen::Index lane, Eigen::Index n, Eigen::Index j) {
                    y.coeffRef(first + n, column + j) = place[lane];
                });
        }
    }

  private:
    static constexpr bool forward = Direction == walk::forward;
    static constexpr int width = 16;
    static constexpr int segments = width / Columns;
    /// Where chunks are far from the first position: its shortest segments are a 128th of the distance.
    static constexpr Eigen::Index distant = 8192;
    static constexpr int fewest_orders = 4;

    using step = Eigen::Array<Real, width, 1>;
    using column_values = Eigen::Array<Real, Columns, 1>;
    using response = responses_of_past<Direction, step>;
    using polynomial_values = std::array<Real, std::size_t(response::most_orders) + 2>;  // h_0, h_1, ...
    using columns_of_hops = Eigen::Array<Real, Columns, Eigen::Dynamic>;

    /// A running sum, and what its roundings have lost: the many chunks of a long column add up to no more than
    /// one of them.
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

    /// Positions of a segment of a chunk that begins there. A chunk fits the first-level cache.
    Eigen::Index segment_from(Eigen::Index first) const {
        const bool hop_by_hop = !is_float_or_double<Real> || hops_ < 2 * Eigen::Index(fewest_orders);
        return std::clamp<Eigen::Index>(first / 256, 64, hop_by_hop ? 64 : 192);
    }

    /// Room for a chunk. Where the last segment is not full, places are left over beyond the last position;
    /// values of zero there change nothing.
    void resize(Eigen::Index length) {
        places_.resize(std::size_t((length + segments - 1) / segments));
        if (Eigen::Index(places_.size()) * segments > length)
            std::fill(places_.begin(), places_.end(), step::Constant(Real(0)));
    }

    /// How many come before each segment.
    static step positions_before(Eigen::Index first, Eigen::Index size) {
        step before;
        for (int lane = 0; lane < width; ++lane) {
            const Eigen::Index segment = lane / Columns;
            before[lane] = Real(first + segment * size);
        }
        return before;
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

    /// One hop after the other, wherever the chunk lies.
    void every_hop(Eigen::Index first) {
        const auto size = Eigen::Index(places_.size());
        const step count = positions_before(first, size) + Real(1);
        hopped_.clear();
        reciprocals_.clear();
        for (Eigen::Index s = 0; s < size; ++s) {
            hopped_.push_back(weights_[hops_] * places_[std::size_t(s)]);
            reciprocals_.push_back((count + Real(s)).inverse());
        }
        for (Eigen::Index k = hops_; k-- > 0;)
            hop(weights_[k], sums_[std::size_t(k)]);
        std::swap(places_, hopped_);
    }

    /// hopped = M hopped + weight place; `before` holds the running sums before the chunk, and on return those
    /// after it.
    void hop(const Real& weight, carry& before) {
        const auto size = places_.size();
        step sum = step::Constant(Real(0));
        for (std::size_t s = 0; s < size; ++s) {  // copies of values, for g++ is quicker with them
            if constexpr (!forward) hopped_[s] *= reciprocals_[s];
            sum += step(hopped_[s]);
        }
        column_values here = column_values::Constant(Real(0));
        for (int i = 0; i < segments; ++i) {
            auto segment = sum.template segment<Columns>((forward ? i : segments - 1 - i) * Columns);
            const column_values total = segment;
            segment = before.value() + here;
            here += total;
        }
        before.add(here);
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t s = forward ? i : size - 1 - i;
            sum += step(hopped_[s]);
            if constexpr (forward)
                hopped_[s] = weight * places_[s] + reciprocals_[s] * sum;
            else
                hopped_[s] = weight * places_[s] + sum;
        }
    }

    /// The hops of a chunk far from the first position, by as few of them as leave out nothing that matters; false,
    /// and the chunk as it was read, when that cannot be told of any number of them.
    template <class Read>
    bool few_hops(Eigen::Index first, Eigen::Index length, const Read& read) {
        if constexpr (is_float_or_double<Real>) {
            const Eigen::Index size = segment_from(first);
            if (first < distant || length < segments * size) return false;
            for (const int orders : {4, 5, 6, 8}) {
                if (hops_ < 2 * Eigen::Index(orders) || !promising(orders, Real(size) / Real(first)))
                    continue;
                before_ = sums_;
                if (hops_of_orders(orders, first, size)) return true;
                sums_ = before_;
                read();
            }
        }
        return false;
    }

    /// Whether h_0 .. h_orders will do for a chunk that is like the one before.
    /// \param reach the length of a segment beside its distance.
    bool promising(int orders, const Real& reach) {
        polynomial_values h;
        h[0] = Real(1);
        for (std::size_t j = 1; j < h.size(); ++j)
            h[j] = h[j - 1] * reach / Real(int(j));
        take_states();
        return negligible_beyond(orders, h);
    }

    void take_states() {
        for (Eigen::Index k = 0; k < hops_; ++k)
            states_.col(k) = sums_[std::size_t(k)].value();
    }

    /// The first `orders` hops within each segment, and of its past h_0 .. h_orders; false when that is not enough.
    bool hops_of_orders(int orders, Eigen::Index first, Eigen::Index size) {
        step largest = step::Constant(Real(0));
        std::array<step, std::size_t(response::most_orders)> sum;
        sum.fill(step::Constant(Real(0)));
        const step before = positions_before(first, size);
        for (Eigen::Index i = 0; i < size; ++i) {
            const Eigen::Index s = forward ? i : size - 1 - i;
            const step reciprocal = (before + Real(s + 1)).inverse();
            step t = places_[std::size_t(s)];
            step result = weights_[0] * t;
            largest = largest.max(t.abs());
            for (int k = 0; k < orders; ++k) {
                if constexpr (!forward) t *= reciprocal;
                t += sum[std::size_t(k)];
                sum[std::size_t(k)] = t;
                if constexpr (forward) t *= reciprocal;
                result += weights_[k + 1] * t;
            }
            places_[std::size_t(s)] = result;
        }
        const response past(orders, before, size);
        std::array<step, piece_degree + 1> polynomial;
        for (int i = 0; i < segments; ++i) {
            const int segment = forward ? i : segments - 1 - i;
            const Eigen::Index lane = Eigen::Index(segment) * Columns;
            density_ =
                largest.template segment<Columns>(lane);  // sums of (M_a^k x)(m) are below h_{k+1} of it
            if constexpr (forward) density_ *= Real(first + (segment + 1) * size);
            take_states();
            polynomial_values h;
            for (int j = 0; j < orders + 2; ++j)
                h[std::size_t(j)] = past.whole()[std::size_t(j)][lane];
            if (!negligible_beyond(orders, h)) return false;
            for (int d = 0; d <= piece_degree; ++d) {
                column_values coefficient = column_values::Constant(Real(0));
                for (int j = 0; j <= orders; ++j)
                    coefficient +=
                        states_.col(j) * past.power(d)[std::size_t(j)].template segment<Columns>(lane);
                polynomial[std::size_t(d)].template segment<Columns>(lane) = coefficient;
            }
            changes_.setConstant(Real(0));
            for (int j = 1; j <= orders; ++j) {
                const column_values own = sum[std::size_t(j - 1)].template segment<Columns>(lane);
                changes_.leftCols(hops_ - j) += h[std::size_t(j)] * states_.rightCols(hops_ - j);
                for (Eigen::Index k = 0; k <= hops_ - j; ++k)
                    changes_.col(k) += weights_[k + j] * own;
            }
            for (Eigen::Index k = 0; k < hops_; ++k)
                sums_[std::size_t(k)].add(changes_.col(k));
        }
        for (Eigen::Index i = 0; i < size; ++i) {
            const Real u = Real(forward ? 2 * i + 1 - size : size - 1 - 2 * i) / Real(size);
            step value = polynomial[piece_degree];
            for (std::size_t d = piece_degree; d-- > 0;)
                value = value * u + polynomial[d];
            places_[std::size_t(i)] += value;
        }
        return true;
    }

    /// Whether every C_k is so large that within the segment its followers lose no digits and rounding leaves out
    /// the rest:
    ///
    ///     h_1 C_{k+1} <= C_k, so that h_j C_{k+j} <= C_k / j!: no term dominates the one that polynomials are exact in;
    ///     h_{orders+1} C_{k+orders+1} is lost in the rounding of C_k, and the further ones with it;
    ///     so are the hops after the first `orders` within the segment, w_{k+i} sum_m (M_a^{i-1} x)(m);
    ///
    /// all so far below it that the segments together lose no more.
    bool negligible_beyond(int orders, const polynomial_values& h) {
        const Real lost = std::numeric_limits<Real>::epsilon() / 8 * h[1];
        const Real next = h[std::size_t(orders + 1)] / lost;
        const Eigen::Index left = hops_ - orders - 1;
        const auto states = states_.abs();
        const auto own = (density_.matrix() * heavier_.segment(orders + 1, left + 1).transpose()).array();
        return (states < std::numeric_limits<Real>::infinity()).all() &&
               (h[1] * states.rightCols(hops_ - 1) <= states.leftCols(hops_ - 1)).all() &&
               (next * own <= states.leftCols(left + 1)).all() &&
               (next * states.rightCols(left) <= states.leftCols(left)).all();
    }

    const Eigen::VectorX<Real>& weights_;
    Eigen::Index hops_;
    std::vector<carry> sums_;   // C_0 .. C_{H-1}
    std::vector<step> places_;  // of each segment, side by side
    std::vector<step> hopped_;
    std::vector<step> reciprocals_;  // 1 / (n + 1)
    // Of few hops.
    Eigen::VectorX<Real> heavier_;  // sum_{i>=k} w_i
    std::vector<carry> before_;
    columns_of_hops states_;
    columns_of_hops changes_;
    column_values density_ = column_values::Constant(Real(0));  // of the segment before
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
    // Long columns by themselves are as quick side by side, and read in order.
    if (bool(In::IsRowMajor) || x.rows() < 256) {
        for (hops_on_columns<Direction, 16, Real> apply(weights); column + 16 <= x.cols(); column += 16)
            apply(x, y, column);
        for (hops_on_columns<Direction, 4, Real> apply(weights); column + 4 <= x.cols(); column += 4)
            apply(x, y, column);
    }
    for (hops_on_columns<Direction, 1, Real> apply(weights); column < x.cols(); ++column)
        apply(x, y, column);
}

}  // namespace cesaro::detail
