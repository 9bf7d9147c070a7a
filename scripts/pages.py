#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Runs the commands and programs that pages show, and compares what they print with what the pages say they do.

    scripts/pages.py [--write] [--build build/release] [--python PYTHON] [PAGE.md ...]

A block of `sh` or `python` is run, in one scratch directory for a page, with the programs of the build in PATH. A block of `text` that
follows it directly is what it prints. `<!-- program NAME -->` .. `<!-- end -->` holds examples/NAME.cpp and its output. With --write
the pages are made so, without it they have to be. Python is left out where the package is not there, unless --python names one.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ["docs/tutorial.md", "docs/how-to.md", "docs/which-function.md", "docs/theory.md", "docs/gallery.md"]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```\n(?:(\s*^```text\n)(.*?)^```\n)?", re.S | re.M)
PROGRAM = re.compile(r"^<!-- program (\w+) -->\n.*?^<!-- end -->\n", re.S | re.M)


class Runner:
    def __init__(self, build, python):
        self.build = build.resolve()
        self.python = python
        self.scratch = tempfile.TemporaryDirectory()
        self.environment = os.environ | {"PATH": f"{self.build / 'examples/programs'}:{os.environ['PATH']}", "MPLBACKEND": "Agg"}
        self.count = 0

    def output(self, command):
        self.count += 1
        ran = subprocess.run(command, cwd=self.scratch.name, env=self.environment, stdout=subprocess.PIPE, text=True, check=False)
        if ran.returncode != 0:
            sys.exit(f"{command}\nended with {ran.returncode}")
        return ran.stdout

    def block(self, match):
        language, code, fence, _ = match.groups()
        if language == "python" and self.python is None:
            return match[0]
        run = ["bash", "-euo", "pipefail", "-c"] if language == "sh" else [self.python, "-c"]
        printed = self.output([*run, code])
        return f"```{language}\n{code}```\n" + (f"{fence}{printed}```\n" if fence else "")

    def program(self, match):
        name = match[1]
        source = "".join((ROOT / f"examples/{name}.cpp").read_text(encoding="utf-8").splitlines(keepends=True)[3:])
        printed = self.output([self.build / "examples" / name])
        return f"<!-- program {name} -->\n```cpp\n{source}```\n\n```text\n{printed}```\n<!-- end -->\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--python")
    parser.add_argument("pages", nargs="*")
    arguments = parser.parse_args()
    python = arguments.python and str(pathlib.Path(arguments.python).absolute())
    if python is None and subprocess.run([sys.executable, "-c", "import cesaro"], capture_output=True, check=False).returncode == 0:
        python = sys.executable
    wrong = 0
    for page in [pathlib.Path(name) for name in arguments.pages] or [ROOT / name for name in PAGES]:
        runner = Runner(arguments.build, python)
        text = page.read_text(encoding="utf-8")
        made = PROGRAM.sub(runner.program, BLOCK.sub(runner.block, text))
        print(f"{page}: {runner.count} commands and programs")
        if made == text:
            continue
        if arguments.write:
            page.write_text(made, encoding="utf-8")
            continue
        wrong += 1
        subprocess.run(["diff", page, "-"], input=made, text=True, check=False)
    if wrong:
        sys.exit(f"{wrong} pages show what is not printed; scripts/pages.py --write mends them")


if __name__ == "__main__":
    main()
