// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The one parameter of a network that a measured profile tells: see fit_profile().

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/gains.hpp>
#include <cesaro/detail/mixing_sketch.hpp>
#include <cesaro/fit_profile.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/position_gains.hpp>

#include <Eigen/Core>

#include <cmath>

namespace cesaro {

/// The mixing coefficient \f$\alpha\f$, equal in all layers, whose influence row comes nearest to a measured
/// profile of positions. See fit_profile().
/// Cost: of 256 positions and more 4 to 6 rows, and the time of some 4 rows of 1024 positions beside; some 36
/// rows where there are fewer positions, or where coefficients far apart are nearly as near.
/// Where the rows of all coefficients in reach are the same but for 1e-15 of their mass, as of hundreds of layers that
/// mix by nearly 1, any of them may be returned: the profile does not tell.
///
/// \code
/// const std::vector<double> norms{9, 3, 2, 1, 6};
/// const auto [alpha, distance] = cesaro::fit_constant_mixing(norms, 12);
/// const Eigen::VectorXd nearest = cesaro::influence_row(5, cesaro::mixing_schedule<>::constant(12, alpha));
/// \endcode
template <detail::profile_like P>
[[nodiscard]] profile_fit fit_constant_mixing(const P& measured, Eigen::Index depth) {
    const char* const function = "fit_constant_mixing";
    detail::check_at_least(function, "depth", depth, 0);
    const Eigen::VectorXd profile = detail::checked_profile(function, measured);
    Eigen::VectorXd row(profile.size());
    const auto theory = [&](double alpha) -> const Eigen::VectorXd& {
        influence_row(mixing_schedule<double>(Eigen::VectorXd::Constant(depth, alpha)), row);
        return row;
    };
    if (depth == 0 || profile.size() < 256) return detail::fit_for(function, profile, 0, 1, theory, 32);
    detail::profile_search<decltype(theory)> search(profile, 0, 1, theory);
    if (const auto sketched = detail::mixing_sketch<double>(profile, depth).least()) {
        const double step = 1 / (128 * double(depth + 4));  // whose cubes do not matter
        search.refine_around(sketched->alpha, step, sketched->low, sketched->high);
        const double alpha = search.best();
        if ((alpha > sketched->low || !(alpha > 0)) && (alpha < sketched->high || !(alpha < 1)))
            return {alpha, search.distance()};
    }
    search.scan(32);
    return {search.best(), search.distance()};
}

namespace detail {

/// The factor between 1/20 and 20 for which profile(factor) comes nearest to a measured one, in its
/// logarithm.
template <class Profile>
profile_fit fit_factor(const Eigen::VectorXd& measured, const Profile& profile, Eigen::Index grid) {
    const double reach = std::log(20.0);
    const auto theory = [&](double logarithm) { return profile(std::exp(logarithm)); };
    profile_fit fit = fit_for("fit_gain_factor", measured, -reach, reach, theory, grid);
    fit.parameter = std::exp(fit.parameter);
    return fit;
}

}  // namespace detail

/// The factor by which gains per layer are to be multiplied for their jacobian_profile() to come nearest to a
/// measured profile of positions; sought between 1/20 and 20, in its logarithm. See fit_profile(). Where no gain matters, as where
/// all are zero, every factor is as near, and 1/20 is returned.
/// Cost: some 16 profiles, O(tokens · layers) each.
template <detail::profile_like P>
[[nodiscard]] profile_fit fit_gain_factor(const P& measured, const Eigen::VectorXd& gains) {
    detail::check_gains("fit_gain_factor", "gains", gains);
    const Eigen::VectorXd profile = detail::checked_profile("fit_gain_factor", measured);
    return detail::fit_factor(
        profile, [&](double factor) { return jacobian_profile(profile.size(), factor * gains); }, 12);
}

/// As above, one factor for the gains of both branches at all positions and layers.
/// \throws std::invalid_argument when their positions are not those of the profile.
/// Cost: some 12 profiles, O(tokens² · layers) each.
template <detail::profile_like P>
[[nodiscard]] profile_fit fit_gain_factor(const P& measured, const position_gains<double>& gains) {
    const Eigen::VectorXd profile = detail::checked_profile("fit_gain_factor", measured);
    detail::check_position_gains("fit_gain_factor", gains);
    detail::check_size("fit_gain_factor", "rows of gains.attention", gains.attention.rows(), profile.size());
    return detail::fit_factor(
        profile,
        [&](double factor) {
            position_gains<double> scaled = gains;
            scaled.attention *= factor;
            scaled.feed_forward *= factor;
            return jacobian_profile(scaled);
        },
        8);
}

}  // namespace cesaro
