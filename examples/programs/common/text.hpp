// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <cstddef>
#include <string>
#include <string_view>

namespace programs {

/// Text from outside as one line that a terminal may show: control characters, marks that reorder what is
/// around them, and bytes that are no UTF-8 are spelt out, as `\x1b` or `\u202e`.
std::string printable(std::string_view text);

/// The same of at most so many bytes of it: the middle of what is longer is left out.
std::string shortened(std::string_view text, std::size_t most);

/// "1 token", "2 tokens", "2.5e9 tokens" where that is exact.
std::string counted(Eigen::Index count, const std::string& noun);

/// Where to read what a user names: `-` is standard input.
std::string input_path(const std::string& name);

/// Tells that an option names a file that this run writes, which it will not read.
void will_write(const std::string& option, const std::string& file);

/// \throws usage_error when the file is one that this run writes.
void check_input(const std::string& file);

/// The whole of a text file, or of standard input for `-`, without the byte order mark that it may begin with.
/// \throws usage_error as check_input(); std::runtime_error naming the file: a directory, one that cannot be
///         read, of more than 16 MB, as a device without end is, or in UTF-16.
std::string read_text(const std::string& file);

}  // namespace programs
