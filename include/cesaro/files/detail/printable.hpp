// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace cesaro::detail {

/// The bytes of the UTF-8 character at the start of the text; 0 when there is none.
inline std::size_t utf8_length(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t length = byte(0) < 0x80                       ? 1
                               : byte(0) >= 0xc2 && byte(0) < 0xe0  ? 2
                               : byte(0) >= 0xe0 && byte(0) < 0xf0  ? 3
                               : byte(0) >= 0xf0 && byte(0) <= 0xf4 ? 4
                                                                    : 0;
    if (length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    return length;
}

/// Whether a character has no shape of its own but acts on a terminal or on the characters around it:
/// controls (C0, DEL, C1), the line and paragraph separators, and Unicode's format characters (category Cf),
/// which among other things turn the direction of a line.
constexpr bool is_control(char32_t c) {
    constexpr std::array<std::array<char32_t, 2>, 23> ranges{
        {{0x0, 0x1f},        {0x7f, 0x9f},       {0xad, 0xad},        {0x600, 0x605},     {0x61c, 0x61c},
         {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},      {0x8e2, 0x8e2},     {0x180e, 0x180e},
         {0x200b, 0x200f},   {0x2028, 0x202e},   {0x2060, 0x206f},    {0xd800, 0xdfff},   {0xfeff, 0xfeff},
         {0xfff9, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},  {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
         {0x1d173, 0x1d17a}, {0xe0000, 0xe007f}, {0x110000, 0x1fffff}}};
    for (const auto& [first, last] : ranges)
        if (first <= c && c <= last) return true;
    return false;
}

/// Text of a stranger, such as a name in a file or the name of a file, as a message may show it: one line,
/// cut to a readable length. What a terminal would act on is shown as `\x1b` or `\u202e`, and so is each byte
/// that is no UTF-8.
inline std::string printable(std::string_view text, std::size_t longest = 200) {
    std::string out;
    const auto escape = [&out](char kind, char32_t code, int digits) {
        out += {'\\', kind};
        while (digits-- > 0)
            out += "0123456789abcdef"[(code >> (4 * digits)) & 15];
    };
    std::size_t at = 0;
    while (at < text.size() && at < longest) {
        const std::size_t length = utf8_length(text.substr(at));
        const auto first = static_cast<unsigned char>(text[at]);
        char32_t code = length < 2 ? first : first & (0xffU >> (length + 1));
        for (std::size_t i = 1; i < length; ++i)
            code = (code << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
        if (length == 0 || (length == 1 && is_control(code))) {
            escape('x', first, 2);
        } else if (is_control(code)) {
            code < 0x10000 ? escape('u', code, 4) : escape('U', code, 8);
        } else {
            out += text.substr(at, length);
        }
        at += length == 0 ? 1 : length;
    }
    return at < text.size() ? out + "..." : out;
}

}  // namespace cesaro::detail
