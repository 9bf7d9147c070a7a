// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/cesaro_operator.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/influence_row.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

using cesaro::hop_law;
using cesaro::mixing_schedule;
using namespace cesaro_test;

namespace {

/// Coefficients of a polynomial in the operator, multiplied by hand.
using polynomial = std::vector<rational>;

polynomial product(const polynomial& a, const polynomial& b) {
    polynomial c(a.size() + b.size() - 1, rational(0));
    for (std::size_t k = 0; k < c.size(); ++k) {
        for (std::size_t i = 0; i <= k; ++i)
            if (i < a.size() && k - i < b.size()) c[k] += a[i] * b[k - i];
    }
    return c;
}

bool has_weights(const hop_law<rational>& law, const polynomial& w) {
    const Eigen::VectorX<rational> weights = law.weights();
    return std::equal(weights.begin(), weights.end(), w.begin(), w.end());
}

Eigen::VectorX<rational> sequence(Eigen::Index size) {
    Eigen::VectorX<rational> x(size);
    for (Eigen::Index i = 0; i < size; ++i)
        x[i] = rational(1 + i * i * i) / rational(3 + i);
    return x;
}

Eigen::VectorX<rational> combination(const rational& a, const Eigen::VectorX<rational>& x, const rational& b,
                                     const Eigen::VectorX<rational>& y) {
    Eigen::VectorX<rational> z(x.size());
    for (Eigen::Index i = 0; i < x.size(); ++i)
        z[i] = a * x[i] + b * y[i];
    return z;
}

/// sum_k w_k M^k x
Eigen::VectorX<rational> applied(const hop_law<rational>& law, const Eigen::VectorX<rational>& x) {
    const cesaro::cesaro_operator<rational> m(x.size());
    Eigen::VectorX<rational> power = x;
    Eigen::VectorX<rational> sum = combination(rational(0), x, rational(0), x);
    for (const rational& weight : law.weights()) {
        sum = combination(rational(1), sum, weight, power);
        power = m.apply(power);
    }
    return sum;
}

bool same(const Eigen::VectorX<rational>& a, const Eigen::VectorX<rational>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

TEST_CASE("a hop law from an Eigen vector, a range or a braced list") {
    const std::vector<double> list{0.5, 0.25, 0.25};
    const hop_law<> law{0.5, 0.25, 0.25};
    CHECK(law.max_hops() == 2);
    CHECK(law.weights() == Eigen::Vector3d(0.5, 0.25, 0.25));
    CHECK(law.total() == 1);
    CHECK(law.mean() == 0.75);
    CHECK(law == hop_law<>(list));
    CHECK(law == hop_law<>(std::span<const double>(list)));
    CHECK(law == hop_law<>(std::array{0.5, 0.25, 0.25}));
    CHECK(law == hop_law<>(Eigen::VectorXd(Eigen::Vector3d(0.5, 0.25, 0.25))));
    CHECK(law == hop_law<>(Eigen::Vector3d(1, 0.5, 0.5) / 2));
    CHECK_FALSE(law == hop_law<>{0.5, 0.5});
    CHECK_FALSE(law == hop_law<>{0.5, 0.25, 0.25, 0.0});
    CHECK_FALSE(law == hop_law<>{0.5, 0.25, 0.125});
    // Class template arguments are deduced.
    STATIC_REQUIRE(std::is_same_v<decltype(hop_law{0.5f, 0.5f}), hop_law<float>>);
    STATIC_REQUIRE(std::is_same_v<decltype(hop_law(list)), hop_law<double>>);
    STATIC_REQUIRE(std::is_same_v<decltype(hop_law(mixing_schedule<float>{})), hop_law<float>>);
    STATIC_REQUIRE(std::is_same_v<decltype(hop_law(law)), hop_law<double>>);
    STATIC_REQUIRE(std::is_same_v<decltype(hop_law(Eigen::Vector2f(1, 1) / 2)), hop_law<float>>);
    // A schedule converts; numbers, which might be coefficients, do so only by name.
    STATIC_REQUIRE(std::is_convertible_v<mixing_schedule<>, hop_law<>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::vector<double>, hop_law<>>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<Eigen::VectorXd, hop_law<>>);
    STATIC_REQUIRE(cesaro::has_hop_law<mixing_schedule<float50>>);
    STATIC_REQUIRE(cesaro::has_hop_law<hop_law<rational>>);
    STATIC_REQUIRE_FALSE(cesaro::has_hop_law<Eigen::VectorXd>);
    STATIC_REQUIRE_FALSE(cesaro::has_hop_law<std::vector<double>>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<hop_law<>, const char*>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<hop_law<>, mixing_schedule<float>>);
}

TEST_CASE("networks one after the other multiply: a convolution, exactly in rationals") {
    const polynomial a{rational(1, 2), rational(0), rational(1, 3), rational(1, 6)};
    const polynomial b{rational(2, 5), rational(3, 7)};  // some of it is lost
    const hop_law<rational> first(a);
    const hop_law<rational> second(b);
    CHECK(has_weights(first * second, product(a, b)));
    CHECK(has_weights(second * first, product(a, b)));
    CHECK((first * second).total() == rational(29, 35));
    CHECK((first * second).mean() == first.mean() * second.total() + second.mean() * first.total());
    CHECK(first * hop_law<rational>{rational(1)} == first);
}

TEST_CASE("the law of a schedule is Poisson-binomial: a sum over all sets of layers") {
    const std::vector<rational> alphas{rational(1, 2), rational(1, 3), rational(0),
                                       rational(1, 5), rational(1),    rational(2, 7)};
    polynomial w(alphas.size() + 1, rational(0));
    for (unsigned set = 0; set < 1u << alphas.size(); ++set) {
        rational probability = 1;
        std::size_t hops = 0;
        for (std::size_t l = 0; l < alphas.size(); ++l) {
            const bool attends = (set >> l & 1) != 0;
            probability *= attends ? alphas[l] : rational(1 - alphas[l]);
            hops += attends ? 1 : 0;
        }
        w[hops] += probability;
    }
    const mixing_schedule<rational> schedule(alphas);
    CHECK(has_weights(schedule, w));
    CHECK(has_weights(hop_law<rational>(schedule.hop_distribution()), w));
    CHECK(hop_law<rational>(schedule).total() == 1);
    const rational mean = rational(1, 2) + rational(1, 3) + rational(1, 5) + 1 + rational(2, 7);
    CHECK(hop_law<rational>(schedule).mean() == mean);
    // Schedules one after the other.
    const mixing_schedule<rational> below{rational(1, 4), rational(3, 4)};
    CHECK(hop_law<rational>(schedule * below) == hop_law<rational>(schedule) * below);
    const mixing_schedule<> a{0.3, 0.2, 0.7};
    const mixing_schedule<> b{0.9, 0.1};
    const Eigen::VectorXd together = hop_law<>(a * b).weights();
    const Eigen::VectorXd one_by_one = (hop_law<>(a) * b).weights();
    CHECK((together - one_by_one).cwiseAbs().maxCoeff() < 1e-16);
}

TEST_CASE("a value residual is a hop law that no schedule has") {
    // x <- (1-a) x + a M (p x + (1-p) x_0), all in rationals, against its polynomial in M.
    const rational a(2, 5), p(3, 4);
    const Eigen::VectorX<rational> x0 = sequence(9);
    const cesaro::cesaro_operator<rational> m(x0.size());
    Eigen::VectorX<rational> x = x0;
    polynomial w{rational(1)};
    for (int layer = 0; layer < 4; ++layer) {
        x = combination(1 - a, x, a, m.apply(combination(p, x, 1 - p, x0)));
        polynomial next(w.size() + 1, rational(0));
        for (std::size_t k = 0; k < w.size(); ++k) {
            next[k] += (1 - a) * w[k];
            next[k + 1] += a * p * w[k];
        }
        next[1] += a * (1 - p);
        w = next;
    }
    const hop_law<rational> law(w);
    CHECK(law.total() == 1);
    CHECK(same(applied(law, x0), x));
}

TEST_CASE("the mean over depth hops as often as records are set") {
    // x_{l+1} is the mean of v_1 .. v_l and of what entered, v_l = M x_l:  w(z) = prod_l (l + z) / (l + 1).
    const Eigen::VectorX<rational> x1 = sequence(7);
    const cesaro::cesaro_operator<rational> m(x1.size());
    const int depth = 6;
    Eigen::VectorX<rational> sum = x1;
    Eigen::VectorX<rational> x = x1;
    std::vector<rational> coefficients;
    polynomial w{rational(1)};
    for (int l = 1; l < depth; ++l) {
        sum = combination(rational(1), sum, rational(1), m.apply(x));
        x = combination(rational(1, l + 1), sum, rational(0), sum);
        w = product(w, {rational(l, l + 1), rational(1, l + 1)});
        coefficients.push_back(rational(1, l + 1));
    }
    const hop_law<rational> law(w);
    CHECK(law == hop_law<rational>(mixing_schedule<rational>(coefficients)));
    CHECK(same(applied(law, x1), x));
    // Stirling numbers of the first kind, (6; 1 .. 6), over 6!; harmonic mean number of hops.
    CHECK(has_weights(law, {rational(120, 720), rational(274, 720), rational(225, 720), rational(85, 720),
                            rational(15, 720), rational(1, 720)}));
    CHECK(law.mean() == rational(1, 2) + rational(1, 3) + rational(1, 4) + rational(1, 5) + rational(1, 6));
}

TEST_CASE("weights below the least double are there") {
    const hop_law<> law(mixing_schedule<>::constant(3000, 0.5));
    CHECK(law.weights()[0] == 0);
    const auto scaled = law.weights_as<cesaro::detail::scaled<double>>();
    CHECK(log(scaled[0]) == Approx(3000 * std::log(0.5)).epsilon(1e-14));
    CHECK(log(scaled[3000]) == Approx(3000 * std::log(0.5)).epsilon(1e-14));
    CHECK(law.mean() == Approx(1500).epsilon(1e-13));
    CHECK_FALSE(law == hop_law<>(law.weights()));
    CHECK(law == hop_law<>(mixing_schedule<>::constant(3000, 0.5)));
}

TEMPLATE_TEST_CASE("layers that differ, in twice the precision wherever their weights lie", "", double,
                   long double) {
    using Real = TestType;
    using Word = cesaro::detail::double_word<Real>;
    const auto check = [](const std::vector<Real>& alphas) {
        std::vector<float100> exact{1};
        for (const Real alpha : alphas) {
            exact.push_back(0);
            for (std::size_t k = exact.size() - 1; k > 0; --k)
                exact[k] = (1 - float100(alpha)) * exact[k] + float100(alpha) * exact[k - 1];
            exact[0] *= 1 - float100(alpha);
        }
        const hop_law<Real> law{mixing_schedule<Real>(alphas)};
        const auto w = law.template weights_as<cesaro::detail::scaled<Word>>();
        double worst = 0;
        for (std::size_t k = 0; k < exact.size(); ++k) {
            auto near_one = w[Eigen::Index(k)];
            CHECK((near_one > 0) == (exact[k] > 0));
            if (exact[k] == 0) continue;
            int exponent = 0;
            const float100 right = frexp(exact[k], &exponent);
            for (int step = 0; exponent < 0; exponent += step) {
                step = std::min(-exponent, 400);
                near_one *= cesaro::detail::scaled<Word>(Word(std::ldexp(Real(1), step)));
            }
            const auto word = static_cast<Word>(near_one);
            const float100 value = ldexp(float100(word.high()) + float100(word.low()), -exponent);
            worst = std::max(worst, static_cast<double>(abs(float100(value / right - 1))));
        }
        CHECK(worst < double(alphas.size()) * std::ldexp(1.0, 4 - 2 * std::numeric_limits<Real>::digits));
    };
    const auto mixed = [](int depth, double least, double most) {
        std::vector<Real> alphas;
        for (int l = 0; l < depth; ++l)
            alphas.push_back(Real(least * std::pow(most / least, double((7 * l) % depth) / depth)));
        return alphas;
    };
    check(mixed(2, 0.25, 0.5));
    check(mixed(24, 0.05, 0.5));
    check(mixed(126, 0.01, 0.9));
    check(mixed(400, 0.3, 0.999));    // leaves the range of double half way
    check(mixed(60, 1e-12, 1e-6));    // and soon
    check(mixed(7, 1e-300, 1e-299));  // and at once
    std::vector<Real> ends = mixed(30, 0.1, 0.4);
    ends.insert(ends.begin() + 7, {Real(0), Real(1), Real(0.5), Real(0), Real(1), Real(0.5), Real(0.5)});
    check(ends);
    check({Real(0), Real(0.25)});
    check({Real(1), Real(0.25)});
    check({Real(0), Real(0), Real(1)});
}

TEST_CASE("a law that loses mass, and the law given that none is lost") {
    const hop_law<> law{0.25, 0.0, 0.25};
    CHECK(law.total() == 0.5);
    CHECK(law.mean() == 0.5);
    CHECK(law.normalized() == hop_law<>{0.5, 0.0, 0.5});
    CHECK(law.normalized().total() == 1);
    CHECK((law * law).total() == 0.25);
    CHECK_THROWS_WITH(hop_law<>({0.0, 0.0}).normalized(),
                      "cesaro::hop_law::normalized: total = 0 must be positive");
    // Sums within rounding of 1 are 1.
    CHECK(hop_law<>(Eigen::VectorXd::Constant(10, 0.1)).total() == 1);
    CHECK(hop_law<>{0.5, 0.5 + 1e-16}.total() == 1);
    CHECK(hop_law<>{0.5, 0.5 - 1e-12}.total() == 1 - 1e-12);
}

TEST_CASE("what is no law of hops is refused by name") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH((hop_law<>{0.5, -0.125}), "cesaro::hop_law: weights[1] = -0.125 must be at least 0");
    CHECK_THROWS_WITH((hop_law<>{nan, 1.0}), "cesaro::hop_law: weights[0] = nan must be at least 0");
    CHECK_THROWS_WITH((hop_law<>{0.5, 0.625}),
                      "cesaro::hop_law: the sum of the weights = 1.125 must be at most 1");
    CHECK_THROWS_AS((hop_law<>{0.5, 0.5 + 1e-12}), std::domain_error);
    CHECK_THROWS_AS((hop_law<>{0.5, infinity}), std::domain_error);
    CHECK_THROWS_AS((hop_law<rational>{rational(1, 2), rational(1, 2), rational(1, 1000000000)}),
                    std::domain_error);
    CHECK_THROWS_WITH(hop_law<>(Eigen::VectorXd()), "cesaro::hop_law: weights.size() = 0 must be at least 1");
    CHECK_THROWS_AS(hop_law<>(std::vector<double>{}), std::invalid_argument);
}

TEST_CASE("the examples of hop_law and mixing_schedule") {
    const cesaro::hop_law<> skipping{0.5, 0.0, 0.5};
    const cesaro::mixing_schedule<> residual{0.3, 0.2};
    const cesaro::discrete_influence<> row(1000, skipping * residual);
    CHECK(mean(row) == Approx(1000 * 0.625 * 0.85 * 0.9));
    const cesaro::mixing_schedule<> schedule{0.3, 0.2, 0.2, 0.1};
    const Eigen::VectorXd influence = cesaro::influence_row(1024, schedule);
    CHECK(influence.sum() == Approx(1));
}
