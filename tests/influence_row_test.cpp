// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "dense_power.hpp"
#include "scalars.hpp"
#include "sizes.hpp"

#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_row.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

using cesaro::influence_row;
using cesaro::mixing_schedule;
using namespace cesaro_test;

TEMPLATE_TEST_CASE("the row is the last row of the dense power", "", float, double, long double, float50) {
    using Real = TestType;
    for (const Eigen::Index depth : {0, 1, 2, 7, 12}) {
        for (const Real& alpha : {Real(1), Real(Real(3) / Real(10)), Real(0)}) {
            const auto schedule = mixing_schedule<Real>::constant(depth, alpha);
            const Eigen::VectorX<Real> row = influence_row(40, schedule);
            const Eigen::MatrixX<Real> power = dense_power(40, depth, alpha);
            for (Eigen::Index m = 0; m < 40; ++m)
                CHECK(error_in_epsilons(row[m], power(39, m)) < 100);
        }
    }
}

TEST_CASE("rows of rationals are exact") {
    Eigen::VectorX<rational> alphas(4);
    alphas << rational(1, 2), rational(2, 3), rational(1), rational(1, 7);
    const mixing_schedule<rational> schedule(alphas);
    for (Eigen::Index tokens = 1; tokens <= 12; ++tokens) {
        const Eigen::VectorX<rational> row = influence_row(tokens, schedule);
        const Eigen::MatrixX<rational> power = dense_network(tokens, schedule);
        for (Eigen::Index m = 0; m < tokens; ++m)
            CHECK(row[m] == power(tokens - 1, m));
    }
    // Attention only, two layers, three tokens: (1 + 1/2 + 1/3, 1/2 + 1/3, 1/3) / 3.
    const auto row = influence_row(3, mixing_schedule<rational>::attention_only(2));
    CHECK(row[0] == rational(11, 18));
    CHECK(row[1] == rational(5, 18));
    CHECK(row[2] == rational(1, 9));
}

TEMPLATE_TEST_CASE("rows are distributions with the moments of the theory", "", float, double, long double,
                   float50) {
    using Real = TestType;
    const Eigen::Index tokens = 777;
    const auto schedule = mixing_schedule<Real>::power_decay(9, Real(1), Real(Real(1) / Real(2)));
    const Eigen::VectorX<Real> row = influence_row(tokens, schedule);
    Real total(0);
    Real first(0);
    Real second(0);
    for (Eigen::Index m = 0; m < tokens; ++m) {
        total += row[m];
        first += Real(m) * row[m];
        second += Real(m) * Real(m - 1) * row[m];
    }
    const Real n(tokens - 1);
    Real expected_first = n;
    Real expected_second = n * (n - 1);
    for (const Real& alpha : schedule.alphas()) {
        expected_first *= Real(1) - alpha / Real(2);
        expected_second *= Real(1) - Real(2) * alpha / Real(3);
    }
    CHECK(error_in_epsilons(total, 1) < 200);
    CHECK(error_in_epsilons(first, expected_first) < 200);
    CHECK(error_in_epsilons(second, expected_second) < 200);
}

namespace {

using extended = long double;

/// Every regime: attention only and residual, shallow and deep, weights that underflow.
std::vector<mixing_schedule<>> schedules() {
    return {mixing_schedule<>::attention_only(1),       mixing_schedule<>::attention_only(2),
            mixing_schedule<>::attention_only(24),      mixing_schedule<>::attention_only(96),
            mixing_schedule<>::constant(96, 0.25),      mixing_schedule<>::constant(80, 0.9),
            mixing_schedule<>::constant(32, 1e-5),      mixing_schedule<>::constant(5, 1e-200),
            mixing_schedule<>::power_decay(48, 1, 0.5), mixing_schedule<>::attention_only(300)};
}

/// Largest relative error of the entries above 1e-290; smaller ones must agree to 1e-300 absolutely.
double largest_error(const Eigen::VectorXd& row, const Eigen::VectorX<extended>& exact) {
    double worst = 0;
    for (Eigen::Index m = 0; m < row.size(); ++m) {
        const extended error = std::abs(row[m] - exact[m]);
        if (exact[m] > 1e-290L)
            worst = std::max(worst, double(error / exact[m]));
        else if (error > 1e-300L)
            worst = std::numeric_limits<double>::infinity();
    }
    return worst;
}

}  // namespace

TEST_CASE("double rows agree with extended precision at every position") {
    for (const auto& schedule : schedules()) {
        const mixing_schedule<extended> exact_schedule(schedule.alphas().cast<extended>());
        for (const Eigen::Index tokens : {511, 512, 1055, 2047, 2048, 30000}) {
            CAPTURE(tokens, schedule.depth(), schedule.recency_delta());
            const Eigen::VectorXd row = influence_row(tokens, schedule);
            CHECK(largest_error(row, influence_row(tokens, exact_schedule)) <
                  5e-16 * double(schedule.depth() + 8));
            CHECK(row.sum() == Approx(1).epsilon(1e-13));
        }
    }
}

TEST_CASE("long rows agree with the closed form") {
    const Eigen::Index tokens = Eigen::Index(1) << 22;
    auto random = random_engine();
    for (const auto& schedule : {mixing_schedule<>::attention_only(96), mixing_schedule<>::constant(24, 0.3),
                                 mixing_schedule<>::constant(6, 0.3)}) {
        const Eigen::VectorXd row = influence_row(tokens, schedule);
        const cesaro::discrete_influence<> closed_form(tokens - 1, schedule);
        double worst = 0;
        for (int i = 0; i < 2000; ++i) {  // as dense at both ends as a logarithm makes them
            const double distance = std::pow(double(tokens), std::generate_canonical<double, 53>(random));
            const auto m = Eigen::Index(distance) - 1;
            for (const Eigen::Index source : {m, tokens - 1 - m}) {
                const double exact = pdf(closed_form, source);
                if (exact > 1e-290) worst = std::max(worst, std::abs(row[source] / exact - 1));
            }
        }
        CHECK(worst < 5e-16 * double(schedule.depth() + 8));
        CHECK(row.sum() == Approx(1).epsilon(1e-13));
    }
}

TEST_CASE("where a double no longer counts positions one by one, rows near the query are still right") {
    const cesaro::hop_law<double> hops(mixing_schedule<>::attention_only(12));
    for (const std::int64_t tokens : {(std::int64_t(3) << 52) + 1, std::int64_t(1) << 60}) {
        CAPTURE(tokens);
        Eigen::VectorXd tail(8000);
        cesaro::detail::row_writer<double>(hops, tokens).fill(tokens - tail.size(), tail.size(), tail.data());
        const cesaro::discrete_influence<> closed_form(tokens - 1, hops);
        for (Eigen::Index i = 0; i < tail.size(); i += 13) {
            const double p = pdf(closed_form, tokens - tail.size() + i);
            if (p > 1e-290) CHECK(std::abs(tail[i] / p - 1) < 5e-16 * 20);
        }
    }
}

TEST_CASE("rows of any law of hops, log-concave or not, complete or not") {
    std::vector<Eigen::VectorXd> laws;
    const auto law = [&](std::initializer_list<std::pair<Eigen::Index, double>> weights) {
        Eigen::VectorXd w = Eigen::VectorXd::Zero((weights.end() - 1)->first + 1);
        for (const auto& [k, weight] : weights)
            w[k] = weight;
        laws.push_back(w);
    };
    law({{0, 0.5}, {3, 0.5}});
    law({{1, 0.875}, {96, 0.125}});
    law({{1, 1 - 0x1p-40}, {80, 0x1p-40}});
    law({{0, 0.25}, {2, 0.25}, {40, 1e-9}, {41, 0.125}});
    law({{1, 1e-290}, {30, 1e-3}, {60, 1e-292}});
    law({{0, 0.5}});
    laws.push_back(Eigen::VectorXd::Constant(50, 0x1p-7));
    for (const Eigen::VectorXd& w : laws) {
        const cesaro::hop_law<> hops(w);
        const cesaro::hop_law<extended> exact_hops(Eigen::VectorX<extended>(w.cast<extended>()));
        for (const Eigen::Index tokens : {1, 300, 2048, 30000}) {
            CAPTURE(tokens, w.size());
            const Eigen::VectorXd row = influence_row(tokens, hops);
            CHECK(largest_error(row, influence_row(tokens, exact_hops)) < 5e-16 * double(w.size() + 8));
            CHECK(row.sum() == Approx(hops.total()).epsilon(1e-13));
        }
    }
}

TEST_CASE("float rows are as accurate as float is") {
    for (const Eigen::Index tokens : {2, 40, 1000, 100000}) {
        for (const auto& schedule :
             {mixing_schedule<float>::constant(48, 0.25f), mixing_schedule<float>::constant(300, 0.5f)}) {
            CAPTURE(tokens, schedule.depth());
            const Eigen::VectorXf row = influence_row(tokens, schedule);
            const Eigen::VectorXd exact =
                influence_row(tokens, mixing_schedule<>(schedule.alphas().cast<double>()));
            for (Eigen::Index m = 0; m < tokens - 1; ++m) {
                if (exact[m] < std::numeric_limits<float>::min()) continue;
                REQUIRE(std::abs(double(row[m]) / exact[m] - 1) < 1e-7);
            }
            CHECK(row[tokens - 1] == Approx(exact[tokens - 1]).epsilon(1e-5).margin(1e-37));
        }
    }
}

TEST_CASE("the width of a piece keeps the bound of its error") {
    // min over sigma of 4 (1 - s/a)^-rho / (sigma^N (sigma - 1)), s the reach of the ellipse below a.
    for (double rho = 1e-3; rho < 1e9; rho *= 1.3) {
        const double theta = cesaro::detail::piece_width(1, rho);
        double bound = 1;
        for (double sigma = 2; sigma < 1e3; sigma *= 1.01) {
            const double reach = theta / 2 * (1 + (sigma + 1 / sigma) / 2);
            if (reach >= 1) break;
            const double m = std::exp(-rho * std::log1p(-reach));
            bound = std::min(bound, 4 * m / (std::pow(sigma, cesaro::detail::piece_degree) * (sigma - 1)));
        }
        CHECK(bound < 1e-14);
    }
}

TEST_CASE("the number of parts keeps the bound of what their polynomials leave out") {
    // With q half the width of a part at a = 1 and |b_k| <= M / S^k, M the bound of F within S of its centre.
    namespace detail = cesaro::detail;
    const auto check = []<int Degree>(std::integral_constant<int, Degree>) {
        constexpr std::int64_t parts = detail::parts_of_piece<Degree>;
        CAPTURE(Degree);
        for (double rho = 1e-3; rho < 1e9; rho *= 1.3) {
            const double width = detail::piece_width(1, rho);
            const double q = width / double(2 * parts);
            double bound = 1;
            for (double s = 1.5 * q; width + s < 1; s *= 1.01) {
                const double m = std::exp(-rho * std::log1p(-width - s));
                const double ratio = q / s;
                const double rest = std::pow(0.5, Degree) + ratio / (1 - ratio);
                bound = std::min(bound, m * std::pow(ratio, Degree + 1) * rest);
            }
            CHECK(bound < 3e-16);
        }
        constexpr std::int64_t narrow = parts * (detail::shortest_part<Degree> - 1);
        for (const std::int64_t width : {std::int64_t(1), std::int64_t(63), narrow, narrow + 1,
                                         std::int64_t(123456789), std::int64_t(1) << 61}) {
            const std::int64_t part = detail::part_width<Degree>(width);
            CHECK(part > 0);
            CHECK((part < width) == (width > narrow));
            if (part < width) {
                CHECK(part <= std::numeric_limits<int>::max());
                CHECK((part - 1) * parts < width);
            }
        }
    };
    check(std::integral_constant<int, 4>());
    check(std::integral_constant<int, 8>());
}

TEST_CASE("the power sums that are left out keep their bound") {
    using row_evaluator = cesaro::detail::row_evaluator<>;
    int left_out = 0;
    for (double position = 150; position < 1e18; position *= 7) {
        for (double distance = 1; distance < 1e18; distance *= 9) {
            for (double rho = 0.1; rho < position / 40; rho *= 3) {
                const int r = row_evaluator::newton_order(position, distance, rho);
                if (r == row_evaluator::max_order) continue;
                ++left_out;
                // p_s, s = r + 1, by the midpoint rule, times rho^s / s.
                const double s = r + 1;
                const double shape = -std::expm1(-(s - 1) * std::log1p(distance / position)) / (s - 1);
                CHECK(position * shape * std::pow(rho / position, s) / s <= 1e-17);
            }
        }
    }
    CHECK(left_out > 1000);
}

TEMPLATE_TEST_CASE_SIG("a part is the piece around its centre, but for a polynomial of T", "",
                       ((int Degree), Degree), 4, 8) {
    namespace detail = cesaro::detail;
    detail::piece_coefficients c = detail::piece_coefficients::Zero();
    for (int k = 0; k <= Degree + 1; ++k)
        c[k] = 1 / (1.5 + 3 * k) * (k % 3 == 1 ? -1 : 1);
    const auto at = [](const auto& a, double t) {
        double value = 0;
        for (Eigen::Index k = a.size(); k-- > 0;)
            value = value * t + a[k];
        return value;
    };
    const std::array<double, 4> centres{0.3, -0.6, 0, 0.75};
    const double radius = 0.25;
    // Times T_{D+1}, which reaches 1 and -1: all of the next power that is left out.
    const double left_out = c[Degree + 1] * std::pow(radius, Degree + 1) * std::pow(0.5, Degree);
    const auto parts = detail::parts_of<Degree>(c, centres, radius);
    for (std::size_t j = 0; j < 4; ++j) {
        const detail::polynomial<Degree>& part = parts[j];
        for (int i = -100; i <= 100; ++i) {
            const double t = i / 100.;
            const double expected =
                at(c, centres[j] + radius * t) - left_out * std::cos((Degree + 1) * std::acos(t));
            CHECK(std::abs(at(part, t) - expected) < 1e-15);
        }
    }
}

TEST_CASE("the edges of the domain") {
    CHECK(influence_row(1, mixing_schedule<>::constant(6, 0.5))[0] == Approx(1).epsilon(1e-15));
    CHECK(influence_row(1, mixing_schedule<>::constant(0, 0.5))[0] == 1);
    CHECK(influence_row(4, mixing_schedule<>::constant(0, 0.5)) == Eigen::Vector4d(0, 0, 0, 1));
    CHECK(influence_row(4, mixing_schedule<>::constant(3, 0.0)) == Eigen::Vector4d(0, 0, 0, 1));
    CHECK(influence_row(4, mixing_schedule<>::attention_only(1)) == Eigen::Vector4d::Constant(0.25));
}

TEST_CASE("the output may be a vector, a segment, a map or a column") {
    const auto schedule = mixing_schedule<>::constant(5, 0.4);
    const Eigen::VectorXd expected = influence_row(6, schedule);
    Eigen::VectorXd longer = Eigen::VectorXd::Constant(8, -1);
    influence_row(schedule, longer.segment(1, 6));
    CHECK(longer.segment(1, 6) == expected);
    CHECK(longer[0] == -1);
    CHECK(longer[7] == -1);
    double plain[6];
    influence_row(schedule, Eigen::Map<Eigen::VectorXd>(plain, 6));
    CHECK(Eigen::Map<Eigen::VectorXd>(plain, 6) == expected);
    Eigen::MatrixXd block(6, 2);
    influence_row(schedule, block.col(1));
    CHECK(block.col(1) == expected);
}

TEMPLATE_TEST_CASE("the output may be strided, a row, or in no order of memory", "", float, double,
                   long double) {
    using Real = TestType;
    const auto schedule = mixing_schedule<Real>::constant(5, Real(2) / 5);
    const Eigen::VectorX<Real> expected = influence_row(6, schedule);
    Eigen::MatrixX<Real> block = Eigen::MatrixX<Real>::Constant(2, 6, Real(-1));
    influence_row(schedule, block.row(1));
    CHECK(block.row(1).transpose() == expected);
    CHECK((block.row(0).array() == Real(-1)).all());
    Eigen::RowVectorX<Real> lying(6);
    influence_row(schedule, lying);
    CHECK(lying.transpose() == expected);
    Eigen::VectorX<Real> memory = Eigen::VectorX<Real>::Constant(18, Real(-1));
    using every_third = Eigen::Map<Eigen::VectorX<Real>, 0, Eigen::InnerStride<3>>;
    using stepping = Eigen::Map<Eigen::VectorX<Real>, 0, Eigen::InnerStride<>>;
    influence_row(schedule, every_third(memory.data(), 6));
    CHECK(every_third(memory.data(), 6) == expected);
    CHECK((memory.array() == Real(-1)).count() == 12);
    influence_row(schedule, stepping(memory.data(), 6, Eigen::InnerStride<>(2)));
    CHECK(stepping(memory.data(), 6, Eigen::InnerStride<>(2)) == expected);
    influence_row(schedule, memory.head(6).reverse());
    CHECK(memory.head(6).reverse() == expected);
}

namespace {

template <class Out>
concept takes_row = requires(const mixing_schedule<>& schedule, Out&& out) {
    influence_row(schedule, std::forward<Out>(out));
};
static_assert(takes_row<Eigen::VectorXd&> && takes_row<Eigen::VectorBlock<Eigen::VectorXd>>);
static_assert(!takes_row<const Eigen::VectorXd&> && !takes_row<Eigen::VectorBlock<const Eigen::VectorXd>>);

}  // namespace

TEST_CASE("influence_row rejects what is not a row") {
    const auto schedule = mixing_schedule<>::constant(5, 0.4);
    Eigen::VectorXd empty(0);
    CHECK_THROWS_AS(influence_row(0, schedule), std::domain_error);
    CHECK_THROWS_AS(influence_row(-3, schedule), std::domain_error);
    CHECK_THROWS_AS(influence_row(schedule, empty), std::domain_error);
    if (cesaro_test::vectors_can_exceed_memory)
        CHECK_THROWS_AS(influence_row(cesaro_test::too_many, schedule), std::length_error);
}

TEST_CASE("rows of several queries") {
    const auto schedule = mixing_schedule<>::constant(5, 0.4);
    Eigen::VectorX<Eigen::Index> queries(3);
    queries << 7, 0, 4000;
    const Eigen::MatrixXd rows = cesaro::influence_rows(queries, schedule);
    REQUIRE(rows.rows() == 3);
    REQUIRE(rows.cols() == 4001);
    for (Eigen::Index i = 0; i < 3; ++i) {
        const Eigen::VectorXd row = cesaro::influence_row(queries[i] + 1, schedule);
        CHECK(rows.row(i).head(queries[i] + 1).transpose() == row);
        CHECK((rows.row(i).tail(4000 - queries[i]).array() == 0).all());
    }
    CHECK(cesaro::influence_rows(std::vector<int>{7, 0, 4000}, schedule) == rows);
    CHECK(cesaro::influence_rows({7, 0, 4000}, schedule) == rows);
    CHECK(cesaro::influence_rows(Eigen::VectorX<Eigen::Index>(0), schedule).size() == 0);
    queries[1] = -1;
    CHECK_THROWS_AS(cesaro::influence_rows(queries, schedule), std::domain_error);
    for (const std::int64_t query : {std::int64_t(1) << 60, std::numeric_limits<std::int64_t>::max()})
        CHECK_THROWS_AS(cesaro::influence_rows({0, query}, schedule), std::length_error);
}

TEMPLATE_TEST_CASE("the rows of several networks are those of each", "", double, float, rational) {
    using Real = TestType;
    constexpr bool exact = std::is_same_v<Real, rational>;
    std::vector<cesaro::hop_law<Real>> networks;
    for (int i = 0; i < 70; ++i) {  // more than are written together
        const Real alpha = Real(i % 9 + 1) / Real(9);
        networks.push_back(mixing_schedule<Real>::constant(i % 2 == 0 ? 24 : i / 2, alpha));
    }
    networks.push_back(cesaro::hop_law<Real>{Real(0)});  // loses everything
    networks.push_back(
        cesaro::hop_law<Real>{Real(1) / Real(4), Real(0), Real(1) / Real(2)});  // not log-concave
    if (exact) networks.erase(networks.begin() + 5, networks.end());
    for (const Eigen::Index tokens : {1, 2, 7, 8, 9, 63, 65, 500, 3000, 40000}) {
        if (exact && tokens > 9) break;
        const auto rows = cesaro::influence_rows(tokens, networks);
        REQUIRE(rows.rows() == Eigen::Index(networks.size()));
        REQUIRE(rows.cols() == tokens);
        double worst = 0;
        for (Eigen::Index i = 0; i < rows.rows(); ++i) {
            const auto row = influence_row(tokens, networks[std::size_t(i)]);
            for (Eigen::Index m = 0; m < tokens; ++m) {
                if constexpr (exact)
                    CHECK(rows(i, m) == row[m]);
                else if (row[m] > std::numeric_limits<Real>::min() * 1024)
                    worst = std::max(worst, std::abs(double(rows(i, m)) / double(row[m]) - 1));
                else
                    CHECK(std::abs(rows(i, m) - row[m]) <= std::numeric_limits<Real>::min() * 1024);
            }
        }
        CHECK(worst < (std::is_same_v<Real, float> ? 1.2e-7 : 3e-14));
    }
}

TEST_CASE("rows of several networks: what is refused") {
    const std::vector<mixing_schedule<>> networks(2, mixing_schedule<>::constant(3, 0.5));
    CHECK(cesaro::influence_rows(5, std::vector<mixing_schedule<>>()).rows() == 0);
    CHECK_THROWS_AS(cesaro::influence_rows(0, networks), std::domain_error);
    CHECK_THROWS_AS(cesaro::influence_rows(std::numeric_limits<Eigen::Index>::max() / 2, networks),
                    std::length_error);
    cesaro::row_major_matrix<double> out(3, 4);
    CHECK_THROWS_AS(cesaro::influence_rows(networks, out), std::invalid_argument);
    out.resize(2, 0);
    CHECK_THROWS_AS(cesaro::influence_rows(networks, out), std::domain_error);
}

TEST_CASE("no entry is negative, not even below the smallest normal number") {
    const auto row = cesaro::influence_row(300000, cesaro::mixing_schedule<double>::attention_only(200));
    CHECK(row.minCoeff() >= 0);
}

TEST_CASE("the examples of influence_row and influence_rows") {
    const auto schedule = cesaro::mixing_schedule<>::constant(12, 0.3);
    Eigen::VectorXd row = cesaro::influence_row(1024, schedule);  // row[m]: of position m on the last one
    cesaro::influence_row(schedule, row.head(512));               // in place: that of a context of 512
    CHECK(row.head(512) == cesaro::influence_row(512, schedule));
    const Eigen::MatrixXd rows = cesaro::influence_rows({15, 255, 1023}, schedule);  // 3 x 1024
    CHECK((rows.rows() == 3 && rows.cols() == 1024));
    std::vector<cesaro::mixing_schedule<>> networks;
    for (const double alpha : {0.1, 0.2, 0.3})
        networks.push_back(cesaro::mixing_schedule<>::constant(12, alpha));
    const auto sweep = cesaro::influence_rows(1024, networks);  // 3 x 1024
    CHECK((sweep.rows() == 3 && sweep.cols() == 1024));
}
