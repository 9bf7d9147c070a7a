// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/sensitivity.hpp>

#include <boost/math/differentiation/autodiff.hpp>

#include <cmath>

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
        const Eigen::VectorXd derivatives = pdf_sensitivity(d, m);
        const Eigen::VectorXd log_derivatives = logpdf_sensitivity(d, m);
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
        const auto derivatives = logpdf_sensitivity(discrete_influence<>(n, mixing_schedule<>(alphas)), m);
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
    const discrete_influence<rational> d(1, mixing_schedule<rational>(alphas));
    const auto derivatives = pdf_sensitivity(d, 0);
    CHECK(derivatives[0] == (1 - 2 * rational(1, 3)) / 2 + rational(3, 4) * rational(1, 3));
    CHECK(derivatives[1] == (1 - 2 * rational(1, 2)) / 2 + rational(3, 4) * rational(1, 2));
    const discrete_influence<> identity(4, mixing_schedule<>::attention_only(0));
    CHECK(pdf_sensitivity(identity, 4).size() == 0);
    CHECK(logpdf_sensitivity(identity, 2).size() == 0);
    const discrete_influence<> stay(4, mixing_schedule<>::constant(2, 0.0));
    CHECK(logpdf_sensitivity(stay, 2)[0] == std::numeric_limits<double>::infinity());
    CHECK_THROWS_AS(pdf_sensitivity(identity, 5), std::domain_error);
    CHECK_THROWS_AS(logpdf_sensitivity(identity, -1), std::domain_error);
}
