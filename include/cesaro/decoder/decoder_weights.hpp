// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/experts.hpp>
#include <cesaro/decoder/latent_attention.hpp>
#include <cesaro/decoder/linear.hpp>
#include <cesaro/decoder/normalization.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/detail/memory.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <iomanip>
#include <locale>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cesaro {

namespace nn {

/// The weights of one layer. What the description does not ask for is empty.
template <class Real>
struct block_weights {
    normalization_weights<Real> attention_norm = {};
    linear_weights<Real> query_key_value = {};  ///< rows: all query heads, all key heads, all value heads
    latent_weights<Real> latent = {};           ///< instead of query_key_value
    normalization_weights<Real> query_norm = {};
    normalization_weights<Real> key_norm = {};
    Eigen::VectorX<Real> sinks = {};             ///< one per query head
    linear_weights<Real> attention_output = {};  ///< back to the residual stream
    normalization_weights<Real> attention_output_norm = {};
    normalization_weights<Real> feed_forward_norm = {};
    linear_weights<Real> feed_forward_input = {};   ///< intermediate rows; with a gate its rows before those
    linear_weights<Real> feed_forward_output = {};  ///< back to the residual stream
    expert_weights<Real> experts = {};              ///< instead of the two
    normalization_weights<Real> feed_forward_output_norm = {};
};

}  // namespace nn

/// Every weight between token ids and the last hidden state, and the unembedding of a checkpoint that has one
/// of its own: no pass over the network asks for it, but what was loaded can be saved again.
template <real_scalar Real = float>
struct decoder_weights {
    nn::weight_matrix<Real> token_embedding = {};     ///< vocab_size x width
    nn::weight_matrix<Real> position_embedding = {};  ///< position_offset + max_positions x width, or empty
    nn::normalization_weights<Real> embedding_norm = {};
    std::vector<nn::block_weights<Real>> blocks = {};
    nn::normalization_weights<Real> final_norm = {};
    nn::weight_matrix<Real> unembedding = {};  ///< vocab_size x width; empty where it is the token embedding
    Eigen::VectorX<Real> unembedding_bias = {};  ///< vocab_size, or empty
};

namespace detail {

/// What a description says of an array of weights: its shape (no rows where there is none), and its entries
/// at initialisation, which are equal or drawn.
struct weight_shape {
    std::string name;
    Eigen::Index rows = 0;
    Eigen::Index cols = 1;
    double constant = 0;
    std::optional<weight_kind> drawn = {};
};

/// Calls f(weight_shape, array) for the arrays of each part, there or not. The one list of weights: shapes,
/// counts, checks and draws follow from it.
template <class F>
class weight_list {
  public:
    weight_list(const decoder_config& config, const F& f) : c_(config), f_(f) {}

    template <class Weights>
    void embeddings(Weights& w) {
        prefix_ = "";
        matrix("token_embedding", w.token_embedding, c_.vocab_size, c_.width, weight_kind::token_embedding);
        matrix("position_embedding", w.position_embedding,
               c_.learned_positions ? c_.position_offset + c_.max_positions : 0, c_.width,
               weight_kind::position_embedding);
        norm("embedding_norm", w.embedding_norm, c_.norm.embeddings ? c_.width : 0);
    }

    template <class Weights>
    void end(Weights& w) {
        prefix_ = "";
        norm("final_norm", w.final_norm, c_.width);
    }

    template <class Block>
    void block(Eigen::Index layer, Block& b) {
        prefix_ = "blocks[" + std::to_string(layer) + "].";
        const Eigen::Index d = c_.width;
        const bool experts = c_.has_experts(layer);
        const bool second = c_.norm.before && !(c_.parallel && c_.norm.shared);
        norm("attention_norm", b.attention_norm, c_.norm.before ? d : 0);
        linear("query_key_value", b.query_key_value, c_.latent ? 0 : c_.qkv_size(), d,
               c_.biases.query_key_value, weight_kind::query_key_value);
        latent(b.latent);
        query_key_norms(b);
        vector("sinks", b.sinks, c_.scores.sinks ? c_.heads : 0, 0, weight_kind::sink);
        linear("attention_output", b.attention_output, d, c_.attention_size(), c_.biases.attention_output,
               weight_kind::attention_output);
        norm("attention_output_norm", b.attention_output_norm, c_.norm.after ? d : 0);
        norm("feed_forward_norm", b.feed_forward_norm, second ? d : 0);
        branch("feed_forward_", b.feed_forward_input, b.feed_forward_output, experts ? 0 : 1,
               c_.intermediate);
        mixture(experts ? 1 : 0, b.experts);
        norm("feed_forward_output_norm", b.feed_forward_output_norm, c_.norm.after ? d : 0);
    }

    template <class Weights>
    void all(Weights& w) {
        embeddings(w);
        for (std::size_t l = 0; l < w.blocks.size(); ++l)
            block(Eigen::Index(l), w.blocks[l]);
        end(w);
    }

  private:
    template <class Matrix>
    void matrix(const char* name, Matrix& m, Eigen::Index rows, Eigen::Index cols, weight_kind kind) {
        f_(weight_shape{prefix_ + name, rows, cols, 0, kind}, m);
    }
    template <class Vector>
    void vector(const std::string& name, Vector& v, Eigen::Index size, double constant,
                std::optional<weight_kind> kind = {}) {
        f_(weight_shape{prefix_ + name, size, 1, constant, kind}, v);
    }
    template <class Linear>
    void linear(const std::string& name, Linear& l, Eigen::Index rows, Eigen::Index cols, bool bias,
                weight_kind kind) {
        f_(weight_shape{prefix_ + name + ".matrix", rows, cols, 0, kind}, l.matrix);
        vector(name + ".bias", l.bias, bias ? rows : 0, 0);
    }
    template <class Norm>
    void norm(const std::string& name, Norm& n, Eigen::Index size, bool gain, bool bias) {
        vector(name + ".gain", n.gain, gain ? size : 0, 1);
        vector(name + ".bias", n.bias, bias ? size : 0, 0);
    }
    template <class Norm>
    void norm(const std::string& name, Norm& n, Eigen::Index size) {
        norm(name, n, size, c_.norm.gain, c_.norm.bias);
    }

    template <class Block>
    void query_key_norms(Block& b) {
        const query_key_norm kind = c_.scores.norm;
        const bool one_head = kind == query_key_norm::per_head;
        const bool bias = one_head && c_.norm.bias;
        const auto size = [&](Eigen::Index heads) {
            return kind == query_key_norm::none ? 0 : one_head ? c_.head_width : heads;
        };
        norm("query_norm", b.query_norm, size(c_.query_size()), c_.norm.gain, bias);
        norm("key_norm", b.key_norm, size(c_.key_size()), c_.norm.gain, bias);
    }

    template <class Latent>
    void latent(Latent& l) {
        const auto kind = weight_kind::query_key_value;
        const latent_attention m = c_.latent.value_or(latent_attention{});
        const bool there = c_.latent.has_value();
        linear("latent.query_down", l.query_down, m.query_rank, c_.width, c_.biases.query_key_value, kind);
        norm("latent.query_norm", l.query_norm, m.query_rank, true, false);
        linear("latent.query", l.query, there ? c_.query_size() : 0,
               m.query_rank > 0 ? m.query_rank : c_.width, false, kind);
        linear("latent.key_value_down", l.key_value_down, m.rank + m.rope_width, c_.width,
               c_.biases.query_key_value, kind);
        norm("latent.key_value_norm", l.key_value_norm, m.rank, true, false);
        linear("latent.key_value_up", l.key_value_up,
               there ? c_.heads * (c_.head_width - m.rope_width + m.value_width) : 0, m.rank, false, kind);
    }

    /// The two maps of `count` feed-forward branches, stacked.
    template <class Linear>
    void branch(const std::string& name, Linear& input, Linear& output, Eigen::Index count,
                Eigen::Index inner) {
        linear(name + "input", input, count * c_.pre_activations(inner), c_.width,
               c_.biases.feed_forward_input, weight_kind::feed_forward_input);
        linear(name + "output", output, count * c_.width, inner, c_.biases.feed_forward_output,
               weight_kind::feed_forward_output);
    }

    template <class Experts>
    void mixture(Eigen::Index there, Experts& e) {
        const experts_config m = c_.experts.value_or(experts_config{});
        const bool corrected = m.routing == expert_routing::sigmoid;
        f_(weight_shape{prefix_ + "experts.router.matrix", there * m.count, c_.width, 0, weight_kind::router},
           e.router.matrix);
        vector("experts.router.bias", e.router.bias, m.bias ? there * m.count : 0, 0, weight_kind::router);
        vector("experts.correction", e.correction, corrected ? there * m.count : 0, 0);
        branch("experts.", e.input, e.output, there * m.count, m.intermediate);
        branch("experts.shared_", e.shared_input, e.shared_output, m.shared > 0 ? there : 0, m.shared);
        linear("experts.shared_gate", e.shared_gate, m.shared > 0 && m.shared_gate ? there : 0, c_.width,
               false, weight_kind::router);
    }

    const decoder_config& c_;
    const F& f_;
    std::string prefix_;
};

/// Sets an array to what it is before anything is drawn.
struct undrawn_weights {
    template <class Array>
    void operator()(const weight_shape& shape, Array& array) const {
        if (shape.rows > 0)
            array = Array::Constant(shape.rows, shape.cols, typename Array::Scalar(shape.constant));
    }
};

}  // namespace detail

/// Calls f(name, array) for every matrix and vector of the weights that is there, in a fixed order. `weights`
/// may be const; the name is the path of the member, such as `blocks[1].query_key_value.matrix`.
template <class Weights, class F>
void for_each_weight(const decoder_config& config, Weights& weights, const F& f) {
    const auto visit = [&f](const detail::weight_shape& shape, auto& array) {
        if (array.size() > 0) f(shape.name, array);
    };
    detail::weight_list(config, visit).all(weights);
}

/// The number of weights between token ids and the last hidden state, as a double (it may exceed memory).
[[nodiscard]] inline double weight_count(const decoder_config& config) {
    double layers = 1;
    double count = 0;
    const auto add = [&](const detail::weight_shape& shape, const auto&) {
        count += layers * double(shape.rows) * double(shape.cols);
    };
    detail::weight_list list(config, add);
    decoder_weights<float> none;
    list.embeddings(none);
    list.end(none);
    nn::block_weights<float> block;
    const Eigen::Index period = std::max<Eigen::Index>(1, Eigen::Index(config.pattern.size()));
    for (Eigen::Index l = 0; l < std::min(period, config.layers); ++l) {
        const Eigen::Index alike = (config.layers - l + period - 1) / period;
        layers = double(alike);
        list.block(l, block);
    }
    return count;
}

namespace detail {

/// Throws std::invalid_argument where a layer does not attend: there is no network to build of it.
inline void check_all_attend(std::string_view function, const decoder_config& config) {
    for (Eigen::Index l = 0; l < std::min(config.layers, Eigen::Index(config.pattern.size())); ++l) {
        if (!config.layer(l).attends) {
            throw_invalid_argument(function, "pattern", "layer " + std::to_string(l) + " without attention",
                                   "must attend: nothing else can be built");
        }
    }
}

/// zero_weights() for the function that messages name.
template <class Real>
[[nodiscard]] decoder_weights<Real> zero_weights(std::string_view function, const decoder_config& config) {
    config.validate();
    check_all_attend(function, config);
    const double bytes = weight_count(config) * double(sizeof(Real));
    if (bytes + double(config.layers) * double(sizeof(nn::block_weights<Real>)) > physical_memory()) {
        std::ostringstream message;
        message.imbue(std::locale::classic());
        message << std::fixed << std::setprecision(0) << "cesaro::" << function << ": "
                << weight_count(config) << " weights of " << bytes << " bytes in all do not fit in memory";
        throw std::length_error(message.str());
    }
    decoder_weights<Real> weights;
    weights.blocks.resize(std::size_t(config.layers));
    const undrawn_weights undrawn;
    weight_list(config, undrawn).all(weights);
    return weights;
}

}  // namespace detail

/// Weights of the right shapes: matrices and biases zero, normalisations the identity, no unembedding.
/// \throws what config.validate() throws; std::invalid_argument when a layer does not attend.
/// \throws std::length_error before anything is allocated when the weights do not fit in memory.
template <real_scalar Real = float>
[[nodiscard]] decoder_weights<Real> zero_weights(const decoder_config& config) {
    return detail::zero_weights<Real>("zero_weights", config);
}

namespace detail {

/// Throws std::invalid_argument, naming the array, unless the weights have the shapes of
/// zero_weights(config); an unembedding may be there.
template <class Real>
void check_weight_shapes(std::string_view function, const decoder_config& config,
                         const decoder_weights<Real>& weights) {
    const auto check = [function](const weight_shape& shape, const auto& array) {
        check_size(function, "rows of " + shape.name, array.rows(), shape.rows);
        if (shape.rows > 0) check_size(function, "columns of " + shape.name, array.cols(), shape.cols);
    };
    check_size(function, "number of blocks", Eigen::Index(weights.blocks.size()), config.layers);
    weight_list(config, check).all(weights);
    if (weights.unembedding.size() > 0)
        check(weight_shape{"unembedding", config.vocab_size, config.width}, weights.unembedding);
    if (weights.unembedding_bias.size() > 0)
        check(weight_shape{"unembedding_bias", config.vocab_size, 1}, weights.unembedding_bias);
}

}  // namespace detail

}  // namespace cesaro
