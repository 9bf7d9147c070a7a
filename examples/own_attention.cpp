// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// A stack of layers of different kinds of attention, one of them your own, and how depth moves influence.
#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sink_operator.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/cesaro_operator.hpp>

#include <cstdio>

/// Position n attends to n and n - 1 alike; the first one to itself.
class bigram : public cesaro::columnwise_operator<bigram, double> {
  public:
    explicit bigram(Eigen::Index size) : columnwise_operator("bigram", size) {}

    void apply_column(const cesaro::const_column<double>& x, cesaro::column<double> y) const {
        for (Eigen::Index n = 0; n < rows(); ++n)
            y[n] = n == 0 ? x[0] : (x[n] + x[n - 1]) / 2;
    }
    void apply_transpose_column(const cesaro::const_column<double>& v, cesaro::column<double> y) const {
        for (Eigen::Index m = 0; m < rows(); ++m)
            y[m] = (m == 0 ? v[0] : v[m] / 2) + (m + 1 < rows() ? v[m + 1] / 2 : 0);
    }
    Eigen::MatrixXd matrix() const { return apply(Eigen::MatrixXd::Identity(rows(), rows()).eval()); }
};
static_assert(cesaro::attention_operator<bigram>);  // says what is missing, if anything

int main() {
    const Eigen::Index tokens = 1000;
    const cesaro::head_mixture<> alibi(
        {cesaro::decay_operator<>(tokens, {.slope = 0.25}),
         cesaro::decay_operator<>(tokens, {.slope = 0.004}),
         cesaro::sink_operator<>(cesaro::cesaro_operator<>(tokens), 1.0)},  // the last head is dormant
        {1.0, 1.0, 0.5});
    const cesaro::sliding_window_operator<> window(tokens, 128);

    const auto row = cesaro::rollout_row({alibi, window, bigram(tokens), alibi}, {0.8, 0.5, 0.4, 0.3});
    std::printf("first token %.6f, last token %.6f\n", row[0], row[tokens - 1]);
    std::printf("last tenth  %.6f\n", row.tail(tokens / 10).sum());
}
