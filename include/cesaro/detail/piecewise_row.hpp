// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/recurrence_row.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

/// Rows of influence as short lists of polynomials: the cost per position does not grow with depth.
///
/// The row, its delta left out, is F(a) = sum_k w_k h_{k-1}(a..b) / b at a = m + 1, b = n + 1, and
///     sum_k h_k(a..b) z^k = Gamma(b+1) Gamma(a-z) / (Gamma(a) Gamma(b+1-z))
/// defines it at real a too. With G_j(a) = sum_k w_k h_{k-1-j}(a..b) / b, so that F = G_0,
///     F(a - s) = sum_j h_j(a-s .. a-1) G_j(a).
/// The sequences w and h are log-concave (Pólya frequency sequences), hence so is G: G_j <= rho^j G_0 with
/// rho = G_1 / G_0, which falls with a. Therefore, for complex s too,
///     |F(a - s)| <= F(a) Gamma(a) Gamma(a-|s|-rho) / (Gamma(a-|s|) Gamma(a-rho)) ~ F(a) (1 - |s|/a)^-rho:
/// a bound of the interpolation error, relative to the smallest value in reach, before anything is computed.
namespace cesaro::detail {

/// Degree of the pieces. Of the points a piece interpolates, one it shares with the piece before it; the
/// others are evaluated together, one per lane of a vector.
inline constexpr int piece_degree = 8;

using lanes = Eigen::Array<double, piece_degree, 1>;
using piece_coefficients = Eigen::Array<double, piece_degree + 1, 1>;

/// How far a piece may reach down from `position`, where rho is known.
///
/// Interpolation at the Chebyshev points of [a - width, a] errs by at most 4 M sigma^-N / (sigma - 1) for
/// every sigma > 1, with N the degree and M the bound of |F| on the ellipse of parameter sigma (Trefethen,
/// Approximation Theory and Approximation Practice, theorem 8.2). With N = 8, M from above and the best
/// sigma, this line keeps the relative error below 1e-14 for every rho >= 0.
inline double piece_width(double position, double rho) {
    return position / (13 + 3.4 * rho);
}

/// Pieces long enough are written in parts, by polynomials of this degree.
inline constexpr int part_degree = 4;
using part_coefficients = Eigen::Array<double, part_degree + 1, 1>;

/// The parts of a long piece: so many that what their polynomials leave out of the piece's is below 3e-16,
/// relatively. With b_k the coefficients of F around the centre of the part and q half its width, that is
/// |b_5| q^5 / 16 + |b_6| q^6 + ..., and |b_k| <= M / S^k for every S, M the bound of |F| within S of the
/// centre.
inline constexpr Eigen::Index parts_of_piece = 64;

/// The width of the parts: 0 < part_width <= width, no more than an int can count.
inline Eigen::Index part_width(Eigen::Index width) {
    constexpr Eigen::Index shortest = 64;  // shorter ones would cost more than they save
    constexpr Eigen::Index longest = Eigen::Index(1) << 30;
    const Eigen::Index part = (width + parts_of_piece - 1) / parts_of_piece;
    return part < shortest ? width : std::min(part, longest);
}

/// The polynomial c around `centre`, in powers of (t - centre) / radius, without what matters only at larger
/// radii: T_5 = 16 t^5 - 20 t^3 + 5 t is left out rather than t^5, which is sixteen times less.
inline part_coefficients part_of(const piece_coefficients& c, double centre, double radius) {
    piece_coefficients b = c;
    for (int j = 0; j <= part_degree + 1; ++j) {
        for (int k = piece_degree - 1; k >= j; --k)
            b[k] += centre * b[k + 1];
    }
    double power = 1;
    for (int k = 1; k <= part_degree + 1; ++k)
        b[k] *= power *= radius;
    const double left_out = b[part_degree + 1] / 16;
    b[3] += 20 * left_out;
    b[1] -= 5 * left_out;
    return b.head<part_degree + 1>();
}

/// The row, and the h_k it is made of, at `piece_degree` real positions at once.
class row_evaluator {
  public:
    /// \param hop w_k / tokens for k = 1 .. H, H >= 1.
    row_evaluator(const std::vector<double>& hop, Eigen::Index tokens)
        : hop_(hop), end_(double(tokens) + 0.5), h_(piece_degree, Eigen::Index(hop.size())) {}

    /// The values where `position` (= a - 1/2, at least 384) + `distance` = tokens + 1/2; both are given
    /// because neither may come from a subtraction.
    ///
    /// Power sums p_r = sum_{i=a..b} i^-r by Euler-Maclaurin at midpoints, then Newton's identities,
    /// k h_k = sum_r p_r h_{k-r}. Leaving out p_r changes the row by less than p_r rho^r / r, relatively,
    /// which says how few of them are needed.
    /// \param rho bound of G_1 / G_0 at all the positions.
    lanes operator()(const lanes& position, const lanes& distance, double rho) {
        const int order = newton_order(position.minCoeff(), distance.maxCoeff(), rho);
        power_sums(position, distance, order);
        lanes h = lanes::Ones();
        lanes value = lanes::Constant(hop_[0]);
        lanes slope = lanes::Zero();
        h_.col(0) = h;
        constexpr int last = piece_degree - 1;
        for (Eigen::Index k = 1; k < h_.cols(); ++k) {
            if (vanishes(std::size_t(k), h[last], p_[1][last])) {
                h_.rightCols(h_.cols() - k).setZero();
                break;
            }
            lanes sum = lanes::Zero();
            for (Eigen::Index r = std::min<Eigen::Index>(order, k); r > 1; --r)
                sum += p_[std::size_t(r)] * h_.col(k - r);
            slope += hop_[std::size_t(k)] * h;
            h = (sum + p_[1] * h) * (1 / double(k));  // h_{k-1} last: everything else need not wait for it
            h_.col(k) = h;
            value += hop_[std::size_t(k)] * h;
        }
        rho_ = bounded_ratio(slope[last], value[last], h_.cols(), p_[1][last]);
        return value;
    }

    /// G_1 / G_0, or (H - 1) / p_1, which bounds it, where G_0 may have underflowed.
    static double bounded_ratio(double g1, double g0, Eigen::Index depth, double p1) {
        if (depth == 1) return 0;
        return g0 > 1e-290 ? g1 / g0 : double(depth - 1) / p1;
    }

    /// rho at the last of the positions.
    double last_rho() const { return rho_; }

    /// h_0 .. h_{H-1} at the last of the positions.
    std::vector<double> last_h() const {
        std::vector<double> h;
        for (Eigen::Index k = 0; k < h_.cols(); ++k)
            h.push_back(h_(piece_degree - 1, k));
        return h;
    }

  private:
    static constexpr int max_order = 20;

    /// The least r >= 1 such that p_{r+1} rho^{r+1} / (r+1) <= 1e-17.
    static int newton_order(double position, double distance, double rho) {
        const double ratio = rho / position;  // below 1/100 where a piece has at least 32 positions
        double rest = std::min(position, distance) * ratio * ratio;
        int order = 1;
        for (; order < max_order && rest > 1e-17 * (order + 1); ++order)
            rest *= ratio;
        return order;
    }

    /// With D_s = position^-s - (tokens + 1/2)^-s, written as a product so that it never cancels,
    ///     p_1 = log(1 + distance / position)    - D_2 / 24   + 7 D_4 / 960 - ...,
    ///     p_r = D_{r-1} / (r-1)               - r D_{r+1} / 24 + 7 r (r+1) (r+2) D_{r+3} / 5760 - ...
    void power_sums(const lanes& position, const lanes& distance, int order) {
        std::array<lanes, max_order + 4> d;
        const lanes y = position.inverse();
        const double x = 1 / end_;
        const lanes gap = distance * y * x;  // y - x
        lanes geometric = lanes::Ones();     // y^{s-1} + y^{s-2} x + ... + x^{s-1}
        double power = 1;
        for (int s = 1; s <= order + 3; ++s) {
            d[std::size_t(s)] = gap * geometric;
            power *= x;
            geometric = y * geometric + power;
        }
        for (int r = 1; r <= order; ++r) {
            const auto s = std::size_t(r);
            p_[s] = (7.0 * r * (r + 1) * (r + 2) / 5760) * d[s + 3] - (r / 24.0) * d[s + 1];
            if (r > 1) p_[s] += d[s - 1] / double(r - 1);
        }
        for (int i = 0; i < piece_degree; ++i)
            p_[1][i] += std::log1p(distance[i] * y[i]);
    }

    const std::vector<double>& hop_;
    double end_;
    Eigen::Array<double, piece_degree, Eigen::Dynamic> h_;
    std::array<lanes, max_order + 1> p_;
    double rho_ = 0;
};

/// The Chebyshev points t_i = cos(i pi / N), i = 0 .. N, and the way from values there to a polynomial.
class chebyshev_points {
  public:
    chebyshev_points() {
        constexpr int n = piece_degree;
        const double angle = std::acos(-1.0) / n;
        const auto halved_at_ends = [](int i) { return i == 0 || i == n ? 0.5 : 1.0; };
        for (int i = 0; i <= n; ++i) {
            for (int k = 0; k <= n; ++k)
                to_chebyshev_(k, i) =
                    2.0 / n * halved_at_ends(i) * halved_at_ends(k) * std::cos((i * k) % (2 * n) * angle);
            const double sine = std::sin(i * angle / 2);
            below_[i] = sine * sine;
        }
        to_powers_.setZero();  // column k is T_k = 2 t T_{k-1} - T_{k-2}
        to_powers_(0, 0) = 1;
        to_powers_(1, 1) = 1;
        for (int k = 2; k <= n; ++k) {
            to_powers_.col(k).tail<n>() = 2 * to_powers_.col(k - 1).head<n>();
            to_powers_.col(k) -= to_powers_.col(k - 2);
        }
    }

    /// (1 - t_i) / 2 for i = 1 .. N: how far below the upper end the points lie, of the width.
    lanes below() const { return below_.tail<piece_degree>(); }

    /// Coefficients of t^0 .. t^N. By way of the Chebyshev coefficients, which fall off so fast that the
    /// large integers of T_k meet only small numbers; the inverse Vandermonde matrix would lose two digits.
    piece_coefficients polynomial(const piece_coefficients& values) const {
        return to_powers_ * (to_chebyshev_ * values.matrix());
    }

  private:
    Eigen::Matrix<double, piece_degree + 1, piece_degree + 1> to_chebyshev_;
    Eigen::Matrix<double, piece_degree + 1, piece_degree + 1> to_powers_;
    piece_coefficients below_;
};

/// A row of influence without its delta, in O(depth log tokens) memory: near the query and near the first
/// token the values of the recurrence, which rounds less than the polynomials would need nodes; between,
/// polynomials. Relative error below 5e-14 at depth 96.
class piecewise_row {
  public:
    /// \param weights w_0 .. w_H. \param tokens the length of the row, >= 1.
    template <class Weights>
    piecewise_row(const Weights& weights, Eigen::Index tokens)
        : tokens_(tokens), hop_(weights_per_token<double>(weights, tokens)) {
        std::vector<double> h(hop_.size(), 0.0);
        h[0] = 1;
        position_recurrence<double> near_query(hop_, h, tokens);
        do {  // as far as may be in vain is little beside what was needed
            const Eigen::Index step = std::max<Eigen::Index>(32, Eigen::Index(tail_.size()) / 8);
            append_values(std::min(near_query.position(), step), near_query, tail_);
        } while (near_query.position() > 0 && width(near_query.position(), rho(near_query.h())) == 0);
        auto near_first = add_pieces(near_query);
        append_values(near_first.position(), near_first, head_);
    }

    /// The entries of positions first .. first + count - 1. The result does not depend on how a row is cut.
    template <class Real>
    void fill(Eigen::Index first, Eigen::Index count, Real* out) const {
        const Eigen::Index last = first + count;
        const Eigen::Index head_end = Eigen::Index(head_.size());
        const Eigen::Index tail_begin = tokens_ - Eigen::Index(tail_.size());
        for (Eigen::Index m = first; m < std::min(last, head_end); ++m)
            *out++ = Real(head_[std::size_t(head_end - 1 - m)]);
        auto piece = std::partition_point(pieces_.begin(), pieces_.end(),
                                          [&](const polynomial& p) { return p.begin + p.width <= first; });
        for (; piece != pieces_.end() && piece->begin < last; ++piece) {
            const Eigen::Index from = std::max(first, piece->begin);
            const Eigen::Index to = std::min(last, piece->begin + piece->width);
            piece->fill(from - piece->begin, to - from, out);
            out += to - from;
        }
        for (Eigen::Index m = std::max(first, tail_begin); m < last; ++m)
            *out++ = Real(tail_[std::size_t(tokens_ - 1 - m)]);
    }

  private:
    struct polynomial {
        Eigen::Index begin;
        Eigen::Index width;
        piece_coefficients c;  // in powers of t, from -1 at begin to 1 at begin + width

        /// Long pieces are written in parts of lower degree, whose coefficients cost little beside the part.
        template <class Real>
        void fill(Eigen::Index offset, Eigen::Index count, Real* out) const {
            const Eigen::Index longest = part_width(width);
            const Eigen::Index end = offset + count;
            while (offset < end) {
                const Eigen::Index part = offset / longest * longest;
                const auto from = int(offset - part);
                const auto to = int(std::min(end - part, longest));
                if (longest == width) {
                    write(c, longest, from, to, out);
                } else {
                    const double centre = (2 * double(part) + double(longest)) / double(width) - 1;
                    write(part_of(c, centre, double(longest) / double(width)), longest, from, to, out);
                }
                out += to - from;
                offset = part + to;
            }
        }
    };

    /// The values of a polynomial of t, -1 at 0 and 1 at `width`, at from .. to - 1. The counter is an int
    /// because vectors of double convert from it.
    template <class Coefficients, class Real>
    static void write(const Coefficients& coefficients, Eigen::Index width, int from, int to, Real* out) {
        constexpr int degree = int(Coefficients::RowsAtCompileTime) - 1;
        const Coefficients a = (coefficients.abs() < negligible).select(0.0, coefficients);
        const double scale = 2 / double(width);
        const double centre = double(width) / 2;
        const int size = to - from;
        for (int i = 0; i < size; ++i) {
            const double t = (double(from + i) - centre) * scale;
            double value = a[degree];
            for (int k = degree - 1; k >= 0; --k)
                value = value * t + a[k];
            out[i] = Real(value);
        }
    }

    /// Pieces from where one recurrence ended to where the next one, which is returned, begins.
    position_recurrence<double> add_pieces(const position_recurrence<double>& above) {
        static const chebyshev_points points;
        row_evaluator evaluate(hop_, tokens_);
        Eigen::Index position = above.position();
        double steepness = rho(above.h());
        piece_coefficients values;
        values[piece_degree] = tail_.back();
        while (const Eigen::Index w = width(position, steepness)) {
            const lanes below = points.below() * double(w);
            values[0] = values[piece_degree];
            values.tail<piece_degree>() =
                evaluate(double(position) + 0.5 - below, double(tokens_ - position) + below, steepness);
            position -= w;
            pieces_.push_back({position, w, polynomial_of(points, values)});
            steepness = evaluate.last_rho();
        }
        std::reverse(pieces_.begin(), pieces_.end());
        return {hop_, pieces_.empty() ? above.h() : evaluate.last_h(), position};
    }

    /// Coefficients as small as this are left out: the arithmetic of subnormal numbers is slow on some
    /// processors.
    static constexpr double negligible = 1e-305;

    /// A piece that reaches below what is not negligible is zero: its values differ by less than a factor of
    /// two.
    static piece_coefficients polynomial_of(const chebyshev_points& points,
                                            const piece_coefficients& values) {
        if (values.minCoeff() < negligible) return piece_coefficients::Zero();
        return points.polynomial(values);
    }

    double rho(const std::vector<double>& h) const {
        double g0 = hop_[0];
        double g1 = 0;
        for (std::size_t k = 1; k < h.size(); ++k) {
            g0 += hop_[k] * h[k];
            g1 += hop_[k] * h[k - 1];
        }
        return row_evaluator::bounded_ratio(g1, g0, Eigen::Index(h.size()), h.size() > 1 ? h[1] : 1);
    }

    /// The width of the piece below a position, 0 where it has so few positions that the recurrence is
    /// cheaper: what a piece costs at any depth is that of some 200 / H positions. Pieces thus keep above
    /// position 12 * 32, where the series for the power sums have converged.
    Eigen::Index width(Eigen::Index position, double rho) const {
        const Eigen::Index least = 32 + 200 / Eigen::Index(hop_.size());
        const auto longest = Eigen::Index(piece_width(double(position), rho));
        return longest < least ? 0 : longest;
    }

    static void append_values(Eigen::Index count, position_recurrence<double>& walk,
                              std::vector<double>& descending) {
        const std::size_t there = descending.size();
        descending.resize(there + std::size_t(count));
        walk.descend(count, descending.data() + there);
        std::reverse(descending.begin() + std::ptrdiff_t(there), descending.end());
    }

    Eigen::Index tokens_;
    std::vector<double> hop_;
    std::vector<double> head_;  // from its upper end to position 0
    std::vector<polynomial> pieces_;
    std::vector<double> tail_;  // from the query down
};

}  // namespace cesaro::detail
