#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Writes docs/examples.md: each program of examples/ as it is, and what it prints. Usage: examples.sh [build directory]
set -euo pipefail
cd "$(dirname "$0")/.."
build="${1:-build/release}"
page=docs/examples.md

{
    cat <<'TEXT'
# Examples

One small program for each group of headers, to copy from. Each links `cesaro::cesaro` and nothing else; `examples/` has their
sources. This page is made by `scripts/examples.sh`, and a test holds it to the programs.
TEXT
    for example in quickstart hop_laws keys landmarks whole_rows compare_profiles jacobian own_attention untrained_network \
        checkpoint peers; do
        printf '\n## %s\n\n```cpp\n' "$example"
        tail -n +4 "examples/$example.cpp"
        # shellcheck disable=SC2016  # a fence, no command
        printf '```\n\n```text\n'
        "$build/examples/$example"
        printf '```\n'
    done
} >"$page.new"
mv "$page.new" "$page"
