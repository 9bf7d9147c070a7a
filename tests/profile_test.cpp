// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/profile.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

using namespace cesaro_test;
using Eigen::Index;

namespace {

/// Entries spread over many decades, so that an error in a small one cannot hide behind a large one.
template <class Real>
Eigen::VectorX<Real> random_profile(std::mt19937_64& random, Index size, double decades) {
    std::uniform_real_distribution<double> exponent(-decades, 0);
    Eigen::VectorX<Real> p(size);
    for (Index m = 0; m < size; ++m)
        p[m] = Real(std::pow(10.0, exponent(random)));
    return p;
}

Eigen::VectorX<float100> normalised(const auto& profile) {
    Eigen::VectorX<float100> p(profile.size());
    float100 sum = 0;
    for (Index m = 0; m < p.size(); ++m)
        sum += p[m] = float100(profile[m]);
    for (Index m = 0; m < p.size(); ++m)
        p[m] /= sum;
    return p;
}

float100 mass(const Eigen::VectorX<float100>& p, Index begin, Index end) {
    float100 sum = 0;
    for (Index m = begin; m < end; ++m)
        sum += p[m];
    return sum;
}

/// Optimal transport on a line by moving mass from the left: the cost of the north-west corner plan, which is
/// optimal for costs that are convex in the distance.
double transport(std::vector<double> p, std::vector<double> q) {
    double cost = 0;
    for (std::size_t i = 0, j = 0; i < p.size() && j < q.size();) {
        const double moved = std::min(p[i], q[j]);
        cost += moved * std::abs(double(i) - double(j));
        p[i] -= moved;
        q[j] -= moved;
        p[i] <= q[j] ? ++i : ++j;
    }
    return cost / double(p.size() - 1);
}

/// The cheapest matching of unit masses, by trying every permutation: true optimal transport, no theorem
/// used.
rational cheapest_matching(const std::vector<int>& from, std::vector<int> to, int n) {
    std::sort(to.begin(), to.end());
    int best = std::numeric_limits<int>::max();
    do {
        int cost = 0;
        for (std::size_t i = 0; i < from.size(); ++i)
            cost += std::abs(from[i] - to[i]);
        best = std::min(best, cost);
    } while (std::next_permutation(to.begin(), to.end()));
    return rational(best, n * int(from.size()));
}

}  // namespace

TEST_CASE("a tenth is ceil(size / 10) whole positions") {
    const auto split = [](Index size) {
        const auto t = cesaro::tenths(size);
        return std::vector<Index>{t.primacy_end, t.recency_begin};
    };
    CHECK(split(1) == std::vector<Index>{0, 0});
    CHECK(split(2) == std::vector<Index>{1, 1});
    CHECK(split(3) == std::vector<Index>{1, 2});
    CHECK(split(10) == std::vector<Index>{1, 9});
    CHECK(split(11) == std::vector<Index>{2, 9});
    CHECK(split(20) == std::vector<Index>{2, 18});
    CHECK(split(1025) == std::vector<Index>{103, 922});
    const Index largest = std::numeric_limits<Index>::max();
    CHECK(split(largest) == std::vector<Index>{largest / 10 + 1, largest - largest / 10 - 1});
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
    CHECK(cesaro::total_variation(block.row(0), 4 * block.row(0).transpose()) == 0);
    CHECK(cesaro::wasserstein(block.row(0).array(), block.row(0).transpose()) == 0);
    CHECK(cesaro::spearman(block.row(0), block.row(0) / 2) == 1);
}

TEST_CASE("distances worked by hand, exactly") {
    using vector = Eigen::VectorX<rational>;
    vector p(4);
    vector q(4);
    p << 1, 2, 3, 4;                                                            // /10
    q << 2, 1, 1, 1;                                                            // /5
    CHECK(cesaro::total_variation(p, q) == rational(3, 10));                    // 1/2 (3 + 0 + 1 + 2)/10
    CHECK(cesaro::wasserstein(p, q) == rational(3 + 3 + 2, 10) / rational(3));  // CDF differences 3, 3, 2
    vector first = vector::Constant(4, rational(0));
    vector last = first;
    first[0] = 1;
    last[3] = 7;
    CHECK(cesaro::total_variation(first, last) == 1);
    CHECK(cesaro::wasserstein(first, last) == 1);
    CHECK(cesaro::wasserstein(vector(p.head(1)), vector(q.head(1))) == 0);
}

TEST_CASE("wasserstein is the cost of the cheapest transport") {
    auto random = random_engine();
    std::uniform_int_distribution<int> position(0, 5);
    for (int trial = 0; trial < 20; ++trial) {
        std::vector<int> from(6);
        std::vector<int> to(6);
        Eigen::VectorX<rational> p = Eigen::VectorX<rational>::Constant(6, rational(0));
        Eigen::VectorX<rational> q = p;
        for (std::size_t i = 0; i < 6; ++i) {
            p[from[i] = position(random)] += 1;
            q[to[i] = position(random)] += 1;
        }
        CHECK(cesaro::wasserstein(p, q) == cheapest_matching(from, to, 5));
    }
    for (const Index size : {2, 7, 100}) {
        const Eigen::VectorXd p = random_profile<double>(random, size, 3);
        const Eigen::VectorXd q = random_profile<double>(random, size, 3);
        std::vector<double> a(p.data(), p.data() + size);
        std::vector<double> b(q.data(), q.data() + size);
        for (auto& x : a)
            x /= p.sum();
        for (auto& x : b)
            x /= q.sum();
        CHECK(cesaro::wasserstein(p, q) == Approx(transport(a, b)).epsilon(1e-12));
    }
}

TEMPLATE_TEST_CASE("distances are accurate and are distances", "", float, double, long double, float50) {
    using Real = TestType;
    auto random = random_engine();
    for (const Index size : {2, 10, 2000}) {
        const auto p = random_profile<Real>(random, size, 4);
        const auto q = random_profile<Real>(random, size, 4);
        const auto r = random_profile<Real>(random, size, 4);
        const auto exact_p = normalised(p);
        const auto exact_q = normalised(q);
        float100 variation = 0;
        float100 flow = 0;
        float100 cost = 0;
        for (Index m = 0; m < size; ++m) {
            variation += abs(float100(exact_p[m] - exact_q[m])) / 2;
            flow += exact_p[m] - exact_q[m];
            cost += abs(flow) / float100(size - 1);
        }
        const Real epsilon = std::numeric_limits<Real>::epsilon();
        CHECK(abs(float100(float100(cesaro::total_variation(p, q)) - variation)) < 4 * float100(epsilon));
        CHECK(abs(float100(float100(cesaro::wasserstein(p, q)) - cost)) < 4 * float100(epsilon));
        CHECK(cesaro::total_variation(p, q) == cesaro::total_variation(q, p));
        CHECK(cesaro::wasserstein(p, q) == cesaro::wasserstein(q, p));
        CHECK(cesaro::total_variation(p, p) == 0);
        CHECK(cesaro::wasserstein(p, p) == 0);
        CHECK(cesaro::total_variation(p, r) <=
              cesaro::total_variation(p, q) + cesaro::total_variation(q, r) + 8 * epsilon);
        CHECK(cesaro::wasserstein(p, r) <=
              cesaro::wasserstein(p, q) + cesaro::wasserstein(q, r) + 8 * epsilon);
        CHECK(cesaro::wasserstein(p, q) <= cesaro::total_variation(p, q) + 8 * epsilon);
    }
}

TEMPLATE_TEST_CASE("spearman: known values, with and without ties", "", float, double, long double, float50) {
    using Real = TestType;
    using vector = Eigen::VectorX<Real>;
    const Real epsilon = std::numeric_limits<Real>::epsilon();
    const auto close = [&](const Real& a, const Real& b) {
        using std::abs;
        return abs(Real(a - b)) <= 8 * epsilon;
    };
    vector p(10);
    vector q(10);
    // Intelligence quotient against hours of television, the usual textbook example: 1 - 6*194/(10*99).
    p << 86, 97, 99, 100, 101, 103, 106, 110, 112, 113;
    q << 2, 20, 28, 27, 50, 29, 7, 17, 6, 12;
    CHECK(close(cesaro::spearman(p, q), Real(-29) / Real(165)));
    // Ranks 1.5 1.5 3 4 against 1 2.5 2.5 4: covariance 3.75, variances 4.5 and 4.5.
    CHECK(close(cesaro::spearman(vector(Eigen::Vector4<Real>(Real(1), Real(1), Real(2), Real(3))),
                                 vector(Eigen::Vector4<Real>(Real(0), Real(1), Real(1), Real(5)))),
                Real(5) / Real(6)));
    CHECK(cesaro::spearman(p, vector(p.array().square())) == 1);
    CHECK(cesaro::spearman(p, vector(p.reverse())) == -1);
}

TEST_CASE("spearman agrees with ranks by counting") {
    auto random = random_engine();
    std::uniform_int_distribution<int> value(0, 12);
    const Index size = 60;
    Eigen::VectorXd p(size);
    Eigen::VectorXd q(size);
    for (Index m = 0; m < size; ++m) {
        p[m] = value(random);
        q[m] = value(random) + 0.5 * p[m];
    }
    const auto rank = [&](const Eigen::VectorXd& x, Index i) {
        return double((x.array() < x[i]).count()) + (double((x.array() == x[i]).count()) + 1) / 2;
    };
    Eigen::VectorXd a(size);
    Eigen::VectorXd b(size);
    for (Index m = 0; m < size; ++m) {
        a[m] = rank(p, m) - (size + 1) / 2.;
        b[m] = rank(q, m) - (size + 1) / 2.;
    }
    CHECK(cesaro::spearman(p, q) == Approx(a.dot(b) / (a.norm() * b.norm())).epsilon(1e-14));
}

TEST_CASE("profiles reject what is not a profile") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    const Eigen::Vector3d good(1, 2, 3);
    CHECK_THROWS_AS(cesaro::summarize(Eigen::VectorXd(0)), std::invalid_argument);
    CHECK_THROWS_AS(cesaro::summarize(Eigen::Vector3d(1, nan, 1)), std::domain_error);
    CHECK_THROWS_AS(cesaro::summarize(Eigen::Vector3d(1, -1e-300, 1)), std::domain_error);
    CHECK_THROWS_AS(cesaro::summarize(Eigen::Vector3d(1, infinity, 1)), std::domain_error);
    CHECK_THROWS_AS(cesaro::summarize(Eigen::Vector3d(1e308, 1e308, 1)), std::domain_error);
    CHECK_THROWS_AS(cesaro::summarize(Eigen::Vector3d(0, 0, 0)), std::domain_error);
    const auto rejects = [&](const auto& distance) {
        CHECK_THROWS_AS(distance(good, Eigen::Vector2d(1, 2)), std::invalid_argument);
        CHECK_THROWS_AS(distance(Eigen::VectorXd(0), Eigen::VectorXd(0)), std::invalid_argument);
        CHECK_THROWS_AS(distance(good, Eigen::Vector3d(1, nan, 1)), std::domain_error);
        CHECK_THROWS_AS(distance(Eigen::Vector3d(1, -1, 1), good), std::domain_error);
        CHECK_THROWS_AS(distance(good, Eigen::Vector3d(0, 0, 0)), std::domain_error);
    };
    rejects([](const auto& p, const auto& q) { return cesaro::total_variation(p, q); });
    rejects([](const auto& p, const auto& q) { return cesaro::wasserstein(p, q); });
    rejects([](const auto& p, const auto& q) { return cesaro::spearman(p, q); });
    CHECK_THROWS_AS(cesaro::spearman(good, Eigen::Vector3d(2, 2, 2)), std::domain_error);
    CHECK_THROWS_AS(cesaro::spearman(Eigen::Vector3d(2, 2, 2), good), std::domain_error);
    try {
        cesaro::total_variation(good, Eigen::Vector3d(1, -0.5, 1));
        FAIL("accepted");
    } catch (const std::domain_error& error) {
        CHECK(std::string(error.what()) == "cesaro::total_variation: q[1] = -0.5 must be at least 0");
    }
    const auto message = [](const Eigen::Vector2d& profile) {
        try {
            cesaro::summarize(profile);
        } catch (const std::domain_error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    const std::string infinite = "cesaro::summarize: the sum of profile = inf must be positive and finite";
    CHECK(message({infinity, 1}) == infinite);
    CHECK(message({1e308, 1e308}) == infinite);
}
