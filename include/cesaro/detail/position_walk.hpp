// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

/// The complete homogeneous polynomials h_k of 1/a, ..., 1/b, from position to position.
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

/// A walk away from the query, which carries h_k(a..b) from a + 1 to a:
///     h_k(a..b) = h_k(a+1..b) + h_{k-1}(a..b) / a.
template <class Real>
class position_walk {
  public:
    /// \param h h_0 .. h_d of position+1 .. b. \param position where the walk starts.
    position_walk(std::vector<Real> h, std::int64_t position) : h_(std::move(h)), position_(position) {}

    /// Takes `Steps` positions, together: the sums of one position and degree wait for each other, those of
    /// different ones do not. visit(k, h) is told the h_k there, nearest first, for k = 1, 2, ... as far as
    /// they do not vanish.
    template <std::size_t Steps, class Visit>
    void step(const Visit& visit) {
        std::array<Real, Steps> reciprocal;
        std::array<Real, Steps> h;
        for (std::size_t j = 0; j < Steps; ++j) {
            reciprocal[j] = Real(1) / Real(position_ - std::int64_t(j));
            h[j] = Real(1);
        }
        Real sum(1);
        for (std::size_t k = 1; k < h_.size() && !vanishes<Real>(k, sum, h_[1]); ++k) {
            sum = h_[k];
            for (std::size_t j = 0; j < Steps; ++j) {
                sum += h[j] * reciprocal[j];
                h[j] = sum;
            }
            h_[k] = sum;
            visit(k, h);
        }
        position_ -= std::int64_t(Steps);
    }

    std::int64_t position() const { return position_; }
    const std::vector<Real>& h() const { return h_; }

  private:
    std::vector<Real> h_;
    std::int64_t position_;
};

}  // namespace cesaro::detail
