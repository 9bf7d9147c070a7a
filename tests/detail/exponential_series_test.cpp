// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"
#include "../scalars.hpp"

#include <cesaro/detail/exponential_series.hpp>

#include <Eigen/Core>

#include <cmath>
#include <limits>
#include <type_traits>

using namespace cesaro_test;

namespace {

/// u as a number, and what is to be added to it.
template <class Real>
struct distance {
    Real value;
    Real rest = Real(0);
    cesaro::detail::working_number<Real> u() const { return value; }
    cesaro::detail::wide<Real> precise_u() const {
        using Wide = cesaro::detail::wide<Real>;
        return Wide(value) + Wide(rest);
    }
};

}  // namespace

TEMPLATE_TEST_CASE("one term of an exponential series, however far out", "", double, long double, float50) {
    using Real = TestType;
    for (const int i : {0, 1, 7, 8, 15, 16, 17, 100, 400, 1000, 1600, 2047, 2048, 2200}) {
        Eigen::VectorX<Real> c = Eigen::VectorX<Real>::Constant(i + 1, Real(0));
        c[i] = Real(1);
        const cesaro::detail::exponential_series<Real> series(c);
        for (const double u : {1e-3, 0.7, 30.0, 601.0, 667.0, 700.0, 707.0}) {
            float100 right = 1;
            for (int k = 1; k <= i; ++k)
                right *= float100(u) / k;
            if (right < float100(1e-220)) continue;
            CAPTURE(i, u);
            // Of multiprecision numbers the blocks' first terms are no more precise than the others.
            const double most = std::is_floating_point_v<Real> ? 3.5 : 8 + i / 4;
            const double first = u < 100 ? 1 : 0x1p-200;  // u^i / i! itself is too large
            CHECK(error_in_epsilons(series(distance<Real>{Real(u)}, Real(first)), first * right) < most);
        }
    }
}

TEST_CASE("a rounding of u is multiplied seven times at most") {
    for (const int i : {7, 8, 11, 15, 16, 40, 400}) {
        Eigen::VectorXd c = Eigen::VectorXd::Constant(i + 1, 0.0);
        c[i] = 1;
        const cesaro::detail::exponential_series<double> series(c);
        for (const double u : {0.1, 1.0, 10.0, 150.0}) {
            const double rest = 0.49 * (std::nextafter(u, 1000.0) - u);
            float100 right = 1;
            for (int k = 1; k <= i; ++k)
                right *= (float100(u) + float100(rest)) / k;
            if (right < float100(1e-220)) continue;
            CAPTURE(i, u);
            CHECK(error_in_epsilons(series(distance<double>{u, rest}, 1.0), right) < (i < 8 ? 7 : 3.5));
        }
    }
}

TEST_CASE("an exponential series ends where nothing that matters follows") {
    // A sum of many equal coefficients is e^u, of every one of two kinds of ends.
    for (const Eigen::Index terms : {1, 16, 17, 300, 3000}) {
        const cesaro::detail::exponential_series<double> series(Eigen::VectorXd::Ones(terms));
        for (const double u : {1e-9, 0.1, 0.4, 0.6, 5.0, 40.0, 300.0}) {
            float100 right = 0;
            float100 term = 1;
            for (int k = 0; k < terms; ++k) {
                right += term;
                term *= float100(u) / (k + 1);
            }
            CAPTURE(terms, u);
            CHECK(error_in_epsilons(series(distance<double>{u}, 1.0), right) < 4);
            CHECK(error_in_epsilons(series(distance<double>{u}, 0.1), 0.1 * right) < 4);
        }
    }
    // Coefficients that rise late are not left out.
    Eigen::VectorXd c = Eigen::VectorXd::Constant(50, 1e-200);
    c[49] = 1;
    float100 right = 1;
    for (int k = 1; k < 50; ++k)
        right *= float100(0.4) / k;
    CHECK(error_in_epsilons(cesaro::detail::exponential_series<double>(c)(distance<double>{0.4}, 1.0),
                            right) < 4);
    CHECK(cesaro::detail::exponential_series<double>(Eigen::VectorXd())(distance<double>{3.0}, 1.0) == 0);
}

TEST_CASE("how many terms of a Poisson law matter") {
    for (const double peak : {0.0, 0.5, 3.0, 40.0, 700.0}) {
        const Eigen::Index terms = cesaro::detail::terms_past_peak(peak);
        float100 term = exp(-float100(peak));
        float100 rest = 0;
        for (Eigen::Index k = 0; k < 4 * terms + 100; ++k) {
            if (k >= terms) rest += term;
            term *= float100(peak) / (k + 1);
        }
        CAPTURE(peak, terms);
        CHECK(rest < float100(std::numeric_limits<double>::epsilon()) / 64);
        CHECK(double(terms) < peak + 10 * std::sqrt(peak) + 40);
    }
}
