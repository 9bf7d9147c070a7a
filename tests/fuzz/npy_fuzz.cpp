// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "fuzz.hpp"

#include <cesaro/files/npy.hpp>

#include <span>
#include <string>
#include <string_view>

namespace {

/// An accepted file has as many values as its shape says, and no more than there are bytes.
void parse(std::string_view file) {
    const auto bytes = std::as_bytes(std::span<const char>(file.data(), file.size()));
    cesaro_fuzz::accept_or_refuse([&] {
        const auto t = cesaro::parse_npy(bytes);
        Eigen::Index size = 1;
        for (const Eigen::Index dimension : t.shape)
            size = size == 0 ? 0 : size * dimension;
        cesaro_fuzz::require(size == t.values.size());
        cesaro_fuzz::require(2 * std::size_t(size) <= file.size());
    });
}

}  // namespace

/// The input as a whole file; and as a dictionary, up to its last brace, and data.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    parse(input);
    const std::size_t header = input.rfind('}') + 1;
    std::string file("\x93NUMPY\x02\x00", 8);
    for (int i = 0; i < 4; ++i)
        file += static_cast<char>((header >> (8 * i)) & 0xff);
    parse(file.append(input));
    return 0;
}
