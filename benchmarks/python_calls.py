#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""What calls on arrays cost in Python, beside the same calls in C++ and over them.

usage: python_calls.py build/release/benchmarks/python_calls
Both are best compiled alike. In turns, three times, so that a busy machine is busy for both; the shortest times count.
"""

import subprocess
import sys
import time

import numpy as np

import cesaro

network = [0.2] * 12
hops = cesaro.HopLaw(cesaro.MixingSchedule(network))
row = cesaro.DiscreteInfluence(999_999, network)
positions = np.arange(100_000)
levels = np.arange(1000) / 1000
p, q = np.linspace(0, 1, 1_000_000), np.ones(1_000_000)
block = np.full((100_000, 16), 0.5)
window = cesaro.SlidingWindowOperator(1_000_000, 128)
CALLS = {
    "pmf": lambda: row.pmf(positions),
    "cdf": lambda: row.cdf(positions),
    "ppf": lambda: row.ppf(levels),
    "influence_row": lambda: cesaro.influence_row(1_000_000, hops),
    "influence_matrix": lambda: cesaro.influence_matrix(1000, hops),
    "apply_power, vector": lambda: cesaro.apply_power(hops, p),
    "apply_power, block": lambda: cesaro.apply_power(hops, block),
    "apply": lambda: window.apply(p),
    "wasserstein": lambda: cesaro.wasserstein(p, q),
}
SCALARS = {"pmf of a number": lambda: row.pmf(3), "recency_delta": lambda: cesaro.recency_delta(hops)}


def shortest(call, seconds=2.0):
    best, end, count = float("inf"), time.perf_counter() + seconds, 0
    while count < 5 or time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        best, count = min(best, time.perf_counter() - begin), count + 1
    return best


def main():
    program = sys.argv[1]
    compiled, python = {}, {}
    for _ in range(3):
        for line in subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines():
            name, seconds = line.rsplit(" ", 1)
            compiled[name] = min(float(seconds), compiled.get(name, float("inf")))
        for name, call in CALLS.items():
            python[name] = min(shortest(call), python.get(name, float("inf")))
    print(f"{'call':<22}{'C++':>12}{'Python':>12}{'ratio':>8}")
    for name in CALLS:
        print(f"{name:<22}{1e3 * compiled[name]:>9.3f} ms{1e3 * python[name]:>9.3f} ms{python[name] / compiled[name]:>8.2f}")
    for name, call in SCALARS.items():
        print(f"{name:<22}{'':>12}{1e6 * shortest(call, 0.5):>9.2f} µs")


if __name__ == "__main__":
    main()
