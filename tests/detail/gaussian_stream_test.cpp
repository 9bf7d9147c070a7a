// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"
#include "../scalars.hpp"

#include <cesaro/detail/gaussian_stream.hpp>

#include <boost/math/distributions/normal.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

using namespace cesaro_test;
using cesaro::detail::gaussian_stream;
using cesaro::detail::ziggurat;

namespace {

std::vector<double> numbers_of(const gaussian_stream& stream, std::size_t size) {
    std::vector<double> numbers(size);
    stream.fill(0, size, 1, numbers.data());
    return numbers;
}

double probability_below(double x) {
    return cdf(boost::math::normal(), x);
}

/// The deviation of the chi-squared statistic from its mean, in standard deviations, of equally probable cells.
double chi_squared(const std::vector<std::size_t>& counts, std::size_t total) {
    const double expected = double(total) / double(counts.size()), freedom = double(counts.size() - 1);
    double sum = 0;
    for (const std::size_t count : counts)
        sum += (double(count) - expected) * (double(count) - expected) / expected;
    return (sum - freedom) / std::sqrt(2 * freedom);
}

double mean_product(const std::vector<double>& a, const std::vector<double>& b, std::size_t lag) {
    double sum = 0;
    for (std::size_t i = 0; i + lag < a.size(); ++i)
        sum += a[i] * b[i + lag];
    return sum / std::sqrt(double(a.size() - lag));
}

}  // namespace

TEST_CASE("the layers of the ziggurat have one area and end at the top of the curve") {
    const ziggurat& table = ziggurat::table();
    const double area = table.x[0] * table.y[1];
    for (std::size_t i = 1; i < ziggurat::layers; ++i) {
        CAPTURE(i);
        CHECK(std::abs(table.x[i] * (table.y[i + 1] - table.y[i]) / area - 1) < 1e-12);
        CHECK(table.x[i + 1] < table.x[i]);
    }
    CHECK(table.x[ziggurat::layers] == 0);
    CHECK(table.y[ziggurat::layers] == 1);
}

TEST_CASE("the tables of the ziggurat round far from ties, so that they are the same on every machine") {
    const ziggurat& table = ziggurat::table();
    for (std::size_t i = 0; i < ziggurat::layers; ++i) {
        CAPTURE(i);
        const double edge = std::ldexp(table.x[i + 1] / table.x[i], 24);
        if (i + 1 < ziggurat::layers) CHECK(std::abs(edge - std::round(edge)) > 1e-6);  // rounded: 4e-9
        int exponent;
        const double places = std::ldexp(std::frexp(table.x[i], &exponent), 24);
        CHECK(std::abs(places - std::floor(places) - 0.5) > 1e-6);
    }
}

TEST_CASE("Gaussian numbers are those of their places, however they are drawn") {
    const gaussian_stream stream(2026, {7, 11});
    const std::vector<double> whole = numbers_of(stream, 20000);
    auto engine = random_engine();
    for (int repeat = 0; repeat < 500; ++repeat) {
        const std::size_t first = std::uniform_int_distribution<std::size_t>(0, whole.size() - 1)(engine);
        const std::size_t most =
            repeat % 2 ? whole.size() - first : std::min<std::size_t>(3, whole.size() - first);
        std::vector<float> part(std::uniform_int_distribution<std::size_t>(1, most)(engine));
        stream.fill(first, part.size(), 0.02, part.data());
        bool same = true;
        for (std::size_t i = 0; i < part.size(); ++i)
            same = same && part[i] == float(whole[first + i] * 0.02);
        CAPTURE(first, part.size());
        CHECK(same);
    }
    double far = 0, again = 0;
    stream.fill(std::uint64_t(1) << 45, 1, 1, &far);
    stream.fill(std::uint64_t(1) << 45, 1, 1, &again);
    CHECK(far == again);
    CHECK(far != whole[0]);
}

TEST_CASE("Gaussian numbers have the normal distribution, within and beyond the ziggurat") {
    const std::size_t size = std::size_t(1) << 23, cells = 4096;
    const std::vector<double> numbers = numbers_of(gaussian_stream(1, {2}), size);
    std::vector<std::size_t> counts(cells);
    std::array<double, 5> moments{};
    std::size_t beyond = 0, far_beyond = 0;
    for (const double x : numbers) {
        ++counts[std::min(cells - 1, std::size_t(probability_below(x) * double(cells)))];
        for (std::size_t k = 1; k < moments.size(); ++k)
            moments[k] += std::pow(x, int(k)) / double(size);
        beyond += std::abs(x) > ziggurat::r;
        far_beyond += std::abs(x) > 4.2;
    }
    CHECK(std::abs(chi_squared(counts, size)) < 4);
    const double unit = 1 / std::sqrt(double(size));
    CHECK(std::abs(moments[1]) < 4 * unit);
    CHECK(std::abs(moments[2] - 1) < 4 * std::sqrt(2.) * unit);
    CHECK(std::abs(moments[3]) < 4 * std::sqrt(15.) * unit);
    CHECK(std::abs(moments[4] - 3) < 4 * std::sqrt(96.) * unit);
    for (const auto& [edge, count] : {std::pair{ziggurat::r, beyond}, {4.2, far_beyond}}) {
        const double expected = 2 * double(size) * probability_below(-edge);
        CAPTURE(edge, expected, count);
        CHECK(std::abs(double(count) - expected) < 4 * std::sqrt(expected));
    }
}

TEST_CASE("Gaussian numbers are independent of their neighbours and of other streams") {
    const std::size_t size = std::size_t(1) << 20, side = 32;
    const std::vector<double> a = numbers_of(gaussian_stream(1, {2}), size);
    const std::vector<std::vector<double>> others{a, numbers_of(gaussian_stream(1, {3}), size),
                                                  numbers_of(gaussian_stream(2, {2}), size),
                                                  numbers_of(gaussian_stream(1, {2, 0}), size)};
    for (std::size_t k = 0; k < others.size(); ++k) {
        for (const std::size_t lag : {0u, 1u, 2u, 3u, 64u, 128u, 256u, 4096u}) {
            if (k == 0 && lag == 0) continue;
            CAPTURE(k, lag);
            std::vector<double> squares_a(a), squares_b(others[k]);
            std::vector<std::size_t> counts(side * side);
            const auto cell = [](double x) {
                return std::min(side - 1, std::size_t(probability_below(x) * side));
            };
            for (std::size_t i = 0; i + lag < size; ++i)
                ++counts[cell(a[i]) * side + cell(others[k][i + lag])];
            for (auto* squares : {&squares_a, &squares_b})
                for (double& x : *squares)
                    x = (x * x - 1) / std::sqrt(2.);
            CHECK(std::abs(mean_product(a, others[k], lag)) < 4.5);
            CHECK(std::abs(mean_product(squares_a, squares_b, lag)) < 4.5);
            CHECK(std::abs(chi_squared(counts, size - lag)) < 4.5);
        }
    }
}
