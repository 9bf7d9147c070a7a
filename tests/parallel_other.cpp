// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Compiled without OpenMP and linked into parallel_test, which has it.
#include "parallel_other.hpp"

#include <cesaro/detail/parallel.hpp>

#include <algorithm>
#include <array>

int team_size_in_other_unit(int (*team_size)(), Eigen::Index least) {
    std::array<int, 4> sizes{};
    cesaro::detail::parallel_for(
        4, [&](Eigen::Index i) { sizes[std::size_t(i)] = team_size(); }, least);
    return *std::max_element(sizes.begin(), sizes.end());
}
