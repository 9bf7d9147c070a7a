// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Attention operators, a user's own among them, and rollouts.

#include "operators.hpp"

#include <cesaro/attention/collapse_rate.hpp>
#include <cesaro/attention/decay_operator.hpp>
#include <cesaro/attention/full_operator.hpp>
#include <cesaro/attention/head_mixture.hpp>
#include <cesaro/attention/prefix_operator.hpp>
#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sink_operator.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/attention/weighted_mean_operator.hpp>
#include <cesaro/cesaro_operator.hpp>
#include <cesaro/network_operator.hpp>

#include <cmath>
#include <string>

namespace cesaro::python {

namespace {

using any = any_operator<double>;
using operators = std::vector<any>;

/// A row-stochastic matrix that somebody wrote down.
class dense_operator : public columnwise_operator<dense_operator, double> {
  public:
    explicit dense_operator(const double_block& matrix)
        : columnwise_operator("DenseOperator", matrix.rows()),
          matrix_(std::make_shared<const Eigen::MatrixXd>(checked(matrix))) {}

    void apply_column(const const_column<double>& x, column<double> y) const { y.noalias() = *matrix_ * x; }
    void apply_transpose_column(const const_column<double>& v, column<double> y) const {
        y.noalias() = matrix_->transpose() * v;
    }
    [[nodiscard]] Eigen::MatrixXd matrix() const { return *matrix_; }

  private:
    static Eigen::MatrixXd checked(const double_block& block) {
        const char* const function = "DenseOperator";
        detail::check_size(function, "dimensions of matrix", block.array.ndim(), 2);
        detail::check_size(function, "columns of matrix", block.cols(), block.rows());
        Eigen::MatrixXd matrix(block.rows(), block.cols());
        for (Eigen::Index n = 0; n < matrix.rows(); ++n) {
            for (Eigen::Index m = 0; m < matrix.cols(); ++m) {
                const double entry = block.array.at(n, m);
                if (!(entry >= 0 && std::isfinite(entry))) {
                    detail::throw_domain_error(function,
                                               "matrix[" + std::to_string(n) + ", " + std::to_string(m) + "]",
                                               entry, "must be finite and at least 0");
                }
                matrix(n, m) = entry;
            }
        }
        return matrix;
    }

    std::shared_ptr<const Eigen::MatrixXd> matrix_;
};

/// An object of Python with rows, apply(x) and apply_transpose(v).
class own_operator : public columnwise_operator<own_operator, double> {
  public:
    explicit own_operator(const py::object& object)
        : columnwise_operator("operator", py::cast<integer>(object.attr("rows"))),
          object_(new py::object(object), [](py::object* o) {
              const py::gil_scoped_acquire acquire;
              delete o;
          }) {}

    void apply_column(const const_column<double>& x, column<double> y) const { call("apply", x, y); }
    void apply_transpose_column(const const_column<double>& v, column<double> y) const {
        call("apply_transpose", v, y);
    }
    [[nodiscard]] Eigen::MatrixXd matrix() const {
        detail::check_fits_in_memory<double>("operator", rows(), rows());
        return apply(Eigen::MatrixXd::Identity(rows(), rows()).eval());
    }

  private:
    void call(const char* method, const const_column<double>& x, column<double>& y) const {
        const py::gil_scoped_acquire acquire;
        const auto result = py::cast<double_vector>(object_->attr(method)(to_numpy(Eigen::VectorXd(x))));
        detail::check_size(method, "size of what the operator returned", result.size(), rows());
        y = result.vector();
    }

    std::shared_ptr<const py::object> object_;
};

template <class... Ops>
struct operator_types {};
using known_operators =
    operator_types<cesaro_operator<double>, network_operator<double>, sliding_window_operator<double>,
                   prefix_operator<double>, full_operator<double>, decay_operator<double>,
                   weighted_mean_operator<double>, sink_operator<double>, head_mixture<double>,
                   dense_operator>;

template <class... Ops>
std::optional<any> find_known(py::handle object, operator_types<Ops...>) {
    std::optional<any> found;
    const auto is = [&]<class Op>(const Op*) {
        if (!py::isinstance<Op>(object)) return false;
        found.emplace(py::cast<const Op&>(object));
        return true;
    };
    (is(static_cast<const Ops*>(nullptr)) || ...);
    return found;
}

}  // namespace

any to_operator(py::handle object) {
    if (auto known = find_known(object, known_operators())) return *known;
    if (py::isinstance<py::array>(object)) return dense_operator(py::cast<double_block>(object));
    if (py::hasattr(object, "apply") && py::hasattr(object, "apply_transpose") && py::hasattr(object, "rows"))
        return own_operator(py::reinterpret_borrow<py::object>(object));
    throw py::type_error(
        "cesaro: an attention operator is expected, a matrix, or an object with rows, apply(x) "
        "and apply_transpose(v), not " +
        py::cast<std::string>(py::str(py::type::handle_of(object).attr("__name__"))));
}

namespace {

operators to_operators(const py::sequence& objects) {
    operators list;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        check_interrupt();
        const py::object object = objects[i];  // held: an array makes its items as they are asked for
        list.push_back(to_operator(object));
    }
    return list;
}

Eigen::VectorXd lambdas_of(const network& lambdas) {
    return lambdas.schedule("rollout").alphas();
}

/// The members that every operator has.
template <class Class>
void bind_operator(Class& c) {
    using Op = typename Class::type;
    c.def_property_readonly("rows", &Op::rows, "The number of positions.")
        .def_property_readonly("cols", &Op::cols, "The number of positions.")
        .def_property_readonly(
            "shape", [](const Op& op) { return py::make_tuple(op.rows(), op.cols()); }, "(rows, cols).")
        .def(
            "apply",
            [](const Op& op, const double_block& x) {
                detail::check_size("apply", "rows of x", x.rows(), op.rows());
                return map_block(x, [&](const auto& in, auto& out) { op.apply(in, out); });
            },
            py::arg("x"), R"(apply($self, x)
--

``A @ x`` for a vector of shape (rows,) or a block of shape (rows, k).
)")
        .def(
            "apply_transpose",
            [](const Op& op, const double_block& v) {
                detail::check_size("apply_transpose", "rows of v", v.rows(), op.rows());
                return map_block(v, [&](const auto& in, auto& out) { op.apply_transpose(in, out); });
            },
            py::arg("v"), R"(apply_transpose($self, v)
--

``A.T @ v`` for a vector of shape (rows,) or a block of shape (rows, k).
)")
        .def(
            "matrix", [](const Op& op) { return to_numpy(unlocked([&] { return op.matrix(); })); },
            R"(matrix($self)
--

The dense matrix, shape (rows, rows), for checking.
)")
        .def(
            "diagonal", [](const Op& op) { return to_numpy(detail::diagonal_of(op)); }, R"(diagonal($self)
--

The diagonal, shape (rows,).
)");
}

template <class Op>
void name_operator(py::class_<Op>& c, const char* name) {
    bind_operator(c);
    c.def("__repr__", [name](const Op& op) { return py::str("{}({} positions)").format(name, op.rows()); });
}

}  // namespace

void bind_operators(py::module_& m) {
    py::class_<cesaro_operator<double>> uniform(m, "CesaroOperator", R"(CesaroOperator(size)
--

The Cesàro matrix, one layer of uniform causal attention, never stored: ``M[n, m] = 1 / (n + 1)``, m <= n.

Every operator is row-stochastic and has ``rows``, ``apply(x)``, ``apply_transpose(v)``, ``matrix()`` and
``diagonal()``.

Parameters
----------
size : int
    The number of positions, at least 0.

Examples
--------
>>> cesaro.CesaroOperator(3).apply([3, 5, 7])
array([3., 4., 5.])
)");
    uniform.def(py::init([](integer size) { return cesaro_operator<double>(size); }), py::arg("size"),
                R"(__init__(self, size)
--

See the class.
)");
    name_operator(uniform, "CesaroOperator");

    py::class_<network_operator<double>> whole(m, "NetworkOperator", R"(NetworkOperator(size, network)
--

A whole network as an operator, ``sum_k w_k M**k``; see apply_power.

Parameters
----------
size : int
network : HopLaw, MixingSchedule or array_like
)");
    whole
        .def(
            py::init([](integer size, const network& n) { return network_operator<double>(size, n.hops()); }),
            py::arg("size"), py::arg("network"), R"(__init__(self, size, network)
--

See the class.
)")
        .def_property_readonly("hops", &network_operator<double>::hops, "The law of the hops.");
    name_operator(whole, "NetworkOperator");

    py::class_<sliding_window_operator<double>> window(m, "SlidingWindowOperator",
                                                       R"(SlidingWindowOperator(size, window)
--

Uniform attention to the last `window` positions, the query included.

Parameters
----------
size : int
window : int
    At least 1.

Examples
--------
>>> cesaro.SlidingWindowOperator(4, 2).apply([1, 3, 5, 9])
array([1., 2., 4., 7.])
)");
    window
        .def(py::init(
                 [](integer size, integer width) { return sliding_window_operator<double>(size, width); }),
             py::arg("size"), py::arg("window"), R"(__init__(self, size, window)
--

See the class.
)")
        .def_property_readonly("window", &sliding_window_operator<double>::window, "Positions seen.");
    name_operator(window, "SlidingWindowOperator");

    py::class_<prefix_operator<double>> prefix(m, "PrefixOperator", R"(PrefixOperator(size, prefix)
--

Uniform attention, bidirectional among the first `prefix` positions and causal after them.

Parameters
----------
size : int
prefix : int
    0 <= prefix <= size.
)");
    prefix
        .def(py::init([](integer size, integer first) { return prefix_operator<double>(size, first); }),
             py::arg("size"), py::arg("prefix"), R"(__init__(self, size, prefix)
--

See the class.
)")
        .def_property_readonly("prefix", &prefix_operator<double>::prefix,
                               "Positions that see each other in both directions.");
    name_operator(prefix, "PrefixOperator");

    py::class_<full_operator<double>> full(m, "FullOperator", R"(FullOperator(size)
--

Uniform bidirectional attention: every position sees every position.

Parameters
----------
size : int
)");
    full.def(py::init([](integer size) { return full_operator<double>(size); }), py::arg("size"),
             R"(__init__(self, size)
--

See the class.
)");
    name_operator(full, "FullOperator");

    py::class_<decay_operator<double>> decay(
        m, "DecayOperator",
        R"(DecayOperator(size, slope=0.0, diagonal_score=0.0, temperature=1.0, window=None, prefix=0)
--

Attention that decays exponentially with distance (ALiBi), with an extra score on the diagonal: the softmax
of ``(-slope * abs(n - m) + diagonal_score * (m == n)) / temperature``.

Parameters
----------
size : int
slope : float
    Loss of score per position, at least 0.
diagonal_score : float
    Score of a position with itself.
temperature : float
    Divides every score, above 0.
window : int, optional
    Positions seen up to the query, itself included, at least 1; None: the whole past.
prefix : int
    The first positions that see each other in both directions, 0 <= prefix <= size.

Examples
--------
>>> cesaro.DecayOperator(2, slope=1).matrix().round(3)
array([[1.   , 0.   ],
       [0.269, 0.731]])
)");
    decay
        .def(py::init([](integer size, double slope, double diagonal_score, double temperature,
                         std::optional<integer> width, integer first) {
                 decay_parameters<double> p;
                 p.slope = slope;
                 p.diagonal_score = diagonal_score;
                 p.temperature = temperature;
                 if (width) p.window = *width;
                 p.prefix = first;
                 return decay_operator<double>(size, p);
             }),
             py::arg("size"), py::arg("slope") = 0.0, py::arg("diagonal_score") = 0.0,
             py::arg("temperature") = 1.0, py::arg("window") = py::none(), py::arg("prefix") = 0,
             R"(__init__(self, size, slope=0.0, diagonal_score=0.0, temperature=1.0, window=None, prefix=0)
--

See the class.
)")
        .def_property_readonly(
            "slope", [](const decay_operator<double>& op) { return op.parameters().slope; },
            "Loss of score per position.");
    name_operator(decay, "DecayOperator");

    py::class_<weighted_mean_operator<double>> weighted(m, "WeightedMeanOperator",
                                                        R"(WeightedMeanOperator(weights, sink=0.0)
--

Causal attention whose keys have weights, beside a sink that carries no value:
``M[n, m] = weights[m] / (sink + weights[: n + 1].sum())``, m <= n.

Parameters
----------
weights : array_like, shape (n,)
    One a position, above 0.
sink : float
    At least 0; rows sum to one without it.

Examples
--------
>>> cesaro.WeightedMeanOperator([1, 3]).matrix()
array([[1.  , 0.  ],
       [0.25, 0.75]])
)");
    weighted
        .def(py::init([](const double_vector& weights, double sink) {
                 return weighted_mean_operator<double>(weights.vector(), sink);
             }),
             py::arg("weights"), py::arg("sink") = 0.0, R"(__init__(self, weights, sink=0.0)
--

See the class.
)")
        .def_property_readonly(
            "weights",
            [](const weighted_mean_operator<double>& op) { return to_numpy(Eigen::VectorXd(op.weights())); },
            "The weights of the keys, shape (rows,).");
    name_operator(weighted, "WeightedMeanOperator");

    py::class_<dense_operator> dense(m, "DenseOperator", R"(DenseOperator(matrix)
--

Attention given by its matrix; a plain array serves wherever an operator is taken.

Parameters
----------
matrix : array_like, shape (n, n)
    Finite and at least 0. Rows are taken as they are; those of attention sum to one.
)");
    dense.def(py::init<const double_block&>(), py::arg("matrix"), R"(__init__(self, matrix)
--

See the class.
)");
    name_operator(dense, "DenseOperator");

    py::class_<sink_operator<double>> sink(m, "SinkOperator", R"(SinkOperator(inner, weight)
--

An attention sink: every row gives a share of its attention to the first token, and the rest as before.

Parameters
----------
inner : operator
    One of these classes, a matrix, or an object of your own with ``rows``, ``apply(x)`` and
    ``apply_transpose(v)``.
weight : float
    In [0, 1]; 1 is a dormant head.

Examples
--------
>>> cesaro.SinkOperator(cesaro.FullOperator(2), 0.5).matrix()
array([[0.75, 0.25],
       [0.75, 0.25]])
)");
    sink.def(py::init([](const py::object& inner, double weight) {
                 return sink_operator<double>(to_operator(inner), weight);
             }),
             py::arg("inner"), py::arg("weight"), R"(__init__(self, inner, weight)
--

See the class.
)")
        .def_property_readonly("weight", &sink_operator<double>::weight, "The share of the first token.");
    name_operator(sink, "SinkOperator");

    py::class_<head_mixture<double>> heads(m, "HeadMixture", R"(HeadMixture(operators, weights=None)
--

A layer of several heads: the average of attention operators of any kinds.

Parameters
----------
operators : sequence of operators
    All of the same size; see SinkOperator.
weights : array_like, optional
    One a head, at least 0; they are divided by their sum. None: all alike.

Examples
--------
>>> cesaro.HeadMixture([cesaro.FullOperator(2), cesaro.CesaroOperator(2)]).matrix()
array([[0.75, 0.25],
       [0.5 , 0.5 ]])
)");
    heads
        .def(py::init([](const py::sequence& list, const std::optional<double_vector>& weights) {
                 operators ops = to_operators(list);
                 const std::vector<double> w =
                     weights ? std::vector<double>(weights->data(), weights->data() + weights->size())
                             : std::vector<double>(ops.size(), 1.0);
                 return head_mixture<double>(std::move(ops), w);
             }),
             py::arg("operators"), py::arg("weights") = py::none(),
             R"(__init__(self, operators, weights=None)
--

See the class.
)")
        .def_property_readonly(
            "weights",
            [](const head_mixture<double>& h) {
                return to_numpy(Eigen::VectorXd(
                    Eigen::Map<const Eigen::VectorXd>(h.weights().data(), Eigen::Index(h.weights().size()))));
            },
            "The weights, divided by their sum.");
    name_operator(heads, "HeadMixture");

    m.def(
        "collapse_rate",
        [](const py::object& op, double lambda) {
            const any held = to_operator(op);
            return unlocked([&] { return collapse_rate(held, lambda); });
        },
        py::arg("operator"), py::arg("lambda_") = 1.0, R"(collapse_rate(operator, lambda_=1.0)
--

The geometric rate at which layers ``(1 - lambda_) I + lambda_ A`` move the influence onto the first tokens.

Examples
--------
>>> cesaro.collapse_rate(cesaro.SinkOperator(cesaro.CesaroOperator(1000), 0.3), 0.5)
0.675
)");
    m.def(
        "rollout_row",
        [](const py::sequence& layers, const network& lambdas) {
            const operators list = to_operators(layers);
            const Eigen::VectorXd mixing = lambdas_of(lambdas);
            return to_numpy(unlocked([&] { return rollout_row(list, mixing); }));
        },
        py::arg("layers"), py::arg("lambdas"), R"(rollout_row(layers, lambdas)
--

The influence of every position on the last one through a stack of layers: the last row of
``R_{H-1} @ ... @ R_0`` with ``R_l = (1 - lambda_l) I + lambda_l A_l``. No matrix is formed.

Parameters
----------
layers : sequence of operators
    Layer 0 first, all of the same size n; matrices and objects of your own, too: see SinkOperator.
lambdas : MixingSchedule or array_like, shape (H,)
    In [0, 1].

Returns
-------
ndarray, shape (n,)

Examples
--------
>>> n = 1000
>>> local, wide = cesaro.SlidingWindowOperator(n, 128), cesaro.CesaroOperator(n)
>>> cesaro.rollout_row([local, wide, local], [0.5, 0.4, 0.3]).sum().round(12)
1.0
)");
    m.def(
        "rollout_rows",
        [](const py::sequence& layers, const network& lambdas, const integers& queries) {
            const operators list = to_operators(layers);
            const Eigen::VectorXd mixing = lambdas_of(lambdas);
            const auto chosen = queries.list();
            return to_numpy(unlocked([&] { return rollout_rows(list, mixing, chosen); }));
        },
        py::arg("layers"), py::arg("lambdas"), py::arg("queries"),
        R"(rollout_rows(layers, lambdas, queries)
--

The rows of the rollout at chosen queries, shape (len(queries), n); see rollout_row.
)");
    m.def(
        "rollout_matrix",
        [](const py::sequence& layers, const network& lambdas) {
            const operators list = to_operators(layers);
            const Eigen::VectorXd mixing = lambdas_of(lambdas);
            return to_numpy(unlocked([&] { return rollout_matrix(list, mixing); }));
        },
        py::arg("layers"), py::arg("lambdas"), R"(rollout_matrix(layers, lambdas)
--

The whole rollout, shape (n, n), row i the influence on position i; see rollout_row.
)");
    m.def(
        "rollout_apply",
        [](const py::sequence& layers, const network& lambdas, const double_block& x) {
            const operators list = to_operators(layers);
            const Eigen::VectorXd mixing = lambdas_of(lambdas);
            return map_block(x, [&](const auto& in, auto& out) { out = rollout_apply(list, mixing, in); });
        },
        py::arg("layers"), py::arg("lambdas"), py::arg("x"), R"(rollout_apply(layers, lambdas, x)
--

What a stack of layers makes of a vector, shape (n,), or a block of columns, shape (n, k); see rollout_row.
)");
}

}  // namespace cesaro::python
