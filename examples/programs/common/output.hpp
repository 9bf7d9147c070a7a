// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/files/detail/pending_file.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace programs {

/// A file that appears whole or not at all, and of which nothing is left behind when a signal ends the
/// program.
class pending_file {
  public:
    /// \throws std::runtime_error, here and below, when the file cannot be written.
    explicit pending_file(const std::filesystem::path& path);

    void write(std::string_view text);
    void commit() { file_.commit(); }

  private:
    cesaro::detail::pending_file file_;
};

/// SIGINT, SIGTERM, SIGHUP and SIGPIPE end the program as ever, but remove what files it has not finished.
void remove_unfinished_files_at_signals();

/// Writes the text to standard output.
/// \throws usage_error when not all of it can be written.
void write_standard_output(std::string_view text);

/// Writes the text to standard output when the path is empty, else to the file, whole or not at all.
void write_output(const std::string& path, std::string_view text);

}  // namespace programs
