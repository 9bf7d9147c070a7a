// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <boost/random/mersenne_twister.hpp>

#include <cstdint>
#include <initializer_list>
#include <random>
#include <vector>

/// Random numbers that are the same on every machine: Boost's distributions are algorithms, the standard's
/// are not.
namespace cesaro::detail {

using random_engine = boost::random::mt19937_64;

/// First words of the streams that are no tensor's.
inline constexpr std::uint64_t token_stream = std::uint64_t(1) << 60;
inline constexpr std::uint64_t probe_stream = token_stream + 1;
inline constexpr std::uint64_t sign_stream = token_stream + 2;
inline constexpr std::uint64_t draw_stream = token_stream + 3;

/// The engine of one stream of a seed; streams of different words are independent.
inline random_engine random_stream(std::uint64_t seed, std::initializer_list<std::uint64_t> words) {
    std::vector<std::uint32_t> sequence;
    const auto append = [&sequence](std::uint64_t word) {
        sequence.push_back(std::uint32_t(word));
        sequence.push_back(std::uint32_t(word >> 32));
    };
    append(seed);
    for (const std::uint64_t word : words)
        append(word);
    std::seed_seq seeds(sequence.begin(), sequence.end());
    return random_engine(seeds);
}

/// A seed of its own for each part of each draw.
inline std::uint64_t independent_seed(std::uint64_t seed, std::uint64_t draw, std::uint64_t part) {
    return random_stream(seed, {draw_stream, draw, part})();
}

}  // namespace cesaro::detail
