// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Schedules and hop laws.

#include "arrays.hpp"

#include <pybind11/operators.h>

namespace cesaro::python {

namespace {

/// Of the weights: a schedule and its law are equal.
py::ssize_t hash_of(const hop_law<double>& h) {
    const Eigen::VectorXd w = h.weights().array() + 0.0;  // -0 is 0
    return py::hash(
        py::bytes(reinterpret_cast<const char*>(w.data()), std::size_t(w.size()) * sizeof(double)));
}

}  // namespace

void bind_networks(py::module_& m) {
    using schedule = mixing_schedule<double>;
    using law = hop_law<double>;

    py::class_<law> hop(m, "HopLaw", R"(HopLaw(weights)
--

The law of the number of attention hops: all that depth and wiring contribute to the theory.

A network whose attention is the Cesàro matrix M and whose wiring over depth is linear is
``A = sum_k w_k M**k``. Wherever a network is taken, a HopLaw, a MixingSchedule or the coefficients of one
serve. Networks one after the other multiply.

Parameters
----------
weights : array_like, shape (H + 1,), or MixingSchedule
    ``w_0, ..., w_H``, each at least 0, their sum at most 1; what is missing from 1 is lost on the way.

Examples
--------
>>> skipping = cesaro.HopLaw([0.5, 0, 0.5])  # either no hop or two
>>> (skipping * cesaro.MixingSchedule([0.5])).weights
array([0.25, 0.25, 0.25, 0.25])
>>> skipping.mean()
1.0
)");
    py::class_<schedule> mixing(m, "MixingSchedule", R"(MixingSchedule(alphas)
--

How much each layer attends: the mixing coefficients of a network, layer 0 first.

Layer l is ``(1 - alpha_l) I + alpha_l M`` with M the Cesàro matrix, ``M[n, m] = 1 / (n + 1)`` for m <= n.

Parameters
----------
alphas : array_like, shape (H,)
    Each in [0, 1]. No layer at all is the identity.

Examples
--------
>>> cesaro.MixingSchedule([0.3, 0.2]).hop_distribution()
array([0.56, 0.38, 0.06])
>>> cesaro.MixingSchedule.constant(12, 0.3)
MixingSchedule(12 layers, total attention 3.6)
)");

    mixing
        .def(py::init([](const double_vector& alphas) { return schedule(Eigen::VectorXd(alphas.vector())); }),
             py::arg("alphas"), R"(__init__(self, alphas)
--

See the class.
)")
        .def_static(
            "constant", [](integer depth, double alpha) { return schedule::constant(depth, alpha); },
            py::arg("depth"), py::arg("alpha"), R"(constant(depth, alpha)
--

The same coefficient, in [0, 1], in `depth` layers.
)")
        .def_static(
            "attention_only", [](integer depth) { return schedule::attention_only(depth); }, py::arg("depth"),
            R"(attention_only(depth)
--

No residual connections: every coefficient is 1.
)")
        .def_static(
            "power_decay",
            [](integer depth, double alpha0, double beta) {
                return schedule::power_decay(depth, alpha0, beta);
            },
            py::arg("depth"), py::arg("alpha0"), py::arg("beta"), R"(power_decay(depth, alpha0, beta)
--

Coefficients ``min(1, alpha0 / (l + 1)**beta)``.

Examples
--------
>>> cesaro.MixingSchedule.power_decay(3, 0.6, 1).alphas
array([0.6, 0.3, 0.2])
)")
        .def_property_readonly(
            "depth", [](const schedule& s) { return s.depth(); }, "The number of layers.")
        .def_property_readonly(
            "alphas", [](const schedule& s) { return to_numpy(Eigen::VectorXd(s.alphas())); },
            "The coefficients, layer 0 first, shape (depth,).")
        .def(
            "hop_distribution", [](const schedule& s) { return to_numpy(s.hop_distribution()); },
            R"(hop_distribution($self)
--

The weights of the HopLaw, ``w_0, ..., w_H``, shape (depth + 1,); they sum to one.
)")
        .def("recency_delta", &schedule::recency_delta, R"(recency_delta($self)
--

The product of ``1 - alpha_l``: the isolated mass at the query, whatever the context.
)")
        .def("__len__", &schedule::depth)
        .def(
            "__mul__", [](const schedule& a, const schedule& b) { return a * b; }, py::is_operator())
        .def(
            "__mul__", [](const schedule& a, const law& b) { return law(a) * b; }, py::is_operator())
        .def(py::self == py::self)
        .def("__hash__", [](const schedule& s) { return hash_of(law(s)); })
        .def("__repr__",
             [](const schedule& s) {
                 return py::str("MixingSchedule({} layers, total attention {:.6g})")
                     .format(s.depth(), s.alphas().sum());
             })
        .def(py::pickle(
            [](const schedule& s) { return py::make_tuple(to_numpy(Eigen::VectorXd(s.alphas()))); },
            [](const py::tuple& state) {
                if (state.size() != 1) throw py::value_error("MixingSchedule: not its state");
                return schedule(Eigen::VectorXd(py::cast<double_vector>(state[0]).vector()));
            }));

    hop.def(py::init([](const py::object& weights) {
                if (py::isinstance<schedule>(weights)) return law(py::cast<const schedule&>(weights));
                return law(Eigen::VectorXd(py::cast<double_vector>(weights).vector()));
            }),
            py::arg("weights"), R"(__init__(self, weights)
--

See the class.
)")
        .def_property_readonly(
            "weights", [](const law& h) { return to_numpy(h.weights()); },
            "``w_0, ..., w_H``, shape (max_hops + 1,).")
        .def_property_readonly("max_hops", &law::max_hops, "H, the largest number of hops.")
        .def_property_readonly("total", &law::total, "The sum of the weights: what is not lost.")
        .def("mean", &law::mean, R"(mean($self)
--

The mean number of hops.
)")
        .def("normalized", &law::normalized, R"(normalized($self)
--

The law given that nothing is lost.
)")
        .def(
            "__mul__", [](const law& a, const law& b) { return a * b; }, py::is_operator())
        .def(
            "__mul__", [](const law& a, const schedule& b) { return a * law(b); }, py::is_operator())
        .def(
            "__eq__", [](const law& a, const law& b) { return a == b; }, py::is_operator())
        .def(
            "__eq__", [](const law& a, const schedule& b) { return a == law(b); }, py::is_operator())
        .def("__hash__", &hash_of)
        .def("__repr__", [](const law& h) {
            return py::str("HopLaw(at most {} hops, {:.6g} on average)").format(h.max_hops(), h.mean());
        });
}

}  // namespace cesaro::python
