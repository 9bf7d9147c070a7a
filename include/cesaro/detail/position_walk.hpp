// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/key_places.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

/// The complete homogeneous polynomials h_k of r_a, ..., r_b, from place to place.
namespace cesaro::detail {

/// Whether the complete homogeneous polynomials from degree k >= 2 on are below the range of normal numbers,
/// whose arithmetic is slow on some processors, given the one of degree k - 1 and the ratio of the first two:
/// the sequence h_0, h_1, ... is log-concave, so h_k <= h_{k-1} h_1 / h_0, and falls from there on. Never for
/// exact numbers.
template <class Real>
bool vanishes(std::size_t k, const Real& previous, const Real& first) {
    if constexpr (std::is_floating_point_v<Real>)
        return k > 1 && previous * first < 1024 * std::numeric_limits<Real>::min();
    return false;
}

/// A walk away from the query, which carries h_k(a..b) from a + 1 to a:
///     h_k(a..b) = h_k(a+1..b) + r_a h_{k-1}(a..b).
template <class Real, class Places = unit_places>
class position_walk {
  public:
    /// \param h h_0 .. h_d of position+1 .. b, or these times any number. \param position where the walk starts.
    position_walk(std::vector<Real> h, std::int64_t position, const Places& places = {})
        : h_(std::move(h)), position_(position), places_(places) {}

    /// Takes `Steps` positions, together: the sums of one position and degree wait for each other, those of
    /// different ones do not. visit(k, h) is told the h_k there, nearest first, for k = fewest, ... as far as
    /// they do not vanish; fewest >= 1.
    template <std::size_t Steps, class Visit>
    void step(std::size_t fewest, const Visit& visit) {
        std::array<Real, Steps> reciprocal;
        std::array<Real, Steps> h;
        for (std::size_t j = 0; j < Steps; ++j) {
            reciprocal[j] = Real(1) / places_.template seen<Real>(position_ - std::int64_t(j));
            h[j] = h_[0];
        }
        Real sum = h_[0];
        Real first(0);
        const auto next_degree = [&](std::size_t k) {
            sum = h_[k];
            for (std::size_t j = 0; j < Steps; ++j) {
                sum += h[j] * reciprocal[j];
                h[j] = sum;
            }
            h_[k] = sum;
            if (k == 1) first = sum / h_[0];
        };
        std::size_t k = 1;
        for (; k < std::min(fewest, h_.size()) && !vanishes<Real>(k, sum, first); ++k)
            next_degree(k);
        for (; k < h_.size() && !vanishes<Real>(k, sum, first); ++k) {
            next_degree(k);
            visit(k, h);
        }
        position_ -= std::int64_t(Steps);
    }

    std::int64_t position() const { return position_; }
    const std::vector<Real>& h() const { return h_; }

  private:
    std::vector<Real> h_;
    std::int64_t position_;
    Places places_;
};

}  // namespace cesaro::detail
