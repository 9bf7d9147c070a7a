// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "profiles.hpp"
#include "scalars.hpp"

#include <cesaro/profile.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

using namespace cesaro_test;
using Eigen::Index;

namespace {

float100 mass(const Eigen::VectorX<float100>& p, Index begin, Index end) {
    float100 sum = 0;
    for (Index m = begin; m < end; ++m)
        sum += p[m];
    return sum;
}

}  // namespace

TEST_CASE("a tenth is ceil(size / 10) whole positions") {
    const auto split = [](Index size) {
        const auto t = cesaro::tenths(size);
        return std::vector<std::int64_t>{t.primacy_end, t.recency_begin};
    };
    CHECK(split(1) == std::vector<std::int64_t>{0, 0});
    CHECK(split(2) == std::vector<std::int64_t>{1, 1});
    CHECK(split(3) == std::vector<std::int64_t>{1, 2});
    CHECK(split(10) == std::vector<std::int64_t>{1, 9});
    CHECK(split(11) == std::vector<std::int64_t>{2, 9});
    CHECK(split(20) == std::vector<std::int64_t>{2, 18});
    CHECK(split(1025) == std::vector<std::int64_t>{103, 922});
    const Index largest = std::numeric_limits<Index>::max();
    CHECK(split(largest) == std::vector<std::int64_t>{largest / 10 + 1, largest - largest / 10 - 1});
    CHECK_THROWS_AS(cesaro::tenths(0), std::domain_error);
}

TEST_CASE("the summary of a profile worked by hand") {
    Eigen::VectorXd counts(12);  // sums to 64; tenths are two positions
    counts << 16, 8, 4, 2, 1, 0.5, 0.5, 2, 4, 2, 8, 16;
    const auto s = cesaro::summarize(counts);
    CHECK(s.primacy == 24. / 64);
    CHECK(s.middle == 16. / 64);
    CHECK(s.recency == 24. / 64);
    CHECK(s.first_token == 0.25);
    CHECK(s.last_token == 0.25);
    CHECK(s.valley == 0.5 / 64);
    CHECK(s.valley_position == 5);
    CHECK(s.valley_depth == Approx(std::log10(32.)).epsilon(1e-15));
    CHECK(s.mean_position == Approx((8 + 8 + 6 + 4 + 2.5 + 3 + 14 + 32 + 18 + 80 + 176) / 64).epsilon(1e-15));
    const double bits =
        2 * (16 * 2 + 8 * 3 + 4 * 4) + 3 * 2 * 5 + 1 * 6 + 2 * 0.5 * 7;  // entries 2^-bits, times 64
    CHECK(s.entropy == Approx(bits / 64 * std::log(2.)).epsilon(1e-15));
}

TEMPLATE_TEST_CASE("every field is accurate to 8 epsilon", "", float, double, long double, float50) {
    using Real = TestType;
    auto random = random_engine();
    for (const Index size : {1, 2, 3, 9, 10, 11, 101, 4000}) {
        const auto profile = random_profile<Real>(random, size, 30);
        const auto p = normalised(profile);
        const auto s = cesaro::summarize(profile);
        const Index tenth = (size + 9) / 10;
        CAPTURE(size);
        CHECK(error_in_epsilons(s.recency, mass(p, size - tenth, size)) < 8);
        if (size > 1) {
            CHECK(error_in_epsilons(s.primacy, mass(p, 0, tenth)) < 8);
            CHECK(error_in_epsilons(s.middle, mass(p, tenth, size - tenth)) < 8);
        }
        float100 mean = 0;
        float100 entropy = 0;
        Index least = 0;
        for (Index m = 0; m < size; ++m) {
            mean += m * p[m];
            entropy -= p[m] * log(p[m]);
            if (p[m] < p[least]) least = m;
        }
        CHECK(error_in_epsilons(s.mean_position, mean) < 8);
        CHECK(error_in_epsilons(s.entropy, entropy) < 8);
        CHECK(error_in_epsilons(s.first_token, p[0]) < 8);
        CHECK(error_in_epsilons(s.last_token, p[size - 1]) < 8);
        CHECK(error_in_epsilons(s.valley, p[least]) < 8);
        CHECK(s.valley_position == least);
        const float100 lower_end = std::min(p[0], p[size - 1]);
        const float100 depth = log10(float100(lower_end / p[least]));
        const float100 error = abs(float100(float100(s.valley_depth) - depth)) / std::max(depth, float100(1));
        CHECK(error < 8 * float100(std::numeric_limits<Real>::epsilon()));
    }
}

TEST_CASE("long profiles and profiles on almost one position") {
    const Index size = 1000003;
    const Eigen::VectorXd flat = Eigen::VectorXd::Constant(size, 0.1);
    const auto s = cesaro::summarize(flat);
    CHECK(error_in_epsilons(s.entropy, log(float100(size))) < 8);
    CHECK(error_in_epsilons(s.mean_position, float100(size - 1) / 2) < 8);
    CHECK(error_in_epsilons(s.primacy, float100(100001) / size) < 8);
    CHECK(s.valley_position == 0);
    CHECK(s.valley_depth == 0);

    Eigen::VectorXd peak = Eigen::VectorXd::Zero(50);
    peak[49] = 1;
    CHECK(cesaro::summarize(peak).entropy == 0);
    CHECK_FALSE(std::signbit(cesaro::summarize(peak).entropy));
    peak[20] = 1e-18;
    const auto p = normalised(peak);
    const float100 entropy = -p[20] * log(p[20]) - p[49] * log(p[49]);
    CHECK(error_in_epsilons(cesaro::summarize(peak).entropy, entropy) < 8);
}

TEMPLATE_TEST_CASE("summaries of long flat profiles in closed form", "", float, double, long double) {
    using Real = TestType;
    for (const Index size : {1000, 1000000, 5000000}) {
        const Eigen::VectorX<Real> flat = Eigen::VectorX<Real>::Constant(size, Real(1e-3L));
        const auto s = cesaro::summarize(flat);
        CAPTURE(size);
        CHECK(error_in_epsilons(s.first_token, 1 / float100(size)) < 8);
        CHECK(error_in_epsilons(s.primacy, float100(1) / 10) < 8);
        CHECK(error_in_epsilons(s.middle, float100(8) / 10) < 8);
        CHECK(error_in_epsilons(s.mean_position, float100(size - 1) / 2) < 8);
        CHECK(error_in_epsilons(s.entropy, log(float100(size))) < 8);
    }
}

TEST_CASE("valleys: empty, subnormal, absent") {
    CHECK(cesaro::summarize(Eigen::Vector4d(1, 0, 0, 1)).valley_depth ==
          std::numeric_limits<double>::infinity());
    CHECK(cesaro::summarize(Eigen::Vector4d(1, 0, 0, 1)).valley_position == 1);
    CHECK(cesaro::summarize(Eigen::Vector4d(0, 2, 1, 0)).valley_depth == 0);
    CHECK(cesaro::summarize(Eigen::Vector3d(3, 2, 1)).valley_depth == 0);
    CHECK(cesaro::summarize(Eigen::Vector3d(3, 2, 1)).valley_position == 2);
    CHECK(cesaro::summarize(Eigen::Vector3d(1, 1e-311, 1)).valley_depth == Approx(311).epsilon(1e-12));
}

TEST_CASE("profiles may be rows, arrays, maps, segments and expressions, and of any scale") {
    Eigen::MatrixXd block(2, 4);
    block << 4, 2, 1, 3, 1, 1, 1, 1;
    const auto expected = cesaro::summarize(Eigen::Vector4d(4, 2, 1, 3));
    CHECK(cesaro::summarize(block.row(0)).entropy == expected.entropy);
    CHECK(cesaro::summarize(block.row(0).transpose().array()).valley_position == 2);
    CHECK(cesaro::summarize(block.row(0) * 8).mean_position == expected.mean_position);
}

TEST_CASE("profiles may be any numbers that lie one after the other") {
    const Eigen::Vector4d counts(4, 2, 1, 3);
    const auto expected = cesaro::summarize(counts);
    const auto same = [&](const auto& profile) {
        const cesaro::profile_summary<double> s = cesaro::summarize(profile);
        CHECK(s.first_token == expected.first_token);
        CHECK(s.valley_position == expected.valley_position);
        CHECK(s.mean_position == expected.mean_position);
        CHECK(s.entropy == expected.entropy);
    };
    const std::vector<double> owned{4, 2, 1, 3};
    double plain[] = {4, 2, 1, 3};
    same(owned);
    same(std::span<const double>(owned));
    same(std::span<double, 4>(plain));
    same(plain);
    same(std::array<double, 4>{4, 2, 1, 3});
    CHECK(cesaro::summarize(std::vector<float>{4, 2, 1, 3}).first_token == 0.4f);
    CHECK(error_in_epsilons(cesaro::summarize(std::vector<float50>{1, 2}).first_token, float100(1) / 3) < 8);
    CHECK_THROWS_AS(cesaro::summarize(std::vector<double>{}), std::invalid_argument);
    CHECK_THROWS_AS(cesaro::summarize(std::vector<double>{1, -1, 1}), std::domain_error);
}

namespace {

template <class P>
concept summarized = requires(const P& profile) {
    cesaro::summarize(profile);
};
static_assert(summarized<std::vector<double>> && summarized<Eigen::RowVectorXf>);
static_assert(!summarized<std::vector<int>> && !summarized<std::vector<bool>> && !summarized<std::string>);
static_assert(!summarized<std::vector<std::vector<double>>> && !summarized<double>);

}  // namespace

TEST_CASE("the example of summarize") {
    const std::vector<double> norms{8, 3, 1, 1, 3};
    const cesaro::profile_summary<double> s = cesaro::summarize(norms);
    CHECK((s.primacy == 0.5 && s.recency == 3.0 / 16 && s.valley == 1.0 / 16 && s.valley_position == 2));
}

TEST_CASE("profiles reject what is not a profile") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK_THROWS_AS(cesaro::summarize(Eigen::VectorXd(0)), std::invalid_argument);
    CHECK_THROWS_AS(cesaro::summarize(Eigen::Vector3d(1, nan, 1)), std::domain_error);
    CHECK_THROWS_AS(cesaro::summarize(Eigen::Vector3d(1, -1e-300, 1)), std::domain_error);
    CHECK_THROWS_AS(cesaro::summarize(Eigen::Vector3d(1, infinity, 1)), std::domain_error);
    CHECK_THROWS_AS(cesaro::summarize(Eigen::Vector3d(1e308, 1e308, 1)), std::domain_error);
    CHECK_THROWS_AS(cesaro::summarize(Eigen::Vector3d(0, 0, 0)), std::domain_error);
    const auto message = [](const Eigen::Vector2d& profile) {
        try {
            (void)cesaro::summarize(profile);
        } catch (const std::domain_error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    const std::string infinite = "cesaro::summarize: the sum of profile = inf must be positive and finite";
    CHECK(message({infinity, 1}) == infinite);
    CHECK(message({1e308, 1e308}) == infinite);
}
