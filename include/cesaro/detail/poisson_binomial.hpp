// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/scaled.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

namespace cesaro::detail {

/// What weights of hops are held in: weights that underflow in Real decide logarithms and high moments, and
/// depth amplifies the rounding of 1 - alpha, which is exact in twice the precision.
template <class Real>
using hop_number = std::conditional_t<std::numeric_limits<Real>::is_exact, Real, scaled<wide<Real>>>;

/// One trial more: the law of the number of successes in w[0] .. w[size-1], and then in one weight more.
template <class Number>
void add_trial(Eigen::VectorX<Number>& w, Eigen::Index size, const Number& success, const Number& failure) {
    w[size] = success * w[size - 1];
    for (Eigen::Index k = size - 1; k > 0; --k)
        w[k] = failure * w[k] + success * w[k - 1];
    w[0] = failure * w[0];
}

/// The law of the number of successes in independent trials with probabilities `p`: w_0 .. w_size.
/// A convolution of positive terms, hence every weight is relatively accurate to 3 H roundings.
/// `Number` may be any type with + - and * that can be made from a `Real`.
template <class Number, class Real>
Eigen::VectorX<Number> poisson_binomial(const Eigen::VectorX<Real>& p) {
    Eigen::VectorX<Number> w(p.size() + 1);
    w[0] = Number(Real(1));
    for (Eigen::Index l = 0; l < p.size(); ++l)
        add_trial(w, l + 1, Number(p[l]), Number(Number(Real(1)) - Number(p[l])));
    return w;
}

/// The law for `count` equal trials in w[0] .. w[count], C(count, k) p^k q^(count-k) with q = 1 - p: by
/// ratios from the end of the larger of p and q.
template <class Real, class Number>
void binomial_weights(Eigen::VectorX<Number>& w, Eigen::Index count, const Number& p, const Number& q) {
    const bool from_zero = !(q < p);
    Number power = from_zero ? q : p;  // its power 2^i
    const Number odds = from_zero ? Number(p / q) : Number(q / p);
    Number weight(Real(1));
    for (Eigen::Index rest = count; rest > 0; rest /= 2) {
        if (rest % 2 == 1) weight *= power;
        power *= power;
    }
    for (Eigen::Index k = 0; k <= count; ++k) {
        w[from_zero ? k : count - k] = weight;
        weight *= odds * Number(Real(int(count - k))) / Number(Real(int(k + 1)));
    }
}

/// The weights w_0 .. w_H of residual layers. Cost O(H) where all layers are equal, O(H²) where they differ.
template <class Real>
Eigen::VectorX<hop_number<Real>> hop_weights(const Eigen::VectorX<Real>& alphas) {
    using Number = hop_number<Real>;
    const auto differs_from = [](const Real& a) { return [&a](const Real& b) { return a < b || b < a; }; };
    std::vector<Real> sorted(alphas.begin(), alphas.end());
    if (!sorted.empty() && std::any_of(sorted.begin(), sorted.end(), differs_from(alphas[0])))
        std::sort(sorted.begin(), sorted.end());
    Eigen::VectorX<Number> w(alphas.size() + 1);
    w[0] = Number(Real(1));
    Eigen::Index size = 1;
    for (auto run = sorted.begin(); run != sorted.end();) {
        const auto end = std::find_if(run, sorted.end(), differs_from(*run));
        const auto count = static_cast<Eigen::Index>(end - run);
        const Number attend(*run);
        const Number stay = Number(Real(1)) - attend;
        if (size == 1 && count > 1) {
            binomial_weights<Real>(w, count, attend, stay);
            size += count;
        } else {
            for (Eigen::Index l = 0; l < count; ++l)
                add_trial(w, size++, attend, stay);
        }
        run = end;
    }
    return w;
}

}  // namespace cesaro::detail
