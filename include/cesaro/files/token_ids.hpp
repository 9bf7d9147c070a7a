// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Token ids in text files.

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/files/detail/file.hpp>

#include <Eigen/Core>

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace cesaro {

namespace detail {

inline std::vector<Eigen::Index> parse_token_ids(const file_context& context, std::string_view text,
                                                 Eigen::Index vocab_size) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    check_at_least(context.function, "vocab_size", vocab_size, 1);
    text = after_byte_order_mark(context, text);
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
        const auto fail = [&, word](const std::string& problem) {
            context.fail("line " + std::to_string(line) + ": '" + printable(word) + "' " + problem);
        };
        if (error == std::errc::invalid_argument || end != last || word.front() == '-') {
            fail("is not a token id (a natural number)");
        }
        if (error != std::errc() || id >= vocab_size) {
            fail("is outside the vocabulary of " + std::to_string(vocab_size) + " tokens");
        }
        ids.push_back(id);
        at += word.size();
    }
    if (ids.empty()) context.fail("holds no token id");
    return ids;
}

}  // namespace detail

/// The token ids written in `text`: natural numbers below vocab_size, apart by spaces, tabs or line ends.
///
/// \code
/// const std::vector<Eigen::Index> prompt = cesaro::parse_token_ids("15496 11 995", 50257);
/// \endcode
///
/// \param text UTF-8; a byte order mark at its start is read over
/// \param vocab_size at least 1
/// \param file names the text in error messages
/// \return one id or more
/// \throws std::domain_error when vocab_size < 1.
/// \throws std::runtime_error naming the file and the line of anything else, or when there is no id at all.
/// Cost O(text); memory for the result.
inline std::vector<Eigen::Index> parse_token_ids(std::string_view text, Eigen::Index vocab_size,
                                                 const std::string& file = "text") {
    return detail::parse_token_ids({"parse_token_ids", file}, text, vocab_size);
}

/// The token ids of a text file of at most 100 MB, or of a pipe; as parse_token_ids().
/// \throws std::domain_error as parse_token_ids() does.
/// \throws std::runtime_error as parse_token_ids() does; also when the file cannot be read or is longer.
/// Cost O(text); memory for the text and the result.
inline std::vector<Eigen::Index> read_token_ids(const std::filesystem::path& path, Eigen::Index vocab_size) {
    const detail::file_context context{"read_token_ids", path.string()};
    return detail::parse_token_ids(context, detail::read_text_file(context, path, 100'000'000), vocab_size);
}

}  // namespace cesaro
