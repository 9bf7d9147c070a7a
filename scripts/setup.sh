# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Sourced by the other scripts: installs what is missing, configures the release preset.
# shellcheck shell=bash

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build/release"
# shellcheck disable=SC2034  # used by those that source this
jobs="$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)"

# One compiler cache serves every checkout.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1

# What building everything takes, by its names in Debian and Ubuntu; a command is enough where one is named.
tools=(cmake:cmake g++:c++ ninja-build:ninja gnuplot-nox:gnuplot)
libraries=(libeigen3-dev libboost-dev catch2 libbenchmark-dev libcli11-dev libfmt-dev libopenblas-dev nlohmann-json3-dev
           libyaml-cpp-dev)

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

# The names of the packages among the arguments that are not there.
missing_packages() {
    local entry package
    for entry in "$@"; do
        package="${entry%%:*}"
        if [[ "$entry" == *:* ]] && command -v "${entry#*:}" >/dev/null; then continue; fi
        [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] || echo "$package"
    done
}

as_root() {
    if [[ "$(id -u)" == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "installing needs root: run 'apt-get install $*' as root first"
        exit 2
    fi
}

# install_packages package[:command]...: asks apt for what is missing; does nothing when all is there.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    if [[ ${#missing[@]} == 0 ]]; then return; fi
    say "installing with apt: ${missing[*]}"
    if ! apt-cache show "${missing[@]}" >/dev/null 2>&1; then
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null >&2 || say "apt-get update failed"
    fi
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "${missing[@]}" \
        </dev/null >&2; then
        say "apt could not install: ${missing[*]}"
        exit 2
    fi
}

stop_with_names() {
    local names=("${tools[@]%%:*}" "${libraries[@]}")
    say "$1; by their names in Debian, cesaro's programs and tests need: ${names[*]}"
    exit 2
}

# Everything up to a configured build directory; quick when it is there already.
prepare() {
    if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
        install_packages "${tools[@]}" "${libraries[@]}"
    else
        local entry
        for entry in "${tools[@]}"; do
            command -v "${entry#*:}" >/dev/null || stop_with_names "'${entry#*:}' is missing and this is not Debian"
        done
    fi
    if [[ ! -f "$build/build.ninja" && ! -f "$build/Makefile" ]]; then
        local launcher=()
        if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
        (cd "$root" && cmake --preset release "${launcher[@]}") >&2 || stop_with_names "could not configure"
    fi
}
