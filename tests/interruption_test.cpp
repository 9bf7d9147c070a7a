// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "catch.hpp"
#include "decoder/decoder_fixtures.hpp"

#include <cesaro/attention/sliding_window_operator.hpp>
#include <cesaro/decoder/predicted_profile.hpp>
#include <cesaro/detail/interruption.hpp>
#include <cesaro/detail/parallel.hpp>
#include <cesaro/fit_profile.hpp>
#include <cesaro/influence_blocks.hpp>
#include <cesaro/influence_matrix.hpp>
#include <cesaro/position_gains.hpp>
#include <cesaro/random_sign_profile.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace {

struct interrupted {};
int calls = 0;

/// The third look finds an interrupt.
void interrupt() {
    if (++calls == 3) throw interrupted();
}

}  // namespace

TEST_CASE("what takes long can be interrupted, and begun again") {
    using namespace cesaro;
    const auto schedule = mixing_schedule<>::constant(4, 0.5);
    const position_gains<double> gains{.attention = Eigen::MatrixXd::Ones(9, 4), .feed_forward = {}};
    decoder_config config = cesaro_test::tiny_config("gpt2");
    config.layers = 4;
    const std::vector<std::function<void()>> computations{
        [] { detail::run_in_order(5, detail::loop_body([](Eigen::Index) {})); },
        [&] { (void)influence_histogram(std::int64_t(1) << 62, schedule, 3); },
        [&] { (void)influence_matrix(5, schedule, weighted_keys<double>(Eigen::VectorXd::Ones(5))); },
        [] { (void)sliding_window_operator<>(4, 2).apply(Eigen::MatrixXd::Ones(4, 5)); },
        [&] { (void)jacobian_profile(gains); },
        [&] { (void)random_sign_profile(gains, 5, 1); },
        [] {
            (void)fit_profile(Eigen::Vector2d(1, 2), 0, 1, [](double x) { return Eigen::Vector2d(1, x); });
        },
        [&] { (void)predict(config, 20); },
    };
    for (std::size_t i = 0; i < computations.size(); ++i) {
        CAPTURE(i);
        calls = 0;
        detail::interruption_point = &interrupt;
        CHECK_THROWS_AS(computations[i](), interrupted);
        CHECK(calls == 3);
        detail::interruption_point = [] {};
        if (i != 1) CHECK_NOTHROW(computations[i]());
    }
}
