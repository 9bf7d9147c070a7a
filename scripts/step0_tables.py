#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Writes the tables of docs/step0.md, between its marks, from the JSON of untrained_decoder.

usage: step0_tables.py RESULTS docs/step0.md
"""
import json
import pathlib
import re
import sys

NAMES = {
    "row_theory": "influence row, α fitted",
    "jacobian_theory": "Jacobian theory, one factor fitted",
    "predicted": "predicted, nothing fitted",
}


def total_variation(p, q):
    return sum(abs(a - b) for a, b in zip(p, q)) / 2


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
    rope = ["| network | total variation, RoPE on against off |", "| --- | --- |"]
    pairs = (
        ("GPT-2, 256 tokens", "gpt2-256-rope", "gpt2-256-plain"),
        ("Qwen2, 512 tokens", "qwen2", "qwen2-plain"),
    )
    for name, one, other in pairs:
        rope.append(f"| {name} | {total_variation(runs[one]['measured'], runs[other]['measured']):.4f} |")
    text = page.read_text()
    for mark, lines in (("shape", shape), ("theory", theory), ("rope", rope)):
        pattern = re.compile(f"(<!-- {mark} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, count = pattern.subn(lambda m: m[1] + "\n".join(lines) + "\n" + m[2], text)
        if count != 1:
            sys.exit(f"{page}: {count} marks '{mark}'")
    page.write_text(text)


if __name__ == "__main__":
    main()
