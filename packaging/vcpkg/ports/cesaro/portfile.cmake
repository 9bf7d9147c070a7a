# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
#
# An overlay port that builds this checkout: vcpkg install cesaro --overlay-ports=packaging/vcpkg/ports
# Not tested: there is no vcpkg where cesaro is tested. A port for the registry takes its sources by vcpkg_from_git instead.
get_filename_component(SOURCE_PATH "${CURRENT_PORT_DIR}/../../../.." ABSOLUTE)

if(NOT "programs" IN_LIST FEATURES)
    set(VCPKG_BUILD_TYPE release) # headers only
endif()
vcpkg_check_features(OUT_FEATURE_OPTIONS feature_options FEATURES programs CESARO_BUILD_PROGRAMS)
vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS ${feature_options} -DCESARO_BUILD_TESTS=OFF -DCESARO_BUILD_EXAMPLES=OFF -DCESARO_BUILD_BENCHMARKS=OFF
            -DCESARO_OPENMP=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME cesaro CONFIG_PATH share/cmake/cesaro)
vcpkg_fixup_pkgconfig()
if("programs" IN_LIST FEATURES)
    vcpkg_copy_tools(TOOL_NAMES influence_profile fit_profile continuum_density depth_sweep million_token_context
                                untrained_decoder attention_rollout relative_length sink_and_heads segmented_context
                                attention_variants
                     AUTO_CLEAN)
endif()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
