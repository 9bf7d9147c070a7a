// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The calls of python_calls.py in C++: prints the shortest time of each, in seconds.

#include <cesaro/apply_power.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/profile_distance.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using RowMajorMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class Function>
void measure(const char* name, const Function& call) {
    using clock = std::chrono::steady_clock;
    std::chrono::duration<double> best = std::chrono::hours(1);
    const auto end = clock::now() + std::chrono::seconds(2);
    for (int i = 0; i < 5 || clock::now() < end; ++i) {
        const auto begin = clock::now();
        const auto result = call();
        best = std::min<std::chrono::duration<double>>(best, clock::now() - begin);
        if (!(result(0) >= 0)) std::abort();  // somebody looks at it
    }
    std::printf("%s %.9g\n", name, best.count());
}

}  // namespace

int main() {
    const cesaro::mixing_schedule<double> network = cesaro::mixing_schedule<double>::constant(12, 0.2);
    const cesaro::hop_law<double> hops(network);
    const cesaro::discrete_influence<double> row(999'999, network);
    const Eigen::Index size = 100'000;
    const auto each = [](Eigen::Index count, const auto& f) {
        Eigen::VectorXd out(count);
        for (Eigen::Index i = 0; i < count; ++i)
            out[i] = f(i);
        return out;
    };
    const Eigen::VectorXd p = Eigen::VectorXd::LinSpaced(1'000'000, 0, 1);
    const Eigen::VectorXd q = Eigen::VectorXd::Ones(1'000'000);
    const RowMajorMatrix block = RowMajorMatrix::Constant(size, 16, 0.5);
    const cesaro::sliding_window_operator<double> window(1'000'000, 128);

    measure("pmf", [&] { return each(size, [&](Eigen::Index m) { return pdf(row, m); }); });
    measure("cdf", [&] { return each(size, [&](Eigen::Index m) { return cdf(row, m); }); });
    measure("ppf", [&] {
        return each(1000, [&](Eigen::Index i) { return double(quantile(row, double(i) / 1000)); });
    });
    measure("influence_row", [&] { return influence_row(std::int64_t(1'000'000), hops); });
    measure("influence_matrix", [&] {
        RowMajorMatrix matrix(1000, 1000);
        influence_matrix(hops, matrix);
        return Eigen::VectorXd(matrix.col(0));
    });
    measure("apply_power, vector", [&] {
        Eigen::VectorXd y(p.size());
        apply_power(hops, p, y);
        return y;
    });
    measure("apply_power, block", [&] {
        RowMajorMatrix y(block.rows(), block.cols());
        apply_power(hops, block, y);
        return Eigen::VectorXd(y.row(0));
    });
    measure("apply", [&] {
        Eigen::VectorXd y(p.size());
        window.apply(p, y);
        return y;
    });
    measure("wasserstein", [&] { return Eigen::VectorXd::Constant(1, cesaro::wasserstein(p, q)); });
    return 0;
}
