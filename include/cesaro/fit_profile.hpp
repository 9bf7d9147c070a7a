// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/interruption.hpp>
#include <cesaro/detail/profile_sum.hpp>
#include <cesaro/profile_distance.hpp>

#include <Eigen/Core>
#include <boost/math/tools/minima.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cesaro {

/// The parameter of a family of profiles that comes nearest to a measured one, and how near.
struct profile_fit {
    double parameter;
    double wasserstein;
};

namespace detail {

/// A measured profile in double, in which fits are made, checked before any theory is asked for.
template <profile_like P>
Eigen::VectorXd checked_profile(std::string_view function, const P& measured) {
    const auto& entries = profile_entries(measured);
    static_assert(std::remove_cvref_t<decltype(entries)>::IsVectorAtCompileTime, "a profile is a vector");
    Eigen::VectorXd values(entries.size());
    for (Eigen::Index m = 0; m < values.size(); ++m)
        values[m] = static_cast<double>(entries.coeffRef(m));
    profile_sum(function, "measured", values);
    return values;
}

/// fit_profile() to a checked profile, for the function that messages name.
template <class Theory>
profile_fit fit_for(std::string_view function, const Eigen::VectorXd& measured, double least, double greatest,
                    const Theory& theory, Eigen::Index grid) {
    check_at_least(function, "grid", grid, 2);
    for (const auto& [end, value] : {std::pair{"least", least}, std::pair{"greatest", greatest}}) {
        if (!std::isfinite(value)) throw_domain_error(function, end, value, "must be finite");
    }
    if (!(least < greatest)) {
        throw_domain_error(function, "least", least, "must be less than greatest");
    }
    const auto distance = [&](double parameter) {
        interruption_point();
        return wasserstein(measured, theory(parameter));
    };
    const double step = greatest / double(grid) - least / double(grid);
    profile_fit best{least, distance(least)};
    const auto keep = [&best](double parameter, double value) {
        if (value < best.wasserstein) best = {parameter, value};
    };
    for (Eigen::Index i = 1; i <= grid; ++i) {
        const double parameter = i == grid ? greatest : least + double(i) * step;
        keep(parameter, distance(parameter));
    }
    std::uintmax_t iterations = 100;  // golden sections alone would take some 40
    const auto [parameter, value] =
        boost::math::tools::brent_find_minima(distance, std::max(least, best.parameter - step),
                                              std::min(greatest, best.parameter + step), 26, iterations);
    keep(parameter, value);
    return best;
}

}  // namespace detail

/// The parameter in [least, greatest] whose profile has the least Wasserstein distance from `measured`: the
/// best of `grid` equal steps, refined by Brent's method between its neighbours, to about 1e-8 of the
/// interval. `theory(parameter)` is a profile of the same length in double; `measured` may be of any scalar
/// that converts to it.
/// \throws std::domain_error when grid < 2, an end of the interval is not finite, or not least < greatest;
/// what wasserstein() throws.
///
/// \code
/// const std::vector<double> measured{4, 2, 1};
/// const auto powers = [](double ratio) { return Eigen::Vector3d(1, ratio, ratio * ratio); };
/// const double ratio = cesaro::fit_profile(measured, 0.1, 2, powers).parameter;  // 0.5
/// \endcode
///
/// Source: Brent 1973, chapter 5 (Boost.Math's brent_find_minima).
template <detail::profile_like P, class Theory>
[[nodiscard]] profile_fit fit_profile(const P& measured, double least, double greatest, const Theory& theory,
                                      Eigen::Index grid = 32) {
    const Eigen::VectorXd profile = detail::checked_profile("fit_profile", measured);
    return detail::fit_for("fit_profile", profile, least, greatest, theory, grid);
}

}  // namespace cesaro
