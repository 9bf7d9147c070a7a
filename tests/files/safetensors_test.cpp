// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "files/files.hpp"
#include "scalars.hpp"

#include <cesaro/files/safetensors.hpp>

#include <cmath>
#include <limits>

using cesaro::load_safetensors;
using cesaro::parse_safetensors;
using cesaro::save_safetensors;
using cesaro::tensor;
using cesaro::tensor_map;
using namespace cesaro_test;
using namespace std::string_literals;

namespace {

/// What the parser says of a file with this header and as many bytes of data.
std::string error_of_header(std::string_view header, std::size_t data = 0) {
    const std::string file = safetensors_file(header, std::string(data, '\0'));
    return error_of([&] { parse_safetensors(bytes_of(file)); });
}

std::string member(const std::string& name, const std::string& type, const std::string& shape,
                   const std::string& offsets) {
    return "\"" + name + R"(":{"dtype":)" + type + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets +
           "}";
}

const std::string two_floats = member("a", R"("F32")", "[2]", "[0,8]");

}  // namespace

TEST_CASE("bytes written by hand: every dtype, row-major, any order of members") {
    const std::string header =
        "{" + member("matrix", R"("F32")", "[2,3]", "[6,30]") +
        R"(,"__metadata__":{"format":"pt","shape":"x"},)" + member("half", R"("F16")", "[3]", "[0,6]") + "," +
        member("brain", R"("BF16")", "[1,2]", "[30,34]") + "," +
        member("mask", R"("BOOL")", "[3]", "[34,37]") + "," + member("double", R"("F64")", "[]", "[37,45]") +
        "," + member("none", R"("F32")", "[0,5]", "[45,45]") + "}   ";
    const std::string data =
        "\x00\x3c\x01\x00\x00\xfc"s                          // 1, 2^-24, -inf
        "\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40"s  // 1 2 3
        "\x00\x00\x80\xc0\x00\x00\xa0\x40\x01\x00\x00\x00"s  // -4 5 2^-149
        "\x80\x3f\x49\xc0"s                                  // 1, -3.140625
        "\x01\x00\x01"s                                      //
        "\x18\x2d\x44\x54\xfb\x21\x09\x40"s;                 // pi
    const std::string file = safetensors_file(header, data);
    const auto wanted = [](const std::string& name) { return name != "mask"; };
    const auto tensors = parse_safetensors<double>(bytes_of(file), wanted);
    REQUIRE(tensors.size() == 5);
    CHECK(tensors.at("half").values ==
          Eigen::Vector3d(1, std::ldexp(1.0, -24), -std::numeric_limits<double>::infinity()));
    CHECK(tensors.at("matrix").shape == std::vector<Eigen::Index>{2, 3});
    CHECK(tensors.at("matrix").values ==
          (Eigen::VectorXd(6) << 1, 2, 3, -4, 5, std::ldexp(1.0, -149)).finished());
    CHECK(tensors.at("brain").values == Eigen::Vector2d(1, -3.140625));
    CHECK(tensors.at("double").shape.empty());
    CHECK(tensors.at("double").values[0] == 3.141592653589793);
    CHECK(tensors.at("none").shape == std::vector<Eigen::Index>{0, 5});
    CHECK(tensors.at("none").values.size() == 0);
    CHECK(parse_safetensors<float>(bytes_of(file), wanted).at("double").values[0] == 3.14159274f);
    CHECK(parse_safetensors<float50>(bytes_of(file), wanted).at("matrix").values[5] == pow(float50(2), -149));
    CHECK(contains(error_of([&] { parse_safetensors(bytes_of(file)); }), "tensor 'mask' has the dtype BOOL"));
}

TEST_CASE("every F16 and BF16 is converted exactly") {
    // The value from sign, exponent and fraction, as IEEE 754 defines it.
    const auto value = [](unsigned bits, int fraction_bits, int bias, int largest_exponent) {
        const unsigned fraction = bits & ((1u << fraction_bits) - 1);
        const int exponent = int(bits >> fraction_bits) & largest_exponent;
        const double sign = (bits >> 15) != 0 ? -1 : 1;
        if (exponent == largest_exponent) {
            return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                                 : std::numeric_limits<double>::quiet_NaN();
        }
        const double significand = fraction + (exponent == 0 ? 0.0 : double(1u << fraction_bits));
        return sign * std::ldexp(significand, (exponent == 0 ? 1 : exponent) - bias - fraction_bits);
    };
    std::string data;
    for (unsigned bits = 0; bits < 65536; ++bits) {
        data += static_cast<char>(bits & 0xff);
        data += static_cast<char>(bits >> 8);
    }
    const auto parse = [&](const std::string& type) {
        const std::string header = "{" + member("a", '"' + type + '"', "[65536]", "[0,131072]") + "}";
        return parse_safetensors<double>(bytes_of(safetensors_file(header, data))).at("a").values;
    };
    const Eigen::VectorXd half = parse("F16");
    const Eigen::VectorXd brain = parse("BF16");
    int wrong = 0;
    for (unsigned bits = 0; bits < 65536; ++bits) {
        const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
        wrong += !same(half[bits], value(bits, 10, 15, 31));
        wrong += !same(brain[bits], value(bits, 7, 127, 255));
    }
    CHECK(wrong == 0);
}

TEST_CASE("corrupt lengths and truncated files") {
    const std::string good = safetensors_file("{" + two_floats + "}", std::string(8, '\0'));
    CHECK(parse_safetensors(bytes_of(good)).at("a").values == Eigen::Vector2f(0, 0));
    for (std::size_t size = 0; size < good.size(); ++size) {
        INFO(size << " bytes of " << good.size());
        const std::string error = error_of([&] { parse_safetensors(bytes_of(good.substr(0, size))); });
        CHECK(contains(error, size < 8                 ? "is too short"
                              : size < good.size() - 8 ? "does not fit a file of"
                                                       : "tensor 'a' ends at data offset 8"));
    }
    CHECK(contains(error_of([] { parse_safetensors({}); }), "too short"));
    CHECK(contains(error_of([&] { parse_safetensors(bytes_of(good.substr(0, good.size() - 1))); }),
                   "tensor 'a' ends at data offset 8, but there are only 7 bytes"));
    CHECK(contains(error_of([&] { parse_safetensors(bytes_of(good + "x")); }),
                   "1 bytes of data belong to no tensor"));
    for (const char last : {'\x7f', '\xff'}) {  // lengths near 2^63 and 2^64
        std::string huge = good;
        huge.replace(0, 8, "\xff\xff\xff\xff\xff\xff\xff"s + last);
        CHECK(contains(error_of([&] { parse_safetensors(bytes_of(huge)); }), "does not fit a file of"));
    }
    const std::string long_header = safetensors_file(std::string(100'000'001, ' '), "");
    CHECK(contains(error_of([&] { parse_safetensors(bytes_of(long_header)); }), "limit of 100 MB"));
}

TEST_CASE("malformed headers") {
    for (const std::string header :
         {"", "x", "[]", "  {}", "{", "{}}", "{\"a\":1,}", "{\"a\" 1}", "\xef\xbb\xbf{}", "{\"\xff\":1}",
          "{\"a\":\"\\ud800\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\n\"}", "nul", "{\"a\":nul}",
          "{\"a\":{\"dtype\":F32}}"}) {
        INFO("header " << header);
        CHECK_THROWS_AS(parse_safetensors(bytes_of(safetensors_file(header, ""))), std::runtime_error);
    }
    CHECK(parse_safetensors(bytes_of(safetensors_file("{}", ""))).empty());
    std::string deep = "{\"a\":" + std::string(100'000, '[');
    CHECK(contains(error_of_header(deep), "nests deeper than 64"));
    // A byte order mark must not hide the nesting: the parser skips it together with the quote after it.
    CHECK(contains(error_of_header("\xef\"x" + deep), "not a JSON object"));
    std::string wide = "{\"a\":[0";
    for (int i = 0; i < (1 << 20); ++i)
        wide += ",0";
    CHECK(contains(error_of_header(wide + "]}"), "more than 2^20 values"));
}

TEST_CASE("members that are wrong in themselves name the tensor") {
    const auto error = [](const std::string& type, const std::string& shape, const std::string& offsets) {
        return error_of_header("{" + member("layer\\n.x", type, shape, offsets) + "}", 8);
    };
    const std::string f32 = R"("F32")";
    const std::string name = R"(tensor 'layer\x0a.x' )";  // one line, whatever the name
    CHECK(contains(error(R"("F31")", "[2]", "[0,8]"), name + "has the unknown dtype 'F31'"));
    CHECK(contains(error("null", "[2]", "[0,8]"), name + "has the unknown dtype"));
    CHECK(contains(error("{}", "[2]", "[0,8]"), name + "has the unknown dtype"));
    for (const char* const shape :
         {"[-2]", "[2.0]", "[2e0]", "[1,[2]]", "{\"x\":2}", "2", "[9223372036854775808]", "[1e400]", "[true]",
          "[null]", "[\" 2\"]", "[\"\"]"}) {
        INFO(shape);
        CHECK(contains(error(f32, shape, "[0,8]"), name + "has a shape that is not a list"));
    }
    for (const char* const offsets : {"[-8,0]", "[0,8.5]", "8", "[0,18446744073709551616]"}) {
        INFO(offsets);
        CHECK(contains(error(f32, "[2]", offsets), name + "has a data_offsets that is not a list"));
    }
    CHECK(contains(error(f32, "[2]", "[0,4,8]"), name + "has data_offsets that are not two numbers"));
    CHECK(contains(error(f32, "[2]", "[]"), name + "has data_offsets that are not two numbers"));
    for (const char* const shape : {"[1]", "[3]", "[]", "[0]", "[2,2]"}) {
        INFO(shape);
        CHECK(contains(error(f32, shape, "[0,8]"), name + "of type F32 and shape"));
    }
    CHECK(contains(error(f32, "[2]", "[8,0]"), name + "of type F32 and shape"));
    CHECK(
        contains(error(f32, "[4294967296,4294967298]", "[0,8]"), name + "has a shape whose size overflows"));
    CHECK(
        contains(error(f32, "[4611686018427387906]", "[0,8]"), name + "of type F32"));  // 4 n overflows to 8
    CHECK(contains(error(f32, "[1152921504606846976]", "[0,4611686018427387904]"), "bytes of data"));
    CHECK(contains(error_of_header(R"({"a":{"dtype":"F32","shape":[2]}})", 8),
                   "tensor 'a' lacks the key data_offsets"));
    CHECK(contains(
        error_of_header(R"({"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}})", 8),
        "key 'dtype' is there twice in 'a'"));
    CHECK(contains(error_of_header(R"({"a":7})", 8), "tensor 'a' lacks the key dtype"));
    CHECK(error_of_header("{\"" + std::string(1'000'000, 'a') + "\":7}").size() < 400);
}

TEST_CASE("what the format's own reader refuses is refused") {
    const auto error = [](const std::string& type, const std::string& shape, const std::string& offsets) {
        return error_of_header("{" + member("a", type, shape, offsets) + "}", 8);
    };
    CHECK(contains(error(R"("F32")", R"(["2"])", "[0,8]"), "tensor 'a' has a shape that is not a list"));
    CHECK(contains(error(R"("F32")", R"("2")", "[0,8]"), "tensor 'a' has a shape that is not a list"));
    CHECK(contains(error(R"("F32")", R"({"":2})", "[0,8]"), "tensor 'a' has a shape that is not a list"));
    CHECK(contains(error(R"("F32")", "[2]", R"([0,"8"])"), "has a data_offsets that is not a list"));
    CHECK(contains(error(R"("F32")", "[2]", R"({"":0,"x":8})"), "has a data_offsets that is not a list"));
    CHECK(contains(error(R"(["F32"])", "[2]", "[0,8]"), "has the unknown dtype '[...]'"));
    for (const char* const good : {"{}", "null", R"({"a":"1","":"x"})"}) {
        INFO(good);
        CHECK(error_of_header(R"({"__metadata__":)"s + good + "}") == "nothing was thrown");
    }
    for (const char* const bad :
         {"1", "\"text\"", "true", R"(["text"])", R"({"a":1})", R"({"a":null})", R"({"a":{"b":"c"}})"}) {
        INFO(bad);
        CHECK(contains(error_of_header(R"({"__metadata__":)"s + bad + "}"),
                       "__metadata__ is not an object of strings"));
    }
}

TEST_CASE("types that are not read are passed over with their sizes checked") {
    const auto none = [](const std::string&) { return false; };
    const auto parse = [&](const std::string& type, int elements, int bytes) {
        const std::string file =
            safetensors_file("{" +
                                 member("a", '"' + type + '"', "[" + std::to_string(elements) + "]",
                                        "[0," + std::to_string(bytes) + "]") +
                                 "}",
                             std::string(std::size_t(bytes), '\0'));
        CHECK(contains(error_of([&] { parse_safetensors(bytes_of(file)); }), "tensor 'a' "));
        return error_of([&] { parse_safetensors(bytes_of(file), none); });
    };
    const std::map<std::string, int> bits = {
        {"BOOL", 8},    {"U8", 8},          {"I8", 8},         {"U16", 16},    {"I16", 16},
        {"U32", 32},    {"I32", 32},        {"U64", 64},       {"I64", 64},    {"C64", 64},
        {"F4", 4},      {"F6_E2M3", 6},     {"F6_E3M2", 6},    {"F8_E4M3", 8}, {"F8_E5M2", 8},
        {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}};
    for (const auto& [type, size] : bits) {
        INFO(type);
        CHECK(parse(type, 8, size) == "nothing was thrown");
        CHECK(contains(parse(type, 8, size + 1), "does not fit its data_offsets"));
        CHECK(contains(parse(type, 7, size), "does not fit its data_offsets"));
    }
    CHECK(parse("F6_E2M3", 4, 3) == "nothing was thrown");
    for (const int bytes : {3, 4})  // 30 bits end within a byte
        CHECK(contains(parse("F6_E2M3", 5, bytes), "does not fit"));
    for (const int bytes : {1, 2})
        CHECK(contains(parse("F4", 3, bytes), "does not fit"));
}

TEST_CASE("members that do not fit each other name the tensor") {
    const auto error = [](const std::string& first, const std::string& second) {
        const std::string f32 = R"("F32")";
        return error_of_header(
            "{" + member("a", f32, "[1]", first) + "," + member("b", f32, "[1]", second) + "}", 8);
    };
    CHECK(error("[4,8]", "[0,4]") == "nothing was thrown");
    CHECK(contains(error("[0,4]", "[2,6]"), "tensor 'b' overlaps another at data offset 2"));
    CHECK(contains(error("[0,4]", "[0,4]"), "overlaps another at data offset 0"));
    CHECK(contains(error("[0,4]", "[6,10]"), "tensor 'b' leaves a gap before it at data offset 6"));
    CHECK(contains(error("[4,8]", "[8,12]"), "tensor 'a' leaves a gap before it at data offset 4"));
    CHECK(contains(error("[0,4]", "[9223372036854775803,9223372036854775807]"), "tensor 'b' leaves a gap"));
    CHECK(contains(error_of_header("{" + two_floats + "," + two_floats + "}", 8), "key 'a' is there twice"));
    CHECK(contains(error_of_header("{" + two_floats + "," + member("b", R"("F32")", "[0]", "[4,4]") + "}", 8),
                   "tensor 'b' overlaps another"));
}

TEST_CASE("an F64 beyond the scalar is an error, not infinity") {
    const std::string file = safetensors_file("{" + member("a", R"("F64")", "[1]", "[0,8]") + "}",
                                              "\xff\xff\xff\xff\xff\xff\xef\x7f"s);
    CHECK(parse_safetensors<double>(bytes_of(file)).at("a").values[0] == std::numeric_limits<double>::max());
    CHECK(contains(error_of([&] { parse_safetensors<float>(bytes_of(file)); }), "tensor 'a' holds a value"));
}

TEMPLATE_TEST_CASE("saved tensors are loaded again", "", float, double, float50) {
    using Real = TestType;
    const scratch_directory directory;
    auto engine = random_engine();
    std::normal_distribution<float> normal;
    tensor_map<Real> tensors;
    // One longer than the chunks of reading and writing, and awkward names.
    for (const auto& [name, shape] : std::map<std::string, std::vector<Eigen::Index>>{
             {"long", {3, 100'001}}, {"scalar", {}}, {"empty", {2, 0}}, {"\"quoted\\\x01 ü", {2, 3, 5}}}) {
        Eigen::Index size = 1;
        for (const Eigen::Index dimension : shape)
            size *= dimension;
        Eigen::VectorX<Real> values(size);
        for (Eigen::Index i = 0; i < size; ++i)
            values[i] = Real(normal(engine));
        tensors[name] = {shape, values};
    }
    const auto path = directory / "x.safetensors";
    save_safetensors(path, tensors);
    const auto loaded = load_safetensors<Real>(path);
    REQUIRE(loaded.size() == tensors.size());
    for (const auto& [name, t] : tensors) {
        CHECK(loaded.at(name).shape == t.shape);
        CHECK(loaded.at(name).values == t.values);
    }
    CHECK(directory.entries() == 1);
    const std::string file = read_file(path);
    CHECK((8 + static_cast<unsigned char>(file[0])) % 8 == 0);  // aligned data
}

TEST_CASE("the bytes that are saved") {
    const scratch_directory directory;
    const auto path = directory / "x.safetensors";
    save_safetensors<double>(
        path, {{"b", {{1, 2}, Eigen::Vector2d(1, -2.5)}}, {"a", {{1}, Eigen::VectorXd::Ones(1)}}});
    const std::string header =
        R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
        R"("b":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}})";
    const std::string padding((8 - header.size() % 8) % 8, ' ');
    CHECK(read_file(path) ==
          safetensors_file(header + padding, "\x00\x00\x80\x3f\x00\x00\x80\x3f\x00\x00\x20\xc0"s));
}

TEST_CASE("what cannot be saved leaves the old file and nothing else") {
    const scratch_directory directory;
    const auto path = directory / "x.safetensors";
    write_file(path, "old");
    const auto save = [&](const std::string& name, tensor<double> t) {
        save_safetensors<double>(path, {{"0", {{1}, Eigen::VectorXd::Ones(1)}}, {name, std::move(t)}});
    };
    CHECK_THROWS_AS(save("a", {{3}, Eigen::Vector2d(1, 2)}), std::invalid_argument);
    const Eigen::Index quarter =
        std::numeric_limits<Eigen::Index>::max() / 2 + 1;  // four overflow to 0 in 64 bits
    CHECK_THROWS_AS(save("a", {{quarter, 4}, {}}), std::invalid_argument);
    CHECK_THROWS_AS(save("a", {{-1, -2}, Eigen::Vector2d(1, 2)}), std::domain_error);
    CHECK_THROWS_AS(save("a", {{2}, Eigen::Vector2d(1, 1e39)}), std::domain_error);
    CHECK_THROWS_AS(save("__metadata__", {{1}, Eigen::VectorXd::Ones(1)}), std::runtime_error);
    CHECK_THROWS_AS(save("\xff", {{1}, Eigen::VectorXd::Ones(1)}), std::runtime_error);
    CHECK(read_file(path) == "old");
    CHECK(directory.entries() == 1);
    CHECK(contains(error_of([&] { save_safetensors<float>(directory.path(), {}); }), "is a directory"));
    CHECK(contains(error_of([&] { save_safetensors<float>(directory / "no/x", {}); }), "No such file"));
    CHECK(directory.entries() == 1);
}

TEST_CASE("a directory holds one file or an index of shards") {
    const scratch_directory directory;
    CHECK(
        contains(error_of([&] { load_safetensors(directory.path()); }), "has neither model.safetensors nor"));
    CHECK(contains(error_of([&] { load_safetensors(directory / "absent"); }),
                   "absent: cannot be opened: No such file"));
    const auto one = [](float value) { return tensor<float>{{1}, Eigen::VectorXf::Constant(1, value)}; };
    save_safetensors<float>(directory / "1.safetensors", {{"a", one(1)}, {"b", one(2)}, {"old", one(9)}});
    save_safetensors<float>(directory / "2.safetensors", {{"a", one(-1)}, {"c", one(3)}});
    const auto index = directory / "model.safetensors.index.json";
    write_file(index, R"({"metadata":{"total_size":12},"weight_map":{"a":"1.safetensors","b":"1.safetensors",
                          "c":"2.safetensors"}})");
    for (const auto& path : {directory.path(), index}) {
        const auto tensors = load_safetensors(path);
        REQUIRE(tensors.size() == 3);
        CHECK(tensors.at("a").values[0] == 1);
        CHECK(tensors.at("b").values[0] == 2);
        CHECK(tensors.at("c").values[0] == 3);
    }
    const auto only_c = [](const std::string& name) { return name == "c"; };
    CHECK(load_safetensors(index, only_c).size() == 1);

    const auto error = [&](const std::string& text) {
        write_file(index, text);
        return error_of([&] { load_safetensors(directory.path()); });
    };
    CHECK(contains(error(R"({"weight_map":{"a":"1.safetensors","d":"1.safetensors"}})"),
                   "tensor 'd' is missing from '1.safetensors'"));
    CHECK(contains(error(R"({"weight_map":{"a":"3.safetensors"}})"), "3.safetensors: cannot be opened"));
    for (const char* const file : {"../1.safetensors", "/etc/passwd", "..", ".", "", "x/y"}) {
        INFO(file);
        CHECK(contains(error(R"({"weight_map":{"a":")"s + file + "\"}}"), "tensor 'a' lies in"));
    }
    CHECK(contains(error(R"({"weight_map":{"a":["1.safetensors"]}})"), "tensor 'a' lies in"));
    CHECK(contains(error(R"({"weight_map":{"a":"1.safetensors","a":"2.safetensors"}})"),
                   "key 'a' is there twice in 'weight_map'"));
    CHECK(contains(error("{}"), "lacks the key 'weight_map'"));
    CHECK(contains(error(R"({"weight_map":{},"weight_map":{}})"), "key 'weight_map' is there twice"));
    CHECK(contains(error("{\"weight_map\":\n{,}}"), "line 2: invalid JSON"));
    CHECK(contains(error(R"({"weight_map":{"a":1}})"), "tensor 'a' lies in '1'"));
    CHECK(contains(error(R"({"weight_map":{"\u202e\u009b":"../\u001b"}})"),
                   R"(tensor '\u202e\u009b' lies in '"../\x1b"')"));
    CHECK(error("\xef\xbb\xbf{\"weight_map\":{\"a\":\"1.safetensors\"}}") == "nothing was thrown");

    save_safetensors<float>(directory / "model.safetensors", {{"a", one(7)}});
    CHECK(load_safetensors(directory.path()).at("a").values[0] == 7);  // goes before the index
    std::filesystem::remove(directory / "model.safetensors");
    std::filesystem::create_symlink("../blobs/7", directory / "model.safetensors");
    CHECK(error_of([&] { load_safetensors(directory.path()); }) ==
          "cesaro::load_safetensors: " + (directory / "model.safetensors").string() +
              ": is a link to '../blobs/7', which does not exist");
}

TEST_CASE("tensors larger than memory are refused before they are allocated") {
    const scratch_directory directory;
    const auto path = directory / "sparse.safetensors";
    const std::string size = std::to_string(std::uint64_t(1) << 42);
    const std::string elements = std::to_string(std::uint64_t(1) << 41);
    write_file(path, safetensors_file(
                         "{" + member("a", R"("BF16")", "[" + elements + "]", "[0," + size + "]") + "}", ""));
    std::error_code error;
    std::filesystem::resize_file(path, std::filesystem::file_size(path) + (std::uintmax_t(1) << 42), error);
    if (!error) {  // not every file system has room for the hole
        CHECK_THROWS_AS(load_safetensors(path), std::length_error);
        CHECK(load_safetensors(path, [](const std::string&) { return false; }).empty());
    }
}
