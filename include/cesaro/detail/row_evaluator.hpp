// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/chebyshev_piece.hpp>
#include <cesaro/detail/key_places.hpp>
#include <cesaro/detail/position_walk.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cesaro::detail {

/// The row, and its h_k, at `piece_degree` real positions at once: `Values`, of templates compiled where they are used.
template <class Places = unit_places, class Values = point_values>
class row_evaluator {
  public:
    /// \param hop w_k / seen(tokens) for k = 1 .. H, H >= 1.
    row_evaluator(const std::vector<double>& hop, std::int64_t tokens, const Places& places = {})
        : places_(places),
          hop_(hop),
          tokens_(tokens),
          end_(double(tokens) + 0.5 + places.shift()),
          h_(piece_degree, Eigen::Index(hop.size())) {}

    /// The values `below` a position, both counted from the first one; the least of them sees 150 keys at least.
    ///
    /// Power sums p_r = sum_{i=a..b} r_i^r, then Newton's identities, k h_k = sum_r p_r h_{k-r}, of the real
    /// positions side by side, and no more power sums than matter: leaving out p_r changes the row by less
    /// than p_r rho^r / r, relatively. Where keys decay the h_k carry e^{-sd/2}, d the distance from the query.
    /// \param rho bound of G_1 / G_0 at all the positions.
    Values operator()(std::int64_t position, const Values& below, double rho) {
        // a - 1/2 and the distance from there to the end: neither may come from a subtraction.
        const Values begin = (double(position) + 0.5 + places_.shift()) - below;
        const Values distance = double(tokens_ - position) + below;
        const int order = power_sums(begin, distance, rho);
        Values h = Values::Ones();
        if constexpr (Places::decays) {
            h = half_decay(places_, tokens_ - 1 - position) * (below * (-places_.slope() / 2)).exp();
            half_ = h;
        }
        Values value = hop_[0] * h;
        h_.col(0) = h;
        constexpr int last = piece_degree - 1;
        for (Eigen::Index k = 1; k < h_.cols(); ++k) {
            if (vanishes(std::size_t(k), h[last], p_[1][last])) {
                h_.rightCols(h_.cols() - k).setZero();
                break;
            }
            Values sum = Values::Zero();
            for (Eigen::Index r = std::min<Eigen::Index>(order, k); r > 1; --r)
                sum += p_[std::size_t(r)] * h_.col(k - r);
            h = (sum + p_[1] * h) * (1 / double(k));  // h_{k-1} last: everything else need not wait for it
            h_.col(k) = h;
            value += hop_[std::size_t(k)] * h;
        }
        if constexpr (Places::decays) value *= half_;
        return value;
    }

    /// e^{-sd/2}.
    static double half_decay(const Places& places, std::int64_t distance) {
        const double half = places.template decay<double>(distance / 2);
        return distance % 2 == 0 ? half : half * std::exp(-places.slope() / 2);
    }

    /// h_0 .. h_{H-1} at these positions, one per column, of keys that do not decay.
    const auto& h() const { return h_; }

    /// h_0 .. h_{H-1} at the last of the positions.
    std::vector<double> last_h() const {
        const auto h = h_.row(piece_degree - 1);
        return {h.begin(), h.end()};
    }

    static constexpr int max_order = 20;

    /// The least r >= 1 such that p_{r+1} rho^{r+1} / (r+1) <= 1e-17.
    static int newton_order(double position, double distance, double rho) {
        const double ratio = rho / position;  // below 1/40 where a piece has at least 48 positions
        return newton_order(std::min(position, distance) * ratio * ratio, ratio);
    }

  private:
    /// Where p_{r+1} rho^{r+1} is at most ratio times p_r rho^r.
    /// \param rest p_2 rho^2.
    static int newton_order(double rest, double ratio) {
        int order = 1;
        for (; order < max_order && rest > 1e-17 * (order + 1); ++order)
            rest *= ratio;
        return order;
    }

    /// The power sums p_1 .. p_order, and the order.
    int power_sums(const Values& position, const Values& distance, double rho) {
        if constexpr (Places::decays) {
            const double least = position.minCoeff();
            const double most = distance.maxCoeff();
            const double r = 1 / least + places_.slope();  // r_a is below it
            const double first = std::log1p(most / least) + places_.slope() * most;
            const int order = newton_order(first * r * rho * rho, r * rho);
            geometric_sums(position, distance, order);
            return order;
        } else {
            const int order = newton_order(position.minCoeff(), distance.maxCoeff(), rho);
            level_sums(position, distance, order);
            return order;
        }
    }

    /// By Euler-Maclaurin at midpoints, which has half the coefficients of the usual one and takes real
    /// positions. With D_s = position^-s - (tokens + 1/2)^-s, written as a product so that it never cancels,
    ///     p_1 = log(1 + distance / position)    - D_2 / 24   + 7 D_4 / 960 - ...,
    ///     p_r = D_{r-1} / (r-1)               - r D_{r+1} / 24 + 7 r (r+1) (r+2) D_{r+3} / 5760 - ...
    void level_sums(const Values& position, const Values& distance, int order) {
        std::array<Values, max_order + 4> d;
        const Values y = position.inverse();
        const double x = 1 / end_;
        const Values gap = distance * y * x;  // y - x
        Values geometric = Values::Ones();    // y^{s-1} + y^{s-2} x + ... + x^{s-1}
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

    /// As geometric_power_sums, to two terms of the series.
    void geometric_sums(const Values& position, const Values& distance, int order) {
        const double slope = places_.slope();
        const double rho = -std::expm1(-slope);
        const double sigma = slope / rho;
        Values near;  // 1 - e^{-sA}
        Values past;  // 1 - e^{-s(B-A)}
        for (int i = 0; i < piece_degree; ++i) {
            near[i] = -std::expm1(-slope * position[i]);
            past[i] = -std::expm1(-slope * distance[i]);
        }
        const Values far = (position * -slope).exp();
        const Values gap = far * past;
        const Values near_end = near + gap;
        const Values r = rho / near;
        const Values r_end = rho / near_end;
        const Values w = r * far;
        const Values w_end = r_end * far * (1 - past);
        Values logarithm;
        for (int i = 0; i < piece_degree; ++i)
            logarithm[i] = std::log1p(gap[i] / near[i]);
        Values integral = rho * distance + logarithm / sigma;
        const Values difference = r * (gap / near_end);
        Values geometric = Values::Ones();
        Values power = Values::Ones();
        Values power_end = Values::Ones();
        for (int n = 1; n <= order; ++n) {
            power *= r;
            power_end *= r_end;
            if (n > 1) {
                integral = rho * integral + difference * geometric / (double(n - 1) * sigma);
                geometric = r * geometric + power_end / r_end;
            }
            // (-d/dt) r^n and its third power, over sigma w.
            const double n2 = double(n) * n;
            const auto third = [&](const Values& at, const Values& lacks) {
                return n * n2 * lacks * lacks + (3 * n2 + n) * at * lacks + n * at * at;
            };
            const Values once = n * (power * w - power_end * w_end);
            const Values thrice = power * w * third(r, w) - power_end * w_end * third(r_end, w_end);
            p_[std::size_t(n)] = integral - sigma / 24 * once + 7 * sigma * sigma * sigma / 5760 * thrice;
        }
    }

    Places places_;
    const std::vector<double>& hop_;
    std::int64_t tokens_;
    double end_;
    Values half_;
    Eigen::Array<double, piece_degree, Eigen::Dynamic> h_;
    std::array<Values, max_order + 1> p_;
};

}  // namespace cesaro::detail
