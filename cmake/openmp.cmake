# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# Used by the build and, installed, by the package: cesaro::openmp is cesaro::cesaro whose loops run on all threads of
# OpenMP, once it is linked by any part of a program.
if(CESARO_FROM_PACKAGE)
    find_dependency(OpenMP COMPONENTS CXX)
else()
    find_package(OpenMP QUIET COMPONENTS CXX)
endif()
if(OpenMP_CXX_FOUND AND NOT TARGET cesaro::openmp)
    add_library(cesaro::openmp INTERFACE IMPORTED GLOBAL)
    target_link_libraries(cesaro::openmp INTERFACE cesaro::cesaro OpenMP::OpenMP_CXX)
endif()
