# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

cmake_minimum_required(VERSION 3.23)
file(READ ${SOURCE}/README.md readme)

# The version stands in version.hpp; where prose has to repeat it, it is the same.
file(READ ${SOURCE}/CITATION.cff citation)
string(REGEX MATCH "^[0-9]+\\.[0-9]+" minor_version "${VERSION}")
foreach(part "GIT_TAG v${VERSION}" "find_package(cesaro ${minor_version} ")
    string(FIND "${readme}" "${part}" at)
    if(at EQUAL -1)
        message(FATAL_ERROR "README.md does not say ${part}")
    endif()
endforeach()
if(NOT citation MATCHES "\nversion: ${VERSION}\n")
    message(FATAL_ERROR "CITATION.cff is not of version ${VERSION}")
endif()
