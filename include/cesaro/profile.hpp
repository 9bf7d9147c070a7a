// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Profiles in a few numbers.
///
/// A profile is any non-negative vector over positions, read as a probability distribution: it is divided
/// by its sum first, so counts, norms and probabilities serve alike. Wherever one is taken, it is an Eigen
/// vector or expression, or a contiguous range of a real scalar: std::vector, std::array, std::span.
///
/// One rule for what is missing, throughout the library: a profile without entries, as one of another
/// length than it is compared with, throws std::invalid_argument that names the argument; a size or a
/// number of tokens out of its domain, 0 where at least 1 is asked for included, throws std::domain_error.
/// So does an entry that is negative or NaN, and a sum that is not positive and finite.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/profile_accumulator.hpp>
#include <cesaro/detail/profile_sum.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstdint>

namespace cesaro {

/// Where the first and the last tenth of a profile lie: positions [0, primacy_end) and [recency_begin, size).
struct profile_tenths {
    std::int64_t primacy_end;
    std::int64_t recency_begin;
};

/// The first and the last tenth of `size` positions, whole positions only.
///
/// A tenth is \f$\lceil \mathrm{size}/10 \rceil\f$ positions, so at least one. Both tenths have that length,
/// except that the only position of a profile of size 1 is the last tenth and the first is empty; a profile
/// of size 2 has an empty middle.
/// \throws std::domain_error when size < 1.
[[nodiscard]] inline profile_tenths tenths(std::int64_t size) {
    detail::check_at_least("tenths", "size", size, 1);
    const std::int64_t tenth = size / 10 + (size % 10 != 0);
    return {std::min(tenth, size - tenth), size - tenth};
}

/// A profile in a few numbers; p is the profile divided by its sum.
///
/// The masses primacy, middle and recency are what programs print as first_tenth, middle and last_tenth.
/// The valley is the least entry of p, the mass of one position; it shares its name, no more, with
/// cesaro::valley() of landmarks.hpp, which is a density over [0, 1], at a point that the caller chooses.
template <real_scalar Real>
struct profile_summary {
    Real primacy;                  ///< mass of the first tenth, as tenths() defines it
    Real middle;                   ///< mass between the two tenths
    Real recency;                  ///< mass of the last tenth
    Real first_token;              ///< p at position 0
    Real last_token;               ///< p at the last position, the query
    Real valley;                   ///< the least entry of p, both ends included
    std::int64_t valley_position;  ///< where: the first of the least entries
    Real valley_depth;             ///< decades from the lower end of p down to the valley; may be inf
    Real mean_position;            ///< \f$\sum_m m\,p_m\f$, in positions
    Real entropy;                  ///< \f$-\sum_m p_m \ln p_m\f$, in nats
};

/// The summary of a profile: masses of its regions, valley, mean position, entropy.
///
/// \param profile  non-negative entries, one per position.
/// \throws std::invalid_argument when it is empty.
/// \throws std::domain_error when an entry is negative or NaN, or the sum is not positive and finite.
///
/// Cost O(size). Accuracy: every field is within 8 epsilon, relatively, of the value in exact arithmetic up
/// to 1e8 positions (compensated sums of positive terms); valley_depth, where below 1, absolutely.
///
/// \code
/// const std::vector<double> norms{8, 3, 1, 1, 3};
/// const cesaro::profile_summary<double> s = cesaro::summarize(norms);
/// // s.primacy == 0.5, s.recency == 3.0 / 16, s.valley == 1.0 / 16 at s.valley_position == 2
/// \endcode
template <detail::profile_like P>
[[nodiscard]] profile_summary<detail::profile_scalar<P>> summarize(const P& profile) {
    using Real = detail::profile_scalar<P>;
    const auto& x = detail::profile_entries(profile);
    const Real total = detail::profile_sum("summarize", "profile", x);
    const Eigen::Index size = x.size();
    const profile_tenths split = tenths(size);
    const auto mass = [&](std::int64_t begin, std::int64_t end) {
        detail::compensated_sum<Real> sum;
        for (std::int64_t m = begin; m < end; ++m)
            sum += x.coeffRef(Eigen::Index(m));
        return Real(sum.value() / total);
    };

    Eigen::Index least = 0;
    Eigen::Index greatest = 0;
    for (Eigen::Index m = 1; m < size; ++m) {
        if (x.coeffRef(m) < x.coeffRef(least)) least = m;
        if (x.coeffRef(greatest) < x.coeffRef(m)) greatest = m;
    }
    detail::compensated_sum<Real> first_moment;
    detail::profile_entropy<Real> entropy;
    for (Eigen::Index m = 0; m < size; ++m) {
        const Real p = x.coeffRef(m) / total;
        first_moment += Real(Real(m) * p);
        if (m != greatest) entropy.add(p);
    }

    profile_summary<Real> s;
    s.primacy = mass(0, split.primacy_end);
    s.middle = mass(split.primacy_end, split.recency_begin);
    s.recency = mass(split.recency_begin, size);
    s.first_token = x.coeffRef(0) / total;
    s.last_token = x.coeffRef(size - 1) / total;
    s.valley = x.coeffRef(least) / total;
    s.valley_position = least;
    s.valley_depth = detail::decades(std::min(x.coeffRef(0), x.coeffRef(size - 1)), x.coeffRef(least));
    s.mean_position = first_moment.value();
    s.entropy = entropy.with_greatest(Real(x.coeffRef(greatest) / total));
    return s;
}

}  // namespace cesaro
