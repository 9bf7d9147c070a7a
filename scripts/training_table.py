#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Writes the table of docs/training.md, between its marks, from the JSON of examples/python/train_tiny.py.

usage: training_table.py RESULTS.json docs/training.md
"""
import json
import pathlib
import re
import sys


def main():
    runs = json.loads(pathlib.Path(sys.argv[1]).read_text())
    page = pathlib.Path(sys.argv[2])
    table = ["| network | task | step | loss, nats | first token | middle | query | Spearman with the prediction |"]
    table.append("| --- | --- | --: | --: | --: | --: | --: | --: |")
    for r in runs:
        numbers = " | ".join(f"{r[key]:.2f}" for key in ("loss", "first_token", "middle", "query", "spearman"))
        table.append(f"| {r['family']} | {r['task']} | {r['step']} | {numbers} |")
    pattern = re.compile(r"(<!-- training -->\n).*?(<!-- end -->)", re.DOTALL)
    text, count = pattern.subn(lambda m: m[1] + "\n".join(table) + "\n" + m[2], page.read_text())
    if count != 1:
        sys.exit(f"{page}: {count} marks 'training'")
    page.write_text(text)


if __name__ == "__main__":
    main()
