# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# %% [markdown]
# # A decoder in PyTorch, measured, and its prediction
# `torch_jacobian_norms` takes any decoder as a callable on embeddings, of shape (tokens, width), that gives the final
# hidden states, of the same shape. For a model of transformers that is
# `lambda x: model(inputs_embeds=x[None]).last_hidden_state[0]`, and its configuration is `model.config`.

# %%
import math

import torch
from torch import nn

import cesaro
from cesaro import plot


def torch_jacobian_norms(decoder, embeddings, probes="exact", seed=0):
    """The norms of the Jacobian of the last position's output by every position's embedding, shape (tokens,).

    With as many Gaussian `probes` instead of all basis vectors: unbiased in the squares.
    """
    x = embeddings.detach().clone().requires_grad_()
    output = decoder(x)[-1]
    if probes == "exact":
        cotangents = torch.eye(output.numel(), dtype=output.dtype, device=output.device)
    else:
        generator = torch.Generator().manual_seed(seed)
        cotangents = torch.randn(probes, output.numel(), generator=generator).to(output)
    squares = torch.zeros(x.shape[0], dtype=torch.float64)
    for u in cotangents:
        (gradient,) = torch.autograd.grad(output, x, u, retain_graph=True)
        squares += gradient.double().square().sum(dim=1).cpu()
    return (squares / (1 if probes == "exact" else probes)).sqrt().numpy()


# %% [markdown]
# A GPT-2 in plain PyTorch, its weights by the names that they have in checkpoints.

# %%
config = {"model_type": "gpt2", "n_layer": 4, "n_embd": 64, "n_head": 4, "n_positions": 96, "vocab_size": 500}
layers, width, heads = config["n_layer"], config["n_embd"], config["n_head"]
weights = {name: torch.from_numpy(array) for name, array in cesaro.draw_weights(config, seed=1).items()}


def layer_norm(x, name):
    return nn.functional.layer_norm(x, (width,), weights[name + ".weight"], weights[name + ".bias"], 1e-5)


def linear(x, name):
    return x @ weights[name + ".weight"] + weights[name + ".bias"]


def gpt2(x):
    tokens = x.shape[0]
    masked = torch.ones(tokens, tokens).triu(1).bool()
    for layer in range(layers):
        name = f"h.{layer}."
        q, k, v = linear(layer_norm(x, name + "ln_1"), name + "attn.c_attn").split(width, dim=1)
        q, k, v = (y.view(tokens, heads, -1).transpose(0, 1) for y in (q, k, v))
        scores = (q @ k.transpose(1, 2) / math.sqrt(width / heads)).masked_fill(masked, -math.inf)
        x = x + linear((scores.softmax(dim=2) @ v).transpose(0, 1).reshape(tokens, width), name + "attn.c_proj")
        z = linear(layer_norm(x, name + "ln_2"), name + "mlp.c_fc")
        gelu = z / 2 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
        x = x + linear(gelu, name + "mlp.c_proj")
    return layer_norm(x, "ln_f")


ids = torch.randint(config["vocab_size"], (96,), generator=torch.Generator().manual_seed(2))
embeddings = weights["wte.weight"][ids] + weights["wpe.weight"][: len(ids)]
measured = torch_jacobian_norms(gpt2, embeddings)
probed = torch_jacobian_norms(gpt2, embeddings, probes=32)

# %% [markdown]
# cesaro's own decoder measures the same weights, from the dictionary of tensors, to the same norms; and the mean field
# says beforehand what they will be, from the configuration alone.

# %%
same = cesaro.jacobian_norms(config, weights=weights, token_ids=ids.numpy(), probes="exact").profile
prediction = cesaro.predict(config, len(ids))
print(f"PyTorch and cesaro differ by {abs(measured / same - 1).max():.1e} at most")
assert abs(measured / same - 1).max() < 1e-4
print(f"probed and exact are {cesaro.wasserstein(probed, measured):.4f} context lengths apart")
print(f"predicted and measured are {cesaro.wasserstein(prediction.expand(), measured):.4f} context lengths apart")
assert cesaro.wasserstein(prediction.expand(), measured) < 0.02
ax = plot.compare({"measured in PyTorch": measured, "predicted": prediction})
ax.figure.savefig("measured.png")
