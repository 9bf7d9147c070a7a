// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Untrained decoders: what a configuration says, and what it predicts.

#include "decoders.hpp"

#include "profiles.hpp"

#include <cesaro/decoder/mean_field.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/files/describe_config.hpp>

#include <cstdint>
#include <optional>
#include <sstream>

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

namespace pybind11::detail {

bool type_caster<cesaro::python::decoder>::load(handle source, bool) {
    object found = reinterpret_borrow<object>(source);
    if (!isinstance<cesaro::decoder_config>(source))
        found = module_::import("cesaro._decoders").attr("read_config")(source);
    value.config = pybind11::cast<const cesaro::decoder_config&>(found);
    return true;
}

}  // namespace pybind11::detail

namespace cesaro::python {

void bind_decoders(py::module_& m) {
    py::class_<decoder_config>(m, "DecoderConfig", R"(What read_config() reads: the description of a decoder.

Its repr lists every member, ``describe()`` gives them as a dictionary.
)")
        .def_readonly("model_type", &decoder_config::model_type, "Of Hugging Face transformers.")
        .def_readonly("layers", &decoder_config::layers, "The number of layers.")
        .def_readonly("width", &decoder_config::width, "Of the residual stream.")
        .def_readonly("heads", &decoder_config::heads, "Query heads.")
        .def_readonly("kv_heads", &decoder_config::kv_heads, "Key and value heads.")
        .def_readonly("head_width", &decoder_config::head_width, "Of queries and keys.")
        .def_readonly("intermediate", &decoder_config::intermediate, "Of the feed-forward branch.")
        .def_readonly("vocab_size", &decoder_config::vocab_size, "The number of tokens that there are.")
        .def_readonly("max_positions", &decoder_config::max_positions, "The context that it is made for.")
        .def(
            "window",
            [](const decoder_config& c, integer layer) {
                if (layer < 0 || layer >= c.layers) {
                    detail::throw_domain_error("DecoderConfig::window", "layer", layer.value,
                                               "must be one of " + std::to_string(c.layers) + ", from 0");
                }
                return c.window(layer);
            },
            py::arg("layer"), R"(window($self, layer)
--

Positions that a query of a layer sees, itself included; 0: all of its past.
)")
        .def(
            "describe",
            [](const decoder_config& c) {
                const py::object loads = py::module_::import("json").attr("loads");
                py::dict members;
                for (const auto& [name, value] : describe_config(c))
                    members[py::str(name)] = loads(value);
                return members;
            },
            R"(describe($self)
--

Every member by its name, such as ``rope.theta``.
)")
        .def(
            "to_json", [](const decoder_config& c) { return decoder_config_text(c); }, R"(to_json($self)
--

The text of a config.json that describes this decoder.
)")
        .def("__repr__",
             [](const decoder_config& c) {
                 std::ostringstream text;
                 text << "DecoderConfig(";
                 for (const auto& [name, value] : describe_config(c))
                     text << "\n  " << name << ": " << value;
                 text << ")";
                 return text.str();
             })
        .def(
            "__eq__",
            [](const decoder_config& a, const decoder_config& b) {
                return detail::first_difference(a, b).empty() &&
                       describe_config(a).size() == describe_config(b).size();
            },
            py::is_operator());
    m.def("_parse_config", &parse_decoder_config, py::arg("text"), py::arg("file") = "config.json");
    m.def("_read_config", &read_decoder_config, py::arg("path"));

    py::class_<predicted_profile>(
        m, "Prediction",
        R"(What predict() gives: the share of every position in the Jacobian norms of the last position's output,
a probability distribution over positions that takes the memory of some hundred numbers.
)")
        .def_property_readonly("tokens", &predicted_profile::tokens,
                               "Positions, the last one's own included.")
        .def(
            "share",
            [](const predicted_profile& p, const integers& positions) {
                return elementwise<double>(positions, [&](std::int64_t at) { return p.share(at); });
            },
            py::arg("positions"), R"(share($self, positions)
--

The share of each position. positions : array_like of int in [0, tokens).
)")
        .def(
            "cdf",
            [](const predicted_profile& p, const integers& positions) {
                return elementwise<double>(positions, [&](std::int64_t at) { return p.cdf(at); });
            },
            py::arg("positions"), R"(cdf($self, positions)
--

The share of all positions up to each, it included. positions : array_like of int in [0, tokens).
)")
        .def(
            "quantile",
            [](const predicted_profile& p, const doubles& levels) {
                return elementwise<std::int64_t>(levels, [&](double level) { return p.quantile(level); });
            },
            py::arg("p"), R"(quantile($self, p)
--

The first position whose cdf reaches p. p : array_like in [0, 1].
)")
        .def_property_readonly(
            "alphas", [](const predicted_profile& p) { return to_numpy(Eigen::VectorXd(p.alphas())); },
            "By layer, the share of what attention adds at the last position, shape (layers,): the "
            "coefficients\n"
            "of a MixingSchedule for this decoder and context.")
        .def_property_readonly(
            "tokens_seen",
            [](const predicted_profile& p) { return to_numpy(Eigen::VectorXd(p.tokens_seen())); },
            "By layer, the number of tokens that a head really sees from the last position, shape "
            "(layers,):\n"
            "the inverse of the expected sum of squared attention weights.")
        .def_property_readonly("error_estimate", &predicted_profile::error_estimate,
                               "An estimate of the error of the shares in total variation, that comes of\n"
                               "gathering positions in cells.")
        .def(
            "expand",
            [](const predicted_profile& p) { return to_numpy(unlocked([&] { return p.expand(); })); },
            R"(expand($self)
--

The shares of all positions, shape (tokens,).
)")
        .def(
            "summary", [](const predicted_profile& p) { return unlocked([&] { return summarize(p); }); },
            R"(summary($self)
--

The ProfileSummary of the shares.
)")
        .def("__repr__", [](const predicted_profile& p) {
            return py::str("Prediction({} tokens, {} layers)").format(p.tokens(), p.alphas().size());
        });
    m.def(
        "predict",
        [](const decoder& d, std::optional<integer> tokens, double accuracy) {
            const std::int64_t context = tokens ? tokens->value : std::int64_t(d.config.max_positions);
            return unlocked([&] { return predict(d.config, context, accuracy); });
        },
        py::arg("config"), py::arg("tokens") = py::none(), py::arg("accuracy") = 1e-3,
        R"(predict(config, tokens=None, accuracy=0.001)
--

The influence of every position on the last of so many tokens, in a decoder at initialisation, from its
configuration alone: no measurement, no fitted parameter.

Parameters
----------
config : DecoderConfig, or what read_config takes
tokens : int, optional
    The length of the context, 1 <= tokens <= 2**53; None is the one that the model is made for, max_positions.
accuracy : float
    Wanted of the shares, in total variation.

Returns
-------
Prediction

Examples
--------
>>> gpt2 = {"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024,
...         "vocab_size": 50257}
>>> p = cesaro.predict(gpt2, tokens=1024)
>>> p.share([0, 511, 1023]).round(4)
array([0.0141, 0.0005, 0.1589])
>>> p.quantile(0.5) < 512
True
)");
    m.def(
        "mean_field_profile",
        [](const decoder& d, integer tokens) {
            return to_numpy(unlocked([&] { return mean_field_profile(d.config, tokens.value); }));
        },
        py::arg("config"), py::arg("tokens"), R"(mean_field_profile(config, tokens)
--

The predicted Jacobian norms themselves, ``sqrt(E |dh[n] / dx[m]|_F**2)``, not normalised, shape (tokens,).

Parameters
----------
config : DecoderConfig, or what read_config takes
tokens : int
    At least 1.
)");
    m.def(
        "mean_field_gains",
        [](const decoder& d, integer tokens) {
            return unlocked([&] { return mean_field_gains(d.config, tokens.value); });
        },
        py::arg("config"), py::arg("tokens"), R"(mean_field_gains(config, tokens)
--

The gains per layer and position that a configuration predicts: PositionGains, (tokens, layers) each.
)");
    bind_measurements(m);
}

}  // namespace cesaro::python
