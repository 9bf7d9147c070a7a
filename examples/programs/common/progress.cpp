// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "progress.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include <unistd.h>

namespace programs {

progress_line::progress_line(std::string program, std::string done)
    : program_(std::move(program)), done_(std::move(done)), terminal_(::isatty(STDERR_FILENO) == 1) {}

progress_line::~progress_line() {
    if (shown_ && terminal_) std::fputs("\r\033[K", stderr);
}

void progress_line::operator()(double fraction) {
    using namespace std::chrono_literals;
    const int percent = int(100 * fraction);
    const auto quiet = terminal_ ? 2s : 20s;
    const int step = terminal_ ? 1 : 10;
    if (std::chrono::steady_clock::now() - start_ < quiet || percent < last_ + step) return;
    last_ = percent;
    shown_ = true;
    fmt::print(stderr, "{}{}: {} % {}{}", terminal_ ? "\r" : "", program_, percent, done_,
               terminal_ ? "" : "\n");
    std::fflush(stderr);
}

}  // namespace programs
