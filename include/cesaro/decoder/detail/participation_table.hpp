// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/detail/chebyshev_basis.hpp>
#include <cesaro/softmax_participation.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <concepts>

namespace cesaro::detail {

/// Moments of a softmax over k scores of variance \f$\tau\f$, in units of what they are for equal weights:
/// \f$k P(\tau, k)\f$, and \f$D(\tau, k)\,k / (1 - 1/k)\f$ with \f$D = \mathbb E \sum_j A_j^2 (1 - 2 A_j + \sum_i
/// A_i^2)\f$. Their logarithms are interpolated at Chebyshev points of \f$\sqrt\tau \in [0,
/// \sqrt{\tau_{max}}]\f$ and of \f$\ln k\f$, real k in [1, k_max], within 5e-3 to \f$\tau_{max} = 200\f$.
template <std::floating_point Real>
class participation_table {
  public:
    participation_table(Real largest_variance, Real largest_count)
        : deviations_(0, std::sqrt(largest_variance)),
          log_counts_(0, std::log(std::max(largest_count, Real(2)))),
          variance_nodes_(12 + Eigen::Index(std::min(deviations_.greatest, Real(28)))),
          count_nodes_(variance_nodes_ + 4) {
        constexpr Real precision = 16;  // e^-16 is nothing beside the error of interpolation
        Eigen::MatrixX<Real> squares(variance_nodes_, count_nodes_), centred(variance_nodes_, count_nodes_);
        for (Eigen::Index i = 0; i < variance_nodes_; ++i)
            for (Eigen::Index j = 0; j < count_nodes_; ++j) {
                const Real k = std::exp(log_counts_.point(j, count_nodes_));
                const auto moments =
                    moments_of_softmax(k, std::pow(deviations_.point(i, variance_nodes_), 2), precision);
                squares(i, j) = std::log(k * moments.squares);
                centred(i, j) = std::log(std::max(Real(1e-300), k * moments.centred / (1 - 1 / k)));
            }
        const Eigen::MatrixX<Real> variance_transform = chebyshev_transform<Real>(variance_nodes_);
        const Eigen::MatrixX<Real> count_transform = chebyshev_transform<Real>(count_nodes_).transpose();
        squares_ = variance_transform * squares * count_transform;
        centred_ = variance_transform * centred * count_transform;
    }

    /// Logarithms of both for one k and many variances.
    struct pair_of_logarithms {
        Eigen::ArrayX<Real> squares, centred;
    };
    [[nodiscard]] pair_of_logarithms logarithms(Real count, const Eigen::ArrayX<Real>& variances) const {
        const Eigen::VectorX<Real> basis =
            log_counts_.basis(std::log(std::max(count, Real(1))), count_nodes_);
        const Eigen::ArrayX<Real> x =
            variances.sqrt().unaryExpr([&](Real y) { return deviations_.scaled(y); });
        return {series(squares_ * basis, x), series(centred_ * basis, x)};
    }

  private:
    [[nodiscard]] Eigen::ArrayX<Real> series(const Eigen::VectorX<Real>& coefficients,
                                             const Eigen::ArrayX<Real>& x) const {
        Eigen::ArrayX<Real> next = Eigen::ArrayX<Real>::Zero(x.size()),
                            value = next;  // Clenshaw's recurrence
        if (!(deviations_.greatest > 0)) return value;
        for (Eigen::Index i = variance_nodes_; i-- > 1;) {
            next = coefficients[i] + 2 * x * value - next;
            next.swap(value);
        }
        return coefficients[0] + x * value - next;
    }

    chebyshev_interval<Real> deviations_, log_counts_;
    Eigen::Index variance_nodes_, count_nodes_;
    Eigen::MatrixX<Real> squares_, centred_;
};

}  // namespace cesaro::detail
