// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <vector>

namespace cesaro::detail {

/// The elementary symmetric polynomials e_0 .. e_H of the squares of H numbers: sums of positive terms.
template <class Number, class Real>
std::vector<Number> elementary_symmetric_of_squares(const Eigen::VectorX<Real>& x) {
    std::vector<Number> e(std::size_t(x.size()) + 1, Number(Real(0)));
    e[0] = Number(Real(1));
    for (std::size_t l = 0; l + 1 < e.size(); ++l) {
        const Number gain(x[Eigen::Index(l)]);
        const Number square = gain * gain;
        for (std::size_t k = l + 1; k > 0; --k)
            e[k] += square * e[k - 1];
    }
    return e;
}

/// The squares of jacobian_profile(), with nothing but + * /.
template <class Real, class Number = Real>
Eigen::VectorX<Number> squared_jacobian_profile(Eigen::Index tokens, const Eigen::VectorX<Real>& gains) {
    const auto e = elementary_symmetric_of_squares<Number>(gains);
    const Number size{Real(tokens)};
    std::vector<Number> h(e.size() - 1, Number(Real(0)));  // h_0 .. h_{H-1}(m+1 .. tokens)
    if (!h.empty()) h[0] = Number(Real(1));
    Eigen::VectorX<Number> profile(tokens);
    for (Eigen::Index m = tokens; m-- > 0;) {
        const Number position{Real(m + 1)};
        for (std::size_t k = 1; k < h.size(); ++k)
            h[k] += h[k - 1] / position;
        Number sum(Real(m == tokens - 1 ? 1 : 0));
        for (std::size_t k = 0; k < h.size(); ++k) {
            const Number entry = h[k] / size;
            sum += e[k + 1] * entry * entry;
        }
        profile[m] = sum;
    }
    return profile;
}

}  // namespace cesaro::detail
