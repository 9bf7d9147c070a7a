# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Operators and rollouts against dense matrices and a public tool."""

import json
import math

import numpy as np
import pytest
from conftest import DATA, dense_network

import cesaro

N = 30


def softmax_rows(scores, seen):
    weights = np.where(seen, np.exp(scores - scores.max(axis=1, keepdims=True)), 0)
    return weights / weights.sum(axis=1, keepdims=True)


n, m = np.indices((N, N))
zero = np.zeros((N, N))
PATTERNS = {
    "cesaro": (cesaro.CesaroOperator(N), softmax_rows(zero, m <= n)),
    "network": (cesaro.NetworkOperator(N, [0.5, 0.3]), dense_network(N, [0.5, 0.3])),
    "window": (cesaro.SlidingWindowOperator(N, 7), softmax_rows(zero, (m <= n) & (n - m < 7))),
    "prefix": (cesaro.PrefixOperator(N, 5), softmax_rows(zero, (m <= n) | (m < 5))),
    "full": (cesaro.FullOperator(N), softmax_rows(zero, m >= 0)),
    "decay": (cesaro.DecayOperator(N, slope=0.3, diagonal_score=1.5, temperature=0.7, window=9, prefix=4),
              softmax_rows((-0.3 * abs(n - m) + 1.5 * (m == n)) / 0.7, ((m <= n) & (n - m < 9)) | ((n < 4) & (m > n) & (m < 4)))),
    "weighted": (cesaro.WeightedMeanOperator(1.0 + np.arange(N)), softmax_rows(np.log1p(m), m <= n)),
    "dense": (cesaro.DenseOperator(np.tri(N) / (1 + np.arange(N))[:, None]), softmax_rows(zero, m <= n)),
}
window = PATTERNS["window"][1]
PATTERNS["sink"] = (cesaro.SinkOperator(PATTERNS["window"][0], 0.25), 0.75 * window + 0.25 * (m == 0))
PATTERNS["heads"] = (cesaro.HeadMixture([op for op, _ in PATTERNS.values()], np.arange(1.0, 10.0)),
                     sum(w * dense for w, (_, dense) in zip(np.arange(1, 10) / 45, PATTERNS.values())))


class Bigram:
    """Position n attends to n and n - 1 alike; the first one to itself."""

    def __init__(self, rows):
        self.rows = rows

    def apply(self, x):
        return [x[0]] + [(a + b) / 2 for a, b in zip(x[1:], x[:-1])]

    def apply_transpose(self, v):
        v = np.asarray(v)
        y = v / 2
        y[0] += v[0] / 2
        y[:-1] += v[1:] / 2
        return y


bigram = np.diag(np.full(N, 0.5)) + np.diag(np.full(N - 1, 0.5), -1)
bigram[0, 0] = 1


@pytest.mark.parametrize("name", PATTERNS)
def test_operators(name, rng):
    op, dense = PATTERNS[name]
    assert op.rows == op.cols == N and op.shape == (N, N)
    np.testing.assert_allclose(op.matrix(), dense, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(op.diagonal(), np.diag(dense), rtol=1e-12)
    block = rng.random((N, 5))
    for x in (block[:, 0].copy(), block[:, 1], block, np.asfortranarray(block), block[::-1, ::2], block[:, :0],
              block.tolist(), block[:, 2].astype(np.float32).astype(np.float16)):
        np.testing.assert_allclose(op.apply(x), dense @ np.asarray(x), rtol=1e-12, atol=1e-300)
        np.testing.assert_allclose(op.apply_transpose(x), dense.T @ np.asarray(x), rtol=1e-12, atol=1e-300)
    for wrong in (block[1:], np.zeros(N + 1), np.zeros((N, 2, 2)), np.zeros(()), "text", None, 1j * block):
        with pytest.raises((ValueError, TypeError)):
            op.apply(wrong)
        with pytest.raises((ValueError, TypeError)):
            op.apply_transpose(wrong)


def test_rollouts(rng):
    layers = [op for op, _ in PATTERNS.values()] + [Bigram(N), bigram]
    dense = [d for _, d in PATTERNS.values()] + [bigram, bigram]
    lambdas = rng.random(len(layers))
    product = np.eye(N)
    for lam, layer in zip(lambdas, dense):
        product = ((1 - lam) * np.eye(N) + lam * layer) @ product
    np.testing.assert_allclose(cesaro.rollout_row(layers, lambdas), product[-1], rtol=1e-12)
    np.testing.assert_allclose(cesaro.rollout_row(layers, cesaro.MixingSchedule(lambdas)), product[-1], rtol=1e-12)
    np.testing.assert_allclose(cesaro.rollout_rows(layers, lambdas, [2, 29]), product[[2, 29]], rtol=1e-12)
    np.testing.assert_allclose(cesaro.rollout_matrix(layers, lambdas), product, rtol=1e-12, atol=1e-300)
    x = rng.random((N, 3))
    np.testing.assert_allclose(cesaro.rollout_apply(layers, lambdas, x), product @ x, rtol=1e-12)
    np.testing.assert_allclose(cesaro.rollout_apply(layers, lambdas, x[:, 0]), product @ x[:, 0], rtol=1e-12)
    stacked = np.stack(dense)
    np.testing.assert_allclose(cesaro.rollout_row(stacked, lambdas), product[-1], rtol=1e-12)


def test_collapse_rates():
    assert cesaro.collapse_rate(cesaro.CesaroOperator(N)) == 0.5
    assert cesaro.collapse_rate(cesaro.SinkOperator(cesaro.CesaroOperator(N), 0.3), 0.5) == pytest.approx(0.675)
    assert cesaro.collapse_rate(bigram) == 0.5


def test_objects_of_the_user_may_fail():
    class Broken(Bigram):
        def apply_transpose(self, v):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        cesaro.rollout_row([Broken(N)], [0.5])

    class Short(Bigram):
        def apply_transpose(self, v):
            return v[1:]

    with pytest.raises(ValueError, match="apply_transpose"):
        cesaro.rollout_row([Short(N)], [0.5])
    for wrong in (["text"], [None], [3], "text", [Bigram("x")], [Bigram(-1)], [Bigram(None)], [np.zeros(3)], [np.zeros((2, 3))],
                  [-np.eye(3)], [np.full((3, 3), np.nan)], []):
        with pytest.raises((ValueError, TypeError)):
            cesaro.rollout_row(wrong, [0.5])


@pytest.mark.parametrize("name", ["example", "mpt-7b-positional", "falcon-rw-7b-content"])
def test_rollouts_from_dictionaries(name):
    config = json.loads((DATA / "rollout" / f"{name}.json").read_text())
    expected = json.loads((DATA / "rollout" / f"{name}.expected.json").read_text())["last_row"]
    np.testing.assert_allclose(cesaro.rollout_row(*cesaro.read_rollout(config)), expected, rtol=1e-12, atol=1e-12)


def test_wrong_dictionaries():
    config = {"sequence_length": 10, "num_layers": 2, "attention_config": {"num_heads": 1},
              "lambda_schedule_config": {"schedule_type": "constant", "lambda_const": 0.5}}
    np.testing.assert_allclose(cesaro.rollout_row(*cesaro.read_rollout(config)), cesaro.influence_row(10, [0.5, 0.5]))
    changes = [("sequence_length", 0), ("sequence_length", 1.5), ("num_layers", None), ("num_layers", True), ("layers", 3),
               ("attention_config", None), ("attention_config", []), ("attention_config", {"num_heads": 0}),
               ("attention_config", {"num_heads": 1, "alibi_slopes": [[-1]]}),
               ("attention_config", {"num_heads": 1, "alibi_slopes": [1]}),
               ("attention_config", {"num_heads": 2, "alibi_slopes": [[1, 2, 3]]}),
               ("attention_config", {"num_heads": 1, "head_weights": [[0]]}),
               ("attention_config", {"num_heads": 1, "softmax_temperature": 0}),
               ("attention_config", {"num_heads": 1, "softmax_temperature": math.nan}),
               ("mask_config", {"mask_type": "diagonal"}), ("mask_config", {"mask_type": "sliding_window"}),
               ("mask_config", {"mask_type": "prefix", "prefix_length": 11}),
               ("content_config", {"diagonal_scores": [["x"]]}),
               ("lambda_schedule_config", {"schedule_type": "linear"}),
               ("lambda_schedule_config", {"schedule_type": "constant", "lambda_const": 2}),
               ("lambda_schedule_config", {"schedule_type": "custom", "lambdas_custom": [0.5]}),
               ("lambda_schedule_config", {"schedule_type": "power_decay", "lambda_0": 0.9, "beta": -1})]
    for key, value in changes:
        with pytest.raises(ValueError):
            cesaro.rollout_row(*cesaro.read_rollout({**config, key: value}))
    with pytest.raises(TypeError):
        cesaro.read_rollout("config.yaml")
