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
#include <cesaro/files/safetensors.hpp>

#include <filesystem>
#include <map>
#include <string>
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
    probes.progress = [](double) {  // an interrupt from the keyboard ends the measurement
        const py::gil_scoped_acquire acquire;
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    };
    return probes;
}

/// Checked against the vocabulary by embed().
std::vector<id_list> prompts_of(const integers& ids) {
    const auto& array = ids.array;
    if (array.ndim() < 1 || array.ndim() > 2) {
        detail::throw_invalid_argument("jacobian_norms", "dimensions of token_ids", array.ndim(),
                                       "must be 1 or 2: prompts x tokens");
    }
    const auto tokens = array.shape(array.ndim() - 1);
    std::vector<id_list> prompts;
    for (py::ssize_t i = 0; i < (array.ndim() == 2 ? array.shape(0) : 1); ++i)
        prompts.emplace_back(ids.data() + i * tokens, ids.data() + (i + 1) * tokens);
    return prompts;
}

}  // namespace

void bind_measurements(py::module_& m) {
    m.def("_untrained_norms", [](const decoder& d, integer tokens, const std::optional<integers>& ids,
                                 integer draws, const std::string& kind, integer probes, std::uint64_t seed,
                                 bool normalized) {
        const auto how = probes_of(kind, probes, seed, normalized);
        if (!ids)
            return unlocked(
                [&] { return untrained_jacobian_norms(d.config, tokens.value, draws, how, seed); });
        const auto prompts = prompts_of(*ids);
        detail::check_size("jacobian_norms", "prompts", std::int64_t(prompts.size()), 1);
        return unlocked([&] { return untrained_jacobian_norms(d.config, prompts[0], draws, how, seed); });
    });
    m.def("_checkpoint_norms", [](const decoder& d, const std::filesystem::path& path, integer tokens,
                                  const std::optional<integers>& ids, integer draws, const std::string& kind,
                                  integer probes, std::uint64_t seed, bool normalized) {
        const auto how = probes_of(kind, probes, seed, normalized);
        auto prompts = ids ? prompts_of(*ids) : std::vector<id_list>();
        return unlocked([&] {
            detail::check_at_least("jacobian_norms", "draws", draws, 1);
            for (std::int64_t draw = 0; !ids && draw < draws; ++draw) {
                prompts.push_back(uniform_token_ids(tokens, d.config.vocab_size,
                                                    draw_seeds(seed, std::uint64_t(draw)).tokens));
            }
            const cesaro::decoder<float> model(d.config, load_weights<float>(path, d.config));
            std::vector<Eigen::MatrixXf> inputs;
            for (const id_list& prompt : prompts)
                inputs.push_back(embed(model, prompt));
            return jacobian_norms(model, inputs, how);
        });
    });
    m.def("_save_drawn_weights",
          [](const std::filesystem::path& directory, const decoder& d, std::uint64_t seed) {
              unlocked([&] {
                  d.config.validate();
                  save_weights(directory, d.config, initialize_decoder<float>(d.config, seed).weights());
                  return 0;
              });
          });
    m.def("_load_tensors", [](const std::filesystem::path& path) {
        tensor_map<float> tensors = unlocked([&] { return load_safetensors<float>(path); });
        py::dict arrays;
        for (auto& [name, t] : tensors)
            arrays[py::str(name)] = to_numpy(std::move(t.values)).reshape(t.shape);
        return arrays;
    });
    m.def("_save_tensors",
          [](const std::filesystem::path& path, const std::map<std::string, doubles>& arrays) {
              tensor_map<double> tensors;
              for (const auto& [name, values] : arrays) {
                  const auto& a = values.array;
                  tensors[name] = {{a.shape(), a.shape() + a.ndim()}, values.vector()};
              }
              unlocked([&] {
                  save_safetensors(path, tensors);
                  return 0;
              });
          });
}

}  // namespace cesaro::python
