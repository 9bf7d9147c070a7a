// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/requirements.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

/// Argument checks. Every message reads "cesaro::function: argument = value requirement"; those about files
/// (files/detail/file.hpp) read "cesaro::function: file: problem".
///
/// Sizes and positions are taken as std::int64_t, to which every Eigen::Index converts without loss.
namespace cesaro::detail {

/// The text, or its beginning: a message is read by people, a value may be a whole file.
inline std::string shortened(std::string_view text) {
    constexpr std::size_t longest = 200;
    if (text.size() <= longest) return std::string(text);
    return std::string(text.substr(0, longest)) + "...";
}

/// All digits of a value, free of the global locale: else 1234567.25 may read 1.234.567,25.
template <class Value>
std::string value_text(const Value& value) {
    std::ostringstream text;
    text.imbue(std::locale::classic());
    if constexpr (std::numeric_limits<Value>::is_specialized && !std::numeric_limits<Value>::is_exact) {
        text.precision(std::numeric_limits<Value>::max_digits10);
    }
    text << value;
    return shortened(text.str());
}

template <class Value>
std::string argument_message(std::string_view function, std::string_view argument, const Value& value,
                             std::string_view requirement) {
    std::string message("cesaro::");
    message.append(function).append(": ").append(shortened(argument)).append(" = ");
    return message.append(value_text(value)).append(" ").append(requirement);
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

/// Throws std::domain_error where a value is so large that a product of it may leave the range.
template <class Real>
void check_moderate(std::string_view function, std::string_view argument, const Real& value) {
    if constexpr (!std::numeric_limits<Real>::is_exact) {
        const Real largest = (std::numeric_limits<Real>::max)() / Real(std::int64_t(1) << 62);
        if (value > largest)
            throw_domain_error(function, argument, value, "must be at most " + value_text(largest));
    }
}

/// Throws std::domain_error unless value >= least.
inline void check_at_least(std::string_view function, std::string_view argument, std::int64_t value,
                           std::int64_t least) {
    if (value < least) {
        throw_domain_error(function, argument, value, "must be at least " + std::to_string(least));
    }
}

/// Throws std::invalid_argument unless the size is the expected one.
inline void check_size(std::string_view function, std::string_view argument, std::int64_t size,
                       std::int64_t expected) {
    if (size != expected) {
        throw_invalid_argument(function, argument, size, "must be " + std::to_string(expected));
    }
}

}  // namespace cesaro::detail
