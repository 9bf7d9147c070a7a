#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Writes the table of families in docs/step0.md, between its marks, from the JSON of untrained_decoder.

usage: families_table.py RESULTS docs/step0.md     exit status 1: a prediction is farther off than it may be
"""
import json
import pathlib
import re
import sys

# What is not as in a Llama block: RMSNorm before each branch, RoPE, SwiGLU.
BLOCKS = {
    "bloom": "LayerNorm, ALiBi of 6 heads, embeddings normalised",
    "deepseek_v2": "latent attention, 16 experts in groups, softmax",
    "deepseek_v3": "latent attention, 16 experts in groups, logistic",
    "falcon_40b": "parallel, two LayerNorms, grouped heads",
    "falcon_7b": "parallel, one LayerNorm, one key head",
    "falcon_rw": "LayerNorm, ALiBi of 6 heads times the scale",
    "gemma": "GeGLU, embeddings times √width",
    "gemma2": "gemma, branches normalised on both sides, cap, windows of 32 in every second layer",
    "gemma3_text": "gemma2 without cap, q and k normalised, windows of 32 in five of six layers",
    "gpt2": "LayerNorm, GELU, learned positions",
    "gpt_bigcode": "gpt2 with one key head",
    "gpt_neo": "gpt2, scores without scale, windows of 32 in every second layer",
    "gpt_neox": "parallel, two LayerNorms, a quarter rotated",
    "gpt_neox_sequential": "gpt_neox, one branch after the other",
    "gpt_oss": "sinks, 16 experts, windows of 32 in every second layer",
    "gptj": "parallel, one LayerNorm",
    "granite": "embeddings × 12, branches × 0.22",
    "llama": "RMSNorm, RoPE, SwiGLU",
    "llama3": "llama, grouped heads",
    "mistral": "llama, windows of 48",
    "mixtral": "llama, 8 experts",
    "mpt": "LayerNorm, ALiBi of 6 heads by MPT's rule",
    "olmo": "llama with LayerNorm",
    "olmo2": "RMSNorm only behind branches, of all q and k",
    "olmo3": "olmo2, windows of 32 in three of four layers",
    "opt": "gpt2 with ReLU",
    "phi": "parallel, one LayerNorm, GELU",
    "phi3": "llama, LongRoPE of three quarters",
    "qwen2": "llama, windows of 32 in the last three layers",
    "qwen2_moe": "llama, 16 experts, one shared behind a gate",
    "qwen3": "llama, q and k normalised",
    "qwen3_moe": "qwen3, 16 experts",
    "smollm3": "llama, every fourth layer without RoPE",
    "stablelm": "LayerNorm, SwiGLU, a quarter rotated",
    "starcoder2": "LayerNorm, GELU, RoPE, windows of 48",
}
SHARES = ("first tenth", "middle", "last tenth", "query")
MOST_WASSERSTEIN = 0.01
MOST_VARIATION = 0.02  # besides the noise


def shares(p):
    """Of the first tenth, the middle, the last tenth, and the query, which the last tenth holds, too."""
    tenth = len(p) // 10
    return sum(p[:tenth]), sum(p[tenth:-tenth]), sum(p[-tenth:]), p[-1]


def noise(run):
    """The total variation that the measurement's own error makes: half the sum of mean absolute errors, which
    are 0.8 standard errors."""
    return 0.4 * sum(run["standard_error"])


def row(name, run):
    measured, predicted = shares(run["measured"]), shares(run["predicted"])
    scores = run["scores"]["predicted"]
    cells = [name, BLOCKS[name]]
    cells += [f"{100 * m:.1f} / {100 * p:.1f}" for m, p in zip(measured, predicted)]
    cells += [f"{value:.4f}" for value in (scores["wasserstein"], scores["total_variation"], noise(run))]
    return "| " + " | ".join(cells) + " |"


def main():
    results = pathlib.Path(sys.argv[1])
    page = pathlib.Path(sys.argv[2])
    runs = {name: json.loads((results / f"{name}.json").read_text()) for name in BLOCKS}
    lines = [f"| family | block | {' | '.join(SHARES)} | Wasserstein | total variation | noise |"]
    lines.append("| --- | --- |" + " --: |" * 7)
    lines += [row(name, run) for name, run in sorted(runs.items(), key=lambda item: -shares(item[1]["measured"])[0])]
    text = page.read_text()
    pattern = re.compile("(<!-- families -->\n).*?(<!-- end -->)", re.DOTALL)
    text, count = pattern.subn(lambda m: m[1] + "\n".join(lines) + "\n" + m[2], text)
    if count != 1:
        sys.exit(f"{page}: {count} marks 'families'")
    page.write_text(text)
    far = False
    for name, run in runs.items():
        scores = run["scores"]["predicted"]
        variation = scores["total_variation"] - noise(run)
        if scores["wasserstein"] > MOST_WASSERSTEIN or variation > MOST_VARIATION:
            print(f"{name}: Wasserstein {scores['wasserstein']:.4f}, total variation beyond noise {variation:.4f}")
            far = True
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main())
