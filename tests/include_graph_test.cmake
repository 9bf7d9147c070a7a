# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

# Every header stands on a floor above what it includes: there is no circle, the details of a wing are known
# in it alone, and those that all share know no public header but the concepts.
#   cmake -DINCLUDE=<include directory> -P include_graph_test.cmake
cmake_minimum_required(VERSION 3.23)
file(GLOB_RECURSE headers RELATIVE ${INCLUDE} ${INCLUDE}/cesaro/*.hpp)
list(LENGTH headers count)
if(count LESS 20)
    message(FATAL_ERROR "only ${count} headers under ${INCLUDE}")
endif()

foreach(header ${headers})
    file(STRINGS ${INCLUDE}/${header} lines REGEX "^#include <cesaro/")
    list(TRANSFORM lines REPLACE "^#include <(cesaro/[^>]*)>.*" "\\1")
    set(includes_of_${header} ${lines})
    foreach(included ${lines})
        if(NOT included IN_LIST headers)
            message(FATAL_ERROR "${header} includes ${included}, which is not there")
        endif()
        if(header MATCHES "^cesaro/detail/" AND NOT included MATCHES "^cesaro/(detail/.*|concepts)\\.hpp$")
            message(FATAL_ERROR "${header} includes ${included}, which is no detail")
        endif()
        # Outside its wing nobody knows the details of a wing.
        if(included MATCHES "^(cesaro/[a-z_]+/)detail/")
            string(FIND "${header}" "${CMAKE_MATCH_1}" at)
            if(NOT at EQUAL 0)
                message(FATAL_ERROR "${header} includes ${included}, a detail of another wing")
            endif()
        endif()
    endforeach()
endforeach()

# Floor by floor: take away what includes nothing that is left.
while(headers)
    set(left ${headers})
    foreach(header ${headers})
        set(waits FALSE)
        foreach(included ${includes_of_${header}})
            if(included IN_LIST headers)
                set(waits TRUE)
            endif()
        endforeach()
        if(NOT waits)
            list(REMOVE_ITEM left ${header})
        endif()
    endforeach()
    if(left STREQUAL headers)
        message(FATAL_ERROR "these headers include each other in a circle, or stand on one: ${headers}")
    endif()
    set(headers ${left})
endwhile()
