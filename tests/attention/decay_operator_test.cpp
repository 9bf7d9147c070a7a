// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "laws/operators.hpp"

#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/full_operator.hpp>
#include <cesaro/attention/prefix_operator.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>

#include <cmath>
#include <utility>
#include <vector>

using cesaro::decay_operator;
using cesaro::decay_parameters;
using cesaro::unlimited_window;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<decay_operator<double>>);
static_assert(cesaro::attention_operator<decay_operator<float50>>);

namespace {

/// The definition, exponentials of the scores divided by their sum. cpp_bin_float_50 has exponents enough for
/// every score over temperature below, up to 1e6.
template <class Real>
dense50 dense_decay(Eigen::Index size, const decay_parameters<Real>& p) {
    std::vector<float50> weights;  // by distance
    for (Eigen::Index distance = 0; distance < size; ++distance) {
        const float50 score =
            distance == 0 ? float50(p.diagonal_score) : float50(-float50(p.slope) * distance);
        weights.push_back(exp(float50(score / float50(p.temperature))));
    }
    return normalised_rows(size, [&](Eigen::Index n, Eigen::Index m) {
        const bool seen = m <= n ? n - m < p.window : m < p.prefix;
        return seen ? weights[std::size_t(m < n ? n - m : m - n)] : float50(0);
    });
}

double worst_difference(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
    return (a - b).cwiseAbs().maxCoeff();
}

}  // namespace

TEMPLATE_TEST_CASE("distance decay is the product with its definition", "", float, double, long double,
                   float50) {
    using Real = TestType;
    for (const Eigen::Index size : {1, 2, 9, 40}) {
        for (const Eigen::Index window : {Eigen::Index(1), Eigen::Index(2), Eigen::Index(3), Eigen::Index(8),
                                          Eigen::Index(39), unlimited_window}) {
            for (const Eigen::Index prefix : {Eigen::Index(0), Eigen::Index(2), size}) {
                if (prefix > size) continue;
                const decay_parameters<Real> p{Real(3) / Real(10), Real(-1) / Real(7), Real(2), window,
                                               prefix};
                CAPTURE(size, window, prefix);
                CHECK(operator_error(decay_operator<Real>(size, p), dense_decay(size, p)) < 100);
            }
        }
    }
}

TEST_CASE("distance decay at every extreme of slope, score and temperature") {
    const Eigen::Index size = 48;
    double worst = 0;
    for (const double slope : {0.0, 1e-12, 0.004, 0.7, 30.0, 1000.0}) {
        for (const double diagonal_score : {-300.0, -1.0, 0.0, 300.0}) {
            for (const double temperature : {1e-3, 1.0, 1e3}) {
                for (const Eigen::Index window : {Eigen::Index(1), Eigen::Index(11), unlimited_window}) {
                    for (const Eigen::Index prefix : {Eigen::Index(0), size}) {
                        const decay_parameters<> p{slope, diagonal_score, temperature, window, prefix};
                        CAPTURE(slope, diagonal_score, temperature, window, prefix);
                        const double error = operator_error(decay_operator<>(size, p), dense_decay(size, p));
                        CHECK(error < 500);
                        worst = std::max(worst, error);
                    }
                }
            }
        }
    }
    CHECK(worst < 150);  // the measured bound of the doc comment
}

TEST_CASE("distance decay across chunks of rows, alike or not, with windows of all lengths") {
    const Eigen::Index size = 260;
    const std::pair<double, Eigen::Index> settings[] = {{0.01, 0}, {0.2, 0}, {3.0, 0}, {0.01, 200}};
    for (const Eigen::Index window : {Eigen::Index(2), Eigen::Index(100), Eigen::Index(129),
                                      Eigen::Index(259), Eigen::Index(260), unlimited_window}) {
        for (const auto& [slope, prefix] : settings) {
            const decay_parameters<> p{slope, 0.5, 1.0, window, prefix};
            CAPTURE(window, prefix, slope);
            CHECK(operator_error(decay_operator<>(size, p), dense_decay(size, p)) < 150);
        }
    }
}

TEST_CASE("slope 0 is uniform attention") {
    const Eigen::Index size = 400;
    const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(size, size);
    CHECK(worst_difference(decay_operator<>(size, {}).apply(identity),
                           cesaro::cesaro_operator<>(size).matrix()) < 1e-15);
    CHECK(worst_difference(decay_operator<>(size, {0, 0, 1, 130}).apply(identity),
                           cesaro::sliding_window_operator<>(size, 130).matrix()) < 1e-15);
    CHECK(worst_difference(decay_operator<>(size, {.prefix = 170}).apply(identity),
                           cesaro::prefix_operator<>(size, 170).matrix()) < 1e-15);
    CHECK(worst_difference(decay_operator<>(size, {.prefix = size}).apply(identity),
                           cesaro::full_operator<>(size).matrix()) < 1e-15);
}

TEST_CASE("rows sum to one in a long text") {
    const Eigen::Index size = 100000;
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(size);
    for (const double slope : {0.0, 1e-9, 1e-4, 0.5, 1000.0}) {
        for (const Eigen::Index window :
             {Eigen::Index(1), Eigen::Index(5), Eigen::Index(40000), unlimited_window}) {
            CAPTURE(slope, window);
            const decay_operator<> op(size, {slope, -300, 1e-3, window});
            CHECK((op.apply(ones) - ones).cwiseAbs().maxCoeff() < 1e-12);
            CHECK(std::abs(op.apply_transpose(ones).sum() - double(size)) < 1e-12 * double(size));
        }
    }
}

TEST_CASE("scores and temperatures beyond the range of double do not break a row") {
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(5);
    for (const double slope : {0.0, 5e-324, 1e308}) {
        for (const double diagonal_score : {-1e308, -5e-324, 1e308}) {
            for (const double temperature : {5e-324, 1.0, 1e308}) {
                const decay_operator<> op(5, {slope, diagonal_score, temperature});
                CAPTURE(slope, diagonal_score, temperature);
                CHECK((op.apply(ones) - ones).cwiseAbs().maxCoeff() < 1e-15);
            }
        }
    }
    const double most = std::numeric_limits<double>::max();
    for (const double slope : {0.4 * most, most}) {
        for (const double diagonal_score : {-most, most}) {
            const decay_parameters<> p{slope, diagonal_score, most};  // every quotient is of order 1
            CAPTURE(slope, diagonal_score);
            CHECK(operator_error(decay_operator<>(5, p), dense_decay(5, p)) < 150);
        }
    }
}

TEST_CASE("arguments of distance decay") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    check_arguments(decay_operator<>(23, {0.2, 1, 1, 5}));
    check_arguments(decay_operator<>(23, {.slope = 0.2, .prefix = 7}));
    CHECK(decay_operator<>(0, {0.5}).apply(Eigen::VectorXd(0)).size() == 0);
    CHECK(decay_operator<>(9, {.prefix = 4}).centre_size() == 4);
    CHECK_THROWS_AS(decay_operator<>(-1, {}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(4, {-0.1}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(4, {nan}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(4, {infinity}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(4, {0.1, nan}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(4, {0.1, infinity}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(4, {0.1, 0, 0}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(4, {0.1, 0, nan}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(4, {0.1, 0, infinity}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(4, {0.1, 0, 1, 0}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(4, {.prefix = 5}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(4, {.prefix = -1}), std::domain_error);
    CHECK_THROWS_AS(decay_operator<>(Eigen::Index(1) << 40, {}).matrix(), std::length_error);
}

TEST_CASE("the example of decay_operator") {
    const cesaro::decay_operator<> head(1000, {.slope = 0.25, .window = 256});
    const Eigen::VectorXd row = head.apply_transpose(Eigen::VectorXd::Unit(1000, 999));
    // row[998] / row[997] is e^0.25, and row[743] is 0
    CHECK(row[998] / row[997] == Approx(std::exp(0.25)).epsilon(1e-14));
    CHECK((row[743] == 0 && row[744] > 0));
}
