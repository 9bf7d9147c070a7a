// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <CLI/CLI.hpp>
#include <Eigen/Core>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

/// What the example programs share; no part of the library.
namespace programs {

/// What the user got wrong: its message is the one line that is shown.
struct usage_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Parses the command line, then runs the body. Whatever either throws becomes one line on standard error,
/// without names of library functions, and exit status 2, and so does output that cannot be written; `--help`
/// and `--version` are successes. The return value is main's.
int run(CLI::App& app, int argc, const char* const* argv, const std::function<void()>& body);

/// The version of the programs and of the library, "0.2.0".
std::string version();

/// The command line that run() was given, quoted as a shell takes it.
std::string command_line();

/// One line on standard error that is no error.
void print_note(const std::string& note);

/// In the following a name may be several, `--layers,--depth`: the first is the one that messages use.

/// An option that takes a word, which may not be empty.
CLI::Option* add_word(CLI::App& app, const std::string& name, std::string& value, const std::string& type,
                      const std::string& description);

/// An option that takes a whole number in [least, most], written `131072` or `1e18`.
CLI::Option* add_count(CLI::App& app, const std::string& name, Eigen::Index& value, Eigen::Index least,
                       Eigen::Index most, const std::string& description);

/// An option that takes a number in [0, 1].
CLI::Option* add_share(CLI::App& app, const std::string& name, double& value, const std::string& type,
                       const std::string& description);

/// An option that takes a finite number that is not negative.
CLI::Option* add_magnitude(CLI::App& app, const std::string& name, std::optional<double>& value,
                           const std::string& type, const std::string& description);

/// An option that takes a list: elements between commas, in one word or several. An empty element stays one.
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                      const std::string& description);

/// What stands between the commas, at least one element.
std::vector<std::string> split_list(const std::string& text);

/// The number in [0, 1] that all of `text` spells; a usage_error naming `what` otherwise.
double parse_share(const std::string& what, const std::string& text);

/// A usage_error naming `what` unless the number lies in [least, most].
void check_count(const std::string& what, Eigen::Index count, Eigen::Index least, Eigen::Index most);

/// The whole number in [least, most] that all of `text` spells; a usage_error naming `what` otherwise.
Eigen::Index parse_count(const std::string& what, const std::string& text, Eigen::Index least,
                         Eigen::Index most);

/// As parse_count(), one by one.
std::vector<Eigen::Index> parse_counts(const std::string& what, const std::vector<std::string>& texts,
                                       Eigen::Index least, Eigen::Index most);

/// The number that all of `text` spells; a usage_error naming `what` otherwise.
double parse_number(const std::string& what, const std::string& text);

/// As parse_number(), one by one.
std::vector<double> parse_numbers(const std::string& what, const std::vector<std::string>& texts);

}  // namespace programs
