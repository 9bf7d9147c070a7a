// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

// Measures every closed form against the reference tables and prints the errors as Markdown:
//
//     accuracy_report TEST_DATA_DIRECTORY
#include "laws/unit_interval_sums.hpp"
#include "reference_tables.hpp"

#include <cesaro/continuum_influence.hpp>
#include <cesaro/depth_limit_influence.hpp>
#include <cesaro/discrete_influence.hpp>
#include <cesaro/power_sum.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace cesaro_test;
using cesaro::complement;

/// Maximum and mean of an error, and where the maximum was met.
struct error_summary {
    double largest = 0;
    double sum = 0;
    long count = 0;
    std::string where = "-";

    void add(double error, const std::string& place) {
        sum += error;
        ++count;
        if (error > largest || std::isnan(error)) {
            largest = error;
            where = place;
        }
    }
};

/// One Markdown table: regions down, functions across, "max / mean" in ulp; then where each maximum is.
class report {
  public:
    report(std::string title, std::vector<std::string> functions, std::vector<std::string> regions)
        : title_(std::move(title)),
          functions_(std::move(functions)),
          regions_(std::move(regions)),
          worst_(functions_.size()) {}

    void add(const std::string& region, std::size_t function, double error, const std::string& place) {
        summaries_[{region, function}].add(error, place);
    }

    void print() {
        std::printf("\n## %s\n\n| region |", title_.c_str());
        for (const auto& function : functions_)
            std::printf(" %s |", function.c_str());
        std::printf("\n|---|");
        for (std::size_t f = 0; f < functions_.size(); ++f)
            std::printf("---:|");
        for (const auto& region : regions_) {
            std::printf("\n| %s |", region.c_str());
            for (std::size_t f = 0; f < functions_.size(); ++f) {
                const error_summary& s = summaries_[{region, f}];
                if (s.count == 0) {
                    std::printf(" - |");
                    continue;
                }
                std::printf(" %.3g / %.2g |", s.largest, s.sum / double(s.count));
                if (s.largest >= worst_[f].largest) worst_[f] = s;
            }
        }
        std::printf("\n\nThe largest errors:\n\n");
        for (std::size_t f = 0; f < functions_.size(); ++f)
            std::printf("- %s: %.3g ulp, at %s\n", functions_[f].c_str(), worst_[f].largest,
                        worst_[f].where.c_str());
    }

  private:
    std::string title_;
    std::vector<std::string> functions_;
    std::vector<std::string> regions_;
    std::map<std::pair<std::string, std::size_t>, error_summary> summaries_;
    std::vector<error_summary> worst_;
};

const char* context_class(std::int64_t n) {
    if (n <= 10) return "context up to 11";
    if (n <= 1000000) return "context 1e3 to 1e6";
    if (n <= 1000000000000) return "context 1e9 to 1e12";
    return "context 1e18 and 2^62";
}

const char* depth_class(Eigen::Index depth) {
    if (depth <= 12) return "depth 1 to 12";
    if (depth <= 32) return "depth 32";
    if (depth <= 150) return "depth 96 to 150";
    return "depth 400";
}

const char* random_depth_class(std::size_t depth) {
    if (depth <= 12) return "depth 1 to 12";
    if (depth <= 32) return "depth 16 to 32";
    return depth <= 150 ? "depth 64 to 150" : "depth 300 to 400";
}

const char* source_class(std::int64_t n, std::int64_t m) {
    if (m == n) return "source: the query";
    if (m <= 30) return "source: 0 to 30";
    if (n - m <= 500) return "source: the last 500";
    return "source: n/1000 to n/2";
}

const char* position_class(double x) {
    if (x < 1e-30) return "x below 1e-30";
    if (x < 0.1) return "x from 1e-30 to 0.1";
    if (x < 0.99) return "x from 0.1 to 0.99";
    return "x from 0.99 on";
}

bool measurable(const reference_real& value) {
    return value == 0 || value > reference_real(smallest_accurate<double>());
}

void add_distribution(report& to, const std::vector<const char*>& regions, const std::string& place,
                      const std::vector<std::pair<double, reference_real>>& values, double logpdf) {
    for (const char* region : regions) {
        for (std::size_t f = 0; f < values.size(); ++f) {
            if (measurable(values[f].second)) {
                to.add(region, f, ulp_error(values[f].first, values[f].second), place);
            }
        }
        if (values[0].second > 0) to.add(region, 3, logarithm_error(logpdf, values[0].second), place);
    }
}

const std::vector<std::string> distribution_functions = {"pdf", "cdf", "complement", "logpdf"};

std::string describe(const reference_schedule& s) {
    char alpha[32];
    std::snprintf(alpha, sizeof alpha, "%g", s.alpha);
    return "depth " + std::to_string(s.depth) +
           (s.kind == "constant" ? std::string(", alpha ") + alpha : ", dyadic");
}

std::string describe(const char* name, double value) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%s %.17g", name, value);
    return buffer;
}

void report_power_sums(const std::string& data) {
    report table("power_sum", {"power_sum"},
                 {"a up to 200", "a beyond 200", "b - a up to 1000", "b - a beyond 1000", "r up to 8",
                  "r from 20 to 150"});
    for (const auto& row : read_table<power_sum_reference>(data + "/power_sum.txt")) {
        if (!measurable(row.value)) continue;
        const double error = ulp_error(cesaro::power_sum<double>(row.a, row.b, row.r), row.value);
        const std::string place = "a = " + std::to_string(row.a) + ", b = " + std::to_string(row.b) +
                                  ", r = " + std::to_string(row.r);
        table.add(row.a <= 200 ? "a up to 200" : "a beyond 200", 0, error, place);
        table.add(row.b - row.a <= 1000 ? "b - a up to 1000" : "b - a beyond 1000", 0, error, place);
        table.add(row.r <= 8 ? "r up to 8" : "r from 20 to 150", 0, error, place);
    }
    table.print();
}

void report_discrete(const std::string& data) {
    report table("discrete_influence", distribution_functions,
                 {"depth 1 to 12", "depth 32", "depth 96 to 150", "depth 400", "context up to 11",
                  "context 1e3 to 1e6", "context 1e9 to 1e12", "context 1e18 and 2^62", "source: 0 to 30",
                  "source: n/1000 to n/2", "source: the last 500", "source: the query"});
    for (const auto& row : read_table<discrete_reference>(data + "/discrete.txt")) {
        const cesaro::discrete_influence<double> d(row.query, row.schedule.as<double>());
        add_distribution(
            table,
            {depth_class(row.schedule.depth), context_class(row.query), source_class(row.query, row.source)},
            "query " + std::to_string(row.query) + ", source " + std::to_string(row.source) + ", " +
                describe(row.schedule),
            {{pdf(d, row.source), row.pdf},
             {cdf(d, row.source), row.cdf},
             {cdf(complement(d, row.source)), row.complement}},
            logpdf(d, row.source));
    }
    table.print();
}

void report_continuum(const std::string& data) {
    report table("continuum_influence", distribution_functions,
                 {"depth 1 to 12", "depth 32", "depth 96 to 150", "depth 400", "x below 1e-30",
                  "x from 1e-30 to 0.1", "x from 0.1 to 0.99", "x from 0.99 on"});
    for (const auto& row : read_table<continuum_reference>(data + "/continuum.txt")) {
        const cesaro::continuum_influence<double> c(row.schedule.as<double>());
        add_distribution(
            table, {depth_class(row.schedule.depth), position_class(row.x)},
            describe("x =", row.x) + ", " + describe(row.schedule),
            {{pdf(c, row.x), row.pdf}, {cdf(c, row.x), row.cdf}, {cdf(complement(c, row.x)), row.complement}},
            logpdf(c, row.x));
    }
    table.print();
}

void report_depth_limit(const std::string& data) {
    report table(
        "depth_limit_influence", distribution_functions,
        {"total attention up to 3", "total attention 30", "total attention 500", "total attention 2000",
         "x below 1e-30", "x from 1e-30 to 0.1", "x from 0.1 to 0.99", "x from 0.99 on"});
    for (const auto& row : read_table<depth_limit_reference>(data + "/depth_limit.txt")) {
        const cesaro::depth_limit_influence<double> e(row.total_attention);
        const std::string total = describe("total attention", row.total_attention);
        const char* region = row.total_attention <= 3 ? "total attention up to 3" : total.c_str();
        add_distribution(
            table, {region, position_class(row.x)}, describe("x =", row.x) + ", " + total,
            {{pdf(e, row.x), row.pdf}, {cdf(e, row.x), row.cdf}, {cdf(complement(e, row.x)), row.complement}},
            logpdf(e, row.x));
    }
    table.print();
}

/// pdf, cdf and complement at one position, against sums in 100 digits.
template <class Law>
void add_values(report& to, const std::vector<const char*>& regions, const std::string& place, const Law& law,
                const std::vector<reference_real>& hops, double x) {
    const unit_interval_values exact = unit_interval_sums(hops, x);
    const std::vector<std::pair<double, reference_real>> values = {
        {pdf(law, x), exact.density}, {cdf(law, x), exact.lower}, {cdf(complement(law, x)), exact.upper}};
    for (const char* region : regions) {
        for (std::size_t f = 0; f < values.size(); ++f) {
            if (measurable(values[f].second))
                to.add(region, f, ulp_error(values[f].first, values[f].second), place);
        }
    }
}

const std::vector<std::string> value_functions = {"pdf", "cdf", "complement"};

void report_random_laws() {
    report table(
        "continuum_influence, random laws and positions", value_functions,
        {"depth 1 to 12", "depth 16 to 32", "depth 64 to 150", "depth 300 to 400", "layers that differ",
         "no layers' law", "x below 1e-30", "x from 1e-30 to 0.1", "x from 0.1 to 0.99", "x from 0.99 on"});
    std::mt19937_64 engine(20260310);
    std::uniform_real_distribution<double> uniform;
    for (const std::size_t depth : {1, 2, 4, 6, 8, 9, 10, 12, 16, 17, 24, 32, 64, 96, 150, 300, 400}) {
        for (int kind = 0; kind < 24; ++kind) {
            const bool layers = kind % 4 != 0;
            std::vector<double> numbers = random_coefficients(engine, layers ? depth : depth + 1);
            double sum = 0;
            for (double& weight : numbers)
                sum += layers ? 0 : weight = std::pow(weight, 30);
            for (double& weight : numbers)
                weight /= layers ? 1 : sum;
            const cesaro::hop_law<> hops =
                layers ? cesaro::hop_law<>(cesaro::mixing_schedule<>(numbers)) : cesaro::hop_law<>(numbers);
            const std::vector<reference_real> exact =
                layers ? hop_weights(numbers) : std::vector<reference_real>(numbers.begin(), numbers.end());
            const cesaro::continuum_influence<double> c(hops);
            for (int i = 0; i < 20; ++i) {
                const double x = random_position(engine);
                add_values(table,
                           {random_depth_class(depth), layers ? "layers that differ" : "no layers' law",
                            position_class(x)},
                           describe("x =", x) + ", depth " + std::to_string(depth), c, exact, x);
            }
        }
    }
    table.print();

    report limit("depth_limit_influence, random total attention and positions", value_functions,
                 {"total attention up to 3", "total attention up to 30", "total attention up to 3000",
                  "x below 1e-30", "x from 1e-30 to 0.1", "x from 0.1 to 0.99", "x from 0.99 on"});
    for (int i = 0; i < 120; ++i) {
        const double a = std::exp(15 * uniform(engine) - 7);
        const char* region = a <= 3    ? "total attention up to 3"
                             : a <= 30 ? "total attention up to 30"
                                       : "total attention up to 3000";
        const auto exact = poisson_hop_weights(a, std::size_t(2 * std::max(a, 700.0) + 1200));
        const cesaro::depth_limit_influence<double> e(a);
        for (int k = 0; k < 20; ++k) {
            const double x = random_position(engine);
            add_values(limit, {region, position_class(x)},
                       describe("x =", x) + ", " + describe("total attention", a), e, exact, x);
        }
    }
    limit.print();
}

template <class Law>
void add_moments(report& table, const Law& law, const moments_reference& row, const reference_real& scale,
                 const std::string& place) {
    // Beyond doubles is what has its fourth moment, relative to the range, below them.
    const reference_real spread = row.variance / scale / scale;
    if (!measurable(row.kurtosis * spread * spread)) return;
    const reference_real skew = row.skewness;
    const reference_real size = abs(skew) > 1 ? reference_real(abs(skew)) : reference_real(1);
    const reference_real error = abs(reference_real(reference_real(skewness(law)) - skew)) / size;
    table.add(row.law, 0, ulp_error(double(mean(law)), row.mean), place);
    table.add(row.law, 1, ulp_error(double(variance(law)), row.variance), place);
    table.add(row.law, 2, static_cast<double>(reference_real(error / std::numeric_limits<double>::epsilon())),
              place);
    table.add(row.law, 3, ulp_error(double(kurtosis(law)), row.kurtosis), place);
}

void report_moments(const std::string& data) {
    report table("Moments", {"mean", "variance", "skewness", "kurtosis"},
                 {"discrete", "continuum", "depth_limit"});
    for (const auto& row : read_table<moments_reference>(data + "/moments.txt")) {
        const std::string place = row.parameter + ", " + describe(row.schedule);
        if (row.law == "discrete") {
            add_moments(
                table,
                cesaro::discrete_influence<double>(std::stoll(row.parameter), row.schedule.as<double>()), row,
                reference_real(std::stoll(row.parameter)), "query " + place);
        } else if (row.law == "continuum") {
            add_moments(table, cesaro::continuum_influence<double>(row.schedule.as<double>()), row, 1,
                        describe(row.schedule));
        } else {
            add_moments(table, cesaro::depth_limit_influence<double>(std::stod(row.parameter)), row, 1,
                        "total attention " + row.parameter);
        }
    }
    table.print();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: accuracy_report TEST_DATA_DIRECTORY\n");
        return 2;
    }
    try {
        const std::string data = argv[1];
        report_power_sums(data);
        report_discrete(data);
        report_continuum(data);
        report_depth_limit(data);
        report_random_laws();
        report_moments(data);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "accuracy_report: %s\n", error.what());
        return 2;
    }
}
