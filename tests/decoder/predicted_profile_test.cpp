// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"
#include "decoder_fixtures.hpp"

#include <cesaro/decoder/detail/gauss_rule.hpp>
#include <cesaro/decoder/mean_field.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/profile_distance.hpp>
#include <cesaro/softmax_participation.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace cesaro;
using namespace cesaro_test;

namespace {

Eigen::VectorXd norms_of_single_positions(const decoder_config& config, Eigen::Index tokens) {
    const auto tables = detail::mean_field_tables<double>::of("test", config, double(tokens), {});
    return detail::solve_mean_field<double>(detail::position_cells::single(tokens), config, {}, tables)
        .norms.values();
}

}  // namespace

TEST_CASE("a prediction of few tokens is the mean field of single positions, as a distribution") {
    const decoder_config config = narrow_config("gpt2");
    const Eigen::Index tokens = 60;
    const Eigen::VectorXd norms = mean_field_profile(config, tokens);
    const Eigen::VectorXd shares = norms / norms.sum();
    const predicted_profile profile = predict(config, tokens);
    CHECK(profile.tokens() == tokens);
    CHECK(profile.error_estimate() == 0);
    CHECK((profile.expand() - shares).cwiseAbs().maxCoeff() < 1e-15);
    double sum = 0;
    for (Eigen::Index m = 0; m < tokens; ++m) {
        sum += shares[m];
        CHECK(std::abs(profile.share(m) / shares[m] - 1) < 1e-14);
        CHECK(std::abs(profile.cdf(m) - sum) < 1e-14);
        CHECK(profile.quantile(sum - shares[m] / 2) == m);
    }
    CHECK(profile.cdf(tokens - 1) == 1);
    CHECK(profile.quantile(0) == 0);
    CHECK(profile.quantile(1) == tokens - 1);
    const auto s = summarize(profile);
    const auto expected = summarize(shares);
    CHECK(std::abs(s.primacy - expected.primacy) < 1e-14);
    CHECK(std::abs(s.middle - expected.middle) < 1e-14);
    CHECK(std::abs(s.recency - expected.recency) < 1e-14);
    CHECK(std::abs(s.first_token - expected.first_token) < 1e-15);
    CHECK(std::abs(s.last_token - expected.last_token) < 1e-15);
    CHECK(s.valley_position == expected.valley_position);
    CHECK(std::abs(s.valley / expected.valley - 1) < 1e-13);
    CHECK(std::abs(s.valley_depth - expected.valley_depth) < 1e-13);
    CHECK(std::abs(s.mean_position / expected.mean_position - 1) < 1e-13);
    CHECK(std::abs(s.entropy / expected.entropy - 1) < 1e-13);
}

TEST_CASE("what gathering positions in cells changes is within the stated error") {
    std::vector<decoder_config> configs;
    for (const char* const family : {"gpt2", "llama"}) {
        configs.push_back(narrow_config(family));
        configs.back().max_positions = 4096;
    }
    configs.push_back(configs[1]);
    configs.back().scores.norm = query_key_norm::per_head;
    configs.push_back(configs[1]);
    configs.back().pattern = {layer_config{}, layer_config{.window = 150}};
    configs.push_back(configs[1]);
    configs.back().norm.after = true;
    configs.back().norm.before = false;
    for (decoder_config config : configs) {
        config.layers = 3;
        const Eigen::Index tokens = 500;
        const Eigen::VectorXd exact = norms_of_single_positions(config, tokens);
        const predicted_profile profile = predict(config, tokens);
        const Eigen::VectorXd shares = profile.expand();
        const double distance = total_variation(shares, exact);
        const double worst = (shares.array() / (exact.array() / exact.sum()) - 1).abs().maxCoeff();
        CAPTURE(config.model_type, distance, profile.error_estimate(), worst);
        CHECK(std::abs(shares.sum() - 1) < 1e-7);
        CHECK(distance < profile.error_estimate());
        CHECK(distance < 2e-4);
        CHECK(worst < 2e-3);
    }
}

namespace {

/// A small decoder of any kind: norms before or behind branches, windows, sinks, ALiBi, normalised queries.
decoder_config random_config(std::mt19937_64& engine) {
    const auto coin = [&](double p) { return std::bernoulli_distribution(p)(engine); };
    decoder_config config = narrow_config(coin(0.5) ? "gpt2" : "llama");
    config.max_positions = 4096;
    config.layers = std::uniform_int_distribution<Eigen::Index>(1, 4)(engine);
    config.initializer_range =
        std::exp(std::uniform_real_distribution<>(std::log(0.02), std::log(0.2))(engine));
    config.parallel = coin(0.2);
    config.scores.sinks = coin(0.2);
    if (coin(0.2)) config.scores.norm = query_key_norm::per_head;
    if (coin(0.2)) config.norm.after = true;
    if (coin(0.3)) {
        const auto window = std::uniform_int_distribution<Eigen::Index>(20, 300)(engine);
        config.pattern = {layer_config{}, layer_config{.window = window}};
    }
    if (!config.rope && config.initializer_range < 0.1 && coin(0.3)) {
        config.alibi = alibi_rule::bloom;
        config.learned_positions = false;
    }
    return config;
}

}  // namespace

TEST_CASE("of layers that do not fit in memory at once some are kept, and the others computed again") {
    decoder_config config = narrow_config("gpt2");
    config.layers = 80;
    const Eigen::Index tokens = 220;  // 12 kernels a layer, 256 MiB: the last 57 are kept
    const mean_field_terms terms{false, score_terms::none};
    const Eigen::VectorXd predicted = mean_field_profile(config, tokens, terms);
    const Eigen::VectorXd profile = jacobian_profile(mean_field_gains(config, tokens, terms));
    const double factor = predicted[tokens - 1] / profile[tokens - 1];  // the final normalisation
    CHECK(((predicted / factor).cwiseQuotient(profile).array() - 1).abs().maxCoeff() < 1e-12);
}

TEST_CASE(
    "the error estimate covers what windows and ALiBi make; where positions are single, nothing is left") {
    std::vector<decoder_config> configs;
    for (const Eigen::Index window : {20, 50, 100, 200})
        for (const std::size_t every : {1u, 2u, 4u}) {
            configs.push_back(narrow_config("llama"));
            configs.back().pattern.assign(every, layer_config{.window = window});
            if (every > 1) configs.back().pattern.back() = {};
        }
    for (const alibi_rule rule : {alibi_rule::bloom, alibi_rule::mpt}) {
        configs.push_back(narrow_config("gpt2"));
        configs.back().alibi = rule;
        configs.back().learned_positions = false;
    }
    const Eigen::Index tokens = 420;
    for (decoder_config config : configs) {
        config.max_positions = 4096;
        config.layers = 4;
        const Eigen::VectorXd exact = norms_of_single_positions(config, tokens);
        for (const double accuracy : {1e-1, 1e-3, 1e-4}) {
            const predicted_profile profile = predict(config, tokens, accuracy);
            const double distance = total_variation(profile.expand(), exact);
            CAPTURE(int(config.alibi), config.pattern.size(), config.window(0), accuracy,
                    profile.nodes().size());
            CHECK(distance <= profile.error_estimate() + 1e-13);
            const bool single = Eigen::Index(profile.nodes().size()) == tokens;
            CHECK(single == (profile.error_estimate() == 0));
        }
    }
}

TEST_CASE("the error estimate covers the error of 19 in 20 random decoders") {
    std::mt19937_64 engine(14);
    constexpr int cases = 20;
    int covered = 0;
    for (int i = 0; i < cases; ++i) {
        const decoder_config config = random_config(engine);
        const Eigen::Index tokens = std::uniform_int_distribution<Eigen::Index>(257, 400)(engine);
        const Eigen::VectorXd exact = norms_of_single_positions(config, tokens);
        const predicted_profile profile = predict(config, tokens);
        const double distance = total_variation(profile.expand(), exact);
        UNSCOPED_INFO(i << ": " << distance << " of " << profile.error_estimate());
        covered +=
            distance <= profile.error_estimate() + 1e-14;  // rounding, where cells are single positions
    }
    CHECK(covered >= cases * 19 / 20);
}

TEST_CASE(
    "scores of wide untrained decoders, whose softmax is nearly all on one token, have finite predictions") {
    for (const double variance : {6., 40., 140., 390.}) {
        decoder_config config = narrow_config("llama");
        config.max_positions = 4096;
        config.initializer_range = std::pow(variance, 0.25) / std::sqrt(double(config.width));
        for (const Eigen::Index tokens : {2, 64, 300}) {
            const predicted_profile profile = predict(config, tokens);
            CAPTURE(variance, tokens, profile.alphas(), profile.tokens_seen());
            CHECK(std::abs(profile.sum([](double, double p) { return p; }) - 1) < 1e-12);
            CHECK(profile.share(0) > 0);
            CHECK(profile.alphas().minCoeff() > 0);
            CHECK(profile.alphas().maxCoeff() < 1);
            CHECK(profile.tokens_seen().minCoeff() >= 0.99);
            CHECK(profile.tokens_seen().maxCoeff() <= double(tokens));
        }
    }
}

TEST_CASE("a decoder whose weights are zero adds nothing") {
    decoder_config config = narrow_config("llama");
    config.initializer_range = 0;
    const predicted_profile profile = predict(config, 8);
    CHECK(profile.alphas() == Eigen::VectorXd::Zero(config.layers));
    CHECK(profile.share(7) == 1);
}

TEST_CASE("a prediction of many tokens falls from the first to the query's neighbour") {
    decoder_config config = narrow_config("llama");
    for (const std::int64_t tokens :
         {std::int64_t(10'000'000'000), std::int64_t(1'000'000'000'000), std::int64_t(1) << 53}) {
        const predicted_profile profile = predict(config, tokens);
        std::int64_t before = 0;
        for (std::int64_t m = 1; m < tokens / 4; m *= 3) {
            CAPTURE(tokens, m, profile.share(m), profile.share(before));
            CHECK(profile.share(m) < profile.share(before) * (1 + 1e-3));
            before = m;
        }
        CHECK(profile.share(0) < 10 * profile.share(10));
    }
}

TEST_CASE("a prediction of many tokens is a distribution as well") {
    decoder_config config = narrow_config("llama");
    const std::int64_t tokens = 1'000'000'000;
    const predicted_profile profile = predict(config, tokens);
    CHECK(profile.tokens() == tokens);
    CHECK(profile.nodes().size() < 400);
    CHECK(std::abs(profile.sum([](double, double p) { return p; }) - 1) < 1e-12);
    double before = 0;
    for (const std::int64_t m :
         {0L, 1L, 17L, 400L, 40'000L, 3'000'000L, 500'000'000L, 999'999'000L, 999'999'998L}) {
        const double here = profile.cdf(m);
        CHECK(here > before);
        before = here;
        const std::int64_t found = profile.quantile(here * (1 - 1e-12));
        CHECK(std::abs(double(found - m)) <= 1e-9 * double(m) + 1);
        // shares are differences of the cdf
        const double nearby = (profile.cdf(m + 1) - here) / profile.share(m + 1);
        CHECK(std::abs(nearby - 1) < 1e-3 + 1e-15 / profile.share(m));
    }
    CHECK(profile.quantile(1) == tokens - 1);
    const auto s = summarize(profile);
    CHECK(s.primacy + s.middle + s.recency == Approx(1));
    CHECK(s.primacy > s.recency);  // lost in the middle, at birth
    CHECK(s.valley_position > tokens / 2);
    CHECK(s.entropy < std::log(double(tokens)));
    CHECK(predict(config, std::int64_t(1) << 53).nodes().size() < 1000);
}

TEST_CASE("coefficients of layers: a share of attention at the last position that falls with depth") {
    const decoder_config config = narrow_config("llama");
    const predicted_profile profile = predict(config, 64);
    REQUIRE(profile.alphas().size() == config.layers);
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        CHECK(profile.alphas()[l] > 0);
        CHECK(profile.alphas()[l] < 1);
    }
    // one token: its values, projected twice, against the embedding
    const double projected = double(config.width) * config.initializer_range * config.initializer_range;
    const double embedding = config.initializer_range * config.initializer_range;
    const double branch = std::sqrt(projected * projected * embedding / (embedding + config.norm.epsilon));
    const double alpha = predict(config, 1).alphas()[0];
    CHECK(std::abs(alpha / (branch / (branch + std::sqrt(embedding))) - 1) < 1e-12);
}

TEST_CASE(
    "tokens that a head sees: of independent scores, in windows, and all of them when scores are left out") {
    decoder_config config = narrow_config("llama");
    config.initializer_range = 0.2;  // scores of a deviation above 2
    const std::int64_t tokens = 64;
    const double variance = std::pow(double(config.width) * 0.2 * 0.2, 2);
    const auto seen = predict(config, tokens).tokens_seen();
    REQUIRE(seen.size() == config.layers);
    // embeddings are independent, and so are the scores of the first layer
    CHECK(std::abs(seen[0] * softmax_participation(tokens, variance) - 1) < 1e-3);
    CHECK(seen[0] < 10);
    const mean_field_terms uniform{.scores = score_terms::none};
    CHECK(std::abs(predict(config, tokens, 1e-3, uniform).tokens_seen()[0] - 64) < 1e-12);
    config.pattern = {layer_config{.window = 10}};
    CHECK(std::abs(predict(config, tokens).tokens_seen()[0] * softmax_participation(10, variance) - 1) <
          1e-3);
}

TEST_CASE("Gauss's rule stands for many heads") {
    // the mean over 32 slopes of a function of their logarithm, and of polynomials of degree 15
    Eigen::VectorXd points(32);
    for (Eigen::Index h = 0; h < 32; ++h)
        points[h] = -(double(h) + 1) / 4;
    const auto rule = detail::gauss_rule_of(points, 8);
    REQUIRE(rule.nodes.size() == 8);
    CHECK(rule.weights.minCoeff() > 0);
    for (int degree = 0; degree < 16; ++degree) {
        const double exact = points.array().pow(degree).mean();
        CHECK(std::abs(rule.nodes.array().pow(degree).matrix().dot(rule.weights) / exact - 1) < 1e-12);
    }
    CHECK(std::abs(rule.nodes.array().pow(16).matrix().dot(rule.weights) / points.array().pow(16).mean() -
                   1) > 1e-12);
    const auto alike = detail::gauss_rule_of<double>(Eigen::VectorXd::Constant(20, 3.), 8);
    CHECK(alike.nodes.size() == 1);
    CHECK(std::abs(alike.nodes[0] - 3) < 1e-14);
    const auto few = detail::gauss_rule_of<double>(points.head(5), 8);
    CHECK(few.nodes == points.head(5));
}

TEST_CASE("eight heads with ALiBi stand for all of a decoder's") {
    // each head by itself and Gauss's rule for their mean, forward and both ways back
    const Eigen::Index tokens = 40;
    const auto cells = detail::position_cells::single(tokens);
    const Eigen::MatrixXd x = Eigen::MatrixXd::NullaryExpr(
        tokens, tokens,
        [](Eigen::Index n, Eigen::Index m) { return n == m ? 1.0 : 0.5 / (1 + 0.1 * double(n + m)); });
    const detail::pair_kernel<double> kernel(x, Eigen::VectorXd::Ones(tokens));
    const double tau = 0.7;
    const detail::participation_table<double> table(tau, double(tokens));
    for (const Eigen::Index count : {32, 112}) {
        const Eigen::VectorXd slopes = alibi_slopes(alibi_rule::bloom, count, 8);
        const auto kernels = [&](const Eigen::VectorXd& nodes, const Eigen::VectorXd& weights) {
            std::vector<detail::weighted_head<double>> heads;
            for (Eigen::Index h = 0; h < nodes.size(); ++h)
                heads.push_back({{cells, {.slope = std::exp(nodes[h])}}, weights[h]});
            return detail::attention_kernels<double>(heads, &table, tau, score_terms::full, kernel, kernel);
        };
        const Eigen::VectorXd logarithms = slopes.array().log();
        const auto rule = detail::gauss_rule_of(logarithms, 8);
        const auto all = kernels(logarithms, Eigen::VectorXd::Constant(count, 1 / double(count)));
        const auto few = kernels(rule.nodes, rule.weights);
        const auto error = [](const auto& a, const auto& b) {
            return (a.all - b.all).abs().maxCoeff() / a.all.abs().maxCoeff();
        };
        const double output = error(all.output(), few.output());
        const double values = error(all.pull_back_values(kernel), few.pull_back_values(kernel));
        const double scores = error(all.pull_back_scores(kernel), few.pull_back_scores(kernel));
        CAPTURE(count, output, values, scores);
        CHECK(output < 1e-3);
        CHECK(values < 1e-3);
        CHECK(scores < 1e-3);
        CHECK(output > 0);
    }
}

TEST_CASE(
    "the table of participations is that of the function, for the scores of any decoder that people run") {
    for (const double most : {0.1, 10.8, 140., 200.}) {
        const detail::participation_table<double> table(most, 1e6);
        double worst = 0;
        const Eigen::ArrayXd variances = most * (Eigen::ArrayXd(5) << 0.003, 0.04, 0.2, 0.7, 1.0).finished();
        for (const double k : {2., 7., 60., 3000., 400'000.}) {
            const auto table_of_k = table.logarithms(k, variances);
            for (Eigen::Index i = 0; i < variances.size(); ++i) {
                const auto exact = detail::moments_of_softmax(k, variances[i], 36.);
                const double squares = table_of_k.squares[i] - std::log(k * exact.squares);
                const double centred = table_of_k.centred[i] - std::log(k * exact.centred / (1 - 1 / k));
                worst = std::max({worst, std::abs(squares), std::abs(centred)});
            }
        }
        CAPTURE(most, worst);
        CHECK(worst < 5e-3);
    }
}

TEST_CASE("predict names what is out of its domain") {
    decoder_config config = narrow_config("llama");
    CHECK_THROWS_WITH(predict(config, 0), "cesaro::predict: tokens = 0 must be at least 1");
    CHECK_THROWS_AS(predict(config, -5), std::domain_error);
    CHECK_THROWS_WITH(predict(config, (std::int64_t(1) << 53) + 1),
                      "cesaro::predict: tokens = 9007199254740993 must be at most 2^53");
    CHECK_THROWS_AS(predict(config, 10, 0.0), std::domain_error);
    decoder_config wild = config;
    wild.initializer_range = 1;  // 64^2
    CHECK_THROWS_AS(predict(wild, 10), std::domain_error);
    CHECK_THROWS_AS(predict(config, 10, std::nan("")), std::domain_error);
    const predicted_profile profile = predict(config, 10);
    CHECK_THROWS_WITH(profile.share(10),
                      "cesaro::predicted_profile::share: position = 10 must be one of 10 positions, from 0");
    CHECK_THROWS_AS(profile.cdf(-1), std::domain_error);
    CHECK_THROWS_AS(profile.quantile(1.5), std::domain_error);
    config.pattern = {layer_config{.attends = false}};
    CHECK_THROWS_AS(predict(config, 10), std::invalid_argument);
    config = narrow_config("llama");
    config.alibi = alibi_rule::bloom;
    config.rope.reset();
    config.initializer_range = 0.25;
    config.head_width = 16;
    config.heads = config.kv_heads = 4;
    CHECK_THROWS_WITH(predict(config, 10),
                      "cesaro::predict: variance of scores = 16 must be at most 5 with ALiBi");
    CHECK_NOTHROW(predict(config, 10, 1e-3, {.scores = score_terms::first_order}));
}
