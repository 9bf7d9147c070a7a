// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/moments.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>
#include <boost/math/distributions/complement.hpp>

#include <cmath>
#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cesaro {

using boost::math::complement;

/// Row n of the network operator as a probability distribution over the source positions 0 .. n: how much
/// each source influences the query, in closed form, at any context length.
///
/// \f[ p(m|n) = w_0 [m = n] + \sum_{k=1}^{H} w_k \frac{h_{k-1}(m+1..n+1)}{n+1} \f]
///
/// with \f$w\f$ the hop distribution and \f$h_k(a..b)\f$ the complete homogeneous symmetric polynomial of
/// degree k in \f$1/a, \dots, 1/b\f$. Nothing of size n is ever allocated. For m < n the row decreases in m;
/// the query itself carries the recency delta \f$w_0\f$ on top.
///
/// The non-member functions are those of Boost.Math's distributions; sources are integers:
/// `pdf`, `logpdf`, `cdf`, `quantile` and the latter two of `complement(...)`, `mean`, `variance`,
/// `standard_deviation`, `skewness`, `kurtosis`, `kurtosis_excess`, `mode`, `median`, `range`, `support`.
///
/// Accuracy, for every value above 1e-290: relative error below 2e-13 at depth 150 and 1e-12 at depth 400 in
/// double, whatever n (measured: docs/accuracy.md); other scalars follow their own epsilon.
///
/// Source: the operator, Chowdhury, arXiv 2603.10123, section 3; the entries follow from the column
/// generating function \f$\prod_{i=a}^{b} (1 - z/i)^{-1}\f$ of the powers of the Cesàro matrix.
template <real_scalar Real = double>
class discrete_influence {
  public:
    using value_type = Real;

    /// The row of `query`, 0 <= query <= 2^62 (the context has query + 1 tokens). Cost O(H²).
    /// \throws std::domain_error when the query is out of range.
    discrete_influence(Eigen::Index query, const mixing_schedule<Real>& schedule)
        : query_(query), schedule_(schedule), hops_(schedule.hop_distribution()) {
        if (query < 0 || query > (Eigen::Index(1) << 62)) {
            detail::throw_domain_error("discrete_influence", "query", query, "must lie in [0, 2^62]");
        }
    }

    Eigen::Index query() const { return query_; }
    const mixing_schedule<Real>& schedule() const { return schedule_; }

    /// \f$w_0, \dots, w_H\f$.
    const Eigen::VectorX<Real>& hop_distribution() const { return hops_; }

  private:
    Eigen::Index query_;
    mixing_schedule<Real> schedule_;
    Eigen::VectorX<Real> hops_;
};

namespace detail {

inline void check_source(std::string_view function, Eigen::Index source, Eigen::Index query) {
    if (source < 0 || source > query) {
        throw_domain_error(function, "source", source,
                           "must lie in [0, query], query = " + std::to_string(query));
    }
}

template <std::integral Position>
Eigen::Index source_index(std::string_view function, const Position& position, Eigen::Index query) {
    if (!std::in_range<Eigen::Index>(position))
        throw_domain_error(function, "source", position, "must lie in [0, query]");
    const auto source = static_cast<Eigen::Index>(position);
    check_source(function, source, query);
    return source;
}

/// The entries [M^k]_{n,m} for k = 0 .. depth: [m = n], then h_{k-1}(m+1 .. n+1) / (n+1).
template <class Real, class Number = Real>
std::vector<Number> power_entries(Eigen::Index query, Eigen::Index source, Eigen::Index depth) {
    std::vector<Number> entries(std::size_t(depth) + 1);
    if (depth > 0) {
        std::vector<Number> h(std::size_t(depth), Number(Real(0)));
        complete_homogeneous<Real>(source + 1, query + 1, h);
        const Number rows(Real(query + 1));
        for (std::size_t k = 0; k < h.size(); ++k)
            entries[k + 1] = h[k] / rows;
    }
    entries[0] = Number(Real(source == query ? 1 : 0));
    return entries;
}

/// The entry of the network operator, sum_k w_k [M^k]_{n,m}.
template <class Real, class Number>
Number network_entry(Eigen::Index query, Eigen::Index source, const Eigen::VectorX<Number>& w) {
    const auto entries = power_entries<Real, Number>(query, source, w.size() - 1);
    Number sum(Real(0));
    for (Eigen::Index k = 0; k < w.size(); ++k)
        sum += w[k] * entries[std::size_t(k)];
    return sum;
}

/// P(source > m): (m+1)/(n+1) sum_{i>=0} h_i(m+2..n+1) P(K <= i), the series summed until its remainder,
/// bounded through the log-concavity of h, is below rounding.
template <class Real>
Real upper_tail_series(Eigen::Index query, Eigen::Index source, const Eigen::VectorX<Real>& w) {
    const Real enough = std::numeric_limits<Real>::epsilon() / 8;
    for (std::size_t terms = std::size_t(w.size()) + std::size_t(std::numeric_limits<Real>::digits);;
         terms *= 2) {
        std::vector<Real> h(terms);
        complete_homogeneous<Real>(source + 2, query + 1, h);
        Real sum(0);
        Real at_most(0);  // P(K <= i)
        for (std::size_t i = 0; i < terms; ++i) {
            if (Eigen::Index(i) < w.size()) at_most += w[Eigen::Index(i)];
            sum += h[i] * at_most;
        }
        // h_{i+1} / h_i never increases: beyond the last term the series is below a geometric one.
        const Real last = h[terms - 1];
        const Real ratio = last == 0 ? Real(0) : Real(last / h[terms - 2]);
        if (ratio < 1 && last * ratio <= enough * sum * (1 - ratio)) {
            return sum * Real(source + 1) / Real(query + 1);
        }
    }
}

template <class Real>
central_moments<Real> central_moments_of(const discrete_influence<Real>& d) {
    const Real n = Real(d.query());
    const bool mirrored = Real(2) * mean(d) > n;
    const auto relative =
        mirrored ? distance_moments(d.hop_distribution()) : position_moments(d.schedule().alphas());
    if (d.query() == 0) return {raw_moments<Real>{relative[0]}, mirrored};
    return {binomial_mixture_moments(relative, n), mirrored};
}

}  // namespace detail

/// \f$p(m|n)\f$, the influence of `source` on the query, in [0, 1]. Exact for exact scalars.
/// \throws std::domain_error unless 0 <= source <= query.
/// Cost: O(H²) by Newton's identities over power sums, independent of n (exact scalars: O(H (n-m))).
template <real_scalar Real, std::integral Position>
Real pdf(const discrete_influence<Real>& d, const Position& position) {
    const auto source = detail::source_index("pdf(discrete_influence)", position, d.query());
    const Real p = detail::network_entry<Real>(d.query(), source, d.hop_distribution());
    return p < Real(1) ? p : Real(1);  // rounding only
}

/// Sources are integers: a fraction or NaN is not rounded to one.
template <real_scalar Real, std::floating_point Position>
Real pdf(const discrete_influence<Real>&, const Position&) = delete;
template <real_scalar Real, std::floating_point Position>
Real logpdf(const discrete_influence<Real>&, const Position&) = delete;
template <real_scalar Real, std::floating_point Position>
Real cdf(const discrete_influence<Real>&, const Position&) = delete;

/// `pdf` of many sources at once: a vector of positions in, a vector of the same length out.
template <real_scalar Real>
Eigen::VectorX<Real> pdf(const discrete_influence<Real>& d, const Eigen::VectorX<Eigen::Index>& sources) {
    Eigen::VectorX<Real> p(sources.size());
    for (Eigen::Index i = 0; i < sources.size(); ++i)
        p[i] = pdf(d, sources[i]);
    return p;
}

/// \f$\ln p(m|n)\f$, also where p itself underflows; minus infinity where p is zero.
/// Accuracy: within 1e-12 max(1, |ln p|) in double. Cost: O(H²), larger by a factor where p underflows.
template <real_scalar Real, std::integral Position>
Real logpdf(const discrete_influence<Real>& d, const Position& position) {
    using std::log;
    const auto source = detail::source_index("logpdf(discrete_influence)", position, d.query());
    const Real p = pdf(d, source);
    if (p > (std::numeric_limits<Real>::min)() / std::numeric_limits<Real>::epsilon()) return log(p);
    using Number = detail::scaled<Real>;
    const auto w = detail::poisson_binomial<Number>(d.schedule().alphas());
    return log(detail::network_entry<Real>(d.query(), source, w));
}

/// \f$P(\text{source} \le m)\f$: \f$\frac{m+1}{n+1} \sum_{i<H} h_i(m+2..n+1) P(K > i)\f$, positive terms
/// only, so that a tail of 1e-200 is as accurate as a value near one.
/// \throws std::domain_error unless 0 <= source <= query. Cost O(H²).
template <real_scalar Real, std::integral Position>
Real cdf(const discrete_influence<Real>& d, const Position& position) {
    const auto source = detail::source_index("cdf(discrete_influence)", position, d.query());
    if (source == d.query()) return Real(1);
    const Eigen::VectorX<Real>& w = d.hop_distribution();
    if (w.size() == 1) return Real(0);
    std::vector<Real> h(std::size_t(w.size()) - 1);
    detail::complete_homogeneous<Real>(source + 2, d.query() + 1, h);
    Real sum(0);
    Real more(0);  // P(K > i)
    for (Eigen::Index i = w.size() - 2; i >= 0; --i) {
        more += w[i + 1];
        sum += h[std::size_t(i)] * more;
    }
    const Real p = sum * Real(source + 1) / Real(d.query() + 1);
    return p < Real(1) ? p : Real(1);  // rounding only
}

/// \f$P(\text{source} > m)\f$, from positive terms: as accurate as `cdf` however small.
template <real_scalar Real, std::integral Position>
Real cdf(const boost::math::complemented2_type<discrete_influence<Real>, Position>& c) {
    const discrete_influence<Real>& d = c.dist;
    const auto source = detail::source_index("cdf(complement(discrete_influence))", c.param, d.query());
    const Real lower = cdf(d, source);
    if (std::numeric_limits<Real>::is_exact || Real(2) * lower <= Real(1)) return Real(1) - lower;
    if (source == d.query()) return Real(0);
    if constexpr (std::numeric_limits<Real>::is_exact)
        return Real(1) - lower;
    else
        return detail::upper_tail_series(d.query(), source, d.hop_distribution());
}

namespace detail {

/// The smallest position in [0, query] at which `reached` holds, which must be monotone and hold at query.
template <class Predicate>
Eigen::Index first_position_where(Eigen::Index query, Predicate reached) {
    Eigen::Index low = -1;
    Eigen::Index high = query;
    while (high - low > 1) {
        const Eigen::Index middle = low + (high - low) / 2;
        (reached(middle) ? high : low) = middle;
    }
    return high;
}

}  // namespace detail

/// The smallest position m with cdf(d, m) >= p, the cdf as rounded: levels that differ from 1 by less than
/// rounding are met where it reaches 1; the complement tells them apart.
/// \throws std::domain_error unless 0 <= p <= 1. Cost: log2(n) evaluations of the cdf.
template <real_scalar Real>
Eigen::Index quantile(const discrete_influence<Real>& d, const std::type_identity_t<Real>& p) {
    detail::check_unit_interval("quantile(discrete_influence)", "p", p);
    return detail::first_position_where(d.query(), [&](Eigen::Index m) { return cdf(d, m) >= p; });
}

/// The smallest position m with cdf(complement(d, m)) <= q: for q too small to be told from zero in 1 - q.
template <real_scalar Real, class Probability>
Eigen::Index quantile(const boost::math::complemented2_type<discrete_influence<Real>, Probability>& c) {
    const Real q = static_cast<Real>(c.param);
    detail::check_unit_interval("quantile(complement(discrete_influence))", "q", q);
    if (q == Real(0)) return c.dist.query();
    return detail::first_position_where(c.dist.query(),
                                        [&](Eigen::Index m) { return cdf(complement(c.dist, m)) <= q; });
}

/// \f$E[m] = n \prod_l (1 - \alpha_l/2)\f$.
template <real_scalar Real>
Real mean(const discrete_influence<Real>& d) {
    Real product = Real(d.query());
    for (const Real& alpha : d.schedule().alphas())
        product *= Real(1) - alpha / Real(2);
    return product;
}

/// The variance, from the moments \f$E[m(m-1)\cdots] = n(n-1)\cdots \prod_l (1-\alpha_l+\alpha_l/(1+s))\f$
/// of m or of n - m, whichever is closer to zero on average, so that no digits cancel.
template <real_scalar Real>
Real variance(const discrete_influence<Real>& d) {
    const detail::moment<Real> n{Real(d.query())};
    return static_cast<Real>(detail::central_moments_of(d).second * n * n);
}

template <real_scalar Real>
Real standard_deviation(const discrete_influence<Real>& d) {
    using std::sqrt;
    return sqrt(variance(d));
}

/// Infinite where it overflows, which is long after the variance underflows.
/// \throws std::domain_error when all influence sits on one position.
template <real_scalar Real>
Real skewness(const discrete_influence<Real>& d) {
    return detail::central_moments_of(d).skewness("skewness(discrete_influence)");
}

/// The fourth standardised moment (3 for a normal law), infinite where it overflows.
/// \throws std::domain_error when all influence sits on one position.
template <real_scalar Real>
Real kurtosis(const discrete_influence<Real>& d) {
    return detail::central_moments_of(d).kurtosis("kurtosis(discrete_influence)");
}

template <real_scalar Real>
Real kurtosis_excess(const discrete_influence<Real>& d) {
    return kurtosis(d) - Real(3);
}

/// The position with the most influence: the first token or, where it holds more, the query itself (for
/// m < n the row decreases).
template <real_scalar Real>
Eigen::Index mode(const discrete_influence<Real>& d) {
    return pdf(d, d.query()) > pdf(d, 0) ? d.query() : 0;
}

/// quantile(d, 1/2).
template <real_scalar Real>
Eigen::Index median(const discrete_influence<Real>& d) {
    return quantile(d, Real(1) / Real(2));
}

/// The positions 0 .. query.
template <real_scalar Real>
std::pair<Eigen::Index, Eigen::Index> range(const discrete_influence<Real>& d) {
    return {0, d.query()};
}

template <real_scalar Real>
std::pair<Eigen::Index, Eigen::Index> support(const discrete_influence<Real>& d) {
    return range(d);
}

}  // namespace cesaro
