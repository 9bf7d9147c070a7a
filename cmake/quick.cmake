# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# CESARO_QUICK: the options of what takes longer to compile than to run, tests and examples. No optimiser reorders a sum without
# being told to: -O1 gives the bits of -O3, which the programs, the benchmarks and the accuracy test have.
set(CESARO_QUICK $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU,Clang,AppleClang>>:-O1>)
