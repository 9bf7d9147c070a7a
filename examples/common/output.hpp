// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace programs {

/// A file that appears whole or not at all: written beside its place, renamed by commit(), removed otherwise.
/// Devices and pipes, which cannot be replaced, are written in place.
class pending_file {
  public:
    /// \throws usage_error when the file cannot be written.
    explicit pending_file(std::filesystem::path path);
    ~pending_file();
    pending_file(const pending_file&) = delete;
    pending_file& operator=(const pending_file&) = delete;

    /// Where to write until commit().
    const std::filesystem::path& temporary() const { return temporary_; }
    void write(std::string_view text);
    void commit();

  private:
    std::filesystem::path path_;
    std::filesystem::path temporary_;
};

/// Writes the text to standard output when the path is empty, else to the file, whole or not at all.
void write_output(const std::string& path, std::string_view text);

}  // namespace programs
