// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Landmarks of the U-shape, the collapse on the first token, sensitivities.

#include "arrays.hpp"

#include <cesaro/collapse.hpp>
#include <cesaro/landmarks.hpp>
#include <cesaro/sensitivity.hpp>

namespace cesaro::python {

void bind_landmarks(py::module_& m) {
    m.def(
        "primacy_tail",
        [](const network& n, const doubles& x) {
            const auto hops = n.hops();
            return elementwise<double>(x, [&](double at) { return primacy_tail(hops, at); });
        },
        py::arg("network"), py::arg("x"), R"(primacy_tail(network, x)
--

The leading term of the density as x -> 0, ``w_H u**(H-1) / (H-1)!`` with ``u = log(1 / x)``.

Parameters
----------
network : HopLaw, MixingSchedule or array_like
x : array_like
    Relative positions, 0 < x <= 1.
)");
    m.def(
        "recency_delta",
        [](const network& n) { return n.layers ? recency_delta(*n.layers) : recency_delta(*n.law); },
        py::arg("network"), R"(recency_delta(network)
--

The isolated mass at the query, w_0, whatever the context.

Examples
--------
>>> cesaro.recency_delta([0.5, 0.5])
0.25
)");
    m.def(
        "dead_zone",
        [](integer depth, const doubles& x) {
            return elementwise<double>(x, [&](double at) { return dead_zone(depth.value, at); });
        },
        py::arg("depth"), py::arg("x"), R"(dead_zone(depth, x)
--

The density of the path that attends at every layer, ``u**(H-1) / (H-1)!``: all there is without residual
connections. x : array_like, 0 < x <= 1.
)");
    m.def(
        "valley",
        [](const network& n, const doubles& x) {
            const continuum_influence<double> limit(n.hops());
            return elementwise<double>(x, [&](double at) {
                detail::log_distance("valley", at);
                return pdf(limit, at);
            });
        },
        py::arg("network"), py::arg("x"), R"(valley(network, x)
--

The full density between the ends, which residual connections fill. x : array_like, 0 < x <= 1.

Examples
--------
>>> print(f"{cesaro.valley([0.3] * 96, 0.5):.2g}, {cesaro.dead_zone(96, 0.5):.2g}")
4.6e-11, 7.3e-164
)");
    m.def(
        "valley_asymptotic",
        [](integer depth, double alpha, const doubles& x) {
            return elementwise<double>(x,
                                       [&](double at) { return valley_asymptotic(depth.value, alpha, at); });
        },
        py::arg("depth"), py::arg("alpha"), py::arg("x"), R"(valley_asymptotic(depth, alpha, x)
--

Perron's asymptotics of the valley for a constant coefficient and large depth.

Parameters
----------
depth : int
    At least 1.
alpha : float
    0 < alpha < 1.
x : array_like
    Relative positions, 0 < x < 1.
)");
    m.def(
        "first_token_influence",
        [](const integers& tokens, const network& n) {
            const auto hops = n.hops();
            return elementwise<double>(tokens,
                                       [&](std::int64_t t) { return first_token_influence(t, hops); });
        },
        py::arg("tokens"), py::arg("network"), R"(first_token_influence(tokens, network)
--

The influence of the first of so many tokens on the last.

Parameters
----------
tokens : array_like of int
    1 <= tokens <= 2**62.
network : HopLaw, MixingSchedule or array_like

Examples
--------
>>> cesaro.first_token_influence([10, 1000, 100000], [0.3] * 12).round(3)
array([0.573, 0.089, 0.007])
)");
    m.def(
        "collapse_bound",
        [](const integers& tokens, const network& n) {
            const auto hops = n.hops();
            return elementwise<double>(tokens, [&](std::int64_t t) { return collapse_bound(t, hops); });
        },
        py::arg("tokens"), py::arg("network"), R"(collapse_bound(tokens, network)
--

A bound on the influence of all but the first token: the mean position. May exceed one, and then bounds
nothing. tokens : array_like of int, 1 <= tokens <= 2**62.
)");
    m.def(
        "collapse_depth",
        [](integer tokens, double alpha, double epsilon) {
            return unlocked([&] { return collapse_depth(tokens.value, alpha, epsilon); });
        },
        py::arg("tokens"), py::arg("alpha"), py::arg("epsilon"), R"(collapse_depth(tokens, alpha, epsilon)
--

The least depth of equal layers at which all but the first token have an influence of at most epsilon.

Parameters
----------
tokens : int
    1 <= tokens <= 2**62.
alpha : float
    0 < alpha <= 1.
epsilon : float
    0 < epsilon <= 1.

Examples
--------
>>> cesaro.collapse_depth(131072, 0.3, 0.01)
89
)");
    m.def(
        "pdf_sensitivity",
        [](integer query, const network& schedule, integer source) {
            return to_numpy(pdf_sensitivity(query.value, schedule.schedule("pdf_sensitivity"), source.value));
        },
        py::arg("query"), py::arg("schedule"), py::arg("source"), R"(pdf_sensitivity(query, schedule, source)
--

The derivatives of one entry, DiscreteInfluence.pmf(source), by the coefficient of every layer.

Parameters
----------
query, source : int
    0 <= source <= query <= 2**62.
schedule : MixingSchedule or array_like, shape (H,)

Returns
-------
ndarray, shape (H,)

Examples
--------
>>> cesaro.pdf_sensitivity(1, [0.5], 0)
array([0.5])
)");
    m.def(
        "logpdf_sensitivity",
        [](integer query, const network& schedule, integer source) {
            return to_numpy(
                logpdf_sensitivity(query.value, schedule.schedule("logpdf_sensitivity"), source.value));
        },
        py::arg("query"), py::arg("schedule"), py::arg("source"),
        R"(logpdf_sensitivity(query, schedule, source)
--

The derivatives of the logarithm of an entry, also where it underflows; see pdf_sensitivity.
)");
}

}  // namespace cesaro::python
