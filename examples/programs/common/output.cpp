// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "output.hpp"

#include "program.hpp"

#include <csignal>
#include <iostream>

namespace programs {

pending_file::pending_file(const std::filesystem::path& path) : file_("", path) {}

void pending_file::write(std::string_view text) {
    file_.stream() << text << std::flush;
    if (!file_.stream()) file_.commit();  // refuses, and says why
}

namespace {

extern "C" void end_without_traces(int signal) {
    cesaro::detail::remove_unfinished_files();
    std::raise(signal);  // takes its usual course once this has returned
}

}  // namespace

void remove_unfinished_files_at_signals() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
        struct sigaction action = {};
        ::sigaction(signal, nullptr, &action);
        if (action.sa_handler == SIG_IGN) continue;  // as nohup asks
        action.sa_handler = end_without_traces;
        action.sa_flags = int(SA_RESETHAND);
        ::sigaction(signal, &action, nullptr);
    }
}

void write_standard_output(std::string_view text) {
    std::cout << text << std::flush;
    if (!std::cout) throw usage_error("cannot write to standard output");
}

void write_output(const std::string& path, std::string_view text) {
    if (path.empty()) return write_standard_output(text);
    pending_file file(path);
    file.write(text);
    file.commit();
}

}  // namespace programs
