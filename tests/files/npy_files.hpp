// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// Files of NumPy, byte by byte as its documentation has them.
#include <cstddef>
#include <cstdint>
#include <string>

namespace cesaro_test {

inline std::string little_endian_bytes(std::uint64_t bits, std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i)
        bytes += static_cast<char>((bits >> (8 * i)) & 0xff);
    return bytes;
}

/// A .npy file from its dictionary and its data, which begin at a multiple of 64 bytes.
inline std::string npy_file(const std::string& dictionary, const std::string& data, int version = 1) {
    const std::size_t prefix = version == 1 ? 10 : 12;
    std::string header = dictionary;
    header.resize((prefix + dictionary.size() + 1 + 63) / 64 * 64 - prefix, ' ');
    header.back() = '\n';
    return "\x93NUMPY" + std::string{static_cast<char>(version), '\0'} +
           little_endian_bytes(header.size(), prefix - 8) + header + data;
}

}  // namespace cesaro_test
