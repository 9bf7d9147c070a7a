// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Keys that are not uniform, sliding windows, other wirings, and the formulas of neighbouring theories.

#include "keys.hpp"

#include "arrays.hpp"

#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/peer_formulas.hpp>
#include <cesaro/window_influence.hpp>
#include <cesaro/wiring.hpp>

namespace cesaro::python {

namespace {

template <class Function>
auto with_keys(const char* function, const py::object& keys, const Function& f) {
    if (py::isinstance<uniform_keys<double>>(keys)) return f(keys.cast<uniform_keys<double>>());
    if (py::isinstance<decaying_keys<double>>(keys)) return f(keys.cast<decaying_keys<double>>());
    if (py::isinstance<weighted_keys<double>>(keys)) return f(keys.cast<weighted_keys<double>>());
    if (!keys.is_none())
        throw py::type_error(std::string("cesaro::") + function +
                             ": keys must be UniformKeys, DecayingKeys, WeightedKeys or None");
    return f(uniform_keys<double>{});
}

retrieval_parameters<double> retrieval(double inverse_temperature, double slope, double width) {
    return {.inverse_temperature = inverse_temperature, .slope = slope, .width = width};
}

}  // namespace

discrete_influence<double> row_with_keys(std::int64_t query, const hop_law<double>& hops,
                                         const py::object& keys) {
    return with_keys("DiscreteInfluence", keys, [&](const auto& k) {
        return unlocked([&] { return discrete_influence<double>(query, hops, k); });
    });
}

Eigen::VectorXd influence_row_with_keys(std::int64_t tokens, const hop_law<double>& hops,
                                        const py::object& keys) {
    if (keys.is_none()) return unlocked([&] { return influence_row(tokens, hops); });
    return with_keys("influence_row", keys,
                     [&](const auto& k) { return unlocked([&] { return influence_row(tokens, hops, k); }); });
}

void influence_matrix_with_keys(const hop_law<double>& hops, const py::object& keys, RowMajorMatrix& out) {
    if (keys.is_none()) {
        unlocked([&] { return influence_matrix(hops, out), 0; });
        return;
    }
    with_keys("influence_matrix", keys,
              [&](const auto& k) { return unlocked([&] { return influence_matrix(hops, out, k), 0; }); });
}

void bind_keys(py::module_& m) {
    py::class_<uniform_keys<double>>(m, "UniformKeys", R"(UniformKeys(sink=0.0)
--

Keys that weigh the same, beside a sink that weighs as much as so many of them and carries no value:
``M[n, m] = 1 / (n + 1 + sink)``.

Parameters
----------
sink : float
    At least 0.

Examples
--------
>>> row = cesaro.DiscreteInfluence(1023, [0.2] * 12, cesaro.UniformKeys(sink=100))
>>> round(row.lost, 4)
0.407
)")
        .def(py::init([](double sink) {
                 detail::check_sink("UniformKeys", sink);
                 return uniform_keys<double>{sink};
             }),
             py::arg("sink") = 0.0, R"(__init__(self, sink=0.0)
--

See the class.
)")
        .def_readonly("sink", &uniform_keys<double>::sink, "The weight of the sink, in keys.");

    py::class_<decaying_keys<double>>(m, "DecayingKeys", R"(DecayingKeys(slope, temperature=1.0)
--

Keys whose weight decays with the distance from the query, as under one slope of ALiBi:
``M[n, m]`` proportional to ``exp(-slope * (n - m) / temperature)``.

Parameters
----------
slope : float
    At least 0; 0 is uniform.
temperature : float
    Above 0.

Examples
--------
>>> row = cesaro.DiscreteInfluence(1023, [0.2] * 12, cesaro.DecayingKeys(0.01))
>>> row.median() > cesaro.DiscreteInfluence(1023, [0.2] * 12).median()
True
)")
        .def(py::init([](double slope, double temperature) {
                 const decaying_keys<double> keys{slope, temperature};
                 static_cast<void>(discrete_influence<double>(0, mixing_schedule<double>::constant(0, 0.0),
                                                              keys));  // checks
                 return keys;
             }),
             py::arg("slope"), py::arg("temperature") = 1.0, R"(__init__(self, slope, temperature=1.0)
--

See the class.
)")
        .def_readonly("slope", &decaying_keys<double>::slope, "The decay of the score per position.")
        .def_readonly("temperature", &decaying_keys<double>::temperature, "What divides the slope.");

    py::class_<weighted_keys<double>>(m, "WeightedKeys", R"(WeightedKeys(weights, sink=0.0)
--

Keys of any positive weights g: ``M[n, m] = g[m] / (sink + g[0] + ... + g[n])``.

Parameters
----------
weights : array_like, shape (tokens,)
    Positive and finite; as many positions as there are, queries come from these.
sink : float
    At least 0.

Examples
--------
>>> keys = cesaro.WeightedKeys([1, 1, 2, 1])
>>> cesaro.influence_row(4, [1.0], keys)
array([0.2, 0.2, 0.4, 0.2])
)")
        .def(py::init([](const double_vector& weights, double sink) {
                 return weighted_keys<double>(Eigen::VectorXd(weights.vector()), sink);
             }),
             py::arg("weights"), py::arg("sink") = 0.0, R"(__init__(self, weights, sink=0.0)
--

See the class.
)")
        .def("__len__", &weighted_keys<double>::size)
        .def_property_readonly(
            "weights", [](const weighted_keys<double>& k) { return to_numpy(Eigen::VectorXd(k.weights())); },
            "A copy of the weights.");

    using window = window_influence<double>;
    py::class_<window>(m, "WindowInfluence", R"(WindowInfluence(window, network)
--

The law of the distance that a stack of sliding windows reads over, far from the start of the context.

Parameters
----------
window : int
    Positions that a layer sees, the query included, at least 1.
network : HopLaw, MixingSchedule or array_like

Examples
--------
>>> stack = cesaro.WindowInfluence(4096, [0.25] * 32)
>>> int(stack.isf(0.01)) < 32 * 4096 // 3  # one part in a hundred is beyond, of what layers could reach
True
)")
        .def(py::init([](integer size, const network& n) {
                 return unlocked([&] { return window(size.value, n.hops()); });
             }),
             py::arg("window"), py::arg("network"), R"(__init__(self, window, network)
--

See the class.
)")
        .def_property_readonly("window", &window::window, "Positions that a layer sees.")
        .def_property_readonly("hops", &window::hops, "The law of the hops.")
        .def(
            "pmf",
            [](const window& d, const integers& x) {
                return elementwise<double>(x, [&](std::int64_t at) { return pdf(d, at); });
            },
            py::arg("distance"), R"(pmf($self, distance)
--

The influence at a distance, array_like of integers from 0.
)")
        .def(
            "cdf",
            [](const window& d, const integers& x) {
                return elementwise<double>(x, [&](std::int64_t at) { return cdf(d, at); });
            },
            py::arg("distance"), R"(cdf($self, distance)
--

The influence up to a distance, it included. distance : array_like.
)")
        .def(
            "sf",
            [](const window& d, const integers& x) {
                return elementwise<double>(x, [&](std::int64_t at) { return cdf(complement(d, at)); });
            },
            py::arg("distance"), R"(sf($self, distance)
--

The influence beyond a distance. distance : array_like.
)")
        .def(
            "ppf",
            [](const window& d, const doubles& p) {
                return elementwise<std::int64_t>(p, [&](double level) { return quantile(d, level); });
            },
            py::arg("p"), R"(ppf($self, p)
--

The first distance whose cdf reaches p. p : array_like.
)")
        .def(
            "isf",
            [](const window& d, const doubles& q) {
                return elementwise<std::int64_t>(
                    q, [&](double level) { return quantile(complement(d, level)); });
            },
            py::arg("q"), R"(isf($self, q)
--

The first distance whose sf is at most q: the horizon of the stack. q : array_like.
)")
        .def(
            "mean", [](const window& d) { return mean(d); }, R"(mean($self)
--

The mean distance.
)")
        .def(
            "var", [](const window& d) { return variance(d); }, R"(var($self)
--

The variance of the distance.
)");

    m.def(
        "stochastic_depth",
        [](const network& n, const double_vector& survival) {
            return stochastic_depth(n.schedule("stochastic_depth"), Eigen::VectorXd(survival.vector()));
        },
        py::arg("schedule"), py::arg("survival"), R"(stochastic_depth(schedule, survival)
--

The MixingSchedule of layers that survive with these probabilities, the mean over networks.

Parameters
----------
schedule : MixingSchedule or array_like, shape (H,)
survival : array_like, shape (H,)
    Each in [0, 1].

Examples
--------
>>> cesaro.stochastic_depth([0.5, 0.5], [1, 0.5]).alphas
array([0.5 , 0.25])
)");
    m.def(
        "value_residual",
        [](const network& n, double own, double first) {
            return value_residual(n.schedule("value_residual"), own, first);
        },
        py::arg("schedule"), py::arg("own"), py::arg("first"), R"(value_residual(schedule, own, first)
--

The HopLaw of layers that attend to own times their values and first times those of the embeddings.

Parameters
----------
schedule : MixingSchedule or array_like, shape (H,)
own, first : float
    At least 0, their sum at most 1.

Examples
--------
>>> cesaro.value_residual([1.0, 1.0], 0, 1).weights  # one hop at most
array([0., 1., 0.])
)");
    m.def(
        "global_layers",
        [](const network& n, const integers& global) {
            std::vector<bool> kinds;
            for (const std::int64_t kind : global.list())
                kinds.push_back(kind != 0);
            return global_layers(n.schedule("global_layers"), kinds);
        },
        py::arg("schedule"), py::arg("is_global"), R"(global_layers(schedule, is_global)
--

The MixingSchedule in which only the layers that see the whole past hop: the others' windows are short beside
the context.

Parameters
----------
schedule : MixingSchedule or array_like, shape (H,)
is_global : array_like of int, shape (H,)
    0 for a layer with a window.

Examples
--------
>>> cesaro.global_layers([0.5, 0.5], [0, 1]).alphas
array([0. , 0.5])
)");
    m.def(
        "mean_over_depth", [](integer depth) { return mean_over_depth<double>(Eigen::Index(depth.value)); },
        py::arg("depth"), R"(mean_over_depth(depth)
--

The MixingSchedule of a network whose layers read the mean of all that went before.

Parameters
----------
depth : int
    At least 1.

Examples
--------
>>> cesaro.mean_over_depth(3).alphas.round(4)
array([0.5   , 0.3333])
)");
    m.def(
        "flattest_schedule",
        [](integer depth, double total) { return flattest_schedule(Eigen::Index(depth.value), total); },
        py::arg("depth"), py::arg("total"), R"(flattest_schedule(depth, total)
--

The MixingSchedule of a given sum of coefficients whose valley is flattest: of the least bent_share.

Parameters
----------
depth : int
    At least 1.
total : float
    In [0, depth].

Examples
--------
>>> cesaro.bent_share(cesaro.flattest_schedule(4, 1.0))
0.0
)");
    m.def(
        "bent_share", [](const network& n) { return bent_share(n.hops()); }, py::arg("network"),
        R"(bent_share(network)
--

The weight of paths of two hops or more, which alone bend the profile.

Parameters
----------
network : HopLaw, MixingSchedule or array_like

Examples
--------
>>> cesaro.bent_share([0.5, 0.5])
0.25
)");
    m.def(
        "mean_hops", [](const network& n) { return mean_hops(n.hops()); }, py::arg("network"),
        R"(mean_hops(network)
--

The mean number of hops: the sum of the coefficients of a MixingSchedule.

Parameters
----------
network : HopLaw, MixingSchedule or array_like

Examples
--------
>>> cesaro.mean_hops([0.5, 0.25])
0.75
)");
    m.def(
        "retrieval_profile",
        [](double time, const doubles& x, double inverse_temperature, double slope, double width) {
            const auto p = retrieval(inverse_temperature, slope, width);
            return elementwise<double>(x, [&](double at) { return retrieval_profile(p, time, at); });
        },
        py::arg("time"), py::arg("x"), py::arg("inverse_temperature") = 1.0, py::arg("slope") = 1.0,
        py::arg("width") = 8.0, R"(retrieval_profile(time, x, inverse_temperature=1.0, slope=1.0, width=8.0)
--

How well a token at x is retrieved at a depth `time`, in the kinetic theory of Duerinckx, Geshkovski and Rossi
(arXiv 2605.09213).

Parameters
----------
time : float
    Above 0.
x : array_like
    In (0, 1].
inverse_temperature, slope, width : float
    Above 0.

Examples
--------
>>> profile = cesaro.retrieval_profile(1.0, [0.1, 0.5, 1.0])
>>> profile.shape
(3,)
)");
    m.def(
        "retrieval_critical_time",
        [](double inverse_temperature, double slope, double width) {
            return retrieval_critical_time(retrieval(inverse_temperature, slope, width));
        },
        py::arg("inverse_temperature") = 1.0, py::arg("slope") = 1.0, py::arg("width") = 8.0,
        R"(retrieval_critical_time(inverse_temperature=1.0, slope=1.0, width=8.0)
--

The depth from which retrieval_profile no longer rises towards the query: there its slope at x = 1 changes sign.

Parameters
----------
inverse_temperature, slope, width : float
    Above 0.
)");
    m.def(
        "over_squashing_bound",
        [](integer query, integer source, integer depth, double beta) {
            return over_squashing_bound(query.value, source.value, Eigen::Index(depth.value), beta);
        },
        py::arg("query"), py::arg("source"), py::arg("depth"), py::arg("beta"),
        R"(over_squashing_bound(query, source, depth, beta)
--

The bound of Barbero et al. (arXiv 2406.04267, theorem 5.1) on the sensitivity of a query to a source, without
the constants of its layers.

Parameters
----------
query, source : int
    0 <= source <= query <= 2**62.
depth : int
    At least 0.
beta : float
    What normalisation divides by, above 0.

Examples
--------
>>> cesaro.over_squashing_bound(0, 0, 1, 1.0)
2.0
)");
    m.def(
        "distance_decay_maximum",
        [](integer layers, double slope) {
            return distance_decay_maximum(Eigen::Index(layers.value), slope);
        },
        py::arg("layers"), py::arg("slope"), R"(distance_decay_maximum(layers, slope)
--

The distance at which attention that decays, layer upon layer, reads most (Wu et al., arXiv 2502.01951).

Parameters
----------
layers : int
    At least 0.
slope : float
    Above 0.

Examples
--------
>>> cesaro.distance_decay_maximum(4, 0.1) > cesaro.distance_decay_maximum(2, 0.1)
True
)");
    m.def(
        "receptive_field_correction",
        [](const double_vector& measured, const network& n) {
            return to_numpy(unlocked(
                [&] { return Eigen::VectorXd(receptive_field_correction(measured.vector(), n.hops())); }));
        },
        py::arg("measured"), py::arg("network"), R"(receptive_field_correction(measured, network)
--

A measured causal profile over the row that uniform attention alone gives it.

Parameters
----------
measured : array_like, shape (tokens,)
    At least 0.
network : HopLaw, MixingSchedule or array_like

Returns
-------
ndarray, shape (tokens,)
    1 everywhere of uniform attention.

Examples
--------
>>> cesaro.receptive_field_correction(cesaro.influence_row(3, [0.5]), [0.5])
array([1., 1., 1.])
)");
}

}  // namespace cesaro::python
