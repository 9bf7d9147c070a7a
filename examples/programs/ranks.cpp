// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "ranks.hpp"

#ifdef CESARO_WITH_MPI
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include <mpi.h>
#endif

#include <stdexcept>

namespace programs {

namespace {

const ranks* the_ranks = nullptr;

}  // namespace

const ranks& all_ranks() {
    if (the_ranks == nullptr) throw std::logic_error("no ranks in this program");
    return *the_ranks;
}

#ifdef CESARO_WITH_MPI

ranks::ranks(int& argc, char**& argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &count_);
    the_ranks = this;
}

ranks::~ranks() {
    MPI_Finalize();
}

void ranks::add_up(Eigen::MatrixXd& x) const {
    constexpr Eigen::Index most = 1 << 24;  // counts are ints
    for (Eigen::Index at = 0; at < x.size() && count_ > 1; at += most) {
        MPI_Allreduce(MPI_IN_PLACE, x.data() + at, int(std::min(most, x.size() - at)), MPI_DOUBLE, MPI_SUM,
                      MPI_COMM_WORLD);
    }
}

int ranks::finish(int status) const {
    if (status == 0 || count_ == 1) return status;
    std::fflush(stderr);
    // The first process has the word, where all of them failed alike.
    if (!is_first()) std::this_thread::sleep_for(std::chrono::seconds(1));
    MPI_Abort(MPI_COMM_WORLD, status);
    return status;
}

#else

ranks::ranks(int&, char**&) {
    the_ranks = this;
}

ranks::~ranks() = default;

void ranks::add_up(Eigen::MatrixXd&) const {}

int ranks::finish(int status) const {
    return status;
}

#endif

}  // namespace programs
