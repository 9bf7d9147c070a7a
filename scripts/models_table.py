#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Writes the table of coefficients in README.md, between its marks, from the JSON of influence_profile.

usage: models_table.py RESULTS README.md
"""
import json
import pathlib
import re
import sys


def line(run):
    alphas, s = run["alphas"], run["summary"]
    shares = (s[key] for key in ("first_tenth", "middle", "last_tenth", "last_token"))
    return (
        f"| {run['model']} | {run['tokens']} | {alphas[0]:.3f} | {sum(alphas) / len(alphas):.3f} | {alphas[-1]:.3f} | "
        + " | ".join(f"{100 * share:.2f}" for share in shares)
        + f" | {s['valley_against_even']:.2g} |"
    )


def write(page, mark, lines):
    pattern = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- end -->)", re.DOTALL)
    text, count = pattern.subn(lambda m: m[1] + "\n".join(lines) + "\n" + m[2], page.read_text())
    if count != 1:
        sys.exit(f"{page}: {count} marks '{mark}'")
    page.write_text(text)


def main():
    results, readme = map(pathlib.Path, sys.argv[1:])
    runs = [json.loads(file.read_text()) for file in sorted(results.glob("*.json"))]
    table = ["| model | tokens | α, first layer | mean | last | first tenth, % | middle | last tenth | query | valley |"]
    table.append("| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |")
    write(readme, "models", table + [line(run) for run in runs])


if __name__ == "__main__":
    main()
