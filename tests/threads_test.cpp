// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Built only where the compiler has OpenMP: the results are the same to the last bit for any number of
// threads.
#include "catch.hpp"

#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <atomic>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

#include <omp.h>

TEST_CASE("rows and matrices do not depend on the number of threads") {
    const Eigen::Index tokens = (Eigen::Index(1) << 21) + 12345;
    const auto schedule = cesaro::mixing_schedule<>::constant(24, 0.3);
    omp_set_num_threads(1);
    const Eigen::VectorXd row = cesaro::influence_row(tokens, schedule);
    const Eigen::MatrixXd matrix = cesaro::influence_matrix(2500, schedule);
    for (const int threads : {2, 3}) {
        omp_set_num_threads(threads);
        CHECK(cesaro::influence_row(tokens, schedule) == row);
        CHECK(cesaro::influence_matrix(2500, schedule) == matrix);
    }
    const auto run_loop = std::exchange(cesaro::detail::run_loop, &cesaro::detail::run_in_order);
    CHECK(cesaro::influence_matrix(2500, schedule) == matrix);  // in strips of the whole height
    cesaro::detail::run_loop = run_loop;
}

TEST_CASE("rollouts of many heads do not depend on the number of threads") {
    const Eigen::Index tokens = 30011;
    std::vector<cesaro::decay_operator<>> heads;
    for (int h = 0; h < 37; ++h) {
        const Eigen::Index window = h % 3 == 0 ? 50 : cesaro::unlimited_window;
        heads.push_back({tokens, {0.01 * h, 0.1 * h - 1, 1.0, window, h % 3 == 1 ? 90 : 0}});
    }
    const cesaro::head_mixture<> layer(heads, std::vector<double>(heads.size(), 1.0));
    const std::vector<cesaro::head_mixture<>> layers(3, layer);
    const std::vector<double> lambdas{0.3, 0.6, 0.9};
    const Eigen::VectorXd x = Eigen::VectorXd::LinSpaced(tokens, 0.5, 1.5);
    omp_set_num_threads(1);
    const Eigen::VectorXd row = cesaro::rollout_row(layers, lambdas);
    const Eigen::VectorXd applied = cesaro::rollout_apply(layers, lambdas, x);
    for (const int threads : {2, 3}) {
        omp_set_num_threads(threads);
        CHECK(cesaro::rollout_row(layers, lambdas) == row);
        CHECK(cesaro::rollout_apply(layers, lambdas, x) == applied);
    }
}

// The address sanitizer has allocation functions of its own.
#if defined(__SANITIZE_ADDRESS__)
#define CESARO_TEST_OWN_ALLOCATION 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CESARO_TEST_OWN_ALLOCATION 0
#endif
#endif
#ifndef CESARO_TEST_OWN_ALLOCATION
#define CESARO_TEST_OWN_ALLOCATION 1
#endif

#if CESARO_TEST_OWN_ALLOCATION
namespace {

std::atomic<bool> memory_is_out = false;

}  // namespace

// Not into their callers, where GCC would see one inlined and the other not, and take them for two kinds.
[[gnu::noinline]] void* operator new(std::size_t size) {
    void* const memory = memory_is_out ? nullptr : std::malloc(size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

TEST_CASE("memory that runs out on a thread is told to the caller") {
    omp_set_num_threads(2);
    const auto schedule = cesaro::mixing_schedule<>::constant(24, 0.3);
    Eigen::MatrixXd matrix(3000, 3000);
    bool told = false;
    memory_is_out = true;
    try {
        cesaro::influence_matrix(schedule, matrix);
    } catch (const std::bad_alloc&) {
        told = true;
    }
    memory_is_out = false;
    CHECK(told);
    influence_matrix(schedule, matrix);
    CHECK(matrix(0, 0) == Approx(1));
}
#endif
