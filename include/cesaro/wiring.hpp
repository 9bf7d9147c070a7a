// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The hop laws of wirings over depth other than plain residual layers, and the flattest of them.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/detail/poisson_binomial.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

#include <concepts>
#include <cstdint>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>

namespace cesaro {

/// Stochastic depth: layer l is there with probability \f$p_l\f$, and passes its input on otherwise. On average
/// it mixes with \f$\alpha_l p_l\f$.
///
/// \param schedule  the layers where all are there.
/// \param survival  \f$p_0, \dots, p_{H-1}\f$, each in [0, 1].
/// \throws std::invalid_argument when there are more or fewer than layers; std::domain_error naming one that is
///         outside [0, 1] or NaN.
/// Source: Huang et al., arXiv 1603.09382.
template <real_scalar Real>
[[nodiscard]] mixing_schedule<Real> stochastic_depth(const mixing_schedule<Real>& schedule,
                                                     const Eigen::VectorX<Real>& survival) {
    const char* const function = "stochastic_depth";
    detail::check_size(function, "survival.size()", survival.size(), schedule.depth());
    Eigen::VectorX<Real> alphas = schedule.alphas();
    for (Eigen::Index l = 0; l < alphas.size(); ++l) {
        detail::check_unit_interval(function, "survival[" + std::to_string(l) + "]", survival[l]);
        alphas[l] *= survival[l];
    }
    return mixing_schedule<Real>(std::move(alphas));
}

/// Layers of two kinds: global ones hop, those that see a window w << n do not, in the continuum, where they
/// only smear the recency delta over some windows. The schedule with 0 for every layer that is not global.
///
/// \param global  whether layer l is global: a sized range of bool, one a layer.
/// \throws std::invalid_argument when there are more or fewer than layers.
///
/// \code
/// const auto all = cesaro::mixing_schedule<>::constant(4, 0.3);
/// const std::vector<bool> global{false, true, false, true};  // every second layer sees a window
/// const cesaro::continuum_influence<> law(cesaro::global_layers(all, global));
/// \endcode
template <real_scalar Real, std::ranges::sized_range Kinds>
requires(std::convertible_to<std::ranges::range_value_t<Kinds>, bool>)
    [[nodiscard]] mixing_schedule<Real> global_layers(const mixing_schedule<Real>& schedule,
                                                      const Kinds& global) {
    detail::check_size("global_layers", "global.size()", std::int64_t(std::ranges::size(global)),
                       schedule.depth());
    Eigen::VectorX<Real> alphas = schedule.alphas();
    Eigen::Index l = 0;
    for (const bool is_global : global) {
        if (!is_global) alphas[l] = Real(0);
        ++l;
    }
    return mixing_schedule<Real>(std::move(alphas));
}

/// A value residual: every layer attends to \f$\lambda_1 v_l + \lambda_2 v_0\f$, its own values and those of the
/// embeddings,
///
/// \f[ w \leftarrow (1 - \alpha_l)\,w + \alpha_l z\,(\lambda_1 w + \lambda_2), \qquad w = 1 \text{ at first}. \f]
///
/// \param own,first  \f$\lambda_1, \lambda_2 \ge 0\f$, \f$\lambda_1 + \lambda_2 \le 1\f$; what is missing is
///                   lost. (1, 0) is the schedule itself; (0, 1) a law of at most one hop.
/// \throws std::domain_error naming what is outside. Cost O(H²). Accuracy: positive terms, 4 H roundings.
/// Source: Zhou et al., arXiv 2410.17897 (value residual learning).
template <real_scalar Real>
[[nodiscard]] hop_law<Real> value_residual(const mixing_schedule<Real>& schedule,
                                           const std::type_identity_t<Real>& own,
                                           const std::type_identity_t<Real>& first) {
    const char* const function = "value_residual";
    detail::check_unit_interval(function, "own", own);
    detail::check_unit_interval(function, "first", first);
    if (own + first > Real(1))
        detail::throw_domain_error(function, "own + first", Real(own + first), "must be at most 1");
    Eigen::VectorX<Real> w = Eigen::VectorX<Real>::Constant(schedule.depth() + 1, Real(0));
    w[0] = Real(1);
    for (Eigen::Index l = 0; l < schedule.depth(); ++l) {
        const Real& alpha = schedule.alphas()[l];
        for (Eigen::Index k = l + 1; k > 0; --k)
            w[k] = (Real(1) - alpha) * w[k] + alpha * own * w[k - 1];
        w[0] *= Real(1) - alpha;
        w[1] += alpha * first;
    }
    return hop_law<Real>(w);
}

/// The mean over depth: every layer reads the mean of the embeddings and all that attention has given so far,
/// \f$x_{l+1} = (x_1 + M x_1 + \dots + M x_l) / (l+1)\f$,
///
/// \f[ w(z) = \prod_{l=1}^{H-1} \frac{l + z}{l + 1}, \f]
///
/// the law of records: layers with \f$\alpha_l = 1/(l+1)\f$, l = 1 .. H-1, and some \f$\ln H\f$ hops on average.
/// \throws std::domain_error when depth < 1; std::length_error when it does not fit in memory.
template <real_scalar Real = double>
[[nodiscard]] mixing_schedule<Real> mean_over_depth(Eigen::Index depth) {
    detail::check_at_least("mean_over_depth", "depth", depth, 1);
    detail::check_fits_in_memory<Real>("mean_over_depth", depth, 1);
    Eigen::VectorX<Real> alphas(depth - 1);
    for (Eigen::Index l = 1; l < depth; ++l)
        alphas[l - 1] = Real(1) / Real(l + 1);
    return mixing_schedule<Real>(std::move(alphas));
}

/// The mean number of hops, \f$\sum_k k\,w_k\f$, of residual layers the total attention \f$\sum_l \alpha_l\f$.
template <has_hop_law Network>
[[nodiscard]] typename Network::Scalar mean_hops(const Network& network) {
    return hop_law<typename Network::Scalar>(network).mean();
}

/// The share of the influence that is bent, \f$\sum_{k \ge 2} w_k\f$: one hop spreads evenly over the past, no
/// hop stays at the query, and only what takes two or more gives the row its shape. The continuum density is
/// constant if and only if it is zero.
/// Accuracy: positive terms, H roundings.
template <has_hop_law Network>
[[nodiscard]] typename Network::Scalar bent_share(const Network& network) {
    using Real = typename Network::Scalar;
    using Weight = detail::hop_number<Real>;
    const Eigen::VectorX<Weight> w = hop_law<Real>(network).template weights_as<Weight>();
    Weight sum(Real(0));
    for (Eigen::Index k = w.size(); k-- > 2;)
        sum += w[k];
    return static_cast<Real>(sum);
}

/// Of all schedules of `depth` layers with the given total attention \f$a = \sum_l \alpha_l\f$, one whose
/// influence is least bent, bent_share().
///
/// Up to a = 1 a single layer attends and nothing is bent. Beyond, either all layers attend alike, or one attends
/// for certain and all others alike: by Hoeffding's theorem the chance of at most one hop is largest where the
/// coefficients that are neither 0 nor 1 are equal, and more of them are better. With many layers that is
/// \f$(1 + a) e^{-a}\f$ or \f$e^{1-a}\f$, the latter up to a = e - 1.
///
/// \param depth  H >= 1. \param total  0 <= a <= H.
/// \throws std::domain_error outside these ranges; std::length_error when it does not fit in memory.
///
/// \code
/// const auto flat = cesaro::flattest_schedule(12, 1.5);
/// const double bent = cesaro::bent_share(flat);  // 0.40, where 12 equal layers have 0.45
/// \endcode
///
/// Source: Hoeffding, Ann. Math. Statist. 27 (1956) 713, theorem 1.
template <real_scalar Real>
[[nodiscard]] mixing_schedule<Real> flattest_schedule(Eigen::Index depth, const Real& total) {
    const char* const function = "flattest_schedule";
    detail::check_at_least(function, "depth", depth, 1);
    detail::check_fits_in_memory<Real>(function, depth, 1);
    if (!(total >= Real(0) && total <= Real(depth))) {
        detail::throw_domain_error(function, "total", total,
                                   "must lie in [0, depth], depth = " + std::to_string(depth));
    }
    Eigen::VectorX<Real> one = Eigen::VectorX<Real>::Constant(depth, Real(0));
    if (!(total > Real(1))) {
        one[0] = total;
        return mixing_schedule<Real>(std::move(one));
    }
    const mixing_schedule<Real> equal(Eigen::VectorX<Real>::Constant(depth, Real(total / Real(depth))));
    one.setConstant(Real((total - Real(1)) / Real(depth - 1)));
    one[0] = Real(1);
    mixing_schedule<Real> certain(std::move(one));
    return bent_share(certain) < bent_share(equal) ? certain : equal;
}

}  // namespace cesaro
