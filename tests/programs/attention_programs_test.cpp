// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "run.hpp"

#include <Eigen/Dense>

#include <cmath>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>

using namespace cesaro_test;

namespace {

/// One layer of attention, uniform over what a position sees: nothing of the library.
Eigen::MatrixXd uniform(int n, const std::function<bool(int, int)>& sees) {
    Eigen::MatrixXd a = Eigen::MatrixXd::Zero(n, n);
    for (int i = 0; i < n; ++i) {
        for (int j = 0; j < n; ++j)
            a(i, j) = sees(i, j) ? 1 : 0;
        a.row(i) /= a.row(i).sum();
    }
    return a;
}

Eigen::MatrixXd power(const Eigen::MatrixXd& a, double lambda, int depth) {
    const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(a.rows(), a.rows());
    Eigen::MatrixXd p = identity;
    for (int l = 0; l < depth; ++l)
        p = (((1 - lambda) * identity + lambda * a) * p).eval();
    return p;
}

/// Rows of a JSON table by the value of a key.
nlohmann::json row_where(const nlohmann::json& rows, const std::string& key, const nlohmann::json& value,
                         const std::string& key2 = "", const nlohmann::json& value2 = {}) {
    for (const auto& row : rows)
        if (row[key] == value && (key2.empty() || row[key2] == value2)) return row;
    FAIL("no row with " << key << " = " << value);
    return {};
}

void check_masses(const nlohmann::json& row, const Eigen::RowVectorXd& expected) {
    const Eigen::Index tenth = (expected.size() + 9) / 10;
    const auto close = [](double x) { return Approx(x).epsilon(1e-12); };
    CHECK(row["first_tenth"].get<double>() == close(expected.head(tenth).sum()));
    CHECK(row["last_tenth"].get<double>() == close(expected.tail(tenth).sum()));
    CHECK(row["middle"].get<double>() ==
          close(expected.sum() - expected.head(tenth).sum() - expected.tail(tenth).sum()));
}

}  // namespace

TEST_CASE("relative_length: masses against dense products") {
    const std::string options = "--context 80 --layers 3 --alpha 0.4 --window 7 --heads 2 --lengths 0.25,1";
    const auto json = json_of("relative_length", options)["lengths"];
    REQUIRE(json.size() == 6);
    for (const auto& [relative, n] : {std::pair{0.25, 20}, {1., 80}}) {
        const auto last = [&, n = n](const Eigen::MatrixXd& a) -> Eigen::RowVectorXd {
            return power(a, 0.4, 3).row(n - 1);
        };
        const auto row = [&, relative = relative](const char* pattern) {
            return row_where(json, "pattern", pattern, "relative_length", relative);
        };
        check_masses(row("causal"), last(uniform(n, [](int i, int j) { return j <= i; })));
        check_masses(row("window"), last(uniform(n, [](int i, int j) { return j <= i && i - j < 7; })));
        Eigen::MatrixXd decay = Eigen::MatrixXd::Zero(n, n);
        for (const double slope : {1. / 16, 1. / 256}) {
            Eigen::MatrixXd head = Eigen::MatrixXd::Zero(n, n);
            for (int i = 0; i < n; ++i) {
                for (int j = 0; j <= i; ++j)
                    head(i, j) = std::exp(-slope * (i - j));
                head.row(i) /= head.row(i).sum();
            }
            decay += 0.5 * head;
        }
        check_masses(row("decay"), last(decay));
    }
    // Near the full window, what decays with distance has lost its primacy; uniform attention has not.
    const auto wide = json_of("relative_length", "")["lengths"];
    const double first = 0.06;
    const auto primacy = [&](const char* pattern, double relative) {
        return row_where(wide, "pattern", pattern, "relative_length", relative)["first_tenth"].get<double>();
    };
    CHECK(primacy("causal", 1) == Approx(primacy("causal", first)).epsilon(0.1));
    CHECK(primacy("window", 1) < 0.2 * primacy("window", first));
    CHECK(primacy("decay", 1) < 0.2 * primacy("decay", first));
}

TEST_CASE("sink_and_heads: rows against dense products, rates against their definition") {
    const std::string options = "--tokens 30 --layers 4 --alpha 0.5 --sink 0.25 --dormant 0.5";
    const auto json = json_of("sink_and_heads", options)["patterns"];
    REQUIRE(json.size() == 5);
    const auto sunk = [](Eigen::MatrixXd a, double weight) {
        a *= 1 - weight;
        a.col(0).array() += weight;
        return a;
    };
    const Eigen::MatrixXd causal = uniform(30, [](int i, int j) { return j <= i; });
    const Eigen::MatrixXd full = uniform(30, [](int, int) { return true; });
    const auto last = [](const Eigen::MatrixXd& a) -> Eigen::RowVectorXd { return power(a, 0.5, 4).row(29); };
    check_masses(json[0], last(causal));
    check_masses(json[1], last(sunk(causal, 0.25)));
    check_masses(json[2], last(sunk(causal, 1 - 0.75 * 0.5)));
    check_masses(json[3], last(full));
    check_masses(json[4], last(sunk(full, 0.25)));
    CHECK(json[0]["collapse_rate"].get<double>() == Approx(0.75));
    CHECK(json[1]["collapse_rate"].get<double>() == Approx(0.5 + 0.5 * 0.75 / 2));
    CHECK(json[2]["collapse_rate"].get<double>() == Approx(0.5 + 0.5 * 0.75 * 0.5 / 2));
    CHECK(json[3]["collapse_rate"].get<double>() == 0);
    check_refused("sink_and_heads", "--sink 1.5", {"1.5"});
    check_refused("sink_and_heads", "--dormant 0.1,2", {"--dormant", "2"});
}

TEST_CASE("attention_variants: rows against dense products") {
    const int n = 40, depth = 4;
    const auto json = json_of("attention_variants",
                              "--tokens 40 --layers 4 --alpha 0.3 --sinks 3 --slopes 0.2 --windows 6");
    const auto& rows = json["variants"];
    REQUIRE(rows.size() == 8);
    const Eigen::MatrixXd causal = uniform(n, [](int i, int j) { return j <= i; });
    const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(n, n);
    const auto check = [&](const std::string& name, const Eigen::MatrixXd& product) {
        INFO(name);
        const nlohmann::json row = row_where(rows, "attention", name);
        const double kept = product.row(n - 1).sum();
        CHECK(std::abs(row["lost"].get<double>() - (1 - kept)) < 1e-13);
        const Eigen::RowVectorXd share = product.row(n - 1) / kept;
        check_masses(row, share);
        CHECK(row["first_token"].get<double>() == Approx(share[0]).epsilon(1e-12));
        CHECK(row["query"].get<double>() == Approx(share[n - 1]).epsilon(1e-12));
        const int median = row["half_before"];
        CHECK(share.head(median).sum() < 0.5);
        CHECK(share.head(median + 1).sum() >= 0.5 - 1e-12);
    };
    check("uniform", power(causal, 0.3, depth));
    Eigen::MatrixXd sunk = causal, decaying = causal;
    for (int i = 0; i < n; ++i) {
        sunk.row(i) *= (i + 1.0) / (i + 4.0);
        for (int j = 0; j <= i; ++j)
            decaying(i, j) = std::exp(-0.2 * (i - j));
        decaying.row(i) /= decaying.row(i).sum();
    }
    check("sink 3", power(sunk, 0.3, depth));
    check("slope 0.2", power(decaying, 0.3, depth));
    check("window 6", power(uniform(n, [](int i, int j) { return j <= i && i - j < 6; }), 0.3, depth));
    check("every 4th layer global", power(causal, 0.3, 1));
    Eigen::MatrixXd residual = identity, survived = identity;
    for (int l = 0; l < depth; ++l) {
        residual = (0.7 * residual + 0.15 * causal * (residual + identity)).eval();
        const double alpha = 0.3 * (1 - (l + 1) / 8.0);
        survived = ((1 - alpha) * survived + alpha * causal * survived).eval();
    }
    check("value residual", residual);
    check("stochastic depth", survived);
    Eigen::MatrixXd sum = identity, mean = identity;  // x_1, and x_1 + M x_1 + ... + M x_l
    for (int l = 1; l < depth; ++l) {
        sum = (sum + causal * mean).eval();
        mean = sum / (l + 1.0);
    }
    check("mean over depth", mean);
    CHECK(row_where(rows, "attention", "uniform")["mean_hops"].get<double>() == Approx(1.2));
    CHECK(row_where(rows, "attention", "every 4th layer global")["mean_hops"].get<double>() == Approx(0.3));
    // half of S / (n + 1), which no difference from one would show
    const auto little = json_of("attention_variants", "--tokens 10 --layers 1 --alpha 0.5 --sinks 1e-15");
    CHECK(row_where(little["variants"], "attention", "sink 1e-15")["lost"].get<double>() ==
          Approx(0.5e-15 / 10).epsilon(1e-12));
    check_refused("attention_variants", "--slopes 0", {"--slopes", "above 0"});
    check_refused("attention_variants", "--sinks 1,-2", {"--sinks", "-2"});
    check_refused("attention_variants", "--windows 0", {"--windows", "0"});
    check_refused("attention_variants", "--alpha 1 --layers 200", {"--layers", "sink 1000"});
}

TEST_CASE("segmented_context: rounds against dense products") {
    const std::string options =
        "--tokens 21 --prompt 5 --summary 3 --layers 2 --alpha 0.6 --rounds 1,2 --heads 1 --window 5";
    const auto json = json_of("segmented_context", options)["rounds"];
    REQUIRE(json.size() == 6);
    for (const int window : {1000, 5}) {
        const auto network = [&](int n) {
            return power(uniform(n, [&](int i, int j) { return j <= i && i - j < window; }), 0.6, 2);
        };
        const auto& single = json[window == 5 ? 2 : 0];
        const auto& rounds = json[window == 5 ? 3 : 1];
        CHECK(single["pattern"] == (window == 5 ? "window" : "causal"));
        // One pass: 21 tokens and a summary of 3.
        const double one = network(24).row(23).head(5).sum();
        CHECK(single["prompt_influence"].get<double>() == Approx(one).epsilon(1e-13));
        CHECK(single["ratio"].get<double>() == 1);
        // Two: 11 tokens and a summary; the summary, 10 tokens and a summary.
        const Eigen::VectorXd first = network(14).bottomLeftCorner(3, 5).rowwise().sum();
        const double two = network(16).row(15).head(3) * first;
        CHECK(rounds["prompt_influence"].get<double>() == Approx(two).epsilon(1e-13));
        CHECK(rounds["round_tokens"] == 17);
    }
    const auto facts = json_of("segmented_context", options);
    CHECK(facts["prompt_tokens"] == 5);
    CHECK(facts["summary_tokens"] == 3);
    CHECK(facts["sliding_window"] == 5);
    // A summary carries the prompt further than a window reaches.
    const auto far = json_of("segmented_context", "--rounds 1,16")["rounds"];
    CHECK(row_where(far, "pattern", "window", "rounds", 1)["prompt_influence"] == 0);
    CHECK(row_where(far, "pattern", "window", "rounds", 16)["prompt_influence"] > 1e-4);
    CHECK(row_where(far, "pattern", "window", "rounds", 16)["ratio"].is_null());
    check_refused("segmented_context", "--tokens 10 --prompt 11", {"--prompt", "11"});
    check_refused("segmented_context", "--tokens 10 --prompt 3 --rounds 11", {"--rounds", "11"});
}

TEST_CASE("attention programs: plots and formats") {
    for (const std::string program :
         {"relative_length --context 200", "sink_and_heads --tokens 50", "attention_variants --tokens 60",
          "segmented_context --tokens 512 --rounds 1,2,4"}) {
        const std::string name = program.substr(0, program.find(' '));
        const std::string options =
            program.substr(name.size()) + " --plot out.svg --format csv --output out.csv";
        const scratch_directory directory;
        const finished result = directory.run(name, options);
        INFO(result.err);
        CHECK(result.status == 0);
        CHECK(result.out.empty());
        CHECK(directory.read("out.svg").find("</svg>") != std::string::npos);
        CHECK(directory.entries() == 2);
        // Names with commas are quoted: without them, as many fields everywhere.
        std::istringstream lines(
            std::regex_replace(directory.read("out.csv"), std::regex("\"[^\"]*\""), "name"));
        std::string header;
        std::getline(lines, header);
        for (std::string line; std::getline(lines, line);)
            CHECK(std::count(line.begin(), line.end(), ',') == std::count(header.begin(), header.end(), ','));
        CHECK(directory.run(name, options + " --alpha 0").status == 0);
        for (const std::string bad : {"nan", "-0.1", "1.5", "''", "half"})
            check_refused(name, "--alpha " + bad, {name, "--alpha"});
        check_refused(name, "--plot ''", {"--plot", "must not be empty"});
        check_refused(name, "--plot out.txt", {"out.txt"});
        check_refused(name, "--plot both.svg --output ./both.svg", {"--plot", "--output", "both.svg"});
    }
}

TEST_CASE("attention programs: options and keys are those of all programs, old spellings stay") {
    const std::pair<std::string, std::string> programs[] = {
        {"relative_length", "--context 50"},
        {"sink_and_heads", "--tokens 20"},
        {"attention_variants", "--tokens 20"},
        {"segmented_context", "--tokens 128 --rounds 1,2"}};
    for (const auto& [program, options] : programs) {
        INFO(program);
        auto json = json_of(program, options + " --layers 2 --alpha 0.25");
        auto old = json_of(program, options + " --depth 2 --lambda 0.25");
        CHECK(json["layers"] == 2);
        CHECK(json["alpha"] == 0.25);
        CHECK(json["command"] == program + " " + options + " --layers 2 --alpha 0.25 --format json");
        CHECK(output_of(program, "--version") == program + " " + json["version"].get<std::string>() + "\n");
        check_documented(json);
        json.erase("command");
        old.erase("command");
        CHECK(json == old);
        check_refused(program, options + " --depth 2001", {"--layers: 2001", "[1, 2000]"});
        const std::string one = output_of(program, options + " --layers 1");
        CHECK(one.find("1 layer,") != std::string::npos);
        check_narrow(one);
        check_narrow(output_of(program, "--help"));
    }
}

namespace {

/// Colour and dashes of every curve of a plot, by its title in the key.
std::map<std::string, std::string> line_styles(const std::string& svg) {
    std::map<std::string, std::string> styles;
    const std::regex curve("id=\"gnuplot_plot_[^>]*><title>([^<]*)</title>");
    const std::regex style("<path stroke='([^']*)'(?: stroke-dasharray='([^']*)')?");
    for (std::sregex_iterator found(svg.begin(), svg.end(), curve), end; found != end; ++found) {
        std::smatch first;
        const std::string after = found->suffix();
        REQUIRE(std::regex_search(after, first, style));
        styles[(*found)[1]] = first[1].str() + " " + first[2].str();
    }
    return styles;
}

/// Where a text begins, or is centred, in a plot.
std::pair<double, double> place_of(const std::string& svg, const std::string& text) {
    const std::size_t end = svg.find(">" + text + "<");
    REQUIRE(end != std::string::npos);
    const std::size_t at = svg.rfind("translate(", end) + 10;
    return {std::stod(svg.substr(at)), std::stod(svg.substr(svg.find(',', at) + 1))};
}

}  // namespace

TEST_CASE("attention programs: every curve of a plot looks like no other") {
    const scratch_directory directory;
    const auto plotted = [&](const std::string& program, const std::string& options) {
        REQUIRE(directory.run(program, options + " --plot out.svg").status == 0);
        return directory.read("out.svg");
    };
    const std::string shares = "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9";
    for (const std::string& svg :
         {plotted("sink_and_heads", "--dormant " + shares), plotted("segmented_context", "")}) {
        const auto styles = line_styles(svg);
        CHECK(styles.size() >= 5);
        std::set<std::string> different;
        for (const auto& [title, style] : styles)
            different.insert(style);
        CHECK(different.size() == styles.size());
    }
    // What a window cannot see in a single pass has no line, nor a place in the key.
    const auto segmented = line_styles(plotted("segmented_context", ""));
    CHECK(segmented.count("window, in rounds") == 1);
    CHECK(segmented.count("window, single pass") == 0);
}

TEST_CASE("attention_variants: ten colours, every query in its place, and words on what is off the scale") {
    const scratch_directory here;
    REQUIRE(here.run("attention_variants", "--windows 16 --plot out.svg").status == 0);
    const std::string svg = here.read("out.svg");
    std::set<std::string> colours;
    for (const auto& [title, style] : line_styles(svg))
        colours.insert(style.substr(0, style.find(')')));
    CHECK(colours.size() == 10);
    CHECK(place_of(svg, "query").first > place_of(svg, " 1000").first);
    CHECK(svg.find("off the scale: window 16 (to 0)") != std::string::npos);
    CHECK(svg.find(">−8</tspan>") == std::string::npos);
    const std::regex first_of_key("#gpPt6' transform='translate\\(([0-9.]+)");  // the filled circle
    const std::regex second_of_key("#gpPt4' transform='translate\\(([0-9.]+)");
    std::smatch first;
    std::smatch second;
    REQUIRE(std::regex_search(svg, first, first_of_key));
    REQUIRE(std::regex_search(svg, second, second_of_key));
    CHECK(std::stod(first[1]) + 5 < std::stod(second[1]));
}

TEST_CASE("attention programs: plots count positions from 0, and all that is written is in the picture") {
    const scratch_directory directory;
    REQUIRE(directory.run("sink_and_heads", "--plot sinks.svg").status == 0);
    const std::string sinks = directory.read("sinks.svg");
    CHECK(sinks.find("counted from 1") == std::string::npos);
    CHECK(place_of(sinks, "0").first < place_of(sinks, "1").first);
    REQUIRE(directory.run("relative_length", "--plot lengths.svg").status == 0);
    const std::string lengths = directory.read("lengths.svg");
    CHECK(place_of(lengths, "share of the influence").first > 15);  // the height of its letters
    CHECK(place_of(lengths, "last tenth").first < 1040 - 150);
    CHECK(lengths.find("<title>Influence on the last token, 12 layers, α = 0.15") != std::string::npos);
}
