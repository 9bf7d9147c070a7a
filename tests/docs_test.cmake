# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# What the pages show is what is compiled and run: every block of C++ in README.md and docs/ stands, as it is,
# in a source that is compiled, and every example's text and output stand in a page.
# Run as cmake -DSOURCE=<project> -DEXAMPLES=<directory of their programs> -P docs_test.cmake.
cmake_minimum_required(VERSION 3.23)

file(GLOB pages ${SOURCE}/README.md ${SOURCE}/docs/*.md)
file(GLOB examples ${SOURCE}/examples/*.cpp)
set(compiled "")
foreach(source ${examples} ${SOURCE}/tests/attention/user_operators.hpp)
    file(READ ${source} text)
    string(APPEND compiled "${text}")
endforeach()

set(shown "")
set(fence "```cpp\n")
foreach(page ${pages})
    file(READ ${page} rest)
    string(APPEND shown "${rest}")
    while(TRUE)
        string(FIND "${rest}" "${fence}" begin)
        if(begin EQUAL -1)
            break()
        endif()
        string(LENGTH "${fence}" length)
        math(EXPR begin "${begin} + ${length}")
        string(SUBSTRING "${rest}" ${begin} -1 rest)
        string(FIND "${rest}" "```" end)
        string(SUBSTRING "${rest}" 0 ${end} block)
        string(FIND "${compiled}" "${block}" at)
        if(at EQUAL -1)
            message(FATAL_ERROR "${page} shows C++ that nothing compiles:\n${block}")
        endif()
        math(EXPR end "${end} + 3")
        string(SUBSTRING "${rest}" ${end} -1 rest)
    endwhile()
endforeach()

foreach(source ${examples})
    get_filename_component(example ${source} NAME_WE)
    file(READ ${source} program)
    string(REGEX REPLACE "^//[^\n]*\n//[^\n]*\n\n" "" program "${program}")
    execute_process(COMMAND ${EXAMPLES}/${example} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
    foreach(part program output)
        string(FIND "${shown}" "${${part}}" at)
        if(at EQUAL -1)
            message(FATAL_ERROR "no page shows the ${part} of ${example}; scripts/examples.sh writes docs/examples.md:\n"
                                "${${part}}")
        endif()
    endforeach()
endforeach()
