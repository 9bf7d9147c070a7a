// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/compensated_sum.hpp>

#include <Eigen/Core>

#include <limits>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cesaro::detail {

template <class Derived>
const Derived& as_dense(const Eigen::DenseBase<Derived>& expression) {
    return expression.derived();
}

/// What a profile may be: an Eigen vector or expression, or real numbers one after the other in memory, as in
/// std::vector, std::array and std::span.
template <class P>
concept dense_profile = requires(const P& p) {
    as_dense(p);
};
template <class P>
concept range_profile = !dense_profile<P> && std::ranges::contiguous_range<const P> &&
                        std::ranges::sized_range<const P> && real_scalar<std::ranges::range_value_t<const P>>;
template <class P>
concept profile_like = dense_profile<P> || range_profile<P>;

/// The entries of a profile as an Eigen vector: a copy of what is an expression only.
template <dense_profile P>
decltype(auto) profile_entries(const P& p) {
    return as_dense(p).eval();
}
template <range_profile P>
Eigen::Map<const Eigen::VectorX<std::ranges::range_value_t<const P>>> profile_entries(const P& p) {
    return {std::ranges::data(p), Eigen::Index(std::ranges::size(p))};
}

template <profile_like P>
using profile_scalar =
    typename std::remove_cvref_t<decltype(profile_entries(std::declval<const P&>()))>::Scalar;

/// The sum of a profile, which is checked: at least one entry, none negative or NaN, sum positive and finite.
template <class Vector>
typename Vector::Scalar profile_sum(std::string_view function, const char* argument, const Vector& profile) {
    using Real = typename Vector::Scalar;
    static_assert(real_scalar<Real>, "a profile has real entries");
    static_assert(Vector::IsVectorAtCompileTime, "a profile is a vector");
    if (profile.size() == 0) {
        throw_invalid_argument(function, std::string(argument) + ".size()", profile.size(),
                               "must be at least 1");
    }
    compensated_sum<Real> sum;
    for (Eigen::Index m = 0; m < profile.size(); ++m) {
        const Real& entry = profile.coeffRef(m);
        if (!(entry >= Real(0))) {
            throw_domain_error(function, std::string(argument) + "[" + std::to_string(m) + "]", entry,
                               "must be at least 0");
        }
        sum += entry;
    }
    const Real total = sum.value();
    bool finite = true;
    if constexpr (std::numeric_limits<Real>::has_infinity) {
        finite = total < std::numeric_limits<Real>::infinity();
    }
    if (!(finite && total > Real(0))) {
        throw_domain_error(function, std::string("the sum of ") + argument, total,
                           "must be positive and finite");
    }
    return total;
}

}  // namespace cesaro::detail
