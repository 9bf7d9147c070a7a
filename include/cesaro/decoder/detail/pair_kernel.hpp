// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/requirements.hpp>

#include <Eigen/Core>

#include <utility>

namespace cesaro::detail {

/// A function of two positions that is smooth over pairs of cells but on the diagonal, where both positions
/// are the same: covariances of activations, whose own variance stands out. Within one cell it is smooth on
/// either side of the diagonal.
template <std::floating_point Real>
struct pair_kernel {
    /// Of two different positions, cell by cell (in one cell, of a later and an earlier); of a position with
    /// itself; and in one cell, of an earlier position and a later.
    Eigen::ArrayXX<Real> all;

    pair_kernel() = default;
    explicit pair_kernel(Eigen::Index cells) : all(cells, cells + 2) {}
    explicit pair_kernel(Eigen::ArrayXX<Real> values) : all(std::move(values)) {}
    [[nodiscard]] Eigen::Index size() const { return all.rows(); }
    [[nodiscard]] auto off() { return all.leftCols(size()).matrix(); }
    [[nodiscard]] auto off() const { return all.leftCols(size()).matrix(); }
    [[nodiscard]] auto diagonal() { return all.col(size()).matrix(); }
    [[nodiscard]] auto diagonal() const { return all.col(size()).matrix(); }
    [[nodiscard]] auto above() { return all.col(size() + 1).matrix(); }
    [[nodiscard]] auto above() const { return all.col(size() + 1).matrix(); }
    [[nodiscard]] auto below() { return off().diagonal(); }
    [[nodiscard]] auto below() const { return off().diagonal(); }

    pair_kernel(const Eigen::Ref<const Eigen::MatrixX<Real>>& different,
                const Eigen::Ref<const Eigen::VectorX<Real>>& same)
        : all(different.rows(), different.rows() + 2) {
        off() = different;
        diagonal() = same;
        above() = different.diagonal();
    }

    [[nodiscard]] pair_kernel transpose() const {
        pair_kernel x(size());
        x.off() = off().transpose();
        x.diagonal() = diagonal();
        x.above() = below();
        x.below() = above();
        return x;
    }
    /// \f$x_{nm} + x_{mn}\f$ for this one.
    void add_transpose() {
        const Eigen::VectorX<Real> both = below() + above();
        off() += off().transpose().eval();
        diagonal() *= 2;
        above() = both;
        below() = both;
    }

    /// \f$g_n x_{nm} g_m\f$.
    [[nodiscard]] pair_kernel scaled(const Eigen::VectorX<Real>& g) const {
        pair_kernel x(all.colwise() * g.array());
        x.off() *= g.asDiagonal();
        x.all.rightCols(2).colwise() *= g.array();
        return x;
    }

    pair_kernel& operator+=(const pair_kernel& x) {
        all += x.all;
        return *this;
    }
    friend pair_kernel operator+(const pair_kernel& a, const pair_kernel& b) {
        return pair_kernel(a.all + b.all);
    }
};

}  // namespace cesaro::detail
