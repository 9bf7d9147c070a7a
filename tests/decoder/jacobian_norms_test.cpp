// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../catch.hpp"
#include "decoder_fixtures.hpp"

#include <cesaro/decoder/jacobian_norms.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

#include <cmath>

using namespace cesaro;
using namespace cesaro_test;

TEST_CASE("exact probes give the Frobenius norm of the Jacobian, ones that of its column sums") {
    auto engine = random_engine();
    for (const decoder_family family : {decoder_family::gpt2, decoder_family::qwen2}) {
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
        CHECK(relative_difference(exact.norms, frobenius.cwiseSqrt().eval()) < 1e-8);
        CHECK(exact.standard_error.array().isInf().all());
        probes.kind = probe_kind::ones;
        CHECK(relative_difference(jacobian_norms<double>(model, {x}, probes).norms, ones.cwiseSqrt().eval()) <
              1e-8);
    }
}

TEST_CASE("Gaussian probes are unbiased and their standard error is honest") {
    auto engine = random_engine();
    const decoder_config config = tiny_config(decoder_family::gpt2);
    const auto model = random_decoder<double>(config, engine);
    const std::vector<Eigen::MatrixXd> inputs(1, random_matrix<double>(config.width, 5, engine));
    jacobian_probes probes;
    probes.kind = probe_kind::exact;
    const Eigen::VectorXd exact = jacobian_norms(model, inputs, probes).norms;
    probes.kind = probe_kind::gaussian;
    probes.count = 4000;
    probes.batch = 64;
    const auto estimate = jacobian_norms(model, inputs, probes);
    for (Eigen::Index m = 0; m < 5; ++m) {
        CHECK(std::abs(estimate.norms[m] - exact[m]) < 4 * estimate.standard_error[m]);
        CHECK(estimate.standard_error[m] < 0.03 * exact[m]);
        CHECK(estimate.standard_error[m] > 0.003 * exact[m]);
    }
    // the error between estimates of 40 probes each is the one reported from within each
    probes.count = 40;
    Eigen::VectorXd squares = Eigen::VectorXd::Zero(5);
    Eigen::VectorXd reported = squares;
    for (probes.seed = 1; probes.seed <= 100; ++probes.seed) {
        const auto sample = jacobian_norms(model, inputs, probes);
        squares += (sample.norms - exact).cwiseAbs2() / 100;
        reported += sample.standard_error.cwiseAbs2() / 100;
    }
    for (Eigen::Index m = 0; m < 5; ++m)
        CHECK(std::abs(squares[m] / reported[m] - 1) < 0.6);  // 4 deviations of sqrt(2/100)
}

TEST_CASE("averages over passes: root of the mean square, error between passes") {
    jacobian_norm_statistics statistics;
    for (const double value : {1.0, 4.0, 7.0})
        statistics.add(Eigen::MatrixXd::Constant(2, 3, value));
    const auto result = statistics.result();
    CHECK(std::abs(result.norms[1] - 2) < 1e-15);
    // variance 9 over 3 passes: error sqrt(3) of the mean 4, over 2 · 2
    CHECK(std::abs(result.standard_error[0] - std::sqrt(3.0) / 4) < 1e-15);
    CHECK_THROWS_AS(statistics.add(Eigen::MatrixXd::Ones(3, 1)), std::invalid_argument);
}

TEST_CASE("the same numbers for any batch and any number of threads") {
    decoder_config config = tiny_config(decoder_family::qwen2);
    config.width = 24;
    config.intermediate = 40;
    const auto model = initialize_decoder<float>(config, 5);
    std::vector<Eigen::MatrixXf> inputs;
    for (std::uint64_t i = 0; i < 2; ++i)
        inputs.push_back(embed(model, uniform_token_ids(300, config.vocab_size, i)));
    jacobian_probes probes;
    probes.count = 3;
    const auto first = jacobian_norms(model, inputs, probes);
    CHECK(first.norms.minCoeff() > 0);
#ifdef _OPENMP
    const int threads = omp_get_max_threads();
    for (const int other : {1, 2, 3}) {
        omp_set_num_threads(other);
        CHECK(jacobian_norms(model, inputs, probes).norms == first.norms);
    }
    omp_set_num_threads(threads);
#endif
    probes.batch = 2;
    const auto batched = jacobian_norms(model, inputs, probes);
    CHECK(relative_difference(batched.norms, first.norms) < 1e-6);
    probes.seed = 1;
    CHECK(jacobian_norms(model, inputs, probes).norms != first.norms);
}

TEST_CASE("progress rises to one; bad arguments are rejected") {
    decoder_config config = tiny_config(decoder_family::gpt2);
    const auto model = initialize_decoder<double>(config, 5);
    const std::vector<Eigen::MatrixXd> inputs(1, embed(model, {1, 2, 3}));
    jacobian_probes probes;
    double last = 0;
    probes.batch = 3;
    probes.progress = [&last](double fraction) {
        CHECK(fraction > last);
        last = fraction;
    };
    jacobian_norms(model, inputs, probes);
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
    CHECK(jacobian_norms(model, inputs, probes).norms.minCoeff() > 0);
    // no layers: the last position is the final normalisation of itself
    config.layers = 0;
    probes.kind = probe_kind::exact;
    const auto identity = jacobian_norms<double>(initialize_decoder<double>(config, 5), inputs, probes).norms;
    CHECK(identity[1] == 0);
    CHECK(std::abs(identity[2] - std::sqrt(6.0)) < 1e-15);
}
