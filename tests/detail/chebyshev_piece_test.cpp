// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"

#include <cesaro/detail/chebyshev_piece.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace cesaro::detail;

namespace {

/// The polynomial of a piece at the i-th of its positions, as its definition says: t from -1 at the first to 1 at
/// the one beyond the last.
template <class Coefficients>
long double value_at(const Coefficients& c, std::int64_t width, std::int64_t i) {
    const long double t = 2 * static_cast<long double>(i) / static_cast<long double>(width) - 1;
    long double value = 0;
    for (Eigen::Index k = c.size(); k-- > 0;)
        value = value * t + static_cast<long double>(c[k]);
    return value;
}

}  // namespace

TEST_CASE("a piece is summed in closed form, every power of it") {
    for (const std::int64_t width : {8, 9, 10, 34, 1000}) {
        for (int power = 0; power <= piece_degree; ++power) {
            piece_coefficients c = piece_coefficients::Zero();
            c[power] = 1;
            const chebyshev_piece piece{17, width, c};
            long double sum = 0;
            for (std::int64_t i = 0; i < width; ++i)
                sum += value_at(c, width, i);
            CAPTURE(width, power);
            const double computed = piece.sum_of([](double value) { return value; });
            CHECK(std::abs(computed - double(sum)) < 3e-15 * double(width));
        }
    }
}

TEST_CASE("smooth functions of a piece are summed as accurately as they are interpolated") {
    piece_coefficients c;
    for (int k = 0; k <= piece_degree; ++k)
        c[k] = (k + 1) * std::pow(-0.1, k);
    for (const std::int64_t width : {34, 500, 100000}) {
        const chebyshev_piece piece{3, width, c};
        long double entropy = 0;
        for (std::int64_t i = 0; i < width; ++i) {
            const long double p = value_at(c, width, i) / 1000;
            entropy -= p * std::log(p);
        }
        CAPTURE(width);
        const double computed =
            piece.sum_of([](double value) { return -value / 1000 * std::log(value / 1000); });
        CHECK(computed == Approx(double(entropy)).epsilon(1e-13));
    }
}

TEST_CASE("a piece is written out, whole or in parts, wherever it is cut") {
    piece_coefficients c;  // falling as those of a row do, by what a piece is wide of the first position
    for (int k = 0; k <= piece_degree; ++k)
        c[k] = std::pow(-0.05, k);
    for (const std::int64_t width : {34, 100, 1016, 1017, 3000, 40640, 40641, 50000}) {
        const chebyshev_piece piece{0, width, c};
        std::vector<double> whole(std::size_t(width), 0.0);
        piece.fill(0, width, whole.data());
        double worst = 0;
        for (std::int64_t i = 0; i < width; ++i) {
            const auto exact = double(value_at(c, width, i));
            worst = std::max(worst, std::abs(whole[std::size_t(i)] / exact - 1));
        }
        CAPTURE(width);
        CHECK(worst < 1e-15);
        std::vector<double> cut(std::size_t(width), 0.0);
        for (std::int64_t i = 0; i < width; i += 13)
            piece.fill(i, std::min<std::int64_t>(13, width - i), cut.data() + i);
        CHECK(cut == whole);
    }
}
