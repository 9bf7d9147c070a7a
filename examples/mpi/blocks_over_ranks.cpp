// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// A row too long for one machine, shared among the ranks of MPI: each writes its own blocks, begun in closed form
// where they begin. Built with -DCESARO_WITH_MPI=ON:  mpirun -n 4 blocks_over_ranks 1000000000
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/influence_blocks.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <mpi.h>

int main(int argc, char* argv[]) {
    MPI_Init(&argc, &argv);
    int rank = 0, ranks = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    const std::int64_t tokens = argc > 1 ? std::max(1LL, std::atoll(argv[1])) : 100'000'000;
    const auto schedule = cesaro::mixing_schedule<>::constant(32, 0.2);

    // The same pieces for any number of ranks, so that the sums are the same to the last bit.
    const std::int64_t pieces = std::min<std::int64_t>(tokens, 960);
    std::vector<double> sums(static_cast<std::size_t>(pieces), 0.0);
    for (std::int64_t i = rank; i < pieces; i += ranks) {
        cesaro::detail::compensated_sum<double> sum;
        const auto add = [&](std::int64_t, const auto& values) { sum += values.sum(); };
        const auto begin = [&](std::int64_t k) { return tokens / pieces * k + std::min(k, tokens % pieces); };
        cesaro::for_each_influence_block(tokens, schedule, 128, add, begin(i), begin(i + 1));
        sums[std::size_t(i)] = sum.value();
    }
    MPI_Allreduce(MPI_IN_PLACE, sums.data(), int(pieces), MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    cesaro::detail::compensated_sum<double> total, first_tenth;
    for (std::size_t i = 0; i < sums.size(); ++i) {
        total += sums[i];
        if (i < sums.size() / 10) first_tenth += sums[i];
    }
    if (rank == 0)
        std::printf("%lld positions: first tenth %.15f, sum %.15f\n", static_cast<long long>(tokens),
                    first_tenth.value(), total.value());
    MPI_Finalize();
}
