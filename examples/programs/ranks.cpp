// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "ranks.hpp"

#ifdef CESARO_WITH_MPI
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include <mpi.h>
#include <unistd.h>
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
    if (is_first()) return;
    // The first process has the word: what the others would say is kept until it is known to be something else.
    standard_error_ = ::dup(STDERR_FILENO);
    unsaid_ = std::tmpfile();
    if (unsaid_ != nullptr) ::dup2(::fileno(unsaid_), STDERR_FILENO);
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
    if (!is_first() && unsaid_ != nullptr) {
        std::this_thread::sleep_for(std::chrono::seconds(1));  // all may have failed alike
        ::dup2(standard_error_, STDERR_FILENO);
        std::rewind(unsaid_);
        for (int c = std::getc(unsaid_); c != EOF; c = std::getc(unsaid_))
            std::fputc(c, stderr);
    }
    std::fflush(stderr);
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
