// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <bit>
#include <cmath>
#include <cstdint>

namespace cesaro {

/// The slopes of ALiBi, one per head: \f$2^{-h\,b/P}\f$ with P a power of two.
///
/// Where the heads H are P, h = 1..H. Otherwise `bloom` has P the greatest power of two below H, h = 1..P,
/// and then h = 1/2, 3/2, ...; `mpt` has P the next power of two above H, h = 2, 4, ..., P and then 1, 3,
/// ..., as many as there are heads.
/// \param heads at least 1.
/// \param maximum b, 8 in BLOOM.
/// \return H slopes; none for alibi_rule::none.
/// \throws std::domain_error when heads is below 1, or maximum is negative or not a number.
///
/// Sources: Press, Smith and Lewis, arXiv 2108.12409, and the code that BLOOM and MPT were trained with.
[[nodiscard]] inline Eigen::VectorXd alibi_slopes(alibi_rule rule, Eigen::Index heads, double maximum = 8) {
    detail::check_at_least("alibi_slopes", "heads", heads, 1);
    if (!(maximum >= 0)) detail::throw_domain_error("alibi_slopes", "maximum", maximum, "must be at least 0");
    if (rule == alibi_rule::none) return {};
    const auto count = std::uint64_t(heads);
    const double power = double(rule == alibi_rule::bloom ? std::bit_floor(count) : std::bit_ceil(count));
    const bool whole = std::has_single_bit(count);
    const auto step = [&](double i) {  // h of head i, counted from 0
        if (rule == alibi_rule::bloom) return i < power ? i + 1 : i - power + 0.5;
        if (whole) return i + 1;
        return i < power / 2 ? 2 * (i + 1) : 2 * (i - power / 2) + 1;
    };
    return Eigen::VectorXd::NullaryExpr(
        heads, [&](Eigen::Index i) { return std::exp2(-step(double(i)) * maximum / power); });
}

}  // namespace cesaro
