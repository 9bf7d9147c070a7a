// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "fuzz.hpp"

#include <cesaro/files/token_ids.hpp>

#include <string_view>

/// Accepted ids lie in the vocabulary.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    cesaro_fuzz::accept_or_refuse([&] {
        const std::string_view text(reinterpret_cast<const char*>(data), size);
        const auto ids = cesaro::parse_token_ids(text, 50257);
        cesaro_fuzz::require(!ids.empty() && ids.size() <= (size + 1) / 2);
        for (const Eigen::Index id : ids)
            cesaro_fuzz::require(0 <= id && id < 50257);
    });
    return 0;
}
