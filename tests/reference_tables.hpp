// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

// The tables in tests/data (made by scripts/reference_tables.py), for the tests and the accuracy report.
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>
#include <boost/multiprecision/cpp_bin_float.hpp>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace cesaro_test {

/// 60 digits, and room to subtract from them.
using reference_real = boost::multiprecision::cpp_bin_float_100;

/// A schedule of the tables: `constant depth alpha`, or `dyadic depth -`, alpha_l = ((7 l) mod 9) / 8.
struct reference_schedule {
    std::string kind;
    Eigen::Index depth = 0;
    double alpha = 0;

    template <class Real>
    cesaro::mixing_schedule<Real> as() const {
        if (kind == "constant")
            return cesaro::mixing_schedule<Real>::constant(depth, static_cast<Real>(alpha));
        Eigen::VectorX<Real> alphas(depth);
        for (Eigen::Index l = 0; l < depth; ++l)
            alphas[l] = Real(int(7 * l % 9)) / Real(8);
        return cesaro::mixing_schedule<Real>(alphas);
    }

    /// Whether the scalar holds the coefficients without rounding: else the table is of another schedule.
    template <class Real>
    bool fits() const {
        return reference_real(static_cast<Real>(alpha)) == reference_real(alpha);
    }
};

inline std::istream& operator>>(std::istream& in, reference_schedule& schedule) {
    std::string alpha;
    in >> schedule.kind >> schedule.depth >> alpha;
    schedule.alpha = alpha == "-" ? 0 : std::strtod(alpha.c_str(), nullptr);
    return in;
}

inline std::istream& read(std::istream& in, reference_real& value) {
    std::string digits;
    if (in >> digits) value = reference_real(digits);
    return in;
}
/// Not by >>, which rounds a double that the table writes as the shortest decimal.
inline std::istream& read(std::istream& in, double& value) {
    std::string digits;
    if (in >> digits) value = std::strtod(digits.c_str(), nullptr);
    return in;
}

struct power_sum_reference {
    std::int64_t a, b;
    int r;
    reference_real value;

    void read_from(std::istream& in) {
        in >> a >> b >> r;
        read(in, value);
    }
};

struct discrete_reference {
    std::int64_t query, source;
    reference_schedule schedule;
    reference_real pdf, cdf, complement;

    void read_from(std::istream& in) {
        read(read(read(in >> query >> source >> schedule, pdf), cdf), complement);
    }
};

/// A row under `sink S` or `slope s`, of scripts/keyed_tables.py.
struct keyed_reference {
    std::string kind;
    double parameter;
    std::int64_t query, source;
    reference_schedule schedule;
    reference_real pdf, cdf, complement, lost;

    void read_from(std::istream& in) {
        read(in >> kind, parameter) >> query >> source;
        schedule.kind = "constant";
        read(in >> schedule.depth, schedule.alpha);
        read(read(read(read(in, pdf), cdf), complement), lost);
    }
};

struct continuum_reference {
    double x;
    reference_schedule schedule;
    reference_real pdf, cdf, complement;

    void read_from(std::istream& in) { read(read(read(read(in, x) >> schedule, pdf), cdf), complement); }
};

struct depth_limit_reference {
    double total_attention, x;
    reference_real pdf, cdf, complement;

    void read_from(std::istream& in) {
        read(read(read(read(read(in, total_attention), x), pdf), cdf), complement);
    }
};

struct moments_reference {
    std::string law;
    std::string parameter;  // the query, or the total attention
    reference_schedule schedule;
    reference_real mean, variance, skewness, kurtosis;

    void read_from(std::istream& in) {
        read(read(read(read(in >> law >> parameter >> schedule, mean), variance), skewness), kurtosis);
    }
};

/// Every row of a table; what is no number or ends too early is an error, as is an empty table.
template <class Row>
std::vector<Row> read_table(const std::string& path) {
    std::ifstream file(path);
    std::vector<Row> rows;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#') continue;
        std::istringstream in(line);
        Row row;
        row.read_from(in);
        if (!in || !(in >> std::ws).eof()) throw std::runtime_error(path + ": cannot read \"" + line + "\"");
        rows.push_back(row);
    }
    if (rows.empty()) throw std::runtime_error(path + ": no rows");
    return rows;
}

/// Down to here the library claims full relative accuracy: 1e-290 for double.
template <class Real>
Real smallest_accurate() {
    return (std::numeric_limits<Real>::min)() / std::numeric_limits<Real>::epsilon() * Real(1000);
}

/// |actual - expected| / |expected| in epsilons of Real; 0 where both are zero.
template <class Real>
double relative_error(const Real& actual, const reference_real& expected) {
    const reference_real a(actual);
    if (a == expected) return 0;
    const reference_real error = abs(reference_real(a - expected)) / abs(expected);
    return static_cast<double>(reference_real(error / reference_real(std::numeric_limits<Real>::epsilon())));
}

/// |actual - expected| in units in the last place of `expected` as a Real. An epsilon of
/// relative error is one to two ulp.
template <class Real>
double ulp_error(const Real& actual, const reference_real& expected) {
    if (reference_real(actual) == expected) return 0;
    const reference_real ulp =
        ldexp(reference_real(std::numeric_limits<Real>::epsilon()), static_cast<int>(ilogb(expected)));
    return static_cast<double>(reference_real(abs(reference_real(reference_real(actual) - expected)) / ulp));
}

/// The error of a logarithm against max(1, |expected|), in epsilons.
template <class Real>
double logarithm_error(const Real& actual, const reference_real& value) {
    const reference_real expected = log(value);
    const reference_real size = abs(expected) > 1 ? reference_real(abs(expected)) : reference_real(1);
    const reference_real error = abs(reference_real(reference_real(actual) - expected)) / size;
    return static_cast<double>(reference_real(error / reference_real(std::numeric_limits<Real>::epsilon())));
}

}  // namespace cesaro_test
