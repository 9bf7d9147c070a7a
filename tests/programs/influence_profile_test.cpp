// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "run.hpp"

#include <Eigen/Dense>

#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <numeric>
#include <regex>
#include <thread>

#include <unistd.h>

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

/// The same of attention that weighs source m for query n by weight(n, m), over those weights and `sink`.
template <class Weight>
Eigen::VectorXd dense_row_of(Eigen::Index tokens, int depth, double alpha, double sink,
                             const Weight& weight) {
    Eigen::MatrixXd attention = Eigen::MatrixXd::Zero(tokens, tokens);
    for (Eigen::Index n = 0; n < tokens; ++n) {
        for (Eigen::Index m = 0; m <= n; ++m)
            attention(n, m) = weight(n, m);
        attention.row(n) /= attention.row(n).sum() + sink;
    }
    Eigen::RowVectorXd row = Eigen::RowVectorXd::Unit(tokens, tokens - 1);
    for (int l = 0; l < depth; ++l)
        row = (1 - alpha) * row + alpha * (row * attention);
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
    CHECK(json["layers"] == 3);
    CHECK(json["alphas"] == nlohmann::json({0.1, 0.5, 0.9}));
    CHECK(json["profile"].size() == 40);
    CHECK(json["profile"][0]["continuum"].is_null());
    for (const auto& entry : json["profile"])
        CHECK(entry["influence"].get<double>() == Approx(row[entry["position"].get<int>()]).epsilon(1e-13));
    const auto& s = json["summary"];
    const Eigen::VectorXd positions = Eigen::VectorXd::LinSpaced(40, 0, 39);
    Eigen::Index valley = 0;
    const double least = row.minCoeff(&valley);
    CHECK(s["recency_delta"].get<double>() == Approx(0.045).epsilon(1e-14));
    CHECK(s["first_token"].get<double>() == Approx(row[0]).epsilon(1e-13));
    CHECK(s["last_token"].get<double>() == Approx(row[39]).epsilon(1e-13));
    CHECK(s["first_tenth"].get<double>() == Approx(row.head(4).sum()).epsilon(1e-13));
    CHECK(s["middle"].get<double>() == Approx(row.segment(4, 32).sum()).epsilon(1e-13));
    CHECK(s["last_tenth"].get<double>() == Approx(row.tail(4).sum()).epsilon(1e-13));
    CHECK(s["mean_position"].get<double>() == Approx(row.dot(positions)).epsilon(1e-13));
    CHECK(s["valley_position"] == valley);
    CHECK(s["valley"].get<double>() == Approx(least).epsilon(1e-13));
    CHECK(s["log_valley"].get<double>() == Approx(std::log(least)).epsilon(1e-13));
    CHECK(s["collapse_bound"].get<double>() == Approx(39 * 0.95 * 0.75 * 0.55).epsilon(1e-14));
    const std::string table = output_of(program, "--tokens 40 --alphas 0.1,0.5,0.9");
    for (const char* line : {"recency delta    0.045 ", "first token ", "first tenth ", "last token ",
                             "middle ", "last tenth ", "mean position ", "valley position ", "valley "})
        CHECK(table.find(std::string("\n") + line) != std::string::npos);
}

TEST_CASE("influence_profile: a valley without a recency delta is at the query") {
    const auto s = json_of(program, "--tokens 30 --depth 4 --alpha 1")["summary"];
    const Eigen::VectorXd row = dense_row(30, {1, 1, 1, 1});
    CHECK(s["valley_position"] == 29);
    CHECK(s["valley"].get<double>() == Approx(row[29]).epsilon(1e-13));
    CHECK(json_of(program, "--tokens 30 --depth 1 --alpha 0.5")["summary"]["valley_position"] == 0);
}

TEST_CASE("influence_profile: sampled positions reach both ends and are distinct") {
    for (const char* tokens : {"2", "7", "1024", "131072", "1e18"}) {
        for (const char* points : {"2", "5", "33", "100"}) {
            const auto json = json_of(
                program, "--alpha 0.5 --depth 2 --tokens " + std::string(tokens) + " --points " + points);
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
    const auto json = json_of(program, "--tokens 1000000000000000000 --depth 32 --alpha 0.5 --points 9");
    const auto& s = json["summary"];
    CHECK(s["mean_position"].get<double>() == Approx(1e18 * std::pow(0.75, 32)).epsilon(1e-13));
    CHECK(s["first_tenth"].get<double>() + s["middle"].get<double>() + s["last_tenth"].get<double>() ==
          Approx(1).epsilon(1e-13));
    CHECK(s["recency_delta"].get<double>() == std::pow(0.5, 32));
    CHECK(output_of(program, "--alpha 0.5 --tokens 1e18 --depth 32 --points 9 --format csv") ==
          output_of(program, "--alpha 0.5 --tokens 1000000000000000000 --depth 32 --points 9 --format csv"));
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
        CHECK(a.out == directory.run(program, other + " --format csv").out);
    };
    same("--alpha 0.5 --config a.json", "--alpha 0.5 --model gpt2");
    same("--alpha 0.5 --config a.json", "--alpha 0.5 --tokens 1024 --depth 12");
    same("--alpha 0.5 --config a.json --tokens 99", "--alpha 0.5 --tokens 99 --depth 12");
    same("--alpha 0.5 --config b.json", "--alpha 0.5 --model mistral-7b");
    same("--alpha 0.5 --config c.json --tokens 9", "--alpha 0.5 --tokens 9 --depth 3");
    CHECK(directory.run(program, "--alpha 0.5 --config b.json").out.find("note: ") != std::string::npos);
    CHECK(directory.run(program, "--alpha 0.5 --config b.json --tokens 4096").out.find("note: ") ==
          std::string::npos);
    CHECK(json_of(program, "--alpha 0.5 --model llama-3.1-70b")["alphas"].size() == 80);
    CHECK(json_of(program, "--alpha 0.5 --model llama-3.1-70b")["tokens"] == 131072);
}

TEST_CASE("influence_profile: layers that do not attend have the coefficient 0") {
    const scratch_directory here;
    here.write("hybrid.json",
               R"({"model_type": "nemotron_h", "num_hidden_layers": 5, "hybrid_override_pattern": "M*-*E",
                   "max_position_embeddings": 64})");
    const finished table = here.run(program, "--alpha 0.5 --config hybrid.json");
    CHECK(
        table.out.starts_with("hybrid: 64 tokens, 5 layers, of which 2 attend, alpha = 0.5\n"
                              "note: 3 of 5 layers do not attend"));
    const auto json =
        nlohmann::json::parse(here.run(program, "--alpha 0.5 --config hybrid.json --format json").out);
    CHECK(json["layers"] == 5);
    CHECK(json["attending_layers"] == 2);
    CHECK(json["alphas"] == nlohmann::json{0., 0.5, 0., 0.5, 0.});
    const auto csv = here.run(program, "--alpha 0.5 --config hybrid.json --format csv");
    CHECK(csv.out == here.run(program, "--alpha 0.5 --tokens 64 --layers 2 --format csv").out);
    CHECK(csv.err.find("note: 3 of 5 layers do not attend") != std::string::npos);
    // one coefficient for each layer all the same
    const std::string given = " --tokens 9 --format csv --alphas ";
    CHECK(here.run(program, "--config hybrid.json" + given + "1,0.1,1,0.2,1").out ==
          here.run(program, "--layers 2" + given + "0.1,0.2").out);
    check_refused(program, "--config hybrid.json --alphas 0.1,0.2", {"2 coefficients", "5 layers"}, here);
    here.write("none.json", R"({"model_type": "mamba", "n_layer": 3})");
    CHECK(here.run(program, "--alpha 0.5 --config none.json --tokens 3 --format csv").out ==
          here.run(program, "--alpha 0.5 --layers 0 --tokens 3 --format csv").out);
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
        const std::string arguments = std::string("--alpha 0.5 --model gpt2 --format ") + format;
        const auto result = directory.run(program, arguments + " --output out");
        CHECK(result.status == 0);
        CHECK(result.out.empty());
        CHECK(std::regex_replace(directory.read("out"), std::regex(" --output out"), "") ==
              output_of(program, arguments));
        CHECK(directory.entries() == 1);
    }
    CHECK(directory.run(program, "--alpha 0.5 --model gpt2 --output /dev/null").status == 0);
    CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("influence_profile: CSV and JSON hold every position, or say that they do not") {
    CHECK(csv(output_of(program, "--alpha 0.5 --tokens 1000 --layers 3 --format csv"))["position"].size() ==
          1000);
    const auto whole = json_of(program, "--alpha 0.5 --tokens 1000 --layers 3");
    CHECK(whole["profile"].size() == 1000);
    CHECK(!whole.contains("sample"));
    const auto asked = json_of(program, "--alpha 0.5 --tokens 1000 --layers 3 --points 5");
    CHECK(asked["profile"].size() == 5);
    check_documented(asked);
    check_documented(json_of(program, "--alpha 0.5 --tokens 9 --layers 3 --position 1"));
    check_documented(json_of(program, "--alpha 0.5 --tokens 9 --layers 3 --quantile 0.5"));
    check_documented(json_of(program, "--alpha 0.5 --model gpt2 --points 2"));
    // A key a line, so that what is short is not lost among the coefficients.
    const std::string text = output_of(program, "--alpha 0.5 --tokens 9 --layers 3 --format json");
    CHECK(text.find("\n  \"alphas\": [0.5,0.5,0.5],\n") != std::string::npos);
    CHECK(text.find("\n    \"valley_position\": 7,\n") != std::string::npos);
    CHECK(asked["sample"] == nlohmann::json({{"positions", 5}, {"of", 1000}}));
    CHECK(!asked.contains("note"));
    const scratch_directory here;
    const finished sampled =
        here.run(program, "--alpha 0.5 --tokens 1000001 --layers 3 --format csv --comments");
    CHECK(sampled.status == 0);
    CHECK(sampled.err ==
          "influence_profile: note: 1001 of 1000001 positions, dense near both ends; --points N "
          "for another number\n");
    const csv t(sampled.out);
    CHECK(t["position"].size() == 1001);
    CHECK(std::count(t.comments.begin(), t.comments.end(), R"(# sample: {"positions":1001,"of":1000001})") ==
          1);
    CHECK(std::count_if(t.comments.begin(), t.comments.end(), [](const std::string& line) {
              return line.starts_with("# note: 1001 of 1000001 positions");
          }) == 1);
    const finished json = here.run(program, "--alpha 0.5 --tokens 1e12 --layers 3 --format json");
    CHECK(nlohmann::json::parse(json.out)["profile"].size() == 1001);
    CHECK(nlohmann::json::parse(json.out)["note"].get<std::string>().starts_with("1001 of 1000000000000"));
    CHECK(std::count(json.err.begin(), json.err.end(), '\n') == 1);
}

TEST_CASE("influence_profile: outputs say model, coefficients, version and command line") {
    const scratch_directory here;
    const std::string arguments = "--model gpt2 --alpha 0.25 --points 2 --output 'it'\\''s'";
    CHECK(here.run(program, arguments + " --format json").status == 0);
    const auto json = nlohmann::json::parse(here.read("it's"));
    CHECK(json["model"] == "gpt2");
    CHECK(json["alphas"] == nlohmann::json(std::vector<double>(12, 0.25)));
    CHECK(json["command"] == program + " " + arguments + " --format json");
    const std::string version = json["version"];
    CHECK(output_of(program, "--version") == program + " " + version + "\n");
    CHECK(here.run(program, arguments + " --format csv --comments").status == 0);
    const csv t(here.read("it's"));
    const std::vector<std::string> facts = {
        "# model: gpt2", "# version: " + version,
        "# command: " + program + " " + arguments + " --format csv --comments",
        "# alphas: [0.25,0.25,0.25,0.25,0.25,0.25,0.25,0.25,0.25,0.25,0.25,0.25]"};
    for (const std::string& line : facts)
        CHECK(std::count(t.comments.begin(), t.comments.end(), line) == 1);
    CHECK(t["position"] == std::vector<double>{0, 1023});
    CHECK(here.run(program, arguments + " --format csv").status == 0);
    CHECK(here.read("it's").starts_with("position,"));
}

TEST_CASE("influence_profile: a context that the model was not built for is noted in every format") {
    const scratch_directory here;
    const std::string arguments = "--alpha 0.5 --model gpt2 --tokens 1025 --points 2";
    const std::string note = "1025 tokens are more than the 1024 positions that this model has learned";
    CHECK(here.run(program, arguments).out.find("\nnote: " + note + "\n") != std::string::npos);
    const finished json = here.run(program, arguments + " --format json");
    CHECK(nlohmann::json::parse(json.out)["note"] == note);
    const finished csv = here.run(program, arguments + " --format csv --comments");
    CHECK(csv.out.find("\n# note: " + note + "\n") != std::string::npos);
    for (const finished& run : {json, csv, here.run(program, arguments + " --format csv")})
        CHECK(run.err == "influence_profile: note: " + note + "\n");
    CHECK(here.run(program, "--alpha 0.5 --model gpt2 --tokens 1024").out.find("note") == std::string::npos);
}

TEST_CASE("influence_profile: names that are no UTF-8 or would act on a terminal") {
    const scratch_directory here;
    here.write("\xff\x1b[31m.json", R"({"n_layer": 2, "n_positions": 9})");
    const std::string arguments = "--alpha 0.5 --config '" + std::string("\xff\x1b[31m.json'");
    const finished table = here.run(program, arguments);
    CHECK(table.status == 0);
    CHECK(table.out.starts_with("\\xff\\x1b[31m: 9 tokens"));
    const finished json = here.run(program, arguments + " --format json");
    CHECK(json.status == 0);
    CHECK(nlohmann::json::parse(json.out)["model"] == "\\xff\\x1b[31m");
    const finished csv = here.run(program, arguments + " --format csv --comments --plot u.svg");
    CHECK(csv.status == 0);
    for (const std::string& text : {table.out, json.out, csv.out, here.read("u.svg")})
        CHECK(text.find_first_of("\xff\x1b") == std::string::npos);
    check_refused(program, "--config 'none\x1b[31m\u202e\u009b.json'", {"none\\x1b[31m\\u202e\\u009b.json"});
    check_refused(program, "--alpha '\x1b[31m' --model gpt2", {"--alpha: '\\x1b[31m' is not a number"});
    const std::string huge(100000, 'x');
    for (const std::string option : {"--alpha", "--model", "--tokens", "--format", "--no-such-option"})
        CHECK(scratch_directory().run(program, "--model gpt2 " + option + " " + huge).err.size() < 2000);
}

TEST_CASE("influence_profile: minus zero is zero") {
    CHECK(output_of(program, "--model gpt2 --alpha=-0")
              .starts_with("gpt2: 1024 tokens, 12 layers, alpha = 0\n"));
    CHECK(json_of(program, "--tokens 9 --alphas=-0,0.5")["alphas"].dump() == "[0.0,0.5]");
}

TEST_CASE("influence_profile: one of a kind is one") {
    CHECK(output_of(program, "--alpha 0.5 --tokens 1 --layers 1")
              .starts_with("1 token, 1 layer, alpha = 0.5\n"));
    check_refused(program, "--model gpt2 --alphas 0.5", {"1 coefficient for 12 layers"});
    check_refused(program, "--tokens 9 --layers 1 --alphas 0.5,0.5", {"2 coefficients for 1 layer"});
}

TEST_CASE("influence_profile: the collapse bound is printed where it bounds") {
    CHECK(output_of(program, "--model gpt2 --alpha 0.2").find("collapse bound") == std::string::npos);
    CHECK(output_of(program, "--model llama-3.1-405b --alpha 0.5").find("collapse bound") !=
          std::string::npos);
}

TEST_CASE("influence_profile: --help") {
    const std::string help = output_of(program, "--help");
    for (const char* option :
         {"--model",       "--config", "--tokens",   "--depth",    "--alpha",    "--alphas",
          "--alphas-file", "--points", "--all",      "--position", "--quantile", "--format",
          "--output",      "--plot",   "--layers",   "--comments", "--version",  "primacy_tail",
          "log_influence", "cdf",      "complement", "continuum_x"})
        CHECK(help.find(option) != std::string::npos);
    check_narrow(help);
}

TEST_CASE("influence_profile: plots") {
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) {
        WARN("gnuplot is not installed: plots are not tested");
        return;
    }
    const scratch_directory directory;
    CHECK(directory.run(program, "--alpha 0.5 --model llama-3.1-70b --plot u.svg").status == 0);
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
    CHECK(directory.run(program, "--tokens 4096 --layers 24 --alpha 0.1 --plot u.svg").status == 0);
    CHECK(directory.read("u.svg").find("dead zone: factorial term") == std::string::npos);
    CHECK(directory.read("u.svg").find("off the scale at n/2: dead-zone") != std::string::npos);
    CHECK(directory.run(program, "--alpha 0.5 --model gpt2 --plot \"it's.png\"").status == 0);
    CHECK(directory.read("it's.png").rfind("\x89PNG", 0) == 0);
    CHECK(directory.entries() == 2);
    for (const char* edge : {"--alpha 0.5 --tokens 1 --depth 3", "--alpha 0.5 --tokens 2 --depth 0",
                             "--tokens 50 --depth 150 --alpha 1", "--tokens 9 --depth 2 --alpha 0",
                             "--alpha 0.5 --tokens 1e18 --depth 64"}) {
        INFO(edge);
        CHECK(directory.run(program, std::string(edge) + " --plot edge.svg").status == 0);
    }
    CHECK(directory.read("edge.svg").find("<title>1e18 tokens, 64 layers, α = 0.5</title>") !=
          std::string::npos);
}

TEST_CASE("influence_profile: a plot says what it shows, in colours that can be seen") {
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return;
    const scratch_directory here;
    CHECK(here.run(program, "--model gpt2 --alpha 0.4 --plot u.svg").status == 0);
    const std::string svg = here.read("u.svg");
    CHECK(svg.find("<title>gpt2: 1024 tokens, 12 layers, α = 0.4</title>") != std::string::npos);
    CHECK(svg.find("Gnuplot") == std::string::npos);
    CHECK(svg.find("GNUPLOT") == std::string::npos);
    check_colours(svg);
    // A coefficient whose delta, 0.09 less a rounding, is no 10.00 of the power below.
    CHECK(here.run(program, "--tokens 9 --alphas 0.99900001 --plot u.svg").status == 0);
    CHECK(here.read("u.svg").find("10.00") == std::string::npos);
    CHECK(here.run(program, "--alpha 0.5 --model gpt2 --plot u.pdf").status == 0);
    CHECK(here.read("u.pdf").starts_with("%PDF"));
    // What gnuplot finds wrong is said.
    here.write("gnuplot", "#!/bin/sh\necho 'line 1: no such terminal' >&2\nexit 1\n");
    std::filesystem::permissions(here.path() / "gnuplot", std::filesystem::perms::owner_all);
    const finished broken = here.run(program, "--alpha 0.5 --model gpt2 --plot v.svg", "PATH=.:$PATH");
    CHECK(broken.status == 2);
    CHECK(broken.err == "influence_profile: gnuplot could not draw 'v.svg': line 1: no such terminal\n");
    CHECK(!here.holds("v.svg"));
}

TEST_CASE("influence_profile: nothing is left behind when a signal ends it") {
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        const scratch_directory here;
        here.write("u.svg", "old");
        int unread[2];
        REQUIRE(::pipe(unread) == 0);
        const pid_t child = ::fork();
        if (child == 0) {  // more than the pipe holds: it waits, the picture being drawn
            ::dup2(unread[1], STDOUT_FILENO);
            if (::chdir(here.path().c_str()) != 0) ::_exit(3);
            std::signal(signal, SIG_DFL);
            ::execl(CESARO_PROGRAMS "/influence_profile", "influence_profile", "--alpha", "0.5", "--tokens",
                    "4000", "--layers", "3", "--all", "--plot", "u.svg", nullptr);
            ::_exit(3);
        }
        bool partial = false;
        for (int tenths = 0; tenths < 600 && !partial; ++tenths) {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            for (const auto& entry : std::filesystem::directory_iterator(here.path()))
                partial = partial || entry.path().extension() == ".partial";
        }
        CHECK(partial);
        ::kill(child, signal);
        int status = 0;
        ::waitpid(child, &status, 0);
        CHECK(WIFSIGNALED(status));
        CHECK(WTERMSIG(status) == signal);
        CHECK(here.entries() == 1);
        CHECK(here.read("u.svg") == "old");
        ::close(unread[0]);
        ::close(unread[1]);
    }
}

TEST_CASE("influence_profile: a reader that has seen enough ends it in silence, and no file is left") {
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return;
    for (const char* const plot : {"", " --plot u.svg"}) {
        const scratch_directory here;
        const auto usual = std::signal(SIGPIPE, SIG_DFL);  // as in a shell, whatever runs this test
        const std::string command = "cd '" + here.path().string() + "' && ('" CESARO_PROGRAMS +
                                    "/influence_profile' --alpha 0.5 --tokens 4000 --layers 3 --all" + plot +
                                    " 2>err; echo $? >status) | head -n 1 >line";
        CHECK(std::system(command.c_str()) == 0);
        std::signal(SIGPIPE, usual);
        CHECK(here.read("line").starts_with("4000 tokens"));
        CHECK(here.read("status") == std::to_string(128 + SIGPIPE) + "\n");
        CHECK(here.read("err").empty());
        CHECK(here.entries() == 3);
    }
}

TEST_CASE("influence_profile: the number of a closed stream goes to no file") {
    const std::string plot = std::system("command -v gnuplot >/dev/null 2>&1") == 0 ? " --plot u.svg" : "";
    for (const std::string& arguments : {"--alpha 0.5 --model gpt2" + plot,
                                         std::string("--alpha 0.5 --model gpt2"), std::string("--help")}) {
        const scratch_directory here;
        const finished closed = here.run(program, arguments + " >&-");
        CHECK(closed.status == 2);
        CHECK(closed.err == "influence_profile: cannot write to standard output\n");
        CHECK(here.entries() == 0);
    }
    const scratch_directory here;
    CHECK(here.run(program, "--alpha 0.5 --model gpt2 --output out <&- >&- 2>&-").status == 0);
    CHECK(here.read("out") == output_of(program, "--alpha 0.5 --model gpt2"));
}

TEST_CASE("influence_profile: plotting without gnuplot is refused") {
    const scratch_directory directory;
    const auto result =
        directory.run(program, "--alpha 0.5 --model gpt2 --plot u.svg --output u.txt", "PATH=/nowhere");
    CHECK(result.status == 2);
    CHECK(result.err.find("needs gnuplot, which is not installed") != std::string::npos);
    CHECK(directory.entries() == 0);
}

TEST_CASE("influence_profile refuses an unknown model and lists the known ones") {
    check_refused(program, "--model gpt5", {"gpt5", "gpt2", "qwen2-7b", "llama-3.1-70b", "bloom-176b"});
}
TEST_CASE("influence_profile refuses a missing config") {
    check_refused(program, "--config none.json", {"none.json", "No such file"});
    check_refused(program, "--config .", {"./config.json", "No such file"});
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
    check_refused(program, "--config a.json", {"a.json", "line 1", "invalid JSON"}, directory);
    check_refused(program, "--config b.json", {"b.json", "not a JSON object"}, directory);
    check_refused(program, "--config c.json", {"c.json", "n_layer", "twelve"}, directory);
    check_refused(program, "--config d.json", {"d.json", "n_positions", "-4"}, directory);
    check_refused(program, "--config e.json", {"e.json", "n_layer", "12.5"}, directory);
    check_refused(program, "--config f.json", {"f.json", "n_positions", "--tokens"}, directory);
    check_refused(program, "--config g.json", {"g.json", "n_layer"}, directory);
}
TEST_CASE("influence_profile reads a config.json as the library does") {
    const scratch_directory here;
    here.write("mark.json", "\xef\xbb\xbf{\"n_layer\": 2, \"n_positions\": 9}");
    CHECK(here.run(program, "--alpha 0.5 --config mark.json --format csv").out ==
          output_of(program, "--alpha 0.5 --tokens 9 --layers 2 --format csv"));
    std::filesystem::create_directory(here.path() / "model");
    here.write("model/config.json", R"({"n_layer": 2, "n_positions": 9})");
    CHECK(here.run(program, "--alpha 0.5 --config model").out.starts_with("model: 9 tokens, 2 layers"));
    here.write("text.json", R"({"n_layer": "24", "n_positions": 9})");
    here.write("twice.json", R"({"n_layer": 2, "n_layer": 3, "n_positions": 9})");
    here.write("none.json", R"({"n_layer": 0, "n_positions": 9})");
    here.write("nan.json", "{\"n_layer\": 2,\n\"n_positions\": NaN}");
    here.write("types.json", R"({"n_layer": 2, "n_positions": 9, "layer_types": ["full_attention"]})");
    check_refused(program, "--config text.json", {"text.json", "n_layer", "24"}, here);
    check_refused(program, "--config twice.json", {"twice.json", "n_layer", "twice"}, here);
    check_refused(program, "--config none.json", {"none.json", "n_layer", "0"}, here);
    check_refused(program, "--config nan.json", {"nan.json", "line 2", "NaN"}, here);
    check_refused(program, "--config types.json", {"types.json", "layer_types", "2 layers"}, here);
    check_refused(program, "--config /dev/zero", {"/dev/zero", "more than"}, here);
}

TEST_CASE("influence_profile refuses the config of something other than a decoder") {
    const scratch_directory directory;
    directory.write("bert.json",
                    R"({"model_type": "bert", "num_hidden_layers": 12, "max_position_embeddings": 512})");
    directory.write(
        "t5.json",
        R"({"is_encoder_decoder": true, "num_hidden_layers": 12, "max_position_embeddings": 512})");
    directory.write("image.json", R"({"model_type": "resnet", "depths": [3, 4, 6, 3]})");
    directory.write("odd.json", R"({"is_encoder_decoder": "no", "num_hidden_layers": 2})");
    check_refused(program, "--config bert.json", {"bert.json", "model_type", "bert"}, directory);
    check_refused(program, "--config t5.json", {"t5.json", "is_encoder_decoder"}, directory);
    check_refused(program, "--config image.json", {"image.json", "num_hidden_layers"}, directory);
    check_refused(program, "--config odd.json", {"odd.json", "is_encoder_decoder", "neither true nor false"},
                  directory);
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
    check_refused(program, "--tokens 9 --depth -1", {"--layers", "-1"});
    check_refused(program, "--tokens 9 --layers three", {"--layers", "three"});
    check_refused(program, "--model gpt2 --points 1", {"--points", "1"});
    check_refused(program, "--model gpt2 --position 1024", {"--position", "1024", "1023"});
    check_refused(program, "--model gpt2 --quantile 1.5", {"1.5"});
}
TEST_CASE("influence_profile refuses coefficients that may be meant otherwise") {
    const scratch_directory here;
    here.write("comma", "0,1\n0,1\n0,1\n");
    here.write("one", "0,25\n");
    here.write("mark",
               "\xef\xbb\xbf"
               "0.1\n0.5\n");
    here.write("pair", "0,1\n");
    check_refused(program, "--tokens 9 --alphas-file comma", {"comma", "line 1", "'0,1'", "decimal comma"},
                  here);
    check_refused(program, "--tokens 9 --alphas-file one", {"one", "'0,25'", "decimal comma"}, here);
    check_refused(program, "--tokens 9 --alphas-file /dev/zero", {"/dev/zero", "more than"}, here);
    CHECK(here.run(program, "--tokens 9 --alphas-file mark").out ==
          output_of(program, "--tokens 9 --alphas 0.1,0.5"));
    CHECK(here.run(program, "--tokens 9 --alphas-file pair").out ==
          output_of(program, "--tokens 9 --alphas 0,1"));
    std::string list = "0.5";
    for (int i = 1; i < 2000; ++i)
        list += ",0.5";
    CHECK(here.run(program, "--tokens 9 --points 2 --alphas " + list).status == 0);
    check_refused(program, "--tokens 9 --alphas " + list + ",0.5",
                  {"--alphas: number of layers: 2001", "[0, 2000]"});
}
TEST_CASE("influence_profile says so when its output does not fit") {
    for (const std::string arguments :
         {"--help", "--version", "--alpha 0.5 --model gpt2", "--alpha 0.5 --model gpt2 --plot u.svg"}) {
        const scratch_directory here;
        const finished full = here.run(program, arguments + " >/dev/full");
        CHECK(full.status == 2);
        CHECK(full.err == "influence_profile: cannot write to standard output\n");
        CHECK(here.entries() == 0);
    }
}
TEST_CASE("influence_profile refuses an output it cannot write") {
    check_refused(program, "--model gpt2 --output none/out.txt", {"none/out.txt", "No such file"});
    check_refused(program, "--model gpt2 --output .", {"directory"});
    check_refused(program, "--model gpt2 --plot none/u.svg", {"none/u.svg", "No such file"});
    check_refused(program, "--model gpt2 --plot u.gif", {"u.gif", ".svg, .png or .pdf"});
    const auto full = scratch_directory().run(program, "--alpha 0.5 --model gpt2 --output /dev/full");
    CHECK(full.status == 2);
    CHECK(full.err.find("/dev/full") != std::string::npos);
}
TEST_CASE("influence_profile leaves nothing behind when one of two outputs fails") {
    check_refused(program, "--model gpt2 --plot u.svg --output none/out.txt", {"none/out.txt"});
    check_refused(program, "--model gpt2 --plot none/u.svg --output out.txt", {"none/u.svg"});
}
TEST_CASE("influence_profile refuses options that conflict or are missing") {
    check_refused(program, "", {"--model", "--config", "--tokens"});
    check_refused(program, "--tokens 9", {"--layers"});
    check_refused(program, "--tokens 9 --layers 2001", {"--layers: 2001"});
    check_refused(program, "--tokens 9 --depth 2001", {"--layers: 2001"});
    check_refused(program, "--model gpt2 --alphas ''", {"--alphas", "empty"});
    check_refused(program, "--model gpt2 --alphas-file ''", {"--alphas-file", "empty"});
    check_refused(program, "--model gpt2 --plot ''", {"--plot", "empty"});
    check_refused(program, "--tokens 9 --alphas ,", {"--alphas", "''"});
    check_refused(program, "gpt2", {"gpt2"});
    check_refused(program, "--depth 9", {"--tokens"});
    check_refused(program, "--model gpt2 --config a.json", {"--model", "--config"});
    check_refused(program, "--model gpt2 --depth 3", {"--model", "--layers"});
    check_refused(program, "--model gpt2 --alpha 0.5 --alphas 0.5", {"--alpha", "--alphas"});
    check_refused(program, "--model gpt2 --alphas 0.5 --alphas-file f", {"--alphas", "--alphas-file"});
    check_refused(program, "--model gpt2 --all --points 9", {"--all", "--points"});
    check_refused(program, "--model gpt2 --position 3 --quantile 0.5", {"--position", "--quantile"});
    check_refused(program, "--model gpt2 --format xml", {"--format: 'xml' is none of table, csv, json"});
    check_refused(program, "--model gpt2 --format ''", {"--format: '' is none of table, csv, json"});
    check_refused(program, "--model gpt2 --format", {"--format: its value is missing"});
    check_refused(program, "--model gpt2 --alpha 0.1 --alpha 0.2", {"--alpha: given more than once"});
    check_refused(program, "--model gpt2 --no-such-option 3", {"'--no-such-option' is no option"});
    check_refused(program, "--alpha 0.5 --tokens 1e9 --depth 3 --all", {"--all", "--points"});
}
TEST_CASE("influence_profile: an empty element of a list is no number") {
    for (const std::string list : {"0.1,,0.2", ",0.1,0.2", "0.1,0.2,"})
        check_refused("influence_profile", "--tokens 5 --alphas " + list, {"--alphas", "''"});
    check_refused("influence_profile", "--alpha 0.5 --tokens 5 --depth 2 --position 1,,2",
                  {"--position", "''"});
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
    CHECK(directory.run("influence_profile", "--alpha 0.5 --tokens 5 --depth 2 --output link").status == 0);
    CHECK(fs::is_symlink(directory.path() / "link"));
    fs::permissions(directory.path() / "target", fs::perms::owner_read | fs::perms::owner_write);
    CHECK(directory.run("influence_profile", "--alpha 0.5 --tokens 6 --depth 2 --output link").status == 0);
    CHECK(fs::status(directory.path() / "target").permissions() ==
          (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(directory.entries() == 2);
}

TEST_CASE("influence_profile: two names of one file are one, also by a link to nothing yet") {
    const scratch_directory here;
    std::filesystem::create_symlink("out.svg", here.path() / "link.svg");
    for (const char* plot : {"out.svg", "./out.svg", "link.svg"}) {
        const finished result =
            here.run("influence_profile",
                     "--alpha 0.5 --tokens 5 --depth 2 --output out.svg --plot " + std::string(plot));
        CHECK(result.status == 2);
        CHECK(result.err.find("are the same file") != std::string::npos);
        CHECK(here.entries() == 1);
    }
    std::filesystem::create_symlink("circle.svg", here.path() / "circle.svg");
    const finished circle =
        here.run("influence_profile", "--alpha 0.5 --tokens 5 --depth 2 --output x --plot circle.svg");
    CHECK(circle.status == 2);
    CHECK(circle.err.find("circle.svg: cannot be written") != std::string::npos);
}

TEST_CASE("influence_profile: rows of attention that is not uniform") {
    const int tokens = 40, depth = 5;
    const auto check = [&](const std::string& options, const std::string& columns,
                           const Eigen::VectorXd& row) {
        INFO(options);
        const std::string network = "--tokens 40 --depth 5 --alpha 0.3 " + options;
        const csv t(output_of(program, network + " --all --format csv"));
        CHECK(t.header == "position,x,influence" + columns);
        const csv some(output_of(program, network + " --position 0,17,38,39 --format csv"));
        REQUIRE(t["influence"].size() == std::size_t(tokens));
        for (int m = 0; m < tokens; ++m)
            CHECK(t["influence"][std::size_t(m)] == Approx(row[m]).epsilon(1e-13).margin(1e-300));
        for (std::size_t i = 0; i < 4; ++i) {
            const auto m = Eigen::Index(some["position"][i]);
            CHECK(some["influence"][i] == Approx(row[m]).epsilon(1e-13).margin(1e-300));
            CHECK(some["cdf"][i] == Approx(row.head(m + 1).sum()).epsilon(1e-13).margin(1e-300));
            CHECK(some["complement"][i] ==
                  Approx(row.tail(tokens - 1 - m).sum()).epsilon(1e-13).margin(1e-300));
            if (row[m] > 0) CHECK(some["log_influence"][i] == Approx(std::log(row[m])).epsilon(1e-12));
        }
        const csv median(output_of(program, network + " --quantile 0.4 --format csv"));
        const auto reached = Eigen::Index(median["position"][0]);
        CHECK(row.head(reached).sum() < 0.4);
        CHECK(row.head(reached + 1).sum() >= 0.4);
        const auto json = json_of(program, network);
        const auto summary = json["summary"];
        CHECK(summary["first_tenth"].get<double>() == Approx(row.head(4).sum()).margin(1e-15));
        CHECK(summary["middle"].get<double>() == Approx(row.segment(4, 32).sum()).epsilon(1e-12));
        CHECK(summary["last_tenth"].get<double>() == Approx(row.tail(4).sum()).epsilon(1e-12));
        if (summary.contains("lost"))
            CHECK(summary["lost"].get<double>() == Approx(1 - row.sum()).epsilon(1e-12));
        const double mean = Eigen::VectorXd::LinSpaced(tokens, 0, tokens - 1).dot(row) / row.sum();
        CHECK(summary["mean_position"].get<double>() == Approx(mean).epsilon(1e-11));
        CHECK(summary["valley"].get<double>() == Approx(row.minCoeff()).epsilon(1e-12));
        CHECK(row[summary["valley_position"].get<Eigen::Index>()] == Approx(row.minCoeff()).epsilon(1e-12));
        check_documented(json);
        const scratch_directory here;
        CHECK(here.run(program, network + " --plot a.svg --heatmap b.svg").status == 0);
        CHECK(here.entries() == 2);
    };
    const auto one = [](Eigen::Index, Eigen::Index) { return 1.; };
    const auto decaying = [](Eigen::Index n, Eigen::Index m) { return std::exp(-0.2 * double(n - m)); };
    const auto near = [](Eigen::Index n, Eigen::Index m) { return n - m < 6 ? 1. : 0.; };
    check("--slope 0.2", ",continuum", dense_row_of(tokens, depth, 0.3, 0, decaying));
    check("--sink 3", "", dense_row_of(tokens, depth, 0.3, 3, one));
    check("--window 6", "", dense_row_of(tokens, depth, 0.3, 0, near));
    const Eigen::VectorXd uniform = dense_row_of(tokens, depth, 0.3, 0, one);
    check("--window 40", "", uniform);
    // As far as windows reach a context is as long as any.
    const auto far = json_of(program, "--tokens 1000000000000 --depth 3 --alpha 0.3 --window 6 --points 5");
    CHECK(far["summary"]["reached_from"] == 999'999'999'999 - 15);
    CHECK(far["summary"]["last_tenth"].get<double>() == Approx(1).epsilon(1e-14));
    const csv near_end(output_of(program,
                                 "--tokens 1000000000000 --depth 3 --alpha 0.3 --window 6 --format csv "
                                 "--position 999999999983,999999999984,999999999999"));
    const Eigen::VectorXd whole_windows = dense_row_of(40, 3, 0.3, 0, near);
    CHECK(near_end["influence"] ==
          std::vector<double>{0, near_end["influence"][1], near_end["influence"][2]});
    CHECK(near_end["influence"][1] == Approx(whole_windows[24]).epsilon(1e-13));
    CHECK(near_end["influence"][2] == Approx(whole_windows[39]).epsilon(1e-13));
    CHECK(output_of(program, "--tokens 9 --depth 2 --alpha 0.3 --slope 0 --all --format csv").find("inf") !=
          std::string::npos);
    // The limit is near everywhere, at both ends too: a hop's density is that of the keys.
    const csv limit(
        output_of(program, "--tokens 1000 --depth 1 --alpha 0.5 --slope 0.01 --all --format csv"));
    for (std::size_t m = 0; m < 1000; ++m)
        CHECK(limit["continuum"][m] == Approx(limit["influence"][m]).epsilon(0.01));
    const auto alone = json_of(program, "--tokens 1 --depth 3 --alpha 0.3 --sink 2")["summary"];
    CHECK(alone["last_tenth"] == alone["last_token"]);
    check_refused(program, "--tokens 9 --depth 2 --alpha 0.3 --slope=-1", {"--slope", "-1"});
    check_refused(program, "--tokens 9 --depth 2 --alpha 0.3 --sink inf", {"--sink", "inf"});
    check_refused(program, "--tokens 9 --depth 2 --alpha 0.3 --window 0", {"--window", "0"});
    check_refused(program, "--tokens 9 --depth 2 --alpha 0.3 --window 3 --sink 1", {"--window", "--sink"});
    check_refused(program, "--model gpt2 --window 3", {"--window", "--alpha"});
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
