// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/position_walk.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

/// Rows of influence position by position, for any scalar; exact for rationals.
namespace cesaro::detail {

/// The least k >= 1 for which k + 1 hops have weight, hop.size() where there is none.
template <class Real>
std::size_t hops_without_weight(const std::vector<Real>& hop) {
    std::size_t k = 1;
    while (k < hop.size() && !(hop[k] > Real(0)))
        ++k;
    return k;
}

/// The next `count` positions of a walk: entries sum_k w_k h_{k-1}(r_m .. r_n) / seen(n+1), without the recency
/// delta, the last of them in out[0].
/// \param hop w_k / seen(n+1) for k = 1 .. H, H >= 1, as many as the walk has degrees.
template <class Real, class Places>
void descend(const std::vector<Real>& hop, std::int64_t count, position_walk<Real, Places>& walk, Real* out) {
    const Real first = hop[0] * walk.h()[0];
    const std::size_t fewest = hops_without_weight(hop);
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

/// The next 2 * `each` positions of a walk, `each` a multiple of 8, by two walks side by side in the lanes of a vector, of
/// keys that do not decay. Entries as those of descend(), but the first of them in out[0].
/// \param half_way h_k of the places behind the position where the second walk begins.
template <class Places>
void descend_by_two(const Places& places, const std::vector<double>& hop, std::int64_t each,
                    position_walk<double, Places>& walk, const std::vector<double>& half_way, double* out) {
    using Values = Eigen::Array<double, 2, 1>;
    constexpr std::size_t tile = 8;
    std::vector<Values, Eigen::aligned_allocator<Values>> h(hop.size());
    for (std::size_t k = 0; k < h.size(); ++k)
        h[k] = Values(walk.h()[k], half_way[k]);
    const Values top(double(walk.position()), double(walk.position() - each));
    const Values first = hop[0] * h[0];
    const std::size_t fewest = hops_without_weight(hop);
    std::size_t reach = std::min<std::size_t>(2, h.size());  // degrees that do not vanish
    while (reach < h.size() && !vanishes(reach, h[reach - 1][1], h[1][1] / h[0][1]))
        ++reach;
    for (std::int64_t i = 0; i < each; i += std::int64_t(tile)) {
        std::array<Values, tile> r;
        std::array<Values, tile> above;  // h_{k-1}
        std::array<Values, tile> entry;
        for (std::size_t j = 0; j < tile; ++j) {
            r[j] = 1 / (top - double(i + std::int64_t(j)) + places.shift());  // beyond 2^53, no steps of one
            above[j] = h[0];
            entry[j] = first;
        }
        const auto next_degree = [&](std::size_t k, const auto& visit) {
            Values sum = h[k];
            for (std::size_t j = 0; j < tile; ++j) {
                sum += above[j] * r[j];
                above[j] = sum;
                visit(j, sum);
            }
            h[k] = sum;
        };
        const auto add = [&](std::size_t k) {
            next_degree(k, [&](std::size_t j, const Values& sum) { entry[j] += hop[k] * sum; });
        };
        std::size_t k = 1;
        for (; k < std::min(fewest, reach); ++k)
            next_degree(k, [](std::size_t, const Values&) {});
        for (; k < reach; ++k)
            add(k);
        // Degrees that no longer vanish, to the second walk, whose polynomials are the larger ones.
        for (; reach < h.size() && !vanishes(reach, h[reach - 1][1], h[1][1] / h[0][1]); ++reach)
            add(reach);
        for (std::size_t j = 0; j < tile; ++j) {
            out[i + std::int64_t(j)] = entry[j][0];
            out[each + i + std::int64_t(j)] = entry[j][1];
        }
    }
    std::vector<double> left(h.size());
    for (std::size_t k = 0; k < h.size(); ++k)
        left[k] = h[k][1];
    walk = {std::move(left), walk.position() - 2 * each, places};
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
