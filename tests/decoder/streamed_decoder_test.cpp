// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// A decoder one layer at a time, drawn or read, is the decoder whole, to the last bit.
#include "../catch.hpp"
#include "../files/files.hpp"
#include "decoder_fixtures.hpp"
#include "descriptions.hpp"

#include <cesaro/decoder/draws.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/decoder/streamed_decoder.hpp>
#include <cesaro/files/checkpoint.hpp>

#include <vector>

using namespace cesaro;
using namespace cesaro_test;

namespace {

void check_same(const decoder<float>& whole, const streamed_decoder<float>& streamed) {
    const auto ids = uniform_token_ids(6, whole.config().vocab_size, 3);
    const Eigen::MatrixXf x = embed(whole, ids);
    CHECK(embed(streamed, ids) == x);
    jacobian_probes probes;
    probes.count = 5;
    probes.batch = 2;
    for (const decoder_output output : {decoder_output::normalized, decoder_output::residual}) {
        probes.output = output;
        for (const probe_kind kind : {probe_kind::gaussian, probe_kind::exact}) {
            probes.kind = kind;
            CHECK(squared_jacobian_norms(streamed, x, probes) == squared_jacobian_norms(whole, x, probes));
        }
    }
    double last = 0;
    probes.progress = [&](double done) {
        CHECK(done > last);
        last = done;
    };
    (void)squared_jacobian_norms(streamed, x, probes);
    CHECK(last == 1);
}

}  // namespace

TEST_CASE("every family, drawn and read one layer at a time") {
    for (const auto& [family, config] : tiny_families()) {
        INFO(family);
        const auto whole = initialize_decoder<float>(config, 2026);
        check_same(whole, drawn_decoder<float>(config, 2026));
        const scratch_directory directory;
        save_weights(directory.path(), config, whole.weights());
        check_same(whole, stream_weights<float>(directory.path(), config));
    }
}

TEST_CASE("rows of an embedding alone are those of the whole") {
    decoder_config config = tiny_config("llama");
    config.vocab_size = 400'000;
    const auto whole = initialize_decoder<float>(config, 5);
    const std::vector<Eigen::Index> ids{0, 149'796, 149'797, 299'593, 399'999, 149'796, 0};
    CHECK(embed(drawn_decoder<float>(config, 5), ids) == embed(whole, ids));
    CHECK_THROWS_AS(embed(drawn_decoder<float>(config, 5), {400'000}), std::domain_error);
}

TEST_CASE("a checkpoint that is read one layer at a time is checked all the same") {
    const decoder_config config = tiny_config("llama");
    const auto whole = initialize_decoder<float>(config, 5);
    const scratch_directory directory;
    save_weights(directory.path(), config, whole.weights());
    const auto good = load_safetensors<float>(directory.path());
    const auto with = [&](auto change) {
        auto tensors = good;
        change(tensors);
        save_safetensors(directory / "model.safetensors", tensors);
        return error_of([&] {
            const auto model = stream_weights<float>(directory.path(), config);
            (void)squared_jacobian_norms(model, embed(model, {1, 2, 3}), jacobian_probes());
        });
    };
    CHECK(with([](auto&) {}) == "nothing was thrown");
    for (const auto& [name, t] : good) {
        INFO(name);
        CHECK(
            contains(with([&](auto& tensors) { tensors.erase(name); }), "tensor '" + name + "' is missing"));
        CHECK(contains(with([&](auto& tensors) {
                           tensors[name].shape = {t.values.size(), 1};
                       }),
                       "has shape ["));
    }
    for (const std::string name : {"model.layers.2.mlp.up_proj.weight",
                                   "model.layers.0.self_attn.q_proj.bias", "model.other.weight"}) {
        INFO(name);
        CHECK(contains(with([&](auto& tensors) {
                           tensors[name] = {{1}, Eigen::VectorXf::Ones(1)};
                       }),
                       "is no part of the decoder"));
    }
}

TEST_CASE("what a source gives is checked, and what cannot be asked of a streamed decoder is named") {
    const decoder_config config = tiny_config("llama");
    const auto whole = initialize_decoder<float>(config, 5);
    decoder_weights<float> outside;
    outside.final_norm = whole.weights().final_norm;
    const auto tokens = [](const std::vector<Eigen::Index>& ids) {
        return Eigen::MatrixXf(3, Eigen::Index(ids.size()));
    };
    const auto block = [](Eigen::Index) { return nn::block_weights<float>(); };
    const streamed_decoder<float> wrong(config, outside, tokens, block);
    CHECK_THROWS_AS(wrong.block(0), std::invalid_argument);
    CHECK_THROWS_AS(embed(wrong, {1}), std::invalid_argument);
    const auto model = drawn_decoder<float>(config, 5);
    jacobian_probes probes;
    probes.kind = probe_kind::logit;
    CHECK_THROWS_AS(squared_jacobian_norms(model, embed(model, {1, 2}), probes), std::invalid_argument);
    decoder_config silent = config;
    silent.pattern = {layer_config{.attends = false}};
    CHECK_THROWS_AS(drawn_decoder<float>(silent, 5), std::invalid_argument);
}

TEST_CASE("deviations of weights are those that they were drawn with") {
    decoder_config config = narrow_config("gpt2");
    config.residual_init_by_depth = true;
    const auto model = initialize_decoder<float>(config, 5);
    decoder_config other = config;
    other.initializer_range = 0.01;
    other.residual_init_by_depth = false;
    const decoder_config measured = with_deviations_of(other, model.weights());
    for (const weight_kind kind :
         {weight_kind::token_embedding, weight_kind::position_embedding, weight_kind::query_key_value,
          weight_kind::attention_output, weight_kind::feed_forward_input, weight_kind::feed_forward_output})
        CHECK(measured.initial_deviation(kind) == Approx(config.initial_deviation(kind)).epsilon(0.03));
}
