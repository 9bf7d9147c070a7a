// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace cesaro_test {

/// 2^60, or the largest size that Eigen::Index can count: a matrix of so many rows fits in no memory.
inline constexpr Eigen::Index too_many = static_cast<Eigen::Index>(
    std::min<std::int64_t>(std::int64_t(1) << 60, std::numeric_limits<Eigen::Index>::max()));

/// Whether a vector of `too_many` entries fits in no memory, either: not where Eigen::Index is narrower than
/// a pointer (EIGEN_DEFAULT_DENSE_INDEX_TYPE).
inline constexpr bool vectors_can_exceed_memory = sizeof(Eigen::Index) >= sizeof(void*);

}  // namespace cesaro_test
