# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Does the U-shape of birth survive training?

Trains small decoders in PyTorch on synthetic tasks, from cesaro's own initial weights, and measures the profile of the
last position on the way: at birth, and after 10, 30, 100, ... steps. Every seed is fixed. docs/training.md tells what
comes of it.

usage: train_tiny.py [--family gpt2 llama] [--task recall copy recency] [--steps 300] [--seeds 1 2 3] [--json FILE] [--plot FILE]
"""

import argparse
import itertools
import json
import math
import pathlib
import sys

import numpy as np
import torch
from torch import nn

import cesaro

TOKENS, VOCABULARY = 64, 64
TENTH = TOKENS // 10
SEPARATOR = VOCABULARY - 1
DEVIATION = 0.07  # so that width times variance is that of GPT-2 small, 768 * 0.02**2
FAMILIES = {
    "gpt2": {"model_type": "gpt2", "n_layer": 4, "n_embd": 64, "n_head": 4, "n_positions": TOKENS, "initializer_range": DEVIATION},
    "llama": {
        "model_type": "llama",
        "num_hidden_layers": 4,
        "hidden_size": 64,
        "intermediate_size": 192,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "max_position_embeddings": TOKENS,
        "initializer_range": DEVIATION,
        "tie_word_embeddings": True,
    },
}
FAMILIES["llama, RoPE off"] = FAMILIES["llama"] | {"position_encoding": "none"}
for family in FAMILIES.values():
    family["vocab_size"] = VOCABULARY


class Decoder(nn.Module):
    """Parameters by the names that they have in checkpoints; `forward` gives logits, shape (batch, tokens, vocabulary), `last_hidden`
    what they are read from, of the embeddings."""

    def __init__(self, config, seed):
        super().__init__()
        self.layers = config.get("n_layer") or config["num_hidden_layers"]
        self.tensors = {
            name: nn.Parameter(torch.from_numpy(array)) for name, array in cesaro.draw_weights(config, seed).items()
        }
        for i, parameter in enumerate(self.tensors.values()):
            self.register_parameter(f"p{i}", parameter)

    def forward(self, ids):
        return self.last_hidden(self.embed(ids)) @ self.tensors[self.embeddings].T

    def numpy(self):
        return {name: parameter.detach().numpy() for name, parameter in self.tensors.items()}


def attend(q, k, v, heads):
    q, k, v = (y.unflatten(-1, (heads, -1)).transpose(1, 2) for y in (q, k, v))
    past = torch.ones(q.shape[2], q.shape[2]).tril().bool()
    scores = (q @ k.transpose(2, 3) / math.sqrt(q.shape[3])).masked_fill(~past, -math.inf)
    return (scores.softmax(dim=3) @ v).transpose(1, 2).flatten(2)


class GPT2(Decoder):
    embeddings = "wte.weight"

    def embed(self, ids):
        return self.tensors["wte.weight"][ids] + self.tensors["wpe.weight"][: ids.shape[1]]

    def last_hidden(self, x):
        t = self.tensors

        def norm(x, name):
            return nn.functional.layer_norm(x, x.shape[-1:], t[name + ".weight"], t[name + ".bias"], 1e-5)

        def linear(x, name):
            return x @ t[name + ".weight"] + t[name + ".bias"]

        for layer in range(self.layers):
            name = f"h.{layer}."
            q, k, v = linear(norm(x, name + "ln_1"), name + "attn.c_attn").chunk(3, dim=2)
            x = x + linear(attend(q, k, v, 4), name + "attn.c_proj")
            gelu = nn.functional.gelu(linear(norm(x, name + "ln_2"), name + "mlp.c_fc"), approximate="tanh")
            x = x + linear(gelu, name + "mlp.c_proj")
        return norm(x, "ln_f")


class Llama(Decoder):
    embeddings = "model.embed_tokens.weight"

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

    def embed(self, ids):
        return self.tensors["model.embed_tokens.weight"][ids]

    def last_hidden(self, x):
        t = self.tensors

        def norm(x, name):
            return x * (x.square().mean(-1, keepdim=True) + 1e-6).rsqrt() * t[name + ".weight"]

        def linear(x, name):
            return x @ t[name + ".weight"].T

        for layer in range(self.layers):
            name = f"model.layers.{layer}."
            z = norm(x, name + "input_layernorm")
            q, k, v = (linear(z, name + f"self_attn.{part}_proj") for part in "qkv")
            x = x + linear(attend(self.rotated(q), self.rotated(k), v, 4), name + "self_attn.o_proj")
            z = norm(x, name + "post_attention_layernorm")
            gate = nn.functional.silu(linear(z, name + "mlp.gate_proj"))
            x = x + linear(gate * linear(z, name + "mlp.up_proj"), name + "mlp.down_proj")
        return norm(x, "model.norm")


# A task gives token ids of shape (batch, TOKENS + 1), for every position but the last one whether its next token can be
# known, and where the answer stands that position TOKENS - 1 has to give: that position's profile is measured.


def shuffled(batch, count, random):
    return torch.rand(batch, count, generator=random).argsort(dim=1)


def asked(first, step=1):
    return torch.arange(TOKENS).ge(first) & (torch.arange(TOKENS) % step == first % step)


def recall(batch, random):
    """A value of each of eight kinds, anywhere among tokens of no kind; then four kinds: which value of it was there?"""
    kinds, members, questions = 8, 6, 4
    body = TOKENS - 2 * questions + 1
    ids = torch.randint(kinds * (members + 1), VOCABULARY, (batch, TOKENS + 1), generator=random)
    values = kinds + members * torch.arange(kinds) + torch.randint(members, (batch, kinds), generator=random)
    places = shuffled(batch, body, random)[:, :kinds]
    ids.scatter_(1, places, values)
    order = shuffled(batch, kinds, random)[:, :questions]
    ids[:, body::2] = order
    ids[:, body + 1 :: 2] = values.gather(1, order)
    return ids, asked(body, 2).expand(batch, TOKENS), places.gather(1, order)[:, -1]


def copy(batch, random):
    """32 tokens, then the same again: the answer is always 32 tokens back."""
    string = shuffled(batch, SEPARATOR, random)[:, : TOKENS // 2]
    ids = torch.cat((string, torch.full((batch, 1), SEPARATOR), string), dim=1)
    return ids, asked(TOKENS // 2).expand(batch, TOKENS), torch.full((batch,), TOKENS // 2 - 1)


def recency(batch, random):
    """Each token decides the next one, but for half of them, which are random and not asked for: all that is needed is the query."""
    following = torch.randperm(VOCABULARY, generator=torch.Generator().manual_seed(0))
    ids = torch.randint(VOCABULARY, (batch, TOKENS + 1), generator=random)
    known = torch.rand(batch, TOKENS, generator=random) < 0.5
    known[:, -1] = True
    for m in range(TOKENS):
        ids[:, m + 1] = torch.where(known[:, m], following[ids[:, m]], ids[:, m + 1])
    return ids, known, torch.full((batch,), TOKENS - 1)


TASKS = {"recall": recall, "copy": copy, "recency": recency}


def norms_of(config, weights, prompts):
    """The exact norms of the Jacobian of the last position's output by all embeddings: shape (prompts, tokens)."""
    return np.array([cesaro.jacobian_norms(config, weights=weights, token_ids=ids, probes="exact").profile for ids in prompts])


def save(directory, name, config, weights):
    """As `cesaro.jacobian_norms(config, weights=numpy.load(file), ...)` takes them."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    np.savez(directory / f"{name}.npz", **weights)


def train(family, task, steps, batch=32, prompts=8, seed=1, directory=None):
    """Yields step, loss in nats per token asked for, accuracy at the last position, profile and the answer's share: of step 0, of
    10, 30, 100, 300, ... and of the last one; saves their weights where it is given a directory. Prompts to be measured on are the same at each of them, and are not trained on."""
    config = FAMILIES[family]
    model = (GPT2 if family == "gpt2" else Llama)(config, seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0)
    random = torch.Generator().manual_seed(seed)
    ids, known, answers = TASKS[task](256, torch.Generator().manual_seed(1000 + seed))
    milestones = {0, steps} | {k * 10**i for i in range(1, 6) for k in (1, 3)}
    for step in range(steps + 1):
        if step in milestones:
            if directory:
                save(directory, f"step-{step}", config, model.numpy())
            with torch.no_grad():
                logits = model(ids[:, :-1])
            loss = nn.functional.cross_entropy(logits[known], ids[:, 1:][known]).item()
            accuracy = (logits[:, -1].argmax(dim=1) == ids[:, -1]).float().mean().item()
            norms = norms_of(config, model.numpy(), ids[:prompts, :-1].numpy())
            squares = np.square(norms).mean(axis=0)  # over prompts
            answer = np.square(norms[np.arange(prompts), answers[:prompts].numpy()]).mean()
            total = np.sqrt(squares).sum()
            yield step, loss, accuracy, np.sqrt(squares) / total, np.sqrt(answer) / total
        if step < steps:
            learn(model, optimizer, step, *TASKS[task](batch, random)[:2])


def learn(model, optimizer, step, ids, known):
    for group in optimizer.param_groups:
        group["lr"] = 3e-3 * min(1, (step + 1) / 50)
    loss = nn.functional.cross_entropy(model(ids[:, :-1])[known], ids[:, 1:][known])
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


def shares_of(profile):
    """Mean shares times the number of tokens, so that 1 is that of a uniform profile; the last tenth holds the query."""
    even = len(profile) * np.asarray(profile)
    return {
        "first_token": even[0],
        "first_tenth": even[:TENTH].mean(),
        "middle": even[TENTH:-TENTH].mean(),
        "median": np.median(even),
        "last_tenth": even[-TENTH:].mean(),
        "query": even[-1],
    }


def path(family, task, steps, seed, directory=None):
    """Of one network, at each milestone, what is told of it."""
    theory = cesaro.predict(FAMILIES[family], TOKENS).expand()
    birth = None
    for step, loss, accuracy, profile, answer in train(family, task, steps, seed=seed, directory=directory):
        birth = profile if birth is None else birth
        yield {
            "family": family,
            "task": task,
            "seed": seed,
            "step": step,
            "loss": loss,
            "accuracy": accuracy,
            **shares_of(profile),
            "answer": TOKENS * answer,
            "spearman_birth": cesaro.spearman(profile, birth),
            "spearman_theory": cesaro.spearman(profile, theory),
            "profile": profile.tolist(),
            "theory": theory.tolist(),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("--family", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--task", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--save", metavar="DIR", type=pathlib.Path, help="write the weights of every step that is measured")
    parser.add_argument("--json", metavar="FILE", help="write every profile")
    parser.add_argument("--plot", metavar="FILE", help="draw them")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # the last digits depend on it
    runs = []
    for seed, family, task in itertools.product(arguments.seeds, arguments.family, arguments.task):
        directory = arguments.save and arguments.save / f"{task}-{family}-{seed}".replace(", ", "-").replace(" ", "-")
        for run in path(family, task, arguments.steps, seed, directory):
            runs.append(run)
            shown = [f"{v:.3f}" if isinstance(v, float) else f"{v}" for v in run.values() if not isinstance(v, list)]
            print("  ".join(shown), flush=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(runs, file)
    if arguments.plot:
        draw(runs, arguments.plot)


def draw(runs, file):
    """A panel for each task and family, a curve for each step, the mean over seeds; the theory dotted."""
    import matplotlib
    from matplotlib import pyplot

    matplotlib.rcParams.update({"svg.hashsalt": "cesaro", "svg.fonttype": "none", "font.size": 9})
    families, tasks, steps = (list(dict.fromkeys(run[key] for run in runs)) for key in ("family", "task", "step"))
    size = (3.3 * len(families) + 0.4, 2.5 * len(tasks) + 0.7)
    figure, panels = pyplot.subplots(len(tasks), len(families), figsize=size, sharex=True, sharey="row", squeeze=False)
    for (row, task), (column, family) in itertools.product(enumerate(tasks), enumerate(families)):
        ax = panels[row, column]
        ax.axhline(1, color="0.8", linewidth=0.8, zorder=0)
        these = [run for run in runs if (run["family"], run["task"]) == (family, task)]
        for i, step in enumerate(steps):
            profile = np.mean([run["profile"] for run in these if run["step"] == step], axis=0)
            colour = pyplot.get_cmap("viridis_r")(0.12 + 0.88 * i / max(1, len(steps) - 1))
            ax.semilogy(TOKENS * profile, color=colour, linewidth=1.2, label=f"step {step}")
            ax.plot(TOKENS - 1, TOKENS * profile[-1], "o", color=colour, markersize=3.5)
        ax.plot(TOKENS * np.array(these[0]["theory"]), color="crimson", linewidth=1, linestyle=":", label="predicted birth")
        ax.set_title(f"{task}: {family}", fontsize=9)
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_locator(pyplot.NullLocator())
    for ax in panels[-1]:
        ax.set_xlabel("position")
    for ax in panels[:, 0]:
        ax.set_ylabel("share × tokens")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="lower center", ncol=len(steps) + 1, frameon=False)
    figure.tight_layout(rect=(0, 0.35 / size[1], 1, 1))
    figure.savefig(file, metadata={"Date": None} if file.endswith(".svg") else None, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
