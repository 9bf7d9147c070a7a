#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# The explorer, a page that draws predictions and rows in the browser: build/explorer/index.html, which needs neither server
# nor network. Installs what is missing, builds, and tests the page in Chromium where that is there or can be had.
#   scripts/explorer.sh [PROGRAM]    PROGRAM is influence_profile, whose numbers the page must show; build/release's by default
#   scripts/explorer.sh --build      no test
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
build_alone=""
if [[ "${1:-}" == --build ]]; then
    build_alone=1
    shift
fi
program="${1:-$build/examples/programs/influence_profile}"
if [[ $# -gt 0 ]]; then program="$(realpath "$1")"; fi
cd "$root"

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    install_packages emscripten:emcc node-acorn g++:c++ libeigen3-dev libboost-dev nlohmann-json3-dev
fi
site="$root/build/explorer"
work="$root/build/explorer-work"
mkdir -p "$site" "$work/include"
eigen="${CESARO_EIGEN:-/usr/include/eigen3}"
# Boost alone of the system's headers: the others would be taken for Emscripten's.
ln -sfn "${CESARO_BOOST:-/usr/include/boost}" "$work/include/boost"

# older target sources...: whether the target is missing or older than one of these.
older() { [[ ! -e "$1" || -n "$(find "${@:2}" -newer "$1" -print -quit)" ]]; }

reference="$work/reference"
sources=(docs/explorer/reference.cpp docs/explorer/explorer.cpp examples/programs/common/known_models.cpp)
compile_reference() {
    say "compiling what the page is compared with"
    for file in "${sources[@]}"; do
        c++ -std=c++20 -O1 -Iinclude -isystem "$eigen" -c "$file" -o "$work/$(basename "$file" .cpp).o" || return
    done
    c++ "$work"/{reference,explorer,known_models}.o -o "$reference"
}
compiling=""
if older "$reference" "${sources[@]}" include; then
    compile_reference &
    compiling=$!
fi

if older "$site/cesaro.js" docs/explorer/explorer.cpp include; then
    say "compiling to WebAssembly"
    functions="_malloc,_free,_explorer_values,_explorer_text,_explorer_read,_explorer_notes,_explorer_predict"
    functions+=",_explorer_shares,_explorer_row,_explorer_entries,_explorer_cells,_explorer_row_summary"
    # A Node.js that is not Debian's does not look where Debian has the modules that Emscripten asks for.
    export NODE_PATH="${NODE_PATH:+$NODE_PATH:}/usr/share/nodejs"
    flags=(-Os -fwasm-exceptions)
    em++ -std=c++20 "${flags[@]}" -DNDEBUG -include docs/explorer/old_libcxx.hpp -Iinclude -isystem "$eigen" \
        -isystem "$work/include" -c docs/explorer/explorer.cpp -o "$work/explorer.wasm.o"
    em++ "${flags[@]}" "$work/explorer.wasm.o" -o "$work/emscripten.js" -sSINGLE_FILE=1 -sMODULARIZE=1 \
        -sEXPORT_NAME=createCesaro -sENVIRONMENT=web,worker -sALLOW_MEMORY_GROWTH=1 -sFILESYSTEM=0 \
        -sEXPORTED_FUNCTIONS="$functions" -sEXPORTED_RUNTIME_METHODS=UTF8ToString,stringToUTF8,lengthBytesUTF8
    # One function, whose text a worker can be made of where files may not be read.
    {
        head -n 3 docs/explorer/explorer.js
        printf 'function cesaroModule() {\n'
        cat "$work/emscripten.js"
        printf '\nreturn createCesaro;\n}\n'
    } >"$work/cesaro.js"
    mv "$work/cesaro.js" "$site/cesaro.js"
fi
if [[ -n "$compiling" ]]; then wait "$compiling"; fi
# What is made has the header of the sources.
{ head -n 3 docs/explorer/explorer.js && "$reference"; } >"$site/models.js"
cp docs/explorer/{index.html,explorer.js,style.css} "$site"
say "$site/index.html after $SECONDS s: $(cat "$site"/* | wc -c) bytes, $(cat "$site"/* | gzip -9 | wc -c) compressed"
if [[ -n "$build_alone" ]]; then exit; fi

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    install_packages chromium:chromium nodejs:node npm:npm
fi
chromium="${CESARO_CHROMIUM:-$(command -v chromium || true)}"
if [[ -z "$chromium" ]] || ! command -v npm >/dev/null; then
    say "no Chromium or npm: the page is not tested"
    exit
fi
if [[ ! -d "$work/node_modules/playwright-core" || ! -d "$work/node_modules/axe-core" ]]; then
    packages=(playwright-core@1.49 axe-core@4.10)
    npm_options=(--no-fund --no-audit --no-update-notifier --fetch-retries=1 --fetch-timeout=60000 --prefix "$work")
    if ! PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --silent "${npm_options[@]}" "${packages[@]}" >&2; then
        # Untested only where there is no registry; whatever else fails is a failure.
        if npm view "${npm_options[@]}" "${packages[0]}" version >/dev/null 2>&1; then
            say "npm could not install ${packages[*]}"
            exit 1
        fi
        say "NOT TESTED: the page is built, but npm's registry, which has ${packages[*]}, cannot be reached"
        exit
    fi
fi
# That of an older build has other numbers.
if [[ ! -x "$program" ]] || { [[ $# == 0 ]] && older "$program" include; }; then program=""; fi
NODE_PATH="$work/node_modules" CHROMIUM="$chromium" REFERENCE="$reference" PROGRAM="$program" \
    node tests/explorer/explorer_test.mjs "$site" "$work/screenshots"
say "tested after $SECONDS s"
