// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// How far back a stack of sliding windows sees.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/derived_accessors.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/detail/number_kinds.hpp>
#include <cesaro/detail/positions.hpp>
#include <cesaro/hop_law.hpp>

#include <Eigen/Core>
#include <boost/math/distributions/complement.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cesaro {

namespace detail {

/// out[d] = (x[d-w+1] + ... + x[d]) / w, d < size + w - 1: a suffix of one block of w and a prefix of the next,
/// so that nothing is subtracted.
template <class Number>
std::vector<Number> window_means(const std::vector<Number>& x, std::int64_t window) {
    const auto size = std::int64_t(x.size());
    std::vector<Number> means(std::size_t(size + window - 1), from_integer<Number>(0));
    const auto width = from_integer<Number>(window);
    for (std::int64_t begin = 0; begin < size; begin += window) {
        const std::int64_t end = std::min(begin + window, size);
        Number sum = from_integer<Number>(0);
        for (std::int64_t d = begin; d < begin + window; ++d) {
            if (d < end) sum += x[std::size_t(d)];
            if (d < size + window - 1) means[std::size_t(d)] += sum;
        }
        sum = from_integer<Number>(0);
        for (std::int64_t d = end; d-- > begin + 1;) {
            sum += x[std::size_t(d)];
            means[std::size_t(d + window - 1)] += sum;
        }
    }
    for (Number& mean : means)
        mean /= width;
    return means;
}

}  // namespace detail

/// The law of the distance n - m from which a stack of sliding windows reads, away from the first tokens: how
/// far back it sees.
///
/// \f[ D = \sum_{i=1}^{K} U_i, \qquad U_i \text{ uniform on } 0, \dots, w-1, \f]
///
/// with K hops, each of them to one of the w positions that a window shows. Its quantiles are the horizon of the
/// stack: of 12 layers with \f$\alpha = 0.35\f$ and w = 64 there is 1e-2, 1e-3 and 1e-6 of the influence beyond
/// 299, 361 and 498 tokens. The rule that is commonly quoted, \f$w \ln\varepsilon / \ln\alpha\f$, says 281, 421
/// and 842: it takes no notice of the depth.
///
/// The non-member functions are those of discrete_influence, of distances in 0 .. H (w - 1): `pdf`, `logpdf`,
/// `cdf`, `quantile` and the latter two of `complement(...)`, `mean`, `variance`, `standard_deviation`,
/// `median`, `range`, `support`. Hops that are lost are nowhere: the cdf ends at the total.
///
/// Cost: O(H² w) once, memory O(H w); tails and quantiles O(H w). Accuracy: sums of positive terms, of double
/// relative error H w epsilons at most, 1e-13 measured at H w = 10^5, in all that does not underflow.
///
/// \code
/// const cesaro::window_influence<> law(4096, cesaro::mixing_schedule<>::constant(32, 0.2));
/// const auto horizon = quantile(complement(law, 1e-3));  // beyond it one part in a thousand
/// \endcode
///
/// Source: a sum of independent uniforms; moments by Wald's identities.
template <real_scalar Real = double>
class window_influence {
  public:
    using value_type = Real;
    using position_type = std::int64_t;

    /// \param window  w, positions seen up to the query, itself included, 1 <= w <= 2^62.
    /// \param network a hop_law, or what converts to one.
    /// \throws std::domain_error when the window is out of range; std::length_error when the law does not fit in
    ///         memory.
    template <class Network>
    requires std::convertible_to<const Network&, hop_law<Real>> window_influence(std::int64_t window,
                                                                                 const Network& network)
        : window_(checked(window)), hops_(network) {
        const auto w = hops_.template weights_as<Number>();
        check_fits(w.size() - 1);
        // Horner's scheme: A = w_0 + W (w_1 + W (w_2 + ...)).
        law_ = {w[w.size() - 1]};
        for (Eigen::Index k = w.size() - 1; k-- > 0;) {
            law_ = detail::window_means(law_, window_);
            law_[0] += w[k];
        }
    }

    [[nodiscard]] std::int64_t window() const { return window_; }
    [[nodiscard]] const hop_law<Real>& hops() const { return hops_; }

    /// \f$P(D = d)\f$ for d = 0 .. H (w - 1), as the sums take them: those of float in double.
    [[nodiscard]] const std::vector<detail::working_number<Real>>& masses() const { return law_; }

  private:
    using Number = detail::working_number<Real>;

    static std::int64_t checked(std::int64_t window) {
        if (window < 1 || window > detail::largest_query)
            detail::throw_domain_error("window_influence", "window", window, "must lie in [1, 2^62]");
        return window;
    }
    void check_fits(std::int64_t hops) const {
        const std::int64_t most = std::numeric_limits<std::int64_t>::max() / std::max<std::int64_t>(hops, 1);
        // Two of them are there at a time; a product that overflows is the largest, which fits nowhere.
        const std::int64_t size =
            window_ - 1 < most ? hops * (window_ - 1) + 1 : std::numeric_limits<std::int64_t>::max();
        detail::check_fits_in_memory<Number>("window_influence", 2, size);
    }

    std::int64_t window_;
    hop_law<Real> hops_;
    std::vector<Number> law_;
};

template <has_hop_law Network>
window_influence(std::int64_t, const Network&) -> window_influence<typename Network::Scalar>;

namespace detail {

/// P(first <= D <= last), the least terms first.
template <class Real>
working_number<Real> mass_of(const window_influence<Real>& law, std::int64_t first, std::int64_t last) {
    using Number = working_number<Real>;
    std::conditional_t<std::is_floating_point_v<Number>, compensated_sum<Number>, uncompensated_sum<Number>>
        sum;
    for (std::int64_t d = last; d >= first; --d)
        sum += law.masses()[std::size_t(d)];
    return sum.value();
}

template <class Real>
std::int64_t farthest(const window_influence<Real>& law) {
    return std::int64_t(law.masses().size()) - 1;
}

template <std::integral Distance, class Real>
std::int64_t distance_index(const char* function, const Distance& distance,
                            const window_influence<Real>& law) {
    if (std::in_range<std::int64_t>(distance)) {
        const auto d = static_cast<std::int64_t>(distance);
        if (0 <= d && d <= farthest(law)) return d;
    }
    throw_domain_error(function, "distance", distance,
                       "must lie in [0, H (w - 1)], H (w - 1) = " + std::to_string(farthest(law)));
}

}  // namespace detail

/// \f$P(D = d)\f$. \throws std::domain_error unless 0 <= d <= H (w - 1). Cost O(1).
template <real_scalar Real, std::integral Distance>
[[nodiscard]] Real pdf(const window_influence<Real>& law, const Distance& distance) {
    const auto d = detail::distance_index("pdf(window_influence)", distance, law);
    return detail::at_most_total(static_cast<Real>(law.masses()[std::size_t(d)]), law.hops().total());
}

/// \f$\ln P(D = d)\f$, minus infinity where it is zero or underflows.
template <real_scalar Real, std::integral Distance>
[[nodiscard]] Real logpdf(const window_influence<Real>& law, const Distance& distance) {
    using std::log;
    const auto d = detail::distance_index("logpdf(window_influence)", distance, law);
    return static_cast<Real>(log(law.masses()[std::size_t(d)]));
}

/// \f$P(D \le d)\f$.
template <real_scalar Real, std::integral Distance>
[[nodiscard]] Real cdf(const window_influence<Real>& law, const Distance& distance) {
    const auto d = detail::distance_index("cdf(window_influence)", distance, law);
    const Real& total = law.hops().total();
    if (d == detail::farthest(law)) return total;
    return detail::at_most_total(static_cast<Real>(detail::mass_of(law, 0, d)), total);
}

/// \f$P(D > d)\f$, what is beyond d, from positive terms however small.
template <real_scalar Real, std::integral Distance>
[[nodiscard]] Real cdf(const boost::math::complemented2_type<window_influence<Real>, Distance>& c) {
    const auto d = detail::distance_index("cdf(complement(window_influence))", c.param, c.dist);
    return detail::at_most_total(static_cast<Real>(detail::mass_of(c.dist, d + 1, detail::farthest(c.dist))),
                                 c.dist.hops().total());
}

/// The smallest d with \f$P(D > d) \le q\f$: the horizon beyond which there is no more than q.
/// \throws std::domain_error unless 0 <= q <= 1.
template <real_scalar Real, class Probability>
[[nodiscard]] std::int64_t quantile(
    const boost::math::complemented2_type<window_influence<Real>, Probability>& c) {
    using Number = detail::working_number<Real>;
    const Real q = static_cast<Real>(c.param);
    detail::check_unit_interval("quantile(complement(window_influence))", "q", q);
    std::conditional_t<std::is_floating_point_v<Number>, detail::compensated_sum<Number>,
                       detail::uncompensated_sum<Number>>
        beyond;
    std::int64_t d = detail::farthest(c.dist);
    for (; d > 0; --d) {
        beyond += c.dist.masses()[std::size_t(d)];
        if (beyond.value() > static_cast<Number>(q)) return d;
    }
    return d;
}

/// The smallest d with \f$P(D \le d) \ge p\f$.
/// \throws std::domain_error unless p lies in [0, 1], or in [0, total] where the hops lose mass.
template <real_scalar Real>
[[nodiscard]] std::int64_t quantile(const window_influence<Real>& law, const std::type_identity_t<Real>& p) {
    using Number = detail::working_number<Real>;
    const Real& total = law.hops().total();
    detail::check_level("quantile(window_influence)", p, total);
    // Levels beyond one half by what is left of the total: the sum may round to them too early.
    if (Real(2) * p > total) return quantile(complement(law, Real(total - p)));
    std::conditional_t<std::is_floating_point_v<Number>, detail::compensated_sum<Number>,
                       detail::uncompensated_sum<Number>>
        sum;
    std::int64_t d = 0;
    for (; d < detail::farthest(law); ++d) {
        sum += law.masses()[std::size_t(d)];
        if (sum.value() >= static_cast<Number>(p)) return d;
    }
    return d;
}

/// \f$E[D] = \frac{w-1}{2} E[K]\f$, what is lost counting as nothing.
template <real_scalar Real>
[[nodiscard]] Real mean(const window_influence<Real>& law) {
    return law.hops().mean() * (Real(law.window() - 1) / Real(2));
}

/// \f$\mathrm{Var}[D] = \frac{w^2-1}{12} E[K] + \left(\frac{w-1}{2}\right)^2 \mathrm{Var}[K]\f$.
/// \throws std::domain_error where the hops lose mass.
template <real_scalar Real>
[[nodiscard]] Real variance(const window_influence<Real>& law) {
    detail::check_nothing_lost("variance(window_influence)", law.hops().total());
    const Real hops = law.hops().mean();
    const Eigen::VectorX<Real> w = law.hops().weights();
    Real spread(0);
    for (Eigen::Index k = 0; k < w.size(); ++k) {
        const Real distance = Real(k) - hops;
        spread += w[k] * distance * distance;
    }
    const Real half = Real(law.window() - 1) / Real(2);
    return half * (Real(law.window() + 1) / Real(6) * hops + half * spread);
}

/// The distances 0 .. H (w - 1).
template <real_scalar Real>
[[nodiscard]] std::pair<std::int64_t, std::int64_t> range(const window_influence<Real>& law) {
    return {0, detail::farthest(law)};
}

}  // namespace cesaro
