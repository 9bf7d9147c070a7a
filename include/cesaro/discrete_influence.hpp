// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/complete_homogeneous.hpp>
#include <cesaro/detail/derived_accessors.hpp>
#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/moments.hpp>
#include <cesaro/detail/positions.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/hop_law.hpp>

#include <Eigen/Core>
#include <boost/math/distributions/complement.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cesaro {

/// Row n of the network operator as a probability distribution over the source positions 0 .. n: how much
/// each source influences the query, in closed form, at any context length.
///
/// \f[ p(m|n) = w_0 [m = n] + \sum_{k=1}^{H} w_k \frac{h_{k-1}(m+1..n+1)}{n+1} \f]
///
/// with \f$w\f$ the law of the hops and \f$h_k(a..b)\f$ the complete homogeneous symmetric polynomial of
/// degree k in \f$1/a, \dots, 1/b\f$. Nothing of size n is ever allocated. For m < n the row never increases
/// in m; the query itself carries the recency delta \f$w_0\f$ on top.
///
/// The non-member functions are those of Boost.Math's distributions; sources are integers:
/// `pdf`, `logpdf`, `cdf`, `quantile` and the latter two of `complement(...)`, `mean`, `variance`,
/// `standard_deviation`, `skewness`, `kurtosis`, `kurtosis_excess`, `mode`, `median`, `range`, `support`.
/// Of a law whose hops lose mass, \f$\sum_k w_k < 1\f$, pdf, cdf, complement and mean are literal: the cdf
/// ends at the sum, and the complement does not contain what is lost.
///
/// Accuracy, for every value above 1e-290 in double, whatever n: within 16 ulp at any depth to 400 (measured:
/// 9, and 1 on average; docs/accuracy.md). float is within 16 ulp too, long double within 48; other scalars
/// within 900 epsilons to depth 150 and 4500 at depth 400.
///
/// Source: the operator, Chowdhury, arXiv 2603.10123, section 3; the entries follow from the column
/// generating function \f$\prod_{i=a}^{b} (1 - z/i)^{-1}\f$ of the powers of the Cesàro matrix.
template <real_scalar Real = double>
class discrete_influence {
  public:
    using value_type = Real;
    using position_type = std::int64_t;

    /// The row of `query`, the last of query + 1 tokens.
    /// \param query    0 <= query <= 2^62.
    /// \param network  a hop_law, or what converts to one.
    /// \throws std::domain_error when the query is out of range. Cost: that of the hop law.
    template <class Network>
    requires std::convertible_to<const Network&, hop_law<Real>> discrete_influence(std::int64_t query,
                                                                                   const Network& network)
        : query_((detail::check_query("discrete_influence", query), query)),
          hops_(network),
          weights_(hops_.template weights_as<detail::working_number<Real>>()) {}

    [[nodiscard]] std::int64_t query() const { return query_; }
    [[nodiscard]] const hop_law<Real>& hops() const { return hops_; }

    /// \f$w_0, \dots, w_H\f$, as the sums take them: those of float in double.
    [[nodiscard]] const Eigen::VectorX<detail::working_number<Real>>& weights() const { return weights_; }

  private:
    std::int64_t query_;
    hop_law<Real> hops_;
    Eigen::VectorX<detail::working_number<Real>> weights_;
};

template <has_hop_law Network>
discrete_influence(std::int64_t, const Network&) -> discrete_influence<typename Network::Scalar>;

/// The influence on the last of `tokens` tokens, 1 <= tokens <= 2^62: the row of the query tokens - 1.
template <has_hop_law Network>
[[nodiscard]] discrete_influence<typename Network::Scalar> last_row(std::int64_t tokens,
                                                                    const Network& network) {
    detail::check_tokens("last_row", tokens);
    return {tokens - 1, network};
}

namespace detail {

/// Several positions: a range of integers, as a vector of Eigen's or of the standard library is.
template <class Positions>
concept position_range =
    std::ranges::sized_range<const Positions> && std::integral<std::ranges::range_value_t<const Positions>>;

/// The entries [M^k]_{n,m} for k = 0 .. depth: [m = n], then h_{k-1}(m+1 .. n+1) / (n+1).
template <class Number>
std::vector<Number> power_entries(std::int64_t query, std::int64_t source, Eigen::Index depth) {
    std::vector<Number> entries{from_integer<Number>(source == query ? 1 : 0)};
    if (depth == 0) return entries;
    std::vector<Number> h(static_cast<std::size_t>(depth));
    complete_homogeneous<Number>(source + 1, query + 1, h);
    const auto rows = from_integer<Number>(query + 1);
    for (const Number& h_k : h)
        entries.push_back(h_k / rows);
    return entries;
}

/// The entry of the network operator, sum_k w_k [M^k]_{n,m}.
template <class Number>
Number network_entry(std::int64_t query, std::int64_t source, const Eigen::VectorX<Number>& w) {
    Number sum = from_integer<Number>(0);
    if (w.size() > 1) {
        const std::vector<Number> hops(w.begin() + 1, w.end());
        sum = sum_over_hops(source + 1, query + 1, hops) / from_integer<Number>(query + 1);
    }
    return source == query ? Number(w[0] + sum) : sum;
}

/// A sum that grows by many small terms.
template <class Number>
using running_sum =
    std::conditional_t<std::is_floating_point_v<Number>, compensated_sum<Number>, uncompensated_sum<Number>>;

/// P(source <= m), m < n: (m+1)/(n+1) sum_{i<H} h_i(m+2..n+1) P(K > i).
template <class Number>
Number lower_tail(std::int64_t query, std::int64_t source, const Eigen::VectorX<Number>& w) {
    if (w.size() == 1) return from_integer<Number>(0);
    std::vector<Number> more(static_cast<std::size_t>(w.size() - 1));  // P(K > i)
    running_sum<Number> sum;
    for (std::size_t i = more.size(); i-- > 0;) {
        sum += w[Eigen::Index(i) + 1];
        more[i] = sum.value();
    }
    return sum_over_hops(source + 2, query + 1, more) * from_integer<Number>(source + 1) /
           from_integer<Number>(query + 1);
}

/// P(source > m), m < n: (m+1)/(n+1) sum_{i>=0} h_i(m+2..n+1) P(K <= i), the series summed until its
/// remainder, bounded through the log-concavity of h, is below rounding.
template <class Number>
Number upper_tail_series(std::int64_t query, std::int64_t source, const Eigen::VectorX<Number>& w) {
    const auto enough = Number(std::numeric_limits<Number>::epsilon() / Number(8));
    const auto digits = std::size_t(std::numeric_limits<Number>::digits);
    for (std::size_t terms = std::size_t(w.size()) + digits;; terms *= 2) {
        std::vector<Number> h(terms);
        complete_homogeneous<Number>(source + 2, query + 1, h);
        Number sum = from_integer<Number>(0);
        running_sum<Number> at_most;  // P(K <= i)
        for (std::size_t i = 0; i < terms; ++i) {
            if (Eigen::Index(i) < w.size()) at_most += w[Eigen::Index(i)];
            sum += h[i] * at_most.value();
        }
        // h_{i+1} / h_i never increases: beyond the last term the series is below a geometric one.
        const Number last = h[terms - 1];
        const Number ratio = last > Number(0) ? Number(last / h[terms - 2]) : Number(0);
        if (ratio < Number(1) && last * ratio <= enough * sum * (Number(1) - ratio))
            return sum * from_integer<Number>(source + 1) / from_integer<Number>(query + 1);
    }
}

/// P(source > m), m < n: what the lower tail leaves of the total where that does not cancel, else the series.
template <class Number>
Number upper_tail(std::int64_t query, std::int64_t source, const Eigen::VectorX<Number>& w,
                  const Number& total) {
    const Number lower = lower_tail(query, source, w);
    if constexpr (!std::numeric_limits<Number>::is_exact) {
        if (Number(2) * lower > total) return upper_tail_series(query, source, w);
    }
    return total - lower;
}

/// The smallest position in [0, last] at which `reached` holds, which must be monotone and hold at last.
template <class Predicate>
std::int64_t first_position_where(std::int64_t last, Predicate reached) {
    std::int64_t low = -1;
    std::int64_t high = last;
    while (high - low > 1) {
        const std::int64_t middle = low + (high - low) / 2;
        (reached(middle) ? high : low) = middle;
    }
    return high;
}

/// Whether a tail reaches a level, decided exactly: where the tail as rounded is too close to the level to
/// tell, in twice the precision, and there what is equal to 85 bits (of double) is equal.
template <class Real>
class exact_comparison {
  public:
    using Number = working_number<Real>;
    using Wide = wide<Number>;

    explicit exact_comparison(const discrete_influence<Real>& d) : d_(d), total_(total_of(d)) {}

    /// The total less `level`.
    Wide rest(const Real& level) const { return total_ - Wide(Number(level)); }

    bool lower_reaches(std::int64_t source, const Wide& level) {
        if (source == d_.query()) return true;
        const Number p = lower_tail(d_.query(), source, d_.weights());
        const auto rounded = static_cast<Number>(level);
        if (is_clear(p, rounded)) return p >= rounded;
        return lower_tail(d_.query(), source, wide_weights()) >= level - level * tie();
    }
    bool upper_is_within(std::int64_t source, const Wide& level) {
        if (source == d_.query()) return true;
        if (!(level > Wide(Number(0)))) return !(total_ > Wide(Number(0)));  // the query itself has mass
        const Number q = upper_tail(d_.query(), source, d_.weights(), static_cast<Number>(total_));
        const auto rounded = static_cast<Number>(level);
        if (is_clear(q, rounded)) return q <= rounded;
        return upper_tail(d_.query(), source, wide_weights(), total_) <= level + level * tie();
    }

  private:
    static constexpr bool decides = !std::is_same_v<Number, Wide>;

    static bool is_clear(const Number& p, const Number& level) {
        if constexpr (!decides) return true;
        const Number distance = p < level ? Number(level - p) : Number(p - level);
        return distance > Number(256) * std::numeric_limits<Number>::epsilon() * level;
    }
    static Wide tie() {
        if constexpr (!decides) return Wide(0);
        return std::numeric_limits<Wide>::epsilon() * Wide(Number(1 << 18));
    }
    const Eigen::VectorX<Wide>& wide_weights() {
        if (wide_weights_.size() == 0) wide_weights_ = d_.hops().template weights_as<Wide>();
        return wide_weights_;
    }
    /// As the weights give it, but for what computing them left.
    static Wide total_of(const discrete_influence<Real>& d) {
        const auto w = d.hops().template weights_as<Wide>();
        const Wide sum = std::accumulate(w.begin(), w.end(), Wide(Number(0)));
        const Wide one(Number(1));
        const Wide missing = sum < one ? one - sum : sum - one;
        return missing > tie() ? sum : one;
    }

    const discrete_influence<Real>& d_;
    Wide total_;
    Eigen::VectorX<Wide> wide_weights_;
};

template <class Real>
central_moments<Real> central_moments_of(std::string_view function, const discrete_influence<Real>& d) {
    check_nothing_lost(function, d.hops().total());
    const Real n = Real(d.query());
    const bool mirrored = Real(2) * mean(d) > n;
    const auto w = d.hops().template weights_as<moment<Real>>();
    const auto relative = mirrored ? distance_moments<Real>(w) : position_moments<Real>(w);
    if (d.query() == 0) return {raw_moments<Real>{relative[0]}, mirrored};
    return {binomial_mixture_moments(relative, n), mirrored};
}

}  // namespace detail

/// \f$p(m|n)\f$, the influence of `source` on the query, in [0, 1]. Exact for exact scalars.
/// \throws std::domain_error unless 0 <= source <= query.
/// Cost: O(H) off the first positions and the deepest rows, O(H²) there, independent of n (exact scalars: O(H
/// (n-m))).
template <real_scalar Real, std::integral Position>
[[nodiscard]] Real pdf(const discrete_influence<Real>& d, const Position& position) {
    const auto source = detail::source_index("pdf(discrete_influence)", position, d.query());
    const auto p = static_cast<Real>(detail::network_entry(d.query(), source, d.weights()));
    return detail::at_most_total(p, d.hops().total());
}

/// Sources are integers: a fraction or NaN is not rounded to one.
template <real_scalar Real, std::floating_point Position>
Real pdf(const discrete_influence<Real>&, const Position&) = delete;
template <real_scalar Real, std::floating_point Position>
Real logpdf(const discrete_influence<Real>&, const Position&) = delete;
template <real_scalar Real, std::floating_point Position>
Real cdf(const discrete_influence<Real>&, const Position&) = delete;

/// `pdf` of many sources at once: a range of positions in, a vector of the same length out.
template <real_scalar Real, detail::position_range Positions>
[[nodiscard]] Eigen::VectorX<Real> pdf(const discrete_influence<Real>& d, const Positions& sources) {
    Eigen::VectorX<Real> p(static_cast<Eigen::Index>(std::ranges::size(sources)));
    Eigen::Index i = 0;
    for (const auto& source : sources)
        p[i++] = pdf(d, source);
    return p;
}

/// \f$\ln p(m|n)\f$, also where p itself underflows; minus infinity where p is zero.
/// Accuracy: within 1e-12 max(1, |ln p|) in double. Cost: O(H²), larger by a factor where p underflows.
template <real_scalar Real, std::integral Position>
[[nodiscard]] Real logpdf(const discrete_influence<Real>& d, const Position& position) {
    using std::log;
    const auto source = detail::source_index("logpdf(discrete_influence)", position, d.query());
    const Real p = pdf(d, source);
    if (p > (std::numeric_limits<Real>::min)() / std::numeric_limits<Real>::epsilon()) return log(p);
    using Number = detail::scaled<detail::working_number<Real>>;
    const auto w = d.hops().template weights_as<Number>();
    return static_cast<Real>(log(detail::network_entry(d.query(), source, w)));
}

/// \f$P(\text{source} \le m)\f$: \f$\frac{m+1}{n+1} \sum_{i<H} h_i(m+2..n+1) P(K > i)\f$, positive terms
/// only, so that a tail of 1e-200 is as accurate as a value near one.
/// \throws std::domain_error unless 0 <= source <= query. Cost O(H²).
template <real_scalar Real, std::integral Position>
[[nodiscard]] Real cdf(const discrete_influence<Real>& d, const Position& position) {
    const auto source = detail::source_index("cdf(discrete_influence)", position, d.query());
    const Real& total = d.hops().total();
    if (source == d.query()) return total;
    return detail::at_most_total(static_cast<Real>(detail::lower_tail(d.query(), source, d.weights())),
                                 total);
}

/// \f$P(\text{source} > m)\f$, from positive terms: as accurate as `cdf` however small.
template <real_scalar Real, std::integral Position>
[[nodiscard]] Real cdf(const boost::math::complemented2_type<discrete_influence<Real>, Position>& c) {
    const auto source = detail::source_index("cdf(complement(discrete_influence))", c.param, c.dist.query());
    const discrete_influence<Real>& d = c.dist;
    if (source == d.query()) return Real(0);
    const auto total = static_cast<detail::working_number<Real>>(d.hops().total());
    return static_cast<Real>(detail::upper_tail(d.query(), source, d.weights(), total));
}

/// The smallest position m with \f$P(\text{source} \le m) \ge p\f$, exactly: where the tail as rounded is too
/// close to its level to tell, twice the precision decides (float, double, long double), and what agrees to
/// 85 bits of double is equal. Other scalars compare as rounded.
///
/// A value of cdf() may be rounded up, and exceed the exact one: of `cdf(d, m)` the quantile is m, or in
/// about half of the cases the next position. The first position whose cdf as rounded reaches p is a step
/// back, as in SciPy's ppf, and so gives m again wherever a position holds more than the rounding of the cdf:
/// \code
/// std::int64_t m = quantile(d, p);
/// if (m > 0 && cdf(d, m - 1) >= p) --m;
/// \endcode
/// \throws std::domain_error unless p lies in [0, 1], or in [0, total] where the hops lose mass.
/// Cost: log2(n) evaluations of a tail.
template <real_scalar Real>
[[nodiscard]] std::int64_t quantile(const discrete_influence<Real>& d, const std::type_identity_t<Real>& p) {
    const Real& total = d.hops().total();
    detail::check_level("quantile(discrete_influence)", p, total);
    detail::exact_comparison<Real> tail(d);
    // The tail that is below one half: the other one may round to the same value at many positions.
    if (Real(2) * p <= total) {
        const auto level = typename detail::exact_comparison<Real>::Wide(detail::working_number<Real>(p));
        return detail::first_position_where(d.query(), [&](auto m) { return tail.lower_reaches(m, level); });
    }
    return detail::first_position_where(
        d.query(), [&, level = tail.rest(p)](auto m) { return tail.upper_is_within(m, level); });
}

/// The smallest position m with \f$P(\text{source} > m) \le q\f$, exactly: for q too small to be told from
/// zero in 1 - q. Of `cdf(complement(d, m))`, which may be rounded down, it is m or the next position too.
/// \throws std::domain_error unless 0 <= q <= 1.
template <real_scalar Real, class Probability>
[[nodiscard]] std::int64_t quantile(
    const boost::math::complemented2_type<discrete_influence<Real>, Probability>& c) {
    const Real q = static_cast<Real>(c.param);
    detail::check_unit_interval("quantile(complement(discrete_influence))", "q", q);
    const discrete_influence<Real>& d = c.dist;
    const Real& total = d.hops().total();
    detail::exact_comparison<Real> tail(d);
    if (Real(2) * q <= total) {
        const auto level = typename detail::exact_comparison<Real>::Wide(detail::working_number<Real>(q));
        return detail::first_position_where(d.query(),
                                            [&](auto m) { return tail.upper_is_within(m, level); });
    }
    return detail::first_position_where(
        d.query(), [&, level = tail.rest(q)](auto m) { return tail.lower_reaches(m, level); });
}

/// \f$E[m] = n \sum_k w_k 2^{-k}\f$, which of residual layers is \f$n \prod_l (1 - \alpha_l/2)\f$.
template <real_scalar Real>
[[nodiscard]] Real mean(const discrete_influence<Real>& d) {
    using Number = detail::moment<Real>;
    const auto relative = detail::position_moment<Real>(d.hops().template weights_as<Number>(), 1);
    return static_cast<Real>(Number(Real(d.query())) * relative);
}

/// The variance, from the moments \f$E[m(m-1)\cdots] = n(n-1)\cdots \sum_k w_k (1+s)^{-k}\f$ of m, or those
/// of n - m, whichever is closer to zero on average, so that no digits cancel.
/// \throws std::domain_error where the hops lose mass.
template <real_scalar Real>
[[nodiscard]] Real variance(const discrete_influence<Real>& d) {
    const detail::moment<Real> n{Real(d.query())};
    return static_cast<Real>(detail::central_moments_of("variance(discrete_influence)", d).second * n * n);
}

/// Infinite where it overflows, which is long after the variance underflows.
/// \throws std::domain_error when all influence sits on one position, or the hops lose mass.
template <real_scalar Real>
[[nodiscard]] Real skewness(const discrete_influence<Real>& d) {
    const char* const function = "skewness(discrete_influence)";
    return detail::central_moments_of(function, d).skewness(function);
}

/// The fourth standardised moment (3 for a normal law), infinite where it overflows.
/// \throws std::domain_error when all influence sits on one position, or the hops lose mass.
template <real_scalar Real>
[[nodiscard]] Real kurtosis(const discrete_influence<Real>& d) {
    const char* const function = "kurtosis(discrete_influence)";
    return detail::central_moments_of(function, d).kurtosis(function);
}

/// The position with the most influence: the first token or, where it holds more, the query itself (for
/// m < n the row never increases).
template <real_scalar Real>
[[nodiscard]] std::int64_t mode(const discrete_influence<Real>& d) {
    return pdf(d, d.query()) > pdf(d, 0) ? d.query() : 0;
}

/// The positions 0 .. query.
template <real_scalar Real>
[[nodiscard]] std::pair<std::int64_t, std::int64_t> range(const discrete_influence<Real>& d) {
    return {0, d.query()};
}

}  // namespace cesaro
