// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"

#include <cesaro/detail/parallel.hpp>

#include <stdexcept>
#include <vector>

using namespace cesaro::detail;

TEST_CASE("every index once, every piece in its place") {
    std::vector<int> visits(1000, 0);
    parallel_for(1000, [&](Eigen::Index i) { ++visits[std::size_t(i)]; });
    CHECK(visits == std::vector<int>(1000, 1));
    parallel_pieces(1000, 64, [&](Eigen::Index first, Eigen::Index size) {
        for (Eigen::Index i = first; i < first + size; ++i)
            visits[std::size_t(i)] += first % 64 == 0 && size <= 64 ? 1 : 100;
    });
    CHECK(visits == std::vector<int>(1000, 2));
    parallel_pieces(0, 64, [&](Eigen::Index, Eigen::Index) { FAIL("no piece"); });
}

TEST_CASE("an exception of a body is the caller's") {
    const auto fail_at_7 = [](Eigen::Index i) {
        if (i == 7) throw std::runtime_error("seven");
    };
    CHECK_THROWS_AS(parallel_for(20, fail_at_7), std::runtime_error);
}
