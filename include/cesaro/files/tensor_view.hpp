// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The weights of a decoder as the tensors of a checkpoint.

#pragma once

#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/decoder_weights.hpp>
#include <cesaro/files/tensor_names.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cesaro {

/// Rows of the weights as a part of a tensor: the entry in row i and column j, which is values[i cols + j],
/// is stored at offset + i row_stride + j column_stride.
template <class Scalar>
struct tensor_part {
    Scalar* values;
    Eigen::Index rows;
    Eigen::Index cols;
    Eigen::Index offset;
    Eigen::Index row_stride;
    Eigen::Index column_stride;
};

/// One named tensor of a checkpoint, row-major; its parts cover it.
template <class Scalar>
struct tensor_view {
    std::string name;
    std::vector<Eigen::Index> shape;
    std::vector<tensor_part<Scalar>> parts;
    double shift = 0;  ///< what is stored is a weight plus this

    Eigen::Index size() const {
        Eigen::Index product = 1;
        for (const Eigen::Index dimension : shape)
            product *= dimension;
        return product;
    }
};

namespace detail {

/// Rows of the weights that have a name: a matrix, or a vector (one column), and their biases, if any.
template <class Scalar>
struct named_rows {
    Scalar* values = nullptr;
    Eigen::Index rows = 0;
    Eigen::Index cols = 1;
    Scalar* bias = nullptr;
    bool vector = false;
    bool gain = false;
};

template <class Scalar, class Vector>
named_rows<Scalar> rows_of_vector(Vector& v) {
    return {.values = v.data(), .rows = v.size(), .vector = true};
}
template <class Scalar, class Matrix>
named_rows<Scalar> rows_of_matrix(Matrix& m) {
    return {.values = m.data(), .rows = m.rows(), .cols = m.cols()};
}
/// Rows [first, first + rows) of an affine map; none where it has none.
template <class Scalar, class Linear>
named_rows<Scalar> rows_of_linear(Linear& l, Eigen::Index first, Eigen::Index rows) {
    if (l.matrix.size() == 0) return {};
    return {.values = l.matrix.data() + first * l.matrix.cols(),
            .rows = rows,
            .cols = l.matrix.cols(),
            .bias = l.bias.size() > 0 ? l.bias.data() + first : nullptr};
}
template <class Scalar, class Linear>
named_rows<Scalar> rows_of_linear(Linear& l) {
    return rows_of_linear<Scalar>(l, 0, l.matrix.rows());
}
/// A normalisation, of which part `index` of `count` has a name of its own.
template <class Scalar, class Norm>
named_rows<Scalar> rows_of_norm(Norm& n, Eigen::Index index = 0, Eigen::Index count = 1) {
    const Eigen::Index rows = n.gain.size() / count;
    return {.values = n.gain.data() + index * rows,
            .rows = rows,
            .bias = n.bias.size() > 0 ? n.bias.data() + index * rows : nullptr,
            .vector = true,
            .gain = true};
}

/// Visits the tensors of weights, const or not.
template <class Weights, class Visitor>
class tensor_visitor {
  public:
    using scalar = std::remove_reference_t<decltype(*std::declval<Weights&>().token_embedding.data())>;
    using rows_type = named_rows<scalar>;
    using part_list = std::array<rows_type, 3>;

    tensor_visitor(const decoder_config& config, const tensor_names& names, Weights& weights,
                   const Visitor& f)
        : c_(config),
          names_(names),
          w_(weights),
          f_(f),
          base_(w_.unembedding.size() == 0 && names.bare ? "" : names.base) {}

    void all() {
        for (const tensor_name& entry : names_.outside)
            visit(entry, base_,
                  [this](weight_part part, Eigen::Index, Eigen::Index) { return outside(part); });
        for (std::size_t l = 0; l < w_.blocks.size(); ++l) {
            const std::string prefix = base_ + std::string(names_.layers) + std::to_string(l) + ".";
            const auto find = [this, l](weight_part part, Eigen::Index index, Eigen::Index count) {
                return in_layer(w_.blocks[l], part, index, count);
            };
            for (const auto& list : names_.layer)
                for (const tensor_name& entry : list)
                    visit(entry, prefix, find);
        }
        unembedding();
    }
    void unembedding() {
        if (w_.unembedding.size() == 0) return;
        visit({names_.unembedding, {weight_part::unembedding}}, "",
              [this](weight_part part, Eigen::Index, Eigen::Index) { return outside(part); });
    }

  private:
    /// The tensors of an entry: one, or one for each expert or head; find(part, number, of) looks for its
    /// rows.
    template <class Find>
    void visit(const tensor_name& entry, const std::string& prefix, const Find& find) {
        const std::size_t star = entry.name.find('*');
        const bool numbered = star != std::string_view::npos;
        const Eigen::Index count = numbered || entry.stacked ? count_of(entry.parts[0]) : 1;
        for (Eigen::Index number = 0; number < (numbered ? count : 1); ++number) {
            std::string name = prefix + std::string(entry.name);
            if (numbered) name.replace(prefix.size() + star, 1, std::to_string(number));
            const auto rows = [&](Eigen::Index copy) {
                part_list list;
                for (std::size_t i = 0; i < list.size(); ++i)
                    list[i] = find(entry.parts[i], numbered ? number : copy, count);
                return list;
            };
            emit(entry, name, entry.stacked ? count : 1, rows);
        }
    }

    /// How many experts or heads have parts of their own.
    Eigen::Index count_of(weight_part part) const {
        return part == weight_part::query_norm ? c_.heads
               : part == weight_part::key_norm ? c_.kv_heads
               : c_.experts                    ? c_.experts->count
                                               : 0;
    }

    /// The tensor of the weights and that of the biases, where they are there.
    template <class Rows>
    void emit(const tensor_name& entry, const std::string& name, Eigen::Index copies, const Rows& rows) {
        if (copies == 0) return;
        const part_list first = rows(0);
        const rows_type* const some =
            std::ranges::find_if(first, [](const rows_type& r) { return r.rows > 0; });
        if (some == first.end()) return;
        Eigen::Index total = 0;
        for (const rows_type& r : first)
            total += r.rows;
        for (const bool bias : {false, true}) {
            if (bias && some->bias == nullptr) continue;
            const Eigen::Index cols = bias ? 1 : some->cols;
            tensor_view<scalar> view;
            view.name = name + std::string(bias ? entry.bias_suffix : entry.weight_suffix);
            if (entry.stacked) view.shape.push_back(copies);
            view.shape.push_back(entry.transposed && !bias ? cols : total);
            if (!bias && !some->vector) view.shape.push_back(entry.transposed ? total : cols);
            view.shift = some->gain && !bias ? names_.gain_shift : 0;
            for (Eigen::Index copy = 0; copy < copies; ++copy)
                place(entry, rows(copy), bias, cols, total, copy * total * cols, view.parts);
            f_(view);
        }
    }

    /// Where the rows of the parts are in a matrix of `total` x `cols` that begins at `begin`.
    void place(const tensor_name& entry, const part_list& list, bool bias, Eigen::Index cols,
               Eigen::Index total, Eigen::Index begin, std::vector<tensor_part<scalar>>& parts) const {
        const bool in_turn = entry.layout == tensor_layout::turns;
        const Eigen::Index groups = entry.layout == tensor_layout::groups ? c_.kv_heads : 1;
        const Eigen::Index step =
            in_turn ? Eigen::Index(std::ranges::count_if(list, [](const rows_type& r) { return r.rows > 0; }))
                    : 1;
        Eigen::Index first = 0;
        for (const rows_type& r : list) {
            if (r.rows == 0) continue;
            const Eigen::Index rows = r.rows / groups;
            scalar* const values = bias ? r.bias : r.values;
            for (Eigen::Index group = 0; group < groups; ++group) {
                const Eigen::Index row = group * (total / groups) + first;
                const Eigen::Index row_stride = entry.transposed ? 1 : cols;
                parts.push_back({values + group * rows * cols, rows, cols, begin + row * row_stride,
                                 step * row_stride, entry.transposed ? total : 1});
            }
            first += in_turn ? 1 : rows;
        }
    }

    rows_type outside(weight_part part) {
        switch (part) {
            case weight_part::token_embedding:
                return rows_of_matrix<scalar>(w_.token_embedding);
            case weight_part::position_embedding:
                return rows_of_matrix<scalar>(w_.position_embedding);
            case weight_part::embedding_norm:
                return rows_of_norm<scalar>(w_.embedding_norm);
            case weight_part::final_norm:
                return rows_of_norm<scalar>(w_.final_norm);
            case weight_part::unembedding: {
                auto rows = rows_of_matrix<scalar>(w_.unembedding);
                if (w_.unembedding_bias.size() > 0) rows.bias = w_.unembedding_bias.data();
                return rows;
            }
            default:
                return {};
        }
    }

    template <class Block>
    rows_type in_layer(Block& b, weight_part part, Eigen::Index index, Eigen::Index count) {
        const Eigen::Index q = c_.query_size();
        const Eigen::Index k = c_.key_size();
        const Eigen::Index inner = c_.intermediate;
        const experts_config e = c_.experts.value_or(experts_config{});
        const Eigen::Index gate = c_.gated ? 1 : 0;
        switch (part) {
            case weight_part::attention_norm:
                return rows_of_norm<scalar>(b.attention_norm);
            case weight_part::attention_output_norm:
                return rows_of_norm<scalar>(b.attention_output_norm);
            case weight_part::feed_forward_norm:
                return rows_of_norm<scalar>(b.feed_forward_norm);
            case weight_part::feed_forward_output_norm:
                return rows_of_norm<scalar>(b.feed_forward_output_norm);
            case weight_part::query:
                return c_.latent ? rows_of_linear<scalar>(b.latent.query)
                                 : rows_of_linear<scalar>(b.query_key_value, 0, q);
            case weight_part::key:
                return rows_of_linear<scalar>(b.query_key_value, q, k);
            case weight_part::value:
                return rows_of_linear<scalar>(b.query_key_value, q + k, c_.value_size());
            case weight_part::attention_output:
                return rows_of_linear<scalar>(b.attention_output);
            case weight_part::query_norm:
                return rows_of_norm<scalar>(b.query_norm, index, count);
            case weight_part::key_norm:
                return rows_of_norm<scalar>(b.key_norm, index, count);
            case weight_part::sinks:
                return rows_of_vector<scalar>(b.sinks);
            case weight_part::query_down:
                return rows_of_linear<scalar>(b.latent.query_down);
            case weight_part::query_latent_norm:
                return rows_of_norm<scalar>(b.latent.query_norm);
            case weight_part::key_value_down:
                return rows_of_linear<scalar>(b.latent.key_value_down);
            case weight_part::key_value_latent_norm:
                return rows_of_norm<scalar>(b.latent.key_value_norm);
            case weight_part::key_value_up:
                return rows_of_linear<scalar>(b.latent.key_value_up);
            case weight_part::gate:
                return rows_of_linear<scalar>(b.feed_forward_input, 0, gate * inner);
            case weight_part::up:
                return rows_of_linear<scalar>(b.feed_forward_input, gate * inner, inner);
            case weight_part::down:
                return rows_of_linear<scalar>(b.feed_forward_output);
            case weight_part::router:
                return rows_of_linear<scalar>(b.experts.router);
            case weight_part::correction:
                return rows_of_vector<scalar>(b.experts.correction);
            case weight_part::expert_gate:
                return rows_of_linear<scalar>(b.experts.input, index * c_.pre_activations(e.intermediate),
                                              gate * e.intermediate);
            case weight_part::expert_up:
                return rows_of_linear<scalar>(
                    b.experts.input, index * c_.pre_activations(e.intermediate) + gate * e.intermediate,
                    e.intermediate);
            case weight_part::expert_down:
                return rows_of_linear<scalar>(b.experts.output, index * c_.width, c_.width);
            case weight_part::shared_gate:
                return rows_of_linear<scalar>(b.experts.shared_input, 0, gate * e.shared);
            case weight_part::shared_up:
                return rows_of_linear<scalar>(b.experts.shared_input, gate * e.shared, e.shared);
            case weight_part::shared_down:
                return rows_of_linear<scalar>(b.experts.shared_output);
            case weight_part::shared_score:
                return rows_of_linear<scalar>(b.experts.shared_gate);
            default:
                return {};
        }
    }

    const decoder_config& c_;
    const tensor_names& names_;
    Weights& w_;
    const Visitor& f_;
    std::string base_;
};

}  // namespace detail

/// Calls f(tensor_view) for every tensor of a checkpoint in a fixed order, under its Hugging Face name, as
/// published; an unembedding last. `weights` may be const; its shapes are those of zero_weights(config).
/// \throws what tensor_names_of() throws.
template <class Weights, class Visitor>
void for_each_tensor(const decoder_config& config, Weights& weights, const Visitor& f) {
    detail::tensor_visitor<Weights, Visitor>(config, tensor_names_of(config), weights, f).all();
}

}  // namespace cesaro
