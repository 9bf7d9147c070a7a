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

/// Whole numbers from their digits, so that all 64 bits count; also `1e18`, which users write.
bool read_count(const std::string& text, Eigen::Index& value) {
    const char* const end = text.data() + text.size();
    const auto whole = std::from_chars(text.data(), end, value);
    if (whole.ec == std::errc() && whole.ptr == end) return true;
    double real = 0;
    const auto scientific = std::from_chars(text.data(), end, real);
    if (scientific.ec != std::errc() || scientific.ptr != end) return false;
    if (!(std::abs(real) < 0x1p63) || real != std::floor(real)) return false;
    value = Eigen::Index(real);
    return true;
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
    Eigen::Index count = 0;
    if (!read_count(text, count))
        throw usage_error(fmt::format("{}: '{}' is not a whole number", what, text));
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
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    if (text.empty() || result.ec != std::errc() || result.ptr != end) {
        throw usage_error(fmt::format("{}: '{}' is not a number", what, text));
    }
    return value;
}

CLI::Option* add_share(CLI::App& app, const std::string& name, double& value, const std::string& type,
                       const std::string& description) {
    const auto parse = [&value, name](const std::string& text) {
        value = parse_number(name, text);
        if (!(value >= 0 && value <= 1))
            throw usage_error(fmt::format("{}: {} must lie in [0, 1]", name, text));
    };
    return app.add_option_function<std::string>(name, parse, description)->type_name(type);
}

std::vector<double> parse_numbers(const std::string& what, const std::vector<std::string>& texts) {
    std::vector<double> values;
    for (const std::string& text : texts)
        values.push_back(parse_number(what, text));
    return values;
}

}  // namespace programs
