// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The coefficients that fit a measured profile best, and how near theory comes to it.

#include "common/plot.hpp"
#include "common/prediction.hpp"
#include "common/program.hpp"
#include "common/report.hpp"
#include "common/schedule_options.hpp"
#include "common/table.hpp"
#include "common/text.hpp"

#include <cesaro/decoder/mean_field.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/fit_network.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/profile_distance.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using Eigen::Index;
using Eigen::VectorXd;
using programs::usage_error;

constexpr const char* description =
    R"(What fits a measured profile of influence on the last token best. The profile is a column of a CSV file, one
number for each position in order; it need not sum to one. Columns:
  theory           row: the influence row with one alpha for all layers; with --model or --config also
                   predicted_row: that of the coefficients that the configuration gives;
                   jacobian: its Jacobian norms under independent weights, times a factor;
                   predicted: its mean field
  parameter, value what was fitted, by the least Wasserstein distance; nothing (nan, null in JSON)
  spearman         rank correlation with the profile; nan (null) where either is flat
  wasserstein      distance from it in units of the context: 0 where equal, at most 1
  total_variation  half the sum of the differences)";

struct settings {
    std::string file;
    std::string column;
    std::vector<std::string> models;
    std::string config;
    Index layers = -1;
    programs::output_options output;
};

/// One theory beside what was measured; its profile sums to one.
struct fit {
    std::string theory;
    std::string parameter;
    double value;
    VectorXd profile;
};

/// The fields of a line, without blanks and quotes around them.
std::vector<std::string> fields(const std::string& line) {
    std::vector<std::string> all = programs::split_list(line);
    for (std::string& field : all) {
        field.erase(0, std::min(field.find_first_not_of(" \t\""), field.size()));
        field.erase(field.find_last_not_of(" \t\r\"") + 1);
    }
    return all;
}

bool is_number(const std::string& text) {
    try {
        programs::parse_number("", text);
        return true;
    } catch (const usage_error&) {
        return false;
    }
}

/// Which column: the named one; else `measured` or `influence`, or the only one.
std::size_t column_of(const settings& s, const std::vector<std::string>& header) {
    const auto position = [&](const std::string& name) {
        return std::size_t(std::find(header.begin(), header.end(), name) - header.begin());
    };
    for (const std::string& name : s.column.empty() ? std::vector<std::string>{"measured", "influence"}
                                                    : std::vector<std::string>{s.column})
        if (position(name) < header.size()) return position(name);
    if (s.column.empty() && header.size() == 1) return 0;
    throw usage_error(fmt::format("'{}': {}: give --column, one of {}", s.file,
                                  s.column.empty() ? "which column?" : "no column '" + s.column + "'",
                                  programs::shortened(fmt::format("{}", fmt::join(header, ", ")), 200)));
}

VectorXd read_profile(const settings& s) {
    std::istringstream lines(programs::read_text(s.file));
    std::vector<double> values;
    std::optional<std::size_t> column;
    std::size_t positions = std::string::npos;  // their column, where there is one
    std::size_t width = 0;
    int number = 0, blank = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.starts_with("# sample"))
            throw usage_error(fmt::format(
                "'{}' line {}: a sample of the positions is no profile: ask for --all", s.file, number));
        if (line.starts_with('#')) continue;
        if (line.find_first_not_of(" \t\r") == std::string::npos) {
            blank = number;
            continue;
        }
        if (blank > 0 && !values.empty())
            throw usage_error(fmt::format("'{}' line {} is empty, between values", s.file, blank));
        const std::vector<std::string> row = fields(line);
        if (!column) {
            const bool is_header = !std::all_of(row.begin(), row.end(), is_number);
            std::vector<std::string> names = row;
            for (std::size_t j = 0; !is_header && j < names.size(); ++j)
                names[j] = std::to_string(j + 1);
            column = column_of(s, names);
            width = names.size();
            const auto named = std::find(names.begin(), names.end(), "position");
            if (named != names.end()) positions = std::size_t(named - names.begin());
            if (is_header) continue;
        }
        const std::string what = fmt::format("'{}' line {}", s.file, number);
        if (row.size() != width)
            throw usage_error(fmt::format("{} has {}, and the first line {}", what,
                                          programs::counted(Index(row.size()), "field"), width));
        if (positions < width && programs::parse_number(what, row[positions]) != double(values.size()))
            throw usage_error(fmt::format("{}: position {}, and not {}: all are needed, in order", what,
                                          row[positions], values.size()));
        const double value = programs::parse_number(what, row[*column]);
        if (!(std::isfinite(value) && value >= 0))
            throw usage_error(fmt::format("{}: {} must be finite and not negative", what, value));
        values.push_back(value);
    }
    VectorXd profile = Eigen::Map<const VectorXd>(values.data(), Index(values.size()));
    if (profile.size() < 2 || profile.sum() <= 0)
        throw usage_error(
            fmt::format("'{}': a profile needs two positions, and one that is positive", s.file));
    return profile / profile.sum();
}

std::vector<fit> fits_of(const VectorXd& measured, Index layers,
                         const std::optional<programs::chosen_model>& model) {
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    const Index tokens = measured.size();
    const double alpha = cesaro::fit_constant_mixing(measured, layers).parameter;
    const auto schedule = cesaro::mixing_schedule<double>::constant(layers, alpha);
    std::vector<fit> fits = {{"row", "alpha", alpha, cesaro::influence_row(tokens, schedule)}};
    if (!model) return fits;
    const cesaro::predicted_profile predicted = programs::predict(*model, tokens);
    fits.push_back({"predicted_row", "nothing", nothing,
                    cesaro::influence_row(tokens, programs::schedule_of(predicted))});
    cesaro::position_gains<double> gains = cesaro::mean_field_gains(*model->config, tokens);
    const double factor = cesaro::fit_gain_factor(measured, gains).parameter;
    gains.attention *= factor;
    gains.feed_forward *= factor;
    const VectorXd norms = cesaro::jacobian_profile(gains);
    fits.push_back({"jacobian", "gain_factor", factor, norms / norms.sum()});
    fits.push_back({"predicted", "nothing", nothing, predicted.expand()});
    return fits;
}

/// A profile in which all positions have as much ranks nothing.
double rank_correlation(const VectorXd& p, const VectorXd& q) {
    const bool flat = p.minCoeff() == p.maxCoeff() || q.minCoeff() == q.maxCoeff();
    return flat ? std::numeric_limits<double>::quiet_NaN() : cesaro::spearman(p, q);
}

programs::table table_of(const VectorXd& measured, const std::vector<fit>& fits) {
    const auto column = programs::columns_over(fits);
    return {column("theory", [](const fit& f) { return f.theory; }),
            column("parameter", [](const fit& f) { return f.parameter; }),
            column("value", [](const fit& f) { return f.value; }),
            column("spearman", [&](const fit& f) { return rank_correlation(measured, f.profile); }),
            column("wasserstein", [&](const fit& f) { return cesaro::wasserstein(measured, f.profile); }),
            column("total_variation",
                   [&](const fit& f) { return cesaro::total_variation(measured, f.profile); })};
}

std::vector<std::pair<double, double>> points_of(const VectorXd& profile) {
    std::vector<std::pair<double, double>> points;
    for (Index m = 0; m < profile.size(); ++m)
        if (profile[m] > 0) points.emplace_back(double(m), profile[m]);
    return points;
}

programs::drawing drawing_of(const std::string& title, const VectorXd& measured, const std::vector<fit>& fits,
                             const std::vector<std::string>& notes) {
    std::vector<programs::curve> curves = {
        {points_of(measured), "with points pt 7 ps 0.4 lc rgb '#444444'", "measured"}};
    for (const fit& f : fits) {
        const std::string fitted =
            std::isnan(f.value) ? ", nothing fitted" : fmt::format(", {} {:.3g}", f.parameter, f.value);
        std::string name = f.theory + fitted;
        std::replace(name.begin(), name.end(), '_', ' ');
        curves.push_back(
            {points_of(f.profile), "with lines " + programs::line_style(curves.size() - 1), name});
    }
    const auto last = double(measured.size() - 1);
    return {.title = title,
            .x_label = "position of the source token",
            .y_label = "share of the influence",
            .script = fmt::format("set xrange [{}:{}]\n", -0.02 * last, 1.02 * last) +
                      "set logscale y\nset format y '10^{%T}'\nset key inside top center opaque\n" +
                      programs::plot_curves(curves),
            .notes = notes};
}

void run(const settings& s) {
    programs::destinations files(s.output);
    const VectorXd measured = read_profile(s);
    const std::optional<programs::chosen_model> model = programs::one_model(s.models, s.config);
    if (!model && s.layers < 0) throw usage_error("how many layers? give --layers, --model or --config");
    const Index layers = model ? model->layers() : s.layers;
    const std::string name = model ? model->outline.name + ", " : "";
    const std::string title =
        fmt::format("{}: {}, {}{}", programs::shortened(s.file, 60),
                    programs::counted(measured.size(), "token"), name, programs::counted(layers, "layer"));
    const std::vector<fit> fits = fits_of(measured, layers, model);
    programs::report r = {.heading = title,
                          .facts = {{"tokens", measured.size()}, {"layers", layers}},
                          .rows_name = "fits",
                          .rows = table_of(measured, fits)};
    if (model) {
        r.facts["model"] = model->outline.name;
        r.notes = programs::notes_beside_prediction(model->outline, measured.size(), "row and predicted_row");
    }
    files.prepare(r, [&] { return drawing_of(title, measured, fits, r.notes); });
    files.commit();
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "fit_profile");
    settings s;
    programs::add_word(app, "FILE", s.file, "FILE", "CSV file, or - for standard input")->required();
    programs::add_word(
        app, "--column", s.column, "NAME",
        "Its column, by name or by number from 1 where there are no names [measured, influence]");
    auto* name = programs::add_models(app, s.models, "The public model that was measured");
    auto* file = programs::add_word(app, "--config", s.config, "FILE", "Its Hugging Face config.json");
    auto* layers = programs::add_layers(app, s.layers, "Number of layers, where there is no model");
    name->excludes(file)->excludes(layers);
    file->excludes(layers);
    s.output.add_to(app, "the profiles");
    return programs::run(app, argc, argv, [&] { run(s); });
}
