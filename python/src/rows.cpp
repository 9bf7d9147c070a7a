// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Whole rows, blocks of them, matrices, and the network operator on vectors.

#include "arrays.hpp"
#include "keys.hpp"

#include <cesaro/apply_power.hpp>
#include <cesaro/detail/row_writer.hpp>
#include <cesaro/influence_blocks.hpp>
#include <cesaro/influence_matrix.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/power_sum.hpp>

#include <algorithm>

namespace cesaro::python {

namespace {

/// for_each_influence_block() turned inside out: Python asks for the blocks.
class block_iterator {
  public:
    block_iterator(std::int64_t tokens, const hop_law<double>& hops, std::int64_t block)
        : row_(hops, checked(tokens, block)), tokens_(tokens), block_(std::min(block, tokens)) {}

    py::tuple next() {
        if (first_ >= tokens_) throw py::stop_iteration();
        Eigen::VectorXd values(std::min(block_, tokens_ - first_));
        row_.fill(first_, values.size(), values.data());  // under the lock: an iterator may be shared
        const std::int64_t first = first_;
        first_ += values.size();
        return py::make_tuple(first, to_numpy(std::move(values)));
    }

  private:
    static std::int64_t checked(std::int64_t tokens, std::int64_t block) {
        const char* const function = "influence_blocks";
        detail::check_tokens(function, tokens);
        detail::check_at_least(function, "block", block, 1);
        detail::check_fits_in_memory<double>(function, std::min(block, tokens), 1);
        return tokens;
    }

    detail::row_writer<double> row_;
    std::int64_t tokens_;
    std::int64_t block_;
    std::int64_t first_ = 0;
};

}  // namespace

void bind_rows(py::module_& m) {
    m.def(
        "influence_row",
        [](integer tokens, const network& n, const py::object& keys) {
            return to_numpy(influence_row_with_keys(tokens.value, n.hops(), keys));
        },
        py::arg("tokens"), py::arg("network"), py::arg("keys") = py::none(),
        R"(influence_row(tokens, network, keys=None)
--

How much each position of a context influences its last one: a probability distribution over positions.

Parameters
----------
tokens : int
    The length of the context, at least 1.
network : HopLaw, MixingSchedule or array_like
keys : UniformKeys, DecayingKeys, WeightedKeys or None
    How attention weighs its keys; None is uniform.

Returns
-------
ndarray, shape (tokens,)
    Sums to one, or to what the hops do not lose. Relative error below 6e-14.

Examples
--------
>>> cesaro.influence_row(4, [1.0, 0.5]).round(4)
array([0.3854, 0.2604, 0.1979, 0.1562])
)");
    m.def(
        "influence_rows",
        [](const integers& queries, const network& n) {
            const auto list = queries.list();
            return to_numpy(unlocked([&] { return influence_rows(list, n.hops()); }));
        },
        py::arg("queries"), py::arg("network"), R"(influence_rows(queries, network)
--

The rows of several queries.

Parameters
----------
queries : array_like of int
    Zero-based positions of the tokens that read, in any order.
network : HopLaw, MixingSchedule or array_like

Returns
-------
ndarray, shape (len(queries), max(queries) + 1)
    Row i is that of the i-th query, zero beyond it.

Examples
--------
>>> cesaro.influence_rows([0, 2], [1.0]).round(4)
array([[1.    , 0.    , 0.    ],
       [0.3333, 0.3333, 0.3333]])
)");
    m.def(
        "influence_matrix",
        [](integer tokens, const network& n, const py::object& keys) {
            detail::check_at_least("influence_matrix", "tokens", tokens, 0);
            detail::check_fits_in_memory<double>("influence_matrix", tokens, tokens);
            RowMajorMatrix matrix(tokens.value, tokens.value);
            influence_matrix_with_keys(n.hops(), keys, matrix);
            return to_numpy(std::move(matrix));
        },
        py::arg("tokens"), py::arg("network"), py::arg("keys") = py::none(),
        R"(influence_matrix(tokens, network, keys=None)
--

The network operator as a dense matrix: row n is the influence of every position on query n.

Parameters
----------
tokens : int
    At least 0.
network : HopLaw, MixingSchedule or array_like
keys : UniformKeys, DecayingKeys, WeightedKeys or None
    How attention weighs its keys; None is uniform.

Returns
-------
ndarray, shape (tokens, tokens)
    Lower triangular, its rows sum to one, or to what a sink leaves. Relative error below 5e-13, under keys 1e-12.

Examples
--------
>>> cesaro.influence_matrix(2, [0.5])
array([[1.  , 0.  ],
       [0.25, 0.75]])
)");
    py::class_<block_iterator>(m, "InfluenceBlocks", "What influence_blocks() gives: an iterator.")
        .def("__iter__", [](py::object self) { return self; })
        .def("__next__", &block_iterator::next);
    m.def(
        "influence_blocks",
        [](integer tokens, const network& n, integer block) {
            return block_iterator(tokens, n.hops(), block);
        },
        py::arg("tokens"), py::arg("network"), py::arg("block") = 65536,
        R"(influence_blocks(tokens, network, block=65536)
--

The row of influence_row in consecutive blocks, for contexts too long to be stored.

Parameters
----------
tokens : int
    The length of the row, 1 <= tokens <= 2**62.
network : HopLaw, MixingSchedule or array_like
block : int
    The positions of a block, at least 1; the last one may have fewer.

Returns
-------
iterator of (first, values)
    The first position of the block, an int, and its entries, ndarray of shape (block,).

Examples
--------
>>> sum(values.sum() for first, values in cesaro.influence_blocks(10**6, [0.5] * 8)).round(9)
1.0
)");
    m.def(
        "influence_histogram",
        [](integer tokens, const network& n, integer bins) {
            return to_numpy(
                unlocked([&] { return influence_histogram(tokens.value, n.hops(), bins.value); }));
        },
        py::arg("tokens"), py::arg("network"), py::arg("bins"), R"(influence_histogram(tokens, network, bins)
--

The influence of `bins` consecutive ranges of positions of nearly equal length.

Parameters
----------
tokens : int
    At least 1.
network : HopLaw, MixingSchedule or array_like
bins : int
    1 <= bins <= tokens. The first ``tokens % bins`` ranges are one position longer than the others.

Returns
-------
ndarray, shape (bins,)
    Sums to one.
)");
    m.def(
        "apply_power",
        [](const network& n, const double_block& x) {
            const auto hops = n.hops();
            return map_block(x, [&](const auto& in, auto& out) { apply_power(hops, in, out); });
        },
        py::arg("network"), py::arg("x"), R"(apply_power(network, x)
--

The network operator A applied to a vector or a block of columns, ``A @ x``, in one pass.

Parameters
----------
network : HopLaw, MixingSchedule or array_like
x : array_like, shape (n,) or (n, k)

Returns
-------
ndarray of the shape of x

Examples
--------
>>> cesaro.apply_power([1.0], [2, 4, 9])  # running means
array([2., 3., 5.])
)");
    m.def(
        "apply_power_transpose",
        [](const network& n, const double_block& v) {
            const auto hops = n.hops();
            return map_block(v, [&](const auto& in, auto& out) { apply_power_transpose(hops, in, out); });
        },
        py::arg("network"), py::arg("v"), R"(apply_power_transpose(network, v)
--

``A.T @ v``: how the influence of the positions, weighted by v, is spread over their pasts.

Parameters
----------
network : HopLaw, MixingSchedule or array_like
v : array_like, shape (n,) or (n, k)

Returns
-------
ndarray of the shape of v
)");
    m.def(
        "power_sum",
        [](integer a, integer b, integer r) {
            if (r > INT32_MAX) detail::throw_domain_error("power_sum", "r", r.value, "must be below 2^31");
            return unlocked([&] { return power_sum(a.value, b.value, int(std::max<std::int64_t>(r, -1))); });
        },
        py::arg("a"), py::arg("b"), py::arg("r"), R"(power_sum(a, b, r)
--

The sum of ``i**-r`` for i from a to b, both included, within 4 ulp.

Parameters
----------
a, b : int
    1 <= a <= b <= 2**62.
r : int
    At least 1.

Examples
--------
>>> round(cesaro.power_sum(1, 10**18, 1), 12)
42.023747338794
)");
}

}  // namespace cesaro::python
