// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <exception>

namespace cesaro::detail {

/// body(i) for i in [0, count), on as many threads as OpenMP has; one thread without OpenMP. The bodies are
/// independent, and a body is the same work on any number of threads. Inside it Eigen uses one thread:
/// Eigen's own threads would change its block sizes, hence the order of its sums. An exception, which may not
/// leave a thread, is thrown again at the end.
template <class Body>
void parallel_for(Eigen::Index count, const Body& body) {
    std::exception_ptr failure;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic)
#endif
    for (Eigen::Index i = 0; i < count; ++i) {
        try {
            body(i);
        } catch (...) {
#ifdef _OPENMP
#pragma omp critical(cesaro_parallel_for)
#endif
            failure = std::current_exception();
        }
    }
    if (failure) std::rethrow_exception(failure);
}

/// body(first, size) for consecutive pieces of [0, total), each of `piece` elements but the last.
template <class Body>
void parallel_pieces(Eigen::Index total, Eigen::Index piece, const Body& body) {
    parallel_for((total + piece - 1) / piece,
                 [&](Eigen::Index i) { body(i * piece, std::min(piece, total - i * piece)); });
}

}  // namespace cesaro::detail
