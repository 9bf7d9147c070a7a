// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

#include <algorithm>

namespace cesaro::detail {

/// Uniform attention over what each position sees, \f$P_{nm} = 1/c_n\f$ on \f$n - \mathrm{window} < m \le
/// n\f$, acting on functions of two positions; O(tokens²) each.
class uniform_attention {
  public:
    /// window 0: all of the past.
    uniform_attention(Eigen::Index tokens, Eigen::Index window)
        : window_(window > 0 ? std::min(window, tokens) : tokens), inverse_count_(tokens) {
        for (Eigen::Index n = 0; n < tokens; ++n)
            inverse_count_[n] = 1 / double(std::min(n + 1, window_));
    }

    /// \f$P X\f$: the mean of the rows that each position sees.
    Eigen::MatrixXd mean(const Eigen::MatrixXd& x) const {
        Eigen::MatrixXd y(x.rows(), x.cols());
        parallel_for(x.cols(), [&](Eigen::Index j) {
            window_sums(x.col(j), y.col(j));
            y.col(j).array() *= inverse_count_.array();
        });
        return y;
    }

    /// \f$C^T X\f$ with \f$C_{nm} = 1\f$ where n sees m: the sum of the rows by which each position is seen.
    Eigen::MatrixXd sum_over_queries(const Eigen::MatrixXd& x) const {
        Eigen::MatrixXd y(x.rows(), x.cols());
        parallel_for(x.cols(), [&](Eigen::Index j) { window_sums(x.col(j).reverse(), y.col(j).reverse()); });
        return y;
    }

    /// \f$P X P^T\f$ for symmetric X.
    Eigen::MatrixXd mean_of_pairs(const Eigen::MatrixXd& x) const { return mean(mean(x).transpose()); }

    /// \f$C^T X C\f$ for symmetric X.
    Eigen::MatrixXd sum_over_query_pairs(const Eigen::MatrixXd& x) const {
        return sum_over_queries(sum_over_queries(x).transpose());
    }

    /// \f$1/c_n\f$.
    const Eigen::VectorXd& inverse_count() const { return inverse_count_; }

  private:
    /// y_n = x_{n-w+1} + ... + x_n, by blocks of w: the end of the block before, and the beginning of n's
    /// own. Nothing is subtracted, so that what no query sees stays exactly zero.
    template <class In, class Out>
    void window_sums(const In& x, Out&& y) const {
        const Eigen::Index tokens = x.size();
        Eigen::VectorXd end_sums = Eigen::VectorXd::Zero(window_ + 1);
        for (Eigen::Index block = 0; block < tokens; block += window_) {
            const Eigen::Index size = std::min(window_, tokens - block);
            double sum = 0;
            for (Eigen::Index i = 0; i < size; ++i) {
                sum += x[block + i];
                y[block + i] = sum + end_sums[i + 1];
            }
            for (Eigen::Index i = size; i-- > 0;)
                end_sums[i] = end_sums[i + 1] + x[block + i];
        }
    }

    Eigen::Index window_;
    Eigen::VectorXd inverse_count_;
};

}  // namespace cesaro::detail
