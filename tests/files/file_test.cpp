// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "files/files.hpp"

#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/pending_file.hpp>
#include <cesaro/files/detail/printable.hpp>

#include <csignal>
#include <cstdlib>
#include <locale>

#if __has_include(<sys/wait.h>)
#include <sys/wait.h>
#endif

using cesaro::detail::file_context;
using cesaro::detail::pending_file;
using cesaro::detail::printable;
using namespace cesaro_test;
using namespace std::string_literals;
namespace fs = std::filesystem;

namespace {

std::string read_text(const fs::path& path, std::size_t most = 1000) {
    return cesaro::detail::read_text_file({"f", path.string()}, path, most);
}

std::string after_mark(const std::string& text) {
    return std::string(cesaro::detail::after_byte_order_mark({"f", "x"}, text));
}

void write_pending(const fs::path& path, const std::string& text) {
    pending_file file("f", path);
    file.stream() << text;
    file.commit();
}

}  // namespace

TEST_CASE("text is shown as it is unless a terminal would act on it") {
    for (const std::string text : {"", "plain \\ text", "größer", "層.0", "\xf0\x9f\x8d\x80", "ﬀ\u0301"}) {
        CHECK(printable(text) == text);
    }
    CHECK(printable("a\n\t\x1b[31m\x7f\0"s) == R"(a\x0a\x09\x1b[31m\x7f\x00)");
    CHECK(printable("\u0080\u009b31m") == R"(\u0080\u009b31m)");
    CHECK(printable("\u061c\u200b\u200f\u2028\u202a\u202e\u2066\u2069\ufeff\u00ad") ==
          R"(\u061c\u200b\u200f\u2028\u202a\u202e\u2066\u2069\ufeff\u00ad)");
    CHECK(printable("\U000e0041") == R"(\U000e0041)");
    // No UTF-8: stray, overlong, surrogate, beyond the last character, cut.
    CHECK(printable("\x9b\xc0\xaf\xff") == R"(\x9b\xc0\xaf\xff)");
    CHECK(printable("\xed\xa0\x80") == R"(\ud800)");
    CHECK(printable("\xf4\x90\x80\x80") == R"(\U00110000)");
    CHECK(printable("\xe5\xb1") == R"(\xe5\xb1)");
    CHECK(printable("\xc3(") == R"(\xc3()");
    CHECK(printable(std::string(200, 'x')) == std::string(200, 'x'));
    CHECK(printable(std::string(201, 'x')) == std::string(200, 'x') + "...");
    CHECK(printable(std::string(199, 'x') + "層y") == std::string(199, 'x') + "層...");
}

TEST_CASE("messages name the function, if any, and the file on one line") {
    CHECK(file_context{"f", "a\nb"}.message("is bad") == "cesaro::f: a\\x0ab: is bad");
    CHECK(file_context{"", "a\u202eb"}.message("is bad") == "a\\u202eb: is bad");
}

TEST_CASE("a text file is read whole or not at all") {
    const scratch_directory directory;
    const std::string bytes = std::string(100'000, 'x') + "\r\n\0\xff"s;
    CHECK(read_text(write_file(directory / "long", bytes), bytes.size()) == bytes);
    CHECK(contains(error_of([&] { read_text(directory / "long", bytes.size() - 1); }),
                   "long: holds more than 100003 bytes"));
    CHECK(contains(error_of([&] { read_text(directory.path()); }), "is a directory"));
    CHECK(contains(error_of([&] { read_text(directory / "absent"); }), "absent: cannot be opened: No such"));
    fs::create_symlink("nowhere\x1b", directory / "link");
    CHECK(contains(error_of([&] { read_text(directory / "link"); }),
                   R"(link: is a link to 'nowhere\x1b', which does not exist)"));
    fs::create_symlink("circle", directory / "circle");
    CHECK(contains(error_of([&] { read_text(directory / "circle"); }), "cannot be opened: Too many levels"));
    if (fs::exists("/dev/zero"))
        CHECK(contains(error_of([] { read_text("/dev/zero"); }), "/dev/zero: holds more than 1000 bytes"));
    if (fs::exists("/proc/self/mem"))  // its first page is no memory: an error is not the end
        CHECK(contains(error_of([] { read_text("/proc/self/mem"); }), "cannot be read: Input/output error"));
}

TEST_CASE("a byte order mark is read over, and that of another encoding named") {
    CHECK(after_mark("\xef\xbb\xbftext") == "text");
    CHECK(after_mark("text\xef\xbb\xbf") == "text\xef\xbb\xbf");
    CHECK(after_mark("\xef\xbb") == "\xef\xbb");
    CHECK(after_mark("") == "");
    for (const std::string& mark : {"\xff\xfe"s, "\xfe\xff"s, "\xff\xfe\0\0"s, "\0\0\xfe\xff"s}) {
        CHECK(error_of([&] { after_mark(mark + "t"); }) ==
              "cesaro::f: x: starts with the byte order mark of UTF-16 or UTF-32; only UTF-8 is read");
    }
}

TEST_CASE("a pending file appears when it is committed, and nothing else is left") {
    const scratch_directory directory;
    const fs::path path = directory / "file";
    {
        pending_file file("f", path);
        CHECK(directory.entries() == 0);
        CHECK(file.temporary().parent_path() == directory.path());
        CHECK(file.temporary().extension() == ".partial");
        file.stream() << "ne";
        file.stream() << "w";
        CHECK(!fs::exists(path));
        CHECK(directory.entries() == 1);
        file.commit();
        CHECK(read_file(path) == "new");
    }
    CHECK(directory.entries() == 1);
    {
        pending_file file("f", path);
        file.stream() << "newer";
    }
    CHECK(read_file(path) == "new");
    CHECK(directory.entries() == 1);
    {
        pending_file file("f", path);  // as a program of others writes it, by its name
        write_file(file.temporary(), "newer");
        file.commit();
    }
    CHECK(read_file(path) == "newer");
    CHECK(directory.entries() == 1);
    write_pending(directory / std::string(255, 'x'), "long name");
    CHECK(directory.entries() == 2);
}

TEST_CASE("links and permissions stay") {
    const scratch_directory directory;
    fs::create_directory(directory / "elsewhere");
    write_file(directory / "elsewhere" / "file", "old");
    fs::permissions(directory / "elsewhere" / "file", fs::perms(0640));
    fs::create_symlink("elsewhere/file", directory / "first");
    fs::create_symlink(directory / "first", directory / "second");
    {
        pending_file file("f", directory / "second");
        file.stream() << "new";
        CHECK(fs::status(file.temporary()).permissions() == fs::perms(0640));  // before anyone can read it
        file.commit();
    }
    CHECK(fs::is_symlink(directory / "first"));
    CHECK(fs::is_symlink(directory / "second"));
    CHECK(read_file(directory / "elsewhere" / "file") == "new");
    CHECK(fs::status(directory / "elsewhere" / "file").permissions() == fs::perms(0640));
    fs::create_symlink("not yet", directory / "third");
    write_pending(directory / "third", "made");
    CHECK(fs::is_symlink(directory / "third"));
    CHECK(read_file(directory / "not yet") == "made");
    CHECK(directory.entries() == 5);
}

TEST_CASE("what cannot be written is said at once") {
    const scratch_directory directory;
    const auto error = [](const fs::path& path) { return error_of([&] { pending_file("f", path); }); };
    CHECK(contains(error(directory.path()), ": is a directory"));
    CHECK(contains(error(""), ": is no name of a file"));
    CHECK(contains(error(directory / "no/x"), "no/x: cannot be written: No such file"));
    write_file(directory / "file", "old");
    CHECK(contains(error(directory / "file/x"), "file/x: cannot be written: Not a directory"));
    fs::create_symlink("circle", directory / "circle");
    CHECK(contains(error(directory / "circle"), "cannot be written: Too many levels"));
    fs::permissions(directory / "file", fs::perms(0400));
    if (!std::ofstream(directory / "file", std::ios::app))  // the superuser may
        CHECK(contains(error(directory / "file"), "file: cannot be written: Permission denied"));
    CHECK(directory.entries() == 2);
    // A directory that takes the place meanwhile.
    {
        pending_file file("f", directory / "x");
        file.stream() << "text";
        fs::create_directory(directory / "x");
        CHECK(contains(error_of([&] { file.commit(); }), "x: cannot be written: Is a directory"));
    }
    CHECK(directory.entries() == 3);
}

TEST_CASE("devices are written in place") {
    if (!fs::exists("/dev/full")) return;
    write_pending("/dev/null", "text");
    CHECK(fs::is_character_file("/dev/null"));
    CHECK(contains(error_of([] { write_pending("/dev/full", "text"); }),
                   "/dev/full: cannot be written: No space left on device"));
}

TEST_CASE("numbers are written free of the global locale") {
    struct grouping : std::numpunct<char> {
        char do_thousands_sep() const override { return '.'; }
        std::string do_grouping() const override { return "\3"; }
    };
    const scratch_directory directory;
    const std::locale old = std::locale::global(std::locale(std::locale::classic(), new grouping));
    pending_file file("f", directory / "file");
    file.stream() << 1234567;
    file.commit();
    std::locale::global(old);
    CHECK(read_file(directory / "file") == "1234567");
}

#if __has_include(<sys/wait.h>)
TEST_CASE("an interrupt leaves no unfinished file when its handler removes them") {
    const scratch_directory directory;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGTERM, [](int) {
            cesaro::detail::remove_unfinished_files();
            std::_Exit(0);
        });
        pending_file first("f", directory / "first");
        pending_file second("f", directory / "second");
        first.stream() << "text" << std::flush;
        second.stream() << "text" << std::flush;
        second.commit();
        std::raise(SIGTERM);
        std::_Exit(1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(directory.entries() == 1);
    CHECK(read_file(directory / "second") == "text");
}
#endif
