# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

import pathlib
from fractions import Fraction

import numpy as np
import pytest

DATA = pathlib.Path(__file__).parents[2] / "tests" / "data"


def exact_matrix(tokens, alphas):
    """The network operator in rational arithmetic, layer by layer."""
    rows = [[Fraction(int(n == m)) for m in range(tokens)] for n in range(tokens)]
    for alpha in map(Fraction, alphas):
        means = []
        sums = [Fraction(0)] * tokens
        for n, row in enumerate(rows):
            sums = [s + entry for s, entry in zip(sums, row)]
            means.append([s / (n + 1) for s in sums])
        rows = [[(1 - alpha) * x + alpha * y for x, y in zip(row, mean)] for row, mean in zip(rows, means)]
    return np.array([[float(x) for x in row] for row in rows])


def dense_network(tokens, alphas):
    """The same in NumPy, by dense products."""
    cesaro_matrix = np.tril(np.ones((tokens, tokens))) / np.arange(1, tokens + 1)[:, None]
    product = np.eye(tokens)
    for alpha in alphas:
        product = ((1 - alpha) * np.eye(tokens) + alpha * cesaro_matrix) @ product
    return product


def table(name):
    """The rows of a table of tests/data, split."""
    lines = (DATA / name).read_text().splitlines()
    return [line.split() for line in lines if not line.startswith("#")]


def table_schedule(kind, depth, alpha):
    if kind == "constant":
        return np.full(int(depth), float(alpha))
    assert kind == "dyadic"
    return np.array([7 * layer % 9 / 8 for layer in range(int(depth))])


def assert_close(actual, expected, relative):
    """Relatively, where the value is no smaller than doubles are accurate."""
    actual, expected = np.asarray(actual, dtype=float), np.asarray(expected, dtype=float)
    np.testing.assert_allclose(actual, expected, rtol=relative, atol=1e-290)


@pytest.fixture
def rng():
    return np.random.default_rng(20260310)
