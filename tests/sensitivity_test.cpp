// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/sensitivity.hpp>

#include <boost/math/differentiation/autodiff.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

using cesaro::discrete_influence;
using cesaro::mixing_schedule;
using namespace cesaro_test;

namespace {

Eigen::VectorXd uneven_alphas(Eigen::Index depth) {
    Eigen::VectorXd alphas(depth);
    for (Eigen::Index l = 0; l < depth; ++l)
        alphas[l] = double((7 * l) % 9) / 8;
    return alphas;
}

}  // namespace

TEST_CASE("sensitivities are the derivatives of automatic differentiation") {
    using boost::math::differentiation::make_fvar;
    using variable = boost::math::differentiation::autodiff_fvar<double, 1>;
    const Eigen::VectorXd alphas = uneven_alphas(11);
    const Eigen::Index n = 500;
    for (const Eigen::Index m : {0, 3, 250, 499, 500}) {
        const discrete_influence<> d(n, mixing_schedule<>(alphas));
        const auto entries = cesaro::detail::power_entries<double>(n, m, alphas.size());
        const Eigen::VectorXd derivatives = pdf_sensitivity(n, mixing_schedule<>(alphas), m);
        const Eigen::VectorXd log_derivatives = logpdf_sensitivity(n, mixing_schedule<>(alphas), m);
        for (Eigen::Index l = 0; l < alphas.size(); ++l) {
            Eigen::VectorX<variable> variables = alphas.cast<variable>();
            variables[l] = make_fvar<double, 1>(alphas[l]);
            const auto w = cesaro::detail::poisson_binomial<variable>(variables);
            variable p = 0.0;
            for (Eigen::Index k = 0; k < w.size(); ++k)
                p += w[k] * entries[std::size_t(k)];
            CAPTURE(m, l);
            CHECK(derivatives[l] == Approx(p.derivative(1)).epsilon(1e-11).margin(1e-16));
            CHECK(log_derivatives[l] == Approx(p.derivative(1) / pdf(d, m)).epsilon(1e-11).margin(1e-13));
        }
    }
}

TEST_CASE("sensitivities are difference quotients, also where the entry underflows") {
    // In 100 digits, where a step of 1e-30 loses nothing; logpdf there is near -2800.
    Eigen::VectorXd alphas = Eigen::VectorXd::Constant(100, 0.75);
    alphas[3] = 0.25;
    const Eigen::Index n = Eigen::Index(1) << 50;
    const Eigen::Index m = n - 2;
    for (const double last : {1.0, 0.5}) {
        alphas[0] = last;
        alphas.tail(90).setConstant(1);  // at least 90 hops: the entry is below 1e-1000
        const auto derivatives = logpdf_sensitivity(n, mixing_schedule<>(alphas), m);
        CHECK(pdf(discrete_influence<>(n, mixing_schedule<>(alphas)), m) == 0);
        for (const Eigen::Index l : {0, 3, 7, 99}) {
            const float100 step("1e-30");
            Eigen::VectorX<float100> moved = alphas.cast<float100>();
            const float100 before =
                logpdf(discrete_influence<float100>(n, mixing_schedule<float100>(moved)), m);
            moved[l] -= step;
            const float100 after =
                logpdf(discrete_influence<float100>(n, mixing_schedule<float100>(moved)), m);
            const double quotient = static_cast<double>(float100((before - after) / step));
            CAPTURE(last, l);
            // A layer that certainly attends has a derivative of e^{+30} when staying is so much likelier.
            CHECK(derivatives[l] == Approx(quotient).epsilon(1e-11));
        }
    }
}

TEST_CASE("sensitivities of rationals are exact, and of the identity empty") {
    Eigen::VectorX<rational> alphas(2);
    alphas << rational(1, 2), rational(1, 3);
    // Two tokens, p(0|1) = w_1 / 2 + w_2 3/4 with w_1 = a + b - 2ab, w_2 = ab.
    const auto derivatives = pdf_sensitivity(1, mixing_schedule<rational>(alphas), 0);
    CHECK(derivatives[0] == (1 - 2 * rational(1, 3)) / 2 + rational(3, 4) * rational(1, 3));
    CHECK(derivatives[1] == (1 - 2 * rational(1, 2)) / 2 + rational(3, 4) * rational(1, 2));
    const mixing_schedule<> identity{};
    CHECK(pdf_sensitivity(4, identity, 4).size() == 0);
    CHECK(logpdf_sensitivity(4, identity, 2).size() == 0);
    CHECK(logpdf_sensitivity(4, mixing_schedule<>{0.0, 0.0}, 2)[0] ==
          std::numeric_limits<double>::infinity());
}

TEST_CASE("sensitivities at depth 150 within 3e-14 of the larger of the two entries") {
    double worst = 0;
    for (const double most : {0.3, 0.99}) {
        const Eigen::VectorXd alphas = uneven_alphas(150) * most;
        for (const std::int64_t n : {std::int64_t(1000), std::int64_t(1) << 60}) {
            for (const std::int64_t m : {std::int64_t(0), n / 1000, n / 2, n - 3, n}) {
                const Eigen::VectorXd derivatives = pdf_sensitivity(n, mixing_schedule<>(alphas), m);
                for (const Eigen::Index l : {0, 70}) {
                    // By the definition: the entries without layer l, and with l attending for certain.
                    Eigen::VectorX<float50> others(149);
                    others << alphas.head(l).cast<float50>(), alphas.tail(149 - l).cast<float50>();
                    const mixing_schedule<float50> rest(others);
                    const float50 absent = pdf(discrete_influence<float50>(n, rest), m);
                    const mixing_schedule<float50> attend{float50(1)};
                    const float50 attending = pdf(discrete_influence<float50>(n, rest * attend), m);
                    const float50 larger = attending > absent ? attending : absent;
                    if (larger < float50("1e-290")) continue;
                    const float50 error = abs(float50(derivatives[l] - (attending - absent))) / larger;
                    worst = std::max(worst, double(error));
                }
            }
        }
    }
    CAPTURE(worst);
    CHECK(worst < 3e-14);
    CHECK(worst > 0);  // doubles were compared with what they stand for
}

TEST_CASE("queries and sources out of range are named by the function called") {
    const mixing_schedule<> schedule{0.5, 0.25};
    CHECK_THROWS_WITH(pdf_sensitivity(4, schedule, 5),
                      "cesaro::pdf_sensitivity: source = 5 must lie in [0, query], query = 4");
    CHECK_THROWS_WITH(logpdf_sensitivity(4, schedule, -1),
                      "cesaro::logpdf_sensitivity: source = -1 must lie in [0, query], query = 4");
    CHECK_THROWS_WITH(pdf_sensitivity(-1, schedule, 0),
                      "cesaro::pdf_sensitivity: query = -1 must lie in [0, 2^62]");
    CHECK_THROWS_WITH(logpdf_sensitivity(-1, schedule, 0),
                      "cesaro::logpdf_sensitivity: query = -1 must lie in [0, 2^62]");
}

TEST_CASE("the example of pdf_sensitivity") {
    const cesaro::mixing_schedule<> schedule{0.3, 0.2, 0.4};
    const Eigen::VectorXd slopes = cesaro::pdf_sensitivity(1023, schedule, 500);
    CHECK(slopes.size() == 3);
}
