#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Runs the benchmarks and remakes docs/performance.md and its plots:
# JSON into build/release/benchmarks/results, tables and plots into docs. Arguments go to every benchmark.
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

prepare
programs=(influence_row influence_matrix apply fits initialization prediction)
# What else is reported: the programs and which of their cases.
entries='^(pdf_(against_tokens|under_(sink|decay)|of_many|one_by_one)|hop_law_.*)/'
rollouts='^row_from_(running|windowed)_sums/131072$'
targets=("${programs[@]/%/_benchmark}" {discrete_influence,attention,portable_row}_benchmark untrained_decoder)
# Not everywhere is there a compiler with OpenMP.
if [[ "$(cmake --build "$build" --target help)" == *threads_benchmark* ]]; then targets+=(threads_benchmark); fi
cmake --build "$build" --parallel "$jobs" --target "${targets[@]}"

results="$build/benchmarks/results"
mkdir -p "$results"
rm -f "$results"/*.json
export OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
# measure name arguments...: the JSON of one program.
measure() {
    "$build/benchmarks/$1_benchmark" --benchmark_out="$results/$1.json" --benchmark_out_format=json "${@:2}"
}
for program in "${programs[@]}"; do
    OMP_NUM_THREADS=1 measure "$program" "$@"
done
measure discrete_influence --benchmark_filter="$entries" "$@"
measure attention --benchmark_filter="$rollouts" "$@"
longest='tokens:16777216'
OMP_NUM_THREADS=1 measure portable_row \
    --benchmark_filter="^(fill/$longest|(row_attention_only|row_residual|row_straight_sums)/$longest/depth:.*)\$" "$@"
if [[ " ${targets[*]} " == *" threads_benchmark "* ]]; then measure threads "$@"; fi
for python in python3 /usr/bin/python3; do
    if "$python" -c 'import torch' 2>/dev/null; then
        "$python" "$root/benchmarks/torch_jacobian.py" "$build/examples/programs/untrained_decoder" "$results/jacobian.json"
        break
    fi
done
# Straight to a file: NumPy and the compiler are peers and subjects like the programs.
python3 "$root/scripts/bench_report.py" "$results" "$root" "${CXX:-c++}"
