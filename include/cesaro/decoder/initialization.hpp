// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/detail/parallel.hpp>
#include <cesaro/detail/random.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace cesaro {

namespace detail {

/// Independent Gaussian entries of the given standard deviation. Every piece of a million entries has a
/// stream of its own, so that the entries do not depend on the number of threads.
template <class Array>
void fill_gaussian(double standard_deviation, std::uint64_t seed, std::uint64_t tensor, Array& values) {
    parallel_pieces(values.size(), Eigen::Index(1) << 20, [&](Eigen::Index first, Eigen::Index size) {
        auto engine = random_stream(seed, {tensor, std::uint64_t(first)});
        boost::random::normal_distribution<double> normal(0, standard_deviation);
        for (Eigen::Index i = first; i < first + size; ++i)
            values.data()[i] = typename Array::Scalar(normal(engine));
    });
}

}  // namespace detail

/// A decoder as its family initialises it: embeddings and matrices independent
/// \f$\mathcal N(0, \sigma^2)\f$ with config.initial_deviation() of their kind, biases zero, normalisations
/// the identity; sinks and the bias of a router are drawn, too.
/// The same weights, rounded to Real, for the same seed on every machine and any number of threads.
/// \throws what zero_weights() throws.
///
/// Source: Radford et al. 2019, section 2.3.
template <real_scalar Real = float>
[[nodiscard]] decoder<Real> initialize_decoder(const decoder_config& config, std::uint64_t seed) {
    decoder_weights<Real> weights = zero_weights<Real>(config);
    std::uint64_t tensor = 0;
    const auto draw = [&](const detail::weight_shape& shape, auto& array) {
        if (shape.drawn && shape.rows > 0)
            detail::fill_gaussian(config.initial_deviation(*shape.drawn), seed, tensor++, array);
    };
    detail::weight_list list(config, draw);
    list.embeddings(weights);
    tensor = 2;  // learned positions or not, the layers have the same numbers
    for (std::size_t l = 0; l < weights.blocks.size(); ++l)
        list.block(Eigen::Index(l), weights.blocks[l]);
    return {config, std::move(weights)};
}

}  // namespace cesaro
