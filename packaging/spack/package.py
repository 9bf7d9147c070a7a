# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# A package for a repository of Spack (packages/cesaro/package.py). Not tested: there is no Spack where cesaro is tested.
# `git` is the address of the repository.
from spack.package import *


class Cesaro(CMakePackage):
    """The Cesàro-matrix theory of transformer position bias: how much each token of a prompt influences the last one
    before any training. Headers for C++20, and programs."""

    git = "REPOSITORY"
    license("MIT")

    version("main", branch="main")
    version("0.2.0", tag="v0.2.0")

    variant("programs", default=True, description="Build the programs")
    variant("openmp", default=True, description="Let the programs use all threads")

    depends_on("cxx", type="build")
    depends_on("cmake@3.23:", type="build")
    depends_on("eigen@3.4:")
    depends_on("boost@1.74:+math+random")
    with when("+programs"):
        depends_on("cli11", type="build")
        depends_on("nlohmann-json", type="build")
        depends_on("fmt")
        depends_on("yaml-cpp")
        depends_on("help2man", type="build")
        depends_on("gnuplot", type="run")

    conflicts("%gcc@:11", msg="cesaro is tested from GCC 12 on")

    def cmake_args(self):
        off = ("TESTS", "EXAMPLES", "BENCHMARKS")
        return [self.define(f"CESARO_BUILD_{part}", False) for part in off] + [
            self.define_from_variant("CESARO_BUILD_PROGRAMS", "programs"),
            self.define_from_variant("CESARO_BUILD_MAN", "programs"),
            self.define_from_variant("CESARO_OPENMP", "openmp"),
        ]
