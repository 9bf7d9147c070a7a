// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/chebyshev_piece.hpp>
#include <cesaro/detail/position_walk.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cesaro::detail {

/// The row, and the h_k that it is made of, at `piece_degree` real positions at once.
class row_evaluator {
  public:
    /// \param hop w_k / tokens for k = 1 .. H, H >= 1.
    row_evaluator(const std::vector<double>& hop, std::int64_t tokens)
        : hop_(hop), end_(double(tokens) + 0.5), h_(piece_degree, Eigen::Index(hop.size())) {}

    /// The values where `position` (= a - 1/2, at least 384) + `distance` = tokens + 1/2; both are given
    /// because neither may come from a subtraction.
    ///
    /// Power sums p_r = sum_{i=a..b} i^-r, then Newton's identities, k h_k = sum_r p_r h_{k-r}, of eight real
    /// positions side by side, and no more power sums than matter: leaving out p_r changes the row by less
    /// than p_r rho^r / r, relatively.
    /// \param rho bound of G_1 / G_0 at all the positions.
    point_values operator()(const point_values& position, const point_values& distance, double rho) {
        const int order = newton_order(position.minCoeff(), distance.maxCoeff(), rho);
        power_sums(position, distance, order);
        point_values h = point_values::Ones();
        point_values value = point_values::Constant(hop_[0]);
        h_.col(0) = h;
        constexpr int last = piece_degree - 1;
        for (Eigen::Index k = 1; k < h_.cols(); ++k) {
            if (vanishes(std::size_t(k), h[last], p_[1][last])) {
                h_.rightCols(h_.cols() - k).setZero();
                break;
            }
            point_values sum = point_values::Zero();
            for (Eigen::Index r = std::min<Eigen::Index>(order, k); r > 1; --r)
                sum += p_[std::size_t(r)] * h_.col(k - r);
            h = (sum + p_[1] * h) * (1 / double(k));  // h_{k-1} last: everything else need not wait for it
            h_.col(k) = h;
            value += hop_[std::size_t(k)] * h;
        }
        return value;
    }

    /// h_0 .. h_{H-1} at the last of the positions.
    std::vector<double> last_h() const {
        const auto h = h_.row(piece_degree - 1);
        return {h.begin(), h.end()};
    }

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

  private:
    /// By Euler-Maclaurin at midpoints, which has half the coefficients of the usual one and takes real
    /// positions. With D_s = position^-s - (tokens + 1/2)^-s, written as a product so that it never cancels,
    ///     p_1 = log(1 + distance / position)    - D_2 / 24   + 7 D_4 / 960 - ...,
    ///     p_r = D_{r-1} / (r-1)               - r D_{r+1} / 24 + 7 r (r+1) (r+2) D_{r+3} / 5760 - ...
    void power_sums(const point_values& position, const point_values& distance, int order) {
        std::array<point_values, max_order + 4> d;
        const point_values y = position.inverse();
        const double x = 1 / end_;
        const point_values gap = distance * y * x;      // y - x
        point_values geometric = point_values::Ones();  // y^{s-1} + y^{s-2} x + ... + x^{s-1}
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
    std::array<point_values, max_order + 1> p_;
};

}  // namespace cesaro::detail
