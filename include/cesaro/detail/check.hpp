// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include <Eigen/Core>

#include <cstddef>
#include <iomanip>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

/// Argument checks. Every message reads "function: argument = value requirement".
namespace cesaro::detail {

template <class Value>
std::string argument_message(std::string_view function, std::string_view argument, const Value& value,
                             std::string_view requirement) {
    std::ostringstream message;
    if constexpr (std::numeric_limits<Value>::is_specialized && !std::numeric_limits<Value>::is_exact) {
        message << std::setprecision(std::numeric_limits<Value>::max_digits10);
    }
    message << "cesaro::" << function << ": " << argument << " = " << value << ' ' << requirement;
    return message.str();
}

template <class Value>
[[noreturn]] void throw_domain_error(std::string_view function, std::string_view argument, const Value& value,
                                     std::string_view requirement) {
    throw std::domain_error(argument_message(function, argument, value, requirement));
}

template <class Value>
[[noreturn]] void throw_invalid_argument(std::string_view function, std::string_view argument,
                                         const Value& value, std::string_view requirement) {
    throw std::invalid_argument(argument_message(function, argument, value, requirement));
}

/// Throws std::domain_error unless 0 <= value <= 1 (NaN fails).
template <class Real>
void check_unit_interval(std::string_view function, std::string_view argument, const Real& value) {
    if (!(value >= Real(0) && value <= Real(1))) {
        throw_domain_error(function, argument, value, "must lie in [0, 1]");
    }
}

/// Throws std::domain_error unless value >= least.
inline void check_at_least(std::string_view function, std::string_view argument, Eigen::Index value,
                           Eigen::Index least) {
    if (value < least) {
        throw_domain_error(function, argument, value, "must be at least " + std::to_string(least));
    }
}

/// Throws std::invalid_argument unless the size is the expected one.
inline void check_size(std::string_view function, std::string_view argument, Eigen::Index size,
                       Eigen::Index expected) {
    if (size != expected) {
        throw_invalid_argument(function, argument, size, "must be " + std::to_string(expected));
    }
}

/// The bytes of main memory, or the most that can be addressed where the system does not say.
inline double physical_memory() {
#if defined(_SC_PHYS_PAGES) && defined(_SC_PAGESIZE)
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page_size = ::sysconf(_SC_PAGESIZE);
    if (pages > 0 && page_size > 0) return double(pages) * double(page_size);
#endif
    return double(std::numeric_limits<std::ptrdiff_t>::max());
}

/// Throws std::length_error, before anything is allocated, when rows x cols scalars exceed the memory of
/// the machine.
template <class Real>
void check_fits_in_memory(std::string_view function, Eigen::Index rows, Eigen::Index cols) {
    if (double(rows) * double(cols) * double(sizeof(Real)) > physical_memory()) {
        std::ostringstream message;
        message << "cesaro::" << function << ": " << rows << " x " << cols << " entries do not fit in memory";
        throw std::length_error(message.str());
    }
}

}  // namespace cesaro::detail
