# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

import os
import pathlib
import re
import subprocess

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension, build_ext
from setuptools import setup

os.chdir(pathlib.Path(__file__).parent)
headers = pathlib.Path("../include")
version = re.findall(r"#define CESARO_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)",
                     (headers / "cesaro/version.hpp").read_text(encoding="utf-8"))


def include_of(package, variable, default):
    """Where the headers of a package are: as the environment says, as pkg-config says, or the usual place."""
    if variable in os.environ:
        return os.environ[variable]
    try:
        flags = subprocess.run(["pkg-config", "--cflags-only-I", package], capture_output=True, text=True, check=True)
        return flags.stdout.split()[0].removeprefix("-I")
    except (OSError, subprocess.CalledProcessError, IndexError):
        return default


ParallelCompile("CESARO_BUILD_JOBS").install()
extension = Pybind11Extension(
    "cesaro._core",
    sorted(str(source) for source in pathlib.Path("src").glob("*.cpp")),
    include_dirs=[str(headers), include_of("eigen3", "EIGEN3_INCLUDE_DIR", "/usr/include/eigen3")],
    depends=[str(header) for folder in ("src", headers) for header in pathlib.Path(folder).rglob("*.hpp")],
    cxx_std=20,
    extra_compile_args=["-O3", "-DNDEBUG"] if os.name == "posix" else [])
setup(version=".".join(version), ext_modules=[extension], cmdclass={"build_ext": build_ext})
