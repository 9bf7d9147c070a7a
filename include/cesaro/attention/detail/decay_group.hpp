// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/equals.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace cesaro::detail {

/// (times score - top) / temperature, also where the product or the difference overflows.
template <class Real>
Real decay_exponent(Eigen::Index times, const Real& score, const Real& top, const Real& temperature) {
    using std::isfinite;
    using std::ldexp;
    const Real difference = Real(times) * score - top;
    if (isfinite(difference)) return difference / temperature;
    // What underflows here is nothing beside such scores, and a temperature that does makes it minus
    // infinity.
    const Real less = ldexp(Real(1), -64);
    return Real(Real(times) * Real(score * less) - top * less) / Real(temperature * less);
}

/// Which positions a row sees: the `window` last ones up to its own and, in the first `prefix` rows, the rest
/// of the prefix.
struct decay_mask {
    Eigen::Index window;
    Eigen::Index prefix;
    bool operator==(const decay_mask&) const = default;
};

/// The weighted sum of at most `Lanes` distance-decay heads over one mask, side by side: a first-order
/// recurrence waits for its own last result, several at once do not.
///
/// Head h gives row n the weights
///
///     diagonal / Z_n at m = n,      neighbour ratio^(|n-m|-1) / Z_n at the other positions that n sees,
///
/// scaled so that max(diagonal, neighbour) = 1: Z_n then lies in [1, size], whatever the scores. Everything
/// below is a sum of non-negative terms. Row weights are made a chunk of rows at a time, anchored by their
/// closed form and continued by recurrence, so that nothing as long as the text is stored.
template <class Real, int Lanes>
class decay_group {
  public:
    decay_group(Eigen::Index size, decay_mask mask)
        : size_(size),
          prefix_(std::min(mask.prefix, size)),
          reach_(std::min(mask.window - 1, size)),
          period_(std::max<Eigen::Index>(reach_ + 1 < size ? reach_ : size, 1)) {}

    /// The heads of two groups of the same size and mask.
    decay_group(const decay_group<Real, Lanes / 2>& a, const decay_group<Real, Lanes / 2>& b)
        : size_(a.size_), prefix_(a.prefix_), reach_(a.reach_), period_(a.period_), heads_(Lanes) {
        rate_ << a.rate_, b.rate_;
        ratio_ << a.ratio_, b.ratio_;
        diagonal_ << a.diagonal_, b.diagonal_;
        neighbour_ << a.neighbour_, b.neighbour_;
        weight_ << a.weight_, b.weight_;
    }

    [[nodiscard]] bool full() const { return heads_ == Lanes; }

    /// Adds a head to a group that is not full; the temperature divides slope and diagonal score alike.
    void add(const Real& slope, const Real& diagonal_score, const Real& temperature, const Real& weight) {
        using std::exp;
        const int lane = heads_++;
        const Real neighbour_score = -slope;
        const Real top = diagonal_score > neighbour_score ? diagonal_score : neighbour_score;
        rate_[lane] = Real(slope / temperature);
        ratio_[lane] = Real(exp(Real(-rate_[lane])));
        diagonal_[lane] = Real(exp(decay_exponent(1, diagonal_score, top, temperature)));
        neighbour_[lane] = Real(exp(decay_exponent(1, neighbour_score, top, temperature)));
        weight_[lane] = weight;
    }

    /// y += sum_h weight_h A_h x or, transposed, weight_h A_h^T x; x and y distinct.
    template <bool Transposed, class In, class Out>
    void accumulate(const In& x, Out& y) const {
        sweep<Transposed, false>(x, y);
        if (period_ < size_ && reach_ > 0) carry_over<Transposed>(x, y);
        if (prefix_ > 1) sweep<Transposed, true>(x, y);
    }

    /// y += the diagonal of sum_h weight_h A_h.
    template <class Out>
    void accumulate_diagonal(Out& y) const {
        row_weights rows(*this);
        for_each_piece<true>(0, size_, chunk, [&](Eigen::Index first, Eigen::Index last) {
            chunk_weights& w = rows(first, last);
            for (Eigen::Index n = first; n < last; ++n)
                y[n] += w.diagonal[n - first].sum();
        });
    }

  private:
    template <class, int>
    friend class decay_group;

    static constexpr Eigen::Index chunk = Lanes > 8 ? 64 : 128;  // its weights fit the first-level cache
    using lanes = Eigen::Array<Real, Lanes, 1>;

    /// Lanes for each row of a chunk, counted from its first.
    class chunk_lanes {
      public:
        lanes& operator[](Eigen::Index row) { return rows_[std::size_t(row)]; }

      private:
        std::array<lanes, std::size_t(chunk)> rows_;
    };

    /// The weights of a chunk of rows, normalised and multiplied by the heads' own weights.
    struct chunk_weights {
        chunk_lanes diagonal;
        chunk_lanes neighbour;
    };

    /// ratio^power, without a product of infinity and zero.
    lanes power(Eigen::Index exponent) const {
        using std::exp;
        if (exponent == 0) return lanes::Constant(Real(1));
        lanes result;
        for (int h = 0; h < Lanes; ++h)
            result[h] = Real(exp(Real(-rate_[h] * Real(exponent))));
        return result;
    }

    /// 1 + ratio + ... + ratio^(terms - 1).
    lanes geometric_sum(Eigen::Index terms) const {
        using std::expm1;
        lanes sum;
        for (int h = 0; h < Lanes; ++h) {
            if (terms == 0 || equals(rate_[h], 0)) {
                sum[h] = Real(terms);
            } else {
                sum[h] = Real(expm1(Real(-rate_[h] * Real(terms))) / expm1(Real(-rate_[h])));
            }
        }
        return sum;
    }

    /// The weights of rows first .. last - 1.
    void fill(Eigen::Index first, Eigen::Index last, chunk_weights& w) const {
        lanes sum = geometric_sum(std::min(first, reach_));
        for (Eigen::Index n = first; n < last; ++n) {
            w.neighbour[n - first] = sum;
            if (n < reach_) sum = Real(1) + ratio_ * sum;
        }
        if (first < prefix_) {
            const Eigen::Index end = std::min(last, prefix_);
            sum = geometric_sum(prefix_ - end);
            for (Eigen::Index n = end; n-- > first;) {
                w.neighbour[n - first] += sum;
                sum = Real(1) + ratio_ * sum;
            }
        }
        for (Eigen::Index n = first; n < last; ++n) {
            lanes& neighbour = w.neighbour[n - first];
            if (sees_only_itself(n)) {  // its one score cancels, even where exp(score) underflows
                w.diagonal[n - first] = weight_;
                neighbour = lanes::Constant(Real(0));
            } else {
                const lanes scale = weight_ / (diagonal_ + neighbour_ * neighbour);
                w.diagonal[n - first] = diagonal_ * scale;
                neighbour = neighbour_ * scale;
            }
        }
    }

    /// The weights of the rows of a group, one chunk after the other. Rows that see all of their window, or so far that
    /// what decays has gone, weigh alike: their chunks are made once.
    class row_weights {
      public:
        explicit row_weights(const decay_group& group)
            : group_(group), alike_from_(std::max(group.prefix_, std::min(group.reach_, group.seen()))) {}

        chunk_weights& operator()(Eigen::Index first, Eigen::Index last) {
            if (first >= alike_from_ && last - first <= alike_) return weights_;
            group_.fill(first, last, weights_);
            alike_ = first >= alike_from_ ? last - first : 0;
            return weights_;
        }

      private:
        const decay_group& group_;
        Eigen::Index alike_from_;
        Eigen::Index alike_ = 0;  // how many of the rows in weights_ weigh alike
        chunk_weights weights_;
    };

    /// How many terms of 1 + ratio + ... add up to the limit, to rounding; at most as many as there are positions.
    Eigen::Index seen() const {
        const Real gone =
            Real(7 * (std::numeric_limits<Real>::digits + 3)) / Real(10);  // 2^-x = e^{-0.69... x}
        Eigen::Index terms = chunk;
        for (int h = 0; h < Lanes; ++h) {
            if (equals(weight_[h], 0)) continue;
            if (Real(rate_[h] * Real(size_)) <= gone) return size_;
            while (Real(rate_[h] * Real(terms)) <= gone)
                terms += chunk;
        }
        return terms;
    }

    bool sees_only_itself(Eigen::Index n) const { return (n == 0 || reach_ == 0) && n + 1 >= prefix_; }

    /// The diagonal, and the past within blocks of `period_` positions; or, with `Ahead`, the rest of the
    /// prefix.
    template <bool Transposed, bool Ahead, class In, class Out>
    void sweep(const In& x, Out& y) const {
        constexpr bool ascending = Transposed == Ahead;
        const Eigen::Index size = Ahead ? prefix_ : size_;
        Eigen::Index left = ascending ? period_ : (size - 1) % period_ + 1;  // positions left in the block
        lanes running = lanes::Constant(Real(0));
        row_weights rows(*this);
        for_each_piece<ascending>(0, size, chunk, [&](Eigen::Index first, Eigen::Index last) {
            chunk_weights& w = rows(first, last);
            for_each_index<ascending>(first, last, [&](Eigen::Index n) {
                const Real value(x.coeff(n));
                const lanes& neighbour = w.neighbour[n - first];
                lanes seen = Transposed ? running : lanes(neighbour * running);
                if constexpr (!Ahead) seen += w.diagonal[n - first] * value;
                y.coeffRef(n) += seen.sum();
                running = ratio_ * running + (Transposed ? lanes(neighbour * value) : lanes::Constant(value));
                if (!Ahead && --left == 0) {
                    running.setConstant(Real(0));
                    left = period_;
                }
            });
            flush(running);
        });
    }

    /// A window is the suffix of one block of `period_` positions, which sweep() adds, and a prefix of the
    /// next, which is added here: nothing is ever subtracted. The blocks are those of
    /// sliding_window_operator, the sums are not: both parts fade with the distance from the row, each by a
    /// recurrence of its own, over rows whose weights are made in chunks.
    template <bool Transposed, class In, class Out>
    void carry_over(const In& x, Out& y) const {
        const Eigen::Index end =
            (size_ + period_ - 1) / period_ * period_;  // the last block may be incomplete
        // Short blocks are taken as many at once as a chunk holds: the distances are then those of all chunks.
        const Eigen::Index span = std::max(period_, chunk / period_ * period_);
        lanes running = lanes::Constant(Real(0));
        lanes fading = lanes::Constant(Real(1));  // ratio^(positions gone in the block)
        Eigen::Index left = 0;                    // positions left in the block
        row_weights rows(*this);
        chunk_lanes distance;
        if (span <= chunk) fill_distance<Transposed>(0, span, distance);
        const auto carry_chunk = [&](Eigen::Index first, Eigen::Index last) {
            chunk_weights& w = rows(first, last);
            if (span > chunk) fill_distance<Transposed>(first, last, distance);
            for_each_index<Transposed>(first, last, [&](Eigen::Index n) {
                if (left == 0) {
                    running.setConstant(Real(0));
                    fading.setConstant(Real(1));
                    left = period_;
                }
                const lanes& neighbour = w.neighbour[n - first];
                if constexpr (Transposed) {
                    if (n < size_) running += fading * (neighbour * Real(x.coeff(n)));
                    y.coeffRef(n - period_) += (distance[n - first] * running).sum();
                } else {
                    running += fading * Real(x.coeff(n - period_));
                    if (n < size_) y.coeffRef(n) += (neighbour * distance[n - first] * running).sum();
                }
                fading *= ratio_;
                --left;
            });
        };
        for_each_piece<Transposed>(period_, end, span, [&](Eigen::Index first, Eigen::Index last) {
            for_each_piece<Transposed>(first, last, chunk, carry_chunk);
        });
    }

    /// ratio^(steps to the near end of the block): always from the smallest power up to 1, since the way back
    /// would divide by powers that underflow.
    template <bool Transposed>
    void fill_distance(Eigen::Index first, Eigen::Index last, chunk_lanes& distance) const {
        const Eigen::Index nearest = Transposed ? last - 1 : first;
        Eigen::Index steps = Transposed ? period_ - 1 - nearest % period_ : nearest % period_;
        lanes value = power(steps);
        for_each_index<!Transposed>(first, last, [&](Eigen::Index n) {
            if (steps++ == period_) {
                value.setConstant(Real(1));
                steps = 1;
            }
            distance[n - first] = value;
            value *= ratio_;
        });
    }

    template <bool Ascending, class Action>
    static void for_each_index(Eigen::Index first, Eigen::Index last, const Action& action) {
        if constexpr (Ascending) {
            for (Eigen::Index n = first; n < last; ++n)
                action(n);
        } else {
            for (Eigen::Index n = last; n-- > first;)
                action(n);
        }
    }

    template <bool Ascending, class Action>
    static void for_each_piece(Eigen::Index first, Eigen::Index last, Eigen::Index length,
                               const Action& action) {
        if constexpr (Ascending) {
            for (Eigen::Index start = first; start < last; start += length)
                action(start, std::min(start + length, last));
        } else {
            for (Eigen::Index end = last; end > first; end -= length)
                action(std::max(end - length, first), end);
        }
    }

    /// Sums that have decayed below the normal numbers would stay there for good, at their slow arithmetic.
    static void flush(lanes& sum) {
        using std::abs;
        for (int h = 0; h < Lanes; ++h) {
            if (Real(abs(sum[h])) < std::numeric_limits<Real>::min()) sum[h] = Real(0);
        }
    }

    Eigen::Index size_;
    Eigen::Index prefix_;
    Eigen::Index reach_;   // how far back a row sees
    Eigen::Index period_;  // the length of the blocks of a windowed sum; size_ without a window
    int heads_ = 0;
    lanes rate_ = lanes::Constant(Real(0));  // slope / temperature
    lanes ratio_ = lanes::Constant(Real(1));
    lanes diagonal_ = lanes::Constant(Real(1));
    lanes neighbour_ = lanes::Constant(Real(1));
    lanes weight_ = lanes::Constant(Real(0));  // an empty lane weighs nothing
};

}  // namespace cesaro::detail
