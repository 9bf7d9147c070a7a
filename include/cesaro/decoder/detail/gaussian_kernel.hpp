// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/detail/chebyshev_basis.hpp>
#include <cesaro/decoder/detail/pair_kernel.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <utility>

namespace cesaro::detail {

/// \f$K_{nm} = \mathbb E[\varphi(z_n)\varphi(z_m)]\f$ for Gaussians z of given variances and correlations
/// \f$\rho_{nm}\f$: \f$\sum_k a_k(n)\,a_k(m)\,\rho_{nm}^k\f$, \f$a_k(n)\f$ the coefficients of
/// \f$\varphi(z_n)\f$ in normalised Hermite polynomials (Mehler's formula). What the series leaves out of the
/// variance is added to its last term, so that K is exact where \f$\rho = 1\f$.
template <std::floating_point Real>
class gaussian_kernel {
  public:
    template <class Function>
    gaussian_kernel(const Function& phi, const Eigen::VectorX<Real>& variances)
        : coefficients_(variances.size(), terms) {
        // they are smooth in the logarithm of the deviation
        const Eigen::VectorX<Real> logarithms = variances.array().max(Real(1e-300)).log() / 2;
        const chebyshev_interval<Real> range(logarithms.minCoeff(), logarithms.maxCoeff());
        const bool alike = range.greatest - range.least < 1e-14;
        const Eigen::Index points = alike ? 1 : std::min<Eigen::Index>(variances.size(), 16);
        const bool interpolated = points < variances.size();
        Eigen::MatrixX<Real> values(points, terms);
        for (Eigen::Index i = 0; i < points; ++i) {
            const Real x = interpolated && !alike ? range.point(i, points) : logarithms[i];
            values.row(i) = hermite_coefficients(phi, std::exp(x)).transpose();
        }
        if (interpolated) values = (chebyshev_transform<Real>(points) * values).eval();
        for (Eigen::Index n = 0; n < variances.size(); ++n) {
            if (interpolated) {
                coefficients_.row(n) = range.basis(logarithms[n], points).transpose() * values;
            } else {
                coefficients_.row(n) = values.row(n);
            }
        }
    }

    [[nodiscard]] pair_kernel<Real> operator()(const pair_kernel<Real>& correlation) const {
        const Eigen::Index size = coefficients_.rows();
        const auto power_series = [&](auto x, Eigen::Index first, const auto& other) {
            const Eigen::Index count = x.size();
            Eigen::ArrayX<Real> sum = Eigen::ArrayX<Real>::Zero(count);
            for (Eigen::Index i = terms; i-- > 0;) {
                sum *= x;
                sum += coefficients_.col(i).segment(first, count).array() * other(i);
            }
            return sum;
        };
        pair_kernel<Real> k(size);
        for (Eigen::Index m = 0; m < size; ++m) {
            k.all.col(m).tail(size - m) = power_series(correlation.all.col(m).tail(size - m), m,
                                                       [&](Eigen::Index i) { return coefficients_(m, i); });
        }
        k.off().template triangularView<Eigen::StrictlyUpper>() = k.off().transpose();
        k.diagonal() = power_series(correlation.all.col(size), 0,
                                    [&](Eigen::Index i) { return coefficients_.col(i).array(); });
        k.above() = k.below();
        return k;
    }

  private:
    static constexpr Eigen::Index terms = 32;

    /// The nodes of a trapezoidal rule, exact to rounding for smooth functions, and the normalised Hermite
    /// polynomials there times its weights.
    struct hermite_rule {
        Eigen::VectorX<Real> nodes, weights;
        Eigen::MatrixX<Real> polynomials;  // terms x nodes, weighted

        hermite_rule()
            : nodes(Eigen::VectorX<Real>::LinSpaced(769, -12, 12)),
              weights(nodes.size()),
              polynomials(terms, nodes.size()) {
            for (Eigen::Index i = 0; i < nodes.size(); ++i) {
                const Real x = nodes[i];
                weights[i] = boost::math::constants::one_div_root_two_pi<Real>() * std::exp(-x * x / 2) / 32;
                auto h = polynomials.col(i);
                h[0] = weights[i];
                h[1] = x * weights[i];
                for (Eigen::Index k = 2; k < terms; ++k)
                    h[k] = (x * h[k - 1] - std::sqrt(Real(k - 1)) * h[k - 2]) / std::sqrt(Real(k));
            }
        }
    };

    template <class Function>
    static Eigen::VectorX<Real> hermite_coefficients(const Function& phi, Real deviation) {
        static const hermite_rule rule;
        const Eigen::VectorX<Real> values = rule.nodes.unaryExpr([&](Real x) { return phi(deviation * x); });
        Eigen::VectorX<Real> a = rule.polynomials * values;
        const Real rest = std::max(Real(0), rule.weights.dot(values.cwiseAbs2()) - a.squaredNorm());
        a[terms - 1] = std::sqrt(a[terms - 1] * a[terms - 1] + rest);
        return a;
    }

    Eigen::MatrixX<Real> coefficients_;  // cells x terms
};

/// The same for ReLU and its derivative in closed form, which no series does justice to. Source: Cho and
/// Saul, Kernel Methods for Deep Learning, NIPS 2009, section 2.
template <std::floating_point Real>
std::pair<pair_kernel<Real>, pair_kernel<Real>> relu_kernels(const Eigen::VectorX<Real>& variances,
                                                             const pair_kernel<Real>& correlation) {
    using boost::math::constants::pi;
    const auto slope = [](Real rho) {
        return (pi<Real>() - std::acos(std::clamp(rho, Real(-1), Real(1)))) / (2 * pi<Real>());
    };
    const auto value = [&](Real rho) {
        return std::sqrt(std::max(Real(0), 1 - rho * rho)) / (2 * pi<Real>()) + rho * slope(rho);
    };
    return {pair_kernel<Real>(correlation.all.unaryExpr(value)).scaled(variances.cwiseSqrt()),
            pair_kernel<Real>(correlation.all.unaryExpr(slope))};
}

}  // namespace cesaro::detail
