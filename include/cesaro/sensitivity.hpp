// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// How the influence of a source changes with the attention of each layer.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/positions.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace cesaro {

namespace detail {

/// One entry of the network operator with layer l attending for certain, and with layer l left out.
template <class Number>
struct layer_contrast {
    Number attending;
    Number absent;
};

/// The contrasts of all layers at once. The entry is linear in each alpha_l: with f the hop weights of the
/// layers below l, and b what k hops below are worth given the layers above,
///
///   attending_l = sum_k f_k b_{k+1},   absent_l = sum_k f_k b_k.
///
/// Both passes have positive terms only.
template <class Number, class Real>
std::vector<layer_contrast<Number>> layer_contrasts(const Eigen::VectorX<Real>& alphas,
                                                    const std::vector<Number>& entries) {
    const auto depth = std::size_t(alphas.size());
    std::vector<Number> attend(depth);
    std::vector<Number> stay(depth);
    for (std::size_t l = 0; l < depth; ++l) {
        attend[l] = Number(alphas[Eigen::Index(l)]);
        stay[l] = Number(Real(Real(1) - alphas[Eigen::Index(l)]));
    }
    std::vector<std::vector<Number>> above(depth + 1);  // above[l][k], k = 0 .. l
    if (depth > 0) above[depth] = entries;
    for (std::size_t l = depth; l-- > 1;) {
        above[l].resize(l + 1);
        for (std::size_t k = 0; k <= l; ++k) {
            above[l][k] = stay[l] * above[l + 1][k] + attend[l] * above[l + 1][k + 1];
        }
    }
    std::vector<layer_contrast<Number>> contrasts(depth, {Number(Real(0)), Number(Real(0))});
    std::vector<Number> below(depth + 1, Number(Real(0)));
    below[0] = Number(Real(1));
    for (std::size_t l = 0; l < depth; ++l) {
        for (std::size_t k = 0; k <= l; ++k) {
            contrasts[l].attending += below[k] * above[l + 1][k + 1];
            contrasts[l].absent += below[k] * above[l + 1][k];
        }
        for (std::size_t k = l + 1; k > 0; --k)
            below[k] = stay[l] * below[k] + attend[l] * below[k - 1];
        below[0] = stay[l] * below[0];
    }
    return contrasts;
}

/// (attending - absent) / entry: the derivative of the logarithm.
template <class Real, class Number>
Real log_derivative(const layer_contrast<Number>& contrast, const Number& entry) {
    const Number zero(Real(0));
    if (zero < entry)
        return static_cast<Real>(contrast.attending / entry) - static_cast<Real>(contrast.absent / entry);
    const Real infinity = std::numeric_limits<Real>::infinity();
    if (zero < contrast.attending) return infinity;
    return zero < contrast.absent ? Real(-infinity) : Real(0);
}

}  // namespace detail

/// The derivatives \f$\partial p(m|n) / \partial \alpha_l\f$, l = 0 .. H-1 (a vector of length H).
///
/// The entry is linear in each coefficient: its derivative is the entry with layer l attending for certain
/// less the entry with layer l left out, \f$\sum_k v_k ([M^{k+1}]_{n,m} - [M^k]_{n,m})\f$ with v the hop
/// law of the other layers. A function of the schedule, not of its hop law, which has forgotten the layers.
///
/// \param query     n, 0 <= query <= 2^62.
/// \param schedule  the layers' coefficients, depth 0 included.
/// \param source    m, 0 <= source <= query.
/// \throws std::domain_error outside these ranges. Cost O(H²) for all layers together.
/// Accuracy: both entries as accurate as `pdf` of `discrete_influence`: the error is below 3e-14 times the
/// larger of them at depth 150 in double (measured: 1.3e-14). Where they nearly agree the derivative is close
/// to zero, and only absolutely accurate.
///
/// \code
/// const cesaro::mixing_schedule<> schedule{0.3, 0.2, 0.4};
/// const Eigen::VectorXd slopes = cesaro::pdf_sensitivity(1023, schedule, 500);  // one a layer
/// \endcode
template <real_scalar Real>
[[nodiscard]] Eigen::VectorX<Real> pdf_sensitivity(std::int64_t query, const mixing_schedule<Real>& schedule,
                                                   std::int64_t source) {
    detail::check_query("pdf_sensitivity", query);
    detail::source_index("pdf_sensitivity", source, query);
    const Eigen::VectorX<Real>& alphas = schedule.alphas();
    const auto contrasts =
        detail::layer_contrasts<Real>(alphas, detail::power_entries<Real>(query, source, alphas.size()));
    Eigen::VectorX<Real> derivatives(alphas.size());
    for (Eigen::Index l = 0; l < alphas.size(); ++l) {
        derivatives[l] = contrasts[std::size_t(l)].attending - contrasts[std::size_t(l)].absent;
    }
    return derivatives;
}

/// The derivatives \f$\partial \ln p(m|n) / \partial \alpha_l\f$, also where p underflows. Where p is zero
/// they are infinite, or zero if p does not depend on the layer.
///
/// Parameters, errors, cost and accuracy are those of `pdf_sensitivity`, in relation to the entry.
template <real_scalar Real>
[[nodiscard]] Eigen::VectorX<Real> logpdf_sensitivity(std::int64_t query,
                                                      const mixing_schedule<Real>& schedule,
                                                      std::int64_t source) {
    using Number = detail::scaled<Real>;
    detail::check_query("logpdf_sensitivity", query);
    detail::source_index("logpdf_sensitivity", source, query);
    const Eigen::VectorX<Real>& alphas = schedule.alphas();
    const auto contrasts =
        detail::layer_contrasts<Number>(alphas, detail::power_entries<Number>(query, source, alphas.size()));
    const Number entry =
        detail::network_entry(query, source, hop_law<Real>(schedule).template weights_as<Number>());
    Eigen::VectorX<Real> derivatives(alphas.size());
    for (Eigen::Index l = 0; l < alphas.size(); ++l) {
        derivatives[l] = detail::log_derivative<Real>(contrasts[std::size_t(l)], entry);
    }
    return derivatives;
}

}  // namespace cesaro
