// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/influence_row.hpp>
#include <cesaro/influence_summary.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <boost/math/special_functions/digamma.hpp>

#include <cmath>
#include <vector>

using cesaro::hop_law;
using cesaro::influence_row;
using cesaro::last_row;
using cesaro::mixing_schedule;
using cesaro::summarize;
using namespace cesaro_test;

namespace {

template <class Real>
void check_same(const cesaro::profile_summary<Real>& closed, const cesaro::profile_summary<Real>& whole,
                double tolerance) {
    const auto close = [&](const Real& value) {
        return Approx(double(value)).epsilon(tolerance).margin(1e-300);
    };
    CHECK(double(closed.primacy) == close(whole.primacy));
    CHECK(double(closed.middle) == close(whole.middle));
    CHECK(double(closed.recency) == close(whole.recency));
    CHECK(double(closed.first_token) == close(whole.first_token));
    CHECK(double(closed.last_token) == close(whole.last_token));
    CHECK(double(closed.valley) == close(whole.valley));
    CHECK(double(closed.mean_position) == close(whole.mean_position));
    CHECK(double(closed.entropy) == close(whole.entropy));
    if (std::isfinite(double(whole.valley_depth))) {
        CHECK(double(closed.valley_depth) ==
              Approx(double(whole.valley_depth)).epsilon(tolerance).margin(tolerance));
    }
}

/// No hop, or `hops` of them: all mass at the two ends, a dead zone between.
hop_law<> stay_or_hop(Eigen::Index hops) {
    Eigen::VectorXd w = Eigen::VectorXd::Zero(hops + 1);
    w[0] = 0.25;
    w[hops] = 0.5;
    return hop_law<>(w);
}

}  // namespace

TEST_CASE("the summary of a row in closed form is that of the vector") {
    for (const auto& hops : std::vector<hop_law<>>{
             mixing_schedule<>::attention_only(24), mixing_schedule<>::constant(12, 0.3),
             mixing_schedule<>::constant(96, 0.25), mixing_schedule<>::constant(1, 1e-9),
             mixing_schedule<>::attention_only(400), mixing_schedule<>::power_decay(48, 1, 0.5),
             hop_law<>{0.5, 0.0, 0.0, 0.5}, hop_law<>{0.25, 0.25, 0.25}, hop_law<>{1.0}, stay_or_hop(12),
             stay_or_hop(40)}) {
        for (const Eigen::Index tokens : {1, 2, 3, 2047, 4096, 30011, 1000000}) {
            CAPTURE(tokens, hops.max_hops(), hops.weights()[0]);
            const auto whole = summarize(influence_row(tokens, hops));
            const auto closed = summarize(last_row(tokens, hops));
            check_same(closed, whole, 3e-13);
            if (hops.max_hops() > 1 && hops.max_hops() < 400 && tokens > 3)
                CHECK(closed.valley_position == whole.valley_position);
        }
    }
}

TEST_CASE("other scalars walk") {
    const auto schedule = mixing_schedule<long double>::constant(12, 0.3L);
    check_same(summarize(last_row(5000, schedule)), summarize(influence_row(5000, schedule)), 1e-16);
    const auto single = mixing_schedule<float>::constant(12, 0.3f);
    check_same(summarize(last_row(5000, single)), summarize(influence_row(5000, single)), 1e-5);
}

TEST_CASE("a row of 10^12 tokens, where the theory knows the numbers") {
    const std::int64_t tokens = 1'000'000'000'000;
    const double log_size = std::log(1e12);
    const auto uniform = summarize(last_row(tokens, mixing_schedule<>::attention_only(1)));
    CHECK(uniform.primacy == Approx(0.1).epsilon(1e-14));
    CHECK(uniform.middle == Approx(0.8).epsilon(1e-14));
    CHECK(uniform.recency == Approx(0.1).epsilon(1e-14));
    CHECK(uniform.mean_position == Approx(0.5 * (1e12 - 1)).epsilon(1e-14));
    CHECK(uniform.entropy == Approx(log_size).epsilon(1e-14));
    CHECK(uniform.valley_depth == 0);
    // One layer: all entries but the last are alpha / N.
    const double alpha = 0.3;
    const auto one = summarize(last_row(tokens, mixing_schedule<>::constant(1, alpha)));
    CHECK(one.entropy == Approx(-0.7 * std::log(0.7) - alpha * (std::log(alpha) - log_size)).epsilon(1e-11));
    // Attention only: u = ln(N/m) has a gamma law, whose entropy is known; the row adds ln N.
    for (const int depth : {2, 3}) {
        const auto s = summarize(last_row(tokens, mixing_schedule<>::attention_only(depth)));
        const double bend = std::lgamma(depth) - (depth - 1) * boost::math::digamma(double(depth));
        CHECK(s.entropy == Approx(log_size + bend).epsilon(1e-9));
        CHECK(s.mean_position == Approx((1e12 - 1) * std::pow(0.5, depth)).epsilon(1e-13));
    }
    CHECK(summarize(last_row(std::int64_t(1) << 62, mixing_schedule<>::attention_only(1))).entropy ==
          Approx(62 * std::log(2.0)).epsilon(1e-14));
}

TEST_CASE("the valley is told from zero where its entry is not") {
    Eigen::VectorXd w = Eigen::VectorXd::Zero(81);
    w[0] = w[80] = 0.5;
    const auto s = summarize(last_row(std::int64_t(1) << 40, hop_law<>(w)));
    CHECK(s.valley == 0);
    CHECK(s.valley_depth > 300);
    CHECK(std::isfinite(s.valley_depth));
    CHECK_THROWS_AS(summarize(last_row(5, hop_law<>{0.0})), std::domain_error);
}

TEST_CASE("the example of the summary of a row") {
    const auto schedule = cesaro::mixing_schedule<>::constant(12, 0.3);
    const auto s = cesaro::summarize(cesaro::last_row(1'000'000'000'000, schedule));
    const double at_the_start = s.primacy;  // the share of the first tenth of 10^12 tokens
    CHECK((0.3 < at_the_start && at_the_start < 0.9));
}
