// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// Positions are 64-bit integers, whatever Eigen::Index is. The largest query is 2^62: twice a position, and
/// the count of the positions up to it, are 64-bit integers still.
namespace cesaro::detail {

inline constexpr std::int64_t largest_query = std::int64_t(1) << 62;

inline void check_query(std::string_view function, std::int64_t query) {
    if (query < 0 || query > largest_query)
        throw_domain_error(function, "query", query, "must lie in [0, 2^62]");
}

/// Of a context, named by its number of tokens: the query is the last of them.
inline void check_tokens(std::string_view function, std::int64_t tokens) {
    if (tokens < 1 || tokens > largest_query)
        throw_domain_error(function, "tokens", tokens, "must lie in [1, 2^62]");
}

/// The position of a source, given as an integer of any type, in [0, query].
template <std::integral Position>
std::int64_t source_index(std::string_view function, const Position& position, std::int64_t query) {
    if (std::in_range<std::int64_t>(position)) {
        const auto source = static_cast<std::int64_t>(position);
        if (0 <= source && source <= query) return source;
    }
    throw_domain_error(function, "source", position,
                       "must lie in [0, query], query = " + std::to_string(query));
}

}  // namespace cesaro::detail
