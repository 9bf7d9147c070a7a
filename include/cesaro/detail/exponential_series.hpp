// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/double_word.hpp>

#include <Eigen/Core>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

/// Sums of c_i z^i / i!, and of z^i / (i! (i+1)!), to a few ulp however many terms they have.
///
/// Term by term the roundings of every factor z / i would be multiplied. So sixteen terms make a block: the
/// first of a block is known in twice the precision, from that of the block before it; the others are it
/// times x^j / prod_{i=1..j} (B + i) / m, a polynomial of x = z / m whose coefficients are the same for all
/// z. m is a power of two of the size of the terms that matter, so that nothing under- or overflows.
namespace cesaro::detail {

inline constexpr int block_terms = 16;

/// m for d(i) = i, and its square for d(i) = i (i + 1), which has two factors.
inline constexpr int block_scale(int factors) {
    return factors == 1 ? 128 : 128 * 128;
}

/// What the terms of a block are divided by.
template <class Real, int Factors>
struct block_divisors {
    using Number = working_number<Real>;

    /// 1 / prod_{i=1..j} d(B + i) / m, j < 16.
    std::array<Number, block_terms> inverse;
    /// From one block to the next, 1 / prod_{i=1..16} d(B + i).
    wide<Real> next;

    explicit block_divisors(std::int64_t block) {
        // Of four factors (or two of two) the product is an integer below 2^53, in the first 500 blocks.
        constexpr int group = 4 / Factors;
        const Number scale(block_scale(Factors));
        Number before(1);
        next = wide<Real>(Number(1));
        for (int j = 0; j < block_terms; j += group) {
            Number product(1);
            Number scales(1);
            for (int i = j; i < j + group; ++i) {
                inverse[std::size_t(i)] = Number(1) / (before * product);
                const std::int64_t index = block_terms * block + i + 1;
                product *= Number(Factors == 1 ? index : index * (index + 1)) / scale;
                scales *= scale;
            }
            before *= product;
            next = next / Number(product * scales);
        }
    }

    /// Those of a block: the first ones are kept, to form them takes longer than what is done with them.
    static block_divisors of(std::int64_t block) {
        constexpr std::int64_t kept = 128;
        static const auto first_ones = [] {
            std::vector<block_divisors> divisors;
            for (std::int64_t i = 0; i < kept; ++i)
                divisors.emplace_back(i);
            return divisors;
        }();
        return block < kept ? first_ones[std::size_t(block)] : block_divisors(block);
    }
};

/// Powers of x = z / m: x, x^2, x^4, x^8 as rounded, and z^16.
template <class Real>
struct block_powers {
    using Number = working_number<Real>;

    std::array<Number, 4> x;
    wide<Real> sixteenth;

    block_powers(const wide<Real>& z, int scale) : sixteenth(z) {
        Number factor = Number(1) / Number(scale);
        for (Number& power : x) {
            power = static_cast<Number>(rounded(sixteenth)) * factor;
            sixteenth = unnormalized_product(sixteenth, sixteenth);
            factor *= factor;
        }
    }
};

/// sum_j c_j x^j, by halves.
template <class Number>
Number block_polynomial(const std::array<Number, block_terms>& c, const std::array<Number, 4>& x) {
    std::array<Number, 8> eight;
    std::array<Number, 4> four;
    for (std::size_t j = 0; j < 8; ++j)
        eight[j] = c[j] + x[3] * c[j + 8];
    for (std::size_t j = 0; j < 4; ++j)
        four[j] = eight[j] + x[2] * eight[j + 4];
    return (four[0] + x[1] * four[2]) + x[0] * (four[1] + x[1] * four[3]);
}

/// How many terms of sum_i c_i u^i / i! to take, where beyond `peak` their ratios are no more than peak / i:
/// those of a Poisson law, whose tail P(K >= peak + d) is below exp(-d^2 / (2 peak + 2 d / 3)) (Bernstein).
template <class Number>
int terms_past_peak(const Number& peak) {
    using std::sqrt;
    const int natural_digits = std::numeric_limits<Number>::digits * 7 / 10 + 8;
    const Number digits(natural_digits);
    const Number third = digits / Number(3);
    const Number terms = peak + third + sqrt(Number(third * third + Number(2) * digits * peak));
    return int(static_cast<std::int64_t>(terms)) + 2;
}

/// sum_i c_i u^i / i! with c_i >= 0, a function of u.
template <class Real>
class exponential_series {
  public:
    using Number = working_number<Real>;
    using Wide = wide<Real>;

    explicit exponential_series(const Eigen::VectorX<Number>& c) {
        terms_ = c.size();
        while (terms_ > 0 && !(c[terms_ - 1] > Number(0)))
            --terms_;
        steady_from_ = terms_;
        while (steady_from_ > 1 && !(c[steady_from_ - 2] < c[steady_from_ - 1]))
            --steady_from_;
        blocks_.reserve(std::size_t(terms_ + block_terms - 1) / block_terms);
        for (Eigen::Index begin = 0; begin < terms_; begin += block_terms) {
            const auto divisors = block_divisors<Real, 1>::of(begin / block_terms);
            block b{{}, divisors.next};
            for (int j = 0; j < block_terms; ++j)
                b.c[std::size_t(j)] =
                    begin + j < terms_ ? Number(c[begin + j] * divisors.inverse[std::size_t(j)]) : Number(0);
            blocks_.push_back(b);
        }
    }

    /// The sum at u = ln(1/x) times `first`, a number about which the caller knows that neither it times u^i
    /// / i! nor the sum overflows. `Position` gives u as rounded, and to more digits.
    template <class Position>
    Number operator()(const Position& position, const Number& first) const {
        if (terms_ == 0) return Number(0);
        if (terms_ == 1) return first * blocks_[0].c[0];
        const Number u = position.u();
        // The relative error of u counts i times in term i, and the i that matter are below 7, or
        // steady_from_ + u.
        const bool rounded_will_do = terms_ <= 8 || Number(steady_from_) + u <= Number(8);
        if (rounded_will_do && (blocks_.size() == 1 || Number(2) * u < Number(1))) {
            const Number u2 = u * u;
            const Number u4 = u2 * u2;
            const Number u8 = u4 * u4;
            constexpr int scale = block_scale(1);
            const Number x4 = u4 / Number(scale * scale) / Number(scale * scale);
            const Number sum = block_polynomial(
                blocks_[0].c, {u / Number(scale), u2 / Number(scale * scale), x4, Number(x4 * x4)});
            if (blocks_.size() == 1) return first * sum;
            // The rest is below twice its first term.
            const Number rest = u8 * u8 * static_cast<Number>(blocks_[0].next) * blocks_[1].c[0];
            if (Number(32) * rest <= std::numeric_limits<Number>::epsilon() * sum) return first * sum;
        }
        return of_blocks(u, position.precise_u(), first);
    }

  private:
    struct block {
        std::array<Number, block_terms> c;  // c_i m^j B! / (B + j)!
        Wide next;
    };

    Number of_blocks(const Number& u, const Wide& precise_u, const Number& first) const {
        const block_powers<Real> powers(precise_u, block_scale(1));
        const Number enough = std::numeric_limits<Number>::epsilon() / Number(64);
        compensated_sum<Number> sum;
        Wide leading(first);
        Eigen::Index begin = 0;
        for (auto b = blocks_.begin();;) {
            sum += static_cast<Number>(rounded(leading)) * block_polynomial(b->c, powers.x);
            const Wide& next = b->next;
            if (++b == blocks_.end()) return sum.value();
            leading = unnormalized_product(leading, unnormalized_product(powers.sixteenth, next));
            begin += block_terms;
            // Where the terms halve, at least, the rest is below twice the first of the next block.
            if (begin >= steady_from_ && Number(begin) > u + u &&
                static_cast<Number>(rounded(leading)) * b->c[0] <= enough * sum.value()) {
                return sum.value();
            }
        }
    }

    std::vector<block> blocks_;
    Eigen::Index terms_;
    Eigen::Index steady_from_;  // from here on c_i does not increase
};

}  // namespace cesaro::detail
