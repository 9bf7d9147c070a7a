#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# The Python package: builds its wheel, installs that in a fresh environment under build/python, runs its tests and
# examples there. Installs what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/setup.sh

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    install_packages g++:c++ libeigen3-dev libboost-dev nlohmann-json3-dev pybind11-dev python3-dev python3-pybind11 \
        python3-numpy python3-scipy python3-matplotlib python3-pip python3-pytest python3-pytest-xdist \
        python3-setuptools python3-venv python3-wheel
    python=/usr/bin/python3 # the one that has these
fi
python="${PYTHON:-${python:-python3}}"
if command -v ccache >/dev/null; then export CC="ccache cc" CXX="ccache c++"; fi
export CESARO_BUILD_JOBS="${CESARO_BUILD_JOBS:-$jobs}" MPLBACKEND=Agg PYTHONDONTWRITEBYTECODE=1

build="$root/build/python"
rm -rf "$build" "$root/python/build" # what lies there may be older than it looks
mkdir -p "$build"
"$python" -m pip wheel -q --no-build-isolation --no-deps --wheel-dir "$build" "$root/python"
"$python" -m venv --system-site-packages "$build/venv"
# shellcheck disable=SC2211  # one wheel
"$build/venv/bin/pip" install -q --no-index --no-deps "$build"/*.whl
say "built and installed after $SECONDS s"

cd "$build"
"$build/venv/bin/python" -c 'import sys, cesaro; assert cesaro.__file__.startswith(sys.prefix), cesaro.__file__'
workers=()
if "$build/venv/bin/python" -c 'import xdist' 2>/dev/null; then workers=(-n "$jobs"); fi
"$build/venv/bin/python" -m pytest -q -p no:cacheprovider "${workers[@]}" "$root/python/tests" "$@"
for example in "$root"/examples/python/*.py; do
    if grep -q '^import torch' "$example" && ! "$build/venv/bin/python" -c 'import torch' 2>/dev/null; then
        say "no PyTorch: $(basename "$example") is not run"
        continue
    fi
    say "$(basename "$example")"
    arguments=()
    if [[ "$example" == *train_tiny.py ]]; then arguments=(--task copy --steps 10 --plot training.png); fi
    "$build/venv/bin/python" "$example" "${arguments[@]}"
done
say "done after $SECONDS s"
