// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "laws/distributions.hpp"
#include "scalars.hpp"

#include <cesaro/cesaro_operator.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/power_sum.hpp>

#include <boost/math/special_functions/digamma.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

using cesaro::cesaro_operator;
using cesaro::complement;
using cesaro::discrete_influence;
using cesaro::hop_law;
using cesaro::mixing_schedule;
using namespace cesaro_test;

namespace {

constexpr std::int64_t most_positions = std::int64_t(1) << 62;

mixing_schedule<double> random_schedule(std::mt19937_64& engine, Eigen::Index depth) {
    std::uniform_real_distribution<double> uniform(0, 1);
    Eigen::VectorXd alphas(depth);
    for (double& alpha : alphas) {
        const double u = uniform(engine);
        alpha = u < 0.1 ? 0 : u > 0.9 ? 1 : uniform(engine);
    }
    return mixing_schedule<double>(alphas);
}

template <class Real>
mixing_schedule<Real> cast(const mixing_schedule<double>& schedule) {
    return mixing_schedule<Real>(schedule.alphas().template cast<Real>());
}

/// The last row of the product of dense layers.
Eigen::VectorX<rational> dense_row(Eigen::Index tokens, const mixing_schedule<rational>& schedule) {
    const Eigen::MatrixX<rational> m = cesaro_operator<rational>(tokens).matrix();
    Eigen::VectorX<rational> row = Eigen::VectorX<rational>::Constant(tokens, rational(0));
    row[tokens - 1] = 1;
    for (const rational& alpha : schedule.alphas()) {
        Eigen::VectorX<rational> next = Eigen::VectorX<rational>::Constant(tokens, rational(0));
        for (Eigen::Index j = 0; j < tokens; ++j) {
            next[j] = (1 - alpha) * row[j];
            for (Eigen::Index i = j; i < tokens; ++i)
                next[j] += alpha * row[i] * m(i, j);
        }
        row = next;
    }
    return row;
}

}  // namespace

TEST_CASE("rational rows are the last row of the product of dense layers") {
    Eigen::VectorX<rational> alphas(5);
    alphas << rational(1, 3), rational(1), rational(0), rational(2, 7), rational(1, 2);
    for (const Eigen::Index depth : {0, 1, 2, 5}) {
        const mixing_schedule<rational> schedule(alphas.head(depth));
        for (const Eigen::Index query : {0, 1, 2, 11, 29}) {
            const discrete_influence<rational> d(query, schedule);
            const Eigen::VectorX<rational> row = dense_row(query + 1, schedule);
            rational sum = 0;
            rational first = 0;
            rational second = 0;
            for (Eigen::Index m = 0; m <= query; ++m) {
                sum += row[m];
                first += m * row[m];
                second += m * m * row[m];
                CHECK(pdf(d, m) == row[m]);
                CHECK(cdf(d, m) == sum);
                CHECK(cdf(complement(d, m)) == 1 - sum);
            }
            CHECK(mean(d) == first);
            CHECK(variance(d) == second - first * first);
        }
    }
}

TEST_CASE("an exact entry at 2000 positions and depth 12") {
    const auto exact =
        pdf(discrete_influence<rational>(2000, mixing_schedule<rational>::constant(12, rational(1, 4))), 700);
    const auto digits100 = pdf(
        discrete_influence<float100>(2000, mixing_schedule<float100>::constant(12, float100(1) / 4)), 700);
    const auto closed =
        pdf(discrete_influence<double>(2000, mixing_schedule<double>::constant(12, 0.25)), 700);
    CHECK(error_in_epsilons(digits100, float100(exact)) < 100);
    CHECK(error_in_epsilons(closed, float100(exact)) < 60);
}

TEMPLATE_TEST_CASE("the closed form is the row of running sums", "", float, double, long double, float50) {
    using Real = TestType;
    // The oracle is the recurrence over positions in 100 digits; its rounding is out of sight.
    auto engine = random_engine();
    for (const Eigen::Index depth : {1, 2, 7, 40}) {
        const auto schedule = random_schedule(engine, depth);
        const Eigen::Index tokens = 400;
        const auto row = influence_row(tokens, cast<float100>(schedule));
        const discrete_influence<Real> d(tokens - 1, cast<Real>(schedule));
        float100 below = 0;
        double worst = 0;
        for (Eigen::Index m = 0; m < tokens; ++m) {
            below += row[m];
            worst = std::max(worst, error_in_epsilons(pdf(d, m), row[m]));
            worst = std::max(worst, error_in_epsilons(cdf(d, m), below));
            if (m + 1 < tokens) {
                worst = std::max(worst, error_in_epsilons(cdf(complement(d, m)), float100(1 - below)));
            }
        }
        CAPTURE(depth);
        CHECK(worst < 40 + 3.0 * double(depth));
    }
}

TEST_CASE("closed forms known by other names, up to 2^62 positions") {
    for (const std::int64_t n : {std::int64_t(0), std::int64_t(5), std::int64_t(1000000), most_positions}) {
        for (const std::int64_t m : {std::int64_t(0), n / 1000, n / 2, n}) {
            // One layer averages; two layers have harmonic numbers.
            CHECK(pdf(discrete_influence<>(n, mixing_schedule<>::attention_only(1)), m) ==
                  Approx(1 / (double(n) + 1)).epsilon(1e-15));
            const float100 harmonic =
                boost::math::digamma(float100(n + 2)) - boost::math::digamma(float100(m + 1));
            CHECK(error_in_epsilons(pdf(discrete_influence<>(n, mixing_schedule<>::attention_only(2)), m),
                                    float100(harmonic / (n + 1))) < 5);
        }
        // No attention: everything stays at the query.
        const discrete_influence<> stay(n, mixing_schedule<>::constant(9, 0.0));
        CHECK(pdf(stay, n) == 1);
        CHECK(mean(stay) == double(n));
        CHECK(variance(stay) == 0);
        CHECK(quantile(stay, 0.3) == n);
        if (n > 0) {
            CHECK(pdf(stay, n - 1) == 0);
            CHECK(logpdf(stay, n - 1) == -std::numeric_limits<double>::infinity());
            CHECK(cdf(stay, n - 1) == 0);
            CHECK(cdf(complement(stay, n - 1)) == 1);
        }
    }
}

TEST_CASE("one row gives the row above it") {
    // (n+1) p(m|n) = (m+1) p(m+1|n+1) + (n+1-m) p(m|n+1), from the binomial mixture.
    auto engine = random_engine();
    for (const std::int64_t n : {std::int64_t(3), std::int64_t(1000), std::int64_t(1) << 40}) {
        const auto schedule = random_schedule(engine, 30);
        const discrete_influence<float50> here(n, cast<float50>(schedule));
        const discrete_influence<float50> next(n + 1, cast<float50>(schedule));
        const discrete_influence<> plain(n, schedule);
        for (const std::int64_t m : {std::int64_t(0), n / 7, n / 2, n - 1, n}) {
            const float50 right = float50(m + 1) * pdf(next, m + 1) + float50(n + 1 - m) * pdf(next, m);
            CHECK(error_in_epsilons(pdf(here, m), float100(right / (n + 1))) < 1000);
            CHECK(error_in_epsilons(pdf(plain, m), float100(right / (n + 1))) < 200);
        }
    }
}

TEST_CASE("laws of a distribution: tails, masses, moments, quantiles, edges") {
    const std::vector<std::int64_t> sources{1, 2, 5, 100, 250, 400, 498, 499};
    for (const double alpha : {0.01, 0.4, 1.0})
        check_law(discrete_influence<>(500, mixing_schedule<>::constant(9, alpha)), sources);
    // A law that no schedule has, and one that loses mass.
    check_law(discrete_influence<>(500, hop_law<>{0.25, 0.0, 0.5, 0.0, 0.25}), sources);
    check_law(discrete_influence<>(500, hop_law<>{0.25, 0.0, 0.125, 0.0, 0.25}), sources);
}

TEST_CASE("moments are those of the row") {
    auto engine = random_engine();
    for (const Eigen::Index depth : {1, 3, 12, 60}) {
        for (const double most : {1e-9, 0.05, 1.0}) {  // from hardly any attention to a lot
            const mixing_schedule<> schedule(random_schedule(engine, depth).alphas() * most);
            if (schedule.alphas().maxCoeff() == 0) continue;
            const Eigen::Index n = 300;
            const auto row = influence_row(n + 1, cast<float100>(schedule));
            float100 m1 = 0, m2 = 0, m3 = 0, m4 = 0;
            for (Eigen::Index m = 0; m <= n; ++m)
                m1 += m * row[m];
            for (Eigen::Index m = 0; m <= n; ++m) {
                const float100 distance = m - m1;
                const float100 square = distance * distance;
                m2 += square * row[m];
                m3 += square * distance * row[m];
                m4 += square * square * row[m];
            }
            const discrete_influence<> d(n, schedule);
            CAPTURE(depth, most);
            CHECK(error_in_epsilons(mean(d), m1) < 50);
            CHECK(error_in_epsilons(variance(d), m2) < 500);
            CHECK(error_in_epsilons(standard_deviation(d), float100(sqrt(m2))) < 300);
            CHECK(std::abs(skewness(d) - static_cast<double>(float100(m3 / (m2 * sqrt(m2))))) <
                  1e-12 * std::abs(skewness(d)) + 1e-12);
            CHECK(error_in_epsilons(kurtosis(d), float100(m4 / (m2 * m2))) < 20000);
            CHECK(kurtosis_excess(d) == kurtosis(d) - 3);
        }
    }
    CHECK_THROWS_AS(skewness(discrete_influence<>(0, mixing_schedule<>::constant(3, 0.5))),
                    std::domain_error);
    CHECK_THROWS_AS(kurtosis(discrete_influence<>(9, mixing_schedule<>::constant(3, 0.0))),
                    std::domain_error);
}

TEST_CASE("standardised moments where those of m/n underflow") {
    for (const std::int64_t n : {std::int64_t(1), std::int64_t(2), std::int64_t(1000), most_positions}) {
        for (const int depth : {300, 500, 900, 1000}) {
            // E[m (m-1) ... (m-s+1)] = n (n-1) ... (n-s+1) (1+s)^{-H}
            std::array<float100, 5> f;
            f[0] = 1;
            for (int s = 1; s < 5; ++s)
                f[std::size_t(s)] =
                    f[std::size_t(s) - 1] * (n - s + 1) * pow(float100(s) / float100(s + 1), depth);
            const float100 m2 = f[2] + f[1];
            const float100 m3 = f[3] + 3 * f[2] + f[1];
            const float100 m4 = f[4] + 6 * f[3] + 7 * f[2] + f[1];
            const discrete_influence<> d(n, mixing_schedule<>::attention_only(depth));
            CAPTURE(n, depth);
            const float100 spread = m2 - f[1] * f[1];
            CHECK(error_in_epsilons(variance(d), spread) < 1000);
            CHECK(error_in_epsilons(skewness(d), skewness_of(f[1], m2, m3)) < 1000);
            CHECK(error_in_epsilons(kurtosis(d), kurtosis_of(f[1], m2, m3, m4)) < 1000);
        }
    }
    // The variance of one position is zero, and not minus zero, in numbers of any range.
    const discrete_influence<float> stay(INT64_C(1000000000000), mixing_schedule<float>::constant(9, 0.0f));
    CHECK(variance(stay) == 0);
    CHECK_FALSE(std::signbit(variance(stay)));
    CHECK_THROWS_WITH(skewness(stay), "cesaro::skewness(discrete_influence): variance = 0 must be positive");
    // The moments of an exact scalar stay exact.
    const discrete_influence<rational> coin(1, mixing_schedule<rational>::attention_only(2));
    CHECK(kurtosis(coin) == rational(7, 3));  // (1 - 3 p q) / (p q), p = 1/4
}

TEST_CASE("laws of a distribution over random schedules, sizes and positions") {
    auto engine = random_engine();
    for (int repetition = 0; repetition < 60; ++repetition) {
        const Eigen::Index depth = std::uniform_int_distribution<Eigen::Index>(0, 60)(engine);
        const auto n = std::int64_t(std::exp(std::uniform_real_distribution<double>(0, 42.9)(engine)));
        const discrete_influence<> d(n, random_schedule(engine, depth));
        const auto m = std::int64_t(double(n) * std::uniform_real_distribution<double>(0, 1)(engine));
        CAPTURE(depth, n, m);
        const double lower = cdf(d, m);
        const double upper = cdf(complement(d, m));
        CHECK(lower + upper == Approx(1).epsilon(1e-13));
        if (m > 0) CHECK(cdf(d, m - 1) <= lower * (1 + 1e-13));
        if (m + 1 < n) CHECK(pdf(d, m + 1) <= pdf(d, m) * (1 + 1e-13));
        // pdf sums to cdf over a few positions, wherever the increment can be seen.
        if (m > 5 && n < 100000) {
            double sum = 0;
            for (std::int64_t i = m - 4; i <= m; ++i)
                sum += pdf(d, i);
            CHECK(lower - cdf(d, m - 5) == Approx(sum).epsilon(1e-12).margin(1e-13 * lower));
        }
        // The quantile is the first position that reaches its level.
        for (const double p : {1e-9, 0.1, 0.5, 0.99, lower}) {
            const std::int64_t q = quantile(d, p);
            CHECK(cdf(d, q) >= p * (1 - 1e-14));
            if (q > 0) CHECK(cdf(d, q - 1) <= p * (1 + 1e-14));
            const std::int64_t c = quantile(complement(d, p));
            CHECK(cdf(complement(d, c)) <= p * (1 + 1e-14));
            if (c > 0) CHECK(cdf(complement(d, c - 1)) >= p * (1 - 1e-14));
        }
        CHECK(quantile(d, 0.0) == 0);
        CHECK(median(d) == quantile(d, 0.5));
        CHECK(pdf(d, mode(d)) >= pdf(d, 0));
        CHECK(pdf(d, mode(d)) >= pdf(d, n));
    }
}

TEST_CASE("tails and logarithms far below the smallest double") {
    const std::int64_t n = 1000000000000000000;
    for (const Eigen::Index depth : {30, 150}) {
        const auto schedule = mixing_schedule<>::constant(depth, 1 - 1e-9);
        const discrete_influence<> d(n, schedule);
        const discrete_influence<float50> exact(n, cast<float50>(schedule));
        for (const std::int64_t m : {n, n - 1, n - 500, n / 2, n / 1000, std::int64_t(0)}) {
            const double expected = static_cast<double>(logpdf(exact, m));
            CAPTURE(depth, m, expected);
            CHECK(std::abs(logpdf(d, m) - expected) <= 1e-12 * std::max(1.0, std::abs(expected)));
        }
    }
    const discrete_influence<> attention(n, mixing_schedule<>::attention_only(150));
    CHECK(logpdf(attention, n - 1) < -6000);  // e^{-6218}
    CHECK(pdf(attention, n - 1) == 0);
    // A tail of 1e-200 to the last digits.
    const auto schedule = mixing_schedule<>::constant(150, 0.999);
    const discrete_influence<> d(n, schedule);
    const std::int64_t m = n / 2;
    const float100 exact = cdf(complement(discrete_influence<float100>(n, cast<float100>(schedule)), m));
    CHECK(exact < float100("1e-200"));
    CHECK(error_in_epsilons(cdf(complement(d, m)), exact) < 900);
}

TEST_CASE("the complement where its series converges most slowly") {
    // The first token of 2^62 takes about 43 hops to reach: a depth where the median of the hops needed lies,
    // and after which they fall by little more than one half each.
    for (const Eigen::Index depth : {44, 46, 60}) {
        const discrete_influence<> d(most_positions, mixing_schedule<>::attention_only(depth));
        const discrete_influence<float50> exact(most_positions,
                                                mixing_schedule<float50>::attention_only(depth));
        const float50 lower = cdf(exact, 0);
        CHECK(lower > float50(1) / 2);
        CHECK(error_in_epsilons(cdf(complement(d, 0)), float100(1 - lower)) < 200);
    }
}

TEST_CASE("levels within rounding of one") {
    // llama-3.1-70b; 50 digits.
    const discrete_influence<> d(131071, mixing_schedule<>::constant(80, 0.5));
    CHECK(quantile(d, 1.0) == 131071);
    CHECK(quantile(d, 1 - std::ldexp(1.0, -53)) == 23164);
    CHECK(quantile(d, 1 - std::ldexp(1.0, -52)) == 20232);
    CHECK(quantile(d, 1 - 1e-14) == 8522);
    CHECK(quantile(complement(d, std::ldexp(1.0, -53))) == 23164);
    CHECK(quantile(complement(d, 1.0)) == 0);
}

namespace {

/// p and the doubles around it, as far as 64 of them.
std::vector<double> neighbours(double p) {
    std::vector<double> all{p};
    double below = p;
    double above = p;
    for (int i = 1; i <= 64; ++i) {
        below = std::nextafter(below, 0.0);
        above = std::nextafter(above, 1.0);
        if ((i & (i - 1)) == 0) all.insert(all.end(), {below, above});
    }
    return all;
}

/// Whether a position is the smallest where a tail in 100 digits, which is monotone, says so.
template <class Reached>
bool is_first(std::int64_t position, Reached reached) {
    return reached(position) && (position == 0 || !reached(position - 1));
}

}  // namespace

TEST_CASE("quantiles are exact, at every level within 64 ulp of 0, 1 and values of the cdf") {
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform(0, 1);
    for (int repetition = 0; repetition < 12; ++repetition) {
        const Eigen::Index depth = std::uniform_int_distribution<Eigen::Index>(1, 24)(engine);
        const auto n = std::int64_t(std::exp(uniform(engine) * 42.9));
        const auto schedule = repetition % 4 == 0 ? mixing_schedule<>::constant(depth, uniform(engine))
                                                  : random_schedule(engine, depth);
        const discrete_influence<> d(n, schedule);
        const discrete_influence<float100> exact(n, cast<float100>(schedule));
        std::vector<double> levels = neighbours(1);
        const auto m = std::int64_t(double(n) * std::pow(uniform(engine), 8));
        for (const double value : {0.0, cdf(d, m), double(cdf(complement(d, m)))}) {
            const auto around = neighbours(std::min(value, 1.0));
            levels.insert(levels.end(), around.begin(), around.end());
        }
        for (const double p : levels) {
            CAPTURE(depth, n, m, p);
            CHECK(is_first(quantile(d, p), [&](std::int64_t i) { return i == n || cdf(exact, i) >= p; }));
            CHECK(is_first(quantile(complement(d, p)),
                           [&](std::int64_t i) { return cdf(complement(exact, i)) <= p; }));
        }
    }
}

TEMPLATE_TEST_CASE(
    "of a tail that was rounded past its position the quantile is the next, and a step back leads there", "",
    float, double, long double) {
    using Real = TestType;
    const std::int64_t n = 200;
    const Real alpha = Real(3) / 10;
    const discrete_influence<Real> d(n, mixing_schedule<Real>::constant(12, alpha));
    const discrete_influence<float100> exact(n, mixing_schedule<float100>::constant(12, float100(alpha)));
    int here = 0;
    int next = 0;
    for (std::int64_t m = 0; m < n; ++m) {
        const Real p = cdf(d, m);
        const Real q = cdf(complement(d, m));
        CAPTURE(m, p, q);
        std::int64_t lower = quantile(d, p);
        std::int64_t upper = quantile(complement(d, q));
        CHECK(lower == (cdf(exact, m) >= p ? m : m + 1));
        CHECK(upper == (cdf(complement(exact, m)) <= q ? m : m + 1));
        for (const std::int64_t position : {lower, upper})
            ++(position == m ? here : next);
        if (lower > 0 && cdf(d, lower - 1) >= p) --lower;
        if (upper > 0 && cdf(complement(d, upper - 1)) <= q) --upper;
        CHECK(lower == m);
        CHECK(upper == m);
    }
    CHECK(here > 100);
    CHECK(next > 100);
}

TEST_CASE("a level that a position meets exactly is met there") {
    for (const std::int64_t n : {1, 3, 7, 1023}) {
        const discrete_influence<> d(n, mixing_schedule<>::attention_only(1));  // the cdf is (m+1) / (n+1)
        const discrete_influence<> lazy(n, mixing_schedule<>::constant(1, 0.25));
        for (std::int64_t m = 0; m <= n; ++m) {
            const double p = double(m + 1) / double(n + 1);
            CHECK(quantile(d, p) == m);
            CHECK(quantile(complement(d, 1 - p)) == m);
            if (m < n) CHECK(quantile(lazy, p / 4) == m);
        }
    }
    const discrete_influence<> two(1, mixing_schedule<>::attention_only(2));
    CHECK(quantile(two, 0.75) == 0);
    CHECK(quantile(two, std::nextafter(0.75, 1.0)) == 1);
}

TEST_CASE("a law whose hops lose mass is literal") {
    const cesaro::hop_law<rational> hops{rational(1, 8), rational(1, 4), rational(1, 2)};
    const cesaro::hop_law<> rounded{0.125, 0.25, 0.5};
    const std::int64_t n = 6;
    const discrete_influence exact(n, hops);
    const discrete_influence d(n, rounded);
    rational sum = 0;
    rational first = 0;
    for (std::int64_t m = 0; m <= n; ++m) {
        // One hop averages, two hops have harmonic numbers.
        rational p = rational(1, 4) + rational(1, 2) * cesaro::power_sum<rational>(m + 1, n + 1, 1);
        p = p / (n + 1) + (m == n ? rational(1, 8) : rational(0));
        sum += p;
        first += m * p;
        CHECK(pdf(exact, m) == p);
        CHECK(cdf(exact, m) == sum);
        CHECK(cdf(complement(exact, m)) == rational(7, 8) - sum);
        CHECK(error_in_epsilons(cdf(complement(d, m)), float100(rational(7, 8) - sum)) < 8);
    }
    CHECK(mean(exact) == first);
    CHECK(cdf(d, n) == 0.875);
    CHECK(cdf(complement(d, n)) == 0);
    CHECK(quantile(d, 0.875) == n);
    CHECK(quantile(complement(d, 0.875)) == 0);
    CHECK(quantile(complement(d, 0.0)) == n);
    for (const double p : {0.1, 0.3, 0.6, 0.8}) {
        const auto q = quantile(d, p);
        CHECK(cdf(d, q) >= p);
        if (q > 0) CHECK(cdf(d, q - 1) < p);
    }
    CHECK_THROWS_WITH(quantile(d, 0.9),
                      "cesaro::quantile(discrete_influence): p = 0.90000000000000002 must lie in [0, total], "
                      "total = 0.875");
    CHECK_THROWS_AS(variance(d), std::domain_error);
    CHECK_THROWS_AS(skewness(d), std::domain_error);
    CHECK_THROWS_AS(kurtosis(d), std::domain_error);
}

TEST_CASE("the last row of a context, and networks of both kinds") {
    const auto schedule = mixing_schedule<>::constant(3, 0.5);
    const auto row = cesaro::last_row(10, schedule);
    CHECK(row.query() == 9);
    CHECK(pdf(row, 4) == pdf(discrete_influence(9, cesaro::hop_law<>(schedule)), 4));
    CHECK_THROWS_AS(cesaro::last_row(0, schedule), std::domain_error);
}

TEST_CASE("many sources at once") {
    const discrete_influence<> d(1000, mixing_schedule<>::constant(12, 0.3));
    Eigen::VectorX<Eigen::Index> sources(4);
    sources << 0, 17, 999, 1000;
    const std::vector<std::int64_t> more(sources.begin(), sources.end());
    for (const Eigen::VectorXd& p : {pdf(d, sources), pdf(d, more), pdf(d, sources.head(4))}) {
        REQUIRE(p.size() == 4);
        for (Eigen::Index i = 0; i < 4; ++i)
            CHECK(p[i] == pdf(d, sources[i]));
    }
    CHECK(range(d) == std::pair<std::int64_t, std::int64_t>(0, 1000));
    CHECK(support(d) == range(d));
}

namespace {

/// Positions of every kind, in no order, some of them twice: the first ones, the query and what is before it, and of all
/// orders of magnitude from either end.
std::vector<std::int64_t> sources_of_every_kind(std::mt19937_64& engine, std::int64_t query) {
    std::uniform_real_distribution<double> uniform(0, 1);
    std::vector<std::int64_t> sources{query, 0,         1,          21,          22, 23,   24,
                                      40,    query - 1, query - 25, query - 150, 0,  query};
    for (int i = 0; i < 30; ++i) {
        const double u = uniform(engine);
        const auto far = std::int64_t(std::pow(double(query), u));
        sources.push_back(i % 3 == 0 ? far - 1 : i % 3 == 1 ? query - far : std::int64_t(double(query) * u));
    }
    sources.push_back(sources[20]);
    for (std::int64_t& source : sources)
        source = std::clamp<std::int64_t>(source, 0, query);
    std::shuffle(sources.begin(), sources.end(), engine);
    return sources;
}

/// The largest error in epsilons of what is in the range that has all digits, and whether the rest is as small.
template <class Real>
double largest_error(const Eigen::VectorX<Real>& p, const discrete_influence<float50>& exact,
                     const std::vector<std::int64_t>& sources) {
    const float50 least = std::is_same_v<Real, float> ? float50("1e-30") : float50("1e-290");
    double worst = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const float50 expected = pdf(exact, sources[i]);
        if (expected > least) {
            worst = std::max(worst, error_in_epsilons(p[Eigen::Index(i)], float100(expected)));
        } else {
            CHECK(float50(p[Eigen::Index(i)]) <= least * 2);
        }
    }
    return worst;
}

constexpr std::array<std::int64_t, 5> many_tokens{512, 100000, 1000000000000, std::int64_t(1) << 60,
                                                  most_positions};

}  // namespace

TEST_CASE("many sources at once are those one by one, and within 16 ulp") {
    auto engine = random_engine();
    for (const std::int64_t tokens : many_tokens) {
        const auto sources = sources_of_every_kind(engine, tokens - 1);
        for (const Eigen::Index depth : {1, 6, 24, 96, 400}) {
            for (const auto& schedule :
                 {mixing_schedule<>::attention_only(depth), mixing_schedule<>::constant(depth, 0.3),
                  random_schedule(engine, depth)}) {
                CAPTURE(tokens, depth);
                const discrete_influence<> d(tokens - 1, schedule);
                const Eigen::VectorXd p = pdf(d, sources);
                REQUIRE(p.size() == Eigen::Index(sources.size()));
                for (std::size_t i = 0; i < sources.size(); ++i) {
                    const double alone = pdf(d, sources[i]);
                    CAPTURE(sources[i]);
                    if (alone > 1e-290) CHECK(p[Eigen::Index(i)] == Approx(alone).epsilon(2e-15));
                }
                CHECK(largest_error(p, {tokens - 1, cast<float50>(schedule)}, sources) <= 16);
            }
        }
    }
}

TEST_CASE("deep rows keep their digits where about as many positions as layers lie before the query") {
    // Where p_r - p_1 q^{r-1} has lost most of its digits and the series of them converges slowly.
    struct place {
        Eigen::Index depth;
        std::int64_t tokens;
        std::int64_t source;
    };
    for (const auto& [depth, tokens, source] :
         {place{92, 1656, 1556}, place{85, 1713, 1621}, place{106, 2009, 1885}, place{114, 626, 349}}) {
        const auto schedule = mixing_schedule<>::attention_only(depth);
        const discrete_influence<> d(tokens - 1, schedule);
        const float50 exact = pdf(discrete_influence<float50>(tokens - 1, cast<float50>(schedule)), source);
        const double alone = pdf(d, source);
        const double beside_others = pdf(d, std::vector<std::int64_t>(8, source))[3];
        CAPTURE(depth, tokens, source);
        for (const double p : {alone, beside_others})
            CHECK(std::abs(double(float50(p) - exact)) <= 16 * (std::nextafter(p, 1.0) - p));
    }
}

TEST_CASE("all sources at once are the row of running sums") {
    auto engine = random_engine();
    for (const Eigen::Index depth : {2, 7, 40}) {
        const auto schedule = random_schedule(engine, depth);
        const Eigen::Index tokens = 600;
        const auto row = influence_row(tokens, cast<float100>(schedule));
        const Eigen::VectorXd p = pdf(discrete_influence<>(tokens - 1, schedule),
                                      Eigen::VectorX<Eigen::Index>::LinSpaced(tokens, 0, tokens - 1));
        double worst = 0;
        for (Eigen::Index m = 0; m < tokens; ++m)
            worst = std::max(worst, error_in_epsilons(p[m], row[m]));
        CAPTURE(depth);
        CHECK(worst <= 16);
    }
}

TEST_CASE("many sources at once under a sink, and in float") {
    auto engine = random_engine();
    for (const std::int64_t tokens : many_tokens) {
        const auto sources = sources_of_every_kind(engine, tokens - 1);
        for (const Eigen::Index depth : {6, 24, 96}) {
            const auto schedule = random_schedule(engine, depth);
            for (const double sink : {0.3, 4.0, 1e6}) {
                CAPTURE(tokens, depth, sink);
                const discrete_influence<float50> exact(tokens - 1, cast<float50>(schedule),
                                                        cesaro::uniform_keys<float50>{sink});
                const discrete_influence<> d(tokens - 1, schedule, cesaro::uniform_keys<>{sink});
                CHECK(largest_error(pdf(d, sources), exact, sources) <= 900);
            }
            const auto rounded = mixing_schedule<float>(schedule.alphas().cast<float>());
            const mixing_schedule<float50> same(rounded.alphas().cast<float50>());
            const discrete_influence<float> f(tokens - 1, rounded);
            CHECK(largest_error(pdf(f, sources), {tokens - 1, same}, sources) <= 16);
        }
    }
}

TEST_CASE("many sources at once of laws that no schedule has, of none, and of bad ones") {
    std::vector<std::int64_t> sources(100);
    std::iota(sources.begin(), sources.end(), 901);
    for (const hop_law<>& hops :
         {hop_law<>{0.25, 0.0, 0.125, 0.0, 0.25}, hop_law<>{0.5, 0.25, 0.0, 0.0}, hop_law<>{1.0, 0.0}}) {
        const discrete_influence<> d(1000, hops);
        const Eigen::VectorXd p = pdf(d, sources);
        for (std::size_t i = 0; i < sources.size(); ++i)
            CHECK(p[Eigen::Index(i)] == Approx(pdf(d, sources[i])).epsilon(2e-15));
    }
    const discrete_influence<> d(1000, mixing_schedule<>::constant(12, 0.3));
    CHECK(pdf(d, std::vector<int>()).size() == 0);
    for (const std::int64_t bad : {-1, 1001}) {
        sources[50] = bad;
        CHECK_THROWS_WITH(pdf(d, sources), "cesaro::pdf(discrete_influence): source = " +
                                               std::to_string(bad) + " must lie in [0, query], query = 1000");
    }
}

TEST_CASE("bad positions and probabilities are named") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto schedule = mixing_schedule<>::constant(3, 0.5);
    CHECK_THROWS_AS(discrete_influence<>(-1, schedule), std::domain_error);
    CHECK_THROWS_AS(discrete_influence<>(most_positions + 1, schedule), std::domain_error);
    const discrete_influence<> d(10, schedule);
    CHECK_THROWS_AS(pdf(d, 11), std::domain_error);
    CHECK_THROWS_AS(pdf(d, -1), std::domain_error);
    CHECK_THROWS_AS(logpdf(d, 11), std::domain_error);
    CHECK_THROWS_AS(cdf(d, 11), std::domain_error);
    CHECK_THROWS_AS(cdf(complement(d, -1)), std::domain_error);
    CHECK_THROWS_AS(quantile(d, 1.5), std::domain_error);
    CHECK_THROWS_AS(quantile(d, nan), std::domain_error);
    CHECK_THROWS_AS(quantile(complement(d, -0.1)), std::domain_error);
    CHECK_THROWS_AS(quantile(complement(d, nan)), std::domain_error);
    CHECK_THROWS_WITH(pdf(d, 11),
                      "cesaro::pdf(discrete_influence): source = 11 must lie in [0, query], query = 10");
}

TEST_CASE("nothing is left above the query alone, as in exact arithmetic") {
    for (const int depth : {1, 96, 400}) {
        const cesaro::discrete_influence<double> d(1000,
                                                   cesaro::mixing_schedule<double>::attention_only(depth));
        CHECK(quantile(complement(d, 0)) == 1000);
    }
}

template <class T>
concept a_source = requires(const cesaro::discrete_influence<double>& d, T source) {
    pdf(d, source);
};

TEST_CASE("sources are integers of any kind, and nothing else") {
    STATIC_REQUIRE(a_source<int>);
    STATIC_REQUIRE(a_source<std::size_t>);
    STATIC_REQUIRE_FALSE(a_source<double>);
    const cesaro::discrete_influence<double> d(3, cesaro::mixing_schedule<double>::attention_only(1));
    CHECK_THROWS_AS(pdf(d, ~std::size_t(0)), std::domain_error);
    using namespace boost::math;  // whose pdf(distribution, number) must not be preferred
    CHECK(pdf(d, 1) == Approx(0.25));
    CHECK(cdf(d, 1) == Approx(0.5));
}
