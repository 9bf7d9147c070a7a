// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "laws/operators.hpp"

#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/weighted_mean_operator.hpp>
#include <cesaro/cesaro_operator.hpp>

#include <limits>

using cesaro::weighted_mean_operator;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<weighted_mean_operator<double>>);
static_assert(cesaro::attention_operator<weighted_mean_operator<rational>>);

namespace {

template <class Real>
Eigen::VectorX<Real> some_weights(Eigen::Index size) {
    Eigen::VectorX<Real> g(size);
    for (Eigen::Index m = 0; m < size; ++m)
        g[m] = Real(int(1 + (5 * m * m) % 7)) / Real(int(1 + m % 3));
    return g;
}

}  // namespace

TEMPLATE_TEST_CASE("weighted means are the product with their definition", "", float, double, long double,
                   float50) {
    using Real = TestType;
    for (const Eigen::Index size : {1, 2, 30}) {
        for (const int sink : {0, 3, 1000000}) {
            const Eigen::VectorX<Real> g = some_weights<Real>(size);
            dense50 dense = dense50::Zero(size, size);
            float50 total = sink;
            for (Eigen::Index n = 0; n < size; ++n) {
                total += float50(g[n]);
                for (Eigen::Index m = 0; m <= n; ++m)
                    dense(n, m) = float50(g[m]) / total;
            }
            CHECK(operator_error(weighted_mean_operator<Real>(g, Real(sink)), dense) < 2 * double(size) + 6);
        }
    }
}

TEST_CASE("equal weights are the Cesàro matrix, exponential ones distance decay") {
    const Eigen::VectorX<rational> ones = Eigen::VectorX<rational>::Constant(9, rational(1, 3));
    CHECK(same_matrix(weighted_mean_operator<rational>(ones), cesaro::cesaro_operator<rational>(9)));
    check_exact(weighted_mean_operator<rational>(some_weights<rational>(9)));
    Eigen::VectorXd powers(20);
    for (Eigen::Index m = 0; m < 20; ++m)
        powers[m] = std::exp(0.25 * double(m));
    const Eigen::MatrixXd decay = cesaro::decay_operator<>(20, {.slope = 0.25}).matrix();
    CHECK((weighted_mean_operator<>(powers).matrix() - decay).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("a sink takes the same share of every attention of a row") {
    const weighted_mean_operator<rational> op(some_weights<rational>(9), rational(5, 2));
    const Eigen::MatrixX<rational> with = op.matrix();
    const Eigen::MatrixX<rational> without = weighted_mean_operator<rational>(op.weights()).matrix();
    rational total = 0;
    for (Eigen::Index n = 0; n < 9; ++n) {
        total += op.weights()[n];
        rational sum = 0;
        for (Eigen::Index m = 0; m <= n; ++m) {
            sum += with(n, m);
            CHECK(with(n, m) * (total + rational(5, 2)) == without(n, m) * total);
        }
        CHECK(sum == total / (total + rational(5, 2)));
    }
}

TEST_CASE("arguments of weighted means") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    check_arguments(weighted_mean_operator<>(some_weights<double>(13), 0.5));
    CHECK(weighted_mean_operator<>(Eigen::VectorXd(0)).apply(Eigen::VectorXd(0)).size() == 0);
    for (const double bad : {0.0, -1.0, nan, std::numeric_limits<double>::infinity()}) {
        Eigen::VectorXd g = some_weights<double>(3);
        g[1] = bad;
        CHECK_THROWS_AS(weighted_mean_operator<>(g), std::domain_error);
    }
    CHECK_THROWS_WITH(weighted_mean_operator<>(some_weights<double>(3), -0.5),
                      "cesaro::weighted_mean_operator: sink = -0.5 must be finite and at least 0");
}

TEST_CASE("the example of weighted_mean_operator") {
    const Eigen::VectorXd weights = Eigen::VectorXd::LinSpaced(1000, 1, 1000);  // favours what is near
    const cesaro::weighted_mean_operator<> head(weights, 0.5);
    const double last = head.diagonal()[999];  // 1000 / (500500 + 0.5)
    CHECK(last == Approx(1000 / 500500.5).epsilon(1e-13));
}
