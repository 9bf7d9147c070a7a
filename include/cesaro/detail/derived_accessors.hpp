// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>

#include <boost/math/distributions/complement.hpp>

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

/// What every law of influence has by having pdf, cdf, quantile, range and moments, written once; and the
/// rules for a law whose hops lose mass, total < 1: pdf, cdf, complement and mean are literal, so that the
/// cdf ends at the total and the complement does not contain what is lost; quantiles exist up to the total;
/// central moments are those of a normalised law only.
namespace cesaro {

using boost::math::complement;

namespace detail {

/// A distribution over positions in the manner of Boost.Math's: non-member pdf, cdf, quantile and moments.
template <class Law>
concept influence_law = requires {
    requires real_scalar<typename Law::value_type>;
    typename Law::position_type;
};

/// A probability as rounded: no larger than all of them together; NaN stays NaN.
template <class Real>
Real at_most_total(const Real& p, const Real& total) {
    return total < p ? total : p;
}

/// Throws std::domain_error unless 0 <= p <= total (NaN fails); the function by its name, or what converts to
/// one.
template <class Function, class Real>
void check_level(const Function& function, const Real& p, const Real& total) {
    if (p >= Real(0) && p <= total) return;
    const bool complete = !(total < Real(1));
    throw_domain_error(
        std::string(function), "p", p,
        complete ? "must lie in [0, 1]" : "must lie in [0, total], total = " + value_text(total));
}

/// Throws std::domain_error where mass is lost: moments about the mean would mix two laws.
template <class Real>
void check_nothing_lost(std::string_view function, const Real& total) {
    if (!(total < Real(1))) return;
    throw_domain_error(function, "total", total,
                       "must be 1: normalise the hop law first (hop_law::normalized)");
}

}  // namespace detail

/// \f$\sqrt{\mathrm{Var}}\f$. Errors as variance().
template <detail::influence_law Law>
[[nodiscard]] typename Law::value_type standard_deviation(const Law& law) {
    using std::sqrt;
    return sqrt(variance(law));
}

/// kurtosis() less that of a normal law, 3. Errors as kurtosis().
template <detail::influence_law Law>
[[nodiscard]] typename Law::value_type kurtosis_excess(const Law& law) {
    using Real = typename Law::value_type;
    return kurtosis(law) - Real(3);
}

/// quantile(law, 1/2).
template <detail::influence_law Law>
[[nodiscard]] typename Law::position_type median(const Law& law) {
    using Real = typename Law::value_type;
    return quantile(law, Real(Real(1) / Real(2)));
}

/// Where the law can have mass: its range.
template <detail::influence_law Law>
[[nodiscard]] std::pair<typename Law::position_type, typename Law::position_type> support(const Law& law) {
    return range(law);
}

}  // namespace cesaro
