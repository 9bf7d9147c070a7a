#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Writes the tables of docs/step0.md, between its marks, from the JSON of untrained_decoder.

usage: step0_tables.py RESULTS docs/step0.md
"""
import json
import math
import pathlib
import random
import re
import sys

NAMES = {
    "row_theory": "influence row, α fitted",
    "jacobian_theory": "Jacobian theory, one factor fitted",
    "predicted": "predicted, nothing fitted",
}


def total_variation(p, q):
    return sum(abs(a - b) for a, b in zip(p, q)) / 2


def binned(p, bins=8):
    """Sums over equal stretches of positions, and the query apart."""
    width = len(p) // bins
    return [sum(p[m : min(m + width, len(p) - 1)]) for m in range(0, len(p), width)] + [p[-1]]


def wasserstein(p, q):
    area = difference = 0
    for a, b in zip(p[:-1], q[:-1]):
        difference += a - b
        area += abs(difference) / (len(p) - 1)
    return area


def ranks(x):
    """Ranks from their mean; equal entries share theirs."""
    least, most = {}, {}
    for rank, value in enumerate(sorted(x)):
        least.setdefault(value, rank)
        most[value] = rank
    return [(least[value] + most[value] - (len(x) - 1)) / 2 for value in x]


def spearman(p, q):
    a, b = ranks(p), ranks(q)
    return sum(x * y for x, y in zip(a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def noise_ceiling(run, repeats=50):
    """Spearman of the prediction with itself, once disturbed by the standard errors of the measurement."""
    random.seed(1)
    p = run["predicted"]
    relative = [e / m for e, m in zip(run["standard_error"], run["measured"])]
    noisy = ([x * (1 + r * random.gauss(0, 1)) for x, r in zip(p, relative)] for _ in range(repeats))
    return sum(spearman(p, q) for q in noisy) / repeats


def u_shape(name, run):
    p = run["measured"]
    n = len(p)
    window = max(1, n // 32)
    means = [sum(p[m : m + window]) / window for m in range(0, n - window, window)]
    valley = min(range(len(means)), key=means.__getitem__)
    where = f"{valley * window}–{(valley + 1) * window - 1}"
    return f"| {name} | {p[0]:.4f} | {means[valley]:.5f} at {where} | {p[-1]:.4f} |"


def scores(name, run):
    rows = []
    for key, label in NAMES.items():
        s = run["scores"][key]
        fitted = {
            "row_theory": f"{run['fitted_alpha']:.4f}",
            "jacobian_theory": f"{run['fitted_gain_factor']:.4f}",
        }
        rows.append(
            f"| {name} | {label} | {fitted.get(key, '')} | {s['wasserstein']:.4f} | {s['spearman']:.4f} "
            f"| {s['total_variation']:.4f} |"
        )
    return rows


def main():
    results = pathlib.Path(sys.argv[1])
    page = pathlib.Path(sys.argv[2])
    names = ("gpt2", "gpt2-256-rope", "gpt2-256-plain", "qwen2", "qwen2-plain")
    runs = {name: json.loads((results / f"{name}.json").read_text()) for name in names}
    shape = ["| network | first token | valley (mean of a 32nd) | query |", "| --- | --- | --- | --- |"]
    shape += [u_shape("GPT-2 small, 1024 tokens", runs["gpt2"]), u_shape("Qwen2-0.5B, 512 tokens", runs["qwen2"])]
    theory = ["| network | theory | fitted | Wasserstein | Spearman | total variation |"]
    theory.append("| --- | --- | --- | --- | --- | --- |")
    theory += scores("GPT-2", runs["gpt2"]) + scores("Qwen2", runs["qwen2"])
    noise = ["| network | Spearman of the prediction with itself under the measurement's noise |", "| --- | --- |"]
    noise += [f"| {name} | {noise_ceiling(runs[key]):.4f} |" for name, key in (("GPT-2", "gpt2"), ("Qwen2", "qwen2"))]
    rope = ["| network | total variation | in 8 bins of positions | Wasserstein |", "| --- | --- | --- | --- |"]
    pairs = (
        ("GPT-2, 256 tokens", "gpt2-256-rope", "gpt2-256-plain"),
        ("Qwen2, 512 tokens", "qwen2", "qwen2-plain"),
    )
    for name, one, other in pairs:
        p, q = runs[one]["measured"], runs[other]["measured"]
        bins = total_variation(binned(p), binned(q))
        rope.append(f"| {name} | {total_variation(p, q):.4f} | {bins:.4f} | {wasserstein(p, q):.4f} |")
    text = page.read_text()
    for mark, lines in (("shape", shape), ("theory", theory), ("noise", noise), ("rope", rope)):
        pattern = re.compile(f"(<!-- {mark} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, count = pattern.subn(lambda m: m[1] + "\n".join(lines) + "\n" + m[2], text)
        if count != 1:
            sys.exit(f"{page}: {count} marks '{mark}'")
    page.write_text(text)


if __name__ == "__main__":
    main()
