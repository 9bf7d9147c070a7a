// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include <cesaro/files/detail/file.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <locale>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace cesaro::detail {

/// The names of the unfinished files of this process; those beyond the first 64 at a time are not noted.
inline constinit std::array<std::atomic<const char*>, 64> unfinished_files{};

/// Removes every unfinished file of this process. A handler of SIGINT, SIGTERM or SIGHUP may call it before
/// it ends the process: it calls nothing but unlink().
inline void remove_unfinished_files() noexcept {
    for (const std::atomic<const char*>& slot : unfinished_files) {
#if __has_include(<unistd.h>)
        if (const char* const name = slot.load()) ::unlink(name);
#else
        if (const char* const name = slot.load()) std::remove(name);
#endif
    }
}

/// The name of a file that is noted as unfinished while this lives, and removed at its end.
class unfinished_file {
  public:
    explicit unfinished_file(std::string name) : name_(std::move(name)) { replace(nullptr, name_.c_str()); }
    ~unfinished_file() {
        std::remove(name_.c_str());
        replace(name_.c_str(), nullptr);
    }
    unfinished_file(const unfinished_file&) = delete;
    unfinished_file& operator=(const unfinished_file&) = delete;

    const std::string& name() const { return name_; }

  private:
    static void replace(const char* from, const char* to) {
        for (std::atomic<const char*>& slot : unfinished_files) {
            const char* expected = from;
            if (slot.compare_exchange_strong(expected, to)) return;
        }
    }

    const std::string name_;
};

/// A file that appears whole or not at all: written beside its place as `NAME.NUMBER.partial`, renamed by
/// commit(), removed otherwise. A link stays a link, and what it leads to is replaced; permissions stay as
/// they are; a file that may not be written is not replaced. Devices and pipes, which cannot be replaced, are
/// written in place.
class pending_file {
  public:
    /// \param function the caller, for messages; a program gives ""
    /// \throws std::runtime_error, here and below, when the file cannot be written.
    pending_file(std::string_view function, const std::filesystem::path& path);

    /// Where to write until commit(); there is no such file before the first call of stream().
    std::filesystem::path temporary() const {
        return temporary_ ? std::filesystem::path(temporary_->name()) : path_;
    }
    /// The new file, opened by the first call. Whoever writes under the name temporary() needs no stream.
    std::ofstream& stream();
    void commit();

  private:
    [[noreturn]] void fail() const { context_.fail("cannot be written" + system_reason()); }
    void create() const;

    file_context context_;
    std::filesystem::path path_;                         ///< at the end of all links
    std::optional<std::filesystem::perms> permissions_;  ///< of the file to be replaced
    std::optional<unfinished_file> temporary_;           ///< none in place
    std::ofstream stream_;
};

inline pending_file::pending_file(std::string_view function, const std::filesystem::path& path)
    : context_{function, path.string()}, path_(path) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::file_status status = fs::status(path_, error);
    if (status.type() == fs::file_type::none) context_.fail("cannot be written: " + error.message());
    if (fs::is_directory(status)) context_.fail("is a directory");
    if (!path_.has_filename()) context_.fail("is no name of a file");
    stream_.imbue(std::locale::classic());
    if (fs::exists(status) && !fs::is_regular_file(status)) return;
    while (fs::is_symlink(path_, error))  // no circle: status() has found the end
        path_ = path_.parent_path() / fs::read_symlink(path_, error);
    if (fs::exists(status)) {
        errno = 0;
        if (!std::ofstream(path_, std::ios::app)) fail();  // changes nothing
        permissions_ = status.permissions();
    }
    const std::string number = std::to_string(std::random_device()());
    const std::string name = path_.filename().string().substr(0, 200) + "." + number + ".partial";
    temporary_.emplace((path_.parent_path() / name).string());
    create();  // finds out, before the work, whether it will be possible after it
    fs::remove(temporary_->name(), error);
}

/// Makes the temporary file, which must not be there: it would be another's.
inline void pending_file::create() const {
    errno = 0;
    std::FILE* const file = std::fopen(temporary_->name().c_str(), "wbx");
    if (file == nullptr) fail();
    std::fclose(file);
    std::error_code ignored;
    if (permissions_) {  // nobody reads the new file who may not read the old one
        std::filesystem::permissions(temporary_->name(), *permissions_ | std::filesystem::perms::owner_write,
                                     ignored);
    }
}

inline std::ofstream& pending_file::stream() {
    if (!stream_.is_open()) {
        if (temporary_) create();
        errno = 0;
        stream_.open(temporary(), std::ios::binary);
        if (!stream_) fail();
    }
    return stream_;
}

inline void pending_file::commit() {
    if (stream_.is_open()) {
        stream_.close();
        if (!stream_) fail();
    }
    if (!temporary_) return;
    std::error_code error;
    if (permissions_) std::filesystem::permissions(temporary_->name(), *permissions_, error);
    std::filesystem::rename(temporary_->name(), path_, error);
    if (error) context_.fail("cannot be written: " + error.message());
}

/// Makes a directory and those above it, unless they are there.
inline void make_directory(std::string_view function, const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) file_context{function, directory.string()}.fail("cannot be made: " + error.message());
}

}  // namespace cesaro::detail
