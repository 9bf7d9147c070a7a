// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/files/detail/printable.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <locale>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace cesaro::detail {

/// What an error message names: the function that was called (programs have none) and the file. What is wrong
/// with a file is a std::runtime_error, since no caller can know it beforehand; its message reads
/// "function: file: problem" and stays on one line whatever the file holds.
struct file_context {
    std::string_view function;
    std::string file;

    std::string message(std::string_view problem) const {
        const std::string caller = function.empty() ? "" : "cesaro::" + std::string(function) + ": ";
        return caller + printable(file) + ": " + std::string(problem);
    }
    [[noreturn]] void fail(std::string_view problem) const { throw std::runtime_error(message(problem)); }
};

/// The reason of the last failed system call, for the end of a message.
inline std::string system_reason() {
    return errno == 0 ? std::string() : ": " + std::generic_category().message(errno);
}

inline std::ifstream open_for_reading(const file_context& context, const std::filesystem::path& path) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) context.fail("is a directory");
    if (fs::is_symlink(path, ignored) && fs::status(path, ignored).type() == fs::file_type::not_found) {
        context.fail("is a link to '" + printable(fs::read_symlink(path, ignored).string()) +
                     "', which does not exist");
    }
    errno = 0;
    std::ifstream in;
    in.imbue(std::locale::classic());  // bytes as they are, whatever the program's locale
    in.open(path, std::ios::binary);
    if (!in) context.fail("cannot be opened" + system_reason());
    return in;
}

/// A file of which parts are read, in any order.
class file_parts {
  public:
    /// \throws std::runtime_error when it cannot be opened, or has no size, as a pipe.
    file_parts(std::string_view function, const std::filesystem::path& path)
        : context_{function, path.string()}, in_(open_for_reading(context_, path)) {
        std::error_code error;
        size_ = std::filesystem::file_size(path, error);
        if (error) context_.fail("cannot be read: " + error.message());
    }

    const file_context& context() const { return context_; }
    std::uint64_t size() const { return size_; }

    /// Fills `bytes` with those from the offset on.
    void operator()(std::uint64_t offset, std::span<std::byte> bytes) {
        errno = 0;
        in_.seekg(std::streamoff(offset));
        in_.read(reinterpret_cast<char*>(bytes.data()), std::streamsize(bytes.size()));
        if (!in_) context_.fail("cannot be read at byte " + std::to_string(offset) + system_reason());
    }

  private:
    file_context context_;
    std::ifstream in_;
    std::uint64_t size_ = 0;
};

/// The whole of a file of at most `most` bytes. Reads a pipe, too, and never much more than that of what has
/// no end.
inline std::string read_text_file(const file_context& context, const std::filesystem::path& path,
                                  std::size_t most) {
    std::ifstream in = open_for_reading(context, path);
    std::string text;
    std::vector<char> chunk(std::size_t(1) << 16);
    errno = 0;
    while (in.read(chunk.data(), std::streamsize(chunk.size())), in.gcount() > 0) {
        text.append(chunk.data(), std::size_t(in.gcount()));
        if (text.size() > most) context.fail("holds more than " + std::to_string(most) + " bytes");
    }
    if (in.bad()) context.fail("cannot be read" + system_reason());  // the end is no bad state
    return text;
}

/// The text after its byte order mark, if it has one.
/// \throws std::runtime_error when the mark is that of another encoding than UTF-8.
inline std::string_view after_byte_order_mark(const file_context& context, std::string_view text) {
    using namespace std::string_view_literals;
    if (text.starts_with("\xef\xbb\xbf"sv)) text.remove_prefix(3);
    if (text.starts_with("\xff\xfe"sv) || text.starts_with("\xfe\xff"sv) ||
        text.starts_with("\0\0\xfe\xff"sv)) {
        context.fail("starts with the byte order mark of UTF-16 or UTF-32; only UTF-8 is read");
    }
    return text;
}

}  // namespace cesaro::detail
