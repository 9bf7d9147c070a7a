// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/alibi.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/detail/cell_attention.hpp>
#include <cesaro/decoder/detail/pair_kernel.hpp>
#include <cesaro/decoder/detail/participation_table.hpp>
#include <cesaro/decoder/detail/position_cells.hpp>
#include <cesaro/decoder/detail/softmax_means.hpp>
#include <cesaro/decoder/mean_field_terms.hpp>
#include <cesaro/decoder/rope.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <utility>
#include <vector>

namespace cesaro::detail {

/// The variance of \f$C \tanh(z/C)\f$ (or of z clipped to [-C, C]) for z of a given variance; of z for C = 0.
template <std::floating_point Real, class Function>
Real variance_through(const Function& f, Real variance) {
    Real sum = 0;
    for (int i = -768; i <= 768; ++i) {
        const Real g = Real(i) / 64;
        const Real value = f(std::sqrt(variance) * g);
        sum += value * value * std::exp(-g * g / 2) / 64;
    }
    return sum * boost::math::constants::one_div_root_two_pi<Real>();
}

/// A head's pattern, and its weight in the mean over heads.
template <std::floating_point Real>
struct weighted_head {
    cell_attention<Real> attention;
    Real weight = 1;
};

/// One layer's attention acting on kernels, for normalised inputs of given correlations. The output of a head
/// is \f$o_n = \sum_j A_{nj} v_j\f$ with values of unit variance, and its kernel, forward and backward,
///
/// \f[ \mathbb E \sum_{jj'} A_{nj} A_{mj'} C_{jj'}, \qquad \mathbb E \sum_{nm} A_{nj} A_{mj'} B_{nm} + \dots
/// \f]
///
/// Scores are Gaussian, \f$\mathrm{Cov}(s_{nj}, s_{mj'}) = \tau Q_{nm} Q_{jj'}\f$, Q the correlations of the
/// inputs times the kernel of RoPE. Three things are kept of them. The mean weights: a token that resembles
/// the others less has the more variable score, \f$\mathbb E A_{nj} \propto e^{-\tau r_{nj}}\f$, r the mean
/// of Q over the tokens seen, and to all orders softmax_means. The covariance of the weights to first order
/// in \f$\tau\f$, \f$A_{nj} A_{mj'} \tau Q_{nm} c_{jj'}\f$, c the doubly centred Q; where \f$\tau\f$ is not small, times
/// \f$\ln(k P) / (\tau (1 - 1/k))\f$, so that it grows as the logarithm of the participation. And, where j =
/// j', all
/// orders: \f$\mathbb E \sum_j A_{nj} A_{mj} \approx (k P)^{Q_{nm}} / k\f$, P the softmax_participation(),
/// exact for one query and for independent ones. Gradients to the scores take the moments of
/// participation_table, interpolated between one query and independent ones in the same way.
///
/// Against softmax over simulated scores of 24 correlated tokens, traces and sums over all pairs are within 4 %
/// at \f$\tau = 1\f$, 8 % at 3 and 12 % at 10; single entries between weakly correlated tokens, which are
/// small, are off by more. With ALiBi of slope 0.3, 4 % at 3; of slope 0.9, 39 % of the gradients to scores.
template <std::floating_point Real>
class attention_kernels {
  public:
    /// \param values, scores correlations C of the values and Q of queries and keys
    attention_kernels(const std::vector<weighted_head<Real>>& heads, const participation_table<Real>* table,
                      Real tau, score_terms terms, pair_kernel<Real> values, pair_kernel<Real> scores)
        : table_(table),
          tau_(terms == score_terms::none ? 0 : tau),
          terms_(terms),
          c_(std::move(values)),
          q_(std::move(scores)) {
        for (const weighted_head<Real>& h : heads) {
            heads_.push_back(head(full() ? reweighted(h.attention) : h.attention));
            heads_.back().weight = h.weight;
            prepare(h.attention, heads_.back());
        }
    }

    /// The mean over heads of the kernel of their outputs.
    [[nodiscard]] const pair_kernel<Real>& output() const { return output_; }
    /// The same, which is gone then.
    [[nodiscard]] pair_kernel<Real> take_output() { return std::exchange(output_, {}); }

    /// Of the kernel of the outputs' gradients, that of the values' gradients.
    [[nodiscard]] pair_kernel<Real> pull_back_values(const pair_kernel<Real>& b) const {
        return mean_over_heads([&](const head& h) {
            if (!(tau_ > 0)) return h.a.pull_back_pairs(b);
            pair_kernel<Real> sum = pull_back(h.a, h.to_values, q_, b);
            if (full()) sum.diagonal() += h.a.pulled_diagonal(pair_kernel<Real>(b.all * h.excess.all));
            return sum;
        });
    }

    /// And that of the gradients through keys and queries, by the inputs that make the scores.
    [[nodiscard]] pair_kernel<Real> pull_back_scores(const pair_kernel<Real>& b) const {
        return mean_over_heads([&](const head& h) {
            pair_kernel<Real> sum = pull_back(h.a, h.to_keys, c_, b);
            sum.all += b.all * h.to_queries.all;
            return sum;
        });
    }

    [[nodiscard]] bool has_scores() const { return tau_ > 0; }
    [[nodiscard]] std::size_t heads() const { return heads_.size(); }

    /// How many positions a head sees in effect from the last one, \f$1 / \mathbb E \sum_j A_{nj}^2\f$, the
    /// mean over heads before the inverse.
    [[nodiscard]] Real seen_from_last() const {
        Real squares = 0;
        for (const head& h : heads_)
            squares += h.weight * h.squares_of_last;
        return 1 / squares;
    }

  private:
    /// Factors of \f$b_{nm} A_{nj} A_{mj'}\f$ in a sum over queries n and m, for a kernel x.
    struct paths {
        pair_kernel<Real> rows;     ///< r (n, j): mean over i seen by n of x_ij
        pair_kernel<Real> centred;  ///< of x_jj' - r_mj - r_nj'
        pair_kernel<Real> plain;    ///< and of 1
    };
    struct head {
        explicit head(cell_attention<Real> attention) : a(std::move(attention)) {}

        cell_attention<Real> a;
        Real weight = 1;  ///< in the mean over heads
        paths to_values;  ///< with Q
        paths to_keys;    ///< with C
        pair_kernel<Real> to_queries;
        pair_kernel<Real> excess;  ///< by how much the overlap of weights exceeds that of first order
        Real squares_of_last = 1;  ///< of the last query, sum of A_nj^2
    };

    [[nodiscard]] bool full() const { return tau_ > 0 && terms_ == score_terms::full; }

    template <class Function>
    pair_kernel<Real> mean_over_heads(const Function& f) const {
        pair_kernel<Real> sum = f(heads_.front());
        sum.all *= heads_.front().weight;
        for (std::size_t h = 1; h < heads_.size(); ++h)
            sum.all += heads_[h].weight * f(heads_[h]).all;
        return sum;
    }

    void add_output(const head& h, const pair_kernel<Real>& o) {
        if (output_.size() == 0) {
            output_ = pair_kernel<Real>(h.weight * o.all);
        } else {
            output_.all += h.weight * o.all;
        }
    }

    /// What a head makes of the kernels, and what its gradients are multiplied by on the way back.
    void prepare(const cell_attention<Real>& uniform, head& h) {
        h.squares_of_last = h.a.participation().template tail<1>()[0];
        pair_kernel<Real> c_rows = h.a.mean(c_);
        const pair_kernel<Real> c_pairs = h.a.mean(c_rows.transpose());
        if (!(tau_ > 0)) return add_output(h, c_pairs);
        h.to_keys.rows = std::move(c_rows);
        h.to_values.rows = h.a.mean(q_);
        const pair_kernel<Real> q_pairs = h.a.mean(h.to_values.rows.transpose());
        // the mean of C times the doubly centred Q
        pair_kernel<Real> spread = h.a.mean(pair_kernel<Real>(q_.all * c_.all));
        spread.all -= 2 * h.to_values.rows.all * h.to_keys.rows.all;
        spread = h.a.mean(spread.transpose());
        spread.add_transpose();
        spread.all = q_pairs.all * c_pairs.all + spread.all / 2;
        const all_orders terms =
            full() ? beyond_first_order(uniform, h, c_pairs, q_pairs) : only_first_order();
        h.to_values.centred = pair_kernel<Real>(terms.first_order.all * q_.all);
        const pair_kernel<Real> own(terms.excess.all * terms.overlap.all);
        h.to_values.plain = pair_kernel<Real>(1 + h.to_values.centred.all * q_pairs.all - own.all);
        h.to_queries = pair_kernel<Real>(tau_ * terms.centred.all);
        h.to_keys.centred = pair_kernel<Real>(h.to_queries.all * q_.all);
        h.to_keys.plain = pair_kernel<Real>(h.to_keys.centred.all * c_pairs.all);
        h.to_queries.all *= spread.all;
        if (full()) h.excess = terms.excess;
        add_output(h, pair_kernel<Real>(c_pairs.all + h.to_values.centred.all * spread.all +
                                        own.all * terms.own_values.all));
    }

    /// The mean weights. Scores are correlated, and what is common to all of a softmax does nothing: their
    /// differences are matched by independent scores of variances \f$v_{nj}\f$. With D the variance of a
    /// score less the mean over k of them, of independent ones \f$D_j = v_j (1 - 2/k) + \bar v / k\f$.
    [[nodiscard]] cell_attention<Real> reweighted(const cell_attention<Real>& uniform) const {
        const Eigen::VectorX<Real> sums = uniform.row_sums();
        const pair_kernel<Real> r = uniform.mean(q_);
        const Eigen::VectorX<Real> mean = uniform.row_means(r).cwiseQuotient(sums.cwiseAbs2());
        pair_kernel<Real> v(r.all.colwise() * (-2 * sums.cwiseInverse().array()));
        v.all.colwise() += mean.array();
        v.off().rowwise() += q_.diagonal().transpose();
        v.all.rightCols(2).colwise() += q_.diagonal().array();
        const Eigen::VectorX<Real> means = uniform.row_means(v).cwiseQuotient(sums);
        const Eigen::VectorX<Real> counts = sums.cwiseAbs2().cwiseQuotient(uniform.participation());
        for (Eigen::Index n = 0; n < sums.size(); ++n) {
            const Real k = counts[n];
            const Real alike = k > 1 ? k / (k - 1) : 1;
            const Real apart = k > 2.5 ? k / (k - 2) : 0;
            const auto independent = [&](Real& x) {
                x = tau_ * q_.diagonal()[n] * std::max(Real(0), alike * means[n] + apart * (x - means[n]));
            };
            for (Eigen::Index j = 0; j <= n; ++j)
                independent(v.off()(n, j));
            independent(v.diagonal()[n]);
        }
        return softmax_means<Real>::of(uniform, v).reweighted(uniform, v);
    }

    /// What scores do to all orders, where \f$\tau\f$ is not small.
    struct all_orders {
        pair_kernel<Real> overlap;      ///< sum of A_nj A_mj
        pair_kernel<Real> own_values;   ///< by how much j = j' exceeds the mean over the others
        pair_kernel<Real> first_order;  ///< factor of terms of first order: tau while it is small, then less
        pair_kernel<Real> excess;       ///< by how much the overlap of weights exceeds that of first order
        pair_kernel<Real> centred;      ///< by how much gradients to scores exceed those of mean weights
    };
    [[nodiscard]] all_orders only_first_order() const {
        const auto constant = [this](Real value) {
            return pair_kernel<Real>(Eigen::ArrayXX<Real>::Constant(c_.size(), c_.size() + 2, value));
        };
        return {constant(0), constant(0), constant(tau_), constant(0), constant(1)};
    }
    [[nodiscard]] all_orders beyond_first_order(const cell_attention<Real>& uniform, head& h,
                                                const pair_kernel<Real>& c_pairs,
                                                const pair_kernel<Real>& q_pairs) const {
        const Eigen::VectorX<Real> sums = h.a.row_sums();
        const Eigen::VectorX<Real> counts =  // that the mean weights are spread over
            uniform.row_sums().cwiseAbs2().cwiseQuotient(uniform.participation());
        all_orders x;
        x.overlap = h.a.overlap(Eigen::VectorX<Real>::Ones(sums.size()));
        pair_kernel<Real> shared = h.a.overlap(c_.diagonal());
        x.own_values = own(shared, x.overlap, c_pairs, sums);
        if (c_.diagonal() != q_.diagonal()) shared = h.a.overlap(q_.diagonal());
        const pair_kernel<Real> own_scores = own(shared, x.overlap, q_pairs, sums);
        x.first_order = pair_kernel<Real>(counts.size());
        x.excess = x.centred = x.first_order;
        for (Eigen::Index n = 0; n < counts.size(); ++n) {  // the kernels' upper halves, and their own values
            const Real k = counts[n];
            const auto of_query = [n](pair_kernel<Real>& kernel, const Eigen::ArrayX<Real>& values) {
                kernel.all.col(n).head(n + 1) = values.head(n + 1);
                kernel.diagonal()[n] = values[n + 1];
            };
            const auto values_of = [n](const pair_kernel<Real>& kernel) {
                Eigen::ArrayX<Real> values(n + 2);
                values << kernel.all.col(n).head(n + 1), kernel.diagonal()[n];
                return values;
            };
            const Eigen::ArrayX<Real> q = values_of(q_);
            if (!(k > 1)) {
                of_query(x.first_order, Eigen::ArrayX<Real>::Constant(n + 2, tau_));
                of_query(x.excess, Eigen::ArrayX<Real>::Zero(n + 2));
                of_query(x.centred, Eigen::ArrayX<Real>::Ones(n + 2));
                continue;
            }
            const Eigen::ArrayX<Real> variances = tau_ * values_of(own_scores).max(0);
            const auto [log_squares, log_centred] = table_->logarithms(k, variances);
            const Eigen::ArrayX<Real> squares = log_squares.exp();
            if (n + 1 == counts.size()) h.squares_of_last *= squares[n + 1];
            const Eigen::ArrayX<Real> apart = ((1 - squares / k) * (k / (k - 1))).max(Real(1e-6));
            const Eigen::ArrayX<Real> linear = variances * (1 - 1 / k);
            const Eigen::ArrayX<Real> saturated =
                (linear > 1e-8).select((log_squares / linear.max(Real(1e-8))).min(1), Real(1));
            of_query(x.first_order, tau_ * saturated);
            of_query(x.excess, (q * log_squares).expm1() - q * linear * saturated);
            of_query(x.centred, (q * log_centred + 2 * (1 - q) * apart.log()).exp());
        }
        for (pair_kernel<Real>* const y : {&x.first_order, &x.excess, &x.centred}) {
            y->off().template triangularView<Eigen::StrictlyLower>() = y->off().transpose();
            y->above() = y->below();
        }
        return x;
    }

    /// For queries n and m, the mean of x_jj over the tokens that both see, less that over different tokens.
    /// \param y the sum of A_nj x_jj A_mj
    [[nodiscard]] static pair_kernel<Real> own(pair_kernel<Real> y, const pair_kernel<Real>& overlaps,
                                               const pair_kernel<Real>& pairs,
                                               const Eigen::VectorX<Real>& sums) {
        const auto difference = [&](Eigen::Index n, Eigen::Index column, Real total) {
            const Real overlap = overlaps.all(n, column), both = y.all(n, column);
            const Real others = total - overlap;
            return overlap > 0 && others > 1e-12 * total
                       ? both / overlap - (pairs.all(n, column) - both) / others
                       : 0;
        };
        for (Eigen::Index m = 0; m < sums.size(); ++m) {
            for (Eigen::Index n = 0; n < sums.size(); ++n)
                y.off()(n, m) = difference(n, m, sums[n] * sums[m]);
            y.diagonal()[m] = difference(m, sums.size(), sums[m] * sums[m]);
        }
        y.above() = y.below();
        return y;
    }

    /// \f$\sum_{nm} b_{nm} A_{nj} A_{mj'} (F_{nm} (x_{jj'} - r_{mj} - r_{nj'}) + P_{nm})\f$ for symmetric b, F and P:
    /// with \f$Y = A^T (b F)\f$, x times \f$A^T Y^T\f$, and what its two other terms and P make of one product.
    [[nodiscard]] static pair_kernel<Real> pull_back(const cell_attention<Real>& a, const paths& p,
                                                     const pair_kernel<Real>& x, const pair_kernel<Real>& b) {
        const pair_kernel<Real> pulled =
            a.pull_back(pair_kernel<Real>(b.all * p.centred.all)).transpose();  // (m, j)
        pair_kernel<Real> rest = a.pull_back(pair_kernel<Real>(b.all * p.plain.all)).transpose();
        rest.all -= 2 * pulled.all * p.rows.all;
        rest = a.pull_back(rest);
        rest.add_transpose();
        return pair_kernel<Real>(x.all * a.pull_back(pulled).all + rest.all / 2);
    }

    const participation_table<Real>* table_;
    Real tau_;
    score_terms terms_;
    pair_kernel<Real> c_, q_;
    pair_kernel<Real> output_;
    std::vector<head> heads_;
};

}  // namespace cesaro::detail
