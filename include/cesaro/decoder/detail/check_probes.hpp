// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <string>
#include <string_view>

namespace cesaro::detail {

/// The number of probes in `columns` that hold one block of tokens columns per probe.
/// \throws std::invalid_argument when they are no whole number of blocks.
inline Eigen::Index check_probes(std::string_view function, std::string_view argument, Eigen::Index columns,
                                 Eigen::Index tokens) {
    const Eigen::Index probes = tokens > 0 ? columns / tokens : 0;
    if (probes * tokens != columns) {
        throw_invalid_argument(function, "columns of " + std::string(argument), columns,
                               "must be a multiple of the tokens, " + std::to_string(tokens));
    }
    return probes;
}

}  // namespace cesaro::detail
