// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "program.hpp"

#include "output.hpp"
#include "text.hpp"

#include <cesaro/version.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace programs {

namespace {

/// How this program was called.
struct invocation {
    std::string program;
    std::string command;
};
invocation called;

/// An argument as a shell takes it.
std::string shell_word(const std::string& word) {
    const auto plain = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) ||
               std::string_view("-_./,=:+@%").find(c) != std::string_view::npos;
    };
    if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
    std::string text = "'";
    for (const char c : word)
        text += c == '\'' ? "'\\''" : std::string(1, c);
    return text + "'";
}

void say(const std::string& message) {
    constexpr std::size_t longest = 1800;
    std::fputs(fmt::format("{}: {}\n", called.program, shortened(message, longest)).c_str(), stderr);
}

/// Users of a program know nothing of the library's functions, which its messages begin with.
std::string without_functions(const std::string& message) {
    return std::regex_replace(message, std::regex("cesaro::[a-z0-9_]+: "), "");
}

int fail(std::string message) {
    while (!message.empty() && message.back() == '\n')
        message.pop_back();
    std::replace(message.begin(), message.end(), '\n', ' ');
    say(without_functions(message));
    return 2;
}

/// An argument as a message repeats it.
std::string echo(const std::string& text) {
    return shortened(text, 80);
}

/// A number of which the text is all, or a usage_error naming `what`.
double read_number(const std::string& what, const std::string& text, const char* kind) {
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    if (result.ec == std::errc::invalid_argument || result.ptr != end)
        throw usage_error(fmt::format("{}: '{}' is not a {}", what, echo(text), kind));
    if (result.ec != std::errc())
        throw usage_error(fmt::format("{}: '{}' is out of range", what, echo(text)));
    return value + 0.;  // minus zero is zero
}

/// Whole numbers from their digits, so that all 64 bits count; also `1e18`, which users write.
Eigen::Index read_count(const std::string& what, const std::string& text) {
    const char* const kind = "whole number";
    const char* const end = text.data() + text.size();
    Eigen::Index value = 0;
    const auto whole = std::from_chars(text.data(), end, value);
    if (whole.ec == std::errc() && whole.ptr == end) return value;
    const double real = read_number(what, text, kind);
    if (real != std::floor(real))
        throw usage_error(fmt::format("{}: '{}' is not a {}", what, echo(text), kind));
    if (!(std::abs(real) < 0x1p63))
        throw usage_error(fmt::format("{}: '{}' is out of range", what, echo(text)));
    return Eigen::Index(real);
}

/// What is wrong with a command line, in the words of the other messages.
std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
    std::string message = error.what();
    const std::string name = message.substr(0, message.find(':'));
    if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !app.remaining().empty())
        return fmt::format("'{}' is no option; --help lists them", echo(app.remaining().front()));
    if (message.ends_with(" missing")) return name + ": its value is missing";
    if (message.find(": At Most 1 required") != std::string::npos) return name + ": given more than once";
    const std::size_t choices = message.rfind(" not in {");
    if (choices == std::string::npos || !message.ends_with('}')) return message;
    const std::size_t value = name.size() + 2;
    std::string known = message.substr(choices + 9, message.size() - choices - 10);
    for (std::size_t comma = 0; (comma = known.find(',', comma)) != std::string::npos; comma += 2)
        known.insert(comma + 1, " ");
    return fmt::format("{}: '{}' is none of {}", name, echo(message.substr(value, choices - value)), known);
}

/// Help no wider than 120 columns.
class narrow_help : public CLI::Formatter {
  public:
    std::string make_option_desc(const CLI::Option* option) const override {
        constexpr std::size_t widest = 88;
        std::istringstream words(option->get_description());
        std::string text;
        std::size_t column = 0;
        for (std::string word; words >> word; column += word.size()) {
            const bool fits = column + 1 + word.size() <= widest;
            if (!text.empty()) text += fits ? ' ' : '\n';
            column = fits && !text.empty() ? column + 1 : 0;
            text += word;
        }
        return text;
    }
};

/// A stream that the program was started without is one that cannot be read or written: its number must not
/// go to the next file that is opened.
void occupy_standard_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) != -1) continue;
        const int opened = ::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (opened != stream && opened != -1) ::close(opened);
    }
}

}  // namespace

int run(CLI::App& app, int argc, const char* const* argv, const std::function<void()>& body) {
    called = {app.get_name(), app.get_name()};
    for (int i = 1; i < argc; ++i)
        called.command += " " + shell_word(argv[i]);
    occupy_standard_streams();
    remove_unfinished_files_at_signals();
    app.description(app.get_description() + '\n');  // a blank line before the usage
    app.formatter(std::make_shared<narrow_help>());
    app.set_version_flag("--version", fmt::format("{} {}", app.get_name(), version()),
                         "Print the version and exit");
    try {
        try {
            app.parse(argc, argv);
            body();
        } catch (const CLI::Success& success) {  // --help, --version
            app.exit(success);
        } catch (const CLI::ParseError& error) {
            throw usage_error(complaint(app, error));
        }
        std::cout.flush();
        if (!std::cout || std::fflush(stdout) != 0) throw usage_error("cannot write to standard output");
        return 0;
    } catch (const std::bad_alloc&) {
        return fail("out of memory");
    } catch (const std::exception& error) {
        return fail(error.what());
    }
}

std::string version() {
    return fmt::format("{}.{}.{}", cesaro::version_major, cesaro::version_minor, cesaro::version_patch);
}

std::string command_line() {
    return called.command;
}

void print_note(const std::string& note) {
    say("note: " + note);
}

void check_count(const std::string& what, Eigen::Index count, Eigen::Index least, Eigen::Index most) {
    if (count < least || count > most)
        throw usage_error(fmt::format("{}: {} must lie in [{}, {}]", what, count, least, most));
}

Eigen::Index parse_count(const std::string& what, const std::string& text, Eigen::Index least,
                         Eigen::Index most) {
    const Eigen::Index count = read_count(what, text);
    check_count(what, count, least, most);
    return count;
}

std::vector<Eigen::Index> parse_counts(const std::string& what, const std::vector<std::string>& texts,
                                       Eigen::Index least, Eigen::Index most) {
    std::vector<Eigen::Index> counts;
    for (const std::string& text : texts)
        counts.push_back(parse_count(what, text, least, most));
    return counts;
}

namespace {

/// The spelling by which messages call an option of several.
std::string first_name(const std::string& names) {
    return names.substr(0, names.find(','));
}

}  // namespace

CLI::Option* add_word(CLI::App& app, const std::string& name, std::string& value, const std::string& type,
                      const std::string& description) {
    const auto not_empty = [](const std::string& word) { return word.empty() ? "must not be empty" : ""; };
    return app.add_option(name, value, description)->type_name(type)->check(not_empty, "");
}

CLI::Option* add_count(CLI::App& app, const std::string& name, Eigen::Index& value, Eigen::Index least,
                       Eigen::Index most, const std::string& description) {
    const auto parse = [&value, label = first_name(name), least, most](const std::string& text) {
        value = parse_count(label, text, least, most);
    };
    return app.add_option_function<std::string>(name, parse, description)->type_name("N");
}

double parse_number(const std::string& what, const std::string& text) {
    return read_number(what, text, "number");
}

CLI::Option* add_magnitude(CLI::App& app, const std::string& name, std::optional<double>& value,
                           const std::string& type, const std::string& description) {
    const auto parse = [&value, label = first_name(name)](const std::string& text) {
        value = parse_number(label, text);
        if (!(*value >= 0 && std::isfinite(*value)))
            throw usage_error(fmt::format("{}: '{}' must be finite and not negative", label, text));
    };
    return app.add_option_function<std::string>(name, parse, description)->type_name(type);
}

double parse_share(const std::string& what, const std::string& text) {
    const double value = parse_number(what, text);
    if (!(value >= 0 && value <= 1))
        throw usage_error(fmt::format("{}: {} must lie in [0, 1]", what, echo(text)));
    return value;
}

CLI::Option* add_share(CLI::App& app, const std::string& name, double& value, const std::string& type,
                       const std::string& description) {
    const auto parse = [&value, label = first_name(name)](const std::string& text) {
        value = parse_share(label, text);
    };
    return app.add_option_function<std::string>(name, parse, description)->type_name(type);
}

std::vector<std::string> split_list(const std::string& text) {
    std::vector<std::string> elements;
    std::size_t begin = 0;
    for (std::size_t end = 0; end != std::string::npos; begin = end + 1) {
        end = text.find(',', begin);
        elements.push_back(text.substr(begin, end - begin));
    }
    return elements;
}

CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                      const std::string& description) {
    const auto split = [&values](const std::vector<std::string>& words) {
        values.clear();
        for (const std::string& word : words)
            for (const std::string& element : split_list(word))
                values.push_back(element);
    };
    return app.add_option_function<std::vector<std::string>>(name, split, description)->type_name("LIST");
}

std::vector<double> parse_numbers(const std::string& what, const std::vector<std::string>& texts) {
    std::vector<double> values;
    for (const std::string& text : texts)
        values.push_back(parse_number(what, text));
    return values;
}

}  // namespace programs
