# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# What does not compile says why in its first error, and then stops.
#   cmake -DCOMPILER=... -DCOMPILER_ID=... -DSOURCE=... -DINCLUDES="-I...;..." -P refusals_test.cmake

# refused(what expected count flags...): the first error or the notes on it match `expected`, and there are at
# most `count` errors.
function(refused what expected count)
    execute_process(
        COMMAND ${COMPILER} -fsyntax-only ${INCLUDES} ${ARGN}
        RESULT_VARIABLE status
        ERROR_VARIABLE messages
        OUTPUT_QUIET)
    if(status EQUAL 0)
        message(SEND_ERROR "${what} compiles")
        return()
    endif()
    string(REGEX MATCHALL "error: " errors "${messages}")
    list(LENGTH errors found)
    # From the first error to the second.
    string(FIND "${messages}" "error: " at)
    math(EXPR at "${at} + 7")
    string(SUBSTRING "${messages}" ${at} -1 first)
    string(FIND "${first}" "error: " at)
    string(SUBSTRING "${first}" 0 ${at} first)
    if(NOT first MATCHES "${expected}" OR found GREATER count)
        message(SEND_ERROR "${what}: ${found} errors, the first one is '${first}'")
    endif()
endfunction()

# The header that ends the compilation is the second error. (Clang then reads on in silence, for long.)
file(GLOB_RECURSE headers RELATIVE ${SOURCE}/include ${SOURCE}/include/cesaro/*.hpp)
list(FILTER headers EXCLUDE REGEX "/detail/|/version.hpp$")
if(NOT COMPILER_ID STREQUAL GNU)
    set(headers cesaro/cesaro.hpp)
endif()
foreach(header ${headers})
    refused("${header} in C++17" "cesaro needs C\\+\\+20" 2 -std=c++17 -include ${header} -x c++ /dev/null)
endforeach()
foreach(flag -ffast-math -Ofast -ffinite-math-only)
    refused("${flag}" "cesaro needs IEEE arithmetic" 2 -std=c++20 ${flag} -include cesaro/cesaro.hpp -x c++ /dev/null)
endforeach()

# The member that is missing is named.
set(missing "op.apply_transpose\\(v\\)[^\n]* invalid")
foreach(use STATED HELD INNER LAYERS)
    refused("a misspelt operator, ${use}" "${missing}" 8 -std=c++20 -D${use} -DNDEBUG
            ${SOURCE}/tests/refusals/misspelt_operator.cpp)
endforeach()

# An output that cannot hold the result.
set(scalar "the output must hold the network's scalar")
foreach(use "ROW_SCALAR;${scalar}" "ROW_SHAPE;the output must be a vector" "MATRIX_SCALAR;${scalar}")
    list(GET use 0 flag)
    list(GET use 1 expected)
    refused("an output, ${flag}" "${expected}" 8 -std=c++20 -D${flag} ${SOURCE}/tests/refusals/outputs.cpp)
endforeach()
