// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "run.hpp"

#include <cesaro/decoder/decoder.hpp>
#include <cesaro/files/checkpoint.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/files/safetensors.hpp>

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
        CHECK(json["tokens"] == 20);
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
    CHECK(same["scores"]["initialized"]["total_variation"] == 0);
    const auto other = here.json("--weights saved --tokens 12 --probes exact --seed 6");
    check_documented(other);
    CHECK(other["measured"] != other["initialized"]);
    CHECK(other["scores"]["initialized"]["total_variation"] > 0);
    // a truncated checkpoint is refused
    std::filesystem::resize_file(here.path() / "saved" / "model.safetensors", 5000);
    check_refused(program, "--weights saved --tokens 12", {"model.safetensors"}, here);
}

TEST_CASE(
    "untrained_decoder: what was loaded from a file is saved whole, its unembedding and positions too") {
    const workplace here;
    here.json("--config qwen2.json --rope off --tokens 6 --probes 1 --save drawn");
    const auto drawn = here.path() / "drawn";
    const auto config = cesaro::read_decoder_config(drawn);
    CHECK(!config.rope);
    CHECK(!config.learned_positions);
    auto weights = cesaro::load_weights<float>(drawn, config);
    CHECK(weights.unembedding.size() == 0);
    weights.unembedding = 2 * weights.token_embedding;
    cesaro::save_weights(drawn, config, weights);
    here.json("--weights drawn/model.safetensors --tokens 6 --probes 1 --save again");
    const auto again = here.path() / "again";
    CHECK(!cesaro::read_decoder_config(again).rope);
    CHECK(cesaro::load_weights<float>(again, config).unembedding == weights.unembedding);
    std::ifstream text(again / "config.json");
    const auto json = nlohmann::json::parse(text);
    CHECK(json["tie_word_embeddings"] == false);
    CHECK(json["architectures"][0] == "Qwen2ForCausalLM");
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
    here.write("ids.txt", "3 1 4 1 5 9 2 6\n");
    CHECK(here.json("--config gpt2.json --token-ids ids.txt")["tokens"] == 8);
    CHECK(here.json("--config gpt2.json --token-ids ids.txt --tokens 5")["tokens"] == 5);
    check_refused(program, "--config gpt2.json --token-ids ids.txt --tokens 9",
                  {"--tokens: 9", "8", "ids.txt"}, here);
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
    check_documented(json);
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

TEST_CASE("untrained_decoder: --describe prints what was read and builds nothing") {
    const workplace here;
    here.write("gemma.json", R"({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text",
        "num_hidden_layers": 12, "hidden_size": 2560, "sliding_window": 512}})");
    const finished table = here.run(program, "--config gemma.json --describe");
    CHECK(table.status == 0);
    std::map<std::string, std::string> members;
    std::istringstream lines(table.out);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t end = line.find(' ');
        if (end != std::string::npos)
            members[line.substr(0, end)] = line.substr(line.find_first_not_of(' ', end));
    }
    CHECK(table.out.starts_with("gemma: "));
    CHECK(table.out.find("note: the decoder of text is read, in text_config") != std::string::npos);
    CHECK(members["model_type"] == "gemma3_text");
    CHECK(members["width"] == "2560");
    CHECK(members["norm.after"] == "true");
    CHECK(members["scores.norm"] == "per_head");
    CHECK(members["local_rope.theta"] == "10000.0");
    CHECK(members["pattern"] == "5 x (window 512), 1 x (all of the past)");
    CHECK(!members.contains("scores.cap"));  // at its default

    const auto json = here.json("--config gemma.json --describe --layers 3 --width 320");
    CHECK(json["model"] == "gemma");
    CHECK(json["note"] == "the decoder of text is read, in text_config");
    const auto& decoder = json["decoder"];
    CHECK(decoder["layers"] == 3);
    CHECK(decoder["width"] == 320);
    CHECK(decoder["head_width"] == 32);  // 256 at 2560
    CHECK(decoder["embedding_scale"] == Approx(std::sqrt(320.)).epsilon(1e-15));
    CHECK(decoder["norm"]["kind"] == "rms_norm");
    CHECK(decoder["scores"]["cap"] == 0);
    CHECK(decoder["rope"]["theta"] == 1e6);
    CHECK(decoder["latent"].is_null());
    CHECK(decoder["pattern"].size() == 6);
    CHECK(decoder["pattern"][0]["window"] == 512);
    CHECK(here.json("--config gemma.json --describe --rope off")["decoder"]["rope"].is_null());
    CHECK(here.run(program, "--config gemma.json --describe --format csv").out.find("width,2560\n") !=
          std::string::npos);
    // too large to be built
    here.write("huge.json", R"({"model_type": "llama", "hidden_size": 1048576, "num_attention_heads": 4,
        "num_hidden_layers": 40, "vocab_size": 50})");
    CHECK(here.json("--config huge.json --describe")["decoder"]["intermediate"] == 11008);
    here.write("encoder.json", R"({"model_type": "esm", "num_hidden_layers": 6})");
    check_refused(program, "--config encoder.json --describe",
                  {"encoder.json", "key 'model_type' = 'esm'", "full_operator"}, here);
}

TEST_CASE("untrained_decoder: --help names every column") {
    const std::string help = output_of(program, "--help");
    for (const char* const column :
         {"measured", "standard_error", "row_theory", "jacobian_theory", "predicted", "initialized",
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
    for (const std::string name : {"config.json", "inputs.safetensors", "model.safetensors"}) {
        std::filesystem::create_directories(here.path() / "taken" / name);
        check_refused(program, "--config none.json --save taken", {"taken/" + name, "directory"}, here);
        std::filesystem::remove(here.path() / "taken" / name);
    }
    check_refused(program, "--config gpt2.json --save " + std::string(5000, 'x'), {"xxx", "too long"}, here);
}

TEST_CASE("untrained_decoder: what cannot be saved whole leaves what was there") {
    const workplace here;
    const std::string arguments = "--config gpt2.json --tokens 9 --probes 1 --save ";
    here.json(arguments + "old");
    const std::vector<std::string> names = {"old/config.json", "old/inputs.safetensors",
                                            "old/model.safetensors"};
    std::vector<std::string> before;
    for (const std::string& name : names)
        before.push_back(here.read(name));
    // The disk is full after so many blocks of 512 bytes, in the midst of the weights.
    for (const std::string directory : {"old", "new", "new/deeper"}) {
        const finished full =
            here.run(program, arguments + directory + " --seed 1", "ulimit -f 8; trap '' XFSZ; ");
        CHECK(full.status == 2);
        CHECK(full.out.empty());
        CHECK(full.err.find(directory + "/model.safetensors") != std::string::npos);
    }
    CHECK(!here.holds("new"));
    CHECK(std::distance(std::filesystem::directory_iterator(here.path() / "old"), {}) == 3);
    for (std::size_t i = 0; i < names.size(); ++i)
        CHECK(here.read(names[i]) == before[i]);
    here.json(arguments + "old --seed 1");
    CHECK(here.read(names[2]) != before[2]);
    CHECK(here.json("--weights old --tokens 9 --probes 1 --seed 1")["scores"]["initialized"]["spearman"] ==
          1);
}

TEST_CASE("untrained_decoder: weights that are not there are told by the option and the link") {
    const workplace here;
    std::filesystem::create_symlink("nowhere", here.path() / "link");
    for (const std::string config : {"", " --config gpt2.json"}) {
        check_refused(program, "--weights link" + config, {"--weights: 'link'", "'nowhere', which does not"},
                      here);
        check_refused(program, "--weights absent" + config, {"--weights: 'absent' does not exist"}, here);
    }
}

TEST_CASE("untrained_decoder: standard input is a file, too") {
    const workplace here;
    here.write("ids.txt", "3 1 4 1 5");
    CHECK(here.json("--config gpt2.json --token-ids - < ids.txt")["measured"] ==
          here.json("--config gpt2.json --token-ids ids.txt")["measured"]);
    check_refused(program, "--config gpt2.json --token-ids -", {"holds no token id"}, here);
}

TEST_CASE("untrained_decoder: names that are no UTF-8 or would act on a terminal") {
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return;
    const workplace here;
    here.write("\xff\x1b[31m.json", gpt2);
    const std::string arguments = "--tokens 5 --probes 1 --config '\xff\x1b[31m.json'";
    const finished table = here.run(program, arguments + " --plot u.svg");
    CHECK(table.out.starts_with("\\xff\\x1b[31m at initialisation: 2 layers"));
    CHECK((table.out + here.read("u.svg")).find_first_of("\xff\x1b") == std::string::npos);
    CHECK(here.json(arguments)["model"] == "\\xff\\x1b[31m");
}

TEST_CASE("untrained_decoder: draws of what is given are one") {
    const workplace here;
    here.write("ids.txt", "3 1 4 1 5 9 2 6");
    here.json("--config qwen2.json --tokens 8 --save saved");
    for (const std::string probes : {"", " --probes exact", " --probes ones"})
        check_refused(program, "--weights saved --token-ids ids.txt --draws 4" + probes,
                      {"--draws", "4", "--weights", "--token-ids", "--probes"}, here);
    // where one of the two is drawn, draws differ
    for (const std::string given :
         {"--config qwen2.json --token-ids ids.txt", "--weights saved --tokens 8"}) {
        const list errors = here.json(given + " --probes exact --draws 3")["standard_error"];
        CHECK(*std::min_element(errors.begin(), errors.end()) > 0);
    }
}

TEST_CASE("untrained_decoder: several prompts are several draws") {
    const workplace here;
    here.json("--config qwen2.json --tokens 8 --save saved");
    here.write("a.txt", "3 1 4 1 5 9 2 6\n");
    here.write("b.txt", "[2, 7, 1, 8, 2, 8, 1, 8]\n");
    here.write("both.txt", "3,1,4,1,5,9,2,6\n\n[2, 7, 1, 8, 2, 8, 1, 8]\n");
    const std::string exact = "--weights saved --probes exact --token-ids ";
    const list a = here.json(exact + "a.txt")["measured"], b = here.json(exact + "b.txt")["measured"];
    const auto both = here.json(exact + "both.txt");
    check_documented(both);
    CHECK(both["draws"] == 2);
    CHECK(both["average"] == "normalized");
    for (std::size_t m = 0; m < 8; ++m) {
        CHECK(both["measured"][m].get<double>() == Approx((a[m] + b[m]) / 2).epsilon(1e-6));
        CHECK(both["standard_error"][m].get<double>() == Approx(std::abs(a[m] - b[m]) / 2).epsilon(1e-5));
        CHECK(both["median"][m].get<double>() == Approx((a[m] + b[m]) / 2).epsilon(1e-6));
        CHECK(both["percentile_10"][m].get<double>() ==
              Approx(std::min(a[m], b[m]) + 0.1 * std::abs(a[m] - b[m])).epsilon(1e-6));
    }
    CHECK(both["loss"].get<double>() == Approx(std::log(50.)).epsilon(0.2));
    CHECK(both["uniform_loss"].get<double>() == Approx(std::log(50.)));
    CHECK(both["tensors"]["types"]["F32"] == both["tensors"]["loaded"]);
    const auto rms = here.json(exact + "both.txt --average rms");
    CHECK(rms["average"] == "rms");
    CHECK(rms["measured"] != both["measured"]);
    CHECK(here.json("--config qwen2.json --token-ids both.txt")["draws"] == 2);
    // From another position than the last: the prompt cut behind it.
    here.write("cut.txt", "3 1 4 1 5\n");
    CHECK(here.json(exact + "a.txt --query 4")["measured"] == here.json(exact + "cut.txt")["measured"]);
    check_refused(program, exact + "a.txt --query 8", {"--query: 8", "8 positions"}, here);
    // From several: each by itself, one below the other.
    const auto several = here.json(exact + "a.txt --query 7,4");
    check_documented(several);
    CHECK(several["queries"] == list{7, 4});
    CHECK(several["query"] == list{7, 7, 7, 7, 7, 7, 7, 7, 4, 4, 4, 4, 4});
    CHECK(several["position"] == list{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4});
    const list cut = here.json(exact + "cut.txt")["measured"];
    list each = a;
    each.insert(each.end(), cut.begin(), cut.end());
    CHECK(several["measured"] == each);
    CHECK(several["readings"][1]["query"] == 4);
    CHECK(several["readings"][1]["scores"] == here.json(exact + "cut.txt")["scores"]);
    check_refused(program, exact + "a.txt --query 4,4", {"--query: 4", "twice"}, here);
    check_refused(program, exact + "a.txt --query 4,5 --save again", {"--save", "--query"}, here);
    check_refused(program, exact + "a.txt --query 4,5 --layers-report", {"--layers-report", "--query"}, here);
    check_refused(program, "--config qwen2.json --draws 0 --query 4,5", {"--draws 0"}, here);
    CHECK(here.json("--config qwen2.json --tokens 8 --draws 0 --query 4")["predicted"].size() == 5);
    here.write("uneven.txt", "3 1 4 1 5\n3 1 4\n");
    check_refused(program, exact + "uneven.txt", {"prompt 2", "3 tokens", "--tokens"}, here);
    here.write("several.txt", "3 1 4 1 5\n3 2 4\n");
    CHECK(here.json(exact + "several.txt --tokens 3")["tokens"] == 3);
    here.write("twice.txt", "3 1 4\n5 5 5\n3 1 4\n");
    check_refused(program, exact + "twice.txt", {"prompt 3", "prompt 1", "twice.txt"}, here);
    here.write("open.txt", "3 1 4\n[3, 1\n");
    check_refused(program, exact + "open.txt", {"open.txt", "line 2", "]"}, here);
    here.write("empty.txt", "3 1 4\n[]\n");
    check_refused(program, exact + "empty.txt", {"empty.txt", "line 2"}, here);
    CHECK(here.run(program, exact + "both.txt --compare compared.svg").status == 0);
    const std::string picture = here.read("compared.svg");
    for (const std::string shown : {"trained", "untrained", "predicted"})
        CHECK(picture.find(shown) != std::string::npos);
    CHECK(picture.find("influence row") == std::string::npos);
    check_refused(program, "--config qwen2.json --compare compared.svg", {"--compare", "--weights"}, here);
    check_refused(program, exact + "a.txt --query 4,5 --compare compared.svg", {"--compare", "--query"},
                  here);
    const finished random = here.run(program, "--weights saved --tokens 8 --probes 1");
    CHECK(random.out.find("note: the prompts are random tokens") != std::string::npos);
}

TEST_CASE("untrained_decoder: one layer at a time is the same to the last bit") {
    const workplace here;
    here.json("--config qwen2.json --tokens 8 --save saved");
    for (const std::string what : {"--config gpt2.json --tokens 9 --draws 2", "--weights saved --tokens 9",
                                   "--config qwen2.json --tokens 9 --probes exact"}) {
        const auto whole = here.json(what), streamed = here.json(what + " --stream");
        CHECK(whole["measured"] == streamed["measured"]);
        CHECK(whole["standard_error"] == streamed["standard_error"]);
    }
    check_refused(program, "--config gpt2.json --tokens 9 --stream --save kept", {"--save", "one layer"},
                  here);
    check_refused(program, "--config gpt2.json --tokens 9 --stream --probes logit=3", {"unembedding"}, here);
}

TEST_CASE("untrained_decoder: what is differentiated") {
    const workplace here;
    for (const std::string probes :
         {"logit=3", "log-probability=49", "argmax-probability", "norm=residual", "ones", "exact"}) {
        const auto json = here.json("--config qwen2.json --tokens 9 --probes " + probes);
        CHECK(json["probes"] == probes);
        CHECK(sum(json["measured"]) == Approx(1).epsilon(1e-12));
    }
    for (const std::string probes :
         {"logit=50", "log-probability=-1", "logit=x", "norm=embedding", "norm=else"})
        check_refused(program, "--config qwen2.json --tokens 9 --probes " + probes, {"prob"}, here);
}

TEST_CASE("untrained_decoder: what the layers do") {
    const workplace here;
    here.json("--config qwen2.json --tokens 8 --save saved");
    here.write("ids.txt", "3 1 4 1 5 9 2 6\n");
    const std::string report = "--weights saved --token-ids ids.txt --layers-report";
    const auto json = here.json(report);
    check_documented(json);
    REQUIRE(json["layers_report"].size() == 2);
    const auto& lambdas = json["lambda_schedule_config"]["lambdas_custom"];
    for (std::size_t l = 0; l < 2; ++l) {
        const auto& row = json["layers_report"][l];
        CHECK(lambdas[l] == row["mean_attention_share"]);
        for (const char* const share :
             {"attention_share", "mean_attention_share", "feed_forward_share", "uniformity"}) {
            CHECK(row[share] > 0);
            CHECK(row[share] < 1);
        }
        CHECK(row["tokens_seen"] > 1);
        CHECK(row["tokens_seen"] <= 8);
    }
    const auto heads = here.json(report + " --by-head");
    check_documented(heads);
    REQUIRE(heads["heads"].size() == 8);
    double norms = 0, seen = 0;
    for (std::size_t h = 0; h < 4; ++h) {
        norms += heads["heads"][h]["output_norm"].get<double>() / 4;
        seen += heads["heads"][h]["tokens_seen"].get<double>() / 4;
    }
    CHECK(norms == Approx(1));
    CHECK(seen == Approx(json["layers_report"][0]["tokens_seen"].get<double>()));
    check_narrow(here.run(program, report).out);
    CHECK(here.run(program, report + " --plot layers.svg").status == 0);
    check_refused(program, "--config qwen2.json --by-head", {"--by-head", "--layers-report"}, here);
}

TEST_CASE("untrained_decoder: how the maps back to the stream are drawn") {
    const workplace here;
    const auto profile = [&](const std::string& options) -> list {
        return here.json("--tokens 9 --probes 1 " + options)["predicted"];
    };
    const list plain = profile("--config qwen2.json"),
               scaled = profile("--config qwen2.json --residual-init scaled");
    CHECK(plain == profile("--config qwen2.json --residual-init plain"));
    CHECK(plain != scaled);
    CHECK(profile("--config gpt2.json") == profile("--config gpt2.json --residual-init scaled"));
    // GPT-2's own are scaled: what is measured in its weights says so again.
    here.json("--config gpt2.json --tokens 8 --save scaled");
    const list own = profile("--config gpt2.json"),
               flat = profile("--config gpt2.json --residual-init plain");
    const list measured = profile("--weights scaled --residual-init weights");
    CHECK(total_variation(measured, own) < 0.3 * total_variation(flat, own));
    check_refused(program, "--config qwen2.json --residual-init weights", {"--residual-init", "--weights"},
                  here);
}

TEST_CASE("untrained_decoder: names the rule that a width breaks, and the nearest widths that keep it") {
    const workplace here;
    const auto llama = [](int width, int heads, int head_width) {
        return nlohmann::json{
            {"model_type", "llama"},        {"hidden_size", width},   {"num_attention_heads", heads},
            {"num_key_value_heads", heads}, {"head_dim", head_width}, {"intermediate_size", 3 * width},
            {"num_hidden_layers", 1},       {"vocab_size", 30},       {"rms_norm_eps", 1e-6}}
            .dump();
    };
    here.write("wide-heads.json", llama(80, 4, 32));  // a head of even width at multiples of 5
    check_refused(program, "--config wide-heads.json --width 64",
                  {"--width: 64", "multiple of 5", "60 or 65", "32 wide at 80", "even"}, here);
    check_refused(program, "--config wide-heads.json --width 3 --rope off", {"multiple of 5", "5 would do"},
                  here);
    CHECK(here.json("--config wide-heads.json --width 65 --tokens 4")["head_width"] == 26);
    here.write("odd.json", llama(24, 2, 12));  // whole at multiples of 2, even at those of 4
    check_refused(program, "--config odd.json --width 10", {"multiple of 4", "8 or 12", "even"}, here);
    CHECK(here.json("--config odd.json --width 10 --rope off --tokens 4")["head_width"] == 5);
    CHECK(here.json("--config odd.json --width 12 --tokens 4")["head_width"] == 6);
}

TEST_CASE("untrained_decoder: says whose norms make no profile") {
    const workplace here;
    here.json("--config gpt2.json --tokens 4 --save zero");
    const auto config = cesaro::read_decoder_config(here.path() / "zero");
    cesaro::save_weights(here.path() / "zero", config, cesaro::zero_weights<float>(config));
    auto weights = cesaro::load_weights<float>(here.path() / "zero", config);
    weights.final_norm.gain.setZero();
    cesaro::save_weights(here.path() / "zero", config, weights);
    check_refused(program, "--weights zero --tokens 4", {"the weights of zero", "norms are 0"}, here);
    std::string loud = gpt2;
    loud.replace(loud.find("0.2}"), 3, "1e39");
    here.write("loud.json", loud);
    check_refused(program, "--config loud.json --tokens 4", {"overflow", "initializer_range = 1e+39"}, here);
}

TEST_CASE("untrained_decoder: weights are a directory, a file or an index") {
    const workplace here;
    const auto directory = here.json("--config qwen2.json --tokens 6 --seed 2 --save saved");
    const list measured = directory["measured"];
    const auto same = [&](const std::string& arguments) {
        const auto json = here.json("--tokens 6 --seed 2 --weights " + arguments);
        CHECK(json["measured"] == directory["measured"]);
        return json["model"].get<std::string>();
    };
    CHECK(same("saved") == "saved");
    CHECK(same("saved/") == "saved");
    CHECK(same("saved/model.safetensors") == "saved");
    CHECK(same("./saved/../saved/model.safetensors --config saved/config.json") == "saved");
    // the same as one shard of an index
    const auto saved = here.path() / "saved";
    std::filesystem::rename(saved / "model.safetensors", saved / "shard.safetensors");
    nlohmann::json map;
    for (const auto& [name, tensor] : cesaro::load_safetensors<float>(saved / "shard.safetensors"))
        map[name] = "shard.safetensors";
    here.write("saved/model.safetensors.index.json", nlohmann::json{{"weight_map", map}}.dump());
    CHECK(same("saved/model.safetensors.index.json") == "saved");
    CHECK(same("saved") == "saved");
    // without a configuration
    std::filesystem::rename(saved / "shard.safetensors", here.path() / "lone.safetensors");
    CHECK(same("lone.safetensors --config saved/config.json") == "saved");
    std::filesystem::remove(saved / "config.json");
    check_refused(program, "--weights lone.safetensors", {"lone.safetensors", "--config"}, here);
    check_refused(program, "--weights saved", {"saved", "--config"}, here);
}

TEST_CASE("untrained_decoder: a prompt longer than the model was built to read is noted in every format") {
    const workplace here;
    const std::string words = "65 tokens are more than the 64";
    const std::string arguments = "--config qwen2.json --tokens 65 --probes 1";
    CHECK(here.json(arguments)["note"].get<std::string>().find(words) != std::string::npos);
    CHECK(here.run(program, arguments).out.find("note: " + words) != std::string::npos);
    CHECK(here.run(program, arguments + " --format csv").err.find(words) != std::string::npos);
    CHECK(here.run(program, arguments + " --format csv --comments").out.find("# note: " + words) !=
          std::string::npos);
    CHECK(!here.json("--config qwen2.json --tokens 64 --probes 1").contains("note"));
}

TEST_CASE("untrained_decoder: token ids may begin with a byte order mark") {
    const workplace here;
    here.write("plain.txt", "3 1 4 1 5");
    here.write("marked.txt",
               "\xef\xbb\xbf"
               "3 1 4 1 5");
    CHECK(here.json("--config gpt2.json --token-ids marked.txt")["measured"] ==
          here.json("--config gpt2.json --token-ids plain.txt")["measured"]);
}

TEST_CASE("untrained_decoder: positions are chosen as in every program") {
    const workplace here;
    const std::string arguments = "--config qwen2.json --tokens 50 --probes 1 --depth 1";
    const auto rows = [&](const std::string& more) {
        return csv(here.run(program, arguments + " --format csv" + more).out)["position"].size();
    };
    CHECK(rows("") == 50);
    CHECK(rows(" --points 7") == 7);
    const auto all = here.json(arguments);
    const auto some = here.json(arguments + " --points 7");
    CHECK(all["position"].size() == 50);
    CHECK(!all.contains("sample"));
    REQUIRE(some["position"].size() == 7);
    CHECK(some["sample"]["of"] == 50);
    CHECK(some["tokens"] == 50);
    for (std::size_t i = 0; i < 7; ++i)
        CHECK(some["predicted"][i] == all["predicted"][some["position"][i].get<std::size_t>()]);
    CHECK(some["scores"] == all["scores"]);
    const std::string table = here.run(program, arguments).out;
    CHECK(std::count(table.begin(), table.end(), '\n') == 1 + 1 + 34 + 1 + 1 + 1 + 4 + 1 + 5);
    CHECK(table.find("1 layer,") != std::string::npos);
    check_narrow(table);
    check_narrow(output_of(program, "--help"));
}

TEST_CASE("untrained_decoder: JSON and CSV say what made them") {
    const workplace here;
    const std::string arguments = "--config qwen2.json --tokens 9 --probes 1";
    const auto json = here.json(arguments);
    CHECK(json["command"] == "untrained_decoder " + arguments + " --format json");
    CHECK(here.run(program, "--version").out ==
          "untrained_decoder " + json["version"].get<std::string>() + "\n");
    const std::string csv = here.run(program, arguments + " --format csv --comments").out;
    for (const char* const line :
         {"# model: qwen2\n", "# command: untrained_decoder --config", "# version: "})
        CHECK(csv.find(line) != std::string::npos);
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
    check_refused(program, "--config gpt2.json --tokens 33", {"--tokens: 33", "32"}, here);
    check_refused(program, "--config gpt2.json --tokens 1", {"--tokens: 1", "[2, "}, here);
    CHECK(here.json("--config gpt2.json")["tokens"] == 32);  // those that it has learned
    here.write("long.txt",
               "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 "
               "31 32 33");
    check_refused(program, "--config gpt2.json --token-ids long.txt", {"--token-ids: 33", "32"}, here);
    for (const std::string layers : {"2001", "2000000"})
        check_refused(program, "--config gpt2.json --layers " + layers, {"--layers: " + layers, "[0, 2000]"},
                      here);
    std::string deep = gpt2;
    here.write("deep.json", deep.replace(deep.find("\"n_layer\": 2"), 12, "\"n_layer\": 2001"));
    check_refused(program, "--config deep.json --tokens 5", {"deep.json", "layers: 2001", "[0, 2000]"}, here);
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
                  {"'huge.json': " + std::to_string(std::int64_t(weights)) + " weights",
                   " " + std::to_string(std::int64_t(4 * weights)) + " bytes"},
                  here);
}
