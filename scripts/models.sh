#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Draws docs/models.svg, with which the README opens, and writes its table of coefficients. Some minutes.
#   scripts/models.sh PROGRAM [RESULTS]   PROGRAM is influence_profile; results already in RESULTS are kept
set -euo pipefail
program=$(realpath "$1")
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
results=${2:-$root/build/models}
mkdir -p "$results"

"$program" --model gpt2,qwen2.5-7b,llama-3.1-8b,gemma-2-9b,mistral-7b --plot "$root/docs/models.svg"
for model in gpt2 pythia-1.4b opt-1.3b llama-2-7b llama-3.1-8b llama-3.1-70b llama-3.1-405b mistral-7b qwen2.5-7b qwen3-8b gemma-2-9b \
    olmo-2-7b deepseek-v3; do
    [[ -s $results/$model.json ]] || "$program" --model "$model" --points 2 --format json --output "$results/$model.json"
done
python3 "$root/scripts/models_table.py" "$results" "$root/README.md"
