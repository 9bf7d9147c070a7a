// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "dense_power.hpp"
#include "scalars.hpp"

#include <cesaro/apply_power.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

using cesaro::apply_power;
using cesaro::apply_power_transpose;
using cesaro::mixing_schedule;
using namespace cesaro_test;

TEMPLATE_TEST_CASE("apply_power is the product with the dense power", "", float, double, long double,
                   float50) {
    using Real = TestType;
    const Eigen::Index tokens = 37;
    for (const Eigen::Index depth : {0, 1, 3, 12, 33}) {
        const auto schedule = mixing_schedule<Real>::constant(depth, Real(Real(2) / Real(5)));
        const Eigen::MatrixX<Real> a = dense_network(tokens, schedule);
        Eigen::MatrixX<Real> x(tokens, 11);
        for (Eigen::Index i = 0; i < x.size(); ++i)
            x(i) = Real(1 + i % 7) / Real(3);
        const Eigen::MatrixX<Real> y = apply_power(schedule, x);
        const Eigen::MatrixX<Real> z = apply_power_transpose(schedule, x);
        const Eigen::MatrixX<Real> dense_y = a * x;
        const Eigen::MatrixX<Real> dense_z = a.transpose() * x;
        for (Eigen::Index i = 0; i < x.size(); ++i) {
            CHECK(error_in_epsilons(y(i), dense_y(i)) < 100);
            CHECK(error_in_epsilons(z(i), dense_z(i)) < 100);
        }
        const Eigen::VectorX<Real> column = apply_power(schedule, x.col(1));
        const Eigen::VectorX<Real> column_transpose = apply_power_transpose(schedule, x.col(1));
        for (Eigen::Index n = 0; n < tokens; ++n) {
            CHECK(error_in_epsilons(column[n], dense_y(n, 1)) < 100);
            CHECK(error_in_epsilons(column_transpose[n], dense_z(n, 1)) < 100);
        }
    }
}

TEST_CASE("apply_power of rationals is exact") {
    Eigen::VectorX<rational> alphas(3);
    alphas << rational(1, 2), rational(2, 3), rational(1, 7);
    const mixing_schedule<rational> schedule(alphas);
    Eigen::VectorX<rational> x(6);
    x << rational(1), rational(-2, 3), rational(5), rational(0), rational(1, 9), rational(-4);
    const Eigen::MatrixX<rational> a = dense_network(6, schedule);
    const Eigen::VectorX<rational> y = a * x;
    const Eigen::VectorX<rational> z = a.transpose() * x;
    CHECK(apply_power(schedule, x) == y);
    CHECK(apply_power_transpose(schedule, x) == z);
}

namespace {

using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Layer by layer and position by position, in extended precision.
Eigen::MatrixX<long double> plain_layers(const mixing_schedule<>& schedule, Eigen::MatrixX<long double> x,
                                         bool transpose) {
    for (const double alpha : schedule.alphas()) {
        for (Eigen::Index j = 0; j < x.cols(); ++j) {
            long double sum = 0;
            for (Eigen::Index i = 0; i < x.rows(); ++i) {
                const Eigen::Index n = transpose ? x.rows() - 1 - i : i;
                const auto count = static_cast<long double>(n + 1);
                sum += transpose ? x(n, j) / count : x(n, j);
                x(n, j) = (1 - static_cast<long double>(alpha)) * x(n, j) +
                          static_cast<long double>(alpha) * (transpose ? sum : sum / count);
            }
        }
    }
    return x;
}

}  // namespace

TEMPLATE_TEST_CASE("any number of positions and columns, in either storage order", "", row_major,
                   Eigen::MatrixXd) {
    auto random = random_engine();
    std::uniform_real_distribution<> uniform(0.5, 1.5);
    const auto schedule = mixing_schedule<>::power_decay(5, 0.8, 0.3);
    for (const Eigen::Index tokens : {1, 15, 16, 17, 64, 65, 255, 257, 1000, 1024, 1025, 3001}) {
        for (const Eigen::Index columns : {1, 3, 4, 16, 21}) {
            CAPTURE(tokens, columns);
            const TestType x = TestType::NullaryExpr(tokens, columns, [&] { return uniform(random); });
            const Eigen::MatrixX<long double> extended = x.template cast<long double>();
            const auto error = [&](const TestType& y, bool transpose) {
                const auto exact = plain_layers(schedule, extended, transpose);
                return double((y.template cast<long double>().array() / exact.array() - 1).abs().maxCoeff());
            };
            const TestType y = apply_power(schedule, x);
            CHECK(error(y, false) < 5e-15);
            CHECK(error(apply_power_transpose(schedule, x), true) < 5e-15);
            TestType in_place = x;
            apply_power(schedule, in_place, in_place);
            CHECK(in_place == y);
        }
    }
}

TEMPLATE_TEST_CASE("far from the first position few hops matter, and none that does is left out", "",
                   row_major, Eigen::MatrixXd) {
    auto random = random_engine();
    std::uniform_real_distribution<> uniform(0.5, 1.5);
    std::normal_distribution<> normal;
    std::exponential_distribution<> rare(1.0 / 500);
    const Eigen::Index tokens = 60000;
    const Eigen::Index columns = GENERATE(1, 4, 16);
    const auto schedule =
        GENERATE(mixing_schedule<>::constant(32, 0.3), mixing_schedule<>::attention_only(24),
                 mixing_schedule<>::power_decay(90, 0.8, 0.3));
    CAPTURE(columns, schedule.depth());
    TestType x = TestType::Zero(tokens, columns);
    const auto relative_error = [&](bool transpose) {
        const auto exact = plain_layers(schedule, x.template cast<long double>(), transpose);
        const TestType y = transpose ? apply_power_transpose(schedule, x) : apply_power(schedule, x);
        double worst = 0;
        for (Eigen::Index j = 0; j < columns; ++j) {
            for (Eigen::Index n = 0; n < tokens; ++n) {
                if (std::abs(exact(n, j)) < 1e-290L) continue;
                worst =
                    std::max(worst, double(std::abs(static_cast<long double>(y(n, j)) / exact(n, j) - 1)));
            }
        }
        return worst;
    };
    const auto all_errors = [&] { return std::max(relative_error(false), relative_error(true)); };

    SECTION("equal sizes") {
        x = TestType::NullaryExpr(tokens, columns, [&] { return uniform(random); });
        CHECK(all_errors() < 4e-15);
    }
    SECTION("one position alone, early, in the middle of a segment or last") {
        for (const Eigen::Index m : {0, 9000, 30011, 59999}) {
            CAPTURE(m);
            x.setZero();
            x.row(m).setOnes();
            CHECK(all_errors() < 2e-14);
        }
    }
    SECTION("few positions, of sizes from e^-12 to e^12") {
        for (Eigen::Index j = 0; j < columns; ++j) {
            for (double n = rare(random); n < double(tokens); n += 1 + rare(random))
                x(Eigen::Index(n), j) = std::exp(4 * normal(random));
        }
        CHECK(all_errors() < 8e-15);
    }
    SECTION("either sign: beside the largest") {
        x = TestType::NullaryExpr(tokens, columns, [&] { return normal(random); });
        for (const bool transpose : {false, true}) {
            const auto exact = plain_layers(schedule, x.template cast<long double>(), transpose);
            const TestType y = transpose ? apply_power_transpose(schedule, x) : apply_power(schedule, x);
            const auto difference = (y.template cast<long double>() - exact).cwiseAbs();
            CHECK(double(difference.maxCoeff() / exact.cwiseAbs().maxCoeff()) < 4e-15);
        }
    }
}

TEMPLATE_TEST_CASE("just after a spike, where many hops from it weigh more than few", "", float, double) {
    using Real = TestType;
    // At the ends of 20000 positions, where all hops are made, some 55 are measured.
    const double tolerance = 100 * double(std::numeric_limits<Real>::epsilon());
    // One or more layers of attention alone, so that the first hop weights are nearly zero.
    for (const int alone : {0, 1, 2, 3, 4}) {
        for (const double alpha : {1e-6, 1e-3, 0.01, 0.3}) {
            CAPTURE(alone, alpha);
            Eigen::VectorX<Real> alphas = Eigen::VectorX<Real>::Constant(alone + 20, Real(alpha));
            alphas.head(alone).setOnes();
            const mixing_schedule<Real> schedule(alphas);
            const mixing_schedule<> exact(alphas.template cast<double>());
            // The last position of a chunk, for the walk forward, and the first one, for the walk back.
            for (const Eigen::Index spike : {9215, 10239, 12288, 17408}) {
                CAPTURE(spike);
                for (const double floor : {0.0, 1e-15, 1.0}) {
                    Eigen::VectorX<Real> x = Eigen::VectorX<Real>::Constant(20000, Real(floor));
                    x[spike] = Real(1e6);
                    for (const bool transpose : {false, true}) {
                        const Eigen::ArrayX<long double> reference =
                            plain_layers(exact, x.template cast<long double>(), transpose).array();
                        const Eigen::ArrayX<long double> y =
                            (transpose ? apply_power_transpose(schedule, x) : apply_power(schedule, x))
                                .template cast<long double>();
                        const auto error = (reference > 1e-25L).select((y / reference - 1).abs(), 0.0L);
                        CHECK(double(error.maxCoeff()) < tolerance);
                    }
                }
            }
        }
    }
}

TEST_CASE("millions of positions from the first one, where polynomials of the lowest degree do") {
    const Eigen::Index tokens = 6'000'000;
    auto random = random_engine();
    std::uniform_real_distribution<> uniform(0.5, 1.5);
    const auto schedule = mixing_schedule<>::constant(9, 0.4);
    for (const bool spike : {false, true}) {
        CAPTURE(spike);
        Eigen::VectorXd x = Eigen::VectorXd::NullaryExpr(tokens, [&] { return uniform(random); });
        if (spike) x[5'300'017] = 1e9;
        const Eigen::VectorX<long double> wide = x.cast<long double>();
        for (const bool transpose : {false, true}) {
            const Eigen::ArrayX<long double> exact = plain_layers(schedule, wide, transpose).array();
            const Eigen::VectorXd y =
                transpose ? apply_power_transpose(schedule, x) : apply_power(schedule, x);
            CHECK(double((y.cast<long double>().array() / exact - 1).abs().maxCoeff()) < 3e-15);
        }
    }
}

TEST_CASE("what is not finite stays where it reaches, far from the first position too") {
    const double infinity = std::numeric_limits<double>::infinity();
    const Eigen::Index spoilt = 30011;
    Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(60000, 1, 2);
    const auto schedule = mixing_schedule<>::constant(32, 0.3);
    const Eigen::VectorXd y = apply_power(schedule, x);
    const Eigen::VectorXd z = apply_power_transpose(schedule, x);
    for (const double value : {infinity, std::numeric_limits<double>::quiet_NaN()}) {
        x[spoilt] = value;
        const Eigen::VectorXd after = apply_power(schedule, x);
        CHECK(((after - y).array() / y.array()).head(spoilt).abs().maxCoeff() < 1e-14);
        CHECK_FALSE(after.tail(x.size() - spoilt).array().isFinite().any());
        const Eigen::VectorXd before = apply_power_transpose(schedule, x);
        CHECK(((before - z).array() / z.array()).tail(x.size() - spoilt - 1).abs().maxCoeff() < 1e-14);
        CHECK_FALSE(before.head(spoilt + 1).array().isFinite().any());
    }
}

TEST_CASE("an expression is evaluated once, before the output is written") {
    const auto schedule = mixing_schedule<>::constant(4, 0.5);
    Eigen::Index evaluations = 0;
    const auto counted = Eigen::VectorXd::NullaryExpr(2000, [&](Eigen::Index n) {
        ++evaluations;
        return double(n % 7);
    });
    const Eigen::VectorXd x = counted;
    evaluations = 0;
    CHECK(apply_power(schedule, counted) == apply_power(schedule, x));
    CHECK(apply_power_transpose(schedule, counted) == apply_power_transpose(schedule, x));
    CHECK(evaluations == 2 * x.size());
    const Eigen::MatrixXd a = Eigen::MatrixXd::Random(30, 30);
    Eigen::VectorXd v = Eigen::VectorXd::Random(30);
    const Eigen::VectorXd expected = apply_power(schedule, Eigen::VectorXd(a * v));
    apply_power(schedule, a * v, v);
    CHECK(v == expected);
}

TEST_CASE("any law of hops has its powers, and hops too rare for a double cost nothing") {
    const cesaro::hop_law<> hops{0.25, 0.0, 0.5, 0.0, 0.0, 0.125};
    const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(3000, 1, 2);
    const auto once = mixing_schedule<>::attention_only(1);
    const Eigen::VectorXd w = hops.weights();
    Eigen::VectorXd power = x;
    Eigen::VectorXd sum = w[0] * x;
    for (Eigen::Index k = 1; k < w.size(); ++k) {
        power = apply_power(once, power);
        sum += w[k] * power;
    }
    CHECK(((apply_power(hops, x) - sum).array() / sum.array()).abs().maxCoeff() < 1e-14);
    const cesaro::hop_law<> rare(mixing_schedule<>::constant(400, 0.01));
    CHECK(rare.weights()[400] == 0);
    const Eigen::VectorXd y = apply_power(rare, x);
    const Eigen::MatrixX<long double> exact =
        plain_layers(mixing_schedule<>::constant(400, 0.01), x.cast<long double>(), false);
    CHECK(double((y.cast<long double>().array() / exact.array() - 1).abs().maxCoeff()) < 1e-13);
}

TEST_CASE("what the sums of the chunks before have lost is carried along, however many they are") {
    // Sums of 2^22 equal floats; without the carry they are off by 320 epsilons, the places of a chunk by 32.
    const auto once = mixing_schedule<float>::attention_only(1);
    const double tolerance = 40 * double(std::numeric_limits<float>::epsilon());
    const float tenth = 0.1f;
    for (const Eigen::Index columns : {1, 4, 16}) {
        CAPTURE(columns);
        const Eigen::Index tokens = (Eigen::Index(1) << 22) / columns;
        const Eigen::MatrixXf x = Eigen::MatrixXf::Constant(tokens, columns, tenth);
        const Eigen::ArrayXXd means = apply_power(once, x).cast<double>();
        CHECK((means / double(tenth) - 1).abs().maxCoeff() < tolerance);
        const auto count = Eigen::VectorXf::LinSpaced(tokens, 1, float(tokens));
        const Eigen::MatrixXf v = count.asDiagonal() * x;
        const Eigen::ArrayXXd rest = apply_power_transpose(once, v).cast<double>();
        double exact = 0;
        double worst = 0;
        for (Eigen::Index n = tokens; n-- > 0;) {
            exact += double(v(n, 0)) / double(n + 1);
            worst = std::max(worst, (rest.row(n) / exact - 1).abs().maxCoeff());
        }
        CHECK(worst < tolerance);
    }
}

TEST_CASE("what cancels between the chunks leaves the rest") {
    Eigen::VectorXd x = Eigen::VectorXd::Zero(4096);
    x.head(1024).setOnes();
    x[1024] = 0x1p70;
    x[2048] = -0x1p70;
    CHECK(apply_power(mixing_schedule<>::attention_only(1), x)[4095] == 0.25);
}

TEST_CASE("sums that overflow are infinite, in later chunks too") {
    const double infinity = std::numeric_limits<double>::infinity();
    const Eigen::VectorXd x = Eigen::VectorXd::Constant(3000, std::numeric_limits<double>::max() / 2);
    const auto schedule = mixing_schedule<>::attention_only(2);
    CHECK(apply_power(schedule, x)[0] == x[0]);
    CHECK((apply_power(schedule, x).tail(2990).array() == infinity).all());
    CHECK((apply_power_transpose(schedule, x).head(100).array() == infinity).all());
}

namespace {

template <class Out>
concept takes_output = requires(const Eigen::VectorXd& x, Out&& out) {
    apply_power(mixing_schedule<>::constant(4, 0.5), x, std::forward<Out>(out));
    apply_power_transpose(mixing_schedule<>::constant(4, 0.5), x, std::forward<Out>(out));
};
static_assert(takes_output<Eigen::VectorXd&> && takes_output<Eigen::VectorBlock<Eigen::VectorXd>> &&
              takes_output<Eigen::Map<Eigen::VectorXd>> && takes_output<Eigen::Ref<Eigen::VectorXd>>);
static_assert(!takes_output<const Eigen::VectorXd&> &&
              !takes_output<Eigen::VectorBlock<const Eigen::VectorXd>> &&
              !takes_output<Eigen::Map<const Eigen::VectorXd>> &&
              !takes_output<const Eigen::Ref<Eigen::VectorXd>&> && !takes_output<Eigen::VectorXd>);

}  // namespace

TEST_CASE("output arguments: in place, row-major, segments") {
    const auto schedule = mixing_schedule<>::constant(4, 0.5);
    const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(5, 1, 5);
    const Eigen::VectorXd expected = apply_power(schedule, x);
    const Eigen::VectorXd expected_transpose = apply_power_transpose(schedule, x);
    Eigen::VectorXd longer = Eigen::VectorXd::Zero(7);
    apply_power(schedule, x, longer.segment(1, 5));
    CHECK(longer.segment(1, 5).isApprox(expected, 1e-15));
    CHECK(longer[0] == 0);
    CHECK(longer[6] == 0);
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> block(5, 2);
    block << x, x;
    apply_power(schedule, block, block);
    CHECK(block.col(1).isApprox(expected, 1e-15));
    Eigen::VectorXd in_place = x;
    apply_power_transpose(schedule, in_place, in_place);
    CHECK(in_place.isApprox(expected_transpose, 1e-15));
}

TEST_CASE("apply_power rejects what does not fit") {
    const auto schedule = mixing_schedule<>::constant(4, 0.5);
    const Eigen::VectorXd x = Eigen::VectorXd::Ones(5);
    Eigen::VectorXd out(4);
    Eigen::MatrixXd wide(5, 2);
    CHECK_THROWS_AS(apply_power(schedule, x, out), std::invalid_argument);
    CHECK_THROWS_AS(apply_power_transpose(schedule, x, out), std::invalid_argument);
    CHECK_THROWS_AS(apply_power(schedule, x, wide), std::invalid_argument);
    CHECK(apply_power(schedule, Eigen::VectorXd(0)).size() == 0);
}
