// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/profile.hpp>

#include <Eigen/Core>
#include <boost/math/tools/minima.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace cesaro {

/// The parameter of a family of profiles that comes nearest to a measured one, and how near.
struct profile_fit {
    double parameter;
    double wasserstein;
};

/// The parameter in [least, greatest] whose profile has the least Wasserstein distance from `measured`:
/// the best of `grid` equal steps, refined by Brent's method between its neighbours, to about 1e-8 of the
/// interval. `theory(parameter)` is a profile of the same length.
/// \throws std::domain_error when grid < 2, an end of the interval is not finite, or not least < greatest;
/// what wasserstein() throws.
///
/// Source: Brent 1973, chapter 5 (Boost.Math's brent_find_minima).
template <class Theory>
profile_fit fit_profile(const Eigen::VectorXd& measured, double least, double greatest, const Theory& theory,
                        Eigen::Index grid = 32) {
    detail::check_at_least("fit_profile", "grid", grid, 2);
    for (const auto& [end, value] : {std::pair{"least", least}, std::pair{"greatest", greatest}}) {
        if (!std::isfinite(value)) detail::throw_domain_error("fit_profile", end, value, "must be finite");
    }
    if (!(least < greatest)) {
        detail::throw_domain_error("fit_profile", "least", least, "must be less than greatest");
    }
    detail::profile_sum("fit_profile", "measured", measured);  // checked before any theory is asked for
    const auto distance = [&](double parameter) { return wasserstein(measured, theory(parameter)); };
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

/// The mixing coefficient \f$\alpha\f$, equal in all layers, whose influence row comes nearest to a measured
/// profile of positions. See fit_profile(). Cost: some 60 rows, O(tokens · depth) each.
inline profile_fit fit_constant_mixing(const Eigen::VectorXd& measured, Eigen::Index depth) {
    return fit_profile(measured, 0, 1, [&](double alpha) {
        return influence_row(measured.size(), mixing_schedule<double>::constant(depth, alpha));
    });
}

namespace detail {

/// The factor between 1/20 and 20 for which profile(factor) comes nearest to a measured one, in its
/// logarithm.
template <class Profile>
profile_fit fit_factor(const Eigen::VectorXd& measured, const Profile& profile, Eigen::Index grid) {
    const double reach = std::log(20.0);
    profile_fit fit = fit_profile(
        measured, -reach, reach, [&](double logarithm) { return profile(std::exp(logarithm)); }, grid);
    fit.parameter = std::exp(fit.parameter);
    return fit;
}

}  // namespace detail

/// The factor by which gains per layer are to be multiplied for their jacobian_profile() to come nearest to a
/// measured profile of positions; sought between 1/20 and 20, in its logarithm. See fit_profile().
/// Cost: some 60 profiles, O(tokens · layers) each.
inline profile_fit fit_gain_factor(const Eigen::VectorXd& measured, const Eigen::VectorXd& gains) {
    return detail::fit_factor(
        measured, [&](double factor) { return jacobian_profile(measured.size(), factor * gains); }, 32);
}

/// As above, one factor for the gains of both branches at all positions and layers.
/// Cost: some 30 profiles, O(tokens² · layers) each.
inline profile_fit fit_gain_factor(const Eigen::VectorXd& measured, const position_gains<double>& gains) {
    return detail::fit_factor(
        measured,
        [&](double factor) {
            return jacobian_profile(
                position_gains<double>{factor * gains.attention, factor * gains.feed_forward});
        },
        12);
}

}  // namespace cesaro
