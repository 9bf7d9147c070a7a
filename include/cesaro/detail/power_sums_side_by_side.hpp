// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/lane_words.hpp>
#include <cesaro/detail/midpoint_power_sums.hpp>
#include <cesaro/detail/number_kinds.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace cesaro::detail {

/// midpoint_power_sums of several ranges a .. b with one end, of keys that weigh the same. In
///
///     ln((b + 1/2) / (a - 1/2)) = -ln(1 - share),   share = (b - a + 1) / (b + 1/2),
///
/// the share and 1 - share = (a - 1/2) / (b + 1/2) are products by the inverse of the end, and the logarithm is taken
/// from the smaller one. Relative error of p_1 and p_2: some 2^-64.
template <class Places, class Real>
class power_sums_side_by_side {
    using values = lane_values<Real>;
    using words = lane_words<Real>;
    using Word = double_word<Real>;
    using Kinds = number_kinds<Real>;

  public:
    /// Of p_r.
    static constexpr int most_orders = 64;

    power_sums_side_by_side(const Places& places, std::int64_t b)
        : coefficients_(midpoint_coefficients<Real, Kinds>()),
          shift_(places.shift()),
          end_(b),
          inverse_end_(Word(1.0) / ((Word(b) + Word(0.5)) + Word(shift_))),
          differences_(most_orders + 2 * coefficients_.size()) {}

    /// The ranges from these places on, none of them before first_position().
    void start(const lane_places& a) {
        split(a);
        divide();
        start_logarithms();
        integrate();
        correct();
    }

    /// p_1, and p_2 / p_1.
    const words& first() const { return first_; }
    const words& ratio() const { return ratio_; }
    /// a - 1/2, and its inverse, which no r of the range is above.
    const values& lower_end() const { return begin_.high(); }
    const values& inverse() const { return inverse_; }

    /// p_r, r > 2.
    [[gnu::flatten]] values operator()(int r) {
        const values less = correction(r);
        return difference(r - 1) * (1 / Real(r - 1)) - less;
    }

  private:
    /// a - 1/2 and b - a + 1, exactly, as sums of two doubles; and which is the smaller one.
    void split(const lane_places& a) {
        constexpr Real half_range = 4294967296.0;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const auto i = Eigen::Index(lane);
            const std::int64_t count = end_ - a[lane] + 1;
            begin_upper_[i] = Real(a[lane] >> 32) * half_range;
            begin_lower_[i] = Real(a[lane] & 0xffffffff) - 0.5;
            count_upper_[i] = Real(count >> 32) * half_range;
            count_lower_[i] = Real(count & 0xffffffff);
            const Real begin = begin_upper_[i] + begin_lower_[i] + shift_;
            near_[i] = count_upper_[i] + count_lower_[i] < begin ? 1 : 0;
        }
    }
    [[gnu::flatten]] void divide() {
        begin_ = words::exact_sum(begin_upper_, begin_lower_);
        if constexpr (Places::has_sink) begin_ = begin_ + words(Word(shift_));
        inverse_ = begin_.high().inverse();
        const words count = words::exact_sum(count_upper_, count_lower_);
        const values far = 1 - near_;
        const words smaller(near_ * count.high() + far * begin_.high(),
                            near_ * count.low() + far * begin_.low());
        smaller_ = smaller * words(inverse_end_);
        rest_ = near_ + (far - near_) * smaller_.high();
    }
    /// Tables are read one by one.
    void start_logarithms() {
        for (Eigen::Index i = 0; i < rest_.size(); ++i) {
            const auto start = Word::log_start_of(rest_[i]);
            reciprocal_[i] = start.reciprocal;
            exponent_[i] = start.exponent;
            logarithm_high_[i] = start.logarithm.high();
            logarithm_low_[i] = start.logarithm.low();
        }
    }
    /// p_1 and p_2 but for the corrections.
    [[gnu::flatten]] void integrate() {
        const values far = 1 - near_;
        const values sign = near_ - far;
        const values upper = words::upper_part(smaller_.high(), 22);
        const values lower = (smaller_.high() - upper) + smaller_.low();
        const words centre = words::exact_sum(exponent_ * ln_2_.high(), logarithm_high_);
        const values centre_low = centre.low() + (logarithm_low_ + exponent_ * ln_2_.low());
        const values factor = sign * reciprocal_;
        first_ = -log_beside(words(centre.high(), centre_low),
                             values((near_ * reciprocal_ - 1) - factor * upper), values(-factor * lower));
        const words share = words(far) + words(sign * smaller_.high(), sign * smaller_.low());
        gap_ = quotient(share, begin_, inverse_);
    }
    [[gnu::flatten]] void correct() {
        largest_ = inverse_.maxCoeff();
        geometric_.setOnes();
        x_power_ = inverse_end_.high();
        differences_[1] = gap_.high();
        known_ = 1;
        const values first = correction(1);
        const values second = correction(2);
        first_ = words::renormalized(first_.high(), first_.low() - first);
        gap_ = words::renormalized(gap_.high(), gap_.low() - second);
        ratio_ = quotient(gap_, first_, first_.high().inverse());
    }

    /// D_s.
    const values& difference(int s) {
        for (; known_ < s; ++known_) {
            geometric_ = inverse_ * geometric_ + x_power_;
            x_power_ *= inverse_end_.high();
            differences_[std::size_t(known_) + 1] = differences_[1] * geometric_;
        }
        return differences_[std::size_t(s)];
    }
    /// What p_r is below its integral: as many terms as matter where a is least, D_{s+2} / D_s being at most
    /// y^2 (s + 2) / s.
    values correction(int r) {
        constexpr Real enough = std::numeric_limits<Real>::epsilon() / 64;
        values sum = values::Zero();
        Real rising = r;
        Real power = largest_ * largest_;
        Real last = 1;
        for (int j = 1; j < int(coefficients_.size()); ++j) {
            const int s = r + 2 * j - 1;
            const Real coefficient = rising * coefficients_[std::size_t(j)];
            const Real most = coefficient * s * power;
            if (most > last) break;
            sum += (j % 2 == 1 ? coefficient : -coefficient) * difference(s);
            if (!(most > enough)) break;
            last = most;
            rising *= Real(s) * (s + 1);
            power *= largest_ * largest_;
        }
        return sum;
    }

    const std::vector<Real>& coefficients_;
    Real shift_;
    std::int64_t end_;
    Word inverse_end_;
    Word ln_2_ = Word::short_ln_2();
    values near_, begin_upper_, begin_lower_, count_upper_, count_lower_;
    values rest_, reciprocal_, exponent_, logarithm_high_, logarithm_low_;
    values inverse_, geometric_;
    words begin_, smaller_, gap_, first_, ratio_;
    Real largest_ = 0;
    Real x_power_ = 0;
    int known_ = 0;
    std::vector<values> differences_;
};

}  // namespace cesaro::detail
