// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "laws/operators.hpp"

#include <cesaro/attention/collapse_rate.hpp>
#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/full_operator.hpp>
#include <cesaro/attention/matrix_operator.hpp>
#include <cesaro/attention/prefix_operator.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/cesaro_operator.hpp>

#include <limits>
#include <vector>

using cesaro::any_operator;
using cesaro::matrix_operator;
using namespace cesaro_test;

static_assert(cesaro::attention_operator<matrix_operator<double>>);
static_assert(cesaro::attention_operator<matrix_operator<rational>>);

namespace {

/// Weights without a pattern, 0 beyond the first max(n + 1, centre) positions, over `total` in each row.
template <class Real>
Eigen::MatrixX<Real> some_attention(Eigen::Index size, Eigen::Index centre, int extra = 0) {
    Eigen::MatrixX<Real> matrix = Eigen::MatrixX<Real>::Constant(size, size, Real(0));
    for (Eigen::Index n = 0; n < size; ++n) {
        int total = extra;
        const auto weight = [n](Eigen::Index m) { return int(1 + (7 * n + 5 * m * m) % 11); };
        for (Eigen::Index m = 0; m < std::max(n + 1, centre); ++m)
            total += weight(m);
        for (Eigen::Index m = 0; m < std::max(n + 1, centre); ++m)
            matrix(n, m) = Real(weight(m)) / Real(total);
    }
    return matrix;
}

}  // namespace

TEMPLATE_TEST_CASE("a matrix is the product with itself", "", float, double, long double, float50) {
    for (const Eigen::Index size : {1, 2, 30}) {
        for (const Eigen::Index centre : {Eigen::Index(0), size / 3, size}) {
            for (const int lost : {0, 17}) {
                const Eigen::MatrixX<TestType> matrix = some_attention<TestType>(size, centre, lost);
                const matrix_operator<TestType> op(matrix);
                CHECK(operator_error(op, to_dense50(matrix)) <= double(size) + 1);
                CHECK(op.causal() == (centre <= 1));
                CHECK(op.centre_size() == std::max<Eigen::Index>(centre, 1));
            }
        }
    }
}

TEST_CASE("a matrix of rationals is exact, as the operators whose matrix it is") {
    check_exact(matrix_operator<rational>(some_attention<rational>(9, 0)));
    check_exact(matrix_operator<rational>(some_attention<rational>(9, 4)));
    const std::vector<any_operator<rational>> operators{cesaro::cesaro_operator<rational>(7),
                                                        cesaro::prefix_operator<rational>(7, 3),
                                                        cesaro::full_operator<rational>(7)};
    for (const auto& op : operators) {
        const matrix_operator<rational> copy(op.matrix());
        CHECK(same_matrix(copy, op));
        CHECK(copy.centre_size() == op.centre_size());
        CHECK(cesaro::collapse_rate(copy) == cesaro::collapse_rate(op));
    }
}

TEST_CASE("a stack of matrices is that of the operators") {
    const cesaro::decay_operator<> head(40, {.slope = 0.2, .diagonal_score = 0.5});
    const std::vector<double> lambdas{0.3, 0.9};
    const Eigen::VectorXd row = cesaro::rollout_row({head, cesaro::cesaro_operator<>(40)}, lambdas);
    const std::vector<matrix_operator<>> layers{matrix_operator<>(head.matrix()),
                                                matrix_operator<>(cesaro::cesaro_operator<>(40).matrix())};
    CHECK((cesaro::rollout_row(layers, lambdas) - row).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("the upper part of causal attention is not read again, a view copies nothing") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> memory(25);
    const Eigen::Map<matrix_operator<>::row_major> matrix(memory.data(), 5, 5);
    Eigen::Map<matrix_operator<>::row_major>(memory.data(), 5, 5) = some_attention<double>(5, 0);
    const auto view = matrix_operator<>::view({memory.data(), 5, 5}, {.causal = true});
    const matrix_operator<> copy(matrix, {.causal = true});
    for (std::size_t n = 0; n < 5; ++n) {
        for (std::size_t m = n + 1; m < 5; ++m)
            memory[5 * n + m] = nan;
    }
    memory[20] = 0.125;
    const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(5, 1, 5);
    CHECK(view.matrix()(4, 0) == 0.125);
    CHECK(view.matrix()(0, 1) == 0);
    CHECK(view.apply(x).head(4) == copy.apply(x).head(4));
    CHECK(view.apply(x)[4] - copy.apply(x)[4] == Approx(0.125 - copy.matrix()(4, 0)).epsilon(1e-12));
    CHECK(view.apply_transpose(x).tail(4) == copy.apply_transpose(x).tail(4));
    CHECK(view.diagonal() == copy.diagonal());
}

TEST_CASE("arguments of matrices") {
    check_arguments(matrix_operator<>(some_attention<double>(23, 0)));
    check_arguments(matrix_operator<>(some_attention<double>(23, 9, 5)));
    CHECK(matrix_operator<>(Eigen::MatrixXd(0, 0)).apply(Eigen::VectorXd(0)).size() == 0);
    CHECK_THROWS_WITH(matrix_operator<>(Eigen::MatrixXd(3, 2)),
                      "cesaro::matrix_operator: columns of the matrix = 2 must be 3");
    const auto spoilt = [](Eigen::Index n, Eigen::Index m, double entry) {
        Eigen::MatrixXd matrix = some_attention<double>(4, 0);
        matrix(n, m) = entry;
        return matrix;
    };
    CHECK_THROWS_WITH(matrix_operator<>(spoilt(2, 1, -0.5)),
                      "cesaro::matrix_operator: matrix(2, 1) = -0.5 must be at least 0 and at most 1");
    for (const double bad :
         {-1e-300, 1.5, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        CHECK_THROWS_AS(matrix_operator<>(spoilt(1, 3, bad)), std::domain_error);
    }
    CHECK_THROWS_WITH(matrix_operator<>(spoilt(1, 3, 0.25), {.causal = true, .tolerance = 0.5}),
                      "cesaro::matrix_operator: matrix(1, 3) = 0.25 must be 0: it is above the diagonal");
    CHECK(matrix_operator<>(spoilt(1, 3, 0.25), {.tolerance = 0.25}).centre_size() == 4);
    CHECK_THROWS_WITH(matrix_operator<>(spoilt(1, 3, 0.25), {.tolerance = 0.125}),
                      "cesaro::matrix_operator: sum of row 1 = 1.25 must be at most 1.125");
    CHECK_THROWS_AS(matrix_operator<>(spoilt(1, 3, 1e-14)), std::domain_error);
    for (const double bad : {-1e-9, 1.5, std::numeric_limits<double>::quiet_NaN()})
        CHECK_THROWS_AS(matrix_operator<>(spoilt(0, 0, 1), {.tolerance = bad}), std::domain_error);
}

TEST_CASE("the example of matrix_operator") {
    Eigen::MatrixXd attention(2, 2);
    attention << 1, 0, 0.25, 0.75;
    const cesaro::matrix_operator<> head(attention, {.causal = true});
    const Eigen::VectorXd seen = head.apply(Eigen::Vector2d(8, 4));  // 8, 5
    CHECK(seen == Eigen::Vector2d(8, 5));
}
