#!/usr/bin/env bash
# Sets up what is missing, builds, and runs influence_profile with the arguments given (--model gpt2 without any).
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

prepare
cmake --build "$build" --target influence_profile --parallel "$jobs" >&2
if [[ $# == 0 ]]; then set -- --model gpt2; fi
exec "$build/examples/influence_profile" "$@"
