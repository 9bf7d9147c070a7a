// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// The library as the page calls it: numbers are doubles, text is UTF-8, and no exception leaves. A function
// returns how many numbers its answer has, which explorer_values() points to, or -1 after a failure, which
// explorer_text() names.

#include <cesaro/continuum_influence.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/files/config_json.hpp>
#include <cesaro/files/model_outline.hpp>
#include <cesaro/influence_summary.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double most_tokens = 1e12;
constexpr int most_layers = 4096;

/// What a setting of the page is made of, as far as it has been asked for.
struct setting {
    std::optional<cesaro::decoder_config> config = {};
    std::optional<cesaro::model_outline> outline = {};
    std::optional<cesaro::predicted_profile> profile = {};
    std::optional<cesaro::discrete_influence<>> row = {};
    std::optional<cesaro::continuum_influence<>> limit = {};
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

/// The density of the limit per position; the query has the recency delta besides.
double log10_continuum(const cesaro::continuum_influence<>& limit, std::int64_t query, std::int64_t m) {
    const Eigen::VectorXd w = limit.hops().weights();
    const double n = double(std::max<std::int64_t>(query, 1));
    const double of_one_hop = w.size() > 1 ? w[1] / n : 0;
    if (m == query) return std::log10(w[0] + of_one_hop);
    if (m == 0) return limit.several_hops() ? infinity : std::log10(of_one_hop);
    return logpdf(limit, double(m) / n) / std::log(10.) - std::log10(n);
}

void put_summary(const cesaro::profile_summary<double>& s, std::int64_t half) {
    values = {
        s.first_token, s.primacy,      s.middle,     s.recency,      s.last_token, double(s.valley_position),
        s.valley,      s.valley_depth, double(half), s.mean_position};
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

/// Chooses the row of these coefficients; one stands for all layers.
int explorer_row(int slot, double tokens, const double* alphas, int count, double layers) {
    return answer([&] {
        setting& s = at(slot);
        const std::int64_t query = checked_tokens(tokens) - 1;
        if (!(layers >= 0 && layers == std::floor(layers)))
            throw std::domain_error("the number of layers must be a whole number, at least 0");
        if (layers > most_layers) check_layers(Eigen::Index(std::min(layers, 2e9)));
        const Eigen::VectorXd given = Eigen::Map<const Eigen::VectorXd>(alphas, count);
        const auto schedule = count == 1 ? cesaro::mixing_schedule<>::constant(Eigen::Index(layers), given[0])
                                         : cesaro::mixing_schedule<>(given);
        check_layers(schedule.depth());
        s.row.emplace(query, schedule);
        s.limit.emplace(schedule);
    });
}

/// Of the row at these positions, three lists one after the other: p, and the decimal logarithms of p and of
/// its continuum limit, which do not underflow.
int explorer_entries(int slot, const double* positions, int count) {
    return answer([&] {
        const auto& row = must(at(slot).row);
        const auto& limit = must(at(slot).limit);
        const auto size = std::size_t(count);
        values.resize(3 * size);
        for (std::size_t i = 0; i < size; ++i) {
            const auto m = std::int64_t(positions[i]);
            const double p = pdf(row, m);
            values[i] = p;
            values[size + i] = p > 1e-290 ? std::log10(p) : logpdf(row, m) / std::log(10.);
            values[2 * size + i] = log10_continuum(limit, row.query(), m);
        }
    });
}

/// Ten numbers of the row's summary.
int explorer_row_summary(int slot) {
    return answer([&] {
        const auto& row = must(at(slot).row);
        put_summary(summarize(row), quantile(row, 0.5));
    });
}

}  // extern "C"
