// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// What every header asks of the compiler, told once. A missing header ends the compilation, which #error
// alone does not do: the pages of messages that would follow say nothing more.
//
// Arithmetic: arguments are checked by comparisons that NaN fails, and what rounding takes away is computed
// and put back (a - (a + b - b)); a compiler that assumes finite numbers or real associativity removes both.
// Contraction to fused multiply-adds (-ffp-contract=fast, GCC's default) is harmless.
#if !defined(__cpp_concepts) || __cpp_concepts < 201907L
#error "cesaro needs C++20: compile with -std=c++20 (MSVC: /std:c++20)"
#include <cesaro needs C++20>
#elif defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ != 0) || \
    defined(__ASSOCIATIVE_MATH__) || defined(_M_FP_FAST)
#error "cesaro needs IEEE arithmetic: compile without -ffast-math, -Ofast and their parts (MSVC: /fp:fast)"
#include <cesaro needs IEEE arithmetic>
#endif
