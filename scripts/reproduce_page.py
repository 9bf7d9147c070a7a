#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Writes the tables and plots of docs/reproduction.md from what scripts/reproduce.sh computed.

usage: reproduce_page.py rollouts RESULTS tests/data/rollout         writes configurations for attention_rollout
       reproduce_page.py page RESULTS docs tests/data/rollout        writes docs/reproduction.md and its plots
"""

import json
import math
import pathlib
import re
import subprocess
import sys

from step0_tables import noise_ceiling, spearman, total_variation, wasserstein

HEADS = {"bloom-176b": 112, "bloom-7b1": 32, "falcon-rw-7b": 64, "mpt-7b": 32, "mpt-30b": 64}
WIDE = {"bloom-176b": ("bloom-7b1", 70), "mpt-30b": ("mpt-7b", 48)}  # without a prediction: a sibling, and their layers
TRAINED = {"falcon-rw-7b-content": "falcon-rw-7b", "mpt-7b-positional": "mpt-7b"}
FALCON_SCALE = 1 / 8  # of the scores, ALiBi included: one over the root of a head's width, 64
BINS = 20
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#9467bd", "#000000", "#777777")
DASHES = ("1", "(10,5)", "(3,4)", "(12,4,3,4)", "(6,3,2,3)", "(16,6)")


def load(results, name):
    return json.loads((results / f"{name}.json").read_text(encoding="utf-8"))


# Rollouts


def alibi(heads):
    """Press et al.: 2^(-8 i / heads) for powers of two; the odd ones of twice as many behind those of the power below."""
    power = 2 ** int(math.log2(heads))
    slopes = [2 ** (-8 * i / power) for i in range(1, power + 1)]
    return slopes + [2 ** (-8 * i / (2 * power)) for i in range(1, 2 * (heads - power), 2)]


def rollouts(results, peers):
    def write(name, config):
        (results / f"alibi-{name}.config.json").write_text(json.dumps(config), encoding="utf-8")

    def scaled(config):
        slopes = [[FALCON_SCALE * s for s in layer] for layer in config["attention_config"]["alibi_slopes"]]
        return config | {"attention_config": config["attention_config"] | {"alibi_slopes": slopes}}

    for model, heads in HEADS.items():
        sibling, layers = WIDE.get(model, (model, 0))
        alphas = load(results, f"birth-{sibling}")["alphas"]
        if layers:
            alphas = layers * [sum(alphas) / len(alphas)]
        config = {
            "sequence_length": 256,
            "num_layers": len(alphas),
            "mask_config": {"mask_type": "causal"},
            "attention_config": {"num_heads": heads, "alibi_slopes": [alibi(heads)]},
            "content_config": {"diagonal_scores": [[0.0]], "base_scores": [[0.0]]},
            "lambda_schedule_config": {"schedule_type": "custom", "lambdas_custom": alphas},
        }
        write(model, config)
        if model.startswith("falcon"):
            write(f"{model}-scaled", scaled(config))
    for name, model in TRAINED.items():
        config = json.loads((peers / f"{name}.json").read_text(encoding="utf-8"))
        config["content_config"] = {"diagonal_scores": [[0.0]], "base_scores": [[0.0]]}
        write(f"{model}-trained", config)
        if model.startswith("falcon"):
            write(f"{model}-trained-scaled", scaled(config))


def influence(run):
    return [row["influence"] for row in run["profile"]]


def tool_difference(results, peers):
    """The largest relative difference of a last row from that of the tool's own code."""
    worst = 0
    for name in ("example", "falcon-rw-7b-content", "mpt-7b-positional"):
        expected = json.loads((peers / f"{name}.expected.json").read_text(encoding="utf-8"))["last_row"]
        worst = max(worst, *(abs(p / e - 1) for p, e in zip(influence(load(results, f"rollout-{name}")), expected) if e > 0))
    return worst


def rollout_rows(results):
    rows = []
    for model, heads in HEADS.items():
        for kind, label in (
            ("", "at birth; published" if model not in WIDE else f"all the mean of {WIDE[model][0]}'s; published"),
            ("-scaled", "at birth; as Falcon scales them"),
            ("-trained", "measured on the trained model; published"),
            ("-trained-scaled", "measured on the trained model; as Falcon scales them"),
        ):
            if not (results / f"alibi-{model}{kind}.json").exists():
                continue
            p = influence(load(results, f"alibi-{model}{kind}"))
            alphas = json.loads((results / f"alibi-{model}{kind}.config.json").read_text())["lambda_schedule_config"]["lambdas_custom"]
            tenth = -(-len(p) // 10)
            shares = (sum(p[:tenth]), sum(p[tenth:-tenth]), sum(p[-tenth:]), p[-1])
            rows.append(
                f"| {model} | {len(alphas)} × {heads} | {label} | {sum(alphas) / len(alphas):.3f} | "
                + " | ".join(f"{100 * s:.2f}" for s in shares)
                + f" | {len(p) * min(p):.2g} |"
            )
    return rows


# Step 0


def bins(p, count=BINS):
    """Means over equal stretches of all positions but the query's."""
    p = p[:-1]
    stretch = [min(int(m / (len(p) - 1) * count), count - 1) for m in range(len(p))]
    return [sum(x for x, b in zip(p, stretch) if b == i) / stretch.count(i) for i in range(count)]


def peak_to_trough(p):
    means = bins(p)
    return max(means) / min(means)


def valley_depth(p):
    """Of the means over stretches: what the middle fifth lacks to the higher end."""
    means = bins(p)
    middle = [means[i] for i in range(BINS) if 0.4 <= (i + 0.5) / BINS <= 0.6]
    return 1 - sum(middle) / len(middle) / max(means[0], means[-1])


def ramp(results):
    """The profile of networks with scaled branches, and that of each."""
    runs = [load(results, f"ramp-{seed}")["measured"] for seed in (1, 2, 3)]
    mean = [math.sqrt(sum(p[m] ** 2 for p in runs) / len(runs)) for m in range(len(runs[0]))]
    return [p / sum(mean) for p in mean], runs


def spread(values):
    return f"{min(values):.2f}–{max(values):.2f}"


# The page


def span_rows(run):
    return [f"| {q:g} | {run['tokens'] - 1 - m} |" for q, m in zip(run["quantile"], run["position"])]


def plot(file, script):
    head = (
        "set terminal svg size 760,440 font 'sans,12' background 'white' enhanced\n"
        f"set encoding utf8\nset output '{file}'\nset grid lc rgb '#e4e4e4' lt 1\nset border 3\nset tics nomirror\n"
    )
    subprocess.run(["gnuplot"], input=head + script, text=True, check=True)


def curves(named):
    """Data blocks and the plot of them: name, points, style; a measurement and its prediction, behind it, have one colour."""
    script, items, colour = "", [], -1
    for i, (name, points, style) in enumerate(named):
        colour += name != "predicted"
        script += f"$c{i} << EOD\n" + "".join(f"{x:.8g} {y:.8g}\n" for x, y in points) + "EOD\n"
        line = "" if style == "points" else f"lw 2 dt {DASHES[colour]} "
        mark = f"pt {5 + 2 * colour} ps 0.6 " if "points" in style else ""
        items.append(f"$c{i} with {style} {line}{mark}lc rgb '{COLOURS[colour]}' title '{name}'")
    return script + "plot " + ", ".join(items) + "\n"


def even(p):
    """Means over stretches, in even shares, at their middles."""
    means = bins(p)
    return [((i + 0.5) / BINS, len(p) * mean) for i, mean in enumerate(means)]


def plots(results, docs, kinetic):
    gpt2, qwen2, pythia = (load(results, name) for name in ("gpt2", "qwen2", "pythia"))
    axes = "set xlabel 'relative position'\nset ylabel 'even shares'\nset xrange [0:1]\n"
    plot(
        docs / "reproduction-step0.svg",
        axes
        + "set key top right\n"
        + curves(
            [
                ("GPT-2, measured", even(gpt2["measured"]), "points"),
                ("predicted", even(gpt2["predicted"]), "lines"),
                ("Qwen2-0.5B, measured", even(qwen2["measured"]), "points"),
                ("predicted", even(qwen2["predicted"]), "lines"),
            ]
        ),
    )
    plot(
        docs / "reproduction-pythia.svg",
        axes
        + "set key top right\n"
        + curves(
            [
                ("Pythia-70m, measured", even(pythia["measured"]), "points"),
                ("predicted", even(pythia["predicted"]), "lines"),
                ("branches times 2 to 0.5, measured", even(ramp(results)[0]), "linespoints"),
            ]
        ),
    )
    plot(
        docs / "reproduction-rollouts.svg",
        "set xlabel 'position'\nset ylabel 'even shares'\nset xrange [0:255]\nset logscale y\nset format y '10^{%L}'\nset key top left\n"
        + curves(
            [(model, list(enumerate(256 * p for p in influence(load(results, f"alibi-{model}")))), "lines") for model in HEADS]
            + [("falcon-rw-7b, its scale", list(enumerate(256 * p for p in influence(load(results, "alibi-falcon-rw-7b-scaled")))), "lines")]
        ),
    )
    plot(
        docs / "reproduction-kinetic.svg",
        "set xlabel 'relative position x'\nset ylabel 'S_t(x) / S_t(1)'\nset xrange [0:1]\nset yrange [0:2.2]\nset key top right\n"
        + curves([(name, [(x, y / ys[-1][1]) for x, y in ys], "linespoints") for name, ys in kinetic.items()]),
    )


def read_peers(text):
    """What examples/peers prints: critical times, curves, distances."""
    critical = {float(b): float(t) for b, t in re.findall(r"temperature (\S+): .* t = (\S+)", text)}
    times = re.findall(r"t = ([\d.]+)(?=  | *t =|\n)", text.split("\n\n")[1])
    rows = [list(map(float, line.split())) for line in text.split("\n\n")[1].splitlines()[1:]]
    curve = {f"t = {t}": [(row[0], row[i + 1]) for row in rows] for i, t in enumerate(times)}
    distances = [line.split() for line in text.split("\n\n")[2].splitlines()[1:]]
    return critical, curve, distances


def row(paper, stated, ours, difference, why):
    return f"| {paper} | {stated} | {ours} | {difference} | {why} |"


def main_table(results, peers, critical, curve, distances):
    gpt2, qwen2, pythia = (load(results, name) for name in ("gpt2", "qwen2", "pythia"))
    rows = []
    for name, run in (("GPT-2", gpt2), ("Qwen2-0.5B", qwen2)):
        fit = run["scores"]["row_theory"]
        ceiling = noise_ceiling(run)
        smooth = spearman(bins(run["measured"], 64), bins(run["row_theory"], 64))
        rows.append(
            row(
                "[1]",
                f"theory against untrained {name}: Spearman 0.99",
                f"{fit['spearman']:.3f}; of means over 64 stretches {smooth:.3f}",
                f"{fit['spearman'] - 0.99:+.3f}",
                f"noise of few draws: the prediction disturbed by it has {ceiling:.3f} with itself",
            )
        )
        rows.append(
            row(
                "[1]",
                f"… {name}: Wasserstein 0.02",
                f"{fit['wasserstein']:.3f}, α = {run['fitted_alpha']:.3f} fitted; predicted, nothing fitted, {run['scores']['predicted']['wasserstein']:.3f}",
                f"{fit['wasserstein'] - 0.02:+.3f}",
                "which α was taken is not known here" if name == "GPT-2" else "its first layer attends far more than the others: no one α has that",
            )
        )
    for name, one, other in (("GPT-2", "gpt2", "gpt2-rope"), ("Qwen2-0.5B, 256 tokens", "qwen2-256", "qwen2-256-plain")):
        p, q = (load(results, key)["measured"] for key in (one, other))
        rows.append(
            row(
                "[1]",
                f"{name} with against without RoPE: Spearman 0.99",
                f"{spearman(p, q):.3f}; of means over 64 stretches {spearman(bins(p, 64), bins(q, 64)):.3f}; total variation "
                f"{total_variation(p, q):.3f}, Wasserstein {wasserstein(p, q):.4f}",
                f"{spearman(p, q) - 0.99:+.3f}",
                "rotations draw the scores anew: noise, and a small effect that [step0.md](step0.md#rope) bounds",
            )
        )
    for depth in (12, 24):
        middle = load(results, f"middle-{depth}")
        rows.append(
            row(
                "[1]",
                f"middle of order 1/(H-1)!, H = {depth}: {1 / math.factorial(depth - 1):.1e}",
                f"α = 0.1, 2048 tokens: {middle['tokens'] * middle['positions'][0]['influence']:.2f} of an even share",
                "",
                "shorter paths fill the valley; the factorial is that of α = 1",
            )
        )
    rows.append(
        row(
            "[2]",
            "last rows of its public code, three configurations",
            f"equal to {tool_difference(results, peers):.0e}",
            "",
            "dense products there, running sums here",
        )
    )
    rows.append(
        row("[2]", "against influence in trained models: Spearman 0.88–0.98, as [1] cites it", "not measured", "", "trained models are not part of this page")
    )
    for what, stated, ours in (
        ("S(0.500601) at t = 0.25, 0.5, 1", (0.264452, 0.562097, 1.265821), [dict(curve[f"t = {t}"])[0.500601] for t in ("0.25", "0.5", "1")]),
        ("critical t at β = 1, 2, 3", (2.457489, 0.600716, 0.174018), [critical[beta] for beta in (1.0, 2.0, 3.0)]),
    ):
        off = max(abs(x - y) for x, y in zip(stated, ours))
        rows.append(
            row("[3]", f"{what}: {', '.join(map(str, stated))}", ", ".join(f"{x:.6f}" for x in ours), f"{off:.0e}" if off else "0", "the same formula")
        )
    rate = load(results, "collapse-101")["positions"][0]["complement"] / load(results, "collapse-100")["positions"][0]["complement"]
    rows.append(
        row(
            "[4]",
            "depth leaves at position j at most C (1 - (j-1) ε)^t, ε the least weight: 63/64 a layer for the second of 64 tokens",
            f"{rate:.3f} a layer",
            "",
            "the bound holds for any weights; uniform ones halve",
        )
    )
    off = max(abs(float(expected) - int(found)) for _, _, expected, found in distances)
    rows.append(
        row(
            "[4]",
            "t layers of ALiBi look most at the distance t/(e^m - 1)",
            f"within {off:.2f} tokens of it, {len(distances)} rows",
            "",
            "its t counts from 0: H = t + 1 layers; distances are whole",
        )
    )
    lengths = [r for r in load(results, "lengths")["lengths"] if r["relative_length"] in (0.12, 0.5, 1)]
    for pattern in ("causal", "window", "decay"):
        at = [r for r in lengths if r["pattern"] == pattern]
        first, last = (", ".join(f"{100 * r[key]:.1f}" for r in at) for key in ("first_tenth", "last_tenth"))
        rows.append(
            row(
                "[5]",
                "trained models: primacy weakens beyond half of the window, recency stays"
                if pattern == "causal"
                else "…",
                f"{pattern}: first tenth {first} %, last tenth {last} % at 0.12, 0.5, 1 of it",
                "",
                {
                    "causal": "attention that knows no distance has no such length",
                    "window": "windows have: the start goes out of reach, by degrees and not at one half, and recency rises",
                    "decay": "and so have slopes",
                }[pattern],
            )
        )
    span = load(results, "span")
    beyond = {q: span["tokens"] - 1 - m for q, m in zip(span["quantile"], span["position"])}
    rows.append(
        row(
            "[6]",
            "32 windows of 4096 tokens: a theoretical span of about 131 000",
            f"99 % of the influence comes from the last {beyond[1e-2]} tokens, 99.9 % from {beyond[1e-3]}",
            "",
            "the span is what can be reached; a hop covers half a window in the mean, and most layers pass on what they have",
        )
    )
    ratio, depth = peak_to_trough(pythia["measured"]), valley_depth(pythia["measured"])
    rows.append(
        row(
            "[7]",
            "Pythia-70m, 1024 tokens, untrained: peak to trough 5.3–5.9",
            f"{ratio:.2f}; predicted {peak_to_trough(pythia['predicted']):.2f}",
            "within" if 5.3 <= round(ratio, 1) <= 5.9 else "outside",
            f"means over {BINS} stretches here, {BINS} assumed there; its gradient is that of an answer's log-probability",
        )
    )
    rows.append(
        row(
            "[7]",
            "… what the middle lacks to the start: 0.784–0.789",
            f"{depth:.3f}; predicted {valley_depth(pythia['predicted']):.3f}",
            f"{depth - 0.786:+.3f}",
            "",
        )
    )
    mean, single = ramp(results)
    ours = peak_to_trough(mean)
    rows.append(
        row(
            "[7]",
            "… branches times 2 (first layer) to 0.5 (last): 3.61",
            f"{ours:.2f} ({spread([peak_to_trough(p) for p in single])} in three networks)",
            f"{ours - 3.61:+.2f}",
            "few networks; the ramp is taken as linear in the layer",
        )
    )
    return rows


def page(results, docs, peers):
    critical, curve, distances = read_peers((results / "peers.txt").read_text(encoding="utf-8"))
    plots(results, docs, curve)
    tables = {
        "stated": ["| | stated | here | difference | why |", "| --- | --- | --- | --: | --- |"]
        + main_table(results, peers, critical, curve, distances),
        "rollouts": [
            "| model | layers × heads | coefficients; slopes | their mean | first tenth, % | middle | last tenth | query | least, even shares |",
            "| --- | --- | --- | --: | --: | --: | --: | --: | --: |",
        ]
        + rollout_rows(results),
        "span": ["| share that comes from farther away | distance in tokens |", "| --: | --: |"] + span_rows(load(results, "span")),
    }
    text = (docs / "reproduction.md").read_text(encoding="utf-8")
    for mark, lines in tables.items():
        pattern = re.compile(f"(<!-- {mark} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, count = pattern.subn(lambda m: m[1] + "\n".join(lines) + "\n" + m[2], text)
        if count != 1:
            sys.exit(f"reproduction.md: {count} marks '{mark}'")
    (docs / "reproduction.md").write_text(text, encoding="utf-8")


def main():
    paths = [pathlib.Path(name) for name in sys.argv[2:]]
    {"rollouts": rollouts, "page": page}[sys.argv[1]](*paths)


if __name__ == "__main__":
    main()
