# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# Pages of the manual, made by help2man of what the programs say of themselves.
find_program(CESARO_HELP2MAN help2man REQUIRED)
find_program(CESARO_GZIP gzip REQUIRED)
set(pages "")
foreach(program ${programs})
    set(page ${PROJECT_BINARY_DIR}/man/${program}.1)
    add_custom_command(
        OUTPUT ${page}.gz
        COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
        COMMAND
            ${CESARO_HELP2MAN} --no-info --section=1 --source=cesaro "--manual=cesaro ${PROJECT_VERSION}"
            "--name=theory of transformer position bias" --output=${page} $<TARGET_FILE:${program}>
        COMMAND ${CESARO_GZIP} -9nf ${page}
        DEPENDS ${program}
        VERBATIM)
    list(APPEND pages ${page}.gz)
endforeach()
add_custom_target(cesaro_man ALL DEPENDS ${pages})
install(
    FILES ${pages}
    DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
    COMPONENT cesaro_programs)
