// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// Files and byte strings for the tests of what reads them.
#include "catch.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cesaro_test {

/// A directory of its own, gone with all it holds at the end of the test.
class scratch_directory {
  public:
    scratch_directory()
        : path_(std::filesystem::temp_directory_path() /
                ("cesaro-test-" + std::to_string(std::random_device()()))) {
        std::filesystem::create_directory(path_);
    }
    ~scratch_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

    std::ptrdiff_t entries() const {
        return std::distance(std::filesystem::directory_iterator(path_),
                             std::filesystem::directory_iterator());
    }

  private:
    std::filesystem::path path_;
};

inline std::filesystem::path write_file(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));
    return path;
}

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

/// A safetensors file from its two parts.
inline std::string safetensors_file(std::string_view header, std::string_view data) {
    std::string file;
    for (int i = 0; i < 8; ++i)
        file += static_cast<char>((std::uint64_t(header.size()) >> (8 * i)) & 0xff);
    return file.append(header).append(data);
}

/// The message of the std::runtime_error that f() throws.
template <class Function>
std::string error_of(const Function& f) {
    try {
        f();
    } catch (const std::runtime_error& error) {
        CHECK(std::string_view(error.what()).find('\n') == std::string_view::npos);
        return error.what();
    }
    return "nothing was thrown";
}

/// Whether the text has the part, with both shown when it has not.
inline bool contains(const std::string& text, const std::string& part) {
    UNSCOPED_INFO("'" << part << "' in '" << text << "'");
    return text.find(part) != std::string::npos;
}

}  // namespace cesaro_test
