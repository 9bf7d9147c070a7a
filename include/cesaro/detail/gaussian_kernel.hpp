// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <algorithm>
#include <cmath>

namespace cesaro::detail {

/// \f$K(\rho) = \mathbb E[\varphi(z)\varphi(z')]\f$ for Gaussians z, z' of one variance and correlation
/// \f$\rho\f$: \f$\sum_k a_k^2 \rho^k\f$, \f$a_k\f$ the coefficients of \f$\varphi\f$ in normalised Hermite
/// polynomials (Mehler's formula). What the series leaves out at \f$\rho = 1\f$ is added to its last term, so
/// that K(1) is exact.
class gaussian_kernel {
  public:
    template <class Function>
    gaussian_kernel(const Function& phi, double variance) {
        constexpr int terms = 32;
        constexpr int steps = 768;  // of 1/64: the trapezoidal rule is exact to rounding for smooth functions
        const double deviation = std::sqrt(variance);
        Eigen::VectorXd hermite(terms);
        Eigen::VectorXd a = Eigen::VectorXd::Zero(terms);
        double second_moment = 0;
        for (int i = -steps; i <= steps; ++i) {
            const double x = double(i) / 64;
            hermite[0] = 1;
            hermite[1] = x;
            for (int k = 2; k < terms; ++k)
                hermite[k] =
                    (x * hermite[k - 1] - std::sqrt(k - 1.0) * hermite[k - 2]) / std::sqrt(double(k));
            const double weight =
                boost::math::constants::one_div_root_two_pi<double>() * std::exp(-x * x / 2) / 64;
            const double value = phi(deviation * x);
            a += weight * value * hermite;
            second_moment += weight * value * value;
        }
        coefficients_ = a.cwiseAbs2();
        const double rest = std::max(0.0, second_moment - coefficients_.sum());
        Eigen::Index used = terms;
        while (used > 2 && coefficients_.tail(terms - used + 1).sum() < 1e-12 * second_moment)
            --used;
        coefficients_.conservativeResize(used);
        coefficients_[used - 1] += rest;
    }

    double operator()(double rho) const {
        double value = 0;
        for (Eigen::Index k = coefficients_.size(); k-- > 0;)
            value = value * rho + coefficients_[k];
        return value;
    }

    Eigen::MatrixXd operator()(const Eigen::MatrixXd& rho) const {
        Eigen::MatrixXd value(rho.rows(), rho.cols());
        parallel_for(rho.cols(), [&](Eigen::Index j) {
            auto column = value.col(j).array();
            column.setZero();
            for (Eigen::Index k = coefficients_.size(); k-- > 0;)
                column = column * rho.col(j).array() + coefficients_[k];
        });
        return value;
    }

  private:
    Eigen::VectorXd coefficients_;
};

}  // namespace cesaro::detail
