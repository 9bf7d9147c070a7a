// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"
#include "decoder_fixtures.hpp"

#include <cesaro/decoder/draws.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/decoder/untrained_jacobian_norms.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

#include <algorithm>
#include <cmath>
#include <vector>

using namespace cesaro;
using namespace cesaro_test;

TEST_CASE("exact probes give the Frobenius norm of the Jacobian, ones that of its column sums") {
    auto engine = random_engine();
    for (const char* const family : {"gpt2", "qwen2"}) {
        const decoder_config config = tiny_config(family);
        const auto model = random_decoder<double>(config, engine);
        const Eigen::Index tokens = 6;
        const Eigen::MatrixXd x = random_matrix<double>(config.width, tokens, engine);
        Eigen::VectorXd frobenius = Eigen::VectorXd::Zero(tokens);
        Eigen::VectorXd ones = Eigen::VectorXd::Zero(tokens);
        for (Eigen::Index i = 0; i < x.size(); ++i) {
            Eigen::MatrixXd above = x;
            Eigen::MatrixXd below = x;
            above(i) += 1e-5;
            below(i) -= 1e-5;
            const Eigen::VectorXd column = (decoder_forward(model, above).col(tokens - 1) -
                                            decoder_forward(model, below).col(tokens - 1)) /
                                           2e-5;
            frobenius[i / config.width] += column.squaredNorm();
            ones[i / config.width] += column.sum() * column.sum();
        }
        jacobian_probes probes;
        probes.kind = probe_kind::exact;
        probes.batch = 4;  // width is no multiple of it
        const auto exact = jacobian_norms<double>(model, {x}, probes);
        CHECK(relative_difference(exact.profile, frobenius.cwiseSqrt().eval()) < 1e-8);
        CHECK(exact.standard_error.array().isInf().all());
        probes.kind = probe_kind::ones;
        CHECK(relative_difference(jacobian_norms<double>(model, {x}, probes).profile,
                                  ones.cwiseSqrt().eval()) < 1e-8);
    }
}

TEST_CASE("Gaussian probes are unbiased and their standard error is honest") {
    auto engine = random_engine();
    const decoder_config config = tiny_config("gpt2");
    const auto model = random_decoder<double>(config, engine);
    const std::vector<Eigen::MatrixXd> inputs(1, random_matrix<double>(config.width, 5, engine));
    jacobian_probes probes;
    probes.kind = probe_kind::exact;
    const Eigen::VectorXd exact = jacobian_norms(model, inputs, probes).profile;
    probes.kind = probe_kind::gaussian;
    probes.count = 4000;
    probes.batch = 64;
    const auto estimate = jacobian_norms(model, inputs, probes);
    for (Eigen::Index m = 0; m < 5; ++m) {
        CHECK(std::abs(estimate.profile[m] - exact[m]) < 4 * estimate.standard_error[m]);
        CHECK(estimate.standard_error[m] < 0.03 * exact[m]);
        CHECK(estimate.standard_error[m] > 0.003 * exact[m]);
    }
    // the error between estimates of 40 probes each is the one reported from within each
    probes.count = 40;
    Eigen::VectorXd squares = Eigen::VectorXd::Zero(5);
    Eigen::VectorXd reported = squares;
    for (probes.seed = 1; probes.seed <= 100; ++probes.seed) {
        const auto sample = jacobian_norms(model, inputs, probes);
        squares += (sample.profile - exact).cwiseAbs2() / 100;
        reported += sample.standard_error.cwiseAbs2() / 100;
    }
    for (Eigen::Index m = 0; m < 5; ++m)
        CHECK(std::abs(squares[m] / reported[m] - 1) < 0.6);  // 4 deviations of sqrt(2/100)
}

TEST_CASE("averages over passes: root of the mean square, error between passes") {
    detail::root_mean<double> mean;
    for (const double value : {1.0, 4.0, 7.0})
        mean.add(Eigen::Vector3d(value, value, 0));
    const auto result = mean.estimate<double>();
    CHECK(std::abs(result.profile[1] - 2) < 1e-15);
    // variance 9 over 3 passes: error sqrt(3) of the mean 4, over 2 · 2
    CHECK(std::abs(result.standard_error[0] - std::sqrt(3.0) / 4) < 1e-15);
    CHECK(result.profile[2] == 0);
    CHECK(result.standard_error[2] == 0);
}

TEST_CASE("untrained norms are those of the draws, one by one") {
    const decoder_config config = tiny_config("gpt2");
    const Eigen::Index tokens = 6;
    const std::uint64_t seed = 5;
    for (const bool given : {false, true}) {
        jacobian_probes probes;
        probes.count = 3;
        const std::vector<Eigen::Index> prompt{3, 1, 4, 1, 5, 9};
        Eigen::MatrixXd squares(tokens, 4);
        for (std::uint64_t draw = 0; draw < 4; ++draw) {
            const draw_seeds seeds(seed, draw);
            const auto model = initialize_decoder<double>(config, seeds.weights);
            const auto ids = given ? prompt : uniform_token_ids(tokens, config.vocab_size, seeds.tokens);
            squares.col(Eigen::Index(draw)) =
                squared_jacobian_norms(model, embed(model, ids), probes, draw).rowwise().mean();
        }
        std::vector<double> done;
        probes.progress = [&done](double fraction) { done.push_back(fraction); };
        const auto estimate = given ? untrained_jacobian_norms<double>(config, prompt, 4, probes, seed)
                                    : untrained_jacobian_norms<double>(config, tokens, 4, probes, seed);
        CHECK(std::is_sorted(done.begin(), done.end()));
        CHECK(done.size() == 16);  // 4 draws of 2 layers, forward and back
        CHECK(done.back() == 1);
        for (Eigen::Index m = 0; m < tokens; ++m) {
            const double mean = squares.row(m).mean();
            const double variance = (squares.row(m).array() - mean).square().sum() / (4 * 3);
            CHECK(estimate.profile[m] == Approx(std::sqrt(mean)).epsilon(1e-14));
            CHECK(estimate.standard_error[m] ==
                  Approx(std::sqrt(variance) / (2 * std::sqrt(mean))).epsilon(1e-12));
            CHECK(estimate.standard_error[m] > 0);
        }
    }
    CHECK_THROWS_WITH(untrained_jacobian_norms(config, tokens, 0),
                      "cesaro::untrained_jacobian_norms: draws = 0 must be at least 1");
    CHECK_THROWS_AS(untrained_jacobian_norms(config, 9, 1), std::invalid_argument);
    CHECK_THROWS_AS(untrained_jacobian_norms(config, std::vector<Eigen::Index>{11}, 1), std::domain_error);
    CHECK_THROWS_WITH(untrained_jacobian_norms(config, 0, 1),
                      "cesaro::untrained_jacobian_norms: tokens = 0 must be at least 1");
}

TEST_CASE("passes that cannot differ give no standard error") {
    const auto model = initialize_decoder<double>(tiny_config("llama"), 1);
    const Eigen::MatrixXd x = embed(model, {1, 2, 3});
    const Eigen::MatrixXd other = embed(model, {1, 2, 4});
    jacobian_probes probes;
    for (const probe_kind kind : {probe_kind::exact, probe_kind::ones}) {
        probes.kind = kind;
        CHECK_THROWS_AS(jacobian_norms<double>(model, {x, x}, probes), std::invalid_argument);
        CHECK(jacobian_norms<double>(model, {x, other}, probes).standard_error.minCoeff() > 0);
    }
    probes.kind = probe_kind::gaussian;
    CHECK(jacobian_norms<double>(model, {x, x}, probes).standard_error.minCoeff() > 0);
}

TEST_CASE("inputs made one at a time give the bits of inputs that are there") {
    const auto model = initialize_decoder<double>(tiny_config("llama"), 1);
    const auto input = [&](std::uint64_t i) { return embed(model, {1, 2, Eigen::Index(i)}); };
    const std::vector<Eigen::MatrixXd> inputs{input(0), input(1), input(2)};
    jacobian_probes probes;
    for (const probe_kind kind : {probe_kind::gaussian, probe_kind::exact, probe_kind::ones}) {
        probes.kind = kind;
        const auto made = jacobian_norms(model, 3, input, probes);
        const auto there = jacobian_norms(model, inputs, probes);
        CHECK(made.profile == there.profile);
        CHECK(made.standard_error == there.standard_error);
    }
    const auto same = [&](std::uint64_t) { return inputs[0]; };
    CHECK_THROWS_WITH(
        jacobian_norms(model, 2, same, probes),
        "cesaro::jacobian_norms: inputs = 2 are the same; without Gaussian probes one says as much");
    CHECK_THROWS_WITH(jacobian_norms(model, 0, input),
                      "cesaro::jacobian_norms: inputs = 0 must be at least 1");
    const auto longer = [&](std::uint64_t i) { return embed(model, std::vector<Eigen::Index>(i + 1)); };
    CHECK_THROWS_WITH(jacobian_norms(model, 2, longer, probes),
                      "cesaro::jacobian_norms: columns of an input = 2 must be 1");
}

TEST_CASE("messages name the function that was called") {
    const auto model = initialize_decoder<double>(tiny_config("llama"), 1);
    jacobian_probes probes;
    probes.batch = 0;
    const Eigen::MatrixXd x = embed(model, {1, 2, 3});
    CHECK_THROWS_WITH(squared_jacobian_norms(model, x, probes),
                      "cesaro::squared_jacobian_norms: probes.batch = 0 must be at least 1");
    CHECK_THROWS_WITH(jacobian_norms<double>(model, {x}, probes),
                      "cesaro::jacobian_norms: probes.batch = 0 must be at least 1");
    CHECK_THROWS_WITH(jacobian_norms<double>(model, {x, x.leftCols(2)}),
                      "cesaro::jacobian_norms: columns of an input = 2 must be 3");
    CHECK_THROWS_WITH(jacobian_norms<double>(model, {x.topRows(3)}),
                      "cesaro::jacobian_norms: rows of x = 3 must be 7");
}

TEST_CASE("the same numbers for any batch and any number of threads") {
    decoder_config config = tiny_config("qwen2");
    config.width = 24;
    config.intermediate = 40;
    const auto model = initialize_decoder<float>(config, 5);
    std::vector<Eigen::MatrixXf> inputs;
    for (std::uint64_t i = 0; i < 2; ++i)
        inputs.push_back(embed(model, uniform_token_ids(300, config.vocab_size, i)));
    jacobian_probes probes;
    probes.count = 3;
    const auto first = jacobian_norms(model, inputs, probes);
    CHECK(first.profile.minCoeff() > 0);
#ifdef _OPENMP
    const int threads = omp_get_max_threads();
    for (const int other : {1, 2, 3}) {
        omp_set_num_threads(other);
        CHECK(jacobian_norms(model, inputs, probes).profile == first.profile);
    }
    omp_set_num_threads(threads);
#endif
    probes.batch = 2;
    const auto batched = jacobian_norms(model, inputs, probes);
    CHECK(relative_difference(batched.profile, first.profile) < 1e-6);
    probes.seed = 1;
    CHECK(jacobian_norms(model, inputs, probes).profile != first.profile);
}

TEST_CASE("progress rises to one; bad arguments are rejected") {
    decoder_config config = tiny_config("gpt2");
    const auto model = initialize_decoder<double>(config, 5);
    const std::vector<Eigen::MatrixXd> inputs(1, embed(model, {1, 2, 3}));
    jacobian_probes probes;
    double last = 0;
    probes.batch = 3;
    probes.progress = [&last](double fraction) {
        CHECK(fraction > last);
        last = fraction;
    };
    static_cast<void>(jacobian_norms(model, inputs, probes));
    CHECK(last == 1);
    probes.progress = {};
    CHECK_THROWS_AS(jacobian_norms(model, std::vector<Eigen::MatrixXd>{}, probes), std::domain_error);
    CHECK_THROWS_AS(jacobian_norms<double>(model, {Eigen::MatrixXd(6, 0)}, probes), std::domain_error);
    CHECK_THROWS_AS(jacobian_norms<double>(model, {Eigen::MatrixXd(5, 2)}, probes), std::invalid_argument);
    probes.count = 0;
    CHECK_THROWS_AS(jacobian_norms(model, inputs, probes), std::domain_error);
    probes.count = 1;
    probes.batch = 0;
    CHECK_THROWS_AS(jacobian_norms(model, inputs, probes), std::domain_error);
    probes.batch = 1;
    // the outputs of a LayerNorm with equal gains sum to a constant
    probes.kind = probe_kind::ones;
    CHECK_THROWS_AS(jacobian_norms(model, inputs, probes), std::invalid_argument);
    probes.output = decoder_output::residual;
    CHECK(jacobian_norms(model, inputs, probes).profile.minCoeff() > 0);
    // no layers: the last position is the final normalisation of itself
    config.layers = 0;
    probes.kind = probe_kind::exact;
    const auto identity =
        jacobian_norms<double>(initialize_decoder<double>(config, 5), inputs, probes).profile;
    CHECK(identity[1] == 0);
    CHECK(std::abs(identity[2] - std::sqrt(6.0)) < 1e-15);
}
