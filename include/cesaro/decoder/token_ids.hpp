// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/file.hpp>

#include <Eigen/Core>

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace cesaro {

/// The token ids written in `text`: natural numbers below vocab_size, apart by spaces, tabs or line ends.
/// \param file names the text in error messages
/// \throws std::domain_error when vocab_size < 1.
/// \throws std::runtime_error naming the file and the line of anything else, or when there is no id at all.
inline std::vector<Eigen::Index> parse_token_ids(std::string_view text, Eigen::Index vocab_size,
                                                 std::string_view file = "text") {
    const char* const function = "parse_token_ids";
    constexpr std::string_view blanks = " \t\r\n\v\f";
    detail::check_at_least(function, "vocab_size", vocab_size, 1);
    std::vector<Eigen::Index> ids;
    std::size_t line = 1;
    std::size_t at = 0;
    while (at < text.size()) {
        if (blanks.find(text[at]) != std::string_view::npos) {
            line += text[at] == '\n';
            ++at;
            continue;
        }
        const std::string_view word = text.substr(at, text.find_first_of(blanks, at) - at);
        const char* const last = word.data() + word.size();
        Eigen::Index id = -1;
        const auto [end, error] = std::from_chars(word.data(), last, id);
        const std::string place = "line " + std::to_string(line) + ": '" + detail::printable(word) + "' ";
        if (error == std::errc::invalid_argument || end != last || word.front() == '-') {
            detail::throw_file_error(function, file, place + "is not a token id (a natural number)");
        }
        if (error != std::errc() || id >= vocab_size) {
            detail::throw_file_error(
                function, file,
                place + "is outside the vocabulary of " + std::to_string(vocab_size) + " tokens");
        }
        ids.push_back(id);
        at += word.size();
    }
    if (ids.empty()) detail::throw_file_error(function, file, "holds no token id");
    return ids;
}

/// The token ids of a text file of at most 100 MB; as parse_token_ids().
/// \throws std::runtime_error, also when the file cannot be read.
inline std::vector<Eigen::Index> read_token_ids(const std::filesystem::path& path, Eigen::Index vocab_size) {
    const std::size_t longest = 100'000'000;
    return parse_token_ids(detail::read_text_file("read_token_ids", path, longest), vocab_size,
                           path.string());
}

}  // namespace cesaro
