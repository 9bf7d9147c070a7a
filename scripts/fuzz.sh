#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# fuzz.sh [SECONDS]: fuzzes everything that reads files, for SECONDS (60) in all. Needs clang++ and its libFuzzer.
# Fails on a crash, a sanitizer report, a slow input or much memory; the input is kept in build/fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
targets=(safetensors npy config_json token_ids)

cmake -S . -B build/fuzz -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER="${CXX:-clang++}" \
    -DCESARO_BUILD_FUZZERS=ON -DCESARO_BUILD_TESTS=OFF -DCESARO_BUILD_EXAMPLES=OFF \
    -DCESARO_BUILD_PROGRAMS=OFF -DCESARO_BUILD_BENCHMARKS=OFF
cmake --build build/fuzz --target "${targets[@]/%/_fuzz}"

for target in "${targets[@]}"; do
    found=build/fuzz/corpus/$target # grows from run to run; the seeds stay as they are
    mkdir -p "$found" build/fuzz/artifacts
    seeds=("tests/fuzz/corpus/$target")
    if [[ $target == config_json ]]; then seeds+=(tests/data/models); fi
    echo "fuzzing $target"
    "build/fuzz/tests/fuzz/${target}_fuzz" -max_total_time=$((seconds / ${#targets[@]} + 1)) -timeout=5 \
        -rss_limit_mb=1024 -max_len=4096 -dict=tests/fuzz/json.dict -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/artifacts/$target-" "$found" "${seeds[@]}"
done
