// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace cesaro {

namespace detail {

/// Nodes and weights of the trapezoidal rule for means over a standard normal variable, up to where a tail of
/// probability exp(-digits) begins, with a relative error of exp(-precision), for integrands like
/// \f$f(u + \sigma g)\f$ with f = exp(-exp(·)): their
/// strip of analyticity is \f$\pi / \sigma\f$ wide.
template <class Real>
struct normal_rule {
    Eigen::VectorX<Real> nodes, weights;
    Eigen::VectorX<Real> above;  ///< sums of the weights from each node on

    normal_rule(const Real& deviation, const Real& digits, const Real& precision) {
        using std::exp;
        using std::sqrt;
        const Real pi = boost::math::constants::pi<Real>();
        const Real step =
            std::min(Real(pi * sqrt(Real(2) / precision)), Real(pi * pi / (deviation * precision)));
        const auto count = static_cast<Eigen::Index>(sqrt(2 * digits) / step) + 1;
        nodes.resize(2 * count + 1);
        for (Eigen::Index i = 0; i < nodes.size(); ++i)
            nodes[i] = Real(i - count) * step;
        weights = nodes.unaryExpr([&](const Real& g) -> Real {
            return exp(Real(-g * g / 2)) * step * boost::math::constants::one_div_root_two_pi<Real>();
        });
        above = weights;
        for (Eigen::Index i = above.size() - 1; i-- > 0;)
            above[i] += above[i + 1];
    }
};

/// Moments of the weights A of a softmax of k independent Gaussian scores.
template <class Real>
struct softmax_moments {
    Real squares;  ///< \f$\mathbb E \sum_j A_j^2\f$
    /// \f$\mathbb E \sum_j A_j^2 (1 - 2 A_j + \sum_i A_i^2)\f$, what gradients to the scores have: without
    /// cancellation, of different i, j, l, \f$2 \sum A_i^2 A_j^2 + \sum A_i^2 A_j A_l\f$
    Real centred;
};

/// For real counts k >= 1, by integrals as that of softmax_participation(), to relative errors of
/// \f$e^{-precision}\f$ and of \f$precision^3 e^{-precision}\f$: the higher the moment, the narrower the
/// Fourier transform that a step has to resolve.
template <class Real>
[[nodiscard]] softmax_moments<Real> moments_of_softmax(const Real& k, const Real& variance,
                                                       const Real& precision) {
    using std::exp;
    using std::expm1;
    using std::log;
    using std::log1p;
    using std::sqrt;
    if (!(k > Real(1))) return {Real(1), Real(0)};
    if (!(variance > Real(0))) return {1 / k, (k - 1) / (k * k)};
    const Real deviation = sqrt(variance);
    const Real pi = boost::math::constants::pi<Real>();
    const Real digits = precision + 4 + 2 * log(k);  // P may be as small as 1/k
    const detail::normal_rule<Real> normal(deviation, digits, precision);
    const Real top = log(precision) + 1;  // e^{-e^y} vanishes from here on
    // In u = ln t the integrand is k E[e^{2y - e^y}] phi_0^(k-1), y = u + deviation g.
    const Real reach = deviation * sqrt(2 * digits);
    const Real lowest = -log(k) - precision / 2 - std::min(reach, variance) - 2;
    const Real step = Real(9) * pi * pi / (10 * precision);
    Real two(0), two_and_two(0), two_and_ones(0);
    for (Real u = lowest; u < reach + top; u += step) {
        Real present(0), firsts(0), squares(0), missing(0);  // E[(tW)^i e^{-tW}] and 1 - phi_0
        Eigen::Index i = 0;
        for (; i < normal.nodes.size(); ++i) {
            const Real y = u + deviation * normal.nodes[i];
            if (y > top) break;
            const Real w = exp(y);
            const Real lost = expm1(Real(-w));
            const Real left = normal.weights[i] * (lost + 1);
            present += left;
            firsts += left * w;
            squares += left * w * w;
            missing -= normal.weights[i] * lost;
        }
        if (i < normal.nodes.size()) missing += normal.above[i];
        if (!(present > Real(0))) continue;
        const Real log_present = 2 * missing < Real(1) ? log1p(Real(-missing)) : log(present);
        const Real one_less = exp(Real((k - 1) * log_present));  // phi_0^(k-1)
        const Real two_less = exp(Real((k - 2) * log_present));
        two += squares * one_less;
        two_and_two += squares * squares * two_less;
        two_and_ones += squares * firsts * firsts * exp(Real((k - 3) * log_present));
    }
    const Real pairs = k * (k - 1) * step / 6;
    return {std::min(Real(1), Real(k * step * two)),
            Real(pairs * (2 * two_and_two + (k - 2) * two_and_ones))};
}

}  // namespace detail

/// The participation of a softmax of Gaussian scores: the mean of the sum of its squared weights, for `count`
/// independent scores of one variance \f$\tau\f$,
///
/// \f[ P(\tau, k) = \mathbb E \sum_{j=1}^k A_j^2 = k \int_0^\infty t\,\varphi_2(t)\,\varphi_0(t)^{k-1} dt,
///     \qquad \varphi_i(t) = \mathbb E[W^i e^{-tW}], \quad W = e^{\sqrt\tau g}, \f]
///
/// g standard normal. It lies in [1/k, 1], and 1/P is the number of positions that such a head sees in
/// effect: all k of them where \f$\tau \to 0\f$; about \f$k e^{-\tau}\f$ where k is much larger than
/// \f$e^\tau\f$; a few beyond \f$\tau \approx 2 \ln k\f$, where the greatest score takes all (the freezing of
/// the random energy model).
///
/// \code
/// const double seen = 1 / cesaro::softmax_participation(8192, 10.73741824);  // 11.57 of 8192 positions
/// \endcode
///
/// \param count k, at least 1.
/// \param variance \f$\tau\f$, from 0 to \f$10^4\f$.
/// \return P.
/// \throws std::domain_error when count < 1, or the variance is not in \f$[0, 10^4]\f$.
/// Cost: an integral of integrals, some 10^4 exponentials where the variance is below 10, and 10^6 at 1000.
/// Accuracy: sums of positive terms; relative error below 1e-12 in double for counts to \f$2^{62}\f$ and
/// variances to 1000.
///
/// Source: Derrida, Phys. Rev. B 24, 2613 (1981), for the freezing; the integral by \f$1/Z^2 = \int_0^\infty
/// t e^{-tZ} dt\f$.
template <real_scalar Real>
[[nodiscard]] Real softmax_participation(std::int64_t count, const Real& variance) {
    const char* const function = "softmax_participation";
    detail::check_at_least(function, "count", count, 1);
    if (!(variance >= Real(0) && variance <= Real(10000)))
        detail::throw_domain_error(function, "variance", variance, "must lie in [0, 10^4]");
    using std::log;
    const Real precision = -log(std::numeric_limits<Real>::epsilon());
    return detail::moments_of_softmax(Real(count), variance, precision).squares;
}

}  // namespace cesaro
