// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Every closed form against 60 digits of formulas that share nothing with it: scripts/reference_tables.py.
#include "catch.hpp"
#include "reference_tables.hpp"
#include "scalars.hpp"

#include <cesaro/continuum_influence.hpp>
#include <cesaro/depth_limit_influence.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/power_sum.hpp>

#include <string>
#include <type_traits>

using namespace cesaro_test;
using cesaro::complement;

namespace {

template <class Row>
const std::vector<Row>& table(const char* name) {
    static const std::vector<Row> rows = read_table<Row>(std::string(CESARO_TEST_DATA "/") + name);
    return rows;
}

/// What is claimed in epsilons for moments, and for values in numbers that no wider ones are at hand for: 2e-13 to
/// depth 150 and 1e-12 at 400 in double.
double bound(Eigen::Index depth) {
    return (depth <= 150 ? 2e-13 : 1e-12) / std::numeric_limits<double>::epsilon();
}

double depth_limit_bound(double total_attention) {
    return 1e-13 * (1 + total_attention / 100) / std::numeric_limits<double>::epsilon();
}

const double log_bound = 1e-12 / std::numeric_limits<double>::epsilon();

/// Whether the scalar can hold a value with all digits.
template <class Real>
bool in_range(const reference_real& value) {
    if (value != 0 && value < reference_real(smallest_accurate<Real>())) return false;
    return value <= reference_real((std::numeric_limits<Real>::max)());
}

/// Relative error of such a value, in epsilons.
template <class Real>
double error_in_range(const Real& actual, const reference_real& expected) {
    return in_range<Real>(expected) ? relative_error(actual, expected) : 0;
}

/// The error of such a value, of what is claimed for all laws: 16 ulp at any depth; of multiprecision numbers, than
/// which none are wider, `epsilons`.
template <class Real>
double share_of_bound(const Real& actual, const reference_real& expected, double epsilons) {
    if (!in_range<Real>(expected)) return 0;
    if (std::is_floating_point_v<Real>) return ulp_error(actual, expected) / 16;
    return relative_error(actual, expected) / epsilons;
}

}  // namespace

TEMPLATE_TEST_CASE("power sums are the reference's", "", float, double, long double, float50) {
    // A power of a multiprecision number alone costs more than a few.
    const double most = std::is_floating_point_v<TestType> ? 4 : 64;
    for (const auto& row : table<power_sum_reference>("power_sum.txt")) {
        CAPTURE(row.a, row.b, row.r);
        if (row.value < reference_real(smallest_accurate<TestType>())) continue;
        CHECK(ulp_error(cesaro::power_sum<TestType>(row.a, row.b, row.r), row.value) <= most);
    }
}

TEMPLATE_TEST_CASE("the exact row is the reference's", "", float, double, long double, float50) {
    for (const auto& row : table<discrete_reference>("discrete.txt")) {
        if (!row.schedule.fits<TestType>()) continue;
        CAPTURE(row.query, row.source, row.schedule.kind, row.schedule.depth, row.schedule.alpha);
        const cesaro::discrete_influence<TestType> d(row.query, row.schedule.as<TestType>());
        const double most = bound(row.schedule.depth);
        // The range of long double reaches entries that take many more hops.
        const double times = std::is_same_v<TestType, long double> ? 3 : 1;
        CHECK(share_of_bound(pdf(d, row.source), row.pdf, most) <= times);
        CHECK(share_of_bound(cdf(d, row.source), row.cdf, most) <= times);
        CHECK(share_of_bound(TestType(cdf(complement(d, row.source))), row.complement, most) <= times);
        if (row.pdf > 0)
            CHECK(logarithm_error(logpdf(d, row.source), row.pdf) <= log_bound);
        else
            CHECK(logpdf(d, row.source) == -std::numeric_limits<TestType>::infinity());
    }
}

TEMPLATE_TEST_CASE("rows under keys that are not uniform are the reference's", "", float, double, long double,
                   float50) {
    using Real = TestType;
    for (const auto& row : table<keyed_reference>("keys.txt")) {
        const Real parameter = static_cast<Real>(row.parameter);
        if (!row.schedule.fits<Real>() || reference_real(parameter) != reference_real(row.parameter))
            continue;
        CAPTURE(row.kind, row.parameter, row.query, row.source, row.schedule.depth, row.schedule.alpha);
        const auto schedule = row.schedule.as<Real>();
        double most = 900;  // 2e-13 in double
        // Of numbers than which none are wider the exponential of -s d itself.
        if (!std::is_floating_point_v<Real> && row.kind == "slope")
            most += row.parameter * double(row.query - row.source);
        const auto check = [&](const auto& keys) {
            const cesaro::discrete_influence<Real> d(row.query, schedule, keys);
            CHECK(error_in_range(pdf(d, row.source), row.pdf) <= most);
            CHECK(error_in_range(cdf(d, row.source), row.cdf) <= most);
            CHECK(error_in_range(Real(cdf(complement(d, row.source))), row.complement) <= most);
            CHECK(error_in_range(sink_influence(d), row.lost) <= most);
            if (row.pdf > 0) CHECK(logarithm_error(logpdf(d, row.source), row.pdf) <= log_bound);
        };
        if (row.kind == "sink")
            check(cesaro::uniform_keys<Real>{parameter});
        else
            check(cesaro::decaying_keys<Real>{parameter});
    }
}

TEMPLATE_TEST_CASE("the continuum law is the reference's", "", float, double, long double, float50) {
    for (const auto& row : table<continuum_reference>("continuum.txt")) {
        const TestType x = static_cast<TestType>(row.x);
        if (!row.schedule.fits<TestType>() || reference_real(x) != reference_real(row.x)) continue;
        CAPTURE(row.x, row.schedule.kind, row.schedule.depth, row.schedule.alpha);
        const cesaro::continuum_influence<TestType> c(row.schedule.as<TestType>());
        const double most = bound(row.schedule.depth);
        CHECK(share_of_bound(pdf(c, x), row.pdf, most) <= 1);
        CHECK(share_of_bound(cdf(c, x), row.cdf, most) <= 1);
        CHECK(share_of_bound(TestType(cdf(complement(c, x))), row.complement, most) <= 1);
        if (row.pdf > 0)
            CHECK(logarithm_error(logpdf(c, x), row.pdf) <= log_bound);
        else
            CHECK(logpdf(c, x) == -std::numeric_limits<TestType>::infinity());
    }
}

TEMPLATE_TEST_CASE("the depth limit is the reference's", "", float, double, long double, float50) {
    for (const auto& row : table<depth_limit_reference>("depth_limit.txt")) {
        const TestType x = static_cast<TestType>(row.x);
        const TestType a = static_cast<TestType>(row.total_attention);
        if (reference_real(x) != reference_real(row.x)) continue;
        if (reference_real(a) != reference_real(row.total_attention)) continue;
        CAPTURE(row.x, row.total_attention);
        const cesaro::depth_limit_influence<TestType> e(a);
        const double most = depth_limit_bound(row.total_attention);
        CHECK(share_of_bound(pdf(e, x), row.pdf, most) <= 1);
        CHECK(share_of_bound(cdf(e, x), row.cdf, most) <= 1);
        CHECK(share_of_bound(TestType(cdf(complement(e, x))), row.complement, most) <= 1);
        CHECK(logarithm_error(logpdf(e, x), row.pdf) <= log_bound);
    }
}

namespace {

template <class Real, class Law>
void check_moments(const Law& law, const moments_reference& row, double most) {
    CHECK(error_in_range(Real(mean(law)), row.mean) <= most);
    CHECK(error_in_range(Real(variance(law)), row.variance) <= most);
    // A skewness may be close to zero: its error counts against one then.
    const reference_real skew = row.skewness;
    const reference_real size = abs(skew) > 1 ? reference_real(abs(skew)) : reference_real(1);
    const reference_real error = abs(reference_real(reference_real(skewness(law)) - skew)) / size;
    if (size <= reference_real((std::numeric_limits<Real>::max)()))
        CHECK(error <= reference_real(std::numeric_limits<Real>::epsilon()) * most);
    CHECK(error_in_range(Real(kurtosis(law)), row.kurtosis) <= most);
}

}  // namespace

TEMPLATE_TEST_CASE("moments are the reference's", "", float, double, long double, float50) {
    for (const auto& row : table<moments_reference>("moments.txt")) {
        CAPTURE(row.law, row.parameter, row.schedule.kind, row.schedule.depth, row.schedule.alpha);
        const double most = bound(row.schedule.depth);
        if (row.law == "depth_limit") {
            const double a = std::strtod(row.parameter.c_str(), nullptr);
            if (reference_real(static_cast<TestType>(a)) != reference_real(a)) continue;
            check_moments<TestType>(cesaro::depth_limit_influence<TestType>(static_cast<TestType>(a)), row,
                                    depth_limit_bound(a));
        } else if (row.schedule.fits<TestType>()) {
            const auto schedule = row.schedule.as<TestType>();
            if (row.law == "discrete") {
                const std::int64_t query = std::stoll(row.parameter);
                check_moments<TestType>(cesaro::discrete_influence<TestType>(query, schedule), row, most);
            } else {
                check_moments<TestType>(cesaro::continuum_influence<TestType>(schedule), row, most);
            }
        }
    }
}
