# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

import cesaro
from cesaro import plot


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_profile_is_drawn_as_it_is():
    row = cesaro.influence_row(50, [0.4] * 5)
    ax = plot.profile(3 * row, label="row")
    x, y = ax.lines[0].get_data()
    np.testing.assert_allclose(x, np.arange(50) / 49)
    np.testing.assert_allclose(y, 50 * row)
    assert ax.get_yscale() == "log" and ax.get_xlabel() == "position / context"
    again = plot.profile(row, ax=ax, log=False)
    assert again is ax and len([line for line in ax.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 2]) == 2


@pytest.mark.parametrize("tokens", [1, 2, 1000, 2**62])
def test_contexts_of_any_length(tokens):
    law = cesaro.DiscreteInfluence(tokens - 1, [0.3] * 8)
    ax = plot.profile(law)
    x, y = ax.lines[0].get_data()
    assert x[0] == 0 and x[-1] == (tokens > 1) and (np.diff(x) >= 0).all()
    assert len(x) <= min(tokens, 2000)
    assert y[-1] == pytest.approx(law.pmf(tokens - 1) * tokens)
    ax.figure.canvas.draw()


def test_compare_and_predictions():
    small = {"model_type": "gpt2", "n_layer": 2, "n_embd": 32, "n_head": 2, "vocab_size": 100, "n_positions": 64}
    measured = cesaro.jacobian_norms(small, 64, draws=2)
    ax = plot.compare({"predicted": cesaro.predict(small, 64), "measured": measured}, linewidth=1)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["predicted", "measured"]


def test_heatmap():
    matrix = cesaro.influence_matrix(20, [0.3] * 4)
    ax = plot.heatmap(matrix)
    shown = ax.images[0].get_array()
    assert shown.shape == (20, 20) and shown.mask[0, 5] and not shown.mask[5, 0]
    assert plot.heatmap(cesaro.CesaroOperator(5), log=False).get_ylabel() == "query"
    ax.figure.canvas.draw()


def test_wrong_arguments():
    for call in (lambda: plot.profile([-1, 2]), lambda: plot.profile([]), lambda: plot.profile(np.ones((2, 2))), lambda: plot.compare({}),
                 lambda: plot.compare([1]), lambda: plot.heatmap([1, 2]), lambda: plot.heatmap([[-1.0]]), lambda: plot.profile("text")):
        with pytest.raises(ValueError):
            call()
