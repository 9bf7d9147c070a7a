// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/columnwise_operator.hpp>

#include <Eigen/Core>

#include <algorithm>

namespace cesaro {

/// Uniform attention to the last `window` positions, the query included.
///
/// \f[ A_{n,m} = \frac{1}{\min(n+1, w)}\;(\max(0, n-w+1) \le m \le n), \qquad 0 \text{ otherwise} \f]
///
/// A window of at least `size` positions is the Cesàro matrix.
///
/// Cost O(size) per column, whatever the window. Accuracy: a window is a suffix of one block of w positions
/// and a prefix of the next, so that nothing is ever subtracted: at most w + 1 roundings an entry, relative
/// for non-negative arguments.
///
/// \code
/// const cesaro::sliding_window_operator<> window(1000, 128);
/// const Eigen::VectorXd means = window.apply(Eigen::VectorXd::LinSpaced(1000, 0, 999));
/// // means[500] is the mean of 373 .. 500, 436.5
/// \endcode
///
/// Source: Wu et al., arXiv 2502.01951, section 3 (the mask); van Herk, Pattern Recognition Letters 13 (1992)
/// 517 (the blocks).
template <real_scalar Real = double>
class sliding_window_operator : public columnwise_operator<sliding_window_operator<Real>, Real> {
  public:
    /// The operator on `size` positions.
    /// \throws std::domain_error when size < 0 or window < 1.
    sliding_window_operator(Eigen::Index size, Eigen::Index window)
        : columnwise_operator<sliding_window_operator, Real>("sliding_window_operator", size),
          window_(std::min(window, std::max<Eigen::Index>(size, 1))) {
        detail::check_at_least("sliding_window_operator", "window", window, 1);
    }

    /// The width of the window, at most max(rows(), 1).
    [[nodiscard]] Eigen::Index window() const { return window_; }

    void apply_column(const const_column<Real>& x, column<Real> y) const {
        window_sums([&](Eigen::Index n) -> const Real& { return x.coeff(n); },
                    [&](Eigen::Index n) -> Real& { return y.coeffRef(n); });
        for (Eigen::Index n = 0; n < this->rows(); ++n)
            y.coeffRef(n) /= count(n);
    }

    /// The same sums from the other end.
    void apply_transpose_column(const const_column<Real>& v, column<Real> y) const {
        const Eigen::Index last = this->rows() - 1;
        window_sums([&](Eigen::Index n) { return Real(v.coeff(last - n) / count(last - n)); },
                    [&](Eigen::Index n) -> Real& { return y.coeffRef(last - n); });
    }

    /// The dense matrix, for checking.
    /// \throws std::length_error when rows × rows entries do not fit in memory.
    [[nodiscard]] Eigen::MatrixX<Real> matrix() const {
        return detail::dense_matrix<Real>("sliding_window_operator::matrix", this->rows(),
                                          [this](Eigen::Index n, Eigen::Index m) {
                                              const bool seen = m <= n && n - m < window_;
                                              return seen ? Real(Real(1) / count(n)) : Real(0);
                                          });
    }

    /// The diagonal \f$A_{n,n}\f$, length rows().
    /// \throws std::length_error when it does not fit in memory.
    [[nodiscard]] Eigen::VectorX<Real> diagonal() const {
        return detail::dense_vector<Real>("sliding_window_operator::diagonal", this->rows(),
                                          [this](Eigen::Index n) { return Real(Real(1) / count(n)); });
    }

    /// The first token alone is the centre.
    [[nodiscard]] Eigen::Index centre_size() const { return std::min<Eigen::Index>(1, this->rows()); }

  private:
    /// sum(n) = value(n - window + 1) + ... + value(n), from the beginning of n's block and the end of the
    /// one before.
    template <class Value, class Sum>
    void window_sums(const Value& value, const Sum& sum) const {
        const Eigen::Index size = this->rows();
        for (Eigen::Index start = 0; start < size; start += window_) {
            const Eigen::Index end = start + std::min(window_, size - start);
            Real running(0);
            for (Eigen::Index n = start; n < end; ++n)
                sum(n) = running += value(n);
            if (start == 0) continue;
            running = Real(0);
            for (Eigen::Index m = start - 1; m > start - window_; --m) {
                running += value(m);
                if (m + window_ <= end) sum(m + window_ - 1) += running;
            }
        }
    }

    Real count(Eigen::Index n) const { return Real(std::min(n + 1, window_)); }

    Eigen::Index window_;
};

}  // namespace cesaro
