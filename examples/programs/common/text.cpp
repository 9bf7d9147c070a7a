// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "text.hpp"

#include "program.hpp"

#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/printable.hpp>

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

namespace programs {

std::string printable(std::string_view text) {
    return cesaro::detail::printable(text, text.size());
}

std::string shortened(std::string_view text, std::size_t most) {
    if (text.size() <= most) return printable(text);
    const auto continues_a_character = [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80;
    };
    std::size_t head = most * 2 / 3;
    std::size_t tail = text.size() - (most - head);
    while (head > 0 && continues_a_character(text[head]))
        --head;
    while (tail < text.size() && continues_a_character(text[tail]))
        ++tail;
    return printable(text.substr(0, head)) + " ... " + printable(text.substr(tail));
}

namespace {

/// Of round numbers that are long, the digits and the power.
std::string number(Eigen::Index count) {
    std::string digits = fmt::format("{}", count);
    const std::size_t power = digits.size() - 1;
    const std::size_t significant = digits.find_last_not_of('0') + 1;
    if (power < 7 || significant > 4) return digits;
    digits.resize(significant);
    if (significant > 1) digits.insert(1, ".");
    return fmt::format("{}e{}", digits, power);
}

}  // namespace

std::string counted(Eigen::Index count, const std::string& noun) {
    return fmt::format("{} {}{}", number(count), noun, count == 1 ? "" : "s");
}

std::string input_path(const std::string& name) {
    return name == "-" ? "/dev/stdin" : name;
}

namespace {

/// Options and the files that they name.
std::vector<std::pair<std::string, std::string>>& outputs() {
    static std::vector<std::pair<std::string, std::string>> all;
    return all;
}

}  // namespace

void will_write(const std::string& option, const std::string& file) {
    outputs().emplace_back(option, file);
}

void check_input(const std::string& file) {
    for (const auto& [option, output] : outputs()) {
        std::error_code missing;
        if (std::filesystem::equivalent(file, output, missing))
            throw usage_error(fmt::format("{}: '{}' is read, and would be overwritten", option, output));
    }
}

std::string read_text(const std::string& file) {
    check_input(file);
    constexpr std::size_t most = 16'000'000;
    const std::string path = input_path(file);
    const cesaro::detail::file_context context{"", path};
    const std::string text = cesaro::detail::read_text_file(context, path, most);
    return std::string(cesaro::detail::after_byte_order_mark(context, text));
}

}  // namespace programs
