// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// What the headers use of the standard library that libc++ 14, which Debian 12's Emscripten has, lacks: included
// before them by scripts/explorer.sh, empty elsewhere.

#pragma once

#include <version>

#if defined(_LIBCPP_VERSION) && _LIBCPP_VERSION < 15000

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ranges>

namespace std::ranges {

template <class A, class B>
bool equal(const A& a, const B& b) {
    return std::equal(std::begin(a), std::end(a), std::begin(b), std::end(b));
}
template <class Range>
void sort(Range& range) {
    std::sort(std::begin(range), std::end(range));
}
template <class Range, class Iterator, class Before>
void partial_sort(Range& range, Iterator middle, Before before) {
    std::partial_sort(std::begin(range), middle, std::end(range), before);
}
template <class Range, class Value>
auto find(Range& range, const Value& value) {
    return std::find(std::begin(range), std::end(range), value);
}

}  // namespace std::ranges

namespace std {

template <class To, class From>
constexpr To bit_cast(const From& from) {
    return __builtin_bit_cast(To, from);
}

/// Not the shortest digits, but ones that read back as the same number.
inline to_chars_result to_chars(char* first, char* last, double value, chars_format) {
    return {first + std::snprintf(first, std::size_t(last - first), "%.17g", value), errc()};
}

}  // namespace std

#endif
