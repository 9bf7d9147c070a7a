// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The vector-Jacobian product of each block against central differences in 50 digits.
#include "../catch.hpp"
#include "decoder_fixtures.hpp"

#include <cesaro/decoder/alibi.hpp>
#include <cesaro/decoder/experts.hpp>

using namespace cesaro;
using namespace cesaro::nn;
using namespace cesaro_test;

namespace {

using matrix = Eigen::MatrixX<float50>;
using detail::attention_of;

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
    // at 1, to 20 digits, from the formulas in 50-digit arithmetic
    CHECK(error_in_epsilons(gelu(1.0), float50("0.84134474606854294859")) < 4);
    CHECK(error_in_epsilons(gelu_tanh(1.0), float50("0.84119199060827670")) < 4);
    CHECK(error_in_epsilons(silu(1.0), float50("0.73105857863000487925")) < 4);
    CHECK(error_in_epsilons(clamped_swish(1.0), float50("0.8457957659328212")) < 4);
    CHECK(error_in_epsilons(clamped_swish(9.0), float50(clamped_swish(7.0))) == 0);
    for (const activation_kind kind :
         {activation_kind::gelu, activation_kind::gelu_tanh, activation_kind::relu, activation_kind::silu}) {
        CHECK(activation(kind, -200.0f) == 0);
        CHECK(activation(kind, 200.0f) == 200);
        CHECK(activation_derivative(kind, -200.0f) == 0);
        CHECK(activation_derivative(kind, 200.0f) == 1);
    }
    CHECK(gated_partner(activation_kind::clamped_swish, 9.0) == 8);
    CHECK(gated_partner(activation_kind::clamped_swish, -9.0) == -6);
    CHECK(gated_partner(activation_kind::silu, 9.0) == 9);
    auto engine = random_engine();
    const matrix z = 12 * random_matrix<float50>(8, 3, engine);  // on both sides of what is clipped
    for (const bool gated : {false, true}) {
        for (const activation_kind kind :
             {activation_kind::gelu, activation_kind::gelu_tanh, activation_kind::relu, activation_kind::silu,
              activation_kind::clamped_swish}) {
            const auto f = [&](const matrix& x) { return feed_forward_activation(kind, gated, x); };
            const matrix h_bar = random_matrix<float50>(gated ? 4 : 8, 6, engine);
            CHECK(vjp_error(f, z, h_bar, feed_forward_activation_vjp(kind, gated, z, h_bar)) < 1e-30);
        }
    }
}

TEST_CASE("RoPE: scores depend on the distance only, and the inverse is the transpose") {
    auto engine = random_engine();
    rope_config rope;
    rope.theta = 100;
    const rope_rotations<double> rotations(rope_frequencies(rope, 6, 9), 9);
    const rotated_entries entries{6};
    const Eigen::MatrixXd q = random_matrix<double>(6, 1, engine).replicate(1, 9);
    const Eigen::MatrixXd k = random_matrix<double>(6, 1, engine).replicate(1, 9);
    Eigen::MatrixXd turned_q = q;
    Eigen::MatrixXd turned_k = k;
    rotate_heads(rotations, entries, 1, turned_q);
    rotate_heads(rotations, entries, 1, turned_k);
    CHECK(std::abs(turned_q.col(7).dot(turned_k.col(3)) - turned_q.col(5).dot(turned_k.col(1))) < 1e-14);
    CHECK(std::abs(turned_q.col(7).dot(turned_k.col(3)) - turned_q.col(7).dot(turned_k.col(4))) > 1e-3);
    CHECK(turned_q.col(0) == q.col(0));
    // the pair (1, 4) turns by t / 100^(1/3)
    const double angle = 4 / std::cbrt(100.0);
    CHECK(std::abs(turned_q(1, 4) - (std::cos(angle) * q(1, 4) - std::sin(angle) * q(4, 4))) < 1e-15);
    CHECK(std::abs(turned_q(4, 4) - (std::sin(angle) * q(1, 4) + std::cos(angle) * q(4, 4))) < 1e-15);
    rotate_heads(rotations, entries, -1, turned_q);
    CHECK((turned_q - q).cwiseAbs().maxCoeff() < 1e-15);
}

TEST_CASE("frequencies of RoPE, scaled") {
    rope_config rope;
    rope.theta = 10000;
    rope.factor = 8;
    rope.original_positions = 64;
    const Eigen::VectorXd plain = rope_frequencies(rope, 16, 100);
    for (Eigen::Index i = 0; i < 8; ++i)
        CHECK(plain[i] == Approx(std::pow(10000, -double(i) / 8)).epsilon(1e-14));
    rope.scaling = rope_scaling::linear;
    CHECK(relative_difference(rope_frequencies(rope, 16, 100), (plain / 8).eval()) < 1e-15);

    rope.scaling = rope_scaling::dynamic;
    CHECK(rope_frequencies(rope, 16, 64) == plain);  // as long as the original context
    // twice as long: the base is that times (8 · 2 - 7)^(16/14), and the last wavelength longer by 9
    const Eigen::VectorXd dynamic = rope_frequencies(rope, 16, 128);
    CHECK(dynamic[0] == 1);
    CHECK(dynamic[7] == Approx(plain[7] / 9).epsilon(1e-13));
    CHECK(dynamic[1] == Approx(plain[1] / std::pow(9, 1.0 / 7)).epsilon(1e-13));

    // turns in 64 positions: 10.2, 3.22, 1.019, 0.322, ...: kept above 4, divided below 1
    rope.scaling = rope_scaling::llama3;
    const Eigen::VectorXd llama3 = rope_frequencies(rope, 16, 100);
    CHECK(llama3[0] == plain[0]);
    const double turns = 64 * plain[1] / (2 * std::acos(-1.0));
    const double smooth = (turns - 1) / 3;
    CHECK(llama3[1] == Approx((1 - smooth) * plain[1] / 8 + smooth * plain[1]).epsilon(1e-14));
    for (Eigen::Index i = 3; i < 8; ++i)
        CHECK(llama3[i] == Approx(plain[i] / 8).epsilon(1e-14));

    // the pairs that turn 32 and 1 times: 16 ln(64/(64 pi)) / (2 ln 10^4) = -0.994 and 2.016
    rope.scaling = rope_scaling::yarn;
    const Eigen::VectorXd yarn = rope_frequencies(rope, 16, 100);  // the ramp from 0 to 3
    for (Eigen::Index i = 0; i < 8; ++i) {
        const double share = std::min(double(i) / 3, 1.0);
        CHECK(yarn[i] == Approx(plain[i] * (1 - share + share / 8)).epsilon(1e-14));
    }
    rope.truncate = false;
    const double high = 16 * std::log(64 / (2 * std::acos(-1.0))) / (2 * std::log(10000.0));
    CHECK(rope_frequencies(rope, 16, 100)[1] ==
          Approx(plain[1] * (1 - 1 / high + 1 / high / 8)).epsilon(1e-13));
    CHECK(rope_frequencies(rope, 16, 100)[2] ==
          Approx(plain[2] * (1 - 2 / high + 2 / high / 8)).epsilon(1e-13));

    rope.scaling = rope_scaling::longrope;
    rope.short_factors = {1, 2, 3, 4, 5, 6, 7, 8};
    rope.long_factors = {9, 10, 11, 12, 13, 14, 15, 16};
    CHECK(rope_frequencies(rope, 16, 64)[2] == Approx(plain[2] / 3).epsilon(1e-15));
    CHECK(rope_frequencies(rope, 16, 65)[2] == Approx(plain[2] / 11).epsilon(1e-15));
    rope.long_factors.pop_back();
    CHECK_THROWS_AS(rope_frequencies(rope, 16, 65), std::invalid_argument);
}

TEST_CASE("slopes of ALiBi") {
    const auto slopes = [](alibi_rule rule, Eigen::Index heads, double maximum = 8) {
        const Eigen::VectorXd exponents = -alibi_slopes(rule, heads, maximum).array().log2();
        return std::vector<double>(exponents.begin(), exponents.end());
    };
    using list = std::vector<double>;
    for (const alibi_rule rule : {alibi_rule::bloom, alibi_rule::mpt}) {
        CHECK(slopes(rule, 8) == list{1, 2, 3, 4, 5, 6, 7, 8});
        CHECK(slopes(rule, 4, 6) == list{1.5, 3, 4.5, 6});
        CHECK(slopes(rule, 1) == list{8});
    }
    CHECK(slopes(alibi_rule::bloom, 6) == list{2, 4, 6, 8, 1, 3});
    CHECK(slopes(alibi_rule::mpt, 6) == list{2, 4, 6, 8, 1, 3});  // the same heads, in P/2 and P
    CHECK(slopes(alibi_rule::bloom, 3) == list{4, 8, 2});
    CHECK(slopes(alibi_rule::mpt, 7) == list{2, 4, 6, 8, 1, 3, 5});
    CHECK(slopes(alibi_rule::none, 7).empty());
    CHECK_THROWS_AS(alibi_slopes(alibi_rule::mpt, 0), std::domain_error);
    CHECK_THROWS_AS(alibi_slopes(alibi_rule::mpt, 2, -1), std::domain_error);
}

TEST_CASE("experts: the choice, its weights and their derivative") {
    experts_config config{.count = 6, .chosen = 2, .scale = 2};
    Eigen::MatrixX<float50> logits(6, 1);
    logits << 1, 3, 2, -1, 2.5, 0;
    const Eigen::VectorX<float50> none;
    const auto choice = [&](const Eigen::VectorX<float50>& correction) {
        return route_to_experts(config, correction, logits).choices[0];
    };
    using list = std::vector<Eigen::Index>;
    CHECK(choice(none) == list{1, 4});
    config.groups = 3;  // {1, 3}, {2, -1}, {2.5, 0}
    config.chosen_groups = 1;
    CHECK(choice(none) == list{1, 0});
    config.routing = expert_routing::sigmoid;  // by the sum of both, in which -1 weighs
    config.chosen_groups = 2;
    config.chosen = 3;
    CHECK(choice(none) == list{1, 4, 0});
    Eigen::VectorX<float50> correction = Eigen::VectorX<float50>::Zero(6);
    correction[3] = 5;  // chooses, but does not weigh
    CHECK(choice(correction) == list{3, 1, 2});
    const float50 weight = route_to_experts(config, correction, logits).weights(3, 0);
    CHECK(error_in_epsilons(weight, float50(2 / (1 + exp(float50(1))))) < 4);

    auto engine = random_engine();
    for (const expert_routing routing :
         {expert_routing::softmax_of_all, expert_routing::softmax_of_chosen, expert_routing::sigmoid}) {
        for (const bool normalized : {false, true}) {
            config.routing = routing;
            config.normalized = normalized;
            const matrix r = random_matrix<float50>(6, 3, engine);
            const auto f = [&](const matrix& x) { return route_to_experts(config, none, x).weights; };
            const auto routes = route_to_experts(config, none, r);
            const float50 sum = routes.weights.col(0).sum();
            const bool one = normalized || routing == expert_routing::softmax_of_chosen;
            CHECK((abs(float50(sum - 2)) < 1e-18) == one);
            const matrix g_bar = random_matrix<float50>(6, 6, engine);
            CHECK(vjp_error(f, r, g_bar, route_to_experts_vjp(config, routes, g_bar)) < 1e-30);
        }
    }
}

TEST_CASE("attention: values by the definition, derivatives, windows, grouped queries") {
    auto engine = random_engine();
    decoder_config config = tiny_config("llama");
    const Eigen::Index w = config.head_width;
    const Eigen::Index tokens = 5;
    const matrix qkv =
        2 * random_matrix<float50>(config.query_size() + 2 * config.key_size(), tokens, engine);
    for (const Eigen::Index window : {0, 1, 3, 5, 100}) {
        const attention_scores<float50> scores{1 / sqrt(float50(w)), window};
        const matrix output = causal_attention(attention_of(config), scores, qkv);
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
        const auto f = [&](const matrix& x) { return causal_attention(attention_of(config), scores, x); };
        const matrix output_bar = random_matrix<float50>(config.query_size(), 2 * tokens, engine);
        CHECK(vjp_error(f, qkv, output_bar,
                        causal_attention_vjp(attention_of(config), scores, qkv, output_bar)) < 1e-30);
    }
}

TEST_CASE("attention over several blocks of queries") {
    auto engine = random_engine();
    decoder_config config = tiny_config("qwen2");
    const Eigen::Index tokens = 2 * detail::query_block + 9;
    const Eigen::MatrixXd qkv =
        random_matrix<double>(config.query_size() + 2 * config.key_size(), tokens, engine);
    const Eigen::MatrixXd output_bar = random_matrix<double>(config.query_size(), tokens, engine);
    for (const Eigen::Index window : {Eigen::Index(0), Eigen::Index(40), detail::query_block + 3}) {
        const attention_scores<double> scores{1 / std::sqrt(2.0), window};
        const auto value = [&](const Eigen::MatrixXd& x) {
            return causal_attention(attention_of(config), scores, x).cwiseProduct(output_bar).sum();
        };
        const Eigen::MatrixXd qkv_bar = causal_attention_vjp(attention_of(config), scores, qkv, output_bar);
        for (int direction = 0; direction < 3; ++direction) {
            const Eigen::MatrixXd step = random_matrix<double>(qkv.rows(), tokens, engine);
            const double expected = (value(qkv + 1e-5 * step) - value(qkv - 1e-5 * step)) / 2e-5;
            CHECK(std::abs(qkv_bar.cwiseProduct(step).sum() - expected) < 1e-7);
        }
        // the first tokens do not know how many follow
        const Eigen::MatrixXd head = qkv.leftCols(detail::query_block / 2);
        CHECK((causal_attention(attention_of(config), scores, qkv).leftCols(head.cols()) -
               causal_attention(attention_of(config), scores, head))
                  .cwiseAbs()
                  .maxCoeff() < 1e-14);
    }
}

TEST_CASE("blocks refuse what does not fit and say what") {
    const auto zeros = [](Eigen::Index rows, Eigen::Index cols) {
        return Eigen::MatrixXd(Eigen::MatrixXd::Zero(rows, cols));
    };
    const linear_weights<double> affine{zeros(3, 2), Eigen::VectorXd::Zero(3)};
    CHECK_THROWS_WITH(linear(affine, zeros(3, 4)), "cesaro::nn::linear: rows of x = 3 must be 2");
    CHECK_THROWS_WITH(linear_vjp(affine, zeros(2, 4)), "cesaro::nn::linear_vjp: rows of y_bar = 2 must be 3");
    CHECK_THROWS_WITH(linear(linear_weights<double>{zeros(3, 2), Eigen::VectorXd::Zero(2)}, zeros(2, 4)),
                      "cesaro::nn::linear: bias = 2 must be 3");

    const normalization_weights<double> norm{Eigen::VectorXd::Ones(3), Eigen::VectorXd::Ones(3)};
    const auto kind = norm_kind::layer_norm;
    CHECK_THROWS_AS(normalize(kind, 1e-5, zeros(0, 4)), std::domain_error);
    CHECK_THROWS_AS(normalize(kind, -1, zeros(3, 4)), std::domain_error);
    const auto trace = normalize(kind, 1, zeros(3, 4));
    const auto narrow = normalize(kind, 1, zeros(2, 4));
    CHECK_THROWS_WITH(normalization_output(norm, narrow),
                      "cesaro::nn::normalization_output: gain = 3 must be 2");
    CHECK_THROWS_AS(normalization_output({norm.gain, Eigen::VectorXd::Ones(2)}, trace),
                    std::invalid_argument);
    CHECK_THROWS_AS(normalization_vjp(kind, norm, narrow, zeros(2, 4)), std::invalid_argument);
    CHECK_THROWS_WITH(normalization_vjp(kind, norm, trace, zeros(2, 4)),
                      "cesaro::nn::normalization_vjp: rows of y_bar = 2 must be 3");
    CHECK_THROWS_WITH(
        normalization_vjp(kind, norm, trace, zeros(3, 6)),
        "cesaro::nn::normalization_vjp: columns of y_bar = 6 must be a multiple of the tokens, 4");
    CHECK(normalization_vjp(kind, norm, normalize(kind, 1, zeros(3, 0)), zeros(3, 0)).size() == 0);

    const auto silu_kind = activation_kind::silu;
    CHECK_THROWS_WITH(
        feed_forward_activation(silu_kind, true, zeros(3, 4)),
        "cesaro::nn::feed_forward_activation: rows of z = 3 must be even where there is a gate");
    CHECK_THROWS_AS(feed_forward_activation_vjp(silu_kind, true, zeros(4, 4), zeros(4, 4)),
                    std::invalid_argument);
    CHECK_THROWS_AS(feed_forward_activation_vjp(silu_kind, true, zeros(4, 4), zeros(2, 5)),
                    std::invalid_argument);
    CHECK_THROWS_AS(feed_forward_activation_vjp(silu_kind, false, zeros(4, 4), zeros(2, 4)),
                    std::invalid_argument);

    rope_config rope;
    rope.theta = 100;
    CHECK_THROWS_AS(rope_frequencies(rope, 3, 4), std::domain_error);
    CHECK_THROWS_AS(rope_frequencies(rope, 4, -1), std::domain_error);
    CHECK_THROWS_AS(rope_rotations<double>(rope_frequencies(rope, 4, 1), -1), std::domain_error);
    const rope_rotations<double> rotations(rope_frequencies(rope, 4, 3), 3);
    rope.theta = 0;
    CHECK_THROWS_AS(rope_frequencies(rope, 4, 4), std::domain_error);
    CHECK_THROWS_WITH(rotate_heads(rotations, {4}, 1, zeros(6, 3)),
                      "cesaro::nn::rotate_heads: rows of x = 6 must be a multiple of the head's width, 4");
    CHECK_THROWS_WITH(rotate_heads(rotations, {4, 1}, 1, zeros(8, 3)),
                      "cesaro::nn::rotate_heads: pairs = 2 must fit into the head's width, 4");
    CHECK_THROWS_AS(rotate_heads(rotations, {4}, 1, zeros(8, 4)), std::invalid_argument);
    CHECK_THROWS_AS(rotate_heads(rotations, {0}, 1, zeros(8, 3)), std::invalid_argument);

    const attention_shape shape{4, 2, 3, 3};
    const attention_scores<double> all{1};
    CHECK(shape.rows() == 24);
    CHECK_THROWS_WITH(causal_attention(shape, all, zeros(23, 5)),
                      "cesaro::nn::causal_attention: rows of qkv = 23 must be 24");
    CHECK_THROWS_AS(causal_attention(shape, {1.0, -1}, zeros(24, 5)), std::domain_error);
    CHECK_THROWS_AS(causal_attention(attention_shape{4, 3, 3, 3}, all, zeros(30, 5)), std::invalid_argument);
    CHECK_THROWS_AS(causal_attention(attention_shape{4, 0, 3, 3}, all, zeros(12, 5)), std::domain_error);
    CHECK_THROWS_WITH(causal_attention_vjp(shape, all, zeros(24, 5), zeros(24, 5)),
                      "cesaro::nn::causal_attention_vjp: rows of output_bar = 24 must be 12");
    CHECK_THROWS_AS(causal_attention_vjp(shape, all, zeros(24, 5), zeros(12, 6)), std::invalid_argument);
    CHECK_THROWS_AS(causal_attention_vjp(shape, all, zeros(12, 5), zeros(12, 5)), std::invalid_argument);
    CHECK(causal_attention(shape, all, zeros(24, 0)).cols() == 0);
    CHECK(causal_attention_vjp(shape, all, zeros(24, 0), zeros(12, 0)).cols() == 0);
}
