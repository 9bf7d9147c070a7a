#!/usr/bin/env bash
# Runs the benchmarks of rows, matrices and powers, one thread, and remakes docs/performance.md and its plots:
# JSON into build/release/benchmarks/results, tables and plots into docs. Arguments go to every benchmark.
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

prepare
programs=(influence_row influence_matrix apply)
cmake --build "$build" --parallel "$jobs" --target "${programs[@]/%/_benchmark}"

results="$build/benchmarks/results"
mkdir -p "$results"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
for program in "${programs[@]}"; do
    "$build/benchmarks/${program}_benchmark" --benchmark_out="$results/$program.json" \
        --benchmark_out_format=json "$@"
done
# Straight to a file: NumPy and the compiler are peers and subjects like the programs.
python3 "$root/scripts/bench_report.py" "$results" "$root" "${CXX:-c++}"
