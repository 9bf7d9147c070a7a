# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# Used by the build and, installed, by the package: the two can never disagree on what cesaro needs.
# A project that has these targets already, from wherever, keeps them.
if(NOT TARGET Eigen3::Eigen)
    # Eigen's own version file rejects ranges, and rejects 5.x for a request of 3.4: ask unversioned, then check.
    if(CESARO_FROM_PACKAGE)
        find_dependency(Eigen3 CONFIG)
    else()
        find_package(Eigen3 REQUIRED CONFIG)
    endif()
    if(Eigen3_VERSION AND Eigen3_VERSION VERSION_LESS 3.4)
        set(cesaro_NOT_FOUND_MESSAGE "cesaro needs Eigen >= 3.4, found ${Eigen3_VERSION}")
        if(CESARO_FROM_PACKAGE)
            set(cesaro_FOUND FALSE)
            return()
        endif()
        message(FATAL_ERROR "${cesaro_NOT_FOUND_MESSAGE}")
    endif()
endif()

if(NOT TARGET Boost::headers)
    # BoostConfig.cmake where Boost installed one, CMake's own module elsewhere.
    if(POLICY CMP0167)
        cmake_policy(PUSH)
        cmake_policy(SET CMP0167 NEW)
    endif()
    if(CESARO_FROM_PACKAGE)
        find_dependency(Boost 1.74)
    else()
        find_package(Boost 1.74 REQUIRED)
    endif()
    if(POLICY CMP0167)
        cmake_policy(POP)
    endif()
endif()
