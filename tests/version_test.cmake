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
foreach(part "meson.build|version: '${VERSION}'" "packaging/meson/cesaro.wrap|revision = v${VERSION}"
             "packaging/vcpkg/ports/cesaro/vcpkg.json|\"version\": \"${VERSION}\"" "packaging/homebrew/cesaro.rb|/v${VERSION}.tar.gz"
             "packaging/spack/package.py|version(\"${VERSION}\"" "CHANGELOG.md|## ${VERSION} - ")
    string(REGEX MATCH "^([^|]*)\\|(.*)$" part "${part}")
    file(READ ${SOURCE}/${CMAKE_MATCH_1} text)
    string(FIND "${text}" "${CMAKE_MATCH_2}" at)
    if(at EQUAL -1)
        message(FATAL_ERROR "${CMAKE_MATCH_1} does not say ${CMAKE_MATCH_2}")
    endif()
endforeach()
