// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "profiles.hpp"
#include "scalars.hpp"

#include <cesaro/influence_row.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/profile_distance.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

using namespace cesaro_test;
using Eigen::Index;

namespace {

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

TEST_CASE("distances take rows, arrays and expressions") {
    Eigen::MatrixXd block(2, 4);
    block << 4, 2, 1, 3, 1, 1, 1, 1;
    CHECK(cesaro::total_variation(block.row(0), 4 * block.row(0).transpose()) == 0);
    CHECK(cesaro::wasserstein(block.row(0).array(), block.row(0).transpose()) == 0);
    CHECK(cesaro::spearman(block.row(0), block.row(0) / 2) == 1);
}

TEST_CASE("distances take ranges, also beside Eigen vectors") {
    const Eigen::Vector4d p(4, 2, 1, 3);
    const Eigen::Vector4d q(1, 5, 2, 2);
    const std::vector<double> a(p.begin(), p.end());
    const std::vector<double> b(q.begin(), q.end());
    const auto same = [&](const auto& distance) {
        const double expected = distance(p, q);
        CHECK(expected != 0);
        CHECK(distance(a, b) == expected);
        CHECK(distance(a, q) == expected);
        CHECK(distance(p.transpose(), std::span<const double>(b)) == expected);
        CHECK(distance(8 * p, b) == expected);
        CHECK_THROWS_AS(distance(a, std::vector<double>{1, 2}), std::invalid_argument);
        CHECK_THROWS_AS(distance(std::vector<double>{}, std::vector<double>{}), std::invalid_argument);
        CHECK_THROWS_AS(distance(a, std::vector<double>{1, 2, -3, 4}), std::domain_error);
    };
    same([](const auto& x, const auto& y) { return cesaro::total_variation(x, y); });
    same([](const auto& x, const auto& y) { return cesaro::wasserstein(x, y); });
    same([](const auto& x, const auto& y) { return cesaro::spearman(x, y); });
}

TEST_CASE("the example of the distances") {
    const std::vector<double> measured{8, 3, 1, 1, 3};  // any scale
    const Eigen::VectorXd theory = cesaro::influence_row(5, cesaro::mixing_schedule<>::constant(12, 0.3));
    const double misplaced = cesaro::total_variation(measured, theory);  // the share that is elsewhere
    const double moved = cesaro::wasserstein(measured, theory);          // and how far, in context lengths
    const double agreement = cesaro::spearman(measured, theory);         // of the orders
    CHECK((0 < moved && moved < misplaced && misplaced < 1));
    CHECK((-1 < agreement && agreement < 1));
}

TEST_CASE("distances reject what is not a profile") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const Eigen::Vector3d good(1, 2, 3);
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
        (void)cesaro::total_variation(good, Eigen::Vector3d(1, -0.5, 1));
        FAIL("accepted");
    } catch (const std::domain_error& error) {
        CHECK(std::string(error.what()) == "cesaro::total_variation: q[1] = -0.5 must be at least 0");
    }
}
