// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "run.hpp"

#include <Eigen/Dense>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>

using namespace cesaro_test;

namespace {

const std::string program = "influence_profile";

/// The last row by what a layer does, as a dense product: nothing of the library.
Eigen::VectorXd dense_row(Eigen::Index tokens, const std::vector<double>& alphas) {
    Eigen::MatrixXd average = Eigen::MatrixXd::Zero(tokens, tokens);
    for (Eigen::Index n = 0; n < tokens; ++n)
        average.row(n).head(n + 1).setConstant(1. / double(n + 1));
    Eigen::RowVectorXd row = Eigen::RowVectorXd::Unit(tokens, tokens - 1);
    for (const double alpha : alphas)
        row = (1 - alpha) * row + alpha * (row * average);
    return row.transpose();
}

/// sum_k C(H,k) a^k (1-a)^(H-k) u^(k-1) / (k-1)!, through the gamma function.
double density(int depth, double alpha, double x) {
    double sum = 0;
    for (int k = 1; k <= depth; ++k) {
        sum += std::exp(std::lgamma(depth + 1.) - std::lgamma(k + 1.) - std::lgamma(depth - k + 1.) +
                        k * std::log(alpha) + (depth - k) * std::log1p(-alpha) +
                        (k - 1) * std::log(-std::log(x)) - std::lgamma(k));
    }
    return sum;
}

double sum(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.);
}

}  // namespace

TEST_CASE("influence_profile: the whole row, every column") {
    const csv t(output_of(program, "--tokens 40 --depth 5 --alpha 0.3 --all --format csv"));
    CHECK(t.header.rfind("position,x,influence,continuum,primacy_tail,dead_zone", 0) == 0);
    const Eigen::VectorXd row = dense_row(40, {0.3, 0.3, 0.3, 0.3, 0.3});
    REQUIRE(t["position"].size() == 40);
    CHECK(sum(t["influence"]) == Approx(1).epsilon(1e-14));
    for (std::size_t m = 0; m < 40; ++m) {
        CHECK(t["position"][m] == double(m));
        CHECK(t["x"][m] == double(m) / 39);
        CHECK(t["influence"][m] == Approx(row[Eigen::Index(m)]).epsilon(1e-13));
        if (m == 0 || m == 39) continue;
        const double x = double(m) / 39;
        const double factorial = std::pow(-std::log(x), 4) / 24;
        CHECK(t["continuum"][m] == Approx(density(5, 0.3, x) / 39).epsilon(1e-13));
        CHECK(t["dead_zone"][m] == Approx(factorial / 39).epsilon(1e-13));
        CHECK(t["primacy_tail"][m] == Approx(std::pow(0.3, 5) * factorial / 39).epsilon(1e-13));
    }
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(t["continuum"][0] == infinity);
    CHECK(t["primacy_tail"][0] == infinity);
    CHECK(t["dead_zone"][0] == infinity);
    CHECK(t["continuum"][39] == Approx(std::pow(0.7, 5) + 5 * 0.3 * std::pow(0.7, 4) / 39).epsilon(1e-13));
    CHECK(t["dead_zone"][39] == 0);
}

TEST_CASE("influence_profile: the summary in JSON and in the table") {
    const auto json = json_of(program, "--tokens 40 --alphas 0.1,0.5,0.9");
    const Eigen::VectorXd row = dense_row(40, {0.1, 0.5, 0.9});
    CHECK(json["tokens"] == 40);
    CHECK(json["depth"] == 3);
    CHECK(json["alphas"] == nlohmann::json({0.1, 0.5, 0.9}));
    CHECK(json["profile"].size() == 33);
    CHECK(json["profile"][0]["continuum"].is_null());
    for (const auto& entry : json["profile"])
        CHECK(entry["influence"].get<double>() == Approx(row[entry["position"].get<int>()]).epsilon(1e-13));
    const auto& s = json["summary"];
    const Eigen::VectorXd positions = Eigen::VectorXd::LinSpaced(40, 0, 39);
    Eigen::Index valley = 0;
    const double least = row.minCoeff(&valley);
    CHECK(s["recency_delta"].get<double>() == Approx(0.045).epsilon(1e-14));
    CHECK(s["first_token_influence"].get<double>() == Approx(row[0]).epsilon(1e-13));
    CHECK(s["last_token_influence"].get<double>() == Approx(row[39]).epsilon(1e-13));
    CHECK(s["first_tenth"].get<double>() == Approx(row.head(4).sum()).epsilon(1e-13));
    CHECK(s["middle"].get<double>() == Approx(row.segment(4, 32).sum()).epsilon(1e-13));
    CHECK(s["last_tenth"].get<double>() == Approx(row.tail(4).sum()).epsilon(1e-13));
    CHECK(s["mean_position"].get<double>() == Approx(row.dot(positions)).epsilon(1e-13));
    CHECK(s["valley_position"] == valley);
    CHECK(s["valley_influence"].get<double>() == Approx(least).epsilon(1e-13));
    CHECK(s["collapse_bound"].get<double>() == Approx(39 * 0.95 * 0.75 * 0.55).epsilon(1e-14));
    const std::string table = output_of(program, "--tokens 40 --alphas 0.1,0.5,0.9");
    for (const char* line : {"recency delta         0.045 ", "first-token influence ", "first tenth ",
                             "middle ", "last tenth ", "mean position ", "valley ", "collapse bound "})
        CHECK(table.find(std::string("\n") + line) != std::string::npos);
}

TEST_CASE("influence_profile: a valley without a recency delta is at the query") {
    const auto s = json_of(program, "--tokens 30 --depth 4 --alpha 1")["summary"];
    const Eigen::VectorXd row = dense_row(30, {1, 1, 1, 1});
    CHECK(s["valley_position"] == 29);
    CHECK(s["valley_influence"].get<double>() == Approx(row[29]).epsilon(1e-13));
    CHECK(json_of(program, "--tokens 30 --depth 1 --alpha 0.5")["summary"]["valley_position"] == 0);
}

TEST_CASE("influence_profile: sampled positions reach both ends and are distinct") {
    for (const char* tokens : {"2", "7", "1024", "131072", "1e18"}) {
        for (const char* points : {"2", "5", "33", "100"}) {
            const auto json =
                json_of(program, "--depth 2 --tokens " + std::string(tokens) + " --points " + points);
            const auto last = json["tokens"].get<std::int64_t>() - 1;
            const auto& rows = json["profile"];
            CHECK(std::int64_t(rows.size()) == std::min<std::int64_t>(std::stoll(points), last + 1));
            CHECK(rows.front()["position"] == 0);
            CHECK(rows.back()["position"] == last);
            for (std::size_t i = 1; i < rows.size(); ++i)
                CHECK(rows[i - 1]["position"].get<std::int64_t>() < rows[i]["position"].get<std::int64_t>());
        }
    }
}

TEST_CASE("influence_profile: contexts beyond any matrix") {
    const auto json = json_of(program, "--tokens 1000000000000000000 --depth 32 --alpha 0.5");
    const auto& s = json["summary"];
    CHECK(s["mean_position"].get<double>() == Approx(1e18 * std::pow(0.75, 32)).epsilon(1e-13));
    CHECK(s["first_tenth"].get<double>() + s["middle"].get<double>() + s["last_tenth"].get<double>() ==
          Approx(1).epsilon(1e-13));
    CHECK(s["recency_delta"].get<double>() == std::pow(0.5, 32));
    CHECK(output_of(program, "--tokens 1e18 --depth 32 --format csv") ==
          output_of(program, "--tokens 1000000000000000000 --depth 32 --format csv"));
}

TEST_CASE("influence_profile: single positions and quantiles") {
    const auto json = json_of(program, "--tokens 40 --depth 3 --alpha 0.4 --position 0,17,39");
    const Eigen::VectorXd row = dense_row(40, {0.4, 0.4, 0.4});
    REQUIRE(json["positions"].size() == 3);
    const auto& entry = json["positions"][1];
    CHECK(entry["position"] == 17);
    CHECK(entry["influence"].get<double>() == Approx(row[17]).epsilon(1e-13));
    CHECK(entry["log_influence"].get<double>() == Approx(std::log(row[17])).epsilon(1e-13));
    CHECK(entry["cdf"].get<double>() == Approx(row.head(18).sum()).epsilon(1e-13));
    CHECK(entry["complement"].get<double>() == Approx(row.tail(22).sum()).epsilon(1e-13));
    const csv q(output_of(program, "--tokens 40 --depth 3 --alpha 0.4 --quantile 0,0.25,0.5,1 --format csv"));
    REQUIRE(q["position"].size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        const auto m = Eigen::Index(q["position"][i]);
        CHECK(row.head(m + 1).sum() >= q["quantile"][i] - 1e-14);
        if (m > 0) CHECK(row.head(m).sum() < q["quantile"][i]);
        CHECK(q["cdf"][i] == Approx(row.head(m + 1).sum()).epsilon(1e-13));
    }
}

TEST_CASE("influence_profile: models by name and by config.json") {
    const scratch_directory directory;
    directory.write("a.json",
                    R"({"model_type": "gpt2", "n_layer": 12, "n_positions": 1024, "n_head": 12, "x": [{}]})");
    directory.write("b.json",
                    R"({"num_hidden_layers": 32, "max_position_embeddings": 32768, "sliding_window": 4096})");
    directory.write("c.json", R"({"num_hidden_layers": 3})");
    const auto same = [&](const std::string& one, const std::string& other) {
        const auto a = directory.run(program, one + " --format csv");
        CHECK(a.status == 0);
        CHECK(a.out == output_of(program, other + " --format csv"));
    };
    same("--config a.json", "--model gpt2");
    same("--config a.json", "--tokens 1024 --depth 12");
    same("--config a.json --tokens 99", "--tokens 99 --depth 12");
    same("--config b.json", "--model mistral-7b");
    same("--config c.json --tokens 9", "--tokens 9 --depth 3");
    CHECK(directory.run(program, "--config b.json").out.find("note: ") != std::string::npos);
    CHECK(directory.run(program, "--config b.json --tokens 4096").out.find("note: ") == std::string::npos);
    CHECK(json_of(program, "--model llama-3.1-70b")["alphas"].size() == 80);
    CHECK(json_of(program, "--model llama-3.1-70b")["tokens"] == 131072);
}

TEST_CASE("influence_profile: coefficients from a file") {
    const scratch_directory directory;
    directory.write("alphas", "# measured\n0.1\n0.5, 0.9  # two on a line\n");
    const auto result = directory.run(program, "--tokens 40 --alphas-file alphas --format csv");
    CHECK(result.status == 0);
    CHECK(result.out == output_of(program, "--tokens 40 --depth 3 --alphas 0.1,0.5,0.9 --format csv"));
}

TEST_CASE("influence_profile: output files are whole, in every format, and replace old ones") {
    const scratch_directory directory;
    for (const char* format : {"table", "csv", "json"}) {
        directory.write("out", std::string(100000, 'x'));
        const std::string arguments = std::string("--model gpt2 --format ") + format;
        const auto result = directory.run(program, arguments + " --output out");
        CHECK(result.status == 0);
        CHECK(result.out.empty());
        CHECK(directory.read("out") == output_of(program, arguments));
        CHECK(directory.entries() == 1);
    }
    CHECK(directory.run(program, "--model gpt2 --output /dev/null").status == 0);
    CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("influence_profile: --help") {
    const std::string help = output_of(program, "--help");
    for (const char* option :
         {"--model", "--config", "--tokens", "--depth", "--alpha", "--alphas", "--alphas-file", "--points",
          "--all", "--position", "--quantile", "--format", "--output", "--plot", "primacy_tail"})
        CHECK(help.find(option) != std::string::npos);
}

TEST_CASE("influence_profile: plots") {
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) {
        WARN("gnuplot is not installed: plots are not tested");
        return;
    }
    const scratch_directory directory;
    CHECK(directory.run(program, "--model llama-3.1-70b --plot u.svg").status == 0);
    const std::string svg = directory.read("u.svg");
    CHECK(svg.find("<svg") != std::string::npos);
    CHECK(svg.find("</svg>") != std::string::npos);
    for (const char* words : {"llama-3.1-70b: 131072 tokens, 80 layers, α = 0.5", "exact row",
                              "continuum limit", "primacy tail", "dead-zone", "recency delta", "first token"})
        CHECK(svg.find(words) != std::string::npos);
    // The key names the curves that are drawn, no others.
    CHECK(svg.find("dead zone: factorial term") == std::string::npos);
    CHECK(directory.run(program, "--tokens 1000 --depth 4 --alpha 0.9 --plot u.svg").status == 0);
    CHECK(directory.read("u.svg").find("dead zone: factorial term") != std::string::npos);
    CHECK(directory.run(program, "--model gpt2 --plot \"it's.png\"").status == 0);
    CHECK(directory.read("it's.png").rfind("\x89PNG", 0) == 0);
    CHECK(directory.entries() == 2);
    for (const char* edge :
         {"--tokens 1 --depth 3", "--tokens 2 --depth 0", "--tokens 50 --depth 150 --alpha 1",
          "--tokens 9 --depth 2 --alpha 0", "--tokens 1e18 --depth 64"}) {
        INFO(edge);
        CHECK(directory.run(program, std::string(edge) + " --plot edge.svg").status == 0);
    }
}

TEST_CASE("influence_profile: plotting without gnuplot is refused") {
    const scratch_directory directory;
    const auto result = directory.run(program, "--model gpt2 --plot u.svg --output u.txt", "PATH=/nowhere");
    CHECK(result.status == 2);
    CHECK(result.err.find("needs gnuplot, which is not installed") != std::string::npos);
    CHECK(directory.entries() == 0);
}

TEST_CASE("influence_profile refuses an unknown model and lists the known ones") {
    check_refused(program, "--model gpt5", {"gpt5", "gpt2", "qwen2-7b", "llama-3.1-70b", "bloom-176b"});
}
TEST_CASE("influence_profile refuses a missing config") {
    check_refused(program, "--config none.json", {"none.json", "No such file"});
    check_refused(program, "--config .", {"directory"});
}
TEST_CASE("influence_profile refuses a malformed config") {
    const scratch_directory directory;
    directory.write("a.json", "{\"n_layer\": 12,");
    directory.write("b.json", "[1, 2]");
    directory.write("c.json", R"({"n_layer": "twelve", "n_positions": 1024})");
    directory.write("d.json", R"({"n_layer": 12, "n_positions": -4})");
    directory.write("e.json", R"({"n_layer": 12.5, "n_positions": 1024})");
    directory.write("f.json", R"({"n_layer": 12})");
    directory.write("g.json", R"({"n_layer": 99999999999999999999, "n_positions": 10})");
    check_refused(program, "--config a.json", {"a.json", "not valid JSON"}, directory);
    check_refused(program, "--config b.json", {"b.json", "not a JSON object"}, directory);
    check_refused(program, "--config c.json", {"c.json", "n_layer", "twelve"}, directory);
    check_refused(program, "--config d.json", {"d.json", "n_positions", "-4"}, directory);
    check_refused(program, "--config e.json", {"e.json", "n_layer", "12.5"}, directory);
    check_refused(program, "--config f.json", {"f.json", "n_positions", "--tokens"}, directory);
    check_refused(program, "--config g.json", {"g.json", "n_layer"}, directory);
}
TEST_CASE("influence_profile refuses the config of something other than a decoder") {
    const scratch_directory directory;
    directory.write("bert.json",
                    R"({"model_type": "bert", "num_hidden_layers": 12, "max_position_embeddings": 512})");
    directory.write(
        "t5.json",
        R"({"is_encoder_decoder": true, "num_hidden_layers": 12, "max_position_embeddings": 512})");
    directory.write("image.json", R"({"model_type": "resnet", "depths": [3, 4, 6, 3]})");
    directory.write("odd.json", R"({"model_type": 3, "is_encoder_decoder": "no", "num_hidden_layers": 2})");
    check_refused(program, "--config bert.json", {"bert.json", "model_type", "bert"}, directory);
    check_refused(program, "--config t5.json", {"t5.json", "is_encoder_decoder"}, directory);
    check_refused(program, "--config image.json", {"image.json", "num_hidden_layers"}, directory);
    check_refused(program, "--config odd.json", {"odd.json", "max_position_embeddings"}, directory);
}
TEST_CASE("influence_profile refuses an alpha outside [0, 1]") {
    check_refused(program, "--model gpt2 --alpha 1.5", {"1.5", "[0, 1]"});
    check_refused(program, "--model gpt2 --alpha=-0.1", {"-0.1", "[0, 1]"});
    check_refused(program, "--model gpt2 --alpha nan", {"nan"});
    check_refused(program, "--model gpt2 --alpha -0.1", {"-0.1", "[0, 1]"});
    check_refused(program, "--model gpt2 --alpha half", {"--alpha", "half"});
    check_refused(program, "--model gpt2 --alpha ''", {"--alpha", "not a number"});
    check_refused(program, "--tokens 9 --alphas 0.5,2", {"--alphas: 2", "[0, 1]"});
    check_refused(program, "--tokens 9 --alphas 0.5,x", {"--alphas", "'x'"});
}
TEST_CASE("influence_profile refuses counts that are negative or not numbers") {
    check_refused(program, "--tokens -5 --depth 3", {"--tokens", "-5"});
    check_refused(program, "--tokens 0 --depth 3", {"--tokens", "0"});
    check_refused(program, "--tokens many --depth 3", {"--tokens", "many"});
    check_refused(program, "--tokens 10.5 --depth 3", {"--tokens", "10.5"});
    check_refused(program, "--tokens 1e40 --depth 3", {"--tokens", "1e40"});
    check_refused(program, "--tokens 9 --depth -1", {"--depth", "-1"});
    check_refused(program, "--tokens 9 --depth three", {"--depth", "three"});
    check_refused(program, "--model gpt2 --points 1", {"--points", "1"});
    check_refused(program, "--model gpt2 --position 1024", {"--position", "1024", "1023"});
    check_refused(program, "--model gpt2 --quantile 1.5", {"1.5"});
}
TEST_CASE("influence_profile refuses an output it cannot write") {
    check_refused(program, "--model gpt2 --output none/out.txt", {"none/out.txt", "No such file"});
    check_refused(program, "--model gpt2 --output .", {"directory"});
    check_refused(program, "--model gpt2 --plot none/u.svg", {"none/u.svg", "No such file"});
    check_refused(program, "--model gpt2 --plot u.pdf", {"u.pdf", ".svg or .png"});
    const auto full = scratch_directory().run(program, "--model gpt2 --output /dev/full");
    CHECK(full.status == 2);
    CHECK(full.err.find("/dev/full") != std::string::npos);
}
TEST_CASE("influence_profile leaves nothing behind when one of two outputs fails") {
    check_refused(program, "--model gpt2 --plot u.svg --output none/out.txt", {"none/out.txt"});
    check_refused(program, "--model gpt2 --plot none/u.svg --output out.txt", {"none/u.svg"});
}
TEST_CASE("influence_profile refuses options that conflict or are missing") {
    check_refused(program, "", {"--model", "--config", "--tokens"});
    check_refused(program, "--tokens 9", {"--depth"});
    check_refused(program, "--model gpt2 --alphas ''", {"--alphas", "empty"});
    check_refused(program, "--model gpt2 --alphas-file ''", {"--alphas-file", "empty"});
    check_refused(program, "--model gpt2 --plot ''", {"--plot", "empty"});
    check_refused(program, "--tokens 9 --alphas ,", {"--alphas", "''"});
    check_refused(program, "gpt2", {"gpt2"});
    check_refused(program, "--depth 9", {"--tokens"});
    check_refused(program, "--model gpt2 --config a.json", {"--model", "--config"});
    check_refused(program, "--model gpt2 --depth 3", {"--model", "--depth"});
    check_refused(program, "--model gpt2 --alpha 0.5 --alphas 0.5", {"--alpha", "--alphas"});
    check_refused(program, "--model gpt2 --alphas 0.5 --alphas-file f", {"--alphas", "--alphas-file"});
    check_refused(program, "--model gpt2 --all --points 9", {"--all", "--points"});
    check_refused(program, "--model gpt2 --position 3 --quantile 0.5", {"--position", "--quantile"});
    check_refused(program, "--model gpt2 --format xml", {"--format", "xml"});
    check_refused(program, "--model gpt2 --no-such-option", {"--no-such-option"});
    check_refused(program, "--tokens 1e9 --depth 3 --all", {"--all", "--points"});
}
TEST_CASE("influence_profile: an empty element of a list is no number") {
    for (const std::string list : {"0.1,,0.2", ",0.1,0.2", "0.1,0.2,"})
        check_refused("influence_profile", "--tokens 5 --alphas " + list, {"--alphas", "''"});
    check_refused("influence_profile", "--tokens 5 --depth 2 --position 1,,2", {"--position", "''"});
    check_refused("influence_profile", "--tokens 5 --alphas 0.1,1.5", {"--alphas", "1.5"});
    check_refused("influence_profile", "--tokens 1e19 --depth 2", {"--tokens", "1e19", "out of range"});
    check_refused("influence_profile", "--tokens 5", {"how many layers"});
    const scratch_directory directory;
    std::ofstream(directory.path() / "list") << "0.1, # first\n\n0.2 0.3,\n";
    CHECK(directory.run("influence_profile", "--tokens 5 --alphas-file list").out ==
          output_of("influence_profile", "--tokens 5 --alphas 0.1,0.2,0.3"));
}

TEST_CASE("influence_profile: a link without a target stays a link, permissions stay") {
    namespace fs = std::filesystem;
    const scratch_directory directory;
    fs::create_symlink("target", directory.path() / "link");
    CHECK(directory.run("influence_profile", "--tokens 5 --depth 2 --output link").status == 0);
    CHECK(fs::is_symlink(directory.path() / "link"));
    fs::permissions(directory.path() / "target", fs::perms::owner_read | fs::perms::owner_write);
    CHECK(directory.run("influence_profile", "--tokens 6 --depth 2 --output link").status == 0);
    CHECK(fs::status(directory.path() / "target").permissions() ==
          (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(directory.entries() == 2);
}

TEST_CASE("influence_profile refuses a schedule of another depth than the model") {
    const scratch_directory directory;
    directory.write("short", "0.5 0.5");
    directory.write("bad", "0.5\n0.5 oops\n");
    directory.write("empty", "# nothing\n");
    check_refused(program, "--model gpt2 --alphas 0.5,0.5", {"2", "12"}, directory);
    check_refused(program, "--model gpt2 --alphas 1,1,1,1,1,1,1,1,1,1,1,1,1", {"13", "12"}, directory);
    check_refused(program, "--model gpt2 --alphas-file short", {"short", "2", "12"}, directory);
    check_refused(program, "--tokens 9 --alphas-file bad", {"bad", "line 2", "oops"}, directory);
    check_refused(program, "--tokens 9 --alphas-file empty", {"empty", "no numbers"}, directory);
    check_refused(program, "--tokens 9 --alphas-file none", {"none", "No such file"}, directory);
}
