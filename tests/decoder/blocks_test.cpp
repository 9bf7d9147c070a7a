// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The vector-Jacobian product of each block against central differences in 50 digits.
#include "../catch.hpp"
#include "decoder_fixtures.hpp"

using namespace cesaro;
using namespace cesaro_test;

namespace {

using matrix = Eigen::MatrixX<float50>;

/// Two probes at once against central differences of each.
template <class Function>
double vjp_error(const Function& f, const matrix& x, const matrix& y_bar, const matrix& x_bar) {
    double error = 0;
    const Eigen::Index tokens = x.cols();
    for (Eigen::Index first = 0; first < y_bar.cols(); first += tokens) {
        const matrix expected = central_difference(f, x, y_bar.middleCols(first, tokens));
        error = std::max(error, relative_difference(x_bar.middleCols(first, tokens).eval(), expected));
    }
    return error;
}

}  // namespace

TEST_CASE("normalisations: values and derivatives") {
    auto engine = random_engine();
    const matrix x = random_matrix<float50>(6, 3, engine);
    for (const norm_kind kind : {norm_kind::layer_norm, norm_kind::rms_norm}) {
        normalization_weights<float50> weights{random_matrix<float50>(6, 1, engine),
                                               random_matrix<float50>(6, 1, engine)};
        const double epsilon = 0.125;
        const auto trace = normalize(kind, epsilon, x);
        const matrix y = normalization_output(weights, trace);
        for (Eigen::Index t = 0; t < x.cols(); ++t) {
            const float50 mean = kind == norm_kind::layer_norm ? float50(x.col(t).sum() / 6) : float50(0);
            float50 square = 0;
            for (Eigen::Index i = 0; i < 6; ++i)
                square += (x(i, t) - mean) * (x(i, t) - mean) / 6;
            for (Eigen::Index i = 0; i < 6; ++i) {
                const float50 expected =
                    weights.gain[i] * (x(i, t) - mean) / sqrt(float50(square + epsilon)) + weights.bias[i];
                CHECK(error_in_epsilons(y(i, t), expected) < 1000);
            }
        }
        const auto f = [&](const matrix& z) {
            return normalization_output(weights, normalize(kind, epsilon, z));
        };
        const matrix y_bar = random_matrix<float50>(6, 6, engine);
        CHECK(vjp_error(f, x, y_bar, normalization_vjp(kind, weights, trace, y_bar)) < 1e-30);
    }
}

TEST_CASE("activations: values and derivatives") {
    // gelu_tanh(1) and silu(1) to 20 digits, from the formulas in 50-digit arithmetic
    CHECK(error_in_epsilons(gelu(1.0), float50("0.84119199060827670")) < 4);
    CHECK(error_in_epsilons(silu(1.0), float50("0.73105857863000487925")) < 4);
    CHECK(gelu(-200.0f) == 0);
    CHECK(gelu(200.0f) == 200);
    CHECK(silu(-200.0f) == 0);
    CHECK(gelu_derivative(-200.0f) == 0);
    CHECK(silu_derivative(200.0f) == 1);
    auto engine = random_engine();
    const matrix z = 3 * random_matrix<float50>(8, 3, engine);
    for (const feed_forward_kind kind : {feed_forward_kind::gelu, feed_forward_kind::swiglu}) {
        const auto f = [&](const matrix& x) { return feed_forward_activation(kind, x); };
        const matrix h_bar = random_matrix<float50>(kind == feed_forward_kind::gelu ? 8 : 4, 6, engine);
        CHECK(vjp_error(f, z, h_bar, feed_forward_activation_vjp(kind, z, h_bar)) < 1e-30);
    }
}

TEST_CASE("RoPE: scores depend on the distance only, and the inverse is the transpose") {
    auto engine = random_engine();
    const rope_rotations<double> rotations(6, 9, 100);
    const Eigen::MatrixXd q = random_matrix<double>(6, 1, engine).replicate(1, 9);
    const Eigen::MatrixXd k = random_matrix<double>(6, 1, engine).replicate(1, 9);
    Eigen::MatrixXd turned_q = q;
    Eigen::MatrixXd turned_k = k;
    rotate_heads(rotations, 1, turned_q);
    rotate_heads(rotations, 1, turned_k);
    CHECK(std::abs(turned_q.col(7).dot(turned_k.col(3)) - turned_q.col(5).dot(turned_k.col(1))) < 1e-14);
    CHECK(std::abs(turned_q.col(7).dot(turned_k.col(3)) - turned_q.col(7).dot(turned_k.col(4))) > 1e-3);
    CHECK(turned_q.col(0) == q.col(0));
    // the pair (1, 4) turns by t / 100^(1/3)
    const double angle = 4 / std::cbrt(100.0);
    CHECK(std::abs(turned_q(1, 4) - (std::cos(angle) * q(1, 4) - std::sin(angle) * q(4, 4))) < 1e-15);
    CHECK(std::abs(turned_q(4, 4) - (std::sin(angle) * q(1, 4) + std::cos(angle) * q(4, 4))) < 1e-15);
    rotate_heads(rotations, -1, turned_q);
    CHECK((turned_q - q).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("attention: values by the definition, derivatives, windows, grouped queries") {
    auto engine = random_engine();
    decoder_config config = tiny_config(decoder_family::llama);
    const Eigen::Index w = config.head_width;
    const Eigen::Index tokens = 5;
    const matrix qkv =
        2 * random_matrix<float50>(config.query_size() + 2 * config.key_size(), tokens, engine);
    for (const Eigen::Index window : {0, 1, 3, 5, 100}) {
        const matrix output = causal_attention(config, window, qkv);
        for (Eigen::Index head = 0; head < config.heads; ++head) {
            const auto q = qkv.middleRows(head * w, w);
            const auto k = qkv.middleRows(config.query_size() + head / 2 * w, w);
            const auto v = qkv.middleRows(config.query_size() + config.key_size() + head / 2 * w, w);
            for (Eigen::Index n = 0; n < tokens; ++n) {
                float50 sum = 0;
                Eigen::VectorX<float50> mean = Eigen::VectorX<float50>::Zero(w);
                for (Eigen::Index j = window == 0 ? 0 : std::max<Eigen::Index>(0, n - window + 1); j <= n;
                     ++j) {
                    float50 score = 0;
                    for (Eigen::Index i = 0; i < w; ++i)
                        score += q(i, n) * k(i, j);
                    const float50 weight = exp(float50(score / sqrt(float50(w))));
                    sum += weight;
                    mean += weight * v.col(j);
                }
                mean /= sum;
                CHECK(relative_difference(output.block(head * w, n, w, 1).eval(), mean) < 1e-45);
            }
        }
        const auto f = [&](const matrix& x) { return causal_attention(config, window, x); };
        const matrix output_bar = random_matrix<float50>(config.query_size(), 2 * tokens, engine);
        CHECK(vjp_error(f, qkv, output_bar, causal_attention_vjp(config, window, qkv, output_bar)) < 1e-30);
    }
}

TEST_CASE("attention over several blocks of queries") {
    auto engine = random_engine();
    decoder_config config = tiny_config(decoder_family::qwen2);
    const Eigen::Index tokens = 2 * detail::query_block + 9;
    const Eigen::MatrixXd qkv =
        random_matrix<double>(config.query_size() + 2 * config.key_size(), tokens, engine);
    const Eigen::MatrixXd output_bar = random_matrix<double>(config.query_size(), tokens, engine);
    for (const Eigen::Index window : {Eigen::Index(0), Eigen::Index(40), detail::query_block + 3}) {
        const auto value = [&](const Eigen::MatrixXd& x) {
            return causal_attention(config, window, x).cwiseProduct(output_bar).sum();
        };
        const Eigen::MatrixXd qkv_bar = causal_attention_vjp(config, window, qkv, output_bar);
        for (int direction = 0; direction < 3; ++direction) {
            const Eigen::MatrixXd step = random_matrix<double>(qkv.rows(), tokens, engine);
            const double expected = (value(qkv + 1e-5 * step) - value(qkv - 1e-5 * step)) / 2e-5;
            CHECK(std::abs(qkv_bar.cwiseProduct(step).sum() - expected) < 1e-7);
        }
        // the first tokens do not know how many follow
        const Eigen::MatrixXd head = qkv.leftCols(detail::query_block / 2);
        CHECK((causal_attention(config, window, qkv).leftCols(head.cols()) -
               causal_attention(config, window, head))
                  .cwiseAbs()
                  .maxCoeff() < 1e-14);
    }
}
