// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/scaled.hpp>

#include <Eigen/Core>

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <type_traits>

/// Moments of the relative position X in [0, 1], of the distance 1 - X, and of positions.
///
/// Central moments come from the raw moments of whichever of X and 1 - X has the mean below 1/2: there
/// E[X²] >= 4/3 E[X]² for every hop distribution, so that nothing serious cancels.
namespace cesaro::detail {

/// Scaled numbers: E[X⁴] underflows long before the kurtosis overflows.
template <class Real>
using moment = std::conditional_t<std::numeric_limits<Real>::is_exact, Real, scaled<Real>>;

/// E[V^s] for s = 0 .. 4, V in [0, 1].
template <class Real>
using raw_moments = std::array<moment<Real>, 5>;

/// E[X^s] = sum_k w_k (1+s)^{-k}: a hop multiplies X by a uniform number.
template <class Real>
moment<Real> position_moment(const Eigen::VectorX<moment<Real>>& w, int s) {
    moment<Real> sum = w[w.size() - 1];
    for (Eigen::Index k = w.size() - 2; k >= 0; --k)
        sum = w[k] + sum / moment<Real>(Real(s + 1));
    return sum;
}

template <class Real>
raw_moments<Real> position_moments(const Eigen::VectorX<moment<Real>>& w) {
    raw_moments<Real> moments;
    for (int s = 0; s < 5; ++s)
        moments[std::size_t(s)] = position_moment<Real>(w, s);
    return moments;
}

/// E[(1-X)^s] = sum_k w_k [M^k e_0]_s: positive terms, unlike the binomial expansion.
template <class Real>
raw_moments<Real> distance_moments(const Eigen::VectorX<moment<Real>>& w) {
    raw_moments<Real> moments;
    moments.fill(moment<Real>(Real(0)));
    std::array<Real, 5> power;  // M^k e_0
    power.fill(Real(0));
    power[0] = Real(1);
    for (Eigen::Index k = 0; k < w.size(); ++k) {
        Real sum(0);
        for (std::size_t s = 0; s < 5; ++s) {
            moments[s] += w[k] * moment<Real>(power[s]);
            sum += power[s];
            power[s] = sum / Real(int(s) + 1);
        }
    }
    return moments;
}

/// The moments of J / n, where J is binomial(n, V) and V has the given moments: from factorial moments.
template <class Real>
raw_moments<Real> binomial_mixture_moments(const raw_moments<Real>& v, const Real& n) {
    raw_moments<Real> f = v;  // E[J (J-1) ... (J-s+1)] / n^s
    Real falling(1);
    for (int s = 2; s < 5; ++s) {
        falling = n < Real(s) ? Real(0) : Real(falling * ((n - Real(s - 1)) / n));
        f[std::size_t(s)] *= moment<Real>(falling);
    }
    const moment<Real> size(n);
    const auto times = [](int factor, const moment<Real>& f_s) { return moment<Real>(Real(factor)) * f_s; };
    return {v[0], f[1], f[2] + f[1] / size, f[3] + (times(3, f[2]) + f[1] / size) / size,
            f[4] + (times(6, f[3]) + (times(7, f[2]) + f[1] / size) / size) / size};
}

/// The central moments of X of orders 2, 3, 4, from the raw moments of X or, mirrored, of 1 - X.
template <class Real>
struct central_moments {
    moment<Real> second, third, fourth;
    bool mirrored;

    central_moments(const raw_moments<Real>& m, bool of_distance) : mirrored(of_distance) {
        const auto times = [](int factor, const moment<Real>& m_s) {
            return moment<Real>(Real(factor)) * m_s;
        };
        const moment<Real> square = m[1] * m[1];
        second = m[2] - square;
        third = m[3] - m[1] * (times(3, m[2]) - times(2, square));
        fourth = m[4] - m[1] * (times(4, m[3]) - m[1] * (times(6, m[2]) - times(3, square)));
    }

    Real skewness(std::string_view function) const {
        using std::sqrt;
        check_spread(function);
        const auto skew = static_cast<Real>(third / second / sqrt(second));
        return mirrored ? Real(-skew) : skew;
    }
    Real kurtosis(std::string_view function) const {
        check_spread(function);
        return static_cast<Real>(fourth / second / second);
    }

  private:
    void check_spread(std::string_view function) const {
        if (moment<Real>(Real(0)) < second) return;
        throw_domain_error(function, "variance", static_cast<Real>(second), "must be positive");
    }
};

}  // namespace cesaro::detail
