// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "run.hpp"

#include <cmath>
#include <limits>

using namespace cesaro_test;

TEST_CASE("continuum_density: columns against closed forms at depth 2") {
    // f = w_1 + w_2 u, F = x (w_1 + w_2 (1 + u)); w_0 = 0.49, w_1 = 0.42, w_2 = 0.09
    const csv t(output_of("continuum_density", "--depth 2 --alpha 0.3 --x 1e-9,0.2,0.9,1 --format csv"));
    CHECK(t.header == "x,density,cdf,complement,laguerre,dead_zone,asymptotic");
    REQUIRE(t["x"].size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        const double x = t["x"][i];
        const double u = -std::log(x);
        CHECK(t["density"][i] == Approx(0.42 + 0.09 * u).epsilon(1e-14));
        CHECK(t["laguerre"][i] == Approx(0.42 + 0.09 * u).epsilon(1e-14));
        CHECK(t["dead_zone"][i] == Approx(u).epsilon(1e-14));
        const double lower = x * (0.42 + 0.09 * (1 + u));
        CHECK(t["cdf"][i] == Approx(x == 1 ? 1 : lower).epsilon(1e-14));
        CHECK(t["complement"][i] == Approx(x == 1 ? 0 : 1 - lower).epsilon(1e-13));
    }
    const auto deep = json_of("continuum_density", "--depth 200 --alpha 0.3 --x 0.001,0.5");
    CHECK(deep["recency_delta"].get<double>() == Approx(std::pow(0.7, 200)).epsilon(1e-12));
    for (const auto& row : deep["density"]) {
        CHECK(row["laguerre"].get<double>() == Approx(row["density"].get<double>()).epsilon(1e-11));
        CHECK(row["asymptotic"].get<double>() == Approx(row["density"].get<double>()).epsilon(0.05));
    }
    CHECK(output_of("continuum_density", "--alphas 1,0.5 --format csv").find("laguerre") ==
          std::string::npos);
}

TEST_CASE("depth_sweep: masses, valley and factorial term") {
    const csv t(output_of("depth_sweep", "--tokens 201 --alpha 0.3 --depths 0,1,2,30 --format csv"));
    REQUIRE(t["layers"].size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        const double depth = t["layers"][i];
        CHECK(t["recency_delta"][i] == Approx(std::pow(0.7, depth)).epsilon(1e-13));
        CHECK(t["first_tenth"][i] + t["middle"][i] + t["last_tenth"][i] == Approx(1).epsilon(1e-14));
        CHECK(t["mean_x"][i] == Approx(std::pow(0.85, depth)).epsilon(1e-13));
        if (depth == 0) continue;
        CHECK(
            t["mid_factorial"][i] ==
            Approx(std::exp((depth - 1) * std::log(std::log(2.)) - std::lgamma(depth)) / 200).epsilon(1e-12));
    }
    // One layer: alpha / 201 everywhere, the rest on the query.
    CHECK(t["first_token"][1] == Approx(0.3 / 201).epsilon(1e-14));
    CHECK(t["mid_influence"][1] == Approx(0.3 / 201).epsilon(1e-14));
    CHECK(t["last_tenth"][1] == Approx(0.7 + 21 * 0.3 / 201).epsilon(1e-14));
    CHECK(t["valley_position"][1] == 0);
    // Two layers at n/2: w_1 / 201 + w_2 (1/101 + ... + 1/201) / 201.
    double harmonic = 0;
    for (int i = 101; i <= 201; ++i)
        harmonic += 1. / i;
    CHECK(t["mid_influence"][2] == Approx((0.42 + 0.09 * harmonic) / 201).epsilon(1e-14));
    CHECK(t["mid_continuum"][2] == Approx((0.42 + 0.09 * std::log(2.)) / 200).epsilon(1e-14));
    CHECK(t["valley_position"][2] == 199);
    CHECK(t["mid_influence"][3] > 1e15 * t["mid_factorial"][3]);  // a residual network's valley is filled
    const csv bare(output_of("depth_sweep", "--tokens 100001 --alpha 1 --depths 3,12 --format csv"));
    CHECK(bare["mid_continuum"][1] == Approx(bare["mid_factorial"][1]).epsilon(1e-13));
    CHECK(bare["mid_influence"][1] == Approx(bare["mid_factorial"][1]).epsilon(1e-2));
}

TEST_CASE("million_token_context: one layer worked by hand, and the bounds") {
    const auto t =
        json_of("million_token_context", "--models gpt2,llama-3.1-405b --tokens 1e3,1e9 --alpha 0.2");
    REQUIRE(t["contexts"].size() == 4);
    for (const auto& row : t["contexts"]) {
        const double n = row["tokens"].get<double>() - 1;
        const double depth = row["layers"].get<double>();
        CHECK(row["recency_delta"].get<double>() == Approx(std::pow(0.8, depth)).epsilon(1e-12));
        // Markov: P(m >= 1) <= n 0.9^H, hence this depth is enough for all but one in a hundred.
        const double enough = std::ceil(std::log(100 * n) / -std::log(0.9));
        CHECK(row["collapse_depth"].get<double>() <= enough);
        CHECK(row["collapse_depth"].get<double>() > 0.5 * enough);
        CHECK((depth >= row["collapse_depth"].get<double>()) == (row["first_token"].get<double>() >= 0.99));
        if (row["first_token"].get<double>() > 0.5) CHECK(row["half_within"] == 1);
    }
    CHECK(t["contexts"][0]["layers"] == 12);
    CHECK(t["contexts"][3]["tokens"] == 1000000000);
}

TEST_CASE("the other programs refuse bad input") {
    check_refused("continuum_density", "", {"--layers"});
    check_refused("continuum_density", "--depth 3 --x 0", {"--x: 0", "(0, 1]"});
    check_refused("continuum_density", "--depth 3 --x 1.5", {"1.5"});
    check_refused("continuum_density", "--depth 3 --x nan", {"nan"});
    check_refused("continuum_density", "--depth 3 --x half", {"--x", "half"});
    check_refused("continuum_density", "--depth 3 --alphas 0.5", {"1", "3"});
    check_refused("continuum_density", "--depth 3 --output none/x", {"none/x"});
    check_refused("depth_sweep", "--alpha 2", {"2", "[0, 1]"});
    check_refused("depth_sweep", "--depths 3,-1", {"--layers", "-1"});
    check_refused("depth_sweep", "--tokens x", {"--tokens", "x"});
    check_refused("million_token_context", "--models gpt2,gpt9", {"gpt9", "llama-2-7b"});
    check_refused("million_token_context", "--alpha 0", {"--alpha", "0", "(0, 1]"});
    check_refused("million_token_context", "--alpha 0.5 --epsilon 0", {"--epsilon", "0", "(0, 1]"});
    check_refused("million_token_context", "--epsilon 0.1", {"--epsilon", "--alpha"});
    check_refused("million_token_context", "--tokens 1e3,1.5", {"--tokens", "1.5"});
}

TEST_CASE("the other programs draw what they print") {
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return;
    const std::vector<std::pair<std::string, std::vector<const char*>>> plots = {
        {"continuum_density --layers 12",
         {"density f(x)", "dead zone", "Continuum limit of 12 layers, α = 0.5"}},
        {"depth_sweep --tokens 100", {"first tenth", "middle", "last tenth", "factorial term", "100 tokens"}},
        {"million_token_context --alpha 0.2", {"gpt2", "llama-3.1-405b", "α = 0.2"}}};
    for (const auto& [call, words] : plots) {
        const std::string program = call.substr(0, call.find(' '));
        const scratch_directory here;
        CHECK(here.run(program, call.substr(program.size()) + " --plot plot.svg").status == 0);
        const std::string svg = here.read("plot.svg");
        for (const char* const word : words)
            CHECK(svg.find(word) != std::string::npos);
        CHECK(svg.find("Gnuplot") == std::string::npos);
        check_colours(svg);
        check_refused(program, call.substr(program.size()) + " --plot ''", {"--plot", "empty"});
    }
    for (const std::string edge :
         {"continuum_density --layers 0", "continuum_density --layers 1 --x 1", "depth_sweep --layers 0",
          "depth_sweep --alpha 0", "depth_sweep --tokens 1", "million_token_context --alpha 0.2 --tokens 1",
          "million_token_context --model gpt2 --tokens 1"}) {
        INFO(edge);
        const std::string program = edge.substr(0, edge.find(' '));
        CHECK(scratch_directory().run(program, edge.substr(program.size()) + " --plot edge.svg").status == 0);
    }
}

TEST_CASE("depth_sweep: a network without layers has a place on the logarithmic axis") {
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return;
    const scratch_directory here;
    CHECK(here.run("depth_sweep", "--layers 0 --plot none.svg").status == 0);
    const std::string none = here.read("none.svg");
    for (const char* const words : {">first tenth<", ">last tenth<", ">0</tspan>", "nothing above 0"})
        CHECK(none.find(words) != std::string::npos);
    CHECK(here.run("depth_sweep", "--layers 0,1,2000 --plot some.svg").status == 0);
    CHECK(here.read("some.svg").find("1024</tspan></text>") != std::string::npos);
    CHECK(here.read("some.svg").find("nothing above 0") == std::string::npos);
}

TEST_CASE("million_token_context: what is drawn is a share of the context, as the help says") {
    CHECK(output_of("million_token_context", "--help").find("as a share of tokens") != std::string::npos);
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return;
    const scratch_directory here;
    CHECK(here.run("million_token_context", "--model gpt2 --tokens 1e3,1e4 --plot plain.svg").status == 0);
    const std::string plain = here.read("plain.svg");
    for (const char* const words : {"share of the context<", "> 0.1</tspan>", "> 0.3</tspan>"})
        CHECK(plain.find(words) != std::string::npos);
    CHECK(here.run("million_token_context", "--tokens 1e3,1e9 --alpha 0.2 --plot far.svg").status == 0);
    CHECK(here.read("far.svg").find("share of the context<") != std::string::npos);
    CHECK(here.read("far.svg").find("> 0.1</tspan>") == std::string::npos);
}

TEST_CASE("depth_sweep: the exact curve sets the scale, and words say how far the factorial term falls") {
    CHECK(output_of("depth_sweep", "--help").find("mid_influence beside mid_factorial") != std::string::npos);
    if (std::system("command -v gnuplot >/dev/null 2>&1") != 0) return;
    const scratch_directory here;
    CHECK(here.run("depth_sweep", "--model gpt2 --tokens 64 --layers 1,16,64 --plot near.svg").status == 0);
    const std::string near = here.read("near.svg");
    CHECK(near.find("off the scale: factorial term, to") != std::string::npos);
    CHECK(near.find(">−50</tspan>") == std::string::npos);
    CHECK(here.run("depth_sweep", "--alpha 1 --plot bare.svg").status == 0);  // hundreds of decades
    CHECK(here.read("bare.svg").find(">−200</tspan>") != std::string::npos);
    CHECK(here.read("bare.svg").find("off the scale") == std::string::npos);
}

TEST_CASE("no table and no help is wider than 120 characters") {
    for (const std::string call :
         {"depth_sweep", "continuum_density --layers 12", "million_token_context --alpha 0.2",
          "million_token_context --model gpt2,pythia-70m --tokens 64,128", "depth_sweep --help",
          "continuum_density --help", "million_token_context --help"}) {
        const std::string program = call.substr(0, call.find(' '));
        check_narrow(output_of(program, call.substr(program.size())));
    }
}

TEST_CASE("the other programs: all spellings of the number of layers and of models") {
    CHECK(output_of("continuum_density", "--depth 3") == output_of("continuum_density", "--layers 3"));
    CHECK(output_of("depth_sweep", "--depths 3,5") == output_of("depth_sweep", "--layers 3,5"));
    CHECK(output_of("depth_sweep", "--depth 3,5") == output_of("depth_sweep", "--layers 3,5"));
    CHECK(output_of("million_token_context", "--tokens 64 --model gpt2") ==
          output_of("million_token_context", "--tokens 64 --models openai-community/GPT2"));
}

TEST_CASE("every program explains itself") {
    for (const char* program : {"continuum_density", "depth_sweep", "million_token_context"}) {
        CHECK(output_of(program, "--help").find("Columns") != std::string::npos);
        CHECK(output_of(program, "--help").find("--format") != std::string::npos);
        CHECK(output_of(program, "--help").find("\n\nUsage: ") != std::string::npos);
        CHECK(output_of(program, "--version").starts_with(program + std::string(" ")));
        const bool needs_layers = program == std::string("continuum_density");
        const bool predicts = program == std::string("million_token_context");
        const auto json = json_of(program, needs_layers ? "--layers 3"
                                           : predicts   ? "--model gpt2 --tokens 64"
                                                        : "");
        check_documented(json);
        CHECK(json["version"].is_string());
        if (needs_layers) CHECK(json["layers"] == 3);
    }
}
