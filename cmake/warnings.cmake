# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# cesaro_warnings: what our own programs, and only they, are compiled with. cesaro_all_warnings: what the headers have to
# pass without being system headers, since a user may have turned it on.
add_library(cesaro_warnings INTERFACE)
target_compile_options(
    cesaro_warnings
    INTERFACE
        $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Wno-sign-conversion>
        # GCC 12 warns of its own AVX-512 headers.
        $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-uninitialized>
        $<$<AND:$<BOOL:${CESARO_WARNINGS_AS_ERRORS}>,$<CXX_COMPILER_ID:GNU,Clang,AppleClang>>:-Werror>)

add_library(cesaro_all_warnings INTERFACE)
# Where Eigen::Index is an int, the cast of an int to it is useless, and only there.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND NOT CMAKE_CXX_FLAGS MATCHES "-m32|EIGEN_DEFAULT_DENSE_INDEX_TYPE")
    set(cesaro_useless_cast -Wuseless-cast)
endif()
target_link_libraries(cesaro_all_warnings INTERFACE cesaro_warnings)
target_compile_options(
    cesaro_all_warnings
    INTERFACE
        $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wsign-conversion;-Wold-style-cast;-Wfloat-equal;-Wdouble-promotion>
        ${cesaro_useless_cast})
