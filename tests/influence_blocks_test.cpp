// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "scalars.hpp"
#include "sizes.hpp"

#include <cesaro/discrete_influence.hpp>
#include <cesaro/influence_blocks.hpp>
#include <cesaro/influence_row.hpp>
#include <cesaro/influence_summary.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <cstdint>

using cesaro::for_each_influence_block;
using cesaro::influence_histogram;
using cesaro::influence_row;
using cesaro::mixing_schedule;
using namespace cesaro_test;

namespace {

template <class Real>
Eigen::VectorX<Real> joined(Eigen::Index tokens, const mixing_schedule<Real>& schedule, Eigen::Index block) {
    Eigen::VectorX<Real> row(tokens);
    Eigen::Index next = 0;
    for_each_influence_block(tokens, schedule, block, [&](std::int64_t first, const auto& values) {
        REQUIRE(first == next);
        REQUIRE(values.size() <= block);
        for (Eigen::Index i = 0; i < values.size(); ++i)
            row[Eigen::Index(first) + i] = values[i];
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
    const std::int64_t tokens = std::int64_t(1) << 62;
    struct enough {};
    double worst = 0;
    const cesaro::discrete_influence<> closed_form(tokens - 1, schedule);
    try {
        for_each_influence_block(tokens, schedule, 5000, [&](std::int64_t first, const auto& values) {
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

TEMPLATE_TEST_CASE("sums over many positions keep the accuracy of the entries", "", float, double) {
    using Real = TestType;
    const auto uniform = mixing_schedule<Real>::attention_only(1);
    for (const Eigen::Index tokens : {2000, 5000, 30010, 1000000}) {
        CAPTURE(tokens);
        const Eigen::VectorX<Real> histogram = influence_histogram(tokens, uniform, 5);
        for (Eigen::Index i = 0; i < 5; ++i)
            CHECK(error_in_epsilons(histogram[i], float100(1) / 5) < 24);
    }
}

TEST_CASE("blocks reject what is out of range") {
    const auto schedule = mixing_schedule<>::constant(4, 0.5);
    const auto nothing = [](std::int64_t, const auto&) {};
    CHECK_THROWS_AS(for_each_influence_block(0, schedule, 5, nothing), std::domain_error);
    CHECK_THROWS_AS(for_each_influence_block(5, schedule, 0, nothing), std::domain_error);
    CHECK_THROWS_AS(for_each_influence_block((std::int64_t(1) << 62) + 1, schedule, 5, nothing),
                    std::domain_error);
    if (cesaro_test::vectors_can_exceed_memory)
        CHECK_THROWS_AS(
            for_each_influence_block(std::int64_t(1) << 62, schedule, cesaro_test::too_many, nothing),
            std::length_error);
    CHECK_THROWS_AS(influence_histogram(10, schedule, 11), std::domain_error);
    CHECK_THROWS_AS(influence_histogram(10, schedule, 0), std::domain_error);
    CHECK_THROWS_AS(influence_histogram(0, schedule, 1), std::domain_error);
}

TEST_CASE("the blocks of a short row are the row, entry by entry") {
    const auto schedule = cesaro::mixing_schedule<double>::constant(150, 0.01);
    Eigen::VectorXd blocks(2047);
    cesaro::for_each_influence_block(2047, schedule, 100, [&](std::int64_t first, const auto& values) {
        blocks.segment(Eigen::Index(first), values.size()) = values;
    });
    CHECK(blocks == cesaro::influence_row(2047, schedule));
}

TEST_CASE("the examples of for_each_influence_block and influence_histogram") {
    const auto schedule = cesaro::mixing_schedule<>::constant(12, 0.3);
    double least = 1;
    const auto look = [&](std::int64_t, const auto& values) { least = std::min(least, values.minCoeff()); };
    cesaro::for_each_influence_block(1'000'000, schedule, 4096, look);
    CHECK(least == Approx(summarize(cesaro::last_row(1'000'000, schedule)).valley).epsilon(1e-13));
    const Eigen::VectorXd tenths = cesaro::influence_histogram(1'000'000, schedule, 10);
    CHECK(tenths.sum() == Approx(1).epsilon(1e-14));
}
