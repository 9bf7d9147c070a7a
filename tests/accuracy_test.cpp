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

using namespace cesaro_test;
using cesaro::complement;

namespace {

template <class Row>
const std::vector<Row>& table(const char* name) {
    static const std::vector<Row> rows = read_table<Row>(std::string(CESARO_TEST_DATA "/") + name);
    return rows;
}

/// What is claimed for double, 2e-13 to depth 150 and 1e-12 at 400, in epsilons: the claim for every scalar.
double bound(Eigen::Index depth) {
    return (depth <= 150 ? 2e-13 : 1e-12) / std::numeric_limits<double>::epsilon();
}

double depth_limit_bound(double total_attention) {
    return 1e-13 * (1 + total_attention / 100) / std::numeric_limits<double>::epsilon();
}

const double log_bound = 1e-12 / std::numeric_limits<double>::epsilon();

/// Relative error, for a value that the scalar can hold with all digits.
template <class Real>
double error_above_underflow(const Real& actual, const reference_real& expected) {
    if (expected != 0 && expected < reference_real(smallest_accurate<Real>())) return 0;
    if (expected > reference_real((std::numeric_limits<Real>::max)())) return 0;
    return relative_error(actual, expected);
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
        CHECK(error_above_underflow(pdf(d, row.source), row.pdf) <= most);
        CHECK(error_above_underflow(cdf(d, row.source), row.cdf) <= most);
        CHECK(error_above_underflow(TestType(cdf(complement(d, row.source))), row.complement) <= most);
        if (row.pdf > 0)
            CHECK(logarithm_error(logpdf(d, row.source), row.pdf) <= log_bound);
        else
            CHECK(logpdf(d, row.source) == -std::numeric_limits<TestType>::infinity());
    }
}

TEMPLATE_TEST_CASE("the continuum law is the reference's", "", float, double, long double, float50) {
    for (const auto& row : table<continuum_reference>("continuum.txt")) {
        const TestType x = static_cast<TestType>(row.x);
        if (!row.schedule.fits<TestType>() || reference_real(x) != reference_real(row.x)) continue;
        CAPTURE(row.x, row.schedule.kind, row.schedule.depth, row.schedule.alpha);
        const cesaro::continuum_influence<TestType> c(row.schedule.as<TestType>());
        const double most = bound(row.schedule.depth);
        CHECK(error_above_underflow(pdf(c, x), row.pdf) <= most);
        CHECK(error_above_underflow(cdf(c, x), row.cdf) <= most);
        CHECK(error_above_underflow(TestType(cdf(complement(c, x))), row.complement) <= most);
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
        CHECK(error_above_underflow(pdf(e, x), row.pdf) <= most);
        CHECK(error_above_underflow(cdf(e, x), row.cdf) <= most);
        CHECK(error_above_underflow(TestType(cdf(complement(e, x))), row.complement) <= most);
        CHECK(logarithm_error(logpdf(e, x), row.pdf) <= log_bound);
    }
}

namespace {

template <class Real, class Law>
void check_moments(const Law& law, const moments_reference& row, double most) {
    CHECK(error_above_underflow(Real(mean(law)), row.mean) <= most);
    CHECK(error_above_underflow(Real(variance(law)), row.variance) <= most);
    // A skewness may be close to zero: its error counts against one then.
    const reference_real skew = row.skewness;
    const reference_real size = abs(skew) > 1 ? reference_real(abs(skew)) : reference_real(1);
    const reference_real error = abs(reference_real(reference_real(skewness(law)) - skew)) / size;
    if (size <= reference_real((std::numeric_limits<Real>::max)()))
        CHECK(error <= reference_real(std::numeric_limits<Real>::epsilon()) * most);
    CHECK(error_above_underflow(Real(kurtosis(law)), row.kurtosis) <= most);
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
                const Eigen::Index query = std::stoll(row.parameter);
                check_moments<TestType>(cesaro::discrete_influence<TestType>(query, schedule), row, most);
            } else {
                check_moments<TestType>(cesaro::continuum_influence<TestType>(schedule), row, most);
            }
        }
    }
}
