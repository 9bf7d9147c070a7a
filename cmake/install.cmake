# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(cesaro_config_dir ${CMAKE_INSTALL_DATADIR}/cmake/cesaro)

configure_package_config_file(cmake/cesaroConfig.cmake.in ${PROJECT_BINARY_DIR}/cesaroConfig.cmake
                              INSTALL_DESTINATION ${cesaro_config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cesaroConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)

# Two components: what a developer needs, and the programs.
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
foreach(component cesaro_development cesaro_programs)
    install(
        FILES LICENSE
        DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/cesaro
        COMPONENT ${component})
endforeach()
get_property(programs GLOBAL PROPERTY cesaro_programs)
if(programs)
    install(TARGETS ${programs} RUNTIME COMPONENT cesaro_programs)
endif()
