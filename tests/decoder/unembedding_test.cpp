// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The next token: losses against sums of exponentials, gradients against central differences.
#include "../catch.hpp"
#include "decoder_fixtures.hpp"

#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/decoder/unembedding.hpp>

#include <cmath>
#include <functional>
#include <vector>

using namespace cesaro;
using namespace cesaro_test;

namespace {

/// Decoders with an unembedding of their own or without, capped and scaled or not.
std::vector<decoder<double>> models() {
    auto engine = random_engine();
    std::vector<decoder<double>> all;
    for (const double cap : {0.0, 1.5}) {
        for (const bool own : {false, true}) {
            decoder_config config = tiny_config(own ? "gpt2" : "llama");
            config.logit_cap = cap;
            config.logit_scale = own ? 0.5 : 1;
            decoder_weights<double> weights = random_decoder<double>(config, engine).weights();
            if (own) {
                weights.unembedding = random_matrix<double>(config.vocab_size, config.width, engine);
                weights.unembedding_bias = random_matrix<double>(config.vocab_size, 1, engine);
            }
            all.emplace_back(config, weights);
        }
    }
    return all;
}

/// The logits of one hidden state, entry by entry.
std::vector<double> plain_logits(const decoder<double>& model, const Eigen::VectorXd& h) {
    const auto& w = model.weights();
    const bool own = w.unembedding.size() > 0;
    std::vector<double> z;
    for (Eigen::Index id = 0; id < model.config().vocab_size; ++id) {
        double sum = own ? w.unembedding_bias[id] : 0;
        for (Eigen::Index i = 0; i < h.size(); ++i)
            sum += (own ? w.unembedding(id, i) : w.token_embedding(id, i)) * h[i];
        sum *= model.config().logit_scale;
        const double cap = model.config().logit_cap;
        z.push_back(cap > 0 ? cap * std::tanh(sum / cap) : sum);
    }
    return z;
}

double log_probability(const std::vector<double>& z, std::size_t id) {
    double sum = 0;
    for (const double x : z)
        sum += std::exp(x);
    return z[id] - std::log(sum);
}

}  // namespace

TEST_CASE("the loss of a prompt is the mean of its negative log-probabilities") {
    const std::vector<Eigen::Index> ids{3, 1, 4, 1, 5, 9};
    for (const auto& model : models()) {
        const Eigen::MatrixXd h = decoder_forward(model, embed(model, ids));
        const Eigen::MatrixXd z = logits(model, h);
        double sum = 0;
        for (std::size_t t = 0; t + 1 < ids.size(); ++t) {
            const auto plain = plain_logits(model, h.col(Eigen::Index(t)));
            for (std::size_t id = 0; id < plain.size(); ++id)
                CHECK(z(Eigen::Index(id), Eigen::Index(t)) == Approx(plain[id]).margin(1e-14));
            sum -= log_probability(plain, std::size_t(ids[t + 1]));
        }
        CHECK(prompt_loss(model, ids) == Approx(sum / 5).epsilon(1e-13));
    }
    const auto model = models()[0];
    CHECK_THROWS_AS(prompt_loss(model, {1}), std::domain_error);
    CHECK_THROWS_AS(prompt_loss(model, {1, 11}), std::domain_error);
    CHECK_THROWS_AS(logits(model, Eigen::MatrixXd(Eigen::MatrixXd::Ones(3, 2))), std::invalid_argument);
}

TEST_CASE("probes differentiate what they say") {
    const std::vector<Eigen::Index> ids{3, 1, 4, 1, 5};
    const Eigen::Index tokens = Eigen::Index(ids.size());
    for (const auto& model : models()) {
        const Eigen::MatrixXd x = embed(model, ids);
        const auto check = [&](probe_kind kind, decoder_output output,
                               const std::function<double(const Eigen::VectorXd&)>& number) {
            CAPTURE(int(kind));
            jacobian_probes probes;
            probes.kind = kind;
            probes.token = 7;
            probes.output = output;
            Eigen::VectorXd squares = Eigen::VectorXd::Zero(tokens);
            for (Eigen::Index i = 0; i < x.size(); ++i) {
                Eigen::MatrixXd above = x, below = x;
                above(i) += 1e-5;
                below(i) -= 1e-5;
                const double slope = (number(decoder_forward(model, above, output).col(tokens - 1)) -
                                      number(decoder_forward(model, below, output).col(tokens - 1))) /
                                     2e-5;
                squares[i / x.rows()] += slope * slope;
            }
            CHECK(relative_difference(squared_jacobian_norms(model, x, probes).col(0).eval(), squares) <
                  1e-7);
        };
        const auto normalized = decoder_output::normalized;
        check(probe_kind::logit, normalized, [&](const auto& h) { return plain_logits(model, h)[7]; });
        check(probe_kind::log_probability, normalized,
              [&](const auto& h) { return log_probability(plain_logits(model, h), 7); });
        check(probe_kind::argmax_probability, normalized, [&](const auto& h) {
            double most = 0;
            const auto z = plain_logits(model, h);
            for (std::size_t id = 0; id < z.size(); ++id)
                most = std::max(most, std::exp(log_probability(z, id)));
            return most;
        });
        check(probe_kind::norm, normalized, [](const auto& h) { return h.norm(); });
        check(probe_kind::norm, decoder_output::residual, [](const auto& h) { return h.norm(); });

        jacobian_probes probes;
        probes.kind = probe_kind::logit;
        probes.token = 11;
        CHECK_THROWS_AS(squared_jacobian_norms(model, x, probes), std::domain_error);
        probes.token = 1;
        probes.output = decoder_output::residual;
        CHECK_THROWS_AS(squared_jacobian_norms(model, x, probes), std::invalid_argument);
    }
    // gains that are equal make the norm constant
    auto engine = random_engine();
    auto weights = random_decoder<double>(tiny_config("llama"), engine).weights();
    weights.final_norm.gain.setOnes();
    const decoder<double> model(tiny_config("llama"), weights);
    jacobian_probes probes;
    probes.kind = probe_kind::norm;
    CHECK_THROWS_AS(squared_jacobian_norms(model, embed(model, ids), probes), std::invalid_argument);
}

TEST_CASE("profiles of several inputs, each divided by its sum") {
    auto engine = random_engine();
    const auto model = random_decoder<double>(tiny_config("llama"), engine);
    const std::vector<Eigen::MatrixXd> inputs{embed(model, {3, 1, 4}), embed(model, {1, 5, 9}),
                                              embed(model, {2, 6, 5})};
    jacobian_probes probes;
    probes.kind = probe_kind::exact;
    probes.average = profile_average::normalized;
    const auto estimate = jacobian_norms<double>(model, inputs, probes);
    Eigen::Matrix3d profiles;
    for (Eigen::Index i = 0; i < 3; ++i) {
        const Eigen::VectorXd norms =
            squared_jacobian_norms(model, inputs[std::size_t(i)], probes).col(0).cwiseSqrt();
        profiles.col(i) = norms / norms.sum();
    }
    const Eigen::Vector3d mean = profiles.rowwise().mean();
    CHECK(relative_difference(estimate.profile, mean) < 1e-13);
    const Eigen::Vector3d error = ((profiles.colwise() - mean).rowwise().squaredNorm() / 6).cwiseSqrt();
    CHECK(relative_difference(estimate.standard_error, error) < 1e-12);
    const auto one = jacobian_norms<double>(model, {inputs[0]}, probes);
    CHECK(relative_difference(one.profile, profiles.col(0).eval()) < 1e-13);
    CHECK(one.standard_error.array().isInf().all());
}
