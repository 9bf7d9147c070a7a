// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Formulas of other theories of position bias, as functions of those of this library.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/depth_limit_influence.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/decay_time.hpp>
#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/positions.hpp>
#include <cesaro/detail/row_tails.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/detail/unit_interval_law.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/influence_row.hpp>

#include <Eigen/Core>
#include <boost/math/constants/constants.hpp>
#include <boost/math/special_functions/bessel.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cesaro {

/// What the kinetic theory of retrieval knows of a network: modes n = 1 .. terms with the rates
/// \f$a_n = n^2 I_n(\beta)\f$, weighed by \f$e^{-\pi^2 n^2 / (2 M^2)}\f$.
template <real_scalar Real = double>
struct retrieval_parameters {
    Real inverse_temperature = Real(1);  ///< \f$\beta\f$, above 0
    Real slope = Real(1);  ///< \f$\lambda\f$ of the decay_clock, above 0, at most 2^-62 of the largest number
    Real width = Real(8);  ///< M, above 0
    int terms = 20;        ///< modes that are summed, at least 1
};

namespace detail {

template <class Real>
void check_retrieval(const char* function, const retrieval_parameters<Real>& p) {
    const auto check = [&](const char* name, const Real& value) {
        if (!(value > Real(0) && value <= (std::numeric_limits<Real>::max)()))
            throw_domain_error(function, name, value, "must be finite and above 0");
    };
    check("inverse_temperature", p.inverse_temperature);
    check("slope", p.slope);
    check("width", p.width);
    check_moderate(function, "slope", p.slope);
    check_at_least(function, "terms", p.terms, 1);
}

/// ln of e^{-pi^2 n^2 / (2 M^2)}, and a_n = n^2 I_n(beta).
template <class Real>
Real log_retrieval_weight(const retrieval_parameters<Real>& p, int n) {
    const Real ratio = boost::math::constants::pi<Real>() * Real(n) / p.width;
    return -ratio * ratio / 2;
}
template <class Real>
Real retrieval_rate(const char* function, const retrieval_parameters<Real>& p, int n) {
    using Policy = boost::math::policies::policy<
        boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
        boost::math::policies::promote_double<false>>;
    const Real bessel = boost::math::cyl_bessel_i(n, p.inverse_temperature, Policy());
    if (!(bessel <= (std::numeric_limits<Real>::max)()))
        throw_domain_error(function, "inverse_temperature", p.inverse_temperature,
                           "must be so small that its Bessel function does not overflow");
    return Real(n) * Real(n) * bessel;
}

/// ln S_t(x), as the greatest logarithm of the modes and the sum of them over that mode.
template <class Real>
std::pair<working_number<Real>, working_number<Real>> retrieval_modes(const char* function,
                                                                      const retrieval_parameters<Real>& p,
                                                                      const Real& time, const Real& x) {
    using Number = working_number<Real>;
    using std::exp;
    using std::log;
    using std::sqrt;
    check_retrieval(function, p);
    if (!(time > Real(0) && time <= (std::numeric_limits<Real>::max)()))
        throw_domain_error(function, "time", time, "must be finite and above 0");
    log_distance(function, x);
    const decay_time<Real> clock(wide<Real>(Number(p.slope)), unit_position<Real>(x));
    const Number u = clock.u();
    std::vector<Number> logs;
    for (int n = 1; n <= p.terms; ++n) {
        const auto rate = static_cast<Number>(retrieval_rate(function, p, n));
        if (!(rate > Number(0))) break;  // it underflows, and all after it
        const auto t = static_cast<Number>(time);
        const Number y = Number(2) * sqrt(rate) * sqrt(t) * sqrt(u);  // the product may overflow
        const Number bessel =
            y > Number(20 * std::numeric_limits<Number>::digits)
                ? log_bessel_asymptotic(y)
                : static_cast<Number>(
                      log(bessel_series<Real>(clock.precise_u() * wide<Real>(Number(rate * t)))));
        logs.push_back(static_cast<Number>(log_retrieval_weight(p, n)) + log(rate) + log(t) + bessel);
    }
    if (logs.empty()) return {-std::numeric_limits<Number>::infinity(), Number(1)};
    const Number most = *std::max_element(logs.begin(), logs.end());
    Number sum(0);
    for (const Number& each : logs)
        sum += exp(Number(each - most));
    return {most - static_cast<Number>(clock.distance()), sum * clock.most_rate()};
}

}  // namespace detail

/// The retrieval profile of the kinetic theory at depth t and relative position x:
///
/// \f[ S_t(x) = \sum_{n \ge 1} e^{-\pi^2 n^2 / (2 M^2)} \sqrt{\frac{a_n t}{u}}\; I_1(2 \sqrt{a_n t\,u})\,
///     \frac{\lambda e^{\lambda x}}{e^\lambda - 1}, \qquad a_n = n^2 I_n(\beta), \f]
///
/// u the time of the decay_clock: every mode is \f$e^{a_n t}\f$ times the density of the depth limit with total
/// attention \f$a_n t\f$ on that clock.
///
/// \param time  t > 0. \param x  0 < x <= 1.
/// \return S, infinite where it overflows; log_retrieval_profile() does not.
/// \throws std::domain_error outside these ranges, or those of the parameters.
/// Cost: that of `terms` Bessel functions. Accuracy: 1e-13 max(1, |ln S|) in double.
/// Source: Duerinckx, Geshkovski and Rossi, arXiv 2605.09213.
template <real_scalar Real>
[[nodiscard]] Real retrieval_profile(const retrieval_parameters<Real>& parameters,
                                     const std::type_identity_t<Real>& time,
                                     const std::type_identity_t<Real>& x) {
    using std::exp;
    const auto [most, sum] = detail::retrieval_modes("retrieval_profile", parameters, Real(time), Real(x));
    return static_cast<Real>(exp(most) * sum);
}

/// \f$\ln S_t(x)\f$, also where the Bessel functions overflow.
template <real_scalar Real>
[[nodiscard]] Real log_retrieval_profile(const retrieval_parameters<Real>& parameters,
                                         const std::type_identity_t<Real>& time,
                                         const std::type_identity_t<Real>& x) {
    using std::log;
    const auto [most, sum] =
        detail::retrieval_modes("log_retrieval_profile", parameters, Real(time), Real(x));
    return static_cast<Real>(most + log(sum));
}

/// The depth from which the retrieval profile no longer rises towards the query: where its slope at x = 1 changes
/// sign,
///
/// \f[ t_{crit} = 2 (1 - e^{-\lambda}) \frac{\sum_n w_n a_n}{\sum_n w_n a_n^2},
///     \qquad w_n = e^{-\pi^2 n^2 / (2 M^2)}. \f]
///
/// \throws std::domain_error outside the ranges of the parameters. Source: as retrieval_profile().
template <real_scalar Real>
[[nodiscard]] Real retrieval_critical_time(const retrieval_parameters<Real>& parameters) {
    using std::exp;
    using std::expm1;
    const char* const function = "retrieval_critical_time";
    detail::check_retrieval(function, parameters);
    // Against the first mode, which neither overflows nor underflows.
    const Real slowest = detail::retrieval_rate(function, parameters, 1);
    const Real heaviest = detail::log_retrieval_weight(parameters, 1);
    Real first(0);
    Real second(0);
    for (int n = 1; n <= parameters.terms; ++n) {
        const Real rate = detail::retrieval_rate(function, parameters, n) / slowest;
        const Real weight = exp(Real(detail::log_retrieval_weight(parameters, n) - heaviest));
        first += weight * rate;
        second += weight * rate * rate;
    }
    return -2 * expm1(Real(-parameters.slope)) * (first / second) / slowest;
}

/// The bound on the sensitivity of the query's representation to a source, without the constants of its layers:
///
/// \f[ \sum_{k=0}^{L} \binom{L}{k} \beta^{-k} [M^k]_{n,m}
///     = (1 + 1/\beta)^L\, p(m|n) \quad \text{with } \alpha = \frac{1}{1 + \beta} \text{ in all layers}. \f]
///
/// \param query   n, 0 <= query <= 2^62. \param source  m, 0 <= source <= query.
/// \param depth   L >= 0. \param beta  what normalisation divides by, above 0.
/// \return the bound; infinite where it overflows.
/// \throws std::domain_error outside these ranges. Cost and accuracy those of logpdf(discrete_influence).
/// Source: Barbero et al., arXiv 2406.04267, theorem 5.1.
template <real_scalar Real>
[[nodiscard]] Real over_squashing_bound(std::int64_t query, std::int64_t source, Eigen::Index depth,
                                        const Real& beta) {
    const char* const function = "over_squashing_bound";
    if (!(beta > Real(0) && beta <= (std::numeric_limits<Real>::max)()))
        detail::throw_domain_error(function, "beta", beta, "must be finite and above 0");
    detail::check_at_least(function, "depth", depth, 0);
    detail::check_query(function, query);
    detail::source_index(function, source, query);
    using Number = detail::scaled<detail::working_number<Real>>;
    Eigen::VectorX<Number> terms(depth + 1);
    terms[0] = Number(1);
    for (Eigen::Index k = 1; k <= depth; ++k)
        terms[k] =
            terms[k - 1] * Number(depth - k + 1) / (Number(k) * Number(detail::working_number<Real>(beta)));
    return static_cast<Real>(
        static_cast<detail::working_number<Real>>(detail::network_entry<Number>(query, source, terms)));
}

/// A measured causal profile over the row that uniform attention alone gives it: what is left of a rollout once
/// the receptive field, which grows towards the first tokens, is divided out. 1 everywhere of uniform attention.
///
/// \param measured  a non-negative profile over the positions 0 .. n, as rollout_row() gives one.
/// \param network   the layers' coefficients, as of the rollout: a hop_law, or what converts to one.
/// \return measured over influence_row(n + 1, network), entry by entry; 0 where both are 0.
/// \throws std::domain_error when an entry is negative, NaN, or positive where the row is 0.
/// Source: that a causal mask alone favours the first tokens, Wu et al., arXiv 2502.01951; the exact row of it,
/// discrete_influence.
template <class Derived, has_hop_law Network>
[[nodiscard]] Eigen::VectorX<typename Network::Scalar> receptive_field_correction(
    const Eigen::MatrixBase<Derived>& measured, const Network& network) {
    using Real = typename Network::Scalar;
    const char* const function = "receptive_field_correction";
    Eigen::VectorX<Real> ratio = measured;
    const Eigen::VectorX<Real> row = influence_row(ratio.size(), network);
    for (Eigen::Index m = 0; m < ratio.size(); ++m) {
        if (!(ratio[m] >= Real(0)) || (ratio[m] > Real(0) && !(row[m] > Real(0)))) {
            detail::throw_domain_error(function, "measured[" + std::to_string(m) + "]", ratio[m],
                                       "must be at least 0, and 0 where the row is");
        }
        if (ratio[m] > Real(0)) ratio[m] /= row[m];
    }
    return ratio;
}

/// The distance at which t layers of ALiBi alone look most, far from the first tokens: the maximum of
/// \f$\binom{t+d}{d} e^{-s d}\f$ over real distances d, \f$t / (e^s - 1)\f$. The best integer is the next one
/// below, or, where it is one itself, that and the one before.
///
/// \param layers  t >= 0. \param slope  s > 0.
/// \throws std::domain_error outside these ranges.
/// Source: Wu et al., arXiv 2502.01951 (ALiBi); it is the mode of the negative binomial law to which
/// discrete_influence with decaying_keys tends.
template <real_scalar Real>
[[nodiscard]] Real distance_decay_maximum(Eigen::Index layers, const Real& slope) {
    using std::expm1;
    detail::check_at_least("distance_decay_maximum", "layers", layers, 0);
    if (!(slope > Real(0)))
        detail::throw_domain_error("distance_decay_maximum", "slope", slope, "must be above 0");
    return Real(layers) / expm1(slope);
}

}  // namespace cesaro
