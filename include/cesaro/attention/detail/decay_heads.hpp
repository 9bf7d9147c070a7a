// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/detail/decay_group.hpp>
#include <cesaro/columnwise_operator.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace cesaro::detail {

/// A weighted sum of any number of distance-decay heads, those of one mask side by side in groups.
///
/// In long texts the groups are shared out to at most four parts, whatever the number of threads: the first adds to
/// the result, the others to columns of their own, which are then added in order.
template <class Real>
class decay_heads {
  public:
    explicit decay_heads(Eigen::Index size) : size_(size) {}

    /// Adds a head, see decay_group::add().
    void add(const decay_mask& mask, const Real& slope, const Real& diagonal_score, const Real& temperature,
             const Real& weight) {
        const auto last = std::find_if(groups_.rbegin(), groups_.rend(),
                                       [&](const masked_group& g) { return g.mask == mask; });
        auto place = last == groups_.rend() ? groups_.end() : last.base();  // behind the others of the mask
        if (last == groups_.rend() || last->heads.full())
            place = groups_.insert(place, {mask, group(size_, mask)}) + 1;
        (place - 1)->heads.add(slope, diagonal_score, temperature, weight);
    }

    /// y += sum_h weight_h A_h x or, transposed, weight_h A_h^T x; x and y distinct.
    template <bool Transposed>
    void accumulate(const const_column<Real>& x, column<Real>& y) const {
        const Eigen::Index groups = Eigen::Index(groups_.size());
        const Eigen::Index parts = std::min(groups, most_parts);
        if (parts < 2 || size_ < worth_sharing / groups)
            return accumulate_groups<Transposed>(0, groups, x, y);
        Eigen::MatrixX<Real> sums(size_, parts - 1);
        const auto begin = [&](Eigen::Index part) {
            return part * (groups / parts) + std::min(part, groups % parts);
        };
        parallel_for(parts, [&](Eigen::Index part) {
            if (part == 0) return accumulate_groups<Transposed>(0, begin(1), x, y);
            column<Real> sum(sums.col(part - 1));
            sum.setConstant(Real(0));
            accumulate_groups<Transposed>(begin(part), begin(part + 1), x, sum);
        });
        const auto add_sums = [&](Eigen::Index first, Eigen::Index count) {
            for (Eigen::Index part = 1; part < parts; ++part)
                y.segment(first, count) += sums.col(part - 1).segment(first, count);
        };
        parallel_pieces(size_, 8192, add_sums, 8);
    }

  private:
    static constexpr int lanes = 8;
    static constexpr Eigen::Index most_parts = 4;
    static constexpr Eigen::Index worth_sharing = 131072;  // positions times groups: a third of a millisecond

    using group = decay_group<Real, lanes>;
    struct masked_group {
        decay_mask mask;
        group heads;
    };

    /// Two groups of one mask at once where that takes four vector registers a number at most: one group alone would keep
    /// wide vector units waiting for its last results.
    template <bool Transposed>
    void accumulate_groups(Eigen::Index first, Eigen::Index last, const const_column<Real>& x,
                           column<Real>& y) const {
        for (Eigen::Index i = first; i < last; ++i) {
            const masked_group& g = groups_[std::size_t(i)];
            if constexpr (std::is_floating_point_v<Real> &&
                          sizeof(Real) * 2 * std::size_t(lanes) <= std::size_t(4) * EIGEN_MAX_ALIGN_BYTES) {
                if (i + 1 < last && groups_[std::size_t(i + 1)].mask == g.mask) {
                    decay_group<Real, 2 * lanes>(g.heads, groups_[std::size_t(++i)].heads)
                        .template accumulate<Transposed>(x, y);
                    continue;
                }
            }
            g.heads.template accumulate<Transposed>(x, y);
        }
    }

    Eigen::Index size_;
    std::vector<masked_group> groups_;  // those of one mask one after the other
};

}  // namespace cesaro::detail
