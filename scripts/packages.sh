#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# Tries every way to get cesaro that can be tried on Debian: pkg-config, the single header, Meson, packages, completion.
#   scripts/packages.sh PREFIX     where `cmake --install` put it
set -euo pipefail
prefix="$(realpath "$1")"
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$root"
install_packages git:git gzip:gzip meson:meson pkg-config:pkg-config python3:python3 ruby:ruby

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
compiler=("${CXX:-c++}" -std=c++20)
if command -v ccache >/dev/null; then compiler=(ccache "${compiler[@]}"); fi
# quickstart name flags...: compiles the README's program, and compares what it prints with the page.
quickstart() {
    "${compiler[@]}" "${@:2}" -c examples/quickstart.cpp -o "$scratch/$1.o"
    "${CXX:-c++}" "$scratch/$1.o" -o "$scratch/$1"
    check_quickstart "$scratch/$1"
}
check_quickstart() {
    local printed
    printed="$("$1")"
    [[ "$(<README.md)" == *"$printed"* ]] || { say "$1 printed: $printed"; exit 1; }
}

say "pkg-config"
flags="$(PKG_CONFIG_PATH="$prefix/share/pkgconfig" pkg-config --cflags cesaro)"
read -ra flags <<<"$flags"
[[ " ${flags[*]} " == *"-I$prefix/"* ]] || { say "these are not of $prefix: ${flags[*]}"; exit 1; }
quickstart pkg-config "${flags[@]}"
[[ "$(PKG_CONFIG_PATH="$prefix/share/pkgconfig" pkg-config --modversion cesaro)" == "$("$prefix/bin/influence_profile" --version |
    grep -oE '[0-9.]+$')" ]]

say "the single header"
scripts/single_header.py "$scratch/include/cesaro/cesaro.hpp"
read -ra flags <<<"$(pkg-config --cflags eigen3)"
quickstart single -Wall -Wextra -Werror "-I$scratch/include" "${flags[@]/#-I/-isystem}"

say "Meson"
mkdir -p "$scratch/meson/subprojects"
cp tests/consumers/meson/meson.build examples/quickstart.cpp "$scratch/meson"
# The wrap as it is, but for the address, and the files as they are here for the release.
git clone -q --depth 1 "file://$root" "$scratch/repository"
git -C "$scratch/repository" checkout -q -b release
cp -r meson.build include examples "$scratch/repository"
git -C "$scratch/repository" add -A
git -C "$scratch/repository" -c user.name=cesaro -c user.email=cesaro@localhost commit -q --allow-empty -m release
version="$(grep -oE '^revision = .*' packaging/meson/cesaro.wrap)"
git -C "$scratch/repository" tag "${version#revision = }"
sed "s|^url = .*|url = file://$scratch/repository|" packaging/meson/cesaro.wrap >"$scratch/meson/subprojects/cesaro.wrap"
meson setup "$scratch/meson/build" "$scratch/meson" >"$scratch/meson.log" || { cat "$scratch/meson.log"; exit 1; }
meson compile -C "$scratch/meson/build" >"$scratch/meson.log" || { cat "$scratch/meson.log"; exit 1; }
check_quickstart "$scratch/meson/build/quickstart"

say "completion in bash"
complete() { :; }
# shellcheck source=packaging/bash-completion/cesaro
source packaging/bash-completion/cesaro
# completed previous word expected...: words that complete `influence_profile previous word`.
completed() {
    COMPREPLY=()
    _cesaro "$prefix/bin/influence_profile" "$2" "$1"
    [[ "${COMPREPLY[*]}" == "${*:3}" ]] || { say "after '$1' '$2' becomes '${COMPREPLY[*]}', not '${*:3}'"; exit 1; }
}
completed influence_profile --quan --quantile
completed influence_profile --save --save-alphas
completed --format j json
completed --model x

say "recipes: their syntax"
ruby -c packaging/homebrew/cesaro.rb >/dev/null
python3 -c 'import ast, sys; [ast.parse(open(name).read(), name) for name in sys.argv[1:]]' packaging/{conan/conanfile,spack/package}.py
python3 -m json.tool packaging/vcpkg/ports/cesaro/vcpkg.json >/dev/null

say "packages for Debian"
mapfile -t packages < <(scripts/deb.sh -DCESARO_WARNINGS_AS_ERRORS=ON)
[[ ${#packages[@]} == 3 ]]
for package in "${packages[@]}"; do
    dpkg -c "$package" | awk '$1 ~ /^-/ { print $NF }' >"$scratch/$(basename "$package").files"
    dpkg -x "$package" "$scratch/packages"
done
sort "$scratch"/*.files | uniq -d | grep . && { say "these files are in two packages"; exit 1; }
diff <(cd "$scratch/packages/usr/include" && find . -type f | sort) <(cd include && find . -type f | sort)
for program in "$prefix"/bin/*; do
    name="$(basename "$program")"
    "$scratch/packages/usr/bin/$name" --version >/dev/null
    zcat "$scratch/packages/usr/share/man/man1/$name.1.gz" | grep -q -- '\\-\\-format'
    cmp packaging/bash-completion/cesaro "$scratch/packages/usr/share/bash-completion/completions/$name"
done
for name in libcesaro-dev cesaro cesaro-doc; do cmp LICENSE "$scratch/packages/usr/share/doc/$name/copyright"; done
quickstart debian "-I$scratch/packages/usr/include" "${flags[@]}"
say "done after $SECONDS s"
