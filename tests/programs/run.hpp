// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// Runs the example programs as a shell would, each in a directory of its own, and reads what they print.
#include "../catch.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <sys/wait.h>

namespace cesaro_test {

struct finished {
    int status;
    std::string out;
    std::string err;
};

inline std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// An empty directory, removed with everything in it at the end of the test.
class scratch_directory {
  public:
    scratch_directory() {
        std::string name = (std::filesystem::temp_directory_path() / "cesaro-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
        path_ = name;
    }
    ~scratch_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;

    const std::filesystem::path& path() const { return path_; }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name) << text;
    }
    std::string read(const std::string& name) const { return read_file(path_ / name); }
    bool holds(const std::string& name) const { return std::filesystem::exists(path_ / name); }
    std::ptrdiff_t entries() const { return std::distance(std::filesystem::directory_iterator(path_), {}); }

    /// Runs `program arguments` here; `environment` goes before it, as in a shell.
    finished run(const std::string& program, const std::string& arguments,
                 const std::string& environment = "") const {
        const scratch_directory streams;
        const std::string out = (streams.path() / "out").string();
        const std::string err = (streams.path() / "err").string();
        const std::string command = "cd '" + path_.string() + "' && " + environment + " >'" + out + "' 2>'" +
                                    err + "' </dev/null '" CESARO_PROGRAMS "/" + program + "' " + arguments;
        INFO(command);
        const int status = std::system(command.c_str());
        REQUIRE(WIFEXITED(status));
        return {WEXITSTATUS(status), read_file(out), read_file(err)};
    }

  private:
    std::filesystem::path path_;
};

/// Runs a program that must succeed in silence; what it prints.
inline std::string output_of(const std::string& program, const std::string& arguments) {
    const finished result = scratch_directory().run(program, arguments);
    INFO(program << ' ' << arguments << '\n' << result.err);
    REQUIRE(result.status == 0);
    REQUIRE(result.err.empty());
    return result.out;
}

inline nlohmann::json json_of(const std::string& program, const std::string& arguments) {
    return nlohmann::json::parse(output_of(program, arguments + " --format json"));
}

/// docs/programs.md explains every key of a document, of its rows and of its summary.
inline void check_documented(const nlohmann::json& json) {
    static const std::string page = read_file(CESARO_DOCS "/programs.md");
    if (json.is_array() && !json.empty()) check_documented(json.front());
    if (!json.is_object()) return;
    for (const auto& [key, value] : json.items()) {
        INFO(key);
        CHECK(page.find("`" + key + "`") != std::string::npos);
        check_documented(value);
    }
}

/// No line of a text is wider than 120 characters.
inline void check_narrow(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(line.size() <= 120);
    }
}

/// The columns of a CSV by name, the header and the comments before it as they stand.
struct csv {
    std::vector<std::string> comments;
    std::string header;
    std::map<std::string, std::vector<double>> columns;

    explicit csv(const std::string& text) {
        std::istringstream lines(text);
        while (std::getline(lines, header) && header.starts_with('#'))
            comments.push_back(header);
        std::vector<std::string> names;
        std::istringstream words(header);
        for (std::string name; std::getline(words, name, ',');)
            names.push_back(name);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream cells(line);
            std::size_t j = 0;
            for (std::string cell; std::getline(cells, cell, ','); ++j)
                columns[names.at(j)].push_back(std::stod(cell));
            REQUIRE(j == names.size());
        }
    }
    const std::vector<double>& operator[](const std::string& name) const { return columns.at(name); }
};

/// Runs a program that must refuse: exit status 2, nothing printed, one line on standard error that holds all
/// of the words and names no function of the library, and no file left where it ran.
inline void check_refused(const std::string& program, const std::string& arguments,
                          const std::vector<std::string>& words, const scratch_directory& directory = {}) {
    const std::ptrdiff_t before = directory.entries();
    const finished result = directory.run(program, arguments);
    INFO(program << ' ' << arguments << '\n' << result.err);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    CHECK(result.err.find("cesaro::") == std::string::npos);
    for (const std::string& word : words)
        CHECK(result.err.find(word) != std::string::npos);
    CHECK(directory.entries() == before);
}

/// Every colour of a picture but white and that of its grid has contrast 3 or more against white, as WCAG 2
/// defines it.
inline void check_colours(const std::string& svg) {
    const auto linear = [](int byte) {
        const double c = byte / 255.;
        return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    const std::regex colour("rgb\\( *([0-9]+), *([0-9]+), *([0-9]+)\\)");
    int colours = 0;
    for (std::sregex_iterator match(svg.begin(), svg.end(), colour), end; match != end; ++match) {
        const int red = std::stoi((*match)[1]), green = std::stoi((*match)[2]), blue = std::stoi((*match)[3]);
        if (red == green && green == blue && red >= 228) continue;
        INFO(match->str());
        const double luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
        CHECK(1.05 / (luminance + 0.05) >= 3);
        ++colours;
    }
    CHECK(colours > 0);
}

}  // namespace cesaro_test
