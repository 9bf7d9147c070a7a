// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/detail/cell_attention.hpp>
#include <cesaro/decoder/detail/chebyshev_basis.hpp>
#include <cesaro/decoder/detail/pair_kernel.hpp>
#include <cesaro/softmax_participation.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>

namespace cesaro::detail {

/// Mean weights of softmaxes of independent Gaussian scores whose variances differ,
///
/// \f[ \mathbb E A_j = \int_0^\infty \frac{\varphi_1(t; v_j)}{\varphi_0(t; v_j)} \prod_i \varphi_0(t; v_i)\,
///     e^{-tS} dt, \qquad \varphi_i(t; v) = \mathbb E[W^i e^{-tW}], \quad W = e^{\sqrt v g}, \f]
///
/// S the weight of a sink: the variable scores win more often. Logarithms of \f$\varphi_0\f$ and ratios are
/// kept as polynomials in the deviation at each node of t, so that a softmax over k scores costs O(k).
template <std::floating_point Real>
class softmax_means {
  public:
    /// \param least, greatest between which all variances lie.
    /// \param most_positions of one softmax.
    softmax_means(Real least, Real greatest, Real most_positions)
        : deviations_(std::sqrt(least), std::sqrt(greatest)),
          degree_(8 + Eigen::Index((deviations_.greatest - deviations_.least) / 2)) {
        constexpr Real precision = 16;  // e^-16 is nothing here
        const Real deviation = std::sqrt(greatest);
        const normal_rule<Real> normal(deviation, precision, precision);
        const Real reach = std::sqrt(2 * precision) * deviation;
        const Real lowest = -std::log(most_positions) - std::min(greatest / 2, reach) - precision;
        const auto nodes = Eigen::Index((reach + std::log(precision) - lowest) / step) + 1;
        t_ = (Eigen::VectorX<Real>::LinSpaced(nodes, 0, Real(nodes - 1)) * step).array() + lowest;
        t_ = t_.array().exp();
        Eigen::MatrixX<Real> log_missing(nodes, degree_), ratio(nodes, degree_);
        for (Eigen::Index p = 0; p < degree_; ++p) {
            const Real root = deviations_.point(p, degree_);
            const Eigen::VectorX<Real> factors = (root * normal.nodes.array()).exp();
            for (Eigen::Index i = 0; i < nodes; ++i) {
                Real lost = 0, first = 0;
                for (Eigen::Index g = 0; g < factors.size(); ++g) {
                    const Real w = t_[i] * factors[g];
                    if (w > 40) {  // as are all that follow
                        lost += normal.above[g];
                        break;
                    }
                    const Real gone = std::expm1(-w);
                    lost -= normal.weights[g] * gone;
                    first += normal.weights[g] * w * (1 + gone);
                }
                constexpr Real nothing = 1e-16;
                log_missing(i, p) = std::log1p(-std::min(lost, 1 - nothing));
                ratio(i, p) = first / std::exp(log_missing(i, p));
            }
        }
        const Eigen::MatrixX<Real> transform = chebyshev_transform<Real>(degree_).transpose();
        log_missing_ = log_missing * transform;
        ratio_ = step * ratio * transform;
    }

    /// For these variances (of query n, source j), where several scores compete for the weights of an attention.
    static softmax_means of(const cell_attention<Real>& a, const pair_kernel<Real>& variances) {
        const Eigen::VectorX<Real> sums = a.row_sums();
        const Eigen::VectorX<Real> counts = sums.cwiseAbs2().cwiseQuotient(a.participation());
        Real least = std::numeric_limits<Real>::infinity(), greatest = 0;
        for (Eigen::Index n = 0; n < sums.size(); ++n) {
            if (!(counts[n] > 1)) continue;
            const Eigen::VectorX<Real> weights = a.row(n);
            const auto take = [&](Real weight, Real variance) {
                if (!(weight > 0)) return;
                least = std::min(least, variance);
                greatest = std::max(greatest, variance);
            };
            for (Eigen::Index j = 0; j <= n; ++j)
                take(weights[j], variances.off()(n, j));
            take(weights[n + 1], variances.diagonal()[n]);
        }
        return {std::min(least, greatest), greatest, counts.maxCoeff()};
    }

    /// The attention with these variances of scores (of query n, source j), for that without any.
    [[nodiscard]] cell_attention<Real> reweighted(const cell_attention<Real>& a,
                                                  const pair_kernel<Real>& variances) const {
        pair_kernel<Real> factor = variances;
        const Eigen::VectorX<Real> sums = a.row_sums();
        const Eigen::VectorX<Real> counts = sums.cwiseAbs2().cwiseQuotient(a.participation());
        for (Eigen::Index n = 0; n < sums.size(); ++n) {
            Eigen::ArrayX<Real> deviations(n + 2);  // of the row, the query's own last
            deviations << variances.all.row(n).head(n + 1).transpose(), variances.diagonal()[n];
            const Eigen::MatrixX<Real> powers = deviations_.basis(deviations.sqrt(), degree_);
            const Eigen::VectorX<Real> weights = a.row(n);
            const Real left = 1 - sums[n];  // rounding, where there is no sink
            const Real sink = left > 1e-12 ? counts[n] * left / sums[n] : 0;
            const Eigen::VectorX<Real> moments = counts[n] / sums[n] * (powers.transpose() * weights);
            const Eigen::VectorX<Real> missing =
                ((log_missing_ * moments).array().min(0) - sink * t_.array()).exp();
            const Real lost = step * sink * t_.dot(missing);  // to the sink
            Eigen::VectorX<Real> values = powers * (ratio_.transpose() * missing);
            values *= (1 - lost) / weights.dot(values);
            factor.off().row(n).head(n + 1) = values.head(n + 1);
            factor.diagonal()[n] = values[n + 1];
        }
        return a.reweighted(factor);
    }

  private:
    static constexpr Real step = 0.5;  // of ln t

    chebyshev_interval<Real> deviations_;
    Eigen::Index degree_;
    Eigen::VectorX<Real> t_;
    Eigen::MatrixX<Real> log_missing_, ratio_;  // coefficients of ln phi_0 and t phi_1 / phi_0 by node
};

}  // namespace cesaro::detail
