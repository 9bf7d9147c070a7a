// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/power_sum.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

/// The complete homogeneous symmetric polynomials h_0 .. h_d of 1/a, 1/(a+1), ..., 1/b. `Number` is the
/// scalar Real itself, or `scaled<Real>` where it would underflow. All sums have positive terms only.
namespace cesaro::detail {

/// One position more: h_k(i..b) = h_k(i+1..b) + h_{k-1}(i..b) / i.
template <class Real, class Number>
void prepend_position(Eigen::Index i, std::vector<Number>& h) {
    const Number inverse(Real(Real(1) / Real(i)));
    for (std::size_t k = 1; k < h.size(); ++k)
        h[k] += h[k - 1] * inverse;
}

/// Newton's identities, k h_k = sum_{r=1..k} p_r h_{k-r}, with the power sums p_r = p[r] in, h out.
template <class Real, class Number>
void newton_identities(const std::vector<Number>& p, std::vector<Number>& h) {
    h[0] = Number(Real(1));
    for (std::size_t k = 1; k < h.size(); ++k) {
        if constexpr (std::is_floating_point_v<Number>) {
            using Vector = Eigen::Map<const Eigen::VectorX<Number>>;
            const auto size = Eigen::Index(k);
            h[k] = Vector(p.data() + 1, size).dot(Vector(h.data(), size).reverse()) / Number(k);
        } else {
            Number sum(Real(0));
            for (std::size_t r = k; r > 0; --r)
                sum += p[r] * h[k - r];
            h[k] = sum / Number(Real(k));
        }
    }
}

/// Adds i^{-1}, ..., i^{-d} for i = a .. b to p[1], ..., p[d].
template <class Real, class Number>
void add_direct_power_sums(Eigen::Index a, Eigen::Index b, std::vector<Number>& p) {
    const Eigen::Index size = b - a + 1;
    if constexpr (std::is_floating_point_v<Number>) {
        const Eigen::ArrayX<Real> inverses =
            Eigen::ArrayX<Real>::LinSpaced(size, Real(a), Real(b)).round().inverse();
        Eigen::ArrayX<Real> powers = inverses;
        for (std::size_t r = 1; r < p.size(); ++r) {
            p[r] += powers.sum();
            powers *= inverses;
        }
    } else {
        for (Eigen::Index i = b; i >= a; --i) {
            const Number inverse(Real(Real(1) / Real(i)));
            Number power = inverse;
            for (std::size_t r = 1; r < p.size(); ++r) {
                p[r] += power;
                power *= inverse;
            }
        }
    }
}

/// p_r(a..b) for r = 1 .. d into p[r], d = p.size() - 1.
template <class Real, class Number>
void power_sums(Eigen::Index a, Eigen::Index b, std::vector<Number>& p) {
    const auto degree = Eigen::Index(p.size()) - 1;
    std::fill(p.begin(), p.end(), Number(Real(0)));
    // The first positions, where the series does not converge: all of them at once, power by power.
    const Eigen::Index start =
        std::min(b + 1, std::max(a, euler_maclaurin_power_sum<Real>::first_position(int(degree))));
    if (a < start) add_direct_power_sums<Real>(a, start - 1, p);
    if (start > b) return;
    const euler_maclaurin_power_sum<Real> series(start, b);
    const Real inverse = Real(1) / Real(start);
    Number power(Real(1));
    for (Eigen::Index r = 1; r <= degree; ++r) {
        p[std::size_t(r)] += power * Number(series(int(r)));
        power *= Number(inverse);
    }
}

/// Exactly, for exact scalars: the generating function of a range is the product of those of its halves, and
/// halving keeps numerators and denominators short for as long as possible.
template <class Number>
std::vector<Number> complete_homogeneous_exact(Eigen::Index a, Eigen::Index b, std::size_t size) {
    std::vector<Number> h(size, Number(0));
    h[0] = Number(1);
    if (b - a < 8) {
        for (Eigen::Index i = b; i >= a; --i)
            prepend_position<Number>(i, h);
        return h;
    }
    const Eigen::Index middle = a + (b - a) / 2;
    const auto first = complete_homogeneous_exact<Number>(a, middle, size);
    const auto second = complete_homogeneous_exact<Number>(middle + 1, b, size);
    for (std::size_t k = 1; k < size; ++k) {
        Number sum(0);
        for (std::size_t i = 0; i <= k; ++i)
            sum += first[i] * second[k - i];
        h[k] = sum;
    }
    return h;
}

/// h_0 .. h_d of 1/a .. 1/b, d = h.size() - 1, for 1 <= a <= b + 1 (the empty range has h_0 = 1 alone).
///
/// Cost O(d²), independent of a and b. Relative error: below 2 d + 16 epsilons of Real (measured: 30 at
/// d = 31, 114 at d = 149, 282 at d = 399), most of it the rounding of p_1, which h_k amplifies k times.
template <class Real, class Number>
void complete_homogeneous(Eigen::Index a, Eigen::Index b, std::vector<Number>& h) {
    if constexpr (std::numeric_limits<Real>::is_exact) {
        h = complete_homogeneous_exact<Number>(a, b, h.size());
    } else {
        std::fill(h.begin(), h.end(), Number(Real(0)));
        h[0] = Number(Real(1));
        // Newton's identities cost d²/2 and d power sums, a position d: few positions are added one by one.
        if (b - a < 16 + Eigen::Index(h.size()) / 8) {
            for (Eigen::Index i = b; i >= a; --i)
                prepend_position<Real>(i, h);
        } else {
            std::vector<Number> p(h.size());
            power_sums<Real>(a, b, p);
            newton_identities<Real>(p, h);
        }
    }
}

}  // namespace cesaro::detail
