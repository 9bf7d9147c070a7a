// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "files/files.hpp"
#include "files/npy_files.hpp"
#include "scalars.hpp"

#include <cesaro/files/npy.hpp>
#include <cesaro/files/safetensors.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <system_error>
#include <vector>

using cesaro::load_npy;
using cesaro::open_npy;
using cesaro::parse_npy;
using namespace cesaro_test;
using namespace std::string_literals;
using indices = std::vector<Eigen::Index>;

namespace {

std::string header(const std::string& descr, const std::string& fortran, const std::string& shape) {
    return "{'descr': " + descr + ", 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

/// What the parser says of a file with this header and as many bytes of data.
std::string error_of_header(const std::string& text, std::size_t data = 24) {
    return error_of([&] { parse_npy(bytes_of(npy_file(text, std::string(data, '\0')))); });
}

/// The values 0, 1, 2, ... as F32, in the places that `order` gives.
std::string floats(const std::vector<int>& order) {
    std::string data;
    for (const int value : order)
        data += little_endian_bytes(std::bit_cast<std::uint32_t>(float(value)), 4);
    return data;
}

}  // namespace

TEST_CASE("bytes written by hand: every dtype, version and order") {
    const std::string half = "\x00\x3c\x01\x00\x00\xfc"s;                            // 1, 2^-24, -inf
    const std::string single = "\x00\x00\x80\x3f\x00\x00\x80\xc0\x01\x00\x00\x00"s;  // 1, -4, 2^-149
    const std::string real = "\x18\x2d\x44\x54\xfb\x21\x09\x40"s;                    // pi
    const auto f2 = parse_npy<double>(bytes_of(npy_file(header("'<f2'", "False", "(3,)"), half)));
    CHECK(f2.shape == indices{3});
    CHECK(f2.values == Eigen::Vector3d(1, std::ldexp(1.0, -24), -std::numeric_limits<double>::infinity()));
    for (const int version : {1, 2, 3}) {
        const auto f4 =
            parse_npy<float50>(bytes_of(npy_file(header("'<f4'", "False", "(1, 3)"), single, version)));
        CHECK(f4.shape == indices{1, 3});
        CHECK(f4.values[1] == -4);
        CHECK(f4.values[2] == pow(float50(2), -149));
    }
    const auto f8 = parse_npy<double>(bytes_of(npy_file(header("'<f8'", "True", "()"), real)));
    CHECK(f8.shape.empty());
    CHECK(f8.values[0] == 3.141592653589793);
    CHECK(parse_npy<float>(bytes_of(npy_file(header("\"<f8\"", "False", "(1,)"), real))).values[0] ==
          3.14159274f);
    CHECK(parse_npy(bytes_of(npy_file(header("'<f4'", "False", "(2, 0)"), ""))).shape == indices{2, 0});
    // Any order of the keys, any blanks, no comma at the end.
    CHECK(
        parse_npy(bytes_of(npy_file(" {'shape' :( 3, ),'fortran_order':False\n,  'descr':'<f4'} \n", single)))
            .values[0] == 1);
}

TEST_CASE("Fortran's order is the other way round") {
    // By rows 0 1 2 3 4 5 of shape [2, 3], by columns 0 3 1 4 2 5.
    const auto by_columns = npy_file(header("'<f4'", "True", "(2, 3)"), floats({0, 3, 1, 4, 2, 5}));
    const auto by_rows = npy_file(header("'<f4'", "False", "(2, 3)"), floats({0, 1, 2, 3, 4, 5}));
    CHECK(parse_npy(bytes_of(by_columns)).values == Eigen::VectorXf::LinSpaced(6, 0, 5));
    CHECK(parse_npy(bytes_of(by_rows)).values == Eigen::VectorXf::LinSpaced(6, 0, 5));
}

TEST_CASE("slices of a file, longer than what is read at once, in both orders") {
    const scratch_directory directory;
    const Eigen::Index a = 3, b = 2, c = 217, d = 311;
    const auto place = [&](Eigen::Index i, Eigen::Index j, Eigen::Index k, Eigen::Index l) {
        return ((i * b + j) * c + k) * d + l;
    };
    std::string rows, columns;
    for (Eigen::Index at = 0; at < a * b * c * d; ++at)
        rows += little_endian_bytes(std::bit_cast<std::uint32_t>(float(at)), 4);
    for (Eigen::Index l = 0; l < d; ++l)
        for (Eigen::Index k = 0; k < c; ++k)
            for (Eigen::Index j = 0; j < b; ++j)
                for (Eigen::Index i = 0; i < a; ++i)
                    columns += little_endian_bytes(std::bit_cast<std::uint32_t>(float(place(i, j, k, l))), 4);
    const std::string shape = "(3, 2, 217, 311)";
    write_file(directory / "rows.npy", npy_file(header("'<f4'", "False", shape), rows));
    write_file(directory / "columns.npy", npy_file(header("'<f4'", "True", shape), columns));
    for (const char* const name : {"rows.npy", "columns.npy"}) {
        CAPTURE(name);
        cesaro::stored_tensor stored = open_npy(directory / name);
        CHECK(stored.shape() == indices{a, b, c, d});
        CHECK(stored.type() == "F32");
        for (const Eigen::Index i : {2, 0, 1}) {
            const auto slice = stored.slice<double>(i);
            CHECK(slice.shape == indices{b, c, d});
            CHECK(slice.values == Eigen::VectorXd::LinSpaced(b * c * d, double(place(i, 0, 0, 0)),
                                                             double(place(i + 1, 0, 0, 0) - 1)));
            Eigen::Index visited = 0;
            stored.visit_slice<float>(
                i, [&](Eigen::Index at, float value) { visited += float(at + place(i, 0, 0, 0)) == value; });
            CHECK(visited == b * c * d);
        }
        CHECK(load_npy<double>(directory / name).values[place(1, 1, 5, 7)] == double(place(1, 1, 5, 7)));
        CHECK_THROWS_WITH(stored.slice(3), "cesaro::stored_tensor: slice = 3 must be at least 0 and below 3");
        CHECK_THROWS_AS(stored.slice(-1), std::domain_error);
    }
}

TEST_CASE("a tensor of a safetensors file, slice by slice") {
    const scratch_directory directory;
    const Eigen::VectorXd values = Eigen::VectorXd::LinSpaced(12, 0, 11);
    const auto path = directory / "a.safetensors";
    cesaro::save_safetensors<double>(path, {{"only", {{3, 2, 2}, values}}});
    for (const std::string name : {"", "only"}) {
        cesaro::stored_tensor stored = cesaro::open_safetensors(path, name);
        CHECK(stored.shape() == indices{3, 2, 2});
        CHECK(stored.slice(1).values == values.segment(4, 4));
        CHECK(stored.load().values == values);
    }
    CHECK(contains(error_of([&] { cesaro::open_safetensors(path, "x"); }),
                   "a.safetensors: has no tensor 'x' among its 1: 'only'"));
    cesaro::save_safetensors<double>(path, {{"p", {{1}, values.head(1)}}, {"q", {{2}, values.head(2)}}});
    CHECK(contains(error_of([&] { cesaro::open_safetensors(path); }),
                   "a.safetensors: holds 2 tensors, of which one is to be named: 'p', 'q'"));
    CHECK(cesaro::open_safetensors(path, "q").load().values == values.head(2));
    write_file(path, safetensors_file(R"({"m":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})", "xx"));
    CHECK(contains(error_of([&] { cesaro::open_safetensors(path); }), "tensor 'm' has the dtype BOOL; only"));
}

TEST_CASE("truncated files, files that go on, files that are none") {
    const std::string good = npy_file(header("'<f4'", "False", "(2, 3)"), std::string(24, '\0'));
    REQUIRE(good.size() % 64 == 24);
    for (std::size_t size = 0; size < good.size(); ++size) {
        INFO(size << " bytes of " << good.size());
        const std::string error = error_of([&] { parse_npy(bytes_of(good.substr(0, size))); });
        CHECK(contains(error, size < 10 ? "is too short for a .npy file"
                              : size < good.size() - 24
                                  ? "bytes does not fit a file of"
                                  : "shape [2, 3] of '<f4' takes 24 bytes, but there are"));
    }
    CHECK(contains(error_of([&] { parse_npy(bytes_of(good + "x")); }), "takes 24 bytes, but there are 25"));
    CHECK(contains(error_of([] { parse_npy(bytes_of("a poem of some length")); }),
                   "does not begin as a .npy file does"));
    CHECK(contains(error_of([] { parse_npy(bytes_of("PK\x03\x04 and more")); }), "is an archive, as .npz"));
    for (const int version : {0, 4, 200}) {
        const std::string file = npy_file(header("'<f4'", "False", "(6,)"), std::string(24, '\0'), version);
        CHECK(
            contains(error_of([&] { parse_npy(bytes_of(file)); }), "of version " + std::to_string(version)));
    }
    std::string minor = good;
    minor[7] = 1;
    CHECK(
        contains(error_of([&] { parse_npy(bytes_of(minor)); }), "of version 1.1; versions 1.0, 2.0 and 3.0"));
    std::string huge = npy_file(header("'<f4'", "False", "(6,)"), std::string(24, '\0'), 2);
    huge.replace(8, 4, "\xff\xff\xff\xff");
    CHECK(
        contains(error_of([&] { parse_npy(bytes_of(huge)); }), "a header of 4294967295 bytes does not fit"));
    const std::string longer = npy_file(std::string(70000, ' '), "", 2);
    CHECK(contains(error_of([&] { parse_npy(bytes_of(longer)); }), "longer than any of an array of numbers"));
}

TEST_CASE("what arrays of numbers are not") {
    const auto error = [](const std::string& descr) {
        return error_of_header(header(descr, "False", "(6,)"));
    };
    CHECK(contains(error("'>f4'"), "memory: is big-endian ('>f4'); only '<f2', '<f4' and '<f8' are read"));
    CHECK(contains(error("'|O'"), "holds objects of Python ('|O'), which are not read"));
    CHECK(contains(error("'O'"), "holds objects of Python"));
    CHECK(contains(error("[('a', '<f4')]"), "holds structures"));
    for (const char* const descr : {"'<i8'", "'<c8'", "'<f16'", "'|b1'", "'=f4'", "'f4'", "''", "'\u202e'"})
        CHECK(contains(error(descr), "has the dtype '"));
}

TEST_CASE("malformed headers") {
    const std::string wrong = "its header is wrong: ";
    CHECK(contains(error_of_header(""), wrong + "'{' is expected at byte"));
    CHECK(contains(error_of_header("{}"), wrong + "the key 'descr' is missing"));
    CHECK(contains(error_of_header("{'descr': '<f4', 'shape': (6,)}"), "the key 'fortran_order' is missing"));
    CHECK(contains(error_of_header("{'descr': '<f4', 'descr': '<f4'}"), "the key 'descr' is there twice"));
    CHECK(contains(error_of_header("{'desc\\x72': '<f4'}"), "is not one of the format"));
    CHECK(contains(error_of_header("{'a\u202e\n': 1}"), R"(the key 'a\u202e\x0a' is not one of the format)"));
    CHECK(contains(error_of_header(header("<f4", "False", "(6,)")), "a string is expected at byte"));
    CHECK(contains(error_of_header("{'descr"), "a string is expected"));
    for (const char* const flag : {"0", "false", "'True'", ""})
        CHECK(contains(error_of_header(header("'<f4'", flag, "(6,)")), "is neither True nor False"));
    CHECK(contains(error_of_header(header("'<f4'", "False", "(6)")),
                   "'shape' is no tuple: a comma is missing"));
    for (const char* const shape : {"(-6,)", "(6L,)", "(6.0,)", "(1, , 6)", "(1 6)", "(,)",
                                    "(99999999999999999999,)", "('6',)", "(6,", "(0x6,)", "(+6,)"}) {
        INFO(shape);
        CHECK(contains(error_of_header(header("'<f4'", "False", shape)),
                       "'shape' is no tuple of natural numbers"));
    }
    CHECK(contains(error_of_header(header("'<f4'", "False", "[6]")), "'(' is expected"));
    CHECK(contains(error_of_header(header("'<f4'", "False", "(6,)") + "{}"), "something follows"));
    CHECK(contains(error_of_header(header("'<f4'", "FalseTrue", "(6,)")), "',' is expected"));
    CHECK(contains(error_of_header(header("'<f4'", "False", "(4294967296, 4294967296, 4294967296)")),
                   "takes more than 2^64 bytes"));
    CHECK(contains(error_of_header(header("'<f4'", "True", "(0, 4294967296, 4294967296)")), "takes 0 bytes"));
    for (const char* const order : {"False", "True"}) {
        const auto none =
            parse_npy(bytes_of(npy_file(header("'<f4'", order, "(0, 4294967296, 4294967296)"), "")));
        CHECK(none.values.size() == 0);
    }
}

TEST_CASE("files that cannot be read, and values that do not fit") {
    const scratch_directory directory;
    CHECK(error_of([&] { load_npy(directory / "absent.npy"); }) ==
          "cesaro::open_npy: " + (directory / "absent.npy").string() +
              ": cannot be opened: No such file or directory");
    CHECK(contains(error_of([&] { load_npy(directory.path()); }), "is a directory"));
    const std::string large = npy_file(header("'<f8'", "False", "(1,)"),
                                       little_endian_bytes(std::bit_cast<std::uint64_t>(1e300), 8));
    CHECK(contains(error_of([&] { parse_npy<float>(bytes_of(large)); }),
                   "holds a value that is finite as F64"));
    CHECK(parse_npy<double>(bytes_of(large)).values[0] == 1e300);
    const auto path =
        write_file(directory / "sparse.npy",
                   npy_file(header("'<f2'", "False", "(1, " + std::to_string(1LL << 41) + ")"), ""));
    std::error_code error;
    std::filesystem::resize_file(path, std::filesystem::file_size(path) + (std::uintmax_t(1) << 42), error);
    if (!error) {  // not every file system has room for the hole
        CHECK_THROWS_AS(load_npy(path), std::length_error);
        CHECK_THROWS_AS(open_npy(path).slice(0), std::length_error);
    }
}
