// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// What depth does to the U-shape at fixed alpha: where the influence sits, and the valley beside the
// factorial term that would be there without residual connections.

#include "common/output.hpp"
#include "common/program.hpp"
#include "common/row_summary.hpp"
#include "common/schedule_options.hpp"
#include "common/table.hpp"

#include <cesaro/discrete_influence.hpp>
#include <cesaro/landmarks.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using Eigen::Index;

constexpr const char* description =
    R"(How the influence on the last token changes with depth at fixed alpha.

Columns (n is the position of the last token):
  depth           number of layers H
  recency_delta   (1 - alpha)^H, on the query itself
  first_token     influence of position 0
  first_tenth, middle, last_tenth
                  influence of these parts of the context
  mean_x          mean position over n
  valley          the least entry of the row
  valley_position where it is: next to the query, unless there is no recency delta
  mid_influence   the exact entry at position n/2: the true valley floor in mid-context
  mid_continuum   the same in the continuum limit, f(1/2) / n
  mid_asymptotic  the same by Perron's asymptotics, for 0 < alpha < 1
  mid_factorial   the factorial term there, ln(2)^(H-1) / (H-1)! / n: the whole of it only at alpha = 1)";

programs::table sweep(Index tokens, double alpha, const std::vector<Index>& depths) {
    const double n = double(std::max<Index>(tokens - 1, 1));
    const Index middle = (tokens - 1) / 2;
    const auto column = [&](const char* name, auto value) {
        std::vector<double> cells;
        for (const Index depth : depths) {
            const auto schedule = cesaro::mixing_schedule<double>::constant(depth, alpha);
            cells.push_back(value(cesaro::discrete_influence<double>(tokens - 1, schedule), depth));
        }
        return programs::column{name, cells};
    };
    std::vector<Index> valleys;
    for (const Index depth : depths) {
        const auto schedule = cesaro::mixing_schedule<double>::constant(depth, alpha);
        valleys.push_back(programs::summarize_row({tokens - 1, schedule}).valley_position);
    }
    using programs::summarize_row;
    programs::table t = {
        {"depth", depths},
        column("recency_delta", [](const auto& row, Index) { return row.schedule().recency_delta(); }),
        column("first_token", [](const auto& row, Index) { return pdf(row, 0); }),
        column("first_tenth", [](const auto& row, Index) { return summarize_row(row).primacy; }),
        column("middle", [](const auto& row, Index) { return summarize_row(row).middle; }),
        column("last_tenth", [](const auto& row, Index) { return summarize_row(row).recency; }),
        column("mean_x", [&](const auto& row, Index) { return mean(row) / n; }),
        column("valley", [](const auto& row, Index) { return summarize_row(row).valley; }),
        {"valley_position", valleys},
        column("mid_influence", [&](const auto& row, Index) { return pdf(row, middle); }),
        column("mid_continuum",
               [&](const auto& row, Index) { return cesaro::valley(row.schedule(), 0.5) / n; })};
    if (alpha > 0 && alpha < 1) {
        t.push_back(column("mid_asymptotic", [&](const auto&, Index depth) {
            return depth == 0 ? 0 : cesaro::valley_asymptotic(depth, alpha, 0.5) / n;
        }));
    }
    t.push_back(
        column("mid_factorial", [&](const auto&, Index depth) { return cesaro::dead_zone(depth, 0.5) / n; }));
    return t;
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "depth_sweep");
    programs::output_options output;
    Index tokens = 1024;
    double alpha = 0.5;
    std::vector<std::string> words = {"1",  "2",  "4",  "8",  "12", "16", "24",
                                      "32", "48", "64", "80", "96", "128"};
    programs::add_tokens(app, tokens);
    programs::add_share(app, "--alpha", alpha, "A", "Mixing coefficient of every layer, in [0, 1] [0.5]");
    programs::add_list(app, "--depths", words, "Numbers of layers: h0,h1,... [1 ... 128]");
    output.add_to(app);
    return programs::run(app, argc, argv, [&] {
        const auto depths = programs::parse_depths("--depths", words);
        const programs::report r = {.heading = fmt::format("{} tokens, alpha = {:g}\n", tokens, alpha),
                                    .facts = {{"tokens", tokens}, {"alpha", alpha}},
                                    .rows_name = "depths",
                                    .rows = sweep(tokens, alpha, depths)};
        programs::write_output(output.file, render(r, output.format));
    });
}
