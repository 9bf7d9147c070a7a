// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/equals.hpp>
#include <cesaro/detail/number_kinds.hpp>
#include <cesaro/detail/responses_of_past.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

/// All hops of a network on the columns of a block, a chunk of positions at a time, small enough for the
/// cache: what is read once from memory serves all of them.
namespace cesaro::detail {

/// What the hops make of columns of a block, sum_k w_k M^k x by Horner's scheme: y starts as w_H x and becomes
/// M y + w_k x for k = H - 1, ..., 0; the same with M's transpose where the walk is backward. Where a chunk is
/// short beside its distance from the first position, by the few hops that matter within it and the responses of
/// its past.
///
/// The lanes of a vector hold these columns side by side, and of each of them several segments of the chunk,
/// which advance together: only the totals of the segments wait for each other. What is known per hop and column
/// is in one array, the columns of a hop side by side.
template <walk Direction, class Real>
class hops_on_columns {
  public:
    static constexpr int width = 16;

    /// \param weights w_0 .. w_H. \param columns how many side by side: a divisor of `width`.
    hops_on_columns(const Eigen::VectorX<Real>& weights, int columns)
        : weights_(weights),
          hops_(weights.size() - 1),
          columns_(columns),
          segments_(width / columns),
          past_(hops_ * columns),
          states_(hops_ * columns),
          here_(columns) {
        if constexpr (is_float_or_double<Real>) {
            weight_of_each_ = weights.array().transpose().replicate(columns, 1).reshaped();
            heavier_ = weight_of_each_;
            // Of L positions from a on, h_{j+1} / h_j is at most (L / a) (1 / (j+1) + 1 / L): that of equal ones.
            const Real next_hop =
                Real(shortest) / Real(distant) * (Real(1) / (fewest_orders + 2) + Real(1) / shortest);
            for (Eigen::Index i = hops_ * columns; i-- > 0;)
                heavier_[i] += next_hop * heavier_[i + columns];
            changes_.resize(hops_ * columns);
            of_each_.resize(hops_ * columns);
            density_.setZero(columns);
        }
    }

    /// The columns of y from `column` on = what the hops make of those of x; y may be x.
    template <class In, class Out>
    void operator()(const In& x, Out& y, Eigen::Index column) {
        past_ = running_sums(hops_ * columns_);
        density_.setZero();
        in_vain_ = 0;
        std::vector<Eigen::Index> starts;
        for (Eigen::Index first = 0; first < x.rows(); first += segments_ * segment_from(first))
            starts.push_back(first);
        if constexpr (!forward) std::reverse(starts.begin(), starts.end());
        for (const Eigen::Index first : starts) {
            const Eigen::Index size = segment_from(first);
            chunk(x, y, column, first, std::min(x.rows() - first, segments_ * size), size);
        }
    }

  private:
    static constexpr bool forward = Direction == walk::forward;
    /// Where chunks are far from the first position: its shortest segments are a 128th of the distance.
    static constexpr Eigen::Index distant = 8192;
    /// Segments of a chunk that fits the first-level cache.
    static constexpr Eigen::Index shortest = 64;
    static constexpr int fewest_orders = 4;

    using step = Eigen::Array<Real, width, 1>;
    using array = Eigen::ArrayX<Real>;
    using response = responses_of_past<step>;
    /// So few lanes that most sums of four hops stay in registers, and so many that none waits for another.
    static constexpr int together = 8;
    using lanes = Eigen::Array<Real, together, 1>;
    using sums = std::array<step, std::size_t(response::most_orders)>;
    using polynomial_values = std::array<Real, std::size_t(response::most_orders) + 2>;  // h_0, h_1, ...

    /// Sums that run over all chunks, and what their roundings have lost: the many chunks of a long column add up
    /// to no more than one of them.
    struct running_sums {
        explicit running_sums(Eigen::Index size)
            : sum(array::Constant(size, Real(0))), lost(array::Constant(size, Real(0))) {}

        void add(Eigen::Index i, const Real& term) {  // Knuth's error-free addition
            const Real before = sum[i];
            sum[i] += term;
            const Real added = sum[i] - before;
            const Real rest = sum[i] - added;
            lost[i] += (before - rest) + (term - added);
        }
        Real value(Eigen::Index i) const {
            return equals(lost[i], lost[i]) ? Real(sum[i] + lost[i]) : sum[i];  // infinite, not NaN
        }

        array sum;
        array lost;
    };

    /// Positions of a segment of a chunk that begins there: of long ones the past changes little more often than need
    /// be.
    Eigen::Index segment_from(Eigen::Index first) const {
        const bool hop_by_hop = !is_float_or_double<Real> || hops_ < 2 * Eigen::Index(fewest_orders);
        return std::clamp<Eigen::Index>(first / 256, shortest, hop_by_hop ? shortest : 768);
    }

    /// A chunk, in segments of that size; where no few hops of these will do, in shorter ones.
    template <class In, class Out>
    void chunk(const In& x, Out& y, Eigen::Index column, Eigen::Index first, Eigen::Index length,
               Eigen::Index size) {
        const auto read = [&] {
            resize(length);
            if (whole_segments_of_one_column(length)) {
                for_each_two_by_two(
                    [&](step& place, step& next, Eigen::Index lane, Eigen::Index n, Eigen::Index m) {
                        const Real x0 = x.coeff(first + n, column), x1 = x.coeff(first + n + 1, column);
                        const Real x2 = x.coeff(first + m, column), x3 = x.coeff(first + m + 1, column);
                        place[lane] = x0;
                        place[lane + 1] = x2;
                        next[lane] = x1;
                        next[lane + 1] = x3;
                    });
                return;
            }
            for_each_place<bool(In::IsRowMajor)>(
                length, [&](step& place, Eigen::Index lane, Eigen::Index n, Eigen::Index j) {
                    place[lane] = x.coeff(first + n, column + j);
                });
        };
        if (!few_hops(first, length, size, read)) {
            if (size > shortest) {
                const Eigen::Index shorter = std::max(size / 4, shortest);
                const Eigen::Index part = segments_ * shorter, parts = (length + part - 1) / part;
                for (Eigen::Index i = 0; i < parts; ++i) {
                    const Eigen::Index begin = (forward ? i : parts - 1 - i) * part;
                    chunk(x, y, column, first + begin, std::min(part, length - begin), shorter);
                }
                return;
            }
            read();
            every_hop(first);
        }
        if (whole_segments_of_one_column(length)) {
            for_each_two_by_two(
                [&](const step& place, const step& next, Eigen::Index lane, Eigen::Index n, Eigen::Index m) {
                    const Real y0 = place[lane], y1 = next[lane], y2 = place[lane + 1], y3 = next[lane + 1];
                    y.coeffRef(first + n, column) = y0;
                    y.coeffRef(first + n + 1, column) = y1;
                    y.coeffRef(first + m, column) = y2;
                    y.coeffRef(first + m + 1, column) = y3;
                });
            return;
        }
        for_each_place<bool(Out::IsRowMajor)>(
            length, [&](const step& place, Eigen::Index lane, Eigen::Index n, Eigen::Index j) {
                y.coeffRef(first + n, column + j) = place[lane];
            });
    }

    /// Room for a chunk. Where the last segment is not full, places are left over beyond the last position;
    /// values of zero there change nothing.
    void resize(Eigen::Index length) {
        places_.resize(std::size_t((length + segments_ - 1) / segments_));
        if (Eigen::Index(places_.size()) * segments_ > length)
            std::fill(places_.begin(), places_.end(), step::Constant(Real(0)));
    }

    /// How many come before each segment.
    step positions_before(Eigen::Index first, Eigen::Index size) const {
        step before;
        for (int lane = 0; lane < width; ++lane) {
            const Eigen::Index segment = lane / columns_;
            before[lane] = Real(first + segment * size);
        }
        return before;
    }

    /// The first lane of the i-th segment on the way.
    Eigen::Index lane_of(int i) const { return Eigen::Index(forward ? i : segments_ - 1 - i) * columns_; }

    /// f(place, lane, n, j) for position n of the chunk in column j: of all segments so few positions at a time
    /// that the cache keeps their places, in the order in which the columns are stored.
    template <bool ByRows, class Function>
    void for_each_place(Eigen::Index length, const Function& f) {
        constexpr std::integral_constant<Eigen::Index, 32> tile;
        const auto size = Eigen::Index(places_.size());
        const auto visit = [&](Eigen::Index s, Eigen::Index segment, auto count) {
            step* const place = &places_[std::size_t(s)];
            const Eigen::Index lane = segment * columns_, n = segment * size + s;
            if constexpr (ByRows) {
                for (Eigen::Index i = 0; i < count; ++i) {
                    if (columns_ == width) {  // known to the compiler
                        for (Eigen::Index j = 0; j < width; ++j)
                            f(place[i], j, n + i, j);
                    } else {
                        for (Eigen::Index j = 0; j < columns_; ++j)
                            f(place[i], lane + j, n + i, j);
                    }
                }
            } else {
                for (Eigen::Index j = 0; j < columns_; ++j)
                    for (Eigen::Index i = 0; i < count; ++i)
                        f(place[i], lane + j, n + i, j);
            }
        };
        for (Eigen::Index s = 0; s < size; s += tile) {
            for (Eigen::Index segment = 0; segment < segments_; ++segment) {
                const Eigen::Index left = std::min(size - s, length - segment * size - s);
                if (left >= tile)
                    visit(s, segment, tile);
                else if (left > 0)
                    visit(s, segment, left);
            }
        }
    }

    /// Whether two positions of two segments fit everywhere.
    bool whole_segments_of_one_column(Eigen::Index length) const {
        const auto size = Eigen::Index(places_.size());
        return columns_ == 1 && length == segments_ * size && size % 2 == 0;
    }

    /// f(place, next, lane, n, m) for positions n and n + 1 of a segment of the chunk, and m and m + 1 of the segment
    /// after: four numbers that are read before any is written are turned round in registers.
    template <class Function>
    void for_each_two_by_two(const Function& f) {
        const auto size = Eigen::Index(places_.size());
        for (Eigen::Index s = 0; s < size; s += 2)
            for (Eigen::Index lane = 0; lane < width; lane += 2)
                f(places_[std::size_t(s)], places_[std::size_t(s + 1)], lane, lane * size + s,
                  (lane + 1) * size + s);
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
        if constexpr (is_float_or_double<Real>) {
            step largest = step::Constant(Real(0));
            for (const step& place : places_)
                largest = largest.max(place.abs());
            for (int c = 0; c < columns_; ++c)
                density_[c] = largest(Eigen::seqN(c, segments_, columns_)).maxCoeff();
            if constexpr (forward) density_ *= Real(first + segments_ * size);
        }
        for (Eigen::Index k = hops_; k-- > 0;)
            hop(k);
        std::swap(places_, hopped_);
    }

    /// hopped = M hopped + w_k place; its running sums before the chunk become those after it.
    void hop(Eigen::Index k) {
        const auto size = places_.size();
        const Real weight = weights_[k];
        step sum = step::Constant(Real(0));
        for (std::size_t s = 0; s < size; ++s) {  // copies of values, for g++ is quicker with them
            if constexpr (!forward) hopped_[s] *= reciprocals_[s];
            sum += step(hopped_[s]);
        }
        const Eigen::Index own = k * columns_;
        here_.setConstant(Real(0));
        for (int i = 0; i < segments_; ++i) {
            for (Eigen::Index j = 0, lane = lane_of(i); j < columns_; ++j, ++lane) {
                const Real total = sum[lane];
                sum[lane] = past_.value(own + j) + here_[j];
                here_[j] += total;
            }
        }
        for (Eigen::Index j = 0; j < columns_; ++j)
            past_.add(own + j, here_[j]);
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t s = forward ? i : size - 1 - i;
            sum += step(hopped_[s]);
            if constexpr (forward)
                hopped_[s] = weight * places_[s] + reciprocals_[s] * sum;
            else
                hopped_[s] = weight * places_[s] + sum;
        }
    }

    /// The hops of a chunk far from the first position, by as few of them as leave out nothing that matters; false
    /// when that cannot be told of any number of them.
    template <class Read>
    bool few_hops(Eigen::Index first, Eigen::Index length, Eigen::Index size, const Read& read) {
        if constexpr (is_float_or_double<Real>) {
            if (first < distant || length < segments_ * size) return false;
            if (size >= too_long_ && in_vain_-- > 0) return false;
            for (const int orders : {4, 5, 6, 8}) {
                if (hops_ < 2 * Eigen::Index(orders) || !promising(orders, Real(size) / Real(first)))
                    continue;
                read();
                before_ = past_;
                if (hops_of_orders(orders, first, size)) return true;
                past_ = before_;
            }
            too_long_ = size;
            in_vain_ = 7;
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
        for (Eigen::Index i = 0; i < states_.size(); ++i)
            states_[i] = past_.value(i);
    }

    /// The first `orders` hops within each segment, and of its past h_0 .. h_orders; false when that is not enough.
    bool hops_of_orders(int orders, Eigen::Index first, Eigen::Index size) {
        const step before = positions_before(first, size);
        sums sum;
        const step largest = first_hops_of_orders(orders, before, sum);
        const response past(Direction, orders, before, size);
        std::array<step, std::size_t(response::most_orders) + 1> state;  // C_0, C_1, ... before each segment
        for (int i = 0; i < segments_; ++i) {
            const Eigen::Index lane = lane_of(i);
            density_ = largest.segment(lane, columns_);  // sums of (M_a^k x)(m) are below h_{k+1} of it
            if constexpr (forward) density_ *= before[lane] + Real(size);
            take_states();
            polynomial_values h;
            for (int j = 0; j < orders + 2; ++j)
                h[std::size_t(j)] = past.whole()[std::size_t(j)][lane];
            if (!negligible_beyond(orders, h)) return false;
            for (int j = 0; j <= orders; ++j) {
                for (int c = 0; c < columns_; ++c)
                    state[std::size_t(j)][lane + c] = states_[j * columns_ + c];
            }
            changes_.setZero();
            for (int j = 1; j <= orders; ++j) {
                const Eigen::Index left = (hops_ - j) * columns_;
                const Eigen::Index with_own = left + columns_;
                spread(sum[std::size_t(j - 1)].data() + lane);
                changes_.head(left) += h[std::size_t(j)] * states_.tail(left);
                changes_.head(with_own) +=
                    weight_of_each_.segment(j * columns_, with_own) * of_each_.head(with_own);
            }
            for (Eigen::Index k = 0; k < changes_.size(); ++k)
                past_.add(k, changes_[k]);
        }
        const Real reach = Real(size) / Real(first);
        if (degree_matches(3, orders, reach, state))
            add_responses<3>(past, orders, state);
        else if (degree_matches(5, orders, reach, state))
            add_responses<5>(past, orders, state);
        else
            add_responses<8>(past, orders, state);
        return true;
    }

    /// The largest |x|, and of the first hops within the segments the sums, k-th of those of hop k.
    step first_hops_of_orders(int orders, const step& before, sums& sum) {
        switch (orders) {
            case 4:
                return first_hops<4>(before, sum);
            case 5:
                return first_hops<5>(before, sum);
            case 6:
                return first_hops<6>(before, sum);
            default:
                return first_hops<8>(before, sum);
        }
    }

    /// Few positions are added up at a time, whose sums are added to those before.
    template <int Orders>
    step first_hops(const step& before, sums& sum) {
        constexpr Eigen::Index few = 32;
        std::array<Real, Orders + 1> weight;
        std::copy_n(weights_.data(), Orders + 1, weight.data());
        const auto size = Eigen::Index(places_.size());
        step largest;
        for (int lane = 0; lane < width; lane += together) {
            lanes most = lanes::Constant(Real(0));
            std::array<lanes, Orders> total;
            total.fill(most);
            const lanes first = before.template segment<together>(lane);
            for (Eigen::Index begin = 0; begin < size; begin += few) {
                std::array<lanes, Orders> part;
                part.fill(lanes::Constant(Real(0)));
                for (Eigen::Index i = begin; i < std::min(begin + few, size); ++i) {
                    const Eigen::Index s = forward ? i : size - 1 - i;
                    auto place = places_[std::size_t(s)].template segment<together>(lane);
                    const lanes reciprocal = (first + Real(s + 1)).inverse();
                    lanes t = place;
                    lanes result = weight[0] * t;
                    most = most.max(t.abs());
                    for (std::size_t k = 0; k < Orders; ++k) {
                        if constexpr (!forward) t *= reciprocal;
                        part[k] += t;
                        t = total[k] + part[k];
                        if constexpr (forward) t *= reciprocal;
                        result += weight[k + 1] * t;
                    }
                    place = result;
                }
                for (std::size_t k = 0; k < Orders; ++k)
                    total[k] += part[k];
            }
            largest.template segment<together>(lane) = most;
            for (std::size_t k = 0; k < Orders; ++k)
                sum[k].template segment<together>(lane) = total[k];
        }
        return largest;
    }

    /// Whether polynomials of that degree d leave out no more of C_j h_j, j = 0, 1, ..., than an eighth of the rounding
    /// of C_0. Of q = reach, h_j is a power series in (n - a) / a, whose coefficients are those of log^j(1 + x) / j!, by
    /// which one divides by 1 + x: that of x^{j+e} is at most binomial(j/2 + e, e) / j!, as 1/(i+1) is at most
    /// binomial(2i, i) / 4^i. Interpolation at the d + 1 points cos(i pi / d) errs in x^m, m > d, by at most
    /// binomial(m, d+1) q^m / 4^d, and the terms fall off faster than by halves.
    template <class States>
    bool degree_matches(int degree, int orders, const Real& reach, const States& state) const {
        step left_out = step::Constant(Real(0));
        Real factorial(1);
        for (int j = 0; j <= orders; ++j) {
            const int m = std::max(degree + 1, j);
            Real coefficient = Real(1) / factorial;
            for (int i = 0; i < m; ++i)
                coefficient *= reach;
            for (int e = 1; e <= m - j; ++e)
                coefficient *= (Real(j) / 2 + Real(e)) / Real(e);
            for (int i = degree + 2; i <= m; ++i)
                coefficient *= Real(i) / Real(i - degree - 1);
            left_out += coefficient * state[std::size_t(j)].abs();
            factorial *= Real(j + 1);
        }
        const Real lost = std::numeric_limits<Real>::epsilon() / 16 * std::ldexp(Real(1), 2 * degree);
        return (left_out <= lost * state[0].abs()).all();
    }

    /// To every place what the past of its segment makes of it.
    template <int Degree, class States>
    void add_responses(const response& past, int orders, const States& state) {
        const auto powers = past.template powers<Degree>();
        std::array<step, Degree + 1> coefficients;
        for (std::size_t d = 0; d <= Degree; ++d) {
            coefficients[d] = state[0] * powers[d][0];
            for (std::size_t j = 1; j <= std::size_t(orders); ++j)
                coefficients[d] += state[j] * powers[d][j];
        }
        const auto size = Eigen::Index(places_.size());
        for (int lane = 0; lane < width; lane += together) {
            std::array<lanes, Degree + 1> coefficient;
            for (std::size_t d = 0; d <= Degree; ++d)
                coefficient[d] = coefficients[d].template segment<together>(lane);
            for (Eigen::Index i = 0; i < size; ++i) {
                const Real u = Real(forward ? 2 * i + 1 - size : size - 1 - 2 * i) / Real(size);
                lanes value = coefficient[Degree];
                for (std::size_t d = Degree; d-- > 0;)
                    value = value * u + coefficient[d];
                places_[std::size_t(i)].template segment<together>(lane) += value;
            }
        }
    }

    /// One number per column, to every hop.
    void spread(const Real* of_columns) {
        if (columns_ == 1) {
            of_each_.setConstant(*of_columns);
        } else {
            for (Eigen::Index i = 0; i < of_each_.size(); i += columns_)
                std::copy_n(of_columns, columns_, of_each_.data() + i);
        }
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
        const Eigen::Index all = states_.size();
        const Eigen::Index left = (hops_ - orders - 1) * columns_;
        const Eigen::Index with_own = left + columns_;
        spread(density_.data());
        const auto states = states_.abs();
        const auto own = of_each_.head(with_own) * heavier_.segment((orders + 1) * columns_, with_own);
        return (states < std::numeric_limits<Real>::infinity()).all() &&
               (h[1] * states.tail(all - columns_) <= states.head(all - columns_)).all() &&
               (next * own <= states.head(with_own)).all() &&
               (next * states.tail(left) <= states.head(left)).all();
    }

    const Eigen::VectorX<Real>& weights_;
    Eigen::Index hops_;
    int columns_;
    int segments_;
    running_sums past_;         // C_0 .. C_{H-1}
    array states_;              // their values
    array here_;                // sums of a hop over the chunk
    std::vector<step> places_;  // of each segment, side by side
    std::vector<step> hopped_;
    std::vector<step> reciprocals_;  // 1 / (n + 1)
    // Of few hops.
    running_sums before_{0};
    Eigen::Index too_long_ = 0;  // segments for which few hops did not do, the last time,
    int in_vain_ = 0;            // and how many more of such are not tried
    array changes_;              // of past_, over a segment
    array of_each_;
    array weight_of_each_;
    array heavier_;  // sum_i w_{k+i} times h_{j+i} / h_j at most, j > fewest_orders
    array density_;  // of the segment before
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
    const bool by_rows = bool(In::IsRowMajor) || x.rows() < 256;
    for (const int columns : {16, 4, 1}) {
        if ((columns > 1 && !by_rows) || column + columns > x.cols()) continue;
        for (hops_on_columns<Direction, Real> apply(weights, columns); column + columns <= x.cols();
             column += columns)
            apply(x, y, column);
    }
}

}  // namespace cesaro::detail
