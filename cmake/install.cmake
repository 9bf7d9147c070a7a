# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(cesaro_config_dir ${CMAKE_INSTALL_DATADIR}/cmake/cesaro)

configure_package_config_file(cmake/cesaroConfig.cmake.in ${PROJECT_BINARY_DIR}/cesaroConfig.cmake
                              INSTALL_DESTINATION ${cesaro_config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cesaroConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)

# For those who do without CMake. Boost has no such file: its directory is told unless compilers look there anyway.
file(RELATIVE_PATH cesaro_pc_to_include ${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})
set(cesaro_pc_boost "")
if(Boost_INCLUDE_DIRS AND NOT Boost_INCLUDE_DIRS IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
    set(cesaro_pc_boost " -I${Boost_INCLUDE_DIRS}")
endif()
configure_file(cmake/cesaro.pc.in ${PROJECT_BINARY_DIR}/cesaro.pc @ONLY)

# Three components: what a developer needs, the programs, and what there is to read.
install(TARGETS cesaro EXPORT cesaroTargets FILE_SET HEADERS COMPONENT cesaro_development)
install(
    EXPORT cesaroTargets
    NAMESPACE cesaro::
    DESTINATION ${cesaro_config_dir}
    COMPONENT cesaro_development)
install(
    FILES ${PROJECT_BINARY_DIR}/cesaroConfig.cmake ${PROJECT_BINARY_DIR}/cesaroConfigVersion.cmake
          cmake/dependencies.cmake cmake/openmp.cmake
    DESTINATION ${cesaro_config_dir}
    COMPONENT cesaro_development)
install(
    FILES ${PROJECT_BINARY_DIR}/cesaro.pc
    DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig
    COMPONENT cesaro_development)

get_property(programs GLOBAL PROPERTY cesaro_programs)
if(programs)
    install(TARGETS ${programs} RUNTIME COMPONENT cesaro_programs)
    foreach(program ${programs})
        install(
            FILES packaging/bash-completion/cesaro
            DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
            RENAME ${program}
            COMPONENT cesaro_programs)
    endforeach()
endif()
if(CESARO_BUILD_MAN)
    include(cmake/man.cmake)
endif()

install(
    DIRECTORY docs
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/cesaro-doc
    COMPONENT cesaro_documentation
    PATTERN doxygen EXCLUDE)
# The site, where scripts/docs.sh has made it.
install(
    DIRECTORY build/docs/
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/cesaro-doc/html
    COMPONENT cesaro_documentation
    OPTIONAL)
install(
    FILES README.md CHANGELOG.md CITATION.cff
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/cesaro-doc
    COMPONENT cesaro_documentation)
install(
    DIRECTORY examples
    DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/cesaro-doc
    COMPONENT cesaro_documentation
    PATTERN programs EXCLUDE
    PATTERN CMakeLists.txt EXCLUDE)

# Each component is a package of Debian, which looks for its licence there.
set(cesaro_package_of_cesaro_development libcesaro-dev)
set(cesaro_package_of_cesaro_programs cesaro)
set(cesaro_package_of_cesaro_documentation cesaro-doc)
foreach(component cesaro_development cesaro_programs cesaro_documentation)
    install(
        FILES LICENSE
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${cesaro_package_of_${component}}
        RENAME copyright
        COMPONENT ${component})
endforeach()
include(cmake/package.cmake)
