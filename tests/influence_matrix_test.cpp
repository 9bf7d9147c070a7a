// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "dense_power.hpp"
#include "scalars.hpp"
#include "sizes.hpp"

#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/keys.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

using cesaro::influence_matrix;
using cesaro::influence_row;
using cesaro::mixing_schedule;
using cesaro::upper_triangle;
using namespace cesaro_test;

using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

TEMPLATE_TEST_CASE("the matrix is the dense power", "", float, double, long double, float50) {
    using Real = TestType;
    const Eigen::Index tokens = 30;
    for (const Eigen::Index depth : {0, 1, 5, 12}) {
        const Real alpha = Real(2) / Real(5);
        const Eigen::MatrixX<Real> a =
            influence_matrix(tokens, mixing_schedule<Real>::constant(depth, alpha));
        const Eigen::MatrixX<Real> power = dense_power(tokens, depth, alpha);
        for (Eigen::Index i = 0; i < a.size(); ++i)
            CHECK(error_in_epsilons(a(i), power(i)) < 200);
    }
}

TEST_CASE("matrices of rationals are exact, and form a semigroup") {
    Eigen::VectorX<rational> alphas(5);
    alphas << rational(1, 2), rational(2, 3), rational(1), rational(1, 7), rational(0);
    const mixing_schedule<rational> all(alphas);
    const mixing_schedule<rational> first(Eigen::VectorX<rational>(alphas.head(2)));
    const mixing_schedule<rational> rest(Eigen::VectorX<rational>(alphas.tail(3)));
    for (const Eigen::Index tokens : {1, 2, 7, 12}) {
        const Eigen::MatrixX<rational> a = influence_matrix(tokens, all);
        const Eigen::MatrixX<rational> dense = dense_network(tokens, all);
        const Eigen::MatrixX<rational> product =
            influence_matrix(tokens, rest) * influence_matrix(tokens, first);
        for (Eigen::Index i = 0; i < a.size(); ++i) {
            CHECK(a(i) == dense(i));
            CHECK(a(i) == product(i));
        }
    }
}

TEST_CASE("every row is a row of influence, across restarts, in either storage order") {
    const Eigen::Index tokens = cesaro::detail::matrix_panel + 77;
    const auto schedule = mixing_schedule<>::constant(32, 0.3);
    row_major a(tokens, tokens);
    influence_matrix(schedule, a);
    const Eigen::MatrixXd b = influence_matrix(tokens, schedule);
    double worst = 0;
    for (Eigen::Index n = 0; n < tokens; n += 13) {
        const Eigen::VectorXd row = influence_row(n + 1, schedule);
        for (Eigen::Index m = 0; m <= n; ++m) {
            worst = std::max(worst, std::abs(a(n, m) / row[m] - 1));
            worst = std::max(worst, std::abs(b(n, m) / row[m] - 1));
        }
        CHECK(a.row(n).sum() == Approx(1).epsilon(1e-13));
        CHECK(b.row(n).tail(tokens - 1 - n).isZero(0));
    }
    CHECK(worst < 1e-13);
}

TEST_CASE("either storage order holds the same numbers, at all sizes, and nothing else") {
    const auto schedule = mixing_schedule<>::constant(24, 0.3);
    for (const Eigen::Index tokens : {1, 3, 4, 63, 64, 65, 127, 190, 1090}) {
        row_major a = row_major::Constant(tokens, tokens, -1);
        influence_matrix(schedule, a);
        Eigen::MatrixXd larger = Eigen::MatrixXd::Constant(tokens + 2, tokens + 2, -1);
        influence_matrix(schedule, larger.block(1, 1, tokens, tokens));
        CHECK(((larger.block(1, 1, tokens, tokens) - a).array().abs() <= 1e-14 * a.array()).all());
        CHECK((larger.array() == -1).count() == 4 * tokens + 4);
        Eigen::MatrixXd kept = Eigen::MatrixXd::Constant(tokens, tokens, -1);
        influence_matrix(schedule, kept, upper_triangle::keep);
        CHECK((kept.array() == -1).count() == tokens * (tokens - 1) / 2);
        for (const double sink : {0.0, 2.0}) {
            const cesaro::uniform_keys<double> keys{sink};
            influence_matrix(schedule, larger.block(1, 1, tokens, tokens), keys);
            influence_matrix(schedule, a, keys);
            CHECK(((larger.block(1, 1, tokens, tokens) - a).array().abs() <= 1e-12 * a.array()).all());
        }
    }
}

TEST_CASE("maps and blocks; the upper triangle is left alone on request") {
    const auto schedule = mixing_schedule<>::constant(4, 0.5);
    const Eigen::MatrixXd expected = influence_matrix(5, schedule);
    Eigen::MatrixXd larger = Eigen::MatrixXd::Constant(7, 7, -1);
    influence_matrix(schedule, larger.block(1, 2, 5, 5));
    CHECK(larger.block(1, 2, 5, 5) == expected);
    CHECK((larger.array() == -1).count() == 24);
    row_major kept = row_major::Constant(5, 5, 9);
    influence_matrix(schedule, kept, upper_triangle::keep);
    CHECK(kept(0, 4) == 9);
    CHECK((kept.array() == 9).count() == 10);
    const Eigen::MatrixXd lower = kept.triangularView<Eigen::Lower>();
    CHECK(lower == expected);
}

TEST_CASE("float matrices are as accurate as float is, in either storage order") {
    const Eigen::Index tokens = cesaro::detail::matrix_panel + 5;  // the last of the steps up included
    const auto schedule = mixing_schedule<float>::constant(32, 0.3f);
    const mixing_schedule<> in_double(schedule.alphas().cast<double>());
    Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> a(tokens, tokens);
    influence_matrix(schedule, a);
    const Eigen::MatrixXf b = influence_matrix(tokens, schedule);
    CHECK(a == b);
    const Eigen::MatrixXd exact = influence_matrix(tokens, in_double);
    double worst = 0;
    for (Eigen::Index m = 0; m < tokens; ++m) {
        for (Eigen::Index n = m + 1; n < tokens; ++n)  // the delta of float is its own
            worst = std::max(worst, std::abs(double(a(n, m)) / exact(n, m) - 1));
    }
    CHECK(worst < 0x1p-24 * 1.0001);
    CHECK(b(tokens - 1, tokens - 1) == Approx(exact(tokens - 1, tokens - 1)).epsilon(1e-5));
}

TEST_CASE("any strides will do, and outputs without any") {
    const auto schedule = mixing_schedule<>::constant(4, 0.5);
    const Eigen::MatrixXd expected = influence_matrix(5, schedule);
    using strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    Eigen::VectorXd memory = Eigen::VectorXd::Constant(200, -1);
    const Eigen::Map<Eigen::MatrixXd, 0, strides> every_third(memory.data(), 5, 5, strides(20, 3));
    influence_matrix(schedule, Eigen::Map<Eigen::MatrixXd, 0, strides>(memory.data(), 5, 5, strides(20, 3)));
    CHECK(every_third == expected);
    CHECK((memory.array() == -1).count() == 175);
    const Eigen::Map<row_major, 0, strides> by_rows(memory.data(), 5, 5, strides(20, 2));
    influence_matrix(schedule, Eigen::Map<row_major, 0, strides>(memory.data(), 5, 5, strides(20, 2)));
    CHECK(by_rows == expected);
    Eigen::MatrixXd turned(5, 5);
    influence_matrix(schedule, turned.reverse());
    CHECK(turned.reverse() == expected);
    row_major permuted(5, 5);  // its first and its last column are as far apart as those of a plain one
    const std::vector<int> same{0, 1, 2, 3, 4};
    const std::vector<int> swapped{0, 2, 1, 3, 4};
    influence_matrix(schedule, permuted(same, swapped));
    CHECK(permuted(same, swapped) == expected);
}

namespace {

template <class Out>
concept takes_matrix = requires(Out&& out) {
    influence_matrix(mixing_schedule<>::constant(4, 0.5), std::forward<Out>(out));
};
static_assert(takes_matrix<row_major&> && takes_matrix<Eigen::Map<row_major>> &&
              takes_matrix<Eigen::Block<row_major>>);
static_assert(!takes_matrix<const row_major&> && !takes_matrix<Eigen::Map<const row_major>> &&
              !takes_matrix<Eigen::Block<const row_major>>);

}  // namespace

TEST_CASE("influence_matrix rejects what does not fit") {
    const auto schedule = mixing_schedule<>::constant(4, 0.5);
    Eigen::MatrixXd oblong(3, 4);
    CHECK_THROWS_AS(influence_matrix(schedule, oblong), std::invalid_argument);
    CHECK_THROWS_AS(influence_matrix(-1, schedule), std::domain_error);
    CHECK_THROWS_AS(influence_matrix(cesaro_test::too_many, schedule), std::length_error);
    CHECK(influence_matrix(0, schedule).size() == 0);
    CHECK(influence_matrix(1, schedule)(0, 0) == Approx(1).epsilon(1e-15));
}
