# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# %% [markdown]
# # A trained checkpoint against its birth
# The same network twice: as it was drawn, and trained. A checkpoint is a dictionary of arrays by the names that they have
# in files (`{name: tensor.numpy() for name, tensor in model.state_dict().items()}`), or the directory of one. Here a
# Llama of four layers begins to learn which token decides which next one; `train_tiny.py` beside this file has
# the network, this task and others, and trains for longer.

# %%
import sys

import numpy as np
import torch

import cesaro
from cesaro import plot

sys.path.insert(0, __file__.rpartition("/")[0] or ".")
from train_tiny import FAMILIES, TOKENS, train  # noqa: E402

torch.set_num_threads(1)
config = FAMILIES["llama"]
path = {step: (loss, profile) for step, loss, _, profile, _ in train("llama", "recency", steps=100, batch=8)}
for step, (loss, profile) in path.items():
    s = cesaro.summarize(profile)
    print(f"step {step:>4}: loss {loss:.2f} nats, first token {TOKENS * profile[0]:.2f} times even, query {s.last_token:.3f}")

# %% [markdown]
# Birth is what the configuration says; how far has training gone from it?

# %%
prediction = cesaro.predict(config, TOKENS)
birth, trained = path[0][1], path[max(path)][1]
for name, profile in {"at birth": birth, "trained": trained}.items():
    print(
        f"{name:<9} Spearman with the prediction {cesaro.spearman(profile, prediction.expand()):.2f},"
        f" total variation {cesaro.total_variation(profile, prediction.expand()):.3f}"
    )
assert path[max(path)][0] < path[0][0]  # it has learnt something
assert np.isclose(trained.sum(), 1)
ax = plot.compare({"predicted": prediction, "at birth": birth, "trained": trained})
ax.figure.savefig("birth.png")
