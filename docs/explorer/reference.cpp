// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Natively compiled, what the page has: without arguments the known models, as a script that the page loads;
// with MODEL TOKENS the numbers that it must show of their prediction, with LAYERS TOKENS ALPHA... of a row,
// [--keys KIND AMOUNT] under keys that are not uniform.

#include "../../examples/programs/common/model.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

extern "C" {
const double* explorer_values();
const char* explorer_text();
int explorer_read(int slot, const char* json, const char* name);
int explorer_predict(int slot, double tokens, double accuracy);
int explorer_shares(int slot, const double* positions, int count);
int explorer_row(int slot, double tokens, const double* alphas, int count, double layers, int keys,
                 double amount);
int explorer_entries(int slot, const double* positions, int count);
int explorer_row_summary(int slot);
}

namespace {

/// The numbers of an answer, under a key.
void put(nlohmann::ordered_json& json, const char* key, int count) {
    if (count < 0) {
        std::fprintf(stderr, "%s: %s\n", key, explorer_text());
        std::exit(1);
    }
    json[key] = std::vector<double>(explorer_values(), explorer_values() + count);
}

int numbers(int argc, char** argv) {
    const std::string name = argv[1];
    const double tokens = std::atof(argv[2]);
    const double n = tokens - 1;
    const std::vector<double> positions = {0, double(long(n / 2)), n};
    nlohmann::ordered_json json;
    json["positions"] = positions;
    std::vector<double> alphas;
    double layers = 0;
    int keys = 0;
    double amount = 0;
    if (argc > 6 && std::string(argv[argc - 3]) == "--keys") {
        keys = std::atoi(argv[argc - 2]);
        amount = std::atof(argv[argc - 1]);
        argc -= 3;
    }
    if (argc > 3) {
        layers = std::atof(argv[1]);
        for (int i = 3; i < argc; ++i)
            alphas.push_back(std::atof(argv[i]));
    } else {
        std::string config;
        for (const programs::known_model& m : programs::known_models())
            if (m.name == name) config = m.config;
        put(json, "config", explorer_read(0, config.c_str(), name.c_str()));
        put(json, "summary", explorer_predict(0, tokens, 1e-3));
        alphas = json["summary"].get<std::vector<double>>();
        alphas.erase(alphas.begin(), alphas.begin() + 11);
        layers = double(alphas.size());
        put(json, "shares", explorer_shares(0, positions.data(), int(positions.size())));
    }
    put(json, "row", explorer_row(0, tokens, alphas.data(), int(alphas.size()), layers, keys, amount));
    put(json, "entries", explorer_entries(0, positions.data(), int(positions.size())));
    put(json, "row_summary", explorer_row_summary(0));
    std::printf("%s\n", json.dump().c_str());
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 2) return numbers(argc, argv);
    nlohmann::ordered_json models;
    for (const programs::known_model& m : programs::known_models())
        models[m.name] = nlohmann::ordered_json::parse(m.config);
    std::printf("const knownModels = %s;\n", models.dump(1).c_str());
    return 0;
}
