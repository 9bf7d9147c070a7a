// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// How much each position of a prompt influences the last token of a decoder at initialisation: the exact row,
// its continuum limit and the three landmarks, printed and drawn.

#include "common/plot.hpp"
#include "common/positions.hpp"
#include "common/program.hpp"
#include "common/report.hpp"
#include "common/schedule_options.hpp"
#include "common/table.hpp"
#include "common/text.hpp"
#include "influence_plot.hpp"
#include "predicted_influence.hpp"

#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/collapse.hpp>
#include <cesaro/continuum_influence.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/influence_summary.hpp>
#include <cesaro/keys.hpp>
#include <cesaro/landmarks.hpp>
#include <cesaro/profile.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using cesaro::complement;
using Eigen::Index;
using nlohmann::ordered_json;
using programs::network;
using programs::table;
using programs::usage_error;

constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr const char* description =
    R"(How much each position of a prompt influences the last token of a decoder at initialisation.

From a model's configuration alone, --model or --config (n is the position of the last token, the query;
positions count from 0):
  position      m
  x             m / n
  predicted     the share of token m in the norm of the Jacobian: the mean field of the whole decoder
  row           the exact row p(m|n) of uniform attention with the coefficients that the mean field gives,
                attention over what it adds to and itself, layer by layer; sums to one
  continuum     its continuum limit f(x) / n, with the recency delta added at the query
With --position also cdf and row_cdf, of the positions up to this one; with --quantile the first position
at which the predicted cdf reaches q, and row_position, that of the row.

With coefficients that are given, --alpha, --alphas or --alphas-file:
  influence     the exact row p(m|n): how much token m influences the query; sums to one
  continuum     its continuum limit, as above
  primacy_tail  the leading term of f(x) / n as x -> 0
  dead_zone     the factorial term of attention without residual connections, ln(1/x)^(H-1) / (H-1)! / n
The last three are densities per position, so that they compare with the influence; they are infinite at
x = 0 when two layers attend, the dead zone from two layers on (null in JSON).
With --slope, --sink or --window attention is not uniform: the row is exact all the same, beside it stands the
continuum limit of a slope, and what a sink takes is lost.
With --position also
  log_influence the natural logarithm of the influence, which does not underflow
  cdf           influence of the positions up to this one, it included
  complement    influence of the positions after it
With --quantile
  quantile      q
  position, x   the first position at which the cdf reaches q
  cdf           what it is there
  continuum_x   the x at which that of the continuum limit reaches q)";

/// Attention that is not uniform; at most one of these.
struct attention_options {
    std::optional<double> slope = {};
    std::optional<double> sink = {};
    Index window = 0;

    void add_to(CLI::App& app) {
        auto* const slope_option =
            programs::add_magnitude(app, "--slope", slope, "S",
                                    "Weights that decay with the distance, exp(-S distance), as ALiBi's do");
        auto* const sink_option =
            programs::add_magnitude(app, "--sink", sink, "W", "A sink that weighs as much as W tokens");
        auto* const window_option =
            programs::add_count(app, "--window", window, 1, Index(1) << 62, "Layers see the last W tokens");
        slope_option->excludes(sink_option)->excludes(window_option);
        sink_option->excludes(window_option);
    }
    bool uniform() const { return !slope && !sink && window == 0; }
    std::string described() const {
        return slope        ? fmt::format(", slope {:g}", *slope)
               : sink       ? fmt::format(", sink of {:g} tokens", *sink)
               : window > 0 ? fmt::format(", window of {}", programs::counted(window, "token"))
                            : "";
    }
    void add_to(ordered_json& facts) const {
        if (slope) facts["slope"] = *slope;
        if (sink) facts["sink_tokens"] = *sink;
        if (window > 0) facts["sliding_window"] = window;
    }
};

struct settings {
    programs::network_options network;
    attention_options attention;
    programs::output_options output;
    programs::position_options positions;
    std::vector<std::string> single_positions;
    std::vector<std::string> quantiles;
    std::vector<std::string> compared;
    std::string save_alphas;
    std::string heatmap;
};

/// A row whose entries are all known, and zero but for the last ones: what windows leave, for which there is no
/// closed form at the first positions.
class listed_row {
  public:
    /// \param entries the last ones of so many tokens.
    listed_row(Eigen::VectorXd entries, Index tokens)
        : row_(std::move(entries)), before_(tokens - row_.size()) {
        const auto sums = [](auto first, auto last) {
            std::vector<double> all{0};
            cesaro::detail::compensated_sum<double> sum;
            for (; first != last; ++first) {
                sum += *first;
                all.push_back(sum.value());
            }
            return all;
        };
        up_to_ = sums(row_.begin(), row_.end());
        after_ = sums(std::make_reverse_iterator(row_.end()), std::make_reverse_iterator(row_.begin()));
    }

    /// How many positions nothing is seen of, and the entries of the others.
    Index before() const { return before_; }
    const Eigen::VectorXd& reached() const { return row_; }
    Eigen::VectorXd entries() const {
        Eigen::VectorXd all = Eigen::VectorXd::Zero(before_ + row_.size());
        all.tail(row_.size()) = row_;
        return all;
    }

    friend double pdf(const listed_row& r, Index m) { return m < r.before_ ? 0 : r.row_[m - r.before_]; }
    friend double logpdf(const listed_row& r, Index m) { return std::log(pdf(r, m)); }
    friend double cdf(const listed_row& r, Index m) {
        return m < r.before_ ? 0 : r.up_to_[std::size_t(m - r.before_) + 1];
    }
    friend double cdf(const boost::math::complemented2_type<listed_row, Index>& c) {
        const listed_row& r = c.dist;
        return c.param < r.before_ ? r.after_.back()
                                   : r.after_[std::size_t(r.row_.size() - 1 - (c.param - r.before_))];
    }
    friend Index quantile(const listed_row& r, double p) {
        if (!(p > 0)) return 0;
        const auto reached = std::lower_bound(r.up_to_.begin() + 1, r.up_to_.end() - 1, p);
        return r.before_ + Index(reached - r.up_to_.begin()) - 1;
    }

  private:
    Eigen::VectorXd row_;
    Index before_;
    std::vector<double> up_to_, after_;
};

constexpr Index longest_listed = 100'000'000;
constexpr Index longest_searched = 1 << 24;

using any_row = std::variant<cesaro::discrete_influence<double>, listed_row>;

any_row row_of(const network& net, Index query, const attention_options& attention) {
    if (attention.slope) {
        return cesaro::discrete_influence<double>(query, net.schedule,
                                                  cesaro::decaying_keys<double>{.slope = *attention.slope});
    }
    if (attention.sink) {
        return cesaro::discrete_influence<double>(query, net.schedule,
                                                  cesaro::uniform_keys<double>{.sink = *attention.sink});
    }
    if (attention.window > 0 && attention.window <= query) {
        // Of a context as long as the windows reach, no hop begins where a window is cut off.
        const Index depth = net.schedule.depth();
        const Index reach =
            depth == 0 || attention.window - 1 <= query / depth ? depth * (attention.window - 1) : query;
        if (reach >= longest_listed)
            throw programs::usage_error(fmt::format(
                "--window: {} layers of windows of {} reach over {} positions, more than the {} that are "
                "computed one by one",
                depth, attention.window, reach, longest_listed));
        const std::vector<cesaro::sliding_window_operator<double>> layers(std::size_t(depth),
                                                                          {reach + 1, attention.window});
        if (layers.empty()) return listed_row(Eigen::VectorXd::Ones(1), query + 1);
        return listed_row(cesaro::rollout_row(layers, net.schedule), query + 1);
    }
    return cesaro::discrete_influence<double>(query, net.schedule);
}

/// The row of a network beside its continuum limit, everything per position.
struct profile {
    profile(const network& n, const attention_options& options)
        : net(n),
          attention(options),
          row(row_of(n, n.query(), options)),
          limit(options.slope ? cesaro::continuum_influence<double>(
                                    n.schedule,
                                    cesaro::decay_clock<double>{.slope = *options.slope * double(n.query())})
                              : cesaro::continuum_influence<double>(n.schedule)) {}

    network net;
    attention_options attention;
    any_row row;
    cesaro::continuum_influence<double> limit;

    template <class Function>
    auto of_row(const Function& f) const {
        return std::visit(f, row);
    }
    double influence(Index m) const {
        return of_row([&](const auto& r) { return double(pdf(r, m)); });
    }
    double log_influence(Index m) const {
        return of_row([&](const auto& r) { return double(logpdf(r, m)); });
    }
    double up_to(Index m) const {
        return of_row([&](const auto& r) { return double(cdf(r, m)); });
    }
    double after(Index m) const {
        return of_row([&](const auto& r) { return double(cdf(complement(r, m))); });
    }
    Index first_reaching(double p) const {
        return of_row([&](const auto& r) { return Index(quantile(r, p)); });
    }
    /// All of it.
    Eigen::VectorXd entries() const {
        if (const auto* const listed = std::get_if<listed_row>(&row)) return listed->entries();
        if (attention.slope)
            return cesaro::influence_row(net.tokens, net.schedule,
                                         cesaro::decaying_keys<double>{.slope = *attention.slope});
        if (attention.sink)
            return cesaro::influence_row(net.tokens, net.schedule,
                                         cesaro::uniform_keys<double>{.sink = *attention.sink});
        return cesaro::influence_row(net.tokens, net.schedule);
    }

    Index depth() const { return net.schedule.depth(); }
    double n() const { return double(std::max<Index>(net.query(), 1)); }
    double x(Index m) const { return net.query() == 0 ? 1 : double(m) / n(); }

    bool has_limit() const { return attention.uniform() || attention.slope; }
    double continuum(Index m) const { return programs::continuum_share(limit, net.query(), m); }
    double primacy_tail(Index m) const {
        if (x(m) > 0) return cesaro::primacy_tail(net.schedule, x(m)) / n();
        const double weight = limit.hops().weights()[depth()];
        return depth() == 0 ? 0 : depth() > 1 && weight > 0 ? infinity : weight / n();
    }
    double dead_zone(Index m) const {
        if (x(m) > 0) return cesaro::dead_zone(depth(), x(m)) / n();
        return depth() > 1 ? infinity : double(depth()) / n();
    }
};

/// The columns at these positions; the whole row by running sums, a part of it entry by entry.
table profile_table(const profile& p, const std::vector<Index>& positions) {
    const bool whole = Index(positions.size()) == p.net.tokens;
    const Eigen::VectorXd row = whole ? p.entries() : Eigen::VectorXd();
    const auto column = programs::columns_over(positions);
    table t{column("position", [](Index m) { return m; }), column("x", [&](Index m) { return p.x(m); }),
            column("influence", [&](Index m) { return whole ? row[m] : p.influence(m); })};
    if (p.has_limit()) t.push_back(column("continuum", [&](Index m) { return p.continuum(m); }));
    if (p.attention.uniform()) {
        t.push_back(column("primacy_tail", [&](Index m) { return p.primacy_tail(m); }));
        t.push_back(column("dead_zone", [&](Index m) { return p.dead_zone(m); }));
    }
    return t;
}

/// Single positions, with the logarithm, which never underflows, and both tails.
table position_table(const profile& p, const std::vector<Index>& positions) {
    const auto column = programs::columns_over(positions);
    table t = profile_table(p, positions);
    t.push_back(column("log_influence", [&](Index m) { return p.log_influence(m); }));
    t.push_back(column("cdf", [&](Index m) { return p.up_to(m); }));
    t.push_back(column("complement", [&](Index m) { return p.after(m); }));
    return t;
}

/// The smallest position whose cdf reaches each probability, exactly and in the continuum.
table quantile_table(const profile& p, const std::vector<double>& probabilities) {
    std::vector<Index> positions;
    const double total = p.up_to(p.net.query());
    for (const double probability : probabilities) {
        if (p.attention.sink && probability > total)
            throw programs::usage_error(
                fmt::format("--quantile: {:g} is beyond the {:g} that the sink leaves", probability, total));
        positions.push_back(p.first_reaching(probability));
    }
    const auto over_positions = programs::columns_over(positions);
    const auto over_probabilities = programs::columns_over(probabilities);
    table t{over_probabilities("quantile", [](double q) { return q; }),
            over_positions("position", [](Index m) { return m; }),
            over_positions("x", [&](Index m) { return p.x(m); }),
            over_positions("cdf", [&](Index m) { return p.up_to(m); })};
    if (p.has_limit())
        t.push_back(over_probabilities("continuum_x", [&](double q) { return quantile(p.limit, q); }));
    return t;
}

/// All of a row under a slope or beside a sink.
Eigen::VectorXd whole_row(const profile& p) {
    if (p.attention.slope)
        return cesaro::influence_row(p.net.tokens, p.net.schedule,
                                     cesaro::decaying_keys<double>{.slope = *p.attention.slope});
    return cesaro::influence_row(p.net.tokens, p.net.schedule,
                                 cesaro::uniform_keys<double>{.sink = *p.attention.sink});
}

programs::quantity half_before(const profile& p) {
    const Index half = p.first_reaching(p.up_to(p.net.query()) / 2);
    return {"half_before", half,
            fmt::format("half of the influence lies up to here, x = {:.3g}", double(half) / p.n())};
}

/// Where keys differ, the row may have its least anywhere: it is looked for where all of the row can be had.
std::vector<programs::quantity> summary_of_weighted(const profile& p) {
    const cesaro::profile_tenths split = cesaro::tenths(p.net.tokens);
    const double first = split.primacy_end > 0 ? p.up_to(split.primacy_end - 1) : 0;
    const double before_last = split.recency_begin > 0 ? p.up_to(split.recency_begin - 1) : 0;
    const double last = split.recency_begin > 0 ? p.after(split.recency_begin - 1) : p.up_to(p.net.query());
    std::vector<programs::quantity> all = {
        {"recency_delta", cesaro::recency_delta(p.net.schedule),
         "on the query itself, at any context length"},
        {"first_token", p.influence(0)},
        {"last_token", p.influence(p.net.query()), "of the query on itself, the recency delta included"},
        {"first_tenth", first, "of the influence"},
        {"middle", std::max(0., before_last - first)},
        {"last_tenth", last},
        half_before(p)};
    if (const auto* const law = std::get_if<cesaro::discrete_influence<double>>(&p.row)) {
        if (p.attention.sink) all.push_back({"lost", cesaro::sink_influence(*law), "to the sink"});
        const double average = mean(*law) / law->total();
        all.push_back(
            {"mean_position", average,
             fmt::format("x = {:.6g}{}", average / p.n(), p.attention.sink ? ", of what is left" : "")});
        if (p.net.tokens > 1 && p.net.tokens <= longest_searched) {
            Index where = 0;
            const double least = whole_row(p).minCoeff(&where);
            all.push_back({"valley_position", where, "where the least entry is"});
            all.push_back({"valley", least});
        }
    } else {
        const auto& listed = std::get<listed_row>(p.row);
        const Index before = listed.before();
        const cesaro::profile_summary<double> s = cesaro::summarize(listed.reached());
        const double mean = double(before) + s.mean_position;
        all.push_back({"mean_position", mean, fmt::format("x = {:.6g}", mean / p.n())});
        all.push_back({"valley_position", before > 0 ? 0 : s.valley_position, "where the least entry is"});
        all.push_back({"valley", before > 0 ? 0 : s.valley});
        if (before > 0) all.push_back({"reached_from", before, "nothing before it is seen"});
    }
    return all;
}

std::vector<programs::quantity> summary_of(const profile& p) {
    const auto* const row = std::get_if<cesaro::discrete_influence<double>>(&p.row);
    if (row == nullptr || !row->is_uniform()) return summary_of_weighted(p);
    const cesaro::profile_summary<double> s = cesaro::summarize(*row);
    const double bound = cesaro::collapse_bound(p.net.tokens, p.net.schedule);
    const double log_valley = logpdf(*row, s.valley_position);  // does not underflow
    const double log10_valley = log_valley / std::numbers::ln10;
    const double against_even = s.valley * double(p.net.tokens);
    const std::string note = s.valley == 0 && std::isfinite(log10_valley)
                                 ? fmt::format("10^{:.6g}", log10_valley)
                                 : fmt::format("{:.3g} times an even share", against_even);
    return {{"recency_delta", cesaro::recency_delta(p.net.schedule),
             "on the query itself, at any context length"},
            {"first_token", s.first_token, "where the primacy tail ends"},
            {"last_token", s.last_token, "of the query on itself, the recency delta included"},
            {"first_tenth", s.primacy, "of the influence"},
            {"middle", s.middle},
            {"last_tenth", s.recency},
            half_before(p),
            {"mean_position", s.mean_position, fmt::format("x = {:.6g}", s.mean_position / p.n())},
            {"valley_position", s.valley_position, "where the least entry is"},
            {"valley", s.valley, note},
            {"valley_against_even", against_even, "", false},
            {"log_valley", log_valley, "", false},
            {"collapse_bound", bound, ">= influence of all tokens but the first", bound < 1}};
}

std::string title(const network& net, const char* alpha) {
    const std::string attending = net.schedule.depth() < net.alphas.size()
                                      ? fmt::format(", of which {} attend", net.schedule.depth())
                                      : "";
    return fmt::format("{}{}{}, {}{}{}", net.name, net.name.empty() ? "" : ": ",
                       programs::counted(net.tokens, "token"), programs::counted(net.alphas.size(), "layer"),
                       attending, programs::describe(net.schedule, alpha));
}

programs::report report_of(const profile& p, const char* rows_name, table rows) {
    ordered_json facts;
    if (!p.net.name.empty()) facts["model"] = p.net.name;
    facts["tokens"] = p.net.tokens;
    facts["layers"] = p.net.alphas.size();
    if (p.depth() < p.net.alphas.size()) facts["attending_layers"] = p.depth();
    p.attention.add_to(facts);
    facts["alphas"] = programs::to_json(p.net.alphas);
    return {.heading = title(p.net, "alpha") + p.attention.described(),
            .facts = facts,
            .rows_name = rows_name,
            .rows = std::move(rows),
            .notes = p.net.notes};
}

/// The curves at as many positions as a plot can show.
programs::influence_plot plot_of(const profile& p) {
    const auto positions = programs::sample_positions(p.net.tokens, 401);
    const auto curve = [&](auto log10_value) {
        programs::log_curve points;
        for (const Index m : positions)
            points.emplace_back(m, log10_value(m));
        return points;
    };
    const double ln10 = std::numbers::ln10;
    const bool uniform = p.attention.uniform();
    const programs::log_curve none = {};
    const auto continuum = [&](Index m) {
        if (m == 0) return std::log10(p.continuum(m));
        if (m < p.net.query() && 1 - p.x(m) < 1e-14) return -infinity;  // 1 - x is lost in a double
        return logpdf(p.limit, p.x(m)) / ln10 - std::log10(p.n());
    };
    const auto primacy_tail = [&](Index m) { return std::log10(p.primacy_tail(m)); };
    const auto dead_zone = [&](Index m) { return std::log10(p.dead_zone(m)); };
    return {.title = title(p.net, "α") + p.attention.described(),
            .query = p.net.query(),
            .exact = curve([&](Index m) { return p.log_influence(m) / ln10; }),
            .continuum = p.has_limit() ? curve(continuum) : none,
            .primacy_tail = uniform ? curve(primacy_tail) : none,
            .dead_zone = uniform ? curve(dead_zone) : none,
            .delta = std::log10(cesaro::recency_delta(p.net.schedule)),
            .notes = p.net.notes};
}

/// The row for several queries.
programs::drawing heatmap_of(const profile& p) {
    programs::heat_plot plot{.title = title(p.net, "α") + p.attention.described() + ", rows of influence",
                             .query = p.net.query(),
                             .rows = {},
                             .notes = p.net.notes};
    for (const Index query : programs::heat_positions(p.net.query(), 40)) {
        const any_row row = row_of(p.net, query, p.attention);
        programs::heat_plot::row cells{query, {}};
        for (const Index m : programs::heat_positions(query, 80)) {
            const double log_share = std::visit([&](const auto& r) { return double(logpdf(r, m)); }, row);
            cells.cells.emplace_back(m, log_share / std::numbers::ln10);
        }
        plot.rows.push_back(std::move(cells));
    }
    return drawing_of(plot);
}

std::vector<double> probabilities_of(const settings& s) {
    std::vector<double> probabilities;
    for (const std::string& text : s.quantiles)
        probabilities.push_back(programs::parse_share("--quantile", text));
    return probabilities;
}

std::vector<Index> positions_of(const settings& s, Index query) {
    return programs::parse_counts("--position", s.single_positions, 0, query);
}

/// The answer to the question that the options ask.
programs::report answer(const profile& p, const settings& s) {
    if (!s.single_positions.empty())
        return report_of(p, "positions", position_table(p, positions_of(s, p.net.query())));
    if (!s.quantiles.empty()) return report_of(p, "quantiles", quantile_table(p, probabilities_of(s)));
    programs::report r =
        report_of(p, "profile", profile_table(p, s.positions.choose(p.net.tokens, s.output.format)));
    s.positions.annotate(r, p.net.tokens, s.output.format);
    r.summary = summary_of(p);
    return r;
}

/// The same of a prediction.
programs::report answer(const programs::predicted_influence& p, const settings& s) {
    if (!s.single_positions.empty()) return report_of_positions(p, positions_of(s, p.query()));
    if (!s.quantiles.empty()) return report_of_quantiles(p, probabilities_of(s));
    return report_of_profile(p, s.positions, s.output.format);
}

/// The models that are to be compared; none where one or no model is asked for.
std::vector<programs::chosen_model> compared(const settings& s) {
    std::vector<programs::chosen_model> models;
    if (s.network.model_names.size() > 1 || !s.compared.empty())
        for (const std::string& name : s.network.model_names)
            models.push_back(programs::find_model(name));
    if (!s.compared.empty() && !s.network.config.empty())
        models.push_back(programs::read_model(s.network.config));
    for (const std::string& name : s.compared)
        models.push_back(programs::find_or_read_model(name));
    for (const programs::chosen_model& m : models)
        programs::check_layers("'" + m.outline.name + "'", m.layers());
    return models;
}

void compare(const settings& s, const std::vector<programs::chosen_model>& models,
             programs::destinations& files) {
    if (s.network.mixing.given() || s.network.layers >= 0 || !s.attention.uniform())
        throw usage_error(
            "several models are compared by their predictions: give no coefficients, no --layers, and no "
            "--slope, --sink or --window");
    if (!s.single_positions.empty() || !s.quantiles.empty() || !s.heatmap.empty() || !s.save_alphas.empty())
        throw usage_error(
            "several models are compared as a whole: --position, --quantile, --heatmap and --save-alphas "
            "take one");
    std::vector<programs::predicted_influence> predictions;
    for (const programs::chosen_model& m : models)
        predictions.emplace_back(m, s.network.tokens);
    files.prepare(report_of_comparison(predictions), [&] { return drawing_of(predictions); });
    files.commit();
}

void run(const settings& s) {
    programs::destinations files(s.output);
    const std::vector<programs::chosen_model> models = compared(s);
    if (!models.empty()) return compare(s, models, files);
    files.add("--save-alphas", s.save_alphas);
    files.add("--heatmap", s.heatmap, true);
    const bool has_model = !s.network.model_names.empty() || !s.network.config.empty();
    if (has_model && !s.network.mixing.given()) {
        if (!s.attention.uniform())
            throw usage_error(
                "--slope, --sink and --window change the row of given coefficients, not a prediction, which "
                "takes them from the model: give --alpha");
        const programs::predicted_influence p(*s.network.model(), s.network.tokens);
        files.prepare(answer(p, s), [&] { return drawing_of(p); });
        if (!s.heatmap.empty()) files.write(s.heatmap, draw(heatmap_of(p), s.heatmap));
        if (!s.save_alphas.empty()) files.write(s.save_alphas, alphas_text(p));
    } else {
        if (!s.save_alphas.empty())
            throw usage_error(
                "--save-alphas writes predicted coefficients: give --model or --config, and no others");
        const profile p(programs::resolve(s.network), s.attention);
        files.prepare(answer(p, s), [&] { return programs::drawing_of(plot_of(p)); });
        if (!s.heatmap.empty()) files.write(s.heatmap, draw(heatmap_of(p), s.heatmap));
    }
    files.commit();
}

}  // namespace

int main(int argc, char* argv[]) {
    CLI::App app(description, "influence_profile");
    settings s;
    s.network.add_to(app);
    s.attention.add_to(app);
    programs::add_word(app, "--save-alphas", s.save_alphas, "FILE",
                       "Write the predicted coefficients there, as --alphas-file reads them");
    programs::add_list(
        app, "--compare", s.compared,
        "Predictions side by side: config.json files or names, m0,m1,...; also several --model");
    programs::add_word(app, "--heatmap", s.heatmap, "FILE",
                       "Draw the share of every position for every query into this .svg, .png or .pdf file");
    s.positions.add_to(app);
    auto* position = programs::add_list(app, "--position", s.single_positions,
                                        "Answer for these positions only: m0,m1,...");
    auto* quantile =
        programs::add_list(app, "--quantile", s.quantiles,
                           "The first position at which the influence of all up to it reaches q: q0,q1,...");
    position->excludes(quantile);
    for (const char* const sample : {"--points", "--all"}) {
        position->excludes(sample);
        quantile->excludes(sample);
    }
    s.output.add_to(app, "the profile");
    return programs::run(app, argc, argv, [&] { run(s); });
}
