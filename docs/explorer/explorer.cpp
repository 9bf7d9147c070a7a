// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The library as the page calls it: numbers are doubles, text is UTF-8, and no exception leaves. A function
// returns how many numbers its answer has, which explorer_values() points to, or -1 after a failure, which
// explorer_text() names.

#include <cesaro/attention/rollout.hpp>
#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/continuum_influence.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/detail/compensated_sum.hpp>
#include <cesaro/detail/profile_accumulator.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/files/model_outline.hpp>
#include <cesaro/influence_summary.hpp>
#include <cesaro/keys.hpp>
#include <cesaro/mixing_schedule.hpp>
#include <cesaro/profile.hpp>
#include <cesaro/window_influence.hpp>

#include <Eigen/Core>
#include <boost/math/distributions/complement.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace {

using cesaro::complement;

constexpr double most_tokens = 1e12;
constexpr int most_layers = 4096;
constexpr double most_window_work = 1e8;

/// How keys are weighed, and by how much: tokens that the sink weighs, the slope, tokens in the window.
enum class keying { uniform, sink, slope, window };

/// A row of sliding windows: its entries from the query backwards, zero beyond.
struct windowed_row {
    std::int64_t query;
    std::vector<double> at_distance;

    double at(std::int64_t m) const {
        const auto distance = std::size_t(query - m);
        return distance < at_distance.size() ? at_distance[distance] : 0;
    }
    /// Of the positions [begin, end), the farthest first.
    template <class Function>
    void visit(std::int64_t begin, std::int64_t end, const Function& f) const {
        for (auto m = std::max(begin, query + 1 - std::int64_t(at_distance.size())); m < end; ++m)
            f(m, at(m));
    }
    double mass(std::int64_t begin, std::int64_t end) const {
        cesaro::detail::compensated_sum<double> sum;
        visit(begin, end, [&](std::int64_t, double p) { sum += p; });
        return sum.value();
    }
};

using any_row = std::variant<cesaro::discrete_influence<>, windowed_row>;

/// Layers and their keys.
struct network {
    cesaro::mixing_schedule<> schedule;
    keying keys = keying::uniform;
    double amount = 0;

    bool operator==(const network&) const = default;
};

/// What a setting of the page is made of, as far as it has been asked for.
struct setting {
    std::optional<cesaro::decoder_config> config = {};
    std::optional<cesaro::model_outline> outline = {};
    std::optional<cesaro::predicted_profile> profile = {};
    std::optional<network> net = {};
    std::vector<double> far = {};  ///< the law of the distance under the windows of net, where it was needed
    std::optional<any_row> row = {};
    std::optional<cesaro::continuum_influence<>> limit = {};  ///< none under windows
};

std::vector<double> values;
std::string text;

setting& at(int slot) {
    static setting settings[2];
    return settings[slot == 0 ? 0 : 1];
}

template <class Function>
int answer(const Function& function) {
    values.clear();
    text.clear();
    try {
        function();
        return int(values.size());
    } catch (const std::bad_alloc&) {
        text = "not enough memory";
    } catch (const std::exception& error) {
        text = error.what();
    } catch (...) {
        text = "an unknown failure";
    }
    values.clear();
    return -1;
}

std::int64_t checked_tokens(double tokens) {
    if (!(tokens >= 1 && tokens <= most_tokens && tokens == std::floor(tokens)))
        throw std::domain_error("the context length must be a whole number from 1 to 10^12");
    return std::int64_t(tokens);
}

void check_layers(Eigen::Index layers) {
    if (layers > most_layers)
        throw std::domain_error(std::to_string(layers) + " layers are more than the " +
                                std::to_string(most_layers) + " that this page computes");
}

template <class T>
const T& must(const std::optional<T>& value) {
    if (!value) throw std::logic_error("nothing has been computed yet");
    return *value;
}

/// The row of a query through windows. Where none of its paths reaches a window that the first token cuts, it
/// is the law of the distance, the same for all queries.
windowed_row windowed(setting& s, std::int64_t query) {
    const cesaro::mixing_schedule<>& schedule = s.net->schedule;
    const auto window = std::int64_t(s.net->amount);
    const Eigen::Index depth = schedule.depth();
    const double reach = double(depth) * double(window - 1);
    const double seen = std::min(double(query), reach) + 1;
    if (seen * double(std::max<Eigen::Index>(depth, 10)) > most_window_work)
        throw std::domain_error("the window of " + std::to_string(window) + " tokens in " +
                                std::to_string(depth) + " layers reaches farther than this page computes");
    if (reach <= double(query)) {
        if (s.far.empty()) s.far = cesaro::window_influence<>(window, schedule).masses();
        return {query, s.far};
    }
    const std::vector<cesaro::sliding_window_operator<double>> layers(
        std::size_t(depth), {Eigen::Index(query + 1), Eigen::Index(window)});
    const Eigen::VectorXd row = cesaro::rollout_row(layers, schedule);
    return {query, std::vector<double>(std::make_reverse_iterator(row.end()),
                                       std::make_reverse_iterator(row.begin()))};
}

any_row row_of(setting& s, std::int64_t query) {
    using row = cesaro::discrete_influence<>;
    const network& net = must(s.net);
    switch (net.keys) {
        case keying::sink:
            return row(query, net.schedule, cesaro::uniform_keys<>{.sink = net.amount});
        case keying::slope:
            return row(query, net.schedule, cesaro::decaying_keys<>{.slope = net.amount});
        case keying::window:
            if (net.amount <= double(query)) return windowed(s, query);
            break;
        case keying::uniform:
            break;
    }
    return row(query, net.schedule);
}

std::optional<cesaro::continuum_influence<>> limit_of(const network& net, std::int64_t query) {
    using limit = cesaro::continuum_influence<>;
    if (net.keys == keying::window) return std::nullopt;
    if (net.keys == keying::slope)
        return limit(net.schedule, cesaro::decay_clock<>{.slope = net.amount * double(query)});
    return limit(net.schedule, cesaro::uniform_clock());
}

std::int64_t query_of(const any_row& row) {
    if (const auto* const windows = std::get_if<windowed_row>(&row)) return windows->query;
    return std::get<cesaro::discrete_influence<>>(row).query();
}

/// p and its decimal logarithm, which does not underflow but under windows.
std::pair<double, double> entry(const any_row& row, std::int64_t m) {
    if (const auto* const windows = std::get_if<windowed_row>(&row))
        return {windows->at(m), std::log10(windows->at(m))};
    const auto& r = std::get<cesaro::discrete_influence<>>(row);
    const double p = pdf(r, m);
    return {p, p > 1e-290 ? std::log10(p) : logpdf(r, m) / std::log(10.)};
}

/// The density of the limit per position; the query has the recency delta besides.
double log10_continuum(const cesaro::continuum_influence<>& limit, std::int64_t query, std::int64_t m) {
    const double n = double(std::max<std::int64_t>(query, 1));
    if (m == query) return std::log10(limit.delta_weight() + pdf(limit, 1.) / n);
    return logpdf(limit, double(m) / n) / std::log(10.) - std::log10(n);
}

void put_summary(const cesaro::profile_summary<double>& s, std::int64_t half) {
    values = {
        s.first_token, s.primacy,      s.middle,     s.recency,      s.last_token, double(s.valley_position),
        s.valley,      s.valley_depth, double(half), s.mean_position};
}

/// Of other keys: the place of the least entry is not known. Masses are literal, and what a sink takes is
/// missing in them; half and mean are of what is left.
void put_keyed_summary(const cesaro::discrete_influence<>& row) {
    const cesaro::profile_tenths split = cesaro::tenths(row.query() + 1);
    cesaro::profile_summary<double> s{};
    s.first_token = pdf(row, 0);
    s.last_token = pdf(row, row.query());
    s.recency = s.last_token;
    if (row.query() > 0) {
        const std::int64_t first = split.primacy_end - 1;
        const std::int64_t last = split.recency_begin - 1;
        s.primacy = cdf(row, first);
        s.recency = cdf(complement(row, last));
        // From the tails that are smaller, where fewer digits cancel.
        const double up_to = cdf(row, last);
        s.middle = std::max(
            0., up_to < row.total() / 2 ? up_to - s.primacy : cdf(complement(row, first)) - s.recency);
    }
    s.valley = s.valley_depth = std::numeric_limits<double>::quiet_NaN();
    s.mean_position = mean(row) / row.total();
    put_summary(s, quantile(row, row.total() / 2));
    values[5] = std::numeric_limits<double>::quiet_NaN();
}

void put_windowed_summary(const windowed_row& row) {
    const std::int64_t n = row.query;
    const cesaro::profile_tenths split = cesaro::tenths(n + 1);
    cesaro::profile_summary<double> s{};
    s.first_token = row.at(0);
    s.last_token = row.at(n);
    s.primacy = row.mass(0, split.primacy_end);
    s.middle = row.mass(split.primacy_end, split.recency_begin);
    s.recency = row.mass(split.recency_begin, n + 1);
    s.valley = row.at(0);
    cesaro::detail::compensated_sum<double> distance, up_to;
    std::int64_t half = -1;
    row.visit(0, n + 1, [&](std::int64_t m, double p) {
        if (p < s.valley) {
            s.valley = p;
            s.valley_position = m;
        }
        distance += double(n - m) * p;
        up_to += p;
        if (half < 0 && up_to.value() >= 0.5) half = m;
    });
    s.valley_depth = cesaro::detail::decades(std::min(s.first_token, s.last_token), s.valley);
    s.mean_position = double(n) - distance.value();
    put_summary(s, half < 0 ? n : half);
}

}  // namespace

extern "C" {

const double* explorer_values() {
    return values.data();
}

const char* explorer_text() {
    return text.c_str();
}

/// The model that a config.json describes: its context, 0 where it says none, layers, width.
int explorer_read(int slot, const char* json, const char* name) {
    return answer([&] {
        setting read;
        read.outline = cesaro::parse_model_outline(json, name);
        check_layers(Eigen::Index(read.outline->layers.size()));
        read.config = cesaro::parse_decoder_config(json, name);
        if (read.outline->attending() < Eigen::Index(read.outline->layers.size()))
            throw std::domain_error("no prediction: some of its layers do not attend");
        values = {double(read.outline->context.value_or(0)), double(read.config->layers),
                  double(read.config->width)};
        at(slot) = read;
    });
}

/// What the row leaves out of that model, a line each.
int explorer_notes(int slot, double tokens) {
    return answer([&] {
        // 32 bits have no name for long contexts; the number is put into the words.
        const std::int64_t wanted = checked_tokens(tokens);
        const auto named =
            Eigen::Index(std::min<std::int64_t>(wanted, std::numeric_limits<std::int32_t>::max()));
        const std::string digits = std::to_string(named);
        std::string lines;
        for (std::string note : must(at(slot).outline).notes_on(named)) {
            if (note.starts_with(digits + " ")) note = std::to_string(wanted) + note.substr(digits.size());
            if (note.starts_with("layers are taken to") || note.starts_with("its ALiBi"))
                note = "in row and continuum " + note;
            lines += note + "\n";
        }
        text = lines;
    });
}

/// The prediction: ten numbers of its summary, its estimate of its error, the coefficients.
int explorer_predict(int slot, double tokens, double accuracy) {
    return answer([&] {
        setting& s = at(slot);
        s.profile = cesaro::predict(must(s.config), checked_tokens(tokens), accuracy);
        put_summary(summarize(*s.profile), s.profile->quantile(0.5));
        values.push_back(s.profile->error_estimate());
        values.insert(values.end(), s.profile->alphas().begin(), s.profile->alphas().end());
    });
}

/// Predicted shares, as many as positions.
int explorer_shares(int slot, const double* positions, int count) {
    return answer([&] {
        const cesaro::predicted_profile& profile = must(at(slot).profile);
        for (int i = 0; i < count; ++i)
            values.push_back(profile.share(std::int64_t(positions[i])));
    });
}

/// Chooses the row of these coefficients, one standing for all layers, under these keys.
int explorer_row(int slot, double tokens, const double* alphas, int count, double layers, int keys,
                 double amount) {
    return answer([&] {
        setting& s = at(slot);
        s.row.reset();
        const std::int64_t query = checked_tokens(tokens) - 1;
        if (!(layers >= 0 && layers == std::floor(layers)))
            throw std::domain_error("the number of layers must be a whole number, at least 0");
        if (layers > most_layers) check_layers(Eigen::Index(std::min(layers, 2e9)));
        const Eigen::VectorXd given = Eigen::Map<const Eigen::VectorXd>(alphas, count);
        network net{count == 1 ? cesaro::mixing_schedule<>::constant(Eigen::Index(layers), given[0])
                               : cesaro::mixing_schedule<>(given),
                    keying(keys), amount};
        check_layers(net.schedule.depth());
        if (net.keys == keying::window &&
            !(amount >= 1 && amount <= most_tokens && amount == std::floor(amount)))
            throw std::domain_error("the window must be a whole number from 1 to 10^12");
        if (!(s.net && *s.net == net)) {
            s.net = std::move(net);
            s.far.clear();
        }
        s.limit = limit_of(*s.net, query);
        s.row = row_of(s, query);
    });
}

/// Of the row at these positions, three lists one after the other: p, and the decimal logarithms of p and of
/// its continuum limit, which do not underflow; under windows there is no limit.
int explorer_entries(int slot, const double* positions, int count) {
    return answer([&] {
        const auto& row = must(at(slot).row);
        const auto& limit = at(slot).limit;
        const std::int64_t query = query_of(row);
        const auto size = std::size_t(count);
        values.resize((limit ? 3 : 2) * size);
        for (std::size_t i = 0; i < size; ++i) {
            const auto m = std::int64_t(positions[i]);
            std::tie(values[i], values[size + i]) = entry(row, m);
            if (limit) values[2 * size + i] = log10_continuum(*limit, query, m);
        }
    });
}

/// The same lists but the limit of the row of another query, at positions up to it.
int explorer_cells(int slot, double query, const double* positions, int count) {
    return answer([&] {
        const any_row row = row_of(at(slot), checked_tokens(query + 1) - 1);
        const auto size = std::size_t(count);
        values.resize(2 * size);
        for (std::size_t i = 0; i < size; ++i)
            std::tie(values[i], values[size + i]) = entry(row, std::int64_t(positions[i]));
    });
}

/// Ten numbers of the row's summary, and what a sink takes.
int explorer_row_summary(int slot) {
    return answer([&] {
        const auto& any = must(at(slot).row);
        double lost = 0;
        if (const auto* const windows = std::get_if<windowed_row>(&any)) {
            put_windowed_summary(*windows);
        } else {
            const auto& row = std::get<cesaro::discrete_influence<>>(any);
            if (row.is_uniform())
                put_summary(summarize(row), quantile(row, 0.5));
            else
                put_keyed_summary(row);
            lost = sink_influence(row);
        }
        values.push_back(lost);
    });
}

}  // extern "C"
