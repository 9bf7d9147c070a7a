// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "run.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <regex>

using namespace cesaro_test;

namespace {

const std::string program = "attention_rollout";

/// A sound configuration of 20 tokens, 3 layers and 2 heads, to be spoilt.
nlohmann::json sound() {
    return {{"sequence_length", 20},
            {"num_layers", 3},
            {"mask_config", {{"mask_type", "causal"}}},
            {"attention_config",
             {{"num_heads", 2},
              {"alibi_slopes", {{0.5, 0.25}, {0.1, 1.0}, {0.0, 2.0}}},
              {"head_weights", {{1.0, 3.0}}},
              {"softmax_temperature", 0.5}}},
            {"content_config", {{"diagonal_scores", {{0.3}, {-0.5}, {1.0}}}, {"base_scores", {{7.0}}}}},
            {"lambda_schedule_config", {{"schedule_type", "power_decay"}, {"lambda_0", 0.8}, {"beta", 0.5}}}};
}

csv rollout(const std::string& config) {
    const scratch_directory directory;
    directory.write("config", config);
    const finished result = directory.run(program, "--config config --format csv");
    INFO(result.err);
    REQUIRE(result.status == 0);
    return csv(result.out);
}

/// The last row of the sound configuration by dense softmax, for |n-m| distances: nothing of the library.
Eigen::VectorXd dense_row(const std::function<bool(int, int)>& sees) {
    const int n = 20;
    const double slopes[3][2] = {{0.5, 0.25}, {0.1, 1.0}, {0.0, 2.0}};
    const double diagonal[3] = {0.3, -0.5, 1.0};
    const double omega[2] = {0.25, 0.75};
    Eigen::MatrixXd p = Eigen::MatrixXd::Identity(n, n);
    for (int l = 0; l < 3; ++l) {
        Eigen::MatrixXd a = Eigen::MatrixXd::Zero(n, n);
        for (int h = 0; h < 2; ++h) {
            Eigen::MatrixXd head = Eigen::MatrixXd::Zero(n, n);
            for (int i = 0; i < n; ++i) {
                for (int j = 0; j < n; ++j) {
                    const double score = -slopes[l][h] * std::abs(i - j) + (i == j ? diagonal[l] : 0);
                    if (sees(i, j)) head(i, j) = std::exp(score / 0.5);
                }
                head.row(i) /= head.row(i).sum();
            }
            a += omega[h] * head;
        }
        const double lambda = 0.8 / std::sqrt(l + 1.);
        p = ((1 - lambda) * p + lambda * a * p).eval();
    }
    return p.row(n - 1).transpose();
}

void check_row(const csv& actual, const Eigen::VectorXd& expected) {
    REQUIRE(Eigen::Index(actual["influence"].size()) == expected.size());
    for (Eigen::Index m = 0; m < expected.size(); ++m) {
        CHECK(actual["position"][std::size_t(m)] == double(m));
        CHECK(actual["influence"][std::size_t(m)] == Approx(expected[m]).epsilon(1e-13));
    }
}

}  // namespace

TEST_CASE("attention_rollout: agrees with the reference rollouts") {
    for (const std::string name : {"example", "mpt-7b-positional", "falcon-rw-7b-content"}) {
        CAPTURE(name);
        const std::string stem = CESARO_TEST_DATA "/rollout/" + name;
        const csv t(output_of(program, "--config '" + stem + ".json' --format csv"));
        CHECK(t.header.rfind("position,influence", 0) == 0);
        const auto expected = nlohmann::json::parse(read_file(stem + ".expected.json"))["last_row"];
        REQUIRE(t["influence"].size() == expected.size());
        double worst = 0;
        for (std::size_t m = 0; m < expected.size(); ++m)
            worst = std::max(worst, std::abs(t["influence"][m] - expected[m].get<double>()));
        CHECK(worst < 1e-12);
    }
}

TEST_CASE("attention_rollout: every mask against dense softmax") {
    nlohmann::json config = sound();
    check_row(rollout(config.dump()), dense_row([](int n, int m) { return m <= n; }));
    config["mask_config"] = {{"mask_type", "full"}};
    check_row(rollout(config.dump()), dense_row([](int, int) { return true; }));
    config["mask_config"] = {{"mask_type", "sliding_window"}, {"window_size", 4}};
    check_row(rollout(config.dump()), dense_row([](int n, int m) { return m <= n && n - m < 4; }));
    config["mask_config"] = {{"mask_type", "prefix"}, {"prefix_length", 6}};
    check_row(rollout(config.dump()), dense_row([](int n, int m) { return m <= n || (n < 6 && m < 6); }));
}

TEST_CASE("attention_rollout: YAML and JSON say the same") {
    const std::string yaml = R"(
sequence_length: 20
num_layers: 3
mask_config: {mask_type: causal, window_size: null}
attention_config:
  num_heads: 2
  alibi_slopes:   # per layer, per head
    - [0.5, 0.25]
    - [0.1, 1.0]
    - [0.0, 2.0]
  head_weights: [[2, 6]]
  softmax_temperature: 0.5
content_config:
  diagonal_scores: [[0.3], [-0.5], [1.0]]
lambda_schedule_config:
  schedule_type: power_decay
  lambda_0: 0.8
  beta: 0.5
)";
    CHECK(rollout(yaml)["influence"] == rollout(sound().dump())["influence"]);
}

TEST_CASE("attention_rollout: null head weights are equal, schedules agree") {
    nlohmann::json config = sound();
    config["attention_config"]["head_weights"] = nullptr;
    const auto null_weights = rollout(config.dump())["influence"];
    config["attention_config"]["head_weights"] = {{5.0}};
    CHECK(rollout(config.dump())["influence"] == null_weights);
    config["lambda_schedule_config"] = {{"schedule_type", "constant"}, {"lambda_const", 0.25}};
    const auto constant = rollout(config.dump())["influence"];
    config["lambda_schedule_config"] = {{"schedule_type", "custom"}, {"lambdas_custom", {0.25, 0.25, 0.25}}};
    CHECK(rollout(config.dump())["influence"] == constant);
}

TEST_CASE("attention_rollout: summary, table and plot") {
    const scratch_directory directory;
    directory.write("config.json", sound().dump());
    const auto json = nlohmann::json::parse(directory.run(program, "--config config.json --format json").out);
    const auto& summary = json["summary"];
    REQUIRE(json["profile"].size() == 20);
    check_documented(json);
    double entropy = 0;
    for (const auto& row : json["profile"]) {
        const double p = row["influence"];
        entropy -= p * std::log(p);
    }
    CHECK(summary["entropy"].get<double>() == Approx(entropy).epsilon(1e-13));
    CHECK(summary["first_tenth"].get<double>() + summary["middle"].get<double>() +
              summary["last_tenth"].get<double>() ==
          Approx(1).epsilon(1e-13));
    const finished table = directory.run(program, "--config config.json --plot row.svg");
    CHECK(table.status == 0);
    CHECK(table.out.find("entropy") != std::string::npos);
    CHECK(directory.read("row.svg").find("</svg>") != std::string::npos);
}

TEST_CASE("attention_rollout: minor ticks divide single decades, not several") {
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return;
    const auto minor_ticks = [](const std::string& name) {
        const scratch_directory here;
        const std::string config = "'" CESARO_TEST_DATA "/rollout/" + name + ".json'";
        REQUIRE(here.run(program, "--config " + config + " --plot row.svg").status == 0);
        const std::string svg = here.read("row.svg");
        const std::regex line("M([0-9.]+),([0-9.]+) L([0-9.]+),([0-9.]+) ");
        return std::count_if(std::sregex_iterator(svg.begin(), svg.end(), line), {}, [](const auto& match) {
            const double length = std::stod(match[3]) - std::stod(match[1]);
            return match[2] == match[4] && length > 3 && length < 8;
        });
    };
    CHECK(minor_ticks("example") == 0);                  // 14 decades, a tick every second one
    CHECK(minor_ticks("falcon-rw-7b-content") > 6 * 5);  // 6 decades
}

TEST_CASE("attention_rollout: a mask of which nothing is said is causal") {
    const nlohmann::json causal = sound();
    const std::vector<double> expected = rollout(causal.dump())["influence"];
    nlohmann::json config = causal;
    config.erase("mask_config");
    CHECK(rollout(config.dump())["influence"] == expected);
    for (const nlohmann::json& mask :
         {nlohmann::json::object(), nlohmann::json(nullptr), nlohmann::json{{"window_size", nullptr}}}) {
        config["mask_config"] = mask;
        CHECK(rollout(config.dump())["influence"] == expected);
    }
    CHECK(rollout("\xef\xbb\xbf" + causal.dump())["influence"] == expected);  // a byte order mark
    const scratch_directory here;
    here.write("config", causal.dump());
    CHECK(csv(here.run(program, "--config - --format csv < config").out)["influence"] == expected);
}

TEST_CASE("attention_rollout: words, numbers and options that all programs share") {
    const scratch_directory directory;
    nlohmann::json config = sound();
    config["attention_config"] = {{"num_heads", 1}};
    config["content_config"] = nullptr;
    config["num_layers"] = 1;
    directory.write("one.json", config.dump());
    CHECK(directory.run(program, "--config one.json")
              .out.rfind("20 tokens, 1 layer of 1 head, causal mask\n", 0) == 0);
    directory.write("config.json", sound().dump());
    const auto json = nlohmann::json::parse(directory.run(program, "--config config.json --format json").out);
    REQUIRE(json["alphas"].size() == 3);
    CHECK(json["alphas"][0] == 0.8);
    CHECK(json["alphas"][1].get<double>() == Approx(0.8 / std::sqrt(2.)).epsilon(1e-15));
    CHECK(json["command"] == "attention_rollout --config config.json --format json");
    CHECK(directory.run(program, "--version").out ==
          "attention_rollout " + json["version"].get<std::string>() + "\n");
    CHECK(
        csv(directory.run(program, "--config config.json --format csv --points 5").out)["position"].size() ==
        5);
    const nlohmann::json sampled =
        nlohmann::json::parse(directory.run(program, "--config config.json --format json --points 5").out);
    CHECK(sampled["sample"]["of"] == 20);
    check_refused(program, "--config config.json --plot ''", {"--plot", "must not be empty"}, directory);
    check_refused(program, "--config ''", {"--config", "must not be empty"}, directory);
    check_narrow(output_of(program, "--help"));
}

TEST_CASE("attention_rollout: refuses, naming the key and the line") {
    const auto refused = [](const nlohmann::json& patch, const std::vector<std::string>& words) {
        nlohmann::json config = sound();
        config.merge_patch(patch);
        const scratch_directory directory;
        directory.write("config", config.dump(1));
        check_refused(program, "--config config --plot row.svg", words, directory);
    };
    const auto attention = [](const nlohmann::json& patch) {
        return nlohmann::json{{"attention_config", patch}};
    };
    const auto content = [](const nlohmann::json& patch) {
        return nlohmann::json{{"content_config", patch}};
    };
    const auto mask = [](const nlohmann::json& patch) { return nlohmann::json{{"mask_config", patch}}; };
    const auto schedule = [](const nlohmann::json& patch) {
        return nlohmann::json{{"lambda_schedule_config", patch}};
    };
    refused(attention({{"head_weights", {{1.0, -1.0}}}}), {"head_weights[0][1]", "-1", "line"});
    refused(attention({{"head_weights", {{0.0, 0.0}}}}), {"head_weights", "all 0"});
    refused(attention({{"alibi_slopes", {{0.1, 0.2}, {0.1, 0.2}}}}),
            {"alibi_slopes", "length 2", "num_layers = 3"});
    refused(attention({{"alibi_slopes", {{0.1, 0.2, 0.3}}}}),
            {"alibi_slopes[0]", "length 3", "num_heads = 2"});
    refused(attention({{"alibi_slopes", {0.1, 0.2}}}), {"alibi_slopes"});
    refused(attention({{"alibi_slopes", {{-0.1}}}}), {"alibi_slopes[0][0]", "-0.1"});
    refused(attention({{"alibi_slopes", {{"NaN"}}}}), {"alibi_slopes[0][0]", "NaN"});
    refused(attention({{"softmax_temperature", 0}}), {"softmax_temperature", "above 0"});
    refused(attention({{"num_heads", 0}}), {"num_heads"});
    refused(attention({{"num_heads", 2.5}}), {"num_heads", "2.5"});
    refused(content({{"diagonal_scores", nlohmann::json::array()}}), {"diagonal_scores", "length 0"});
    refused(content({{"base_scores", {{".nan"}}}}), {"base_scores[0][0]", ".nan"});
    refused(mask({{"mask_type", "windowed"}}), {"mask_type", "windowed", "sliding_window"});
    refused(mask({{"mask_type", "sliding_window"}, {"window_size", 0}}), {"window_size", "0"});
    refused(mask({{"mask_type", "sliding_window"}}), {"window_size", "missing"});
    refused(mask({{"mask_type", "prefix"}, {"prefix_length", 21}}), {"prefix_length", "21"});
    refused(schedule({{"schedule_type", "cosine"}}), {"schedule_type", "cosine"});
    refused(schedule({{"lambda_0", 1.5}}), {"lambda_0", "1.5", "[0, 1]"});
    refused(schedule({{"beta", -2}}), {"beta", "layer 2"});
    refused(schedule({{"schedule_type", "constant"}, {"lambda_const", -0.1}}), {"lambda_const", "-0.1"});
    refused(schedule({{"schedule_type", "constant"}, {"lambda_const", "nan"}}), {"lambda_const", "nan"});
    refused(schedule({{"schedule_type", "custom"}, {"lambdas_custom", {0.5, 0.5}}}),
            {"lambdas_custom", "length 2"});
    refused(schedule({{"schedule_type", "custom"}, {"lambdas_custom", {0.5, 0.5, 2}}}),
            {"lambdas_custom[2]", "2"});
    refused({{"sequence_length", nullptr}}, {"sequence_length", "missing"});
    refused({{"sequence_length", 1099511627776}}, {"sequence_length", "memory"});
    refused({{"num_layers", "many"}}, {"num_layers", "many"});
    refused({{"num_layers", 2001}}, {"num_layers = 2001", "[1, 2000]"});
    refused(attention({{"alibi_slope", {{0.1}}}}),
            {"attention_config.alibi_slope is", "line", "alibi_slopes"});
    refused(content({{"diagonal_score", {{0.1}}}}), {"content_config.diagonal_score is"});
    refused(mask({{"window", 3}}), {"mask_config.window is"});
    refused(schedule({{"lambda", 0.5}}), {"lambda_schedule_config.lambda is"});
    refused({{"content", 0.5}}, {"content is not one of the keys"});
}

TEST_CASE("attention_rollout: refuses what is no configuration") {
    const scratch_directory directory;
    const auto refused = [&](const std::string& text, const std::vector<std::string>& words) {
        directory.write("config", text);
        check_refused(program, "--config config", words, directory);
    };
    check_refused(program, "--config /dev/zero", {"/dev/zero", "bytes"});
    refused("", {"config", "neither YAML nor JSON"});
    refused("a poem", {"config", "neither YAML nor JSON"});
    refused("{\"a\": [1,\n\n 2", {"config", "line", "neither YAML nor JSON"});
    refused(std::string("\0\1\2\xff", 4), {"config", "neither YAML nor JSON"});
    refused("num_layers: 1\nsequence_length: 2\nsequence_length: 3\n",
            {"line 3", "sequence_length", "twice"});
    refused(sound().dump() + "\ngarbage", {"line 2", "second document"});
    refused(sound().dump() + "\n---\n" + sound().dump(), {"line 3", "second document"});
    check_refused(program, "--config nowhere.json", {"nowhere.json", "No such file"});
    check_refused(program, "--config .", {"directory"});
    check_refused(program, "", {"--config"});
    directory.write("config", sound().dump());
    check_refused(program, "--config config --plot row.gif", {"row.gif"}, directory);
    check_refused(program, "--config config --output no/where.csv", {"no/where.csv"}, directory);
}
