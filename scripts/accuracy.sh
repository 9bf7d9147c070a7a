#!/bin/sh
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Writes docs/accuracy.md: the preface below and the tables that the built accuracy_report measures.
#
#     scripts/accuracy.sh [build directory, by default build/release]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
report=${1:-$root/build/release}/benchmarks/accuracy_report
if [ ! -x "$report" ]; then
    echo "accuracy.sh: $report is not built" >&2
    exit 2
fi
page=$(mktemp)
trap 'rm -f "$page"' EXIT
cat >"$page" <<'PREFACE'
# Accuracy

Every closed form is measured in double precision against values with 60 digits, in `tests/data`. The script that
makes them, [scripts/reference_tables.py](../scripts/reference_tables.py), shares no formula with the library: entries
and tails of the exact row and of both limits are contour integrals of their generating functions at high precision,
densities are Laguerre polynomials and Bessel functions, moments exact rationals of the product formula, short rows
exact rational matrix products. The schedules are constant ones (alpha from 0.05 to 1) and mixed ones that contain 0
and 1, the depths run from 1 to 400, the contexts from one token to 2^62. Random laws and positions of both limits are
measured against sums term by term in 100 digits, `tests/laws/unit_interval_sums.hpp`.

What the library states, and `tests/accuracy_test.cpp` checks for `float`, `double`, `long double` and 50 digits, each
in its own epsilon (2.2e-16 for double):

| function | bound for double |
|---|---|
| `power_sum` | 4 ulp |
| `pdf`, `cdf` and complement of `discrete_influence` | 16 ulp at any depth to 400 (`long double`: 48) |
| `quantile` of `discrete_influence` | exact for the level as given (decided in twice the precision; what agrees to 85 bits is equal), which a value of `cdf` may have been rounded past |
| `pdf`, `cdf` and complement of `continuum_influence` | 16 ulp at any depth to 400, 4 on average |
| `logpdf` | 1e-12 max(1, abs(log)), also where the density underflows |
| `pdf`, `cdf` and complement of `depth_limit_influence` | 16 ulp at any total attention, 4 on average |
| moments | relative error 2e-13 to depth 150, 1e-12 at depth 400; of the depth limit 1e-13 (1 + a/100), a the total attention |

for values above 1e-290 (of `float` and `long double`: as far above their least number). Multiprecision numbers, than
which none are wider, lose more: 900 epsilons to depth 150, 4500 at depth 400. The tables below are the output of `benchmarks/accuracy_report.cpp`; each cell is the
largest and the mean error in units in the last place (of the value; for `logpdf` and the skewness in epsilons of the
larger of one and the value). `scripts/accuracy.sh` writes this page.

Depth amplifies the roundings of the hop law, a product of its layers; it is formed in double words, and entries and tails sum it with power sums whose first
two are double words too. It has its price where the law is made of layers that differ: some 35 operations a step
instead of 3.
PREFACE
"$report" "$root/tests/data" >>"$page"
cat "$page" >"$root/docs/accuracy.md"
