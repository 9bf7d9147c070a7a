// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Where the influence sits in contexts that no matrix could hold: real models from a thousand tokens to a
// thousand million, in closed form.

#include "common/model.hpp"
#include "common/output.hpp"
#include "common/program.hpp"
#include "common/schedule_options.hpp"
#include "common/table.hpp"

#include <cesaro/discrete_influence.hpp>
#include <cesaro/landmarks.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace {

using Eigen::Index;

constexpr const char* description =
    R"(Where the influence on the last token sits at initialisation, for real models at long contexts.

Columns:
  model, depth
  tokens          context length
  half_within     the first so many tokens hold half of the influence
  first_token     share of the first token
  recency_delta   share that stays on the query at any context length
  collapse_depth  the least depth at which all but epsilon of the influence sits on the first token)";

struct settings {
    std::vector<std::string> models = {"gpt2", "qwen2-0.5b", "llama-3.1-8b", "llama-3.1-70b",
                                       "llama-3.1-405b"};
    std::vector<std::string> tokens = {"1e3", "1e4", "1e5", "1e6", "1e7", "1e8", "1e9"};
    double alpha = 0.2;
    double epsilon = 0.01;
    programs::output_options output;
};

programs::table contexts(const settings& s) {
    std::vector<std::string> names;
    std::vector<Index> depths, lengths, halves, collapse;
    std::vector<double> first, delta;
    for (const std::string& name : s.models) {
        const programs::model m = programs::find_model(name);
        const auto schedule = cesaro::mixing_schedule<double>::constant(m.layers, s.alpha);
        for (const Index tokens : programs::parse_tokens("--tokens", s.tokens)) {
            const cesaro::discrete_influence<double> row(tokens - 1, schedule);
            names.push_back(m.name);
            depths.push_back(m.layers);
            lengths.push_back(tokens);
            halves.push_back(median(row) + 1);
            first.push_back(cesaro::first_token_influence(tokens, schedule));
            delta.push_back(schedule.recency_delta());
            collapse.push_back(cesaro::collapse_depth(tokens, s.alpha, s.epsilon));
        }
    }
    return {{"model", names},
            {"depth", depths},
            {"tokens", lengths},
            {"half_within", halves},
            {"first_token", first},
            {"recency_delta", delta},
            {"collapse_depth", collapse}};
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "million_token_context");
    settings s;
    programs::add_list(app, "--models", s.models, "Models by name [five from gpt2 to llama-3.1-405b]");
    programs::add_list(app, "--tokens", s.tokens, "Context lengths [1e3,1e4,...,1e9]");
    app.add_option("--alpha", s.alpha, "Mixing coefficient of every layer, in (0, 1] [0.2]")->type_name("A");
    app.add_option("--epsilon", s.epsilon, "What may be left elsewhere after the collapse [0.01]")
        ->type_name("E");
    s.output.add_to(app);
    return programs::run(app, argc, argv, [&] {
        const programs::report r = {
            .heading =
                fmt::format("alpha = {:g}; collapsed: all but {:g} on the first token\n", s.alpha, s.epsilon),
            .facts = {{"alpha", s.alpha}, {"epsilon", s.epsilon}},
            .rows_name = "contexts",
            .rows = contexts(s)};
        programs::write_output(s.output.file, render(r, s.output.format));
    });
}
