# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# %% [markdown]
# # An attention pattern of your own
# An operator is anything with `rows`, `apply(x)` and `apply_transpose(v)`, or a matrix. Here: every position attends to
# itself and to the positions one, two, four, ... before it.

# %%
import numpy as np

import cesaro
from cesaro import plot


class PowersOfTwo:
    """Position n attends alike to n and to n - 1, n - 2, n - 4, ..., as far as there are such."""

    def __init__(self, rows):
        self.rows = rows
        self.steps = [0] + [2**i for i in range(rows.bit_length()) if 2**i < rows]
        self.seen = sum((np.arange(rows) >= step).astype(float) for step in self.steps)

    def apply(self, x):
        return sum(np.pad(x, (step, 0))[: self.rows] for step in self.steps) / self.seen

    def apply_transpose(self, v):
        return sum(np.pad(v / self.seen, (0, step))[step:] for step in self.steps)


tokens, layers = 1024, 8
sparse = PowersOfTwo(tokens)

# %% [markdown]
# Both directions belong to one matrix: `v . (A x)` is `(A^T v) . x`, and rows sum to one.

# %%
random = np.random.default_rng(1)
x, v = random.random(tokens), random.random(tokens)
assert np.isclose(v @ sparse.apply(x), sparse.apply_transpose(v) @ x)
assert np.allclose(sparse.apply(np.ones(tokens)), 1)

# %% [markdown]
# Stacks of any patterns are rolled out without a matrix. The influence on the last position, beside other patterns:

# %%
alphas = cesaro.MixingSchedule.constant(layers, 0.5)
window = cesaro.SlidingWindowOperator(tokens, 128)
heads = cesaro.HeadMixture([sparse, cesaro.DecayOperator(tokens, slope=0.01), cesaro.SinkOperator(window, 0.2)])
rows = {
    "uniform": cesaro.rollout_row([cesaro.CesaroOperator(tokens)] * layers, alphas),
    "powers of two": cesaro.rollout_row([sparse] * layers, alphas),
    "three heads": cesaro.rollout_row([heads] * layers, alphas),
}
assert np.allclose(rows["uniform"], cesaro.influence_row(tokens, alphas))  # the closed form
for name, row in rows.items():
    s = cesaro.summarize(row)
    print(f"{name:<14} first tenth {s.primacy:.3f}   middle {s.middle:.3f}   last tenth {s.recency:.3f}")
plot.compare(rows).figure.savefig("patterns.png")
plot.heatmap(cesaro.rollout_matrix([PowersOfTwo(128)] * layers, alphas)).figure.savefig("pattern.png")
