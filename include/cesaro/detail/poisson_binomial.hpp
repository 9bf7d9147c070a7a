// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/scaled.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <concepts>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>
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

template <class Word, class Base>
inline constexpr bool is_word_of = false;
template <std::floating_point Base>
inline constexpr bool is_word_of<double_word<Base>, Base> = true;

/// A law of successes in double words, the high words apart from the low ones so that they go through vectors.
template <class Base>
class law_in_words {
    using Word = double_word<Base>;
    using Array = Eigen::ArrayX<Base>;

  public:
    /// \param w the law so far. \param trials how many more it has room for.
    template <class Law>
    law_in_words(const Law& w, Eigen::Index trials)
        : size_(w.size()),
          high_(Array::Zero(w.size() + trials)),
          low_(high_),
          success_high_(high_),
          success_low_(high_) {
        for (Eigen::Index k = 0; k < size_; ++k) {
            const auto word = static_cast<Word>(w[k]);
            high_[k] = word.high();
            low_[k] = word.low();
        }
    }

    /// Whether all words stay in range: the law is log-concave, and its ends only fall.
    bool has_range_for(Base success) const {
        constexpr Base epsilon = std::numeric_limits<Base>::epsilon();
        constexpr Base least = (std::numeric_limits<Base>::min)() / (epsilon * epsilon * epsilon);
        return high_[size_ - 1] * success >= least && high_[0] * (1 - success) >= least;
    }

    void add_trial(Base success) {
        const Word failure = Word(Base(1)) - Word(success);
        const auto p = Word::halves(success);
        const auto q = Word::halves(failure.high());
        Base* const high = high_.data();
        Base* const low = low_.data();
        Base* const taken_high = success_high_.data();
        Base* const taken_low = success_low_.data();
        const auto product = [](Base a, const auto& a_halves, Base b, const auto& b_halves, Base low_part) {
            const Base rounded = a * b;
            const Base rest = ((a_halves.upper * b_halves.upper - rounded) + a_halves.upper * b_halves.lower +
                               a_halves.lower * b_halves.upper) +
                              a_halves.lower * b_halves.lower;
            return std::pair(rounded, rest + low_part);
        };
        for (Eigen::Index k = 0; k < size_; ++k) {
            const auto w = Word::halves(high[k]);
            const Base cross = failure.high() * low[k] + failure.low() * high[k];
            std::tie(taken_high[k], taken_low[k]) = product(success, p, high[k], w, success * low[k]);
            std::tie(high[k], low[k]) = product(failure.high(), q, high[k], w, cross);
        }
        high[size_] = 0;
        low[size_] = 0;
        for (Eigen::Index k = 0; k < size_; ++k) {
            const Word sum = Word::exact_sum(high[k + 1], taken_high[k]);
            const Word weight = Word::renormalized(sum.high(), sum.low() + (low[k + 1] + taken_low[k]));
            high[k + 1] = weight.high();
            low[k + 1] = weight.low();
        }
        ++size_;
    }

    /// Into the first places of w; how many there are.
    template <class Number>
    Eigen::Index write_weights(Eigen::VectorX<Number>& w) const {
        for (Eigen::Index k = 0; k < size_; ++k)
            w[k] = Number(Word::renormalized(high_[k], low_[k]));
        return size_;
    }

  private:
    Eigen::Index size_;
    Array high_, low_, success_high_, success_low_;
};

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
    auto rest = std::find_if(sorted.begin(), sorted.end(), [](const Real& alpha) { return alpha > Real(0); });
    const auto end_of_run =
        std::find_if(rest, sorted.end(), [&](const Real& alpha) { return alpha > *rest; });
    if (end_of_run - rest > 1) {
        const Number attend(*rest);
        size += static_cast<Eigen::Index>(end_of_run - rest);
        binomial_weights<Real>(w, size - 1, attend, Number(Real(1)) - attend);
        rest = end_of_run;
    }
    if constexpr (is_word_of<wide<Real>, Real>) {
        law_in_words<Real> law(w.head(size), static_cast<Eigen::Index>(sorted.end() - rest));
        const auto first = rest;
        for (; rest != sorted.end() && law.has_range_for(*rest); ++rest)
            law.add_trial(*rest);
        if (rest != first) size = law.write_weights(w);
    }
    for (; rest != sorted.end(); ++rest)
        add_trial(w, size++, Number(*rest), Number(Number(Real(1)) - Number(*rest)));
    for (; size < w.size(); ++size)  // of layers that never attend
        w[size] = Number(Real(0));
    return w;
}

}  // namespace cesaro::detail
