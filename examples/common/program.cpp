// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <string>

namespace programs {

namespace {

int fail(const CLI::App& app, std::string message) {
    while (!message.empty() && message.back() == '\n')
        message.pop_back();
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::fputs(fmt::format("{}: {}\n", app.get_name(), message).c_str(), stderr);
    return 2;
}

/// A number of which the text is all, or a usage_error naming `what`.
double read_number(const std::string& what, const std::string& text, const char* kind) {
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    if (result.ec == std::errc::invalid_argument || result.ptr != end)
        throw usage_error(fmt::format("{}: '{}' is not a {}", what, text, kind));
    if (result.ec != std::errc()) throw usage_error(fmt::format("{}: '{}' is out of range", what, text));
    return value;
}

/// Whole numbers from their digits, so that all 64 bits count; also `1e18`, which users write.
Eigen::Index read_count(const std::string& what, const std::string& text) {
    const char* const kind = "whole number";
    const char* const end = text.data() + text.size();
    Eigen::Index value = 0;
    const auto whole = std::from_chars(text.data(), end, value);
    if (whole.ec == std::errc() && whole.ptr == end) return value;
    const double real = read_number(what, text, kind);
    if (real != std::floor(real)) throw usage_error(fmt::format("{}: '{}' is not a {}", what, text, kind));
    if (!(std::abs(real) < 0x1p63)) throw usage_error(fmt::format("{}: '{}' is out of range", what, text));
    return Eigen::Index(real);
}

}  // namespace

int run(CLI::App& app, int argc, const char* const* argv, const std::function<void()>& body) {
    try {
        app.parse(argc, argv);
        body();
        std::cout.flush();
        if (!std::cout || std::fflush(stdout) != 0) throw usage_error("cannot write to standard output");
        return 0;
    } catch (const CLI::Success& success) {  // --help
        return app.exit(success);
    } catch (const std::bad_alloc&) {
        return fail(app, "out of memory");
    } catch (const std::exception& error) {
        return fail(app, error.what());
    }
}

Eigen::Index parse_count(const std::string& what, const std::string& text, Eigen::Index least,
                         Eigen::Index most) {
    const Eigen::Index count = read_count(what, text);
    if (count < least || count > most) {
        throw usage_error(fmt::format("{}: {} must lie in [{}, {}]", what, text, least, most));
    }
    return count;
}

std::vector<Eigen::Index> parse_counts(const std::string& what, const std::vector<std::string>& texts,
                                       Eigen::Index least, Eigen::Index most) {
    std::vector<Eigen::Index> counts;
    for (const std::string& text : texts)
        counts.push_back(parse_count(what, text, least, most));
    return counts;
}

CLI::Option* add_word(CLI::App& app, const std::string& name, std::string& value, const std::string& type,
                      const std::string& description) {
    const auto not_empty = [](const std::string& word) { return word.empty() ? "must not be empty" : ""; };
    return app.add_option(name, value, description)->type_name(type)->check(not_empty, "");
}

CLI::Option* add_count(CLI::App& app, const std::string& name, Eigen::Index& value, Eigen::Index least,
                       Eigen::Index most, const std::string& description) {
    const auto parse = [&value, name, least, most](const std::string& text) {
        value = parse_count(name, text, least, most);
    };
    return app.add_option_function<std::string>(name, parse, description)->type_name("N");
}

double parse_number(const std::string& what, const std::string& text) {
    return read_number(what, text, "number");
}

double parse_share(const std::string& what, const std::string& text) {
    const double value = parse_number(what, text);
    if (!(value >= 0 && value <= 1)) throw usage_error(fmt::format("{}: {} must lie in [0, 1]", what, text));
    return value;
}

CLI::Option* add_share(CLI::App& app, const std::string& name, double& value, const std::string& type,
                       const std::string& description) {
    const auto parse = [&value, name](const std::string& text) { value = parse_share(name, text); };
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
