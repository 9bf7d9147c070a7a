// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/position_walk.hpp>

#include <Eigen/Core>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

/// Rows of influence position by position, for any scalar; exact for rationals.
namespace cesaro::detail {

/// The next `count` positions of a walk: entries sum_k w_k h_{k-1}(r_m .. r_n) / seen(n+1), without the recency
/// delta, the last of them in out[0].
/// \param hop w_k / seen(n+1) for k = 1 .. H, H >= 1, as many as the walk has degrees.
template <class Real, class Places>
void descend(const std::vector<Real>& hop, std::int64_t count, position_walk<Real, Places>& walk, Real* out) {
    const Real first = hop[0] * walk.h()[0];
    std::size_t fewest = 1;  // hops beyond one that have weight
    while (fewest < hop.size() && !(hop[fewest] > Real(0)))
        ++fewest;
    const auto step = [&]<std::size_t Steps>(std::array<Real, Steps> entry) {
        entry.fill(first);
        walk.template step<Steps>(fewest, [&](std::size_t k, const std::array<Real, Steps>& h) {
            for (std::size_t j = 0; j < Steps; ++j)
                entry[j] += hop[k] * h[j];
        });
        for (std::size_t j = 0; j < Steps; ++j)
            out[count - 1 - std::int64_t(j)] = entry[j];
    };
    for (; count >= 8; count -= 8)
        step(std::array<Real, 8>());
    for (; count > 0; --count)
        step(std::array<Real, 1>());
}

/// w_k / seen(tokens) for k = 1 .. H. A network without layers is one whose only layer never attends.
template <class Real, class Places = unit_places>
std::vector<Real> weights_per_token(const Eigen::VectorX<Real>& weights, std::int64_t tokens,
                                    const Places& places = {}) {
    const Real seen = places.template seen<Real>(tokens);
    std::vector<Real> hop;
    for (Eigen::Index k = 1; k < weights.size(); ++k)
        hop.push_back(Real(weights[k] / seen));
    if (hop.empty()) hop.push_back(Real(0));
    return hop;
}

/// A row of influence without its delta, any part of it, from the walk started in closed form.
template <class Real>
class recurrence_row {
  public:
    /// \param weights w_0 .. w_H. \param tokens the length of the row, >= 1.
    recurrence_row(const Eigen::VectorX<Real>& weights, std::int64_t tokens)
        : hop_(weights_per_token<Real>(weights, tokens)), tokens_(tokens) {}

    /// The entries of positions first .. first + count - 1.
    void fill(std::int64_t first, std::int64_t count, Real* out) const {
        std::vector<Real> h(hop_.size());
        complete_homogeneous<Real>(first + count + 1, tokens_, h);
        position_walk<Real> walk(std::move(h), first + count);
        descend(hop_, count, walk, out);
    }

  private:
    std::vector<Real> hop_;
    std::int64_t tokens_;
};

}  // namespace cesaro::detail
