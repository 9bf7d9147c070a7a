// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>

/// Pieces of a row: polynomials of a position, how wide they may be, and how they are written out.
namespace cesaro::detail {

/// Degree of the pieces. Of the points a piece interpolates, one it shares with the piece before it; the
/// others are evaluated together, one per lane of a vector.
inline constexpr int piece_degree = 8;

/// Numbers at these points.
using point_values = Eigen::Array<double, piece_degree, 1>;
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
inline constexpr std::int64_t parts_of_piece = 64;

/// The width of the parts: 0 < part_width <= width, no more than an int can count.
inline std::int64_t part_width(std::int64_t width) {
    constexpr std::int64_t shortest = 64;  // shorter ones would cost more than they save
    constexpr std::int64_t longest = std::int64_t(1) << 30;
    const std::int64_t part = (width + parts_of_piece - 1) / parts_of_piece;
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

/// The Chebyshev points t_i = cos(i pi / N), i = 0 .. N, and the way from values there to a polynomial.
class chebyshev_points {
  public:
    static const chebyshev_points& get() {
        static const chebyshev_points points;
        return points;
    }

    /// (1 - t_i) / 2 for i = 1 .. N: how far below the upper end the points lie, of the width.
    point_values below() const { return below_.tail<piece_degree>(); }

    double operator[](int i) const { return 1 - 2 * below_[i]; }

    /// Coefficients of t^0 .. t^N. By way of the Chebyshev coefficients, which fall off so fast that the
    /// large integers of T_k meet only small numbers; the inverse Vandermonde matrix would lose two digits.
    piece_coefficients coefficients(const piece_coefficients& values) const {
        return product(to_powers_, product(to_chebyshev_, values));
    }

    /// How much the value at t_i counts in the coefficient of t^d.
    double to_power(int d, int i) const { return coefficients_of_each_(d, i); }

  private:
    using square_matrix = Eigen::Array<double, piece_degree + 1, piece_degree + 1>;

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
            for (int d = 0; d <= n; ++d)
                to_powers_(d, k) = (d > 0 ? 2 * to_powers_(d - 1, k - 1) : 0) - to_powers_(d, k - 2);
        }
        for (int i = 0; i <= n; ++i) {
            for (int d = 0; d <= n; ++d) {
                double sum = 0;
                for (int k = 0; k <= n; ++k)
                    sum += to_powers_(d, k) * to_chebyshev_(k, i);
                coefficients_of_each_(d, i) = sum;
            }
        }
    }

    /// Column by column: few instructions, and no templates that every user would compile.
    static piece_coefficients product(const square_matrix& matrix, const piece_coefficients& values) {
        piece_coefficients sum;
        for (int d = 0; d <= piece_degree; ++d)
            sum[d] = matrix(d, 0) * values[0];
        for (int k = 1; k <= piece_degree; ++k) {
            for (int d = 0; d <= piece_degree; ++d)
                sum[d] += matrix(d, k) * values[k];
        }
        return sum;
    }

    square_matrix to_chebyshev_;
    square_matrix to_powers_;
    square_matrix coefficients_of_each_;
    piece_coefficients below_;
};

/// A polynomial on the positions begin .. begin + width - 1.
struct chebyshev_piece {
    /// Coefficients as small as this are left out: the arithmetic of subnormal numbers is slow on some
    /// processors.
    static constexpr double negligible = 1e-305;

    std::int64_t begin;
    std::int64_t width;
    piece_coefficients c;  // in powers of t, from -1 at begin to 1 at begin + width

    /// The piece through values at the upper end and at the points. One that reaches below what is not
    /// negligible is zero: its values differ by less than a factor of two.
    static chebyshev_piece through(const piece_coefficients& values, std::int64_t begin, std::int64_t width) {
        if (values.minCoeff() < negligible) return {begin, width, piece_coefficients::Zero()};
        return {begin, width, chebyshev_points::get().coefficients(values)};
    }

    /// The values at begin + offset, ..., `count` of them. Long pieces are written in parts of lower degree,
    /// whose coefficients cost little beside the part.
    template <class Real>
    void fill(std::int64_t offset, std::int64_t count, Real* out) const {
        const std::int64_t longest = part_width(width);
        const std::int64_t end = offset + count;
        while (offset < end) {
            const std::int64_t part = offset / longest * longest;
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

    /// The sum of f(value) over the positions, f smooth on the values: interpolated as they were, its powers
    /// summed in closed form. The middle of the positions lies half a position below the piece's.
    template <class Function>
    double sum_of(const Function& f) const {
        const chebyshev_points& points = chebyshev_points::get();
        const double step = 1 / double(width);
        piece_coefficients values;
        for (int i = 0; i <= piece_degree; ++i) {
            double value = c[piece_degree];
            for (int k = piece_degree - 1; k >= 0; --k)
                value = value * (points[i] - step) + c[k];
            values[i] = f(value);
        }
        const piece_coefficients a = points.coefficients(values);
        const double u = step * step;  // below, the means of s^2, s^4, ... over equally spaced s in (-1, 1)
        const double mean = a[2] / 3 + a[4] * (3 - 7 * u) / 15 + a[6] * (3 + u * (31 * u - 18)) / 21 +
                            a[8] * (5 + u * (u * (239 - 381 * u) - 55)) / 45;
        return double(width) * (a[0] + (1 - u) * mean);
    }

  private:
    /// The values of a polynomial of t, -1 at 0 and 1 at `width`, at from .. to - 1. Where t and -t are both among
    /// them, the even powers and the odd ones are summed once for the two. Counters are ints because vectors of
    /// double convert from them.
    template <class Coefficients, class Real>
    static void write(const Coefficients& coefficients, std::int64_t width, int from, int to, Real* out) {
        constexpr int degree = int(Coefficients::RowsAtCompileTime) - 1;
        static_assert(degree % 2 == 0);
        const Coefficients a = (coefficients.abs() < negligible).select(0.0, coefficients);
        const double scale = 2 / double(width);
        const double centre = double(width) / 2;
        struct halves {
            double even, odd;
        };
        const auto halves_at = [&](int i) {
            const double t = (double(i) - centre) * scale;
            const double square = t * t;
            double even = a[degree];
            double odd = a[degree - 1];
            for (int k = degree - 2; k > 0; k -= 2) {
                even = even * square + a[k];
                odd = odd * square + a[k - 1];
            }
            return halves{even * square + a[0], odd * t};
        };
        const auto write_each = [&](int first_one, int end) {
            for (int i = first_one; i < end; ++i) {
                const halves p = halves_at(i);
                out[i - from] = Real(p.even + p.odd);
            }
        };
        const int last = int(width);  // i mirrors last - i
        const int middle = (last + 1) / 2;
        const int first = std::max(from, last - to + 1);
        if (first >= middle) return write_each(from, to);
        write_each(from, first);
        Real* const mirrored = out + (last - from);
        constexpr int together = 16;  // so that vectors of them are made
        int i = first;
        for (; i + together <= middle; i += together) {
            double differences[together];
            Real* const sums = out + (i - from);
            for (int j = 0; j < together; ++j) {
                const halves p = halves_at(i + j);
                sums[j] = Real(p.even + p.odd);
                differences[j] = p.even - p.odd;
            }
            for (int j = 0; j < together; ++j)
                mirrored[-i - j] = Real(differences[j]);
        }
        for (; i < middle; ++i) {
            const halves p = halves_at(i);
            out[i - from] = Real(p.even + p.odd);
            mirrored[-i] = Real(p.even - p.odd);
        }
        write_each(middle, last - middle + 1);
        write_each(last - first + 1, to);
    }
};

}  // namespace cesaro::detail
