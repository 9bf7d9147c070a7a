#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Writes the tables of docs/training.md, between their marks, and its plot, from the JSON of examples/python/train_tiny.py.

usage: training_table.py RESULTS docs     exit status 1: a network that knows positions has not learnt its task
"""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "examples/python"))
from train_tiny import FAMILIES, TASKS, draw, shares_of  # noqa: E402

SHARES = {
    "first_token": "first token",
    "first_tenth": "first tenth",
    "middle": "middle",
    "median": "median",
    "last_tenth": "last tenth",
    "query": "query",
    "answer": "answer",
}
LEAST_ACCURACY = 0.95
SLOW = ("copy", "llama, RoPE off")  # has no positions to count by, and would need more steps


def mean(values):
    return sum(values) / len(values)


def number(x):
    return f"{x:.1f}" if x >= 9.95 else f"{x:.2f}"


def span(values):
    """The mean, and the least and the greatest of the seeds where they differ."""
    least, most = number(min(values)), number(max(values))
    return number(mean(values)) + (f" ({least}–{most})" if least != most else "")


def signed(x):
    return f"{x:.2f}".replace("-", "−")


def table(head, rows):
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---", "---"] + ["--:"] * (len(head) - 2), *rows)]


def ends(of, last):
    rows = []
    for task in TASKS:
        for family in FAMILIES:
            birth, trained = of(task, family, 0), of(task, family, last)
            cells = [task, family, *(f"{100 * mean(runs['accuracy']):.0f}" for runs in (birth, trained))]
            cells += [f"{number(mean(birth[key]))} → {span(trained[key])}" for key in SHARES]
            rows.append([*cells, signed(mean(trained["spearman_birth"]))])
    head = ["task", "network", "right at birth", "trained", *SHARES.values(), "Spearman with birth"]
    return table(head, rows)


def path(of, task, steps):
    rows = []
    for family in FAMILIES:
        theory = shares_of(of(task, family, 0)["theory"][0])
        rows.append([family, "predicted", "", "", *(number(theory[k]) if k in theory else "" for k in SHARES), "", ""])
        for step in steps:
            runs = of(task, family, step)
            cells = [family, f"{step}", f"{mean(runs['loss']):.3f}", f"{100 * mean(runs['accuracy']):.0f}"]
            cells += [number(mean(runs[key])) for key in SHARES]
            rows.append(cells + [signed(mean(runs[key])) for key in ("spearman_birth", "spearman_theory")])
    head = ["network", "step", "loss", "right", *SHARES.values(), "Spearman with birth", "with the prediction"]
    return table(head, rows)


def main():
    results, docs = map(pathlib.Path, sys.argv[1:])
    runs = [run for file in sorted(results.glob("seed-*.json")) for run in json.loads(file.read_text(encoding="utf-8"))]
    for run in runs:
        run.update(shares_of(run["profile"]))
    steps = sorted({run["step"] for run in runs})

    def of(task, family, step):
        """Every quantity of these networks, over the seeds."""
        these = [run for run in runs if (run["task"], run["family"], run["step"]) == (task, family, step)]
        return {key: [run[key] for run in these] for key in these[0]}

    page = docs / "training.md"
    text = page.read_text(encoding="utf-8")
    tables = {"ends": ends(of, steps[-1])} | {task: path(of, task, steps) for task in TASKS}
    for mark, lines in tables.items():
        pattern = re.compile(f"(<!-- {mark} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, count = pattern.subn(lambda m, lines=lines: m[1] + "\n".join(lines) + "\n" + m[2], text)
        if count != 1:
            sys.exit(f"{page}: {count} marks '{mark}'")
    page.write_text(text, encoding="utf-8")
    draw(runs, str(docs / "training.svg"))
    poor = [run for run in runs if run["step"] == steps[-1] and run["accuracy"] < LEAST_ACCURACY]
    for run in poor:
        print(f"{run['task']}, {run['family']}, seed {run['seed']}: {100 * run['accuracy']:.0f} per cent right")
    return 1 if any((run["task"], run["family"]) != SLOW for run in poor) else 0


if __name__ == "__main__":
    sys.exit(main())
