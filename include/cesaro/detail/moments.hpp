// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <array>
#include <cmath>
#include <string_view>

/// Moments of the relative position X in [0, 1], of the distance 1 - X, and of positions.
///
/// Central moments come from the raw moments of whichever of X and 1 - X has the mean below 1/2: there
/// E[X²] >= 4/3 E[X]² for every hop distribution, so that nothing serious cancels.
namespace cesaro::detail {

/// E[V^s] for s = 0 .. 4, V in [0, 1].
template <class Real>
using raw_moments = std::array<Real, 5>;

/// E[X^s] = sum_k w_k (1+s)^{-k}.
template <class Real>
raw_moments<Real> position_moments(const Eigen::VectorX<Real>& w) {
    raw_moments<Real> moments;
    for (int s = 0; s < 5; ++s) {
        Real sum(0);
        for (Eigen::Index k = w.size(); k-- > 0;)
            sum = w[k] + sum / Real(1 + s);
        moments[std::size_t(s)] = sum;
    }
    return moments;
}

/// E[(1-X)^s] = sum_k w_k [M^k e_0]_s: positive terms, unlike the binomial expansion.
template <class Real>
raw_moments<Real> distance_moments(const Eigen::VectorX<Real>& w) {
    raw_moments<Real> moments;
    moments.fill(Real(0));
    raw_moments<Real> power;  // M^k e_0
    power.fill(Real(0));
    power[0] = Real(1);
    for (Eigen::Index k = 0; k < w.size(); ++k) {
        Real sum(0);
        for (std::size_t s = 0; s < 5; ++s) {
            moments[s] += w[k] * power[s];
            sum += power[s];
            power[s] = sum / Real(int(s) + 1);
        }
    }
    return moments;
}

/// The moments of J / n, where J is binomial(n, V) and V has the given moments: from factorial moments.
template <class Real>
raw_moments<Real> binomial_mixture_moments(const raw_moments<Real>& v, const Real& n) {
    const Real f1 = v[1];
    const Real f2 = v[2] * (n - 1) / n;
    const Real f3 = n < 3 ? Real(0) : Real(v[3] * ((n - 1) / n) * ((n - 2) / n));
    const Real f4 = n < 4 ? Real(0) : Real(v[4] * ((n - 1) / n) * ((n - 2) / n) * ((n - 3) / n));
    return {v[0], f1, Real(f2 + f1 / n), Real(f3 + (3 * f2 + f1 / n) / n),
            Real(f4 + (6 * f3 + (7 * f2 + f1 / n) / n) / n)};
}

/// The central moments of orders 2, 3, 4.
template <class Real>
struct central_moments {
    Real second, third, fourth;

    explicit central_moments(const raw_moments<Real>& m)
        : second(m[2] - m[1] * m[1]),
          third(m[3] - m[1] * (3 * m[2] - 2 * m[1] * m[1])),
          fourth(m[4] - m[1] * (4 * m[3] - m[1] * (6 * m[2] - 3 * m[1] * m[1]))) {}

    Real skewness(std::string_view function) const {
        using std::sqrt;
        check_spread(function);
        return third / second / sqrt(second);  // the powers of a small variance would underflow
    }
    Real kurtosis(std::string_view function) const {
        check_spread(function);
        return fourth / second / second;
    }

  private:
    void check_spread(std::string_view function) const {
        if (!(second > Real(0))) throw_domain_error(function, "variance", second, "must be positive");
    }
};

}  // namespace cesaro::detail
