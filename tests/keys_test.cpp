// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "laws/distributions.hpp"
#include "scalars.hpp"

#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/influence_summary.hpp>
#include <cesaro/keys.hpp>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/binomial.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace cesaro;
using namespace cesaro_test;

namespace {

constexpr std::int64_t most_positions = std::int64_t(1) << 62;

/// What is claimed for keys that are not uniform: 2e-13 in double.
constexpr double claimed = 900;

template <class Real>
using vector = Eigen::VectorX<Real>;

/// Row n of sum_k w_k M^k, M[i, j] = g_j / D_i, by products with the dense matrix; then what each hop loses.
template <class Real>
struct dense_row {
    vector<Real> entries;
    Real lost = Real(0);

    dense_row(const vector<Real>& g, const vector<Real>& d, const hop_law<Real>& hops) {
        const Eigen::Index size = g.size();
        const vector<Real> w = hops.weights();
        vector<Real> row = vector<Real>::Constant(size, Real(0));
        row[size - 1] = Real(1);
        entries = vector<Real>::Constant(size, Real(0));
        for (Eigen::Index k = 0; k < w.size(); ++k) {
            Real left(0);
            for (Eigen::Index j = 0; j < size; ++j) {
                entries[j] += w[k] * row[j];
                left += row[j];
            }
            lost += w[k] * (Real(1) - left);
            vector<Real> next = vector<Real>::Constant(size, Real(0));
            for (Eigen::Index i = 0; i < size; ++i)
                for (Eigen::Index j = 0; j <= i; ++j)
                    next[j] += row[i] * g[j] / d[i];
            row = next;
        }
    }
};

template <class Real>
vector<Real> running_totals(const vector<Real>& g, const Real& sink) {
    vector<Real> totals(g.size());
    Real sum = sink;
    for (Eigen::Index i = 0; i < g.size(); ++i)
        totals[i] = sum += g[i];
    return totals;
}

const hop_law<rational> rational_hops{rational(1, 8), rational(1, 4), rational(0), rational(3, 8),
                                      rational(1, 4)};

void check_exact_row(const discrete_influence<rational>& d, const dense_row<rational>& dense) {
    rational sum = 0;
    rational first = 0;
    for (Eigen::Index m = 0; m < dense.entries.size(); ++m) {
        sum += dense.entries[m];
        first += m * dense.entries[m];
    }
    const rational total = sum;
    sum = 0;
    for (Eigen::Index m = 0; m < dense.entries.size(); ++m) {
        sum += dense.entries[m];
        CHECK(pdf(d, m) == dense.entries[m]);
        CHECK(cdf(d, m) == sum);
        CHECK(cdf(complement(d, m)) == total - sum);
    }
    CHECK(d.total() == total);
    CHECK(sink_influence(d) == dense.lost);
    CHECK(mean(d) == first);
}

/// Weights e^{s m}, divided by the last of them, so that none overflows.
template <class Real>
vector<Real> decaying_weights(Eigen::Index size, const Real& slope) {
    vector<Real> g(size);
    for (Eigen::Index m = 0; m < size; ++m)
        g[m] = exp(Real(slope * Real(m - size + 1)));
    return g;
}

template <class Real>
mixing_schedule<Real> constant(Eigen::Index depth, double alpha) {
    return mixing_schedule<Real>::constant(depth, static_cast<Real>(alpha));
}

/// The worst relative error of entries and tails against a row of 100 digits, in epsilons.
template <class Real>
double worst_error(const discrete_influence<Real>& d, const discrete_influence<float100>& exact,
                   const std::vector<std::int64_t>& sources) {
    const float100 least((std::numeric_limits<Real>::min)() / std::numeric_limits<Real>::epsilon() * 1000);
    double worst = error_in_epsilons(d.total(), exact.total());
    const auto look = [&](const Real& actual, const float100& expected) {
        if (expected > least) worst = std::max(worst, error_in_epsilons(actual, expected));
    };
    for (const std::int64_t m : sources) {
        look(pdf(d, m), pdf(exact, m));
        look(cdf(d, m), cdf(exact, m));
        look(cdf(complement(d, m)), cdf(complement(exact, m)));
    }
    return worst;
}

std::vector<std::int64_t> every(std::int64_t step, std::int64_t query) {
    std::vector<std::int64_t> sources;
    for (std::int64_t m = 0; m <= query; m += step)
        sources.push_back(m);
    sources.insert(sources.end(), {query, std::max<std::int64_t>(0, query - 1)});
    return sources;
}

}  // namespace

TEST_CASE("rational rows of any keys are the last row of the product of dense layers") {
    for (const Eigen::Index query : {0, 1, 2, 9}) {
        vector<rational> ones = vector<rational>::Constant(query + 1, rational(1));
        vector<rational> g(query + 1);
        vector<rational> powers(query + 1);
        vector<rational> beyond(query + 1);  // a sink that moves with the query
        rational power = 1;
        for (Eigen::Index m = 0; m <= query; ++m) {
            g[m] = rational(1 + (m * m * 5) % 7, 1 + m % 3);
            powers[m] = power;
            power *= rational(3, 2);
        }
        for (const rational& sink : {rational(0), rational(2, 5), rational(1000)}) {
            check_exact_row(discrete_influence<rational>(query, rational_hops, uniform_keys<rational>{sink}),
                            dense_row<rational>(ones, running_totals(ones, sink), rational_hops));
            check_exact_row(
                discrete_influence<rational>(query, rational_hops, weighted_keys<rational>(g, sink)),
                dense_row<rational>(g, running_totals(g, sink), rational_hops));
        }
        const vector<rational> totals = running_totals(powers, rational(0));
        for (Eigen::Index n = 0; n <= query; ++n)
            beyond[n] = totals[n] + rational(3, 4) * powers[n];
        check_exact_row(discrete_influence<rational>(
                            query, rational_hops, weighted_keys<rational>::with_denominators(powers, beyond)),
                        dense_row<rational>(powers, beyond, rational_hops));
    }
}

TEST_CASE("a slope whose decay is rational") {
    // e^{-ln 2} = 1/2: decaying keys in 50 digits beside powers of two in rationals.
    const hop_law<float50> hops{0.125, 0.25, 0.0, 0.375, 0.25};
    const float50 slope = log(float50(2));
    for (const Eigen::Index query : {0, 1, 5, 20}) {
        vector<rational> powers(query + 1);
        rational power = 1;
        for (Eigen::Index m = 0; m <= query; ++m, power *= 2)
            powers[m] = power;
        const dense_row<rational> dense(powers, running_totals(powers, rational(0)), rational_hops);
        const discrete_influence<float50> d(query, hops, decaying_keys<float50>{.slope = slope});
        const discrete_influence<float50> warm(query, hops,
                                               decaying_keys<float50>{.slope = 3 * slope, .temperature = 3});
        rational sum = 0;
        for (Eigen::Index m = 0; m <= query; ++m) {
            sum += dense.entries[m];
            CHECK(error_in_epsilons(pdf(d, m), float100(dense.entries[m])) < 2000);
            CHECK(error_in_epsilons(pdf(warm, m), float100(dense.entries[m])) < 2000);
            CHECK(error_in_epsilons(cdf(d, m), float100(sum)) < 2000);
        }
    }
}

TEMPLATE_TEST_CASE("decaying keys are keys with exponential weights", "", float, double, long double) {
    using Real = TestType;
    for (const double slope : {1e-12, 1e-5, 0.003, 0.04, 0.3, 1.0, 2.5, 8.0, 50.0}) {
        const Real s = static_cast<Real>(slope);
        for (const Eigen::Index depth : {1, 6, 40, 150}) {
            const double alpha = depth == 1 ? 1.0 : 0.3125;
            const Eigen::Index query = 500;
            const discrete_influence<Real> d(query, constant<Real>(depth, alpha), decaying_keys<Real>{s});
            const discrete_influence<float100> exact(
                query, constant<float100>(depth, alpha),
                weighted_keys<float100>(decaying_weights<float100>(query + 1, float100(s))));
            CAPTURE(slope, depth);
            CHECK(worst_error(d, exact, every(23, query)) < claimed);
            CHECK(sink_influence(d) == 0);
            CHECK(d.total() == 1);
        }
    }
}

TEMPLATE_TEST_CASE("a sink is a weight that carries no value", "", float, double, long double) {
    using Real = TestType;
    for (const double sink : {1e-9, 0.25, 1.0, 40.0, 1e6}) {
        const Real s = static_cast<Real>(sink);
        for (const Eigen::Index depth : {1, 6, 40, 150}) {
            const double alpha = depth == 1 ? 1.0 : 0.3125;
            const Eigen::Index query = 500;
            const discrete_influence<Real> d(query, constant<Real>(depth, alpha), uniform_keys<Real>{s});
            const vector<float100> ones = vector<float100>::Constant(query + 1, float100(1));
            const discrete_influence<float100> exact(query, constant<float100>(depth, alpha),
                                                     weighted_keys<float100>(ones, float100(s)));
            CAPTURE(sink, depth);
            CHECK(worst_error(d, exact, every(23, query)) < claimed);
            CHECK(error_in_epsilons(sink_influence(d), sink_influence(exact)) < claimed);
            CHECK(double(Real(sink_influence(d) + d.total())) == Approx(1).epsilon(1e-6));
        }
    }
}

TEST_CASE("closed forms at any context length are those of 50 digits") {
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform(0, 1);
    for (int repetition = 0; repetition < 60; ++repetition) {
        const Eigen::Index depth = std::uniform_int_distribution<Eigen::Index>(1, 100)(engine);
        const double alpha = uniform(engine);
        const auto n = std::int64_t(std::exp(uniform(engine) * 42.9));
        const double scale = std::exp(-27.6 + uniform(engine) * 31.5);  // slopes from 1e-12 to 50
        const auto back = std::int64_t(std::exp(uniform(engine) * std::log(double(n) + 1)));
        const auto wide = constant<float50>(depth, alpha);
        CAPTURE(depth, alpha, n, scale, back);
        const auto check = [&](const auto& d, const auto& exact) {
            for (const std::int64_t m :
                 {std::int64_t(0), std::min<std::int64_t>(n, back), n - std::min(n, back)}) {
                const auto compare = [&](double actual, const float50& expected) {
                    if (expected > 1e-290) CHECK(error_in_epsilons(actual, expected) < claimed);
                };
                compare(pdf(d, m), pdf(exact, m));
                compare(cdf(d, m), cdf(exact, m));
                compare(cdf(complement(d, m)), cdf(complement(exact, m)));
                const float50 p = logpdf(exact, m);
                if (p > -5e8)  // where the exponents of 50 digits end
                    CHECK(std::abs(logpdf(d, m) - double(p)) <= 1e-12 * std::max(1.0, std::abs(double(p))));
            }
        };
        check(discrete_influence<>(n, constant<double>(depth, alpha), decaying_keys<>{scale}),
              discrete_influence<float50>(n, wide, decaying_keys<float50>{scale}));
        const double sink = 1e6 * scale;
        check(discrete_influence<>(n, constant<double>(depth, alpha), uniform_keys<>{sink}),
              discrete_influence<float50>(n, wide, uniform_keys<float50>{sink}));
    }
}

TEST_CASE("far from the start distances are negative binomial") {
    for (const double slope : {0.001, 0.0625, 1.0}) {
        for (const int hops : {1, 3, 20, 96}) {
            Eigen::VectorXd w = Eigen::VectorXd::Zero(hops + 1);
            w[hops] = 1;
            const discrete_influence<> d(most_positions, hop_law<>(w), decaying_keys<>{slope});
            const float50 q = exp(float50(-float50(slope)));
            const float50 rho = -expm1(float50(-float50(slope)));
            const auto typical = std::int64_t(hops / slope);
            for (const std::int64_t distance :
                 {std::int64_t(0), std::int64_t(1), typical / 3, typical, 4 * typical}) {
                const std::int64_t m = most_positions - distance;
                const float50 mass = exp(float50(lgamma(float50(distance + hops)) -
                                                 lgamma(float50(distance + 1)) - lgamma(float50(hops)))) *
                                     pow(rho, hops) * pow(q, distance);
                CAPTURE(slope, hops, distance);
                CHECK(error_in_epsilons(pdf(d, m), mass) < claimed);
                if (distance == 0) continue;
                // P(D >= d) and P(D < d) by the incomplete beta function.
                const float50 far = boost::math::ibeta(float50(distance), float50(hops), q);
                const float50 near = boost::math::ibetac(float50(distance), float50(hops), q);
                if (far > 1e-290) CHECK(error_in_epsilons(cdf(d, m), far) < claimed);
                if (near > 1e-290) CHECK(error_in_epsilons(cdf(complement(d, m)), near) < claimed);
            }
        }
    }
}

TEST_CASE("as slope and sink vanish the row is the uniform one, to rounding") {
    for (const std::int64_t n : {std::int64_t(0), std::int64_t(7), std::int64_t(1000), most_positions}) {
        const auto schedule = constant<double>(32, 0.3);
        const discrete_influence<> uniform(n, schedule);
        const double step = 1 / (double(n) + 1);
        for (const double small : {0.0, 1e-300, 1e-60, 1e-18 * step, 1e-17 * step}) {
            const discrete_influence<> slow(n, schedule, decaying_keys<>{small});
            const discrete_influence<> leaking(n, schedule, uniform_keys<>{small});
            for (const std::int64_t m : {std::int64_t(0), n / 1000, n / 2, n}) {
                CAPTURE(n, small, m);
                for (const auto& d : {slow, leaking}) {
                    CHECK(pdf(d, m) == Approx(pdf(uniform, m)).epsilon(4e-15));
                    CHECK(cdf(d, m) == Approx(cdf(uniform, m)).epsilon(4e-15));
                    CHECK(cdf(complement(d, m)) == Approx(cdf(complement(uniform, m))).epsilon(4e-15));
                }
                if (n < 2000) CHECK(mean(slow) == Approx(mean(uniform)).epsilon(1e-13));
            }
        }
        CHECK(discrete_influence<>(n, schedule, uniform_keys<>{}).is_uniform());
        CHECK(discrete_influence<>(n, schedule, decaying_keys<>{}).is_uniform());
    }
}

TEST_CASE("no jump where the method changes") {
    // Numbers of larger range from s d = 602 on, nothing where the tail underflows; the positions one by one up to
    // the twenty-third, and up to some hundred where the series converges slowly.
    for (const double slope : {0.02, 0.5, 3.0}) {
        for (const Eigen::Index depth : {7, 8, 33, 150}) {
            const std::int64_t n = 200000;
            const discrete_influence<> d(n, constant<double>(depth, 0.7), decaying_keys<>{slope});
            const discrete_influence<float50> exact(n, constant<float50>(depth, 0.7),
                                                    decaying_keys<float50>{slope});
            const auto change = std::int64_t(0.85 * 708.4 / slope);
            for (std::int64_t distance = change - 3; distance <= change + 3; ++distance) {
                const float50 p = pdf(exact, n - distance);
                CAPTURE(slope, depth, distance);
                if (p > 1e-290) CHECK(error_in_epsilons(pdf(d, n - distance), p) < claimed);
                const float50 tail = cdf(exact, n - distance);
                if (tail > 1e-290) CHECK(error_in_epsilons(cdf(d, n - distance), tail) < claimed);
            }
        }
    }
    for (const Eigen::Index depth : {7, 8, 33, 150}) {
        for (const std::int64_t n : {std::int64_t(60), std::int64_t(250)}) {
            for (std::int64_t m = 0; m <= n; ++m) {
                CAPTURE(depth, n, m);
                const discrete_influence<> d(n, constant<double>(depth, 0.7), decaying_keys<>{0.01});
                const discrete_influence<float50> exact(n, constant<float50>(depth, 0.7),
                                                        decaying_keys<float50>{0.01});
                CHECK(error_in_epsilons(pdf(d, m), pdf(exact, m)) < claimed);
                const discrete_influence<> s(n, constant<double>(depth, 0.7), uniform_keys<>{20.5});
                const discrete_influence<float50> leaking(n, constant<float50>(depth, 0.7),
                                                          uniform_keys<float50>{20.5});
                CHECK(error_in_epsilons(pdf(s, m), pdf(leaking, m)) < claimed);
                // Tails by a difference where little of what enters is lost.
                CHECK(error_in_epsilons(cdf(s, m), cdf(leaking, m)) < claimed);
            }
        }
    }
    // From where the keys differ by less than rounding.
    for (const double slope : {1e-6, 0.01, 0.5}) {
        for (const Eigen::Index depth : {2, 7, 8, 33, 150}) {
            const auto change = std::int64_t(std::log(16 * double(depth - 1) / 2.2e-16) / slope);
            for (std::int64_t i = 8; i <= 17; ++i) {
                const std::int64_t m = change * i / 16;
                const std::int64_t n = m + 40;
                CAPTURE(slope, depth, m);
                const discrete_influence<> d(n, constant<double>(depth, 0.7), decaying_keys<>{slope});
                const discrete_influence<float50> exact(n, constant<float50>(depth, 0.7),
                                                        decaying_keys<float50>{slope});
                CHECK(error_in_epsilons(pdf(d, m), pdf(exact, m)) < claimed);
                CHECK(error_in_epsilons(cdf(d, m), cdf(exact, m)) < claimed);
                CHECK(error_in_epsilons(pdf(d, m - 1), pdf(exact, m - 1)) < claimed);
            }
        }
    }
}

TEST_CASE("laws of a distribution under every kind of keys") {
    const std::vector<std::int64_t> sources{1, 2, 5, 100, 250, 400, 498, 499};
    Eigen::VectorXd biased(501);
    for (Eigen::Index m = 0; m < biased.size(); ++m)
        biased[m] = 1 + double((m * 37) % 11);
    for (const double alpha : {0.01, 0.4, 1.0}) {
        const auto schedule = constant<double>(9, alpha);
        check_law(discrete_influence<>(500, schedule, decaying_keys<>{0.001}), sources, claimed);
        check_law(discrete_influence<>(500, schedule, decaying_keys<>{0.03}), sources, claimed);
        check_law(discrete_influence<>(500, schedule, decaying_keys<>{2.0}), sources, claimed);
        check_law(discrete_influence<>(500, schedule, uniform_keys<>{0.5}), sources, claimed);
        check_law(discrete_influence<>(500, schedule, uniform_keys<>{1e4}), sources, claimed);
        check_law(discrete_influence<>(500, schedule, weighted_keys<>(biased)), sources, claimed);
        check_law(discrete_influence<>(500, schedule, weighted_keys<>(biased, 3.0)), sources, claimed);
    }
}

TEST_CASE("quantiles are the first positions that reach their level, at any context length") {
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform(0, 1);
    for (const std::int64_t n : {std::int64_t(1) << 20, most_positions}) {
        for (int repetition = 0; repetition < 4; ++repetition) {
            const double slope = std::exp(-25 * uniform(engine));
            const auto schedule = constant<double>(24, 0.3);
            const auto wide = constant<float50>(24, 0.3);
            const auto check = [&](const discrete_influence<>& d, const discrete_influence<float50>& exact) {
                for (const double level : {1e-12, 0.01, 0.5, 0.9}) {
                    const double p = level * d.total();
                    const std::int64_t x = quantile(d, p);
                    const std::int64_t y = quantile(complement(d, p));
                    CAPTURE(n, slope, level, x, y);
                    CHECK(cdf(exact, x) >= p);
                    if (x > 0) CHECK(cdf(exact, x - 1) < p);
                    CHECK(cdf(complement(exact, y)) <= p);
                    if (y > 0) CHECK(cdf(complement(exact, y - 1)) > p);
                }
            };
            check(discrete_influence<>(n, schedule, decaying_keys<>{slope}),
                  discrete_influence<float50>(n, wide, decaying_keys<float50>{slope}));
            check(discrete_influence<>(n, schedule, uniform_keys<>{1e3 * slope}),
                  discrete_influence<float50>(n, wide, uniform_keys<float50>{1e3 * slope}));
        }
    }
}

TEST_CASE("moments where they have a closed form") {
    // Of decaying keys q^{-m} - 1 has eigenvalue r_1 = 1 / (1 + q); and far from the start a hop goes q / (1 - q)
    // back on average, with variance q / (1 - q)².
    const auto schedule = constant<double>(12, 0.35);
    for (const double slope : {1e-6, 1e-3, 0.1, 4.0}) {
        const discrete_influence<> d(most_positions, schedule, decaying_keys<>{slope});
        const double q = std::exp(-slope);
        const double rho = -std::expm1(-slope);
        CHECK(standard_deviation(d) ==
              Approx(std::sqrt(12 * 0.35 * q + 12 * 0.35 * 0.65 * q * q) / rho).epsilon(1e-11));
    }
    const double slope = 0.002;
    const discrete_influence<> d(3000, schedule, decaying_keys<>{slope});
    double sum = 0;
    for (std::int64_t m = 0; m <= 3000; ++m)
        sum += pdf(d, m) * std::expm1(slope * double(m));
    CHECK(
        sum ==
        Approx(std::expm1(slope * 3000) * std::pow(0.65 + 0.35 / (1 + std::exp(-slope)), 12)).epsilon(1e-12));
    // Of uniform keys the sums over positions and the moments of the binomial mixture are the same.
    const discrete_influence<> long_row(std::int64_t(1) << 50, schedule, decaying_keys<>{1e-45});
    const discrete_influence<> uniform(std::int64_t(1) << 50, schedule);
    CHECK_FALSE(long_row.is_uniform());
    CHECK(mean(long_row) == Approx(mean(uniform)).epsilon(1e-12));
    CHECK(variance(long_row) == Approx(variance(uniform)).epsilon(1e-11));
    CHECK(kurtosis(long_row) == Approx(kurtosis(uniform)).epsilon(1e-10));
}

TEMPLATE_TEST_CASE("whole rows and matrices under keys are their entries", "", float, double) {
    using Real = TestType;
    const Eigen::Index tokens = 1300;
    const auto schedule = constant<Real>(12, 0.3125);
    const auto check = [&](const auto& keys) {
        const discrete_influence<Real> d(tokens - 1, schedule, keys);
        const vector<Real> row = influence_row(tokens, schedule, keys);
        const Eigen::MatrixX<Real> matrix = influence_matrix(tokens, schedule, keys);
        for (Eigen::Index m = 0; m < tokens; m += 17)
            CHECK(error_in_epsilons(row[m], float100(pdf(d, m))) < claimed);
        for (const Eigen::Index n : {0, 1, 200, 1298, 1299}) {
            const discrete_influence<Real> here(n, schedule, keys);
            for (Eigen::Index m = 0; m <= n; m += 31)
                CHECK(error_in_epsilons(matrix(n, m), float100(pdf(here, m))) < 4500);
            if (n + 1 < tokens) CHECK(matrix(n, n + 1) == 0);
        }
    };
    for (const double slope : {0.0, 1e-4, 0.01, 0.2})
        check(decaying_keys<Real>{static_cast<Real>(slope)});
    for (const double sink : {0.5, 200.0})
        check(uniform_keys<Real>{static_cast<Real>(sink)});
    const vector<Real> g = vector<Real>::LinSpaced(tokens, Real(1), Real(3));
    const weighted_keys<Real> keys(g, Real(2));
    const discrete_influence<Real> d(40, schedule, keys);
    const vector<Real> row = influence_row(41, schedule, keys);
    const Eigen::MatrixX<Real> matrix = influence_matrix(41, schedule, keys);
    for (Eigen::Index m = 0; m < 41; ++m) {
        CHECK(row[m] == pdf(d, m));
        CHECK(matrix(40, m) == row[m]);
    }
}

TEST_CASE("rows under keys of any size and depth are their entries") {
    // From both ends, as dense near them as far from them.
    const auto places = [](std::int64_t tokens) {
        std::vector<std::int64_t> m;
        for (double x = 1; x < double(tokens); x *= 1.2) {
            m.push_back(std::int64_t(x) - 1);
            m.push_back(tokens - std::int64_t(x));
        }
        for (std::int64_t i = 1; i < 40; ++i)
            m.push_back(tokens * i / 40);
        return m;
    };
    const auto check = [&](const hop_law<double>& hops, std::int64_t tokens, const auto& keys) {
        const discrete_influence<> d(tokens - 1, hops, keys);
        const Eigen::VectorXd row = influence_row(Eigen::Index(tokens), hops, keys);
        double worst = 0;
        for (const std::int64_t m : places(tokens)) {
            const double p = pdf(d, m);
            const double error = std::abs(row[Eigen::Index(m)] - p);
            worst = std::max(worst, p > 1e-290 ? error / p : error / 1e-290);
        }
        CHECK(worst < 2e-13);
    };
    const auto check_all = [&](const hop_law<double>& hops) {
        for (const std::int64_t tokens : {1, 100, 3000, 300000}) {
            CAPTURE(hops.max_hops(), tokens);
            for (const double slope : {1e-300, 1e-9, 1e-5, 3e-4, 1e-3, 4e-3, 0.05, 1.0, 20.0, 800.0}) {
                CAPTURE(slope);
                check(hops, tokens, decaying_keys<>{slope});
            }
            for (const double sink : {1e-6, 1.0, 300.0, 1e6, 1e100}) {
                CAPTURE(sink);
                check(hops, tokens, uniform_keys<>{sink});
            }
        }
    };
    for (const int depth : {1, 2, 6, 24, 96, 200, 210})
        check_all(constant<double>(depth, depth < 24 ? 0.9 : 0.3125));
    // Slopes at which a piece is about as long as it has to be, so that a row changes hands anywhere.
    for (const int depth : {2, 3, 12, 200}) {
        const hop_law<double> powers = mixing_schedule<double>::attention_only(depth);
        for (const double part : {0.7, 0.95, 0.98, 0.99, 0.995, 1.0, 1.02}) {
            CAPTURE(depth, part);
            const double slope = part / (5.5 * (32 + 200 / depth));
            check(powers, 400001, decaying_keys<>{slope});
            check(constant<double>(depth, 0.5), 200000, decaying_keys<>{slope});
        }
    }
    check_all(constant<double>(200, 1.0));
    Eigen::VectorXd gaps = Eigen::VectorXd::Zero(18);
    gaps[0] = 0.2;
    gaps[5] = 0.3;
    gaps[17] = 0.25;
    check_all(hop_law<>(gaps));
}

TEST_CASE("slopes from nothing to everything, and sinks as large as may be") {
    const auto schedule = constant<double>(12, 0.3);
    // The slope over the temperature counts, whatever the two are.
    const double middle = pdf(discrete_influence<>(99, schedule, decaying_keys<>{1.0}), 50);
    CHECK(middle == Approx(8.846e-17).epsilon(1e-4));
    for (const double both : {1e305, 1e-305, 3e-308, 7.25})
        CHECK(pdf(discrete_influence<>(99, schedule, decaying_keys<>{both, both}), 50) ==
              Approx(middle).epsilon(1e-13));
    // Keys so steep that only the query is seen.
    for (const auto& keys : {decaying_keys<>{1e301}, decaying_keys<>{1.0, 1e-305}, decaying_keys<>{1e25}}) {
        const discrete_influence<> d(99, schedule, keys);
        CHECK(pdf(d, 99) == Approx(1).epsilon(1e-15));
        CHECK(pdf(d, 98) == 0);
        CHECK(logpdf(d, 98) == -std::numeric_limits<double>::infinity());
        CHECK(influence_row(100, schedule, keys).head(99).isZero(0));
    }
    // So gentle that they are uniform, near the first positions of deep networks too.
    const auto deep = mixing_schedule<double>::attention_only(200);
    const discrete_influence<> uniform(399, deep);
    for (const double slope : {1e-300, 1e-60, 1e-40, 1e-20, 1e-19, 1e-18})
        CHECK(pdf(discrete_influence<>(399, deep, decaying_keys<>{slope}), 22) ==
              Approx(pdf(uniform, 22)).epsilon(1e-12));
    CHECK(pdf(discrete_influence<>(3, schedule, uniform_keys<>{1e289}), 3) == Approx(std::pow(0.7, 12)));
    CHECK_THROWS_WITH(
        discrete_influence<>(3, schedule, uniform_keys<>{6e300}),
        "cesaro::discrete_influence: sink = 6.0000000000000003e+300 must be at most 3.8981256045599992e+289");
}

TEST_CASE("rational matrices under a sink are exact") {
    const uniform_keys<rational> keys{rational(3, 7)};
    const Eigen::MatrixX<rational> matrix = influence_matrix(12, rational_hops, keys);
    for (Eigen::Index n = 0; n < 12; ++n) {
        const vector<rational> ones = vector<rational>::Constant(n + 1, rational(1));
        const dense_row<rational> dense(ones, running_totals(ones, keys.sink), rational_hops);
        for (Eigen::Index m = 0; m <= n; ++m)
            CHECK(matrix(n, m) == dense.entries[m]);
    }
}

TEST_CASE("long rows under keys, however they are cut") {
    const auto schedule = constant<double>(12, 0.3125);
    for (const double slope : {1e-5, 0.001, 0.3}) {
        const Eigen::Index tokens = 200000;
        const decaying_keys<> keys{slope};
        const discrete_influence<> d(tokens - 1, schedule, keys);
        const Eigen::VectorXd row = influence_row(tokens, schedule, keys);
        double worst = 0;
        for (Eigen::Index m = 0; m < tokens; m += 997)
            if (row[m] > 1e-290) worst = std::max(worst, std::abs(row[m] / pdf(d, m) - 1));
        CHECK(worst < 2e-13);
        CHECK(row[tokens - 1] == Approx(pdf(d, tokens - 1)).epsilon(2e-13));
    }
    Eigen::MatrixXd strided = Eigen::MatrixXd::Zero(3, 50);
    influence_row(schedule, strided.row(1), uniform_keys<>{2.0});
    CHECK(strided(1, 7) == influence_row(50, schedule, uniform_keys<>{2.0})[7]);
    Eigen::MatrixXd kept = Eigen::MatrixXd::Constant(5, 5, -1);
    influence_matrix(schedule, kept, uniform_keys<>{2.0}, upper_triangle::keep);
    CHECK(kept(0, 4) == -1);
    CHECK(kept(4, 0) == influence_row(5, schedule, uniform_keys<>{2.0})[0]);
}

TEST_CASE("bad keys are named") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    const auto schedule = constant<double>(3, 0.5);
    for (const double bad : {-1.0, nan, infinity}) {
        CHECK_THROWS_AS(discrete_influence<>(9, schedule, uniform_keys<>{bad}), std::domain_error);
        CHECK_THROWS_AS(discrete_influence<>(9, schedule, decaying_keys<>{bad}), std::domain_error);
        CHECK_THROWS_AS(discrete_influence<>(9, schedule, decaying_keys<>{1.0, bad}), std::domain_error);
        CHECK_THROWS_AS(weighted_keys<>(Eigen::VectorXd::Constant(10, bad)), std::domain_error);
        CHECK_THROWS_AS(weighted_keys<>(Eigen::VectorXd::Ones(10), bad), std::domain_error);
    }
    CHECK_THROWS_AS(discrete_influence<>(9, schedule, decaying_keys<>{1.0, 0.0}), std::domain_error);
    CHECK_THROWS_AS(weighted_keys<>(Eigen::VectorXd::Zero(10)), std::domain_error);
    CHECK_THROWS_AS(weighted_keys<>(Eigen::VectorXd::Constant(10, 1e308)), std::domain_error);
    CHECK_THROWS_WITH(weighted_keys<>(-Eigen::VectorXd::Ones(2)),
                      "cesaro::weighted_keys: weights[0] = -1 must be positive and finite");
    CHECK_THROWS_AS(discrete_influence<>(10, schedule, weighted_keys<>(Eigen::VectorXd::Ones(10))),
                    std::invalid_argument);
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(3);
    CHECK_THROWS_AS(weighted_keys<>::with_denominators(ones, Eigen::VectorXd::Ones(2)),
                    std::invalid_argument);
    CHECK_THROWS_AS(weighted_keys<>::with_denominators(ones, ones), std::domain_error);
    CHECK_THROWS_AS(discrete_influence<>(-1, schedule, uniform_keys<>{1.0}), std::domain_error);
    CHECK_THROWS_WITH(mode(discrete_influence<>(9, schedule, decaying_keys<>{1.0})),
                      "cesaro::mode(discrete_influence): keys = decaying must be uniform, without a sink");
    CHECK_THROWS_AS(summarize(discrete_influence<>(9, schedule, uniform_keys<>{1.0})), std::invalid_argument);
}

TEST_CASE("the examples of keys") {
    const cesaro::weighted_keys<> biased(Eigen::VectorXd::LinSpaced(1024, 1.0, 2.0), 0.5);
    const cesaro::discrete_influence<> row(1023, cesaro::mixing_schedule<>::constant(12, 0.3), biased);
    CHECK(row.total() + sink_influence(row) == Approx(1).epsilon(1e-14));
    const auto schedule = cesaro::mixing_schedule<>::constant(32, 0.3);
    const cesaro::discrete_influence<> alibi(131071, schedule, cesaro::decaying_keys<>{.slope = 0.01});
    CHECK(cdf(alibi, 65535) < 1e-200);
    const cesaro::discrete_influence deduced(9, schedule, cesaro::uniform_keys<>{.sink = 1.0});
    CHECK(deduced.total() < 1);
}
