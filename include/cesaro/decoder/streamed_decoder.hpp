// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Decoders larger than memory: one layer at a time.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <functional>
#include <utility>
#include <vector>

namespace cesaro {

namespace detail {

/// Throws std::invalid_argument, naming the array, unless a block has the shapes of its layer.
template <class Real>
void check_block_shapes(std::string_view function, const decoder_config& config, Eigen::Index layer,
                        const nn::block_weights<Real>& block) {
    const auto check = [function](const weight_shape& shape, const auto& array) {
        check_size(function, "rows of " + shape.name, array.rows(), shape.rows);
        if (shape.rows > 0) check_size(function, "columns of " + shape.name, array.cols(), shape.cols);
    };
    weight_list(config, check).block(layer, block);
}

}  // namespace detail

/// A decoder whose layers are fetched when a pass comes to them, and dropped behind it: drawn_decoder() draws
/// them from their seeds, stream_weights() reads them from a checkpoint. What a pass computes is what it would
/// of the decoder whole, to the last bit, in memory that is free of the number of layers but for the residual
/// stream before each.
///
/// \code
/// const auto config = cesaro::read_decoder_config("Llama-3.1-70B");
/// const auto model = cesaro::stream_weights<float>("Llama-3.1-70B", config);
/// const auto norms = cesaro::jacobian_norms(model, {cesaro::embed(model, ids)});
/// \endcode
template <real_scalar Real = float>
class streamed_decoder {
  public:
    /// Rows of the token embedding, as columns, for ids of the vocabulary.
    using token_source = std::function<Eigen::MatrixX<Real>(const std::vector<Eigen::Index>&)>;
    /// The weights of a layer; called twice for each layer and measurement.
    using block_source = std::function<nn::block_weights<Real>(Eigen::Index)>;

    /// \param outside what is outside of the layers, but for the token embedding.
    /// \throws what config.validate() throws; std::invalid_argument when a layer does not attend.
    streamed_decoder(const decoder_config& config, decoder_weights<Real> outside, token_source tokens,
                     block_source blocks)
        : config_(config),
          weights_(std::move(outside)),
          tokens_(std::move(tokens)),
          blocks_(std::move(blocks)) {
        config_.validate();
        detail::check_all_attend("streamed_decoder", config_);
    }

    const decoder_config& config() const { return config_; }
    /// Without the token embedding and the layers.
    const decoder_weights<Real>& weights() const { return weights_; }

    /// \throws std::invalid_argument when what the source gives has not the shapes of the layer, and what the
    ///         source throws.
    [[nodiscard]] nn::block_weights<Real> block(Eigen::Index layer) const {
        nn::block_weights<Real> block = blocks_(layer);
        detail::check_block_shapes("streamed_decoder::block", config_, layer, block);
        return block;
    }
    [[nodiscard]] Eigen::MatrixX<Real> token_rows(const std::vector<Eigen::Index>& ids) const {
        Eigen::MatrixX<Real> rows = tokens_(ids);
        detail::check_size("streamed_decoder::token_rows", "rows", rows.rows(), config_.width);
        detail::check_size("streamed_decoder::token_rows", "columns", rows.cols(), Eigen::Index(ids.size()));
        return rows;
    }

  private:
    decoder_config config_;
    decoder_weights<Real> weights_;
    token_source tokens_;
    block_source blocks_;
};

/// What enters the first layer; see embed() of a decoder.
template <class Real>
[[nodiscard]] Eigen::MatrixX<Real> embed(const streamed_decoder<Real>& model,
                                         const std::vector<Eigen::Index>& ids) {
    detail::check_ids("embed", model.config(), ids);
    return detail::embedded(model.config(), model.weights(), model.token_rows(ids));
}

}  // namespace cesaro
