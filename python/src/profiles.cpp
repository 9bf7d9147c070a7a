// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Profiles compared, summarised and fitted, and those of Jacobian norms under random weights.

#include "profiles.hpp"

#include <cesaro/fit_network.hpp>
#include <cesaro/fit_profile.hpp>
#include <cesaro/jacobian_profile.hpp>
#include <cesaro/profile_distance.hpp>
#include <cesaro/random_sign_profile.hpp>
#include <cesaro/softmax_participation.hpp>

#include <pybind11/stl.h>

namespace cesaro::python {

namespace {

using summary = profile_summary<double>;

py::dict as_dict(const summary& s) {
    py::dict d;
    d["primacy"] = s.primacy;
    d["middle"] = s.middle;
    d["recency"] = s.recency;
    d["first_token"] = s.first_token;
    d["last_token"] = s.last_token;
    d["valley"] = s.valley;
    d["valley_position"] = s.valley_position;
    d["valley_depth"] = s.valley_depth;
    d["mean_position"] = s.mean_position;
    d["entropy"] = s.entropy;
    return d;
}

Eigen::MatrixXd matrix_of(const double_block& block) {
    const Eigen::Index rows = block.rows();
    const Eigen::Index cols = block.cols();
    if (block.row_major()) return Eigen::Map<const RowMajorMatrix>(block.array.data(), rows, cols);
    return Eigen::Map<const Eigen::MatrixXd>(block.array.data(), rows, cols);
}

}  // namespace

void bind_profiles(py::module_& m) {
    py::class_<summary>(m, "ProfileSummary", R"(A profile in a few numbers; see summarize.)")
        .def_readonly("primacy", &summary::primacy, "Mass of the first tenth.")
        .def_readonly("middle", &summary::middle, "Mass between the tenths.")
        .def_readonly("recency", &summary::recency, "Mass of the last tenth.")
        .def_readonly("first_token", &summary::first_token, "Share of position 0.")
        .def_readonly("last_token", &summary::last_token, "Share of the last position, the query.")
        .def_readonly("valley", &summary::valley, "The least share.")
        .def_readonly("valley_position", &summary::valley_position, "Its position, the first of the least.")
        .def_readonly("valley_depth", &summary::valley_depth,
                      "Decades from the lower end down to the valley; may be inf.")
        .def_readonly("mean_position", &summary::mean_position, "The mean position.")
        .def_readonly("entropy", &summary::entropy, "In nats.")
        .def("as_dict", &as_dict, R"(as_dict($self)
--

The fields by name.
)")
        .def("__repr__", [](const summary& s) {
            std::string text = "ProfileSummary(";
            for (const auto& [name, value] : as_dict(s)) {
                if (text.back() != '(') text += ", ";
                text += py::cast<std::string>(py::str("{}={:.6g}").format(name, value));
            }
            return text + ")";
        });
    py::class_<profile_fit>(m, "ProfileFit", "The parameter that fits best, and how well; unpacks to both.")
        .def_readonly("parameter", &profile_fit::parameter, "The parameter.")
        .def_readonly("wasserstein", &profile_fit::wasserstein, "The Wasserstein distance that is left.")
        .def("__iter__",
             [](const profile_fit& f) { return py::iter(py::make_tuple(f.parameter, f.wasserstein)); })
        .def("__repr__", [](const profile_fit& f) {
            return py::str("ProfileFit(parameter={:.6g}, wasserstein={:.6g})")
                .format(f.parameter, f.wasserstein);
        });
    using estimate = profile_estimate<double>;
    py::class_<estimate>(m, "ProfileEstimate", "A random estimate and its standard error; unpacks to both.")
        .def_property_readonly(
            "profile", [](const estimate& e) { return to_numpy(Eigen::VectorXd(e.profile)); },
            "One value a position, not normalised, shape (tokens,).")
        .def_property_readonly(
            "standard_error", [](const estimate& e) { return to_numpy(Eigen::VectorXd(e.standard_error)); },
            "Its standard error, shape (tokens,).")
        .def("__iter__",
             [](const estimate& e) {
                 return py::iter(py::make_tuple(to_numpy(Eigen::VectorXd(e.profile)),
                                                to_numpy(Eigen::VectorXd(e.standard_error))));
             })
        .def("__repr__", [](const estimate& e) {
            return py::str("ProfileEstimate({} positions)").format(e.profile.size());
        });

    m.def(
        "summarize",
        [](const double_vector& profile) { return unlocked([&] { return summarize(profile.vector()); }); },
        py::arg("profile"), R"(summarize(profile)
--

A profile in a few numbers: masses of its tenths, valley, mean position, entropy.

Parameters
----------
profile : array_like, shape (n,)
    One entry a position, at least 0; divided by its sum first. Norms, counts and probabilities serve alike.

Returns
-------
ProfileSummary

Examples
--------
>>> s = cesaro.summarize([8, 3, 1, 1, 3])
>>> s.primacy, s.recency, s.valley_position
(0.5, 0.1875, 2)
)");
    m.def(
        "total_variation",
        [](const double_vector& p, const double_vector& q) {
            return unlocked([&] { return total_variation(p.vector(), q.vector()); });
        },
        py::arg("p"), py::arg("q"), R"(total_variation(p, q)
--

The share that two profiles have elsewhere, in [0, 1]; each is divided by its sum first.

Parameters
----------
p, q : array_like, shape (n,)

Examples
--------
>>> cesaro.total_variation([1, 1], [3, 1])
0.25
)");
    m.def(
        "wasserstein",
        [](const double_vector& p, const double_vector& q) {
            return unlocked([&] { return wasserstein(p.vector(), q.vector()); });
        },
        py::arg("p"), py::arg("q"), R"(wasserstein(p, q)
--

The earth mover's distance of two profiles, in context lengths: 1 moves everything from the first position to
the last. p, q : array_like, shape (n,).
)");
    m.def(
        "spearman",
        [](const double_vector& p, const double_vector& q) {
            return unlocked([&] { return spearman(p.vector(), q.vector()); });
        },
        py::arg("p"), py::arg("q"), R"(spearman(p, q)
--

Spearman's rank correlation of two profiles, in [-1, 1]. p, q : array_like, shape (n,).
)");
    m.def(
        "fit_profile",
        [](const double_vector& measured, double least, double greatest, const py::function& theory,
           integer grid) {
            return fit_profile(
                measured.vector(), least, greatest,
                [&](double parameter) {
                    return Eigen::VectorXd(py::cast<double_vector>(theory(parameter)).vector());
                },
                grid.value);
        },
        py::arg("measured"), py::arg("least"), py::arg("greatest"), py::arg("theory"), py::arg("grid") = 32,
        R"(fit_profile(measured, least, greatest, theory, grid=32)
--

The parameter of a family of profiles that comes nearest to a measured one in Wasserstein distance.

Parameters
----------
measured : array_like, shape (n,)
least, greatest : float
    Where the parameter is sought.
theory : callable
    ``theory(parameter)`` is a profile of shape (n,).
grid : int
    Equal steps that are tried before the best is refined, at least 2.

Returns
-------
ProfileFit

Examples
--------
>>> fit = cesaro.fit_profile([4, 2, 1], 0.1, 2, lambda ratio: [1, ratio, ratio**2])
>>> round(fit.parameter, 6)
0.5
)");
    m.def(
        "fit_constant_mixing",
        [](const double_vector& measured, integer depth) {
            return unlocked([&] { return fit_constant_mixing(measured.vector(), depth.value); });
        },
        py::arg("measured"), py::arg("depth"), R"(fit_constant_mixing(measured, depth)
--

The coefficient, equal in `depth` layers, whose row of influence comes nearest to a measured profile.

Examples
--------
>>> round(cesaro.fit_constant_mixing(cesaro.influence_row(100, [0.3] * 12), 12).parameter, 6)
0.3
)");
    m.def(
        "fit_gain_factor",
        [](const double_vector& measured, const py::object& gains) {
            if (py::isinstance<position_gains<double>>(gains)) {
                const auto& g = py::cast<const position_gains<double>&>(gains);
                return unlocked([&] { return fit_gain_factor(measured.vector(), g); });
            }
            const Eigen::VectorXd g = py::cast<double_vector>(gains).vector();
            return unlocked([&] { return fit_gain_factor(measured.vector(), g); });
        },
        py::arg("measured"), py::arg("gains"), R"(fit_gain_factor(measured, gains)
--

The factor by which gains are to be multiplied for their jacobian_profile, or position_jacobian_profile, to come
nearest to a measured profile; between 1/20 and 20. gains : array_like, shape (H,), or PositionGains.
)");

    using gains = position_gains<double>;
    py::class_<gains>(
        m, "PositionGains",
        R"(PositionGains(attention, feed_forward=None, windows=None, attention_output=None, decays=None, parallel=False)
--

Gains that depend on layer and position: what normalisation layers do.

Parameters
----------
attention : array_like, shape (tokens, layers)
    Of the branch that averages over positions.
feed_forward : array_like, shape (tokens, layers), optional
    Of the branch that stays at its position; None: there is none.
windows : array_like of int, shape (layers,), optional
    Positions that a query of each layer sees, itself included; 0: all of its past.
attention_output : array_like, shape (tokens, layers), optional
    Of the attention branch at the query; None: 1.
decays : array_like, optional
    One a head, the factor in (0, 1] by which its weights decay with every position.
parallel : bool
    Both branches of a layer read the same stream.
)")
        .def(
            py::init([](const double_block& attention, const std::optional<double_block>& feed_forward,
                        const std::optional<integers>& windows,
                        const std::optional<double_block>& attention_output,
                        const std::optional<double_vector>& decays, bool parallel) {
                gains g{matrix_of(attention), {}};
                if (feed_forward) g.feed_forward = matrix_of(*feed_forward);
                if (attention_output) g.attention_output = matrix_of(*attention_output);
                if (windows)
                    g.windows =
                        Eigen::Map<const Eigen::VectorX<std::int64_t>>(windows->data(), windows->size());
                if (decays) g.decays = decays->vector();
                g.parallel = parallel;
                detail::check_position_gains("PositionGains", g);
                return g;
            }),
            py::arg("attention"), py::arg("feed_forward") = py::none(), py::arg("windows") = py::none(),
            py::arg("attention_output") = py::none(), py::arg("decays") = py::none(),
            py::arg("parallel") = false,
            R"(__init__(self, attention, feed_forward=None, windows=None, attention_output=None, decays=None, parallel=False)
--

See the class.
)")
        .def_property_readonly(
            "attention", [](const gains& g) { return to_numpy(Eigen::MatrixXd(g.attention)); },
            "Shape (tokens, layers).")
        .def_property_readonly(
            "feed_forward", [](const gains& g) { return to_numpy(Eigen::MatrixXd(g.feed_forward)); },
            "Shape (tokens, layers), or nothing.")
        .def_property_readonly(
            "attention_output", [](const gains& g) { return to_numpy(Eigen::MatrixXd(g.attention_output)); },
            "Shape (tokens, layers), or nothing.")
        .def_property_readonly(
            "windows", [](const gains& g) { return to_numpy(Eigen::VectorX<Eigen::Index>(g.windows)); },
            "Shape (layers,), or nothing.")
        .def_property_readonly(
            "decays", [](const gains& g) { return to_numpy(Eigen::VectorXd(g.decays)); },
            "Shape (heads,), or nothing.")
        .def_readonly("parallel", &gains::parallel, "Both branches of a layer read the same stream.")
        .def("__repr__", [](const gains& g) {
            return py::str("PositionGains({} tokens, {} layers)")
                .format(g.attention.rows(), g.attention.cols());
        });
    m.def(
        "jacobian_profile",
        [](integer tokens, const double_vector& sigma) {
            const Eigen::VectorXd g = sigma.vector();
            return to_numpy(unlocked([&] { return jacobian_profile(tokens.value, g); }));
        },
        py::arg("tokens"), py::arg("gains"), R"(jacobian_profile(tokens, gains)
--

Norms of the Jacobian of the last position by each source position, under independent random weights:
``sqrt(E |J|_F**2 / d)`` for ``x_{l+1} = x_l + M x_l W_l``, the entries of W_l of variance ``gains[l]**2 / d``.

Parameters
----------
tokens : int
    At least 0.
gains : array_like, shape (H,)
    At least 0.

Returns
-------
ndarray, shape (tokens,)
    Not normalised.

Examples
--------
>>> cesaro.jacobian_profile(2, [2.0])
array([1.        , 1.41421356])
)");
    m.def(
        "position_jacobian_profile",
        [](const gains& g) { return to_numpy(unlocked([&] { return jacobian_profile(g); })); },
        py::arg("gains"), R"(position_jacobian_profile(gains)
--

As jacobian_profile, for PositionGains; O(tokens**2 * layers).
)");
    m.def(
        "random_sign_profile",
        [](const gains& g, integer samples, std::uint64_t seed) {
            return unlocked([&] { return random_sign_profile(g, samples.value, seed); });
        },
        py::arg("gains"), py::arg("samples"), py::arg("seed") = 0,
        R"(random_sign_profile(gains, samples, seed=0)
--

position_jacobian_profile estimated over random signs, for contexts too long for it.

Parameters
----------
gains : PositionGains
samples : int
    At least 2.
seed : int

Returns
-------
ProfileEstimate
)");
    m.def(
        "softmax_participation",
        [](const integers& count, double variance) {
            return elementwise<double>(count,
                                       [&](std::int64_t k) { return softmax_participation(k, variance); });
        },
        py::arg("count"), py::arg("variance"), R"(softmax_participation(count, variance)
--

The mean of the sum of the squared weights of a softmax of Gaussian scores; its inverse is the number of
positions that such a head sees in effect.

Parameters
----------
count : array_like of int
    Scores, at least 1.
variance : float
    Of a score, at least 0.

Examples
--------
>>> round(1 / cesaro.softmax_participation(8192, 10.73741824), 2)
11.57
)");
}

}  // namespace cesaro::python
