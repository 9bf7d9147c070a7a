#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# The documentation as a site that works without a network: build/docs/index.html. Installs what is missing. A warning of Doxygen, a
# formula that KaTeX cannot set and a link that leads nowhere are errors.
set -euo pipefail
# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
cd "$root"

install_packages doxygen:doxygen doxygen-awesome-css libjs-katex nodejs:node python3:python3
work="$root/build/docs-work"
site="$root/build/docs"
rm -rf "$work" "$site"
mkdir -p "$work" "$site"

CESARO_VERSION="$(sed -nE 's/^#define CESARO_VERSION_(MAJOR|MINOR|PATCH) ([0-9]+)$/\2/p' include/cesaro/version.hpp | paste -sd .)"
CESARO_AWESOME="${CESARO_AWESOME:-/usr/share/doxygen-awesome-css}"
katex="${CESARO_KATEX:-/usr/share/javascript/katex}"
export CESARO_VERSION CESARO_AWESOME

# Doxygen's own header, with KaTeX's style in the place of MathJax.
doxygen -w html "$work/header.html" "$work/footer.html" "$work/style.css" docs/doxygen/Doxyfile
# shellcheck disable=SC2016  # Doxygen's variables
sed -i 's|^\$mathjax$|<link href="$relpath^katex/katex.css" rel="stylesheet" type="text/css"/>|' "$work/header.html"
grep -q katex.css "$work/header.html"
# Doxygen takes no notice of how a filter ends.
complaints="$work/complaints"
doxygen docs/doxygen/Doxyfile 2>"$complaints" || { cat "$complaints" >&2 && exit 1; }
cat "$complaints" >&2
if grep -q 'has no eprint' "$complaints"; then exit 1; fi

mkdir "$site/katex"
cp -rL "$katex/katex.css" "$katex/fonts" "$site/katex"
node docs/doxygen/formulas.js "$katex/katex.js" "$site"
python3 scripts/check_links.py "$site" "$root"/*.md "$root"/docs/*.md "$root"/packaging/*.md
say "$site/index.html after $SECONDS s"
