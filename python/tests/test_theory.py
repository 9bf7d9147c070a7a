# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Schedules, rows, matrices, distributions and landmarks: against rationals, 60 digits and dense products."""

import itertools
import math

import numpy as np
import pytest
from conftest import assert_close, dense_network, exact_matrix, table, table_schedule
from scipy import integrate, special, stats

import cesaro

ALPHAS = [0.25, 0.5, 0.875, 0.0625]


def by_network(rows, key):
    """Rows of a table grouped by what makes the same distribution."""
    rows = sorted(rows, key=key)
    return itertools.groupby(rows, key=key)


def test_schedules():
    schedule = cesaro.MixingSchedule(ALPHAS)
    np.testing.assert_array_equal(schedule.alphas, ALPHAS)
    assert schedule.depth == len(schedule) == 4
    poisson_binomial = np.polynomial.polynomial.polyfromroots([])
    for alpha in ALPHAS:
        poisson_binomial = np.polynomial.polynomial.polymul(poisson_binomial, [1 - alpha, alpha])
    np.testing.assert_allclose(schedule.hop_distribution(), poisson_binomial, rtol=1e-15)
    np.testing.assert_allclose(cesaro.MixingSchedule.constant(12, 0.3).hop_distribution(),
                               stats.binom(12, 0.3).pmf(np.arange(13)), rtol=1e-13)
    assert schedule.recency_delta() == np.prod(1 - np.array(ALPHAS))
    np.testing.assert_array_equal(cesaro.MixingSchedule.attention_only(3).alphas, np.ones(3))
    np.testing.assert_allclose(cesaro.MixingSchedule.power_decay(5, 0.9, 0.5).alphas, 0.9 / np.sqrt(np.arange(1, 6)))
    assert schedule * cesaro.MixingSchedule([]) == schedule
    assert schedule != cesaro.MixingSchedule(ALPHAS[::-1])
    assert hash(schedule) == hash(cesaro.MixingSchedule(ALPHAS))
    assert (schedule == 3) is False


def test_hop_laws():
    a = cesaro.HopLaw([0.5, 0.25, 0.25])
    b = cesaro.MixingSchedule(ALPHAS)
    np.testing.assert_allclose((a * b).weights, np.convolve(a.weights, b.hop_distribution()), rtol=1e-15)
    np.testing.assert_allclose((b * a).weights, (a * b).weights, rtol=1e-15)
    assert a.mean() == 0.75 and a.max_hops == 2 and a.total == 1
    assert cesaro.HopLaw(b) == b and cesaro.HopLaw(b).mean() == pytest.approx(sum(ALPHAS), rel=1e-15)
    lossy = cesaro.HopLaw([0.25, 0.25])
    assert lossy.total == 0.5
    np.testing.assert_array_equal(lossy.normalized().weights, [0.5, 0.5])


@pytest.mark.parametrize("network", [
    ALPHAS, tuple(ALPHAS), np.array(ALPHAS), np.repeat(ALPHAS, 2)[::2], np.array(ALPHAS, dtype=np.float32),
    cesaro.MixingSchedule(ALPHAS), cesaro.HopLaw(cesaro.MixingSchedule(ALPHAS))], ids=repr)
def test_every_way_to_give_a_network(network):
    row = cesaro.influence_row(20, network)
    assert row.shape == (20,) and row.dtype == np.float64
    assert_close(row, exact_matrix(20, ALPHAS)[-1], 1e-14)


def test_rows_and_matrices():
    exact = exact_matrix(40, ALPHAS)
    assert_close(cesaro.influence_row(40, ALPHAS), exact[-1], 1e-14)
    assert_close(cesaro.influence_matrix(40, ALPHAS), exact, 1e-13)
    rows = cesaro.influence_rows([3, 39, 0], ALPHAS)
    assert_close(rows, exact[[3, 39, 0]], 1e-13)
    assert cesaro.influence_rows([], ALPHAS).shape == (0, 0)
    assert cesaro.influence_matrix(0, ALPHAS).shape == (0, 0)
    long = cesaro.influence_row(100_000, [0.3] * 32)
    blocks = list(cesaro.influence_blocks(100_000, [0.3] * 32, block=33_333))
    assert [first for first, _ in blocks] == [0, 33_333, 66_666, 99_999]
    np.testing.assert_array_equal(np.concatenate([values for _, values in blocks]), long)
    assert math.fsum(long) == pytest.approx(1, abs=1e-13)
    np.testing.assert_allclose(cesaro.influence_histogram(100_000, [0.3] * 32, 10), long.reshape(10, -1).sum(axis=1),
                               rtol=1e-11)


@pytest.mark.parametrize("order", ["C", "F"])
def test_network_on_vectors(rng, order):
    dense = dense_network(50, ALPHAS)
    block = np.asarray(rng.random((50, 7)), order=order)
    np.testing.assert_allclose(cesaro.apply_power(ALPHAS, block), dense @ block, rtol=1e-13)
    np.testing.assert_allclose(cesaro.apply_power_transpose(ALPHAS, block), dense.T @ block, rtol=1e-13)
    for vector in (block[:, 0], block[::-1, 3], block[0:0, 0]):
        size = vector.size
        np.testing.assert_allclose(cesaro.apply_power(ALPHAS, vector), dense[:size, :size] @ vector, rtol=1e-13)
    assert cesaro.apply_power(ALPHAS, block).flags[f"{order}_CONTIGUOUS"]
    strided = rng.random((100, 14))[::2, ::2]
    np.testing.assert_allclose(cesaro.apply_power(ALPHAS, strided), dense @ strided, rtol=1e-13)
    read_only = block[:, 1].copy()
    read_only.flags.writeable = False
    before = read_only.copy()
    np.testing.assert_allclose(cesaro.apply_power(ALPHAS, read_only), dense @ before, rtol=1e-13)
    np.testing.assert_array_equal(read_only, before)
    swapped = block[:, 2].astype(">f8")
    np.testing.assert_allclose(cesaro.apply_power(ALPHAS, swapped), dense @ block[:, 2], rtol=1e-13)


def test_discrete_against_the_table():
    count = 0
    for (query, *network), group in by_network(table("discrete.txt"), lambda row: (row[0], *row[2:5])):
        law = cesaro.DiscreteInfluence(int(query), table_schedule(*network))
        group = list(group)
        sources = np.array([int(row[1]) for row in group])
        pdf, cdf, sf = (np.array([float(row[i]) for row in group]) for i in (5, 6, 7))
        assert_close(law.pmf(sources), pdf, 16 * 2.3e-16)
        assert_close(law.cdf(sources), cdf, 16 * 2.3e-16)
        assert_close(law.sf(sources), sf, 16 * 2.3e-16)
        positive = pdf > 0
        np.testing.assert_allclose(law.logpmf(sources)[positive], np.log(pdf[positive]), rtol=1e-13, atol=1e-14)
        count += len(group)
    assert count > 900


def test_continuum_against_the_table():
    for network, group in by_network(table("continuum.txt"), lambda row: tuple(row[1:4])):
        law = cesaro.ContinuumInfluence(table_schedule(*network))
        group = list(group)
        x = np.array([float(row[0]) for row in group])
        for method, column in ((law.pdf, 4), (law.cdf, 5), (law.sf, 6)):
            assert_close(method(x), [float(row[column]) for row in group], 16 * 2.3e-16)


def test_depth_limit_against_the_table():
    for attention, group in by_network(table("depth_limit.txt"), lambda row: row[0]):
        law = cesaro.DepthLimitInfluence(float(attention))
        group = list(group)
        x = np.array([float(row[1]) for row in group])
        for method, column in ((law.pdf, 2), (law.cdf, 3), (law.sf, 4)):
            assert_close(method(x), [float(row[column]) for row in group], 16 * 2.3e-16)


def test_moments_against_the_table():
    for kind, parameter, *network, mean, variance, skewness, kurtosis in table("moments.txt"):
        if kind == "discrete":
            law = cesaro.DiscreteInfluence(int(parameter), table_schedule(*network))
        elif kind == "continuum":
            law = cesaro.ContinuumInfluence(table_schedule(*network))
        else:
            law = cesaro.DepthLimitInfluence(float(parameter))
        assert_close(law.mean(), float(mean), 1e-13)
        assert_close(law.var(), float(variance), 1e-12)
        assert_close(law.std(), math.sqrt(float(variance)), 1e-12)
        for value, expected in ((law.skewness, skewness), (law.kurtosis, kurtosis)):
            if math.isfinite(float(expected)):
                np.testing.assert_allclose(value(), float(expected), rtol=1e-10, atol=1e-12)


def test_a_row_as_scipy_sees_it():
    law = cesaro.DiscreteInfluence(200, ALPHAS)
    row = cesaro.influence_row(201, ALPHAS)
    reference = stats.rv_discrete(values=(np.arange(201), row / row.sum()))
    levels = np.array([0, 1e-9, 0.1, 0.5, 0.9, 0.999, 1.0])
    positions = np.arange(201).reshape(3, 67)
    np.testing.assert_allclose(law.pmf(positions), reference.pmf(positions), rtol=1e-12)
    np.testing.assert_allclose(law.cdf(positions), reference.cdf(positions), rtol=1e-12)
    np.testing.assert_allclose(law.sf(positions), reference.sf(positions), rtol=1e-10, atol=1e-15)
    np.testing.assert_array_equal(law.ppf(levels[1:-1]), reference.ppf(levels[1:-1]))
    assert law.ppf(0) == 0 and law.ppf(1) == 200 and isinstance(law.ppf(0.5), int)
    assert law.ppf(levels).dtype == np.int64
    np.testing.assert_array_equal(law.isf([0.25, 0.01]), law.ppf([0.75, 0.99]))
    assert law.median() == reference.median()
    assert law.mean() == pytest.approx(reference.mean(), rel=1e-13)
    assert law.var() == pytest.approx(reference.var(), rel=1e-12)
    assert law.kurtosis() - 3 == pytest.approx(reference.stats(moments="k"), rel=1e-10)
    assert law.support() == (0, 200) and law.query == 200
    assert law.mode() == row.argmax()
    assert isinstance(law.pmf(3), float) and isinstance(law.pmf(np.array(3)), float)
    assert law.pmf(np.zeros((0, 4), dtype=int)).shape == (0, 4)
    np.testing.assert_array_equal(law.pmf([3.0, 4.0]), law.pmf(np.array([3, 4], dtype=np.uint8)))


def test_continuum_is_a_density():
    law = cesaro.ContinuumInfluence(ALPHAS)
    mass, _ = integrate.quad(lambda u: law.pdf(math.exp(-u)) * math.exp(-u), 0, 60)
    assert mass + law.delta_weight == pytest.approx(1, abs=1e-10)
    x = np.linspace(0.05, 0.95, 7)
    np.testing.assert_allclose(law.cdf(x) + law.sf(x), 1, rtol=1e-14)
    np.testing.assert_allclose(law.ppf(law.cdf(x)), x, rtol=1e-12)
    np.testing.assert_allclose(law.isf(law.sf(x)), x, rtol=1e-12)
    np.testing.assert_allclose(law.logpdf(x), np.log(law.pdf(x)), rtol=1e-12, atol=1e-14)
    assert law.ppf(1) == 1 and law.median() == law.ppf(0.5) and law.support() == (0, 1)
    deep = cesaro.DepthLimitInfluence(2.5)
    u = -np.log(x)
    bessel = math.exp(-2.5) * np.sqrt(2.5 / u) * special.iv(1, 2 * np.sqrt(2.5 * u))
    np.testing.assert_allclose(deep.pdf(x), bessel, rtol=1e-13)
    assert deep.total_attention == 2.5 and deep.delta_weight == pytest.approx(math.exp(-2.5), rel=1e-15)


def test_landmarks():
    x = np.array([0.01, 0.3, 1.0])
    u = -np.log(x)
    depth = len(ALPHAS)
    np.testing.assert_allclose(cesaro.dead_zone(depth, x), u**3 / 6, rtol=1e-14)
    np.testing.assert_allclose(cesaro.primacy_tail(ALPHAS, x), np.prod(ALPHAS) * u**3 / 6, rtol=1e-14)
    np.testing.assert_array_equal(cesaro.valley(ALPHAS, x), cesaro.ContinuumInfluence(ALPHAS).pdf(x))
    assert cesaro.recency_delta(ALPHAS) == np.prod(1 - np.array(ALPHAS))
    assert cesaro.recency_delta(cesaro.HopLaw([0.25, 0.75])) == 0.25
    assert cesaro.valley_asymptotic(400, 0.3, 0.5) == pytest.approx(cesaro.valley([0.3] * 400, 0.5), rel=0.05)
    tokens = np.array([1, 20, 40])
    np.testing.assert_allclose(cesaro.first_token_influence(tokens, ALPHAS), exact_matrix(40, ALPHAS)[tokens - 1, 0],
                               rtol=1e-14)
    np.testing.assert_allclose(cesaro.collapse_bound(tokens, ALPHAS), (tokens - 1) * np.prod(1 - np.array(ALPHAS) / 2))
    layers = cesaro.collapse_depth(1000, 0.4, 0.05)
    assert cesaro.first_token_influence(1000, [0.4] * layers) >= 0.95 > cesaro.first_token_influence(1000, [0.4] * (layers - 1))


def test_sensitivities():
    step = 1e-6
    slopes = cesaro.pdf_sensitivity(99, ALPHAS, 30)
    logs = cesaro.logpdf_sensitivity(99, ALPHAS, 30)
    for layer in range(len(ALPHAS)):
        up, down = np.array(ALPHAS), np.array(ALPHAS)
        up[layer] += step
        down[layer] -= step
        difference = cesaro.DiscreteInfluence(99, up).pmf(30) - cesaro.DiscreteInfluence(99, down).pmf(30)
        assert slopes[layer] == pytest.approx(difference / (2 * step), rel=1e-7)
    np.testing.assert_allclose(logs, slopes / cesaro.DiscreteInfluence(99, ALPHAS).pmf(30), rtol=1e-12)


def test_power_sums():
    for a, b, r, value in table("power_sum.txt"):
        assert_close(cesaro.power_sum(int(a), int(b), int(r)), float(value), 5 * 2.3e-16)


def test_values_of_the_first_program():
    """What the C++ program of the README prints."""
    row = cesaro.DiscreteInfluence(1023, cesaro.MixingSchedule.constant(12, 0.2))
    limit = cesaro.ContinuumInfluence([0.2] * 12)
    printed = [row.pmf(0), row.pmf(511), limit.pdf(511 / 1023) / 1023, row.pmf(1023), row.cdf(511), row.sf(511)]
    assert [f"{value:.6f}" for value in printed] == ["0.033031", "0.000457", "0.000457", "0.068921", "0.775943", "0.224057"]
    assert row.median() == 148


def test_equal_networks_have_equal_hashes():
    schedule = cesaro.MixingSchedule([0.3, 0.2])
    assert cesaro.HopLaw(schedule) == schedule and hash(cesaro.HopLaw(schedule)) == hash(schedule)
    assert hash(cesaro.MixingSchedule([0.0])) == hash(cesaro.MixingSchedule([-0.0]))
    assert hash(cesaro.MixingSchedule([0.3])) != hash(schedule)


def keyed(n, weights, lost):
    """One layer of attention: weights[i, m] of query i and key m over their sum and what is lost."""
    weights = np.tril(weights)
    return weights / (weights.sum(axis=1, keepdims=True) + lost)


@pytest.mark.parametrize("keys, layer", [
    (None, keyed(30, np.ones((30, 30)), 0)),
    (cesaro.UniformKeys(), keyed(30, np.ones((30, 30)), 0)),
    (cesaro.UniformKeys(2.5), keyed(30, np.ones((30, 30)), 2.5)),
    (cesaro.DecayingKeys(0.3, temperature=2), keyed(30, np.exp(-0.15 * np.subtract.outer(np.arange(30), np.arange(30))), 0)),
    (cesaro.WeightedKeys(np.arange(1, 31), sink=4), keyed(30, np.tile(np.arange(1.0, 31), (30, 1)), 4)),
], ids=["none", "uniform", "sink", "decaying", "weighted"])
def test_keys(keys, layer):
    network = np.eye(30)
    for alpha in ALPHAS:
        network = (1 - alpha) * network + alpha * layer @ network
    expected = network[-1]
    row = cesaro.DiscreteInfluence(29, ALPHAS, keys)
    np.testing.assert_allclose(row.pmf(np.arange(30)), expected, rtol=1e-12)
    np.testing.assert_allclose(np.exp(row.logpmf(np.arange(30))), expected, rtol=1e-12)
    np.testing.assert_allclose(row.cdf(np.arange(30)), np.cumsum(expected), rtol=1e-12)
    np.testing.assert_allclose(cesaro.influence_row(30, ALPHAS, keys=keys), expected, rtol=1e-12)
    np.testing.assert_allclose(cesaro.influence_matrix(30, ALPHAS, keys), network, rtol=1e-12)
    assert row.lost == pytest.approx(1 - expected.sum(), abs=1e-13)
    assert row.mean() == pytest.approx(expected @ np.arange(30), rel=1e-12)


def test_wrong_keys():
    with pytest.raises(TypeError, match="DiscreteInfluence: keys must be"):
        cesaro.DiscreteInfluence(5, [0.5], 3)
    with pytest.raises(ValueError, match="sink = -1"):
        cesaro.UniformKeys(-1)
    with pytest.raises(ValueError, match="slope = -1"):
        cesaro.DecayingKeys(-1)
    with pytest.raises(ValueError, match=r"weights\[1\] = 0"):
        cesaro.WeightedKeys([1, 0])
    with pytest.raises(ValueError, match="keys.size"):
        cesaro.DiscreteInfluence(2, [0.5], cesaro.WeightedKeys([1, 2]))
    with pytest.raises(TypeError, match="influence_matrix: keys must be"):
        cesaro.influence_matrix(5, [0.5], 3)


def test_windows():
    law = cesaro.WindowInfluence(5, ALPHAS)
    expected = np.ones(1)
    for alpha in ALPHAS:
        expected = np.convolve(expected, np.r_[1 - alpha + alpha / 5, np.full(4, alpha / 5)])
    distances = np.arange(expected.size)
    np.testing.assert_allclose(law.pmf(distances), expected, rtol=1e-12)
    np.testing.assert_allclose(law.cdf(distances), np.cumsum(expected), rtol=1e-12)
    np.testing.assert_allclose(law.sf(distances[:-1]), 1 - np.cumsum(expected)[:-1], rtol=1e-9)
    assert law.mean() == pytest.approx(distances @ expected, rel=1e-12)
    assert law.var() == pytest.approx(distances**2 @ expected - law.mean()**2, rel=1e-11)
    assert law.ppf(0.5) == np.argmax(np.cumsum(expected) >= 0.5)
    assert law.isf(0.01) == np.argmax(1 - np.cumsum(expected) <= 0.01)
    assert law.window == 5 and law.hops == cesaro.HopLaw(cesaro.MixingSchedule(ALPHAS))


def test_wirings():
    np.testing.assert_array_equal(cesaro.global_layers(ALPHAS, [1, 0, 0, 1]).alphas, [ALPHAS[0], 0, 0, ALPHAS[3]])
    w = np.r_[1.0, np.zeros(4)]
    for alpha in ALPHAS:
        hop = np.r_[0.0, w[:-1]]
        w = (1 - alpha) * w + alpha * (0.5 * hop + np.r_[0, 0.25, np.zeros(3)])
    np.testing.assert_allclose(cesaro.value_residual(ALPHAS, 0.5, 0.25).weights, w, rtol=1e-13)
    assert cesaro.mean_hops(ALPHAS) == pytest.approx(sum(ALPHAS), rel=1e-15)
    weights = cesaro.MixingSchedule(ALPHAS).hop_distribution()
    assert cesaro.bent_share(ALPHAS) == pytest.approx(weights[2:].sum(), rel=1e-14)
    flat = cesaro.flattest_schedule(6, 2.0)
    assert sum(flat.alphas) == pytest.approx(2)
    assert cesaro.bent_share(flat) <= cesaro.bent_share([1 / 3] * 6)


def test_neighbouring_theories():
    assert cesaro.retrieval_profile(0.5, 0.3, slope=2.0) == cesaro.retrieval_profile(0.5, [0.3], slope=2.0)[0] > 0
    critical = cesaro.retrieval_critical_time(2.0, 1.5, 6.0)
    for factor, sign in ((0.98, 1), (1.02, -1)):  # the slope at x = 1 changes its sign there
        before, end = cesaro.retrieval_profile(factor * critical, [1 - 1e-6, 1], 2.0, 1.5, 6.0)
        assert sign * (end - before) > 0
    bound = sum(math.comb(4, k) / 3**k * np.linalg.matrix_power(keyed(9, np.ones((9, 9)), 0), k)[8, 2] for k in range(5))
    assert cesaro.over_squashing_bound(8, 2, 4, 3.0) == pytest.approx(bound, rel=1e-13)
    row = cesaro.influence_row(12, ALPHAS)
    np.testing.assert_allclose(cesaro.receptive_field_correction(2 * row, ALPHAS), 2, rtol=1e-12)
    assert cesaro.distance_decay_maximum(3, 0.5) > 0
