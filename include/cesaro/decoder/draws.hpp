// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/random.hpp>

#include <Eigen/Core>
#include <boost/random/uniform_int_distribution.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cesaro {

/// The seeds of draw 0, 1, ... of an experiment with one seed.
struct draw_seeds {
    std::uint64_t weights;
    std::uint64_t tokens;

    draw_seeds(std::uint64_t seed, std::uint64_t draw)
        : weights(detail::independent_seed(seed, draw, 0)), tokens(detail::independent_seed(seed, draw, 1)) {}
};

/// Independent uniform token ids in [0, vocab_size): the same for the same seed on every machine.
/// \throws std::domain_error when tokens < 0 or vocab_size < 1.
[[nodiscard]] inline std::vector<Eigen::Index> uniform_token_ids(Eigen::Index tokens, Eigen::Index vocab_size,
                                                                 std::uint64_t seed) {
    detail::check_at_least("uniform_token_ids", "tokens", tokens, 0);
    detail::check_at_least("uniform_token_ids", "vocab_size", vocab_size, 1);
    auto engine = detail::random_stream(seed, {detail::token_stream});
    boost::random::uniform_int_distribution<std::int64_t> uniform(0, vocab_size - 1);
    std::vector<Eigen::Index> ids(static_cast<std::size_t>(tokens));
    std::generate(ids.begin(), ids.end(), [&] { return uniform(engine); });
    return ids;
}

}  // namespace cesaro
