// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "../files/npy_files.hpp"
#include "run.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <regex>
#include <string>
#include <vector>

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

namespace {

/// Attention as a model would have it, [layers, heads, n, n], in the numbers that a dtype has.
struct measured {
    int layers = 3, heads = 2, n = 12;
    std::string dtype = "<f8";
    bool causal = true;
    std::vector<double> values = {};

    double& at(int l, int h, int row, int column) {
        return values[std::size_t(((l * heads + h) * n + row) * n + column)];
    }

    /// Softmax of scores without a pattern, rounded to the dtype.
    measured& fill() {
        values.assign(std::size_t(layers * heads * n * n), 0);
        for (int l = 0; l < layers; ++l)
            for (int h = 0; h < heads; ++h)
                for (int row = 0; row < n; ++row) {
                    const auto weight = [&](int column) {
                        return std::exp(2 * std::sin(1 + 7 * l + 3 * h + 5 * row + row * column));
                    };
                    double sum = 0;
                    for (int column = 0; column < (causal ? row + 1 : n); ++column)
                        sum += weight(column);
                    for (int column = 0; column < (causal ? row + 1 : n); ++column)
                        at(l, h, row, column) = rounded(weight(column) / sum);
                }
        return *this;
    }

    double rounded(double x) const {
        if (dtype == "<f2") return double(static_cast<float>(Eigen::half(float(x))));
        return dtype == "<f4" ? double(float(x)) : x;
    }

    std::string bytes_of(double x) const {
        if (dtype == "<f2")
            return little_endian_bytes(Eigen::numext::bit_cast<std::uint16_t>(Eigen::half(float(x))), 2);
        if (dtype == "<f4") return little_endian_bytes(std::bit_cast<std::uint32_t>(float(x)), 4);
        return little_endian_bytes(std::bit_cast<std::uint64_t>(x), 8);
    }

    std::string data(bool fortran = false) {
        std::string bytes;
        if (!fortran) {
            for (const double x : values)
                bytes += bytes_of(x);
            return bytes;
        }
        for (int column = 0; column < n; ++column)
            for (int row = 0; row < n; ++row)
                for (int h = 0; h < heads; ++h)
                    for (int l = 0; l < layers; ++l)
                        bytes += bytes_of(at(l, h, row, column));
        return bytes;
    }

    std::string npy(bool fortran = false, int version = 1) {
        const std::string shape = "(" + std::to_string(layers) + ", " + std::to_string(heads) + ", " +
                                  std::to_string(n) + ", " + std::to_string(n) + ")";
        return npy_file("{'descr': '" + dtype + "', 'fortran_order': " + (fortran ? "True" : "False") +
                            ", 'shape': " + shape + ", }",
                        data(fortran), version);
    }

    std::string safetensors(const std::string& before = "") {
        const std::string type = dtype == "<f2" ? "F16" : dtype == "<f4" ? "F32" : "F64";
        const nlohmann::json shape = {layers, heads, n, n};
        const std::size_t begin = before.size();
        nlohmann::json header = {
            {"attention",
             {{"dtype", type}, {"shape", shape}, {"data_offsets", {begin, begin + data().size()}}}}};
        if (begin > 0) header["other"] = {{"dtype", "U8"}, {"shape", {begin}}, {"data_offsets", {0, begin}}};
        const std::string text = header.dump();
        return little_endian_bytes(text.size(), 8) + text + before + data();
    }

    using fusion = std::function<double(const std::vector<double>&)>;

    /// The row of the query through layers first .. layers - 1 by dense products: nothing of the library.
    Eigen::VectorXd row(const fusion& fuse, const std::vector<double>& lambdas, int first, int query,
                        bool normalise = false) {
        Eigen::MatrixXd p = Eigen::MatrixXd::Identity(n, n);
        for (int l = first; l < layers; ++l) {
            Eigen::MatrixXd a(n, n);
            for (int i = 0; i < n; ++i) {
                for (int j = 0; j < n; ++j) {
                    std::vector<double> weights;
                    for (int h = 0; h < heads; ++h)
                        weights.push_back(at(l, h, i, j));
                    a(i, j) = fuse(weights);
                }
                if (normalise) a.row(i) /= a.row(i).sum();
            }
            const double lambda = lambdas[std::size_t(l)];
            p = ((1 - lambda) * p + lambda * a * p).eval();
        }
        return p.row(query).transpose();
    }
};

double mean_of(const std::vector<double>& weights) {
    return std::accumulate(weights.begin(), weights.end(), 0.) / double(weights.size());
}
double greatest_of(const std::vector<double>& weights) {
    return *std::max_element(weights.begin(), weights.end());
}
double least_of(const std::vector<double>& weights) {
    return *std::min_element(weights.begin(), weights.end());
}

const std::vector<double> halves(3, 0.5);

}  // namespace

TEST_CASE(
    "attention_rollout: measured attention, of every dtype, order and container, against dense products") {
    for (const std::string dtype : {"<f2", "<f4", "<f8"}) {
        CAPTURE(dtype);
        measured a{.dtype = dtype};
        a.fill();
        const scratch_directory here;
        here.write("c.npy", a.npy());
        here.write("fortran.npy", a.npy(true, 2));
        here.write("three.npy", a.npy(false, 3));
        here.write("one.safetensors", a.safetensors());
        here.write("two.safetensors", a.safetensors("01234567"));
        const Eigen::VectorXd expected = a.row(mean_of, halves, 0, a.n - 1);
        for (const std::string file : {"c.npy", "fortran.npy", "three.npy", "one.safetensors",
                                       "two.safetensors --tensor attention", "- <c.npy"}) {
            CAPTURE(file);
            const finished result = here.run(program, "--format csv --attentions " + file);
            CHECK(result.err.empty());
            check_row(csv(result.out), expected);
        }
    }
}

TEST_CASE("attention_rollout: heads fused by mean, max, min and weights") {
    measured a{.heads = 3};
    a.fill();
    const scratch_directory here;
    here.write("a.npy", a.npy());
    const auto run = [&](const std::string& options) {
        return csv(here.run(program, "--attentions a.npy --format csv " + options).out);
    };
    check_row(run("--fusion mean"), a.row(mean_of, halves, 0, a.n - 1));
    check_row(run("--fusion max"), a.row(greatest_of, halves, 0, a.n - 1, true));
    check_row(run("--fusion min"), a.row(least_of, halves, 0, a.n - 1, true));
    const auto weighted = [](const std::vector<double>& w) { return (w[0] + 0 * w[1] + 3 * w[2]) / 4; };
    check_row(run("--fusion weights --head-weights 1,0,3"), a.row(weighted, halves, 0, a.n - 1));
    // Fused already: [layers, n, n].
    measured one{.heads = 1};
    one.fill();
    std::string flat = one.npy();
    flat.replace(flat.find("(3, 1, 12, 12)"), 14, "(3, 12, 12)   ");
    here.write("a.npy", flat);
    check_row(run(""), one.row(mean_of, halves, 0, a.n - 1));
    CHECK(
        here.run(program, "--attentions a.npy").out.rfind("12 tokens, 3 layers of 1 head, causal mask", 0) ==
        0);
}

TEST_CASE("attention_rollout: residual shares, first layer and query of measured attention") {
    measured a;
    a.fill();
    const scratch_directory here;
    here.write("a.npy", a.npy());
    here.write("lambdas", "0.2\n1 # attention only\n0.75\n");
    const auto run = [&](const std::string& options) {
        return csv(here.run(program, "--attentions a.npy --format csv " + options).out);
    };
    const std::vector<double> lambdas{0.2, 1, 0.75};
    const int last = a.n - 1;
    check_row(run("--lambda 0.3"), a.row(mean_of, {0.3, 0.3, 0.3}, 0, last));
    check_row(run("--lambdas 0.2,1,0.75"), a.row(mean_of, lambdas, 0, last));
    check_row(run("--lambdas-file lambdas"), a.row(mean_of, lambdas, 0, last));
    check_row(run("--lambdas 0.2,1,0.75 --first-layer 1"), a.row(mean_of, lambdas, 1, last));
    check_row(run("--lambdas 0.2,1,0.75 --query 5"), a.row(mean_of, lambdas, 0, 5).head(6));

    measured both{.causal = false};
    both.fill();
    here.write("a.npy", both.npy());
    check_row(run("--bidirectional --query 5"), both.row(mean_of, halves, 0, 5));
    const auto json = nlohmann::json::parse(
        here.run(program, "--attentions a.npy --bidirectional --query 5 --format json").out);
    CHECK(json["tokens"] == 12);
    CHECK(json["query_position"] == 5);
    CHECK(json["mask"] == "full mask");
    const Eigen::VectorXd row = both.row(mean_of, halves, 0, 5);
    CHECK(json["summary"]["last_token"].get<double>() == Approx(row[5]).epsilon(1e-12));
}

TEST_CASE("attention_rollout: the receptive field is divided out") {
    measured a;
    a.fill();
    measured uniform;
    uniform.fill();
    for (int l = 0; l < 3; ++l)
        for (int h = 0; h < 2; ++h)
            for (int row = 0; row < 12; ++row)
                for (int column = 0; column <= row; ++column)
                    uniform.at(l, h, row, column) = 1. / (row + 1);
    const scratch_directory here;
    here.write("a.npy", a.npy());
    here.write("uniform.npy", uniform.npy());
    const std::string options = " --lambdas 0.2,1,0.75 --first-layer 1 --query 9 --correct --format csv";
    const csv flat(here.run(program, "--attentions uniform.npy" + options).out);
    for (const double ratio : flat["corrected"])
        CHECK(ratio == Approx(1).epsilon(1e-12));
    const csv t(here.run(program, "--attentions a.npy" + options).out);
    REQUIRE(t["corrected"].size() == 10);
    const Eigen::VectorXd measured_row = a.row(mean_of, {0.2, 1, 0.75}, 1, 9);
    const Eigen::VectorXd exact = uniform.row(mean_of, {0.2, 1, 0.75}, 1, 9);
    for (Eigen::Index m = 0; m < 10; ++m)
        CHECK(t["corrected"][std::size_t(m)] == Approx(measured_row[m] / exact[m]).epsilon(1e-12));
}

TEST_CASE("attention_rollout: what measured attention is printed as") {
    measured a;
    a.fill();
    const scratch_directory here;
    here.write("a.safetensors", a.safetensors());
    const std::string options =
        "--attentions a.safetensors --tensor attention --first-layer 1 --fusion weights "
        "--head-weights 1,3 --correct ";
    const auto json = nlohmann::json::parse(here.run(program, options + "--format json").out);
    check_documented(json);
    CHECK(json["attentions"] == "a.safetensors");
    CHECK(json["tensor"] == "attention");
    CHECK(json["tokens"] == 12);
    CHECK(json["layers"] == 2);
    CHECK(json["first_layer"] == 1);
    CHECK(json["heads"] == 2);
    CHECK(json["head_weights"] == nlohmann::json({0.25, 0.75}));
    CHECK(json["alphas"] == nlohmann::json({0.5, 0.5}));
    CHECK(json["query_position"] == 11);
    CHECK(json["profile"].size() == 12);
    const finished table = here.run(program, options + "--plot row.svg");
    CHECK(table.out.rfind("12 tokens, 2 layers of 2 heads, causal mask, weights of heads, lambda = 0.5\n",
                          0) == 0);
    CHECK(table.out.find("corrected") != std::string::npos);
    CHECK(table.out.find("entropy") != std::string::npos);
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return;
    CHECK(here.read("row.svg").find("influence over that of uniform attention") != std::string::npos);
}

TEST_CASE("attention_rollout: measured attention of 16 bits may be off by their rounding, of 64 not") {
    measured a{.dtype = "<f4"};
    a.fill();
    a.dtype = "<f8";  // the sums of floats
    const scratch_directory here;
    here.write("a.npy", a.npy());
    check_refused(program, "--attentions a.npy",
                  {"'a.npy': layer", "head", "row", "weights sum to", "--tolerance"}, here);
    CHECK(here.run(program, "--attentions a.npy --tolerance 1e-6").status == 0);
}

TEST_CASE("attention_rollout: refuses measured attention, naming layer, head and row") {
    const auto refused = [](int l, int h, int row, int column, double weight, const std::string& options,
                            const std::vector<std::string>& words) {
        measured a;
        a.fill();
        a.at(l, h, row, column) = weight;
        for (const bool fortran : {false, true}) {
            const scratch_directory here;
            here.write("a.npy", a.npy(fortran));
            check_refused(program, "--attentions a.npy --plot row.svg " + options, words, here);
        }
    };
    const std::string at = "'a.npy': layer 1, head 1, row 6: ";
    refused(1, 1, 6, 6, 7, "", {at + "its weights sum to", "not to 1 within", "--tolerance"});
    refused(1, 1, 6, 2, std::nan(""), "", {at + "the weight of position 2 is nan"});
    refused(1, 1, 6, 2, -0.25, "--bidirectional", {at + "the weight of position 2 is -0.25"});
    refused(1, 1, 6, 8, 0.125, "", {at + "the later position 8 has weight 0.125", "--bidirectional"});
    refused(1, 1, 6, 6, std::numeric_limits<double>::infinity(), "", {at + "its weights sum to inf"});
    measured apart;
    apart.fill();
    for (int column = 0; column <= 3; ++column) {
        apart.at(2, 0, 3, column) = column == 0;
        apart.at(2, 1, 3, column) = column == 1;
    }
    const scratch_directory here;
    here.write("a.npy", apart.npy());
    check_refused(program, "--attentions a.npy --fusion min", {"'a.npy': layer 2, row 3: no position", "min"},
                  here);
    CHECK(here.run(program, "--attentions a.npy --fusion min --first-layer 2 --lambda 0").status == 0);
}

TEST_CASE("attention_rollout: refuses files and options of measured attention") {
    measured a;
    a.fill();
    const scratch_directory here;
    here.write("a.npy", a.npy());
    here.write("a.safetensors", a.safetensors("12345678"));
    here.write("config", sound().dump());
    const auto refused = [&](const std::string& arguments, const std::vector<std::string>& words) {
        check_refused(program, arguments, words, here);
    };
    refused("", {"which attention?", "--config", "--attentions"});
    refused("--config config --attentions a.npy", {"--config", "--attentions"});
    for (const std::string option :
         {"--fusion max", "--lambda 0.5", "--lambdas 1", "--first-layer 0", "--query 1", "--bidirectional",
          "--tolerance 1", "--correct", "--head-weights 1"}) {
        const std::string name = option.substr(0, option.find(' '));
        refused("--config config " + option, {name, "--attentions"});
    }
    refused("--attentions a.npy --fusion median", {"--fusion: 'median' is none of", "weights"});
    refused("--attentions a.npy --fusion weights", {"--head-weights", "--fusion weights"});
    refused("--attentions a.npy --head-weights 1,2", {"--head-weights", "--fusion weights"});
    const std::string weights = "--attentions a.npy --fusion weights --head-weights ";
    refused(weights + "1,2,3", {"--head-weights has 3 weights for 2 heads"});
    refused(weights + "1,-2", {"--head-weights: -2"});
    refused(weights + "0,0", {"--head-weights", "sum"});
    refused(weights + "1,x", {"--head-weights: 'x' is not a number"});
    refused("--attentions a.npy --lambdas 0.5,0.5", {"--lambdas has 2 coefficients for 3 layers"});
    refused("--attentions a.npy --lambdas 0.5,0.5,2", {"--lambdas", "2", "[0, 1]"});
    refused("--attentions a.npy --lambda 1.5", {"--lambda: 1.5"});
    refused("--attentions a.npy --lambda 1 --lambdas 1,1,1", {"--lambda", "--lambdas"});
    refused("--attentions a.npy --first-layer 3", {"--first-layer: 3 must lie in [0, 2]"});
    refused("--attentions a.npy --query 12", {"--query: 12 must lie in [0, 11]"});
    refused("--attentions a.npy --correct --bidirectional", {"--correct", "--bidirectional"});
    refused("--attentions a.npy --tolerance -1", {"--tolerance"});
    refused("--attentions a.npy --tensor x", {"--tensor", "'a.npy'"});
    refused("--attentions a.npy --output a.npy", {"--output", "a.npy", "overwritten"});
    refused("--attentions a.safetensors", {"a.safetensors", "holds 2 tensors", "'other'", "'attention'"});
    refused("--attentions a.safetensors --tensor x", {"a.safetensors", "has no tensor 'x'"});
    refused("--attentions a.safetensors --tensor other", {"a.safetensors", "tensor 'other'", "U8"});
    refused("--attentions absent.npy", {"absent.npy", "No such file"});
    refused("--attentions .", {"directory"});
    refused("--attentions config", {"config", "does not begin as a .npy file does"});

    const auto refused_file = [&](const std::string& file, const std::vector<std::string>& words) {
        here.write("b.npy", file);
        refused("--attentions b.npy", words);
    };
    const std::string good = a.npy();
    refused_file(good.substr(0, good.size() - 1), {"b.npy", "takes 6912 bytes, but there are 6911"});
    refused_file(good.substr(0, 40), {"b.npy", "does not fit a file of 40 bytes"});
    const auto altered = [&](const std::string& what, const std::string& by) {
        std::string file = good;
        REQUIRE(what.size() == by.size());
        return file.replace(file.find(what), what.size(), by);
    };
    refused_file(altered("<f8", ">f8"), {"b.npy", "big-endian"});
    refused_file(altered("<f8", "|O "), {"b.npy", "dtype"});
    refused_file(altered("'<f8'", " '|O'"), {"b.npy", "objects of Python"});
    refused_file(altered("(3, 2, 12, 12)", "(3, 2, 18, 8 )"),
                 {"b.npy", "[3, 2, 18, 8]", "[layers, heads, n, n]"});
    refused_file(altered("(3, 2, 12, 12)", "(6, 144)      "), {"b.npy", "[6, 144]", "[layers, n, n]"});
    refused_file(npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 5, 5)}", ""),
                 {"b.npy", "[0, 5, 5]", "[layers, n, n]"});
    refused_file(
        npy_file("{'descr': '<f2', 'fortran_order': False, 'shape': (2001, 1, 1)}", std::string(4002, 0)),
        {"b.npy", "2001", "2000"});
}
