#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""The library as a single header, for a compiler in a browser: cesaro/cesaro.hpp and whatever it includes.

    scripts/single_header.py [--include cesaro/cesaro.hpp ...] [OUTPUT]      build/cesaro.single.hpp

With --include, other headers than that of everything: cesaro/files/checkpoint.hpp, say. Eigen and Boost stay outside.
"""

import argparse
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r"#include <(cesaro/[^>]+)>\n")
HEAD = re.compile(r"(// SPDX-[^\n]*\n)+")


def append(header, seen, lines):
    """Every header once, behind what it includes."""
    if header in seen:
        return
    seen.add(header)
    text = HEAD.sub("", (ROOT / "include" / header).read_text(encoding="utf-8"), count=1)
    own = []
    for line in text.splitlines(keepends=True):
        included = INCLUDE.fullmatch(line)
        if included:
            append(included[1], seen, lines)
        elif line != "#pragma once\n":
            own.append(line)
    body = re.sub(r"\n{3,}", "\n\n", "".join(own)).strip("\n")
    lines.append(f"// {header}\n{body}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--include", action="append", metavar="HEADER")
    parser.add_argument("output", nargs="?", type=pathlib.Path, default=ROOT / "build/cesaro.single.hpp")
    arguments = parser.parse_args()
    parts = []
    seen = set()
    for header in arguments.include or ["cesaro/cesaro.hpp"]:
        append(header, seen, parts)
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8").strip("\n").replace("\n", "\n// ").replace("// \n", "//\n")
    preface = (f"// cesaro as a single header: {len(parts)} headers, made by scripts/single_header.py. Needs C++20, Eigen 3.4, "
               f"Boost 1.74.\n//\n// {licence}\n\n#pragma once\n")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text("\n".join([preface, *parts]), encoding="utf-8")


if __name__ == "__main__":
    main()
