// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/lane_words.hpp>
#include <cesaro/detail/midpoint_power_sums.hpp>
#include <cesaro/detail/number_kinds.hpp>
#include <cesaro/detail/power_sums_side_by_side.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace cesaro::detail {

/// Entries of one row, several at once, of keys that weigh the same: t_k and g_j of complete_homogeneous.hpp with a
/// range a .. b in every lane.
///
/// Nothing is divided by k. The products
///
///     T_k = T_{k-1} (p_1 + (k-1) q) / 64,   t_k = T_k 64^k / k!,   p_1 + k q < 64,
///
/// and the factors of t_k, which all lanes share, stay in range wherever t_k does, from a large T_0 on. T_k and
/// p_1 + k q are held as the sum of an upper part of half the digits, so that the product of these is exact, and a
/// lower one, the parts of p_1 and q in one unit, so that their sum is exact too: what is rounded is below 2^-17 of the
/// whole.
template <class Places, class Real>
class entries_side_by_side {
    using values = lane_values<Real>;
    using words = lane_words<Real>;

  public:
    /// \param w the weights w_0 .. w_H of the hops.
    entries_side_by_side(const Places& places, std::int64_t query, const Eigen::VectorX<Real>& w)
        : places_(places),
          query_(query),
          first_place_(places.series_from(midpoint_power_sums<Real, number_kinds<Real>>::first_position())),
          sums_(places, query + 1),
          hop_(w.begin() + 1, w.end()) {
        while (!hop_.empty() && !(hop_.back() > 0))
            hop_.pop_back();
        const std::size_t size = hop_.size();
        growth_.resize(size);
        for (std::size_t k = size; k-- > 1;)
            growth_[k - 1] = std::max(growth_[k], hop_[k] / hop_[k - 1]);
        factor_.resize(size);
        equal_.resize(size);
        g_.resize(most_terms, values::Zero());
        g_[0].setOnes();
        e_.resize(most_terms);
        double_word<Real> factor(1.0);
        for (std::size_t k = 0; k < size; ++k) {
            factor_[k] = factor.high();
            factor = factor * largest_sum / Real(k + 1);
        }
    }

    /// Whether an entry may be had: not of the query, the first places, or a range so short that it is taken one by one.
    bool has(std::int64_t source) const {
        if (hop_.size() <= 1) return source < query_;
        return source + 1 >= first_place_ && !is_shortest(query_ - source, std::int64_t(hop_.size()));
    }

    /// Entries that has() all; NaN where the series of G converges too slowly.
    values operator()(const lane_places& sources) {
        values sum = values::Constant(hop_.empty() ? 0.0 : hop_[0]);
        if (hop_.size() > 1) sum = sum_over_hops(sources);
        return sum / places_.template seen<Real>(query_ + 1);
    }

  private:
    static constexpr Real epsilon = std::numeric_limits<Real>::epsilon();
    static constexpr Real none = std::numeric_limits<Real>::quiet_NaN();
    static constexpr Real largest_sum = 64;
    static constexpr Real start = 0x1p900;
    static constexpr std::size_t most_terms = power_sums_side_by_side<Places, Real>::most_orders;

    values sum_over_hops(const lane_places& sources) {
        lane_places places;
        for (std::size_t i = 0; i < lanes; ++i)
            places[i] = sources[i] + 1;
        sums_.start(places);
        values sum = values::Constant(hop_[0] * start);
        const std::size_t size = equal_positions(sum);
        const values rho = largest_ratios(sources, Real(size - 1));
        const bool is_any = (rho > 0).any();
        const std::size_t terms = is_any ? unequal_positions(rho, size) : most_terms;
        if (terms == most_terms) return values::Constant(none);
        if (terms > 1) sum = convolution(size, terms);
        return (rho > 0).select(sum / start, none);
    }

    /// t_0 start, t_1 start, ..., as many as matter, and their sum with the weights.
    [[gnu::flatten]] std::size_t equal_positions(values& sum) {
        const words& p = sums_.first();
        const words& q = sums_.ratio();
        // In units of a 27th binary digit of the largest sum.
        const values shift = Real(1 << 27) * (p.high() + Real(hop_.size()) * q.high());
        const values p_part = (p.high() + shift) - shift;
        const values q_part = (q.high() + shift) - shift;
        const values p_lower = ((p.high() - p_part) + p.low()) / largest_sum;
        const values q_lower = ((q.high() - q_part) + q.low()) / largest_sum;
        const values q_upper = q_part / largest_sum;
        values upper = p_part / largest_sum;
        values t_upper = values::Constant(start);
        values t_lower = values::Zero();
        equal_[0] = t_upper;
        for (std::size_t k = 1; k < hop_.size(); ++k) {
            const values lower = p_lower + Real(k - 1) * q_lower;
            const values product = t_upper * upper;
            const values rest = t_upper * lower + t_lower * (upper + lower);
            const values t = product + rest;
            t_upper = words::upper_part(t, 26);
            t_lower = (product - t_upper) + rest;
            upper += q_upper;
            equal_[k] = factor_[k] * t;
            sum += hop_[k] * equal_[k];
            if (k % 8 == 0 && rest_is_below(epsilon / 4096, k, equal_[k], sum)) return k + 1;
        }
        return hop_.size();
    }
    /// Whether the terms past w_{k+1} h_k are below this share of the sum, or of the least number, in every lane:
    /// h_{k+1} / h_k is at most (p_1 + k y) / (k + 1), y above all r, and that falls.
    bool rest_is_below(Real share, std::size_t k, const values& h, const values& sum) const {
        constexpr Real nothing = start * std::numeric_limits<Real>::min() * epsilon;
        const values ratio = (sums_.first().high() + Real(k) * sums_.inverse()) * (growth_[k] / Real(k + 1));
        return (hop_[k] * h * ratio <= share * sum * (1 - ratio) || h < nothing).all();
    }

    /// rho of complete_homogeneous, or 0 where it adds positions one by one.
    [[gnu::flatten]] values largest_ratios(const lane_places& sources, Real degree) const {
        values shorter;  // 1 where a range is short
        for (std::size_t i = 0; i < lanes; ++i)
            shorter[Eigen::Index(i)] = is_short(query_ - sources[i], std::int64_t(degree)) ? 1 : 0;
        const values seen = sums_.lower_end() + 0.5;
        const values ratio = degree / (sums_.first().high() + (degree - 1) * sums_.ratio().high());
        const values rho = ratio.min(seen);
        const auto one_by_one =
            (seen < 3 * rho && shorter > 0) || (seen < 2 * rho && seen < 4 * degree + places_.shift());
        return one_by_one.select(0.0, rho);
    }

    /// g_0, g_1, ... as far as they matter in any lane, and how many; g_0 alone where p_3 does not, which is at most
    /// p_1 y^2.
    [[gnu::flatten]] std::size_t unequal_positions(const values& rho, std::size_t size) {
        constexpr Real enough = epsilon / 64;
        const values& p = sums_.first().high();
        const values& q = sums_.ratio().high();
        if (!(largest(p * (sums_.inverse() * rho).square() * rho) > enough)) return 1;
        values equal = p * q;
        values reach = rho * rho;
        std::size_t orders = most_terms;
        for (std::size_t j = 3; j < std::min(size, most_terms); ++j) {
            equal *= q;
            reach *= rho;
            if (j < orders) {
                e_[j] = (sums_(int(j)) - equal).max(0.0);
                if (!(largest(e_[j] * reach) > enough)) orders = j + 1;
            }
            values sum = values::Zero();
            for (std::size_t r = 3; r <= j && r < orders; ++r)
                sum += e_[r] * g_[j - r];
            g_[j] = sum * (1 / Real(j));
            if (j >= orders - 1 && !(largest(g_[j] * reach) > enough)) return j + 1;
        }
        return std::min(size, most_terms);
    }
    /// Of numbers of which some may be 0 times infinity.
    static Real largest(const values& x) {
        Real most = 0;
        for (const Real value : x)
            most = std::max(most, value);
        return most;
    }

    /// The sum of w_{k+1} h_k, h_k the sum of g_j t_{k-j}; NaN where too few of them would do for t alone.
    [[gnu::flatten]] values convolution(std::size_t size, std::size_t terms) const {
        values sum = values::Zero();
        values h;
        for (std::size_t k = 0; k < size; ++k) {
            if (!(hop_[k] > 0) && k + 1 < size) continue;
            h = equal_[k];
            for (std::size_t j = 3; j < std::min(terms, k + 1); ++j)
                h += g_[j] * equal_[k - j];
            sum += hop_[k] * h;
        }
        if (size < hop_.size() && !rest_is_below(epsilon / 16, size - 1, h, sum)) sum.setConstant(none);
        return sum;
    }

    Places places_;
    std::int64_t query_;
    std::int64_t first_place_;
    power_sums_side_by_side<Places, Real> sums_;
    std::vector<Real> hop_;     // w_1, w_2, ...
    std::vector<Real> growth_;  // the largest ratio of successive weights from here on
    std::vector<Real> factor_;  // 64^k / k!
    std::vector<values> equal_, g_, e_;
};

}  // namespace cesaro::detail
