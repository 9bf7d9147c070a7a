// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace cesaro::detail {

/// The Gauss-Legendre rule with as many nodes as the digits of Number ask for, for integrands that are smooth
/// over an interval.
template <class Number>
class legendre_rule {
  public:
    static const legendre_rule& get() {
        static const legendre_rule rule;
        return rule;
    }

    template <class Function>
    Number integrate(const Function& f, const Number& from, const Number& to) const {
        const Number half = (to - from) / Number(2);
        const Number middle = (to + from) / Number(2);
        Number sum(0);
        for (std::size_t i = 0; i < nodes_.size(); ++i)
            sum += weights_[i] * f(Number(middle + half * nodes_[i]));
        return half * sum;
    }

  private:
    static constexpr int size = std::numeric_limits<Number>::digits / 2 + 4;

    /// Newton's method on the Legendre polynomial, from nodes to six digits.
    legendre_rule() {
        for (int i = 0; i < size; ++i) {
            const double guess = std::cos(std::acos(-1.0) * (i + 0.75) / (size + 0.5));
            Number x = Number(static_cast<std::int64_t>(guess * 1e9)) / Number(1000000000);
            Number derivative(1);
            for (int step = 0; step < 8; ++step) {
                Number before(0);
                Number p(1);
                for (int k = 0; k < size; ++k) {
                    const Number next = (Number(2 * k + 1) * x * p - Number(k) * before) / Number(k + 1);
                    before = p;
                    p = next;
                }
                derivative = Number(size) * (x * p - before) / (x * x - Number(1));
                x -= p / derivative;
            }
            nodes_.push_back(x);
            weights_.push_back(Number(2) / ((Number(1) - x * x) * derivative * derivative));
        }
    }

    std::vector<Number> nodes_;
    std::vector<Number> weights_;
};

}  // namespace cesaro::detail
