// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "output.hpp"

#include "program.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <utility>

#include <unistd.h>

namespace programs {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& reason) {
    throw usage_error(fmt::format("cannot write '{}': {}", path.string(), reason));
}

}  // namespace

pending_file::pending_file(fs::path path) : path_(std::move(path)) {
    std::error_code ignored;
    const fs::file_status status = fs::status(path_, ignored);
    if (fs::is_directory(status)) fail(path_, "it is a directory");
    if (fs::exists(status) && !fs::is_regular_file(status)) {
        temporary_ = path_;
        return;
    }
    for (int links = 0; links < 40 && fs::is_symlink(path_, ignored); ++links)  // a link stays a link
        path_ = path_.parent_path() / fs::read_symlink(path_);
    temporary_ = path_;
    temporary_ += fmt::format(".{}.partial", ::getpid());
    errno = 0;
    if (!std::ofstream(temporary_, std::ios::binary)) fail(path_, std::strerror(errno));
    fs::remove(temporary_, ignored);  // it is there again when there is something to keep
}

pending_file::~pending_file() {
    std::error_code ignored;
    if (temporary_ != path_) fs::remove(temporary_, ignored);
}

void pending_file::write(std::string_view text) {
    errno = 0;
    std::ofstream file(temporary_, std::ios::binary);
    file << text << std::flush;
    if (!file) fail(path_, std::strerror(errno));
}

void pending_file::commit() {
    if (temporary_ == path_) return;
    std::error_code error;
    if (const fs::file_status old = fs::status(path_, error); fs::exists(old))
        fs::permissions(temporary_, old.permissions(), error);
    fs::rename(temporary_, path_, error);
    if (error) fail(path_, error.message());
}

void write_output(const std::string& path, std::string_view text) {
    if (path.empty()) {
        std::cout << text;
        return;
    }
    pending_file file(path);
    file.write(text);
    file.commit();
}

}  // namespace programs
