#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Measures what docs/step0.md shows and writes its plots and tables. About an hour on two cores.
#   scripts/step0.sh PROGRAM [RESULTS]     PROGRAM is untrained_decoder; results already in RESULTS are kept
set -euo pipefail
program=$(realpath "$1")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
results=${2:-$root/build/step0}
models=$root/tests/data/models
mkdir -p "$results"

measure() { # name, arguments
    local name=$1
    shift
    [[ -s $results/$name.json ]] && return
    echo "untrained_decoder $*" >&2
    (cd "$models" && "$program" "$@" --format json --output "$results/$name.json" --plot "$results/$name.png")
}

measure qwen2 --config qwen2-0.5b.json --tokens 512 --draws 64 --probes 1 --seed 1
measure gpt2 --config gpt2.json --tokens 1024 --draws 64 --probes 1 --seed 1
measure gpt2-256-rope --config gpt2.json --tokens 256 --draws 24 --probes 1 --seed 1 --rope on
measure gpt2-256-plain --config gpt2.json --tokens 256 --draws 24 --probes 1 --seed 1 --rope off
measure qwen2-plain --config qwen2-0.5b.json --tokens 512 --draws 64 --probes 1 --seed 1 --rope off

cp "$results/gpt2.png" "$root/docs/step0-gpt2.png"
cp "$results/qwen2.png" "$root/docs/step0-qwen2.png"
python3 "$root/scripts/step0_tables.py" "$results" "$root/docs/step0.md"
