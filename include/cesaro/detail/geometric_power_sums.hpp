// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/midpoint_power_sums.hpp>
#include <cesaro/detail/number_kinds.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace cesaro::detail {

/// The power sums of r_t = rho / (1 - e^{-st}), rho = 1 - e^{-s}, over t = a .. b, by the Euler-Maclaurin
/// series at midpoints: with A = a - 1/2, B = b + 1/2, R and W = R - rho the values there, sigma = s / rho,
/// and D_r = R_A^r - R_B^r, written as a product,
///
///     p_1 = rho (B - A) + ln((1 - e^{-sB}) / (1 - e^{-sA})) / sigma - ...
///     p_r = rho int_{r-1} + D_{r-1} / ((r-1) sigma)                 - sum_j c_j (f_j(A) - f_j(B)),
///
/// int_r being what stands before the sum. As -dR/dt = sigma R W = -dW/dt,
///
///     f_j = (-d/dt)^n R^r = sigma^n R^r W sum_{i<n} E_{n,i} R^i W^{n-1-i},   n = 2j - 1,
///     E_{n+1,i} = (r + i) E_{n,i} + (n - i + 1) E_{n,i-1},   E_{0,0} = 1:
///
/// positive terms. As s -> 0 this is midpoint_power_sums, whose first_position() serves: R is flatter.
template <class Number, class Kinds>
class geometric_power_sums {
  public:
    using Wide = typename Kinds::wide;
    using Real = typename Kinds::real;

    /// \param rho 1 - e^{-slope}.
    geometric_power_sums(const Real& slope, const Real& rho, std::int64_t a, std::int64_t b) {
        using std::exp;
        using std::expm1;
        using std::log1p;
        const Real half = Real(1) / Real(2);
        const auto count = static_cast<Real>(b - a + 1);
        const Real from_begin = slope * (Real(a) - half);
        const Real length = slope * count;
        // e^{-sA} and what it lacks to one: the greater from the smaller.
        const bool begins_near = from_begin < half;
        const Real smaller = begins_near ? Real(-expm1(-from_begin)) : Real(exp(-from_begin));
        const Real far = begins_near ? Real(Real(1) - smaller) : smaller;
        const Real near_a = begins_near ? smaller : Real(Real(1) - smaller);
        const Real gap = far * -expm1(-length);  // e^{-sA} - e^{-sB}
        const Real near_b = near_a + gap;
        const Real sigma = slope / rho;
        using Plain = typename Kinds::plain;
        begin_ = end_point(rho, near_a, far);
        end_ =
            end_point(rho, near_b, static_cast<Real>(Plain(exp(-static_cast<Plain>(from_begin + length)))));
        rho_ = static_cast<Number>(rho);
        sigma_ = static_cast<Number>(sigma);
        const Real difference_1 = rho * (gap / near_a) / near_b;
        differences_ = {from_integer<Number>(0), static_cast<Number>(difference_1)};
        geometric_ = from_integer<Number>(1);
        const Real integral_1 = count * rho + log1p(gap / near_a) / sigma;
        const Real integral_2 = rho * integral_1 + difference_1 / sigma;
        integral_ = static_cast<Number>(integral_1);
        first_ = static_cast<Wide>(integral_1) - Wide(correction(1, integral_));
        integral_ = static_cast<Number>(integral_2);
        second_ = static_cast<Wide>(integral_2) - Wide(correction(2, integral_));
    }

    const Wide& first() const { return first_; }
    const Wide& second() const { return second_; }

    /// p_r for r = 3, 4, ... in this order.
    Number operator()(int r) {
        integral_ = rho_ * integral_ + difference(r - 1) / (sigma_ * from_integer<Number>(r - 1));
        return integral_ - correction(r, integral_);
    }

  private:
    /// R, W and W / R = e^{-st} at one end, and the powers of R, as many as were asked for.
    struct end_point {
        end_point() = default;
        end_point(const Real& rho, const Real& near, const Real& far)
            : r(static_cast<Number>(Real(rho / near))),
              w(static_cast<Number>(Real(rho / near * far))),
              ratio(static_cast<Number>(far)),
              powers{from_integer<Number>(1)} {}

        Number r, w, ratio;
        std::vector<Number> powers;
    };

    static const Number& power(end_point& end, int r) {
        while (int(end.powers.size()) <= r)
            end.powers.push_back(end.powers.back() * end.r);
        return end.powers[std::size_t(r)];
    }

    const Number& difference(int r) {
        while (int(differences_.size()) <= r) {
            geometric_ = begin_.r * geometric_ + power(end_, int(differences_.size()) - 1);
            differences_.push_back(differences_[1] * geometric_);
        }
        return differences_[std::size_t(r)];
    }

    Number correction(int r, const Number& integral) {
        const std::vector<Number>& c = midpoint_coefficients<Number, Kinds>();
        const Number enough = integral * midpoint_epsilon<Number, Kinds>();
        Number factor = sigma_;
        Number sum = from_integer<Number>(0);
        Number last = integral;
        for (int j = 1; j < int(c.size()); ++j) {
            const std::vector<Number>& e = derivatives(r, j);
            const Number term =
                factor * c[std::size_t(j)] * (derivative(r, e, begin_) - derivative(r, e, end_));
            if (term > last) break;  // of an asymptotic series no more is to be had
            sum = j % 2 == 1 ? sum + term : sum - term;
            if (!(term > enough)) break;
            last = term;
            factor *= sigma_ * sigma_;
        }
        return sum;
    }

    /// E_{n,i}, i < n = 2j - 1, made once in each thread.
    static const std::vector<Number>& derivatives(int r, int j) {
        thread_local std::vector<std::vector<std::vector<Number>>> table;
        if (int(table.size()) <= r) table.resize(std::size_t(r) + 1);
        auto& of_r = table[std::size_t(r)];
        if (of_r.empty()) of_r.push_back({from_integer<Number>(r)});
        while (int(of_r.size()) < j)
            of_r.push_back(differentiated(r, differentiated(r, of_r.back())));
        return of_r[std::size_t(j) - 1];
    }
    static std::vector<Number> differentiated(int r, std::vector<Number> e) {
        const auto n = std::int64_t(e.size());
        e.push_back(from_integer<Number>(0));
        for (std::int64_t i = n; i >= 0; --i) {
            Number& sum = e[std::size_t(i)];
            sum *= from_integer<Number>(r + i);
            if (i > 0) sum += from_integer<Number>(n - i + 1) * e[std::size_t(i) - 1];
        }
        return e;
    }

    static Number derivative(int r, const std::vector<Number>& e, end_point& at) {
        Number sum = from_integer<Number>(0);
        for (const Number& coefficient : e)  // in powers of W / R <= 1
            sum = sum * at.ratio + coefficient;
        return sum * power(at, r + int(e.size()) - 1) * at.w;
    }

    Wide first_, second_;
    Number rho_, sigma_, integral_, geometric_;
    end_point begin_, end_;
    std::vector<Number> differences_;
};

}  // namespace cesaro::detail
