// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/derived_accessors.hpp>
#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/entries_side_by_side.hpp>
#include <cesaro/detail/key_places.hpp>
#include <cesaro/detail/moments.hpp>
#include <cesaro/detail/position_sum.hpp>
#include <cesaro/detail/positions.hpp>
#include <cesaro/detail/row_tails.hpp>
#include <cesaro/detail/scaled.hpp>
#include <cesaro/detail/tabulated_row.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/keys.hpp>

#include <Eigen/Core>
#include <boost/math/distributions/complement.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <ranges>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace cesaro {

namespace detail {

/// How a row knows its keys: as places in closed form, or entry by entry.
template <class Real>
using shared_table = std::shared_ptr<const tabulated_row<working_number<Real>>>;
template <class Real>
using decaying_places = geometric_places<wide<working_number<Real>>>;
template <class Real>
using row_keys = std::conditional_t<
    std::numeric_limits<Real>::is_exact, std::variant<unit_places, sunk_places<Real>, shared_table<Real>>,
    std::variant<unit_places, sunk_places<Real>, shared_table<Real>, decaying_places<Real>>>;

template <class Real, class Hops>
row_keys<Real> make_row_keys(std::int64_t, const Hops&, const uniform_keys<Real>& keys) {
    check_sink("discrete_influence", keys.sink);
    if (!(keys.sink > Real(0))) return unit_places();
    return sunk_places<Real>(keys.sink);
}
template <class Real, class Hops>
requires(!std::numeric_limits<Real>::is_exact) row_keys<Real> make_row_keys(std::int64_t query, const Hops&,
                                                                            const decaying_keys<Real>& keys) {
    using Wide = wide<working_number<Real>>;
    const char* const function = "discrete_influence";
    if (!(keys.temperature > Real(0)) || !finite_number(keys.temperature))
        throw_domain_error(function, "temperature", keys.temperature, "must be finite and above 0");
    if (!(keys.slope >= Real(0)) || !finite_number(Real(keys.slope / keys.temperature)))
        throw_domain_error(function, "slope", keys.slope, "must be at least 0, slope / temperature finite");
    using std::frexp;
    using std::ldexp;
    const auto number = [](const Real& x) { return Wide(static_cast<working_number<Real>>(x)); };
    // Beyond this nothing but the query is seen, in any numbers.
    const Real steepest = Real(std::int64_t(1) << 40) * Real(std::int64_t(1) << 40);
    int exponent = 0;
    const Real temperature = frexp(keys.temperature, &exponent);
    const Wide slope = Real(keys.slope / keys.temperature) > steepest
                           ? number(steepest)
                           : number(Real(ldexp(keys.slope, -exponent))) / number(temperature);
    // Where nothing decays by a digit that any number here has, keys are uniform.
    const Wide epsilon = std::numeric_limits<Wide>::epsilon();
    if (!(slope * Wide(query + 1) > epsilon * epsilon)) return unit_places();
    return decaying_places<Real>(slope);
}
template <class Real, class Hops>
row_keys<Real> make_row_keys(std::int64_t query, const Hops& hops, const weighted_keys<Real>& keys) {
    using Table = tabulated_row<working_number<Real>>;
    if (keys.size() <= query)
        throw_invalid_argument("discrete_influence", "keys.size()", keys.size(), "must exceed the query");
    return std::make_shared<const Table>(query, keys, hops);
}

/// What neither hops, of which `all` are not lost, nor the sink of the keys lose.
template <class Number, class Real>
Number surviving_total(const row_keys<Real>& row, std::int64_t query, const Eigen::VectorX<Number>& w,
                       const Number& all) {
    return std::visit(
        [&](const auto& keys) -> Number {
            using Keys = std::remove_cvref_t<decltype(keys)>;
            if constexpr (std::is_same_v<Keys, shared_table<Real>>)
                return static_cast<Number>(keys->total());
            else if constexpr (Keys::has_sink)
                return surviving_total<Number>(keys, query, w);
            else
                return all;
        },
        row);
}

/// Ways to weigh the keys of a row of Real.
template <class Keys, class Real>
concept keys_of = requires(const hop_law<Real>& hops, const Keys& keys) {
    make_row_keys<Real>(std::int64_t(0), hops, keys);
};

}  // namespace detail

/// Row n of the network operator as a probability distribution over the source positions 0 .. n: how much
/// each source influences the query, in closed form, at any context length.
///
/// \f[ p(m|n) = w_0 [m = n] + \frac{g_m}{G_n} \sum_{k=1}^{H} w_k h_{k-1}(r_m..r_n), \qquad r_m = g_m / G_m,
/// \f]
///
/// with \f$w\f$ the law of the hops, \f$g\f$ the weights of the keys, \f$G_n = S + g_0 + \dots + g_n\f$, and
/// \f$h_k\f$ the complete homogeneous symmetric polynomial of degree k in \f$r_m, \dots, r_n\f$. Of uniform
/// keys, the default, r is 1/(m+1):
///
/// \f[ p(m|n) = w_0 [m = n] + \sum_{k=1}^{H} w_k \frac{h_{k-1}(m+1..n+1)}{n+1}, \f]
///
/// and for m < n the row never increases in m; the query itself carries the recency delta \f$w_0\f$ on top.
/// Nothing of size n is allocated, but for weighted_keys, whose length bounds the query.
///
/// The non-member functions are those of Boost.Math's distributions; sources are integers:
/// `pdf`, `logpdf`, `cdf`, `quantile` and the latter two of `complement(...)`, `mean`, `variance`,
/// `standard_deviation`, `skewness`, `kurtosis`, `kurtosis_excess`, `median`, `range`, `support`, and of
/// uniform keys `mode`. Of a law that loses mass, in its hops, \f$\sum_k w_k < 1\f$, or in a sink, pdf, cdf,
/// complement and mean are literal: the cdf ends at the total, and the complement does not contain what is
/// lost.
///
/// Accuracy, for every value above 1e-290 in double, whatever n, of uniform keys without a sink: within 16
/// ulp at any depth to 400 (measured: 11, and 1 on average; docs/accuracy.md). float is within 16 ulp too,
/// long double within 48; other scalars within 900 epsilons to depth 150 and 4500 at depth 400. Of other
/// keys: relative error 2e-13 in double, 900 epsilons in float and long double (measured: 30, to depth 150); of
/// other scalars that, and of decaying ones another s (n - m) epsilons.
///
/// \code
/// const auto schedule = cesaro::mixing_schedule<>::constant(32, 0.3);
/// const cesaro::discrete_influence<> alibi(131071, schedule, cesaro::decaying_keys<>{.slope = 0.01});
/// const double far = cdf(alibi, 65535);  // what the first half of the context still does
/// \endcode
///
/// Source: the operator, Chowdhury, arXiv 2603.10123, section 3; the entries follow from the column
/// generating function \f$\prod_i (1 - r_i z)^{-1}\f$ of the powers of the matrix.
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
          weights_(hops_.template weights_as<detail::working_number<Real>>()),
          total_(hops_.total()) {}

    /// Of keys that are not uniform.
    /// \param keys  uniform_keys with a sink, decaying_keys, or weighted_keys of query + 1 positions at least.
    /// \throws std::domain_error when the query or a parameter of the keys is out of range;
    ///         std::invalid_argument when there are too few weights. Cost: that of the hop law; O(H²) with a
    ///         sink; O(H n) for weighted_keys, whose row copies share.
    template <class Network, detail::keys_of<Real> Keys>
    requires std::convertible_to<const Network&, hop_law<Real>> discrete_influence(std::int64_t query,
                                                                                   const Network& network,
                                                                                   const Keys& keys)
        : discrete_influence(query, network) {
        keys_ = detail::make_row_keys<Real>(query, hops_, keys);
        const auto all = static_cast<detail::working_number<Real>>(hops_.total());
        total_ = static_cast<Real>(
            detail::surviving_total<detail::working_number<Real>, Real>(keys_, query_, weights_, all));
    }

    [[nodiscard]] std::int64_t query() const { return query_; }
    [[nodiscard]] const hop_law<Real>& hops() const { return hops_; }

    /// \f$\sum_m p(m|n)\f$: what neither the hops nor a sink lose.
    [[nodiscard]] const Real& total() const { return total_; }

    /// Whether the keys weigh the same, without a sink.
    [[nodiscard]] bool is_uniform() const { return keys_.index() == 0; }

    /// \f$w_0, \dots, w_H\f$, as the sums take them: those of float in double.
    [[nodiscard]] const Eigen::VectorX<detail::working_number<Real>>& weights() const { return weights_; }

    /// The keys as they are held, a std::variant: for the functions of this header.
    [[nodiscard]] const detail::row_keys<Real>& keys() const { return keys_; }

  private:
    std::int64_t query_;
    hop_law<Real> hops_;
    Eigen::VectorX<detail::working_number<Real>> weights_;
    detail::row_keys<Real> keys_;
    Real total_;
};

template <has_hop_law Network>
discrete_influence(std::int64_t, const Network&) -> discrete_influence<typename Network::Scalar>;
template <has_hop_law Network, class Keys>
discrete_influence(std::int64_t, const Network&, const Keys&) -> discrete_influence<typename Network::Scalar>;

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

template <class Number>
inline constexpr bool is_scaled = false;
template <class Real>
inline constexpr bool is_scaled<scaled<Real>> = true;
/// f(places, w) as a Number, w the weights of the hops; where e^{-s (n-m)} would underflow before it meets
/// what makes up for it, in numbers of larger range; `far` where P(source <= m) underflows in any case.
/// on_table(table) of a row that is known by its entries.
template <class Number, class Real, class OnPlaces, class OnTable>
Number evaluate(const discrete_influence<Real>& d, std::int64_t source, const Eigen::VectorX<Number>& w,
                const Number& far, const OnPlaces& f, const OnTable& on_table) {
    const auto of_keys = [&](const auto& keys) -> Number {
        using Keys = std::remove_cvref_t<decltype(keys)>;
        if constexpr (std::is_same_v<Keys, shared_table<Real>>) {
            return static_cast<Number>(on_table(*keys));
        } else if constexpr (Keys::decays && !is_scaled<Number>) {
            using Plain = working_number<Real>;
            const std::int64_t distance = d.query() - source;
            if (!keys.template needs_range<Plain>(distance)) return f(keys, w);
            if (keys.template underflows<Plain>(distance, w.size())) return far;
            return static_cast<Number>(f(keys, d.hops().template weights_as<scaled<wide<Plain>>>()));
        } else {
            return f(keys, w);
        }
    };
    return std::visit(of_keys, d.keys());
}

/// The entry and tails of a row. Sources are below the query in tails.
template <class Number, class Real>
Number entry_of(const discrete_influence<Real>& d, std::int64_t source, const Eigen::VectorX<Number>& w) {
    return evaluate<Number>(
        d, source, w, from_integer<Number>(0),
        [&](const auto& places, const auto& v) { return network_entry(d.query(), source, v, places); },
        [&](const auto& table) { return table.entry(source); });
}
template <class Number, class Real>
Number lower_tail(const discrete_influence<Real>& d, std::int64_t source, const Eigen::VectorX<Number>& w) {
    return evaluate<Number>(
        d, source, w, from_integer<Number>(0),
        [&](const auto& places, const auto& v) { return lower_tail(places, d.query(), source, v); },
        [&](const auto& table) { return table.sum_of(0, source); });
}
template <class Number, class Real>
Number upper_tail(const discrete_influence<Real>& d, std::int64_t source, const Eigen::VectorX<Number>& w,
                  const Number& all_hops) {
    return evaluate<Number>(
        d, source, w, all_hops,
        [&](const auto& places, const auto& v) {
            using Inner = typename std::remove_cvref_t<decltype(v)>::Scalar;
            return upper_tail(places, d.query(), source, v, static_cast<Inner>(all_hops));
        },
        [&](const auto& table) { return table.sum_of(source + 1, d.query()); });
}

/// Throws std::invalid_argument where the keys do not weigh the same, or a sink takes part.
template <class Real>
void check_uniform(std::string_view function, const discrete_influence<Real>& d) {
    constexpr std::array<std::string_view, 4> kinds{"uniform", "beside a sink", "weighted", "decaying"};
    if (!d.is_uniform())
        throw_invalid_argument(function, "keys", kinds[d.keys().index()], "must be uniform, without a sink");
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

    explicit exact_comparison(const discrete_influence<Real>& d)
        : d_(d), all_hops_(all_hops_of(d)), total_(all_hops_) {
        if (d.total() < d.hops().total())
            total_ = surviving_total<Wide, Real>(d.keys(), d.query(), wide_weights(), all_hops_);
    }

    /// The total less `level`.
    Wide rest(const Real& level) const { return total_ - Wide(Number(level)); }

    bool lower_reaches(std::int64_t source, const Wide& level) {
        if (source == d_.query()) return true;
        const Number p = lower_tail(d_, source, d_.weights());
        const auto rounded = static_cast<Number>(level);
        if (is_clear(p, rounded)) return p >= rounded;
        return lower_tail(d_, source, wide_weights()) >= level - level * tie();
    }
    bool upper_is_within(std::int64_t source, const Wide& level) {
        if (source == d_.query()) return true;
        if (!(level > Wide(Number(0)))) return !(total_ > Wide(Number(0)));  // the query itself has mass
        const Number q = upper_tail(d_, source, d_.weights(), static_cast<Number>(all_hops_));
        const auto rounded = static_cast<Number>(level);
        if (is_clear(q, rounded)) return q <= rounded;
        return upper_tail(d_, source, wide_weights(), all_hops_) <= level + level * tie();
    }

  private:
    static constexpr bool decides = !std::is_same_v<Number, Wide>;

    bool is_clear(const Number& p, const Number& level) const {
        if constexpr (!decides) return true;
        const Number distance = p < level ? Number(level - p) : Number(p - level);
        return distance >
               Number(d_.is_uniform() ? 256 : 4096) * std::numeric_limits<Number>::epsilon() * level;
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
    static Wide all_hops_of(const discrete_influence<Real>& d) {
        const auto w = d.hops().template weights_as<Wide>();
        const Wide sum = std::accumulate(w.begin(), w.end(), Wide(Number(0)));
        const Wide one(Number(1));
        const Wide missing = sum < one ? one - sum : sum - one;
        return missing > tie() ? sum : one;
    }

    const discrete_influence<Real>& d_;
    Wide all_hops_;
    Wide total_;
    Eigen::VectorX<Wide> wide_weights_;
};

/// E[(m/n)^s], or those of (n-m)/n, s = 0 .. 4, as sums of tails, n > 0: m^s = sum_{i<m} ((i+1)^s - i^s).
template <class Real>
raw_moments<Real> summed_moments(const discrete_influence<Real>& d, bool of_distance) {
    using Number = working_number<Real>;
    const std::int64_t n = d.query();
    const auto& w = d.weights();
    const auto all_hops = static_cast<Number>(d.hops().total());
    const auto f = [&](std::int64_t i) {
        const Number tail = of_distance ? lower_tail(d, n - 1 - i, w) : upper_tail(d, i, w, all_hops);
        const Number x = from_integer<Number>(i) / from_integer<Number>(n);
        const Number step = from_integer<Number>(1) / from_integer<Number>(n);
        const Number y = x + step;
        return std::array<Number, 4>{tail * step, tail * step * (x + y),
                                     tail * step * (x * x + x * y + y * y),
                                     tail * step * (x + y) * (x * x + y * y)};
    };
    std::array<Number, 4> sums{};
    if constexpr (std::numeric_limits<Number>::is_exact) {
        sums.fill(from_integer<Number>(0));
        for (std::int64_t i = 0; i < n; ++i)
            add_to(sums, f(i));
    } else {
        sums = sum_over_positions<std::array<Number, 4>>(n, f);
    }
    raw_moments<Real> moments{moment<Real>(d.total())};
    for (std::size_t s = 0; s < 4; ++s)
        moments[s + 1] = moment<Real>(static_cast<Real>(sums[s]));
    return moments;
}

/// Of an exact scalar, or weights one by one, entry by entry.
template <class Real>
raw_moments<Real> moments_of(const discrete_influence<Real>& d, bool of_distance) {
    if (!std::holds_alternative<shared_table<Real>>(d.keys())) return summed_moments(d, of_distance);
    using Number = working_number<Real>;
    const std::int64_t n = d.query();
    std::array<running_sum<Number>, 5> sums;
    for (std::int64_t m = 0; m <= n; ++m) {
        Number term = entry_of(d, m, d.weights());
        const Number x = from_integer<Number>(of_distance ? n - m : m) / from_integer<Number>(n);
        for (auto& sum : sums) {
            sum += term;
            term *= x;
        }
    }
    raw_moments<Real> moments;
    for (std::size_t s = 0; s < 5; ++s)
        moments[s] = moment<Real>(static_cast<Real>(sums[s].value()));
    return moments;
}

template <class Real>
central_moments<Real> central_moments_of(std::string_view function, const discrete_influence<Real>& d) {
    check_nothing_lost(function, d.total());
    const Real n = Real(d.query());
    const bool mirrored = Real(2) * mean(d) > n;
    const auto w = d.hops().template weights_as<moment<Real>>();
    if (d.query() == 0) return {raw_moments<Real>{position_moments<Real>(w)[0]}, mirrored};
    if (!d.is_uniform()) return {moments_of(d, mirrored), mirrored};
    const auto relative = mirrored ? distance_moments<Real>(w) : position_moments<Real>(w);
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
    const auto p = static_cast<Real>(detail::entry_of(d, source, d.weights()));
    return detail::at_most_total(p, d.total());
}

/// Sources are integers: a fraction or NaN is not rounded to one.
template <real_scalar Real, std::floating_point Position>
Real pdf(const discrete_influence<Real>&, const Position&) = delete;
template <real_scalar Real, std::floating_point Position>
Real logpdf(const discrete_influence<Real>&, const Position&) = delete;
template <real_scalar Real, std::floating_point Position>
Real cdf(const discrete_influence<Real>&, const Position&) = delete;

namespace detail {

/// Whether entries can be had side by side: what is computed in double, and in double words of it.
template <class Real>
inline constexpr bool has_lanes = std::is_same_v<wide<working_number<Real>>, double_word<double>>;

/// Entries in the order of the sources: those that can be had side by side wait until all lanes are taken.
template <class Real, class Places, class Positions>
void write_side_by_side(const discrete_influence<Real>& d, const Places& places, const Positions& sources,
                        Eigen::VectorX<Real>& p) {
    entries_side_by_side<Places, double> entries(places, d.query(), d.weights());
    lane_places waiting{};
    std::array<Eigen::Index, lanes> index{};
    std::size_t count = 0;
    const auto write = [&] {
        const auto values = entries(waiting);
        for (std::size_t i = 0; i < count; ++i) {
            const double value = values[Eigen::Index(i)];
            p[index[i]] =
                value >= 0 ? at_most_total(static_cast<Real>(value), d.total()) : pdf(d, waiting[i]);
        }
        count = 0;
    };
    Eigen::Index i = 0;
    for (const auto& position : sources) {
        const auto source = source_index("pdf(discrete_influence)", position, d.query());
        if (entries.has(source)) {
            waiting[count] = source;
            index[count] = i;
            if (++count == lanes) write();
        } else {
            p[i] = pdf(d, source);
        }
        ++i;
    }
    if (count == 0) return;
    std::fill(waiting.begin() + std::ptrdiff_t(count), waiting.end(), waiting[0]);
    write();
}

}  // namespace detail

/// `pdf` of many sources at once: a range of positions in, a vector of the same length out.
///
/// Cost: of float and double and keys that weigh the same, a quarter to a twentieth of one by one where the
/// entries take O(H); else the same. Accuracy: that of one by one, in other last bits.
template <real_scalar Real, detail::position_range Positions>
[[nodiscard]] Eigen::VectorX<Real> pdf(const discrete_influence<Real>& d, const Positions& sources) {
    Eigen::VectorX<Real> p(static_cast<Eigen::Index>(std::ranges::size(sources)));
    if constexpr (detail::has_lanes<Real>) {
        const auto write = [&](const auto& places) {
            detail::write_side_by_side(d, places, sources, p);
            return p;
        };
        const bool is_many = p.size() >= Eigen::Index(detail::lanes);
        if (const auto* const places = std::get_if<detail::unit_places>(&d.keys()); is_many && places)
            return write(*places);
        if (const auto* const places = std::get_if<detail::sunk_places<Real>>(&d.keys()); is_many && places)
            return write(*places);
    }
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
    return static_cast<Real>(log(detail::entry_of(d, source, w)));
}

/// \f$P(\text{source} \le m)\f$: \f$\frac{m+1}{n+1} \sum_{i<H} h_i(m+2..n+1) P(K > i)\f$, positive terms
/// only, so that a tail of 1e-200 is as accurate as a value near one.
/// \throws std::domain_error unless 0 <= source <= query. Cost O(H²).
template <real_scalar Real, std::integral Position>
[[nodiscard]] Real cdf(const discrete_influence<Real>& d, const Position& position) {
    const auto source = detail::source_index("cdf(discrete_influence)", position, d.query());
    if (source == d.query()) return d.total();
    return detail::at_most_total(static_cast<Real>(detail::lower_tail(d, source, d.weights())), d.total());
}

/// \f$P(\text{source} > m)\f$, from positive terms: as accurate as `cdf` however small.
template <real_scalar Real, std::integral Position>
[[nodiscard]] Real cdf(const boost::math::complemented2_type<discrete_influence<Real>, Position>& c) {
    const auto source = detail::source_index("cdf(complement(discrete_influence))", c.param, c.dist.query());
    const discrete_influence<Real>& d = c.dist;
    if (source == d.query()) return Real(0);
    const auto all_hops = static_cast<detail::working_number<Real>>(d.hops().total());
    return static_cast<Real>(detail::upper_tail(d, source, d.weights(), all_hops));
}

/// The smallest position m with \f$P(\text{source} \le m) \ge p\f$, exactly: where the tail as rounded is too
/// close to its level to tell, twice the precision decides (double, long double), and what agrees to 85 bits of
/// double is equal; of float, whose hops are weighed in double, it is right to 53 bits. Other scalars compare as rounded.
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
    const Real& total = d.total();
    detail::check_level("quantile(discrete_influence)", p, total);
    if (total > Real(0) && !(p < total)) return d.query();  // the total itself may be rounded
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
    const Real& total = d.total();
    detail::exact_comparison<Real> tail(d);
    if (Real(2) * q <= total) {
        const auto level = typename detail::exact_comparison<Real>::Wide(detail::working_number<Real>(q));
        return detail::first_position_where(d.query(),
                                            [&](auto m) { return tail.upper_is_within(m, level); });
    }
    return detail::first_position_where(
        d.query(), [&, level = tail.rest(q)](auto m) { return tail.lower_reaches(m, level); });
}

/// What the sink takes of the influence: \f$\sum_{i<H} P(K > i)\,\frac{S}{G_n} h_i(r_0..r_n)\f$; together with
/// the total it makes that of the hops. 0 of keys without a sink. Cost: that of a tail.
template <real_scalar Real>
[[nodiscard]] Real sink_influence(const discrete_influence<Real>& d) {
    using Number = detail::working_number<Real>;
    const auto of_keys = [&](const auto& keys) -> Number {
        using Keys = std::remove_cvref_t<decltype(keys)>;
        if constexpr (std::is_same_v<Keys, detail::shared_table<Real>>)
            return keys->lost();
        else if constexpr (Keys::has_sink)
            return detail::entered(keys, d.query(), -1, d.weights());
        else
            return Number(0);
    };
    return static_cast<Real>(std::visit(of_keys, d.keys()));
}

/// \f$E[m] = n \sum_k w_k 2^{-k}\f$, which of residual layers is \f$n \prod_l (1 - \alpha_l/2)\f$. Of other keys
/// than uniform ones the sum of P(source > m), in some thousand tails, to 2e-13 in double (and no more digits in
/// others); what is lost counts as nothing.
template <real_scalar Real>
[[nodiscard]] Real mean(const discrete_influence<Real>& d) {
    using Number = detail::moment<Real>;
    if (!d.is_uniform()) {
        if (d.query() == 0) return Real(0);
        return static_cast<Real>(Number(Real(d.query())) * detail::moments_of(d, false)[1]);
    }
    const auto relative = detail::position_moment<Real>(d.hops().template weights_as<Number>(), 1);
    return static_cast<Real>(Number(Real(d.query())) * relative);
}

/// The variance, from the moments \f$E[m(m-1)\cdots] = n(n-1)\cdots \sum_k w_k (1+s)^{-k}\f$ of m, or those
/// of n - m, whichever is closer to zero on average, so that no digits cancel.
/// Of other keys than uniform ones as mean().
/// \throws std::domain_error where mass is lost.
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
/// \throws std::invalid_argument of keys that are not uniform, whose row may have its most anywhere.
template <real_scalar Real>
[[nodiscard]] std::int64_t mode(const discrete_influence<Real>& d) {
    detail::check_uniform("mode(discrete_influence)", d);
    return pdf(d, d.query()) > pdf(d, 0) ? d.query() : 0;
}

/// The positions 0 .. query.
template <real_scalar Real>
[[nodiscard]] std::pair<std::int64_t, std::int64_t> range(const discrete_influence<Real>& d) {
    return {0, d.query()};
}

}  // namespace cesaro
