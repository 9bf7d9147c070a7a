// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Jacobian norms of decoders, drawn or from a checkpoint; the Python side is cesaro/_decoders.py.

#include "decoders.hpp"

#include <cesaro/decoder/draws.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/decoder/layer_statistics.hpp>
#include <cesaro/decoder/unembedding.hpp>
#include <cesaro/decoder/untrained_jacobian_norms.hpp>
#include <cesaro/files/checkpoint.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

namespace cesaro::python {

namespace {

using id_list = std::vector<Eigen::Index>;

/// What is measured, as cesaro/_decoders.py has checked it.
struct measured_kind {
    std::string kind;
    std::int64_t count;
    std::int64_t token;
    std::uint64_t seed;
    bool normalized;
    bool mean_of_shares;
};
jacobian_probes probes_of(const measured_kind& what) {
    static const std::map<std::string, probe_kind> kinds = {
        {"gaussian", probe_kind::gaussian},
        {"exact", probe_kind::exact},
        {"ones", probe_kind::ones},
        {"norm", probe_kind::norm},
        {"logit", probe_kind::logit},
        {"log-probability", probe_kind::log_probability},
        {"argmax-probability", probe_kind::argmax_probability}};
    jacobian_probes probes;
    probes.kind = kinds.at(what.kind);
    probes.count = what.count;
    probes.token = what.token;
    probes.seed = what.seed;
    probes.output = what.normalized ? decoder_output::normalized : decoder_output::residual;
    if (what.mean_of_shares) probes.average = profile_average::normalized;
    return probes;
}

/// Row `index` of prompts, as tokens; checked against the vocabulary by embed().
class prompt_list {
  public:
    prompt_list(const char* function, const integers& ids) : ids_(ids.data()) {
        const auto& array = ids.array;
        if (array.ndim() < 1 || array.ndim() > 2) {
            detail::throw_invalid_argument(function, "dimensions of token_ids", array.ndim(),
                                           "must be 1 or 2: prompts x tokens");
        }
        tokens_ = array.shape(array.ndim() - 1);
        count_ = array.ndim() == 2 ? array.shape(0) : 1;
        detail::check_at_least(function, "prompts in token_ids", count_, 1);
    }
    [[nodiscard]] std::int64_t count() const { return count_; }
    [[nodiscard]] id_list operator()(std::uint64_t index) const {
        const std::int64_t* const first = ids_ + std::int64_t(index) * tokens_;
        return {first, first + tokens_};
    }

  private:
    const std::int64_t* ids_;
    std::int64_t tokens_ = 0;
    std::int64_t count_ = 1;
};

/// layers x heads of one of their numbers.
py::array_t<double> of_heads(const std::vector<layer_statistics>& layers, double head_statistics::*number) {
    const auto heads = layers.empty() ? std::size_t(0) : layers[0].heads.size();
    py::array_t<double> array({layers.size(), heads});
    double* out = array.mutable_data();
    for (const layer_statistics& layer : layers)
        for (const head_statistics& head : layer.heads)
            *out++ = head.*number;
    return array;
}
py::array_t<double> of_layers(const std::vector<layer_statistics>& layers, double layer_statistics::*number) {
    py::array_t<double> array(py::ssize_t(layers.size()));
    double* out = array.mutable_data();
    for (const layer_statistics& layer : layers)
        *out++ = layer.*number;
    return array;
}

/// The name of an array's type in files of tensors; nothing of what they have no numbers for.
std::string type_name(const py::array& array) {
    const auto name = py::cast<std::string>(array.dtype().attr("name"));
    return name == "float16"    ? "F16"
           : name == "bfloat16" ? "BF16"
           : name == "float32"  ? "F32"
           : name == "float64"  ? "F64"
                                : "";
}

/// An array as a tensor of a file that is in memory: contiguous, little-endian.
tensor<float> tensor_of(const detail::file_context& context, const std::string& name,
                        const py::array& array) {
    const std::string type = type_name(array);
    if (type.empty()) {
        throw py::type_error(context.message("tensor '" + detail::printable(name) + "' has the dtype " +
                                             py::cast<std::string>(py::str(array.dtype())) +
                                             "; float16, bfloat16, float32 and float64 are read"));
    }
    const py::array plain = py::module_::import("numpy").attr("ascontiguousarray")(
        array, array.dtype().attr("newbyteorder")("<"));
    tensor<float> t{{array.shape(), array.shape() + array.ndim()}, Eigen::VectorXf(array.size())};
    const auto fail = [&](const std::string& problem) { detail::fail_at_tensor(context, name, problem); };
    detail::decode(type, {static_cast<const std::byte*>(plain.data()), std::size_t(plain.nbytes())},
                   t.values.data(), fail);
    return t;
}

}  // namespace

void bind_measurements(py::module_& m) {
    using model = cesaro::decoder<float>;
    py::class_<model>(m, "_Model");
    py::class_<measured_kind>(m, "_MeasuredKind")
        .def(py::init([](const std::string& kind, integer count, integer token, std::uint64_t seed,
                         bool normalized, bool mean_of_shares) {
            return measured_kind{kind, count.value, token.value, seed, normalized, mean_of_shares};
        }));
    m.def("_drawn_model", [](const decoder& d, std::uint64_t seed) {
        return unlocked([&] { return initialize_decoder<float>(d.config, draw_seeds(seed, 0).weights); });
    });
    m.def("_layer_report", [](const model& network, integer tokens, const std::optional<integers>& ids,
                              std::uint64_t seed) {
        std::optional<prompt_list> given;
        if (ids) given.emplace("layer_report", *ids);
        if (given) detail::check_size("layer_report", "prompts in token_ids", given->count(), 1);
        const auto layers = unlocked([&] {
            return layer_report(network,
                                embed(network, given ? (*given)(0)
                                                     : uniform_token_ids(tokens, network.config().vocab_size,
                                                                         draw_seeds(seed, 0).tokens)));
        });
        py::dict report;
        report["attention_share"] = of_layers(layers, &layer_statistics::attention_share);
        report["mean_attention_share"] = of_layers(layers, &layer_statistics::mean_attention_share);
        report["feed_forward_share"] = of_layers(layers, &layer_statistics::feed_forward_share);
        report["mean_feed_forward_share"] = of_layers(layers, &layer_statistics::mean_feed_forward_share);
        report["tokens_seen"] = of_heads(layers, &head_statistics::tokens_seen);
        report["mean_distance"] = of_heads(layers, &head_statistics::mean_distance);
        report["uniformity"] = of_heads(layers, &head_statistics::uniformity);
        report["first_token"] = of_heads(layers, &head_statistics::first_token);
        report["output_norm"] = of_heads(layers, &head_statistics::output_norm);
        return report;
    });
    m.def("_prompt_loss", [](const model& network, const integers& ids) {
        const prompt_list prompts("prompt_loss", ids);
        detail::check_size("prompt_loss", "prompts in token_ids", prompts.count(), 1);
        return unlocked([&] { return prompt_loss(network, prompts(0)); });
    });
    m.def("_model_of_file", [](const decoder& d, const std::filesystem::path& path) {
        const auto visit = [&](const tensor_filter& wanted, const detail::tensor_sink<float>& sink) {
            detail::visit_checkpoint<float>(
                "load_weights", path, wanted,
                [&](const std::string& name, tensor<float>&& t, std::string_view type) {
                    check_interrupt();
                    sink(name, std::move(t), type);
                });
        };
        return unlocked([&] {
            return model(d.config,
                         detail::gather_weights<float>({"load_weights", path.string()}, d.config, visit));
        });
    });
    m.def("_model_of_arrays",
          [](const decoder& d, const std::vector<std::string>& names, const py::function& array_of) {
              const detail::file_context context{"jacobian_norms", "weights"};
              const auto visit = [&](const tensor_filter& wanted, const detail::tensor_sink<float>& sink) {
                  for (const std::string& name : names) {
                      if (wanted(name))
                          sink(name, tensor_of(context, name, py::cast<py::array>(array_of(name))), "");
                  }
              };
              return model(d.config, detail::gather_weights<float>(context, d.config, visit));
          });
    m.def("_untrained_norms", [](const decoder& d, integer tokens, const std::optional<integers>& ids,
                                 integer draws, const measured_kind& what) {
        const auto how = probes_of(what);
        const std::uint64_t seed = what.seed;
        if (!ids)
            return unlocked(
                [&] { return untrained_jacobian_norms(d.config, tokens.value, draws, how, seed); });
        const prompt_list prompts("jacobian_norms", *ids);
        detail::check_size("jacobian_norms", "prompts in token_ids", prompts.count(), 1);
        return unlocked([&] { return untrained_jacobian_norms(d.config, prompts(0), draws, how, seed); });
    });
    m.def("_model_norms", [](const model& network, integer tokens, const std::optional<integers>& ids,
                             integer draws, const measured_kind& what) {
        const auto how = probes_of(what);
        const std::uint64_t seed = what.seed;
        std::optional<prompt_list> given;
        if (ids) given.emplace("jacobian_norms", *ids);
        const auto input = [&](std::uint64_t i) {
            return embed(network, given ? (*given)(i)
                                        : uniform_token_ids(tokens, network.config().vocab_size,
                                                            draw_seeds(seed, i).tokens));
        };
        detail::check_at_least("jacobian_norms", "draws", draws, 1);
        return unlocked(
            [&] { return jacobian_norms(network, given ? given->count() : draws.value, input, how); });
    });
    m.def("_draw_weights", [](const decoder& d, std::uint64_t seed) {
        d.config.validate();
        const model drawn = unlocked([&] { return initialize_decoder<float>(d.config, seed); });
        detail::check_all_named("draw_weights", d.config, drawn.weights());
        py::dict arrays;
        for_each_tensor(d.config, drawn.weights(), [&](const tensor_view<const float>& view) {
            py::array_t<float> array(view.shape);
            const std::span<float> out(array.mutable_data(), std::size_t(array.size()));
            for (const auto& part : view.parts)
                detail::copy_from(view, part, 0, out);
            arrays[py::str(view.name)] = array;
        });
        return arrays;
    });
}

}  // namespace cesaro::python
