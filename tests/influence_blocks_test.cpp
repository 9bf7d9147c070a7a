// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"

#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_blocks.hpp>

using cesaro::for_each_influence_block;
using cesaro::influence_histogram;
using cesaro::influence_row;
using cesaro::mixing_schedule;
using cesaro::summarize;
using namespace cesaro_test;

namespace {

template <class Real>
Eigen::VectorX<Real> joined(Eigen::Index tokens, const mixing_schedule<Real>& schedule, Eigen::Index block) {
    Eigen::VectorX<Real> row(tokens);
    Eigen::Index next = 0;
    for_each_influence_block(tokens, schedule, block, [&](Eigen::Index first, const auto& values) {
        REQUIRE(first == next);
        REQUIRE(values.size() <= block);
        for (Eigen::Index i = 0; i < values.size(); ++i)
            row[first + i] = values[i];
        next += values.size();
    });
    REQUIRE(next == tokens);
    return row;
}

}  // namespace

TEST_CASE("the blocks are the row, however it is cut") {
    for (const auto& schedule : {mixing_schedule<>::attention_only(24), mixing_schedule<>::constant(12, 0.3),
                                 mixing_schedule<>::constant(0, 0.3)}) {
        const Eigen::VectorXd row = influence_row(70000, schedule);
        for (const Eigen::Index block : {997, 4096, 65536, 70000, 1 << 20})
            CHECK(joined(70000, schedule, block) == row);
    }
    const mixing_schedule<float> single = mixing_schedule<float>::constant(12, 0.3f);
    CHECK(joined(70000, single, 1000) == influence_row(70000, single));
}

TEST_CASE("blocks of other scalars start from the closed form") {
    const auto exact = mixing_schedule<rational>::constant(5, rational(2, 7));
    const Eigen::VectorX<rational> row = influence_row(29, exact);
    for (const Eigen::Index block : {1, 4, 29}) {
        const Eigen::VectorX<rational> blocks = joined(29, exact, block);
        for (Eigen::Index m = 0; m < 29; ++m)
            CHECK(blocks[m] == row[m]);
    }
    const auto wide = mixing_schedule<float50>::constant(5, float50(2) / 7);
    const Eigen::VectorX<float50> long_row = influence_row(500, wide);
    const Eigen::VectorX<float50> blocks = joined(500, wide, 64);
    for (Eigen::Index m = 0; m < 500; ++m)
        CHECK(error_in_epsilons(blocks[m], long_row[m]) < 100);
}

TEST_CASE("a row of 2^62 tokens starts and ends as the closed form says") {
    const auto schedule = mixing_schedule<>::constant(32, 0.25);
    const Eigen::Index tokens = Eigen::Index(1) << 62;
    struct enough {};
    double worst = 0;
    const cesaro::discrete_influence<> closed_form(tokens - 1, schedule);
    try {
        for_each_influence_block(tokens, schedule, 5000, [&](Eigen::Index first, const auto& values) {
            for (Eigen::Index i = 0; i < values.size(); i += 7)
                worst = std::max(worst, std::abs(values[i] / pdf(closed_form, first + i) - 1));
            if (first >= 10000) throw enough{};
        });
    } catch (enough) {
    }
    CHECK(worst < 1e-13);
}

TEST_CASE("the histogram is the row summed, and the difference of the cdf") {
    const auto schedule = mixing_schedule<>::constant(24, 0.4);
    const Eigen::Index tokens = 50003;
    const Eigen::VectorXd row = influence_row(tokens, schedule);
    const cesaro::discrete_influence<> closed_form(tokens - 1, schedule);
    for (const Eigen::Index bins : {1, 7, 1000, 50003}) {
        const Eigen::VectorXd histogram = influence_histogram(tokens, schedule, bins);
        Eigen::Index begin = 0;
        double below = 0;
        for (Eigen::Index i = 0; i < bins; ++i) {
            const Eigen::Index size = tokens / bins + (i < tokens % bins ? 1 : 0);
            REQUIRE(histogram[i] == Approx(row.segment(begin, size).sum()).epsilon(1e-13));
            begin += size;
            below += histogram[i];
            if (i % 100 == 0) REQUIRE(below == Approx(cdf(closed_form, begin - 1)).epsilon(1e-13));
        }
        CHECK(begin == tokens);
    }
    const auto exact = influence_histogram(10, mixing_schedule<rational>::attention_only(2), 3);
    CHECK(rational(exact[0] + exact[1] + exact[2]) == 1);
    CHECK(exact[2] == rational(1, 100) * (1 + 1 + rational(10, 9) + 1 + rational(10, 9) + rational(10, 8)));
}

TEST_CASE("the summary of a row is that of its blocks") {
    for (const auto& schedule :
         {mixing_schedule<>::attention_only(24), mixing_schedule<>::constant(12, 0.3),
          mixing_schedule<>::constant(1, 1e-9), mixing_schedule<>::attention_only(400)}) {
        for (const Eigen::Index tokens : {1, 2, 3, 4096, 30011}) {
            CAPTURE(tokens, schedule.depth());
            const auto whole = summarize(influence_row(tokens, schedule));
            const auto blocks = summarize(tokens, schedule);
            const auto close = [](double value) { return Approx(value).epsilon(1e-12).margin(1e-300); };
            CHECK(blocks.primacy == close(whole.primacy));
            CHECK(blocks.middle == close(whole.middle));
            CHECK(blocks.recency == close(whole.recency));
            CHECK(blocks.first_token == close(whole.first_token));
            CHECK(blocks.last_token == close(whole.last_token));
            CHECK(blocks.valley == close(whole.valley));
            CHECK(blocks.valley_position == whole.valley_position);
            CHECK(blocks.mean_position == close(whole.mean_position));
            CHECK(blocks.entropy == close(whole.entropy));
            if (std::isfinite(whole.valley_depth)) CHECK(blocks.valley_depth == close(whole.valley_depth));
        }
    }
}

TEMPLATE_TEST_CASE("sums over many positions keep the accuracy of the entries", "", float, double) {
    using Real = TestType;
    const auto uniform = mixing_schedule<Real>::attention_only(1);
    for (const Eigen::Index tokens : {2000, 5000, 30010, 1000000}) {
        const auto s = summarize(tokens, uniform);
        CAPTURE(tokens);
        CHECK(error_in_epsilons(s.primacy, float100(1) / 10) < 24);
        CHECK(error_in_epsilons(s.middle, float100(8) / 10) < 24);
        CHECK(error_in_epsilons(s.recency, float100(1) / 10) < 24);
        CHECK(error_in_epsilons(s.mean_position, float100(tokens - 1) / 2) < 24);
        CHECK(error_in_epsilons(s.entropy, log(float100(tokens))) < 24);
        const Eigen::VectorX<Real> histogram = influence_histogram(tokens, uniform, 5);
        for (Eigen::Index i = 0; i < 5; ++i)
            CHECK(error_in_epsilons(histogram[i], float100(1) / 5) < 24);
    }
    const Real alpha = Real(3) / Real(10);
    const auto s = summarize(30011, mixing_schedule<Real>::constant(12, alpha));
    const auto exact = summarize(influence_row(30011, mixing_schedule<long double>::constant(12, alpha)));
    CHECK(error_in_epsilons(s.middle, exact.middle) < 48);
    CHECK(error_in_epsilons(s.mean_position, exact.mean_position) < 48);
    CHECK(error_in_epsilons(s.entropy, exact.entropy) < 48);
}

TEST_CASE("blocks reject what is out of range") {
    const auto schedule = mixing_schedule<>::constant(4, 0.5);
    const auto nothing = [](Eigen::Index, const auto&) {};
    CHECK_THROWS_AS(for_each_influence_block(0, schedule, 5, nothing), std::domain_error);
    CHECK_THROWS_AS(for_each_influence_block(5, schedule, 0, nothing), std::domain_error);
    CHECK_THROWS_AS(for_each_influence_block((Eigen::Index(1) << 62) + 1, schedule, 5, nothing),
                    std::domain_error);
    CHECK_THROWS_AS(for_each_influence_block(Eigen::Index(1) << 62, schedule, Eigen::Index(1) << 61, nothing),
                    std::length_error);
    CHECK_THROWS_AS(influence_histogram(10, schedule, 11), std::domain_error);
    CHECK_THROWS_AS(influence_histogram(10, schedule, 0), std::domain_error);
    CHECK_THROWS_AS(influence_histogram(0, schedule, 1), std::domain_error);
    CHECK_THROWS_AS(summarize(0, schedule), std::domain_error);
}

TEST_CASE("the blocks of a short row are the row, entry by entry") {
    const auto schedule = cesaro::mixing_schedule<double>::constant(150, 0.01);
    Eigen::VectorXd blocks(2047);
    cesaro::for_each_influence_block(2047, schedule, 100, [&](Eigen::Index first, const auto& values) {
        blocks.segment(first, values.size()) = values;
    });
    CHECK(blocks == cesaro::influence_row(2047, schedule));
}
