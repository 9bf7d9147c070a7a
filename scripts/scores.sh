#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Measures a Llama block whose scores vary little or much beside its prediction, and writes the table of docs/step0.md. About half an
# hour on two cores.
#   scripts/scores.sh PROGRAM [RESULTS]   PROGRAM is untrained_decoder; results already in RESULTS are kept
# DRAWS (of variance:draws, below) says over how many networks and prompts the mean is: so many that the noise is below 0.02.
set -euo pipefail
program=$(realpath "$1")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
results=${2:-$root/build/scores}
mkdir -p "$results"
cd "$results"

for pair in ${DRAWS:-0.1:200 0.36:200 1:200 1.64:420 3.28:260 6.56:260}; do
    projected=${pair%:*} # d sigma^2
    cat >"c$projected.json" <<END
{"model_type": "llama", "hidden_size": 256, "num_hidden_layers": 8, "num_attention_heads": 8, "num_key_value_heads": 8,
 "intermediate_size": 688, "vocab_size": 1000, "max_position_embeddings": 4096,
 "initializer_range": $(awk "BEGIN { printf \"%.17g\", sqrt($projected / 256) }")}
END
    for rope in on off; do
        [[ -s r$projected.$rope.json ]] && continue
        echo "d sigma^2 = $projected, RoPE $rope" >&2
        "$program" --config "c$projected.json" --tokens 128 --draws "${pair#*:}" --probes 8 --seed 7 --rope "$rope" --format json \
            --output "r$projected.$rope.json"
    done
done
python3 "$root/scripts/scores_table.py" "$results" "$root/docs/step0.md"
