// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/detail/scaled.hpp>

#include <cmath>
#include <limits>
#include <random>

using namespace cesaro_test;

namespace {

using scaled = cesaro::detail::scaled<double>;

/// value^(2^squarings): far outside the range of double.
scaled raised(double value, int squarings) {
    scaled result(value);
    for (int i = 0; i < squarings; ++i)
        result *= result;
    return result;
}

}  // namespace

TEST_CASE("scaled numbers are ordered as the numbers they stand for") {
    // In rising order, over both signs, zero, and exponents far apart.
    const scaled tiny = raised(0.5, 12);   // 2^-4096
    const scaled large = raised(2.0, 12);  // 2^4096
    const scaled zero(0.0);
    const scaled minus(-1.0);
    const std::vector<scaled> rising{minus * large, scaled(-3.0), scaled(-2.0), scaled(-1.5),
                                     minus * tiny,  zero,         tiny,         scaled(1.0),
                                     scaled(1.25),  scaled(3.0),  large};
    for (std::size_t i = 0; i < rising.size(); ++i) {
        for (std::size_t j = 0; j < rising.size(); ++j) {
            CAPTURE(i, j);
            CHECK((rising[i] < rising[j]) == (i < j));
            CHECK((rising[i] == rising[j]) == (i == j));
        }
    }
    CHECK(tiny * zero == zero);  // whatever its exponent
    CHECK_FALSE(tiny * zero < zero);
    CHECK_FALSE(std::signbit(double(zero - large * zero)));
    CHECK_FALSE(std::signbit(double(tiny * zero - zero)));
}

TEST_CASE("arithmetic of scaled numbers in range is that of doubles") {
    auto engine = random_engine();
    std::uniform_real_distribution<double> exponent(-60, 60);
    std::bernoulli_distribution sign;
    for (int i = 0; i < 500; ++i) {
        const double a = (sign(engine) ? 1 : -1) * std::exp2(exponent(engine));
        const double b = (sign(engine) ? 1 : -1) * std::exp2(exponent(engine));
        CAPTURE(a, b);
        CHECK(double(scaled(a)) == a);
        CHECK(double(scaled(a) + scaled(b)) == a + b);
        CHECK(double(scaled(a) - scaled(b)) == a - b);
        CHECK(double(scaled(a) * scaled(b)) == a * b);
        CHECK(double(scaled(a) / scaled(b)) == a / b);
        CHECK((scaled(a) < scaled(b)) == (a < b));
        CHECK(double(sqrt(scaled(std::abs(a)))) == std::sqrt(std::abs(a)));
        CHECK(log(scaled(std::abs(a))) == Approx(std::log(std::abs(a))).epsilon(1e-15).margin(1e-15));
    }
}

TEST_CASE("scaled numbers far outside the range of double") {
    const scaled tiny = raised(0.75, 14);  // 0.75^16384, e^-4713
    CHECK(double(tiny) == 0);
    CHECK(log(tiny) == Approx(16384 * std::log(0.75)).epsilon(1e-14));
    CHECK(double(tiny / tiny) == 1);
    CHECK(double(tiny * raised(4.0 / 3, 14)) == Approx(1).epsilon(1e-11));
    CHECK(double(raised(2.0, 12)) == std::numeric_limits<double>::infinity());
    CHECK(double(sqrt(tiny) * sqrt(tiny) / tiny) == Approx(1).epsilon(1e-15));
    CHECK(log(scaled(0.0)) == -std::numeric_limits<double>::infinity());
    CHECK(double(scaled(1.0) + tiny) == 1);
    CHECK(double(scaled(std::numeric_limits<double>::denorm_min())) ==
          std::numeric_limits<double>::denorm_min());
}
