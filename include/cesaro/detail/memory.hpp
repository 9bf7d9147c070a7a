// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cesaro::detail {

/// The bytes of main memory that can be addressed; where the system does not say (Windows), all that can be
/// addressed. Asked of the system each time: a process may be moved to a machine with more.
inline double physical_memory() {
    const double addressable = double(std::numeric_limits<std::ptrdiff_t>::max());
#if defined(_SC_PHYS_PAGES) && defined(_SC_PAGESIZE)
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page_size = ::sysconf(_SC_PAGESIZE);
    if (pages > 0 && page_size > 0) return std::min(double(pages) * double(page_size), addressable);
#endif
    return addressable;
}

/// Throws std::length_error, before anything is allocated, when rows x cols scalars exceed the memory of
/// the machine. An allocation cannot be asked instead: Linux grants more than there is, and ends the program
/// when it is used.
template <class Real>
void check_fits_in_memory(std::string_view function, std::int64_t rows, std::int64_t cols) {
    if (double(rows) * double(cols) * double(sizeof(Real)) > physical_memory()) {
        throw std::length_error(argument_message(function, "entries",
                                                 std::to_string(rows) + " x " + std::to_string(cols),
                                                 "do not fit in memory"));
    }
}

}  // namespace cesaro::detail
