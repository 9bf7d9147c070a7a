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
            double sum = 0;
            for (Eigen::Index n = 0; n < x.rows(); ++n) {
                sum += x(n, j);
                if (n >= window_) sum -= x(n - window_, j);
                y(n, j) = sum * inverse_count_[n];
            }
        });
        return y;
    }

    /// \f$C^T X\f$ with \f$C_{nm} = 1\f$ where n sees m: the sum of the rows by which each position is seen.
    Eigen::MatrixXd sum_over_queries(const Eigen::MatrixXd& x) const {
        Eigen::MatrixXd y(x.rows(), x.cols());
        parallel_for(x.cols(), [&](Eigen::Index j) {
            double sum = 0;
            for (Eigen::Index m = x.rows(); m-- > 0;) {
                sum += x(m, j);
                if (m + window_ < x.rows()) sum -= x(m + window_, j);
                y(m, j) = sum;
            }
        });
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
    Eigen::Index window_;
    Eigen::VectorXd inverse_count_;
};

}  // namespace cesaro::detail
