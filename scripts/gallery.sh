#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Draws the pictures of docs/gallery.md by the commands that the page shows.
#   scripts/gallery.sh [BUILD]     BUILD (build/release): where the programs are
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATH=$(realpath "${1:-$root/build/release}")/examples/programs:$PATH
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
# shellcheck disable=SC2016  # fences, no commands
sed -n '/^```sh$/,/^```$/{/^```/!p}' "$root/docs/gallery.md" >commands
bash -euxo pipefail commands >/dev/null
cp gallery-* "$root/docs"
