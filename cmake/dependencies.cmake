# Used by the build and, installed, by the package: the two can never disagree on what cesaro needs.
# Eigen's own version file rejects ranges, and rejects 5.x for a request of 3.4: ask unversioned, then check.
if(CESARO_FROM_PACKAGE)
    find_dependency(Eigen3 CONFIG)
else()
    find_package(Eigen3 REQUIRED CONFIG)
endif()
if(Eigen3_VERSION AND Eigen3_VERSION VERSION_LESS 3.4)
    message(FATAL_ERROR "cesaro needs Eigen >= 3.4, found ${Eigen3_VERSION}")
endif()

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
