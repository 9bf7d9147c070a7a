# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Profiles against SciPy and NumPy, Jacobian norms against their definitions."""

import numpy as np
import pytest
from scipy import integrate, stats

import cesaro


def test_distances(rng):
    p, q = rng.random(200), rng.random(200)
    a, b = p / p.sum(), q / q.sum()
    x = np.arange(200) / 199
    assert cesaro.total_variation(p, 7 * q) == pytest.approx(abs(a - b).sum() / 2, rel=1e-13)
    assert cesaro.wasserstein(p, q) == pytest.approx(stats.wasserstein_distance(x, x, a, b), rel=1e-12)
    assert cesaro.spearman(p, q) == pytest.approx(stats.spearmanr(p, q)[0], rel=1e-12)
    assert cesaro.spearman(p[::2], q[::2]) == pytest.approx(stats.spearmanr(p[::2], q[::2])[0], rel=1e-12)
    assert cesaro.wasserstein(a, a) == 0 and cesaro.spearman(a, -np.log(a)) == -1


def test_summary(rng):
    p = rng.random(95)
    a = p / p.sum()
    s = cesaro.summarize(p)
    fields = {"primacy": a[:10].sum(), "middle": a[10:85].sum(), "recency": a[85:].sum(), "first_token": a[0],
              "last_token": a[-1], "valley": a.min(), "valley_position": a.argmin(),
              "valley_depth": np.log10(min(a[0], a[-1]) / a.min()), "mean_position": (np.arange(95) * a).sum(),
              "entropy": stats.entropy(a)}
    assert list(s.as_dict()) == list(fields)
    for name, value in fields.items():
        assert getattr(s, name) == pytest.approx(value, rel=1e-12), name
        assert s.as_dict()[name] == getattr(s, name)
    row = cesaro.DiscreteInfluence(511, [0.3] * 12).summary().as_dict()
    for name, value in cesaro.summarize(cesaro.influence_row(512, [0.3] * 12)).as_dict().items():
        assert row[name] == pytest.approx(value, rel=1e-11), name
    assert "primacy=" in repr(s)


def test_fits():
    fit = cesaro.fit_profile(np.exp(-0.7 * np.arange(30)), 0, 2, lambda rate: np.exp(-rate * np.arange(30)), grid=10)
    parameter, distance = fit
    assert parameter == fit.parameter == pytest.approx(0.7, abs=1e-6) and distance == fit.wasserstein < 1e-6
    assert cesaro.fit_constant_mixing(cesaro.influence_row(64, [0.4] * 6), 6).parameter == pytest.approx(0.4, abs=1e-6)
    gains = np.array([0.5, 1.0])
    assert cesaro.fit_gain_factor(cesaro.jacobian_profile(64, 3 * gains), gains).parameter == pytest.approx(3, abs=1e-5)
    positions = cesaro.PositionGains(np.tile(gains, (16, 1)), feed_forward=np.ones((16, 2)))
    scaled = cesaro.PositionGains(3 * positions.attention, feed_forward=3 * positions.feed_forward)
    assert cesaro.fit_gain_factor(cesaro.position_jacobian_profile(scaled), positions).parameter == pytest.approx(3, abs=1e-4)
    with pytest.raises(ZeroDivisionError):
        cesaro.fit_profile([1, 2], 0, 1, lambda x: 1 / 0)
    with pytest.raises(ValueError):
        cesaro.fit_profile([1, 2], 0, 1, lambda x: [1, 2, 3])


def random_layers(rng, sigma, tokens, width):
    """The norms of one network x <- x + M x W by each position of its last one."""
    mean = np.tril(np.ones((tokens, tokens))) / np.arange(1, tokens + 1)[:, None]
    jacobian = np.zeros((tokens, width, width))
    jacobian[-1] = np.eye(width)
    for s in sigma[::-1]:
        weights = rng.standard_normal((width, width)) * s / np.sqrt(width)
        jacobian = jacobian + np.einsum("nm,nij,jk->mik", mean, jacobian, weights)
    return (jacobian**2).sum(axis=(1, 2)) / width


def test_jacobian_profiles(rng):
    sigma = np.array([0.5, 1.0, 0.8])
    predicted = cesaro.jacobian_profile(8, sigma)
    simulated = np.sqrt(np.mean([random_layers(rng, sigma, 8, 24) for _ in range(400)], axis=0))
    np.testing.assert_allclose(predicted, simulated, rtol=0.04)
    gains = cesaro.PositionGains(np.tile(sigma, (8, 1)))
    np.testing.assert_allclose(cesaro.position_jacobian_profile(gains), predicted, rtol=1e-12)
    profile, error = cesaro.random_sign_profile(gains, 4000, seed=3)
    assert (abs(profile - predicted) < 5 * error + 1e-12).all()
    assert gains.attention.shape == (8, 3) and gains.feed_forward.size == 0 and not gains.parallel
    fed = cesaro.PositionGains(np.ones((4, 2)), feed_forward=np.ones((4, 2)), windows=[2, 0], parallel=True)
    assert cesaro.position_jacobian_profile(fed).shape == (4,)
    np.testing.assert_array_equal(fed.windows, [2, 0])
    for wrong in ({"feed_forward": np.ones((3, 2))}, {"windows": [1]}, {"windows": [-1, 0]}, {"decays": [0.0]},
                  {"attention_output": -np.ones((4, 2))}):
        with pytest.raises(ValueError):
            cesaro.PositionGains(np.ones((4, 2)), **wrong)


def test_softmax_participation(rng):
    scores = rng.standard_normal((20000, 64)) * 1.5
    weights = np.exp(scores)
    weights /= weights.sum(axis=1, keepdims=True)
    assert cesaro.softmax_participation(64, 2.25) == pytest.approx((weights**2).sum(axis=1).mean(), rel=0.02)
    np.testing.assert_array_equal(cesaro.softmax_participation([1, 10, 100], 0), [1, 0.1, 0.01])
    # Two scores: the weights are logistic in their difference, of twice the variance.
    def integrand(z):
        a = 1 / (1 + np.exp(-z))
        return (a**2 + (1 - a) ** 2) * stats.norm.pdf(z, scale=np.sqrt(2))
    assert cesaro.softmax_participation(2, 1.0) == pytest.approx(integrate.quad(integrand, -12, 12)[0], rel=1e-8)
