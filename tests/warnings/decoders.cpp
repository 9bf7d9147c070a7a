// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Decoders, predictions, fits and files,
// compiled with every warning that a user's project may have turned on: nothing is run.
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

}  // namespace

void use_every_decoder();

void use_every_decoder() {
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
