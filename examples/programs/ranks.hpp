// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <cstdio>

namespace programs {

/// The processes that share the work, one unless the program was built with MPI (CESARO_WITH_MPI) and started by
/// mpirun. Draws are dealt out to them; whatever is added up is the same on all, to the bit, for any number of them,
/// since each number comes from one process and the others have zeros in its place.
class ranks {
  public:
    /// Once in a program; finds out who there is.
    ranks(int& argc, char**& argv);
    ~ranks();
    ranks(const ranks&) = delete;
    ranks& operator=(const ranks&) = delete;

    int count() const { return count_; }
    bool is_first() const { return rank_ == 0; }
    /// Whether this process does the work of a draw.
    bool does(Eigen::Index draw) const { return draw % count_ == rank_; }

    void add_up(Eigen::MatrixXd& x) const;

    /// What main() returns: a failure of one process ends all.
    int finish(int status) const;

  private:
    int rank_ = 0;
    int count_ = 1;
    int standard_error_ = -1;
    std::FILE* unsaid_ = nullptr;
};

/// Those of the program.
const ranks& all_ranks();

}  // namespace programs
