// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace cesaro_fuzz {

inline void require(bool condition) {
    if (!condition) std::abort();
}

/// Runs f(), which may refuse its input by a std::runtime_error with a message of one readable line, and in
/// no other way.
template <class Function>
void accept_or_refuse(const Function& f) {
    try {
        f();
    } catch (const std::runtime_error& error) {
        const std::string_view message = error.what();
        require(message.starts_with("cesaro::") && message.size() < 4096);
        require(message.find_first_of("\n\r\x1b") == std::string_view::npos);
    }
}

}  // namespace cesaro_fuzz
