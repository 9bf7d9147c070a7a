// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/least_by_slope.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

namespace cesaro::detail {

/// How the mass that is moved past each position, to make a measured profile of one of a family, goes with the family's
/// parameter: Newton's polynomial through what it is at some nodes. The distance, its mean absolute value, has kinks;
/// this has none.
///
///     D(t) = c_0 + (t - t_0) (c_1 + (t - t_1) (c_2 + ...)),
///     c_j = (D_j - D(t_j)) / ((t_j - t_0) ... (t_j - t_{j-1})),   D(t_j) as it was before.
template <class Real>
class profile_path {
  public:
    /// One more node, of which there is none yet.
    /// \return how far what was foretold is from what is, as a distance.
    Real add(Real t, const Eigen::VectorX<Real>& moved) {
        const Eigen::Index count = nodes();
        if (count == coefficients_.cols()) coefficients_.conservativeResize(moved.size(), count + 5);
        auto next = coefficients_.col(count);
        next = moved;
        Real product = 1;
        for (Eigen::Index j = 0; j < count; ++j) {
            next -= product * coefficients_.col(j);
            product *= t - node(j);
        }
        const Real surprise = next.cwiseAbs().mean();
        next *= 1 / product;
        nodes_.push_back(t);
        return surprise;
    }

    /// Whether there is a node here.
    bool knows(Real t, Real tolerance) const {
        return std::any_of(nodes_.begin(), nodes_.end(),
                           [&](Real node) { return std::abs(t - node) <= tolerance; });
    }

    /// How far a unit of the parameter leads, as a distance, between the first two nodes.
    Real speed() const { return coefficients_.col(1).cwiseAbs().mean(); }

    Eigen::Index nodes() const { return Eigen::Index(nodes_.size()); }
    Real node(Eigen::Index j) const { return nodes_[std::size_t(j)]; }
    /// Positions by nodes.
    auto coefficients() const { return coefficients_.leftCols(nodes()); }

  private:
    std::vector<Real> nodes_;
    Eigen::MatrixX<Real> coefficients_;  // and room for more
};

/// The distance along a path, for least_by_slope(). Positions past which mass is moved the same way at both ends of an
/// interval are one polynomial there, and only the others are looked at one by one.
template <class Real>
class path_distance {
    /// As many positions as stay in the cache.
    static constexpr Eigen::Index together = 256;
    using values = Eigen::Array<Real, Eigen::Dynamic, 1, 0, together, 1>;
    using columns = Eigen::Ref<const Eigen::MatrixX<Real>>;

  public:
    explicit path_distance(const profile_path<Real>& path)
        : path_(path),
          size_(path.coefficients().rows()),
          settled_(Eigen::VectorX<Real>::Zero(path.nodes())) {}

    sloped_value<Real> operator()(Real t) const {
        Real sum = settled_[last()];
        Real slope = 0;
        for (Eigen::Index j = last(); j-- > 0;) {
            slope = sum + (t - path_.node(j)) * slope;
            sum = settled_[j] + (t - path_.node(j)) * sum;
        }
        values slopes;
        const columns c = open();
        for (Eigen::Index first = 0; first < c.rows(); first += together) {
            const values moved = at(c, t, first, &slopes);
            sum += moved.abs().sum();
            slope += (moved < 0).select(-slopes, slopes).sum();
        }
        return {t, sum / Real(size_), slope / Real(size_)};
    }

    /// From now on t is in [low, high]. Unless half of the positions remain, they are put next to each other.
    void narrow(Real low, Real high) {
        const columns c = open();
        std::vector<Eigen::Index> crossing;
        Eigen::VectorX<Real> settled = settled_;
        for (Eigen::Index first = 0; first < c.rows(); first += together) {
            if (2 * Eigen::Index(crossing.size()) > c.rows()) return;
            const values at_low = at(c, low, first);
            const values at_high = at(c, high, first);
            const values half = values::Constant(at_low.size(), 0.5);
            const values sign = (at_low < 0).select(-half, half) + (at_high < 0).select(-half, half);
            for (Eigen::Index m = 0; m < sign.size(); ++m)
                if (std::abs(sign[m]) < 0.5) crossing.push_back(first + m);
            settled.noalias() += c.middleRows(first, sign.size()).transpose() * sign.matrix();
        }
        crossing_ = Eigen::MatrixX<Real>(c(crossing, Eigen::all));
        settled_ = settled;
    }

  private:
    Eigen::Index last() const { return path_.nodes() - 1; }

    columns open() const { return crossing_ ? columns(*crossing_) : columns(path_.coefficients()); }

    /// D(t) at some of the open positions, and its derivative where there is room for it.
    values at(const columns& c, Real t, Eigen::Index first, values* slopes = nullptr) const {
        const Eigen::Index count = std::min(together, c.rows() - first);
        values moved = c.col(last()).segment(first, count).array();
        if (slopes) slopes->setZero(count);
        for (Eigen::Index j = last(); j-- > 0;) {
            if (slopes) *slopes = moved + (t - path_.node(j)) * *slopes;
            moved = c.col(j).segment(first, count).array() + (t - path_.node(j)) * moved;
        }
        return moved;
    }

    const profile_path<Real>& path_;
    Eigen::Index size_;
    Eigen::VectorX<Real> settled_;                  // sums of coefficients
    std::optional<Eigen::MatrixX<Real>> crossing_;  // the coefficients of the others, once some are settled
};

}  // namespace cesaro::detail
