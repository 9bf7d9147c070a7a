#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Computes what docs/reproduction.md shows beside what the field's papers state, and writes its tables and plots. Half an hour on one
# core, all but two minutes of it for measured networks.
#   scripts/reproduce.sh [BUILD [RESULTS]]    BUILD (build/release): where the programs are; results already in RESULTS are kept
# MEASURE names another build of untrained_decoder, as one for this machine's processor.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(realpath "${1:-$root/build/release}")
results=$(realpath -m "${2:-$root/build/reproduction}")
programs=$build/examples/programs
measure=$(realpath "${MEASURE:-$programs/untrained_decoder}")
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
mkdir -p "$results"
cd "$root/tests/data/models"

keep() { # name, program and arguments: runs it for the JSON of that name, unless it is there
    local name=$1
    shift
    [[ -s $results/$name.json ]] && return
    echo "$name: $(basename "$1") ${*:2}" >&2
    "$@" --format json --output "$results/$name.json"
}

# Networks at step 0.
keep gpt2 "$measure" --config gpt2.json --tokens 1024 --draws 6 --probes 1 --seed 1
keep gpt2-rope "$measure" --config gpt2.json --tokens 1024 --draws 6 --probes 1 --seed 1 --rope on
keep qwen2 "$measure" --config qwen2-0.5b.json --tokens 1024 --draws 4 --probes 1 --seed 1
keep qwen2-256 "$measure" --config qwen2-0.5b.json --tokens 256 --draws 3 --probes 1 --seed 1
keep qwen2-256-plain "$measure" --config qwen2-0.5b.json --tokens 256 --draws 3 --probes 1 --seed 1 --rope off
keep pythia "$measure" --config pythia-70m.json --tokens 1024 --draws 8 --probes 1 --seed 1

# The same Pythia with branches times 2 in the first layer to 0.5 in the last one, three networks.
for seed in 1 2 3; do
    [[ -s $results/ramp-$seed.json ]] && continue
    rm -rf "$results/drawn"
    "$measure" --config pythia-70m.json --tokens 8 --seed "$seed" --probes 1 --save "$results/drawn" >"$results/drawn.txt"
    python3 "$root/scripts/scale_branches.py" "$results/drawn/model.safetensors" 2 0.5
    keep "ramp-$seed" "$measure" --config "$results/drawn/config.json" --weights "$results/drawn" --tokens 1024 --draws 1 --probes 1 \
        --seed "$seed"
    rm -rf "$results/drawn" "$results/drawn.txt"
done

# What one coefficient leaves in the middle, at the depths of GPT-2 and Qwen2.
for layers in 12 24; do
    keep "middle-$layers" "$programs/influence_profile" --tokens 2048 --layers "$layers" --alpha 0.1 --position 1023
done

# Rollouts: configurations with known last rows, and five models with ALiBi.
for name in example falcon-rw-7b-content mpt-7b-positional; do
    keep "rollout-$name" "$programs/attention_rollout" --config "../rollout/$name.json"
done
for model in bloom-7b1 falcon-rw-7b mpt-7b; do
    keep "birth-$model" "$programs/influence_profile" --model "$model" --tokens 256 --points 2
done
python3 "$root/scripts/reproduce_page.py" rollouts "$results" "$root/tests/data/rollout"
for config in "$results"/alibi-*.config.json; do
    keep "$(basename "$config" .config.json)" "$programs/attention_rollout" --config "$config"
done

# Attention alone: what a layer more leaves outside of the first token. Lengths of inputs, and windows.
for layers in 100 101; do
    keep "collapse-$layers" "$programs/influence_profile" --tokens 64 --layers "$layers" --alpha 1 --position 0
done
keep lengths "$programs/relative_length"
keep span "$programs/influence_profile" --model mistral-7b --tokens 131072 --quantile 1e-3,1e-2,0.1,0.5

"$build/examples/peers" >"$results/peers.txt"
python3 "$root/scripts/reproduce_page.py" page "$results" "$root/docs" "$root/tests/data/rollout"
