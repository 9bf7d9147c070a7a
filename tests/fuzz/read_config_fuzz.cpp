// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "fuzz.hpp"

#include <cesaro/decoder/read_config.hpp>

#include <string_view>

/// An accepted config is valid, and its head width is set.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    cesaro_fuzz::accept_or_refuse([&] {
        const cesaro::decoder_config config =
            cesaro::parse_decoder_config(std::string_view(reinterpret_cast<const char*>(data), size));
        config.validate();
        cesaro_fuzz::require(config.head_width > 0);
    });
    return 0;
}
