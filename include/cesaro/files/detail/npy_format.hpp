// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/stored_numbers.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// The format .npy: a magic string, a version, the length of a header, the header (a dictionary in the syntax of
/// Python) and the data. Source: the documentation of numpy.lib.format.
namespace cesaro::detail {

/// The dictionary, parsed by hand: it has three keys, and what else Python could mean is no header.
class npy_header {
  public:
    npy_header(const file_context& context, std::string_view text) : context_(context), text_(text) {
        expect('{');
        while (!take('}')) {
            read_member();
            if (take('}')) break;
            expect(',');
        }
        if (at_ < text_.size()) fail("something follows its dictionary");
        for (const auto& [name, there] :
             {std::pair("descr", descr.has_value()), std::pair("fortran_order", fortran_order.has_value()),
              std::pair("shape", shape.has_value())}) {
            if (!there) fail("the key '" + std::string(name) + "' is missing");
        }
    }

    std::optional<std::string> descr;  ///< the type, such as `<f4`
    std::optional<bool> fortran_order;
    std::optional<std::vector<Eigen::Index>> shape;

  private:
    void read_member() {
        const std::string key = quoted();
        expect(':');
        if (key == "descr" && !descr) {
            skip_blanks();
            if (text_.substr(at_).starts_with('['))
                context_.fail("holds structures; only plain numbers are read");
            descr = quoted();
        } else if (key == "fortran_order" && !fortran_order) {
            fortran_order = take_word("True");
            if (!*fortran_order && !take_word("False")) fail("'fortran_order' is neither True nor False");
        } else if (key == "shape" && !shape) {
            shape = tuple();
        } else {
            const bool known = key == "descr" || key == "fortran_order" || key == "shape";
            fail("the key '" + printable(key) + (known ? "' is there twice" : "' is not one of the format"));
        }
    }

    std::string quoted() {
        skip_blanks();
        const char quote = at_ < text_.size() ? text_[at_] : '\0';
        const std::size_t end =
            quote == '\'' || quote == '"' ? text_.find(quote, at_ + 1) : std::string_view::npos;
        if (end == std::string_view::npos) fail("a string is expected at byte " + std::to_string(at_));
        const std::string_view content = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        skip_blanks();
        return std::string(content);
    }

    /// (), (2,), (2, 3) or (2, 3,): of one number the comma makes a tuple.
    std::vector<Eigen::Index> tuple() {
        std::vector<Eigen::Index> numbers;
        bool comma = true;
        expect('(');
        while (!take(')')) {
            if (!comma) fail("'shape' is no tuple of natural numbers");
            numbers.push_back(natural());
            comma = take(',');
        }
        if (numbers.size() == 1 && !comma) fail("'shape' is no tuple: a comma is missing");
        return numbers;
    }

    Eigen::Index natural() {
        Eigen::Index number = 0;
        const char* const begin = text_.data() + at_;
        const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
        if (error != std::errc() || *begin == '-') {
            fail("'shape' is no tuple of natural numbers up to " +
                 std::to_string(std::numeric_limits<Eigen::Index>::max()));
        }
        at_ += std::size_t(end - begin);
        skip_blanks();
        return number;
    }

    void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

    bool take_word(std::string_view word) {
        skip_blanks();
        if (!text_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        skip_blanks();
        return true;
    }
    bool take(char c) { return take_word(std::string_view(&c, 1)); }
    void expect(char c) {
        if (!take(c)) fail(std::string("'") + c + "' is expected at byte " + std::to_string(at_));
    }

    [[noreturn]] void fail(const std::string& problem) const {
        context_.fail("its header is wrong: " + problem);
    }

    const file_context& context_;
    std::string_view text_;
    std::size_t at_ = 0;
};

/// F4 and the like by NumPy's names.
inline std::string type_of_descr(const file_context& context, const std::string& descr) {
    if (descr == "<f2") return "F16";
    if (descr == "<f4") return "F32";
    if (descr == "<f8") return "F64";
    const std::string shown = "'" + printable(descr) + "'";
    if (descr.ends_with('O')) context.fail("holds objects of Python (" + shown + "), which are not read");
    if (descr.starts_with('>')) {
        context.fail("is big-endian (" + shown + "); only '<f2', '<f4' and '<f8' are read");
    }
    context.fail("has the dtype " + shown + "; only '<f2', '<f4' and '<f8' are read");
}

/// Where the numbers are of a file of `size` bytes whose bytes read(offset, span) delivers.
template <class Read>
stored_layout read_npy_layout(const file_context& context, std::uint64_t size, Read&& read) {
    constexpr std::string_view magic = "\x93NUMPY";
    constexpr std::uint64_t longest = 65535;  // of version 1; only structures need more
    std::array<std::byte, 12> prefix{};
    const std::uint64_t there = std::min<std::uint64_t>(size, prefix.size());
    read(0, std::span<std::byte>(prefix).first(std::size_t(there)));
    const std::string_view begin(reinterpret_cast<const char*>(prefix.data()), std::size_t(there));
    if (begin.starts_with("PK\x03\x04"))
        context.fail("is an archive, as .npz files are; one array is read, a .npy");
    if (!begin.starts_with(magic.substr(0, begin.size()))) context.fail("does not begin as a .npy file does");
    if (size < 10) context.fail("is too short for a .npy file");
    const int major = int(prefix[6]);
    const int minor = int(prefix[7]);
    if (major < 1 || major > 3 || minor != 0) {
        context.fail("is a .npy file of version " + std::to_string(major) + "." + std::to_string(minor) +
                     "; versions 1.0, 2.0 and 3.0 are read");
    }
    const std::uint64_t header = major == 1 ? 10 : 12;
    if (size < header) context.fail("is too short for a .npy file");
    const std::uint64_t length = major == 1 ? little_endian<std::uint16_t>(prefix.data() + 8)
                                            : little_endian<std::uint32_t>(prefix.data() + 8);
    if (length > longest || length > size - header) {
        context.fail("a header of " + std::to_string(length) + " bytes does not fit a file of " +
                     std::to_string(size) + " bytes or is longer than any of an array of numbers");
    }
    std::string text(std::size_t(length), '\0');
    read(header, std::as_writable_bytes(std::span<char>(text)));
    const npy_header parsed(context, text);
    stored_layout layout{type_of_descr(context, *parsed.descr), *parsed.shape, header + length,
                         *parsed.fortran_order};
    std::optional<std::uint64_t> bytes = layout.bytes_of_one();
    for (const Eigen::Index dimension : layout.shape)
        bytes = bytes ? checked_product(*bytes, std::uint64_t(dimension)) : bytes;
    const std::uint64_t data = size - layout.begin;
    if (bytes != data) {
        context.fail("shape " + shape_text(layout.shape) + " of '" + printable(*parsed.descr) + "' takes " +
                     (bytes ? std::to_string(*bytes) : "more than 2^64") + " bytes, but there are " +
                     std::to_string(data));
    }
    return layout;
}

}  // namespace cesaro::detail
