// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// Runs the example programs as a shell would, each in a directory of its own, and reads what they print.
#include "../catch.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
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
        const std::string command = "cd '" + path_.string() + "' && " + environment +
                                    " '" CESARO_PROGRAMS "/" + program + "' " + arguments + " >'" + out +
                                    "' 2>'" + err + "' </dev/null";
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

/// The columns of a CSV by name, and the header as it stands.
struct csv {
    std::string header;
    std::map<std::string, std::vector<double>> columns;

    explicit csv(const std::string& text) {
        std::istringstream lines(text);
        std::getline(lines, header);
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
/// of the words, and no file left where it ran.
inline void check_refused(const std::string& program, const std::string& arguments,
                          const std::vector<std::string>& words, const scratch_directory& directory = {}) {
    const std::ptrdiff_t before = directory.entries();
    const finished result = directory.run(program, arguments);
    INFO(program << ' ' << arguments << '\n' << result.err);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    for (const std::string& word : words)
        CHECK(result.err.find(word) != std::string::npos);
    CHECK(directory.entries() == before);
}

}  // namespace cesaro_test
