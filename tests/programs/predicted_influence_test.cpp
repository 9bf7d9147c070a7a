// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// influence_profile without a coefficient, fit_profile, and what other programs predict.

#include "run.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <regex>
#include <sstream>

using namespace cesaro_test;

namespace {

const std::string program = "influence_profile";

constexpr const char* small_llama = R"({"model_type": "llama", "num_hidden_layers": 4, "hidden_size": 256,
    "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 512, "vocab_size": 1000,
    "max_position_embeddings": 96})";
constexpr const char* windows = R"({"model_type": "mistral", "num_hidden_layers": 4, "hidden_size": 256,
    "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 512, "vocab_size": 1000,
    "max_position_embeddings": 96, "sliding_window": 24})";
constexpr const char* no_windows = R"({"model_type": "mistral", "num_hidden_layers": 4, "hidden_size": 256,
    "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 512, "vocab_size": 1000,
    "max_position_embeddings": 96, "sliding_window": null})";

/// The last row by what a layer does, position by position: nothing of the library.
std::vector<double> plain_row(std::size_t tokens, const std::vector<double>& alphas) {
    std::vector<double> row(tokens, 0.);
    row.back() = 1;
    for (const double alpha : alphas) {
        double carried = 0;
        for (std::size_t n = tokens; n-- > 0;) {
            carried += alpha * row[n] / double(n + 1);
            row[n] = (1 - alpha) * row[n] + carried;
        }
    }
    return row;
}

double sum(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.);
}

double distance(const std::vector<double>& p, const std::vector<double>& q) {
    double sum = 0;
    for (std::size_t m = 0; m < p.size(); ++m)
        sum += std::abs(p[m] - q[m]) / 2;
    return sum;
}

bool has_gnuplot() {
    return std::system("command -v gnuplot >/dev/null 2>&1") == 0;
}

bool holds(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("prediction: columns, and the row of the coefficients") {
    const scratch_directory here;
    here.write("small.json", small_llama);
    const finished result = here.run(program, "--config small.json --format json");
    REQUIRE(result.status == 0);
    CHECK(result.err.empty());
    const auto json = nlohmann::json::parse(result.out);
    check_documented(json);
    const std::vector<double> alphas = json["alphas"];
    const std::vector<double> predicted = json["predicted"];
    const std::vector<double> row = json["row"];
    REQUIRE(alphas.size() == 4);
    REQUIRE(predicted.size() == 96);
    CHECK(json["model"] == "small");
    CHECK(json["tokens"] == 96);
    CHECK(json["error_estimate"] == 0);  // every position by itself
    CHECK(json["command"] == program + " --config small.json --format json");
    CHECK(json["version"].is_string());
    CHECK(json["continuum"][0].is_null());
    CHECK(sum(predicted) == Approx(1).epsilon(1e-12));
    const std::vector<double> expected = plain_row(96, alphas);
    for (std::size_t m = 0; m < 96; ++m)
        CHECK(row[m] == Approx(expected[m]).epsilon(1e-12));
    const csv t(here.run(program, "--config small.json --format csv").out);
    CHECK(t.header == "position,x,predicted,row,continuum");
    CHECK(t["predicted"] == predicted);
    // The other program that predicts.
    const auto other = nlohmann::json::parse(
        here.run("untrained_decoder", "--config small.json --tokens 96 --draws 0 --format json").out);
    check_documented(other);
    // Its matrices may be another library's to multiply, in another order: the same numbers to rounding.
    REQUIRE(other["predicted"].size() == 96);
    for (std::size_t m = 0; m < 96; ++m)
        CHECK(other["predicted"][m].get<double>() == Approx(predicted[m]).epsilon(1e-13));
    REQUIRE(other["alphas"].size() == 4);
    for (std::size_t h = 0; h < 4; ++h)
        CHECK(other["alphas"][h].get<double>() == Approx(alphas[h]).epsilon(1e-13));
    CHECK(!other.contains("measured"));
}

TEST_CASE("prediction: a coefficient worked by hand") {
    // One layer and one token: x has the variance of an embedding and a position, attention copies its value.
    const scratch_directory here;
    here.write("one.json",
               R"({"model_type": "gpt2", "n_layer": 1, "n_embd": 768, "n_head": 12, "n_positions": 8,
        "vocab_size": 100})");
    const auto json =
        nlohmann::json::parse(here.run(program, "--config one.json --tokens 1 --format json").out);
    const double x = 2 * 4e-4;
    const double value = x / (x + 1e-5) * 768 * 4e-4;
    const double added = std::sqrt(value * 768 * 4e-4 / 2);
    CHECK(json["alphas"][0].get<double>() == Approx(added / (std::sqrt(x) + added)).epsilon(1e-9));
    CHECK(json["predicted"] == nlohmann::json({1.}));
    CHECK(json["row"] == nlohmann::json({1.}));
}

TEST_CASE("prediction: the summary is that of the columns") {
    const scratch_directory here;
    here.write("windows.json", windows);
    here.write("without.json", no_windows);
    const auto json = nlohmann::json::parse(here.run(program, "--config windows.json --format json").out);
    const auto whole = nlohmann::json::parse(here.run(program, "--config without.json --format json").out);
    check_documented(json);
    const std::vector<double> p = json["predicted"];
    const auto& s = json["summary"];
    CHECK(s["first_token"].get<double>() == Approx(p.front()).epsilon(1e-12));
    CHECK(s["last_token"].get<double>() == Approx(p.back()).epsilon(1e-12));
    CHECK(s["first_tenth"].get<double>() ==
          Approx(std::accumulate(p.begin(), p.begin() + 10, 0.)).epsilon(1e-9));
    CHECK(s["last_tenth"].get<double>() == Approx(std::accumulate(p.end() - 10, p.end(), 0.)).epsilon(1e-9));
    CHECK(s["middle"].get<double>() ==
          Approx(std::accumulate(p.begin() + 10, p.end() - 10, 0.)).epsilon(1e-9));
    const auto least = std::min_element(p.begin(), p.end());
    CHECK(s["valley_position"] == least - p.begin());
    CHECK(s["valley_against_even"].get<double>() == Approx(96 * *least).epsilon(1e-12));
    const std::size_t half = s["half_before"];
    CHECK(std::accumulate(p.begin(), p.begin() + std::ptrdiff_t(half), 0.) < 0.5);
    CHECK(std::accumulate(p.begin(), p.begin() + std::ptrdiff_t(half) + 1, 0.) >= 0.5 - 1e-12);
    CHECK(s["due_to_windows"].get<double>() == Approx(distance(p, whole["predicted"])).epsilon(1e-9));
    CHECK(s["due_to_windows"].get<double>() > 0.05);
    CHECK(!whole["summary"].contains("due_to_windows"));
    const std::string text = here.run(program, "--config windows.json").out;
    for (const char* words : {"predicted from its configuration", "an even share", "half before",
                              "due to windows", "alpha of each layer", "layer  +0      +1"})
        CHECK(holds(text, words));
    check_narrow(text);
}

TEST_CASE("prediction: windows and ALiBi are left out of the row only, and every output says so") {
    const scratch_directory here;
    here.write("windows.json", windows);
    here.write("bloom.json", R"({"model_type": "bloom", "n_layer": 2, "hidden_size": 64, "n_head": 4,
        "seq_length": 32, "vocab_size": 100})");
    const std::string window_note =
        "in row and continuum layers are taken to see the whole past; this model's sliding window is 24 "
        "tokens";
    const std::string alibi_note =
        "in row and continuum its ALiBi, which favours near positions, is left out of the influence";
    for (const auto& [file, note] : {std::pair{"windows.json", window_note}, {"bloom.json", alibi_note}}) {
        const std::string arguments = std::string("--config ") + file;
        CHECK(holds(here.run(program, arguments).out, "\nnote: " + note + "\n"));
        const finished json = here.run(program, arguments + " --format json");
        CHECK(nlohmann::json::parse(json.out)["note"] == note);
        CHECK(
            holds(here.run(program, arguments + " --format csv --comments").out, "\n# note: " + note + "\n"));
        CHECK(json.err == program + ": note: " + note + "\n");
    }
    const std::string long_note = "1025 tokens are more than the 1024 positions that this model has learned";
    CHECK(holds(here.run(program, "--model gpt2 --tokens 1025").out, long_note));
    if (!has_gnuplot()) return;
    CHECK(here.run(program, "--config windows.json --plot w.svg").status == 0);
    CHECK(holds(here.read("w.svg"), "in the row layers are taken to see the whole past"));
    CHECK(here.run(program, "--config windows.json --alpha 0.2 --plot w.svg").status == 0);
    CHECK(holds(here.read("w.svg"), "note: layers are taken to see the whole past"));
}

TEST_CASE("prediction: single positions and quantiles") {
    const scratch_directory here;
    here.write("small.json", small_llama);
    const std::string all = "--config small.json --format csv";
    const csv t(here.run(program, all).out);
    const csv some(here.run(program, all + " --position 0,50,95").out);
    CHECK(some.header == "position,x,predicted,row,continuum,cdf,row_cdf");
    for (std::size_t i = 0; i < 3; ++i) {
        const auto m = std::ptrdiff_t(some["position"][i]);
        CHECK(some["predicted"][i] == Approx(t["predicted"][std::size_t(m)]).epsilon(1e-12));
        const double before = std::accumulate(t["predicted"].begin(), t["predicted"].begin() + m + 1, 0.);
        CHECK(some["cdf"][i] == Approx(before).epsilon(1e-12));
        const double row = std::accumulate(t["row"].begin(), t["row"].begin() + m + 1, 0.);
        CHECK(some["row_cdf"][i] == Approx(row).epsilon(1e-12));
    }
    const csv q(here.run(program, all + " --quantile 0.1,0.5").out);
    CHECK(q.header == "quantile,position,x,cdf,row_position");
    for (std::size_t i = 0; i < 2; ++i) {
        const auto m = std::ptrdiff_t(q["position"][i]);
        CHECK(std::accumulate(t["predicted"].begin(), t["predicted"].begin() + m, 0.) < q["quantile"][i]);
        CHECK(q["cdf"][i] >= q["quantile"][i]);
    }
    for (const char* question : {" --position 3", " --quantile 0.5"})
        check_documented(nlohmann::json::parse(
            here.run(program, "--config small.json --format json" + std::string(question)).out));
    check_refused(program, "--config small.json --position 96", {"--position", "96", "95"}, here);
}

TEST_CASE("prediction: saved coefficients are read again") {
    const scratch_directory here;
    here.write("small.json", small_llama);
    const csv t(here.run(program, "--config small.json --format csv --save-alphas alphas").out);
    const finished again = here.run(program, "--config small.json --format csv --alphas-file alphas");
    CHECK(csv(again.out)["influence"] == t["row"]);
    check_refused(program, "--config small.json --save-alphas none/a", {"none/a"}, here);
    check_refused(program, "--config small.json --save-alphas a --output a", {"--save-alphas", "--output"},
                  here);
    check_refused(program, "--model gpt2 --alpha 0.1 --save-alphas a", {"--save-alphas", "predicted"}, here);
}

TEST_CASE("prediction: what cannot be predicted says why and offers --alpha") {
    const scratch_directory here;
    here.write("unknown.json",
               R"({"model_type": "unheard_of", "num_hidden_layers": 2, "max_position_embeddings": 9})");
    here.write("hybrid.json", R"({"model_type": "nemotron_h", "num_hidden_layers": 5,
        "hybrid_override_pattern": "M*-*E", "max_position_embeddings": 64})");
    here.write("endless.json", R"({"model_type": "llama", "num_hidden_layers": 2, "hidden_size": 64,
        "num_attention_heads": 4, "intermediate_size": 64, "vocab_size": 100, "position_encoding": "none"})");
    check_refused(program, "--config unknown.json", {"unknown.json", "unheard_of", "--alpha"}, here);
    check_refused(program, "--config hybrid.json", {"hybrid", "--alpha"}, here);
    check_refused(program, "--tokens 9 --layers 3", {"--alpha", "--model", "--config"});
    check_refused(program, "--tokens 1e19 --model gpt2", {"--tokens", "1e19"});
    for (const char* file : {"unknown.json", "hybrid.json"})
        CHECK(here.run(program, std::string("--alpha 0.3 --config ") + file).status == 0);
}

TEST_CASE("what is read is not overwritten") {
    const scratch_directory here;
    here.write("small.json", small_llama);
    here.write("alphas.txt", "0.3\n0.2\n");
    here.write("p.csv", "3\n1\n1\n");
    const auto kept = [&](const std::string& name, const std::string& arguments, const std::string& file) {
        const std::string before = here.read(file);
        check_refused(name, arguments, {"--output", file}, here);
        CHECK(here.read(file) == before);
    };
    kept(program, "--config small.json --tokens 8 --output small.json", "small.json");
    kept(program, "--config small.json --tokens 8 --output ./small.json", "small.json");
    kept(program, "--compare small.json,gpt2 --tokens 8 --output small.json", "small.json");
    kept(program, "--tokens 8 --alphas-file alphas.txt --output alphas.txt", "alphas.txt");
    kept("fit_profile", "p.csv --layers 2 --output p.csv", "p.csv");
    kept("untrained_decoder", "--config small.json --tokens 8 --draws 0 --output small.json", "small.json");
}

TEST_CASE("models: names as people write them, and near misses") {
    for (const char* name : {"meta-llama/Llama-3.1-8B", "LLAMA-3.1-8b", "meta-llama/Meta-Llama-3.1-8B"})
        CHECK(json_of(program, std::string("--alpha 0.1 --points 2 --model ") + name)["model"] ==
              "llama-3.1-8b");
    const std::vector<std::pair<const char*, const char*>> others = {
        {"openai-community/gpt2", "gpt2"},
        {"Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b"},  // whose configuration has another context
        {"google/gemma-2-9b-it", "gemma-2-9b"},
        {"mistralai/Mistral-7B-v0.1", "mistral-7b"},
        {"microsoft/Phi-3-mini-4k-instruct", "phi-3-mini"},
        {"allenai/OLMo-2-1124-7B", "olmo-2-7b"}};
    for (const auto& [written, meant] : others) {
        const std::string out =
            scratch_directory().run(program, std::string("--alpha 0.1 --points 2 --model ") + written).out;
        CHECK(out.starts_with(std::string(meant) + ":"));
        const bool trained = std::string(written).find("nstruct") != std::string::npos ||
                             std::string(written).ends_with("-it");
        CHECK(trained ==
              (out.find(std::string("the configuration is that of ") + meant) != std::string::npos));
    }
    check_refused(program, "--model llama3.1-8b", {"did you mean llama-3.1-8b"});
    check_refused(program, "--model gpt2-small", {"did you mean gpt2 or gpt2-medium"});
    check_refused(program, "--model Phi-3-mini-128k-instruct", {"did you mean phi-3-mini?"});
    check_refused(program, "--model gtp2", {"did you mean gpt2"});
    check_refused(program, "--model ''", {"--model", "empty"});
}

TEST_CASE("models: every one that is built in is predicted, with the layers and context of its outline") {
    const std::string err = scratch_directory().run(program, "--model none-of-these").err;
    std::istringstream list(err.substr(err.find("known models: ") + 14));
    int count = 0;
    for (std::string name; std::getline(list, name, ',');) {
        name.erase(0, name.find_first_not_of(' '));
        name.erase(name.find_last_not_of("\n ") + 1);
        INFO(name);
        const finished result = scratch_directory().run(program, "--tokens 4 --format json --model " + name);
        ++count;
        if (name == "bloom-176b") {  // ALiBi and scores of variance 33
            CHECK(result.status == 2);
            CHECK(result.err.find("must be at most 5 with ALiBi") != std::string::npos);
            continue;
        }
        REQUIRE(result.status == 0);
        const auto json = nlohmann::json::parse(result.out);
        const auto given = nlohmann::json::parse(
            scratch_directory().run(program, "--alpha 0.1 --points 2 --format json --model " + name).out);
        CHECK(json["model"] == name);
        CHECK(json["alphas"].size() == given["alphas"].size());
        CHECK(given["tokens"].get<double>() >= 1024);
        for (const double alpha : json["alphas"])
            CHECK((alpha > 0 && alpha < 1));
    }
    CHECK(count >= 60);
}

TEST_CASE("prediction: plots and the heat map") {
    if (!has_gnuplot()) return;
    const scratch_directory here;
    here.write("small.json", small_llama);
    CHECK(here.run(program, "--config small.json --plot u.svg --heatmap heat.svg").status == 0);
    const std::string svg = here.read("u.svg");
    for (const char* words : {"small: 96 tokens, 4 layers, predicted from its configuration", "first token",
                              "predicted share", "row of its coefficients", "an even share", "query"})
        CHECK(holds(svg, words));
    check_colours(svg);
    CHECK(holds(here.read("heat.svg"), "for every query by itself"));
    CHECK(here.run(program, "--alpha 0.2 --tokens 1e12 --layers 12 --heatmap heat.png").status == 0);
    CHECK(here.read("heat.png").starts_with("\x89PNG"));
    CHECK(here.entries() == 4);
    for (const char* edge : {"1", "2", "3"}) {
        INFO(edge);
        CHECK(here.run(program,
                       std::string("--config small.json --plot e.svg --heatmap h.svg --tokens ") + edge)
                  .status == 0);
    }
    check_refused(program, "--config small.json --heatmap u.gif", {"u.gif"}, here);
    check_refused(program, "--config small.json --heatmap a.svg --plot a.svg", {"--heatmap", "--plot"}, here);
}

namespace {

using place = std::pair<double, double>;

/// Where the first thing stands of which the picture says this just before, or just after, its place.
place place_in(const std::string& svg, const std::string& pattern) {
    std::smatch found;
    REQUIRE(std::regex_search(svg, found, std::regex(pattern)));
    return {std::stod(found[1]), std::stod(found[2])};
}

place place_of_text(const std::string& svg, const std::string& text) {
    return place_in(svg, "translate\\(([0-9.]+),([0-9.]+)\\)\"[^\n]*\n[^\n]*>" + text);
}

place first_point(const std::string& svg) {
    return place_in(svg, "#gpPt6' transform='translate\\(([0-9.]+),([0-9.]+)\\)");
}

}  // namespace

TEST_CASE("prediction: labels leave the curves alone, and a row that leaves the picture is told of") {
    if (!has_gnuplot()) return;
    const scratch_directory here;
    here.write("falls.json", small_llama);
    here.write("rises.json", windows);
    const auto plotted = [&](const std::string& options) {
        REQUIRE(here.run(program, options + " --plot u.svg").status == 0);
        return here.read("u.svg");
    };
    const std::string falls = plotted("--config falls.json");
    CHECK(place_of_text(falls, "first token").second < first_point(falls).second);
    CHECK(!holds(falls, "off the scale"));
    const std::string rises = plotted("--config rises.json --tokens 64");
    CHECK(place_of_text(rises, "first token").second > first_point(rises).second);
    here.write("deep.json", std::regex_replace(windows, std::regex("_layers\": 4"), "_layers\": 80"));
    CHECK(holds(plotted("--config deep.json --tokens 96"), "off the scale: the row, to"));
    const std::string compared = plotted("--compare falls.json,gpt2,rises.json --tokens 64");
    CHECK(place_of_text(compared, "position of the source").second + 30 <
          place_of_text(compared, "falls, 64 tokens").second);
}

TEST_CASE("prediction: models side by side") {
    const scratch_directory here;
    here.write("small.json", small_llama);
    here.write("windows.json", windows);
    const finished both = here.run(program, "--compare small.json,windows.json --format json");
    REQUIRE(both.status == 0);
    const auto json = nlohmann::json::parse(both.out);
    check_documented(json);
    REQUIRE(json["models"].size() == 2);
    for (const auto& row : json["models"]) {
        const std::string file = row["model"].get<std::string>() + ".json";
        const auto alone =
            nlohmann::json::parse(here.run(program, "--config " + file + " --format json").out);
        for (const char* key : {"first_token", "first_tenth", "middle", "last_tenth", "last_token",
                                "half_before", "valley_against_even"})
            CHECK(row[key] == alone["summary"][key]);
        CHECK(row["tokens"] == 96);
        CHECK(row["layers"] == 4);
    }
    const finished table = here.run(program, "--model gpt2 --model EleutherAI/pythia-70m --tokens 30");
    CHECK(table.status == 0);
    CHECK(holds(table.out, "\ngpt2 "));
    CHECK(holds(table.out, "\npythia-70m "));
    check_narrow(table.out);
    check_refused(program, "--model gpt2,pythia-70m --alpha 0.2", {"coefficients"});
    check_refused(program, "--compare small.json,windows.json --position 1", {"--position"}, here);
    check_refused(program, "--compare small.json,none.json", {"none.json"}, here);
    if (!has_gnuplot()) return;
    CHECK(here.run(program, "--compare small.json,windows.json,gpt2 --tokens 64 --plot c.svg").status == 0);
    for (const char* words : {"small, 64 tokens", "windows, 64 tokens", "gpt2, 64 tokens", "even shares"})
        CHECK(holds(here.read("c.svg"), words));
    check_colours(here.read("c.svg"));
}

TEST_CASE("fit_profile: coefficients of rows that are made, and scores of predictions") {
    const scratch_directory here;
    here.write("small.json", small_llama);
    CHECK(here.run(program, "--tokens 200 --layers 6 --alpha 0.3 --format csv --comments --output row.csv")
              .status == 0);
    const auto fit = nlohmann::json::parse(here.run("fit_profile", "row.csv --layers 6 --format json").out);
    check_documented(fit);
    CHECK(fit["fits"][0]["theory"] == "row");
    CHECK(fit["fits"][0]["value"].get<double>() == Approx(0.3).epsilon(1e-6));
    CHECK(fit["fits"][0]["wasserstein"].get<double>() < 1e-7);
    CHECK(fit["fits"][0]["spearman"].get<double>() == Approx(1).epsilon(1e-3));
    CHECK(here.run(program, "--config small.json --format csv --output p.csv").status == 0);
    const finished with_model =
        here.run("fit_profile", "p.csv --column predicted --config small.json --format json");
    const auto json = nlohmann::json::parse(with_model.out);
    check_documented(json);
    REQUIRE(json["fits"].size() == 4);
    CHECK(json["fits"][3]["theory"] == "predicted");
    CHECK(json["fits"][3]["value"].is_null());
    CHECK(json["fits"][3]["total_variation"].get<double>() < 1e-12);
    CHECK(json["fits"][1]["total_variation"].get<double>() > 1e-3);  // the row leaves things out
    // Without names, by number; half of the file.
    here.write("plain.csv", "3\n1\n1\n");
    CHECK(here.run("fit_profile", "plain.csv --layers 1").status == 0);
    here.write("two.csv", "1,3\n2,1\n");
    CHECK(here.run("fit_profile", "two.csv --layers 1 --column 2").status == 0);
    check_refused("fit_profile", "two.csv --layers 1", {"two.csv", "--column"}, here);
    check_refused("fit_profile", "p.csv --layers 1 --column nothing", {"p.csv", "nothing", "predicted"},
                  here);
    check_refused("fit_profile", "plain.csv", {"--layers"}, here);
    check_refused("fit_profile", "none.csv --layers 1", {"none.csv"}, here);
    check_refused("fit_profile", "", {"FILE"}, here);
    here.write("bad.csv", "measured\n1\nx\n");
    check_refused("fit_profile", "bad.csv --layers 1", {"bad.csv", "line 3", "'x'"}, here);
    here.write("minus.csv", "measured\n1\n-1\n");
    check_refused("fit_profile", "minus.csv --layers 1", {"minus.csv", "line 3", "-1"}, here);
    const auto refused = [&](const std::string& text, const std::vector<std::string>& words) {
        here.write("odd.csv", text);
        check_refused("fit_profile", "odd.csv --layers 1", words, here);
    };
    refused("position,measured\n0,3\n2,1\n", {"odd.csv", "line 3", "position 2"});
    refused("position,measured\n1,3\n0,1\n", {"odd.csv", "line 2", "position 1"});
    refused("measured,b\n3,1\n2\n", {"odd.csv", "line 3", "1 field"});
    refused("measured\n3\n\n1\n", {"odd.csv", "line 3", "empty"});
    refused("measured;x\n1,5;1\n2,5;1\n", {"odd.csv"});
    CHECK(here.run(program,
                   "--tokens 5000 --layers 2 --alpha 0.2 --points 50 --format csv --comments --output "
                   "sample.csv")
              .status == 0);
    check_refused("fit_profile", "sample.csv --layers 2", {"sample.csv", "sample"}, here);
    check_narrow(output_of("fit_profile", "--help"));
}

TEST_CASE("untrained_decoder --draws 0 measures nothing") {
    const scratch_directory here;
    here.write("small.json", small_llama);
    const std::string arguments = "--config small.json --draws 0 --tokens 20";
    const finished table = here.run("untrained_decoder", arguments);
    CHECK(table.status == 0);
    CHECK(holds(table.out, "nothing measured"));
    check_refused("untrained_decoder", arguments + " --save d", {"--draws", "--save"}, here);
    check_refused("untrained_decoder", arguments + " --token-ids f", {"--draws", "--token-ids"}, here);
    check_refused("untrained_decoder", "--config small.json --draws -1", {"--draws", "-1"}, here);
    check_refused("untrained_decoder", arguments + " --layers-report", {"--draws", "--layers-report"}, here);
    // A public model by name: as everywhere.
    const auto named = nlohmann::json::parse(
        here.run("untrained_decoder", "--model openai-community/gpt2 --draws 0 --tokens 20 --format json")
            .out);
    const auto profile =
        nlohmann::json::parse(here.run(program, "--model gpt2 --tokens 20 --format json").out);
    CHECK(named["model"] == profile["model"]);
    REQUIRE(named["alphas"].size() == 12);
    for (std::size_t l = 0; l < 12; ++l)
        CHECK(named["alphas"][l].get<double>() == Approx(profile["alphas"][l].get<double>()).epsilon(1e-12));
    check_refused("untrained_decoder", "--model gpt2 --config small.json", {"--model", "--config"}, here);
    check_refused("untrained_decoder", "--model nobody/knows", {"nobody/knows", "known models"}, here);
    check_refused("untrained_decoder", "--draws 0", {"--model", "--config", "--weights"}, here);
}

TEST_CASE("other programs take the coefficients of a model") {
    const scratch_directory here;
    here.write("small.json", small_llama);
    const auto profile = nlohmann::json::parse(here.run(program, "--config small.json --format json").out);
    const std::vector<double> row = profile["row"];
    const auto depths =
        nlohmann::json::parse(here.run("depth_sweep", "--config small.json --layers 2,4 --format json").out);
    check_documented(depths);
    CHECK(depths["tokens"] == 96);
    CHECK(depths["depths"][1]["first_token"].get<double>() == Approx(row[0]).epsilon(1e-12));
    const std::vector<double> alphas = profile["alphas"];
    CHECK(depths["depths"][1]["mean_alpha"].get<double>() == Approx(sum(alphas) / 4).epsilon(1e-12));
    const auto lengths = nlohmann::json::parse(
        here.run("relative_length", "--config small.json --lengths 0.5,1 --window 9 --format json").out);
    check_documented(lengths);
    CHECK(lengths["context"] == 96);
    REQUIRE(lengths["lengths"].size() == 8);
    CHECK(lengths["lengths"][1]["pattern"] == "causal");
    CHECK(lengths["lengths"][1]["first_tenth"].get<double>() ==
          Approx(std::accumulate(row.begin(), row.begin() + 10, 0.)).epsilon(1e-12));
    CHECK(lengths["lengths"][7]["pattern"] == "predicted");
    CHECK(lengths["lengths"][7]["first_tenth"] == profile["summary"]["first_tenth"]);
    const auto contexts = nlohmann::json::parse(
        here.run("million_token_context", "--config small.json --tokens 96 --format json").out);
    check_documented(contexts);
    REQUIRE(contexts["contexts"].size() == 1);
    CHECK(contexts["contexts"][0]["predicted_first_token"] == profile["predicted"][0]);
    CHECK(contexts["contexts"][0]["first_token"].get<double>() == Approx(row[0]).epsilon(1e-12));
    check_refused("depth_sweep", "--config small.json --alpha 0.3", {"--config", "--alpha"}, here);
    check_refused("relative_length", "--config small.json --layers 3", {"--config", "--layers"}, here);
    if (!has_gnuplot()) return;
    for (const std::string call : {"depth_sweep", "relative_length", "million_token_context"})
        CHECK(here.run(call, "--config small.json --plot " + call + ".svg").status == 0);
    CHECK(holds(here.read("relative_length.svg"), "masks of its own"));
}
