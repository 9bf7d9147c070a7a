// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/interruption.hpp>
#include <cesaro/detail/least_by_slope.hpp>
#include <cesaro/detail/profile_path.hpp>
#include <cesaro/detail/profile_sum.hpp>
#include <cesaro/profile_distance.hpp>

#include <Eigen/Core>
#include <boost/math/tools/minima.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

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

/// What is moved past each position but the last to make p of q, which are divided by their sums. Plain sums, for a
/// search: the distance that is told in the end is wasserstein().
inline Eigen::VectorXd moved_mass(const Eigen::VectorXd& p, double p_sum, const Eigen::VectorXd& q,
                                  double q_sum) {
    constexpr double least = 1e-300;  // has a reciprocal
    if (p_sum < least) return moved_mass(p * 0x1p500, p_sum * 0x1p500, q, q_sum);
    if (q_sum < least) return moved_mass(p, p_sum, q * 0x1p500, q_sum * 0x1p500);
    const double p_scale = 1 / p_sum;
    const double q_scale = 1 / q_sum;
    Eigen::VectorXd moved(p.size() - 1);
    double sum = 0;
    for (Eigen::Index m = 0; m < moved.size(); ++m)
        moved[m] = sum += p_scale * p[m] - q_scale * q[m];
    return moved;
}

/// The search for the parameter in [least, greatest] whose profile comes nearest to a measured one.
template <class Theory>
class profile_search {
  public:
    /// \param measured has been checked, and has two positions at least. It and the theory are the caller's.
    profile_search(const Eigen::VectorXd& measured, double least, double greatest, const Theory& theory)
        : measured_(measured), sum_(measured.sum()), least_(least), greatest_(greatest), theory_(theory) {}

    /// The best of `grid` equal steps, refined between its neighbours.
    void scan(Eigen::Index grid) {
        const double step = greatest_ / double(grid) - least_ / double(grid);
        const auto near = [step](double a, double b, double steps) {
            return std::abs(a - b) < (steps + 0.5) * step;
        };
        std::vector<answer> answers;  // that are near to the best, or may come to be
        for (Eigen::Index i = 0; i <= grid; ++i) {
            const double part = double(i) / double(grid);
            const double between = (1 - part) * least_ + part * greatest_;  // without overflow
            const double parameter = std::clamp(between, least_, greatest_);
            answers.push_back(ask(parameter));
            std::erase_if(answers, [&](const answer& a) {
                return !near(a.parameter, best_, 2) && !near(a.parameter, parameter, 1);
            });
        }
        profile_path<double> path;
        const double origin = best_;
        for (const answer& a : answers)
            if (near(a.parameter, origin, 2)) path.add((a.parameter - origin) / step, a.moved);
        answers.clear();
        if (path.nodes() < 2) return;  // so narrow an interval that its steps vanish
        refine(path, origin, step, std::max(least_, origin - step), std::min(greatest_, origin + step), 16);
    }

    /// The least in [low, high] from three parameters, `step` apart.
    void refine_around(double middle, double step, double low, double high) {
        middle = std::clamp(middle, least_ + step, greatest_ - step);
        profile_path<double> path;
        for (const int i : {0, -1, 1})
            path.add(i, ask(middle + i * step).moved);
        refine(path, middle, step, low, high, 0);
    }

    double best() const { return best_; }
    double distance() const { return wasserstein(measured_, nearest_); }

  private:
    /// What the theory says at a parameter.
    struct answer {
        double parameter;
        Eigen::VectorXd moved;
    };

    answer ask(double parameter) {
        interruption_point();
        const auto& told = theory_(parameter);
        const auto& profile = profile_entries(told);
        const double sum = profile.size() == measured_.size() ? profile.sum() : 0;
        if (!(sum > 0 && std::isfinite(sum) && profile.minCoeff() >= 0))
            (void)wasserstein(measured_, profile);  // which says what is wrong
        answer a{parameter, moved_mass(measured_, sum_, profile, sum)};
        const double distance = a.moved.cwiseAbs().mean();
        if (nearest_.size() == 0 || distance < distance_) {
            best_ = parameter;
            distance_ = distance;
            nearest_ = profile;
        }
        return a;
    }

    /// Asks where the path through the answers is nearest, which the next answer corrects, until that has been asked
    /// already. Of a theory that does not go the way that its path foretells, by Brent's method.
    /// \param path in steps from the origin. \param looks where it may have several least places, how often to look.
    void refine(profile_path<double>& path, double origin, double step, double low, double high, int looks) {
        const auto place = [&](double parameter) { return (parameter - origin) / step; };
        const double tolerance = 1e-9 * (greatest_ / step - least_ / step);
        double surprise = std::numeric_limits<double>::infinity();
        const double least = place(low);
        const double greatest = place(high);
        for (int i = 0; i < 8; ++i) {
            if (i > 2 && !(surprise < 0.01 * path.speed())) break;
            const double best = place(best_);
            path_distance distance(path);
            sloped_value<double> from = distance(best);
            for (int j = 1; i < 2 && j < looks; ++j) {
                const auto there = distance(least + (greatest - least) * j / looks);
                if (there.value < from.value) from = there;
            }
            const double first = std::clamp(4 * surprise / path.speed(), 2 * tolerance, 0.0625);
            double next = least_by_slope(distance, least, greatest, from.x, first, tolerance);
            if (path.knows(next, tolerance)) {
                if (surprise <= 1e-5 * path.speed()) return;
                // Nothing was foretold yet: between nodes, on the side where there is room.
                next = best + std::copysign(std::ldexp(0.3, -i), least + greatest - 2 * best);
                if (path.knows(next, tolerance)) break;
            }
            const answer a = ask(std::clamp(origin + next * step, low, high));
            surprise = path.add(place(a.parameter), a.moved);
        }
        std::uintmax_t iterations = 100;  // golden sections alone would take some 40
        const auto distance = [&](double parameter) { return ask(parameter).moved.cwiseAbs().mean(); };
        boost::math::tools::brent_find_minima(distance, low, high, 26, iterations);
    }

    const Eigen::VectorXd& measured_;
    double sum_;
    double least_;
    double greatest_;
    const Theory& theory_;
    double best_ = 0;
    double distance_ = 0;
    Eigen::VectorXd nearest_;  // the profile of the best parameter
};

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
    if (measured.size() == 1) return {least, wasserstein(measured, theory(least))};
    profile_search<Theory> search(measured, least, greatest, theory);
    search.scan(grid);
    return {search.best(), search.distance()};
}

}  // namespace detail

/// The parameter in [least, greatest] whose profile has the least Wasserstein distance from `measured`: the
/// best of `grid` equal steps, refined between its neighbours, to about 1e-8 of the interval.
/// `theory(parameter)` is a profile of the same length in double; `measured` may be of any scalar that converts to it.
///
/// Refined where a polynomial in the parameter, through the cumulative sums of the profiles so far, is nearest: the
/// distance has kinks, these have none. Where the theory does not go the way that the polynomial foretells, by Brent's
/// method.
/// Cost: grid + 1 profiles and some 3 more of a theory that is smooth from step to step, up to 40 more of one that is
/// not. A smooth theory needs no grid finer than its least places are wide: 8 steps may do.
/// \throws std::domain_error when grid < 2, an end of the interval is not finite, or not least < greatest;
/// what wasserstein() throws.
///
/// \code
/// const std::vector<double> measured{4, 2, 1};
/// const auto powers = [](double ratio) { return Eigen::Vector3d(1, ratio, ratio * ratio); };
/// const double ratio = cesaro::fit_profile(measured, 0.1, 2, powers).parameter;  // 0.5
/// \endcode
///
/// Source: Newton's interpolation; Brent 1973, chapter 5 (Boost.Math's brent_find_minima).
template <detail::profile_like P, class Theory>
[[nodiscard]] profile_fit fit_profile(const P& measured, double least, double greatest, const Theory& theory,
                                      Eigen::Index grid = 32) {
    const Eigen::VectorXd profile = detail::checked_profile("fit_profile", measured);
    return detail::fit_for("fit_profile", profile, least, greatest, theory, grid);
}

}  // namespace cesaro
