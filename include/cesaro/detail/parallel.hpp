// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/interruption.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <exception>

/// Loops on many threads, the only place that knows of OpenMP.
///
/// Whether there are threads is a property of the program, not of a translation unit: every template of the
/// library is the same function with and without -fopenmp, and calls through run_loop, which runs in order
/// until a translation unit that has OpenMP is part of the program.
namespace cesaro::detail {

/// The body of a loop, its type forgotten.
class loop_body {
  public:
    template <class Body>
    explicit loop_body(const Body& body)
        : body_(&body), call_([](const void* b, Eigen::Index i) { (*static_cast<const Body*>(b))(i); }) {}
    void operator()(Eigen::Index i) const { call_(body_, i); }

  private:
    const void* body_;
    void (*call_)(const void*, Eigen::Index);
};

inline void run_in_order(Eigen::Index count, const loop_body& body) {
    for (Eigen::Index i = 0; i < count; ++i) {
        interruption_point();
        body(i);
    }
}

inline void (*run_loop)(Eigen::Index count, const loop_body& body) = &run_in_order;

#ifdef _OPENMP
/// An exception may not leave a thread: that of the first index is thrown again at the end.
inline void run_with_openmp(Eigen::Index count, const loop_body& body) {
    std::exception_ptr failure;
    Eigen::Index failed = count;
#pragma omp parallel for schedule(dynamic)
    for (Eigen::Index i = 0; i < count; ++i) {
        try {
            body(i);
        } catch (...) {
#pragma omp critical(cesaro_run_with_openmp)
            if (i < failed) {
                failed = i;
                failure = std::current_exception();
            }
        }
    }
    if (failure) std::rethrow_exception(failure);
}

inline const bool openmp_runs_loops = (run_loop = &run_with_openmp, true);
#endif

/// body(i) for i in [0, count), on as many threads as OpenMP has, where the program has it. The bodies are
/// independent, and a body is the same work on any number of threads. An exception of one is the caller's.
/// \param least fewer bodies than this run in order: they are not worth waking threads for. Bodies that
///        multiply matrices keep 0: inside a parallel region Eigen uses one thread; threads of its own would
///        change its block sizes, hence the order of its sums.
template <class Body>
void parallel_for(Eigen::Index count, const Body& body, Eigen::Index least = 0) {
    (count < least ? &run_in_order : run_loop)(count, loop_body(body));
}

/// Whether every loop runs in order: what need not be independent may then be done in a better order.
inline bool loops_run_in_order() {
    return run_loop == &run_in_order;
}

/// body(first, size) for consecutive pieces of [0, total), each of `piece` elements but the last.
template <class Body>
void parallel_pieces(Eigen::Index total, Eigen::Index piece, const Body& body, Eigen::Index least = 0) {
    const auto on_piece = [&](Eigen::Index i) { body(i * piece, std::min(piece, total - i * piece)); };
    parallel_for((total + piece - 1) / piece, on_piece, least);
}

}  // namespace cesaro::detail
