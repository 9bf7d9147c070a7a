// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"
#include "decoder_fixtures.hpp"

#include <cesaro/decoder/initialization.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <string>

using namespace cesaro;
using namespace cesaro_test;

namespace {

using matrix = Eigen::MatrixX<float50>;

constexpr decoder_family families[] = {decoder_family::gpt2, decoder_family::llama, decoder_family::mistral,
                                       decoder_family::qwen2};

/// A decoder written from the definition with the tensors of a checkpoint, one scalar at a time.
class plain_decoder {
  public:
    plain_decoder(const decoder<double>& model) : config_(model.config) {
        for_each_tensor(config_, model.weights,
                        [this](const auto& tensor) { tensors_[tensor.name] = tensor.values; });
    }

    Eigen::MatrixXd operator()(Eigen::MatrixXd x) const {
        const bool gpt2 = config_.family == decoder_family::gpt2;
        for (Eigen::Index l = 0; l < config_.layers; ++l) {
            const std::string block = (gpt2 ? "h." : "model.layers.") + std::to_string(l) + ".";
            x += gpt2 ? gpt2_attention(block, norm(block + "ln_1", x))
                      : llama_attention(block + "self_attn.", norm(block + "input_layernorm", x));
            x += gpt2 ? gpt2_mlp(block + "mlp.", norm(block + "ln_2", x))
                      : llama_mlp(block + "mlp.", norm(block + "post_attention_layernorm", x));
        }
        return norm(gpt2 ? "ln_f" : "model.norm", x);
    }

  private:
    double bias(const std::string& name, Eigen::Index i) const {
        const auto found = tensors_.find(name + ".bias");
        return found == tensors_.end() ? 0 : found->second(0, i);
    }
    Eigen::MatrixXd norm(const std::string& name, const Eigen::MatrixXd& x) const {
        Eigen::MatrixXd y = x;
        for (Eigen::Index t = 0; t < x.cols(); ++t) {
            const double mean = config_.family == decoder_family::gpt2 ? x.col(t).mean() : 0;
            double square = 0;
            for (const double value : x.col(t))
                square += (value - mean) * (value - mean);
            const double scale = std::sqrt(square / double(x.rows()) + config_.norm_epsilon);
            for (Eigen::Index i = 0; i < x.rows(); ++i)
                y(i, t) = (x(i, t) - mean) / scale * tensors_.at(name + ".weight")(0, i) + bias(name, i);
        }
        return y;
    }
    Eigen::MatrixXd affine(const std::string& name, const Eigen::MatrixXd& x, bool conv1d) const {
        const Eigen::MatrixXd& w = tensors_.at(name + ".weight");
        Eigen::MatrixXd y = Eigen::MatrixXd::Zero(conv1d ? w.cols() : w.rows(), x.cols());
        for (Eigen::Index t = 0; t < x.cols(); ++t) {
            for (Eigen::Index i = 0; i < y.rows(); ++i) {
                y(i, t) = bias(name, i);
                for (Eigen::Index j = 0; j < x.rows(); ++j)
                    y(i, t) += (conv1d ? w(j, i) : w(i, j)) * x(j, t);
            }
        }
        return y;
    }
    Eigen::MatrixXd attend(const Eigen::MatrixXd& q, const Eigen::MatrixXd& k,
                           const Eigen::MatrixXd& v) const {
        const Eigen::Index w = config_.head_width;
        Eigen::MatrixXd output = Eigen::MatrixXd::Zero(q.rows(), q.cols());
        for (Eigen::Index head = 0; head < config_.heads; ++head) {
            const Eigen::Index kv = head * config_.kv_heads / config_.heads;
            for (Eigen::Index n = 0; n < q.cols(); ++n) {
                double sum = 0;
                for (Eigen::Index m = 0; m <= n; ++m) {
                    if (config_.sliding_window > 0 && n - m >= config_.sliding_window) continue;
                    double score = 0;
                    for (Eigen::Index i = 0; i < w; ++i)
                        score += q(head * w + i, n) * k(kv * w + i, m);
                    const double weight = std::exp(score / std::sqrt(double(w)));
                    sum += weight;
                    for (Eigen::Index i = 0; i < w; ++i)
                        output(head * w + i, n) += weight * v(kv * w + i, m);
                }
                for (Eigen::Index i = 0; i < w; ++i)
                    output(head * w + i, n) /= sum;
            }
        }
        return output;
    }
    Eigen::MatrixXd gpt2_attention(const std::string& block, const Eigen::MatrixXd& x) const {
        const Eigen::MatrixXd qkv = affine(block + "attn.c_attn", x, true);
        const Eigen::Index d = config_.width;
        return affine(block + "attn.c_proj", attend(qkv.topRows(d), qkv.middleRows(d, d), qkv.bottomRows(d)),
                      true);
    }
    Eigen::MatrixXd rotate(Eigen::MatrixXd x) const {
        if (config_.positions != position_encoding::rope) return x;
        const Eigen::Index w = config_.head_width;
        const Eigen::MatrixXd y = x;
        for (Eigen::Index t = 0; t < x.cols(); ++t) {
            for (Eigen::Index i = 0; i < x.rows(); ++i) {
                const Eigen::Index j = i % w;  // Hugging Face: x cos + rotate_half(x) sin
                const double angle =
                    double(t) / std::pow(config_.rope_theta, double(2 * (j % (w / 2))) / double(w));
                const double partner = j < w / 2 ? -y(i + w / 2, t) : y(i - w / 2, t);
                x(i, t) = y(i, t) * std::cos(angle) + partner * std::sin(angle);
            }
        }
        return x;
    }
    Eigen::MatrixXd llama_attention(const std::string& name, const Eigen::MatrixXd& x) const {
        return affine(name + "o_proj",
                      attend(rotate(affine(name + "q_proj", x, false)),
                             rotate(affine(name + "k_proj", x, false)), affine(name + "v_proj", x, false)),
                      false);
    }
    Eigen::MatrixXd gpt2_mlp(const std::string& name, const Eigen::MatrixXd& x) const {
        Eigen::MatrixXd h = affine(name + "c_fc", x, true);
        for (double& z : h.reshaped())
            z = 0.5 * z * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (z + 0.044715 * z * z * z)));
        return affine(name + "c_proj", h, true);
    }
    Eigen::MatrixXd llama_mlp(const std::string& name, const Eigen::MatrixXd& x) const {
        Eigen::MatrixXd gate = affine(name + "gate_proj", x, false);
        for (double& z : gate.reshaped())
            z = z / (1 + std::exp(-z));
        return affine(name + "down_proj", gate.cwiseProduct(affine(name + "up_proj", x, false)), false);
    }

    decoder_config config_;
    std::map<std::string, Eigen::MatrixXd> tensors_;
};

}  // namespace

TEST_CASE("the forward pass is the definition") {
    auto engine = random_engine();
    for (const decoder_family family : families) {
        for (const bool positions : {true, false}) {
            decoder_config config = tiny_config(family);
            if (!positions) config.positions = position_encoding::none;
            const auto model = random_decoder<double>(config, engine);
            const Eigen::MatrixXd x = random_matrix<double>(config.width, 7, engine);
            CHECK(relative_difference(decoder_forward(model, x), plain_decoder(model)(x)) < 1e-13);
        }
    }
}

TEST_CASE("the vector-Jacobian product is that of central differences in 50 digits") {
    auto engine = random_engine();
    for (const decoder_family family : families) {
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

TEST_CASE("every tensor is visited once, under its name, with its shape") {
    for (const decoder_family family : families) {
        const decoder_config config = tiny_config(family);
        auto weights = zero_weights<double>(config);
        std::map<std::string, std::vector<Eigen::Index>> shapes;
        for_each_tensor(config, weights, [&](auto tensor) {
            CHECK(shapes.emplace(tensor.name, tensor.shape).second);
            tensor.values.array() += 1;
        });
        double sum = 0;  // each entry was touched exactly once: gains are 2, all others 1
        double gains = 0;
        for_each_tensor(config, std::as_const(weights), [&](const auto& tensor) {
            sum += tensor.values.sum();
            if (tensor.values.maxCoeff() == 2) gains += double(tensor.values.size());
        });
        CHECK(sum == weight_count(config) + gains);
        CHECK(gains == double((2 * config.layers + 1) * config.width));
        using shape = std::vector<Eigen::Index>;
        if (family == decoder_family::gpt2) {
            CHECK(shapes.at("h.1.attn.c_attn.weight") == shape{6, 18});
            CHECK(shapes.at("h.0.mlp.c_proj.weight") == shape{9, 6});
            CHECK(shapes.at("wpe.weight") == shape{8, 6});
        } else {
            CHECK(shapes.at("model.layers.1.self_attn.k_proj.weight") == shape{4, 7});
            CHECK(shapes.at("model.layers.0.mlp.down_proj.weight") == shape{7, 9});
            CHECK(shapes.count("model.layers.0.self_attn.q_proj.bias") ==
                  (family == decoder_family::qwen2 ? 1 : 0));
        }
    }
}

TEST_CASE("initial weights have the variances of their family and depend on the seed alone") {
    decoder_config config = tiny_config(decoder_family::gpt2);
    config.width = 96;
    config.head_width = 48;
    config.intermediate = 200;
    config.vocab_size = 500;
    const auto model = initialize_decoder<float>(config, 7);
    const auto deviation = [](const weight_matrix<float>& w) {
        return std::sqrt(w.cast<double>().squaredNorm() / double(w.size()));
    };
    const auto& block = model.weights.blocks[1];
    const double tolerance = 0.02;  // 1/sqrt(2 size) is below 0.008
    CHECK(std::abs(deviation(model.weights.token_embedding) / 0.02 - 1) < tolerance);
    CHECK(std::abs(deviation(block.query_key_value.matrix) / 0.02 - 1) < tolerance);
    CHECK(std::abs(deviation(block.feed_forward_input.matrix) / 0.02 - 1) < tolerance);
    CHECK(std::abs(deviation(block.attention_output.matrix) / 0.01 - 1) < tolerance);  // 0.02 / sqrt(2 · 2)
    CHECK(std::abs(deviation(block.feed_forward_output.matrix) / 0.01 - 1) < tolerance);
    CHECK(block.query_key_value.bias.isZero(0));
    CHECK(block.attention_norm.gain == Eigen::VectorXf::Ones(96));
    // no two tensors share a stream
    CHECK(block.query_key_value.matrix(0, 0) != model.weights.blocks[0].query_key_value.matrix(0, 0));
    const auto again = initialize_decoder<double>(config, 7);
    CHECK(again.weights.blocks[1].query_key_value.matrix.cast<float>() == block.query_key_value.matrix);
    CHECK(initialize_decoder<float>(config, 8).weights.token_embedding != model.weights.token_embedding);
    config.family = decoder_family::llama;
    config.positions = position_encoding::rope;
    const auto llama = initialize_decoder<float>(config, 7);
    CHECK(std::abs(deviation(llama.weights.blocks[0].attention_output.matrix) / 0.02 - 1) < tolerance);
    CHECK(llama.weights.position_embedding.size() == 0);

    const auto ids = uniform_token_ids(1000, 10, 3);
    CHECK(*std::min_element(ids.begin(), ids.end()) == 0);
    CHECK(*std::max_element(ids.begin(), ids.end()) == 9);
    CHECK(ids == uniform_token_ids(1000, 10, 3));
    CHECK(ids != uniform_token_ids(1000, 10, 4));
}

TEST_CASE("embeddings: tokens plus learned positions, and what is rejected") {
    auto engine = random_engine();
    const auto model = random_decoder<double>(tiny_config(decoder_family::gpt2), engine);
    const Eigen::MatrixXd x = embed(model, {10, 0, 10});
    CHECK(x.col(2).transpose() ==
          model.weights.token_embedding.row(10) + model.weights.position_embedding.row(2));
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

TEST_CASE("configurations that make no decoder are rejected by the name of the member") {
    const auto message = [](auto change, decoder_family family = decoder_family::llama) {
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
    CHECK(names(message([](auto& c) { c.kv_heads = 1; }, decoder_family::gpt2), "kv_heads"));
    CHECK(names(message([](auto& c) { c.positions = position_encoding::learned; }), "positions"));
    CHECK(names(message([](auto& c) { c.width = 0; }), "width"));
    CHECK(names(message([](auto& c) { c.layers = -1; }), "layers"));
    CHECK(names(message([](auto& c) { c.vocab_size = Eigen::Index(1) << 40; }), "vocab_size"));
    CHECK(names(message([](auto& c) { c.rope_theta = 0; }), "rope_theta"));
    CHECK(names(message([](auto& c) { c.norm_epsilon = -1; }), "norm_epsilon"));
    CHECK(names(message([](auto& c) { c.initializer_range = std::numeric_limits<double>::quiet_NaN(); }),
                "initializer_range"));
    CHECK(names(message([](auto& c) { c.sliding_window = -1; }), "sliding_window"));
    decoder_config large = tiny_config(decoder_family::llama);
    large.vocab_size = large.width = Eigen::Index(1) << 30;
    CHECK_THROWS_AS(zero_weights<float>(large), std::length_error);
}
