// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/chebyshev_piece.hpp>
#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/key_places.hpp>
#include <cesaro/detail/recurrence_row.hpp>
#include <cesaro/detail/row_evaluator.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

/// Rows of influence as short lists of polynomials: the cost per position does not grow with depth.
///
/// The row, its delta left out, is F(a) = sum_k w_k h_{k-1}(a..b) / b at a = m + 1, b = n + 1, and
///     sum_k h_k(a..b) z^k = Gamma(b+1) Gamma(a-z) / (Gamma(a) Gamma(b+1-z))
/// defines it at real a too. With G_j(a) = sum_k w_k h_{k-1-j}(a..b) / b, so that F = G_0,
///     F(a - s) = sum_j h_j(a-s .. a-1) G_j(a).
/// The sequence h is log-concave (a Pólya frequency sequence), and where w is too, as the hops of any layers
/// in a row are, so is G: then G_j <= rho^j G_0 with rho = G_1 / G_0. For any other law of hops that holds
/// with the largest h_{k-2} / h_{k-1}, that of k = H. Either rho falls with a. Therefore, for complex s too,
///     |F(a - s)| <= F(a) Gamma(a) Gamma(a-|s|-rho) / (Gamma(a-|s|) Gamma(a-rho)) ~ F(a) (1 - |s|/a)^-rho:
/// a bound of the interpolation error, relative to the smallest value in reach, before anything is computed.
///
/// Beside a sink S that holds of the places a + S. Where keys decay, F has the factor e^{-s(n-m)} too, and the
/// r = rho / (1 - e^{-sa}) in place of 1/a, with further poles at 2 pi i / s: the rates add.
namespace cesaro::detail {

/// Whether the ratios of neighbours never rise, up to rounding; what has all but underflowed counts as zero.
inline bool log_concave(const std::vector<double>& w) {
    const auto vanished = [](double weight) { return weight < 1e-290; };
    const auto first = std::find_if_not(w.begin(), w.end(), vanished);
    const auto last = std::find_if(first, w.end(), vanished);
    if (!std::all_of(last, w.end(), vanished)) return false;
    for (auto k = first; last - k > 2; ++k) {
        if (k[2] / k[1] > k[1] / k[0] * (1 + 1e-9)) return false;
    }
    return true;
}

/// The hops of a row, its delta left out, and how steep they make it.
struct row_hops {
    std::vector<double> weights;  ///< w_k / seen(tokens) for k = 1 .. H
    bool log_concave;

    explicit row_hops(std::vector<double> weights_of_hops)
        : weights(std::move(weights_of_hops)), log_concave(detail::log_concave(weights)) {}

    /// The rho of the bound, given h_0, h_1, ... as far as they matter; where its terms may have underflowed,
    /// (H - 1) / p_1, which bounds it by Newton's identities.
    double rho(const std::vector<double>& h) const {
        const std::size_t size = weights.size();
        if (size <= 1) return 0;
        double g0 = h[size - 1];
        double g1 = h[size - 2];
        if (log_concave) {
            g0 = weights[0] * h[0];
            g1 = 0;
            for (std::size_t k = 1; k < size; ++k) {
                g0 += weights[k] * h[k];
                g1 += weights[k] * h[k - 1];
            }
        }
        return g0 > 1e-290 ? g1 / g0 : double(size - 1) * h[0] / h[1];
    }
};

/// The width of the piece below a position, 0 where it has so few positions that the recurrence is cheaper: what a
/// piece costs is that of some 96 + 600 / H positions, or half as many where keys decay and no two walks go side by
/// side. Pieces thus keep above position 4 * 48, where the series for the power sums have converged.
template <class Places>
std::int64_t width_below(std::int64_t position, double rho, std::size_t hops, const Places& places) {
    const std::int64_t least = (Places::decays ? 1 : 2) * (48 + 300 / std::int64_t(hops));
    double longest = piece_width(double(position) + places.shift(), rho);
    if constexpr (Places::decays) longest = 1 / (1 / longest + places.slope() * (1.6 + 0.86 * rho));
    // Beside a sink a piece may reach to the first position.
    return longest < double(least) ? 0 : std::min(position, std::int64_t(std::min(longest, 9e18)));
}

/// A row of influence without its delta, in O(depth log tokens) memory, or that of as many values as steep keys
/// see: near the query and near the first
/// token the values of the recurrence, which rounds less than the polynomials would need nodes; between,
/// polynomials. Relative error below 6e-14 at depth 96, of keys that weigh the same.
template <class Places = unit_places>
class piecewise_row {
    using walk = position_walk<double, Places>;
    using evaluator = row_evaluator<Places>;

  public:
    /// How many hops the range of double has room for beside the decay of the keys.
    static constexpr Eigen::Index most_hops =
        Places::decays ? Eigen::Index(200) : (std::numeric_limits<Eigen::Index>::max)();

    /// \param weights w_0 .. w_H, H at most most_hops. \param tokens the length of the row, >= 1.
    piecewise_row(const Eigen::VectorXd& weights, std::int64_t tokens, const Places& places = {})
        : places_(places), tokens_(tokens), hops_(weights_per_token<double>(weights, tokens, places)) {
        walk near_query(h_from(tokens), tokens, places_);
        std::int64_t step = tokens < short_row ? tokens : 32;
        do {
            append_values(std::min(near_query.position(), step), near_query, tail_);
            // As far as may be in vain is little beside what was needed.
            step = std::max<std::int64_t>(32, std::int64_t(tail_.size()) / 8);
            if (tail_.size() == 32) step = std::max(step, steep_below(near_query.position()));
        } while (near_query.position() > 0 && !underflows(near_query.position()) &&
                 width(near_query.position(), hops_.rho(near_query.h())) == 0);
        walk near_first = add_pieces(near_query);
        append_values(near_first.position(), near_first, head_);
        if constexpr (Places::decays) {
            weigh_down(tail_, 0);
            weigh_down(head_, tokens_ - std::int64_t(head_.size()));
        }
    }

    /// The entries of positions first .. first + count - 1. The result does not depend on how a row is cut.
    template <class Real>
    void fill(std::int64_t first, std::int64_t count, Real* out) const {
        const std::int64_t last = first + count;
        const auto head_end = std::int64_t(head_.size());
        const auto tail_begin = tokens_ - std::int64_t(tail_.size());
        for (std::int64_t m = first; m < std::min(last, head_end); ++m)
            *out++ = Real(head_[std::size_t(head_end - 1 - m)]);
        auto piece = std::partition_point(pieces_.begin(), pieces_.end(), [&](const chebyshev_piece& p) {
            return p.begin + p.width <= first;
        });
        for (; piece != pieces_.end() && piece->begin < last; ++piece) {
            const std::int64_t from = std::max(first, piece->begin);
            const std::int64_t to = std::min(last, piece->begin + piece->width);
            piece->fill(from - piece->begin, to - from, out);
            out += to - from;
        }
        for (std::int64_t m = std::max(first, tail_begin); m < last; ++m)
            *out++ = Real(tail_[std::size_t(tokens_ - 1 - m)]);
    }

    /// What the row is made of: f(position, entry) for those that are known by value, else g(piece).
    template <class OnValue, class OnPiece>
    void visit(const OnValue& f, const OnPiece& g) const {
        for (std::size_t i = 0; i < head_.size(); ++i)
            f(std::int64_t(head_.size() - 1 - i), head_[i]);
        for (const chebyshev_piece& piece : pieces_)
            g(piece);
        for (std::size_t i = 0; i < tail_.size(); ++i)
            f(tokens_ - 1 - std::int64_t(i), tail_[i]);
    }

  private:
    /// Below this many tokens the recurrence is as fast as anything.
    static constexpr std::int64_t short_row = 2048;

    /// Pieces from where one walk ended to where the next one, which is returned, begins.
    walk add_pieces(const walk& above) {
        evaluator evaluate(hops_.weights, tokens_, places_);
        std::vector<double> h = above.h();
        std::int64_t position = above.position();
        piece_coefficients values;
        values[piece_degree] = tail_.back();
        if constexpr (Places::decays) {
            const double half = evaluator::half_decay(places_, tokens_ - 1 - position);
            values[piece_degree] = values[piece_degree] * half * half;
        }
        while (position > 0) {
            if (underflows(position)) {
                pieces_.push_back({0, position, piece_coefficients::Zero()});
                position = 0;
                break;
            }
            const double steepness = hops_.rho(h);
            const std::int64_t w = width(position, steepness);
            if (w == 0) break;
            const point_values below = piece_points::get().below() * double(w);
            values[0] = values[piece_degree];
            values.tail<piece_degree>() = evaluate(position, below, steepness);
            position -= w;
            pieces_.push_back(chebyshev_piece::through(values, position, w));
            h = evaluate.last_h();
        }
        std::reverse(pieces_.begin(), pieces_.end());
        // Those of the pieces have lost digits, and carry half of the decay.
        if (!pieces_.empty()) h = h_from(position);
        return {std::move(h), position, places_};
    }

    /// h_k of the places behind `position`.
    std::vector<double> h_from(std::int64_t position) const {
        std::vector<double> h(hops_.weights.size());
        complete_homogeneous<double>(places_, position + 1, tokens_, h);
        return h;
    }

    std::int64_t width(std::int64_t position, double rho) const {
        return width_below(position, rho, hops_.weights.size(), places_);
    }

    /// About how many positions below this one are too steep for pieces, taking h_k for p_1^k / k!; rather too many.
    std::int64_t steep_below(std::int64_t position) const {
        if constexpr (Places::decays) return 0;
        std::vector<double> h(hops_.weights.size(), 1);
        const auto is_steep = [&](std::int64_t below) {
            const double p = std::log1p(double(tokens_ - below) / (double(below) + places_.shift()));
            for (std::size_t k = 1; k < h.size(); ++k)
                h[k] = h[k - 1] * p / double(k);
            return width(below, hops_.rho(h)) == 0;
        };
        std::int64_t distance = 32;
        while (distance < position && is_steep(position - distance))
            distance += distance / 2;
        return std::min(distance, position);
    }

    /// The next positions of a walk. Of r that hardly differ the roundings do not either, and add up: it begins anew
    /// when it has gone far, sooner where few hops cost little and under keys that are not uniform.
    void append_values(std::int64_t count, walk& from, std::vector<double>& descending) {
        constexpr bool uniform = std::is_same_v<Places, unit_places>;
        const std::int64_t longest = hops_.weights.size() <= 8 ? 256 : uniform ? 2048 : 512;
        descending.reserve(descending.size() + std::size_t(count));
        while (count > 0) {
            const bool by_two = !Places::decays && count >= 512;
            std::int64_t some = std::min(by_two ? count / 16 * 8 : count, longest);
            if (walked_ == longest || (by_two && walked_ + some > longest)) {
                from = walk(h_from(from.position()), from.position(), places_);
                walked_ = 0;
            }
            some = std::min(some, longest - walked_);
            walked_ += some;
            const std::size_t there = descending.size();
            if (by_two) {
                descending.resize(there + 2 * std::size_t(some));
                descend_by_two(places_, hops_.weights, some, from, h_from(from.position() - some),
                               &descending[there]);
                count -= 2 * some;
            } else {
                descending.resize(there + std::size_t(some));
                descend(hops_.weights, some, from, &descending[there]);
                std::reverse(descending.begin() + std::ptrdiff_t(there), descending.end());
                count -= some;
            }
        }
    }

    /// Whether all entries below `position` do.
    bool underflows(std::int64_t position) const {
        if constexpr (Places::decays)
            return places_.template underflows<double>(tokens_ - position,
                                                       Eigen::Index(hops_.weights.size()));
        return false;
    }

    /// Values at `distance` and on times e^{-s distance}: by halves, since a value may make up for a decay that
    /// underflows.
    void weigh_down(std::vector<double>& descending, std::int64_t distance) const {
        const auto few = std::size_t(std::clamp(64 / places_.slope(), 1., 64.));
        std::vector<double> next;
        for (std::size_t i = 0; i < few; ++i)
            next.push_back(places_.template decay<double>(std::int64_t(i)));
        for (std::size_t i = 0; i < descending.size(); i += few) {
            const double half = evaluator::half_decay(places_, distance + std::int64_t(i));
            for (std::size_t j = 0; j < std::min(few, descending.size() - i); ++j)
                descending[i + j] = descending[i + j] * half * half * next[j];
        }
    }

    Places places_;
    std::int64_t walked_ = 0;  // since a walk began anew
    std::int64_t tokens_;
    row_hops hops_;
    std::vector<double> head_;  // from its upper end to position 0
    std::vector<chebyshev_piece> pieces_;
    std::vector<double> tail_;  // from the query down
};

}  // namespace cesaro::detail
