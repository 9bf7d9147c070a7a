// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/detail/parallel.hpp>
#include <cesaro/detail/random.hpp>

#include <Eigen/Core>
#include <boost/random/uniform_int_distribution.hpp>

#include <cstdint>
#include <vector>

namespace cesaro {

namespace detail {

/// Independent Gaussian entries of the given standard deviation. Every piece of a million entries has a
/// stream of its own, so that the entries do not depend on the number of threads.
template <class Real>
void fill_gaussian(double standard_deviation, std::uint64_t seed, std::uint64_t tensor,
                   weight_matrix<Real>& values) {
    parallel_pieces(values.size(), Eigen::Index(1) << 20, [&](Eigen::Index first, Eigen::Index size) {
        auto engine = random_stream(seed, {tensor, std::uint64_t(first)});
        boost::random::normal_distribution<double> normal(0, standard_deviation);
        for (Eigen::Index i = first; i < first + size; ++i)
            values.data()[i] = Real(normal(engine));
    });
}

}  // namespace detail

/// A decoder as its family initialises it: embeddings and matrices independent
/// \f$\mathcal N(0, \mathtt{initializer\_range}^2)\f$, in the gpt2 family the two projections back to the
/// residual stream smaller by \f$\sqrt{2\,\mathrm{layers}}\f$; biases zero; normalisations the identity.
/// The same weights, rounded to Real, for the same seed on every machine and any number of threads.
/// \throws what zero_weights() throws.
///
/// Source: Radford et al. 2019, section 2.3.
template <real_scalar Real = float>
decoder<Real> initialize_decoder(const decoder_config& config, std::uint64_t seed) {
    decoder<Real> model{config, zero_weights<Real>(config)};
    std::uint64_t tensor = 0;
    const auto draw = [&](weight_matrix<Real>& values, double standard_deviation) {
        detail::fill_gaussian(standard_deviation, seed, tensor++, values);
    };
    draw(model.weights.token_embedding, config.initializer_range);
    draw(model.weights.position_embedding, config.initializer_range);
    for (block_weights<Real>& block : model.weights.blocks) {
        draw(block.query_key_value.matrix, config.initializer_range);
        draw(block.attention_output.matrix, config.residual_initializer_range());
        draw(block.feed_forward_input.matrix, config.initializer_range);
        draw(block.feed_forward_output.matrix, config.residual_initializer_range());
    }
    return model;
}

/// The seeds of draw 0, 1, ... of an experiment with one seed.
struct draw_seeds {
    std::uint64_t weights;
    std::uint64_t tokens;

    draw_seeds(std::uint64_t seed, std::uint64_t draw)
        : weights(detail::independent_seed(seed, draw, 0)), tokens(detail::independent_seed(seed, draw, 1)) {}
};

/// Independent uniform token ids in [0, vocab_size).
/// \throws std::domain_error when tokens < 0 or vocab_size < 1.
inline std::vector<Eigen::Index> uniform_token_ids(Eigen::Index tokens, Eigen::Index vocab_size,
                                                   std::uint64_t seed) {
    detail::check_at_least("uniform_token_ids", "tokens", tokens, 0);
    detail::check_at_least("uniform_token_ids", "vocab_size", vocab_size, 1);
    auto engine = detail::random_stream(seed, {detail::token_stream});
    boost::random::uniform_int_distribution<Eigen::Index> uniform(0, vocab_size - 1);
    std::vector<Eigen::Index> ids(static_cast<std::size_t>(tokens));
    for (Eigen::Index& id : ids)
        id = uniform(engine);
    return ids;
}

}  // namespace cesaro
