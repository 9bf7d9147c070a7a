// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>

#include <Eigen/Core>

#include <concepts>
#include <ranges>
#include <type_traits>
#include <vector>

namespace cesaro::detail {

/// Real numbers one after the other that are no Eigen expression: std::vector, std::span, a view.
template <class Range>
concept real_range = std::ranges::input_range<Range> && real_scalar<std::ranges::range_value_t<Range>> &&
    !std::derived_from<std::remove_cvref_t<Range>, Eigen::EigenBase<std::remove_cvref_t<Range>>>;

template <class Real, real_range Range>
Eigen::VectorX<Real> to_vector(Range&& range) {
    std::vector<Real> values;
    for (auto&& value : range)
        values.push_back(static_cast<Real>(value));
    return Eigen::Map<const Eigen::VectorX<Real>>(values.data(), Eigen::Index(values.size()));
}

}  // namespace cesaro::detail
