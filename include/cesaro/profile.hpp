// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/compensated_sum.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// Profiles: any non-negative vector over positions, read as a probability distribution. Every function here
/// divides a profile by its sum first, so counts, norms and probabilities serve alike.
namespace cesaro {

/// Where the first and the last tenth of a profile lie: positions [0, primacy_end) and [recency_begin, size).
struct profile_tenths {
    Eigen::Index primacy_end;
    Eigen::Index recency_begin;
};

/// The first and the last tenth of `size` positions, whole positions only.
///
/// A tenth is \f$\lceil \mathrm{size}/10 \rceil\f$ positions, so at least one. Both tenths have that length,
/// except that the only position of a profile of size 1 is the last tenth and the first is empty; a profile
/// of size 2 has an empty middle.
/// \throws std::domain_error when size < 1.
inline profile_tenths tenths(Eigen::Index size) {
    detail::check_at_least("tenths", "size", size, 1);
    const Eigen::Index tenth = size / 10 + (size % 10 != 0);
    return {std::min(tenth, size - tenth), size - tenth};
}

/// A profile in a few numbers; p is the profile divided by its sum.
template <real_scalar Real>
struct profile_summary {
    Real primacy;                  ///< mass of the first tenth, as tenths() defines it
    Real middle;                   ///< mass between the two tenths
    Real recency;                  ///< mass of the last tenth
    Real first_token;              ///< p at position 0
    Real last_token;               ///< p at the last position, the query
    Real valley;                   ///< the least entry of p, both ends included
    Eigen::Index valley_position;  ///< where: the first of the least entries
    Real valley_depth;             ///< decades from the lower end of p down to the valley; may be inf
    Real mean_position;            ///< \f$\sum_m m\,p_m\f$, in positions
    Real entropy;                  ///< \f$-\sum_m p_m \ln p_m\f$, in nats
};

namespace detail {

/// The sum of a profile, which is checked: at least one entry, none negative or NaN, sum positive and finite.
template <class Vector>
typename Vector::Scalar profile_sum(std::string_view function, const char* argument, const Vector& profile) {
    using Real = typename Vector::Scalar;
    static_assert(real_scalar<Real>, "a profile has real entries");
    static_assert(Vector::IsVectorAtCompileTime, "a profile is a vector");
    if (profile.size() == 0) {
        throw_invalid_argument(function, std::string(argument) + ".size()", profile.size(),
                               "must be at least 1");
    }
    compensated_sum<Real> sum;
    for (Eigen::Index m = 0; m < profile.size(); ++m) {
        const Real& entry = profile.coeffRef(m);
        if (!(entry >= Real(0))) {
            throw_domain_error(function, std::string(argument) + "[" + std::to_string(m) + "]", entry,
                               "must be at least 0");
        }
        sum += entry;
    }
    const Real total = sum.value();
    bool finite = true;
    if constexpr (std::numeric_limits<Real>::has_infinity) {
        finite = total < std::numeric_limits<Real>::infinity();
    }
    if (!(finite && total > Real(0))) {
        throw_domain_error(function, std::string("the sum of ") + argument, total,
                           "must be positive and finite");
    }
    return total;
}

/// log10(high / low) for high >= low >= 0; 0 when they are equal.
template <class Real>
Real decades(const Real& high, const Real& low) {
    using std::log10;
    if (!(low < high)) return Real(0);
    const Real ratio = high / low;  // overflows where low is subnormal
    return ratio < std::numeric_limits<Real>::max() ? Real(log10(ratio)) : Real(log10(high) - log10(low));
}

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

/// The summary of a profile: masses of its regions, valley, mean position, entropy.
///
/// \param profile  any Eigen vector of non-negative entries; divided by its sum here.
/// \throws std::invalid_argument when it is empty.
/// \throws std::domain_error when an entry is negative or NaN, or the sum is not positive and finite.
///
/// Cost O(size). Accuracy: every field is within 8 epsilon, relatively, of the value in exact arithmetic up
/// to 1e8 positions (compensated sums of positive terms); valley_depth, where below 1, absolutely.
template <class Derived>
profile_summary<typename Derived::Scalar> summarize(const Eigen::DenseBase<Derived>& profile) {
    using std::log;
    using std::log1p;
    using Real = typename Derived::Scalar;
    const auto& x = profile.derived().eval();
    const Real total = detail::profile_sum("summarize", "profile", x);
    const Eigen::Index size = x.size();
    const profile_tenths split = tenths(size);
    const auto mass = [&](Eigen::Index begin, Eigen::Index end) {
        detail::compensated_sum<Real> sum;
        for (Eigen::Index m = begin; m < end; ++m)
            sum += x.coeffRef(m);
        return Real(sum.value() / total);
    };

    Eigen::Index least = 0;
    Eigen::Index greatest = 0;
    for (Eigen::Index m = 1; m < size; ++m) {
        if (x.coeffRef(m) < x.coeffRef(least)) least = m;
        if (x.coeffRef(greatest) < x.coeffRef(m)) greatest = m;
    }
    detail::compensated_sum<Real> first_moment;
    detail::compensated_sum<Real> rest;
    detail::compensated_sum<Real> entropy;
    for (Eigen::Index m = 0; m < size; ++m) {
        const Real p = x.coeffRef(m) / total;
        first_moment += Real(Real(m) * p);
        if (m == greatest) continue;
        rest += p;
        if (p > Real(0)) entropy += Real(-p * log(p));
    }
    // A profile on almost one position: the logarithm of its entry is lost in 1, and kept in what is left.
    const Real p_greatest = x.coeffRef(greatest) / total;
    const Real log_greatest =
        rest.value() < Real(1) / Real(2) ? Real(log1p(-rest.value())) : Real(log(p_greatest));
    entropy += Real(-p_greatest * log_greatest);

    profile_summary<Real> s;
    s.primacy = mass(0, split.primacy_end);
    s.middle = mass(split.primacy_end, split.recency_begin);
    s.recency = mass(split.recency_begin, size);
    s.first_token = x.coeffRef(0) / total;
    s.last_token = x.coeffRef(size - 1) / total;
    s.valley = x.coeffRef(least) / total;
    s.valley_position = least;
    s.valley_depth = detail::decades(std::min(x.coeffRef(0), x.coeffRef(size - 1)), x.coeffRef(least));
    s.mean_position = first_moment.value();
    s.entropy = entropy.value();
    return s;
}

/// Total variation distance of two profiles, in [0, 1].
///
/// \f[ \tfrac12 \sum_m |p_m - q_m| \f]
///
/// \param p,q  Eigen vectors of one size and scalar, non-negative; each is divided by its sum here.
/// \throws std::invalid_argument when a profile is empty or the sizes differ.
/// \throws std::domain_error when an entry is negative or NaN, or a sum is not positive and finite.
///
/// Cost O(size). Accuracy: 4 epsilon, absolutely; exact in rationals.
template <class P, class Q>
typename P::Scalar total_variation(const Eigen::DenseBase<P>& p, const Eigen::DenseBase<Q>& q) {
    using Real = typename P::Scalar;
    detail::check_comparable("total_variation", p, q);
    const auto& x = p.derived().eval();
    const auto& y = q.derived().eval();
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
template <class P, class Q>
typename P::Scalar wasserstein(const Eigen::DenseBase<P>& p, const Eigen::DenseBase<Q>& q) {
    using Real = typename P::Scalar;
    detail::check_comparable("wasserstein", p, q);
    const auto& x = p.derived().eval();
    const auto& y = q.derived().eval();
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
template <class P, class Q>
typename P::Scalar spearman(const Eigen::DenseBase<P>& p, const Eigen::DenseBase<Q>& q) {
    using std::sqrt;
    using Real = typename P::Scalar;
    detail::check_comparable("spearman", p, q);
    const auto& x = p.derived().eval();
    const auto& y = q.derived().eval();
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
