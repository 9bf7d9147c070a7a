// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"
#include "descriptions.hpp"
#include "plain_decoder.hpp"

#include <cesaro/decoder/draws.hpp>
#include <cesaro/decoder/initialization.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <string>

using namespace cesaro;
using namespace cesaro_test;

namespace {

using matrix = Eigen::MatrixX<float50>;

constexpr const char* families[] = {"gpt2", "llama", "mistral", "qwen2"};

}  // namespace

namespace {

/// gpt2, llama, mistral and qwen2 with and without their positions, each facet, each family.
std::vector<described> descriptions() {
    std::vector<described> list = facets();
    for (const char* const family : families) {
        decoder_config config = tiny_config(family);
        list.push_back({family, config});
        config.rope.reset();
        list.push_back({family + std::string(" without positions"), config});
    }
    for (const described& d : tiny_families())
        list.push_back(d);
    return list;
}

}  // namespace

TEST_CASE("the forward pass is the definition") {
    auto engine = random_engine();
    for (const auto& [name, config] : descriptions()) {
        INFO(name);
        const auto model = random_decoder<double>(config, engine);
        const Eigen::MatrixXd x = random_matrix<double>(config.width, 7, engine);
        CHECK(relative_difference(decoder_forward(model, x), plain_decoder(model)(x)) < 1e-13);
    }
}

TEST_CASE("the vector-Jacobian product is that of central differences in 50 digits") {
    auto engine = random_engine();
    for (const char* const family : families) {
        const decoder_config config = tiny_config(family);
        const auto model = random_decoder<float50>(config, engine);
        const Eigen::Index tokens = 4;
        const matrix x = random_matrix<float50>(config.width, tokens, engine);
        for (const decoder_output output : {decoder_output::normalized, decoder_output::residual}) {
            const matrix h_bar = random_matrix<float50>(config.width, 2 * tokens, engine);
            decoder_trace<float50> trace;
            const matrix h = decoder_forward(model, x, output, &trace);
            CHECK(h == decoder_forward(model, x, output));
            const matrix x_bar = decoder_vjp(model, trace, h_bar, output);
            const auto f = [&](const matrix& z) { return decoder_forward(model, z, output); };
            for (Eigen::Index p = 0; p < 2; ++p) {
                const matrix expected = central_difference(f, x, h_bar.middleCols(p * tokens, tokens));
                CHECK(relative_difference(x_bar.middleCols(p * tokens, tokens).eval(), expected) < 1e-29);
            }
        }
    }
}

TEST_CASE("the vector-Jacobian product of any description, along random directions") {
    auto engine = random_engine();
    const float50 step("1e-17");
    for (const auto& [name, config] : descriptions()) {
        INFO(name);
        const auto model = random_decoder<float50>(config, engine);
        const Eigen::Index tokens = 5;
        const matrix x = random_matrix<float50>(config.width, tokens, engine);
        const matrix h_bar = random_matrix<float50>(config.width, 2 * tokens, engine);
        decoder_trace<float50> trace;
        decoder_forward(model, x, decoder_output::normalized, &trace);
        const matrix x_bar = decoder_vjp(model, trace, h_bar);
        for (int i = 0; i < 2; ++i) {
            const matrix direction = random_matrix<float50>(config.width, tokens, engine);
            const matrix difference = (decoder_forward(model, matrix(x + step * direction)) -
                                       decoder_forward(model, matrix(x - step * direction))) /
                                      (2 * step);
            for (Eigen::Index p = 0; p < 2; ++p) {
                const matrix g = x_bar.middleCols(p * tokens, tokens);
                const float50 expected = difference.cwiseProduct(h_bar.middleCols(p * tokens, tokens)).sum();
                const float50 error = abs(float50(g.cwiseProduct(direction).sum() - expected));
                CHECK(static_cast<double>(error / (g.norm() * direction.norm())) < 1e-29);
            }
        }
    }
}

TEST_CASE("every array of weights is visited once, under its name") {
    for (const auto& [description, config] : descriptions()) {
        INFO(description);
        auto weights = zero_weights<double>(config);
        std::map<std::string, Eigen::Index> sizes;
        for_each_weight(config, weights, [&](const std::string& name, auto& array) {
            CHECK(sizes.emplace(name, array.size()).second);
            array.array() += 1;
        });
        double sum = 0;  // each entry was touched exactly once: gains are 2, all others 1
        double gains = 0;
        for_each_weight(config, std::as_const(weights), [&](const std::string&, const auto& array) {
            sum += array.sum();
            if (array.maxCoeff() == 2) gains += double(array.size());
        });
        CHECK(sum == weight_count(config) + gains);
        CHECK(sizes.at("token_embedding") == config.vocab_size * config.width);
        CHECK(sizes.count("final_norm.gain") == (config.norm.gain ? 1 : 0));
        CHECK(sizes.count("blocks[1].latent.query.matrix") == (config.latent ? 1 : 0));
        CHECK(sizes.count("blocks[1].experts.input.matrix") == (config.has_experts(1) ? 1 : 0));
        CHECK(sizes.count("blocks[1].feed_forward_input.matrix") == (config.has_experts(1) ? 0 : 1));
        CHECK(sizes.count("position_embedding") == (config.learned_positions ? 1 : 0));
    }
}

TEST_CASE("initial weights have the variances of their family and depend on the seed alone") {
    decoder_config config = tiny_config("gpt2");
    config.width = 96;
    config.head_width = 48;
    config.intermediate = 200;
    config.vocab_size = 500;
    const auto model = initialize_decoder<float>(config, 7);
    const auto deviation = [](const nn::weight_matrix<float>& w) {
        return std::sqrt(w.cast<double>().squaredNorm() / double(w.size()));
    };
    const auto& block = model.weights().blocks[1];
    const double tolerance = 0.02;  // 1/sqrt(2 size) is below 0.008
    CHECK(std::abs(deviation(model.weights().token_embedding) / 0.02 - 1) < tolerance);
    CHECK(std::abs(deviation(block.query_key_value.matrix) / 0.02 - 1) < tolerance);
    CHECK(std::abs(deviation(block.feed_forward_input.matrix) / 0.02 - 1) < tolerance);
    CHECK(std::abs(deviation(block.attention_output.matrix) / 0.01 - 1) < tolerance);  // 0.02 / sqrt(2 · 2)
    CHECK(std::abs(deviation(block.feed_forward_output.matrix) / 0.01 - 1) < tolerance);
    CHECK(block.query_key_value.bias.isZero(0));
    CHECK(block.attention_norm.gain == Eigen::VectorXf::Ones(96));
    // no two tensors share a stream
    CHECK(block.query_key_value.matrix(0, 0) != model.weights().blocks[0].query_key_value.matrix(0, 0));
    const auto again = initialize_decoder<double>(config, 7);
    CHECK(again.weights().blocks[1].query_key_value.matrix.cast<float>() == block.query_key_value.matrix);
    CHECK(initialize_decoder<float>(config, 8).weights().token_embedding != model.weights().token_embedding);
    config.residual_init_by_depth = false;
    config.learned_positions = false;
    const auto llama = initialize_decoder<float>(config, 7);
    CHECK(std::abs(deviation(llama.weights().blocks[0].attention_output.matrix) / 0.02 - 1) < tolerance);
    CHECK(llama.weights().position_embedding.size() == 0);

    const auto ids = uniform_token_ids(1000, 10, 3);
    CHECK(*std::min_element(ids.begin(), ids.end()) == 0);
    CHECK(*std::max_element(ids.begin(), ids.end()) == 9);
    CHECK(ids == uniform_token_ids(1000, 10, 3));
    CHECK(ids != uniform_token_ids(1000, 10, 4));
}

TEST_CASE("embeddings: scaled, with the offset of positions, normalised") {
    auto engine = random_engine();
    decoder_config config = tiny_config("gpt2");
    config.embedding_scale = 1.5;
    config.position_offset = 2;
    config.norm.embeddings = true;
    const auto model = random_decoder<double>(config, engine);
    const auto& weights = model.weights();
    CHECK(weights.position_embedding.rows() == config.max_positions + 2);
    const Eigen::VectorXd sum =
        1.5 * weights.token_embedding.row(4).transpose() + weights.position_embedding.row(3).transpose();
    const double mean = sum.mean();
    const double deviation = std::sqrt((sum.array() - mean).square().mean() + config.norm.epsilon);
    const Eigen::VectorXd expected = weights.embedding_norm.gain.array() * (sum.array() - mean) / deviation +
                                     weights.embedding_norm.bias.array();
    CHECK(relative_difference(embed(model, {3, 4}).col(1).eval(), expected) < 1e-14);
}

TEST_CASE("embeddings: tokens plus learned positions, and what is rejected") {
    auto engine = random_engine();
    const auto model = random_decoder<double>(tiny_config("gpt2"), engine);
    const Eigen::MatrixXd x = embed(model, {10, 0, 10});
    CHECK(x.col(2).transpose() ==
          model.weights().token_embedding.row(10) + model.weights().position_embedding.row(2));
    CHECK_THROWS_AS(embed(model, {0, 11}), std::domain_error);
    CHECK_THROWS_AS(embed(model, {-1}), std::domain_error);
    CHECK_THROWS_AS(embed(model, std::vector<Eigen::Index>(9, 0)), std::invalid_argument);
    CHECK(embed(model, std::vector<Eigen::Index>(8, 0)).cols() == 8);
    CHECK_THROWS_AS(decoder_forward(model, Eigen::MatrixXd(Eigen::MatrixXd::Zero(5, 3))),
                    std::invalid_argument);
    decoder_trace<double> trace;
    decoder_forward(model, x, decoder_output::normalized, &trace);
    CHECK_THROWS_AS(decoder_vjp(model, trace, Eigen::MatrixXd(Eigen::MatrixXd::Zero(6, 4))),
                    std::invalid_argument);
    CHECK_THROWS_AS(decoder_vjp(model, trace, Eigen::MatrixXd(Eigen::MatrixXd::Zero(5, 3))),
                    std::invalid_argument);
}

TEST_CASE("weights of other shapes than the configuration's are no decoder, tensor by tensor") {
    for (const described& family : tiny_families()) {
        INFO(family.name);
        const decoder_config& config = family.config;
        const auto right = zero_weights<double>(config);
        CHECK_NOTHROW(decoder(config, right));
        const auto rejected = [&](auto weights) {
            CHECK_THROWS_AS(decoder(config, std::move(weights)), std::invalid_argument);
        };
        // every array in turn, there or not, one row or column off
        int arrays = 0;
        const auto count = [&](const detail::weight_shape&, auto&) { ++arrays; };
        auto any = right;
        detail::weight_list(config, count).all(any);
        for (int i = 0; i < arrays; ++i) {
            for (const bool rows : {true, false}) {
                int next = 0;
                bool spoilt = false;
                auto wrong = right;
                const auto spoil = [&](const detail::weight_shape&, auto& array) {
                    using array_type = std::remove_reference_t<decltype(array)>;
                    if (next++ != i || (!rows && (array.size() == 0 || array_type::ColsAtCompileTime == 1)))
                        return;
                    spoilt = true;
                    if (array.size() == 0) {
                        array = array_type::Zero(2, 1);
                    } else {
                        array =
                            array_type::Zero(array.rows() - (rows ? 1 : 0), array.cols() - (rows ? 0 : 1));
                    }
                };
                detail::weight_list(config, spoil).all(wrong);
                if (spoilt) rejected(wrong);
            }
        }
        auto other = right;
        other.blocks.pop_back();
        rejected(other);
        other = right;
        other.blocks.push_back(right.blocks[0]);
        rejected(other);
    }
    const decoder_config config = tiny_config("llama");
    auto weights = zero_weights<double>(config);
    weights.blocks[1].query_key_value.matrix.resize(7, 8);
    CHECK_THROWS_WITH(decoder(config, std::move(weights)),
                      "cesaro::decoder: rows of blocks[1].query_key_value.matrix = 7 must be 16");
    decoder_config blind = config;
    blind.pattern = {{}, {.attends = false}};
    const std::string refusal = "pattern = layer 1 without attention must attend: nothing else can be built";
    CHECK_THROWS_WITH(decoder(blind, zero_weights<double>(config)), "cesaro::decoder: " + refusal);
    CHECK_THROWS_WITH(zero_weights<double>(blind), "cesaro::zero_weights: " + refusal);
    decoder_config no_decoder = config;
    no_decoder.kv_heads = 3;
    CHECK_THROWS_AS(decoder(no_decoder, zero_weights<double>(config)), std::invalid_argument);
}

TEST_CASE("a trace of another network is refused") {
    auto engine = random_engine();
    const auto model = random_decoder<double>(tiny_config("llama"), engine);
    const Eigen::MatrixXd x = random_matrix<double>(7, 3, engine);
    for (const int change : {0, 1, 2, 3}) {
        decoder_config config = tiny_config("llama");
        (change == 0   ? config.layers
         : change == 1 ? config.intermediate
         : change == 2 ? config.heads
                       : config.width) += 4;
        const auto other = random_decoder<double>(config, engine);
        decoder_trace<double> trace;
        decoder_forward(other, random_matrix<double>(config.width, 3, engine), decoder_output::normalized,
                        &trace);
        CHECK_THROWS_AS(decoder_vjp(model, trace, x), std::invalid_argument);
    }
    CHECK_THROWS_AS(decoder_vjp(model, decoder_trace<double>{}, x), std::invalid_argument);
}

TEST_CASE("configurations that make no decoder are rejected by the name of the member") {
    const auto message = [](auto change, const char* family = "llama") {
        decoder_config config = tiny_config(family);
        change(config);
        try {
            config.validate();
        } catch (const std::exception& error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    const auto names = [](const std::string& text, const std::string& member) {
        return text.find("decoder_config: " + member + " = ") != std::string::npos;
    };
    CHECK(message([](auto&) {}) == "accepted");
    CHECK(message([](auto& c) { c.kv_heads = 3; }) ==
          "cesaro::decoder_config: heads = 4 must be a multiple of kv_heads = 3");
    CHECK(names(message([](auto& c) { c.head_width = 3; }), "head_width"));
    CHECK(names(message([](auto& c) { c.width = 0; }), "width"));
    CHECK(names(message([](auto& c) { c.layers = -1; }), "layers"));
    CHECK(names(message([](auto& c) { c.vocab_size = Eigen::Index(1) << 40; }), "vocab_size"));
    CHECK(names(message([](auto& c) { c.rope->theta = 0; }), "rope.theta"));
    CHECK(names(message([](auto& c) { c.norm.epsilon = -1; }), "norm.epsilon"));
    CHECK(names(message([](auto& c) { c.initializer_range = std::numeric_limits<double>::quiet_NaN(); }),
                "initializer_range"));
    CHECK(names(message([](auto& c) { c.pattern = {{.window = -1}}; }), "pattern.window"));
    decoder_config large = tiny_config("llama");
    large.vocab_size = large.width = Eigen::Index(1) << 30;
    CHECK_THROWS_AS(zero_weights<float>(large), std::length_error);
}
