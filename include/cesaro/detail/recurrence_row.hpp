// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/complete_homogeneous.hpp>

#include <Eigen/Core>

#include <array>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

/// Rows of influence position by position, for any scalar; exact for rationals.
namespace cesaro::detail {

/// Whether the complete homogeneous polynomials from degree k >= 2 on are below the range of normal numbers,
/// whose arithmetic is slow on some processors, given the one of degree k - 1 and that of degree 1: the
/// sequence h_0 = 1, h_1, ... is log-concave, so h_k <= h_{k-1} h_1, and falls from there on. Never for exact
/// numbers.
template <class Real>
bool vanishes(std::size_t k, const Real& previous, const Real& first) {
    if constexpr (std::is_floating_point_v<Real>)
        return k > 1 && previous * first < 1024 * std::numeric_limits<Real>::min();
    return false;
}

/// The sums that are carried from position to position, walking away from the query:
///     h_k(a..b) = h_k(a+1..b) + h_{k-1}(a..b) / a,
/// and the entries they give, sum_k w_k h_{k-1}(m+1 .. n+1) / (n+1), without the recency delta.
template <class Real>
class position_recurrence {
  public:
    /// \param hop w_k / tokens for k = 1 .. H, H >= 1.
    /// \param h h_0 .. h_{H-1} of position+1 .. tokens. \param position where the walk starts.
    position_recurrence(const std::vector<Real>& hop, std::vector<Real> h, Eigen::Index position)
        : hop_(hop), h_(std::move(h)), position_(position) {}

    /// The entries of the next `count` positions, the last of them in out[0].
    void descend(Eigen::Index count, Real* out) {
        // Eight positions at a time: the sums of one position and degree wait for each other, those of
        // different ones do not.
        constexpr int tile = 8;
        for (; count >= tile; count -= tile)
            step<tile>(out + (count - tile));
        while (count-- > 0)
            step<1>(out + count);
    }

    Eigen::Index position() const { return position_; }
    const std::vector<Real>& h() const { return h_; }

  private:
    template <int Tile>
    void step(Real* out) {
        constexpr auto size = std::size_t(Tile);
        std::array<Real, size> reciprocal;
        std::array<Real, size> h;
        std::array<Real, size> entry;
        for (std::size_t j = 0; j < size; ++j) {
            reciprocal[j] = Real(1) / Real(position_ - Eigen::Index(j));
            h[j] = Real(1);
            entry[j] = hop_[0];
        }
        Real sum(1);
        for (std::size_t k = 1; k < hop_.size() && !vanishes<Real>(k, sum, h_[1]); ++k) {
            sum = h_[k];
            for (std::size_t j = 0; j < size; ++j) {
                sum += h[j] * reciprocal[j];
                h[j] = sum;
            }
            h_[k] = sum;
            for (std::size_t j = 0; j < size; ++j)
                entry[j] += hop_[k] * h[j];
        }
        for (std::size_t j = 0; j < size; ++j)
            out[size - 1 - j] = entry[j];
        position_ -= Tile;
    }

    const std::vector<Real>& hop_;
    std::vector<Real> h_;
    Eigen::Index position_;
};

/// w_k / tokens for k = 1 .. H. A network without layers is one whose only layer never attends.
template <class Real, class Weights>
std::vector<Real> weights_per_token(const Weights& weights, Eigen::Index tokens) {
    std::vector<Real> hop;
    for (Eigen::Index k = 1; k < weights.size(); ++k)
        hop.push_back(Real(weights[k] / Real(tokens)));
    if (hop.empty()) hop.push_back(Real(0));
    return hop;
}

/// A row of influence without its delta, any part of it, from the recurrence started in closed form.
template <class Real>
class recurrence_row {
  public:
    /// \param weights w_0 .. w_H. \param tokens the length of the row, >= 1.
    recurrence_row(const Eigen::VectorX<Real>& weights, Eigen::Index tokens)
        : hop_(weights_per_token<Real>(weights, tokens)), tokens_(tokens) {}

    /// The entries of positions first .. first + count - 1.
    void fill(Eigen::Index first, Eigen::Index count, Real* out) const {
        std::vector<Real> h(hop_.size());
        complete_homogeneous<Real>(first + count + 1, tokens_, h);
        position_recurrence<Real>(hop_, std::move(h), first + count).descend(count, out);
    }

  private:
    std::vector<Real> hop_;
    Eigen::Index tokens_;
};

}  // namespace cesaro::detail
