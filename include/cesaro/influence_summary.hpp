// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The summary of a row of influence from its closed form, at any length.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/profile_accumulator.hpp>
#include <cesaro/detail/row_writer.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/profile.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace cesaro {

namespace detail {

/// The mass of positions [begin, end), 0 < begin, end <= n. In a dead zone a difference of tails would be
/// nothing but rounding: these are positive terms. A hop that enters [0, end) lands there as one from end - 1
/// does; below `end` the row is therefore, but for a factor, that of the query end - 1 with hops
///     v_j = sum_{k>=j} w_k h_{k-j}(end+1 .. n+1), j >= 1.
template <class Real>
Real mass_between(const discrete_influence<Real>& row, std::int64_t begin, std::int64_t end) {
    using Number = working_number<Real>;
    const Eigen::VectorX<Number>& w = row.weights();
    if (begin >= end || w.size() == 1) return Real(0);
    std::vector<Number> h(std::size_t(w.size()) - 1);
    complete_homogeneous<Number>(end + 1, row.query() + 1, h);
    Eigen::VectorX<Number> v = Eigen::VectorX<Number>::Constant(w.size(), Number(0));
    for (Eigen::Index j = 1; j < w.size(); ++j)
        for (Eigen::Index k = j; k < w.size(); ++k)
            v[j] += w[k] * h[std::size_t(k - j)];
    const Number sum = v.sum();
    if (!(sum > Number(0))) return Real(0);
    const discrete_influence<Number> below(end - 1, hop_law<Number>(Eigen::VectorX<Number>(v / sum)));
    return cdf(row, end - 1) * static_cast<Real>(cdf(complement(below, begin - 1)));
}

/// Before the query the row falls, or is flat where no path has two hops: its least entry is next to the
/// query, or the query itself when the recency delta does not lift it.
template <class Real>
std::int64_t valley_position(const discrete_influence<Real>& row) {
    const std::int64_t n = row.query();
    const auto& w = row.weights();
    const auto positive = [](const auto& weight) { return weight > 0; };
    const bool flat = !std::any_of(w.begin() + std::min<Eigen::Index>(2, w.size()), w.end(), positive);
    if (n == 0 || flat) return 0;
    if (!(w[0] > 0)) return n;  // also where the two differ by less than a rounding
    return logpdf(row, n) < logpdf(row, n - 1) ? n : n - 1;
}

/// -sum p ln p over the row: in double and float by the pieces it is written from, position by position for
/// other scalars.
template <class Real>
Real entropy_of(const discrete_influence<Real>& row) {
    const std::int64_t n = row.query();
    const Real total = row.hops().total();
    const Real first = pdf(row, 0) / total;
    const Real last = pdf(row, n) / total;
    const std::int64_t greatest = first < last ? n : 0;
    profile_entropy<Real> entropy;
    const auto add = [&](std::int64_t m, const Real& p) {
        if (m == n && m != greatest) entropy.add(last);  // with its delta
        if (m != n && m != greatest) entropy.add(Real(p / total));
    };
    if constexpr (row_writer<Real>::cuts_are_free) {
        const piecewise_row<> pieces(row.hops().template weights_as<double>(), n + 1);
        const double whole(total);
        const auto share = [&](double p) { return p / whole; };
        const auto share_of_entropy = [&](double p) {
            return p > 0 ? -p / whole * std::log(p / whole) : 0.0;
        };
        pieces.visit([&](std::int64_t m, double p) { add(m, Real(p)); },
                     [&](const chebyshev_piece& piece) {
                         entropy.add(Real(piece.sum_of(share)), Real(piece.sum_of(share_of_entropy)));
                     });
    } else {
        const row_writer<Real> writer(row.hops(), n + 1);
        constexpr std::int64_t block = 4096;
        std::vector<Real> values(std::size_t(std::min(block, n + 1)));
        for (std::int64_t m = 0; m <= n; m += block) {
            const std::int64_t count = std::min(block, n + 1 - m);
            writer.fill(m, count, values.data());
            for (std::int64_t i = 0; i < count; ++i)
                add(m + i, values[std::size_t(i)]);
        }
    }
    return entropy.with_greatest(std::max(first, last));
}

}  // namespace detail

/// The summary of a row of influence, that of the whole row as a vector, of a context of any length.
///
/// \param row as last_row(tokens, network) makes it. Where its hops lose mass, it is divided by what is left.
/// \throws std::domain_error when all mass is lost; std::invalid_argument of keys that are not uniform, whose
///         row may have its least anywhere: summarize(influence_row(tokens, network, keys)) looks for it.
///
/// Cost: double and float, O(depth²) for each of some twenty entries and tails, and O(depth² log tokens) for
/// the entropy, whatever the length; other scalars walk through all positions for the entropy. Accuracy, in
/// double: masses, entries and mean those of discrete_influence, however small the mass between the tenths;
/// entropy 1e-13 (measured to depth 96 against the vector).
///
/// \code
/// const auto schedule = cesaro::mixing_schedule<>::constant(12, 0.3);
/// const auto s = cesaro::summarize(cesaro::last_row(1'000'000'000'000, schedule));
/// const double at_the_start = s.primacy;  // the share of the first tenth of 10^12 tokens
/// \endcode
template <real_scalar Real>
[[nodiscard]] profile_summary<Real> summarize(const discrete_influence<Real>& row) {
    using std::log;
    detail::check_uniform("summarize(discrete_influence)", row);
    const Real total = row.hops().total();
    if (!(total > Real(0))) {
        detail::throw_domain_error("summarize(discrete_influence)", "total", total, "must be positive");
    }
    const std::int64_t n = row.query();
    const profile_tenths split = tenths(n + 1);
    profile_summary<Real> s;
    s.primacy = n == 0 ? Real(0) : Real(cdf(row, split.primacy_end - 1) / total);
    s.middle = detail::mass_between(row, split.primacy_end, split.recency_begin) / total;
    s.recency = n == 0 ? Real(1) : Real(cdf(complement(row, split.recency_begin - 1)) / total);
    s.first_token = pdf(row, 0) / total;
    s.last_token = pdf(row, n) / total;
    s.valley_position = detail::valley_position(row);
    s.valley = pdf(row, s.valley_position) / total;
    s.valley_depth = detail::decades(std::min(s.first_token, s.last_token), s.valley);
    if (!(s.valley > (std::numeric_limits<Real>::min)())) {  // its logarithm does not underflow
        const Real end = std::min(logpdf(row, 0), logpdf(row, n));
        s.valley_depth = std::max(Real(0), Real((end - logpdf(row, s.valley_position)) / log(Real(10))));
    }
    s.mean_position = mean(row) / total;
    s.entropy = detail::entropy_of(row);
    return s;
}

}  // namespace cesaro
