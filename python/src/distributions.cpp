// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// The row as a distribution, and its limits, with the methods of scipy.stats.

#include "arrays.hpp"
#include "keys.hpp"

#include <cesaro/continuum_influence.hpp>
#include <cesaro/depth_limit_influence.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_summary.hpp>

namespace cesaro::python {

namespace {

using discrete = discrete_influence<double>;

/// What the laws over (0, 1] share, and the discrete one but for the type of a position.
template <class Position, class Class>
void bind_law(Class& c) {
    using Law = typename Class::type;
    using Positions = std::conditional_t<std::is_same_v<Position, double>, doubles, integers>;
    c.def(
         "cdf",
         [](const Law& d, const Positions& x) {
             return elementwise<double>(x, [&](Position at) { return cdf(d, at); });
         },
         py::arg("x"), R"(cdf($self, x)
--

The influence of all positions up to x, x included. x : array_like.
)")
        .def(
            "sf",
            [](const Law& d, const Positions& x) {
                return elementwise<double>(x, [&](Position at) { return cdf(complement(d, at)); });
            },
            py::arg("x"), R"(sf($self, x)
--

The influence of all positions beyond x: ``1 - cdf(x)``, to full relative accuracy. x : array_like.
)")
        .def(
            "ppf",
            [](const Law& d, const doubles& p) {
                return elementwise<Position>(p, [&](double level) { return quantile(d, level); });
            },
            py::arg("p"), R"(ppf($self, p)
--

The first position whose cdf reaches p, in [0, 1]: the quantile. p : array_like.
)")
        .def(
            "isf",
            [](const Law& d, const doubles& q) {
                return elementwise<Position>(q, [&](double level) { return quantile(complement(d, level)); });
            },
            py::arg("q"), R"(isf($self, q)
--

The first position whose sf is at most q, in [0, 1]. q : array_like.
)")
        .def(
            "mean", [](const Law& d) { return mean(d); }, R"(mean($self)
--

The mean position.
)")
        .def(
            "var", [](const Law& d) { return variance(d); }, R"(var($self)
--

The variance of the position.
)")
        .def(
            "std", [](const Law& d) { return standard_deviation(d); }, R"(std($self)
--

The standard deviation of the position.
)")
        .def(
            "skewness", [](const Law& d) { return skewness(d); }, R"(skewness($self)
--

The third standardised moment of the position.
)")
        .def(
            "kurtosis", [](const Law& d) { return kurtosis(d); }, R"(kurtosis($self)
--

The fourth standardised moment of the position, 3 of a normal law; scipy.stats' is less by 3.
)")
        .def(
            "median", [](const Law& d) { return median(d); }, R"(median($self)
--

``ppf(0.5)``.
)")
        .def(
            "support", [](const Law& d) { return py::make_tuple(support(d).first, support(d).second); },
            R"(support($self)
--

The first and the last position.
)");
}

template <class Class>
void bind_unit_law(Class& c) {
    using Law = typename Class::type;
    bind_law<double>(c);
    c.def(
         "pdf",
         [](const Law& d, const doubles& x) {
             return elementwise<double>(x, [&](double at) { return pdf(d, at); });
         },
         py::arg("x"), R"(pdf($self, x)
--

The density at 0 <= x <= 1, without the recency delta at 1. x : array_like.
)")
        .def(
            "logpdf",
            [](const Law& d, const doubles& x) {
                return elementwise<double>(x, [&](double at) { return logpdf(d, at); });
            },
            py::arg("x"), R"(logpdf($self, x)
--

The logarithm of the density, also where that underflows. x : array_like.
)")
        .def_property_readonly("delta_weight", &Law::delta_weight, "The mass at x = 1, the recency delta.");
}

}  // namespace

void bind_distributions(py::module_& m) {
    py::class_<discrete> row(m, "DiscreteInfluence", R"(DiscreteInfluence(query, network, keys=None)
--

The influence of every position on one query, as a distribution; nothing of the context's size is stored.

Row `query` of the network operator ``A = sum_k w_k M**k``. Methods have scipy.stats' names and take arrays;
a position outside [0, query] is a ValueError.

Parameters
----------
query : int
    The zero-based position of the token that reads, 0 <= query <= 2**62.
network : HopLaw, MixingSchedule or array_like
    The coefficients of the layers, or the law of the hops.
keys : UniformKeys, DecayingKeys, WeightedKeys or None
    How attention weighs its keys; None is uniform. Only of uniform keys without a sink there are mode() and summary().

Examples
--------
>>> gpt2 = cesaro.DiscreteInfluence(1023, cesaro.MixingSchedule.constant(12, 0.2))
>>> gpt2.pmf([0, 511, 1023]).round(6)
array([0.033031, 0.000457, 0.068921])
>>> gpt2.median()
148
>>> cesaro.DiscreteInfluence(10**18, [0.3] * 12).sf(10**18 - 10) < 0.1
True
)");
    row.def(py::init([](integer query, const network& n, const py::object& keys) {
                return row_with_keys(query.value, n.hops(), keys);
            }),
            py::arg("query"), py::arg("network"), py::arg("keys") = py::none(),
            R"(__init__(self, query, network, keys=None)
--

See the class.
)")
        .def_property_readonly("query", &discrete::query, "The position of the token that reads.")
        .def_property_readonly("hops", &discrete::hops, "The law of the hops.")
        .def_property_readonly(
            "lost", [](const discrete& d) { return sink_influence(d); },
            "What a sink takes of the influence; 0 of keys without one.")
        .def(
            "pmf",
            [](const discrete& d, const integers& x) {
                return elementwise<double>(x, [&](std::int64_t at) { return pdf(d, at); });
            },
            py::arg("x"), R"(pmf($self, x)
--

The influence of positions x, array_like of integers in [0, query].

For all positions of a context influence_row is the faster way.
)")
        .def(
            "logpmf",
            [](const discrete& d, const integers& x) {
                return elementwise<double>(x, [&](std::int64_t at) { return logpdf(d, at); });
            },
            py::arg("x"), R"(logpmf($self, x)
--

The logarithm of pmf, also where that underflows.
)")
        .def(
            "mode", [](const discrete& d) { return mode(d); }, R"(mode($self)
--

The position of the greatest influence: the first or the last.
)")
        .def(
            "summary", [](const discrete& d) { return unlocked([&] { return summarize(d); }); },
            R"(summary($self)
--

The ProfileSummary of the row, at any length.
)")
        .def("__repr__", [](const discrete& d) {
            return py::str("DiscreteInfluence(query {}, at most {} hops)")
                .format(d.query(), d.hops().max_hops());
        });
    bind_law<std::int64_t>(row);

    using continuum = continuum_influence<double>;
    py::class_<continuum> limit(m, "ContinuumInfluence", R"(ContinuumInfluence(network)
--

The limit of DiscreteInfluence for long contexts: a density over x = position / query in (0, 1], and the
recency delta at 1.

Parameters
----------
network : HopLaw, MixingSchedule or array_like

Examples
--------
>>> limit = cesaro.ContinuumInfluence(cesaro.MixingSchedule.constant(12, 0.2))
>>> limit.pdf([0.1, 0.5]).round(4)
array([1.8268, 0.4673])
>>> round(limit.delta_weight, 4)
0.0687
)");
    limit
        .def(py::init([](const network& n) { return continuum(n.hops()); }), py::arg("network"),
             R"(__init__(self, network)
--

See the class.
)")
        .def_property_readonly("hops", &continuum::hops, "The law of the hops.")
        .def("__repr__", [](const continuum& c) {
            return py::str("ContinuumInfluence(at most {} hops)").format(c.hops().max_hops());
        });
    bind_unit_law(limit);

    using depth_limit = depth_limit_influence<double>;
    py::class_<depth_limit> deep(m, "DepthLimitInfluence", R"(DepthLimitInfluence(total_attention)
--

The limit of ContinuumInfluence for many layers that attend little: Poisson hops.

Parameters
----------
total_attention : float
    The sum of the coefficients, finite and at least 0.

Examples
--------
>>> round(cesaro.DepthLimitInfluence(2.4).delta_weight, 4)
0.0907
)");
    deep.def(py::init<double>(), py::arg("total_attention"), R"(__init__(self, total_attention)
--

See the class.
)")
        .def_property_readonly("total_attention", &depth_limit::total_attention,
                               "The sum of the coefficients.")
        .def("__repr__", [](const depth_limit& e) {
            return py::str("DepthLimitInfluence({:.6g})").format(e.total_attention());
        });
    bind_unit_law(deep);
}

}  // namespace cesaro::python
