// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// What layers and heads do, against attention written out entry by entry, and where it is known beforehand.
#include "../catch.hpp"
#include "../files/files.hpp"
#include "decoder_fixtures.hpp"

#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/layer_statistics.hpp>

#include <algorithm>
#include <cmath>

using namespace cesaro;
using namespace cesaro_test;

TEST_CASE("shares of branches are those of the stream before and behind them") {
    auto engine = random_engine();
    for (const char* const family : {"gpt2", "llama", "mistral"}) {
        for (const bool parallel : {false, true}) {
            decoder_config config = tiny_config(family);
            config.parallel = parallel;
            config.layers = 1;
            config.branch_scale = 0.7;
            const auto model = random_decoder<double>(config, engine);
            const Eigen::MatrixXd x = random_matrix<double>(config.width, 6, engine);
            const layer_statistics s = layer_report(model, x)[0];
            // without its feed-forward branch, the layer adds what attention does
            auto weights = model.weights();
            weights.blocks[0].feed_forward_output.matrix.setZero();
            weights.blocks[0].feed_forward_output.bias.setZero();
            const Eigen::MatrixXd between =
                decoder_forward(decoder<double>(config, weights), x, decoder_output::residual);
            const Eigen::MatrixXd after = decoder_forward(model, x, decoder_output::residual);
            const Eigen::MatrixXd a = between - x, f = after - between;
            const Eigen::MatrixXd read = parallel ? x : between;
            const auto share = [](const auto& added, const auto& stream) {
                return added.norm() / (added.norm() + stream.norm());
            };
            CHECK(s.attention_share == Approx(share(a.col(5), x.col(5))).epsilon(1e-12));
            CHECK(s.feed_forward_share == Approx(share(f.col(5), read.col(5))).epsilon(1e-12));
            double mean = 0, mean_f = 0;
            for (Eigen::Index t = 0; t < 6; ++t) {
                mean += share(a.col(t), x.col(t)) / 6;
                mean_f += share(f.col(t), read.col(t)) / 6;
            }
            CHECK(s.mean_attention_share == Approx(mean).epsilon(1e-12));
            CHECK(s.mean_feed_forward_share == Approx(mean_f).epsilon(1e-12));
        }
    }
}

TEST_CASE("heads against attention written out") {
    auto engine = random_engine();
    decoder_config config = tiny_config("llama");
    config.layers = 1;
    config.rope.reset();
    const auto model = random_decoder<double>(config, engine);
    const Eigen::Index tokens = 200;  // more than a block of queries
    const Eigen::MatrixXd x = random_matrix<double>(config.width, tokens, engine);
    const auto heads = layer_report(model, x)[0].heads;
    const auto& block = model.weights().blocks[0];
    const Eigen::MatrixXd h = nn::normalization_output(
        block.attention_norm, nn::normalize(config.norm.kind, config.norm.epsilon, x));
    const Eigen::MatrixXd qkv = block.query_key_value.matrix * h;
    std::vector<double> norms;
    for (Eigen::Index head = 0; head < 4; ++head) {
        const Eigen::Index kv = head / 2;
        double first = 0, norm = 0;
        Eigen::VectorXd last;
        for (Eigen::Index n = 0; n < tokens; ++n) {
            Eigen::VectorXd a(n + 1);
            for (Eigen::Index m = 0; m <= n; ++m)
                a[m] =
                    std::exp(qkv.block(2 * head, n, 2, 1).col(0).dot(qkv.block(8 + 2 * kv, m, 2, 1).col(0)) /
                             std::sqrt(2.));
            a /= a.sum();
            first += a[0] / double(tokens);
            norm += (qkv.block(12 + 2 * kv, 0, 2, n + 1) * a).norm();
            last = a;
        }
        norms.push_back(norm);
        double distance = 0;
        for (Eigen::Index m = 0; m < tokens; ++m)
            distance += last[m] * double(tokens - 1 - m);
        const head_statistics& s = heads[std::size_t(head)];
        CHECK(s.tokens_seen == Approx(1 / last.squaredNorm()).epsilon(1e-12));
        CHECK(s.mean_distance == Approx(distance).epsilon(1e-12));
        CHECK(s.uniformity == Approx(1 / (last.norm() * std::sqrt(double(tokens)))).epsilon(1e-12));
        CHECK(s.first_token == Approx(first).epsilon(1e-12));
    }
    const double mean = (norms[0] + norms[1] + norms[2] + norms[3]) / 4;
    for (std::size_t head = 0; head < 4; ++head)
        CHECK(heads[head].output_norm == Approx(norms[head] / mean).epsilon(1e-12));
}

TEST_CASE("uniform attention, windows and sinks are known beforehand") {
    decoder_config config = tiny_config("mistral");  // windows of 3
    auto weights = zero_weights<double>(config);
    const decoder<double> silent(config, weights);
    auto engine = random_engine();
    const Eigen::MatrixXd x = random_matrix<double>(config.width, 7, engine);
    for (const layer_statistics& layer : layer_report(silent, x)) {
        CHECK(layer.attention_share == 0);
        CHECK(layer.mean_feed_forward_share == 0);
        for (const head_statistics& head : layer.heads) {
            CHECK(head.tokens_seen == Approx(3));
            CHECK(head.mean_distance == Approx(1));
            CHECK(head.uniformity == Approx(std::sqrt(3. / 7)));
            CHECK(head.first_token == Approx((1 + 1. / 2 + 1. / 3) / 7));
            CHECK(head.output_norm == 1);
        }
    }
    config.pattern.clear();
    config.scores.sinks = true;
    weights = zero_weights<double>(config);
    const auto heads = layer_report(decoder<double>(config, weights), x)[1].heads;
    CHECK(heads[0].tokens_seen == Approx(64. / 7));
    CHECK(heads[0].mean_distance == Approx(3));
    CHECK(heads[0].uniformity == Approx(1));
    CHECK_THROWS_AS(layer_report(silent, Eigen::MatrixXd(config.width, 0)), std::domain_error);
    CHECK_THROWS_AS(layer_report(silent, Eigen::MatrixXd(3, 2)), std::invalid_argument);
}

TEST_CASE("a streamed decoder has the same report") {
    const decoder_config config = tiny_config("llama");
    const auto whole = initialize_decoder<float>(config, 5);
    const Eigen::MatrixXf x = embed(whole, {3, 1, 4, 1, 5});
    const auto a = layer_report(whole, x), b = layer_report(drawn_decoder<float>(config, 5), x);
    REQUIRE(a.size() == b.size());
    for (std::size_t l = 0; l < a.size(); ++l) {
        CHECK(a[l].attention_share == b[l].attention_share);
        CHECK(a[l].heads[3].tokens_seen == b[l].heads[3].tokens_seen);
    }
}
