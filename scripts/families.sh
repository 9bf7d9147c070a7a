#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Measures a reduced network of every family of decoders beside its prediction and writes the table of
# docs/step0.md. About half an hour on two cores.
#   scripts/families.sh PROGRAM [RESULTS]   PROGRAM is untrained_decoder; results already in RESULTS are kept
# DRAWS (32) says over how many networks and prompts the mean is.
set -euo pipefail
program=$(realpath "$1")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
results=${2:-$root/build/families}
mkdir -p "$results"

for config in "$root"/tests/data/families/*.json; do
    name=$(basename "$config" .json)
    [[ -s $results/$name.json ]] && continue
    echo "$name" >&2
    (cd "$(dirname "$config")" &&
        "$program" --config "$name.json" --tokens 160 --draws "${DRAWS:-32}" --probes 16 --seed 1 --format json \
            --output "$results/$name.json")
done
python3 "$root/scripts/families_table.py" "$results" "$root/docs/step0.md"
