// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

/// Pieces of a row: polynomials of a position, how wide they may be, and how they are written out.
namespace cesaro::detail {

/// Degree of the pieces. Of the points a piece interpolates, one it shares with the piece before it; the
/// others are evaluated together, one per lane of a vector.
inline constexpr int piece_degree = 12;

/// Numbers at these points.
using point_values = Eigen::Array<double, piece_degree, 1>;
/// Coefficients, or values at all points.
template <int Degree>
using polynomial = Eigen::Array<double, Degree + 1, 1>;
using piece_coefficients = polynomial<piece_degree>;

/// How far a piece may reach down from `position`, where rho is known.
///
/// Interpolation at the Chebyshev points of [a - width, a] errs by at most 4 M sigma^-N / (sigma - 1) for
/// every sigma > 1, with N the degree and M the bound of |F| on the ellipse of parameter sigma (Trefethen,
/// Approximation Theory and Approximation Practice, theorem 8.2). With N = 12, M from above and the best
/// sigma, this line keeps the relative error below 1e-14 for every rho >= 0.
inline double piece_width(double position, double rho) {
    return position / (4.2 + 0.86 * rho);
}

/// Long pieces are written in parts, by polynomials of lower degree D: so many parts that what their polynomials
/// leave out of the piece's is below 3e-16, relatively. With b_k the coefficients of F around the centre of the
/// part and q half its width, that is |b_{D+1}| q^{D+1} / 2^D + |b_{D+2}| q^{D+2} + ..., and |b_k| <= M / S^k for
/// every S, M the bound of |F| within S of the centre.
template <int Degree>
inline constexpr std::int64_t parts_of_piece = Degree == 4 ? 320 : 8;
/// Shorter parts would cost more than they save.
template <int Degree>
inline constexpr std::int64_t shortest_part = 128;

/// The width of the parts: 0 < part_width <= width, no more than an int can count.
template <int Degree>
std::int64_t part_width(std::int64_t width) {
    constexpr std::int64_t parts = parts_of_piece<Degree>;
    constexpr std::int64_t longest = std::int64_t(1) << 30;
    const std::int64_t part = (width + parts - 1) / parts;
    return part < shortest_part<Degree> ? width : std::min(part, longest);
}

/// The coefficients of T_N.
template <std::size_t N>
constexpr std::array<double, N + 1> chebyshev_polynomial() {
    std::array<double, N + 1> t{};
    if constexpr (N < 2) {
        t[N] = 1;
    } else {  // 2 t T_{N-1} - T_{N-2}
        const auto last = chebyshev_polynomial<N - 1>();
        const auto before = chebyshev_polynomial<N - 2>();
        for (std::size_t d = 0; d < N; ++d)
            t[d + 1] = 2 * last[d];
        for (std::size_t d = 0; d < N - 1; ++d)
            t[d] -= before[d];
    }
    return t;
}

/// The polynomial c around each of so many centres, side by side in the lanes of a vector, in powers of
/// (t - centre) / radius, without what matters only at larger radii: of the first power left out, t^{D+1},
/// T_{D+1} / 2^D is, which is 2^D times less.
template <int Degree, std::size_t Parts>
std::array<polynomial<Degree>, Parts> parts_of(const piece_coefficients& c,
                                               const std::array<double, Parts>& centres, double radius) {
    static constexpr auto next = chebyshev_polynomial<std::size_t(Degree) + 1>();
    double b[piece_degree + 1][Parts];
    for (int k = 0; k <= piece_degree; ++k)
        std::fill_n(b[k], Parts, c[k]);
    for (int j = 0; j <= Degree + 1; ++j) {
        for (int k = piece_degree - 1; k >= j; --k) {
            for (std::size_t i = 0; i < Parts; ++i)
                b[k][i] += centres[i] * b[k + 1][i];
        }
    }
    std::array<polynomial<Degree>, Parts> parts;
    for (std::size_t i = 0; i < Parts; ++i) {
        double power = 1;
        for (int k = 0; k <= Degree; ++k) {
            parts[i][k] = b[k][i] * power;
            power *= radius;
        }
        const double left_out = b[Degree + 1][i] * power / next[Degree + 1];
        for (int k = Degree - 1; k >= 0; k -= 2)
            parts[i][k] -= left_out * next[std::size_t(k)];
    }
    return parts;
}

/// The Chebyshev points t_i = cos(i pi / N), i = 0 .. N, and the way from values there to a polynomial.
template <int N>
class chebyshev_points {
  public:
    static const chebyshev_points& get() {
        static const chebyshev_points points;
        return points;
    }

    /// (1 - t_i) / 2 for i = 1 .. N: how far below the upper end the points lie, of the width.
    Eigen::Array<double, N, 1> below() const { return below_.template tail<N>(); }

    double operator[](int i) const { return 1 - 2 * below_[i]; }

    /// Coefficients of t^0 .. t^N. By way of the Chebyshev coefficients, which fall off so fast that the
    /// large integers of T_k meet only small numbers; the inverse Vandermonde matrix would lose two digits.
    polynomial<N> coefficients(const polynomial<N>& values) const {
        return product(to_powers_, product(to_chebyshev_, values));
    }

    /// How much the value at t_i counts in the coefficient of t^d.
    double to_power(int d, int i) const { return coefficients_of_each_(d, i); }

  private:
    using square_matrix = Eigen::Array<double, N + 1, N + 1>;

    chebyshev_points() {
        const double angle = std::acos(-1.0) / N;
        const auto halved_at_ends = [](int i) { return i == 0 || i == N ? 0.5 : 1.0; };
        for (int i = 0; i <= N; ++i) {
            for (int k = 0; k <= N; ++k)
                to_chebyshev_(k, i) =
                    2.0 / N * halved_at_ends(i) * halved_at_ends(k) * std::cos((i * k) % (2 * N) * angle);
            const double sine = std::sin(i * angle / 2);
            below_[i] = sine * sine;
        }
        to_powers_.setZero();  // column k is T_k = 2 t T_{k-1} - T_{k-2}
        to_powers_(0, 0) = 1;
        to_powers_(1, 1) = 1;
        for (int k = 2; k <= N; ++k) {
            for (int d = 0; d <= N; ++d)
                to_powers_(d, k) = (d > 0 ? 2 * to_powers_(d - 1, k - 1) : 0) - to_powers_(d, k - 2);
        }
        for (int i = 0; i <= N; ++i) {
            for (int d = 0; d <= N; ++d) {
                double sum = 0;
                for (int k = 0; k <= N; ++k)
                    sum += to_powers_(d, k) * to_chebyshev_(k, i);
                coefficients_of_each_(d, i) = sum;
            }
        }
    }

    /// Column by column: few instructions, and no templates that every user would compile.
    static polynomial<N> product(const square_matrix& matrix, const polynomial<N>& values) {
        polynomial<N> sum;
        for (int d = 0; d <= N; ++d)
            sum[d] = matrix(d, 0) * values[0];
        for (int k = 1; k <= N; ++k) {
            for (int d = 0; d <= N; ++d)
                sum[d] += matrix(d, k) * values[k];
        }
        return sum;
    }

    square_matrix to_chebyshev_;
    square_matrix to_powers_;
    square_matrix coefficients_of_each_;
    polynomial<N> below_;
};

/// The points of a piece.
using piece_points = chebyshev_points<piece_degree>;

/// The mean of t^m, m even, over the `count` points -1 + 1/count, -1 + 3/count, ..., 1 - 1/count: Euler-Maclaurin, of
/// which only so many terms are not zero, with the Bernoulli polynomials at 1/2. They cancel where points are few: of 8
/// and more the error is some epsilons.
inline double mean_of_power(int m, double count) {
    static constexpr std::array<double, piece_degree / 2 + 1> bernoulli{
        1, -1. / 12, 7. / 240, -31. / 1344, 127. / 3840, -2555. / 33792, 1414477. / 5591040};
    const double square = 4 / (count * count);
    double sum = 1;
    double binomial = 1;  // of m + 1 and j, times (2 / count)^j
    for (int j = 2; j <= m; j += 2) {
        binomial *= square * double((m + 3 - j) * (m + 2 - j)) / double(j * (j - 1));
        sum += binomial * bernoulli[std::size_t(j / 2)];
    }
    return sum / double(m + 1);
}

/// A polynomial on the positions begin .. begin + width - 1.
struct chebyshev_piece {
    /// Coefficients as small as this are left out: the arithmetic of subnormal numbers is slow on some
    /// processors.
    static constexpr double negligible = 1e-305;

    std::int64_t begin;
    std::int64_t width;
    piece_coefficients c;  // in powers of t, from -1 at begin to 1 at begin + width

    /// The piece through values at the upper end and at the points. One that reaches below what is not
    /// negligible is zero: its values differ by less than a factor of four.
    static chebyshev_piece through(const piece_coefficients& values, std::int64_t begin, std::int64_t width) {
        if (values.minCoeff() < negligible) return {begin, width, piece_coefficients::Zero()};
        // Only the differences from the middle go through the matrices, and leave roundings of their size.
        const double middle = values[piece_degree / 2];
        piece_coefficients c = piece_points::get().coefficients(values - middle);
        c[0] += middle;
        return {begin, width, c};
    }

    /// The values at begin + offset, ..., `count` of them. Long pieces are written in parts of lower degree,
    /// whose coefficients cost little beside the part.
    template <class Real>
    void fill(std::int64_t offset, std::int64_t count, Real* out) const {
        if (part_width<4>(width) < width)
            fill_parts<4>(offset, count, out);
        else if (part_width<8>(width) < width)
            fill_parts<8>(offset, count, out);
        else
            write(c, width, int(offset), int(offset + count), out);
    }

    /// The sum of f(value) over the positions, f smooth on the values: interpolated as they were, its powers
    /// summed in closed form. The middle of the positions lies half a position below the piece's.
    template <class Function>
    double sum_of(const Function& f) const {
        const piece_points& points = piece_points::get();
        const double step = 1 / double(width);
        piece_coefficients values;
        for (int i = 0; i <= piece_degree; ++i) {
            double value = c[piece_degree];
            for (int k = piece_degree - 1; k >= 0; --k)
                value = value * (points[i] - step) + c[k];
            values[i] = f(value);
        }
        const piece_coefficients a = points.coefficients(values);
        double mean = 0;
        for (int k = piece_degree; k >= 0; k -= 2)
            mean += a[k] * mean_of_power(k, double(width));
        return double(width) * mean;
    }

  private:
    template <int Degree, class Real>
    void fill_parts(std::int64_t offset, std::int64_t count, Real* out) const {
        const std::int64_t part = part_width<Degree>(width);
        const std::int64_t end = offset + count;
        const double scale = 1 / double(width);
        while (offset < end) {
            std::int64_t first = offset / part * part;
            std::array<double, 4> centres;
            for (std::size_t i = 0; i < centres.size(); ++i)
                centres[i] = (2 * double(first + std::int64_t(i) * part) + double(part)) * scale - 1;
            for (const polynomial<Degree>& of_part : parts_of<Degree>(c, centres, double(part) * scale)) {
                if (offset >= end) break;
                const auto from = int(offset - first);
                const auto to = int(std::min(end - first, part));
                write(of_part, part, from, to, out);
                out += to - from;
                first += part;
                offset = first;
            }
        }
    }

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
        constexpr int together = 16;  // so that vectors of them are made; the last ones may be made twice
        int i = first;
        while (i < middle && middle - first >= together) {
            i = std::min(i, middle - together);
            double differences[together];
            Real* const sums = out + (i - from);
            for (int j = 0; j < together; ++j) {
                const halves p = halves_at(i + j);
                sums[j] = Real(p.even + p.odd);
                differences[j] = p.even - p.odd;
            }
            for (int j = 0; j < together; ++j)
                mirrored[-i - j] = Real(differences[j]);
            i += together;
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
