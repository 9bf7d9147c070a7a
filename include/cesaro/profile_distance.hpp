// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Distances and the rank correlation of two profiles, see profile.hpp. Each is divided by its sum first.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/profile_sum.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cesaro {

namespace detail {

/// Checks that two profiles can be compared.
template <class P, class Q>
void check_comparable(std::string_view function, const P& p, const Q& q) {
    static_assert(std::is_same_v<typename P::Scalar, typename Q::Scalar>,
                  "profiles that are compared have the same scalar");
    check_size(function, "q.size()", q.size(), p.size());
}

/// Twice the centred ranks, 2 rank - (size + 1), equal entries sharing the mean of their ranks: exact
/// integers.
template <class Vector>
std::vector<Eigen::Index> centred_ranks(const Vector& x) {
    const Eigen::Index size = x.size();
    std::vector<Eigen::Index> order(static_cast<std::size_t>(size));
    std::iota(order.begin(), order.end(), Eigen::Index(0));
    std::sort(order.begin(), order.end(),
              [&](Eigen::Index a, Eigen::Index b) { return x.coeffRef(a) < x.coeffRef(b); });
    std::vector<Eigen::Index> ranks(order.size());
    for (Eigen::Index first = 0, last = 0; first < size; first = last) {
        const auto value = [&](Eigen::Index i) -> decltype(auto) {
            return x.coeffRef(order[std::size_t(i)]);
        };
        while (last < size && !(value(first) < value(last)))
            ++last;
        for (Eigen::Index i = first; i < last; ++i)
            ranks[std::size_t(order[std::size_t(i)])] = first + last - size;
    }
    return ranks;
}

}  // namespace detail

/// Total variation distance of two profiles, in [0, 1].
///
/// \f[ \tfrac12 \sum_m |p_m - q_m| \f]
///
/// \param p,q  profiles of one size and scalar.
/// \throws std::invalid_argument when a profile is empty or the sizes differ.
/// \throws std::domain_error when an entry is negative or NaN, or a sum is not positive and finite.
///
/// Cost O(size). Accuracy: 4 epsilon, absolutely; exact in rationals.
///
/// \code
/// const std::vector<double> measured{8, 3, 1, 1, 3};  // any scale
/// const Eigen::VectorXd theory = cesaro::influence_row(5, cesaro::mixing_schedule<>::constant(12, 0.3));
/// const double misplaced = cesaro::total_variation(measured, theory);  // the share that is elsewhere
/// const double moved = cesaro::wasserstein(measured, theory);          // and how far, in context lengths
/// const double agreement = cesaro::spearman(measured, theory);         // of the orders
/// \endcode
template <detail::profile_like P, detail::profile_like Q>
[[nodiscard]] detail::profile_scalar<P> total_variation(const P& p, const Q& q) {
    using Real = detail::profile_scalar<P>;
    const auto& x = detail::profile_entries(p);
    const auto& y = detail::profile_entries(q);
    detail::check_comparable("total_variation", x, y);
    const Real x_sum = detail::profile_sum("total_variation", "p", x);
    const Real y_sum = detail::profile_sum("total_variation", "q", y);
    detail::compensated_sum<Real> sum;
    for (Eigen::Index m = 0; m < x.size(); ++m) {
        const Real difference = Real(x.coeffRef(m) / x_sum) - Real(y.coeffRef(m) / y_sum);
        sum += difference < Real(0) ? Real(-difference) : difference;
    }
    return std::min(Real(sum.value() / Real(2)), Real(1));
}

/// Wasserstein-1 (earth mover's) distance of two profiles whose positions are scaled to [0, 1].
///
/// \f[ \frac{1}{n} \sum_{m=0}^{n-1} \Bigl| \sum_{i \le m} (p_i - q_i) \Bigr|, \qquad n = \mathrm{size} - 1
/// \f]
///
/// In [0, 1]: 1 moves everything from the first position to the last. 0 for profiles of size 1.
/// Parameters, errors, cost and accuracy as total_variation().
template <detail::profile_like P, detail::profile_like Q>
[[nodiscard]] detail::profile_scalar<P> wasserstein(const P& p, const Q& q) {
    using Real = detail::profile_scalar<P>;
    const auto& x = detail::profile_entries(p);
    const auto& y = detail::profile_entries(q);
    detail::check_comparable("wasserstein", x, y);
    const Real x_sum = detail::profile_sum("wasserstein", "p", x);
    const Real y_sum = detail::profile_sum("wasserstein", "q", y);
    const Eigen::Index n = x.size() - 1;
    if (n == 0) return Real(0);
    detail::compensated_sum<Real> moved;  // F_p - F_q, exact up to the rounding of the quotients
    detail::compensated_sum<Real> cost;
    for (Eigen::Index m = 0; m < n; ++m) {
        moved += Real(x.coeffRef(m) / x_sum);
        moved += Real(-y.coeffRef(m) / y_sum);
        const Real flow = moved.value();
        cost += flow < Real(0) ? Real(-flow) : flow;
    }
    return std::min(Real(cost.value() / Real(n)), Real(1));
}

/// Spearman's rank correlation of two profiles, in [-1, 1].
///
/// The Pearson correlation of the ranks, equal entries sharing the mean of their ranks.
///
/// Parameters and errors as total_variation(); moreover \throws std::domain_error when all entries of a
/// profile are equal, for then the correlation does not exist.
///
/// Cost O(size log size). Accuracy: 8 epsilon, absolutely; the ranks are exact, and equal or opposite
/// orders without ties give exactly 1 or -1.
template <detail::profile_like P, detail::profile_like Q>
[[nodiscard]] detail::profile_scalar<P> spearman(const P& p, const Q& q) {
    using std::sqrt;
    using Real = detail::profile_scalar<P>;
    const auto& x = detail::profile_entries(p);
    const auto& y = detail::profile_entries(q);
    detail::check_comparable("spearman", x, y);
    detail::profile_sum("spearman", "p", x);
    detail::profile_sum("spearman", "q", y);
    const std::vector<Eigen::Index> a = detail::centred_ranks(x);
    const std::vector<Eigen::Index> b = detail::centred_ranks(y);
    const auto dot = [](const std::vector<Eigen::Index>& u, const std::vector<Eigen::Index>& v) {
        detail::compensated_sum<Real> sum;
        for (std::size_t i = 0; i < u.size(); ++i)
            sum += Real(Real(u[i]) * Real(v[i]));
        return sum.value();
    };
    const Real aa = dot(a, a);
    const Real bb = dot(b, b);
    if (!(aa > Real(0))) {
        detail::throw_domain_error("spearman", "every entry of p", x.coeffRef(0), "must not be the same");
    }
    if (!(bb > Real(0))) {
        detail::throw_domain_error("spearman", "every entry of q", y.coeffRef(0), "must not be the same");
    }
    const Real regression = dot(a, b) / aa;
    const Real correlation = regression * Real(sqrt(Real(aa / bb)));
    return std::max(Real(-1), std::min(Real(1), correlation));
}

}  // namespace cesaro
