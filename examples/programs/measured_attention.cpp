// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "measured_attention.hpp"

#include "common/program.hpp"
#include "common/text.hpp"

#include <cesaro/attention/rollout.hpp>
#include <cesaro/columnwise_operator.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/files/npy.hpp>
#include <cesaro/files/safetensors.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace programs {

using Eigen::Index;

namespace {

cesaro::stored_tensor open_tensor(const measured_options& o) {
    check_input(o.file);
    if (o.file.ends_with(".safetensors")) return cesaro::open_safetensors(o.file, o.tensor);
    if (!o.tensor.empty()) {
        throw usage_error(fmt::format(
            "--tensor: '{}' is no .safetensors file; the array of a .npy file has no name", o.file));
    }
    return cesaro::open_npy(input_path(o.file));
}

void check_shape(const std::string& file, const std::vector<Index>& shape) {
    const std::size_t d = shape.size();
    const bool good = (d == 3 || d == 4) && shape[d - 1] == shape[d - 2] &&
                      *std::min_element(shape.begin(), shape.end()) > 0;
    if (!good) {
        throw usage_error(
            fmt::format("'{}' has shape [{}]; it must be [layers, heads, n, n] or [layers, n, n]", file,
                        fmt::join(shape, ", ")));
    }
    check_layers("'" + file + "'", shape.front());
    if (double(shape.back()) * double(shape.back()) * sizeof(double) > cesaro::detail::physical_memory()) {
        throw usage_error(
            fmt::format("'{}': a layer of {} positions does not fit in memory", file, shape.back()));
    }
}

std::vector<double> read_head_weights(const measured_options& o, Index heads) {
    const bool by_weights = o.fusion == "weights";
    if (by_weights != !o.head_weights.empty())
        throw usage_error("--head-weights and --fusion weights: one needs the other");
    if (!by_weights) return std::vector<double>(std::size_t(heads), 1 / double(heads));
    std::vector<double> weights = parse_numbers("--head-weights", o.head_weights);
    if (Index(weights.size()) != heads) {
        throw usage_error(fmt::format("--head-weights has {} for {}",
                                      counted(Index(weights.size()), "weight"), counted(heads, "head")));
    }
    for (const double weight : weights) {
        if (!(weight >= 0 && std::isfinite(weight)))
            throw usage_error(fmt::format("--head-weights: {} must be finite and not negative", weight));
    }
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.);
    if (!(sum > 0 && std::isfinite(sum)))
        throw usage_error(fmt::format("--head-weights: their sum, {}, must be finite and above 0", sum));
    for (double& weight : weights)
        weight /= sum;
    return weights;
}

/// What rounding may move the sum of n weights by: the softmax is that of float, of double in F64, with n + 8
/// roundings; each weight is rounded to the dtype, those of F16 below 2^-14 to multiples of 2^-24.
double rounding_of_sums(const std::string& type, Index n) {
    if (type == "F64") return double(n + 8) * 0x1p-53;
    const double of_float = double(n + 8) * 0x1p-24;
    if (type == "F16") return of_float + 0x1p-11 + double(n) * 0x1p-25;
    return type == "BF16" ? of_float + 0x1p-8 : of_float;
}

/// A layer that is read each time that it is applied.
class stored_layer : public cesaro::columnwise_operator<stored_layer, double> {
  public:
    stored_layer(measured_attention& stack, Index layer)
        : columnwise_operator("stored_layer", stack.positions()), stack_(&stack), layer_(layer) {}

    template <class In, class Out>
    void apply_block(const In& x, Out& y) const {
        stack_->layer(layer_).apply(x, y);
    }
    template <class In, class Out>
    void apply_transpose_block(const In& v, Out& y) const {
        stack_->layer(layer_).apply_transpose(v, y);
    }
    Eigen::MatrixXd matrix() const { return stack_->layer(layer_).matrix(); }

  private:
    measured_attention* stack_;
    Index layer_;
};
static_assert(cesaro::attention_operator<stored_layer>);

}  // namespace

CLI::Option* measured_options::add_to(CLI::App& app) {
    auto* const whole =
        add_word(app, "--attentions", file, "FILE",
                 "Measured attention, .npy or .safetensors: [layers, heads, n, n] or [layers, n, n]");
    std::vector<CLI::Option*> own{
        add_word(app, "--tensor", tensor, "NAME", "Which tensor of a .safetensors file [the only one]"),
        app.add_option("--fusion", fusion,
                       "Of the heads: mean, max, min (both divided by their row sums) or weights [mean]")
            ->type_name("HOW")
            ->check(CLI::IsMember({"mean", "max", "min", "weights"}), ""),
        add_list(app, "--head-weights", head_weights, "Weights of the heads, w0,w1,..., of --fusion weights"),
        add_count(app, "--first-layer", first_layer, 0, most_layers - 1,
                  "The layer from which on to roll out, 0 for all [0]"),
        add_count(app, "--query", query, 0, std::numeric_limits<Index>::max(),
                  "The position whose row is asked for [the last]"),
        app.add_flag("--bidirectional", bidirectional,
                     "Weights above the diagonal are attention; without, they are an error"),
        add_magnitude(app, "--tolerance", tolerance, "X",
                      "How far from 1 a row may sum [what rounding to the dtype explains]")};
    mixing.add_to(app, "0.5, as in arXiv 2005.00928");
    for (const char* const name : {"--lambda", "--lambdas", "--lambdas-file"})
        own.push_back(app.get_option(name));
    for (CLI::Option* const option : own)
        option->needs(whole);
    return whole;
}

measured_attention::measured_attention(const measured_options& options)
    : options_(options), tensor_(open_tensor(options)) {
    check_shape(options.file, tensor_.shape());
    weights_ = read_head_weights(options, heads());
    check_count("--first-layer", options.first_layer, 0, layers() - 1);
    if (options.query >= 0) check_count("--query", options.query, 0, positions() - 1);
    query_ = options.query >= 0 ? options.query : positions() - 1;
    lambdas_ = options.mixing.schedule(layers()).alphas().tail(layers() - options.first_layer);
    tolerance_ = options.tolerance.value_or(rounding_of_sums(tensor_.type(), positions()));
}

void measured_attention::fail(Index layer, Index head, Index row, const std::string& problem) const {
    const std::string of_head =
        tensor_.shape().size() == 4 && head >= 0 ? fmt::format("head {}, ", head) : "";
    throw usage_error(
        fmt::format("'{}': layer {}, {}row {}: {}", options_.file, layer, of_head, row, problem));
}

cesaro::matrix_operator<double> measured_attention::layer(Index l) {
    const Index n = positions();
    const bool least = options_.fusion == "min";
    const bool greatest = options_.fusion == "max";
    row_major fused = row_major::Constant(n, n, least ? std::numeric_limits<double>::infinity() : 0);
    Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(n, heads());
    tensor_.visit_slice<double>(l, [&](Index place, double weight) {
        const Index head = place / (n * n);
        const Index row = place / n - head * n;
        const Index column = place % n;
        if (!(weight >= 0))
            fail(l, head, row, fmt::format("the weight of position {} is {}", column, weight));
        if (column > row && weight > 0 && !options_.bidirectional) {
            fail(l, head, row,
                 fmt::format("the later position {} has weight {:g} (attention that is not causal needs "
                             "--bidirectional)",
                             column, weight));
        }
        sums(row, head) += weight;
        double& entry = fused(row, column);
        if (least) {
            entry = std::min(entry, weight);
        } else if (greatest) {
            entry = std::max(entry, weight);
        } else {
            entry += weights_[std::size_t(head)] * weight;
        }
    });
    check_sums(l, sums);
    if (least || greatest) normalise_rows(l, fused);
    const double rounding = double(n + 8) * std::numeric_limits<double>::epsilon();
    return cesaro::matrix_operator<double>(
        std::move(fused),
        {.causal = !options_.bidirectional, .tolerance = std::min(tolerance_ + rounding, 1.)});
}

void measured_attention::check_sums(Index l, const Eigen::MatrixXd& sums) const {
    for (Index head = 0; head < sums.cols(); ++head) {
        for (Index row = 0; row < sums.rows(); ++row) {
            if (std::abs(sums(row, head) - 1) <= tolerance_) continue;
            fail(l, head, row,
                 fmt::format("its weights sum to {}, not to 1 within {:.2g} (--tolerance allows more)",
                             sums(row, head), tolerance_));
        }
    }
}

void measured_attention::normalise_rows(Index l, row_major& fused) const {
    for (Index row = 0; row < fused.rows(); ++row) {
        const double sum = fused.row(row).sum();
        if (!(sum > 0))
            fail(l, -1, row, "no position has a weight in all heads, so that --fusion min leaves none");
        fused.row(row) /= sum;
    }
}

Eigen::VectorXd measured_attention::row() {
    std::vector<stored_layer> stack;
    for (Index l = options_.first_layer; l < layers(); ++l)
        stack.emplace_back(*this, l);
    return cesaro::rollout_rows(stack, lambdas_, std::vector<Index>{query_}).row(0).transpose();
}

}  // namespace programs
