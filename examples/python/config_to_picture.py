# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# %% [markdown]
# # From a configuration to a picture
# A Hugging Face configuration (a dict, the path of a `config.json`, a `PretrainedConfig`), and how much each position
# influences the last one before any training.

# %%
import cesaro
from cesaro import plot

gpt2 = {"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "n_positions": 1024, "vocab_size": 50257}
prediction = cesaro.predict(gpt2, tokens=1024)
ax = plot.profile(prediction)
ax.figure.savefig("u-shape.png")
print(prediction.summary())

# %% [markdown]
# ## The theory beside it
# The exact row of uniform attention is a distribution with the methods of scipy.stats, at any length. Its coefficients
# are the prediction's own.

# %%
row = cesaro.DiscreteInfluence(1023, prediction.alphas)
print(f"half of the influence lies before position {row.median()} in the row, {prediction.quantile(0.5)} in the prediction")
ax = plot.compare({"Jacobian norms": prediction, "aligned weights": row})
ax.figure.savefig("u-shapes.png")
