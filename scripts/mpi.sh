#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Builds untrained_decoder with MPI in build/mpi and checks that any number of ranks gives what one process gives. Installs what is
# missing. Arguments go to cmake.
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$root"

install_packages "${tools[@]}" "${libraries[@]}" libopenmpi-dev openmpi-bin:mpirun
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
cmake --preset release -B build/mpi -DCESARO_WITH_MPI=ON -DCESARO_BUILD_TESTS=OFF -DCESARO_BUILD_BENCHMARKS=OFF "${launcher[@]}" "$@"
cmake --build build/mpi --parallel "$jobs" --target untrained_decoder blocks_over_ranks

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
cat >config.json <<'END'
{"model_type": "llama", "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
 "intermediate_size": 48, "vocab_size": 100, "max_position_embeddings": 256}
END
decoder="$root/build/mpi/examples/programs/untrained_decoder"
# More ranks than there are processors, as root in a container, without a network.
ranks() { mpirun --allow-run-as-root --oversubscribe --mca btl self,vader -n "$@"; }
export OMP_NUM_THREADS=1 OMPI_MCA_btl_base_warn_component_unused=0

for mode in "" --layers-report; do
    # shellcheck disable=SC2086  # no word where there is no mode
    "$decoder" --config config.json --tokens 24 --draws 5 $mode --format csv --output "one$mode.csv"
    for n in 1 2 3 7; do
        # shellcheck disable=SC2086
        ranks "$n" "$decoder" --config config.json --tokens 24 --draws 5 $mode --format csv --output "$n$mode.csv"
        cmp "one$mode.csv" "$n$mode.csv"
    done
done
ranks 3 "$decoder" --config config.json --tokens 24 --draws 2 | grep -c '^position' | grep -qx 1
status=0
ranks 2 "$decoder" --config absent.json 2>errors || status=$?
[[ $status == 2 ]] || { say "a failing rank ends with $status"; exit 1; }
[[ $(grep -c "untrained_decoder: .*absent.json" errors) == 1 ]] || { cat errors; exit 1; }

"$root/build/mpi/examples/blocks_over_ranks" 1000003 >one
ranks 3 "$root/build/mpi/examples/blocks_over_ranks" 1000003 >three
cmp one three
say "1, 2, 3 and 7 ranks give the same bits"
