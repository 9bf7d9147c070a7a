#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Writes the table of scores in docs/step0.md, between its marks, from the JSON of untrained_decoder.

usage: scores_table.py RESULTS docs/step0.md     exit status 1: a prediction is farther off than it may be
"""
import json
import pathlib
import re
import sys

from families_table import noise, shares

MOST_WASSERSTEIN = 0.01
MOST_VARIATION = 0.01  # besides the noise


def main():
    results = pathlib.Path(sys.argv[1])
    page = pathlib.Path(sys.argv[2])
    lines = ["| dσ² | τ | RoPE | first tenth | last tenth | query | Wasserstein | total variation | noise |", "| --: | --: | --- |" + " --: |" * 6]
    far = False
    files = [file for file in results.glob("r*.json")]
    for file in sorted(files, key=lambda f: (float(f.stem[1:].rpartition(".")[0]), f.stem.endswith("off"))):
        projected, _, rope = file.stem[1:].rpartition(".")
        run = json.loads(file.read_text())
        measured, predicted = shares(run["measured"]), shares(run["predicted"])
        scores = run["scores"]["predicted"]
        cells = [projected, f"{float(projected) ** 2:.2g}", rope]
        cells += [f"{100 * measured[i]:.1f} / {100 * predicted[i]:.1f}" for i in (0, 2, 3)]
        cells += [f"{value:.4f}" for value in (scores["wasserstein"], scores["total_variation"], noise(run))]
        lines.append("| " + " | ".join(cells) + " |")
        variation = scores["total_variation"] - noise(run)
        if scores["wasserstein"] > MOST_WASSERSTEIN or variation > MOST_VARIATION:
            print(f"{file.stem}: Wasserstein {scores['wasserstein']:.4f}, total variation beyond noise {variation:.4f}")
            far = True
    text, count = re.subn("(<!-- scores -->\n).*?(<!-- end -->)", lambda m: m[1] + "\n".join(lines) + "\n" + m[2], page.read_text(), flags=re.S)
    if count != 1:
        sys.exit(f"{page}: {count} marks 'scores'")
    page.write_text(text)
    return 1 if far else 0


if __name__ == "__main__":
    sys.exit(main())
