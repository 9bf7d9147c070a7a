// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>
#include <Eigen/LU>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>

/// Sums over all positions of what is smooth in them, from some thousand values, however many they are.
namespace cesaro::detail {

/// A rule of `points` integer nodes that sums polynomials of degree below `points` over `count` consecutive
/// integers, as an integral is by a quadrature: nodes near Chebyshev's, weights from the discrete Legendre
/// (Gram) polynomials, orthogonal to 1 over the integers,
///
///     p_{k+1}(t) = t p_k(t) - b_k p_{k-1}(t),   b_k = k² (1 - k²/count²) / (4k² - 1),   -1 < t < 1.
template <std::floating_point Share>
class summation_rule {
  public:
    static constexpr int points = 16;
    /// So many positions are summed one by one: half as many still have the nodes apart.
    static constexpr std::int64_t few = 96;

    explicit summation_rule(std::int64_t count) {
        using matrix = Eigen::Matrix<Share, points, points>;
        const Share width = Share(count);
        matrix p;
        for (int i = 0; i < points; ++i) {
            const Share angle = std::acos(Share(-1)) * (Share(i) + Share(0.5)) / points;
            nodes_[std::size_t(i)] =
                std::min(count - 1, std::int64_t(width * std::sin(angle / 2) * std::sin(angle / 2)));
            const Share t = (2 * Share(nodes_[std::size_t(i)]) + 1 - width) / width;
            p(0, i) = 1;
            p(1, i) = t;
            for (int k = 1; k + 1 < points; ++k) {
                const Share square = Share(k * k);
                const Share b = square * (1 - square / (width * width)) / (4 * square - 1);
                p(k + 1, i) = t * p(k, i) - b * p(k - 1, i);
            }
        }
        Eigen::Matrix<Share, points, 1> sums = Eigen::Matrix<Share, points, 1>::Zero();
        sums[0] = 1;
        shares_ = p.partialPivLu().solve(sums);
        count_ = count;
    }

    /// The sum of f(first + i), i < count; f gives an array of numbers.
    template <class Function>
    auto operator()(std::int64_t first, const Function& f) const {
        using Values = decltype(f(first));
        using Number = typename Values::value_type;
        Values sum;
        sum.fill(Number(0));
        for (int i = 0; i < points; ++i) {
            const Values values = f(first + nodes_[std::size_t(i)]);
            const Number weight = from_share<Number>(shares_[i]) * Number(count_);
            for (std::size_t j = 0; j < sum.size(); ++j)
                sum[j] += values[j] * weight;
        }
        return sum;
    }

  private:
    /// A share, below one, as a number of any kind, of which all are made from integers.
    template <class Number>
    static Number from_share(Share share) {
        constexpr std::int64_t one = std::int64_t(1) << 60;
        return Number(static_cast<std::int64_t>(share * Share(one))) / Number(one);
    }

    std::array<std::int64_t, points> nodes_;
    Eigen::Matrix<Share, points, 1> shares_;
    std::int64_t count_;
};

/// sum += terms, one by one.
template <class Values>
void add_to(Values& sum, const Values& terms) {
    for (std::size_t j = 0; j < sum.size(); ++j)
        sum[j] += terms[j];
}

/// Adds the sum of f over first .. first + count - 1 to `sum`; halved until both halves together are the
/// whole to within 1e-14 of it, or of what is there already.
template <class Values, class Function>
void add_block(std::int64_t first, std::int64_t count, const Function& f, Values& sum) {
    if (count <= summation_rule<double>::few) {
        for (std::int64_t i = 0; i < count; ++i)
            add_to(sum, f(first + i));
        return;
    }
    using Real = typename Values::value_type;
    const std::int64_t half = count / 2;
    Values whole = summation_rule<double>(count)(first, f);
    Values parts = summation_rule<double>(half)(first, f);
    add_to(parts, summation_rule<double>(count - half)(first + half, f));
    bool enough = true;
    for (std::size_t j = 0; j < sum.size(); ++j) {
        const Real difference = whole[j] < parts[j] ? Real(parts[j] - whole[j]) : Real(whole[j] - parts[j]);
        enough = enough && difference * Real(100000000000000) <= parts[j] + sum[j];
    }
    if (enough) return add_to(sum, parts);
    add_block(first, half, f, sum);
    add_block(first + half, count - half, f, sum);
}

/// The sum of f(m) over m = 0 .. count - 1: blocks that double in length away from either end, where a row of
/// influence has its scales. f(m) is an array of numbers that are not negative.
template <class Values, class Function>
Values sum_over_positions(std::int64_t count, const Function& f) {
    Values sum;
    sum.fill(typename Values::value_type(0));
    const std::int64_t middle = count / 2;
    for (std::int64_t begin = 0, width = summation_rule<double>::few; begin < middle;
         begin += width, width = begin) {
        add_block(begin, std::min(width, middle - begin), f, sum);
    }
    for (std::int64_t begin = 0, width = summation_rule<double>::few; begin < count - middle;
         begin += width, width = begin) {
        const std::int64_t size = std::min(width, count - middle - begin);
        add_block(count - begin - size, size, f, sum);
    }
    return sum;
}

}  // namespace cesaro::detail
