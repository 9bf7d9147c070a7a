// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "files/files.hpp"

#include <cesaro/files/token_ids.hpp>

using cesaro::parse_prompts;
using cesaro::parse_token_ids;
using cesaro::read_prompts;
using cesaro::read_token_ids;
using namespace cesaro_test;
using ids = std::vector<Eigen::Index>;

TEST_CASE("token ids apart by any blanks") {
    CHECK(parse_token_ids("0", 1) == ids{0});
    CHECK(parse_token_ids(" 15496\t11\r\n995\n\n 0  ", 50257) == ids{15496, 11, 995, 0});
    CHECK(parse_token_ids("50256", 50257) == ids{50256});
    CHECK(parse_token_ids("0050", 51) == ids{50});
    CHECK(parse_token_ids("\xef\xbb\xbf"
                          "7 8",
                          9) == ids{7, 8});  // a byte order mark
}

TEST_CASE("anything else is an error that names the line") {
    const auto error = [](const std::string& text) {
        return error_of([&] { parse_token_ids(text, 50257, "ids.txt"); });
    };
    CHECK(error("1 2\n3 x4\n") ==
          "cesaro::parse_token_ids: ids.txt: line 2: 'x4' is not a token id (a natural number)");
    CHECK(error("1\n\n50257") ==
          "cesaro::parse_token_ids: ids.txt: line 3: '50257' is outside the vocabulary of 50257 tokens");
    for (const char* const word : {"-1", "-0", "+1", "1.0", "1e3", "1,2", "0x1", "[1]", "nan", "1\x01"}) {
        INFO(word);
        CHECK(contains(error(word), "line 1: '"));
        CHECK(contains(error(word), "is not a token id"));
    }
    for (const char* const word : {"9223372036854775808", "99999999999999999999999999"}) {
        CHECK(contains(error(word), "is outside the vocabulary"));
    }
    CHECK(contains(error(""), "ids.txt: holds no token id"));
    CHECK(contains(error(" \n\t"), "ids.txt: holds no token id"));
    CHECK(contains(error(std::string("1\0", 2)), "is not a token id"));
    CHECK(contains(error("\xff\xfe"
                         "1"),
                   "byte order mark of UTF-16"));
    CHECK(contains(error("1\u202e"), R"(line 1: '1\u202e' is not)"));
    CHECK(error(std::string(1'000'000, 'x')).size() < 400);
    CHECK_THROWS_AS(parse_token_ids("0", 0), std::domain_error);
}

TEST_CASE("token ids from a file") {
    const scratch_directory directory;
    const auto path = write_file(directory / "ids.txt", "1 2\n3\n");
    CHECK(read_token_ids(path, 4) == ids{1, 2, 3});
    CHECK(contains(error_of([&] { read_token_ids(path, 3); }), "ids.txt: line 2: '3' is outside"));
    CHECK(contains(error_of([&] { read_token_ids(path, 3); }), "cesaro::read_token_ids: "));
    CHECK(contains(error_of([&] { read_token_ids(directory / "absent", 3); }), "No such file"));
    CHECK(contains(error_of([&] { read_token_ids(directory.path(), 3); }), "is a directory"));
}

TEST_CASE("prompts are lines of ids, apart by blanks or commas, in brackets or not") {
    using prompts = std::vector<ids>;
    CHECK(parse_prompts("1 2\n3\n", 4) == prompts{{1, 2}, {3}});
    CHECK(parse_prompts("[1, 2]\r\n\n \t\n 3,2 ,1 \n[0]", 4) == prompts{{1, 2}, {3, 2, 1}, {0}});
    CHECK(parse_prompts("\xef\xbb\xbf[1]", 4) == prompts{{1}});
    const auto error = [](const std::string& text) {
        return error_of([&] { parse_prompts(text, 4, "p.txt"); });
    };
    CHECK(error("1\n2 x\n") ==
          "cesaro::parse_prompts: p.txt: line 2: 'x' is not a token id (a natural number)");
    CHECK(contains(error("1\n\n[4]"), "line 3: '4' is outside the vocabulary of 4 tokens"));
    CHECK(contains(error("[1, 2\n3]"), "line 1: the list of token ids does not end on its line"));
    CHECK(contains(error("1\n[ ]"), "line 2: a prompt without token ids"));
    CHECK(contains(error("1\n["), "line 2: the list"));
    CHECK(contains(error("1\n,"), "line 2: a prompt without token ids"));
    CHECK(contains(error("[[1]]"), "'[1]' is not a token id"));
    CHECK(contains(error("[1] [2]"), "'1]' is not a token id"));
    CHECK(contains(error("-1"), "'-1' is not"));
    CHECK(contains(error("\n\n"), "holds no token id"));
    const scratch_directory directory;
    CHECK(read_prompts(write_file(directory / "p.txt", "1 2\n3\n"), 4) == prompts{{1, 2}, {3}});
    CHECK(contains(error_of([&] { read_prompts(directory / "absent", 3); }), "cesaro::read_prompts: "));
}
