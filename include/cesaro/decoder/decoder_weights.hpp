// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/detail/check.hpp>

#include <Eigen/Core>

#include <iomanip>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace cesaro {

/// Row-major, so that rows of a fused matrix are contiguous.
template <class Real>
using weight_matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The affine map \f$y = W x + b\f$. An absent bias has size 0.
template <class Real>
struct linear_weights {
    weight_matrix<Real> matrix;  ///< outputs x inputs
    Eigen::VectorX<Real> bias;   ///< outputs, or empty
};

/// The elementwise affine map after a normalisation. RMSNorm has no bias (size 0).
template <class Real>
struct normalization_weights {
    Eigen::VectorX<Real> gain;
    Eigen::VectorX<Real> bias;
};

/// The weights of one pre-norm block.
template <class Real>
struct block_weights {
    normalization_weights<Real> attention_norm;
    linear_weights<Real> query_key_value;   ///< rows: all query heads, all key heads, all value heads
    linear_weights<Real> attention_output;  ///< back to the residual stream
    normalization_weights<Real> feed_forward_norm;
    linear_weights<Real> feed_forward_input;   ///< GELU: intermediate rows; SwiGLU: the gate's, then the up's
    linear_weights<Real> feed_forward_output;  ///< back to the residual stream
};

/// Every weight between token ids and the last hidden state. The unembedding is no part of it.
template <real_scalar Real = float>
struct decoder_weights {
    weight_matrix<Real> token_embedding;     ///< vocab_size x width
    weight_matrix<Real> position_embedding;  ///< max_positions x width with learned positions, else empty
    std::vector<block_weights<Real>> blocks;
    normalization_weights<Real> final_norm;
};

/// One named tensor of a checkpoint. `values` views the weights, transposed where the checkpoint stores them
/// so: (i, j) is the entry [i, j] of a tensor of two dimensions, (0, j) the entry [j] of one.
template <class Scalar>
struct tensor_view {
    std::string name;
    std::vector<Eigen::Index> shape;
    Eigen::Map<std::conditional_t<std::is_const_v<Scalar>, const weight_matrix<std::remove_const_t<Scalar>>,
                                  weight_matrix<Scalar>>,
               0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>
        values;
};

namespace detail {

template <class Real>
linear_weights<Real> zero_linear(Eigen::Index outputs, Eigen::Index inputs, bool bias) {
    return {weight_matrix<Real>::Zero(outputs, inputs), Eigen::VectorX<Real>::Zero(bias ? outputs : 0)};
}

template <class Real>
normalization_weights<Real> identity_norm(const decoder_config& config) {
    return {Eigen::VectorX<Real>::Ones(config.width),
            Eigen::VectorX<Real>::Zero(config.norm() == norm_kind::layer_norm ? config.width : 0)};
}

/// The rows [first, first + rows) of a matrix as a tensor, or their transpose.
template <class Visitor, class Matrix>
void visit_rows(const Visitor& f, std::string name, Matrix& matrix, Eigen::Index first, Eigen::Index rows,
                bool transposed) {
    using scalar = std::remove_reference_t<decltype(*matrix.data())>;
    using view = tensor_view<scalar>;
    using stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    scalar* const data = matrix.data() + first * matrix.cols();
    const Eigen::Index cols = matrix.cols();
    if (transposed) {
        f(view{std::move(name), {cols, rows}, {data, cols, rows, stride(1, cols)}});
    } else {
        f(view{std::move(name), {rows, cols}, {data, rows, cols, stride(cols, 1)}});
    }
}

template <class Visitor, class Vector>
void visit_segment(const Visitor& f, std::string name, Vector& vector, Eigen::Index first,
                   Eigen::Index size) {
    using scalar = std::remove_reference_t<decltype(*vector.data())>;
    using stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    f(tensor_view<scalar>{std::move(name), {size}, {vector.data() + first, 1, size, stride(size, 1)}});
}

/// name.weight and, where there is one, name.bias of the rows [first, first + rows) of an affine map.
template <class Visitor, class Linear>
void visit_linear(const Visitor& f, const std::string& name, Linear& linear, Eigen::Index first,
                  Eigen::Index rows, bool transposed) {
    visit_rows(f, name + ".weight", linear.matrix, first, rows, transposed);
    if (linear.bias.size() > 0) visit_segment(f, name + ".bias", linear.bias, first, rows);
}

template <class Visitor, class Norm>
void visit_norm(const Visitor& f, const std::string& name, Norm& norm) {
    visit_segment(f, name + ".weight", norm.gain, 0, norm.gain.size());
    if (norm.bias.size() > 0) visit_segment(f, name + ".bias", norm.bias, 0, norm.bias.size());
}

/// GPT-2 stores its matrices as inputs x outputs (`Conv1D`), and query, key and value as one.
template <class Weights, class Visitor>
void visit_gpt2(Weights& weights, const Visitor& f) {
    visit_rows(f, "wte.weight", weights.token_embedding, 0, weights.token_embedding.rows(), false);
    if (weights.position_embedding.size() > 0) {
        visit_rows(f, "wpe.weight", weights.position_embedding, 0, weights.position_embedding.rows(), false);
    }
    const auto conv1d = [&f](const std::string& name, auto& linear) {
        visit_linear(f, name, linear, 0, linear.matrix.rows(), true);
    };
    for (std::size_t l = 0; l < weights.blocks.size(); ++l) {
        auto& block = weights.blocks[l];
        const std::string prefix = "h." + std::to_string(l) + ".";
        visit_norm(f, prefix + "ln_1", block.attention_norm);
        conv1d(prefix + "attn.c_attn", block.query_key_value);
        conv1d(prefix + "attn.c_proj", block.attention_output);
        visit_norm(f, prefix + "ln_2", block.feed_forward_norm);
        conv1d(prefix + "mlp.c_fc", block.feed_forward_input);
        conv1d(prefix + "mlp.c_proj", block.feed_forward_output);
    }
    visit_norm(f, "ln_f", weights.final_norm);
}

/// Llama, Mistral and Qwen2 share their names, and store outputs x inputs.
template <class Weights, class Visitor>
void visit_llama(const decoder_config& config, Weights& weights, const Visitor& f) {
    visit_rows(f, "model.embed_tokens.weight", weights.token_embedding, 0, weights.token_embedding.rows(),
               false);
    const Eigen::Index q = config.query_size();
    const Eigen::Index k = config.key_size();
    const Eigen::Index inner = config.intermediate;
    for (std::size_t l = 0; l < weights.blocks.size(); ++l) {
        auto& block = weights.blocks[l];
        const std::string prefix = "model.layers." + std::to_string(l) + ".";
        visit_norm(f, prefix + "input_layernorm", block.attention_norm);
        visit_linear(f, prefix + "self_attn.q_proj", block.query_key_value, 0, q, false);
        visit_linear(f, prefix + "self_attn.k_proj", block.query_key_value, q, k, false);
        visit_linear(f, prefix + "self_attn.v_proj", block.query_key_value, q + k, k, false);
        visit_linear(f, prefix + "self_attn.o_proj", block.attention_output, 0, config.width, false);
        visit_norm(f, prefix + "post_attention_layernorm", block.feed_forward_norm);
        visit_linear(f, prefix + "mlp.gate_proj", block.feed_forward_input, 0, inner, false);
        visit_linear(f, prefix + "mlp.up_proj", block.feed_forward_input, inner, inner, false);
        visit_linear(f, prefix + "mlp.down_proj", block.feed_forward_output, 0, config.width, false);
    }
    visit_norm(f, "model.norm", weights.final_norm);
}

}  // namespace detail

/// The number of weights between token ids and the last hidden state, as a double (it may exceed memory).
inline double weight_count(const decoder_config& config) {
    const double width = double(config.width);
    const double qkv = double(config.query_size()) + 2 * double(config.key_size());
    const double inner_rows =
        double(config.intermediate) * (config.feed_forward() == feed_forward_kind::swiglu ? 2 : 1);
    const double norm = width * (config.norm() == norm_kind::layer_norm ? 2 : 1);
    const double biases =
        (config.qkv_bias() ? qkv : 0) + (config.other_biases() ? 2 * width + inner_rows : 0);
    const double block =
        width * (qkv + double(config.query_size()) + inner_rows + double(config.intermediate)) + 2 * norm +
        biases;
    const double positions = config.has_learned_positions() ? double(config.max_positions) : 0;
    return width * (double(config.vocab_size) + positions) + double(config.layers) * block + norm;
}

/// Weights of the right shapes: matrices and biases zero, normalisations the identity.
/// \throws what config.validate() throws.
/// \throws std::length_error before anything is allocated when the weights do not fit in memory.
template <real_scalar Real = float>
decoder_weights<Real> zero_weights(const decoder_config& config) {
    config.validate();
    const double bytes = weight_count(config) * double(sizeof(Real));
    if (bytes > detail::physical_memory()) {
        std::ostringstream message;
        message << std::fixed << std::setprecision(0) << "cesaro::zero_weights: " << weight_count(config)
                << " weights of " << bytes << " bytes in all do not fit in memory";
        throw std::length_error(message.str());
    }
    const Eigen::Index width = config.width;
    const Eigen::Index inner_rows =
        config.feed_forward() == feed_forward_kind::swiglu ? 2 * config.intermediate : config.intermediate;
    decoder_weights<Real> weights;
    weights.token_embedding = weight_matrix<Real>::Zero(config.vocab_size, width);
    if (config.has_learned_positions()) {
        weights.position_embedding = weight_matrix<Real>::Zero(config.max_positions, width);
    }
    weights.blocks.reserve(std::size_t(config.layers));
    for (Eigen::Index l = 0; l < config.layers; ++l) {
        weights.blocks.push_back(
            {detail::identity_norm<Real>(config),
             detail::zero_linear<Real>(config.query_size() + 2 * config.key_size(), width, config.qkv_bias()),
             detail::zero_linear<Real>(width, config.query_size(), config.other_biases()),
             detail::identity_norm<Real>(config),
             detail::zero_linear<Real>(inner_rows, width, config.other_biases()),
             detail::zero_linear<Real>(width, config.intermediate, config.other_biases())});
    }
    weights.final_norm = detail::identity_norm<Real>(config);
    return weights;
}

/// Calls f(tensor_view) for every tensor of a checkpoint in a fixed order, under its Hugging Face name: for
/// GPT-2 those of the base model (`h.0.attn.c_attn.weight`), for the others with the prefix `model.`, both as
/// published. `weights` may be const; its shapes are those of zero_weights(config).
template <class Weights, class Visitor>
void for_each_tensor(const decoder_config& config, Weights& weights, const Visitor& f) {
    if (config.family == decoder_family::gpt2) {
        detail::visit_gpt2(weights, f);
    } else {
        detail::visit_llama(config, weights, f);
    }
}

}  // namespace cesaro
