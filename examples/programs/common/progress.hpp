// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <string>

namespace programs {

/// Says on standard error how much of long work is done, and how long the rest takes at that rate: on a terminal in place, from two seconds on;
/// elsewhere every tenth, from twenty seconds on.
class progress_line {
  public:
    /// The line reads `program: 40 % done, 12 min left`, with the words that say what is done.
    progress_line(std::string program, std::string done);
    /// Clears the line of a terminal.
    ~progress_line();
    progress_line(const progress_line&) = delete;
    progress_line& operator=(const progress_line&) = delete;

    void operator()(double fraction);

  private:
    std::string program_;
    std::string done_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    bool terminal_;
    bool shown_ = false;
    int last_ = 0;
};

}  // namespace programs
