#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Packages for Debian: build/deb/{libcesaro-dev,cesaro,cesaro-doc}_*.deb. Arguments go to cmake.
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

install_packages cmake:cmake g++:c++ ninja-build:ninja libeigen3-dev libboost-dev libcli11-dev libfmt-dev libopenblas-dev \
    nlohmann-json3-dev libyaml-cpp-dev help2man:help2man dpkg-dev:dpkg-shlibdeps file:file
if command -v ccache >/dev/null; then set -- -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"; fi
packages="$root/build/deb"
cmake -S "$root" -B "$packages" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -DCESARO_BUILD_MAN=ON \
    -DCESARO_BUILD_TESTS=OFF -DCESARO_BUILD_EXAMPLES=OFF -DCESARO_BUILD_BENCHMARKS=OFF "$@" >&2
cmake --build "$packages" --parallel "$jobs" >&2
rm -f "$packages"/*.deb
(cd "$packages" && cpack --config CPackConfig.cmake) >&2
ls "$packages"/*.deb
