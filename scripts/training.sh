#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Trains the small networks of docs/training.md and writes its tables and its plot. A quarter of an hour on one core.
#   scripts/training.sh [RESULTS]     results already in RESULTS are kept
# PYTHON (python3) has the package cesaro, PyTorch and matplotlib; SEEDS (1 2 3) says which networks.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
results=$(realpath -m "${1:-$root/build/training}")
python=${PYTHON:-python3}
export OMP_NUM_THREADS=1 MPLBACKEND=Agg # the last digits depend on the number of threads
mkdir -p "$results"

for seed in ${SEEDS:-1 2 3}; do
    [[ -s $results/seed-$seed.json ]] && continue
    echo "seed $seed" >&2
    "$python" "$root/examples/python/train_tiny.py" --seeds "$seed" --json "$results/seed-$seed.json"
done
"$python" "$root/scripts/training_table.py" "$results" "$root/docs"
