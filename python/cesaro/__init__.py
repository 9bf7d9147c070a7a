# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""The Cesàro-matrix theory of transformer position bias: how much each token of a prompt influences the last one,
before any training.

A network is the coefficients of its layers (a list, an array, a MixingSchedule) or the law of its hops (a HopLaw);
a row of influence is a probability distribution over zero-based positions. Arguments outside their domain are a
ValueError, results that do not fit in memory a MemoryError. Calls let other threads run, and Ctrl-C ends those that
take long, all but a single pass over arrays that are there. ``cesaro.plot`` needs matplotlib.

>>> import cesaro
>>> gpt2 = cesaro.DiscreteInfluence(1023, [0.2] * 12)
>>> gpt2.pmf([0, 511, 1023]).round(6)  # high on the first tokens and on the query, low in the middle
array([0.033031, 0.000457, 0.068921])
>>> config = {"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024,
...           "vocab_size": 50257}
>>> prediction = cesaro.predict(config, tokens=1024)  # an untrained decoder, from its configuration
>>> prediction.quantile(0.5) < 512
True
"""

from . import _core
from ._core import *  # noqa: F403
from ._core import __version__
from ._decoders import draw_weights, jacobian_norms, layer_report, prompt_loss, read_config
from ._rollouts import read_rollout

__all__ = sorted([name for name in vars(_core) if not name.startswith("_")]
                 + ["draw_weights", "jacobian_norms", "layer_report", "plot", "prompt_loss", "read_config", "read_rollout",
                    "__version__"])
for _name in __all__:
    if hasattr(_core, _name) and _name != "__version__":
        getattr(_core, _name).__module__ = "cesaro"
for _function in (draw_weights, jacobian_norms, layer_report, prompt_loss, read_config, read_rollout):
    _function.__module__ = "cesaro"
del _name, _function


def __getattr__(name):
    """cesaro.plot is imported when it is asked for."""
    if name == "plot":
        import importlib

        return importlib.import_module(".plot", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
