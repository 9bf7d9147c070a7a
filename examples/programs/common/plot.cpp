// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "plot.hpp"

#include "program.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <regex>

#include <sys/wait.h>

namespace programs {

std::string line_style(std::size_t i) {
    constexpr std::array lines = {std::pair{colours::blue, "dt 1 pt 7"},
                                  std::pair{colours::vermillion, "dt (10,5) pt 5"},
                                  std::pair{colours::green, "dt (3,4) pt 9"},
                                  std::pair{colours::purple, "dt (12,4,3,4) pt 11"},
                                  std::pair{colours::black, "dt (6,3,2,3) pt 13"},
                                  std::pair{colours::grey, "dt (16,6) pt 3"},
                                  std::pair{colours::brown, "dt (12,3,2,3,2,3) pt 15"},
                                  std::pair{colours::violet, "dt (2,7) pt 6"},
                                  std::pair{colours::magenta, "dt (22,3,3,3) pt 4"},
                                  std::pair{colours::slate, "dt (6,6) pt 8"}};
    const auto& colour = lines[i % lines.size()].first;
    const auto& shape = lines[(i + i / lines.size()) % lines.size()].second;
    return fmt::format("lw 2 lc rgb '{}' {}", colour, shape);
}

std::string data_block(const std::string& name, const std::vector<std::pair<double, double>>& points) {
    std::string text = fmt::format("${} << EOD\n", name);
    for (const auto& [x, y] : points)
        text += fmt::format("{} {}\n", x, y);
    return text + "EOD\n";
}

int decade_step(double decades) {
    for (int power = 1;; power *= 10)
        for (const int digit : {1, 2, 5})
            if (decades <= 8 * digit * power) return digit * power;
}

std::string decade_ticks(char axis, double low, double high) {
    const int step = decade_step(std::log10(high) - std::log10(low));
    if (step == 1) return fmt::format("set {0}tics nomirror 10 format '10^{{%L}}'\nset m{0}tics 10\n", axis);
    std::string ticks;  // one by one: gnuplot counts no steps of many decades
    for (int k = int(std::ceil(std::log10(low) / step)); k * step <= std::log10(high); ++k)
        ticks += fmt::format("{}1e{}", ticks.empty() ? "" : ",", k * step);
    return fmt::format("set {0}tics nomirror ({1}) format '10^{{%L}}'\nset m{0}tics 1\n", axis, ticks);
}

namespace {

std::size_t point_count(const curve& c) {
    return std::size_t(std::count_if(c.points.begin(), c.points.end(), [](const auto& p) {
        return std::isfinite(p.first) && std::isfinite(p.second);
    }));
}

/// Through a single point there is no line.
std::string style_of(const curve& c) {
    const std::string lines = "with lines ";
    if (point_count(c) > 1 || !c.style.starts_with(lines)) return c.style;
    const bool has_shape = c.style.find(" pt ") != std::string::npos;
    return "with linespoints " + std::string(has_shape ? "" : "pt 7 ") + c.style.substr(lines.size());
}

}  // namespace

std::string plot_curves(const std::vector<curve>& curves) {
    std::string data;
    std::string drawn;
    bool titled = false;
    for (const curve& c : curves) {
        if (point_count(c) == 0) continue;
        const std::string name = fmt::format("curve{}", &c - curves.data());
        data += data_block(name, c.points);
        drawn += fmt::format("{}${} {} {}", drawn.empty() ? "plot " : ", ", name, style_of(c),
                             c.title.empty() ? "notitle" : "title " + quoted(c.title));
        titled = titled || !c.title.empty();
    }
    if (drawn.empty()) {
        return "unset key\nset label 99 'nothing above 0' at graph 0.5,0.5 center\n"
               "plot [1:2] [1:2] NaN notitle\nunset label 99\n";
    }
    return data + (titled ? "" : "unset key\n") + drawn + "\n";  // an empty key takes room, too
}

std::string scientific(double log10_value) {
    if (log10_value > -3) return fmt::format("{:.6g}", std::pow(10, log10_value));
    double exponent = std::floor(log10_value);
    double mantissa = std::round(100 * std::pow(10, log10_value - exponent)) / 100;
    if (mantissa >= 10) {  // rounded up to the next power
        mantissa /= 10;
        ++exponent;
    }
    return fmt::format("{:.2f}×10^{{−{:g}}}", mantissa, -exponent);
}

std::string off_the_scale(const std::string& what) {
    return fmt::format(
        "set style textbox opaque noborder fillcolor 'white' margins 0.4,0.4\n"
        "set label {} at graph 0.97,0 right offset 0,0.8 front boxed font ',12' tc rgb '{}'\n",
        quoted("off the scale" + what), colours::grey);
}

std::string quoted(const std::string& text) {
    std::string quote = "'";
    for (const char c : printable(text)) {
        if (c == '\'') quote += '\'';
        quote += c;
    }
    return quote + "'";
}

namespace {

std::string ending_of(const std::string& file) {
    return std::filesystem::path(file).extension().string();
}

std::string terminal(const std::string& file) {
    const std::string font = "enhanced font 'DejaVu Sans,15'";
    if (ending_of(file) == ".svg") return "set terminal svg size 1040,690 " + font + " background 'white'\n";
    if (ending_of(file) == ".png") return "set terminal pngcairo size 1440,900 " + font + " linewidth 1.5\n";
    if (ending_of(file) == ".pdf") return "set terminal pdfcairo size 10.4,6.9 " + font + "\n";
    throw usage_error(fmt::format("cannot plot to '{}': the name must end in .svg, .png or .pdf", file));
}

std::string note(const std::string& text, std::size_t i, const std::string& place) {
    return fmt::format("set label {} {} at {} center font ',11' tc rgb '{}' noenhanced\n", 90 + i,
                       quoted("note: " + shortened(text, 150)), place, colours::grey);
}

/// Between the title, which moves up, and the frame, a line each.
std::string notes_of(const drawing& d) {
    constexpr double height = 0.9;  // in letters
    const auto count = double(d.notes.size());
    if (d.notes.empty()) return "";
    std::string text =
        fmt::format("set title offset 0,{}\nset tmargin {}\n", height * count, 3 + height * count);
    for (std::size_t i = 0; i < d.notes.size(); ++i)
        text += note(d.notes[i], i, fmt::format("graph 0.5,1 offset 0,{}", height * (count - double(i))));
    return text;
}

constexpr double height_of_line = 0.026;  // of a note at the foot, of the picture's

/// What all plots begin with.
std::string theme(const drawing& d) {
    return notes_of(d) +
           fmt::format(
               "set encoding utf8\nset minussign\nset border 3\nset grid ytics lc rgb '#e4e4e4' lt 1\n"
               "set xtics nomirror\nset ytics nomirror\n"
               "set key outside right center vertical Left reverse samplen 3 spacing 1.4\n"
               "set title {} noenhanced\nset xlabel {}\nset ylabel {}\n",
               quoted(d.title), quoted(d.x_label), quoted(d.y_label)) +
           notes_of(d);
}

}  // namespace

double height_at_foot(const std::vector<std::string>& notes) {
    return height_of_line * double(notes.size());
}

std::string notes_at_foot(const std::vector<std::string>& notes) {
    std::string text;
    for (std::size_t i = 0; i < notes.size(); ++i)
        text += note(notes[i], i,
                     fmt::format("screen 0.5,{}", height_of_line * (double(notes.size() - i) - 0.4)));
    return text;
}

namespace {

using stream = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

stream anonymous_file() {
    stream file(std::tmpfile(), &std::fclose);
    if (!file) throw usage_error("cannot make a temporary file for gnuplot");
    return file;
}

std::string contents(std::FILE* file) {
    std::string text;
    std::rewind(file);
    char chunk[1 << 14];
    while (const std::size_t got = std::fread(chunk, 1, sizeof chunk, file))
        text.append(chunk, got);
    return text;
}

/// What gnuplot draws, through files without a name: whatever happens, none is left behind.
std::string gnuplot(const std::string& script, const std::string& file) {
    const stream picture = anonymous_file();
    const stream complaints = anonymous_file();
    const std::string command =
        fmt::format("gnuplot >/dev/fd/{} 2>/dev/fd/{}", ::fileno(picture.get()), ::fileno(complaints.get()));
    struct sigaction ignored = {};
    struct sigaction usual = {};
    ignored.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignored, &usual);  // gnuplot may stop reading at its first error
    std::FILE* const pipe = ::popen(command.c_str(), "w");
    if (!pipe) throw usage_error("cannot start gnuplot");
    std::fwrite(script.data(), 1, script.size(), pipe);
    const int status = ::pclose(pipe);
    ::sigaction(SIGPIPE, &usual, nullptr);
    std::string drawn = contents(picture.get());
    if (status == 0 && !drawn.empty()) return drawn;
    // Its complaint: the place, an arrow and, last, what is wrong.
    std::string why = contents(complaints.get());
    why.erase(why.find_last_not_of(" \n") + 1);
    const std::size_t last_line = why.rfind('\n');
    throw usage_error(fmt::format("gnuplot could not draw '{}': {}", file,
                                  last_line == std::string::npos ? why : why.substr(last_line + 1)));
}

std::string xml(const std::string& text) {
    std::string escaped;
    for (const char c : printable(text))
        escaped += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    return escaped;
}

/// gnuplot names itself in the title, and curves that have none by their number.
std::string with_title(const std::string& svg, const drawing& d) {
    std::string own = std::regex_replace(svg, std::regex("<title>gnuplot_plot_[^<]*</title>"), "");
    const std::string names = fmt::format("<title>{}</title>\n<desc>{} against {}</desc>", xml(d.title),
                                          xml(d.y_label), xml(d.x_label));
    const std::size_t begin = own.find("<title>");
    constexpr std::string_view end_tag = "</desc>";
    const std::size_t end = own.find(end_tag, begin);
    if (begin == std::string::npos || end == std::string::npos) return own;
    return own.substr(0, begin) + names + own.substr(end + end_tag.size());
}

}  // namespace

void check_drawable(const std::string& file) {
    terminal(file);
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) {
        throw usage_error("--plot needs gnuplot, which is not installed (Debian and Ubuntu: gnuplot-nox)");
    }
}

std::string draw(const drawing& d, const std::string& file) {
    const std::string picture = gnuplot(terminal(file) + theme(d) + d.script, file);
    return ending_of(file) == ".svg" ? with_title(picture, d) : picture;
}

}  // namespace programs
