# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Makes the tables of docs/performance.md and the two plots from the benchmarks' JSON; times NumPy's power and
# the compilation of every public header. Called by bench.sh:  bench_report.py results-directory root compiler
import json
import os
import pathlib
import re
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile

BEGIN, END = "<!-- made by scripts/bench.sh: do not edit -->", "<!-- end of what scripts/bench.sh made -->"


def load(file):
    """name -> {arguments -> benchmark} of one program, and the context of its run."""
    if not file.exists():
        return {}, {}
    runs = {}
    data = json.loads(file.read_text())
    for b in data["benchmarks"]:
        if b.get("run_type") != "iteration":
            continue
        name = b["name"].split("/")[0]
        arguments = re.findall(r"/(?:tokens|depth|columns|threads|keys_seen):(\d+)", b["name"])
        runs.setdefault(name, {})[tuple(map(int, arguments))] = b
    return runs, data["context"]


def time_of(benchmark):
    """Microseconds of processor time: what else runs does not count."""
    return benchmark["cpu_time"] * {"ns": 1e-3, "us": 1, "ms": 1e3}[benchmark.get("time_unit", "us")]


def human(microseconds):
    for unit, size in (("s", 1e6), ("ms", 1e3), ("µs", 1), ("ns", 1e-3)):
        if microseconds >= size or unit == "ns":
            return f"{microseconds / size:.3g} {unit}"


def error_of(benchmark):
    return f"{benchmark['max_relative_error']:.1e}" if "max_relative_error" in benchmark else ""


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def against(runs, floor_of, names, keys, label):
    """A row of the table per key: time, times the floor and error of every name."""
    rows = []
    for key in keys:
        floor = time_of(floor_of(key))
        row = [label(key), human(floor)]
        for name in names:
            b = runs.get(name, {}).get(key)
            row.append(f"{human(time_of(b))}, **{time_of(b) / floor:.3g}-fold**, error {error_of(b)}" if b else "")
        rows.append(row)
    return rows


def row_tables(runs):
    names = ["row_attention_only", "row_residual", "row_recurrence", "row_straight_sums"]
    heads = ["cesaro, attention only", "cesaro, α = 0.3", "recurrence in tiles", "straight sums"]
    fill = runs["fill"]
    keys = runs[names[0]].keys()
    longest = max(k[0] for k in keys)
    by_depth = sorted((k for k in keys if k[0] == longest), key=lambda k: k[1])
    by_tokens = sorted(k for k in keys if k[1] == 24)
    floor = lambda k: fill[(k[0],)]
    text = f"### Rows of {longest} tokens against depth\n\n"
    text += table(["depth", "std::fill"] + heads, against(runs, floor, names, by_depth, lambda k: str(k[1])))
    text += "\n### Rows at depth 24 against tokens\n\n"
    text += table(["tokens", "std::fill"] + heads, against(runs, floor, names, by_tokens, lambda k: str(k[0])))
    small = (1024, 12)
    if all(small in runs[n] for n in names):
        times = ", ".join(f"{h} {human(time_of(runs[n][small]))}" for n, h in zip(names, heads))
        text += f"\n1024 tokens at depth 12: {times}.\n"
    for key, b in runs.get("row_streamed", {}).items():
        text += (f"\nStreamed and summed in blocks, {key[0]} tokens at depth {key[1]}: {human(time_of(b))}, "
                 f"{time_of(b) * 1e3 / key[0]:.2f} ns a token; they sum to one within {abs(b['sum_minus_one']):.1e}.\n")
    return text, by_tokens, by_depth


NUMPY = """
import time, numpy as np
for n in (256, 1024, 4096):
    count = np.arange(1, n + 1)
    a = 0.3 * np.tril(np.ones((n, n)) / count[:, None]) + 0.7 * np.eye(n)
    start = time.process_time()
    power = np.linalg.matrix_power(a, 32)
    elapsed = (time.process_time() - start) * 1e6
    exact = np.zeros(n, np.longdouble)  # the last row, layer by layer in extended precision
    exact[-1] = 1
    for _ in range(32):
        attended = np.cumsum((exact / count)[::-1])[::-1]
        exact = (1 - np.longdouble(0.3)) * exact + np.longdouble(0.3) * attended
    print(n, elapsed, float(abs(power[-1] / exact - 1).max()))
"""


def numpy_power():
    """tokens -> microseconds and error, empty where NumPy is not installed."""
    for python in ("python3", "/usr/bin/python3"):
        run = subprocess.run([python, "-c", NUMPY], capture_output=True, text=True)
        if run.returncode == 0:
            return {(int(n),): {"cpu_time": float(time), "max_relative_error": float(error)}
                    for n, time, error in map(str.split, run.stdout.splitlines())}
    return {}


def matrix_table(runs):
    names = ["matrix_row_major_upper_kept", "matrix_row_major", "matrix_column_major", "eigen_repeated_squaring",
             "eigen_matrix_power", "blas_repeated_squaring", "numpy_matrix_power"]
    heads = ["cesaro, row-major, upper kept", "row-major", "column-major", "Eigen, repeated squaring",
             "Eigen, MatrixPower", "BLAS, repeated squaring", "NumPy, matrix_power"]
    fill, square = runs["lower_triangle_fill"], runs["square_fill"]
    keys = sorted(fill)
    runs["numpy_matrix_power"] = numpy_power()
    names, heads = zip(*((name, head) for name, head in zip(names, heads) if runs.get(name)))  # what is installed
    text = "### Matrices at depth 32, α = 0.3\n\nTimes the floor: the first matrix times filling the lower triangle, the others the square.\n\n"
    kept = against(runs, lambda k: fill[k], names[:1], keys, lambda k: str(k[0]))
    whole = against(runs, lambda k: square[k], names[1:], keys, lambda k: str(k[0]))
    text += table(["tokens", "fill, lower triangle", heads[0], "fill, square", *heads[1:]],
                  [lower + others[1:] for lower, others in zip(kept, whole)])
    ratio = time_of(runs["eigen_repeated_squaring"][keys[-1]]) / time_of(runs[names[0]][keys[-1]])
    return text + f"\nEigen's repeated squaring takes {ratio:.0f} times as long at {keys[-1][0]} tokens.\n"


def portable_table(runs):
    """The same rows without the vector units of this machine."""
    if not runs:
        return ""
    names = ["row_attention_only", "row_residual", "row_straight_sums"]
    (longest, fill), = runs["fill"].items()
    keys = sorted(k for k in runs[names[0]] if k[0] == longest[0])
    text = f"### Rows of {longest[0]} tokens, compiled without -march=native\n\n"
    rows = against(runs, lambda _: fill, names, keys, lambda k: str(k[1]))
    for row, key in zip(rows, keys):
        ours = max(time_of(runs[name][key]) for name in names[:2])
        row.append(f"{time_of(runs[names[2]][key]) / ours:.3g}")
    return text + table(["depth", "std::fill", "cesaro, attention only", "cesaro, α = 0.3", "straight sums",
                         "straight sums / the slower of ours"], rows)


def threads_table(runs):
    if not runs:
        return ""
    rows = []
    labels = {"fill": "std::fill", "row": "row, depth 24", "matrix": "matrix, depth 24",
              "rollout_of_running_sums": "rollout of 70 layers of 112 heads, whole past",
              "rollout_of_windowed_sums": "the same, a window of 100"}
    for name, label in labels.items():
        for tokens in sorted({k[0] for k in runs.get(name, {})}):
            one, two = runs[name][(tokens, 1)], runs[name][(tokens, 2)]
            rows.append([label, str(tokens), human(one["real_time"]), human(two["real_time"]),
                         f"**{one['real_time'] / two['real_time']:.3g}** ({error_of(two)})"])
    return "### Two threads\n\n" + table(
        ["", "tokens", "one thread", "two threads", "gain (largest difference of the results)"], rows)


def apply_table(runs):
    copy = runs["copy"]
    names = ["apply_column_major", "apply_transpose_column_major", "apply_row_major", "apply_transpose_row_major",
             "apply_power_32_layers", "apply_power_transpose_32_layers", "layer_by_layer_32_layers"]
    rows = []
    for name in names:
        for key, b in sorted(runs[name].items()):
            rows.append([name.replace("_", " "), str(key[0]), human(time_of(b)),
                         f"**{time_of(b) / time_of(copy[key]):.3g}** ({error_of(b)})"])
    return "### The operator and its powers on 2^24 numbers\n\n" + table(
        ["", "columns", "time", "times copying (error)"], rows)


def keys_table(runs):
    """Rows whose keys do not weigh the same."""
    rows = []
    for key, b in sorted(runs.get("row_under_sink", {}).items()):
        if key[1] == 24 and key[0] in (1024, 16384, 1048576, 16777216):
            rows.append(("a sink of weight 4", key[0], b))
    for key, b in sorted(runs.get("row_under_slope", {}).items()):
        rows.append((f"slope 1/{key[2]}", key[0], b))
    if not rows:
        return ""
    return "### Rows under other keys, depth 24\n\n" + table(
        ["keys", "tokens", "time", "times filling", "error"],
        [[label, str(tokens), human(time_of(b)), f"**{time_of(b) / time_of(runs['fill'][(tokens,)]):.3g}**", error_of(b)]
         for label, tokens, b in rows])


def entries_table(runs):
    """Closed-form entries, and laws of hops."""
    if not runs:
        return ""
    rows = []
    for name, label in (("pdf_against_tokens", "entry"), ("pdf_under_sink", "entry under a sink"),
                        ("pdf_under_decay", "entry under a slope")):
        for key, b in sorted(runs.get(name, {}).items()):
            rows.append([f"{label}, {key[0]} tokens", human(time_of(b)), "", error_of(b)])
    alone = runs.get("pdf_one_by_one", {})
    for key, b in sorted(runs.get("pdf_of_many", {}).items()):
        rows.append([f"1000 entries at once, {key[0]} tokens, {key[1]} layers", human(time_of(b)),
                     f"**{time_of(alone[key]) / time_of(b):.3g}** times as fast as one by one, whose error is {error_of(alone[key])}",
                     error_of(b)])
    plain = runs.get("hop_law_in_plain_double", {})
    for key, b in sorted(runs.get("hop_law_of_distinct_layers", {}).items()):
        rows.append([f"law of the hops of {key[0]} layers that differ", human(time_of(b)),
                     f"**{time_of(b) / time_of(plain[key]):.3g}** times plain double, whose error is {error_of(plain[key])}",
                     error_of(b)])
    return "### Entries, and the law of the hops\n\n" + table(["", "time", "", "error"], rows)


def sweep_table(runs):
    alone = runs.get("sweep_one_by_one", {})
    rows = [[key[0], human(time_of(alone[key]) / 64), human(time_of(b) / 64),
             f"**{time_of(alone[key]) / time_of(b):.3g}**", error_of(b)]
            for key, b in sorted(runs.get("sweep_together", {}).items())]
    return "### Rows of 64 networks of 24 layers, each\n\n" + table(
        ["tokens", "one by one", "together", "gain", "error"], [[str(cell) for cell in row] for row in rows])


def fits_table(runs):
    """Fits in units of one profile of what is fitted."""
    rows = []
    for name, one, label in (("fit_of_mixing", "row_of_fit", "`fit_constant_mixing`"),
                             ("fit_of_any_theory", "row_of_fit", "`fit_profile` of the same rows"),
                             ("fit_of_gains", "profile_of_gains", "`fit_gain_factor`")):
        for key, b in sorted(runs.get(name, {}).items()):
            single = runs[one][key]
            rows.append([label, str(key[0]), str(key[1]), human(time_of(b)), human(time_of(single)),
                         f"**{time_of(b) / time_of(single):.3g}**", f"{b['asked']:.3g}" if "asked" in b else ""])
    if not rows:
        return ""
    return "### Fits to a measured profile\n\n" + table(
        ["", "tokens", "depth", "time", "one profile", "times one profile", "profiles asked for"], rows)


def rollout_table(runs):
    if not runs:
        return ""
    labels = {"row_from_running_sums": "whole past", "row_from_windowed_sums": "a window of 100"}
    rows = [[labels[name], human(time_of(b)), f"{b['per_head_token'] * 1e9:.2f} ns"]
            for name, cases in runs.items() for b in cases.values()]
    return "### Rollouts of 70 layers of 112 ALiBi heads, 131072 tokens\n\n" + table(
        ["heads see", "time", "per head, layer and token"], rows)


def weights_table(runs):
    """Drawn weights in units of a number."""
    names = ["fill_floats", "fill_fresh_floats", "numbers_by_place", "numbers_in_sequence"]
    if not all(name in runs for name in names):
        return ""
    rows = [[str(key[0])] + [human(time_of(runs[name][key]) / key[0]) for name in names] for key in sorted(runs[names[0]])]
    return "### Drawn weights, a number\n\n" + table(
        ["numbers", "filled", "filled, fresh memory", "drawn by their places", "drawn in sequence, Boost.Random"], rows)


def prediction_table(runs):
    rows = []
    for name, label in (("prediction", "the whole past"), ("prediction_with_windows", "windows of 4096")):
        for key, b in sorted(runs.get(name, {}).items()):
            floor = runs["products_of_prediction"].get(key) if name == "prediction" else None
            rows.append([label, str(key[0]), human(time_of(b)),
                         f"**{time_of(b) / time_of(floor):.3g}**" if floor else "", f"{b['error']:.1e}"])
    return "### Predictions for a decoder of 80 layers, compiled for any processor\n\n" + table(
        ["layers see", "tokens", "time", "times its products of matrices alone", "error by its own estimate"], rows) if rows else ""


def jacobian_table(file):
    if not file.exists():
        return ""
    rows = [[f"{row['threads']}{', beside a busy process' if row['busy'] else ''}", f"{row['program']:.1f} s",
             f"{row['torch']:.1f} s", f"**{row['program'] / row['torch']:.2f}**"]
            for row in json.loads(file.read_text())]
    return "### Jacobian norms of GPT-2 small, drawn, 1024 tokens, 8 probes\n\n" + table(
        ["threads", "`untrained_decoder`, with its theories", "PyTorch, float32, the norms alone", "ratio"], rows)


def compile_table(root, compiler):
    """Processor seconds to compile each public header alone, and Eigen's, which nearly all include."""
    command = shlex.split(compiler) + ["-std=c++20", "-O0", "-c", "-x", "c++", "-o", os.devnull]
    command += [f"-I{root}/include", "-isystem", "/usr/include/eigen3"]
    rows = []
    include = root / "include"
    headers = (header.relative_to(include).as_posix() for header in sorted(include.rglob("*.hpp")))
    for name in ["Eigen/Core", *(header for header in headers if "/detail/" not in header)]:
        times = []
        with tempfile.NamedTemporaryFile("w", suffix=".cpp") as source:
            source.write(f"#include <{name}>\n")
            source.flush()
            for _ in range(3 if name in ("Eigen/Core", "cesaro/cesaro.hpp", "cesaro/influence_row.hpp") else 1):
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(command + [source.name], check=True)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        rows.append([f"`{name}`", f"{statistics.median(times):.2f} s"])
    return "### Compile time, one header alone\n\n" + table(["header", "processor time"], rows)


def plot(root, results, runs, by_tokens, by_depth):
    fill = runs["fill"]
    columns = ["row_attention_only", "row_residual", "row_recurrence", "row_straight_sums"]
    titles = ["cesaro, attention only", "cesaro, α = 0.3", "recurrence in tiles", "straight sums"]
    colours = ["#0072b2", "#d55e00", "#009e73", "#666666"]  # as the programs': contrast at least 3 on white
    script = "set logscale xy\nset grid\nset key left top\nset ylabel 'microseconds'\n"
    script += "set terminal svg size 760,480 font 'sans,12' background 'white'\n"
    for name, keys, axis, label in (("rows-against-tokens", by_tokens, 0, "tokens (depth 24)"),
                                    ("rows-against-depth", by_depth, 1, f"depth ({by_depth[0][0]} tokens)")):
        data = results / f"{name}.dat"
        with data.open("w") as out:
            for key in keys:
                values = [time_of(fill[(key[0],)])] + [time_of(runs[c][key]) for c in columns]
                out.write(" ".join(map(str, [key[axis]] + values)) + "\n")
        lines = [f"'{data}' using 1:2 with lines dashtype 2 linecolor 'black' title 'std::fill'"]
        lines += [f"'{data}' using 1:{i + 3} with linespoints dashtype {i + 1} linecolor rgb '{c}' title '{t}'"
                  for i, (t, c) in enumerate(zip(titles, colours))]
        script += f"set output '{root}/docs/{name}.svg'\nset xlabel '{label}'\nplot " + ", ".join(lines) + "\n"
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def main():
    results, root, compiler = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    runs, context = load(results / "influence_row.json")
    matrices, applied, portable, threads, entries, rollouts, fits, weights, predictions = (
        load(results / f"{name}.json")[0]
        for name in ("influence_matrix", "apply", "portable_row", "threads", "discrete_influence", "attention", "fits",
                     "initialization", "prediction"))
    rows, by_tokens, by_depth = row_tables(runs)
    version = subprocess.run(shlex.split(compiler) + ["--version"], capture_output=True, text=True).stdout
    text = (f"{context['date'][:10]}, {processor()}, {context['num_cpus']} processors, {version.splitlines()[0]}. "
            "Processor time, of threads real time; after the time, times the floor in the same run, and the largest "
            "relative error.\n\n")
    text += "\n".join(filter(None, [rows, keys_table(runs), sweep_table(runs), fits_table(fits),
                                    portable_table(portable), threads_table(threads), matrix_table(matrices),
                                    apply_table(applied), entries_table(entries),
                                    rollout_table(rollouts), prediction_table(predictions), weights_table(weights),
                                    jacobian_table(results / "jacobian.json"),
                                    compile_table(root, compiler)]))
    plot(root, results, runs, by_tokens, by_depth)
    page = root / "docs" / "performance.md"
    before, rest = page.read_text().split(BEGIN)
    page.write_text(before + BEGIN + "\n\n" + text + "\n" + END + rest.split(END)[1])


main()
