// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/attention/any_operator.hpp>
#include <cesaro/attention/collapse_rate.hpp>
#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/full_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/prefix_operator.hpp>
#include <cesaro/attention/sink_operator.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

using cesaro::any_operator;
using cesaro::collapse_rate;
using namespace cesaro_test;

namespace {

/// The factor by which the last of so many layers reduces the influence of the positions outside the centre
/// on the last one: by applications of the operator, rescaled lest they underflow, that know nothing of
/// eigenvalues.
double measured_factor(const any_operator<>& op, double lambda, int depth) {
    Eigen::VectorXd outside = Eigen::VectorXd::Zero(op.rows());
    outside.tail(op.rows() - op.centre_size()).setOnes();
    double factor = 1;
    for (int l = 0; l < depth; ++l) {
        const Eigen::VectorXd next = (1 - lambda) * outside + lambda * op.apply(outside);
        factor = next[op.rows() - 1] / outside[op.rows() - 1];
        outside = next / next[op.rows() - 1];
    }
    return factor;
}

}  // namespace

TEST_CASE("rates of masks against measured decay") {
    const Eigen::Index n = 12;
    const cesaro::cesaro_operator<> causal(n);
    const cesaro::decay_operator<> alibi(n, {0.3, 0.0, 1.0});
    const cesaro::decay_operator<> windowed(n, {0.3, 1.0, 0.5, 4});
    const std::vector<std::pair<std::string, any_operator<>>> operators{
        {"causal", causal},
        {"prefix 4", cesaro::prefix_operator<>(n, 4)},
        {"decay", alibi},
        {"decay, strong diagonal", cesaro::decay_operator<>(n, {0.3, 2.0, 1.0})},
        {"decay, window 4", windowed},
        {"decay, prefix 5", cesaro::decay_operator<>(n, {.slope = 0.3, .prefix = 5})},
        {"sink", cesaro::sink_operator<>(causal, 0.3)},
        {"sink over a prefix", cesaro::sink_operator<>(cesaro::prefix_operator<>(n, 4), 0.3)},
        {"heads",
         cesaro::head_mixture<>({causal, alibi, cesaro::sink_operator<>(windowed, 0.9)}, {1., 2., 1.})},
        {"heads, prefixes", cesaro::head_mixture<>({causal, cesaro::prefix_operator<>(n, 3)}, {1., 2.})}};
    for (const auto& [name, op] : operators) {
        for (const double lambda : {1.0, 0.4}) {
            CAPTURE(name, lambda);
            const double rate = lambda == 1 ? collapse_rate(op) : collapse_rate(op, lambda);
            CHECK(rate < 1);
            CHECK(std::abs(measured_factor(op, lambda, 5000) - rate) < 1e-9 * rate);
        }
    }
}

TEST_CASE("closed forms") {
    using std::exp;
    const cesaro::cesaro_operator<> causal(10);
    CHECK(collapse_rate(causal) == 0.5);
    CHECK(collapse_rate(causal, 0.5) == 0.75);
    CHECK(collapse_rate(causal, 0.0) == 1.0);
    CHECK(collapse_rate(cesaro::cesaro_operator<rational>(10)) == rational(1, 2));
    CHECK(collapse_rate(cesaro::prefix_operator<rational>(10, 4)) == rational(1, 5));
    CHECK(collapse_rate(cesaro::sliding_window_operator<>(10, 2)) == 0.5);
    CHECK(collapse_rate(cesaro::sliding_window_operator<>(10, 5)) == 0.5);
    CHECK(collapse_rate(cesaro::sliding_window_operator<>(10, 1)) == 1);
    CHECK(collapse_rate(cesaro::decay_operator<>(10, {0.7, 0.2, 2.0})) ==
          Approx(exp(0.1) / (exp(0.1) + exp(-0.35))).epsilon(1e-14));
    CHECK(collapse_rate(cesaro::sink_operator<>(causal, 0.25)) == 0.375);
    CHECK(collapse_rate(cesaro::sink_operator<>(cesaro::full_operator<>(10), 1.), 0.25) == 0.75);
    CHECK(cesaro::sink_operator<>(cesaro::full_operator<>(10), 1.).centre_size() == 1);
    CHECK(collapse_rate(cesaro::full_operator<>(10)) == 0);
    CHECK(collapse_rate(cesaro::full_operator<>(10), 0.5) == 0);
    CHECK(collapse_rate(cesaro::cesaro_operator<>(1)) == 0);
    CHECK(collapse_rate(cesaro::cesaro_operator<>(0)) == 0);
}

TEST_CASE("a window of two concentrates with a polynomial factor") {
    // Every row but the first has diagonal 1/2: one Jordan block of size n - 1, hence H^(n-2) / 2^H.
    const Eigen::Index n = 5;
    const cesaro::sliding_window_operator<> op(n, 2);
    const int depth = 2000;
    const double factor = measured_factor(op, 1.0, depth);
    const double polynomial = std::pow(double(depth) / (depth - 1), double(n) - 2);
    CHECK(std::abs(factor / polynomial - collapse_rate(op)) < 1e-5);
    CHECK(std::abs(factor - collapse_rate(op)) > 5e-4);  // the polynomial is there
}

TEST_CASE("rates of a user's operators come from the dense matrix") {
    struct plain {  // hides diagonal() and centre_size()
        using Scalar = double;
        Eigen::MatrixXd a;
        Eigen::Index rows() const { return a.rows(); }
        Eigen::Index cols() const { return a.cols(); }
        Eigen::VectorXd apply(const Eigen::VectorXd& x) const { return a * x; }
        Eigen::VectorXd apply_transpose(const Eigen::VectorXd& x) const { return a.transpose() * x; }
        Eigen::MatrixXd apply(const Eigen::MatrixXd& x) const { return a * x; }
        Eigen::MatrixXd apply_transpose(const Eigen::MatrixXd& x) const { return a.transpose() * x; }
        Eigen::MatrixXd matrix() const { return a; }
    };
    for (const Eigen::Index prefix : {0, 1, 2, 5, 9}) {
        const cesaro::prefix_operator<> op(9, prefix);
        const plain copy{op.matrix()};
        CHECK(collapse_rate(copy) == collapse_rate(op));
        CHECK(collapse_rate(any_operator<>(copy), 0.5) == collapse_rate(op, 0.5));
    }
}

TEST_CASE("rates reject what is not a probability") {
    const cesaro::cesaro_operator<> op(4);
    CHECK_THROWS_AS(collapse_rate(op, -0.1), std::domain_error);
    CHECK_THROWS_AS(collapse_rate(op, 1.1), std::domain_error);
    CHECK_THROWS_AS(collapse_rate(op, std::nan("")), std::domain_error);
}

TEST_CASE("a diagonal that does not fit in memory") {
    const Eigen::Index size = Eigen::Index(1) << 62;
    const cesaro::cesaro_operator<> causal(size);
    CHECK_THROWS_AS(collapse_rate(causal), std::length_error);
    CHECK_THROWS_AS(collapse_rate(cesaro::sliding_window_operator<>(size, 3)), std::length_error);
    CHECK_THROWS_AS(collapse_rate(cesaro::prefix_operator<>(size, 3)), std::length_error);
    CHECK_THROWS_AS(cesaro::full_operator<>(size).diagonal(), std::length_error);
    CHECK_THROWS_AS(collapse_rate(cesaro::decay_operator<>(size, {0.3})), std::length_error);
    CHECK_THROWS_AS(collapse_rate(cesaro::sink_operator<>(causal, 0.3)), std::length_error);
    const cesaro::head_mixture<> heads({causal, causal}, {1., 2.});
    CHECK_THROWS_AS(collapse_rate(heads), std::length_error);
    CHECK_THROWS_AS(heads.matrix(), std::length_error);
}

TEST_CASE("the example of collapse_rate") {
    const cesaro::sink_operator<> sink(cesaro::cesaro_operator<>(1000), 0.3);
    const double rate = cesaro::collapse_rate(sink);                // 0.35
    const double with_residual = cesaro::collapse_rate(sink, 0.5);  // 0.675
    CHECK(rate == Approx(0.35).epsilon(1e-14));
    CHECK(with_residual == Approx(0.675).epsilon(1e-14));
}
