// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/least_by_slope.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <vector>

namespace cesaro::detail {

/// Binomial laws of one number of trials, in Real alone.
template <class Real>
class plain_binomial {
  public:
    explicit plain_binomial(Eigen::Index trials) : ratio_(trials) {
        for (Eigen::Index k = 0; k < trials; ++k)
            ratio_[k] = Real(trials - k) / Real(k + 1);
    }

    /// C(H, k) p^k (1 - p)^(H - k), k = 0 .. H: by ratios from the largest, as far as they matter.
    Eigen::VectorX<Real> operator()(Real p) const {
        constexpr Real least = 1e-20;
        const Eigen::Index trials = ratio_.size();
        Eigen::VectorX<Real> w = Eigen::VectorX<Real>::Zero(trials + 1);
        const auto mode = std::min(trials, Eigen::Index(Real(trials + 1) * p));
        w[mode] = 1;
        for (Eigen::Index k = mode; k < trials && w[k] > least; ++k)
            w[k + 1] = w[k] * (p / (1 - p) * ratio_[k]);
        for (Eigen::Index k = mode; k > 0 && w[k] > least; --k)
            w[k - 1] = w[k] * ((1 - p) / p * ratio_[trials - k]);
        return w / w.sum();
    }

  private:
    Eigen::VectorX<Real> ratio_;
};

/// About how far the rows of networks whose layers all mix by alpha are from a measured profile: a sum over a hundred
/// cells of positions, the smaller the nearer to the first token. With K the number of hops, binomial,
///
///     P(source <= m) = (m+1)/(n+1) sum_j P(K > j) h_j(m+2 .. n+1),   d/dalpha P(K > j) = H P(K' = j),
///
/// K' of a layer less; h_j of the first three power sums, as in complete_homogeneous.hpp.
template <class Real>
class mixing_sketch {
  public:
    /// \param measured has been checked, and has two positions at least. \param depth at least 1.
    mixing_sketch(const Eigen::VectorX<Real>& measured, Eigen::Index depth)
        : hops_(depth), fewer_hops_(depth - 1) {
        const Eigen::Index n = measured.size() - 1;
        const Real sum = measured.sum();
        std::vector<Eigen::Index> begins;
        std::vector<Real> means;
        Real below = 0;
        for (Eigen::Index m = 0; m < n;) {
            const Eigen::Index size = std::clamp<Eigen::Index>(m / 8, 1, std::max<Eigen::Index>(1, n / 32));
            const Eigen::Index end = std::min(m + size, m < exact ? std::min(exact, n) : n);
            const auto width = Real(end - m);
            const Real before = below;
            Real sums = 0;
            begins.push_back(m);
            for (; m < end; ++m)
                sums += below += measured[m] / sum;
            means.push_back(sums / width);
            if (width > 1) unsure_ += width / Real(n) * (below - before) * (below - before);
        }
        begins.push_back(n);
        means_ = Eigen::Map<Eigen::VectorX<Real>>(means.data(), Eigen::Index(means.size()));
        shares_.resize(means_.size());
        for (Eigen::Index i = 0; i < shares_.size(); ++i)
            shares_[i] = Real(begins[std::size_t(i) + 1] - begins[std::size_t(i)]) / Real(n);
        set_tails(begins, depth);
    }

    /// Where the distance is least, and an interval around it.
    struct least_place {
        Real low;
        Real alpha;
        Real high;
    };

    /// None where distances elsewhere are so near to the least that the sketch does not tell them apart.
    std::optional<least_place> least() const {
        constexpr Eigen::Index grid = 32;
        const Eigen::VectorX<Real> distance = distances(grid);
        Eigen::Index best = 0;
        const Real enough = distance.minCoeff(&best) + unsure_;
        for (Eigen::Index i = 0; i <= grid; ++i)
            if (std::abs(i - best) > 2 && distance[i] <= enough) return std::nullopt;
        const Real low = Real(std::max<Eigen::Index>(best - 2, 0)) / grid;
        const Real high = Real(std::min<Eigen::Index>(best + 2, grid)) / grid;
        return least_place{low, least_by_slope(*this, low, high, Real(best) / grid, 0.25 / grid, 0x1p-10),
                           high};
    }

    sloped_value<Real> operator()(Real alpha) const {
        const Eigen::ArrayX<Real> moved = tails_ * more_hops(alpha) - means_;
        const Eigen::ArrayX<Real> slope = tails_ * (Real(tails_.cols()) * fewer_hops_(alpha));
        return {alpha, moved.abs().matrix().dot(shares_),
                (moved < 0).select(-slope, slope).matrix().dot(shares_)};
    }

  private:
    /// The first positions, where h_j is taken from h_j a position later.
    static constexpr Eigen::Index exact = 32;

    /// h_j(m+2 .. n+1), j = 0 .. H-1, of several m, from power sums at midpoints and
    ///     h_j = t_j + e_3/3 t_{j-3},   t_j = t_{j-1} (p_1 + (j-1) q) / j,   q = p_2 / p_1,   e_3 = p_3 - p_1 q².
    static Eigen::ArrayXX<Real> series(const Eigen::ArrayX<Real>& m, Real n, Eigen::Index depth) {
        const Eigen::ArrayX<Real> y = 1 / (m + 1.5);
        const Real x = 1 / (n + 1.5);
        const Eigen::ArrayX<Real> square = y.square() - x * x;
        const Eigen::ArrayX<Real> p1 = (y / x).log() - square / 24;
        const Eigen::ArrayX<Real> q = (y - x - (y.cube() - x * x * x) / 12) / p1;
        const Eigen::ArrayX<Real> p3 = square / 2 - (y.square().square() - x * x * x * x) / 8;
        Eigen::ArrayXX<Real> t(m.size(), depth);
        t.col(0).setOnes();
        for (Eigen::Index j = 1; j < depth; ++j)
            t.col(j) = t.col(j - 1) * (p1 + Real(j - 1) * q) / Real(j);
        for (Eigen::Index j = depth; j-- > 3;)
            t.col(j) += (p3 - p1 * q.square()) / 3 * t.col(j - 3);
        return t;
    }

    /// (m+1)/(n+1) h_j(m+2 .. n+1), in the middle of the cells or their means over them.
    void set_tails(const std::vector<Eigen::Index>& begins, Eigen::Index depth) {
        const auto n = Real(begins.back());
        const Eigen::Index cells = shares_.size();
        Eigen::ArrayX<Real> middle(cells);
        for (Eigen::Index i = 0; i < cells; ++i)
            middle[i] = Real(begins[std::size_t(i)] + begins[std::size_t(i) + 1] - 1) / 2;
        Eigen::Index i = cells;
        while (i > 0 && begins[std::size_t(i) - 1] >= exact)
            --i;
        Eigen::Index m = begins[std::size_t(i)];
        tails_.resize(cells, depth);
        tails_.bottomRows(cells - i) =
            series(middle.tail(cells - i), n, depth).colwise() * ((middle.tail(cells - i) + 1) / (n + 1));
        Eigen::ArrayX<Real> h =
            series(Eigen::ArrayX<Real>::Constant(1, Real(m - 1)), n, depth).row(0).transpose();
        for (; i-- > 0;) {
            Eigen::ArrayX<Real> mean = Eigen::ArrayX<Real>::Zero(depth);
            const Eigen::Index end = m;
            for (; m > begins[std::size_t(i)]; --m) {
                mean += Real(m) / (n + 1) * h;  // of position m - 1
                const Real inverse = 1 / Real(m);
                for (Eigen::Index j = 1; j < depth; ++j)
                    h[j] += h[j - 1] * inverse;
            }
            tails_.row(i) = (mean / Real(end - m)).matrix().transpose();
        }
    }

    /// P(K > j), j = 0 .. H-1.
    Eigen::VectorX<Real> more_hops(Real alpha) const {
        const Eigen::VectorX<Real> w = hops_(alpha);
        Eigen::VectorX<Real> more(w.size() - 1);
        Real sum = 0;
        for (Eigen::Index j = more.size(); j-- > 0;)
            more[j] = sum += w[j + 1];
        return more;
    }

    /// At alpha = 0, 1/grid, ..., 1.
    Eigen::VectorX<Real> distances(Eigen::Index grid) const {
        Eigen::MatrixX<Real> more(tails_.cols(), grid + 1);
        for (Eigen::Index i = 0; i <= grid; ++i)
            more.col(i) = more_hops(Real(i) / Real(grid));
        const Eigen::MatrixX<Real> moved = (tails_ * more).colwise() - means_;
        return moved.cwiseAbs().transpose() * shares_;
    }

    plain_binomial<Real> hops_;
    plain_binomial<Real> fewer_hops_;
    Real unsure_ = 1e-7;           // how wrong a distance may be: mass may be moved both ways in a cell
    Eigen::VectorX<Real> shares_;  // of the positions that each cell has
    Eigen::VectorX<Real> means_;   // of P(source <= m), measured, over the cell
    Eigen::MatrixX<Real> tails_;   // cells x hops
};

}  // namespace cesaro::detail
