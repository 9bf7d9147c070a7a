# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# Packages for Debian and Ubuntu: cpack --config build/deb/CPackConfig.cmake, which scripts/deb.sh does.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cesaro)
set(CPACK_PACKAGE_VENDOR "The cesaro authors")
set(CPACK_PACKAGE_CONTACT "The cesaro authors <cesaro@localhost>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "theory of transformer position bias")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
                                                WORLD_EXECUTE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL cesaro_development cesaro_documentation)
if(programs)
    list(APPEND CPACK_COMPONENTS_ALL cesaro_programs)
endif()
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)

set(CPACK_DEBIAN_CESARO_DEVELOPMENT_PACKAGE_NAME ${cesaro_package_of_cesaro_development})
set(CPACK_DEBIAN_CESARO_DEVELOPMENT_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_CESARO_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_CESARO_DEVELOPMENT_PACKAGE_DEPENDS "libeigen3-dev (>= 3.4), libboost-dev (>= 1.74)")
set(CPACK_COMPONENT_CESARO_DEVELOPMENT_DESCRIPTION
    "Headers for C++20. How much each token of a prompt influences the last one
before any training: exact rows in closed form at any context length, their
limits, attention patterns, and the prediction of whole decoders from their
configuration.")

set(CPACK_DEBIAN_CESARO_PROGRAMS_PACKAGE_NAME ${cesaro_package_of_cesaro_programs})
set(CPACK_DEBIAN_CESARO_PROGRAMS_PACKAGE_SECTION science)
set(CPACK_DEBIAN_CESARO_PROGRAMS_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_CESARO_PROGRAMS_PACKAGE_SUGGESTS "gnuplot-nox | gnuplot, cesaro-doc")
set(CPACK_COMPONENT_CESARO_PROGRAMS_DESCRIPTION
    "Programs that print and plot how much each token of a prompt influences the
last one before any training, of models known by name or by their config.json.")

set(CPACK_DEBIAN_CESARO_DOCUMENTATION_PACKAGE_NAME ${cesaro_package_of_cesaro_documentation})
set(CPACK_DEBIAN_CESARO_DOCUMENTATION_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_CESARO_DOCUMENTATION_PACKAGE_SECTION doc)
set(CPACK_COMPONENT_CESARO_DOCUMENTATION_DESCRIPTION
    "The theory and its derivation, tutorial, accuracy, performance, measured
networks beside their prediction, and examples for C++ and Python.")

include(CPack)
