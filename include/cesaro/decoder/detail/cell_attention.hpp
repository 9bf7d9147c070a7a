// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/detail/pair_kernel.hpp>
#include <cesaro/decoder/detail/position_cells.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <utility>
#include <vector>

namespace cesaro::detail {

/// What decides how much a position attends to another, contents apart.
struct attention_pattern {
    double window = 0;  ///< positions seen, the query included; 0: all of the past
    double slope = 0;   ///< of ALiBi: weights are \f$e^{-slope\,(n - j)}\f$
    double sink = 0;    ///< added to the sum of weights that divides them
};

/// Attention of queries to sources, A, cell by cell, acting on kernels over pairs of positions.
///
/// Of the mean query of a cell it holds the weight that goes to one position of a cell before it, L, to one
/// that comes before it in its own, s, and to itself, o. A sum over the positions of a cell takes each for
/// the mean one, which is of second order in the relative width of the cells, and exact where they hold one
/// position each. With \f$\hat x\f$ the sum of a kernel x over the first position of a pair,
///
/// \f[ (A x)_{nm} = L \hat x + \mathrm{diag}(o + s\,(w - 1)/2)\, x, \f]
///
/// w the widths, and \f$A^T\f$ has \f$L^T\f$ in place of L. In one cell, of two different positions the mean
/// one has (w - 2)/3 others before it, behind it and between them.
template <std::floating_point Real>
class cell_attention {
  public:
    cell_attention(const position_cells& cells, const attention_pattern& pattern)
        : width_(cells.width.template cast<Real>()),
          single_(Eigen::MatrixX<Real>::Zero(cells.size(), cells.size())),
          first_seen_(std::size_t(cells.size())),
          last_seeing_(std::size_t(cells.size())),
          own_(cells.size()),
          beside_(cells.size()),
          others_(((width_.array() - 2) / 3).max(0)) {
        Eigen::Index first = 0;
        for (Eigen::Index c = 0; c < cells.size(); ++c) {
            const Real w = cells.width[c];
            const Real total = sum_of_weights(cells.middle(c), pattern) + pattern.sink;
            for (Eigen::Index b = first; b < c; ++b)
                single_(c, b) = pair_weights(cells, pattern, c, b) / (w * cells.width[b] * total);
            while (first < c && !(single_(c, first) > 0))
                ++first;
            first_seen_[std::size_t(c)] = first;
            std::fill(last_seeing_.begin() + first, last_seeing_.begin() + c + 1, c);
            own_[c] = 1 / total;
            beside_[c] =
                w > 1 ? (pair_weights(cells, pattern, c, c) / total - w * own_[c]) / (w * (w - 1) / 2) : 0;
        }
    }

    /// The same with every weight multiplied by a factor, of query and source.
    [[nodiscard]] cell_attention reweighted(const pair_kernel<Real>& factor) const {
        cell_attention a = *this;
        a.single_.array() *= factor.off().array();
        a.own_.array() *= factor.diagonal().array();
        a.beside_.array() *= factor.below().array();
        return a;
    }

    /// Weights of query n: to cells 0, ..., n without itself, and to itself.
    [[nodiscard]] Eigen::VectorX<Real> row(Eigen::Index n) const {
        Eigen::VectorX<Real> weights(n + 2);
        weights.head(n) = single_.row(n).head(n).transpose().cwiseProduct(width_.head(n));
        weights[n] = beside_[n] * (width_[n] - 1) / 2;
        weights[n + 1] = own_[n];
        return weights;
    }
    /// \f$\sum_j A_{nj} x_{nj}\f$.
    [[nodiscard]] Eigen::VectorX<Real> row_means(const pair_kernel<Real>& x) const {
        return single_.cwiseProduct(x.off()) * width_ + earlier().cwiseProduct(x.below()) +
               own_.cwiseProduct(x.diagonal());
    }
    /// The sum of a query's weights: 1, less what a sink takes.
    [[nodiscard]] Eigen::VectorX<Real> row_sums() const { return single_ * width_ + earlier() + own_; }
    /// \f$\sum_j A_{nj}^2\f$.
    [[nodiscard]] Eigen::VectorX<Real> participation() const {
        return single_.cwiseAbs2() * width_ + earlier().cwiseProduct(beside_) + own_.cwiseAbs2();
    }

    /// \f$A X\f$.
    [[nodiscard]] pair_kernel<Real> mean(const pair_kernel<Real>& x) const {
        pair_kernel<Real> y = product(&cell_attention::multiply, x);
        y.above() += beside_.cwiseProduct(others_).cwiseProduct(x.above());
        y.below() += beside_.cwiseProduct(x.diagonal() + others_.cwiseProduct(x.below() + x.above()));
        y.diagonal() += earlier().cwiseProduct(x.above());
        return y;
    }
    /// \f$A^T X\f$.
    [[nodiscard]] pair_kernel<Real> pull_back(const pair_kernel<Real>& x) const {
        pair_kernel<Real> y = product(&cell_attention::multiply_transposed, x);
        y.above() += beside_.cwiseProduct(x.diagonal() + others_.cwiseProduct(x.below() + x.above()));
        y.below() += beside_.cwiseProduct(others_).cwiseProduct(x.below());
        y.diagonal() += earlier().cwiseProduct(x.below());
        return y;
    }
    /// \f$A X A^T\f$ and \f$A^T X A\f$ for symmetric X.
    [[nodiscard]] pair_kernel<Real> mean_of_pairs(const pair_kernel<Real>& x) const {
        return mean(mean(x).transpose());
    }
    [[nodiscard]] pair_kernel<Real> pull_back_pairs(const pair_kernel<Real>& x) const {
        return pull_back(pull_back(x).transpose());
    }

    /// \f$\sum_j A_{nj} x_j A_{mj}\f$.
    [[nodiscard]] pair_kernel<Real> overlap(const Eigen::VectorX<Real>& x) const {
        pair_kernel<Real> y(width_.size());  // (A x)^T
        y.off().noalias() = x.asDiagonal() * single_.transpose();
        y.diagonal() = own_.cwiseProduct(x);
        y.above() = beside_.cwiseProduct(x);
        return mean(y);
    }
    /// \f$\sum_{nm} X_{nm} A_{nj} A_{mj}\f$ for every source j, X symmetric.
    [[nodiscard]] Eigen::VectorX<Real> pulled_diagonal(const pair_kernel<Real>& x) const {
        const pair_kernel<Real> y = pull_back(x);  // of (j, n)
        return (y.off().cwiseProduct(single_.transpose()) * width_) + own_.cwiseProduct(y.diagonal()) +
               earlier().cwiseProduct(y.above());
    }

  private:
    /// The sum of the weights of the keys that position n sees.
    static Real sum_of_weights(Real n, const attention_pattern& p) {
        const Real seen = p.window > 0 ? std::min(n + 1, Real(p.window)) : n + 1;
        return geometric(seen, p.slope);
    }
    /// \f$\sum_{i=0}^{count-1} e^{-slope\,i}\f$.
    static Real geometric(Real count, Real slope) {
        return slope > 0 ? std::expm1(-slope * count) / std::expm1(-slope) : count;
    }
    /// 1 + 2 + ... + x, or 0.
    static Real triangle(Real x) { return x > 0 ? x * (x + 1) / 2 : 0; }

    /// The sum of the weights of all pairs of a query in cell c and a key in cell b <= c.
    static Real pair_weights(const position_cells& cells, const attention_pattern& p, Eigen::Index c,
                             Eigen::Index b) {
        const Real query = cells.first[c], queries = cells.width[c];
        const Real key = cells.first[b], keys = cells.width[b];
        if (p.window > 0 && query - (key + keys - 1) >= p.window) return 0;
        if (p.slope > 0 && p.window > 0 && queries * keys > 1)
            return windowed_decay(query, queries, key, keys, p);
        if (p.slope > 0) {
            if (b < c) {
                return std::exp(-p.slope * (query - (key + keys - 1))) * geometric(queries, p.slope) *
                       geometric(keys, p.slope);
            }
            Real sum = 0;  // both in one cell: at distance i, queries - i pairs
            for (Real i = 0; i < queries && p.slope * i < 50; ++i)
                sum += (queries - i) * std::exp(-p.slope * i);
            return sum;
        }
        const Real seen = pairs_up_to(query, queries, key, keys);
        return p.window > 0 ? seen - pairs_up_to(query - p.window, queries, key, keys) : seen;
    }
    /// The number of pairs n, j of the two ranges with j <= n.
    static Real pairs_up_to(Real query, Real queries, Real key, Real keys) {
        if (key + keys <= query + 1) return queries * keys;
        if (key >= query + queries) return 0;
        return triangle(query + queries - key) - triangle(query - key) -
               triangle(query + queries - key - keys) + triangle(query - key - keys);
    }
    static Real windowed_decay(Real query, Real queries, Real key, Real keys, const attention_pattern& p) {
        Real sum = 0;
        for (Real n = query; n < query + queries; ++n) {
            const Real first = std::max(key, n - Real(p.window) + 1), last = std::min(key + keys - 1, n);
            if (first <= last) sum += std::exp(-p.slope * (n - last)) * geometric(last - first + 1, p.slope);
        }
        return sum;
    }

    /// The weight of a mean query to those before it in its cell.
    [[nodiscard]] Eigen::VectorX<Real> earlier() const {
        return (beside_.array() * (width_.array() - 1) / 2).matrix();
    }

    /// \f$y = L x\f$ and \f$y = L^T x\f$, some rows at a time, without most of what is zero.
    using multiplication = void (cell_attention::*)(const Eigen::MatrixX<Real>& x,
                                                    Eigen::Ref<Eigen::MatrixX<Real>> y) const;
    static constexpr Eigen::Index rows_at_a_time = 24;
    void multiply(const Eigen::MatrixX<Real>& x, Eigen::Ref<Eigen::MatrixX<Real>> y) const {
        parallel_pieces(x.rows(), rows_at_a_time, [&](Eigen::Index i, Eigen::Index rows) {
            const Eigen::Index first = first_seen_[std::size_t(i)], seen = i + rows - first;
            y.middleRows(i, rows).noalias() = single_.block(i, first, rows, seen) * x.middleRows(first, seen);
        });
    }
    void multiply_transposed(const Eigen::MatrixX<Real>& x, Eigen::Ref<Eigen::MatrixX<Real>> y) const {
        parallel_pieces(x.rows(), rows_at_a_time, [&](Eigen::Index i, Eigen::Index rows) {
            const Eigen::Index seeing = last_seeing_[std::size_t(i + rows - 1)] + 1 - i;
            y.middleRows(i, rows).noalias() =
                single_.block(i, i, seeing, rows).transpose() * x.middleRows(i, seeing);
        });
    }

    /// The product, but for what the others of its cell give to a position.
    [[nodiscard]] pair_kernel<Real> product(multiplication times, const pair_kernel<Real>& x) const {
        Eigen::MatrixX<Real> sums = width_.asDiagonal() * x.off();
        sums.diagonal() =
            x.diagonal() + ((width_.array() - 1) / 2).matrix().cwiseProduct(x.below() + x.above());
        pair_kernel<Real> y(x.size());
        (this->*times)(sums, y.off());
        y.diagonal() = y.below();
        y.above() = y.below();
        const Eigen::VectorX<Real> base = y.below();
        y.off() += (own_ + earlier()).asDiagonal() * x.off();
        y.below() = base + own_.cwiseProduct(x.below());
        y.all.rightCols(2) += x.all.rightCols(2).colwise() * own_.array();
        return y;
    }

    Eigen::VectorX<Real> width_;
    Eigen::MatrixX<Real> single_;                         // L: strictly lower
    std::vector<Eigen::Index> first_seen_, last_seeing_;  // cells that a cell sees begin, and that see it end
    Eigen::VectorX<Real> own_;                            // o
    Eigen::VectorX<Real> beside_;                         // s
    Eigen::VectorX<Real> others_;  // of a cell, before two of its positions, behind or between them
};

}  // namespace cesaro::detail
