// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "parallel_other.hpp"

#include <cesaro/detail/parallel.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

#include <stdexcept>
#include <string>
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

TEST_CASE("an exception of a body is the caller's: that of the first index") {
    const auto fail_from_7 = [](Eigen::Index i) {
        if (i >= 7) throw std::runtime_error(std::to_string(i));
    };
    CHECK_THROWS_WITH(parallel_for(20, fail_from_7), "7");
    CHECK_THROWS_WITH(parallel_for(20, fail_from_7, 100), "7");
}

#ifdef _OPENMP
TEST_CASE("a translation unit without OpenMP runs the same loops, on the threads of the program") {
    const int threads = omp_get_max_threads();
    omp_set_num_threads(3);
    CHECK(team_size_in_other_unit(omp_get_num_threads, 0) == 3);
    CHECK(team_size_in_other_unit(omp_get_num_threads, 5) == 1);
    omp_set_num_threads(threads);
}
#endif
