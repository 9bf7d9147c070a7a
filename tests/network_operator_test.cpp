// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "dense_power.hpp"
#include "laws/operators.hpp"
#include "sizes.hpp"

#include <cesaro/apply_power.hpp>
#include <cesaro/attention/collapse_rate.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/network_operator.hpp>

#include <vector>

using cesaro::hop_law;
using cesaro::mixing_schedule;
using cesaro::network_operator;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<network_operator<double>>);
static_assert(cesaro::attention_operator<network_operator<rational>>);

namespace {

/// sum_k w_k M^k from the definition of M, power by power.
template <class Real>
dense50 dense_hops(Eigen::Index size, const hop_law<Real>& hops) {
    const Eigen::VectorX<Real> w = hops.weights();
    dense50 m = dense50::Zero(size, size);
    for (Eigen::Index n = 0; n < size; ++n)
        m.row(n).head(n + 1).setConstant(float50(1) / float50(n + 1));
    dense50 power = dense50::Identity(size, size);
    dense50 sum = dense50::Zero(size, size);
    for (Eigen::Index k = 0; k < w.size(); ++k) {
        for (Eigen::Index i = 0; i < sum.size(); ++i)
            sum(i) += float50(w[k]) * power(i);
        power = product(m, power);
    }
    return sum;
}

}  // namespace

TEMPLATE_TEST_CASE("a network is the product with its definition", "", float, double, long double, float50) {
    using Real = TestType;
    const std::vector<hop_law<Real>> laws{mixing_schedule<Real>::constant(12, Real(Real(3) / 8)),
                                          mixing_schedule<Real>::attention_only(7),
                                          mixing_schedule<Real>::constant(0, Real(1)),
                                          hop_law<Real>{Real(0), Real(1) / 4, Real(0), Real(0), Real(3) / 4}};
    for (const hop_law<Real>& hops : laws) {
        for (const Eigen::Index size : {1, 2, 30}) {
            CAPTURE(size, hops.max_hops());
            const double error = operator_error(network_operator<Real>(size, hops), dense_hops(size, hops));
            CHECK(error < 20 + double(hops.max_hops() * size));
        }
    }
}

TEST_CASE("networks of rationals are exact") {
    const mixing_schedule<rational> schedule{rational(1, 2), rational(2, 3), rational(1), rational(1, 7)};
    const network_operator<rational> network(9, schedule);
    check_exact(network);
    const Eigen::MatrixX<rational> dense = dense_network(9, schedule);
    const Eigen::MatrixX<rational> matrix = network.matrix();
    for (Eigen::Index i = 0; i < dense.size(); ++i)
        CHECK(matrix(i) == dense(i));
    check_exact(
        network_operator<rational>(7, hop_law<rational>{rational(1, 3), rational(0), rational(2, 3)}));
}

TEST_CASE("a network is a layer and a head as any other") {
    const hop_law<> lower(mixing_schedule<>::constant(5, 0.5));
    const hop_law<> upper(mixing_schedule<>::constant(3, 0.25));
    const std::vector<network_operator<>> layers{{40, lower}, {40, upper}};
    const Eigen::VectorXd whole = cesaro::influence_row(40, lower * upper);
    CHECK((cesaro::rollout_row(layers, {1.0, 1.0}) - whole).cwiseAbs().maxCoeff() < 1e-15);
    const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(40, 1, 2);
    CHECK(layers[0].apply(x) == cesaro::apply_power(lower, x));
    CHECK(layers[0].apply_transpose(x) == cesaro::apply_power_transpose(lower, x));
    const cesaro::head_mixture<> heads({layers[0], cesaro::cesaro_operator<>(40)}, {1.0, 1.0});
    CHECK((heads.apply(x) - heads.matrix() * x).cwiseAbs().maxCoeff() < 1e-14);
    // Rows from the second on: the largest diagonal entry is that of position 1.
    CHECK(cesaro::collapse_rate(network_operator(40, mixing_schedule<>::constant(5, 0.5))) ==
          Approx(std::pow(0.75, 5)).epsilon(1e-14));
    CHECK(network_operator(40, upper).hops() == upper);
}

TEST_CASE("what the hops lose, the rows lose") {
    const hop_law<> leaking{0.25, 0.25, 0.25};
    const network_operator<> network(50, leaking);
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(50);
    CHECK((network.apply(ones) - 0.75 * ones).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("arguments of a network") {
    check_arguments(network_operator<>(23, mixing_schedule<>::constant(6, 0.3)));
    CHECK(network_operator<>(0, hop_law<>{1.0}).apply(Eigen::VectorXd(0)).size() == 0);
    CHECK(network_operator<>(0, hop_law<>{1.0}).diagonal().size() == 0);
    CHECK_THROWS_AS(network_operator<>(-1, hop_law<>{1.0}), std::domain_error);
    CHECK_THROWS_AS(network_operator<>(cesaro_test::too_many, hop_law<>{1.0}).matrix(), std::length_error);
    if (cesaro_test::vectors_can_exceed_memory)
        CHECK_THROWS_AS(network_operator<>(cesaro_test::too_many, hop_law<>{1.0}).diagonal(),
                        std::length_error);
    try {
        static_cast<void>(network_operator<>(4, hop_law<>{1.0}).apply(Eigen::VectorXd(5)));
        FAIL("accepted");
    } catch (const std::invalid_argument& error) {
        CHECK(std::string(error.what()) ==
              "cesaro::network_operator::apply: rows of the argument = 5 must be 4");
    }
}
