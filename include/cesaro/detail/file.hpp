// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

/// Reading and writing files. What is wrong with a file's contents is a std::runtime_error, since no caller
/// can know it beforehand; its message reads "function: file: problem" and stays on one line whatever the
/// file holds.
namespace cesaro::detail {

/// Text from a file as a message may show it: one line, printable, cut to a readable length.
inline std::string printable(std::string_view text) {
    constexpr std::size_t longest = 200;
    std::ostringstream out;
    for (const char c : text.substr(0, longest)) {
        const auto code = static_cast<unsigned char>(c);
        if (code >= 0x20 && code != 0x7f) {
            out << c;
        } else {
            out << "\\x"
                << "0123456789abcdef"[code >> 4] << "0123456789abcdef"[code & 15];
        }
    }
    if (text.size() > longest) out << "...";
    return out.str();
}

[[noreturn]] inline void throw_file_error(std::string_view function, std::string_view file,
                                          std::string_view problem) {
    std::ostringstream message;
    message << "cesaro::" << function << ": " << printable(file) << ": " << problem;
    throw std::runtime_error(message.str());
}

/// The reason of the last failed system call, for the end of a message.
inline std::string system_reason() {
    return errno == 0 ? std::string() : ": " + std::generic_category().message(errno);
}

inline std::ifstream open_for_reading(std::string_view function, const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        throw_file_error(function, path.string(), "is a directory");
    }
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in) throw_file_error(function, path.string(), "cannot be opened" + system_reason());
    return in;
}

/// The whole of a text file of at most `most` bytes. Reads a pipe, too, and never more than that.
inline std::string read_text_file(std::string_view function, const std::filesystem::path& path,
                                  std::size_t most) {
    std::ifstream in = open_for_reading(function, path);
    std::string text;
    char chunk[1 << 16];
    while (in.read(chunk, sizeof chunk), in.gcount() > 0) {
        text.append(chunk, std::size_t(in.gcount()));
        if (text.size() > most) {
            throw_file_error(function, path.string(), "is longer than " + std::to_string(most) + " bytes");
        }
    }
    if (in.bad()) throw_file_error(function, path.string(), "cannot be read" + system_reason());
    return text;
}

/// Calls write(std::ofstream&) on a new file beside `path`, then renames it to `path`: whatever happens,
/// `path` is either what it was or complete, and nothing else is left behind.
template <class Write>
void replace_file(std::string_view function, const std::filesystem::path& path, const Write& write) {
    std::filesystem::path partial = path;
    partial += ".partial-" + std::to_string(std::random_device()());
    try {
        errno = 0;
        std::ofstream out(partial, std::ios::binary | std::ios::trunc);
        if (!out) throw_file_error(function, path.string(), "cannot be created" + system_reason());
        write(out);
        out.close();
        if (!out) throw_file_error(function, path.string(), "cannot be written" + system_reason());
        std::error_code error;
        std::filesystem::rename(partial, path, error);
        if (error) throw_file_error(function, path.string(), "cannot be replaced: " + error.message());
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(partial, ignored);
        throw;
    }
}

}  // namespace cesaro::detail
