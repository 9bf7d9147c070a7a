// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Token ids in text files.

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/files/detail/file.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace cesaro {

namespace detail {

/// Reads token ids, apart by any of the given characters, with an eye on the line for messages.
class token_id_reader {
  public:
    token_id_reader(const file_context& context, std::string_view separators, Eigen::Index vocab_size)
        : context_(context), separators_(separators), vocab_size_(vocab_size) {
        check_at_least(context.function, "vocab_size", vocab_size, 1);
    }

    /// The ids of a text whose first line has this number; counts its lines.
    std::vector<Eigen::Index> read(std::string_view text, std::size_t& line) const {
        std::vector<Eigen::Index> ids;
        for (std::size_t at = 0; at < text.size();) {
            if (separators_.find(text[at]) != std::string_view::npos) {
                line += text[at] == '\n';
                ++at;
                continue;
            }
            const std::string_view word = text.substr(at, text.find_first_of(separators_, at) - at);
            ids.push_back(read_id(word, line));
            at += word.size();
        }
        return ids;
    }
    [[noreturn]] void fail(std::size_t line, const std::string& problem) const {
        context_.fail("line " + std::to_string(line) + ": " + problem);
    }

  private:
    Eigen::Index read_id(std::string_view word, std::size_t line) const {
        const char* const last = word.data() + word.size();
        Eigen::Index id = -1;
        const auto [end, error] = std::from_chars(word.data(), last, id);
        const auto fail_at_word = [&](const std::string& problem) {
            fail(line, "'" + printable(word) + "' " + problem);
        };
        if (error == std::errc::invalid_argument || end != last || word.front() == '-') {
            fail_at_word("is not a token id (a natural number)");
        }
        if (error != std::errc() || id >= vocab_size_) {
            fail_at_word("is outside the vocabulary of " + std::to_string(vocab_size_) + " tokens");
        }
        return id;
    }

    const file_context& context_;
    std::string_view separators_;
    Eigen::Index vocab_size_;
};

inline constexpr std::string_view token_blanks = " \t\r\n\v\f";

inline std::vector<Eigen::Index> parse_token_ids(const file_context& context, std::string_view text,
                                                 Eigen::Index vocab_size) {
    const token_id_reader reader(context, token_blanks, vocab_size);
    std::size_t line = 1;
    std::vector<Eigen::Index> ids = reader.read(after_byte_order_mark(context, text), line);
    if (ids.empty()) context.fail("holds no token id");
    return ids;
}

inline std::vector<std::vector<Eigen::Index>> parse_prompts(const file_context& context,
                                                            std::string_view text, Eigen::Index vocab_size) {
    const token_id_reader reader(context, " ,\t\r\v\f", vocab_size);
    text = after_byte_order_mark(context, text);
    std::vector<std::vector<Eigen::Index>> prompts;
    for (std::size_t line = 1; !text.empty(); ++line) {
        std::string_view row = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(row.size() + 1, text.size()));
        const auto begin = row.find_first_not_of(token_blanks);
        if (begin == std::string_view::npos) continue;
        row = row.substr(begin, row.find_last_not_of(token_blanks) + 1 - begin);
        if (row.front() == '[') {  // a list as JSON has it
            if (row.size() < 2 || row.back() != ']')
                reader.fail(line, "the list of token ids does not end on its line with ']'");
            row = row.substr(1, row.size() - 2);
        }
        std::vector<Eigen::Index> ids = reader.read(row, line);
        if (ids.empty()) reader.fail(line, "a prompt without token ids");
        prompts.push_back(std::move(ids));
    }
    if (prompts.empty()) context.fail("holds no token id");
    return prompts;
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

/// The prompts written in `text`, one a line: natural numbers below vocab_size, apart by blanks or commas, in
/// brackets or not. Lines without anything are passed over.
///
/// \code
/// const auto prompts = cesaro::parse_prompts("15496 11 995\n[464, 3290]\n", 50257);  // of 3 and of 2 tokens
/// \endcode
///
/// \return one prompt or more, of one id or more each
/// \throws as parse_token_ids(). Cost O(text); memory for the result.
inline std::vector<std::vector<Eigen::Index>> parse_prompts(std::string_view text, Eigen::Index vocab_size,
                                                            const std::string& file = "text") {
    return detail::parse_prompts({"parse_prompts", file}, text, vocab_size);
}

/// The prompts of a text file of at most 100 MB, or of a pipe; as parse_prompts().
/// \throws as read_token_ids() does.
inline std::vector<std::vector<Eigen::Index>> read_prompts(const std::filesystem::path& path,
                                                           Eigen::Index vocab_size) {
    const detail::file_context context{"read_prompts", path.string()};
    return detail::parse_prompts(context, detail::read_text_file(context, path, 100'000'000), vocab_size);
}

}  // namespace cesaro
