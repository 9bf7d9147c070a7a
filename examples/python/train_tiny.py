# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Does the U-shape of birth survive training?

Trains small decoders in PyTorch on synthetic tasks, from cesaro's own initial weights, and measures the profile of the
last position on the way: at birth, and after 10, 100, ... steps. Every seed is fixed.

usage: train_tiny.py [--family gpt2 llama] [--task recall copy recency] [--steps 1000] [--json FILE] [--plot FILE]
"""

import argparse
import json
import math
import sys

import numpy as np
import torch
from torch import nn

import cesaro

TOKENS, VOCABULARY = 64, 64
FAMILIES = {
    "gpt2": {"model_type": "gpt2", "n_layer": 4, "n_embd": 64, "n_head": 4, "n_positions": TOKENS, "initializer_range": 0.1},
    "llama": {
        "model_type": "llama",
        "num_hidden_layers": 4,
        "hidden_size": 64,
        "intermediate_size": 192,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "max_position_embeddings": TOKENS,
        "initializer_range": 0.1,
        "tie_word_embeddings": True,
    },
}
FAMILIES["llama, RoPE off"] = FAMILIES["llama"] | {"position_encoding": "none"}
for family in FAMILIES.values():
    family["vocab_size"] = VOCABULARY


class Decoder(nn.Module):
    """Parameters by the names that they have in checkpoints; `forward` gives logits, shape (batch, tokens, vocabulary)."""

    def __init__(self, config, seed):
        super().__init__()
        self.tensors = {
            name: nn.Parameter(torch.from_numpy(array)) for name, array in cesaro.draw_weights(config, seed).items()
        }
        for i, parameter in enumerate(self.tensors.values()):
            self.register_parameter(f"p{i}", parameter)

    def numpy(self):
        return {name: parameter.detach().numpy() for name, parameter in self.tensors.items()}


def attend(q, k, v, heads):
    q, k, v = (y.unflatten(-1, (heads, -1)).transpose(1, 2) for y in (q, k, v))
    past = torch.ones(q.shape[2], q.shape[2]).tril().bool()
    scores = (q @ k.transpose(2, 3) / math.sqrt(q.shape[3])).masked_fill(~past, -math.inf)
    return (scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2)


class GPT2(Decoder):
    def forward(self, ids):
        t = self.tensors

        def norm(x, name):
            return nn.functional.layer_norm(x, x.shape[-1:], t[name + ".weight"], t[name + ".bias"], 1e-5)

        def linear(x, name):
            return x @ t[name + ".weight"] + t[name + ".bias"]

        x = t["wte.weight"][ids] + t["wpe.weight"][: ids.shape[1]]
        for layer in range(4):
            name = f"h.{layer}."
            q, k, v = linear(norm(x, name + "ln_1"), name + "attn.c_attn").chunk(3, dim=2)
            x = x + linear(attend(q, k, v, 4), name + "attn.c_proj")
            gelu = nn.functional.gelu(linear(norm(x, name + "ln_2"), name + "mlp.c_fc"), approximate="tanh")
            x = x + linear(gelu, name + "mlp.c_proj")
        return norm(x, "ln_f") @ t["wte.weight"].T


class Llama(Decoder):
    def __init__(self, config, seed):
        super().__init__(config, seed)
        angles = torch.outer(torch.arange(TOKENS), 10000 ** -(torch.arange(0, 16, 2) / 16)).repeat(1, 2)
        self.rotation = (angles.cos(), angles.sin()) if "position_encoding" not in config else None

    def rotated(self, x):
        if self.rotation is None:
            return x
        x = x.unflatten(-1, (4, -1))
        cos, sin = (y[: x.shape[1], None] for y in self.rotation)
        first, second = x.chunk(2, dim=-1)
        return (x * cos + torch.cat((-second, first), dim=-1) * sin).flatten(2)

    def forward(self, ids):
        t = self.tensors

        def norm(x, name):
            return x * (x.square().mean(-1, keepdim=True) + 1e-6).rsqrt() * t[name + ".weight"]

        def linear(x, name):
            return x @ t[name + ".weight"].T

        x = t["model.embed_tokens.weight"][ids]
        for layer in range(4):
            name = f"model.layers.{layer}."
            z = norm(x, name + "input_layernorm")
            q, k, v = (linear(z, name + f"self_attn.{part}_proj") for part in "qkv")
            x = x + linear(attend(self.rotated(q), self.rotated(k), v, 4), name + "self_attn.o_proj")
            z = norm(x, name + "post_attention_layernorm")
            gate = nn.functional.silu(linear(z, name + "mlp.gate_proj"))
            x = x + linear(gate * linear(z, name + "mlp.up_proj"), name + "mlp.down_proj")
        return norm(x, "model.norm") @ t["model.embed_tokens.weight"].T


# Tasks: token ids of shape (batch, TOKENS), and which positions have a next token that can be known.


def recall(batch, random):
    """Pairs of a key and a value, which belong together in this prompt: known where the key was there before."""
    keys = torch.randint(16, (batch, TOKENS // 2), generator=random)
    values = torch.randint(16, VOCABULARY, (batch, 16), generator=random).gather(1, keys)
    seen = (keys[:, :, None] == keys[:, None, :]).tril(-1).any(dim=2)
    known = torch.zeros(batch, TOKENS, dtype=torch.bool)
    known[:, ::2] = seen
    return torch.stack((keys, values), dim=2).flatten(1), known


def copy(batch, random):
    """A random string, twice: known in the second half."""
    ids = torch.randint(VOCABULARY, (batch, TOKENS // 2), generator=random).repeat(1, 2)
    return ids, (torch.arange(TOKENS) >= TOKENS // 2).expand(batch, TOKENS)


def recency(batch, random):
    """Each token decides the next, nine times in ten."""
    following = torch.randperm(VOCABULARY, generator=torch.Generator().manual_seed(0))
    ids = torch.randint(VOCABULARY, (batch, TOKENS), generator=random)
    chance = torch.rand(batch, TOKENS, generator=random) < 0.9
    for m in range(1, TOKENS):
        ids[:, m] = torch.where(chance[:, m], following[ids[:, m - 1]], ids[:, m])
    return ids, torch.ones(batch, TOKENS, dtype=torch.bool)


TASKS = {"recall": recall, "copy": copy, "recency": recency}


def profile_of(config, weights, prompts):
    """The mean over prompts of the shares of all positions in the exact Jacobian norms of the last one."""
    shares = 0
    for ids in prompts:
        norms = cesaro.jacobian_norms(config, weights=weights, token_ids=ids, probes="exact").profile
        shares = shares + norms / norms.sum()
    return shares / len(prompts)


def train(family, task, steps, batch=32, prompts=8, seed=1):
    """Yields step, loss in nats per token and profile, at steps 0, 10, 100, ... and the last."""
    config = FAMILIES[family]
    model = (GPT2 if family == "gpt2" else Llama)(config, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0)
    random = torch.Generator().manual_seed(seed)
    shown, _ = TASKS[task](prompts, torch.Generator().manual_seed(seed + 1))
    milestones = {0, steps} | {10**i for i in range(1, 6)}
    for step in range(steps + 1):
        ids, known = TASKS[task](batch, random)
        known = known[:, :-1]
        loss = nn.functional.cross_entropy(model(ids)[:, :-1][known], ids[:, 1:][known])
        if step in milestones and step <= steps:
            yield step, loss.item(), profile_of(config, model.numpy(), shown.numpy())
        if step < steps:
            for group in optimizer.param_groups:
                group["lr"] = 3e-3 * min(1, (step + 1) / 50)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("--family", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--task", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--json", metavar="FILE", help="write every profile")
    parser.add_argument("--plot", metavar="FILE", help="draw them")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    runs = []
    for family in arguments.family:
        predicted = cesaro.predict(FAMILIES[family], TOKENS).expand()
        for task in arguments.task:
            for step, loss, profile in train(family, task, arguments.steps):
                runs.append(
                    {
                        "family": family,
                        "task": task,
                        "step": step,
                        "loss": loss,
                        "first_token": TOKENS * profile[0],
                        "middle": TOKENS * profile[TOKENS // 10 : -(TOKENS // 10)].mean(),
                        "query": TOKENS * profile[-1],
                        "spearman": cesaro.spearman(profile, predicted),
                        "profile": profile.tolist(),
                    }
                )
                shown = {key: value for key, value in runs[-1].items() if key != "profile"}
                print("  ".join(f"{v:.3f}" if isinstance(v, float) else f"{v}" for v in shown.values()), flush=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(runs, file)
    if arguments.plot:
        draw(runs, arguments.plot)


def draw(runs, file):
    """A panel for each family and task, a curve for each step."""
    from matplotlib import pyplot

    families = list(dict.fromkeys(run["family"] for run in runs))
    tasks = list(dict.fromkeys(run["task"] for run in runs))
    size = (3.2 * len(tasks) + 1, 2.4 * len(families) + 0.6)
    figure, panels = pyplot.subplots(len(families), len(tasks), figsize=size, sharex=True, squeeze=False)
    steps = sorted({run["step"] for run in runs})
    for run in runs:
        ax = panels[families.index(run["family"]), tasks.index(run["task"])]
        colour = pyplot.get_cmap("viridis")(0.9 * steps.index(run["step"]) / max(1, len(steps) - 1))
        ax.semilogy(TOKENS * np.array(run["profile"]), color=colour, label=f"step {run['step']}")
        ax.axhline(1, color="0.7", linewidth=0.6)
        ax.set_title(f"{run['family']}, {run['task']}", fontsize=9)
    for ax in panels[-1]:
        ax.set_xlabel("position")
    for ax in panels[:, 0]:
        ax.set_ylabel("share, times even")
    panels[0, -1].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(file)


if __name__ == "__main__":
    sys.exit(main())
