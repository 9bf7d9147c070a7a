// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The continuum limit of an influence row at given relative positions: density, distribution and delta, and
// the associated Laguerre form that the density has when every layer attends alike.

#include "common/plot.hpp"
#include "common/program.hpp"
#include "common/report.hpp"
#include "common/schedule_options.hpp"
#include "common/table.hpp"
#include "common/text.hpp"

#include <cesaro/continuum_influence.hpp>
#include <cesaro/landmarks.hpp>

#include <CLI/CLI.hpp>
#include <boost/math/special_functions/laguerre.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace {

using cesaro::complement;

constexpr const char* description =
    R"(The law that an influence row tends to as the context grows, at relative positions x in (0, 1].

Columns (H layers, u = ln(1/x), w_k the probability of k attention hops):
  x
  density     f(x) = sum_k w_k u^(k-1) / (k-1)!, without the delta
  cdf         influence of all positions up to x; 1 at x = 1, where the recency delta is
  complement  influence of all positions beyond x
  laguerre    a (1-a)^(H-1) L1_{H-1}(-a u / (1-a)): the density again when every layer has alpha = a < 1
  dead_zone   u^(H-1) / (H-1)!: the density without residual connections
  asymptotic  Perron's approximation of the density for constant 0 < alpha < 1, 0 < x < 1)";

/// The coefficient that all layers share, if they do.
std::optional<double> constant_alpha(const cesaro::mixing_schedule<double>& schedule) {
    const Eigen::VectorXd& alphas = schedule.alphas();
    if (alphas.size() == 0 || alphas.minCoeff() != alphas.maxCoeff()) return std::nullopt;
    return alphas[0];
}

/// In the range of long double: at great depth the polynomial overflows before the power vanishes.
double laguerre_form(Eigen::Index depth, double alpha, double x) {
    const long double stay = 1 - static_cast<long double>(alpha);
    const long double argument = alpha * std::log(static_cast<long double>(x)) / stay;
    const auto degree = static_cast<unsigned>(depth - 1);
    return double(alpha * std::pow(stay, degree) * boost::math::laguerre(degree, 1U, argument));
}

programs::table density_table(const cesaro::mixing_schedule<double>& schedule,
                              const std::vector<double>& xs) {
    const cesaro::continuum_influence<double> limit(schedule);
    const std::optional<double> alpha = constant_alpha(schedule);
    const auto column = programs::columns_over(xs);
    programs::table t = {column("x", [](double x) { return x; }),
                         column("density", [&](double x) { return pdf(limit, x); }),
                         column("cdf", [&](double x) { return cdf(limit, x); }),
                         column("complement", [&](double x) { return cdf(complement(limit, x)); })};
    if (alpha && *alpha < 1) {
        t.push_back(column("laguerre", [&](double x) { return laguerre_form(schedule.depth(), *alpha, x); }));
    }
    t.push_back(column("dead_zone", [&](double x) { return cesaro::dead_zone(schedule.depth(), x); }));
    if (alpha && *alpha > 0 && *alpha < 1) {
        t.push_back(column("asymptotic", [&](double x) {
            if (x == 1) return std::numeric_limits<double>::infinity();  // z = 0
            return cesaro::valley_asymptotic(schedule.depth(), *alpha, x);
        }));
    }
    return t;
}

/// The curves between the least and the greatest x, which need not be those of the table.
programs::drawing drawing_of(const cesaro::mixing_schedule<double>& schedule, const std::vector<double>& xs) {
    const cesaro::continuum_influence<double> limit(schedule);
    const auto [least, most] = std::minmax_element(xs.begin(), xs.end());
    const double from = std::log(std::min(*least, 0.5));
    const double to = std::log(std::max(*most, 0.5));
    constexpr int points = 400;
    const auto curve = [&](const char* title, std::size_t style, const auto& value) {
        programs::curve c{{}, "with lines " + programs::line_style(style), title};
        for (int i = 0; i <= points; ++i) {
            const double x = i == points ? std::exp(to) : std::exp(from + (to - from) * i / points);
            c.points.emplace_back(x, value(std::min(x, 1.)));
        }
        return c;
    };
    const auto positive = [](double y) { return y > 0 ? y : std::nan(""); };
    const auto density = curve("density f(x)", 0, [&](double x) { return positive(pdf(limit, x)); });
    const auto dead_zone = curve("dead zone u^{H−1} / (H−1)!", 1,
                                 [&](double x) { return positive(cesaro::dead_zone(schedule.depth(), x)); });
    const std::string title = fmt::format("Continuum limit of {}{}, recency delta {:.4g} at x = 1",
                                          programs::counted(schedule.depth(), "layer"),
                                          programs::describe(schedule, "α"), schedule.recency_delta());
    std::string script =
        fmt::format("unset title\nset multiplot layout 1,2 title {}\n", programs::quoted(title));
    script += "set key inside left bottom\nset logscale x\nset format x '10^{%L}'\n";
    script += fmt::format("set xrange [{}:{}]\n", std::exp(from), std::exp(to));
    script += "set logscale y\nset format y '10^{%L}'\nset mytics 1\n";
    // The dead zone falls to zero at x = 1: three decades below the density are enough of it.
    const double lowest = pdf(limit, std::min(std::exp(to), 0.95));
    if (lowest > 0) script += fmt::format("set yrange [{}:*]\n", 1e-3 * lowest);
    script += programs::plot_curves({density, dead_zone});
    script +=
        "unset logscale y\nset format y\nset yrange [0:1]\nset ytics 0.2\nset ylabel 'distribution F(x)'\n";
    script += programs::plot_curves({curve("", 0, [&](double x) { return cdf(limit, x); })});
    return {.title = title,
            .x_label = "relative position x",
            .y_label = "density",
            .script = script + "unset multiplot\n"};
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "continuum_density");
    programs::schedule_options mixing{.alpha = 0.5};
    programs::output_options output;
    Eigen::Index layers = -1;
    std::vector<std::string> words = {"0.001", "0.01", "0.1", "0.25", "0.5", "0.75", "0.9", "1"};
    programs::add_layers(app, layers, "Number of layers; needed unless coefficients are listed");
    mixing.add_to(app, "0.5");
    programs::add_list(app, "--x", words, "Relative positions in (0, 1]: x0,x1,... [0.001 ... 1]");
    output.add_to(app, "density and distribution");
    return programs::run(app, argc, argv, [&] {
        programs::destinations files(output);
        const std::vector<double> positions = programs::parse_numbers("--x", words);
        for (const double x : positions)
            if (!(x > 0 && x <= 1)) throw programs::usage_error(fmt::format("--x: {} must lie in (0, 1]", x));
        const auto schedule = mixing.schedule(layers < 0 ? std::nullopt : std::optional(layers));
        const programs::report r = {
            .heading = fmt::format("continuum limit of {}{}\nrecency delta {:.6g} at x = 1",
                                   programs::counted(schedule.depth(), "layer"), programs::describe(schedule),
                                   schedule.recency_delta()),
            .facts = {{"layers", schedule.depth()},
                      {"alphas", programs::to_json(schedule.alphas())},
                      {"recency_delta", schedule.recency_delta()}},
            .rows_name = "density",
            .rows = density_table(schedule, positions)};
        files.prepare(r, [&] { return drawing_of(schedule, positions); });
        files.commit();
    });
}
