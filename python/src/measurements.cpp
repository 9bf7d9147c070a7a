// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Jacobian norms of decoders, drawn or from a checkpoint; the Python side is cesaro/_decoders.py.

#include "decoders.hpp"

#include <cesaro/decoder/draws.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/decoder/untrained_jacobian_norms.hpp>
#include <cesaro/files/checkpoint.hpp>

#include <cstddef>
#include <filesystem>
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

jacobian_probes probes_of(const std::string& kind, std::int64_t count, std::uint64_t seed, bool normalized) {
    jacobian_probes probes;
    probes.kind = kind == "exact"  ? probe_kind::exact
                  : kind == "ones" ? probe_kind::ones
                                   : probe_kind::gaussian;
    probes.count = count;
    probes.seed = seed;
    probes.output = normalized ? decoder_output::normalized : decoder_output::residual;
    return probes;
}

/// Row `index` of prompts, as tokens; checked against the vocabulary by embed().
class prompt_list {
  public:
    explicit prompt_list(const integers& ids) : ids_(ids.data()) {
        const auto& array = ids.array;
        if (array.ndim() < 1 || array.ndim() > 2) {
            detail::throw_invalid_argument("jacobian_norms", "dimensions of token_ids", array.ndim(),
                                           "must be 1 or 2: prompts x tokens");
        }
        tokens_ = array.shape(array.ndim() - 1);
        count_ = array.ndim() == 2 ? array.shape(0) : 1;
        detail::check_at_least("jacobian_norms", "prompts in token_ids", count_, 1);
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
                                 integer draws, const std::string& kind, integer probes, std::uint64_t seed,
                                 bool normalized) {
        const auto how = probes_of(kind, probes, seed, normalized);
        if (!ids)
            return unlocked(
                [&] { return untrained_jacobian_norms(d.config, tokens.value, draws, how, seed); });
        const prompt_list prompts(*ids);
        detail::check_size("jacobian_norms", "prompts in token_ids", prompts.count(), 1);
        return unlocked([&] { return untrained_jacobian_norms(d.config, prompts(0), draws, how, seed); });
    });
    m.def("_model_norms",
          [](const model& network, integer tokens, const std::optional<integers>& ids, integer draws,
             const std::string& kind, integer probes, std::uint64_t seed, bool normalized) {
              const auto how = probes_of(kind, probes, seed, normalized);
              std::optional<prompt_list> given;
              if (ids) given.emplace(*ids);
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
