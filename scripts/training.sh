#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Trains the small decoders of examples/python/train_tiny.py and writes plot and table of docs/training.md. Some minutes.
#   scripts/training.sh [RESULTS]   results already in RESULTS are kept; needs the Python package (scripts/python.sh) and PyTorch
set -euo pipefail
cd "$(dirname "$0")/.."
results=$(realpath -m "${1:-build/training}")
python="${PYTHON:-$PWD/build/python/venv/bin/python}"
mkdir -p "$results"
[[ -s $results/training.json ]] ||
    "$python" examples/python/train_tiny.py --json "$results/training.json" --plot docs/training.png
python3 scripts/training_table.py "$results/training.json" docs/training.md
