// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "fuzz.hpp"

#include <cesaro/files/safetensors.hpp>

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace {

/// An accepted file has as many values as its shapes say, and in all no more than there are bytes.
void parse(std::string_view file) {
    const auto bytes = std::as_bytes(std::span<const char>(file.data(), file.size()));
    cesaro_fuzz::accept_or_refuse([&] {
        std::size_t values = 0;
        for (const auto& [name, t] : cesaro::parse_safetensors(bytes)) {
            Eigen::Index size = 1;
            for (const Eigen::Index dimension : t.shape)
                size *= dimension;
            cesaro_fuzz::require(size == t.values.size());
            values += std::size_t(size);
        }
        cesaro_fuzz::require(2 * values <= file.size());
    });
}

}  // namespace

/// The input as a whole file; as a header, up to its last brace, and data, so that the length need not be
/// guessed; and as an index of shards.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    parse(input);
    const std::size_t header = input.rfind('}') + 1;
    std::string file;
    for (int i = 0; i < 8; ++i)
        file += static_cast<char>((std::uint64_t(header) >> (8 * i)) & 0xff);
    parse(file.append(input));
    cesaro_fuzz::accept_or_refuse([&] {
        for (const auto& [shard, names] : cesaro::detail::parse_shard_index({"fuzz", "index"}, input)) {
            const std::filesystem::path path = std::filesystem::path("directory") / shard;
            cesaro_fuzz::require(path.lexically_normal().parent_path() == "directory");
        }
    });
    return 0;
}
