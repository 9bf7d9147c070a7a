// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"
#include "../scalars.hpp"

#include <cesaro/detail/double_word.hpp>
#include <cesaro/detail/key_places.hpp>
#include <cesaro/detail/row_tails.hpp>
#include <cesaro/discrete_influence.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

using namespace cesaro_test;

namespace {

template <class Base>
float100 exact(const cesaro::detail::double_word<Base>& a) {
    return float100(a.high()) + float100(a.low());
}

template <class Base>
double relative_error(const cesaro::detail::double_word<Base>& value, const float100& right) {
    return static_cast<double>(abs(float100(exact(value) / right - 1)));
}

}  // namespace

TEMPLATE_TEST_CASE("double words have twice the digits", "", double, long double) {
    using Word = cesaro::detail::double_word<TestType>;
    const double unit = std::ldexp(1.0, -2 * std::numeric_limits<TestType>::digits);
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform(-60, 60);
    const auto draw = [&] {  // both words filled
        const TestType high = std::exp(TestType(uniform(engine)));
        return Word(high) + Word(TestType(high * std::exp(TestType(-40) + TestType(uniform(engine)) / 100)));
    };
    for (int i = 0; i < 2000; ++i) {
        const Word a = draw();
        const Word b = draw();
        CAPTURE(a.high(), b.high());
        CHECK(relative_error(Word(a + b), exact(a) + exact(b)) < 8 * unit);
        CHECK(relative_error(Word(a * b), exact(a) * exact(b)) < 16 * unit);
        CHECK(relative_error(Word(a / b), exact(a) / exact(b)) < 16 * unit);
        CHECK(relative_error(sqrt(a), sqrt(exact(a))) < 16 * unit);
        CHECK(relative_error(log1p(a), log1p(exact(a))) < 256 * unit);
    }
}

TEMPLATE_TEST_CASE("logarithms of double words keep their digits on both sides of one", "", double,
                   long double) {
    using Word = cesaro::detail::double_word<TestType>;
    const double unit = std::ldexp(1.0, -2 * std::numeric_limits<TestType>::digits);
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform(0, 1);
    for (int i = 0; i < 2000; ++i) {
        const TestType low = std::numeric_limits<TestType>::epsilon() * TestType(uniform(engine)) / 4;
        const Word distance(TestType(std::pow(uniform(engine), 1 + i % 20) / 2));
        for (const Word& a : {Word(TestType(1)) + distance + Word(low),
                              Word(TestType(1)) - distance * (TestType(1) / 2) + Word(low)}) {
            CAPTURE(a.high(), a.low());
            CHECK(relative_error(log(a), log(exact(a))) < 128 * unit);
        }
    }
}

TEMPLATE_TEST_CASE("double words are ordered by both words, and what is not a number is not", "", double,
                   long double) {
    using Word = cesaro::detail::double_word<TestType>;
    const TestType little = std::numeric_limits<TestType>::epsilon() / 8;
    const Word one(TestType(1));
    const std::vector<Word> rising{-one - Word(little), -one, -one + Word(little), Word(TestType(0)),
                                   one - Word(little),  one,  one + Word(little),  one + one};
    for (std::size_t i = 0; i < rising.size(); ++i) {
        for (std::size_t j = 0; j < rising.size(); ++j) {
            CAPTURE(i, j);
            CHECK((rising[i] < rising[j]) == (i < j));
            CHECK((rising[i] <= rising[j]) == (i <= j));
            CHECK((rising[i] > rising[j]) == (i > j));
            CHECK((rising[i] >= rising[j]) == (i >= j));
            CHECK((rising[i] == rising[j]) == (i == j));
        }
        CHECK(exact(-rising[i]) == -exact(rising[i]));
        CHECK(exact(abs(rising[i])) == abs(exact(rising[i])));
        CHECK(exact(ldexp(rising[i], 5)) == 32 * exact(rising[i]));
    }
    const Word nan(std::numeric_limits<TestType>::quiet_NaN());
    for (const Word& a : {one, nan})
        CHECK_FALSE((a < nan || a > nan || a <= nan || a >= nan || a == nan));
}

TEMPLATE_TEST_CASE("the logarithm of a plain number", "", double, long double) {
    using Word = cesaro::detail::double_word<TestType>;
    constexpr int digits = std::numeric_limits<TestType>::digits;
    const double least = std::ldexp(1.0, -digits - 15);
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform;
    for (int i = 0; i < 6000; ++i) {
        const TestType u = uniform(engine);
        const TestType a = i % 3 == 0   ? u
                           : i % 3 == 1 ? std::exp(1400 * u - 700)
                                        : 1 + std::exp(-40 * u) * (i % 2 - u);
        CAPTURE(a);
        if (a != 1) CHECK(relative_error(Word::log_of(a), log(float100(a))) < least);
    }
    for (const TestType a : {std::numeric_limits<TestType>::min(), std::numeric_limits<TestType>::max(),
                             std::numeric_limits<TestType>::denorm_min(), TestType(0.75), TestType(1.5)})
        CHECK(relative_error(Word::log_of(a), log(float100(a))) < least);
    CHECK(Word::log_of(1).high() == 0);
    CHECK(Word::log_of(1).low() == 0);
}

TEST_CASE("where the logarithm of a plain number starts from") {
    using Word = cesaro::detail::double_word<double>;
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform;
    const auto exact = [](const Word& a) { return float100(a.high()) + float100(a.low()); };
    const Word ln_2 = Word::short_ln_2();
    CHECK(abs(float100(exact(ln_2) - log(float100(2)))) < std::ldexp(1.0, -92));
    for (int i = 0; i < 2000; ++i) {
        const double u = uniform(engine);
        const double a = i % 2 == 0 ? 0.5 + u : std::exp(1400 * u - 700);
        CAPTURE(a);
        const auto start = Word::log_start_of(a);
        CHECK(abs(float100(float100(a) * start.reciprocal - 1)) < 1 / 170.0);
        const float100 expected = -log(float100(start.reciprocal));
        CHECK(abs(float100(start.exponent * log(float100(2)) + exact(start.logarithm) - expected)) < 1e-28);
        CHECK(float100(start.exponent * ln_2.high()) == float100(start.exponent) * ln_2.high());
    }
    for (const double a : {1 - 1 / 300.0, 1.0, 1 + 1 / 300.0}) {
        CHECK(Word::log_start_of(a).reciprocal == 1);
        CHECK(Word::log_start_of(a).exponent == 0);
        CHECK(exact(Word::log_start_of(a).logarithm) == 0);
    }
}

TEMPLATE_TEST_CASE("exponentials of double words", "", double, long double) {
    using Word = cesaro::detail::double_word<TestType>;
    const double unit = std::ldexp(1.0, -2 * std::numeric_limits<TestType>::digits);
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform(-1, 1);
    double worst = 0;
    for (int i = 0; i < 30000; ++i) {
        const double u = uniform(engine);
        const auto size =
            TestType(i % 3 == 0   ? 600 * u
                     : i % 3 == 1 ? u
                                  : std::copysign(std::exp(-300 * std::abs(u)), uniform(engine)));
        const Word a = Word(size) + Word(TestType(size * std::numeric_limits<TestType>::epsilon() * 0.3));
        CAPTURE(size);
        const double error =
            std::max(relative_error(expm1(a), float100(boost::multiprecision::expm1(exact(a)))),
                     relative_error(exp(a), float100(boost::multiprecision::exp(exact(a)))));
        worst = std::max(worst, error / (unit * (1 + std::abs(double(size)))));
    }
    CHECK(worst < 8);
}

TEMPLATE_TEST_CASE("products of double words that are not normalised", "", double, long double) {
    using Word = cesaro::detail::double_word<TestType>;
    const double unit = std::ldexp(1.0, -2 * std::numeric_limits<TestType>::digits);
    auto engine = random_engine();
    std::uniform_real_distribution<double> uniform(0.5, 2);
    Word product(TestType(1));
    float100 right = 1;
    for (int i = 1; i <= 200; ++i) {
        const Word factor = Word(TestType(uniform(engine))) / TestType(3);
        product = unnormalized_product(product, factor);
        right *= exact(factor);
        CHECK(relative_error(product, right) < 16 * i * unit);
        CHECK(std::abs(product.rounded() / static_cast<TestType>(right) - 1) <=
              2 * std::numeric_limits<TestType>::epsilon());
        if (i % 50 == 0) product = product * Word(TestType(3));
        if (i % 50 == 0) right *= 3;
    }
}

TEMPLATE_TEST_CASE("integers enter double words exactly", "", double, long double) {
    auto engine = random_engine();
    for (int i = 0; i < 2000; ++i) {
        const auto value = static_cast<std::int64_t>(engine() >> (2 + i % 62));
        CAPTURE(value);
        CHECK(exact(cesaro::detail::double_word<TestType>(value)) == float100(value));
        CHECK(exact(cesaro::detail::double_word<TestType>(-value)) == float100(-value));
    }
}

TEST_CASE("both tails in twice the precision, at contexts that no double holds") {
    using Wide = cesaro::detail::wide<double>;
    const cesaro::detail::unit_places keys;
    const auto schedule = cesaro::mixing_schedule<>{0.9, 0.25, 0.3, 1.0, 0.0, 0.6, 0.125, 0.7};
    const auto right = cesaro::mixing_schedule<float100>(schedule.alphas().cast<float100>());
    for (const std::int64_t query :
         {INT64_C(54731190868079448), INT64_C(260223413554932833), (INT64_C(1) << 62) - 3}) {
        const cesaro::discrete_influence<> d(query, schedule);
        const cesaro::discrete_influence<float100> e(query, right);
        const auto w = d.hops().weights_as<Wide>();
        for (const std::int64_t source : {std::int64_t(5), query / 1234567, query / 3, query - 4}) {
            CAPTURE(query, source);
            const Wide lower = cesaro::detail::lower_tail(keys, query, source, w);
            const Wide upper = cesaro::detail::upper_tail(keys, query, source, w, Wide(1.0));
            CHECK(relative_error(lower, cdf(e, source)) < 1e-30);
            CHECK(relative_error(upper, cdf(complement(e, source))) < 1e-30);
        }
    }
}
