include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(cesaro_config_dir ${CMAKE_INSTALL_DATADIR}/cmake/cesaro)

configure_package_config_file(cmake/cesaroConfig.cmake.in ${PROJECT_BINARY_DIR}/cesaroConfig.cmake
                              INSTALL_DESTINATION ${cesaro_config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cesaroConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)

install(TARGETS cesaro EXPORT cesaroTargets FILE_SET HEADERS)
install(EXPORT cesaroTargets NAMESPACE cesaro:: DESTINATION ${cesaro_config_dir})
install(FILES ${PROJECT_BINARY_DIR}/cesaroConfig.cmake ${PROJECT_BINARY_DIR}/cesaroConfigVersion.cmake
              cmake/dependencies.cmake DESTINATION ${cesaro_config_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/cesaro)
