// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/memory.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <locale>
#include <stdexcept>
#include <string>

using cesaro::detail::argument_message;

namespace {

/// 1234567.25 as 1.234.567,25, as some countries write it.
struct grouping : std::numpunct<char> {
    char do_thousands_sep() const override { return '.'; }
    char do_decimal_point() const override { return ','; }
    std::string do_grouping() const override { return "\3"; }
};

struct global_locale {
    global_locale() { std::locale::global(std::locale(std::locale::classic(), new grouping)); }
    ~global_locale() { std::locale::global(before); }
    std::locale before;
};

}  // namespace

TEST_CASE("messages name the function, the argument and its value") {
    CHECK(argument_message("f", "x", 0.1, "must not") == "cesaro::f: x = 0.10000000000000001 must not");
    CHECK(argument_message("f", "x", 0.1F, "must not") == "cesaro::f: x = 0.100000001 must not");
    CHECK(argument_message("f", "x[3]", -2, "must not") == "cesaro::f: x[3] = -2 must not");
    CHECK(argument_message("f", "kind", std::string("odd"), "must not") == "cesaro::f: kind = odd must not");
}

TEST_CASE("messages are free of the global locale") {
    const global_locale set;
    CHECK(argument_message("f", "x", 1234567.25, "must not") == "cesaro::f: x = 1234567.25 must not");
    CHECK(argument_message("f", "x", 1234567, "must not") == "cesaro::f: x = 1234567 must not");
    CHECK_THROWS_WITH(cesaro::detail::check_at_least("f", "n", -1234567, 1234567),
                      "cesaro::f: n = -1234567 must be at least 1234567");
}

TEST_CASE("what is long is cut in messages") {
    const std::string longest(200, 'x');
    CHECK(argument_message("f", "a", longest, "must not") == "cesaro::f: a = " + longest + " must not");
    CHECK(argument_message("f", "a", longest + "y", "must not") ==
          "cesaro::f: a = " + longest + "... must not");
    CHECK(argument_message("f", std::string(100000, 'a'), 1, "must not").size() < 240);
}

TEST_CASE("sizes and positions of either width are checked") {
    using cesaro::detail::check_at_least;
    using cesaro::detail::check_size;
    const std::int32_t narrow = 3;
    const std::int64_t wide = std::int64_t(1) << 40;
    CHECK_NOTHROW(check_at_least("f", "n", narrow, 3));
    CHECK_NOTHROW(check_at_least("f", "n", wide, narrow));
    CHECK_THROWS_AS(check_at_least("f", "n", narrow, 4), std::domain_error);
    CHECK_THROWS_WITH(check_at_least("f", "n", narrow, wide),
                      "cesaro::f: n = 3 must be at least 1099511627776");
    CHECK_THROWS_AS(check_size("f", "rows", narrow, wide), std::invalid_argument);
    CHECK_THROWS_WITH(check_size("f", "rows", wide, narrow), "cesaro::f: rows = 1099511627776 must be 3");
}

TEST_CASE("the unit interval") {
    using cesaro::detail::check_unit_interval;
    for (const double inside : {0.0, -0.0, 1.0, 0.5, std::numeric_limits<double>::denorm_min()})
        CHECK_NOTHROW(check_unit_interval("f", "x", inside));
    for (const double outside :
         {-std::numeric_limits<double>::denorm_min(), 1 + 0x1p-52, std::numeric_limits<double>::infinity(),
          std::numeric_limits<double>::quiet_NaN()})
        CHECK_THROWS_AS(check_unit_interval("f", "x", outside), std::domain_error);
}

TEST_CASE("what does not fit in memory") {
    using cesaro::detail::check_fits_in_memory;
    const double memory = cesaro::detail::physical_memory();
    CHECK(memory >= 0x1p24);  // no machine that compiled this has less than 16 MB
    CHECK(memory <= double(std::numeric_limits<std::ptrdiff_t>::max()));
    CHECK_NOTHROW(check_fits_in_memory<double>("f", 1024, 1024));
    CHECK_NOTHROW(check_fits_in_memory<char>("f", std::int64_t(memory / 2), 1));
    CHECK_THROWS_AS(check_fits_in_memory<char>("f", std::int64_t(memory / 1024) + 1, 1024),
                    std::length_error);
    CHECK_THROWS_WITH(check_fits_in_memory<double>("f", std::int64_t(1) << 62, std::int64_t(1) << 62),
                      "cesaro::f: entries = 4611686018427387904 x 4611686018427387904 do not fit in memory");
}
