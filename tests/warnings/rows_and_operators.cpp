// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Rows, matrices, profiles and operators,
// compiled with every warning that a user's project may have turned on: nothing is run.
#include <cesaro/cesaro.hpp>

#include <vector>

namespace {

using namespace cesaro;

template <class Real>
void use_rows(const mixing_schedule<Real>& schedule) {
    Eigen::VectorX<Real> row = influence_row(9, schedule);
    influence_row(schedule, row);
    Eigen::MatrixX<Real> matrix = influence_matrix(9, schedule);
    influence_matrix(schedule, matrix);
    const weighted_keys<Real> keys(Eigen::VectorX<Real>::Constant(9, Real(1)), Real(1));
    influence_row(schedule, row, keys);
    influence_matrix(schedule, matrix, uniform_keys<Real>{Real(1)});
    (void)influence_row(9, schedule, decaying_keys<Real>{Real(1)});
    (void)influence_matrix(9, schedule, decaying_keys<Real>{Real(1)});
    (void)weighted_keys<Real>::with_denominators(keys.weights(), keys.denominators());
    (void)influence_rows(Eigen::VectorX<Eigen::Index>::Constant(2, 3), schedule);
    (void)influence_rows(9, std::vector{schedule, schedule});
    for_each_influence_block(9, schedule, 4, [](auto, const auto&) {});
    (void)influence_histogram(9, schedule, 3);
    (void)apply_power(schedule, row);
    (void)apply_power_transpose(schedule, matrix);
    (void)summarize(row);
    const network_operator<Real> network(9, schedule);
    network.apply(row, row);
    network.apply_transpose(row, row);
    (void)network.diagonal();
    (void)total_variation(row, row);
    (void)wasserstein(row, row);
    (void)spearman(row, row);
    (void)jacobian_profile(9, Eigen::VectorX<Real>::Constant(2, Real(1)));
    const position_gains<Real> gains{matrix, matrix};
    (void)jacobian_profile(gains);
    (void)random_sign_profile(gains, 2, 1);
}

template <class Real>
void use_operators() {
    const Eigen::Index size = 5;
    const Real half = Real(1) / 2;
    const cesaro_operator<Real> causal(size);
    const sink_operator<Real> sink(decay_operator<Real>(size, {half, half, Real(1), 3}), half);
    const head_mixture<Real> heads(
        {causal, prefix_operator<Real>(size, 2), full_operator<Real>(size), sink,
         sliding_window_operator<Real>(size, 2), decay_operator<Real>(size, {half})},
        {Real(1), Real(1), Real(1), half, half, half});
    const weighted_mean_operator<Real> weighted(Eigen::VectorX<Real>::Constant(size, half), half);
    const matrix_operator<Real> dense(causal.matrix(), {.causal = true});
    (void)matrix_operator<Real>::view({&half, 1, 1}, {.tolerance = half}).causal();
    const std::vector<any_operator<Real>> layers{causal, heads, weighted, dense};
    for (const any_operator<Real>& op : layers) {
        (void)op.apply(op.matrix());
        (void)op.apply_transpose(op.diagonal());
        (void)collapse_rate(op);
    }
    const std::vector<Real> lambdas{half, half, half, half};
    (void)rollout_row(layers, lambdas);
    (void)rollout_rows(layers, lambdas, {1});
    (void)rollout_matrix(layers, lambdas);
}

template <class Real>
void use_both() {
    use_rows(mixing_schedule<Real>::constant(4, Real(1) / 2));
    use_operators<Real>();
}

}  // namespace

void use_every_row_and_operator();

void use_every_row_and_operator() {
    use_both<float>();
    use_both<double>();
    use_both<long double>();
}
