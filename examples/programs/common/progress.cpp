// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "progress.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include <unistd.h>

namespace programs {

namespace {

/// In the unit that leaves two digits.
std::string duration_text(std::chrono::duration<double> time) {
    const double seconds = time.count();
    if (seconds < 90) return fmt::format("{:.0f} s", seconds);
    if (seconds < 90 * 60) return fmt::format("{:.0f} min", seconds / 60);
    return fmt::format("{:.0f} h", seconds / 3600);
}

}  // namespace

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
    const auto passed = std::chrono::steady_clock::now() - start_;
    if (passed < quiet || percent < last_ + step || !(fraction > 0)) return;
    last_ = percent;
    shown_ = true;
    fmt::print(stderr, "{}{}: {} % {}, {} left{}", terminal_ ? "\r" : "", program_, percent, done_,
               duration_text(passed * (1 / fraction - 1)), terminal_ ? "\033[K" : "\n");
    std::fflush(stderr);
}

}  // namespace programs
