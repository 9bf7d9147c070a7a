// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "plot.hpp"

#include "program.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <sys/wait.h>

namespace programs {

std::string data_block(const std::string& name, const std::vector<std::pair<double, double>>& points) {
    std::string text = fmt::format("${} << EOD\n", name);
    for (const auto& [x, y] : points)
        text += fmt::format("{} {}\n", x, y);
    return text + "EOD\n";
}

std::string quoted(const std::string& text) {
    std::string quote = "'";
    for (const char c : text) {
        if (c == '\'') quote += '\'';
        quote += c;
    }
    return quote + "'";
}

namespace {

std::string terminal(const std::string& name) {
    const std::string ending = std::filesystem::path(name).extension().string();
    if (ending == ".svg")
        return "set terminal svg size 1040,690 enhanced font 'DejaVu Sans,15' background 'white'\n";
    if (ending == ".png")
        return "set terminal pngcairo size 1440,900 enhanced font 'DejaVu Sans,15' linewidth 1.5\n";
    throw usage_error(fmt::format("cannot plot to '{}': the name must end in .svg or .png", name));
}

}  // namespace

void draw(pending_file& file, const std::string& final_name, const std::string& script) {
    const std::string text = terminal(final_name) + "set output " + quoted(file.temporary().string()) + "\n" +
                             script + "unset output\n";
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) {
        throw usage_error("--plot needs gnuplot, which is not installed (Debian and Ubuntu: gnuplot-nox)");
    }
    std::signal(SIGPIPE, SIG_IGN);  // gnuplot may stop reading at its first error
    std::FILE* const pipe = ::popen("gnuplot 2>/dev/null", "w");
    if (!pipe) throw usage_error("cannot start gnuplot");
    std::fwrite(text.data(), 1, text.size(), pipe);
    const int status = ::pclose(pipe);
    std::error_code ignored;
    if (status != 0 || std::filesystem::file_size(file.temporary(), ignored) == 0) {
        throw usage_error(fmt::format("gnuplot could not draw '{}'", final_name));
    }
}

void write_with_plot(const std::string& file, std::string_view text, const std::string& plot,
                     const std::function<std::string()>& script) {
    if (plot.empty()) return write_output(file, text);
    namespace fs = std::filesystem;
    const auto place = [](const std::string& path) { return fs::weakly_canonical(fs::absolute(path)); };
    if (!file.empty() && place(file) == place(plot))
        throw usage_error(fmt::format("--plot and --output are the same file, '{}'", plot));
    pending_file picture(plot);
    draw(picture, plot, script());
    write_output(file, text);
    picture.commit();
}

}  // namespace programs
