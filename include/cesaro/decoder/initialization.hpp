// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/decoder/streamed_decoder.hpp>
#include <cesaro/detail/gaussian_stream.hpp>
#include <cesaro/detail/parallel.hpp>

#include <Eigen/Core>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

namespace cesaro {

namespace detail {

/// Independent Gaussian entries of the given standard deviation: entry i is number i of the array's stream, so
/// that the entries do not depend on the number of threads.
template <class Array>
void fill_gaussian(double deviation, std::uint64_t seed, std::uint64_t tensor, Array& values) {
    const gaussian_stream numbers(seed, {tensor});
    parallel_pieces(values.size(), Eigen::Index(1) << 16, [&](Eigen::Index first, Eigen::Index size) {
        numbers.fill(std::uint64_t(first), std::size_t(size), deviation, values.data() + first);
    });
}

/// Columns of x: the rows `ids` of the matrix that fill_gaussian() would fill, x.rows() entries each.
template <class Matrix>
void fill_gaussian_rows(double deviation, std::uint64_t seed, std::uint64_t tensor,
                        const std::vector<Eigen::Index>& ids, Matrix& x) {
    static_assert(!Matrix::IsRowMajor, "columns are filled, which must be contiguous");
    const gaussian_stream numbers(seed, {tensor});
    const auto draw_column = [&](Eigen::Index t) {
        const std::uint64_t first = std::uint64_t(ids[std::size_t(t)]) * std::uint64_t(x.rows());
        numbers.fill(first, std::size_t(x.rows()), deviation, x.col(t).data());
    };
    parallel_for(x.cols(), draw_column, 16);
}

/// Draws parts of the weights: the arrays are numbered, and each has a stream of its own.
class weight_draws {
  public:
    weight_draws(const decoder_config& config, std::uint64_t seed) : config_(config), seed_(seed) {}

    template <class Weights>
    void embeddings(Weights& weights) const {
        const drawing draw{*this, 0};
        weight_list(config_, draw).embeddings(weights);
    }
    template <class Block>
    void block(Eigen::Index layer, Block& block) const {
        const drawing draw{*this, first_of(layer)};
        weight_list(config_, draw).block(layer, block);
    }

  private:
    struct drawing {
        const weight_draws& draws;
        mutable std::uint64_t number;

        template <class Array>
        void operator()(const weight_shape& shape, Array& array) const {
            if (shape.drawn && shape.rows > 0)
                fill_gaussian(draws.config_.initial_deviation(*shape.drawn), draws.seed_, number++, array);
        }
    };

    /// The number of a layer's first array: learned positions or not, the layers have the same numbers.
    [[nodiscard]] std::uint64_t first_of(Eigen::Index layer) const {
        std::uint64_t number = 2;
        const auto count = [&number](const weight_shape& shape, const auto&) {
            if (shape.drawn && shape.rows > 0) ++number;
        };
        weight_list list(config_, count);
        nn::block_weights<float> none;
        for (Eigen::Index l = 0; l < layer; ++l)
            list.block(l, none);
        return number;
    }

    const decoder_config& config_;
    std::uint64_t seed_;
};

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
    const detail::weight_draws draws(config, seed);
    draws.embeddings(weights);
    for (std::size_t l = 0; l < weights.blocks.size(); ++l)
        draws.block(Eigen::Index(l), weights.blocks[l]);
    return {config, std::move(weights)};
}

/// The decoder of initialize_decoder(), to the last bit, each of whose layers is drawn when a pass comes to it:
/// for networks that do not fit in memory.
/// \throws what config.validate() throws; std::invalid_argument when a layer does not attend.
/// Cost: nothing before it is used; for every measurement each layer twice, and of the embeddings the rows of the
/// prompts' tokens.
template <real_scalar Real = float>
[[nodiscard]] streamed_decoder<Real> drawn_decoder(const decoder_config& config, std::uint64_t seed) {
    config.validate();
    decoder_weights<Real> outside;
    const auto set = [](const detail::weight_shape& shape, auto& array) {
        if (shape.name != "token_embedding") detail::undrawn_weights()(shape, array);
    };
    detail::weight_list outer_list(config, set);
    outer_list.embeddings(outside);
    outer_list.end(outside);
    detail::weight_draws(config, seed).embeddings(outside);
    const auto tokens = [config, seed](const std::vector<Eigen::Index>& ids) {
        Eigen::MatrixX<Real> rows(config.width, Eigen::Index(ids.size()));
        const double deviation = config.initial_deviation(weight_kind::token_embedding);
        detail::fill_gaussian_rows(deviation, seed, 0, ids, rows);
        return rows;
    };
    const auto block = [config, seed](Eigen::Index layer) {
        nn::block_weights<Real> weights;
        const detail::undrawn_weights undrawn;
        detail::weight_list(config, undrawn).block(layer, weights);
        detail::weight_draws(config, seed).block(layer, weights);
        return weights;
    };
    return {config, std::move(outside), tokens, block};
}

/// The description whose initial deviations are those of given weights: for each kind, the root mean square of its
/// arrays. What a network of these sizes would be born like, whatever its class says of initial deviations.
/// \throws what config.validate() throws; std::invalid_argument when the weights have other shapes.
template <real_scalar Real>
[[nodiscard]] decoder_config with_deviations_of(decoder_config config, const decoder_weights<Real>& weights) {
    config.validate();
    detail::check_weight_shapes("with_deviations_of", config, weights);
    std::array<double, std::tuple_size_v<decltype(config.initial_factors)>> squares{}, counts{};
    const auto gather = [&](const detail::weight_shape& shape, const auto& array) {
        if (!shape.drawn || array.size() == 0) return;
        squares[std::size_t(*shape.drawn)] += array.template cast<double>().squaredNorm();
        counts[std::size_t(*shape.drawn)] += double(array.size());
    };
    detail::weight_list(config, gather).all(weights);
    config.residual_init_by_depth = false;
    if (!(config.initializer_range > 0)) config.initializer_range = 1;
    for (std::size_t kind = 0; kind < counts.size(); ++kind) {
        if (counts[kind] > 0)
            config.initial_factors[kind] = std::sqrt(squares[kind] / counts[kind]) / config.initializer_range;
    }
    return config;
}

}  // namespace cesaro
