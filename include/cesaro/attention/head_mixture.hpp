// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/detail/decay_heads.hpp>
#include <cesaro/detail/equals.hpp>
#include <cesaro/detail/memory.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace cesaro {

/// A layer of several heads: the average of attention operators of any kinds.
///
/// \f[ \sum_h \omega_h A_h, \qquad \omega_h \ge 0,\; \sum_h \omega_h = 1 \f]
///
/// Cost the sum of the operators'; distance-decay heads that share a mask are evaluated side by side, at
/// 0.2 to 3 ns per head and token (docs/performance.md). In long texts, where positions times groups of eight heads are
/// 131072 and more, the groups are shared out to at most four sums, with OpenMP by as many threads: to the same result for
/// any number of them, and in three scratch columns. Where other operators take part, one scratch column. Accuracy that of the operators, and one
/// rounding per head.
///
/// \code
/// std::vector<cesaro::decay_operator<>> heads;
/// for (int h = 1; h <= 8; ++h)
///     heads.push_back({1000, {.slope = std::exp2(-h)}});  // ALiBi with eight heads
/// const cesaro::head_mixture<> layer(heads, std::vector<double>(8, 1.0));
/// \endcode
template <real_scalar Real = double>
class head_mixture : public columnwise_operator<head_mixture<Real>, Real> {
  public:
    /// The average of `operators`, one or more of the same size; the weights are divided by their sum.
    /// \throws std::invalid_argument when there is no operator, or sizes or numbers do not agree.
    /// \throws std::domain_error when a weight is negative, not finite or NaN, or all are zero.
    head_mixture(std::vector<any_operator<Real>> operators, const std::vector<Real>& weights)
        : columnwise_operator<head_mixture, Real>("head_mixture", common_size(operators)),
          operators_(std::move(operators)),
          weights_(normalised(weights, operators_.size())),
          decay_heads_(this->rows()) {
        for (std::size_t h = 0; h < operators_.size(); ++h) {
            if (!detail::equals(weights_[h], 0) && !add_decay_head(h)) others_.push_back(h);
        }
    }

    /// The same with the weights in an Eigen vector.
    template <class Weights>
    head_mixture(std::vector<any_operator<Real>> operators, const Eigen::MatrixBase<Weights>& weights)
        : head_mixture(std::move(operators), std::vector<Real>(weights.begin(), weights.end())) {}

    /// The same for operators of one kind.
    template <attention_operator Op, class Weights>
    requires(!std::same_as<Op, any_operator<Real>>)
        head_mixture(const std::vector<Op>& operators, const Weights& weights)
        : head_mixture(std::vector<any_operator<Real>>(operators.begin(), operators.end()), weights) {}

    [[nodiscard]] const std::vector<any_operator<Real>>& operators() const { return operators_; }

    /// The normalised weights.
    [[nodiscard]] const std::vector<Real>& weights() const { return weights_; }

    void apply_column(const const_column<Real>& x, column<Real> y) const {
        accumulate<false>(x, y,
                          [&](const any_operator<Real>& op, column<Real> out) { op.apply_column(x, out); });
    }

    void apply_transpose_column(const const_column<Real>& v, column<Real> y) const {
        accumulate<true>(
            v, y, [&](const any_operator<Real>& op, column<Real> out) { op.apply_transpose_column(v, out); });
    }

    /// The dense matrix, for checking.
    /// \throws std::length_error when rows × rows entries do not fit in memory.
    [[nodiscard]] Eigen::MatrixX<Real> matrix() const {
        detail::check_fits_in_memory<Real>("head_mixture::matrix", this->rows(), this->rows());
        Eigen::MatrixX<Real> sum = Eigen::MatrixX<Real>::Constant(this->rows(), this->rows(), Real(0));
        for (std::size_t h = 0; h < operators_.size(); ++h) {
            const Eigen::MatrixX<Real> matrix = operators_[h].matrix();
            for (Eigen::Index i = 0; i < sum.size(); ++i)
                sum(i) += weights_[h] * matrix(i);
        }
        return sum;
    }

    /// The diagonal, length rows().
    /// \throws std::length_error when it does not fit in memory.
    [[nodiscard]] Eigen::VectorX<Real> diagonal() const {
        detail::check_fits_in_memory<Real>("head_mixture::diagonal", this->rows(), 1);
        Eigen::VectorX<Real> sum = Eigen::VectorX<Real>::Constant(this->rows(), Real(0));
        for (std::size_t h = 0; h < operators_.size(); ++h) {
            const Eigen::VectorX<Real> entries = operators_[h].diagonal();
            for (Eigen::Index n = 0; n < sum.size(); ++n)
                sum[n] += weights_[h] * entries[n];
        }
        return sum;
    }

    /// The largest centre of the heads that have a weight.
    [[nodiscard]] Eigen::Index centre_size() const {
        Eigen::Index size = 0;
        for (std::size_t h = 0; h < operators_.size(); ++h) {
            if (!detail::equals(weights_[h], 0)) size = std::max(size, operators_[h].centre_size());
        }
        return size;
    }

  private:
    static constexpr bool has_exponential = !std::numeric_limits<Real>::is_exact;

    static Eigen::Index common_size(const std::vector<any_operator<Real>>& operators) {
        if (operators.empty()) {
            detail::throw_invalid_argument("head_mixture", "number of operators", 0, "must be at least 1");
        }
        for (const any_operator<Real>& op : operators)
            detail::check_size("head_mixture", "size of an operator", op.rows(), operators.front().rows());
        return operators.front().rows();
    }

    static std::vector<Real> normalised(std::vector<Real> weights, std::size_t count) {
        detail::check_size("head_mixture", "number of weights", Eigen::Index(weights.size()),
                           Eigen::Index(count));
        Real top(0);
        for (std::size_t h = 0; h < count; ++h) {
            if (!(weights[h] >= Real(0)) || is_infinite(weights[h])) {
                detail::throw_domain_error("head_mixture", "weights[" + std::to_string(h) + "]", weights[h],
                                           "must be finite and at least 0");
            }
            if (weights[h] > top) top = weights[h];
        }
        if (detail::equals(top, 0)) {
            detail::throw_domain_error("head_mixture", "sum of weights", top, "must be above 0");
        }
        Real sum(0);
        for (Real& weight : weights) {
            weight /= top;  // first, so that the sum can neither overflow nor underflow
            sum += weight;
        }
        for (Real& weight : weights)
            weight /= sum;
        return weights;
    }

    static bool is_infinite(const Real& value) {
        return std::numeric_limits<Real>::has_infinity &&
               detail::equals(value, std::numeric_limits<Real>::infinity());
    }

    /// Adds head h to the distance-decay heads; false when it is of another kind. No other kind
    /// is evaluated side by side, so it is asked for by its type: were operators to say so themselves,
    /// decay_heads would enter the interface that any_operator puts before all of them.
    bool add_decay_head(std::size_t h) {
        if constexpr (has_exponential) {
            const auto* const op = operators_[h].template target<decay_operator<Real>>();
            if (!op) return false;
            const decay_parameters<Real>& p = op->parameters();
            const Eigen::Index window = std::min(p.window, std::max<Eigen::Index>(this->rows(), 1));
            decay_heads_.add({window, p.prefix}, p.slope, p.diagonal_score, p.temperature, weights_[h]);
            return true;
        }
        return false;
    }

    /// y = the weighted sum of A_h x or, transposed, A_h^T x; `apply(op, out)` overwrites out with that of the
    /// operators of other kinds.
    template <bool Transposed, class Apply>
    void accumulate(const const_column<Real>& x, column<Real>& y, const Apply& apply) const {
        for (Eigen::Index n = 0; n < this->rows(); ++n)
            y.coeffRef(n) = Real(0);
        if constexpr (has_exponential) decay_heads_.template accumulate<Transposed>(x, y);
        if (others_.empty()) return;
        Eigen::VectorX<Real> scratch(this->rows());
        for (const std::size_t h : others_) {
            apply(operators_[h], scratch);
            for (Eigen::Index n = 0; n < this->rows(); ++n)
                y.coeffRef(n) += weights_[h] * scratch[n];
        }
    }

    std::vector<any_operator<Real>> operators_;
    std::vector<Real> weights_;
    detail::decay_heads<Real> decay_heads_;  // the decay heads that have a weight
    std::vector<std::size_t> others_;        // the heads of other kinds that have a weight
};

}  // namespace cesaro
