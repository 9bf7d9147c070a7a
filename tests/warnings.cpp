// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Every public function compiled with every warning that a user's project may have turned on: nothing is run.
#include <cesaro/cesaro.hpp>
#include <cesaro/files/checkpoint.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/files/npy.hpp>
#include <cesaro/files/safetensors.hpp>
#include <cesaro/files/token_ids.hpp>

#include <cstdint>
#include <vector>

namespace {

using namespace cesaro;

template <class Real>
void use_schedules() {
    const auto schedule = mixing_schedule<Real>::power_decay(4, Real(1) / 2, Real(1));
    (void)mixing_schedule<Real>::constant(4, schedule.recency_delta());
    (void)mixing_schedule<Real>::attention_only(2).hop_distribution();
    const hop_law<Real> hops(schedule);
    (void)(hops * hops == hops);
    (void)hops.mean();
    (void)power_sum<Real>(1, std::int64_t(1) << 40, 2);
}

template <class Law, class Point, class Real>
void use_law(const Law& law, const Point& x, const Real& p) {
    (void)pdf(law, x);
    (void)logpdf(law, x);
    (void)cdf(law, x);
    (void)cdf(complement(law, x));
    (void)quantile(law, p);
    (void)quantile(complement(law, p));
    (void)mean(law);
    (void)variance(law);
    (void)standard_deviation(law);
    (void)skewness(law);
    (void)kurtosis(law);
    (void)kurtosis_excess(law);
    (void)median(law);
    (void)range(law);
    (void)support(law);
}

template <class Real>
void use_laws(const mixing_schedule<Real>& schedule) {
    const Real half = Real(1) / 2;
    use_law(discrete_influence<Real>(std::int64_t(1) << 40, schedule), std::int64_t(7), half);
    use_law(discrete_influence<Real>(99, schedule, uniform_keys<Real>{half}), 7, half);
    const discrete_influence<Real> far(std::int64_t(1) << 40, schedule, decaying_keys<Real>{half});
    use_law(far, 7, half);
    (void)sink_influence(far);
    const window_influence<Real> window(64, schedule);
    (void)pdf(window, 7), (void)logpdf(window, 7), (void)cdf(window, 7), (void)cdf(complement(window, 7));
    (void)quantile(window, half), (void)quantile(complement(window, half)), (void)median(window);
    (void)mean(window), (void)variance(window), (void)standard_deviation(window), (void)support(window);
    use_law(continuum_influence<Real>(schedule), half, half);
    use_law(continuum_influence<Real>(schedule, decay_clock<Real>{half}), half, half);
    use_law(depth_limit_influence<Real>(half), half, half);
    (void)pdf_sensitivity(std::int64_t(9), schedule, 3);
    (void)logpdf_sensitivity(std::int64_t(9), schedule, 3);
    (void)primacy_tail(schedule, half);
    (void)recency_delta(schedule);
    (void)dead_zone(4, half);
    (void)valley(schedule, half);
    (void)valley_asymptotic(4, half, half);
    (void)first_token_influence(9, schedule);
    (void)collapse_bound(9, schedule);
    (void)collapse_depth(9, half, half);
    (void)stochastic_depth(schedule, schedule.alphas());
    (void)global_layers(schedule, std::vector<bool>(4, true));
    (void)value_residual(schedule, half, half);
    (void)mean_hops(mean_over_depth<Real>(4));
    (void)bent_share(flattest_schedule(4, half));
    const retrieval_parameters<Real> modes;
    (void)retrieval_profile(modes, half, half), (void)log_retrieval_profile(modes, half, half);
    (void)retrieval_critical_time(modes);
    (void)over_squashing_bound(9, 3, 4, half);
    (void)receptive_field_correction(influence_row(9, schedule), schedule);
    (void)distance_decay_maximum(4, half);
}

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
void use_decoder(const decoder_config& config) {
    const decoder<Real> model = initialize_decoder<Real>(config, 1);
    const Eigen::MatrixX<Real> x = embed(model, std::vector<Eigen::Index>{1, 2});
    (void)jacobian_norms(model, {x});
    (void)jacobian_norms(model, 1, [&](std::uint64_t) { return x; });
    (void)layer_report(model, x);
    (void)logits(model, x);
    (void)prompt_loss(model, {1, 2});
    (void)with_deviations_of(config, model.weights());
    for (const auto& streamed : {drawn_decoder<Real>(config, 1), stream_weights<Real>("nowhere", config)}) {
        (void)jacobian_norms(streamed, {embed(streamed, {1, 2})});
        (void)layer_report(streamed, x);
    }
    save_weights("nowhere", config, load_weights<Real>("nowhere", config));
    save_safetensors("nowhere", load_safetensors<Real>("nowhere"));
    (void)load_npy<Real>("nowhere"), (void)parse_npy<Real>({});
    (void)open_npy("nowhere").slice<Real>(0), (void)open_safetensors("nowhere", "x").load<Real>();
}

template <class Real>
void use_all() {
    const auto schedule = mixing_schedule<Real>::constant(4, Real(1) / 2);
    use_schedules<Real>();
    use_laws(schedule);
    use_rows(schedule);
    use_operators<Real>();
}

}  // namespace

void use_everything();

void use_everything() {
    use_all<float>();
    use_all<double>();
    use_all<long double>();
    const decoder_config config = read_decoder_config("config.json");
    use_decoder<float>(config);
    use_decoder<double>(config);
    (void)mean_field_profile(config, 9);
    const predicted_profile predicted = predict(config, 300);
    (void)predicted.share(3), (void)predicted.cdf(3), (void)predicted.quantile(0.5), (void)predicted.expand();
    (void)summarize(predicted);
    (void)fit_gain_factor(Eigen::VectorXd::Ones(3), mean_field_gains(config, 3));
    (void)fit_constant_mixing(Eigen::VectorXd::Ones(3), 2);
    (void)read_token_ids("ids.txt", 9);
}
