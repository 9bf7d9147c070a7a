// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/decoder/decoder.hpp>
#include <cesaro/decoder/decoder_config.hpp>
#include <cesaro/decoder/draws.hpp>
#include <cesaro/decoder/initialization.hpp>
#include <cesaro/decoder/jacobian_norms.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/profile_estimate.hpp>

#include <Eigen/Core>

#include <cstdint>
#include <string_view>
#include <vector>

namespace cesaro {

namespace detail {

/// ids(draw) are the tokens of a draw.
template <class Real, class Ids>
[[nodiscard]] profile_estimate<double> mean_over_draws(std::string_view function,
                                                       const decoder_config& config, Eigen::Index draws,
                                                       const jacobian_probes& probes, std::uint64_t seed,
                                                       const Ids& ids) {
    check_at_least(function, "draws", draws, 1);
    return mean_over_passes(draws, probes, [&](const jacobian_probes& now, std::uint64_t draw) {
        const auto model = initialize_decoder<Real>(config, draw_seeds(seed, draw).weights);
        return squared_norms(function, model, embed(model, ids(draw)), now, draw);
    });
}

}  // namespace detail

/// The jacobian_norms() of untrained decoders: the root of the mean square over draws of weights, by
/// initialize_decoder(), and of uniform tokens, each with the draw_seeds() of its number.
/// \param tokens at least 1; with learned positions no more than there are.
/// \param draws at least 1.
/// \return one value per position, and its standard error: between draws, or, from one draw alone, between
///         its probes, given the network.
/// \throws what config.validate() and jacobian_norms() throw; std::domain_error when draws < 1;
///         std::length_error when the weights do not fit in memory.
/// Cost: per draw the weights and jacobian_norms() of one input; memory for one network at a time. The same
/// bits for the same seed on any number of threads.
/// Accuracy: the squared norms are unbiased; the standard error falls as 1/sqrt(draws).
template <real_scalar Real = float>
[[nodiscard]] profile_estimate<double> untrained_jacobian_norms(const decoder_config& config,
                                                                Eigen::Index tokens, Eigen::Index draws,
                                                                const jacobian_probes& probes = {},
                                                                std::uint64_t seed = 0) {
    config.validate();
    return detail::mean_over_draws<Real>(
        "untrained_jacobian_norms", config, draws, probes, seed, [&](std::uint64_t draw) {
            return uniform_token_ids(tokens, config.vocab_size, draw_seeds(seed, draw).tokens);
        });
}

/// As above, for one given prompt: the draws differ in their weights alone.
/// \throws as above; also what embed() throws.
template <real_scalar Real = float>
[[nodiscard]] profile_estimate<double> untrained_jacobian_norms(const decoder_config& config,
                                                                const std::vector<Eigen::Index>& ids,
                                                                Eigen::Index draws,
                                                                const jacobian_probes& probes = {},
                                                                std::uint64_t seed = 0) {
    return detail::mean_over_draws<Real>("untrained_jacobian_norms", config, draws, probes, seed,
                                         [&](std::uint64_t) { return ids; });
}

}  // namespace cesaro
