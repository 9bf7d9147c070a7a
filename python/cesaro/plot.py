# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Pictures of profiles. Each function draws on the Axes it is given, or on new ones, and returns them; matplotlib is
imported when one is called."""

import numpy as np

import cesaro

__all__ = ["compare", "heatmap", "profile"]

_POINTS = 400


def _axes(ax):
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]


def _positions(tokens):
    """Some hundred positions that are dense at both ends, where a profile bends."""
    if tokens <= 2 * _POINTS:
        return np.arange(tokens)
    half = np.unique(np.geomspace(1, tokens // 2, _POINTS).astype(np.int64))
    return np.unique(np.concatenate([[0], half, tokens - 1 - half, [tokens - 1]]))


def _curve(what):
    """Positions, their shares, and the number of tokens, of whatever can be drawn."""
    if isinstance(what, cesaro.Prediction):
        positions = _positions(what.tokens)
        return positions, what.share(positions), what.tokens
    if isinstance(what, cesaro.DiscreteInfluence):
        positions = _positions(what.query + 1)
        return positions, what.pmf(positions), what.query + 1
    if isinstance(what, cesaro.ProfileEstimate):
        what = what.profile
    values = np.asarray(what, dtype=float)
    if values.ndim != 1:
        raise ValueError(f"cesaro.plot: a profile has one dimension, not {values.ndim}")
    cesaro.summarize(values)  # says what is wrong with them
    return np.arange(values.size), values / values.sum(), values.size


def profile(what, *, ax=None, log=True, label=None, **line):
    """A profile on the U-axis: the position over the length of the context, and its share times that length, so that
    1 is the share of uniform influence at any length.

    Parameters
    ----------
    what : Prediction, DiscreteInfluence, ProfileEstimate, or array_like of shape (tokens,)
        Divided by its sum.
    ax : matplotlib.axes.Axes, optional
    log : bool
        A logarithmic axis of shares.
    label : str, optional
    **line
        For Axes.plot.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> ax = cesaro.plot.profile(cesaro.DiscreteInfluence(1023, [0.2] * 12))
    >>> ax.get_yscale()
    'log'
    """
    positions, shares, tokens = _curve(what)
    ax = _axes(ax)
    fresh = not ax.lines
    x = positions / max(tokens - 1, 1)
    (drawn,) = ax.plot(x, shares * tokens, label=label, **{"linewidth": 1.5, **line})
    ax.plot(x[-1:], shares[-1:] * tokens, "o", color=drawn.get_color(), markersize=4)  # the query stands apart
    if log:
        ax.set_yscale("log")
    if fresh:
        ax.axhline(1, color="0.7", linewidth=0.8, zorder=0)
        ax.set(xlabel="position / context", ylabel="share × tokens", xlim=(-0.01, 1.01))
    if label is not None:
        ax.legend(frameon=False)
    return ax


def compare(profiles, *, ax=None, log=True, **line):
    """Several profiles on one U-axis; their contexts may differ in length.

    Parameters
    ----------
    profiles : dict
        What profile() draws, by its label.
    ax, log, **line
        As in profile().

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> rows = {f"{depth} layers": cesaro.influence_row(512, [0.3] * depth) for depth in (4, 12)}
    >>> [text.get_text() for text in cesaro.plot.compare(rows).get_legend().get_texts()]
    ['4 layers', '12 layers']
    """
    if not isinstance(profiles, dict) or not profiles:
        raise ValueError("cesaro.plot.compare: profiles must be a dict of at least one, by their labels")
    for label, what in profiles.items():
        ax = profile(what, ax=ax, log=log, label=str(label), **line)
    return ax


def heatmap(matrix, *, ax=None, log=True, **image):
    """A matrix of influence: sources to the right, queries downwards.

    Parameters
    ----------
    matrix : array_like of shape (queries, sources), or an operator
    ax : matplotlib.axes.Axes, optional
    log : bool
        Colours by the logarithm of the influence; what is 0 stays blank.
    **image
        For Axes.imshow.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> ax = cesaro.plot.heatmap(cesaro.influence_matrix(64, [0.3] * 12))
    >>> ax.get_xlabel()
    'source'
    """
    from matplotlib.colors import LogNorm

    values = np.asarray(matrix.matrix() if hasattr(matrix, "matrix") else matrix, dtype=float)
    if values.ndim != 2 or values.size == 0:
        raise ValueError("cesaro.plot.heatmap: a matrix of at least one entry is expected")
    if not (values >= 0).all():
        raise ValueError("cesaro.plot.heatmap: influence is at least 0")
    shown = np.ma.masked_equal(values, 0)
    ax = _axes(ax)
    if log and shown.count():
        image.setdefault("norm", LogNorm(max(shown.min(), shown.max() * 1e-6), shown.max()))
    drawn = ax.imshow(shown, **{"aspect": "auto", "interpolation": "nearest", **image})
    ax.set(xlabel="source", ylabel="query")
    ax.figure.colorbar(drawn, ax=ax, label="influence", extend="min" if log else "neither")
    return ax
