// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "run.hpp"

#include <cesaro/decoder/checkpoint.hpp>
#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/read_config.hpp>
#include <cesaro/decoder/safetensors.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>

using namespace cesaro_test;

namespace {

const std::string program = "untrained_decoder";

const char* const gpt2 = R"({"model_type": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 12, "n_positions": 32,
    "vocab_size": 50, "activation_function": "gelu_new", "initializer_range": 0.2})";
const char* const qwen2 = R"({"model_type": "qwen2", "hidden_size": 16, "intermediate_size": 40,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64,
    "hidden_act": "silu", "initializer_range": 0.15, "vocab_size": 50})";

using list = std::vector<double>;

double sum(const list& values) {
    return std::accumulate(values.begin(), values.end(), 0.);
}

double total_variation(const list& p, const list& q) {
    double sum = 0;
    for (std::size_t m = 0; m < p.size(); ++m)
        sum += std::abs(p[m] - q[m]) / 2;
    return sum;
}

double wasserstein(const list& p, const list& q) {
    double area = 0;
    double difference = 0;
    for (std::size_t m = 0; m + 1 < p.size(); ++m) {
        difference += p[m] - q[m];
        area += std::abs(difference) / double(p.size() - 1);
    }
    return area;
}

/// A directory with both configurations.
struct workplace : scratch_directory {
    workplace() {
        write("gpt2.json", gpt2);
        write("qwen2.json", qwen2);
    }
    /// On one thread: threads wait for each other where others use the machine, too.
    nlohmann::json json(const std::string& arguments,
                        const std::string& environment = "OMP_NUM_THREADS=1") const {
        const finished result = run(program, arguments + " --format json", environment);
        INFO(arguments << '\n' << result.err);
        REQUIRE(result.status == 0);  // slow work may say how far it is
        return nlohmann::json::parse(result.out);
    }
};

}  // namespace

TEST_CASE("untrained_decoder: profiles sum to one and scores are theirs") {
    const workplace here;
    for (const std::string family : {"gpt2", "qwen2"}) {
        const auto json = here.json("--config " + family + ".json --tokens 20 --draws 2 --probes 3 --seed 4");
        CHECK(json["positions"] == 20);
        CHECK(json["standard_error"].size() == 20);
        const list measured = json["measured"];
        CHECK(sum(measured) == Approx(1).epsilon(1e-12));
        CHECK(json["scores"].size() == 3);
        for (const std::string name : {"row_theory", "jacobian_theory", "predicted"}) {
            const list theory = json[name];
            REQUIRE(theory.size() == 20);
            CHECK(sum(theory) == Approx(1).epsilon(1e-12));
            const auto& scores = json["scores"][name];
            CHECK(scores["total_variation"] == Approx(total_variation(measured, theory)).epsilon(1e-9));
            CHECK(scores["wasserstein"] == Approx(wasserstein(measured, theory)).epsilon(1e-9));
            CHECK(scores["spearman"] <= 1);
        }
        CHECK(json["fitted_alpha"] > 0);
        CHECK(json["fitted_alpha"] < 1);
    }
}

TEST_CASE("untrained_decoder: what it saves is the network whose norms it saves") {
    const workplace here;
    for (const std::string family : {"gpt2", "qwen2"}) {
        const auto saved = here.path() / family;
        here.json("--config " + family + ".json --tokens 6 --probes exact --save " + family);
        const auto config = cesaro::read_decoder_config(saved);
        const cesaro::decoder<double> model{config, cesaro::load_weights<double>(saved, config)};
        const auto tensors = cesaro::load_safetensors<double>(saved / "inputs.safetensors");
        const auto& x_in = tensors.at("x_in");
        REQUIRE(x_in.shape == std::vector<Eigen::Index>{6, config.width});
        const Eigen::MatrixXd x = Eigen::Map<const Eigen::MatrixXd>(x_in.values.data(), config.width, 6);
        for (Eigen::Index m = 0; m < 6; ++m) {
            double square = 0;
            for (Eigen::Index i = 0; i < config.width; ++i) {
                Eigen::MatrixXd above = x;
                Eigen::MatrixXd below = x;
                above(i, m) += 1e-6;
                below(i, m) -= 1e-6;
                square +=
                    ((cesaro::decoder_forward(model, above) - cesaro::decoder_forward(model, below)) / 2e-6)
                        .col(5)
                        .squaredNorm();
            }
            CHECK(tensors.at("jacobian_norms").values[m] == Approx(std::sqrt(square)).epsilon(1e-4));
        }
    }
}

TEST_CASE("untrained_decoder: a checkpoint beside its own initialisation") {
    const workplace here;
    const auto drawn = here.json("--config qwen2.json --tokens 12 --probes exact --seed 5 --save saved");
    const auto same = here.json("--weights saved --tokens 12 --probes exact --seed 5");
    CHECK(same["measured"] == drawn["measured"]);
    CHECK(same["scores"]["initialised"]["total_variation"] == 0);
    const auto other = here.json("--weights saved --tokens 12 --probes exact --seed 6");
    CHECK(other["measured"] != other["initialised"]);
    CHECK(other["scores"]["initialised"]["total_variation"] > 0);
    // a truncated checkpoint is refused
    std::filesystem::resize_file(here.path() / "saved" / "model.safetensors", 5000);
    check_refused(program, "--weights saved --tokens 12", {"model.safetensors"}, here);
}

TEST_CASE("untrained_decoder: reproducible from its seed on any number of threads") {
    const workplace here;
    const std::string arguments = "--config qwen2.json --tokens 40 --draws 2 --probes 2";
    const auto one = here.json(arguments, "OMP_NUM_THREADS=1");
    CHECK(one == here.json(arguments, "OMP_NUM_THREADS=3"));
    CHECK(one["measured"] != here.json(arguments + " --seed 1")["measured"]);
}

TEST_CASE("untrained_decoder: RoPE hardly matters at initialisation, but is there") {
    const workplace here;
    const auto weaker = [](std::string config) {  // scores as small as those of a published network
        const std::string key = "\"initializer_range\": 0.";
        return config.replace(config.find(key) + key.size(),
                              config[config.find(key) + key.size() + 1] == '5' ? 2 : 1, "08");
    };
    here.write("gpt2-weak.json", weaker(gpt2));
    here.write("qwen2-weak.json", weaker(qwen2));
    for (const std::string family : {"gpt2", "qwen2"}) {
        const std::string arguments =
            "--config " + family + "-weak.json --tokens 16 --draws 20 --probes exact";
        const list on = here.json(arguments + " --rope on")["measured"];
        const list off = here.json(arguments + " --rope off")["measured"];
        const list other = here.json(arguments + " --rope on --seed 1")["measured"];
        CHECK(total_variation(on, off) > 0);
        CHECK(total_variation(on, off) < total_variation(on, other) / 3);  // far less than other draws
    }
    // a network without its family's positions is still that network when loaded
    here.json("--config qwen2.json --rope off --tokens 16 --seed 3 --save plain");
    CHECK(here.json("--weights plain --tokens 16 --seed 3")["measured"] ==
          here.json("--config qwen2.json --rope off --tokens 16 --seed 3")["measured"]);
}

TEST_CASE("untrained_decoder: the shape of the network, the prompt and the outputs can be chosen") {
    const workplace here;
    here.json("--config qwen2.json --width 8 --layers 1 --tokens 9 --save small");
    const auto config = cesaro::read_decoder_config(here.path() / "small");
    CHECK(config.width == 8);
    CHECK(config.layers == 1);
    CHECK(config.heads == 4);
    CHECK(config.intermediate == 20);
    here.write("ids.txt", "3 1 4 1 5\n9 2 6");
    CHECK(here.json("--config gpt2.json --token-ids ids.txt")["positions"] == 8);
    CHECK(here.json("--config gpt2.json --token-ids ids.txt --tokens 5")["positions"] == 5);
    const auto ones = here.json("--config gpt2.json --tokens 9 --probes ones");
    CHECK(ones["output"] == "residual");
    CHECK(here.json("--config qwen2.json --tokens 9 --probes ones")["output"] == "normalized");
    const csv t(here.run(program, "--config gpt2.json --tokens 9 --format csv").out);
    CHECK(t.header == "position,measured,standard_error,row_theory,jacobian_theory,predicted");
    CHECK(t["position"].size() == 9);
    const finished table = here.run(program, "--config gpt2.json --tokens 9");
    CHECK(table.out.find("wasserstein") != std::string::npos);
}

TEST_CASE("untrained_decoder: the standard error is infinite where one sample gives none") {
    const workplace here;
    const std::string network = "--config gpt2.json --tokens 9 --probes ";
    for (const std::string probes : {"ones", "exact", "1"}) {
        const auto json = here.json(network + probes);
        CHECK(json["standard_error"] == nlohmann::json(std::vector<std::nullptr_t>(9)));
        const csv t(here.run(program, network + probes + " --format csv").out);
        for (const double error : t["standard_error"])
            CHECK(std::isinf(error));
        const list over_draws = here.json(network + probes + " --draws 2")["standard_error"];
        CHECK(*std::min_element(over_draws.begin(), over_draws.end()) > 0);
    }
    const list over_probes = here.json(network + "2")["standard_error"];
    CHECK(*std::min_element(over_probes.begin(), over_probes.end()) > 0);
}

TEST_CASE("untrained_decoder: JSON says what was measured") {
    const workplace here;
    const auto json = here.json("--config qwen2.json --tokens 12 --draws 2 --probes 3 --seed 7 --width 8");
    const std::map<std::string, nlohmann::json> facts = {
        {"model", "qwen2"},     {"model_type", "qwen2"},
        {"layers", 2},          {"width", 8},
        {"heads", 4},           {"kv_heads", 2},
        {"head_width", 2},      {"intermediate", 20},
        {"tokens", 12},         {"draws", 2},
        {"probes", 3},          {"seed", 7},
        {"vocab_size", 50},     {"weights", "drawn"},
        {"token_ids", "drawn"}, {"position_encoding", "rope"}};
    for (const auto& [name, value] : facts) {
        INFO(name);
        CHECK(json[name] == value);
    }
    CHECK(!json.contains("note"));
    here.write("ids.txt", "3 1 4 1 5");
    const auto exact =
        here.json("--config gpt2.json --rope on --token-ids ids.txt --probes exact --save saved");
    CHECK(exact["probes"] == "exact");
    CHECK(exact["tokens"] == 5);
    CHECK(exact["token_ids"] == "given");
    CHECK(exact["position_encoding"] == "learned_and_rope");
    CHECK(here.json("--weights saved --token-ids ids.txt")["weights"] == "loaded");
}

TEST_CASE("untrained_decoder: says which theories know nothing of a sliding window") {
    const workplace here;
    const auto write = [&](const std::string& name, const std::string& keys) {
        std::string text = qwen2;
        here.write(name, text.insert(1, keys + ", "));
    };
    write("window.json", R"("use_sliding_window": true, "sliding_window": 5, "max_window_layers": 1)");
    write("above.json", R"("use_sliding_window": true, "sliding_window": 5, "max_window_layers": 2)");
    const std::string note = here.json("--config window.json --tokens 6")["note"];
    CHECK(note.find("window is 5 tokens") != std::string::npos);
    CHECK(here.run(program, "--config window.json --tokens 6").out.find("note: " + note) !=
          std::string::npos);
    CHECK(!here.json("--config window.json --tokens 5").contains("note"));
    CHECK(!here.json("--config above.json --tokens 6").contains("note"));  // no layer has it
    CHECK(here.run(program, "--config above.json --tokens 6").out.find("note") == std::string::npos);
}

TEST_CASE("untrained_decoder: --help names every column") {
    const std::string help = output_of(program, "--help");
    for (const char* const column :
         {"measured", "standard_error", "row_theory", "jacobian_theory", "predicted", "initialised",
          "spearman", "wasserstein", "total_variation"}) {
        INFO(column);
        CHECK(help.find("\n  " + std::string(column) + " ") != std::string::npos);
    }
}

TEST_CASE("untrained_decoder: a bad destination is found out before the work, and nothing is half written") {
    const workplace here;
    // the configuration would be the next to fail
    check_refused(program, "--config none.json --output absent/out", {"absent/out"}, here);
    check_refused(program, "--config none.json --save gpt2.json", {"gpt2.json"}, here);
    check_refused(program, "--config none.json --save gpt2.json/deeper", {"gpt2.json"}, here);
    check_refused(program, "--config none.json --save new/directory", {"none.json"}, here);
    check_refused(program, "--config gpt2.json --tokens 9 --save saved --output absent/out", {"absent"},
                  here);
    // what only saving itself can find out
    std::filesystem::create_directories(here.path() / "taken" / "model.safetensors");
    for (const std::string output : {"", " --output out.json"})
        check_refused(program, "--config gpt2.json --tokens 9 --save taken" + output, {"taken"}, here);
}

TEST_CASE("untrained_decoder: what it refuses") {
    const workplace here;
    here.write("bert.json", R"({"model_type": "bert", "hidden_size": 8})");
    here.write("heads.json", R"({"model_type": "qwen2", "hidden_size": 16, "intermediate_size": 40,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 3, "vocab_size": 50})");
    here.write("ids.txt", "3 50");
    check_refused(program, "--tokens 5", {"--config"}, here);
    check_refused(program, "--config bert.json", {"bert"}, here);
    check_refused(program, "--config heads.json", {"heads"}, here);
    check_refused(program, "--config absent.json", {"absent.json"}, here);
    check_refused(program, "--config gpt2.json --tokens 33", {"tokens = 33", "32"}, here);
    check_refused(program, "--config gpt2.json --tokens 1", {"--tokens"}, here);
    check_refused(program, "--config gpt2.json --token-ids ids.txt", {"50"}, here);
    check_refused(program, "--config gpt2.json --probes 0", {"--probes"}, here);
    check_refused(program, "--config gpt2.json --probes many", {"--probes"}, here);
    check_refused(program, "--config gpt2.json --width 7", {"--width"}, here);
    check_refused(program, "--config gpt2.json --width 24", {"--width"}, here);
    check_refused(program, "--config gpt2.json --rope maybe", {"--rope"}, here);
    check_refused(program, "--config gpt2.json --tokens 9 --draws 2 --save out", {"--draws"}, here);
    check_refused(program, "--config gpt2.json --tokens 9 --save gpt2.json", {"gpt2.json"}, here);
    check_refused(program, "--config gpt2.json --tokens 9 --plot out.gif", {"out.gif"}, here);
    check_refused(program, "--config gpt2.json --tokens 9 --output absent/out", {"absent"}, here);
    check_refused(program, "--weights absent --tokens 9", {"absent"}, here);
    for (const std::string option : {"--save", "--plot", "--output", "--token-ids", "--weights"})
        check_refused(program, "--config gpt2.json --tokens 9 " + option + " ''",
                      {option, "must not be empty"}, here);
    here.write("huge.json", R"({"model_type": "llama", "hidden_size": 1048576, "intermediate_size": 1048576,
        "num_hidden_layers": 40, "num_attention_heads": 4, "vocab_size": 50})");
    const double weights = cesaro::weight_count(cesaro::read_decoder_config(here.path() / "huge.json"));
    check_refused(program, "--config huge.json",
                  {" " + std::to_string(std::int64_t(weights)) + " weights",
                   " " + std::to_string(std::int64_t(4 * weights)) + " bytes"},
                  here);
}
