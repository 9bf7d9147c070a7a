// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/chebyshev_piece.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>

/// What a past of hops makes of the positions after it, far from the first one.
///
/// With t_k = M^k x, and S_k the sum of t_{k-1} over the positions before a, of those from a on
///
///     t_k(n) = (M_a^k x)(n) + sum_{j<k} S_{k-j} h_j(a+1..n+1) / (n+1),
///     sum_{m<=n} t_{k-1}(m) = S_k + sum_{1<=j<k} S_{k-j} h_j(a+1..n+1) + sum_{a<=m<=n} (M_a^{k-1} x)(m),
///
/// where M_a averages what lies from a on and h_j is the complete homogeneous polynomial of degree j in
/// 1/(a+1), ..., 1/(n+1). Sums of t_k over hops, C_k = sum_i w_{k+i} S_i, follow:
///
///     sum_k w_k t_k(n) = sum_k w_k (M_a^k x)(n) + sum_j C_j h_j(a+1..n+1) / (n+1),
///     C_k at n + 1 = sum_j C_{k+j} h_j(a+1..n+1) + sum_i w_{k+i} sum_{a<=m<=n} (M_a^{i-1} x)(m).
///
/// Far from the first position h_j is about (log (n+1)/a)^j / j!, and M_a^k x below h_k max |x|: of dozens of
/// hops a few move anything. The transpose has the same laws from the last position back, without the division
/// by n + 1.
namespace cesaro::detail {

/// From the first position to the last, or back.
enum class walk { forward, backward };

/// h_j of the positions of segments, one segment per lane, and as polynomials of the position.
template <class Step>
class responses_of_past {
    using Real = typename Step::Scalar;

  public:
    static constexpr int most_orders = 8;
    /// h_0, h_1, ..., one more than the orders.
    using polynomials = std::array<Step, most_orders + 2>;

    /// \param orders the highest j of the polynomials. \param first the positions before each segment.
    /// \param size those of a segment.
    responses_of_past(walk direction, int orders, const Step& first, Eigen::Index size)
        : forward_(direction == walk::forward),
          orders_(orders),
          first_(first),
          size_(Real(size)),
          whole_(after(Step::Constant(size_))) {}

    /// h_j of all positions of the segments.
    const polynomials& whole() const { return whole_; }

    /// Coefficients of u^0, u^1, ..., of each the h_j: of s positions, and where the walk is forward h_j / (n + 1). The
    /// u of the s-th position on the way is (2 s - size - 1) / size.
    template <int Degree>
    std::array<polynomials, Degree + 1> powers() const {
        // Only the differences from the middle go through the matrix, whose entries alternate and are large.
        const auto& points = chebyshev_points<Degree>::get();
        const std::size_t count = std::size_t(orders_) + 1;
        polynomials middle = after(taken(0));
        for (std::size_t j = 0; j < count; ++j)
            middle[j] = seen(middle[j], taken(0));
        std::array<polynomials, Degree + 1> values;
        for (int i = 0; i <= Degree; ++i) {
            polynomials& value = values[std::size_t(i)];
            value = after(taken(points[i]));
            for (std::size_t j = 0; j < count; ++j)
                value[j] = seen(value[j], taken(points[i])) - middle[j];
        }
        std::array<polynomials, Degree + 1> powers;
        for (int d = 0; d <= Degree; ++d) {
            polynomials& coefficients = powers[std::size_t(d)];
            for (std::size_t j = 0; j < count; ++j)
                coefficients[j] = d == 0 ? middle[j] : Step::Constant(Real(0));
            for (int i = 0; i <= Degree; ++i) {
                const auto weight = Real(points.to_power(d, i));
                for (std::size_t j = 0; j < count; ++j)
                    coefficients[j] += weight * values[std::size_t(i)][j];
            }
        }
        return powers;
    }

  private:
    Step taken(double u) const { return Step::Constant((size_ * Real(u) + size_ + Real(1)) / Real(2)); }

    Step seen(const Step& h, const Step& s) const { return forward_ ? Step(h / (first_ + s)) : h; }

    /// h_0, h_1, ... of the first s positions on the way, s real, from their power sums by the midpoint rule. Good
    /// where h_j is small beside h_{j-1}: what is left out is some 1e-17 of h_0, and more of the later ones.
    polynomials after(const Step& s) const {
        const Step low = forward_ ? Step(first_ + Real(0.5)) : Step(first_ + (size_ + Real(0.5)) - s);
        const Step high = low + s;
        const Step sum = low + high;
        const Step per_product = (low * high).inverse();
        const Step w = s / sum;
        const Step v = w * w;
        // 2 artanh(w) / w, of w below 1/256.
        const Step series = ((v / Real(7) + Real(1) / Real(5)) * v + Real(1) / Real(3)) * v + Real(1);
        const Step second = s * per_product;
        const Step slant = sum * per_product;
        const Step bend = slant * slant - per_product;
        const std::array<Step, 5> p{Real(2) * w * series - second * slant / Real(24),
                                    second - second * bend / Real(12), second * slant / Real(2),
                                    second * bend / Real(3),
                                    second * slant * (slant * slant - Real(2) * per_product) / Real(4)};
        polynomials h;
        h[0].setConstant(Real(1));
        for (int j = 1; j < orders_ + 2; ++j) {
            Step total = p[0] * h[std::size_t(j - 1)];
            for (int r = 2; r <= std::min(j, 5); ++r)
                total += p[std::size_t(r - 1)] * h[std::size_t(j - r)];
            h[std::size_t(j)] = total / Real(j);
        }
        return h;
    }

    bool forward_;
    int orders_;
    Step first_;
    Real size_;
    polynomials whole_;
};

}  // namespace cesaro::detail
