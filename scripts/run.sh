#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Sets up what is missing, builds, and runs influence_profile with the arguments given (--model gpt2 without any).
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

program="$build/examples/programs/influence_profile"
# A question needs neither packages nor a compiler where the program is there.
if [[ -x "$program" && " $* " == *" --help "* ]]; then exec "$program" "$@"; fi

prepare
cmake --build "$build" --target influence_profile --parallel "$jobs" >&2
if [[ $# == 0 ]]; then set -- --model gpt2; fi
exec "$program" "$@"
