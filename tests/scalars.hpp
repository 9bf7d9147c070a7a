// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// The scalars the library is tested with, and the ulp as the unit of every tolerance.
#include "catch.hpp"

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <boost/multiprecision/cpp_int.hpp>
#include <boost/multiprecision/eigen.hpp>
#include <boost/version.hpp>

#include <limits>
#include <random>
#include <type_traits>

#if BOOST_VERSION < 107900
// Boost 1.74 asks every type with a const_iterator for its value_type; Eigen's matrices, which have the
// former as void, then fail to multiply when the scalar is a rational. Later versions ask better.
namespace boost::multiprecision::detail {
template <class Expression>
requires std::is_base_of_v<Eigen::EigenBase<Expression>, Expression>
struct is_byte_container_imp<Expression, true> {
    static const bool value = false;
};
}  // namespace boost::multiprecision::detail
#endif

namespace cesaro_test {

using rational = boost::multiprecision::cpp_rational;
using float50 = boost::multiprecision::cpp_bin_float_50;
using float100 = boost::multiprecision::cpp_bin_float_100;

/// |actual - expected| / |expected| in units of the scalar's epsilon; 0 when both are equal.
template <class Real, class Reference>
double error_in_epsilons(const Real& actual, const Reference& expected) {
    const float100 a(actual);
    const float100 e(expected);
    if (a == e) return 0;
    const float100 error = abs(float100(a - e)) / abs(e);
    return static_cast<double>(error / float100(std::numeric_limits<Real>::epsilon()));
}

/// The standardised moments of orders 3 and 4 from E[V], ..., E[V^4], in numbers whose range they do not
/// leave.
inline float100 skewness_of(const float100& m1, const float100& m2, const float100& m3) {
    const float100 variance = m2 - m1 * m1;
    return (m3 - 3 * m1 * m2 + 2 * m1 * m1 * m1) / (variance * sqrt(variance));
}
inline float100 kurtosis_of(const float100& m1, const float100& m2, const float100& m3, const float100& m4) {
    const float100 variance = m2 - m1 * m1;
    return (m4 - 4 * m1 * m3 + 6 * m1 * m1 * m2 - 3 * m1 * m1 * m1 * m1) / (variance * variance);
}

/// A generator with a fixed seed, which the failing assertion prints.
inline std::mt19937_64 random_engine(std::uint64_t seed = 20260310) {
    UNSCOPED_INFO("seed " << seed);
    return std::mt19937_64(seed);
}

}  // namespace cesaro_test
