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
        for (const char c : message)
            require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
        for (const char* const act : {"\u009b", "\u202e", "\u2066", "\ufeff"})
            require(message.find(act) == std::string_view::npos);
    }
}

}  // namespace cesaro_fuzz
