#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# What .ci/run has no time for, hours on two cores, before a release: every test under clang's sanitizers, each header
# alone with clang, clang-tidy on every program, all tests for 32 bits, fuzzing. Run .ci/run first, which installs it all.
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$root"

cmake --preset sanitize -DCMAKE_EXPORT_COMPILE_COMMANDS=ON
cmake --build --preset sanitize --parallel "$jobs"
ctest --preset sanitize --parallel "$jobs"
cmake --build build/sanitize --target all_verify_interface_header_sets --parallel "$jobs"
find examples tests/linkage_test.cpp -name '*.cpp' -print0 |
    xargs -0 -P "$jobs" -n 3 clang-tidy --quiet -p build/sanitize --warnings-as-errors='*'
for preset in m32 index32; do
    cmake --preset "$preset"
    cmake --build --preset "$preset" --parallel "$jobs"
    ctest --preset "$preset" --parallel "$jobs"
done
scripts/fuzz.sh 3600
say "done after $SECONDS s"
