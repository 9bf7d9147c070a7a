// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "dense_power.hpp"
#include "scalars.hpp"

#include <cesaro/attention/rollout.hpp>
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/peer_formulas.hpp>

#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/binomial.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace cesaro;
using namespace cesaro_test;

TEST_CASE("the retrieval profile and its critical depth are the published ones") {
    // lambda = 1, M = 8, 20 terms.
    CHECK(retrieval_critical_time(retrieval_parameters<>{.inverse_temperature = 1}) ==
          Approx(2.45748898032826).epsilon(1e-13));
    CHECK(retrieval_critical_time(retrieval_parameters<>{.inverse_temperature = 2}) ==
          Approx(0.600716224276679).epsilon(1e-13));
    CHECK(retrieval_critical_time(retrieval_parameters<>{.inverse_temperature = 3}) ==
          Approx(0.174018393868703).epsilon(1e-13));
    const retrieval_parameters<> p;
    CHECK(retrieval_profile(p, 0.25, 0.500601) == Approx(0.264452093107007).epsilon(1e-13));
    CHECK(retrieval_profile(p, 0.5, 0.500601) == Approx(0.562096942552148).epsilon(1e-13));
    CHECK(retrieval_profile(p, 1.0, 0.500601) == Approx(1.26582062777002).epsilon(1e-13));
}

TEST_CASE("the retrieval profile by its Bessel functions") {
    for (const double beta : {0.3, 1.0, 4.0}) {
        for (const double slope : {0.1, 1.0, 12.0}) {
            const retrieval_parameters<> p{
                .inverse_temperature = beta, .slope = slope, .width = 3, .terms = 9};
            for (const double time : {0.01, 0.5, 3.0}) {
                for (const double x : {0.01, 0.5, 0.99}) {
                    const float50 u =
                        log(float50(expm1(float50(slope)) / expm1(float50(float50(slope) * x))));
                    float50 sum = 0;
                    for (int n = 1; n <= 9; ++n) {
                        const float50 a = n * n * boost::math::cyl_bessel_i(n, float50(beta)) * time;
                        const float50 ratio = boost::math::constants::pi<float50>() * n / 3;
                        sum += exp(float50(-ratio * ratio / 2)) * sqrt(float50(a / u)) *
                               boost::math::cyl_bessel_i(1, float50(2 * sqrt(float50(a * u))));
                    }
                    sum *= slope * exp(float50(float50(slope) * x)) / expm1(float50(slope));
                    CAPTURE(beta, slope, time, x);
                    CHECK(retrieval_profile(p, time, x) == Approx(double(sum)).epsilon(1e-13));
                    CHECK(log_retrieval_profile(p, time, x) ==
                          Approx(double(float50(log(sum)))).epsilon(1e-13).margin(1e-13));
                }
            }
        }
    }
    // I_1 overflows at 713.
    const retrieval_parameters<> p{.inverse_temperature = 5};
    CHECK(std::isinf(retrieval_profile(p, 4000.0, 0.1)));
    CHECK(log_retrieval_profile(p, 4000.0, 0.1) > 1000);
    CHECK(log_retrieval_profile(p, 4000.0, 0.1) < 1e5);
}

TEST_CASE("retrieval at the ends of its parameters") {
    const auto critical = [](double beta, double width) {
        float50 first = 0;
        float50 second = 0;
        for (int n = 1; n <= 20; ++n) {
            const float50 a = n * n * boost::math::cyl_bessel_i(n, float50(beta));
            const float50 ratio = boost::math::constants::pi<float50>() * n / width;
            first += exp(float50(-ratio * ratio / 2)) * a;
            second += exp(float50(-ratio * ratio / 2)) * a * a;
        }
        return double(float50(-2 * expm1(float50(-1)) * first / second));
    };
    for (const double beta : {1e-200, 1.0, 400.0})
        for (const double width : {0.05, 8.0, 1e10})
            CHECK(retrieval_critical_time(
                      retrieval_parameters<>{.inverse_temperature = beta, .width = width}) ==
                  Approx(critical(beta, width)).epsilon(1e-13));
    const retrieval_parameters<> hot{.inverse_temperature = 720};
    CHECK_THROWS_AS(retrieval_critical_time(hot), std::domain_error);
    CHECK_THROWS_AS(retrieval_profile(hot, 1, 0.5), std::domain_error);
    const auto logarithm = [](double beta, double width, double time, double x, double slope = 1) {
        const float50 lambda = slope;
        const float50 u = log(float50(expm1(lambda) / expm1(float50(lambda * x))));
        float50 sum = 0;
        for (int n = 1; n <= 20; ++n) {
            const float50 a = n * n * boost::math::cyl_bessel_i(n, float50(beta)) * time;
            const float50 ratio = boost::math::constants::pi<float50>() * n / width;
            sum += exp(float50(-ratio * ratio / 2)) * sqrt(float50(a / u)) *
                   boost::math::cyl_bessel_i(1, float50(2 * sqrt(float50(a * u))));
        }
        return double(float50(log(float50(sum * lambda * exp(float50(lambda * x)) / expm1(lambda)))));
    };
    for (const double beta : {1.0, 13.0, 15.0, 22.0})
        for (const double width : {0.05, 8.0})
            for (const double time : {0.01, 3.0}) {
                const retrieval_parameters<> p{.inverse_temperature = beta, .width = width};
                const double right = logarithm(beta, width, time, 0.5);
                CAPTURE(beta, width, time);
                CHECK(log_retrieval_profile(p, time, 0.5) == Approx(right).epsilon(1e-13));
                CHECK(retrieval_profile(p, time, 0.5) ==
                      Approx(std::exp(right)).epsilon(1e-12 * std::abs(right)));
            }
    // Slopes so small that nothing decays, on which the clock's own formula would be 0 over 0.
    for (const double slope : {1e-320, 5e-324, 1e-300})
        for (const double x : {0.5, 0.999})
            CHECK(log_retrieval_profile(retrieval_parameters<>{.slope = slope}, 1, x) ==
                  Approx(logarithm(1, 8, 1, x, 1e-25)).epsilon(1e-13));
    // Positions next to 0 and a time that splitting into halves overflows.
    for (const double x : {1e-301, 5e-324})
        CHECK(log_retrieval_profile(retrieval_parameters<>{}, 1, x) ==
              Approx(logarithm(1, 8, 1, x)).epsilon(1e-13));
    // At x = 1, where u = 0, the mode a_n t is all that is left of its Bessel function.
    double rates = 0;
    for (int n = 1; n <= 20; ++n)
        rates += std::exp(-std::pow(boost::math::constants::pi<double>() * n / 8, 2) / 2) * n * n *
                 boost::math::cyl_bessel_i(n, 3.0);
    CHECK(log_retrieval_profile(retrieval_parameters<>{.inverse_temperature = 3, .slope = 12}, 1e300, 1) ==
          Approx(std::log(rates) + std::log(1e300) + std::log(12 / -std::expm1(-12.0))).epsilon(1e-13));
}

TEST_CASE("at the critical depth the profile is level at the query") {
    const retrieval_parameters<float50> p{.inverse_temperature = float50(2)};
    const float50 critical = retrieval_critical_time(p);
    const float50 step = float50(1) / 100000;
    const auto rise = [&](const float50& time) {
        return double(
            float50((retrieval_profile(p, time, float50(1)) - retrieval_profile(p, time, float50(1 - step))) /
                    (step * retrieval_profile(p, time, float50(1)))));
    };
    CHECK(rise(critical / 2) > 0.1);
    CHECK(std::abs(rise(critical)) < 1e-3);
    CHECK(rise(2 * critical) < -0.1);
}

TEST_CASE("the bound on over-squashing is a sum over the powers of the mask") {
    const int depth = 5;
    const double beta = 1.75;
    const Eigen::MatrixXd m = cesaro_operator<>(12).matrix();
    Eigen::MatrixXd power = Eigen::MatrixXd::Identity(12, 12);
    Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(12, 12);
    for (unsigned k = 0; k <= unsigned(depth); ++k) {
        sum += boost::math::binomial_coefficient<double>(unsigned(depth), k) * std::pow(beta, -double(k)) *
               power;
        power = (power * m).eval();
    }
    for (std::int64_t n : {0, 5, 11})
        for (std::int64_t j = 0; j <= n; ++j)
            CHECK(over_squashing_bound(n, j, depth, beta) == Approx(sum(n, j)).epsilon(1e-13));
    CHECK(over_squashing_bound(3, 1, 0, 2.0) == 0);
    CHECK_THROWS_AS(over_squashing_bound(3, 4, 1, 2.0), std::domain_error);
    CHECK_THROWS_AS(over_squashing_bound(3, 1, 1, 0.0), std::domain_error);
    CHECK_THROWS_AS(over_squashing_bound(-1, 0, 1, 2.0), std::domain_error);
}

TEST_CASE("the bound of the query on itself, whatever beta") {
    for (const std::int64_t query : {std::int64_t(0), std::int64_t(999), std::int64_t(1) << 62})
        for (const double beta : {1e-18, 1e-10, 0.5, 3.0, 1e18})
            for (const int depth : {0, 1, 12, 80}) {
                const float50 right = pow(float50(1 + 1 / (float50(beta) * (float50(query) + 1))), depth);
                CHECK(over_squashing_bound(query, query, depth, beta) ==
                      Approx(static_cast<double>(right)).epsilon(1e-13));
            }
}

TEST_CASE("of uniform attention the receptive field is all there is") {
    const std::vector<any_operator<>> layers(4, cesaro_operator<>(50));
    const std::vector<double> lambdas(4, 0.3);
    const Eigen::VectorXd measured = rollout_row(layers, lambdas);
    const auto schedule = mixing_schedule<>::constant(4, 0.3);
    const Eigen::VectorXd ratio = receptive_field_correction(measured, schedule);
    for (const double r : ratio)
        CHECK(r == Approx(1).epsilon(1e-13));
    const Eigen::VectorXd half = receptive_field_correction(0.5 * measured, schedule);
    CHECK(half[7] == Approx(0.5).epsilon(1e-13));
    const auto still = mixing_schedule<>::constant(4, 0.0);
    CHECK(receptive_field_correction(Eigen::VectorXd::Unit(3, 2), still) == Eigen::VectorXd::Unit(3, 2));
    CHECK_THROWS_AS(receptive_field_correction(Eigen::VectorXd::Ones(3), still), std::domain_error);
    CHECK_THROWS_AS(receptive_field_correction(-Eigen::VectorXd::Ones(3), schedule), std::domain_error);
}

TEST_CASE("where distance decay looks most") {
    for (const double slope : {0.01, 0.3, 2.0}) {
        for (const Eigen::Index layers : {1, 7, 40}) {
            const double real = distance_decay_maximum(layers, slope);
            const auto best = std::int64_t(real);
            const auto weight = [&](std::int64_t d) {
                return std::lgamma(double(layers + d) + 1) - std::lgamma(double(d) + 1) - slope * double(d);
            };
            CAPTURE(slope, layers);
            CHECK(weight(best) >= weight(best + 1) - 1e-9);
            if (best > 0) CHECK(weight(best) >= weight(best - 1) - 1e-9);
            // The mode of layers + 1 hops far from the first tokens.
            Eigen::VectorXd w = Eigen::VectorXd::Zero(layers + 2);
            w[layers + 1] = 1;
            const discrete_influence<> d(1000000, hop_law<>(w), decaying_keys<>{slope});
            CHECK(pdf(d, 1000000 - best) >= pdf(d, 1000000 - best - 1) * (1 - 1e-12));
            if (best > 0) CHECK(pdf(d, 1000000 - best) >= pdf(d, 1000000 - best + 1) * (1 - 1e-12));
        }
    }
    CHECK_THROWS_AS(distance_decay_maximum(3, 0.0), std::domain_error);
    CHECK_THROWS_AS(distance_decay_maximum(-1, 1.0), std::domain_error);
}

TEST_CASE("parameters of the retrieval profile are named") {
    CHECK_THROWS_AS(log_retrieval_profile(retrieval_parameters<>{.slope = 1.7e308}, 1, 0.5),
                    std::domain_error);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(retrieval_critical_time(retrieval_parameters<>{.inverse_temperature = 0.0}),
                    std::domain_error);
    CHECK_THROWS_AS(retrieval_critical_time(retrieval_parameters<>{.slope = nan}), std::domain_error);
    CHECK_THROWS_AS(retrieval_critical_time(retrieval_parameters<>{.width = -1}), std::domain_error);
    CHECK_THROWS_AS(retrieval_critical_time(retrieval_parameters<>{.terms = 0}), std::domain_error);
    const retrieval_parameters<> p;
    CHECK_THROWS_AS(retrieval_profile(p, 0.0, 0.5), std::domain_error);
    CHECK_THROWS_AS(retrieval_profile(p, 1.0, 0.0), std::domain_error);
    CHECK_THROWS_WITH(log_retrieval_profile(p, 1.0, 1.5),
                      "cesaro::log_retrieval_profile: x = 1.5 must lie in (0, 1]");
}
